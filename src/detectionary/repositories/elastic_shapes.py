"""Elastic's rules and hunts in the shape their authors write them, as TOML.

https://www.elastic.co/docs/api/doc/kibana (Security detections) lists the keys of a rule; `metadata`, hunts and
`transform` are the repository's own.
"""

from __future__ import annotations

import msgspec


class Shape(msgspec.Struct, frozen=True):
    """Every field has a default, since any may be missing."""


class Metadata(Shape, frozen=True):
    creation_date: str = ""
    updated_date: str = ""
    integration: str | list[str] = []
    maturity: str = ""
    min_stack_version: str = ""
    min_stack_comments: str = ""
    deprecation_date: str = ""
    deprecated_reason: str = ""
    promotion: bool = False
    bypass_bbr_timing: bool = False


class Named(Shape, frozen=True):
    """A tactic or a sub-technique."""

    id: str = ""
    name: str = ""


class Technique(Named, frozen=True):
    subtechnique: list[Named] = []


class Threat(Shape, frozen=True):
    framework: str = ""
    tactic: Named = Named()
    technique: list[Technique] = []


class ThreatMappings(Shape, frozen=True):
    """The same coverage in the words of one version of ATT&CK."""

    framework: str = ""
    version: str = ""
    threat: list[Threat] = []


class SeverityMapping(Shape, frozen=True):
    field: str = ""
    operator: str = ""
    value: str = ""
    severity: str = ""


class RiskScoreMapping(Shape, frozen=True):
    field: str = ""
    operator: str = ""
    value: str = ""


class Duration(Shape, frozen=True):
    value: int = 0
    unit: str = ""


class Suppression(Shape, frozen=True):
    group_by: list[str] = []
    duration: Duration | None = None
    missing_fields_strategy: str = ""


class InvestigationFields(Shape, frozen=True):
    field_names: list[str] = []


class RelatedIntegration(Shape, frozen=True):
    package: str = ""
    integration: str = ""
    version: str = ""


class RequiredField(Shape, frozen=True):
    name: str = ""
    type: str = ""


class Exceptions(Shape, frozen=True):
    list_id: str = ""
    type: str = ""
    namespace_type: str = ""


class Cardinality(Shape, frozen=True):
    field: str = ""
    value: float | None = None


class Threshold(Shape, frozen=True):
    field: list[str] = []
    value: float | None = None
    cardinality: list[Cardinality] = []


class NewTerms(Shape, frozen=True):
    """The repository writes `{field, value}`, Kibana the two settings themselves."""

    field: str = ""
    value: list[str] = []


class MappingEntry(Shape, frozen=True):
    field: str = ""
    type: str = ""
    value: str = ""
    negate: bool = False


class ThreatMapping(Shape, frozen=True):
    entries: list[MappingEntry] = []


class Rule(Shape, frozen=True):
    """`[rule]`. The query and the filters are read from their nodes."""

    rule_id: str = ""
    name: str = ""
    type: str = ""
    language: str = ""
    description: str = ""
    author: list[str] = []
    license: str = ""
    version: str = ""
    severity: str = ""
    severity_mapping: list[SeverityMapping] = []
    risk_score: str = ""
    risk_score_mapping: list[RiskScoreMapping] = []
    enabled: bool | None = None
    building_block_type: str = ""
    index: list[str] = []
    data_view_id: str = ""
    interval: str = ""
    from_: str = msgspec.field(default="", name="from")
    to: str = ""
    max_signals: str = ""
    tags: list[str] = []
    references: list[str] = []
    false_positives: list[str] = []
    note: str = ""
    setup: str = ""
    threat: list[Threat] = []
    threat_mappings: list[ThreatMappings] = []
    exceptions_list: list[Exceptions] = []
    investigation_fields: InvestigationFields = InvestigationFields()
    alert_suppression: Suppression | None = None
    related_integrations: list[RelatedIntegration] = []
    required_fields: list[RequiredField] = []
    rule_name_override: str = ""
    timestamp_override: str = ""
    timestamp_field: str = ""
    tiebreaker_field: str = ""
    event_category_override: str = ""
    timeline_title: str = ""
    timeline_id: str = ""
    threshold: Threshold | None = None
    new_terms: NewTerms | None = None
    new_terms_fields: list[str] = []
    threat_mapping: list[ThreatMapping] = []
    anomaly_threshold: int | None = None
    machine_learning_job_id: str | list[str] = ""
    saved_id: str = ""


class Investigation(Shape, frozen=True):
    label: str = ""


class Transform(Shape, frozen=True):
    """Queries that the investigation guide offers."""

    osquery: list[Investigation] = []
    investigate: list[Investigation] = []


class RuleFile(Shape, frozen=True):
    metadata: Metadata = Metadata()
    rule: Rule = Rule()
    transform: Transform = Transform()


class Hunt(Shape, frozen=True):
    """`[hunt]`: several queries for one idea. They are read from their nodes."""

    uuid: str = ""
    name: str = ""
    description: str = ""
    author: str | list[str] = ""
    integration: list[str] = []
    language: list[str] = []
    license: str = ""
    notes: list[str] = []
    mitre: list[str] = []
    references: list[str] = []


class HuntFile(Shape, frozen=True):
    hunt: Hunt = Hunt()


UNREAD_NAMES = frozenset(
    (
        *("query", "filters", "threat_index", "threat_query", "threat_language", "threat_filters"),
        *("threat_indicator_path", "actions", "response_actions", "meta", "throttle", "revision"),
        *("history_window_start", "items_per_search", "concurrent_searches"),
    )
)
"""Keys of a rule that its shape does not hold: queries, filters, what is shown as it is written, and what says nothing
about the rule that the catalog keeps."""
