"""What holds for every text: nothing raises, no character of a condition is lost, time grows with the length."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.languages.sigma import LANGUAGE
from detectionary.languages.sigma.conditions import parse_condition, tokenize
from detectionary.languages.sigma.parser import parse
from detectionary.languages.sigma.printer import condition_text, printed
from detectionary.model.predicate import ColumnComparison, Comparison, Opaque, ThresholdTest, TimeFilter, leaves
from detectionary.model.schema import Environment
from detectionary.text import SourceText, Span
from tests.conftest import SHARED
from tests.kusto.steps import steps
from tests.sigma.corpus import corpus_rules
from tests.sigma.strategies import conditions, rules

_EXAMPLE = (
    "title: t\nlogsource:\n  product: p\ndetection:\n  s:\n    A|contains: [x, '*y']\n  condition: s | count() > 5\n"
)


@settings(max_examples=200, deadline=None)
@given(conditions)
def test_a_printed_condition_is_read_as_the_same(text: str) -> None:
    whole = Span(0, len(text))
    condition, faults = parse_condition(text, whole, 0)
    assert faults == ()
    assert condition.span == whole
    once = condition_text(condition)
    again, _ = parse_condition(once, Span(0, len(once)), 0)
    assert condition_text(again) == once


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab_*()|,<>=! \t1'%", max_size=60) | conditions)
def test_tokens_keep_every_character(text: str) -> None:
    assert "".join(token.text for token in tokenize(text)) == text
    parse_condition(text, Span(0, len(text)), 0)


@settings(max_examples=80, deadline=None)
@given(rules)
def test_a_made_rule_is_read(text: str) -> None:
    analysis = LANGUAGE.analyze(SourceText(text), Environment())
    assert {each.code for each in analysis.diagnostics} <= {"SIG013", "SIG011", "SIG012"}, text
    _holds_together(text)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_rule_is_taken_apart(data: st.DataObject) -> None:
    texts = [rule.query.text for _, rule in corpus_rules()[::40]] if SHARED is not None else [_EXAMPLE]
    text = data.draw(st.sampled_from(texts))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    scraps = (
        "",
        "(",
        ")",
        "]",
        "[",
        '"',
        "'",
        "|",
        ":",
        "\n",
        "\n- ",
        "{",
        "*",
        "not ",
        "\t",
        "&a ",
        "*a",
        "%",
        "\0",
        "# ",
    )
    _holds_together(text[:start] + data.draw(st.sampled_from(scraps)) + text[end:])


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="a:|-\n []{}'\"#&*", max_size=80))
def test_any_text_is_taken_apart(text: str) -> None:
    _holds_together(text)
    _holds_together("detection:\n  s:\n    " + text + "\n  condition: s")


def _holds_together(text: str) -> None:
    source = SourceText(text)
    report = LANGUAGE.check(source)
    analysis = LANGUAGE.analyze(source, Environment())
    assert report.accepted is analysis.accepted
    assert [(each.kind, each.span) for each in report.stages] == [
        (each.operator, each.span) for each in analysis.stages
    ]
    for stage in analysis.stages:
        assert stage.text == stage.span.of(text)
        for leaf in leaves(stage.predicate) if stage.predicate is not None else ():
            assert isinstance(leaf, (Comparison, ColumnComparison, Opaque, TimeFilter, ThresholdTest))
            assert 0 <= leaf.span.start <= leaf.span.end <= len(text)
    for row in (*analysis.indicators, *analysis.exclusions):
        assert 0 < row.stage <= len(analysis.stages)
    at = 0
    for each in LANGUAGE.highlight(source):
        assert at <= each.span.start < each.span.end <= len(text)
        at = each.span.end
    LANGUAGE.normalised(source)
    for start, end in LANGUAGE.split(text):
        assert 0 <= start <= end <= len(text)


def test_the_printed_rule_leaves_metadata_and_spelling_out() -> None:
    other = _EXAMPLE.replace("title: t", "# a remark\ntitle: other\nlevel: high").replace(
        "[x, '*y']", "\n    - 'x'\n    - \"*y\""
    )
    assert LANGUAGE.normalised(SourceText(_EXAMPLE)) == LANGUAGE.normalised(SourceText(other))
    changed = SourceText(_EXAMPLE.replace("> 5", "> 6"))
    assert LANGUAGE.normalised(SourceText(_EXAMPLE)) != LANGUAGE.normalised(changed)
    rule = parse(_EXAMPLE).rule
    assert rule is not None
    assert "count" in printed(rule)


@pytest.mark.parametrize(
    "make",
    [
        lambda size: (
            "detection:\n  s:\n    A:\n" + "".join(f"      - v{at}\n" for at in range(size)) + "  condition: s\n"
        ),
        lambda size: "detection:\n  s:\n" + "".join(f"    F{at}: 1\n" for at in range(size)) + "  condition: s\n",
        lambda size: (
            "detection:\n" + "".join(f"  s{at}:\n    A: 1\n" for at in range(size)) + "  condition: all of s*\n"
        ),
        lambda size: "detection:\n  s:\n    A: 1\n  condition: " + "not s or " * size + "s\n",
        lambda size: "detection:\n  s:\n    A: 1\n  condition: " + "nowhere or " * size + "s\n",
        lambda size: "detection:\n  s:\n    A: 1\n  condition: " + "(" * size + "\n",
        lambda size: "detection:\n  s:\n    A: 1\n  condition: " + "not " * size + "s\n",
        lambda size: "detection:\n  s:\n    A|expand: " + "%a" * size + "\n  condition: s\n",
        lambda size: "detection:\n  s:\n    A: '" + "*" * size + "'\n  condition: s\n",
    ],
)
def test_work_grows_with_the_length(make) -> None:  # type: ignore[no-untyped-def]  # a lambda of the table above
    few, many = (
        steps(lambda: LANGUAGE.analyze(SourceText(make(size)), Environment()))  # noqa: B023  # called at once
        for size in (200, 1_600)
    )
    assert many < 12 * few


def test_aliases_of_aliases_are_highlighted_once() -> None:
    levels = "".join(f"l{level}: &l{level} [{', '.join([f'*l{level - 1}'] * 9)}]\n" for level in range(1, 14))
    text = f"l0: &l0 [one, two]\n{levels}title: grown\ndetection:\n  s: {{F: *l13}}\n  condition: s\n"
    found = LANGUAGE.highlight(SourceText(text))  # one after the other they would be 9 ** 13
    assert [text[each.span.start : each.span.end] for each in found if each.kind == "string"] == ["one", "two", "grown"]
