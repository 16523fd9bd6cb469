"""Logic, comparison and choice in DuckDB SQL.

Nulls follow learn.microsoft.com, "Null values": two nulls compared for equality give null, a null and a value give
false (true for `!=`); an order comparison with a null gives null. NaN equals nothing and is neither less nor greater,
where DuckDB holds it for the greatest number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.dialect import Gap, Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.scalars_convert import convert, decimal_of, text_of_dynamic, whole_of_dynamic
from detectionary.engines.duckdb.scalars_mixed import is_mixed, mixed_equal
from detectionary.languages.kusto.syntax import ScalarType

BOOL, INT, LONG, REAL = ScalarType.BOOL, ScalarType.INT, ScalarType.LONG, ScalarType.REAL
DECIMAL, STRING, DYNAMIC = ScalarType.DECIMAL, ScalarType.STRING, ScalarType.DYNAMIC

NUMERIC: Final = frozenset({INT, LONG, REAL, DECIMAL})
_COUNTED: Final = NUMERIC | {BOOL}


# And, or, not


def _truth(call: Apply, arguments: tuple[Sql, ...]) -> list[Sql]:
    """The operands as booleans; a dynamic one is converted."""
    return [
        value if part.type is BOOL else convert(part.type, BOOL, value)
        for part, value in zip(call.arguments, arguments, strict=True)
    ]


def _all(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.both(*_truth(call, arguments))


def _any(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.either(*_truth(call, arguments))


def _not(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.negate(_truth(call, arguments)[0])


# Comparison


def _operands(call: Apply, arguments: tuple[Sql, ...]) -> tuple[tuple[Sql, ...], ScalarType]:
    """Operands of one type, and that type; refuses pairs that Kusto compares in a way that is not known."""
    kinds = [part.type for part in call.arguments]
    if DECIMAL in kinds and REAL in kinds:
        return _decimals(call, arguments)
    target = _meeting(kinds)
    if target is REAL and DYNAMIC in kinds and any(map(_is_wide, call.arguments)):
        if call.function not in ("==", "!=", "equal_or_null"):
            raise UnsupportedError("a dynamic value has no exact order with a long", "convert it with tolong()")
        target = LONG
    values = tuple(
        whole_of_dynamic(value) if target is LONG and part.type is DYNAMIC else _as(part, value, target)
        for part, value in zip(call.arguments, arguments, strict=True)
    )
    return values, target


def _decimals(call: Apply, arguments: tuple[Sql, ...]) -> tuple[tuple[Sql, ...], ScalarType]:
    """Decimals, and real constants whose written digits are few enough to be meant exactly."""
    values = []
    for part, value in zip(call.arguments, arguments, strict=True):
        if part.type is not REAL:
            values.append(_as(part, value, DECIMAL))
            continue
        digits = decimal_of(part)
        if digits is None:
            raise UnsupportedError("how a decimal compares with a real is not known", "convert one of them")
        values.append(sql.cast(sql.text(f"{digits:f}"), "DECIMAL(38, 18)"))
    return tuple(values), DECIMAL


def _is_wide(part: Expr) -> bool:
    """Whether a long may be one that a real cannot hold."""
    small = isinstance(part, Constant) and isinstance(part.value, int | None) and abs(part.value or 0) <= 2**53
    return part.type is LONG and not small


def _meeting(kinds: list[ScalarType]) -> ScalarType:
    """The type in which values of `kinds` are compared."""
    found = set(kinds)
    if len(found) == 1:
        return kinds[0]
    plain = found - {DYNAMIC}
    if DYNAMIC in found:
        if len(plain) == 1 and plain <= {STRING, BOOL} | NUMERIC:
            (other,) = plain
            return other if other in (STRING, BOOL) else REAL if other is not DECIMAL else DECIMAL
        if plain <= {INT, LONG, REAL}:
            return REAL
    elif DECIMAL in found and found <= {DECIMAL, INT, LONG}:
        return DECIMAL
    elif found <= {INT, LONG, BOOL}:
        return LONG
    elif found <= {INT, LONG, REAL, BOOL}:
        return REAL
    names = " with ".join(sorted(kind.value for kind in found))
    raise UnsupportedError(f"how values of these types compare is not known: {names}", "convert one of them")


def _as(part: Expr, value: Sql, target: ScalarType) -> Sql:
    if part.type is target or (part.type is INT and target is LONG):
        return value
    return convert(part.type, target, value)


def _is_value(part: Expr) -> bool:
    """Whether an operand is never null, whatever it is compared as; a dynamic one may turn out to be no number."""
    return isinstance(part, Constant) and part.value is not None and part.type is not DYNAMIC


def _has_value(call: Apply) -> bool:
    """Whether an operand is a constant that is not null."""
    return any(map(_is_value, call.arguments))


def _is_nan(value: Sql) -> Sql:
    return sql.call("isnan", value)


def _plain_equal(call: Apply, values: tuple[Sql, ...], kind: ScalarType) -> Sql:
    """Equality with SQL's nulls."""
    left, right = values
    if any(isinstance(part, Constant) and part.value != part.value for part in call.arguments):
        return sql.FALSE
    if kind is REAL and not _has_value(call):
        left = sql.call("nullif", left, sql.cast(sql.text("nan"), "DOUBLE"))
    return sql.equal(left, right)


