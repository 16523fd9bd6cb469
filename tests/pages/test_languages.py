"""Pages of rules in every language: their own words, and what their formats state besides."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.ingest import assemble
from detectionary.languages import LANGUAGES, language_named, split
from detectionary.model.entry import NO_RELATIONS, Action, Entry, Reference, Relations
from detectionary.model.outcome import Outcome
from detectionary.model.schema import Environment
from detectionary.pages import RulePage, encode, rule_page
from detectionary.pages.languages import language_title, language_words
from detectionary.pages.rule.actions_html import shares
from detectionary.pages.rule.context import without_texts
from detectionary.pages.rule.detail import DETAILS
from detectionary.pages.rule.html import _render, render_rule
from detectionary.repositories import open_repository, read_file
from detectionary.schemas import environment_base
from tests.conftest import PROJECT
from tests.pages.entries import FIRST, FIRST_RELATIONS, paint
from tests.pages.markup import Document, faults, read
from tests.pages.test_json_contract import broken

EXAMPLES = PROJECT / "examples" / "rules"


def pages_of(path: Path) -> list[RulePage]:
    content = read_file(path, open_repository(path.parent), split)
    base = environment_base()
    environment = Environment(base.tables, {**base.functions, **{each.name: each for each in content.functions}})
    entries = [assemble(rule, language_named(rule.language), environment) for rule in content.rules]
    return [rule_page(entry, NO_RELATIONS, language_named(entry.rule.language).highlight) for entry in entries]


def page_of(name: str, number: int = 0) -> RulePage:
    return pages_of(EXAMPLES / name)[number]


def made(tmp_path: Path, name: str, text: str) -> RulePage:
    path = tmp_path / name
    path.write_text(text)
    (page,) = pages_of(path)
    return page


def shown(page: RulePage) -> Document:
    html = render_rule(page)
    assert faults(html) == []
    return read(html)


def heading(document: Document, name: str) -> str:
    (found,) = [element for element in document.all("h2") if element.attributes.get("id") == name]
    return found.text


def facts(document: Document) -> dict[str, str]:
    """What the definition lists of a page say, by their terms."""
    terms = [element.text for element in document.all("dt")]
    texts = [" ".join(element.text.split()) for element in document.all("dd")]
    return dict(zip(terms, texts, strict=True))


def test_every_language_has_a_title_of_its_own() -> None:
    titles = {language.name: language_title(language.name) for language in LANGUAGES}
    assert titles == {
        "kusto": "Kusto",
        "sigma": "Sigma",
        "eql": "EQL",
        "esql": "ES|QL",
        "kuery": "Kibana KQL",
        "lucene": "Lucene",
        "ml": "Elastic ML",
        "yaral": "YARA-L",
    }
    assert language_title("unheard of") == "unheard of"


@pytest.mark.parametrize(
    ("language", "operators", "heading"),
    [
        ("kusto", ["source"], "Stages and predicates"),
        ("sigma", ["condition", "selection"], "Condition and selections"),
        ("sigma", ["correlation"], "Correlation"),
        ("eql", ["query"], "Query"),
        ("eql", ["sequence", "query", "query"], "Sequence"),
        ("eql", ["sample", "query"], "Sample"),
        ("esql", ["from"], "Commands"),
        ("yaral", ["events"], "Sections"),
        ("ml", ["machine_learning"], "Machine learning job"),
        ("unheard of", [], "Stages and predicates"),
    ],
)
def test_stages_are_called_as_the_language_calls_them(language: str, operators: list[str], heading: str) -> None:
    assert language_words(language, operators).stages == heading


EVERY_EXAMPLE = sorted(path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.glob("*/*") if path.is_file())


@pytest.mark.parametrize("name", [name for name in EVERY_EXAMPLE if name.split("/")[0] != "parsers"])
@pytest.mark.parametrize("detail", [0, len(DETAILS) - 1])
def test_pages_of_every_language_are_whole(name: str, detail: int) -> None:
    for page in pages_of(EXAMPLES / name):
        html = _render(page, DETAILS[detail], bodies=True)
        assert faults(html) == []
        assert broken(json.loads(encode(page))) == []
        assert read(_render(without_texts(page), DETAILS[detail], bodies=False)).unclosed == []


def test_a_yaral_rule_is_shown_by_its_sections_and_records() -> None:
    page = page_of("yaral/aws_ec2_launch_denied_then_allowed.yaral")
    document = shown(page)
    assert heading(document, "stages") == "Sections 4"
    assert "the outcome section’s fields go to it under their names" in document.text
    assert facts(document)["Log types"] == "AWS_CLOUDTRAIL"
    assert facts(document)["Language"] == "YARA-L"
    assert "Placeholders" in document.text
    records = [cell for cell in document.all("td") if cell.attributes.get("class") == "record"]
    # One cell of the exclusion; in the indicators, one for the rows of each event.
    assert [(cell.text, cell.attributes.get("rowspan")) for cell in records] == [
        ("$started", None),
        ("$denied", "3"),
        ("$started", "3"),
    ]
    assert "Record" in [cell.text for cell in document.all("th")]


def test_lists_outside_of_a_rule_go_by_their_name_in_its_language(tmp_path: Path) -> None:
    text = "rule a {\n  events:\n    $e.principal.ip in %good_hosts\n  condition:\n    $e\n}\n"
    kinds = [span.text for span in shown(made(tmp_path, "a.yaral", text)).all("span")]
    assert "reference list" in kinds
    assert "watchlist" not in kinds


def test_a_record_column_is_there_only_where_rows_have_records() -> None:
    assert "Record" not in [cell.text for cell in shown(page_of("sigma/aws_ec2_launch_denied.yml")).all("th")]


SIGMA = """\
title: Odd shells
id: 6f1c9f0e-0000-4000-8000-000000000001
related:
  - id: 6f1c9f0e-0000-4000-8000-000000000002
    type: obsolete
