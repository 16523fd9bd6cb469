"""Kusto's texts of datetimes and timespans, from ticks of 100 ns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

TICKS_A_SECOND: Final = 10_000_000
TICKS_A_DAY: Final = 86_400 * TICKS_A_SECOND

TICKS_TO_1970: Final = 621_355_968_000_000_000
"""Ticks from 0001-01-01 to 1970-01-01."""
MAX_TICKS: Final = 3_155_378_975_999_999_999
"""The last tick that a datetime can be: 9999-12-31T23:59:59.9999999Z."""

FIRST: Final = datetime(1, 1, 1)


def datetime_text(ticks: int) -> str:
    """`2024-01-31T12:00:00.0000000Z`, as Kusto writes a datetime."""
    seconds, rest = divmod(ticks, TICKS_A_SECOND)
    moment = FIRST + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:07d}Z" if moment.year >= 1000 else f"{_padded(moment)}.{rest:07d}Z"


def _padded(moment: datetime) -> str:
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}"


def timespan_text(ticks: int) -> str:
    """`1.02:03:04.5000000`, as Kusto writes a timespan: days and fractions only when there are any."""
    sign = "-" if ticks < 0 else ""
    days, rest = divmod(abs(ticks), TICKS_A_DAY)
    seconds, fraction = divmod(rest, TICKS_A_SECOND)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}"
    if days:
        text = f"{days}.{text}"
    return f"{sign}{text}.{fraction:07d}" if fraction else f"{sign}{text}"


def ticks_of(moment: datetime) -> int:
    """Ticks since 0001-01-01 of a moment; one without zone is UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    since = moment - FIRST
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 10


def moment_of(ticks: int) -> datetime:
    """The moment, without zone, to the microsecond."""
    return FIRST + timedelta(microseconds=ticks // 10)
