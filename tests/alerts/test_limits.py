"""The documented limits, each at its edge and one beyond."""

from __future__ import annotations

import json

import pytest

from detectionary.alerts import Evaluation
from detectionary.model.rule import Rule
from tests.alerts.evaluating import evaluated, rule_of, table

PER_RESULT = "eventGroupingSettings:\n  aggregationKind: AlertPerResult\n"


def codes(evaluation: Evaluation) -> list[str]:
    return [finding.code for finding in evaluation.diagnostics]


def numbered(count: int, prefix: str = "v") -> list[tuple[object, ...]]:
    return [(f"{prefix}{number}",) for number in range(count)]


@pytest.mark.parametrize(("kind", "most"), [("Scheduled", 150), ("NRT", 30)])
def test_alerts_of_a_run(kind: str, most: int) -> None:
    rule = rule_of(f"kind: {kind}\n{PER_RESULT}")
    edge = evaluated(rule, table("A", *numbered(most)))
    assert [alert.result_count for alert in edge.alerts] == [1] * most
    assert codes(edge) == []
    beyond = evaluated(rule, table("A", *numbered(most + 1)))
    assert [alert.result_count for alert in beyond.alerts] == [1] * (most - 1) + [most + 1]
    assert beyond.alerts[-2].rows == ({"A": f"v{most - 2}"},)
    assert codes(beyond) == ["ALERT105"]


def test_alerts_of_a_custom_detection() -> None:
    rule = rule_of(
        "displayName: D\nqueryCondition:\n  queryText: T\nschedule:\n  period: 1H\n"
        'detectionAction:\n  alertTemplate:\n    title: "{{A}}"\n'
    )
    edge = evaluated(rule, table("A", *numbered(150)))
    assert (len(edge.alerts), codes(edge)) == (150, [])
    beyond = evaluated(rule, table("A", *numbered(151)))
    assert [alert.title for alert in beyond.alerts] == [f"v{number}" for number in range(150)]
    assert codes(beyond) == ["ALERT105"]


def mappings(count: int) -> str:
    each = "  - entityType: IP\n    fieldMappings:\n      - identifier: Address\n        columnName: A\n"
    return "entityMappings:\n" + each * count


def test_mappings_of_a_rule() -> None:
    assert codes(evaluated(rule_of(mappings(10)), table("A", ("a",)))) == []
    assert codes(evaluated(rule_of(mappings(11)), table("A", ("a",)))) == ["ALERT104"]


TWO = """
entityMappings:
  - entityType: IP
    fieldMappings:
      - identifier: Address
        columnName: A
  - entityType: Host
    fieldMappings:
      - identifier: HostName
        columnName: B
"""


def test_entities_are_shared_out_among_the_mappings() -> None:
    """Two mappings may name 250 each; what one leaves unused is not the other's."""
    rows = [(f"a{number}", f"b{number % 3}") for number in range(250)]
    edge = evaluated(rule_of(TWO), table("A B", *rows))
    assert (len(edge.alerts[0].entities), codes(edge)) == (253, [])
    beyond = evaluated(rule_of(TWO), table("A B", *rows, ("a250", "b3"), ("a0", "b4")))
    (alert,) = beyond.alerts
    assert sum(entity.type == "IP" for entity in alert.entities) == 250
    assert [dict(entity.fields)["HostName"] for entity in alert.entities if entity.type == "Host"] == [
        f"b{number}" for number in range(5)
    ]
    assert [finding.place for finding in beyond.diagnostics] == ["entityMappings[0]"]


def test_an_entity_that_another_mapping_named_counts_for_both() -> None:
    rows = [(f"a{number}", f"a{number}") for number in range(250)]
    both = TWO.replace("Host\n", "IP\n").replace("HostName", "Address")
    full = evaluated(rule_of(both), table("A B", *rows, ("a0", "new")))
    assert (len(full.alerts[0].entities), [each.place for each in full.diagnostics]) == (250, ["entityMappings[1]"])


def test_a_mapping_that_cannot_be_raised_has_its_share() -> None:
    rows = [(f"a{number}", "b") for number in range(251)]
    one = evaluated(rule_of(TWO.replace("Host\n", "Gadget\n")), table("A B", *rows))
    assert (len(one.alerts[0].entities), codes(one)) == (250, ["ALERT103", "ALERT105"])


def test_an_entity_that_comes_again_takes_no_second_place() -> None:
    """In the share of a mapping, and in the size of the whole."""
    rule = rule_of("sentinelEntitiesMappings:\n  - columnName: A\n")
    listed: list[object] = [{"Address": f"a{number}", "Type": "ip"} for number in range(500)]
    full = evaluated(rule, table("A:dynamic", (listed,), (listed[:1],)))
    assert (len(full.alerts[0].entities), codes(full)) == (500, [])
    long = "x" * 40_000
    both = evaluated(rule_of(TWO.replace("Host\n", "IP\n").replace("HostName", "Address")), table("A B", (long, long)))
    assert (len(both.alerts[0].entities), codes(both)) == (1, [])


