"""Columns that a rule promises to its alert and does not output."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detectionary.checks.alert_contract import alert_contract, feeds, placeholders
from detectionary.model.analysis import OutputField
from detectionary.model.rule import AlertContract, EntityField, EntityMapping
from detectionary.text import Diagnostic
from tests.pages.entries import FIRST


def findings(alert: AlertContract, **analysis: object) -> tuple[Diagnostic, ...]:
    rule = replace(FIRST.rule, alert=alert)
    return alert_contract(rule, replace(FIRST.analysis, **analysis))  # type: ignore[arg-type]


def test_a_contract_that_the_query_keeps_has_no_findings() -> None:
    assert alert_contract(FIRST.rule, FIRST.analysis) == ()


def test_a_column_in_another_case_is_told_from_a_missing_one() -> None:
    found = findings(AlertContract(custom_details=(("Where", "region"), ("Who", "Nobody"))))
    assert [(each.code, each.message, each.help) for each in found] == [
        (
            "ALERT102",
            'the custom detail Where takes its value from "region", '
            'but the query outputs "Region": column names are case-sensitive',
            'write "Region"',
        ),
        (
            "ALERT101",
            'the custom detail Who takes its value from "Nobody", a column that the query does not output',
            "add the column to the query's last project or extend",
        ),
    ]


def test_a_near_name_is_offered() -> None:
    (found,) = findings(AlertContract(title="{{Principle}}"))
    assert found.help == 'the nearest output field is "Principal"'


@pytest.mark.parametrize(
    ("alert", "place"),
    [
        (
            AlertContract(entities=(EntityMapping("IP", (EntityField("Address", "Gone"),)),)),
            "entityMappings[0].fieldMappings[0]",
        ),
        (AlertContract(custom_details=(("a", "Gone"),)), "customDetails"),
        (AlertContract(title="{{Gone}}"), "alertDetailsOverride.alertDisplayNameFormat"),
        (AlertContract(description="{{ Gone }}"), "alertDetailsOverride.alertDescriptionFormat"),
        (AlertContract(severity_column="Gone"), "alertDetailsOverride.alertSeverityColumnName"),
        (AlertContract(tactics_column="Gone"), "alertDetailsOverride.alertTacticsColumnName"),
        (AlertContract(details=(("AlertLink", "Gone"),)), "alertDetailsOverride.alertDynamicProperties"),
        (AlertContract(impacted_assets=(("device", "Gone"),)), "impactedAssets"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_part_of_the_contract_is_looked_at(alert: AlertContract, place: str) -> None:
    assert [(found.code, found.place) for found in findings(alert)] == [("ALERT101", place)]


def test_an_impacted_asset_names_its_column_as_graph_does() -> None:
    """`DeviceId` is "deviceId" there, so the letter case of the first letter is no fault."""
    alert = AlertContract(impacted_assets=(("Device", "principal"),))
    assert findings(alert) == ()
    assert feeds(alert) == {"Principal": ("impacted_asset:Device",)}


def test_nothing_is_said_while_columns_are_not_all_known() -> None:
    assert findings(AlertContract(title="{{Gone}}"), open_fields=True) == ()


def test_nothing_is_said_about_a_query_that_does_not_parse() -> None:
    assert findings(AlertContract(title="{{Gone}}"), accepted=False) == ()


@pytest.mark.parametrize(
    ("template", "columns"),
    [
        (None, []),
        ("", []),
        ("no placeholder", []),
        ("{{A}} and {{ B }} and {{A}}", ["A", "B"]),
        ("{{}} {{ }}", []),
        ("{{open", []),
        ("}} {{A}}", ["A"]),
    ],
)
def test_placeholders(template: str | None, columns: list[str]) -> None:
    assert list(placeholders(template)) == columns


def test_a_column_that_feeds_the_same_twice_is_named_once() -> None:
    field = EntityField("Address", "Ip")
    alert = AlertContract(entities=(EntityMapping("IP", (field,)), EntityMapping("IP", (field,))), title="{{Ip}}")
    assert feeds(alert) == {"Ip": ("entity:IP.Address", "title")}


def test_output_fields_are_compared_by_their_exact_names() -> None:
    fields = (OutputField("IP", "project", 1, "string"), OutputField("ip", "project", 1, "string"))
    assert findings(AlertContract(title="{{ip}} {{IP}}"), output_fields=fields) == ()


@pytest.mark.parametrize("language", ["sigma", "eql", "esql", "kuery", "lucene", "ml", "yaral"])
def test_the_contract_is_one_of_kusto_rules_alone(language: str) -> None:
    alert = AlertContract(title="{{Nobody}} did it", custom_details=(("Who", "Nobody"),))
    assert len(findings(alert)) == 2
    rule = replace(FIRST.rule, alert=alert, language=language)
    assert alert_contract(rule, FIRST.analysis) == ()
