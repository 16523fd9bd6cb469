"""The lines of two texts side by side: what both have, and what only one has.

`assets/compare-lines.js` makes the same from the same texts; keep the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from detectionary.pages.part import Part

_MOST_CHANGES: Final = 300
"""Texts that differ in more lines than this, between their common beginning and end, are shown one after the other."""

SAME: Final = "same"
LEFT: Final = "left"
RIGHT: Final = "right"


class ComparedLine(Part, frozen=True):
    """A line of both texts, or of one (`kind`), with its number in each, from 1.

    `marked`: (start, end) of what is new in a line that takes the place of another one, in characters.
    """

    kind: str
    left: int | None
    right: int | None
    text: str
    marked: tuple[int, int] | None = None


def compared_lines(left: str, right: str) -> tuple[ComparedLine, ...]:
    """Both texts in one list. Blanks at the end of a line do not count, nor do kinds of line breaks."""
    before, after = _lines(left), _lines(right)
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    middle = _changes(before[start : len(before) - end], after[start : len(after) - end])
    kinds = [SAME] * start + middle + [SAME] * end
    found: list[ComparedLine] = []
    at_left = at_right = 0
    for kind in kinds:
        on_left, on_right = kind != RIGHT, kind != LEFT
        text = before[at_left] if on_left else after[at_right]
        at_left += on_left
        at_right += on_right
        found.append(ComparedLine(kind, at_left if on_left else None, at_right if on_right else None, text))
    return tuple(_marked(found))


def _lines(text: str) -> list[str]:
    lines = [line.rstrip(" \t\r") for line in text.split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _changes(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The shortest way from one list of lines to the other (Myers 1986), lines that go before lines that come."""
    most = min(len(before) + len(after), _MOST_CHANGES)
    reached = {1: 0}
    history: list[dict[int, int]] = []
    for steps in range(most + 1):
        history.append(dict(reached))
        for diagonal in range(-steps, steps + 1, 2):
            down = diagonal == -steps or (
                diagonal != steps and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
            )
            x = reached[diagonal + 1] if down else reached[diagonal - 1] + 1
            y = x - diagonal
            while x < len(before) and y < len(after) and before[x] == after[y]:
                x, y = x + 1, y + 1
            reached[diagonal] = x
            if x >= len(before) and y >= len(after):
                return _way_back(history, len(before), len(after))
    return [LEFT] * len(before) + [RIGHT] * len(after)


def _way_back(history: Sequence[dict[int, int]], x: int, y: int) -> list[str]:
    found: list[str] = []
    for steps in range(len(history) - 1, -1, -1):
        reached = history[steps]
        diagonal = x - y
        down = diagonal == -steps or (
            diagonal != steps and reached.get(diagonal - 1, -1) < reached.get(diagonal + 1, -1)
        )
        previous = diagonal + 1 if down else diagonal - 1
        from_x = reached[previous]
        from_y = from_x - previous
        while x > max(from_x, 0) and y > max(from_y, 0):
            found.append(SAME)
            x, y = x - 1, y - 1
        if steps:
            found.append(RIGHT if down else LEFT)
            x, y = from_x, from_y
    return _ordered(found[::-1])


def _ordered(kinds: list[str]) -> list[str]:
    """In each run of changes the lines that go come first."""
    found: list[str] = []
    coming = 0
    for kind in [*kinds, SAME]:
        if kind == RIGHT:
            coming += 1
            continue
        if kind == SAME:
            found += [RIGHT] * coming
            coming = 0
        found.append(kind)
    return found[:-1]


def _marked(lines: list[ComparedLine]) -> list[ComparedLine]:
    """Where as many lines come as go, each is set against the one that it replaces."""
    at = 0
    while at < len(lines):
        end = at
        while end < len(lines) and lines[end].kind == lines[at].kind:
            end += 1
        count = end - at
        others = lines[end : end + count]
        beyond = lines[end + count : end + count + 1]
        if (
            lines[at].kind == LEFT
            and [line.kind for line in others] == [RIGHT] * count
            and not (beyond and beyond[0].kind == RIGHT)
        ):
            for place in range(at, end):
                lines[place], lines[place + count] = _pair(lines[place], lines[place + count])
            end += count
        at = end
    return lines


def _pair(left: ComparedLine, right: ComparedLine) -> tuple[ComparedLine, ComparedLine]:
    """Both with what is between their common beginning and end marked, when they have enough in common."""
    before, after = left.text, right.text
    shorter = min(len(before), len(after))
    start = 0
    while start < shorter and before[start] == after[start]:
        start += 1
    end = 0
    while end < shorter - start and before[-1 - end] == after[-1 - end]:
        end += 1
    if (start + end) * 2 < shorter:
        return left, right
    return (
        ComparedLine(LEFT, left.left, None, before, (start, len(before) - end)),
        ComparedLine(RIGHT, None, right.right, after, (start, len(after) - end)),
    )
