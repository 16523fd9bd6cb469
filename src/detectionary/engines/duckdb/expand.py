"""`mv-expand` in DuckDB SQL."""

from __future__ import annotations

from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Expand
from detectionary.compiler.refused import refuse
from detectionary.compiler.sql import Sql


def expand(node: Expand, source: str, emission: Emission) -> Sql:
    raise refuse("mv-expand is not supported yet", node.span)
