"""Constants of a Kusto query as the model's values: how timespans, datetimes and JSON are written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from detectionary.languages.kusto.syntax import ScalarType
from detectionary.model.predicate import ScalarValue, Value, ValueKind

JsonData: TypeAlias = "bool | int | float | str | tuple[JsonData, ...] | dict[str, JsonData] | None"
Datum: TypeAlias = "bool | int | float | Decimal | str | tuple[JsonData, ...] | dict[str, JsonData] | None"

TICKS_PER_SECOND: Final = 10_000_000
TICKS_PER_DAY: Final = 86_400 * TICKS_PER_SECOND

_UNITS: Final = (
    ("d", TICKS_PER_DAY),
    ("h", 3_600 * TICKS_PER_SECOND),
    ("m", 60 * TICKS_PER_SECOND),
    ("s", TICKS_PER_SECOND),
    ("ms", TICKS_PER_SECOND // 1_000),
    ("tick", 1),
)
_MOST_UNITS: Final = 10_000
"""A longer count (`93784s`) says less than the long form (`1.02:03:04`)."""
_YEAR_ONE: Final = datetime(1, 1, 1)  # Kusto's datetimes have no zone; all are UTC


@dataclass(frozen=True, slots=True)
class Constant:
    """A value known from the text alone. `value` by `type` as in `syntax.Literal`; DYNAMIC holds JSON data."""

    type: ScalarType
    value: Datum


@dataclass(frozen=True, slots=True)
class Symbolic:
    """A value known only when the rule runs, but the same for all rows: `ago(7d)`, a `toscalar`, an unbound parameter.

    `clock` is True when it depends on `now()`.
    """

    text: str
    type: ScalarType
    clock: bool = False


@dataclass(frozen=True, slots=True)
class Watchlist:
    """The values of a watchlist."""

    alias: str


Folded: TypeAlias = Constant | Symbolic | Watchlist

NULL: Final = Constant(ScalarType.DYNAMIC, None)


def timespan_text(ticks: int) -> str:
    """`2h` when a small number of one unit says it, else `d.hh:mm:ss.fffffff` (Kusto's own long form)."""
    if ticks == 0:
        return "0s"
    for unit, size in _UNITS:
        if ticks % size == 0 and abs(ticks // size) < _MOST_UNITS:
            return f"{ticks // size}{unit}"
    sign = "-" if ticks < 0 else ""
    days, rest = divmod(abs(ticks), TICKS_PER_DAY)
    seconds, fraction = divmod(rest, TICKS_PER_SECOND)
    clock = f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if fraction:
        clock += f".{fraction:07}"
    return f"{sign}{days}.{clock}" if days else f"{sign}{clock}"


def datetime_text(ticks: int) -> str:
    """ISO form in UTC, `2024-01-01T00:00:00Z`; a fraction without its trailing zeros."""
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    try:
        moment = _YEAR_ONE + timedelta(seconds=seconds)
    except OverflowError:
        return str(ticks)
    tail = f".{fraction:07}".rstrip("0") if fraction else ""
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}{tail}Z"


def json_text(data: Datum) -> str:
    """Compact JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)


def kind_and_scalar(folded: Folded) -> tuple[ValueKind, ScalarValue]:
    """What a folded value is, and the value as the model writes it."""
    match folded:
        case Symbolic(text):
            return ValueKind.SYMBOLIC, text
        case Watchlist(alias):
            return ValueKind.WATCHLIST, alias
        case Constant(_, None):
            return ValueKind.NULL, None
        case Constant(ScalarType.DATETIME, int(ticks)):
            return ValueKind.DATETIME, datetime_text(ticks)
        case Constant(ScalarType.TIMESPAN, int(ticks)):
            return ValueKind.TIMESPAN, timespan_text(ticks)
        case Constant(ScalarType.GUID, str(text)):
            return ValueKind.GUID, text
        case Constant(_, bool(truth)):
            return ValueKind.BOOL, truth
        case Constant(_, int() | float() as number):
            return ValueKind.NUMBER, number
        case Constant(_, Decimal() as number):
            return ValueKind.NUMBER, int(number) if number == number.to_integral_value() else float(number)
        case Constant(_, str(text)):
            return ValueKind.TEXT, text
        case Constant(_, data):
            return ValueKind.JSON, json_text(data)


def model_value(folded: Folded, transforms: tuple[str, ...] = ()) -> Value:
    """The model's value; `transforms` are those of the comparison that uses it."""
    kind, scalar = kind_and_scalar(folded)
    return Value(kind, scalar, transforms)


def query_text(folded: Folded) -> str:
    """The value as Kusto writes it, for the text of symbolic values (`ago(7d)`)."""
    kind, scalar = kind_and_scalar(folded)
    match kind:
        case ValueKind.TEXT:
            return json.dumps(scalar, ensure_ascii=False)
        case ValueKind.DATETIME:
            return f"datetime({scalar})"
        case ValueKind.GUID:
            return f"guid({scalar})"
        case ValueKind.BOOL:
            return "true" if scalar else "false"
        case ValueKind.NULL:
            return f"{folded.type.value}(null)" if isinstance(folded, Constant) else "dynamic(null)"
        case ValueKind.JSON:
            return f"dynamic({scalar})"
        case ValueKind.WATCHLIST:
            return f"_GetWatchlist({json.dumps(scalar, ensure_ascii=False)})"
        case _:
            return str(scalar)


def elements(folded: Folded) -> tuple[Folded, ...]:
    """The values of a list: those of a dynamic array one by one; anything else is one value."""
    match folded:
        case Constant(ScalarType.DYNAMIC, tuple(items)):
            return tuple(from_json(item) for item in items)
        case _:
            return (folded,)


def from_json(data: JsonData) -> Constant:
    """A JSON scalar with the type that Kusto gives it; arrays and objects stay dynamic."""
    match data:
        case bool():
            return Constant(ScalarType.BOOL, data)
        case int():
            return Constant(ScalarType.LONG, data)
        case float():
            return Constant(ScalarType.REAL, data)
        case str():
            return Constant(ScalarType.STRING, data)
        case _:
            return Constant(ScalarType.DYNAMIC, data)


def to_json(constant: Constant) -> JsonData:
    """The constant as an element of a dynamic array."""
    match constant.value:
        case None | bool() | tuple() | dict() | float():
            return constant.value
        case int(number):
            if constant.type in (ScalarType.DATETIME, ScalarType.TIMESPAN):
                _, scalar = kind_and_scalar(constant)
                return str(scalar)
            return number
        case Decimal() as number:
            return float(number)
        case str(text):
            return text
