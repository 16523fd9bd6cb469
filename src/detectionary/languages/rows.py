"""From predicate trees to rows: indicators and exclusions with their groups (`analysis.md` decisions 6 to 8).

Negations are pushed down to the comparisons first, so that polarity and group follow from where a comparison stands:
rows of one `and` must all hold, rows of one `or` may hold. Exclusions of an `and` exclude each for itself, which is an
`any` group of exclusions; those of an `or` exclude only together, an `all` group. What an alternative of an `or` looks
for besides its exclusions (`(a and not b) or c`) need not hold: it belongs to the group of the `or`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from types import MappingProxyType
from typing import TypeAlias, assert_never

from detectionary.model.analysis import Group, GroupKind, Indicator
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Not,
    Opaque,
    Operator,
    Predicate,
    ThresholdTest,
    TimeFilter,
)

_FLIPPED = {Operator.IS_NULL: Operator.IS_NOT_NULL, Operator.IS_NOT_NULL: Operator.IS_NULL}


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of one filter stand."""

    stage: int
    context: str | None = None
    tables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A comparison, and whether it stands under an odd number of negations."""

    comparison: Comparison
    excludes: bool


@dataclass(frozen=True, slots=True)
class _Other:
    """A leaf that gives no row, but keeps its place in the group."""


@dataclass(slots=True)
class _Connected:
    kind: GroupKind
    parts: list[_Part] = field(default_factory=list)


_Part: TypeAlias = "Row | _Other | _Connected"


class Rows:
    """Numbers the groups of one analysis, from `first` on, and makes its rows."""

    def __init__(self, first: int = 1) -> None:
        self._numbers = count(first)
        self.indicators: list[Indicator] = []
        self.exclusions: list[Indicator] = []
        self._seen: dict[tuple[object, ...], int] = {}

    def add(
        self,
        predicate: Predicate,
        place: Place,
        tables: Mapping[tuple[object, object], tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        """The rows of one filter; a row that was made before (a function called twice) only gains tables.

        `tables` says for (span, field) of a comparison which tables it is about, where that is not `place.tables`.
        """
        for row, group in self._grouped(_pushed_down(predicate, False)):
            comparison = row.comparison
            found = tables.get((comparison.span, comparison.field)) or place.tables
            rows = self.exclusions if row.excludes else self.indicators
            key = (
                row.excludes,
                comparison.field,
                comparison.record,
                comparison.operator,
                comparison.values,
                comparison.span,
                place.stage,
            )
            if key in self._seen:
                before = rows[self._seen[key]]
                rows[self._seen[key]] = replace(before, tables=tuple(dict.fromkeys((*before.tables, *found))))
                continue
            self._seen[key] = len(rows)
            rows.append(
                Indicator(
                    comparison.field,
                    comparison.operator,
                    comparison.quantifier,
                    comparison.values,
                    place.stage,
                    comparison.span,
                    group,
                    place.context,
                    comparison.origin,
                    comparison.implied,
                    tables=found,
                    transforms=comparison.transforms,
                    record=comparison.record,
                )
            )

    def _grouped(self, part: _Part, outer: Group | None = None) -> Iterator[tuple[Row, Group | None]]:
        """The rows of a part; `outer` is the group of the `or` around it, if there is one."""
        match part:
            case _Other():
                return
            case Row():
                yield _null_check_turned(part), None
            case _Connected(kind, parts) if kind is GroupKind.ALL:
                rows = [_null_check_turned(each) for each in parts if isinstance(each, Row)]
                looking = sum(not row.excludes for row in rows)
                groups = {
                    False: outer if looking == 1 else self._group(GroupKind.ALL, looking),
                    True: self._group(GroupKind.ANY, sum(row.excludes for row in rows)),
                }
                yield from self._in_order(parts, groups, rows)
            case _Connected(_, parts):
                rows = [each for each in parts if isinstance(each, Row)]
                if all(row.comparison.operator in _FLIPPED for row in rows):
                    rows = [_null_check_turned(row) for row in rows]
                alone = any(_looks_alone(each) for each in parts)
                together = bool(rows) and all(row.excludes for row in rows) and not alone
                members = len(parts) if rows or alone else 0
                group = self._group(GroupKind.ALL if together else GroupKind.ANY, members)
                yield from self._in_order(parts, {False: group, True: group}, rows, group)
            case _:
                assert_never(part)

    def _group(self, kind: GroupKind, members: int) -> Group | None:
        return Group(next(self._numbers), kind) if members > 1 else None

    def _in_order(
        self, parts: list[_Part], groups: dict[bool, Group | None], rows: list[Row], outer: Group | None = None
    ) -> Iterator[tuple[Row, Group | None]]:
        following = iter(rows)
        for part in parts:
            if isinstance(part, Row):
                row = next(following)
                yield row, groups[row.excludes]
            else:
                yield from self._grouped(part, outer)


def _looks_alone(part: _Part) -> bool:
    """Whether a part of an `or` looks for one thing besides what it excludes: it is one of the alternatives itself."""
    if not isinstance(part, _Connected):
        return False
    rows = [_null_check_turned(each) for each in part.parts if isinstance(each, Row)]
    return sum(not row.excludes for row in rows) == 1


def _null_check_turned(row: Row) -> Row:
    """`not (isempty(x))` looks for what is not empty: an indicator, whatever way it is written."""
    comparison = row.comparison
    turned = _FLIPPED.get(comparison.operator)
    if turned is None or not row.excludes:
        return row
    return Row(replace(comparison, operator=turned), False)


def _pushed_down(predicate: Predicate, negated: bool) -> _Part:
    match predicate:
        case AllOf(operands) | AnyOf(operands):
            positive = isinstance(predicate, AllOf)
            found = _Connected(GroupKind.ALL if positive is not negated else GroupKind.ANY)
            for operand in operands:
                part = _pushed_down(operand, negated)
                if isinstance(part, _Connected) and part.kind is found.kind:
                    found.parts.extend(part.parts)
                else:
                    found.parts.append(part)
            return found
        case Not(operand):
            return _pushed_down(operand, not negated)
        case Comparison():
            return Row(predicate, negated)
        case TimeFilter() | ThresholdTest() | ColumnComparison() | Opaque():
            return _Other()
        case _:
            assert_never(predicate)
