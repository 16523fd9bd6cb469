"""What else a rule of Elastic states that a reader wants to see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from detectionary.repositories import elastic_shapes as shapes
from detectionary.repositories.prose import clean


def facts(file: shapes.RuleFile) -> Iterator[tuple[str, str]]:
    """(name, text) pairs; what the rule does not say is left out."""
    rule, metadata = file.rule, file.metadata
    for name, stated in (
        ("Risk score", rule.risk_score),
        ("Severity mapping", _lines(map(_severity, rule.severity_mapping))),
        ("Risk score mapping", _lines(map(_risk, rule.risk_score_mapping))),
        ("Building block", rule.building_block_type),
        ("Alerts promoted", "yes" if metadata.promotion else ""),
        ("Switched on", "" if rule.enabled is None else "yes" if rule.enabled else "no"),
        ("Looks until", rule.to.removeprefix("now")),
        ("Alerts a run, at most", rule.max_signals),
        ("Alert suppression", _suppression(rule.alert_suppression)),
        ("Exceptions", ", ".join(map(_exceptions, rule.exceptions_list))),
        ("Machine learning jobs", ", ".join(_listed(rule.machine_learning_job_id))),
        ("Saved query", rule.saved_id),
        ("Data view", rule.data_view_id),
        ("Timestamp override", rule.timestamp_override),
        ("Timestamp field", rule.timestamp_field),
        ("Tiebreaker field", rule.tiebreaker_field),
        ("Event category override", rule.event_category_override),
        ("Timeline", rule.timeline_title or rule.timeline_id),
        ("Related integrations", ", ".join(map(_integration, rule.related_integrations))),
        ("Required fields", ", ".join(filter(None, (each.name for each in rule.required_fields)))),
        ("Minimum stack version", metadata.min_stack_version),
        ("Why this stack version", metadata.min_stack_comments),
        ("Deprecated on", metadata.deprecation_date.replace("/", "-")),
        ("Deprecated because", metadata.deprecated_reason),
        ("MITRE ATLAS", _lines(_coverage(threat for threat in rule.threat if "ATLAS" in threat.framework))),
        *(
            (f"{each.framework or 'MITRE ATT&CK'} {each.version}".strip(), _lines(_coverage(each.threat)))
            for each in rule.threat_mappings
        ),
        ("Investigation queries", _lines(each.label for each in file.transform.investigate)),
        ("Osquery queries", _lines(each.label for each in file.transform.osquery)),
        ("Setup", rule.setup),
        ("Investigation guide", rule.note),
    ):
        if said := clean(stated):
            yield name, said


def suppressed(suppression: shapes.Suppression) -> Iterator[tuple[str, str]]:
    """By what alerts are held together, as (setting, value)."""
    if suppression.group_by:
        yield "suppressBy", ", ".join(suppression.group_by)
    if suppression.missing_fields_strategy:
        yield "missingFields", suppression.missing_fields_strategy


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(filter(None, texts))


def _listed(stated: str | list[str]) -> list[str]:
    return [stated] if isinstance(stated, str) else stated


def _severity(mapping: shapes.SeverityMapping) -> str:
    """`Esql.verdict = SUSPICIOUS: low`"""
    return f"{mapping.field} = {mapping.value}: {mapping.severity}"


def _risk(mapping: shapes.RiskScoreMapping) -> str:
    return f"{mapping.field} = {mapping.value}" if mapping.value else mapping.field


def _suppression(suppression: shapes.Suppression | None) -> str:
    if suppression is None:
        return ""
    parts = [f"one alert for {', '.join(suppression.group_by)}" if suppression.group_by else "one alert"]
    if suppression.duration is not None:
        parts.append(f"in {suppression.duration.value}{suppression.duration.unit}")
    if suppression.missing_fields_strategy:
        parts.append(f"(fields missing: {suppression.missing_fields_strategy})")
    return " ".join(parts)


def _exceptions(exceptions: shapes.Exceptions) -> str:
    """`endpoint_list (endpoint, agnostic)`"""
    about = ", ".join(filter(None, (exceptions.type, exceptions.namespace_type)))
    return f"{exceptions.list_id} ({about})" if about else exceptions.list_id


def _integration(integration: shapes.RelatedIntegration) -> str:
    return " ".join(filter(None, (integration.package, integration.integration, integration.version)))


def _coverage(threats: Iterable[shapes.Threat]) -> Iterator[str]:
    """`TA0005 Stealth: T1027, T1027.010`"""
    for threat in threats:
        techniques = [
            each.id for technique in threat.technique for each in (technique, *technique.subtechnique) if each.id
        ]
        tactic = f"{threat.tactic.id} {threat.tactic.name}".strip()
        yield f"{tactic}: {', '.join(techniques)}" if techniques else tactic
