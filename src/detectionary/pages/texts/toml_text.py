"""The tokens of a TOML text, for its colours: keys and table headers, texts, numbers, comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.pages.rule.context import Stretch

_LONG_QUOTES: Final = ('"""', "'''")
_BREAKS: Final = frozenset(" \t\r\n#\"'=,[]{}")


def stretches(text: str) -> tuple[Stretch, ...]:
    """Keys, values and comments in order. Nothing is a fault: a text that is never closed reaches to its line's end."""
    return tuple(_stretches(text))


def _stretches(text: str) -> Iterator[Stretch]:
    at, depth = 0, 0
    at_line_start = True
    while at < len(text):
        character = text[at]
        start = at
        if character == "\n":
            at_line_start = True
            at += 1
            continue
        if character.isspace():
            at += 1
            continue
        if character == "#":
            at = _line_end(text, at)
            yield start, at, "comment"
        elif character == "[" and at_line_start and depth == 0:
            at = _header_end(text, at)
            yield start, at, "key"
        elif character in "[{":
            depth += 1
            at += 1
        elif character in "]}":
            depth = max(0, depth - 1)
            at += 1
        elif character in "\"'":
            at = _text_end(text, at)
            yield start, at, "key" if _is_key(text, at) else "string"
        elif character in _BREAKS:
            at += 1
        else:
            while at < len(text) and text[at] not in _BREAKS:
                at += 1
            yield start, at, "key" if _is_key(text, at) else "number"
        at_line_start = False


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _header_end(text: str, at: int) -> int:
    """Behind the brackets of a table header; a bracket inside of a quoted key does not end it."""
    end = _line_end(text, at)
    while at < end:
        if text[at] in "\"'":
            at = min(_text_end(text, at), end)
        elif text[at] == "]":
            return at + (2 if text.startswith("]]", at) else 1)
        else:
            at += 1
    return end


def _text_end(text: str, at: int) -> int:
    quote = text[at : at + 3]
    if quote in _LONG_QUOTES:
        end = _closing(text, at + 3, len(text), quote)
        while text.startswith(quote[0], end) and end < len(text):  # up to two quotes may stand before the closing three
            end += 1
        return end
    return _closing(text, at + 1, _line_end(text, at), text[at])


def _closing(text: str, at: int, end: int, quote: str) -> int:
    """Behind `quote`, or `end`; in basic strings a backslash takes the next character's meaning."""
    while at < end:
        if text.startswith(quote, at):
            return at + len(quote)
        at += 2 if text[at] == "\\" and quote[0] == '"' else 1
    return end


def _is_key(text: str, at: int) -> bool:
    """Whether what ends at `at` is a key or a part of one: a dot joins it to the next, or an equals sign follows."""
    if text[at - 1] == ".":
        return True
    while at < len(text) and text[at] in " \t":
        at += 1
    return text.startswith(("=", "."), at)
