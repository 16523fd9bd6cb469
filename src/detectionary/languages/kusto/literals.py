"""What the literals of Kusto mean: the value behind a token.

A content that is no value of its type (`long(abc)`) is None here, as the null of the type is: Microsoft's parser lets
both pass, and only the engine refuses the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from detectionary.languages.kusto.syntax import ScalarType
from detectionary.languages.kusto.tokens import (
    BOOL,
    DATETIME,
    DECIMAL,
    GUID,
    INT,
    LONG,
    RAW_GUID,
    REAL,
    STRING,
    TIMESPAN,
)

TICKS_PER_SECOND: Final = 10_000_000
TICKS_PER_DAY: Final = 86_400 * TICKS_PER_SECOND
_MAX_TICKS: Final = 2**63 - 1

_UNIT_TICKS: Final[dict[str, int | Decimal]] = {
    **dict.fromkeys(("d", "day", "days"), TICKS_PER_DAY),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3_600 * TICKS_PER_SECOND),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60 * TICKS_PER_SECOND),
    **dict.fromkeys(("s", "sec", "second", "seconds"), TICKS_PER_SECOND),
    **dict.fromkeys(("ms", "milli", "millis", "millisec", "millisecond", "milliseconds"), 10_000),
    **dict.fromkeys(("micro", "micros", "microsec", "microsecond", "microseconds"), 10),
    **dict.fromkeys(("nano", "nanos", "nanosec", "nanosecond", "nanoseconds"), Decimal("0.01")),
    **dict.fromkeys(("tick", "ticks"), 1),
}

_ESCAPE: Final = re.compile(
    r"\\(?:([\\'\"abfnrtv])|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|([0-3][0-7]{2}|[0-7]{1,2}))"
)
_SIMPLE_ESCAPES: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def string_value(word: str) -> str:
    """The characters that a token of kind STRING stands for."""
    body = word[1:] if word[0] in "hH" else word
    verbatim = body[0] == "@"
    if verbatim:
        body = body[1:]
    quote = body[0]
    if quote in "`~":
        return body[3:-3] if body.endswith(quote * 3) and len(body) >= 6 else body[3:]
    body = body[1:-1] if len(body) > 1 and body[-1] == quote else body[1:]
    if verbatim:
        return body.replace(quote * 2, quote)
    return _ESCAPE.sub(_unescape, body) if "\\" in body else body


def _unescape(match: re.Match[str]) -> str:
    simple, four, eight, two, octal = match.groups()
    if simple is not None:
        return _SIMPLE_ESCAPES.get(simple, simple)
    code = int(octal, 8) if octal is not None else int(four or eight or two, 16)
    return chr(code) if code <= 0x10FFFF else "\ufffd"


def literal_value(kind: str, word: str) -> tuple[ScalarType, bool | int | float | Decimal | str | None]:
    """Type and value of a literal token of any kind but STRING's escapes gone wrong."""
    if kind == STRING:
        return ScalarType.STRING, string_value(word)
    kind_type, read = _READERS[kind]
    content = _content(word)
    return kind_type, None if content == "null" else read(content)


def _content(word: str) -> str:
    """What stands between the parentheses of `type(…)`, a string there decoded; a bare literal as it is."""
    if word[-1] != ")":
        return word.partition("(")[2] or word
    inside = word[word.index("(") + 1 : -1].strip()
    if len(inside) > 1 and inside[0] in "\"'" and inside[-1] == inside[0]:
        return string_value(inside)
    return inside


def _bool(content: str) -> bool | None:
    match content.lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    return None


def _integer(content: str, bits: int) -> int | None:
    limit = 1 << (bits - 1)
    match content:
        case "min":
            return -limit
        case "max":
            return limit - 1
    digits = content.lstrip("+-").lower()
    try:
        if digits.startswith("0x"):
            value = int(digits, 16)
            value -= (value >= limit) << bits  # hexadecimal digits are the bits of the number
        elif digits.isascii() and digits.isdigit():
            value = int(digits)
        else:
            return None
    except ValueError:
        return None
    if content.startswith("-"):
        value = -value
    return value if -limit <= value < limit else None


def _int(content: str) -> int | None:
    return _integer(content, 32)


def _long(content: str) -> int | None:
    return _integer(content, 64)


_REAL: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\Z", re.ASCII)


def _real(content: str) -> float | None:
    match content.lower():
        case "nan":
            return float("nan")
        case "+inf" | "inf":
            return float("inf")
        case "-inf":
            return float("-inf")
        case "min":
            return -1.7976931348623157e308
        case "max":
            return 1.7976931348623157e308
    return float(content) if _REAL.match(content) else None


def _decimal(content: str) -> Decimal | None:
    if not _REAL.match(content):
        return None
    try:
        return Decimal(content)
    except InvalidOperation:
        return None


_GUID: Final = re.compile(
    r"[{(]?([0-9a-fA-F]{8})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{4})-?([0-9a-fA-F]{12})[})]?\Z"
)