def test_entities_fill_64_kb() -> None:
    """In the form of the `Entities` field, nulls left out. What comes after the first that does not fit is dropped."""
    rule = rule_of(
        "entityMappings:\n  - entityType: CloudApplication\n    fieldMappings:\n"
        "      - identifier: AppId\n        columnName: B\n      - identifier: Name\n        columnName: A\n"
    )
    names = [f"{number:03}" + "x" * 640 for number in range(93)]

    def field(*more: str) -> str:
        every = enumerate((*names, *more), start=1)
        written = [{"$id": str(number), "Name": name, "Type": "cloud-application"} for number, name in every]
        return json.dumps(written, separators=(",", ":"))

    def raised(*more: str) -> Evaluation:
        return evaluated(rule, table("A B:long", *((name, None) for name in (*names, *more))))

    last = "y" * (64 * 1024 - len(field("")))
    assert len(field(last)) == 64 * 1024
    edge = raised(last)
    assert (len(edge.alerts[0].entities), codes(edge)) == (94, [])
    beyond = raised(last + "y", "small")
    assert (len(beyond.alerts[0].entities), codes(beyond)) == (93, ["ALERT105"])


def details(count: int) -> str:
    return "customDetails:\n" + "".join(f"  D{number}: A\n" for number in range(count))


def test_custom_details_of_a_rule() -> None:
    assert codes(evaluated(rule_of(details(20)), table("A", ("a",)))) == []
    over = evaluated(rule_of(details(21)), table("A", ("a",)))
    assert (len(over.alerts[0].custom_details), codes(over)) == (21, ["ALERT104"])


def test_values_of_a_custom_detail() -> None:
    rule = rule_of("customDetails:\n  D: A\n")
    edge = evaluated(rule, table("A", *numbered(50), ("v0",)))
    assert (len(edge.alerts[0].custom_details[0][1]), codes(edge)) == (50, [])
    beyond = evaluated(rule, table("A", *numbered(51)))
    assert beyond.alerts[0].custom_details == (("D", tuple(f"v{number}" for number in range(50))),)
    assert codes(beyond) == ["ALERT105"]


def test_custom_details_fill_2_kb() -> None:
    """A value that does not fit is dropped; a later one that fits is kept. `{"D":["…"]}` is 10 bytes and the value."""
    rule = rule_of("customDetails:\n  D: A\n")
    fits = "ä" * 1019
    edge = evaluated(rule, table("A", (fits,)))
    assert (edge.alerts[0].custom_details, codes(edge)) == ((("D", (fits,)),), [])
    beyond = evaluated(rule, table("A", ("x" * 2039,), ("small",)))
    assert (beyond.alerts[0].custom_details, codes(beyond)) == ((("D", ("small",)),), ["ALERT105"])


@pytest.mark.parametrize(
    ("key", "name", "size"),
    [("alertDisplayNameFormat", "title", 256), ("alertDescriptionFormat", "description", 5 * 1024)],
)
def test_title_and_description_are_bytes_long(key: str, name: str, size: int) -> None:
    rule = rule_of(f'alertDetailsOverride:\n  {key}: "ä{{{{A}}}}"\n')
    fits = "x" * (size - 2)
    edge = evaluated(rule, table("A", (fits,)))
    assert (getattr(edge.alerts[0], name), codes(edge)) == ("ä" + fits, [])
    beyond = evaluated(rule, table("A", (fits + "x",)))
    assert getattr(beyond.alerts[0], name) == getattr(rule, name)
    assert codes(beyond) == ["ALERT106"]


@pytest.mark.parametrize("grouping", ["", PER_RESULT], ids=["single", "per result"])
def test_a_property_takes_50_values_in_a_run(grouping: str) -> None:
    """With one more, all alerts have the rule's own; a value that comes again is none more."""
    rule = rule_of(grouping + 'alertDetailsOverride:\n  alertDisplayNameFormat: "{{A}}"\n')
    edge = evaluated(rule, table("A", *numbered(50), ("v0",), ("",)))
    assert edge.alerts[0].title == "v0"
    beyond = evaluated(rule, table("A", *numbered(51)))
    assert {alert.title for alert in beyond.alerts} == {rule.title}
    assert codes(beyond) == ["ALERT106"]


def test_other_limits_are_not_those_of_custom_detections() -> None:
    rule: Rule = rule_of(
        "displayName: D\nqueryCondition:\n  queryText: T\nschedule:\n  period: 1H\n"
        'detectionAction:\n  alertTemplate:\n    title: "{{A}}"\n'
    )
    long = "x" * 300
    found = evaluated(rule, table("A", *numbered(60), (long,)))
    assert ([found.alerts[0].title, found.alerts[-1].title], codes(found)) == (["v0", long], [])
