"""What a query emits and groups by: output fields with the stage that made each, keys, bins."""

from __future__ import annotations

from typing import Final

from detectionary.languages.kusto.bound import Bound, ColumnSymbol, TableType
from detectionary.languages.kusto.check import stage_kind
from detectionary.languages.kusto.constants import Constants
from detectionary.languages.kusto.lineage import Lineage, Nature
from detectionary.languages.kusto.syntax import (
    Call,
    Count,
    Distinct,
    Expression,
    Facet,
    GetSchema,
    GraphMatch,
    GraphToTable,
    Join,
    Lookup,
    MakeSeries,
    Materialize,
    Named,
    Node,
    Operator,
    Parenthesized,
    Project,
    ProjectByNames,
    ProjectKeep,
    Reduce,
    SampleDistinct,
    Summarize,
    TopHitters,
    TopNested,
    Union,
)
from detectionary.languages.kusto.values import kind_and_scalar
from detectionary.model.analysis import OutputField

_RESTATING: Final = (
    Count,
    Distinct,
    Facet,
    GetSchema,
    GraphMatch,
    GraphToTable,
    MakeSeries,
    Project,
    ProjectByNames,
    ProjectKeep,
    Reduce,
    SampleDistinct,
    Summarize,
    TopHitters,
    TopNested,
)
"""Operators that say anew what the whole result is."""

_BINNING: Final = frozenset({"bin", "bin_at", "floor", "bin_auto"})
_CALENDAR: Final = {"startofday": "1d", "startofweek": "7d"}


def output_fields(
    stages: tuple[Expression | Operator, ...], bound: Bound, before: int = 0
) -> tuple[tuple[OutputField, ...], bool]:
    """The columns after the last stage, in result order; and whether further ones may exist.

    `before` stages of earlier results of the same query are counted first.

    A column that a stage passes on unchanged stays the same symbol, so a symbol not seen before was made by this stage.
    """
    makers: dict[int, tuple[str, int]] = {}
    table: TableType | None = None
    first = max((at for at, stage in enumerate(stages) if isinstance(stage, _RESTATING)), default=0)
    for number, stage in enumerate(stages[first:], start=before + first + 1):
        after = result_of(stage, bound)
        if after is None or after is table:
            continue
        maker = (stage_kind(stage), number)
        if table is None:
            makers = dict.fromkeys(map(id, after.columns), maker)
        else:
            joins = isinstance(stage, Join | Lookup | Union)
            names = {column.name: makers[id(column)] for column in table.columns} if joins else {}
            for column in after.columns:
                if id(column) in makers:
                    continue
                # A column of an open table shows only where it is first used.
                stored = not joins and _is_stored(column)
                known = (stage_kind(stages[0]), before + 1) if stored else names.get(column.name)
                makers[id(column)] = known or maker
        table = after
    if table is None:
        return (), False
    fields = tuple(OutputField(column.name, *makers[id(column)], column.type.value) for column in table.columns)
    return fields, table.open


def _is_stored(column: ColumnSymbol) -> bool:
    return column.expression is None and column.maker is None and not column.sources


def result_of(stage: Node, bound: Bound) -> TableType | None:
    """The columns after a stage."""
    while True:
        found = bound.results.get(id(stage))
        if found is not None:
            return found
        kind = bound.types.get(id(stage))
        if isinstance(kind, TableType):
            return kind
        match stage:
            case Parenthesized(inner) | Materialize(inner):
                stage = inner
            case _:
                return None


class Grouping:
    """The keys and bins of aggregating stages (`analysis.md` decision 13)."""

    def __init__(self, bound: Bound, constants: Constants, lineage: Lineage) -> None:
        self._bound = bound
        self._constants = constants
        self._lineage = lineage

    def of_query(self, stages: tuple[Expression | Operator, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Output names of the keys, and the bins, of the last top-level aggregation."""
        last = next((stage for stage in reversed(stages) if isinstance(stage, Summarize | MakeSeries)), None)
        if last is None:
            return (), ()
        by = last.by or ()
        table = self._bound.results.get(id(last))
        made = [] if table is None else [column.name for column in table.columns if column.key]
        bins = [self._bin(key) for key in by]
        whole = isinstance(last, Summarize) and len(made) == len(by)
        names = made if whole else [self._key_name(key) for key in by]
        keys = tuple(name for name, width in zip(names, bins, strict=True) if width is None)
        return keys, self.bins(last)

    def bins(self, stage: Node) -> tuple[str, ...]:
        """The widths of the time bins among the keys of a stage."""
        match stage:
            case Summarize(by=by, legacy_bin=legacy):
                widths = [self._bin(key) for key in by or ()]
                found = [width for width in widths if width is not None]
                return tuple(found if legacy is None else [*found, self._width(legacy)])
            case MakeSeries(step=step):
                return (self._width(step),)
            case _:
                return ()

    def _bin(self, key: Expression) -> str | None:
        """The width of `bin(TimeGenerated, 1h)`, None for any other key."""
        expression = key.expression if isinstance(key, Named) else key
        while isinstance(expression, Parenthesized):
            expression = expression.expression
        if not isinstance(expression, Call) or not expression.arguments:
            return None
        name = expression.name.text
        if name not in _BINNING and name not in _CALENDAR:
            return None
        source = self._lineage.trace(expression.arguments[0])
        if source is None or source.nature is not Nature.TIME:
            return None
        if name in _CALENDAR:
            return _CALENDAR[name]
        return self._width(expression.arguments[1]) if len(expression.arguments) > 1 else "auto"

    def _width(self, expression: Expression) -> str:
        folded = self._constants.fold(expression)
        return self._constants.source(expression) if folded is None else str(kind_and_scalar(folded)[1])

    def _key_name(self, key: Expression) -> str:
        return key.names[0].text if isinstance(key, Named) else self._constants.source(key)
