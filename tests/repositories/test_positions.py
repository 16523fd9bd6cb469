"""A query inside a YAML file points at its own characters there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detectionary.repositories.positions import source_of
from detectionary.text import SourceText
from detectionary.text.yamldoc import MappingNode, ScalarNode, parse_yaml
from tests.repositories.reading import misplaced


def query_in(text: str) -> SourceText:
    (document,) = parse_yaml(text).documents
    assert isinstance(document.root, MappingNode)
    node = document.root.get("query")
    assert isinstance(node, ScalarNode)
    return source_of(node, text, "rule.yaml")


lines = st.lists(st.text("ab|\"'\\é😀 #:", max_size=12).map(str.rstrip), min_size=1, max_size=8)


@given(
    lines,
    st.integers(1, 6),
    st.sampled_from(["|", "|-", "|+"]),
    st.sampled_from(["", "# a remark\n", "other: |\n  x\n\n"]),
)
def test_every_character_of_a_block_is_where_the_file_has_it(
    body: list[str], indentation: int, style: str, before: str
) -> None:
    body = [line.lstrip() if at == 0 else line for at, line in enumerate(body)]
    body[0] = body[0] or "T"
    text = f"{before}query: {style}\n" + "".join(f"{' ' * indentation}{line}\n" for line in body) + "after: 1\n"
    query = query_in(text)
    assert query.text.rstrip("\n") == "\n".join(body).rstrip("\n")
    assert misplaced(text, query) == []


@given(st.lists(st.text("ab|'é😀 ", min_size=1, max_size=9).map(str.strip).filter(bool), min_size=1, max_size=6))
def test_every_character_of_a_quoted_query_with_escaped_line_ends(parts: list[str]) -> None:
    text = 'query: "' + "\\n".join(parts) + '"\n'
    query = query_in(text)
    assert query.text == "\n".join(parts)
    assert misplaced(text, query) == []


def test_an_explicit_indentation_keeps_leading_blanks() -> None:
    text = "query: |2\n     T\n  | take 1\n"
    query = query_in(text)
    assert query.text == "   T\n| take 1\n"
    assert misplaced(text, query) == []


def test_a_blank_first_line_and_a_remark_behind_the_indicator() -> None:
    text = "id: 1\nquery: |  # Kusto\n\n  T\n\n  | take 1\n"
    query = query_in(text)
    assert query.text == "\nT\n\n| take 1\n"
    assert misplaced(text, query) == []


def test_blank_lines_of_a_quoted_query_are_its_line_ends() -> None:
    text = "query: 'T\n\n  | take 1\n\n\n  | count'\n"
    query = query_in(text)
    assert query.text == "T\n| take 1\n\n| count"
    assert misplaced(text, query) == []


def test_an_escaped_line_end_joins_lines() -> None:
    text = 'query: "T\\\n   | take 1\\n| count"\n'
    query = query_in(text)
    assert query.text == "T| take 1\n| count"
    assert query.position(query.text.index("count")) == (2, 16)


def test_the_lines_of_a_folded_block_begin_where_the_file_has_them() -> None:
    text = "query: >\n  T\n  | take 1\n\n  | where a\n    and b\n\n    | count\n"
    query = query_in(text)
    first_of_each = [query.position(query.text.index(part)) for part in ("T", "| where", "| count")]
    assert first_of_each == [(2, 3), (5, 3), (8, 5)]


def test_a_plain_query_over_several_lines_begins_where_the_file_has_it() -> None:
    query = query_in("a: 1\nquery:\n  T\n  | take 1\n\n  | count\n")
    assert query.text == "T | take 1\n| count"
    assert (query.position(0), query.position(query.text.index("| count"))) == ((3, 3), (6, 3))


def test_tags_and_anchors_before_a_query_are_not_its_text() -> None:
    text = "query: !text &q 'T'\n"
    assert misplaced(text, query_in(text)) == []
