"""Where each line of a TOML string stands in its file."""

from __future__ import annotations

from typing import Final

from detectionary.repositories.positions import text_positions
from detectionary.text import SourceText
from detectionary.text.yamldoc import ScalarNode

SEVERAL_LINES: Final = ('"""', "'''")
"""The quotes of strings that may have several lines."""


def toml_source(node: ScalarNode, text: str, name: str) -> SourceText:
    """A string's value, with the place in `text` (the whole file) of the first character of each of its lines.

    Exact but for columns behind an escape in a basic string, which are those of the value.
    """
    raw = node.span.of(text)
    at = len(node.style)
    if node.style in SEVERAL_LINES and raw[at : at + 1] == "\n":
        at += 1
    end = len(raw) - len(node.style)
    starts = [at]
    if node.style[:1] != '"' or "\\" not in raw:
        while (at := raw.find("\n", at, end) + 1) > 0:
            starts.append(at)
    else:
        _basic_starts(raw, at, end, starts)
    return SourceText(node.text, name, text_positions([node.span.start + start for start in starts], text))


def _basic_starts(raw: str, at: int, end: int, starts: list[int]) -> None:
    """Walk a string with escapes: add where each further line of its value begins."""
    while at < end:
        if raw[at] == "\n":
            starts.append(at + 1)
        elif raw[at] == "\\":
            joined = skip_joined(raw, at + 1)
            if raw[at + 1] == "n":
                starts.append(at + 2)
            elif joined > at + 1:
                if at == starts[-1]:
                    starts[-1] = joined
                at = joined
                continue
            at += 1
        at += 1


def skip_joined(raw: str, at: int) -> int:
    """Behind the blanks and line ends that a backslash before a line end takes away; `at` where it does not."""
    end = at
    while end < len(raw) and raw[end] in " \t\n":
        end += 1
    return end if "\n" in raw[at:end] else at
