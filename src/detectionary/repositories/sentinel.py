"""Microsoft Sentinel rules in YAML: analytics rules (Scheduled, NRT), hunting queries and exploration queries.

The form is that of the Azure-Sentinel repository (its wiki page "Query Style Guide"), with the older forms found there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from detectionary.model.rule import (
    AlertContract,
    Connector,
    EntityField,
    EntityMapping,
    FileContent,
    Rule,
    RuleKind,
    Schedule,
    Trigger,
)
from detectionary.repositories import sentinel_shapes as shapes
from detectionary.repositories.findings import Findings
from detectionary.repositories.positions import source_of
from detectionary.repositories.prose import clean, links, title_of_path
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.repositories.wire import read_shape
from detectionary.text import Diagnostic, Level, Position, SourceText, Span
from detectionary.text.yamldoc import Document, MappingNode, ScalarNode, parse_yaml

_NAMES: Final = shapes.OLD_NAMES | shapes.MISSPELT_NAMES
_KNOWN: Final = (
    frozenset(field.encode_name for field in msgspec.structs.fields(shapes.SentinelFile))
    | _NAMES.keys()
    | shapes.UNREAD_NAMES
)
_OWN_KEYS: Final = frozenset(
    (
        *("tactics", "relevantTechniques", "requiredDataConnectors", "entityMappings"),
        *("queryFrequency", "queryPeriod", "triggerOperator", "triggerThreshold"),
    )
)
_RULE_KEYS: Final = _OWN_KEYS | {"id", "name", "displayName", "severity"}
"""A document with three of these, one of them Sentinel's own, is a rule even when its query is missing."""

_OPERATORS: Final = {
    **dict.fromkeys(("gt", "greaterthan", ">"), "gt"),
    **dict.fromkeys(("lt", "lessthan", "<"), "lt"),
    **dict.fromkeys(("eq", "equal", "equals", "="), "eq"),
    **dict.fromkeys(("ne", "notequal", "notequals", "!="), "ne"),
}


def is_yaml(path: str) -> bool:
    """By the file's name; a few upstream names have a blank before the ending or behind it."""
    name = path.lower().rstrip()
    return name.endswith((".yaml", ".yml", ". yaml", ". yml"))


def accepts(path: str, head: str) -> bool:  # noqa: ARG001  # the form of every reader
    """Every YAML file that no other reader took: this one says what it is when it is no rule."""
    return is_yaml(path)


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:  # noqa: ARG001  # as above
    """The rules of a Sentinel YAML file, one a document."""
    stream = parse_yaml(text)
    only = len(stream.documents) == 1
    rules = tuple(
        _rule(
            document, number, Span(0, len(text)) if only else document.span, path, text, repository, stream.diagnostics
        )
        for number, document in enumerate(stream.documents, start=1)
        if isinstance(document.root, MappingNode) and _is_rule(document.root)
    )
    if rules:
        return FileContent(rules)
    if stream.diagnostics:
        return FileContent(diagnostics=stream.diagnostics, ignored="not valid YAML, and no rule in what can be read")
    return FileContent(ignored="YAML without a query" if stream.documents else "an empty file")


def _is_rule(root: MappingNode) -> bool:
    keys = {key.text for key, _ in root.pairs}
    return "query" in keys or (len(keys & _RULE_KEYS) >= 3 and not keys.isdisjoint(_OWN_KEYS))


