"""Limits, threads, and that no text stops the parser or takes long."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import pytest

from detectionary.languages.lucene import LANGUAGE
from detectionary.languages.lucene.lexer import tokenize
from detectionary.languages.lucene.parser import MAX_DEPTH, MAX_TOKENS, parse
from detectionary.model.schema import Environment
from detectionary.text import SourceText


def test_nesting_and_length_are_limited_by_a_diagnostic() -> None:
    for text, refused in (
        ("(" * MAX_DEPTH + "x" + ")" * MAX_DEPTH, False),
        ("(" * (MAX_DEPTH + 1) + "x" + ")" * (MAX_DEPTH + 1), True),
        ("(" * 20_000, True),
        ("x " * 2000, False),
        ("x " * (MAX_TOKENS + 1), True),
        ("a AND b OR " * 1000 + "c", False),
    ):
        codes = [diagnostic.code for diagnostic in parse(text).diagnostics]
        assert codes == (["LUC002"] if refused else [])
        analysis = LANGUAGE.analyze(SourceText(text), Environment())
        assert analysis.predicate_count >= 1
        assert bool(analysis.opaques) is refused


def test_threads_do_not_meet() -> None:
    texts = [f"a{number}:x{number} AND (b:y OR c:[{number} TO 99])" for number in range(200)]

    def fields(text: str) -> list[str | None]:
        return [row.field for row in LANGUAGE.analyze(SourceText(text), Environment()).indicators]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(fields, texts))
    assert found == [[f"a{number}", "b", "c"] for number in range(200)]


def _lines(text: str) -> int:
    """How many lines of the project and of luqum it takes to take a text apart."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> object:
        nonlocal count
        if not any(name in frame.f_code.co_filename for name in ("detectionary", "luqum", "ply")):
            return None
        count += event == "line"
        return trace

    source = SourceText(text)
    LANGUAGE.check(SourceText("a"))  # what is imported first is not counted
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
        ("a:1 AND ", "b"),
        ("a:1 AND b OR ", "c"),
        ("a ", "b"),
        ("(", ""),
        (")", ""),
        ("[", ""),
        ("a:[1 TO ", ""),
        ("+a -b ", ""),
        ("NOT ", "a"),
        ('"', ""),
        ("/", ""),
        ("\\", ""),
        ("\\u0041", "x"),
        ("*a", ""),
        ("a:(b) ", ""),
        ("~", ""),
    ],
)
def test_work_grows_with_the_text_and_no_faster(piece: str, end: str) -> None:
    small, large = _lines(piece * 100 + end), _lines(piece * 400 + end)
    assert large < small * 4.5 + 500


@pytest.mark.parametrize(
    "text", [" " * 400_000 + "x", "a" * 400_000, '"' + "\\" * 400_000 + '"', "/" + "a" * 400_000 + "/"]
)
def test_long_texts_are_cut_at_once(text: str) -> None:
    """Inside of one token only the expression that finds it works: it must not go back over what it has read."""
    assert len(tokenize(text)) == 1
