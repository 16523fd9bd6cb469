"""Values of logs as typed columns: what fits a Kusto type is stored as such, what does not is null and counted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timezone
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from detectionary.logs.times import DayOrder, day_order, microseconds, ticks

PHYSICAL: Final[dict[str, pa.DataType]] = {
    "bool": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "real": pa.float64(),
    "decimal": pa.string(),
    "string": pa.string(),
    "datetime": pa.timestamp("us"),
    "timespan": pa.int64(),
    "guid": pa.string(),
    "dynamic": pa.string(),
}
"""How each Kusto type is stored in the Parquet files written here."""

_ARROW_ERRORS: Final = (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, OverflowError, UnicodeEncodeError)


class Json(str):
    """A value that is known as its JSON text: an array, an object, or a number exactly as it was written."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Converted:
    """A column, how many of its values did not fit, and the first of them."""

    array: pa.Array
    misfits: int = 0
    example: str = ""


@dataclass(slots=True)
class Reading:
    """How one column of one file writes its times."""

    zone: ZoneInfo | timezone | None = UTC
    order: DayOrder | None = None
    unproved: bool = False
    """The order of day and month was needed, and no value told it."""


def convert(kind: str, values: Sequence[object], reading: Reading | None = None) -> Converted:
    """The values as a column of a Kusto type. A value is None, bool, int, float, str or `Json`."""
    match kind:
        case "string":
            return _strings(values)
        case "dynamic":
            return Converted(pa.array(list(map(dynamic, values)), pa.string()))
        case "datetime":
            return _datetimes(values, reading or Reading())
        case "bool":
            return _bools(values)
        case "int" | "long" | "real":
            if not any(isinstance(value, bool | str) for value in values):
                try:
                    return Converted(pa.array(values, PHYSICAL[kind]))
                except _ARROW_ERRORS:
                    pass  # some value is of another type: one by one
    return _one_by_one(kind, values, _SCALARS[kind])


def is_spaced(text: bytes) -> bool:
    """Whether JSON may have blanks between its tokens: whether it has any, be they inside of texts."""
    return b" " in text or b"\n" in text or b"\t" in text or b"\r" in text


def minified(text: bytes) -> bytes:
    """JSON without blanks between its tokens; everything else as it was written."""
    return msgspec.json.format(text, indent=-1) if is_spaced(text) else text


def dynamic(value: object) -> str | None:
    """A value as JSON text. Text that holds a JSON array or object is that; other text is a JSON string."""
    if value is None or value == "null":
        return None
    if isinstance(value, Json):
        return str(value)
    if isinstance(value, str):
        start = value.lstrip()[:1]
        if start and start in "[{":
            try:
                msgspec.json.decode(value)
                return minified(value.encode()).decode()
            except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
                pass  # text that only looks like JSON
    return msgspec.json.encode(value).decode()


