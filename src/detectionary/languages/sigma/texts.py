"""Small parts of a rule's text: spans without the blanks at their end, time spans in short form."""

from __future__ import annotations

from detectionary.text import Span

_UNITS = {"s": "s", "m": "m", "h": "h", "d": "d"}


def trimmed(text: str, span: Span) -> Span:
    """The span without blanks and comment-free line ends behind it."""
    end = span.end
    while end > span.start and text[end - 1].isspace():
        end -= 1
    return Span(span.start, end)


def short_duration(written: str | None) -> str | None:
    """A time span in the short form of Kusto: `15m` as it is, weeks as days; months (`M`) and others as written."""
    if written is None:
        return None
    text = written.strip()
    number, unit = text[:-1], text[-1:]
    if number.isdecimal() and unit in _UNITS:
        return f"{int(number)}{unit}"
    if number.isdecimal() and unit == "w":
        return f"{7 * int(number)}d"
    return text or None
