"""Small parts of a rule's text: spans without the blanks at their end, time spans in short form."""

from __future__ import annotations

from detectionary.text import Span
from detectionary.text.yamldoc import MappingNode, Node, ScalarNode, SequenceNode

_UNITS = {"s": "s", "m": "m", "h": "h", "d": "d"}


def trimmed(text: str, span: Span) -> Span:
    """The span without blanks and comment-free line ends behind it."""
    end = span.end
    while end > span.start and text[end - 1].isspace():
        end -= 1
    return Span(span.start, end)


def pair_span(text: str, key: ScalarNode, value: Node) -> Span:
    """A key with its value, without the comments and blanks that YAML counts to a block before the next key."""
    last = value
    while not text.startswith(("[", "{"), last.span.start):
        match last:
            case SequenceNode((*_, item)):
                last = item
            case MappingNode((*_, (_, held))):
                last = held
            case _:
                break
    # An alias stands for a part that was written elsewhere.
    return trimmed(text, Span(key.span.start, last.span.end if last.span.start >= key.span.end else key.span.end))


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
