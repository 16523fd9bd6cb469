"""Aggregate functions in Spark SQL.

Nulls are left out by all of them; what they give of no values at all is what the service gives (recorded answers of
its engine): 0 for sums, NaN for the average of numbers, null for extremes, [] and {} for collections.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Protocol

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Aggregated, AggregateRow, EmitMeasure
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Aggregate, ColumnId, ColumnUse, Constant, Measure, SortKey
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.spark import json_texts as json
from detectionary.engines.spark.pieces import (
    EMPTY,
    ONE,
    at,
    divided,
    double,
    long,
    minus,
    negative,
    once,
    times,
    transformed,
)
from detectionary.engines.spark.scalars_dynamic import json_item
from detectionary.languages.kusto.syntax import ScalarType

INT, LONG, REAL, DECIMAL = ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL
DATETIME, TIMESPAN, STRING = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.STRING
DYNAMIC = ScalarType.DYNAMIC
WHOLE: Final = frozenset({INT, LONG, TIMESPAN})

MOST_ITEMS: Final = 1_048_576
"""How many items an aggregate collects at most (learn.microsoft.com, "make_list() (aggregation function)")."""


class EmitOver(Protocol):
    """An aggregate over the rows of a group for which `where` holds; None: all of them."""

    def __call__(self, call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None, /) -> Sql: ...


def plain(emit: EmitOver) -> EmitMeasure:
    """The aggregate over all rows of the group."""

    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        return emit(call, arguments, emission, None)

    return emitted


def conditional(emit: EmitOver, place: int = 1) -> EmitMeasure:
    """The `…if` form of the aggregate: argument `place` is the condition, which a null does not meet."""

    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        if call.arguments[place].type is not ScalarType.BOOL:
            raise UnsupportedError("the condition must be a bool")
        inner = replace(call, arguments=call.arguments[:place] + call.arguments[place + 1 :])
        return emit(inner, arguments[:place] + arguments[place + 1 :], emission, arguments[place])

    return emitted


def over(function: str, *arguments: Sql, where: Sql | None = None, distinct: bool = False) -> Sql:
    """`function([DISTINCT] arguments) [FILTER (WHERE where)]`."""
    items: list[Sql] = [exp.Distinct(expressions=list(arguments))] if distinct else list(arguments)
    result = sql.call(function, *items)
    return result if where is None else exp.Filter(this=result, expression=exp.Where(this=where))


def present(value: Sql, where: Sql | None) -> Sql:
    """The condition that `value` is there, and `where`."""
    return sql.not_null(value) if where is None else sql.both(where, sql.not_null(value))


def _count(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`count(x)` counts rows, nulls of `x` too; what it does with a condition is not documented."""
    if call.arguments and call.arguments[0].type is ScalarType.BOOL:
        raise UnsupportedError("an argument that is a bool is not supported", "use countif(…)")
    return over("count", ONE, where=where)


