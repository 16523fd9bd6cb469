"""Pieces of DuckDB SQL that hold a value of several readers: it is written, and computed, once."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.sql import Sql


def once(value: Sql, name: str, body: Callable[[Sql], Sql]) -> Sql:
    """`body` of `value`, which is written once: SQL that repeats its arguments doubles with every level of nesting.

    `name` must differ from that of any other such value that `body` reads. A list of one item through a lambda costs
    about 10 ns a row.
    """
    if isinstance(value, exp.Column | exp.Literal | exp.Boolean | exp.Null):
        return body(value)
    if isinstance(value, exp.Subquery):
        value = exp.Paren(this=value)  # ARRAY(SELECT …) would be a list of its rows, empty when there is none
    made = sql.call("list_transform", exp.Array(expressions=[value]), sql.function([name], body(sql.variable(name))))
    return sql.call("list_extract", made, sql.number(1))
