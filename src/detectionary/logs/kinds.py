"""The type that a value has by itself, for columns of which no schema tells it.

A column is bool, long, real, datetime or dynamic where all its values are, real where they are long and real, dynamic
where some are arrays or objects, and string otherwise. Numbers that a long or real would change (more than 18 digits,
leading zeros) keep a column a string. In text tables a cell is what it is written like; in JSON only dates are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import msgspec

BIG: Final = "big"
"""A long that a real could not hold exactly."""

DAY: Final = "day"
"""Text that is a date without a time: a datetime in a column of times (see `infer`), in any other text."""

_EXACT: Final = 1 << 53
_LONG: Final = 1 << 63
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?)?")
_WHOLE: Final = re.compile(r"-?(0|[1-9]\d{0,17})")
_FRACTION: Final = re.compile(r"-?(0|[1-9]\d*)?\.\d+([eE][+-]?\d+)?|-?(0|[1-9]\d*)[eE][+-]?\d+")


def kind_of(value: object) -> str | None:
    """The type that a JSON value has by itself; None for null."""
    match value:
        case None:
            return None
        case bool():
            return "bool"
        case int():
            return "long" if abs(value) <= _EXACT else BIG if -_LONG <= value < _LONG else "string"
        case float():
            return "real"
        case str():
            return _kind_of_date(value) or "string"
        case _:
            return "dynamic"


def kind_of_text(cell: str) -> str | None:
    """The type that a cell of a text table is written like; None for an empty one."""
    if not cell:
        return None
    if _WHOLE.fullmatch(cell):
        return "long" if abs(int(cell)) <= _EXACT else BIG
    if _FRACTION.fullmatch(cell):
        return "real"
    if cell in ("true", "false", "True", "False"):
        return "bool"
    date = _kind_of_date(cell)
    if date is not None:
        return date
    if cell[0] in "[{":
        try:
            msgspec.json.decode(cell)
        except (msgspec.DecodeError, RecursionError):
            return "string"
        return "dynamic"
    return "string"


def _kind_of_date(text: str) -> str | None:
    found = _DATE.fullmatch(text)
    return None if found is None else "datetime" if found[1] else DAY


def unify(kinds: Iterable[str]) -> str:
    """The one type for values of these types."""
    found = {"string" if kind == DAY else kind for kind in kinds}
    if found == {"long", "real"}:
        return "real"
    if found <= {"long", BIG} and found:
        return "long"
    if "dynamic" in found:
        return "dynamic"
    return found.pop() if len(found) == 1 else "string"
