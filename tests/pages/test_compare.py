"""Rules side by side: what is in all, what differs, what only one has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.catalog import open_catalog
from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.entry import NO_RELATIONS, Action, Entry, Reference, Relations
from detectionary.model.outcome import Outcome
from detectionary.model.predicate import Operator, Quantifier, Value, ValueKind
from detectionary.model.rule import AlertContract, EntityField, EntityMapping
from detectionary.pages import RulePage, rule_page
from detectionary.pages.compare.context import ComparedSection, ComparePage, compare
from detectionary.pages.compare.html import DETAILS, CompareMarkup, _render, render_compare
from detectionary.pages.compare.kind import COMPARE, PLACES_FILES, asked, compare_page, place_of, places
from detectionary.pages.compare.sheet import sheet, sheet_files
from detectionary.pages.library import Library
from detectionary.pages.rule.context import encode
from detectionary.pages.rule.kind import RULES
from detectionary.text import SourceText, Span
from tests.pages.entries import FIRST, long_entry, paint, text_value
from tests.pages.markup import faults, read
from tests.pages.test_hostile_texts import HOSTILE, hostile_entry, hostile_relations
from tests.site.catalogs import placed, small_catalog, store


def row(field: str, operator: Operator, *values: str | int | float, canonical: str | None = None) -> Indicator:
    made = tuple(text_value(value) if isinstance(value, str) else Value(ValueKind.NUMBER, value) for value in values)
    return Indicator(field, operator, Quantifier.ANY, made, 2, Span(0, 1), canonical_field=canonical)


def page(
    slug: str,
    *indicators: Indicator,
    exclusions: tuple[Indicator, ...] = (),
    relations: Relations = NO_RELATIONS,
    query: str = "T",
    entry: Entry = FIRST,
    language: str = "kusto",
) -> RulePage:
    rule = replace(entry.rule, id=f"id-{slug}", language=language, query=SourceText(query))
    analysis = Analysis(True, indicators=indicators, exclusions=exclusions)
    return rule_page(replace(entry, slug=slug, rule=rule, analysis=analysis, actions=()), relations, paint)


def section(found: ComparePage, name: str) -> ComparedSection:
    return next(each for each in found.sections if each.id == name)


def rows(found: ComparedSection) -> list[tuple[str, str, str, str, list[str | None]]]:
    """(group, operator, name, mark, texts) of each row; None where a rule has nothing."""
    return [
        (group.name, each.operator, each.name, each.mark, [None if cell is None else cell.text for cell in each.cells])
        for group in found.groups
        for each in group.rows
    ]


def test_values_meet_under_the_vendor_neutral_name_whatever_their_case() -> None:
    one = page("one", row("EventName", Operator.EQ, "RunInstances", canonical="event.action"))
    other = page("other", row("eventName", Operator.EQ, "runinstances", canonical="event.action"))
    found = section(compare([one, other]), "indicators")
    assert rows(found) == [("event.action", "eq", "RunInstances", "all", ["", "eq runinstances"])]
    assert [(group.names, group.mark) for group in found.groups] == [(("EventName", "eventName"), "all")]
    assert (found.in_all, found.only) == (1, (0, 0))


def test_a_field_with_other_values_differs_and_a_field_of_one_rule_is_only_there() -> None:
    one = page("one", row("A", Operator.EQ, "x", "y"), row("B", Operator.EQ, "z"))
    other = page("other", row("A", Operator.EQ, "y", "w"))
    found = section(compare([one, other]), "indicators")
    assert [(group.name, group.mark) for group in found.groups] == [("A", "differs"), ("B", "one")]
    assert rows(found) == [
        ("A", "eq", "y", "all", ["", ""]),
        ("A", "eq", "x", "one", ["", None]),
        ("A", "eq", "w", "one", [None, ""]),
        ("B", "eq", "z", "one", ["", None]),
    ]
    assert (found.in_all, found.only) == (1, (2, 1))


def test_an_operator_is_part_of_what_is_compared() -> None:
    one, other = page("one", row("A", Operator.EQ, "x")), page("other", row("A", Operator.CONTAINS, "x"))
    assert section(compare([one, other]), "indicators").in_all == 0


def test_a_pattern_that_needs_no_wildcard_is_what_it_says() -> None:
    one, other = (
        page("one", row("A", Operator.WILDCARD, "*x.exe")),
        page("other", row("A", Operator.ENDS_WITH, "x.exe")),
    )
    assert rows(section(compare([one, other]), "indicators")) == [
        ("A", "wildcard", "*x.exe", "all", ["", "ends_with x.exe"])
    ]


def test_three_rules_say_which_of_them_have_a_row() -> None:
    pages = [page("a", row("A", Operator.EQ, "x")), page("b", row("A", Operator.EQ, "x")), page("c")]
    found = compare(pages)
    (each,) = section(found, "indicators").groups
    assert (each.mark, each.rows[0].mark) == ("some", "some")
    document = read(render_compare(found, live=True))
    assert [cell.text for cell in document.all("td") if cell.attributes.get("class") == "mark"][:2] == ["A, B", "A, B"]


def test_what_one_rule_looks_for_and_another_excludes_is_told() -> None:
    one = page("one", row("A", Operator.EQ, "x"))
    other = page("other", exclusions=(row("A", Operator.EQ, "X"),))
    found = compare([one, other])
    assert [each.excluded_by for each in section(found, "indicators").groups[0].rows] == [(1,)]
    assert [each.excluded_by for each in section(found, "exclusions").groups[0].rows] == [(0,)]
    assert render_compare(found, live=True).count("the opposite") == 2


def test_whole_numbers_are_spelled_as_json_readers_spell_them() -> None:
    one, other = page("one", row("A", Operator.GT, 5)), page("other", row("A", Operator.GT, 5.0))
    assert rows(section(compare([one, other]), "indicators")) == [("A", "gt", "5", "all", ["", ""])]


def test_facts_that_differ_are_told_from_facts_of_one_rule() -> None:
    one = rule_page(FIRST, NO_RELATIONS, paint)
    other = rule_page(long_entry(), NO_RELATIONS, paint)
    found = compare([one, other])
    about = {name: (mark, texts) for _, _, name, mark, texts in rows(section(found, "about"))}
    assert about["Severity"] == ("differs", ["medium", "high"])
    assert about["Kind"] == ("all", ["Scheduled", "Scheduled"])
    time = rows(section(found, "time"))
    assert ("", "", "Group by", "one", [None, "User"]) in time
    assert ("count()", "gt", "3", "one", [None, ""]) in time


def test_entities_are_compared_by_identifier_and_differ_by_column() -> None:
    def contract(column: str) -> Entry:
        alert = AlertContract(entities=(EntityMapping("IP", (EntityField("Address", column),)),))
        return replace(FIRST, rule=replace(FIRST.rule, alert=alert))

    found = compare([page("one", entry=contract("Source")), page("other", entry=contract("Target"))])
    assert rows(section(found, "alert")) == [("Entities", "", "IP Address", "differs", ["Source", "Target"])]


def acting(slug: str, outcome: Outcome | None, *names: str, relations: Relations = NO_RELATIONS) -> RulePage:
    actions = tuple(Action(f"aws:ec2/{name}", "aws:ec2", name) for name in names)
    entry = replace(FIRST, slug=slug, actions=actions, outcome=outcome, rule=replace(FIRST.rule, id=f"id-{slug}"))
    return rule_page(entry, relations, paint)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        ((None, "A"), (None, "a"), ["The same action: aws:ec2/A."]),
        ((None, "A"), (None, "B"), ["No action in common."]),
        (
            (Outcome(True, ()), "A", "B"),
            (Outcome(False, ()), "B", "A"),
            ["The same actions: aws:ec2/A, aws:ec2/B.", "They watch different outcomes of it."],
        ),
        (
            (Outcome(False, ()), "A"),
            (Outcome(False, ()), "A"),
            ["The same action: aws:ec2/A.", "They watch the same outcome of it."],
        ),
    ],
)
def test_actions_and_outcomes_are_summed_up(
    one: tuple[Outcome | None, str], other: tuple[Outcome | None, str], said: list[str]
) -> None:
    found = compare([acting("one", *one), acting("other", *other)])
    assert [each for each in found.summary if "action" in each or "outcome" in each] == said


def test_copies_and_shared_ids_are_summed_up() -> None:
    twin = Reference("id-other", "other", "Other", "kusto")
    one, other = page("one", relations=Relations(copies=(twin,))), page("other")
    assert compare([one, other]).summary[0] == "A and B are copies: their queries say the same."
    same = page("one")
    again = replace(FIRST, slug="x", rule=replace(FIRST.rule, id="ID-one"))
    assert (
        compare([same, rule_page(again, NO_RELATIONS, paint)]).summary[0]
        == "A and B have one id and different queries."
    )


def test_texts_are_set_side_by_side_for_two_rules_of_one_language() -> None:
    one, other = page("one", query="T\n| take 1\n"), page("other", query="T\n| take 2\n")
    lines = compare([one, other]).lines
    assert lines is not None
    assert [(line.kind, line.left, line.right, line.text, line.marked) for line in lines] == [
        ("same", 1, 1, "T", None),
        ("left", 2, None, "| take 1", (7, 8)),
        ("right", None, 2, "| take 2", (7, 8)),
    ]
    assert compare([one, page("third", language="sigma")]).lines is None
    assert compare([one, page("untold", query="")]).lines is None
    three = compare([one, other, page("third", query="T")])
    assert three.lines is None
    links = [element.text for element in read(render_compare(three, live=True)).all("a")]
    assert [text for text in links if text[1:6] == " and "] == ["A and B", "A and C", "B and C"]


def test_one_rule_alone_is_no_comparison() -> None:
    found = compare([page("one")])
    assert (len(found.rules), found.sections, found.summary) == (1, (), ())
    assert "Choose one more rule" in render_compare(found, live=True)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("detail", DETAILS)
def test_hostile_texts_stay_texts(text: str, detail: object) -> None:
    entry = hostile_entry(text)
    one = rule_page(entry, hostile_relations(entry, text), paint)
    found = compare([one, rule_page(replace(FIRST, slug=text), NO_RELATIONS, paint), one], (text,))
    html = _render(found, detail, True, "../")  # type: ignore[arg-type]
    assert faults(html) == []
    html.encode()
    assert not set(html) & set("\x00\x7f\x9f\u202e\u2066\u200f\ufeff\uffff\ufffe")


def test_however_much_there_is_the_page_stays_light_and_counts_what_it_folds() -> None:
    values = [f"value {number} " + "long " * 20 for number in range(900)]
    fields = tuple(row(f"Field{number}", Operator.EQ, f"x{number}") for number in range(300))
    lines = "\n".join(f"| where A{number} == {number}" for number in range(2_000))
    pages = [
        page(
            f"rule-{number}",
            row("A", Operator.EQ, *values[number:]),
            *fields[number * 9 :],
            query=f"T{number}\n{lines}",
        )
        for number in range(2)
    ]
    html = render_compare(compare(pages), live=True)
    assert len(html.encode()) < 60_000
    assert faults(html) == []
    folded = [element.text for element in read(html).all("summary")]
    assert any(text.endswith("more") for text in folded)
    assert any(text.endswith("more fields") for text in folded)


def test_runs_are_folded_with_their_number() -> None:
    one = page("one", row("A", Operator.EQ, *(f"v{number:02}" for number in range(30))))
    found = compare([one, page("other", row("A", Operator.EQ, "v00"))])
    markup = CompareMarkup(found, DETAILS[0])
    (group,) = section(found, "indicators").groups
    shown = markup.shown(group)
    assert len(shown) == 1 + 12 + 1
    assert read(render_compare(found, live=True)).text.count("17 more") == 1


# Rules by their names


def test_names_are_slugs_or_ids_and_those_of_no_rule_are_told(tmp_path: Path) -> None:
    with open_catalog(small_catalog(tmp_path)) as catalog:
        library = Library(catalog)
        found = compare_page(library, asked("machine-start, LONG ,machine-start,,nothing"))
        assert found is not None
        assert [rule.slug for rule in found.rules] == ["machine-start", "long-query"]
        assert found.missing == ("nothing",)
        assert compare_page(library, ("nothing",)) is None
        assert compare_page(library, ()) is None
        shell = COMPARE.fill(library, "compare/index.html")
        assert shell is not None
        assert faults(COMPARE.html(library, shell)) == []
        assert COMPARE.fill(library, "compare/other.html") is None


def test_of_more_than_four_rules_the_first_four_are_compared(tmp_path: Path) -> None:
    entries = [placed(FIRST, f"rule-{number}.yaml") for number in range(5)]
    with open_catalog(store(tmp_path / "rules.db", entries)) as catalog:
        found = compare_page(Library(catalog), [f"rule-{number}" for number in range(5)])
    assert found is not None
    assert [rule.slug for rule in found.rules] == [f"rule-{number}" for number in range(4)]


def test_the_script_finds_every_rule_by_slug_and_by_id(tmp_path: Path) -> None:
    with open_catalog(small_catalog(tmp_path)) as catalog:
        library = Library(catalog)
        files = dict(PLACES_FILES.files(library))
        shell = COMPARE.fill(library, "compare/index.html")
        assert shell is not None
        assert f'data-places="{len(files)}"' in COMPARE.html(library, shell)
    for name, folder in (("/long-query", "kusto/long-query"), ("long", "kusto/long-query"), ("/twin", "kusto/twin")):
        address = f"compare/places/{place_of(name, len(files))}.js"
        text = files[address].decode()
        assert text.startswith(f'detectionaryPart("{address}",[')
        assert f'["{name}","{folder}"]' in text


def test_each_file_of_places_has_few_rules(tmp_path: Path) -> None:
    entries = [placed(FIRST, f"rule-{number}.yaml") for number in range(130)]
    with open_catalog(store(tmp_path / "rules.db", entries)) as catalog:
        library = Library(catalog)
        files = dict(PLACES_FILES.files(library))
        assert len(files) == places(library) == 32
    assert max(map(len, files.values())) < 1_500


# Sheets


def test_a_rule_is_one_small_script_or_says_how_many_bytes_are_left() -> None:
    small = page("small", row("A", Operator.EQ, "x"), query="T")
    (script,) = sheet_files(sheet(small)).values()
    assert script.startswith(b'detectionaryPart("rules/kusto/small/compare.js",[{"id":"id-small",')
    long = page("long", row("A", Operator.EQ, *(f"value {number}" for number in range(900))), query="T" * 9_000)
    files = sheet_files(sheet(long))
    assert list(files) == ["compare.js", "compare-rows.js", "compare-query.js"]
    assert len(files["compare.js"]) < 1_000
    for name in ("compare-rows.js", "compare-query.js"):
        assert f",{len(files[name])}".encode() in files["compare.js"]
    middling = page("middling", row("A", Operator.EQ, "x"), query="T" * 9_000)
    assert list(sheet_files(sheet(middling))) == ["compare.js", "compare-query.js"]


def test_the_live_site_keeps_no_sheets_and_closed_rules_have_some_without_their_text(tmp_path: Path) -> None:
    with open_catalog(small_catalog(tmp_path)) as catalog:
        for live, files in ((True, {"rule.yaml"}), (False, {"rule.yaml", "compare.js"})):
            library = Library(catalog, live=live)
            found = RULES.fill(library, "rules/kusto/machine-start/index.html")
            assert found is not None
            assert set(RULES.beside(library, found)) == files


def test_blanks_at_the_end_of_a_value_are_shown_where_rules_spell_it_otherwise() -> None:
    one, other = page("one", row("A", Operator.EQ, "X \u3000")), page("other", row("A", Operator.EQ, "x \u3000"))
    assert rows(section(compare([one, other]), "indicators")) == [("A", "eq", "X \u3000", "all", ["", "eq x \u3000"])]


def test_half_of_a_character_is_one_sign_on_both_kinds_of_sites() -> None:
    one, other = page("one", row("A", Operator.EQ, "x\ud83d")), page("other", row("A", Operator.EQ, "x\ude00"))
    assert section(compare([one, other]), "indicators").groups[0].rows[0].name == "x\ufffd"
    assert b'x\xef\xbf\xbd"' in encode(one)
