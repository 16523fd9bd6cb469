"""Sentinel's YAML in the shape its authors write it: analytics rules, hunting and exploration queries."""

from __future__ import annotations

import msgspec


class Shape(msgspec.Struct, frozen=True, rename="camel"):
    """Keys in camel case; every field has a default, since any may be missing."""


class Connector(Shape, frozen=True):
    connector_id: str = ""
    data_types: list[str] = []


class FieldMapping(Shape, frozen=True):
    identifier: str = ""
    column_name: str = ""


class EntityMapping(Shape, frozen=True):
    entity_type: str = ""
    field_mappings: list[FieldMapping] = []


class DynamicProperty(Shape, frozen=True):
    alert_property: str = ""
    value: str = ""


class AlertDetailsOverride(Shape, frozen=True):
    alert_display_name_format: str | None = None
    alert_description_format: str | None = None
    alert_severity_column_name: str | None = None
    alert_tactics_column_name: str | None = None
    alert_dynamic_properties: list[DynamicProperty] = []


class EventGrouping(Shape, frozen=True):
    aggregation_kind: str | None = None


class Grouping(Shape, frozen=True):
    enabled: bool = False
    reopen_closed_incident: bool = False
    lookback_duration: str | None = None
    matching_method: str | None = None
    group_by_entities: list[str] = []
    group_by_alert_details: list[str] = []
    group_by_custom_details: list[str] = []


class IncidentConfiguration(Shape, frozen=True):
    create_incident: bool = True
    grouping_configuration: Grouping | None = None


class Named(Shape, frozen=True):
    """`author`, `source` and `support`: who, of what kind, with which tier."""

    name: str | None = None
    kind: str | None = None
    tier: str | None = None


class Metadata(Shape, frozen=True):
    author: Named | str | None = None
    source: Named | str | None = None
    support: Named | str | None = None


class SentinelEntity(Shape, frozen=True):
    column_name: str = ""


class SentinelFile(Shape, frozen=True):
    """An analytics rule, hunting query or exploration query. The query itself is read from its node, with its lines."""

    id: str = ""
    name: str = ""
    description: str = ""
    description_detailed: str = msgspec.field(default="", name="description-detailed")
    severity: str | None = None
    status: str | None = None
    kind: str | None = None
    version: str | None = None
    enabled: bool | None = None
    required_data_connectors: list[Connector] = []
    query_frequency: str | None = None
    query_period: str | None = None
    trigger_operator: str | None = None
    trigger_threshold: int | None = None
    tactics: list[str] = []
    relevant_techniques: list[str] = []
    tags: list[str | dict[str, str]] = []
    entity_mappings: list[EntityMapping] = []
    sentinel_entities_mappings: list[SentinelEntity] = []
    custom_details: dict[str, str] = {}
    alert_details_override: AlertDetailsOverride | None = None
    event_grouping_settings: EventGrouping | None = None
    incident_configuration: IncidentConfiguration | None = None
    suppression_enabled: bool = False
    suppression_duration: str | None = None
    metadata: Metadata | None = None
    author: Named | str | None = None
    source: Named | str | None = None
    support: Named | str | None = None
    references: list[str] = []
    input_entity_type: str | None = None
    data_sources: list[str] = []


OLD_NAMES = {
    "Id": "id",
    "Name": "name",
    "DisplayName": "name",
    "displayName": "name",
    "title": "name",
    "Description": "description",
    "description_detailed": "description-detailed",
    "Severity": "severity",
    "Tactics": "tactics",
    "techniques": "relevantTechniques",
    "Techniques": "relevantTechniques",
    "Tags": "tags",
    "References": "references",
    "InputEntityType": "inputEntityType",
    "DataSources": "dataSources",
    "incidentGrouping": "incidentConfiguration",
}
"""Keys of the older forms, and of Sentinel's own export, that mean the same."""

MISSPELT_NAMES = {
    "requiredTechniques": "relevantTechniques",
    "relevantTechnique": "relevantTechniques",
    "relatedTechniques": "relevantTechniques",
    "RelevantTechniques": "relevantTechniques",
    "tactic": "tactics",
    "tag": "tags",
    "requiredDataConnector": "requiredDataConnectors",
    "requireDataConnectors": "requiredDataConnectors",
    "entityMapping": "entityMappings",
    "customDetail": "customDetails",
    "alertDetailOverride": "alertDetailsOverride",
    "alertDetailsOverrides": "alertDetailsOverride",
    "eventGroupingSetting": "eventGroupingSettings",
    "queryfrequency": "queryFrequency",
    "queryperiod": "queryPeriod",
    "triggeroperator": "triggerOperator",
    "triggerthreshold": "triggerThreshold",
}
"""Keys that people wrote instead of the documented ones; read all the same, and reported."""

UNREAD_NAMES = frozenset(
    (
        "query",
        "alertRuleTemplateName",
        "categories",
        "InputFields",
        "OutputEntityTypes",
        "QueryPeriodBefore",
        "QueryPeriodAfter",
        "threatAnalysisTactics",
        "threatAnalysisTechniques",
        "subTechniques",
        "customDetailsOverride",
        "templateVersion",
    )
)
"""Known keys that this shape does not hold: the query, and what says nothing about the rule that the catalog keeps."""
