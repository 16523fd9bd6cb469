"""Queries inside lambdas, which engines do not take: they are computed beside the rows first.

`SELECT f(list, lambda x: … (SELECT …) …) FROM s1` becomes the same over `(SELECT *, (SELECT …) AS "query_1" FROM s1)`.
"""

from __future__ import annotations

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.sql import Sql


def hoist(query: Sql) -> None:
    """Take the queries out of the lambdas of `query`, in place; a SELECT from several tables is left as it is."""
    for select in reversed(list(query.find_all(exp.Select))):
        _hoist(select)


def _hoist(select: exp.Select) -> None:
    if select.args.get("joins"):
        return
    found: dict[int, Sql] = {}
    _replace(select, False, found)
    if not found:
        return
    source = select.args.get("from_")
    values = [sql.alias(query, _name(number)) for number, query in enumerate(found.values(), 1)]
    rows = sql.select([exp.Star(), *values] if source is not None else values)
    if source is not None:
        rows.set("from_", source)
    select.set("from_", exp.From(this=sql.subquery(rows, "rows")))


def _name(number: int) -> str:
    return f"query_{number}"


def _replace(part: Sql, inside: bool, found: dict[int, Sql]) -> None:
    """Put a column in the place of the outermost queries inside lambdas that use no variable of theirs.

    By place and not by parent: a node may stand at several places.
    """
    for key, value in part.args.items():
        children = value if isinstance(value, list) else [value]
        for at, child in enumerate(children):
            if not isinstance(child, exp.Expr):
                continue
            if not _is_query(child):
                _replace(child, inside or isinstance(child, exp.Lambda), found)
            elif inside and not _uses_variable(child):
                found.setdefault(id(child), child)
                number = list(found).index(id(child)) + 1
                column = sql.column(_name(number))
                if isinstance(value, list):
                    value[at] = column
                else:
                    part.args[key] = column


def _is_query(part: Sql) -> bool:
    if isinstance(part, exp.In):
        return part.args.get("query") is not None
    return isinstance(part, exp.Subquery | exp.Exists)


def _uses_variable(part: Sql) -> bool:
    """Columns have quoted names, variables of lambdas none."""
    return any(isinstance(c.this, exp.Identifier) and not c.this.quoted for c in part.find_all(exp.Column))
