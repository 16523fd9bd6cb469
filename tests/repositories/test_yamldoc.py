"""YAML as a tree with positions: the same values as PyYAML, and bounds that PyYAML does not have."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from detectionary.text import Span
from detectionary.text.yamldoc import (
    MAX_DEPTH,
    MAX_NODES,
    AliasGrowthError,
    MappingNode,
    Plain,
    ScalarNode,
    SequenceNode,
    node_at,
    parse_yaml,
    plain,
)


def only(text: str) -> MappingNode:
    stream = parse_yaml(text)
    (document,) = stream.documents
    assert isinstance(document.root, MappingNode)
    return document.root


def codes(text: str) -> list[str]:
    return [fault.code for fault in parse_yaml(text).diagnostics]


texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co"), include_characters="\n\t"), max_size=30)
values = st.recursive(
    texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts.filter(bool), inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(texts.filter(bool), values, min_size=1, max_size=5), st.booleans())
def test_values_are_those_of_pyyaml(value: dict[str, Plain], flow: bool) -> None:
    text = yaml.safe_dump(value, allow_unicode=True, default_flow_style=flow, default_style='"')
    assert plain(only(text)) == yaml.load(text, Loader=yaml.BaseLoader) == value  # noqa: S506  # makes texts only


def test_plain_scalars_keep_their_spelling() -> None:
    assert plain(only("a: 1.10\nb: 2022-01-01\nc: Off\nd: 0x1F\ne: '~'\n")) == {
        "a": "1.10",
        "b": "2022-01-01",
        "c": "Off",
        "d": "0x1F",
        "e": "~",
    }


def test_nulls_are_as_if_not_written() -> None:
    assert plain(only("a:\nb: ~\nc: null\nd: [1, null]\n")) == {"d": ["1"]}


def test_spans_are_where_the_text_is() -> None:
    text = "naïve: 'é😀'\nlist:\n  - one\n  - {two: three}\n"
    root = only(text)
    first, last = node_at(root, ("naïve",)), node_at(root, ("list", 1, "two"))
    assert (first.span.of(text), last.span.of(text)) == ("'é😀'", "three")


def test_a_path_that_leads_nowhere_ends_at_what_there_is() -> None:
    root = only("a:\n  - b\n")
    assert node_at(root, ("a", 7, "c")) == SequenceNode((ScalarNode("b", "", Span(7, 8)),), Span(5, 9))


@pytest.mark.parametrize(
    "deep", ["[" * 100_000, "- " * 5_000 + "x", "\n".join(" " * at + "a:" for at in range(2_000)), "{a: " * 5_000]
)
def test_deep_nesting_is_refused_and_not_a_crash(deep: str) -> None:
    assert codes(deep) == ["YML102"]


def test_nesting_up_to_the_bound_is_read() -> None:
    assert codes("[" * MAX_DEPTH + "]" * MAX_DEPTH) == []
    assert codes("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)) == ["YML102"]


def test_a_flood_of_parts_is_refused() -> None:
    assert codes("a: [" + "x," * MAX_NODES + "]") == ["YML102"]


def test_aliases_share_and_do_not_grow_without_measure() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 10)}]" for at in range(1, 12)]
    root = only("\n".join(rows))
    with pytest.raises(AliasGrowthError):
        plain(root)


def test_an_alias_means_what_its_anchor_holds() -> None:
    assert plain(only("a: &x {b: c}\nd: *x\n")) == {"a": {"b": "c"}, "d": {"b": "c"}}


@pytest.mark.parametrize("text", ["a: *later\nb: &later 1\n", "a: &self [*self]\n"])
def test_an_alias_without_a_finished_anchor_is_a_fault(text: str) -> None:
    assert codes(text) == ["YML103"]


def test_keys_that_are_no_names_are_left_out() -> None:
    stream = parse_yaml("? [a, b]\n: c\nd: e\n")
    assert [plain(document.root) for document in stream.documents] == [{"d": "e"}]
    assert [fault.code for fault in stream.diagnostics] == ["YML105"]


def test_documents_have_their_own_text() -> None:
    text = "# one\na: 1\n\n---\n# two\nb: 2\n# end of two\n---\n...\n---\nc: 3\n"
    documents = parse_yaml(text).documents
    assert [document.span.of(text) for document in documents] == [
        "# one\na: 1\n",
        "# two\nb: 2\n# end of two\n",
        "c: 3\n",
    ]


@pytest.mark.parametrize(
    ("text", "place", "advice"),
    [
        ("a:\n\tb: 1\n", "\t", "indent with spaces"),
        ("a: @b\n", "@", "put the value in quotes"),
        ("a: b: c\n", ":", "put a value that holds ': ' in quotes"),
        ("a: |\n  b\n c\n", "", "check the indentation"),
        ("a: 'b\n", "", "close the quote"),
        ("a: [b\nc: d\n", ":", "close the bracket"),
    ],
)
def test_a_syntax_error_says_where_and_what_to_do(text: str, place: str, advice: str) -> None:
    (fault,) = parse_yaml(text).diagnostics
    assert fault.code == "YML101"
    assert fault.span is not None
    assert fault.span.of(text) == place or not place
    assert fault.help is not None
    assert advice in fault.help


def test_a_control_character_is_named() -> None:
    (fault,) = parse_yaml("a: b\x01c\n").diagnostics
    assert (fault.code, fault.span) == ("YML101", Span(4, 5))
    assert "U+0001" in fault.message


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a: 1\nb: 'open\n", {"a": "1"}),
        ("a: 1\nb: c: d\n", {"a": "1"}),
        ("a: 1\nb:\n  - x\n  - 'open\n", {"a": "1"}),
        ("a: 1\nb: 2\n]\n", {"a": "1", "b": "2"}),
    ],
)
def test_whole_pairs_before_a_fault_are_kept(text: str, kept: dict[str, str]) -> None:
    stream = parse_yaml(text)
    assert [plain(document.root) for document in stream.documents] == [kept]
    assert [fault.code for fault in stream.diagnostics] == ["YML101"]


@given(st.text(st.sampled_from("ab:-[]{}'\"|>&*!#,?% \n\t"), max_size=60))
def test_no_text_raises(text: str) -> None:
    for document in parse_yaml(text).documents:
        plain(document.root)