def _guid(content: str) -> str | None:
    match = _GUID.match(content)
    return None if match is None else "-".join(match.groups()).lower()


_CLOCK: Final = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?"
_TIMESPAN: Final = re.compile(rf"(-?)(?:(\d+)\.)?{_CLOCK}\Z", re.ASCII)
_QUANTITY: Final = re.compile(r"([+-]?\d+(?:\.\d*)?)\s*([a-z]*)\Z", re.ASCII)


def _timespan(content: str) -> int | None:
    match = _QUANTITY.match(content)
    if match is not None:
        number, unit = match.groups()
        if unit and unit not in _UNIT_TICKS:
            return None
        ticks = int(Decimal(number) * _UNIT_TICKS[unit or "d"])
        return ticks if abs(ticks) <= _MAX_TICKS else None
    match = _TIMESPAN.match(content)
    if match is not None:
        sign, days, hours, minutes, seconds, fraction = match.groups()
        if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
            return None
        ticks = int(days or 0) * TICKS_PER_DAY + _clock_ticks(hours, minutes, seconds, fraction)
        return -ticks if sign else ticks
    match content:
        case "min":
            return -_MAX_TICKS - 1
        case "max":
            return _MAX_TICKS
    return None


def _clock_ticks(hours: str, minutes: str, seconds: str | None, fraction: str | None) -> int:
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
    return whole * TICKS_PER_SECOND + int((fraction or "0").ljust(7, "0")[:7])


_ZONE: Final = r"\s*(Z|z|GMT|UTC|[+-]\d{1,2}:?\d{2})?\Z"
_ISO: Final = re.compile(rf"(\d{{4}})(?:-(\d{{1,2}})(?:-(\d{{1,2}})(?:[Tt\s]\s*{_CLOCK})?)?)?{_ZONE}", re.ASCII)
_AMERICAN: Final = re.compile(rf"(\d{{1,2}})[/-](\d{{1,2}})[/-](\d{{4}})(?:\s+{_CLOCK})?{_ZONE}", re.ASCII)
_LISTED: Final = re.compile(r"(\d{4}),\s*(\d{1,2}),\s*(\d{1,2})\Z", re.ASCII)
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})\Z", re.ASCII)
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_RFC: Final = re.compile(
    rf"(?:[A-Za-z]{{3,9}},\s*)?(\d{{1,2}})[\s-]([A-Za-z]{{3}})[\s-](\d{{4}}|\d{{2}})(?:\s+{_CLOCK})?{_ZONE}", re.ASCII
)


def _datetime(content: str) -> int | None:
    """The formats that Microsoft documents: ISO 8601 with its parts optional, RFC 822 and 850, month/day/year."""
    year: str | int
    month: str | int
    if match := _ISO.match(content):
        year, month, day, *clock, zone = match.groups()
    elif match := _AMERICAN.match(content):
        month, day, year, *clock, zone = match.groups()
    elif match := _COMPACT.match(content) or _LISTED.match(content):
        year, month, day = match.groups()
        clock, zone = [None] * 4, None
    elif (match := _RFC.match(content)) and match[2].lower() in _MONTHS:
        day, name, year, *clock, zone = match.groups()
        month = _MONTHS.index(name.lower()) + 1
        year = int(year) + (0 if len(year) == 4 else 2000 if int(year) < 50 else 1900)
    elif content in ("min", "max"):
        return 0 if content == "min" else 3_155_378_975_999_999_999
    else:
        return None
    try:
        days = date(int(year), int(month or 1), int(day or 1)).toordinal() - 1
    except ValueError:
        return None
    hours, minutes, seconds, fraction = clock
    if hours is not None and (int(hours) > 23 or int(minutes or 0) > 59 or int(seconds or 0) > 59):
        return None
    ticks = days * TICKS_PER_DAY + (0 if hours is None else _clock_ticks(hours, minutes or "0", seconds, fraction))
    return ticks - _offset_ticks(zone)


def _offset_ticks(zone: str | None) -> int:
    if zone is None or zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:-2]) * 60 + int(digits[-2:])
    return (-minutes if zone[0] == "-" else minutes) * 60 * TICKS_PER_SECOND


_Reader = Callable[[str], "bool | int | float | Decimal | str | None"]
_READERS: Final[dict[str, tuple[ScalarType, _Reader]]] = {
    BOOL: (ScalarType.BOOL, _bool),
    INT: (ScalarType.INT, _int),
    LONG: (ScalarType.LONG, _long),
    REAL: (ScalarType.REAL, _real),
    DECIMAL: (ScalarType.DECIMAL, _decimal),
    DATETIME: (ScalarType.DATETIME, _datetime),
    TIMESPAN: (ScalarType.TIMESPAN, _timespan),
    GUID: (ScalarType.GUID, _guid),
    RAW_GUID: (ScalarType.GUID, _guid),
}