def _countif(call: Measure, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return over("count", ONE, where=arguments[0])


def _distinct(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    return over("count", arguments[0], where=where, distinct=True)


def _sum(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """Sums of whole numbers wrap round."""
    kind = call.arguments[0].type
    if kind not in WHOLE | {REAL}:
        raise UnsupportedError(f"the sum of a {kind.value} is not supported")
    return sql.coalesce(over("sum", arguments[0], where=where), sql.cast(long(0), emission.dialect.types[call.type]))


def _average(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """The sum, which may have come round, by the number of values; 0 by 0 is no number, and no timespan at all."""
    match call.arguments[0].type:
        case ScalarType.INT | ScalarType.REAL:
            return sql.coalesce(over("avg", arguments[0], where=where), double("NaN"))
        case ScalarType.LONG:
            total = sql.cast(over("sum", arguments[0], where=where), "DOUBLE")
            return sql.coalesce(sql.binary(exp.Div, total, over("count", arguments[0], where=where)), double("NaN"))
        case ScalarType.TIMESPAN:
            return divided(over("sum", arguments[0], where=where), over("count", arguments[0], where=where))
        case kind:
            raise UnsupportedError(f"how the service rounds the average of a {kind.value} is not documented")


def _never_null(value: Sql, kind: ScalarType) -> Sql:
    return sql.coalesce(value, EMPTY) if kind is STRING else value


def _maximum(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    return _never_null(over("max", arguments[0], where=where), call.arguments[0].type)


def _minimum(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """NaN is the greatest of Spark's numbers, but both extremes of Kusto's."""
    kind = call.arguments[0].type
    if kind is REAL:
        return exp.Neg(this=over("max", negative(arguments[0]), where=where))
    return _never_null(over("min", arguments[0], where=where), kind)


PLACE: Final = "row_place"
"""The column of a row's number; ids of the plan all have a number at their end."""

_FIRST: Final = frozenset({"arg_max", "arg_min", "any_row"})


def grouped(node: Aggregate, source: Sql, condition: Sql | None) -> tuple[Sql, Sql | None]:
    """Rows numbered for functions that take the first one: Spark itself leaves open which of equal rows it takes."""
    if not any(measure.function in _FIRST for measure in node.measures):
        return source, condition
    place = sql.alias(sql.call("monotonically_increasing_id"), PLACE)
    return sql.subquery(sql.select([exp.Star(), place], source, where=condition), "g"), None


def _arg(greatest: bool) -> EmitOver:
    """`arg_max(x, y)`: the y of the first row with the greatest x; of the first row when x is null in all."""

    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
        key, value = arguments
        largest = greatest
        if call.arguments[0].type is REAL and not greatest:
            key, largest = negative(key), True  # NaN is the greatest of Spark's numbers, but both extremes of Kusto's
        place = negative(sql.column(PLACE)) if largest else sql.column(PLACE)
        both = sql.call("named_struct", sql.text("k"), key, sql.text("p"), place)
        chosen = over("max_by" if largest else "min_by", value, both, where=present(key, where))
        none = sql.equal(over("count", key, where=where), sql.number(0))
        return _never_null(sql.case([(none, _first(value, where))], chosen), call.arguments[1].type)

    return emitted


def _first(value: Sql, where: Sql | None) -> Sql:
    return over("min_by", value, sql.column(PLACE), where=where)


def _any(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`take_any(x)` of one column looks for a value that is neither null nor empty (learn.microsoft.com)."""
    value = arguments[0]
    if call.arguments[0].type is STRING:
        value = sql.call("nullif", value, EMPTY)
    if call.order:
        found = at(_values(_ordered(value, call.order, present(value, where))), 0)
    else:
        found = over("first", value, sql.TRUE, where=where)
    return _never_null(found, call.arguments[0].type)


def _any_row(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """A column of `take_any(x, y)`: all of them from one row, nulls and empty texts as they are."""
    if call.order:
        return _never_null(at(_values(_ordered(arguments[0], call.order, where)), 0), call.arguments[0].type)
    return _never_null(_first(arguments[0], where), call.arguments[0].type)


# Lists


def _ordered(value: Sql, order: tuple[SortKey, ...], where: Sql | None) -> Sql:
    """The values as a list in the order of the rows: Spark's aggregates have none, so that the list is sorted."""
    if not order:
        return over("collect_list", sql.call("named_struct", sql.text("v"), value), where=where)
    names = [f"k{number}" for number in range(len(order))]
    fields = [part for name, key in zip(names, order, strict=True) for part in (sql.text(name), sql.column(key.column))]
    rows = over("collect_list", sql.call("named_struct", *fields, sql.text("v"), value), where=where)
    left, right = sql.variable("l"), sql.variable("r")
    compared: Sql = sql.number(0)
    for name, key in reversed(list(zip(names, order, strict=True))):
        one, other = field(left, name), field(right, name)
        null_side = -1 if key.nulls_first else 1
        smaller = 1 if key.descending else -1
        compared = sql.case(
            [
                (sql.binary(exp.NullSafeEQ, one, other), compared),
                (sql.is_null(one), sql.number(null_side)),
                (sql.is_null(other), sql.number(-null_side)),
                (sql.binary(exp.LT, one, other), sql.number(smaller)),
            ],
            sql.number(-smaller),
        )
    return sql.call("array_sort", rows, sql.function(["l", "r"], compared))


def field(of: Sql, name: str) -> Sql:
    return exp.Dot(this=of, expression=exp.Identifier(this=name, quoted=False))


def _values(rows: Sql) -> Sql:
    return transformed(rows, "row", field(sql.variable("row"), "v"))


def most(call: Measure, place: int) -> int:
    """The largest number of items to collect: the constant argument `place`, at most what Kusto allows."""
    if len(call.arguments) <= place:
        return MOST_ITEMS
    limit = call.arguments[place]
    if not isinstance(limit, Constant) or not isinstance(limit.value, int) or limit.value < 1:
        raise UnsupportedError("the largest number of items must be a positive constant")
    return min(limit.value, MOST_ITEMS)


def _first_items(items: Sql, limit: int) -> Sql:
    return sql.call("slice", items, ONE, sql.number(limit))


def json_array(items: Sql, kind: ScalarType) -> Sql:
    """The JSON text of a list of values of a Kusto type."""
    match kind:
        case ScalarType.STRING | ScalarType.GUID | ScalarType.INT | ScalarType.LONG | ScalarType.BOOL:
            return sql.call("to_json", items)
        case ScalarType.DYNAMIC:
            return json.joined_items(json.with_null_items(items))
        case _:
            one = json_item(ColumnUse(ColumnId("item"), kind), sql.variable("item"))
            return json.joined_items(transformed(items, "item", one))


def _list(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`make_list`: nulls are left out, but a dynamic null is an item; arrays give their items."""
    kind, value = call.arguments[0].type, arguments[0]
    if kind is DYNAMIC:
        items = sql.call("flatten", _values(_ordered(json.members(value), call.order, where)))
    else:
        items = _values(_ordered(value, call.order, present(value, where)))
    return json_array(_first_items(items, most(call, 1)), kind)


def _set(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """`make_set`: rows with an order give the items as they come first, others in the order of their values.

    Kusto leaves the order open; one that is the same in every run makes results comparable.
    """
    kind, value = call.arguments[0].type, arguments[0]
    given = present(value, where)
    if kind is DYNAMIC:
        items = sql.call("flatten", _values(_ordered(json.members(value), call.order, given)))
        items = sql.call("array_distinct", items)
    elif call.order:
        items = sql.call("array_distinct", _values(_ordered(value, call.order, given)))
    else:
        items = over("collect_set", value, where=given)
    if not call.order:
        items = sql.call("array_sort", items)
    return json_array(_first_items(items, most(call, 1)), kind)


# Spread and percentiles


def _spread(function: str) -> EmitOver:
    """A function of the deviations; of fewer than two values it is 0."""

    def emitted(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
        for argument in call.arguments:
            if argument.type not in (INT, LONG, REAL):
                raise UnsupportedError(f"a {argument.type.value} is not supported")
        values = [sql.cast(argument, "DOUBLE") for argument in arguments]
        return sql.coalesce(over(function, *values, where=where), double(0.0))

    return emitted


def _percentile(call: Measure, arguments: tuple[Sql, ...], emission: Emission, where: Sql | None) -> Sql:
    """The nearest rank: the smallest value that at least so many percent of the values do not pass."""
    if call.arguments[0].type not in WHOLE | {REAL, DATETIME}:
        raise UnsupportedError(f"a {call.arguments[0].type.value} is not supported")
    wanted = call.arguments[1]
    share = wanted.value if isinstance(wanted, Constant) else None
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 100:
        raise UnsupportedError("the percentile must be a constant from 0 to 100")
    values = sql.call("array_sort", over("collect_list", arguments[0], where=where))

    def ranked(items: Sql) -> Sql:
        rank = sql.call("ceil", times(sql.cast(sql.call("size", items), "DOUBLE"), double(share / 100)))
        return at(items, sql.cast(sql.call("greatest", minus(rank, ONE), long(0)), "INTEGER"))

    return once(values, "values", ranked)


EXACT: Final = "the service estimates it, here it is counted exactly"
RANKED: Final = "the service estimates it, here it is the nearest rank exactly"
TICKS: Final = "an average of timespans is cut to whole ticks; of datetimes and decimals it is not supported"

AGGREGATES: Final[tuple[AggregateRow, ...]] = (
    Aggregated("count", plain(_count)),
    Aggregated("countif", _countif),
    Aggregated("count_distinct", plain(_distinct)),
    Aggregated("count_distinctif", conditional(_distinct)),
    Aggregated("dcount", plain(_distinct), approximate=EXACT),
    Aggregated("dcountif", conditional(_distinct), approximate=EXACT),
    Aggregated("sum", plain(_sum), note="not of decimals"),
    Aggregated("sumif", conditional(_sum), note="not of decimals"),
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
    Aggregated("make_list", plain(_list)),
    Aggregated("make_list_if", conditional(_list)),
    Aggregated("make_set", plain(_set)),
    Aggregated("make_set_if", conditional(_set)),
    Aggregated("stdev", plain(_spread("stddev_samp"))),
    Aggregated("stdevif", conditional(_spread("stddev_samp"))),
    Aggregated("stdevp", plain(_spread("stddev_pop"))),
    Aggregated("variance", plain(_spread("var_samp"))),
    Aggregated("varianceif", conditional(_spread("var_samp"))),
    Aggregated("variancep", plain(_spread("var_pop"))),
    Aggregated("percentile", plain(_percentile), approximate=RANKED),
    Aggregated("top-hitters", plain(_count), approximate=EXACT),
    Aggregated("top-hitters by", plain(_sum), approximate=EXACT),
)
