"""The type rules of Kusto: promotion, common types, and what the operators make of their operands.

A dynamic value keeps no shape here: an array, a bag and a dynamic number are all `dynamic`, as they are in the schema
of a result. UNKNOWN is the type of what an open table or a faulty expression gives; it fits everywhere and spreads. The
rules are those of Microsoft's documentation ("Scalar data types", "Numerical operators", "Datetime / timespan
arithmetic") and, where it is silent, what its language service answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.languages.kusto.syntax import BinaryOperator, ScalarType

BOOL: Final = ScalarType.BOOL
INT: Final = ScalarType.INT
LONG: Final = ScalarType.LONG
REAL: Final = ScalarType.REAL
DECIMAL: Final = ScalarType.DECIMAL
STRING: Final = ScalarType.STRING
DATETIME: Final = ScalarType.DATETIME
TIMESPAN: Final = ScalarType.TIMESPAN
GUID: Final = ScalarType.GUID
DYNAMIC: Final = ScalarType.DYNAMIC
UNKNOWN: Final = ScalarType.UNKNOWN

INTEGERS: Final = frozenset({INT, LONG})
NUMBERS: Final = frozenset({INT, LONG, REAL, DECIMAL})
SUMMABLE: Final = NUMBERS | {DATETIME, TIMESPAN}
ORDERABLE: Final = SUMMABLE | {STRING, BOOL}
ALL_SCALARS: Final = frozenset(ScalarType) - {UNKNOWN}

_WIDTH: Final = {INT: 1, LONG: 2, REAL: 3, DECIMAL: 4}

SCALAR_TYPES: Final = {
    **{kind.value: kind for kind in ScalarType},
    "boolean": BOOL,
    "int32": INT,
    "int64": LONG,
    "double": REAL,
    "float": REAL,
    "date": DATETIME,
    "time": TIMESPAN,
    "uuid": GUID,
    "uniqueid": GUID,
}
"""Every spelling of a type in a declaration or a table schema."""


def scalar_type(name: str) -> ScalarType:
    """The type of this spelling; UNKNOWN when there is none."""
    return SCALAR_TYPES.get(name) or SCALAR_TYPES.get(name.lower(), UNKNOWN)


def promotes(source: ScalarType, target: ScalarType) -> bool:
    """Whether `source` may stand where `target` is asked for: int as long, numbers as wider ones, dynamic as string."""
    width = _WIDTH.get(target, 0)
    return 0 < _WIDTH.get(source, 9) < width or (target is STRING and source is DYNAMIC)


def promoted(kind: ScalarType) -> ScalarType:
    """Results of arithmetic and sums are never int."""
    return LONG if kind is INT else kind


def widest(kinds: Iterable[ScalarType]) -> ScalarType:
    """The widest number among `kinds`; the first unknown one hides what follows it."""
    result: ScalarType | None = None
    for kind in kinds:
        if kind is UNKNOWN and result is None:
            return UNKNOWN
        if kind in _WIDTH and (result is None or _WIDTH[kind] > _WIDTH[result]):
            result = kind
    return UNKNOWN if result is None else promoted(result)


def common_type(kinds: Iterable[ScalarType], *, ignore_dynamic: bool = False) -> ScalarType | None:
    """The type that all `kinds` can be read as; None when there is none.

    UNKNOWN and dynamic absorb the others; `ignore_dynamic` (`iff`, `case`) leaves dynamic ones out unless all are.
    """
    result: ScalarType | None = None
    kinds = tuple(kinds)
    for kind in kinds:
        if ignore_dynamic and kind is DYNAMIC:
            continue
        if result is None or result is kind:
            result = kind
        elif UNKNOWN in (result, kind):
            result = UNKNOWN
        elif DYNAMIC in (result, kind):
            result = DYNAMIC
        elif promotes(result, kind):
            result = kind
        elif not promotes(kind, result):
            return None
    if result is None and ignore_dynamic and kinds:
        return DYNAMIC
    return result


ARITHMETIC: Final = frozenset(
    {
        BinaryOperator.ADD,
        BinaryOperator.SUBTRACT,
        BinaryOperator.MULTIPLY,
        BinaryOperator.DIVIDE,
        BinaryOperator.MODULO,
    }
)

ORDER: Final = frozenset(
    {BinaryOperator.LESS, BinaryOperator.LESS_EQUAL, BinaryOperator.GREATER, BinaryOperator.GREATER_EQUAL}
)

EQUALITY: Final = frozenset({BinaryOperator.EQUAL, BinaryOperator.NOT_EQUAL})

LOGICAL: Final = frozenset({BinaryOperator.AND, BinaryOperator.OR})

_TIME_ARITHMETIC: Final = {
    (BinaryOperator.ADD, TIMESPAN, TIMESPAN): TIMESPAN,
    (BinaryOperator.ADD, DATETIME, TIMESPAN): DATETIME,
    (BinaryOperator.ADD, TIMESPAN, DATETIME): DATETIME,
    (BinaryOperator.ADD, DATETIME, DATETIME): DATETIME,
    (BinaryOperator.SUBTRACT, TIMESPAN, TIMESPAN): TIMESPAN,
    (BinaryOperator.SUBTRACT, DATETIME, DATETIME): TIMESPAN,
    (BinaryOperator.SUBTRACT, DATETIME, TIMESPAN): DATETIME,
    (BinaryOperator.SUBTRACT, TIMESPAN, DATETIME): DATETIME,
    (BinaryOperator.SUBTRACT, DATETIME, DYNAMIC): TIMESPAN,
    (BinaryOperator.SUBTRACT, DYNAMIC, DATETIME): TIMESPAN,
    (BinaryOperator.MULTIPLY, TIMESPAN, TIMESPAN): TIMESPAN,
    (BinaryOperator.DIVIDE, TIMESPAN, TIMESPAN): REAL,
    (BinaryOperator.DIVIDE, DATETIME, DATETIME): REAL,
    (BinaryOperator.DIVIDE, DATETIME, TIMESPAN): REAL,
    (BinaryOperator.MODULO, TIMESPAN, TIMESPAN): TIMESPAN,
    (BinaryOperator.MODULO, DATETIME, DATETIME): TIMESPAN,
    (BinaryOperator.MODULO, DATETIME, TIMESPAN): TIMESPAN,
}


def arithmetic(operator: BinaryOperator, left: ScalarType, right: ScalarType) -> ScalarType | None:
    """The type of `left operator right`; None when the operator does not take these operands."""
    if left in NUMBERS and (right in NUMBERS or right is UNKNOWN):
        return widest((left, right))
    if UNKNOWN in (left, right):
        return UNKNOWN
    if found := _TIME_ARITHMETIC.get((operator, left, right)):
        return found
    if left is DYNAMIC and right is DYNAMIC:
        return DYNAMIC
    dynamic_takes = SUMMABLE if operator in (BinaryOperator.ADD, BinaryOperator.SUBTRACT) else NUMBERS
    if left is DYNAMIC and right in dynamic_takes:
        return promoted(right)
    if right is DYNAMIC and left in dynamic_takes:
        return promoted(left)
    scales = operator is not BinaryOperator.ADD and operator is not BinaryOperator.SUBTRACT
    if scales and left in (DATETIME, TIMESPAN) and right in NUMBERS:
        return left
    if operator is BinaryOperator.MULTIPLY and left in NUMBERS and right in (DATETIME, TIMESPAN):
        return right
    return None


def comparable(operator: BinaryOperator, left: ScalarType, right: ScalarType) -> bool:
    """Whether a comparison, logical or text operator takes these operands."""
    if UNKNOWN in (left, right):
        return True
    if operator in EQUALITY:
        return ScalarType.TYPE not in (left, right)
    if operator in LOGICAL:
        return left in (BOOL, DYNAMIC) and right in (BOOL, DYNAMIC)
    if operator in ORDER:
        return _ordered(left, right)
    takes = (STRING, DYNAMIC)
    return left in takes and right in takes


def _ordered(left: ScalarType, right: ScalarType) -> bool:
    if left is DYNAMIC or right is DYNAMIC:
        other = right if left is DYNAMIC else left
        return other is DYNAMIC or other in NUMBERS
    if left in NUMBERS or left is BOOL:
        return right in NUMBERS or right is BOOL
    return left is right and left in (DATETIME, TIMESPAN)
