"""Where each line of a YAML scalar stands in its file."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import Final

from detectionary.text import Position, SourceText
from detectionary.text.yamldoc import ScalarNode

_NEXT_LINE: Final = "\x85"
"""A line end of YAML besides the line feed; both become a line feed of the value."""
_ESCAPES: Final = {"x": 2, "u": 4, "U": 8}


def text_positions(offsets: list[int], text: str) -> tuple[Position, ...]:
    """Line and column of each of `offsets` in `text`."""
    starts = _line_starts(text)
    positions = []
    for offset in offsets:
        row = bisect_right(starts, offset)
        positions.append(Position(row, offset - starts[row - 1] + 1))
    return tuple(positions)


def line_of(offset: int, text: str) -> int:
    """The line of `text` that `offset` stands in."""
    return bisect_right(_line_starts(text), offset) if offset else 1


@lru_cache(maxsize=1)
def _line_starts(text: str) -> list[int]:
    """Where each line begins; kept for the file at hand, which may hold many queries."""
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return starts


def source_of(node: ScalarNode, text: str, name: str) -> SourceText:
    """The scalar's value, with the place in `text` (the whole file) of the first character of each of its lines.

    Exact for literal blocks, and for every line of another scalar that stands on one line of the file. Where YAML folds
    several lines of the file into one of the value, the first of them counts: columns further right are those of the
    value, not of the file. In double quotes, columns behind an escape are off by its extra characters.
    """
    raw = _without_properties(node.span.of(text))
    begin = node.span.end - len(raw)
    match node.style:
        case "|":
            starts = _literal_starts(node.text, raw)
        case ">":
            starts = _folded_starts(node.text, raw)
        case _:
            starts = _flow_starts(raw, node.style)
    return SourceText(node.text, name, text_positions([begin + start for start in starts or [0]], text))


def _without_properties(raw: str) -> str:
    """The scalar without the tag and anchor that may stand before it."""
    while raw.startswith(("!", "&")):
        end = next((at for at, character in enumerate(raw) if character.isspace()), len(raw))
        raw = raw[end:].lstrip()
    return raw


def _block_lines(raw: str) -> list[tuple[int, str]]:
    """The lines under a block scalar's header, with their offsets in `raw`."""
    lines = []
    start = 0
    for line in raw.replace(_NEXT_LINE, "\n").split("\n"):
        lines.append((start, line))
        start += len(line) + 1
    return lines[1:]


def _indentation(value: str, lines: list[tuple[int, str]]) -> int:
    """How many blanks YAML cut off each line: the first line with text has them over the value's."""
    for line in value.split("\n"):
        if line.strip():
            for _, written in lines:
                if written.strip():
                    return len(written) - len(line)
    return 0


def _literal_starts(value: str, raw: str) -> list[int]:
    """One line of the value is one line of the file."""
    lines = _block_lines(raw)
    indentation = _indentation(value, lines)
    return [start + min(indentation, len(written)) for start, written in lines]


def _folded_starts(value: str, raw: str) -> list[int]:
    """Walk value and file side by side: a line of the value is one line of the file, or several joined by blanks."""
    lines = _block_lines(raw)
    first = next((line for line in value.split("\n") if line.strip()), "")
    written = next((line for _, line in lines if line.strip()), "")
    # Folding joined the lines behind the first one to it, so only its beginning can be compared.
    indentation = len(written) - len(written.lstrip(" ")) - (len(first) - len(first.lstrip(" ")))
    starts: list[int] = []
    row = 0
    for line in value.split("\n"):
        while line.strip() and row < len(lines) and not lines[row][1].strip():
            row += 1
        if row >= len(lines):
            break
        start, text = lines[row]
        starts.append(start + min(indentation, len(text)))
        rest = line[len(text[indentation:]) :]
        row += 1
        while rest and row < len(lines):
            rest = rest[1 + len(lines[row][1][indentation:]) :]
            row += 1
    return starts


def _flow_starts(raw: str, quote: str) -> list[int]:
    """Walk a plain or quoted scalar: where each line of its value begins in `raw`."""
    at = len(quote)
    starts = [at]
    end = len(raw) - len(quote)
    while at < end:
        character = raw[at]
        if character == "\\" and quote == '"':
            following = raw[at + 1 : at + 2]
            at += 2 + _ESCAPES.get(following, 0)
            if following in ("n", "N"):
                starts.append(at)
            elif following == "\n":
                at = _skip_blanks(raw, at)
        elif character == "\n":
            breaks = 0
            while at < end and raw[at] == "\n":
                breaks += 1
                at = _skip_blanks(raw, at + 1)
            # One break folds to a blank; each further one is a line feed of the value.
            starts.extend([at] * (breaks - 1))
        else:
            at += 1
    return starts


def _skip_blanks(raw: str, at: int) -> int:
    while at < len(raw) and raw[at] in " \t":
        at += 1
    return at
