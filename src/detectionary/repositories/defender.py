"""Defender XDR custom detections: Microsoft Graph's `detectionRule` resource, written as YAML or JSON."""

from __future__ import annotations

from typing import Final

import msgspec

from detectionary.model.rule import AlertContract, FileContent, Rule, RuleKind, Schedule
from detectionary.repositories.durations import times
from detectionary.repositories.findings import Findings
from detectionary.repositories.positions import source_of
from detectionary.repositories.prose import clean, links, title_of_path
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.repositories.sentinel import is_yaml
from detectionary.repositories.wire import read_shape
from detectionary.text import Diagnostic, Level, Position, SourceText, Span
from detectionary.text.yamldoc import Document, MappingNode, ScalarNode, node_at, parse_yaml


class _Shape(msgspec.Struct, frozen=True, rename="camel"):
    pass


class _QueryCondition(_Shape, frozen=True):
    query_text: str = ""


class _ScheduleWire(_Shape, frozen=True):
    period: str | None = None


class _Asset(_Shape, frozen=True):
    type: str = msgspec.field(default="", name="@odata.type")
    identifier: str = ""


class _AlertTemplate(_Shape, frozen=True):
    title: str = ""
    description: str = ""
    severity: str | None = None
    category: str = ""
    recommended_actions: str = ""
    mitre_techniques: list[str] = []
    impacted_assets: list[_Asset] = []


class _Action(_Shape, frozen=True):
    type: str = msgspec.field(default="", name="@odata.type")
    identifier: str | list[str] = ""
    isolation_type: str = ""
    device_group_names: list[str] = []


class _DetectionAction(_Shape, frozen=True):
    alert_template: _AlertTemplate = _AlertTemplate()
    response_actions: list[_Action] = []


class DetectionRule(_Shape, frozen=True):
    """The resource as its authors write it; keys that only the service fills in are not read."""

    id: str = ""
    detector_id: str = ""
    display_name: str = ""
    is_enabled: bool | None = None
    created_by: str = ""
    query_condition: _QueryCondition = _QueryCondition()
    schedule: _ScheduleWire = _ScheduleWire()
    detection_action: _DetectionAction = _DetectionAction()


_DAILY_LOOKBACK: Final = "30d"


def accepts(path: str, head: str) -> bool:
    """YAML or JSON with the key `queryCondition`."""
    return (is_yaml(path) and ("\nqueryCondition:" in head or head.startswith("queryCondition:"))) or (
        path.lower().endswith(".json") and '"queryCondition"' in head
    )


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:  # noqa: ARG001  # every reader's form
    """The detections of a file, one a document. JSON is read as the YAML that it is."""
    stream = parse_yaml(text)
    only = len(stream.documents) == 1
    rules = tuple(
        _rule(
            document, number, Span(0, len(text)) if only else document.span, path, text, repository, stream.diagnostics
        )
        for number, document in enumerate(stream.documents, start=1)
        if isinstance(document.root, MappingNode)
    )
    if rules:
        return FileContent(rules)
    return FileContent(diagnostics=stream.diagnostics, ignored="not valid YAML, and no rule in what can be read")


def _rule(
    document: Document,
    number: int,
    body: Span,
    path: str,
    text: str,
    repository: Repository,
    faults: tuple[Diagnostic, ...],
) -> Rule:
    root = document.root
    assert isinstance(root, MappingNode)  # noqa: S101  # checked by the caller
    findings = Findings(root, body)
    findings.extend(faults)
    wire, mismatches = read_shape(root, DetectionRule, {})
    findings.extend(mismatches)
    template = wire.detection_action.alert_template
    title = clean(wire.display_name) or clean(template.title)
    if not title:
        findings.missing("displayName", "add a displayName; until then the file's name stands in for it")
        title = title_of_path(path)
    description = clean(template.description)
    return Rule(
        id=wire.id.strip() or wire.detector_id.strip() or repository.rule_id(path, number),
        title=title,
        language="kusto",
        source=repository.source(path),
        query=_query(root, text, path, findings),
        body=body.of(text),
        body_language="json" if path.lower().endswith(".json") else "yaml",
        kind=RuleKind.CUSTOM_DETECTION.value,
        description=description,
        references=tuple(dict.fromkeys((*links(template.description), *links(template.recommended_actions)))),
        author=wire.created_by.strip() or None,
        severity=findings.severity(template.severity, ("detectionAction", "alertTemplate", "severity")),
        status=None if wire.is_enabled is None else "enabled" if wire.is_enabled else "disabled",
        tactics=(template.category.strip(),) if template.category.strip() else (),
        techniques=tuple(technique.strip() for technique in template.mitre_techniques if technique.strip()),
        schedule=_schedule(wire.schedule.period, findings),
        alert=AlertContract(
            title=template.title or None,
            description=template.description.strip() or None,
            impacted_assets=tuple((_short_type(asset.type), asset.identifier) for asset in template.impacted_assets),
            response_actions=tuple(map(_action, wire.detection_action.response_actions)),
        ),
        diagnostics=findings.found(),
        body_start=text.count("\n", 0, body.start) + 1,
    )


def _query(root: MappingNode, text: str, path: str, findings: Findings) -> SourceText:
    node = node_at(root, ("queryCondition", "queryText"))
    if isinstance(node, ScalarNode) and node.text.strip():
        return source_of(node, text, path)
    findings.missing("queryCondition.queryText", "add the query as a block text: “queryText: |”", Level.ERROR)
    line = text.count("\n", 0, node.span.start) + 1
    return SourceText("", path, (Position(line, 1),))


def _schedule(period: str | None, findings: Findings) -> Schedule | None:
    """How often it runs; the service derives how far it looks back.

    Microsoft's documentation of custom detections: every hour looks back 4 hours, every 3 hours 12, every 12 hours 48,
    daily 30 days, and other frequencies likewise (four times below a day, 30 days from then on). Period 0 is continuous
    (near real time): it looks at each record once, as it arrives.
    """
    if period is None:
        findings.missing("schedule.period", "add a period, such as 1H")
        return None
    if period.strip() == "0":
        return Schedule("0s", None)
    frequency = findings.duration(period, ("schedule", "period"))
    if frequency is None:
        return None
    return Schedule(frequency, times(frequency, 4) if not frequency.endswith("d") else _DAILY_LOOKBACK)


def _short_type(odata: str) -> str:
    """`#microsoft.graph.security.impactedDeviceAsset` is "Device"."""
    name = odata.rpartition(".")[2].removeprefix("impacted").removesuffix("Asset")
    return name or odata


def _action(action: _Action) -> str:
    """`isolateDevice (deviceId, full)`."""
    name = action.type.rpartition(".")[2].removesuffix("ResponseAction") or action.type
    identifiers = action.identifier if isinstance(action.identifier, list) else [action.identifier]
    details = [each for each in (*identifiers, action.isolation_type, *action.device_group_names) if each]
    return f"{name} ({', '.join(details)})" if details else name
