"""Aggregate functions in DuckDB SQL: counts, sums, extremes, chosen rows, spread, percentiles, bits.

Nulls are left out by all of them; what they give of no values at all is what the service gives (recorded answers of
its engine): 0 for sums, NaN for the average of numbers, null for extremes, [] and {} for collections.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Aggregated, AggregateRow, Gap
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Constant, Measure
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.aggregates_collect import COLLECTED
from detectionary.engines.duckdb.aggregates_parts import (
    EmitOver,
    bound,
    conditional,
    field,
    over,
    plain,
    present,
    record,
)
from detectionary.languages.kusto.syntax import ScalarType

INT, LONG, REAL, DECIMAL = ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL
DATETIME, TIMESPAN, STRING = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.STRING
WHOLE: Final = frozenset({INT, LONG, TIMESPAN})
NAN: Final = sql.cast(sql.text("NaN"), "DOUBLE")
LOWEST: Final = -(1 << 63)
SPAN: Final = 1 << 64


def _count(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`count(x)` counts rows, nulls of `x` too; what it does with a condition is not documented."""
    if call.arguments and call.arguments[0].type is ScalarType.BOOL:
        raise UnsupportedError("an argument that is a bool is not supported", "use countif(…)")
    return over("count_star", where=where)


def _countif(call: Measure, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return over("count_star", where=arguments[0])


def _distinct(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    return over("count", arguments[0], where=where, distinct=True)


# Sums


def _sum(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    kind = call.arguments[0].type
    if kind is DATETIME:
        raise UnsupportedError("the sum of datetimes is not supported")
    total = over("sum", arguments[0], where=where)
    if kind in WHOLE:
        return sql.coalesce(wrapped(total), sql.number(0))
    return sql.coalesce(total, sql.cast(sql.number(0), emission.dialect.types[kind]))


def wrapped(total: Sql) -> Sql:
    """A sum of whole numbers as a long: what passes its range comes round at the other end, as it does in Kusto."""
    low, span = sql.number(LOWEST), sql.number(SPAN)
    above = sql.binary(exp.Mod, sql.binary(exp.Sub, total, low), span)
    positive = sql.binary(exp.Mod, sql.binary(exp.Add, above, span), span)
    return sql.cast(sql.binary(exp.Add, positive, low), "BIGINT")


def _average(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """The sum, which may have come round, by the number of values; 0 by 0 is no number, and no timespan at all."""
    kind = call.arguments[0].type
    match kind:
        case ScalarType.INT | ScalarType.REAL:
            return sql.coalesce(over("avg", arguments[0], where=where), NAN)
        case ScalarType.LONG:
            total = sql.cast(wrapped(over("sum", arguments[0], where=where)), "DOUBLE")
            count = over("count", arguments[0], where=where)
            return sql.coalesce(exp.Div(this=total, expression=count), NAN)
        case ScalarType.TIMESPAN:
            total = wrapped(over("sum", arguments[0], where=where))
            return exp.IntDiv(this=total, expression=over("count", arguments[0], where=where))
        case _:
            raise UnsupportedError(f"how the service rounds the average of a {kind.value} is not documented")


# Extremes


def _maximum(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    return _never_null(over("max", arguments[0], where=where), call.arguments[0].type)


def _minimum(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """NaN is the greatest of DuckDB's numbers, but both extremes of Kusto's."""
    kind = call.arguments[0].type
    if kind is REAL:
        return exp.Neg(this=over("max", exp.Neg(this=arguments[0]), where=where))
    return _never_null(over("min", arguments[0], where=where), kind)


def _never_null(value: Sql, kind: ScalarType) -> Sql:
    return sql.coalesce(value, sql.text("")) if kind is STRING else value


def _arg(greatest: bool) -> EmitOver:
    """`arg_max(x, y)`: the y of the first row with the greatest x; of the first row when x is null in all.

    Further columns of the same call are measures of their own: DuckDB takes all of them from the same row, since every
    one compares the same x in the same order.
    """

    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
        key, value = arguments
        function = "arg_max_null" if greatest else "arg_min_null"
        if call.arguments[0].type is REAL and not greatest:
            key, function = exp.Neg(this=key), "arg_max_null"
        chosen = over(function, value, key, where=where)
        none = sql.equal(over("count", arguments[0], where=where), sql.number(0))
        return _never_null(sql.case([(none, over("first", value, where=where))], chosen), call.arguments[1].type)

    return emitted


def _any(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`take_any(x)` of one column looks for a value that is neither null nor empty (learn.microsoft.com)."""
    value, order = arguments[0], emission.order(call.order)
    if call.arguments[0].type is STRING:
        value = sql.call("nullif", value, sql.text(""))
    return _never_null(over("any_value", value, where=where, order=order), call.arguments[0].type)


def _any_row(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """A column of `take_any(x, y)`: all of them from one row, nulls and empty texts as they are."""
    found = over("first", arguments[0], where=where, order=emission.order(call.order))
    return _never_null(found, call.arguments[0].type)


# Spread


def _spread(function: str, few: int) -> EmitOver:
    """A function of the deviations; of fewer than two values it is 0."""

    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
        for argument in call.arguments:
            if argument.type in (DATETIME, TIMESPAN):
                raise UnsupportedError(f"a {argument.type.value} is not supported")
        values = [sql.cast(argument, "DOUBLE") for argument in arguments]
        return sql.coalesce(over(function, *values, where=where), sql.cast(sql.number(few), "DOUBLE"))

    return emitted


# Percentiles


def _percentile(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """The nearest rank: the smallest value that at least so many percent of the values do not pass."""
    kind = call.arguments[0].type
    if kind in (STRING, ScalarType.DYNAMIC, ScalarType.GUID, ScalarType.BOOL):
        raise UnsupportedError(f"a {kind.value} is not supported")
    share = sql.cast(sql.number(_share(call, 1)), "DOUBLE")
    found = over("quantile_disc", arguments[0], share, where=where)
    return sql.cast(found, emission.dialect.types[call.type]) if call.type is not kind else found


def _share(call: Measure, at: int) -> float:
    wanted = call.arguments[at]
    value = wanted.value if isinstance(wanted, Constant) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise UnsupportedError("the percentile must be a constant from 0 to 100")
    return value / 100


def _weighted(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """The nearest rank where every value stands as often as its weight says."""
    kind = call.arguments[0].type
    if kind not in (INT, LONG, REAL, DATETIME, TIMESPAN):
        raise UnsupportedError(f"a {kind.value} is not supported")
    value, weight = arguments[0], sql.cast(arguments[1], "HUGEINT")
    given = present(value, where)
    given = sql.both(given, sql.binary(exp.GT, weight, sql.number(0)))
    pairs = sql.call("list_sort", over("list", record(v=value, w=weight), where=given))
    total = over("sum", weight, where=given)
    wanted = sql.binary(exp.Mul, total, sql.cast(sql.number(_share(call, 2)), "DOUBLE"))
    before, entry = sql.variable("before"), sql.variable("entry")
    reached = sql.both(
        sql.binary(exp.GT, field(before, "w"), sql.number(0)),
        sql.binary(exp.GTE, field(before, "w"), sql.call("greatest", sql.number(1), sql.variable("wanted"))),
    )
    step = sql.case(
        [(reached, before)],
        record(v=field(entry, "v"), w=sql.binary(exp.Add, field(before, "w"), field(entry, "w"))),
    )
    reduced = sql.call("list_reduce", pairs, sql.function(["before", "entry"], step))
    return field(bound(wanted, "wanted", reduced), "v")


# Bits


def _bits(function: str) -> EmitOver:
    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
        if call.arguments[0].type not in (INT, LONG):
            raise UnsupportedError(f"a {call.arguments[0].type.value} is not supported")
        return over(function, arguments[0], where=where)

    return emitted


EXACT: Final = "the service estimates it, here it is counted exactly"
RANKED: Final = "the service estimates it, here it is the nearest rank exactly"
TICKS: Final = "an average of timespans is cut to whole ticks; of datetimes and decimals it is not supported"
SKETCH: Final = "the service's sketch has no documented form"

AGGREGATES: Final[tuple[AggregateRow, ...]] = (
    Aggregated("count", plain(_count)),
    Aggregated("countif", _countif),
    Aggregated("count_distinct", plain(_distinct)),
    Aggregated("count_distinctif", conditional(_distinct)),
    Aggregated("dcount", plain(_distinct), approximate=EXACT),
    Aggregated("dcountif", conditional(_distinct), approximate=EXACT),
    Aggregated("sum", plain(_sum)),
    Aggregated("sumif", conditional(_sum)),
    Aggregated("avg", plain(_average), note=TICKS),
    Aggregated("avgif", conditional(_average), note=TICKS),
    Aggregated("max", plain(_maximum)),
    Aggregated("maxif", conditional(_maximum)),
    Aggregated("min", plain(_minimum)),
    Aggregated("minif", conditional(_minimum)),
    Aggregated("arg_max", plain(_arg(True))),
    Aggregated("arg_min", plain(_arg(False))),
    Aggregated("take_any", plain(_any)),
    Aggregated("take_anyif", conditional(_any)),
    Aggregated("any_row", plain(_any_row), note="a column of take_any(x, y)"),
    Aggregated("stdev", plain(_spread("stddev_samp", 0))),
    Aggregated("stdevif", conditional(_spread("stddev_samp", 0))),
    Aggregated("stdevp", plain(_spread("stddev_pop", 0))),
    Aggregated("variance", plain(_spread("var_samp", 0))),
    Aggregated("varianceif", conditional(_spread("var_samp", 0))),
    Aggregated("variancep", plain(_spread("var_pop", 0))),
    Gap("variancepif", "the documentation's example gives the variance of a sample"),
    Aggregated("covariance", plain(_spread("covar_samp", 0))),
    Aggregated("covarianceif", conditional(_spread("covar_samp", 0), at=2)),
    Aggregated("covariancep", plain(_spread("covar_pop", 0))),
    Aggregated("covariancepif", conditional(_spread("covar_pop", 0), at=2)),
    Aggregated("percentile", plain(_percentile), approximate=RANKED),
    Aggregated("percentilew", plain(_weighted), approximate=RANKED),
    Aggregated("binary_all_and", plain(_bits("bit_and"))),
    Aggregated("binary_all_or", plain(_bits("bit_or"))),
    Aggregated("binary_all_xor", plain(_bits("bit_xor"))),
    Aggregated("top-hitters", plain(_count), approximate=EXACT),
    Aggregated("top-hitters by", plain(_sum), approximate=EXACT),
    *COLLECTED,
    Gap("hll", SKETCH),
    Gap("hll_if", SKETCH),
    Gap("hll_merge", SKETCH),
    Gap("tdigest", SKETCH),
    Gap("tdigest_merge", SKETCH),
    Gap("merge_tdigest", SKETCH),
    Gap("passthrough", "it is not documented"),
)
