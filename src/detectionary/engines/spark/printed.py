"""How SQL trees are printed for Spark: sqlglot's dialect, without its rewriting of trees.

sqlglot's printer for Spark turns a QUALIFY into a sub-query by changing the tree that it prints, so that the second
print of it would lack the condition. Spark reads QUALIFY itself (since 4.2), and trees of ours are only ever printed.
"""

from __future__ import annotations

from typing import Final

from sqlglot import exp
from sqlglot.dialects.spark import Spark
from sqlglot.generators.spark import SparkGenerator

_REWRITTEN: Final = (exp.Select, exp.From, exp.Table, exp.Array)


class PrintedSpark(Spark):
    """Registered with sqlglot under the name `PRINTED_AS`."""

    class Generator(SparkGenerator):
        TRANSFORMS = {  # noqa: RUF012 - sqlglot's own way
            kind: write for kind, write in SparkGenerator.TRANSFORMS.items() if kind not in _REWRITTEN
        }

        def values_sql(self, expression: exp.Values, values_as_table: bool = True) -> str:
            """VALUES takes only what Spark computes while it reads the statement; other rows are sub-queries."""
            rows = expression.expressions
            if all(_is_plain(cell) for row in rows for cell in row.expressions):
                return super().values_sql(expression, values_as_table)
            selects = (f"SELECT {', '.join(map(self.sql, row.expressions))}" for row in rows)
            return f"({' UNION ALL '.join(selects)}) AS {self.sql(expression, 'alias')}"


def _is_plain(value: exp.Expr) -> bool:
    while isinstance(value, exp.Cast | exp.Paren | exp.Neg):
        value = value.this
    return isinstance(value, exp.Literal | exp.Boolean | exp.Null)


PRINTED_AS: Final = PrintedSpark.__name__.lower()
