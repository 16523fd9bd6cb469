"""Rules come from strangers: whatever a text holds, it is shown and nothing of it is obeyed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectionary.model.analysis import (
    Analysis,
    Binding,
    Group,
    GroupKind,
    Indicator,
    OutputField,
    Parameter,
    Pipeline,
    Stage,
)
from detectionary.model.attack import Coverage, TacticCoverage, Technique
from detectionary.model.entry import Action, CorpusCount, Entry, Reference, Relations, value_keys
from detectionary.model.outcome import Outcome
from detectionary.model.predicate import (
    AnyOf,
    ColumnComparison,
    Comparison,
    Not,
    Opaque,
    Operand,
    OperandKind,
    Operator,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
)
from detectionary.model.rule import AlertContract, Connector, EntityField, EntityMapping, Rule, Source
from detectionary.pages import rule_page
from detectionary.pages.rule.detail import DETAILS
from detectionary.pages.rule.html import _render, render_rule
from detectionary.text import Diagnostic, Level, SourceText, Span
from tests.pages.entries import paint
from tests.pages.markup import faults, read

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "end of a style": "</style></title></textarea></pre></code><h1>new</h1>",
    "comment": "--><!-- <![CDATA[ ]]>",
    "template": "{{ 7*7 }}{% raw %}{{ self }}",
    "entity": "&lt;b&gt; &amp;amp; &#x3c;script&#x3e;",
    "address": "javascript:alert(1)",
    "web address": 'https://example.org/"><img src=x onerror=alert(1)>',
    "nul and controls": "a\x00b\x08c\x1bd\x7fe\x9ff",
    "right to left": "a\u202eb\u2066c\u200fd\ufeff",
    "half a character": "a\ud83db",
    "not a character": "a\uffffb\ufffe",
    "line ends": "a\r\nb\rc\u2028d\u2029e",
    "blanks": " \t ",
    "one quote": "'",
}


def hostile_entry(text: str) -> Entry:
    """A rule with `text` in every field that holds a text."""
    query = f"T | where a == 1 {text}"
    whole = Span(0, len(query))
    value = Value(ValueKind.TEXT, text, (text,))
    operand = Operand(text, OperandKind.NAME)
    comparison = Comparison(text, Operator.EQ, Quantifier.ANY, (value, value), whole, origin=operand)
    threshold = ThresholdTest(operand, operand, Operator.GT, value, whole)
    columns = ColumnComparison(operand, text, operand, text, whole)
    opaque = Opaque(text, text, whole)
    time = TimeFilter(text, whole)
    predicate = AnyOf((comparison, Not(AnyOf((columns, opaque))), time, threshold))
    inner = Stage(1, text, text, whole, references=(text,), predicate=predicate)
    stage = Stage(
        1,
        text,
        query,
        whole,
        pipelines=(Pipeline(text, (inner, inner)),),
        references=(text,),
        predicate=predicate,
        thresholds=(threshold,),
        bins=(text,),
    )
    row = Indicator(
        text,
        Operator.EQ,
        Quantifier.ANY,
        (value, Value(ValueKind.RANGE, (text, text))),
        1,
        whole,
        origin=operand,
        record=text,
    )
    grouped = replace(row, group=Group(1, GroupKind.ANY), context=text, canonical_field=text + "c")
    finding = Diagnostic(text, Level.ERROR, text, whole, text, text)
    analysis = Analysis(
        accepted=False,
        parameters=(Parameter(text, text, text, whole, text, (Pipeline(text, (inner,)),), (text,)),),
        bindings=(Binding(text, text, text, (inner,), whole, (text,), (1,)),),
        stages=(stage,),
        indicators=(row, grouped, grouped),
        exclusions=(row, grouped, grouped),
        time_filters=(time,),
        thresholds=(threshold,),
        column_comparisons=(columns,),
        opaques=(opaque,),
        output_fields=(OutputField(text, text, 1, text),),
        tables=(text,),
        functions=(text,),
        group_by=(text,),
        bins=(text,),
        diagnostics=(finding,),
    )
    rule = Rule(
        id=text,
        title=text,
        language="kusto",
        source=Source(f"github.com/a/{text}", text, text, text),
        query=SourceText(query),
        body=f"{query}\n{text}",
        body_language="yaml",
        kind=text,
        description=text,
        references=(text,),
        author=text,
        version=text,
        status=text,
        tags=(text,),
        connectors=(Connector(text, (text,)),),
        alert=AlertContract(
            entities=(EntityMapping(text, (EntityField(text, text),)),),
            custom_details=((text, text),),
            title=f"{text}{{{{{text}}}}}",
            description=text,
            severity_column=text,
            tactics_column=text,
            details=((text, text),),
            event_grouping=text,
            grouping=((text, text),),
            suppression=text,
            impacted_assets=((text, text),),
            response_actions=(text,),
        ),
        diagnostics=(replace(finding, span=None),),
        related=((text, text),),
        false_positives=(text,),
        date=text,
        modified=f"{text}m",
        facts=((text, text), (text, f"{text}\n\n# {text}\n- `{text}` **{text}** [{text}]({text})\n```\n{text}\n```\n")),
    )
    return Entry(
        rule=rule,
        slug="hostile",
        analysis=analysis,
        coverage=Coverage((TacticCoverage(text, text, (Technique(text, text, text),)),), (finding,)),
        actions=(Action(text, text, text, inferred=True),),
        platform=text,
        third_party_feed=text,
        time_window=text,
        outcome=Outcome(False, (text,)),
        events=(Action(text, text, text),),
    )


def hostile_relations(entry: Entry, text: str) -> Relations:
    other = Reference(text, text, text, text, text)
    counts = {
        key: CorpusCount(3, ((text, 3),))
        for row in entry.analysis.indicators
        for key in value_keys(row)
        if key is not None
    }
    return Relations(counts, counts, ((text, other),), (other,), (other,), ((other, 2),))


def visible(text: str) -> str:
    """The letters of `text`, which every rendering keeps."""
    return "".join(character for character in text if character.isascii() and character.isalnum())


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("detail", range(len(DETAILS)))
def test_a_rule_page_stays_whole(text: str, detail: int) -> None:
    entry = hostile_entry(text)
    page = rule_page(entry, hostile_relations(entry, text), paint)
    html = _render(page, DETAILS[detail], bodies=True)
    assert faults(html) == []
    assert visible(text) in visible(read(html).text)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_rule_page_without_the_text_stays_whole(text: str) -> None:
    entry = hostile_entry(text)
    page = rule_page(entry, hostile_relations(entry, text), paint)
    assert faults(render_rule(page, bodies=False)) == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_pages_are_utf_8_without_controls(text: str) -> None:
    entry = hostile_entry(text)
    html = render_rule(rule_page(entry, hostile_relations(entry, text), paint))
    html.encode()
    bad = [f"U+{ord(character):04X}" for character in html if ord(character) < 32 and character not in "\n\t"]
    assert bad == []
    assert not set(html) & set("\x7f\x9f\u202e\u2066\u200f\ufeff\uffff\ufffe")


def test_what_cannot_be_seen_is_drawn_in_code_and_left_out_of_copies() -> None:
    entry = hostile_entry("a\u202eb")
    html = render_rule(rule_page(entry, hostile_relations(entry, "x"), paint))
    document = read(html)
    drawn = [element for element in document.all("span") if element.attributes.get("data-u") == "U+202E"]
    assert drawn
    assert {element.text for element in drawn} == {""}


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//example.org", "/etc/passwd", "https://a b", "HTTPS:x"]
)
def test_only_web_addresses_become_links(address: str) -> None:
    entry = hostile_entry("x")
    entry = replace(entry, rule=replace(entry.rule, references=(address,), description=address))
    html = render_rule(rule_page(entry, hostile_relations(entry, "x"), paint))
    outside = [link for link in read(html).links() if ":" in link or link.startswith("/")]
    assert [link for link in outside if not link.startswith(("https://github.com/", "https://a"))] == []
