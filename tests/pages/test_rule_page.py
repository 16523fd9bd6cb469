"""What the page of a rule says, apart from how it looks."""

from __future__ import annotations

from dataclasses import replace

from detectionary.model.analysis import Analysis, Group, GroupKind, Indicator, OutputField, Stage
from detectionary.model.attack import Coverage
from detectionary.model.entry import NO_RELATIONS, CorpusCount, Relations
from detectionary.model.predicate import Operator, Quantifier, Value, ValueKind
from detectionary.pages import RulePage, rule_page
from detectionary.pages.environment import asset_files
from detectionary.pages.rule.context import Corpus
from detectionary.pages.rule.fill import output_fields
from detectionary.pages.rule.html import WEIGHT_LIMIT, render_rule
from detectionary.text import Diagnostic, Level, Span
from tests.pages.entries import FIRST, FIRST_RELATIONS, long_entry, paint, text_value
from tests.pages.markup import read


def page_of(analysis: Analysis, relations: Relations = NO_RELATIONS) -> RulePage:
    return rule_page(replace(FIRST, analysis=analysis), relations, paint)


def test_the_header_folds_the_severity_and_the_status() -> None:
    page = rule_page(FIRST, FIRST_RELATIONS, paint)
    assert (page.severity, page.status, page.kind) == ("medium", "available", "Scheduled")
    assert (page.time_window, page.platform, page.language) == ("10m", "AWS", "kusto")
    assert (page.source.repository, page.source.licence) == ("github.com/example/rules", "MIT")


def test_indicators_are_sorted_by_field_then_operator_then_place() -> None:
    def row(field: str | None, operator: Operator, start: int) -> Indicator:
        return Indicator(field, operator, Quantifier.ANY, (text_value("x"),), 1, Span(start, start + 1))

    rows = (
        row("b", Operator.EQ, 0),
        row("a", Operator.MATCH, 1),
        row("a", Operator.CONTAINS, 2),
        row("B", Operator.EQ, 3),
        row(None, Operator.MATCH, 4),
        row("a", Operator.CONTAINS, 1),
    )
    page = page_of(Analysis(True, indicators=rows))
    assert [(each.field, each.operator, each.span.start) for each in page.indicators] == [
        (None, "match", 4),
        ("B", "eq", 3),
        ("a", "contains", 1),
        ("a", "contains", 2),
        ("a", "match", 1),
        ("b", "eq", 0),
    ]


def test_what_is_wrong_in_several_places_is_told_once_with_their_lines() -> None:
    places = [FIRST.analysis.stages[number].span for number in (1, 2, 3)]
    same = tuple(Diagnostic("KQL203", Level.WARNING, "no column is called x", place) for place in places)
    other = Diagnostic("KQL203", Level.WARNING, "no column is called y", places[0])
    page = page_of(replace(FIRST.analysis, diagnostics=(*same, other)))
    html = render_rule(page)
    first, *again = [each.line for each in page.diagnostics if each.message == same[0].message]
    assert html.count("no column is called x") == 1
    assert f'<a href="#L{first}">line {first}</a>' in html
    assert "Again in lines " + ", ".join(f'<a href="#L{line}">{line}</a>' for line in again) in html
    assert '<h2 id="diagnostics"><a href="#diagnostics">Diagnostics</a> <span class="count">4</span>' in html


def test_outside_a_catalog_nothing_is_counted() -> None:
    page = rule_page(FIRST, NO_RELATIONS, paint)
    assert [value.corpus for row in page.indicators for value in row.values] == [None, None]
    assert page.same_action == ()


def test_inside_a_catalog_a_value_of_no_other_rule_counts_zero() -> None:
    page = rule_page(FIRST, FIRST_RELATIONS, paint)
    counts = {row.field: row.values[0].corpus for row in page.indicators}
    assert counts == {"Failure": Corpus(0, {}), "Operation": Corpus(12, {"kusto": 5, "sigma": 7})}
    assert {row.field: row.values[0].key is None for row in page.indicators} == {"Failure": True, "Operation": False}


def test_a_value_that_rules_cannot_share_has_no_count() -> None:
    missing = Value(ValueKind.NULL, None)
    row = Indicator("a", Operator.EQ, Quantifier.ANY, (missing,), 1, Span(0, 1))
    page = page_of(Analysis(True, indicators=(row,)), FIRST_RELATIONS)
    assert page.indicators[0].values[0].corpus is None


def test_exclusions_are_counted_among_exclusions() -> None:
    row = Indicator("a", Operator.EQ, Quantifier.ANY, (text_value("X"),), 1, Span(0, 1))
    key = ("a", "eq", "x")
    relations = Relations(
        corpus={key: CorpusCount(9, (("sigma", 9),))}, excluded={key: CorpusCount(2, (("kusto", 2),))}
    )
    page = page_of(Analysis(True, indicators=(row,), exclusions=(row,)), relations)
    assert page.indicators[0].values[0].corpus == Corpus(9, {"sigma": 9})
    assert page.exclusions[0].values[0].corpus == Corpus(2, {"kusto": 2})
    assert page.indicators[0].values[0].key != page.exclusions[0].values[0].key


