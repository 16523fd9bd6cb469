"""Points in time and durations as logs write them, to whole microseconds (UTC) and to ticks of 100 ns.

A seventh digit of a second is dropped: times are kept to the microsecond everywhere in the project.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ]+(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d)?"
)
_SLASHED: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?:,?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*([AaPp][Mm])?\s*(Z|UTC)?"
)
_SPAN: Final = re.compile(r"(-)?(?:(\d{1,8})\.)?(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,7}))?)?")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_ZONES: Final = {
    "eastern time (us and canada)": "America/New_York",
    "central time (us and canada)": "America/Chicago",
    "mountain time (us and canada)": "America/Denver",
    "pacific time (us and canada)": "America/Los_Angeles",
    "pacific time (us and canada) tijuana": "America/Los_Angeles",
}
"""Time zones by the names that the Azure portal writes beside a column in its exports, `&` as "and"."""


class DayOrder(enum.Enum):
    """Whether day or month comes first in dates with slashes."""

    DAY_FIRST = "day/month/year"
    MONTH_FIRST = "month/day/year"
    CONTRADICTORY = "contradictory"


def zone_of(name: str) -> ZoneInfo | timezone | None:
    """The zone that an export names in brackets after a column; None for one that is not known here."""
    folded = name.strip().lower().replace("&", "and")
    if folded in ("utc", "gmt", "z"):
        return UTC
    known = _ZONES.get(folded)
    if known is None:
        return None
    try:
        return ZoneInfo(known)
    except ZoneInfoNotFoundError:
        return None


def day_order(values: Iterable[object]) -> tuple[DayOrder, bool] | None:
    """Which order the dates with slashes among these have, and whether a value proves it; None without such dates.

    Unproved, a clock with AM and PM is taken for the American order and one of 24 hours for the other, as the Azure
    portal writes them.
    """
    day_first = month_first = met = american = False
    for value in values:
        found = _SLASHED.match(value) if isinstance(value, str) else None
        if found is not None:
            met = True
            day_first = day_first or int(found[1]) > 12
            month_first = month_first or int(found[2]) > 12
            american = american or found[8] is not None
    if not met:
        return None
    if day_first and month_first:
        return DayOrder.CONTRADICTORY, True
    if day_first or month_first:
        return (DayOrder.DAY_FIRST if day_first else DayOrder.MONTH_FIRST), True
    return (DayOrder.MONTH_FIRST if american else DayOrder.DAY_FIRST), False


def microseconds(text: str, order: DayOrder | None = None, zone: ZoneInfo | timezone | None = UTC) -> int | None:
    """A time as microseconds since 1970 (UTC); None for what is none, or cannot be told exactly.

    Without a zone in the text it is in `zone`. An hour that the zone's clock shows twice a year, or skips, cannot be
    told.
    """
    text = text.strip()
    iso = _ISO.fullmatch(text)
    if iso is not None:
        year, month, day, hour, minute, second, fraction, offset = iso.groups()
    else:
        slashed = _SLASHED.fullmatch(text)
        if slashed is None or order is None or order is DayOrder.CONTRADICTORY:
            return None
        first, second_, year, hour, minute, second, fraction, half, offset = slashed.groups()
        day, month = (first, second_) if order is DayOrder.DAY_FIRST else (second_, first)
        if half is not None:
            if hour is None or not 1 <= int(hour) <= 12:
                return None
            hour = str(int(hour) % 12 + (12 if half.lower() == "pm" else 0))
    try:
        moment = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
                          int(f"{fraction or 0:<06}"[:6]))  # fmt: skip
    except ValueError:
        return None
    if offset is None:
        if zone is None:
            return None
        early, late = moment.replace(tzinfo=zone), moment.replace(tzinfo=zone, fold=1)
        if early.utcoffset() != late.utcoffset():
            return None
        aware = early
    elif offset[0] in "+-":
        digits = offset[1:].replace(":", "")
        shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        aware = moment.replace(tzinfo=UTC) - (shift if offset[0] == "+" else -shift)
    else:
        aware = moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // _MICROSECOND


def ticks(text: str) -> int | None:
    """A duration, [-][days.]hours:minutes[:seconds[.fraction]], as ticks of 100 ns; None for what is none."""
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        return None
    sign, days, hours, minutes, seconds, fraction = found.groups()
    if int(hours) > 23 or int(minutes) > 59 or int(seconds or 0) > 59:
        return None
    whole = ((int(days or 0) * 24 + int(hours)) * 60 + int(minutes)) * 60 + int(seconds or 0)
    count = whole * 10_000_000 + int(f"{fraction or 0:<07}"[:7])
    return -count if sign else count