def _rule(
    document: Document,
    number: int,
    body: Span,
    path: str,
    text: str,
    repository: Repository,
    faults: Iterable[Diagnostic],
) -> Rule:
    """One document as a rule; whatever is missing or wrong is a diagnostic."""
    root = document.root
    assert isinstance(root, MappingNode)  # noqa: S101  # checked by the caller
    findings = Findings(root, body)
    findings.extend(faults)
    wire, mismatches = read_shape(root, shapes.SentinelFile, _NAMES)
    findings.extend(mismatches)
    findings.check_keys(root, _KNOWN, shapes.MISSPELT_NAMES, "a Sentinel rule")
    kind = _kind(wire, path)
    description, references = _description(wire)
    identifier = wire.id.strip()
    if not identifier:
        findings.missing("id", "add an id (a new GUID); until then one is made from the path")
        identifier = repository.rule_id(path, number)
    title = clean(wire.name)
    if not title:
        findings.missing("name", "add a name; until then the file's name stands in for it")
        title = title_of_path(path)
    return Rule(
        id=identifier,
        title=title,
        language="kusto",
        source=repository.source(path),
        query=_query(root, text, path, body, findings),
        body=body.of(text),
        body_language="yaml",
        kind=kind,
        description=description,
        references=references,
        author=_author(wire),
        version=wire.version.strip() if wire.version else None,
        severity=findings.severity(wire.severity, ("severity",)),
        status=_status(wire),
        tags=tuple(_tags(wire.tags)),
        tactics=_stripped(wire.tactics),
        techniques=_stripped(wire.relevant_techniques),
        connectors=tuple(
            Connector(each.connector_id.strip(), _stripped(each.data_types)) for each in _connectors(wire)
        ),
        schedule=_schedule(wire, kind, findings),
        trigger=_trigger(wire, kind, findings),
        alert=_alert(wire, findings),
        diagnostics=findings.found(),
        body_start=text.count("\n", 0, body.start) + 1,
    )


def _query(root: MappingNode, text: str, path: str, body: Span, findings: Findings) -> SourceText:
    node = root.get("query")
    if isinstance(node, ScalarNode) and node.text.strip():
        return source_of(node, text, path)
    if node is None or isinstance(node, ScalarNode):
        findings.missing("query", "add the query as a block text: “query: |”", Level.ERROR)
    else:
        advice = "write the query as a block text: “query: |”"
        findings.warn("RUL102", "query is no text", ("query",), advice)
    at = body.start if node is None else node.span.start
    line = text.count("\n", 0, at) + 1
    return SourceText("", path, (Position(line, at - text.rfind("\n", 0, at)),))


def _kind(wire: shapes.SentinelFile, path: str) -> str:
    """The kind that is written; else by what the rule has: a schedule, the form of an exploration query, or neither."""
    if wire.kind and wire.kind.strip():
        written = wire.kind.strip()
        return next((kind.value for kind in RuleKind if kind.value.lower() == written.lower()), written)
    if wire.query_frequency or wire.query_period or wire.trigger_operator:
        return RuleKind.SCHEDULED.value
    if wire.input_entity_type or "Exploration Queries/" in path:
        return RuleKind.QUERY.value
    return RuleKind.HUNTING.value


def _description(wire: shapes.SentinelFile) -> tuple[str, tuple[str, ...]]:
    """The description (with the detailed one, where it says more), and all links."""
    short, detailed = clean(wire.description), clean(wire.description_detailed)
    both = short if detailed.startswith(short) or not short else f"{short}\n\n{detailed}"
    description = detailed if detailed.startswith(short) and detailed else both if detailed else short
    named = (link for reference in wire.references for link in links(reference) or (reference.strip(),) if link)
    return description, tuple(dict.fromkeys((*named, *links(wire.description), *links(wire.description_detailed))))


def _author(wire: shapes.SentinelFile) -> str | None:
    """`metadata.author.name`; or `author`, where the block was written one level too high."""
    author = wire.metadata.author if wire.metadata is not None and wire.metadata.author is not None else wire.author
    name = author if isinstance(author, str) or author is None else author.name
    return name.strip() or None if name else None


def _status(wire: shapes.SentinelFile) -> str | None:
    """The status that is written; else whether the rule is switched off, where that is said."""
    if wire.status and wire.status.strip():
        return wire.status.strip().lower()
    return "disabled" if wire.enabled is False else None


def _tags(tags: list[str | dict[str, str]]) -> Iterator[str]:
    for tag in tags:
        if isinstance(tag, str):
            if tag.strip():
                yield tag.strip()
        else:
            yield from (f"{name}: {value}" for name, value in tag.items())


