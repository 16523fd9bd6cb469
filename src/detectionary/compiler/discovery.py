"""Columns that only data shows: what a plug-in made of the rows at hand, and how to find out.

`bag_unpack` and `pivot` name columns after values. Lowering stops at such a plug-in with an `UndiscoveredError`, whose
plan lists the values; whoever runs the query runs that plan first, and compiles again with what it found
(`engines.running`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from detectionary.compiler.plan import Plan
from detectionary.compiler.refused import Refused
from detectionary.languages.kusto.syntax import Evaluate
from detectionary.model.schema import Column
from detectionary.text import Diagnostic, Level

Row = Sequence[object]


@dataclass(frozen=True, slots=True, eq=False)
class Discovered:
    """What a look at the data has shown of one `evaluate`.

    `columns` are all of its result, in order; `made` the names of those that come from data. `empty`: no row reached
    the plug-in, so the names that the rest of the query uses are all that is known of its columns; `kind` is the type
    that such a column has, None when that is not known either.
    """

    node: Evaluate
    columns: tuple[Column, ...]
    made: frozenset[str]
    empty: bool = False
    kind: str | None = None


class UndiscoveredError(Refused):
    """A plug-in whose columns are not known yet: run `plan`, and give its rows to `found`."""

    def __init__(self, node: Evaluate, name: str, plan: Plan, found: Callable[[Iterable[Row]], Discovered]) -> None:
        message = f"the columns of {name} are known only from data"
        super().__init__((Diagnostic("KQL402", Level.ERROR, message, node.span),))
        self.node = node
        self.plan = plan
        self.found = found
