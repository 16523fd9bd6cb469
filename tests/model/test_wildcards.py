"""Patterns, spelled in one way for all languages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectionary.model.predicate import Operator
from detectionary.model.wildcards import Part, Wild, escaped, parts, plain, spelled

TEXTS = st.text(alphabet="ab\\*?. ", max_size=12)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", ()),
        ("abc", ("abc",)),
        ("a*b?", ("a", Wild.ANY, "b", Wild.ONE)),
        ("a**b", ("a", Wild.ANY, "b")),
        ("a??b", ("a", Wild.ONE, Wild.ONE, "b")),
        (r"50\%\*", (r"50\%*",)),
        (r"C:\Temp\*", ("C:\\Temp*",)),
        (r"C:\Temp\\*", ("C:\\Temp\\", Wild.ANY)),
        ("end\\", ("end\\",)),
    ],
)
def test_parts(pattern: str, expected: tuple[Part, ...]) -> None:
    assert parts(pattern) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"*\cmd.exe", (Operator.ENDS_WITH, r"\cmd.exe")),
        ("cmd*", (Operator.STARTS_WITH, "cmd")),
        ("*cmd*", (Operator.CONTAINS, "cmd")),
        ("cmd", (Operator.EQ, "cmd")),
        (r"what\?", (Operator.EQ, "what?")),
        ("", (Operator.EQ, "")),
        ("*", None),
        ("a*b", None),
        ("?a", None),
        ("*a?*", None),
    ],
)
def test_what_needs_no_wildcard(pattern: str, expected: tuple[Operator, str] | None) -> None:
    assert plain(pattern) == expected


@given(TEXTS)
def test_an_escaped_text_is_one_literal(text: str) -> None:
    assert parts(escaped(text)) == ((text,) if text else ())


@given(TEXTS)
def test_a_spelled_pattern_has_the_same_parts(pattern: str) -> None:
    assert parts(spelled(parts(pattern))) == parts(pattern)