def text(value: object) -> str:
    """A value as text: null is empty, numbers and structures are their JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    return msgspec.json.encode(value).decode()


def _strings(values: Sequence[object]) -> Converted:
    try:
        array = pa.array(values, pa.string())
    except _ARROW_ERRORS:
        array = pa.array(list(map(text, values)), pa.string())
    return Converted(array.fill_null("") if array.null_count else array)


def _bools(values: Sequence[object]) -> Converted:
    try:
        return Converted(pa.array(values, pa.bool_()))
    except _ARROW_ERRORS:
        pass  # texts, mostly
    try:
        texts = pa.array(values, pa.string())
        if all(known in _BOOLS or known is None for known in pc.unique(texts).to_pylist()):
            return Converted(texts.cast(pa.bool_()))
    except _ARROW_ERRORS:
        pass  # of several types: one by one
    return _one_by_one("bool", values, _bool)


def _one_by_one(kind: str, values: Sequence[object], one: Callable[[object], object]) -> Converted:
    made: list[object] = []
    misfits = 0
    example = ""
    for value in values:
        empty = value is None or (isinstance(value, str) and value in _NULLS)
        fitted = None if empty else one(value)
        if fitted is None and not empty:
            if not misfits:
                example = text(value)[:80]
            misfits += 1
        made.append(fitted)
    return Converted(pa.array(made, PHYSICAL[kind]), misfits, example)


_NULLS: Final = ("", "null")
"""Texts that stand for no value in a column that is not text, as exports write them."""

_DATE_STRINGS: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?Z")


def _datetimes(values: Sequence[object], reading: Reading) -> Converted:
    # Arrow reads what every log of today writes, many times faster than one by one.
    sample = next((value for value in values if value is not None), None)
    if sample is None:
        return Converted(pa.nulls(len(values), pa.timestamp("us")))
    if isinstance(sample, str) and _DATE_STRINGS.fullmatch(sample):
        try:
            array = pa.array(values, pa.string())
            unit = "us" if len(sample) <= len("2026-01-01T00:00:00.000000Z") else "ns"
            stamps = array.cast(pa.timestamp(unit, tz="UTC"))
            return Converted(stamps.cast(pa.timestamp("us", tz="UTC"), safe=False).cast(pa.timestamp("us")))
        except _ARROW_ERRORS:
            pass  # one by one
    if reading.order is None:
        told = day_order(values)
        if told is not None:
            reading.order = told[0]
            reading.unproved = not told[1]

    def one(value: object) -> int | None:
        return microseconds(value, reading.order, reading.zone) if isinstance(value, str) else None

    return _one_by_one("datetime", values, one)


_INTEGER: Final = re.compile(r"[+-]?\d{1,19}")
_HEX: Final = re.compile(r"0[xX][0-9a-fA-F]{1,16}")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_GUID: Final = re.compile(
    r"\{?([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})\}?"
)
_BOOLS: Final = {"true": True, "false": False, "1": True, "0": False}


def _bool(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    return _BOOLS.get(text(value).strip().lower())


def _whole(bits: int) -> Callable[[object], int | None]:
    limit = 1 << (bits - 1)

    def one(value: object) -> int | None:
        if isinstance(value, bool):
            return None
        if isinstance(value, float):
            number = int(value) if value.is_integer() else limit
        elif isinstance(value, int):
            number = value
        else:
            written = text(value).strip()
            if _INTEGER.fullmatch(written):
                number = int(written)
            elif _HEX.fullmatch(written):
                number = int(written, 16)
            else:
                return None
        return number if -limit <= number < limit else None

    return one


def _real(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    written = text(value).strip()
    if _NUMBER.fullmatch(written):
        return float(written)
    return {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}.get(written.lower())


def _decimal(value: object) -> str | None:
    written = text(value).strip()
    return written if not isinstance(value, bool) and _NUMBER.fullmatch(written) else None


def _timespan(value: object) -> int | None:
    return ticks(value) if isinstance(value, str) else None


def _guid(value: object) -> str | None:
    found = _GUID.fullmatch(text(value).strip())
    return "-".join(found.groups()).lower() if found else None


_SCALARS: Final[dict[str, Callable[[object], object]]] = {
    "int": _whole(32),
    "long": _whole(64),
    "real": _real,
    "decimal": _decimal,
    "timespan": _timespan,
    "guid": _guid,
}


# From JSON

_STRINGS: Final = msgspec.json.Decoder(list[str | None])
_ANYTHING: Final = msgspec.json.Decoder(list[object])
_ONE: Final = msgspec.json.Decoder(object)


def from_json(kind: str, raws: Iterable[msgspec.Raw | bytes | None]) -> Sequence[object]:
    """Raw JSON values of one column as values for `convert`; None is an absent one."""
    texts = [b"null" if raw is None else raw for raw in raws]
    joined = b"[" + b",".join(texts) + b"]"
    try:
        if kind == "string":
            return _STRINGS.decode(joined)
        if kind not in ("dynamic", "decimal"):
            return _ANYTHING.decode(joined)
    except (msgspec.DecodeError, RecursionError):
        pass  # of several types: one by one
    return [one_from_json(bytes(raw)) for raw in texts]


def one_from_json(raw: bytes) -> object:
    """One JSON value: text and null as such, everything else as its JSON text."""
    if raw[:1] == b'"':
        return _ONE.decode(raw)
    if raw == b"null":
        return None
    return Json(minified(raw).decode())


@dataclass(slots=True)
class Tally:
    """Values that did not fit, by table and column: type, count and first example."""

    found: dict[tuple[str, str], tuple[str, int, str]] = field(default_factory=dict)

    def add(self, table: str, column: str, kind: str, converted: Converted) -> None:
        if converted.misfits:
            kind, count, example = self.found.get((table, column), (kind, 0, converted.example))
            self.found[table, column] = (kind, count + converted.misfits, example)
