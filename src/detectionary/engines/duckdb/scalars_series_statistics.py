"""Functions that tell one thing, or a bag of things, of series, in DuckDB SQL."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import EmitFunction, Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb import json_texts as json
from detectionary.engines.duckdb.once import once
from detectionary.engines.duckdb.series_lists import (
    DYNAMIC,
    ONE,
    ZERO,
    add,
    array,
    at,
    constant_flag,
    divide,
    each,
    fold,
    multiply,
    numbers,
    plain_text,
    real_text,
    side,
    subtract,
    texts,
    var,
)

NUMBERS, PLACE = var("numbers"), var("i")


def _written(members: list[tuple[str, Sql]], places: tuple[str, ...]) -> Sql:
    """Members, whose JSON texts are given, as a bag; as an array of those that `places` names, when it names any."""
    texts_ = dict(members)
    parts: list[Sql] = []
    before, after = ("[", "]") if places else ("{", "}")
    for name in places or texts_:
        parts += [sql.text(before if places else f'{before}"{name}":'), texts_[name]]
        before = ","
    return json.concatenated(*parts, sql.text(after))


def _all_known(items: Sql) -> Sql:
    return sql.equal(fold("count", items), sql.call("len", items))


def _finite(items: Sql) -> Sql:
    """The numbers of a list, null for those that are not finite."""
    return each(items, "x", sql.case([(sql.call("isfinite", var("x")), var("x"))]))


def _statistics(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Null of a series with something that is no finite number, unless that is to be ignored."""
    spread = fold("var_samp", NUMBERS)
    deviation = fold("stddev_samp", NUMBERS)
    some = sql.coalesce(spread, sql.number(0.0)), sql.coalesce(deviation, sql.number(0.0))
    lowest, highest = fold("min", NUMBERS), fold("max", NUMBERS)

    def place(value: Sql) -> Sql:
        return plain_text(subtract(sql.call("list_position", NUMBERS, value), ONE))

    members = [
        ("min", real_text(lowest)),
        ("min_idx", place(lowest)),
        ("max", real_text(highest)),
        ("max_idx", place(highest)),
        ("avg", real_text(fold("avg", NUMBERS))),
        ("stdev", real_text(some[1])),
        ("variance", real_text(some[0])),
        ("sum", real_text(fold("sum", NUMBERS))),
        ("len", plain_text(sql.call("len", NUMBERS))),
    ]
    known = fold("count", NUMBERS)
    enough = sql.binary(exp.GT, known, ZERO)
    if not constant_flag(call, 1, False):
        enough = sql.both(enough, _all_known(NUMBERS))
    bag = sql.case([(enough, _written(members, COLUMNS.get(call.function, ())))])
    return once(_finite(numbers(texts(arguments[0]))), "numbers", lambda _: bag)


