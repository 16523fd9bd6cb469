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

_PLACEHOLDER: Final = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
"""As `placeholders` of the contract check finds them."""


class _Reason(Enum):
    """Why a property falls back."""

    EMPTY = "has no value"
    INVALID = "is no value that Sentinel takes there"
    TOO_LONG = "is longer than Sentinel takes"


@dataclass(frozen=True, slots=True)
class _Property(Generic[T]):
    """A property that the rule overrides: how to read it from a row."""

    place: str
    name: str
    column: str
    """What it is read from, in words."""
    default: T
    read: Callable[[Row], T | _Reason]

    def of(self, row: Row | None, said: dict[Diagnostic, None]) -> T:
        """The property for an alert whose first row this is; an alert without rows has the rule's own."""
        value = _Reason.EMPTY if row is None else self.read(row)
        if not isinstance(value, _Reason):
            return value
        level = Level.NOTE if value is _Reason.EMPTY else Level.WARNING
        message = f"the alert has the rule's own {self.name}: {self.column} {value.value}"
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
    """The properties of a rule's alerts; None where the rule does not override."""

    own: Presented
    title: _Property[str] | None
    description: _Property[str] | None
    severity: _Property[Severity | None] | None
    tactics: _Property[tuple[str, ...]] | None
    techniques: _Property[tuple[str, ...]] | None

    def of(self, first: Row | None, said: dict[Diagnostic, None]) -> Presented:
        """The properties of the alert whose first row is given; what fell back is added to `said`."""
        own = self.own
        return Presented(
            title=own.title if self.title is None else self.title.of(first, said),
            description=own.description if self.description is None else self.description.of(first, said),
            severity=own.severity if self.severity is None else self.severity.of(first, said),
            tactics=own.tactics if self.tactics is None else self.tactics.of(first, said),
            techniques=own.techniques if self.techniques is None else self.techniques.of(first, said),
        )


def overrides(rule: Rule, rows: Rows) -> tuple[Overrides, tuple[Diagnostic, ...]]:
    """What the rule overrides, and what is wrong with it.

    A property that takes more than 50 values over all rows of the run is not overridden at all [alert-details].
    """
    contract = rule.alert
    own = Presented(rule.title, rule.description, rule.severity, rule.tactics, rule.techniques)
    limited = rule.kind != RuleKind.CUSTOM_DETECTION.value  # sizes and counts are documented for Sentinel alone
    columns = {name: column for name, column in contract.details if name != SENTINEL_ENTITIES}
    techniques_column = columns.pop("Techniques", None)
    said = list(_format_findings(contract.title, "alertDisplayNameFormat"))
    said.extend(_format_findings(contract.description, "alertDescriptionFormat"))
    said.extend(_property_finding(name) for name in columns)

    def few(wanted: _Property[T] | None) -> _Property[T] | None:
        if wanted is None or not limited or not _too_many(wanted, rows):
            return wanted
        message = f"all alerts have the rule's own {wanted.name}: over the results of a run it would take more than"
        said.append(findings.fallback(wanted.place, f"{message} {limits.OVERRIDE_VALUES} values"))
        return None

    found = Overrides(
        own,
        few(_format("title", "alertDisplayNameFormat", contract.title, own.title, limits.TITLE_SIZE, limited, rows)),
        few(
            _format(
                "description",
                "alertDescriptionFormat",
                contract.description,
                own.description,
                limits.DESCRIPTION_SIZE,
                limited,
                rows,
            )
        ),
        few(_column("severity", "alertSeverityColumnName", contract.severity_column, own.severity, rows, _severity)),
        few(_column("tactics", "alertTacticsColumnName", contract.tactics_column, own.tactics, rows, _tactics)),
        few(_column("techniques", "alertDynamicProperties", techniques_column, own.techniques, rows, _techniques)),
    )
    return found, tuple(said)


def _too_many(wanted: _Property[T], rows: Rows) -> bool:
    seen: set[T] = set()
    for row in rows.all:
        value = wanted.read(row)
        if not isinstance(value, _Reason):
            seen.add(value)
            if len(seen) > limits.OVERRIDE_VALUES:
                return True
    return False


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


def _format(
    name: str, key: str, template: str | None, own: str, size: int, limited: bool, rows: Rows
) -> _Property[str] | None:
    """A title or description in which each `{{Column}}` stands for a value of the row.

    One empty value is enough to fall back as a whole [alert-details].
    """
    if template is None or not template.strip():
        return None
    template = template.strip()
    columns = tuple(placeholders(template))

    def read(row: Row) -> str | _Reason:
        values = {column: rows.text(row, column) for column in columns}
        if None in values.values():
            return _Reason.EMPTY
        text = _PLACEHOLDER.sub(lambda found: values.get(found[1].strip()) or found[0], template)
        return _Reason.TOO_LONG if limited and len(text.encode("utf-8", "surrogatepass")) > size else text

    return _Property(f"{_OVERRIDE}.{key}", name, "a column that its format names" if columns else "it", own, read)


def _column(
    name: str, key: str, column: str | None, own: T, rows: Rows, read: Callable[[str], T | None]
) -> _Property[T] | None:
    """A property whose text in one column `read` understands, or does not (None)."""
    if not column:
        return None

    def from_row(row: Row) -> T | _Reason:
        text = rows.text(row, column)
        if text is None:
            return _Reason.EMPTY
        value = read(text)
        return _Reason.INVALID if value is None else value

    return _Property(f"{_OVERRIDE}.{key}", name, f'"{column}"', own, from_row)


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
