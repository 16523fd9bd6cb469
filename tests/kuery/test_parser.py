"""How operators bind, and that no text stops the parser or takes long."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

from detectionary.languages.kuery import LANGUAGE
from detectionary.languages.kuery.parser import MAX_DEPTH, parse
from detectionary.languages.kuery.printer import printed
from detectionary.model.schema import Environment
from detectionary.text import SourceText


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        ("a: 1 or b: 2 and c: 3", "a: 1 or (b: 2 and c: 3)"),
        ("a: 1 and b: 2 or c: 3", "(a: 1 and b: 2) or c: 3"),
        ("not a: 1 and b: 2", "(not a: 1) and b: 2"),
        ("a: (1 or 2 and not 3)", "a: (1 or (2 and (not 3)))"),
    ],
)
def test_how_strongly_connectives_bind(text: str, grouped: str) -> None:
    read, wanted = parse(text), parse(grouped)
    assert read.diagnostics == wanted.diagnostics == ()
    assert read.tree == wanted.tree


def test_brackets_that_matter_are_printed() -> None:
    text = "(a: 1 or b: 2) and not (c: 3 and d: 4) and e: (5 and (6 or not 7)) and f: { g: 8 or h < 9 }"
    assert printed(parse(text).tree) == text


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("a: {", "}"), ("a: (", ")"), ("not (", ")")])
def test_nesting_is_limited_by_a_diagnostic(opening: str, closing: str) -> None:
    if opening == "a: (":
        opening = "("
    for depth in (MAX_DEPTH, MAX_DEPTH + 1, 3000):
        inside = f"{opening * depth}x: y{closing * depth}"
        text = f"{inside} and c: 1"
        codes = {diagnostic.code for diagnostic in parse(text).diagnostics}
        assert codes == ({"KUE004"} if depth > MAX_DEPTH else set())
        analysis = LANGUAGE.analyze(SourceText(text), Environment())
        assert any(row.field == "c" for row in analysis.indicators)
        assert bool(analysis.opaques) is (depth > MAX_DEPTH)


def _calls(text: str) -> int:
    """How many calls of Python functions and lines of the project it takes to take a text apart."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        if "detectionary" not in frame.f_code.co_filename:
            return None
        count += event == "line"
        return trace

    source = SourceText(text)
    before = sys.gettrace()
    sys.settrace(trace)  # type: ignore[arg-type]  # mypy knows only the exact type of a trace function
    try:
        LANGUAGE.analyze(source, Environment())
        LANGUAGE.highlight(source)
        LANGUAGE.normalised(source)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize(
    ("piece", "end"),
    [
        ("a: 1 and ", "b"),
        ("(", ""),
        (")", ""),
        ("} ", ""),
        ("a: {", ""),
        ("not ", "a"),
        ("a: (b or ", "c"),
        ("a: x b: y ", ""),
        ('"', ""),
        ("\\", ""),
        ("\\u00", ""),
        ("*a", ""),
        (" or", ""),
        ("      ", "x"),
        ("no", "t"),
        ("a > ", ""),
        ("a: ) and ( ", ""),
        ("x and ) ", ""),
    ],
)
def test_work_grows_with_the_text_and_no_faster(piece: str, end: str) -> None:
    small, large = _calls(piece * 200 + end), _calls(piece * 800 + end)
    assert large < small * 4.5 + 500


@pytest.mark.parametrize("text", [" " * 400_000 + "x", "a" * 400_000, "a " * 200_000 + "or", '"' + "\\" * 400_001])
def test_long_texts_are_cut_at_once(text: str) -> None:
    """Inside of one token only the expression that finds it works: it must not go back over what it has read."""
    assert len(parse(text).tokens) == 2
