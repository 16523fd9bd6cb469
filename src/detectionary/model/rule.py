"""A rule as its repository states it, before its query is taken apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from detectionary.model.predicate import Predicate, ThresholdTest
from detectionary.model.schema import FunctionDefinition
from detectionary.text import Diagnostic, Position, SourceText


class Severity(Enum):
    """Upstream severities, folded to lower case; what a repository leaves out is None on the rule."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from. `path` is relative to the repository's root, with forward slashes."""

    repository: str
    path: str
    commit: str | None = None
    licence: str | None = None
    """An SPDX identifier where the licence text is known ("MIT")."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Durations in the short form of Kusto ("10m", "1d"): how often a rule runs and how far back it looks."""

    frequency: str | None
    lookback: str | None


@dataclass(frozen=True, slots=True)
class Trigger:
    """The alert is raised when the number of result rows stands in this relation to `threshold`."""

    operator: str
    """"gt", "lt", "eq" or "ne"."""
    threshold: int


@dataclass(frozen=True, slots=True)
class Connector:
    """A data connector that a rule asks for, and the tables (data types) that it names there."""

    id: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EntityField:
    identifier: str
    column: str


@dataclass(frozen=True, slots=True)
class EntityMapping:
    """An entity of the alert: its type ("Account") and which column fills which identifier."""

    type: str
    fields: tuple[EntityField, ...]


@dataclass(frozen=True, slots=True)
class AlertContract:
    """What a rule promises about its alert.

    Formats hold `{{Column}}` placeholders. `custom_details` are (name, column) pairs in order. `*_column` name the
    column that overrides the property. `details` are other overrides as (property, column).
    """

    entities: tuple[EntityMapping, ...] = ()
    custom_details: tuple[tuple[str, str], ...] = ()
    title: str | None = None
    description: str | None = None
    severity_column: str | None = None
    tactics_column: str | None = None
    details: tuple[tuple[str, str], ...] = ()
    event_grouping: str | None = None
    """"SingleAlert" or "AlertPerResult"; None where the rule says nothing (SingleAlert is Sentinel's default)."""
    grouping: tuple[tuple[str, str], ...] = ()
    """Incident grouping, as (setting, value) pairs in order."""
    suppression: str | None = None
    """How long alerts are held back after one was raised, where enabled ("5h")."""
    impacted_assets: tuple[tuple[str, str], ...] = ()
    """Defender XDR: (asset type, column)."""
    response_actions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AddedStage:
    """A step that a rule adds around its query, named as its file does: `threshold`, `new_terms`, `filters`, …

    `text` shows the setting as its file states it. Spans in `predicate` are empty: they lie outside of the query.
    """

    operator: str
    text: str
    predicate: Predicate | None = None
    thresholds: tuple[ThresholdTest, ...] = ()


@dataclass(frozen=True, slots=True)
class Additions:
    """What belongs to a rule's analysis and stands outside of its query; `ingest` adds it to what the query says.

    `tables` are index patterns. `group_by` are fields of the record. `stages` follow those of the query.
    `output_fields` are fields that the alert shows besides (Elastic: `investigation_fields`). `event_category` is the
    field that holds the event category of an EQL query, where it is another than `event.category`.
    """

    tables: tuple[str, ...] = ()
    group_by: tuple[str, ...] = ()
    stages: tuple[AddedStage, ...] = ()
    output_fields: tuple[str, ...] = ()
    event_category: str | None = None


class RuleKind(Enum):
    """What a platform does with the rule."""

    SCHEDULED = "Scheduled"
    NRT = "NRT"
    HUNTING = "Hunting"
    CUSTOM_DETECTION = "CustomDetection"
    QUERY = "Query"
    """A community query without a schedule."""
    # Sigma; YARA-L's rules are plain rules too.
    RULE = "Rule"
    CORRELATION = "Correlation"
    FILTER = "Filter"
    # Elastic
    CUSTOM_QUERY = "Custom query"
    EVENT_CORRELATION = "Event correlation"
    ESQL = "ES|QL"
    THRESHOLD = "Threshold"
    NEW_TERMS = "New terms"
    INDICATOR_MATCH = "Indicator match"
    MACHINE_LEARNING = "Machine learning"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of one file. `id` is the upstream id where there is one; readers make one from the path otherwise.

    `body` is the text of the file (or of the part of it that is this rule), verbatim. `query` is the query alone,
    with the positions of its lines in the file. Declared ATT&CK names stay as written (`tactics`, `techniques`);
    `attack` resolves them. A rule that could not be read whole is kept, with `diagnostics`: spans count in `body`.
    """

    id: str
    title: str
    language: str
    """The query language: "kusto", "sigma", …"""
    source: Source
    query: SourceText
    body: str
    body_language: str
    """"yaml", "markdown", "kusto"; for highlighting."""
    kind: str
    description: str = ""
    references: tuple[str, ...] = ()
    author: str | None = None
    version: str | None = None
    severity: Severity | None = None
    status: str | None = None
    tags: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    connectors: tuple[Connector, ...] = ()
    schedule: Schedule | None = None
    trigger: Trigger | None = None
    alert: AlertContract = field(default_factory=AlertContract)
    diagnostics: tuple[Diagnostic, ...] = ()
    body_start: int = 1
    """The line of the file at which `body` begins."""
    additions: Additions = field(default_factory=Additions)
    related: tuple[tuple[str, str], ...] = ()
    """Other rules that the rule names itself, as (relation, id): Sigma's `derived`, `obsolete`, `merged`, …"""
    false_positives: tuple[str, ...] = ()
    date: str | None = None
    """When the rule was written (ISO), where it says so; `modified`: changed last."""
    modified: str | None = None
    facts: tuple[tuple[str, str], ...] = ()
    """What else the rule's format states and a reader wants to see, in the field's words, as (name, text) in order:
    risk score, integrations, setup, log source, …"""

    def body_source(self) -> SourceText:
        """The body as a text that knows its place in the file: what the spans of `diagnostics` count in."""
        lines = tuple(Position(self.body_start + row, 1) for row in range(self.body.count("\n") + 1))
        return SourceText(self.body, self.source.path, lines)


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a reader found in one file: rules, function definitions, and faults of the file as a whole."""

    rules: tuple[Rule, ...] = ()
    functions: tuple[FunctionDefinition, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    ignored: str | None = None
    """Why the file holds nothing for the catalog ("workbook", "not Kusto"), when it holds nothing."""
