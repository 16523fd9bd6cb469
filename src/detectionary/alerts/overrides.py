"""Alert details: title, description, severity, tactics and techniques that a rule takes from its events.

Each is read from one row, the first of the alert (docs/decisions/0010-alerts.md). Where that gives nothing that can be
used, the property is the rule's own: the cases are those of `_Reason`, all from [alert-details].
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, TypeVar

from detectionary.alerts import findings, limits
from detectionary.alerts.entities import SENTINEL_ENTITIES
from detectionary.alerts.rows import Row, Rows
from detectionary.checks.alert_contract import placeholders
from detectionary.model.rule import Rule, RuleKind, Severity
from detectionary.text import Diagnostic, Level

T = TypeVar("T")
"""The type of a property."""

_OVERRIDE: Final = "alertDetailsOverride"

SEVERITIES: Final[Mapping[str, Severity]] = {
    severity.value: severity for severity in (Severity.INFORMATIONAL, Severity.LOW, Severity.MEDIUM, Severity.HIGH)
}
"""What a severity column may say [alert-details]; letter case does not count (our decision)."""

TACTICS: Final[Mapping[str, str]] = {
    tactic.lower(): tactic
    for tactic in (
        *("Reconnaissance", "ResourceDevelopment", "InitialAccess", "Execution", "Persistence", "PrivilegeEscalation"),
        *("DefenseEvasion", "CredentialAccess", "Discovery", "LateralMovement", "Collection", "Exfiltration"),
        *("CommandAndControl", "Impact", "PreAttack", "ImpairProcessControl", "InhibitResponseFunction"),
    )
}
"""What a tactics column may say [alert-details]."""

UNSEEN_PROPERTIES: Final = frozenset(
    (
        *("AlertLink", "ConfidenceLevel", "ConfidenceScore", "ExtendedLinks", "ProductComponentName", "ProductName"),
        *("ProviderName", "RemediationSteps", "SubTechniques"),
    )
)
"""Properties that a rule may override (the service's API has SubTechniques beside those of [alert-details]) and that
our alerts do not have."""

_TECHNIQUE: Final = re.compile(r"T\d{4}", re.ASCII)
"""What a techniques column may say [alert-details]: no sub-techniques."""

_PLACEHOLDER: Final = re.compile(r"\{\{(.*?)\}\}")
"""As `placeholders` of the contract check finds them."""


class _Reason(Enum):
    """Why a property falls back."""

    EMPTY = "has no value"
    INVALID = "is no value that Sentinel takes there"
    TOO_LONG = "is longer than Sentinel takes"


@dataclass(frozen=True, slots=True)
class _Property(Generic[T]):
    """A property that the rule overrides: how to read it from the texts that a row has in some columns."""

    place: str
    name: str
    source: str
    """What it is read from, in words."""
    default: T
    columns: tuple[str, ...]
    read: Callable[[tuple[str, ...]], T | _Reason]

    def over(self, rows: Rows, row: Row | None) -> T | _Reason:
        """What a row gives; one column without a value is enough for nothing [alert-details]."""
        texts: tuple[str, ...] = ()
        if row is not None:
            texts = tuple([text for column in self.columns if (text := rows.text(row, column)) is not None])
        return self.read(texts) if len(texts) == len(self.columns) else _Reason.EMPTY

    def takes_too_many(self, rows: Rows) -> bool:
        """Whether the rows give more different values than a property may take in a run."""
        if not self.columns:
            return False
        read: set[tuple[str | None, ...]] = set()
        values: set[T] = set()
        for row in rows.all:
            texts = tuple([rows.text(row, column) for column in self.columns])
            if texts in read:
                continue
            read.add(texts)
            value = self.over(rows, row)
            if not isinstance(value, _Reason):
                values.add(value)
                if len(values) > limits.OVERRIDE_VALUES:
                    return True
        return False

    def of(self, rows: Rows, row: Row | None, said: dict[Diagnostic, None]) -> T:
        """The property for an alert whose first row this is; an alert without rows has the rule's own."""
        value = self.over(rows, row)
        if not isinstance(value, _Reason):
            return value
        level = Level.NOTE if value is _Reason.EMPTY else Level.WARNING
        message = f"the alert has the rule's own {self.name}: {self.source} {value.value}"
        said[findings.fallback(self.place, message, level)] = None
        return self.default


@dataclass(frozen=True, slots=True)
class Presented:
    """How an alert presents itself."""

    title: str
    description: str
    severity: Severity | None
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overrides:
    """The properties of a rule's alerts over these rows."""

    rows: Rows
    title: _Property[str]
    description: _Property[str]
    severity: _Property[Severity | None]
    tactics: _Property[tuple[str, ...]]
    techniques: _Property[tuple[str, ...]]

    def of(self, first: Row | None, said: dict[Diagnostic, None]) -> Presented:
        """The properties of the alert whose first row is given; what fell back is added to `said`."""
        return Presented(
            self.title.of(self.rows, first, said),
            self.description.of(self.rows, first, said),
            self.severity.of(self.rows, first, said),
            self.tactics.of(self.rows, first, said),
            self.techniques.of(self.rows, first, said),
        )


def overrides(rule: Rule, rows: Rows) -> tuple[Overrides, tuple[Diagnostic, ...]]:
    """What the rule overrides, and what is wrong with it.

    A property that takes more than 50 values over all rows of the run is not overridden at all [alert-details].
    """
    contract = rule.alert
    limited = rule.kind != RuleKind.CUSTOM_DETECTION.value  # sizes and counts are documented for Sentinel alone
    title_size, description_size = (limits.TITLE_SIZE, limits.DESCRIPTION_SIZE) if limited else (None, None)
    columns = {name: column for name, column in contract.details if name != SENTINEL_ENTITIES}
    techniques_column = columns.pop("Techniques", None)
    said = list(_format_findings(contract.title, "alertDisplayNameFormat"))
    said.extend(_format_findings(contract.description, "alertDescriptionFormat"))
    said.extend(_property_finding(name) for name in columns)

    def few(wanted: _Property[T]) -> _Property[T]:
        if not limited or not wanted.takes_too_many(rows):
            return wanted
        message = f"all alerts have the rule's own {wanted.name}: over the results of a run it would take more than"
        said.append(findings.fallback(wanted.place, f"{message} {limits.OVERRIDE_VALUES} values"))
        return _fixed(wanted.default)

    found = Overrides(
        rows,
        few(_format("title", "alertDisplayNameFormat", contract.title, rule.title, title_size)),
        few(_format("description", "alertDescriptionFormat", contract.description, rule.description, description_size)),
        few(_column("severity", "alertSeverityColumnName", contract.severity_column, rule.severity, _severity)),
        few(_column("tactics", "alertTacticsColumnName", contract.tactics_column, rule.tactics, _tactics)),
        few(_column("techniques", "alertDynamicProperties", techniques_column, rule.techniques, _techniques)),
    )
    return found, tuple(said)


def _format_findings(template: str | None, key: str) -> tuple[Diagnostic, ...]:
    count = len(tuple(placeholders(template)))
    if count <= limits.PLACEHOLDERS:
        return ()
    return (findings.over_limit(f"{_OVERRIDE}.{key}", "columns in one format", count, limits.PLACEHOLDERS),)


def _property_finding(name: str) -> Diagnostic:
    place = f"{_OVERRIDE}.alertDynamicProperties"
    if name in UNSEEN_PROPERTIES:
        return findings.unread(place, f"the property {name} is not shown in an alert here", level=Level.NOTE)
    return findings.unread(place, f'Sentinel has no alert property "{name}" to override', "remove it")


def _fixed(own: T) -> _Property[T]:
    """A property that the rule does not override."""
    return _Property(_OVERRIDE, "", "", own, (), lambda _: own)


def _format(name: str, key: str, template: str | None, own: str, most: int | None) -> _Property[str]:
    """A title or description in which each `{{Column}}` stands for a value of the row; `most` bytes, or any."""
    if template is None or not template.strip():
        return _fixed(own)
    template = template.strip()
    columns = tuple(placeholders(template))

    def read(texts: tuple[str, ...]) -> str | _Reason:
        values = dict(zip(columns, texts, strict=True))
        text = _PLACEHOLDER.sub(lambda found: values.get(found[1].strip(), found[0]), template)
        return _Reason.TOO_LONG if most is not None and len(text.encode("utf-8", "surrogatepass")) > most else text

    source = "a column that its format names" if columns else "its format"
    return _Property(f"{_OVERRIDE}.{key}", name, source, own, columns, read)


def _column(name: str, key: str, column: str | None, own: T, read: Callable[[str], T | None]) -> _Property[T]:
    """A property whose text in one column `read` understands, or does not (None)."""
    if not column:
        return _fixed(own)

    def read_one(texts: tuple[str, ...]) -> T | _Reason:
        value = read(texts[0])
        return _Reason.INVALID if value is None else value

    return _Property(f"{_OVERRIDE}.{key}", name, f'"{column}"', own, (column,), read_one)


def _severity(text: str) -> Severity | None:
    return SEVERITIES.get(text.lower())


def _tactics(text: str) -> tuple[str, ...] | None:
    return _several(text, lambda each: TACTICS.get(each.lower()))


def _techniques(text: str) -> tuple[str, ...] | None:
    return _several(text, lambda each: each if _TECHNIQUE.fullmatch(each) else None)


def _several(text: str, read: Callable[[str], str | None]) -> tuple[str, ...] | None:
    """One or several values, parted by commas or in a JSON list (our decision); None unless all are valid."""
    inner = text[1:-1].replace('"', "") if text.startswith("[") and text.endswith("]") else text
    values = tuple(read(each.strip()) for each in inner.split(","))
    return None if None in values else tuple(dict.fromkeys(value for value in values if value is not None))
