"""Datetimes and timespans that are known before the run, computed to the tick: `ago(7d)`, `endofday(now()) + 1tick`.

Engines keep datetimes to the microsecond (docs/decisions/0008-time.md); what is computed here keeps all seven digits,
and reaches an engine as one literal, which it can hold against the statistics of files.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.ticks import MAX_TICKS, TICKS_A_DAY, TICKS_A_SECOND, datetime_text, timespan_text
from detectionary.languages.kusto.syntax import ScalarType

DATETIME, TIMESPAN, LONG, REAL = ScalarType.DATETIME, ScalarType.TIMESPAN, ScalarType.LONG, ScalarType.REAL
INT, STRING = ScalarType.INT, ScalarType.STRING

_LONGEST: Final = 2**63

Ticks = int


def known(expression: Expr, now: Ticks) -> Constant | None:
    """The value of an expression over constants and the clock, if it is one of times; None when it is not known.

    A datetime outside of the years 1 to 9999 and a timespan of more than 2^63 ticks are null, as in the engine's SQL.
    """
    if isinstance(expression, Constant):
        return expression
    if not isinstance(expression, Apply):
        return None
    if expression.function == "now" and not expression.arguments:
        return Constant(DATETIME, now, expression.span)
    rules = _RULES.get(expression.function)
    if rules is None:
        return None
    kinds = tuple(argument.type for argument in expression.arguments)
    compute = next((rule.compute for rule in rules if rule.takes(kinds)), None)
    if compute is None:
        return None
    values: list[int | float | str] = []
    for argument in expression.arguments:
        constant = known(argument, now)
        if constant is None or not isinstance(constant.value, int | float | str):
            return None
        values.append(constant.value)
    try:
        result = compute(*values)
    except (KeyError, ZeroDivisionError, OverflowError):
        return None
    return Constant(expression.type, _bounded(result, expression.type), expression.span)


def _bounded(value: int | float | str | None, kind: ScalarType) -> int | float | str | None:
    if isinstance(value, int):
        if kind is DATETIME and not 0 <= value <= MAX_TICKS:
            return None
        if kind is TIMESPAN and not -_LONGEST <= value < _LONGEST:
            return None
    return value


@dataclass(frozen=True, slots=True)
class _Rule:
    """How a function computes for arguments of these types; further ones, if any, are whole numbers."""

    kinds: tuple[ScalarType, ...]
    compute: Callable[..., int | float | str | None]

    def takes(self, kinds: tuple[ScalarType, ...]) -> bool:
        head, rest = kinds[: len(self.kinds)], kinds[len(self.kinds) :]
        return head == self.kinds and all(kind in (INT, LONG) for kind in rest)


# Parts of a datetime

_SIZES: Final = {
    "microsecond": 10,
    "millisecond": TICKS_A_SECOND // 1_000,
    "second": TICKS_A_SECOND,
    "minute": 60 * TICKS_A_SECOND,
    "hour": 3_600 * TICKS_A_SECOND,
    "day": TICKS_A_DAY,
    "week": 7 * TICKS_A_DAY,
}
_MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}


def _date(ticks: Ticks) -> date:
    return date.fromordinal(ticks // TICKS_A_DAY + 1)


def _start(part: str, ticks: Ticks, offset: int = 0) -> Ticks | None:
    """The first tick of the day, week (from Sunday), month or year, `offset` of them later."""
    if part in ("day", "week"):
        size = _SIZES[part]
        shift = TICKS_A_DAY if part == "week" else 0  # 0001-01-01 was a Monday
        return (ticks + shift) // size * size - shift + offset * size
    moment = _date(ticks)
    month = moment.year * 12 + (moment.month - 1 if part == "month" else 0) + offset * _MONTHS[part]
    return _first_of_month(month)


def _first_of_month(month: int) -> Ticks | None:
    year, within = divmod(month, 12)
    if year == 10_000 and within == 0:
        return MAX_TICKS + 1
    if not 1 <= year <= 9999:
        return None
    return (date(year, within + 1, 1).toordinal() - 1) * TICKS_A_DAY


def _end(part: str, ticks: Ticks, offset: int = 0) -> Ticks | None:
    following = _start(part, ticks, offset + 1)
    return None if following is None else following - 1


def _added(part: str, amount: int, ticks: Ticks) -> Ticks | None:
    word = part.lower()
    if word == "nanosecond":
        return ticks + amount // 100
    if word in _SIZES:
        return ticks + amount * _SIZES[word]
    moment = _date(ticks)
    year, within = divmod(moment.year * 12 + moment.month - 1 + amount * _MONTHS[word], 12)
    if not 1 <= year <= 9999:
        return None
    day = min(moment.day, monthrange(year, within + 1)[1])
    return (date(year, within + 1, day).toordinal() - 1) * TICKS_A_DAY + ticks % TICKS_A_DAY


def _count(word: str, ticks: Ticks) -> int:
    """The number of the part since the year 1."""
    if word == "nanosecond":
        return ticks * 100
    if word == "week":
        return (ticks + TICKS_A_DAY) // _SIZES[word]
    if word in _SIZES:
        return ticks // _SIZES[word]
    moment = _date(ticks)
    return (moment.year * 12 + moment.month - 1) // _MONTHS[word]


def _difference(part: str, left: Ticks, right: Ticks) -> int:
    return _count(part.lower(), left) - _count(part.lower(), right)


def _bin(ticks: Ticks, size: Ticks) -> Ticks | None:
    return ticks // size * size if size > 0 else None


def _bin_at(ticks: Ticks, size: Ticks, fixed: Ticks) -> Ticks | None:
    return fixed + (ticks - fixed) // size * size if size > 0 else None


_RULES: Final[Mapping[str, tuple[_Rule, ...]]] = {
    "+": tuple(
        _Rule(kinds, lambda left, right: left + right)
        for kinds in ((DATETIME, TIMESPAN), (TIMESPAN, DATETIME), (TIMESPAN, TIMESPAN))
    ),
    "-": tuple(
        _Rule(kinds, lambda left, right: left - right)
        for kinds in ((DATETIME, TIMESPAN), (DATETIME, DATETIME), (TIMESPAN, TIMESPAN))
    ),
    "*": tuple(
        _Rule(kinds, lambda left, right: left * right)
        for number in (INT, LONG)
        for kinds in ((TIMESPAN, number), (number, TIMESPAN))
    ),
    "/": (_Rule((TIMESPAN, TIMESPAN), lambda left, right: float(left) / float(right)),),
    "negate": (_Rule((TIMESPAN,), lambda ticks: -ticks),),
    "bin": (_Rule((DATETIME, TIMESPAN), _bin), _Rule((TIMESPAN, TIMESPAN), _bin)),
    "floor": (_Rule((DATETIME, TIMESPAN), _bin), _Rule((TIMESPAN, TIMESPAN), _bin)),
    "bin_at": (_Rule((DATETIME, TIMESPAN, DATETIME), _bin_at),),
    "datetime_add": tuple(_Rule((STRING, number, DATETIME), _added) for number in (INT, LONG)),
    "datetime_diff": (_Rule((STRING, DATETIME, DATETIME), _difference),),
    "tolong": (_Rule((DATETIME,), lambda ticks: ticks), _Rule((TIMESPAN,), lambda ticks: ticks)),
    "tostring": (_Rule((DATETIME,), datetime_text), _Rule((TIMESPAN,), timespan_text)),
    **{
        f"startof{part}": (_Rule((DATETIME,), lambda ticks, offset=0, part=part: _start(part, ticks, offset)),)
        for part in ("day", "week", "month", "year")
    },
    **{
        f"endof{part}": (_Rule((DATETIME,), lambda ticks, offset=0, part=part: _end(part, ticks, offset)),)
        for part in ("day", "week", "month", "year")
    },
}