status: test
description: Shells.
author: A. Person
date: 2024-01-02
modified: 2024-03-04
logsource:
  category: process_creation
  product: windows
detection:
  selection:
    Image|endswith: '\\sh.exe'
  filter_main:
    User: root
  condition: selection and not filter_main
falsepositives:
  - Administrators, see https://example.org/why
level: low
"""


def test_a_sigma_selection_is_shown_without_the_indentation_of_its_file(tmp_path: Path) -> None:
    text = (
        "title: A\nlogsource:\n    product: windows\ndetection:\n    selection:\n        Image|endswith:\n"
        "            - a.exe\n            - b.exe\n    condition: selection\n"
    )
    codes = [element.text for element in shown(made(tmp_path, "a.yml", text)).all("code")]
    assert "selection:\n    Image|endswith:\n        - a.exe\n        - b.exe" in codes


def test_a_sigma_rule_is_shown_by_its_selections(tmp_path: Path) -> None:
    page = made(tmp_path, "odd_shells.yml", SIGMA)
    document = shown(page)
    assert heading(document, "stages") == "Condition and selections 3"
    assert facts(document)["Log source"] == "windows/process_creation"
    assert facts(document)["Written"] == "2024-01-02 changed 2024-03-04"
    assert [tag.text for tag in document.all("span") if tag.attributes.get("class") == "tag not"] == ["negated"]
    assert {"#s2", "#s3"} <= set(document.links())  # the names in the condition lead to the selections
    assert "replaces 6f1c9f0e-0000-4000-8000-000000000002" in document.text
    assert "https://example.org/why" in document.links()
    assert "Administrators, see https://example.org/why" in [item.text for item in document.all("li")]


def test_events_of_the_log_source_are_shown_apart_and_count_no_rules(tmp_path: Path) -> None:
    page = made(tmp_path, "odd_shells.yml", SIGMA)
    assert page.event_coverage
    assert {covered.linked for covered in page.event_coverage} == {False}
    document = shown(page)
    assert "The log source of the rule stands for these events" in document.text
    assert "windows:Sysmon 1" in document.text
    assert "of which a record must carry one" not in document.text
    assert [link for link in document.links() if "/action/" in link and not link.endswith("/index.html")] == []


def test_actions_of_the_rule_and_events_of_its_log_source_have_their_own_words() -> None:
    entry = replace(
        FIRST, events=(Action("windows:Sysmon/1", "windows:Sysmon", "1"),), outcome=Outcome(False, ("Denied",))
    )
    document = shown(rule_page(entry, FIRST_RELATIONS, paint))
    text = document.text
    assert text.index("of which a record must carry one") < text.index("Events of the log source")
    assert "Their outcome: failure: Denied" in text
    assert facts(document)["Outcome watched"] == "failure: Denied"


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome(True), "success"),
        (Outcome(False), "failure"),
        (Outcome(None, ("50126", "50053")), "50126, 50053"),
        (Outcome(False, ("Client.UnauthorizedOperation",)), "failure: Client.UnauthorizedOperation"),
    ],
)
def test_the_outcome_in_words(outcome: Outcome, words: str) -> None:
    assert facts(shown(rule_page(replace(FIRST, outcome=outcome), NO_RELATIONS, paint)))["Outcome watched"] == words


def crowd(entry: Entry, count: int) -> Relations:
    """Rules of the same action, in an order that is neither that of their titles nor of their languages."""
    languages = ("sigma", "kusto", "yaral", "eql")
    (action,) = entry.actions
    return Relations(
        same_action=tuple(
            (
                action.key,
                Reference(f"id-{number}", f"rule-{number}", f"Rule {count - number}", languages[number % 4], "AWS"),
            )
            for number in range(count)
        )
    )


def test_many_rules_of_the_same_action_stand_by_language_each_in_their_order_the_first_at_once() -> None:
    page = rule_page(FIRST, crowd(FIRST, 60), paint)
    document = shown(page)
    titles = [element.text for element in document.all("bdi") if element.text.startswith("Rule ")]
    by_language = [f"Rule {60 - number}" for language in (3, 1, 0, 2) for number in range(language, 60, 4)]
    assert titles == by_language  # EQL, Kusto, Sigma, YARA-L: as many of each
    assert [heading.text for heading in document.all("h4")] == ["EQL 15", "Kusto 15", "Sigma 15", "YARA-L 15"]
    assert "Rules detecting the same action 60" in document.text
    assert [summary.text for summary in document.all("summary") if "more" in summary.text] == ["9 more"] * 4
    assert page.same_action_total == 60


def test_a_page_that_would_grow_too_heavy_lists_fewer_rules_and_says_so() -> None:
    document = shown(rule_page(FIRST, crowd(FIRST, 3_000), paint))
    titles = [element.text for element in document.all("bdi") if element.text.startswith("Rule ")]
    assert 24 <= len(titles) < 3_000
    assert f"and {3_000 - len(titles)} more, behind the numbers above" in document.text
    lists = [heading.text for heading in document.all("h4")]
    assert lists == ["EQL 750", "Kusto 750", "Sigma 750", "YARA-L 750"]  # none is left out for the others


@pytest.mark.parametrize(
    ("counts", "most", "listed"),
    [
        ({"kusto": 200, "sigma": 10, "yaral": 100}, 120, {"sigma": 10, "yaral": 55, "kusto": 55}),
        ({"kusto": 30, "sigma": 10}, 120, {"sigma": 10, "kusto": 30}),
        ({"kusto": 7, "sigma": 7, "eql": 7}, 2, {"eql": 0, "kusto": 1, "sigma": 1}),
        ({"kusto": 500}, 120, {"kusto": 120}),
    ],
)
def test_languages_share_what_a_page_lists(counts: dict[str, int], most: int, listed: dict[str, int]) -> None:
    assert shares(counts, most) == listed


def test_steps_that_a_rule_adds_are_shown_without_links_into_the_query() -> None:
    page = page_of("elastic/aws_ec2_many_launches_denied.toml")
    added = [stage for stage in page.stages if stage.span.start == stage.span.end]
    assert [stage.operator for stage in added] == ["threshold"]
    document = shown(page)
    tabs = [link.attributes.get("data-n") for link in document.all("a") if link.attributes.get("class") == "s"]
    lines = [link.text for link in document.all("a") if link.attributes.get("class") == "line"]
    assert len(page.stages) == 2
    assert (tabs, len(lines)) == (["1"], 1)
    (text,) = {element.text for element in document.all("code") if element.text == added[0].text}
    assert "field" in text


def test_the_body_of_a_toml_rule_is_whole_and_its_query_is_painted_by_its_own_language() -> None:
    path = EXAMPLES / "elastic" / "aws_ec2_many_launches_denied.toml"
    (page,) = pages_of(path)
    html = render_rule(page)
    (body,) = [element for element in read(html).all("ol") if element.attributes.get("id") == "text"]
    assert body.text == page.body == path.read_text()
    assert "<span class=y>[rule]</span>" in html
    first_line = page.query.strip().splitlines()[0]
    assert first_line in [element.text for element in read(html).all("code")]


ELASTIC = """\
[metadata]
creation_date = "2024/01/02"
maturity = "production"
updated_date = "2024/01/02"