def _line(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The line of least squares, x counted from 1; null unless all of two or more are numbers.

    Variances are those of a sample, as in the example of learn.microsoft.com, "series_fit_line()".
    """
    count = sql.cast(sql.call("len", NUMBERS), "DOUBLE")
    middle = divide(add(count, sql.number(1.0)), sql.number(2.0))
    mean = fold("avg", NUMBERS)
    squares = divide(multiply(count, subtract(multiply(count, count), sql.number(1.0))), sql.number(12.0))
    products = fold("sum", each(NUMBERS, "x", multiply(subtract(PLACE, var("middle")), var("x")), "i"))
    slope = divide(products, squares)
    line = each(NUMBERS, "x", add(multiply(var("slope"), PLACE), var("base")), "i")
    rest = each(NUMBERS, "x", subtract(var("x"), at(var("line"), PLACE)), "i")
    squared = fold("sum", each(rest, "r", multiply(var("r"), var("r"))))
    residual = divide(squared, subtract(count, sql.number(1.0)))
    spread = fold("var_samp", NUMBERS)
    nan = sql.cast(sql.text("NaN"), "DOUBLE")
    quotient = sql.case(
        [(sql.equal(spread, sql.number(0.0)), nan)],
        subtract(sql.number(1.0), divide(var("residual"), spread)),
    )
    members = [
        ("rsquare", real_text(quotient)),
        ("slope", real_text(var("slope"))),
        ("variance", real_text(spread)),
        ("rvariance", real_text(var("residual"))),
        ("interception", real_text(var("base"))),
        ("line_fit", array(each(var("line"), "x", real_text(var("x"))))),
    ]
    bag = _written(members, COLUMNS.get(call.function, ()))
    result = once(residual, "residual", lambda _: bag)
    result = once(line, "line", lambda _: result)
    inner = once(subtract(mean, multiply(var("slope"), var("middle"))), "base", lambda _: result)
    inner = _bind(slope, "slope", inner)
    inner = _bind(middle, "middle", inner)
    enough = sql.both(_all_known(NUMBERS), sql.binary(exp.GT, sql.call("len", NUMBERS), ONE))
    return _bind(_finite(numbers(texts(arguments[0]))), "numbers", sql.case([(enough, inner)]))


def _bind(value: Sql, name: str, body: Sql) -> Sql:
    return once(value, name, lambda _: body)


def _products(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """The products of two series, element by element up to the end of the shorter; null for what is no number."""
    lists = [
        numbers(texts(value)) if argument.type is DYNAMIC else sql.cast(value, "DOUBLE")
        for argument, value in zip(call.arguments, arguments, strict=False)
    ]
    one, other = lists[0], lists[1]
    if call.arguments[1].type is not DYNAMIC:
        return each(one, "x", multiply(var("x"), other))
    if call.arguments[0].type is not DYNAMIC:
        return each(other, "x", multiply(var("x"), one))
    # The last argument cuts the longer list; an empty list of products has no sum, which is null as it should be.
    pairs = sql.call("list_zip", one, other, sql.TRUE)
    return each(pairs, "p", multiply(side(var("p"), 1), side(var("p"), 2)))


def _dot(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return fold("sum", _products(call, arguments))


def _magnitude(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    squares = each(numbers(texts(arguments[0])), "x", multiply(var("x"), var("x")))
    return sql.call("sqrt", fold("sum", squares))


def _cosine(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    lengths = [
        arguments[2 + side] if len(arguments) > 2 + side else _magnitude(call, (arguments[side],), emission)
        for side in (0, 1)
    ]
    length = sql.call("nullif", multiply(*lengths), sql.number(0.0))
    return divide(fold("sum", _products(call, arguments[:2])), length)


def _folded(kind: str) -> EmitFunction:
    """One number of a series; null when something in it is no number."""

    def emitted(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        result = sql.case([(_all_known(NUMBERS), fold(kind, NUMBERS))])
        return _bind(numbers(texts(arguments[0])), "numbers", result)

    return emitted


def _correlation(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Null unless both have as many elements, all of them numbers."""
    one, other = numbers(texts(arguments[0])), numbers(texts(arguments[1]))
    arrays = sql.both(json.is_array(arguments[0]), json.is_array(arguments[1]))
    pairs = sql.case([(arrays, sql.call("list_zip", one, other))])
    known = each(var("pairs"), "p", sql.both(sql.not_null(side(var("p"), 1)), sql.not_null(side(var("p"), 2))))
    lefts, rights = (each(var("pairs"), "p", side(var("p"), number)) for number in (1, 2))
    deviations = [each(values, "x", subtract(var("x"), fold("avg", values))) for values in (lefts, rights)]

    def total(first: Sql, second: Sql) -> Sql:
        return fold(
            "sum", each(sql.call("list_zip", first, second), "q", multiply(side(var("q"), 1), side(var("q"), 2)))
        )

    left, right = var("left"), var("right")
    lengths = multiply(sql.call("sqrt", total(left, left)), sql.call("sqrt", total(right, right)))
    value = divide(total(left, right), sql.call("nullif", lengths, sql.number(0.0)))
    value = _bind(deviations[0], "left", _bind(deviations[1], "right", value))
    return _bind(pairs, "pairs", sql.case([(fold("bool_and", known), value)]))


COLUMNS: Final = {
    "series_fit_line": ("rsquare", "slope", "variance", "rvariance", "interception", "line_fit"),
    "series_stats": ("min", "min_idx", "max", "max_idx", "avg", "stdev", "variance"),
}
"""The members that a function of several results gives as columns, in their order; it gives them as an array."""

LINE: Final = "rsquare of equal values is no number"
DETECTED: Final = "how the service detects seasons is not documented; exact only as a function of the engine's own"
SKETCH: Final = "the service's sketch has no documented form"
TRANSFORM: Final = "no exact form of it is known in SQL; a function of the engine's own could do it"

STATISTICS: Final[tuple[ScalarRow, ...]] = (
    Scalar("series_cosine_similarity", _cosine),
    Scalar("series_dot_product", _dot),
    Scalar("series_fit_line", _line, note=LINE),
    Scalar("series_fit_line_dynamic", _line, note=LINE),
    Scalar("series_magnitude", _magnitude),
    Scalar("series_pearson_correlation", _correlation),
    Scalar("series_product", _folded("product")),
    Scalar("series_stats", _statistics),
    Scalar("series_stats_dynamic", _statistics),
    Scalar("series_sum", _folded("sum")),
    Gap("dcount_hll", SKETCH),
    Gap("hll_isvalid", SKETCH),
    Gap("hll_merge", SKETCH),
    Gap("merge_tdigest", SKETCH),
    Gap("percentile_tdigest", SKETCH),
    Gap("percentiles_array_tdigest", SKETCH),
    Gap("percentrank_tdigest", SKETCH),
    Gap("rank_tdigest", SKETCH),
    Gap("row_rank", "it is not documented; there are row_rank_dense and row_rank_min"),
    Gap("tdigest_isvalid", SKETCH),
    Gap("tdigest_merge", SKETCH),
    Gap("series_decompose", DETECTED),
    Gap("series_decompose_anomalies", DETECTED),
    Gap("series_decompose_forecast", DETECTED),
    Gap("series_fft", TRANSFORM),
    Gap("series_fit_2lines", TRANSFORM),
    Gap("series_fit_2lines_dynamic", TRANSFORM),
    Gap("series_fit_poly", TRANSFORM),
    Gap("series_ifft", TRANSFORM),
    Gap("series_outliers", "how the score follows from the percentiles is not documented"),
    Gap("series_periods_detect", DETECTED),
    Gap("series_periods_validate", DETECTED),
)
