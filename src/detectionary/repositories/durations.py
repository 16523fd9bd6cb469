"""Durations of schedules in one short form."""

from __future__ import annotations

from typing import Final

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_SECONDS: Final = {"d": 86_400, "h": 3_600, "m": 60, "s": 1, "w": 604_800}


def short_duration(text: str) -> str | None:
    """The short form of a duration: in the largest unit that holds it whole ("PT1H" is "1h"); None for other text.

    Read are Kusto's short form ("1h", "14d"), ISO 8601 ("PT30M", "P1DT12H"; Defender writes "1H") and the .NET
    form ("1.00:00:00", "05:00:00").
    """
    length = seconds(text)
    return None if length is None else _short(length)


def seconds(text: str) -> int | None:
    """The length of a duration in any of those forms; None for other text."""
    return _seconds(text.strip().lower())


def times(text: str, factor: int) -> str | None:
    """A multiple of a duration, in the short form."""
    length = seconds(text)
    return None if length is None else _short(length * factor)


def _short(length: int) -> str:
    if length == 0:
        return "0s"
    unit, size = next((unit, size) for unit, size in _UNITS if length % size == 0)
    return f"{length // size}{unit}"


def _seconds(text: str) -> int | None:
    if ":" in text:
        return _clock_seconds(text)
    if text.startswith("p"):
        date, separator, time = text[1:].partition("t")
        if not date and not time:
            return None
        if separator and not time:
            return None
        days = _unit_seconds(date, "wd") if date else 0
        clock = _unit_seconds(time, "hms") if time else 0
        return None if days is None or clock is None else days + clock
    return _unit_seconds(text, "wdhms")


def _unit_seconds(text: str, units: str) -> int | None:
    """Sum of numbers with a unit each, the larger unit first."""
    total = 0
    number = ""
    left = units
    for character in text:
        if character.isascii() and character.isdigit():
            number += character
        elif number and len(number) < 8 and character in left:
            total += int(number) * _SECONDS[character]
            left = left[left.index(character) + 1 :]
            number = ""
        else:
            return None
    return None if number or not text else total


def _clock_seconds(text: str) -> int | None:
    """[days.]hours:minutes:seconds"""
    days, point, clock = text.rpartition(".") if "." in text.partition(":")[0] else ("", "", text)
    parts = clock.split(":")
    numbers = [*parts, days] if point else parts
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 8 for part in numbers):
        return None
    hours, minutes, rest = (int(part) for part in parts)
    return (int(days) * 86_400 if point else 0) + hours * 3_600 + minutes * 60 + rest