[rule]
author = ["A. Person"]
description = "Odd shells."
false_positives = ["Administrators."]
index = ["logs-*"]
language = "eql"
name = "Odd shells"
note = '''
## Triage

- Look at the parent.
'''
risk_score = 47
rule_id = "6f1c9f0e-0000-4000-8000-000000000003"
setup = "Install it."
severity = "medium"
timestamp_override = "event.ingested"
type = "eql"
query = '''
sequence by host.id with maxspan=5m
  [process where process.name == "sh"]
  [network where true]
'''
"""


def test_what_an_elastic_rule_states_besides(tmp_path: Path) -> None:
    page = made(tmp_path, "odd_shells.toml", ELASTIC)
    document = shown(page)
    assert heading(document, "stages") == "Sequence 3"
    stated = facts(document)
    assert (stated["Risk score"], stated["Timestamp override"], stated["Setup"]) == (
        "47",
        "event.ingested",
        "Install it.",
    )
    assert stated["Index patterns"] == "logs-*"
    assert stated["Group by"] == "host.id"
    (guide,) = [element for element in document.all("details") if element.attributes.get("class") == "guide"]
    assert guide.text.startswith("Investigation guide")
    assert "Look at the parent." in [element.text for element in document.all("li")]
    assert "Triage" in [element.text for element in document.all("h3")]
    assert "Administrators." in document.text


def test_texts_that_a_licence_keeps_are_left_out_and_facts_stay(tmp_path: Path) -> None:
    page = without_texts(made(tmp_path, "odd_shells.toml", ELASTIC))
    assert "Risk score" in [fact.name for fact in page.facts]
    assert "Investigation guide" not in [fact.name for fact in page.facts]
    html = render_rule(page, bodies=False)
    assert faults(html) == []
    assert "Look at the" not in html
    assert "maxspan" not in html


def test_a_rule_without_a_query_is_shown_by_its_job(tmp_path: Path) -> None:
    text = ELASTIC[: ELASTIC.index("type =")].replace('language = "eql"\n', "").replace('index = ["logs-*"]\n', "")
    text += 'type = "machine_learning"\nanomaly_threshold = 50\nmachine_learning_job_id = ["odd_job"]\n'
    page = made(tmp_path, "odd_job.toml", text)
    document = shown(page)
    assert (page.language, page.query.strip()) == ("ml", "")
    assert heading(document, "stages") == "Machine learning job 1"
    assert "anomaly_score ge 50" in document.text
    assert [link for link in document.all("a") if link.attributes.get("class") in ("s", "line")] == []


def test_columns_that_say_nothing_are_left_out_of_the_output_fields() -> None:
    def columns(page: RulePage) -> list[str]:
        (table,) = [table for table in shown(page).all("table") if table.attributes.get("class") == "fields"]
        return [name for name in ("Field", "Source", "Type", "Feeds") if name in table.text]

    assert columns(rule_page(FIRST, NO_RELATIONS, paint)) == ["Field", "Source", "Type", "Feeds"]
    assert columns(page_of("yaral/aws_ec2_launch_denied_then_allowed.yaral")) == ["Field", "Source", "Type"]
