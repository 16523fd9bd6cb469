"""What a rule filters on: a boolean tree of comparisons, in words that no query language owns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


class OperandKind(Enum):
    """How much of an operand is the rule's own doing, from least to most."""

    CONSTANT = "constant"
    """A value as it is written: `5m`, `"admin"`."""
    NAME = "name"
    """A column, field or variable by its name or path, or a count by its own name (YARA-L: `#login`)."""
    FUNCTION = "function"
    """A function of nothing, or of one name or constant: `count()`, `dcount(IP)`."""
    CALCULATION = "calculation"
    """Anything else."""


@dataclass(frozen=True, slots=True)
class Operand:
    """What is counted or compared, in the language of the query; `text` is on one line and without comments."""

    text: str
    kind: OperandKind


def function_of(arguments: Iterable[OperandKind]) -> OperandKind:
    """What a call with such arguments is."""
    kinds = tuple(arguments)
    plain = len(kinds) < 2 and all(kind in (OperandKind.NAME, OperandKind.CONSTANT) for kind in kinds)
    return OperandKind.FUNCTION if plain else OperandKind.CALCULATION


def listed(operands: Iterable[Operand], separator: str = ", ") -> Operand:
    """Several operands on one side; they are what the most of them is."""
    found = tuple(operands)
    kinds = {operand.kind for operand in found}
    most = [kind for kind in OperandKind if kind in kinds][-1:]
    return Operand(separator.join(operand.text for operand in found), most[0] if most else OperandKind.CONSTANT)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`field operator values`; `field` is None for a search over all fields.

    `origin` is where values come from when they are not in the rule (`in (sub-query)`, a watchlist): a binding's name,
    or the nested pipeline. `implied` marks what the language implies (an EQL event category).
    """

    field: str | None
    operator: Operator
    quantifier: Quantifier
    values: tuple[Value, ...]
    span: Span
    origin: Operand | None = None
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

    `name` is the column compared, or what stands in its place; `aggregate` the expression that made it (`dcount(IP)`),
    when known.
    """

    name: Operand
    aggregate: Operand | None
    operator: Operator
    value: Value
    span: Span
    negated: bool = False
    """For `count_ != 0`: the comparison must not hold. (`not (count_ > 5)` is `count_ le 5`.)"""


@dataclass(frozen=True, slots=True)
class ColumnComparison:
    """Two columns, aggregates or times compared with each other: never a literal.

    Of several on one side, or of two at a distance (`end - start < 5m`), `right` is the list or the distance.
    """

    left: Operand
    operator: str
    right: Operand
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