def fields_of(operators: list[str], fields: list[tuple[str, str, int]]) -> list[str]:
    stages = tuple(Stage(number, name, name, Span(0, 0)) for number, name in enumerate(operators, start=1))
    made = tuple(OutputField(name, source, stage, "string") for name, source, stage in fields)
    return [field.name for field in output_fields(Analysis(True, stages=stages, output_fields=made))]


def test_projected_fields_are_sorted_and_later_ones_keep_their_order() -> None:
    page = rule_page(FIRST, NO_RELATIONS, paint)
    assert [field.name for field in page.output_fields] == [
        "Address",
        "Principal",
        "Region",
        "TimeGenerated",
        "User",
        "Name",
        "Suffix",
    ]


def test_an_extend_before_the_last_shaping_stage_is_sorted_with_it() -> None:
    fields = [("b", "source", 1), ("a", "extend", 2), ("c", "source", 1)]
    assert fields_of(["source", "extend", "project-away"], fields) == ["a", "b", "c"]


def test_an_extend_after_a_filter_after_a_projection_comes_last() -> None:
    fields = [("z", "project", 2), ("a", "extend", 4), ("y", "project", 2)]
    assert fields_of(["source", "project", "where", "extend"], fields) == ["y", "z", "a"]


def test_a_computed_projection_after_extends_takes_them_in() -> None:
    fields = [("b", "summarize", 3), ("a", "summarize", 3), ("c", "mv-expand", 4)]
    assert fields_of(["source", "extend", "summarize", "mv-expand"], fields) == ["a", "b", "c"]


def test_what_a_field_feeds_is_named_from_the_alert_contract() -> None:
    page = rule_page(FIRST, NO_RELATIONS, paint)
    assert {field.name: field.feeds for field in page.output_fields if field.feeds} == {
        "Address": ("entity:IP.Address",),
        "Principal": ("title", "description"),
        "Region": ("custom_detail:Region", "title"),
        "Name": ("entity:Account.Name",),
        "Suffix": ("entity:Account.UPNSuffix",),
    }


def test_nested_stages_stand_inside_their_stage_with_the_name_of_their_pipeline() -> None:
    page = rule_page(long_entry(), NO_RELATIONS, paint)
    assert [
        (stage.number, stage.operator, [(inner.number, inner.operator, inner.pipeline) for inner in stage.stages])
        for stage in page.stages
        if stage.stages
    ] == [
        (1, "union", [(1, "source", "leg 2"), (2, "where", "leg 2")]),
        (4, "join", [(1, "source", "right side"), (2, "where", "right side"), (3, "project", "right side")]),
    ]


def test_parameters_and_bindings_say_where_they_are_used() -> None:
    page = rule_page(long_entry(), NO_RELATIONS, paint)
    assert [(each.name, each.value, each.used_in_stages) for each in page.parameters] == [
        ("limit", 5, (4,)),
        ("allowed", ("svc1", "svc2"), (3,)),
    ]
    assert [(each.name, each.used_in_stages, len(each.stages)) for each in page.bindings] == [("Recent", (4,), 3)]


def test_every_kind_of_finding_is_there_with_its_section_and_place() -> None:
    entry = long_entry()
    rule = replace(entry.rule, diagnostics=(Diagnostic("RDR1", Level.NOTE, "no author", place="author"),))
    coverage = Coverage(diagnostics=(Diagnostic("ATT1", Level.WARNING, "unknown id"),))
    page = rule_page(replace(entry, rule=rule, coverage=coverage), NO_RELATIONS, paint)
    assert [(each.section, each.code, each.line, each.column) for each in page.diagnostics] == [
        ("rule", "RDR1", None, None),
        ("query", "KQL201", 6, 7),
        ("attack", "ATT1", None, None),
        ("alert", "ALERT102", None, None),
        ("alert", "ALERT101", None, None),
        ("alert", "ALERT102", None, None),
    ]


def test_the_heaviest_rule_page_and_what_it_loads_are_below_150_kilobytes() -> None:
    html = render_rule(rule_page(FIRST, FIRST_RELATIONS, paint))
    loaded = {name: content for name, (path, content) in asset_files().items() if path in html}
    style = loaded["site.css"]
    fonts = {
        name: content for name, (path, content) in asset_files().items() if path.rpartition("/")[2].encode() in style
    }
    assert {"rule.css", "rule.js", "theme.js"} <= set(loaded)
    assert len(fonts) == 2
    assert WEIGHT_LIMIT + sum(map(len, {**loaded, **fonts}.values())) < 150_000


def test_a_row_that_is_one_of_several_alternatives_says_so() -> None:
    def row(field: str, start: int, group: Group | None) -> Indicator:
        return Indicator(field, Operator.EQ, Quantifier.ANY, (text_value("x"),), 1, Span(start, start + 1), group)

    either, both = Group(1, GroupKind.ANY), Group(2, GroupKind.ALL)
    page = page_of(Analysis(True, indicators=(row("a", 0, either), row("b", 1, both), row("c", 2, both))))
    labels = [each.text for each in read(render_rule(page)).all("th") if each.attributes.get("class") == "group"]
    assert labels == ["Group", "one of", "all of"]
