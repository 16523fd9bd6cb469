"""Lines from parts: text, possible line ends and groups, laid out within a width.

The method is Oppen's ("Prettyprinting", 1980): the line ends of a group are all taken or none, none when the group
fits in what is left of the line. Every step is one pass over the parts, so time is linear in the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

WIDTH: Final = 110
INDENT: Final = 4
DEEPEST: Final = 80
"""No line starts further right: text nested ever deeper would otherwise grow with the square of its depth."""


@dataclass(frozen=True, slots=True)
class Break:
    """Where a line may end. `flat` stands there when it does not; a `hard` one always ends a line that has a width.

    `outward`: the next line stands at the indentation outside the group (before a closing bracket).
    """

    flat: str
    hard: bool = False
    outward: bool = False


@dataclass(frozen=True, slots=True)
class Open:
    """The start of a group whose further lines stand `indent` deeper."""

    indent: int = INDENT


@dataclass(frozen=True, slots=True)
class Close:
    """The end of the innermost group."""


SPACE: Final = Break(" ")
NOTHING: Final = Break("")
NOTHING_OUTWARD: Final = Break("", outward=True)
LINE: Final = Break(" ", hard=True)
LINE_OUTWARD: Final = Break(" ", hard=True, outward=True)
BLOCK: Final = Break("", hard=True)
BLOCK_OUTWARD: Final = Break("", hard=True, outward=True)

Piece: TypeAlias = "str | Break | Open | Close"


def on_one_line(pieces: Iterable[Piece]) -> str:
    """The text with no line end taken, not even a hard one."""
    texts: list[str] = []
    for piece in pieces:
        match piece:
            case str():
                texts.append(piece)
            case Break(flat):
                texts.append(flat)
            case Open() | Close():
                pass
    return "".join(texts)


def on_lines(pieces: Sequence[Piece], width: int = WIDTH) -> str:
    """The text with line ends taken where a group is wider than the line."""
    lengths = _lengths(pieces)
    lines: list[str] = []
    line: list[str] = []
    column = 0
    indents, broken = [0], [True]
    for index, piece in enumerate(pieces):
        match piece:
            case str():
                line.append(piece)
                column += len(piece)
            case Break(flat, hard, outward):
                if hard or broken[-1]:
                    lines.append("".join(line).rstrip(" "))
                    column = indents[-2] if outward and len(indents) > 1 else indents[-1]
                    line = [" " * column]
                else:
                    line.append(flat)
                    column += len(flat)
            case Open(indent):
                length = lengths[index]
                broken.append(length is None or column + length > width)
                indents.append(min(indents[-1] + indent, DEEPEST))
            case Close():
                broken.pop()
                indents.pop()
    lines.append("".join(line).rstrip(" "))
    return "\n".join(lines)


def _lengths(pieces: Sequence[Piece]) -> list[int | None]:
    """For each `Open` the columns that its group and the text stuck to its end need on one line.

    None where the group holds a hard line end; other pieces have 0.
    """
    lengths: list[int | None] = [0] * len(pieces)
    after = 0  # text up to the next possible line end
    total = 0  # text from here to the end of all pieces
    closes: list[tuple[int, bool]] = []  # for each group round here: `total` at its end less what is stuck to it, hard
    for index in range(len(pieces) - 1, -1, -1):
        piece = pieces[index]
        match piece:
            case str():
                total += len(piece)
                after += len(piece)
            case Break(flat, hard):
                total += len(flat)
                after = 0
                if hard and closes:
                    closes[-1] = (closes[-1][0], True)
            case Close():
                closes.append((total - after, False))
            case Open():
                end, hard = closes.pop()
                lengths[index] = None if hard else total - end
                if hard and closes:
                    closes[-1] = (closes[-1][0], True)
    return lengths
