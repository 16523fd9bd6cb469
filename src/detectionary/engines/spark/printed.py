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


PRINTED_AS: Final = PrintedSpark.__name__.lower()
