"""The lines of two texts: every line of both is there once, and as many as can be are the same."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectionary.pages.compare.lines import compared_lines

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "  a"]), max_size=12)


def kinds(left: str, right: str) -> str:
    return "".join({"same": "=", "left": "-", "right": "+"}[line.kind] for line in compared_lines(left, right))


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        ("a\nb\nc", "a\nb\nc", "==="),
        ("a\nb\nc", "a\nx\nc", "=-+="),
        ("", "a\nb", "++"),
        ("a\nb", "", "--"),
        ("a\nb\nc", "b\nc\nd", "-==+"),
        ("a \r\nb\t\n\n\n", "a\nb", "=="),
        (" a", "a", "-+"),
        ("a\na\na", "a\na", "==-"),
    ],
)
def test_lines(left: str, right: str, said: str) -> None:
    assert kinds(left, right) == said


@given(LINES, LINES)
def test_both_texts_can_be_read_from_the_lines_and_no_shorter_way_is_missed(left: list[str], right: list[str]) -> None:
    found = compared_lines("\n".join(left), "\n".join(right))
    stripped = [_without_end(left), _without_end(right)]
    assert [line.text for line in found if line.kind != "right"] == stripped[0]
    assert [line.text for line in found if line.kind != "left"] == stripped[1]
    assert [line.left for line in found if line.left is not None] == list(range(1, len(stripped[0]) + 1))
    assert [line.right for line in found if line.right is not None] == list(range(1, len(stripped[1]) + 1))
    same = sum(line.kind == "same" for line in found)
    matcher = difflib.SequenceMatcher(None, stripped[0], stripped[1], autojunk=False)
    assert same >= sum(block.size for block in matcher.get_matching_blocks())


def _without_end(lines: list[str]) -> list[str]:
    while lines and not lines[-1]:
        lines = lines[:-1]
    return lines


def test_texts_with_nothing_in_common_are_shown_one_after_the_other() -> None:
    left, right = (f"{name}{number}" for name in "lr" for number in [0])
    lefts = "\n".join(f"{left}{number}" for number in range(400))
    rights = "\n".join(f"{right}{number}" for number in range(400))
    assert kinds(f"x\n{lefts}\ny", f"x\n{rights}\ny") == "=" + "-" * 400 + "+" * 400 + "="


def test_what_is_new_in_a_line_is_marked_when_it_takes_the_place_of_one() -> None:
    found = compared_lines("| where A == 1 and B", "| where A == 22 and B")
    assert [line.marked for line in found] == [(13, 14), (13, 15)]
    assert [line.marked for line in compared_lines("abcdef", "uvwxyz")] == [None, None]
    assert [line.marked for line in compared_lines("ax", "ay\naz")] == [None, None, None]
