"""Short ways to build SQL as a sqlglot tree. Nothing here takes SQL text: names become quoted identifiers or function
names of our own, values become literals.

A node may stand at several places of a tree: trees are printed, never transformed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from sqlglot import exp

Sql: TypeAlias = exp.Expr

TRUE: Final = exp.Boolean(this=True)
FALSE: Final = exp.Boolean(this=False)
NULL: Final = exp.Null()
STAR: Final = exp.Star()


def text(value: str) -> Sql:
    """A text literal; the printer escapes it."""
    return exp.Literal(this=value, is_string=True)


def number(value: int | float) -> Sql:
    """A literal of a finite number."""
    if value < 0:
        return exp.Paren(this=exp.Neg(this=exp.Literal(this=repr(-value), is_string=False)))
    return exp.Literal(this=repr(value), is_string=False)


def name(identifier: str) -> exp.Identifier:
    """A quoted identifier."""
    return exp.Identifier(this=identifier, quoted=True)


def column(identifier: str, table: str | None = None) -> Sql:
    return exp.Column(this=name(identifier), table=name(table) if table is not None else None)


def call(function: str, *arguments: Sql) -> Sql:
    """A call of a function by its name in the engine, exactly as given; `function` is ours, never a rule's."""
    return exp.Anonymous(this=function, expressions=list(arguments))


def cast(value: Sql, kind: str) -> Sql:
    """`CAST(value AS kind)`; `kind` is one of ours, in the engine's words (`BIGINT`, `VARCHAR[]`)."""
    return exp.Cast(this=value, to=_type(kind))


def try_cast(value: Sql, kind: str) -> Sql:
    """`TRY_CAST(value AS kind)`: null when the value does not fit."""
    return exp.TryCast(this=value, to=_type(kind))


_TYPES: Final[dict[str, exp.DataType]] = {}


def _type(kind: str) -> exp.DataType:
    found = _TYPES.get(kind)
    if found is None:
        found = exp.DataType.build(kind, dialect="duckdb")
        _TYPES[kind] = found
    return found


def _wrapped(value: Sql) -> Sql:
    """Parentheses round what could be read otherwise behind an operator."""
    return exp.Paren(this=value) if isinstance(value, exp.Binary | exp.Unary | exp.Between | exp.Lambda) else value


def binary(kind: type[exp.Binary], left: Sql, right: Sql) -> Sql:
    """`left op right`, with parentheses where they are needed: `binary(exp.Add, a, b)`."""
    made: Sql = kind(this=_wrapped(left), expression=_wrapped(right))
    return made


def equal(left: Sql, right: Sql) -> Sql:
    return binary(exp.EQ, left, right)


def both(*conditions: Sql) -> Sql:
    """All of them, by SQL's three-valued `AND`."""
    return _chain(exp.And, conditions, TRUE)


def either(*conditions: Sql) -> Sql:
    """Any of them, by SQL's three-valued `OR`."""
    return _chain(exp.Or, conditions, FALSE)


def _chain(kind: type[exp.Connector], conditions: Sequence[Sql], empty: Sql) -> Sql:
    if not conditions:
        return empty
    result: Sql = conditions[0]
    for condition in conditions[1:]:
        result = kind(
            this=result if isinstance(result, kind) else _wrapped(result),
            expression=_wrapped(condition),
        )
    return result


def negate(condition: Sql) -> Sql:
    return exp.Not(this=_wrapped(condition))


def is_null(value: Sql) -> Sql:
    return exp.Is(this=_wrapped(value), expression=NULL)


def not_null(value: Sql) -> Sql:
    return exp.Not(this=is_null(value))


def coalesce(*values: Sql) -> Sql:
    return call("coalesce", *values)


def case(branches: Iterable[tuple[Sql, Sql]], otherwise: Sql | None = None) -> Sql:
    """`CASE WHEN condition THEN value … ELSE otherwise END`."""
    return exp.Case(ifs=[exp.If(this=condition, true=value) for condition, value in branches], default=otherwise)


def one_of(value: Sql, items: Sequence[Sql]) -> Sql:
    """`value IN (items)`; `items` must not be empty."""
    return exp.In(this=_wrapped(value), expressions=list(items))


def function(parameters: Sequence[str], body: Sql) -> Sql:
    """A lambda `(a, b) -> body`; inside, a parameter is `variable(name)`."""
    return exp.Lambda(this=body, expressions=[exp.Identifier(this=parameter, quoted=False) for parameter in parameters])


def variable(parameter: str) -> Sql:
    """A parameter of a lambda of ours."""
    return exp.Column(this=exp.Identifier(this=parameter, quoted=False))


def alias(value: Sql, identifier: str) -> Sql:
    return exp.Alias(this=value, alias=name(identifier))


def select(
    columns: Sequence[Sql],
    source: Sql | None = None,
    *,
    joins: Sequence[exp.Join] = (),
    where: Sql | None = None,
    group: Sequence[Sql] | None = None,
    qualify: Sql | None = None,
    order: Sequence[Sql] = (),
    limit: int | None = None,
) -> exp.Select:
    """A SELECT of these parts; `source` is what FROM reads."""
    parts: dict[str, object] = {"expressions": list(columns)}
    if source is not None:
        parts["from_"] = exp.From(this=source)
    if joins:
        parts["joins"] = list(joins)
    if where is not None:
        parts["where"] = exp.Where(this=where)
    if group:
        parts["group"] = exp.Group(expressions=list(group))
    if qualify is not None:
        parts["qualify"] = exp.Qualify(this=qualify)
    if order:
        parts["order"] = exp.Order(expressions=list(order))
    if limit is not None:
        parts["limit"] = exp.Limit(expression=number(limit))
    return exp.Select(**parts)


def table(identifier: str, alias_: str | None = None) -> Sql:
    return exp.Table(this=name(identifier), alias=exp.TableAlias(this=name(alias_)) if alias_ is not None else None)


def subquery(query: Sql, alias_: str | None = None) -> Sql:
    return exp.Subquery(this=query, alias=exp.TableAlias(this=name(alias_)) if alias_ is not None else None)


def ordered(key: Sql, descending: bool, nulls_first: bool) -> Sql:
    """A sort key whose nulls are always placed in words, since engines differ."""
    return exp.Ordered(this=key, desc=descending, nulls_first=nulls_first)
