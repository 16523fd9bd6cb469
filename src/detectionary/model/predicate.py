"""What a rule filters on: a boolean tree of comparisons, in words that no query language owns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, assert_never

from detectionary.text import Span


class Operator(Enum):
    """How a field is compared, always positive; negation is the tree's business."""

    EQ = "eq"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    BETWEEN = "between"
    MATCH = "match"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    CONTAINS = "contains"
    WILDCARD = "wildcard"
    REGEX_MATCH = "regex_match"
    CIDR_MATCH = "cidr_match"
    IS_NULL = "is_null"
    IS_NOT_NULL = "is_not_null"


class Quantifier(Enum):
    """Whether one value of the list is enough."""

    ANY = "any"
    ALL = "all"


class ValueKind(Enum):
    """What a value is; only TEXT folds its case in corpus counts."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "bool"
    DATETIME = "datetime"
    TIMESPAN = "timespan"
    GUID = "guid"
    NULL = "null"
    SYMBOLIC = "symbolic"
    """Known only when the rule runs: `ago(7d)`, `now()`."""
    RANGE = "range"
    """`[low, high]` of a `between`."""
    PLACEHOLDER = "placeholder"
    """`%admins%`."""
    WATCHLIST = "watchlist"
    EMPTY_LIST = "empty_list"
    JSON = "json"
    """A dynamic value that is no scalar, as JSON text."""


ScalarValue: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Value:
    """A value as evaluated: constants folded, names resolved.

    Datetimes are ISO text (`2024-01-01T00:00:00Z`), timespans as Kusto's short form when it is whole (`2h`), else
    `d.hh:mm:ss.fffffff`; symbolic values their expression; a RANGE a pair of scalars. `transforms` are outermost first.
    """

    kind: ValueKind
    value: ScalarValue | tuple[ScalarValue, ScalarValue]
    transforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator values`; `field` is None for a search over all fields.

    `origin` names where values come from when they are not in the rule (`in (sub-query)`, a watchlist): a binding's
    name or the text of the nested pipeline. `implied` marks what the language implies (an EQL event category).
    """

    field: str | None
    operator: Operator
    quantifier: Quantifier
    values: tuple[Value, ...]
    span: Span
    origin: str | None = None
    implied: bool = False
    transforms: tuple[str, ...] = ()
    """Of the field, where there is no value to carry them (null checks, sub-queries)."""
    record: str | None = None
    """Whose field it is in a query over several records at once, as the rule names it (YARA-L: `$login`)."""


@dataclass(frozen=True, slots=True)
class TimeFilter:
    """A comparison on the record's own time; shown, never an indicator."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class ThresholdTest:
    """A comparison on a count-like or numeric aggregate: `aggregate operator value`.

    `name` is the column compared, `aggregate` the text of the expression that made it (`dcount(IP)`), when known.
    """

    name: str
    aggregate: str | None
    operator: Operator
    value: Value
    span: Span
    negated: bool = False
    """For `count_ != 0`: the comparison must not hold. (`not (count_ > 5)` is `count_ le 5`.)"""


@dataclass(frozen=True, slots=True)
class ColumnComparison:
    """Two columns, aggregates or times compared with each other: never a literal."""

    left: str
    operator: str
    right: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Opaque:
    """What cannot be modelled, with its text and the kind of reason (`case`, `user function`, …)."""

    reason: str
    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class AllOf:
    operands: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    operands: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: Predicate


Leaf: TypeAlias = Comparison | TimeFilter | ThresholdTest | ColumnComparison | Opaque
Predicate: TypeAlias = AllOf | AnyOf | Not | Leaf


def leaves(predicate: Predicate) -> Iterator[Leaf]:
    """Every leaf of the tree, from left to right, whatever its polarity."""
    match predicate:
        case AllOf(operands) | AnyOf(operands):
            for operand in operands:
                yield from leaves(operand)
        case Not(operand):
            yield from leaves(operand)
        case Comparison() | TimeFilter() | ThresholdTest() | ColumnComparison() | Opaque():
            yield predicate
        case _:
            assert_never(predicate)