def _equal(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    if is_mixed(call):
        return sql.coalesce(mixed_equal(call, arguments), sql.FALSE)
    values, kind = _operands(call, arguments)
    same = _plain_equal(call, values, kind)
    if kind is STRING or all(_is_value(part) for part in call.arguments):
        return same
    if _has_value(call):
        return sql.coalesce(same, sql.FALSE)
    both_null = sql.both(sql.is_null(values[0]), sql.is_null(values[1]))
    return sql.coalesce(same, sql.call("nullif", both_null, sql.TRUE))


def _equal_or_null(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Equality where null and false are one, as in a filter: plain, so that it reaches the files' statistics."""
    if is_mixed(call):
        return mixed_equal(call, arguments)
    values, kind = _operands(call, arguments)
    return _plain_equal(call, values, kind)


def _different(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    if is_mixed(call):
        return sql.coalesce(sql.negate(mixed_equal(call, arguments)), sql.TRUE)
    values, kind = _operands(call, arguments)
    left, right = values
    if kind is STRING:
        return sql.binary(exp.NEQ, left, right)
    same = _plain_equal(call, values, kind)
    if _has_value(call):
        return sql.coalesce(sql.negate(same), sql.TRUE)
    any_value = sql.either(sql.not_null(left), sql.not_null(right))
    return sql.coalesce(sql.negate(same), sql.call("nullif", any_value, sql.FALSE))


def _ordered(operator: type[exp.Binary], greater: bool) -> Callable[[Apply, tuple[Sql, ...], Emission], Sql]:
    def emit(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
        (left, right), kind = _operands(call, arguments)
        if kind is DYNAMIC:
            raise UnsupportedError("two dynamic values have no order", "convert them, with tolong() for example")
        compared = sql.binary(operator, left, right)
        if kind is not REAL:
            return compared
        return _without_nan(call, left if greater else right, compared, 0 if greater else 1)

    return emit


def _without_nan(call: Apply, value: Sql, compared: Sql, at: int) -> Sql:
    """`compared`, but false where `value`, the side that DuckDB would hold for the greatest, is NaN."""
    part = call.arguments[at]
    if part.type not in (REAL, DYNAMIC) or (isinstance(part, Constant) and part.value == part.value):
        return compared
    return sql.both(compared, sql.negate(_is_nan(value)))


def _between(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Both ends belong to the range."""
    (value, low, high), kind = _operands(call, arguments)
    if kind is REAL:
        pair = Apply(">=", call.arguments[:2], BOOL, call.span)
        lower = _without_nan(pair, value, sql.binary(exp.GTE, value, low), 0)
        other = Apply("<=", (call.arguments[0], call.arguments[2]), BOOL, call.span)
        return sql.both(lower, _without_nan(other, high, sql.binary(exp.LTE, value, high), 1))
    return exp.Between(this=value, low=low, high=high)


def _around(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Whether a value lies within `center` less and more `delta`, ends included (learn.microsoft.com, "around()")."""
    value, center, delta = call.arguments
    if center.type is BOOL:
        raise UnsupportedError("a truth value has no surroundings")
    kind = center.type if center.type not in (INT, LONG) or delta.type is not REAL else REAL
    low, high = (Apply(sign, (center, delta), LONG if kind is INT else kind, call.span) for sign in "-+")
    return emission.apply("between", BOOL, value, low, high, span=call.span)


# Choice


def _choice(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """`iff` and `case`: the value behind the first condition that is true; null is not true."""
    branches = []
    for at in range(0, len(arguments) - 1, 2):
        condition = arguments[at]
        if call.arguments[at].type is not BOOL:
            condition = convert(call.arguments[at].type, BOOL, condition)
        branches.append((condition, _result(call, arguments, at + 1)))
    return sql.case(branches, _result(call, arguments, len(arguments) - 1))


def _result(call: Apply, arguments: tuple[Sql, ...], at: int) -> Sql:
    kind = call.arguments[at].type
    return arguments[at] if kind is call.type else convert(kind, call.type, arguments[at])


def _coalesce(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """The first that is not null; of texts, the first that is not empty (learn.microsoft.com, "coalesce()")."""
    values = [_result(call, arguments, at) for at in range(len(arguments))]
    if call.type is not STRING:
        return sql.coalesce(*values)
    return sql.coalesce(*(sql.call("nullif", value, sql.text("")) for value in values), sql.text(""))


# Nulls and emptiness


def _is_null(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A text is never null."""
    return sql.FALSE if call.arguments[0].type is STRING else sql.is_null(arguments[0])


def _not_null(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.TRUE if call.arguments[0].type is STRING else sql.not_null(arguments[0])


def _is_empty(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """Empty text, or null (learn.microsoft.com, "isempty()")."""
    match call.arguments[0].type:
        case ScalarType.STRING:
            return sql.equal(arguments[0], sql.text(""))
        case ScalarType.DYNAMIC:
            return sql.equal(text_of_dynamic(arguments[0]), sql.text(""))
        case _:
            return sql.is_null(arguments[0])


def _not_empty(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    match call.arguments[0].type:
        case ScalarType.STRING:
            return sql.binary(exp.NEQ, arguments[0], sql.text(""))
        case ScalarType.DYNAMIC:
            return sql.binary(exp.NEQ, text_of_dynamic(arguments[0]), sql.text(""))
        case _:
            return sql.not_null(arguments[0])


def _text_or_empty(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    return sql.coalesce(arguments[0], sql.text(""))


LOGIC: Final[tuple[ScalarRow, ...]] = (
    Scalar("and", _all),
    Scalar("or", _any),
    Scalar("not", _not),
    Scalar("==", _equal),
    Scalar("equal_or_null", _equal_or_null),
    Scalar("!=", _different),
    Scalar("<", _ordered(exp.LT, greater=False)),
    Scalar("<=", _ordered(exp.LTE, greater=False)),
    Scalar(">", _ordered(exp.GT, greater=True)),
    Scalar(">=", _ordered(exp.GTE, greater=True)),
    Scalar("between", _between),
    Scalar("around", _around),
    Scalar("iff", _choice),
    Scalar("case", _choice),
    Scalar("coalesce", _coalesce),
    Scalar("isnull", _is_null),
    Scalar("isnotnull", _not_null),
    Scalar("isempty", _is_empty),
    Scalar("isnotempty", _not_empty),
    Scalar("text_or_empty", _text_or_empty),
    Gap("assert", "it stops the query when its condition is false, which this engine cannot do at the same moment"),
)
