"""TOML is read as the standard library reads it, with the place of every key and value."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectionary.repositories.toml_positions import toml_source
from detectionary.repositories.tomldoc import MAX_DEPTH, parse_toml
from detectionary.text import SourceText, Span
from detectionary.text.yamldoc import MappingNode, Node, ScalarNode, SequenceNode, node_at
from tests.repositories.reading import misplaced


def values(node: Node) -> Any:  # what TOML holds
    """The tree as the standard library gives it, but for numbers, truth values and dates: these as they are written."""
    match node:
        case ScalarNode(text, style, _):
            return text if style else ("plain", text)
        case SequenceNode(items, _):
            return [values(item) for item in items]
        case MappingNode(pairs, _):
            return {key.text: values(value) for key, value in pairs}


def written(value: Any) -> Any:  # what tomllib gives
    """The same of what the standard library gives."""
    match value:
        case dict():
            return {key: written(each) for key, each in value.items()}
        case list():
            return [written(each) for each in value]
        case str():
            return value
        case bool():
            return ("plain", str(value).lower())
        case _:
            return ("plain", str(value))


EVERYTHING = """\
# a remark
title = "a \\"b\\" \\u00e9 \\\\ \\t" # behind
'quoted key' = 'C:\\a'
"dotted"."key" . x = 1_000
many = [ 1, 2.5, [ "a", 'b' ], { c = true, d.e = "f" }, # in a list
  "g",
]
day = 1979-05-27
[one.two]
text = '''
first
  second''''
basic = \"\"\"
joined \\
    up ""quotes"" \\\"\"\" end\"\"\"\"\"
empty = ""
[[list]]
name = "a"
[list.inner]
x = -1
[[list]]
name = "b"
[[list.deep]]
y = inf
"""


def test_everything_is_read_as_the_standard_library_reads_it() -> None:
    document = parse_toml(EVERYTHING)
    assert document.diagnostics == ()
    assert values(document.root) == written(tomllib.loads(EVERYTHING))


def test_keys_and_values_know_their_places() -> None:
    root = parse_toml(EVERYTHING).root
    shown = {
        path: node_at(root, path).span.of(EVERYTHING)
        for path in (
            ("quoted key",),
            ("many", 2),
            ("many", 3, "d", "e"),
            ("list", 1, "name"),
            ("list", 0, "inner", "x"),
        )
    }
    assert shown == {
        ("quoted key",): "'C:\\a'",
        ("many", 2): "[ \"a\", 'b' ]",
        ("many", 3, "d", "e"): '"f"',
        ("list", 1, "name"): '"b"',
        ("list", 0, "inner", "x"): "-1",
    }


def test_settings_are_shown_as_they_are_written() -> None:
    document = parse_toml(EVERYTHING)
    assert document.written(EVERYTHING, ("list",)) == (
        '[[list]]\nname = "a"\n[list.inner]\nx = -1\n[[list]]\nname = "b"\n[[list.deep]]\ny = inf'
    )
    assert document.written(EVERYTHING, ("dotted", "key"), ("day",)) == '"dotted"."key" . x = 1_000\nday = 1979-05-27'
    assert document.written(EVERYTHING, ("nothing",)) == ""


@pytest.mark.parametrize(
    ("text", "said", "at"),
    [
        ("a = ", "a value is missing or lacks its quotes", 4),
        ("a = b", "a value is missing or lacks its quotes", 4),
        ("a b = 1", "“=” is missing behind the key", 2),
        ("= 1", "a key is missing", 0),
        ("a = 'b\nc = 1", "a string without its closing '", 4),
        ('a = """b', 'a string without its closing """', 4),
        ("[a\nb = 1", "“]” is missing", 2),
        ("a = [1 2]", "“,” or “]” is missing", 7),
        ("a = [1", "“,” or “]” is missing", 6),
        ("a = {b = 1 c = 2}", "“,” or “}” is missing", 11),
        ("a = 1 b = 2", "something stands behind the value", 6),
        ("a = 1\na.b = 2", "“a” is no table", 6),
        ("a = {b = 1}\n[a]", "“a” is defined already", 12),
        ("[a]\n[[a]]", "“a” is defined already", 4),
    ],
)
def test_what_is_no_toml_is_reported_where_it_stands(text: str, said: str, at: int) -> None:
    with pytest.raises(tomllib.TOMLDecodeError):
        tomllib.loads(text)
    fault, *_ = parse_toml(text).diagnostics
    assert (fault.code, fault.message) == ("TML101", f"not valid TOML: {said}")
    assert fault.span is not None
    assert fault.span.start == at


def test_reading_goes_on_with_the_next_table() -> None:
    document = parse_toml("a = 1\n[b]\nc = ?\nd = 2\n[e]\nf = 3\n")
    assert values(document.root) == {"a": ("plain", "1"), "b": {}, "e": {"f": ("plain", "3")}}
    assert len(document.diagnostics) == 1


def test_a_table_that_is_stated_twice_is_one() -> None:
    document = parse_toml("[a]\nb = 1\n[a]\nc = 2\n")
    assert values(document.root) == {"a": {"b": ("plain", "1"), "c": ("plain", "2")}}
    assert [fault.code for fault in document.diagnostics] == ["TML102"]


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5000,
        "a = " + "{b = " * 5000,
        "a" + ".a" * 5000 + " = 1",
        "[" + "a." * 5000 + "a]",
        "\n".join(f"[{'.'.join(['a'] * depth)}]" for depth in range(1, 60)) + "\na.b.c.d.e.f.g = [[[[[[[[1]]]]]]]]",
        "a = " + ("{" + ".".join(["b"] * 60) + " = ") * 60,
    ],
)
def test_nesting_is_bounded(text: str) -> None:
    (fault, *_) = parse_toml(text).diagnostics
    assert f"nested deeper than {MAX_DEPTH} levels" in fault.message


def source(text: str) -> SourceText:
    node = parse_toml(text).root.get("query")
    assert isinstance(node, ScalarNode)
    return toml_source(node, text, "rule.toml")


lines = st.lists(st.text("ab|'\"é😀 #=", max_size=12), min_size=1, max_size=8).map("\n".join)


@given(lines, st.sampled_from(["", "# a remark\n", "other = '''\n\n'''\n"]), st.sampled_from(["", "\n"]), st.booleans())
def test_every_character_of_a_string_of_several_lines_is_where_the_file_has_it(
    body: str, before: str, first: str, basic: bool
) -> None:
    quotes = '"""' if basic else "'''"
    body = body.replace(quotes[0], "q")
    text = f"{before}query = {quotes}{first}{body}{quotes}\nafter = 1\n"
    query = source(text)
    assert query.text == tomllib.loads(text)["query"]
    assert misplaced(text, query) == []