def _stripped(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name.strip() for name in names if name.strip())


def _connectors(wire: shapes.SentinelFile) -> Iterator[shapes.Connector]:
    """Those that are named; templates leave an empty one."""
    return (each for each in wire.required_data_connectors if each.connector_id.strip() or each.data_types)


def _schedule(wire: shapes.SentinelFile, kind: str, findings: Findings) -> Schedule | None:
    if kind == RuleKind.SCHEDULED.value:
        for key, value in (("queryFrequency", wire.query_frequency), ("queryPeriod", wire.query_period)):
            if not value:
                findings.missing(key, f"a scheduled rule needs {key}, such as 1h")
    elif not (wire.query_frequency or wire.query_period):
        return None
    return Schedule(
        findings.duration(wire.query_frequency, ("queryFrequency",)),
        findings.duration(wire.query_period, ("queryPeriod",)),
    )


def _trigger(wire: shapes.SentinelFile, kind: str, findings: Findings) -> Trigger | None:
    written = wire.trigger_operator
    if written is None or wire.trigger_threshold is None:
        if kind == RuleKind.SCHEDULED.value:
            for key, value in (("triggerOperator", written), ("triggerThreshold", wire.trigger_threshold)):
                if value is None:
                    findings.missing(key, f"a scheduled rule needs {key}")
        return None
    operator = _OPERATORS.get(written.strip().lower())
    if operator is None:
        findings.warn("RUL103", f"“{written}” is no trigger operator", ("triggerOperator",), "write gt, lt, eq or ne")
        return None
    return Trigger(operator, wire.trigger_threshold)


def _alert(wire: shapes.SentinelFile, findings: Findings) -> AlertContract:
    override = wire.alert_details_override or shapes.AlertDetailsOverride()
    details = [(each.alert_property, each.value) for each in override.alert_dynamic_properties]
    details.extend(("sentinelEntities", each.column_name) for each in wire.sentinel_entities_mappings)
    suppression = wire.suppression_duration if wire.suppression_enabled else None
    return AlertContract(
        entities=tuple(
            EntityMapping(
                entity.entity_type.strip(),
                tuple(EntityField(each.identifier.strip(), each.column_name.strip()) for each in entity.field_mappings),
            )
            for entity in wire.entity_mappings
        ),
        custom_details=tuple(wire.custom_details.items()),
        title=override.alert_display_name_format,
        description=override.alert_description_format,
        severity_column=override.alert_severity_column_name or None,
        tactics_column=override.alert_tactics_column_name or None,
        details=tuple(details),
        event_grouping=wire.event_grouping_settings.aggregation_kind if wire.event_grouping_settings else None,
        grouping=tuple(_grouping(wire.incident_configuration, findings)),
        suppression=findings.duration(suppression, ("suppressionDuration",)),
    )


def _grouping(incident: shapes.IncidentConfiguration | None, findings: Findings) -> Iterator[tuple[str, str]]:
    """Incident settings as (setting, value) pairs."""
    if incident is None:
        return
    yield "createIncident", _word(incident.create_incident)
    grouping = incident.grouping_configuration
    if grouping is None:
        return
    path = ("incidentConfiguration", "groupingConfiguration", "lookbackDuration")
    yield "grouping", _word(grouping.enabled)
    if not grouping.enabled:
        return
    yield "reopenClosedIncident", _word(grouping.reopen_closed_incident)
    if (lookback := findings.duration(grouping.lookback_duration, path)) is not None:
        yield "lookbackDuration", lookback
    if grouping.matching_method:
        yield "matchingMethod", grouping.matching_method
    for setting, names in (
        ("groupByEntities", grouping.group_by_entities),
        ("groupByAlertDetails", grouping.group_by_alert_details),
        ("groupByCustomDetails", grouping.group_by_custom_details),
    ):
        if names:
            yield setting, ", ".join(names)


def _word(value: bool) -> str:
    return "true" if value else "false"
