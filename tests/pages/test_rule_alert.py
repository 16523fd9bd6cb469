"""The alert of a rule as its page shows it: nothing that the rule does not state, findings where they belong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectionary.model.attack import Coverage
from detectionary.model.entry import NO_RELATIONS, Entry
from detectionary.model.rule import AlertContract, EntityField, EntityMapping
from detectionary.pages import RulePage, rule_page
from detectionary.pages.rule.detail import DETAILS
from detectionary.pages.rule.html import RuleMarkup, render_rule
from tests.pages.entries import FIRST, paint
from tests.pages.markup import Document, Element, read


def shown(entry: Entry) -> Document:
    return read(render_rule(rule_page(entry, NO_RELATIONS, paint)))


def promising(alert: AlertContract, *, kind: str = "Scheduled", language: str = "kusto") -> Entry:
    return replace(FIRST, rule=replace(FIRST.rule, alert=alert, kind=kind, language=language))


def card(document: Document) -> Element | None:
    return next((each for each in document.all("article") if each.attributes.get("class", "") or ""), None)


def words(element: Element | None) -> str:
    """The text of an element; blocks of it that stand apart are parted by a blank."""
    assert element is not None
    return " ".join(element.text.split())


def test_the_title_and_the_description_are_shown_with_their_columns() -> None:
    document = shown(FIRST)
    text = words(card(document))
    assert "Principal was denied in Region" in text
    assert "Denied: Principal" in text
    assert text.startswith("severity medium")
    assert "Account Name Name UPNSuffix Suffix" in text
    assert "T1583 Acquire Infrastructure" in text


def test_what_is_filled_leads_to_the_column_that_fills_it() -> None:
    document = shown(FIRST)
    ids = {element.attributes["id"]: element for element in document.all("tr") if "id" in element.attributes}
    slots = [link for link in document.all("a") if link.attributes.get("class") == "slot"]
    assert {(slot.text, ids[str(slot.attributes["href"])[1:]].text.split()[0][: len(slot.text)]) for slot in slots} == {
        (name, name) for name in ("Principal", "Region", "Name", "Suffix", "Address")
    }


def test_a_finding_stands_at_the_part_that_it_is_about() -> None:
    alert = AlertContract(
        entities=(EntityMapping("IP", (EntityField("Address", "address"),)),),
        custom_details=(("Where", "Region"), ("Who", "Nobody")),
        title="{{Gone}} in {{Region}}",
    )
    page = rule_page(promising(alert), NO_RELATIONS, paint)
    markup = RuleMarkup(page, DETAILS[0], bodies=True)
    found = markup.card
    assert [each.code for each in found.title.findings] == ["ALERT101"]
    assert [[each.code for each in field.findings] for entity in found.entities for field in entity.fields] == [
        ["ALERT102"]
    ]
    assert [[each.code for each in detail.findings] for detail in found.details] == [[], ["ALERT101"]]
    assert markup.other_alert_findings == ()
    document = read(render_rule(page))
    absent = [each for each in document.all("span") if each.attributes.get("class") == "slot absent"]
    assert sorted(each.text.split()[0] for each in absent) == ["Gone", "Nobody", "address"]
    assert "write" in words(card(document))


def test_of_an_output_that_is_not_all_known_no_column_is_called_absent() -> None:
    entry = promising(AlertContract(title="{{Gone}}"))
    entry = replace(entry, analysis=replace(entry.analysis, open_fields=True))
    html = render_rule(rule_page(entry, NO_RELATIONS, paint))
    assert "slot absent" not in html


@pytest.mark.parametrize(("kind", "language", "raises"), [
    ("Scheduled", "kusto", True),
    ("NRT", "kusto", True),
    ("CustomDetection", "kusto", True),
    ("Hunting", "kusto", False),
    ("Query", "kusto", False),
    ("Rule", "sigma", True),
    ("Hunting", "esql", False),
    ("Threshold", "kuery", True),
    ("Rule", "yaral", True),
])  # fmt: skip
def test_only_what_raises_alerts_shows_one(kind: str, language: str, raises: bool) -> None:
    assert (card(shown(promising(AlertContract(), kind=kind, language=language))) is not None) == raises


def test_a_hunting_query_with_entities_shows_them_and_says_that_it_raises_nothing() -> None:
    alert = AlertContract(entities=(EntityMapping("IP", (EntityField("Address", "Address"),)),))
    document = shown(promising(alert, kind="Hunting"))
    assert "IP Address Address" in words(card(document))
    assert "raises no alert by itself" in document.text


def test_nothing_is_invented_for_a_rule_that_states_little() -> None:
    entry = promising(AlertContract(), kind="Rule", language="sigma")
    rule = replace(entry.rule, severity=None)
    entry = replace(entry, rule=rule, coverage=Coverage(), analysis=replace(entry.analysis, output_fields=()))
    assert words(card(shown(entry))) == "no severity stated Sigma Machine start denied"


def test_severity_and_tactics_from_columns_name_the_rules_own_as_the_fallback() -> None:
    entry = promising(AlertContract(severity_column="Region", tactics_column="Principal"))
    text = words(card(shown(entry)))
    assert "severity Region, else medium" in text
    assert "Tactics Principal, else Resource Development" in text


def test_grouping_and_suppression_are_told_in_words() -> None:
    alert = AlertContract(event_grouping="AlertPerResult", grouping=(("lookbackDuration", "5h"),), suppression="1d")
    text = words(card(shown(promising(alert))))
    assert "each result makes an alert of its own" in text
    assert "lookbackDuration = 5h" in text
    assert "Suppression 1d" in text


def links_of(page: RulePage) -> set[str]:
    return {link for link in read(render_rule(page)).links() if link.startswith("../")}


def test_every_name_leads_to_its_list() -> None:
    entry = replace(FIRST, rule=replace(FIRST.rule, author="Ann Author, B. Writer (Firm, Town)"))
    links = links_of(rule_page(entry, NO_RELATIONS, paint))
    root = "../../../"
    names = (
        "table/trail.html",
        "field/event.action.html",
        "field/failure.html",
        "technique/t1583.html",
        "language/kusto.html",
        "compare/index.html?rules=machine-start",
    )
    assert {f"{root}{name}" for name in names} <= links
    assert len([link for link in links if link.startswith(f"{root}author/")]) == 2
    assert len([link for link in links if link.startswith(f"{root}repository/") and "index" not in link]) == 1
