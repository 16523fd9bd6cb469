"""The alert contract: does the query output every column that the rule promises to its alert?

Column names are case-sensitive in Kusto, and Sentinel drops an entity, a custom detail or a placeholder whose column
the query does not return, without a word. So a wrong name is found here, before the rule is deployed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from detectionary.model.analysis import Analysis
from detectionary.model.rule import AlertContract, Rule
from detectionary.text import Diagnostic, Level

MISSING_COLUMN = "ALERT101"
WRONG_CASE = "ALERT102"


def alert_contract(rule: Rule, analysis: Analysis) -> tuple[Diagnostic, ...]:
    """One diagnostic for each use of a column that the query does not output.

    None when the output fields are not all known (`open_fields`), or when the query has syntax errors; and none for
    rules in other languages, whose alerts hold the whole event: the contract is Sentinel's and Defender XDR's.
    """
    if rule.language != "kusto":
        return ()
    if analysis.open_fields or not analysis.accepted or not analysis.output_fields:
        return ()
    return missing_columns(rule.alert, tuple(field.name for field in analysis.output_fields))


def missing_columns(alert: AlertContract, names: tuple[str, ...]) -> tuple[Diagnostic, ...]:
    """One diagnostic for each use of a column that is not among `names`, the columns that the query outputs."""
    known = frozenset(names)
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.lower(), name)
    return tuple(
        _finding(place, what, column, names, folded) for place, what, column in _uses(alert) if column not in known
    )


def feeds(alert: AlertContract) -> Mapping[str, tuple[str, ...]]:
    """Which parts of the alert each column fills: "entity:Account.Name", "custom_detail:AWSRegion", "title", …"""
    fed: dict[str, list[str]] = {}

    def add(column: str, target: str) -> None:
        targets = fed.setdefault(column, [])
        if target not in targets:
            targets.append(target)

    for entity in alert.entities:
        for field in entity.fields:
            add(field.column, f"entity:{entity.type}.{field.identifier}")
    for name, column in alert.custom_details:
        add(column, f"custom_detail:{name}")
    for column in placeholders(alert.title):
        add(column, "title")
    for column in placeholders(alert.description):
        add(column, "description")
    if alert.severity_column is not None:
        add(alert.severity_column, "severity")
    if alert.tactics_column is not None:
        add(alert.tactics_column, "tactics")
    for name, column in alert.details:
        add(column, f"detail:{name}")
    for kind, identifier in alert.impacted_assets:
        add(asset_column(identifier), f"impacted_asset:{kind}")
    return {column: tuple(targets) for column, targets in fed.items()}


def asset_column(identifier: str) -> str:
    """The column that an impacted asset's identifier stands for: Microsoft Graph writes `DeviceId` as "deviceId"."""
    return identifier[:1].upper() + identifier[1:]


def placeholders(template: str | None) -> Iterator[str]:
    """The columns named by `{{Column}}` in a title or description format, in order, each once."""
    seen: set[str] = set()
    at = 0
    while template is not None and (start := template.find("{{", at)) >= 0:
        end = template.find("}}", start)
        if end < 0:
            return
        column = template[start + 2 : end].strip()
        at = end + 2
        if column and column not in seen:
            seen.add(column)
            yield column


def _uses(alert: AlertContract) -> Iterator[tuple[str, str, str]]:
    """(place, what it is in words, column) of every column that the contract names."""
    for number, entity in enumerate(alert.entities):
        for index, field in enumerate(entity.fields):
            place = f"entityMappings[{number}].fieldMappings[{index}]"
            yield place, f"the entity {entity.type} takes {field.identifier} from", field.column
    for name, column in alert.custom_details:
        yield "customDetails", f"the custom detail {name} takes its value from", column
    for column in placeholders(alert.title):
        yield "alertDetailsOverride.alertDisplayNameFormat", "the title names", column
    for column in placeholders(alert.description):
        yield "alertDetailsOverride.alertDescriptionFormat", "the description names", column
    if alert.severity_column is not None:
        yield "alertDetailsOverride.alertSeverityColumnName", "the severity comes from", alert.severity_column
    if alert.tactics_column is not None:
        yield "alertDetailsOverride.alertTacticsColumnName", "the tactics come from", alert.tactics_column
    for name, column in alert.details:
        yield "alertDetailsOverride.alertDynamicProperties", f"the alert property {name} comes from", column
    for kind, identifier in alert.impacted_assets:
        yield "impactedAssets", f"the impacted {kind} comes from", asset_column(identifier)


def _finding(place: str, what: str, column: str, names: tuple[str, ...], folded: Mapping[str, str]) -> Diagnostic:
    twin = folded.get(column.lower())
    if twin is not None:
        return Diagnostic(
            WRONG_CASE,
            Level.ERROR,
            f'{what} "{column}", but the query outputs "{twin}": column names are case-sensitive',
            help=f'write "{twin}"',
            place=place,
        )
    near = get_close_matches(column, names, n=1)
    return Diagnostic(
        MISSING_COLUMN,
        Level.ERROR,
        f'{what} "{column}", a column that the query does not output',
        help=f'the nearest output field is "{near[0]}"'
        if near
        else "add the column to the query's last project or extend",
        place=place,
    )
