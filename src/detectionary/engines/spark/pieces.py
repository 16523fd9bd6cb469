"""Pieces of Spark SQL that several emitters need: whole numbers, values with several readers, texts of arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.languages.kusto.syntax import ScalarType

EMPTY: Final = sql.text("")
ZERO: Final = sql.number(0)
ONE: Final = sql.number(1)
NO_TEXT: Final = sql.cast(sql.NULL, "VARCHAR")
WHOLE: Final = frozenset({ScalarType.INT, ScalarType.LONG})


def long(number: int) -> Sql:
    """A literal of type BIGINT."""
    return sql.cast(sql.number(number), "BIGINT")


def double(number: float | str) -> Sql:
    return sql.cast(sql.text(str(number)), "DOUBLE")


def plus(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Add, left, right)


def minus(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Sub, left, right)


def times(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.Mul, left, right)


def divided(left: Sql, right: Sql) -> Sql:
    """Whole division towards zero; null by zero."""
    return sql.binary(exp.IntDiv, left, right)


def rest(left: Sql, right: Sql) -> Sql:
    """The remainder that is not negative, of a positive divisor."""
    return sql.call("pmod", left, right)


def less(left: Sql, right: Sql) -> Sql:
    return sql.binary(exp.LT, left, right)


def negative(value: Sql) -> Sql:
    return exp.Neg(this=exp.Paren(this=value))


def joined(*parts: Sql) -> Sql:
    """The texts one after the other; null when one is null."""
    return parts[0] if len(parts) == 1 else sql.call("concat", *parts)


def matches(text: Sql, pattern: str) -> Sql:
    """Whether a regular expression (Java's) of ours matches somewhere."""
    return sql.call("regexp_like", text, sql.text(pattern))


def once(value: Sql, name: str, body: Callable[[Sql], Sql]) -> Sql:
    """`body` of `value`, which is written once: SQL that repeats its arguments doubles with every level of nesting.

    `name` must differ from that of any other such value that `body` reads.
    """
    if isinstance(value, exp.Column | exp.Literal | exp.Boolean | exp.Null):
        return body(value)
    return at(transformed(array(value), name, body(sql.variable(name))), 0)


def array(*values: Sql) -> Sql:
    return exp.Array(expressions=list(values))


def at(values: Sql, place: int | Sql) -> Sql:
    """The item at a place counted from 0; null when there is none."""
    return sql.call("get", values, sql.number(place) if isinstance(place, int) else place)


def transformed(values: Sql, name: str, body: Sql) -> Sql:
    return sql.call("transform", values, sql.function([name], body))


def places(count: Sql) -> Sql:
    """The whole numbers from 0 to below `count`. Spark's own series runs downwards when there are none."""
    return sql.call("slice", sql.call("sequence", ZERO, count), ONE, count)


def stop(condition: Sql, message: str, otherwise: Sql) -> Sql:
    """`otherwise`, but the run stops with `message` at a value for which `condition` is true.

    For values that are not exact here and that only the run shows: an error is better than a wrong row.
    """
    return sql.case([(condition, sql.call("raise_error", sql.text(message)))], otherwise)


def groups_of(text: Sql, pattern: str, count: int) -> Sql:
    """The groups of an anchored pattern of ours as an array of texts, '' for one that took no part; null without match.

    Spark hands out one group at a time: here the match is written as its groups, between marks, and split.
    """
    mark = "\x01"
    rewriting = mark.join(f"${number}" for number in range(1, count + 1))
    found = sql.call("regexp_replace", text, sql.text(pattern), sql.text(rewriting))
    return sql.case([(matches(text, pattern), sql.call("split", found, sql.text(mark), sql.number(-1)))])


# Arguments


def text_of(expression: Expr, value: Sql, emission: Emission) -> Sql:
    """A value as text, '' for null: what `tostring` gives; `value` is `expression` in SQL."""
    if expression.type is ScalarType.STRING:
        return value
    return emission.apply("tostring", ScalarType.STRING, expression, span=expression.span)


def texts_of(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> tuple[Sql, ...]:
    """All arguments of a call as texts."""
    return tuple(text_of(part, value, emission) for part, value in zip(call.arguments, arguments, strict=True))


def constant_text(expression: Expr) -> str | None:
    """The text of a constant that is text, None for what is known only while the query runs."""
    if isinstance(expression, Constant) and expression.type in (ScalarType.STRING, ScalarType.GUID):
        return expression.value if isinstance(expression.value, str) else None
    return None


def constant_number(expression: Expr) -> int | None:
    """The value of a constant whole number, None for anything else."""
    if isinstance(expression, Constant) and expression.type in WHOLE and isinstance(expression.value, int):
        return expression.value
    return None


def needed_text(expression: Expr, what: str) -> str:
    """A constant text; refuses what is none."""
    found = constant_text(expression)
    if found is None:
        raise UnsupportedError(f"{what} must be a constant text")
    return found


def needed_number(expression: Expr, what: str) -> int:
    found = constant_number(expression)
    if found is None:
        raise UnsupportedError(f"{what} must be a constant whole number")
    return found