def test_the_lines_behind_escaped_line_ends_begin_where_the_file_has_them() -> None:
    text = 'query = """a\\n\\\n   b\n\\\n  c \\"d\\"\n e"""\n'
    query = source(text)
    assert query.text == 'a\nb\nc "d"\n e'
    first_of_each = [query.position(query.text.index(part)) for part in ("a", "b", "c", " e")]
    assert first_of_each == [(1, 12), (2, 4), (4, 3), (5, 1)]


PIECES = st.sampled_from(
    (
        *(
            "a",
            "b.c",
            '"d e"',
            "'f'",
            " = ",
            "=",
            "1",
            "-2.5e3",
            "true",
            "1979-05-27",
            "'x'",
            '"y"',
            '"\\u0041"',
            "'''",
        ),
        *('"""', "[", "]", "[[", "]]", "{", "}", ",", ".", "\n", "\n", "\n", " ", "\t", "# r", "\\", '\\"', '"', "'"),
        *("a = 1\n", "[t]\n", "[[u]]\n", "é"),
    )
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_what_the_standard_library_accepts_is_read_alike_and_nothing_raises(text: str) -> None:
    document = parse_toml(text)
    for fault in document.diagnostics:
        assert fault.span is not None
        assert 0 <= fault.span.start <= fault.span.end <= len(text)
    for _, span in document.entries:
        assert Span(0, 0) <= span <= Span(len(text), len(text))
    try:
        expected = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert document.diagnostics == ()
    assert keys(values(document.root)) == keys(written(expected))


def keys(value: Any) -> Any:  # as `values`
    """Numbers are spelled in many ways; that they are numbers is enough here."""
    match value:
        case dict():
            return {key: keys(each) for key, each in value.items()}
        case list():
            return [keys(each) for each in value]
        case tuple():
            return "plain"
        case _:
            return value
