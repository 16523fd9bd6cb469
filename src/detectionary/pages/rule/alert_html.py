"""The alert of a rule as an analyst would see it, with what fills each of its parts: nothing that no rule states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from markupsafe import Markup

from detectionary.checks.alert_contract import asset_column
from detectionary.pages.rule.context import PageDiagnostic, PageOutputField, PageTechnique
from detectionary.pages.rule.texts_html import TextMarkup
from detectionary.pages.texts.code import escape

_KIBANA_LANGUAGES: Final = frozenset({"eql", "esql", "kuery", "lucene", "ml"})

_RAISING: Final = MappingProxyType(
    {
        "Scheduled": "As it will stand in the queue of Microsoft Sentinel.",
        "NRT": "As it will stand in the queue of Microsoft Sentinel.",
        "CustomDetection": "As it will stand in the queue of Microsoft Defender XDR.",
    }
)
"""What the rules of a kind raise."""

_OVERRIDE: Final = "alertDetailsOverride."


@dataclass(frozen=True, slots=True)
class Filled:
    """A part of the alert that has a name, as it is shown, with what is wrong with it."""

    name: str
    html: Markup
    findings: tuple[PageDiagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownEntity:
    type: str
    fields: tuple[Filled, ...]


@dataclass(frozen=True, slots=True)
class AlertCard:
    """The alert. `filled`: some of it comes from columns of the result."""

    title: Filled
    severity: str | None
    severity_from: Filled | None
    description: Filled | None
    tactics: tuple[str, ...]
    tactics_from: Filled | None
    techniques: tuple[PageTechnique, ...]
    entities: tuple[ShownEntity, ...]
    details: tuple[Filled, ...]
    properties: tuple[Filled, ...]
    assets: tuple[Filled, ...]
    shown_first: tuple[str, ...]
    """Fields that the rule asks to look at first."""
    notes: tuple[Filled, ...]
    """Grouping, suppression, responses: what happens to the alert."""
    filled: bool


class AlertMarkup(TextMarkup):
    """What the templates ask about the alert."""

    @cached_property
    def raises(self) -> bool:
        """Whether the platform raises something when the rule matches; queries and hunts raise nothing."""
        page = self.page
        if page.language == "kusto":
            return page.kind in _RAISING
        return page.kind != "Hunting"

    @cached_property
    def has_alert(self) -> bool:
        """Whether there is anything to say about an alert."""
        return self.raises or self._promises

    @cached_property
    def _promises(self) -> bool:
        alert = self.page.alert
        return bool(
            alert.entities
            or alert.custom_details
            or alert.title
            or alert.description
            or alert.severity_column
            or alert.tactics_column
            or alert.details
            or alert.event_grouping
            or alert.grouping
            or alert.suppression
            or alert.impacted_assets
            or alert.response_actions
        )

    @property
    def about_alert(self) -> str:
        """What the card is, in the words of the rule's platform."""
        page = self.page
        if not self.raises:
            return (
                "A hunting query raises no alert by itself. What follows is what it says about its results: they are "
                "there for a bookmark, or for a rule made of it."
            )
        if page.language == "kusto":
            return _RAISING[page.kind]
        if page.language in _KIBANA_LANGUAGES:
            return (
                "What the rule itself says about the alert that Elastic Security raises. The alert holds the whole "
                "event besides."
            )
        if page.language == "yaral":
            return "What the rule itself says about its detection. The detection holds its events besides."
        return "What the rule itself says about its alert. Where it is converted to, the platform adds its own."

    @property
    def filled_from(self) -> str:
        return "the event" if self.page.language != "kusto" else "the first result row"

    # The card

    @cached_property
    def card(self) -> AlertCard:
        page = self.page
        alert = page.alert
        title = alert.title or page.title
        entities = tuple(
            ShownEntity(
                entity.type,
                tuple(
                    Filled(identifier, self.slot(column), self._at(f"entityMappings[{number}].fieldMappings[{index}]"))
                    for index, (identifier, column) in enumerate(entity.fields.items())
                ),
            )
            for number, entity in enumerate(alert.entities)
        )
        details = tuple(
            Filled(name, self.slot(column), self._naming("customDetails", column))
            for name, column in alert.custom_details.items()
        )
        properties = tuple(
            Filled(name, self.slot(column), self._naming(f"{_OVERRIDE}alertDynamicProperties", column))
            for name, column in alert.details.items()
        )
        assets = tuple(
            Filled(
                asset.type,
                self.slot(asset_column(asset.column)),
                self._naming("impactedAssets", asset_column(asset.column)),
            )
            for asset in alert.impacted_assets
        )
        shown_title = Filled("Title", self.filled(title), self._at(f"{_OVERRIDE}alertDisplayNameFormat"))
        description = (
            Filled("Description", self.filled(alert.description), self._at(f"{_OVERRIDE}alertDescriptionFormat"))
            if alert.description
            else None
        )
        return AlertCard(
            title=shown_title,
            severity=page.severity,
            severity_from=self._column("Severity", alert.severity_column, f"{_OVERRIDE}alertSeverityColumnName"),
            description=description,
            tactics=tuple(row.tactic for row in page.attack),
            tactics_from=self._column("Tactics", alert.tactics_column, f"{_OVERRIDE}alertTacticsColumnName"),
            techniques=tuple({each.id: each for row in page.attack for each in row.techniques}.values()),
            entities=entities,
            details=details,
            properties=properties,
            assets=assets,
            shown_first=() if page.language == "kusto" else tuple(field.name for field in page.output_fields[:16]),
            notes=tuple(self._notes()),
            filled="{{" in title
            or "{{" in (alert.description or "")
            or bool(entities or details or properties or assets or alert.severity_column or alert.tactics_column),
        )

    def _column(self, name: str, column: str | None, place: str) -> Filled | None:
        return None if column is None else Filled(name, self.slot(column), self._at(place))

    def _notes(self) -> Iterator[Filled]:
        alert = self.page.alert
        if alert.event_grouping:
            words = _EVENT_GROUPING.get(alert.event_grouping.lower(), alert.event_grouping)
            yield Filled("Results", Markup(escape(words)))  # noqa: S704  # escaped
        if alert.grouping:
            pairs = Markup(", ").join(
                Markup('<span class="pair">{} <span class=muted>=</span> {}</span>').format(name, value)
                for name, value in alert.grouping.items()
            )
            yield Filled("Grouping", pairs)
        if alert.suppression:
            yield Filled("Suppression", Markup("{}").format(alert.suppression))
        if alert.response_actions:
            yield Filled("Responses", Markup("{}").format(", ".join(alert.response_actions)))

    # What fills a part

    @cached_property
    def field_ids(self) -> Mapping[str, str]:
        """The ids of the rows of output fields that feed the alert, by their names."""
        found: dict[str, str] = {}
        for number, field in enumerate(self.page.output_fields, start=1):
            if field.feeds:
                found.setdefault(field.name, f"f{number}")
        return found

    @cached_property
    def _with_ids(self) -> Mapping[str, PageOutputField]:
        """The first field of each name that has an id."""
        return {field.name: field for field in reversed(self.page.output_fields) if field.feeds}

    def field_id(self, field: PageOutputField) -> str | None:
        """The id of a field's row, when it has one."""
        return self.field_ids[field.name] if self._with_ids.get(field.name) is field else None

    def slot(self, column: str) -> Markup:
        """Where the value of a column goes; it leads to the column."""
        anchor = self.field_ids.get(column)
        if anchor is not None:
            return Markup('<a class="slot" href="#{}">{}</a>').format(anchor, column)
        if self.page.language == "kusto" and self.page.output_fields and not self.page.open_fields:
            return Markup(
                '<span class="slot absent">{}<span class="sr"> (not among the output fields)</span></span>'
            ).format(column)
        return Markup('<span class="slot">{}</span>').format(column)

    def filled(self, template: str) -> Markup:
        """A title or description format with its placeholders as slots."""
        pieces: list[str] = []
        at = 0
        while (start := template.find("{{", at)) >= 0 and (end := template.find("}}", start)) >= 0:
            pieces += (escape(template[at:start]), str(self.slot(template[start + 2 : end].strip())))
            at = end + 2
        pieces.append(escape(template[at:]))
        return Markup("".join(pieces))  # noqa: S704  # every piece is escaped

    # Findings

    @cached_property
    def alert_findings(self) -> tuple[PageDiagnostic, ...]:
        return tuple(found for found in self.page.diagnostics if found.section == "alert")

    def _at(self, place: str) -> tuple[PageDiagnostic, ...]:
        return tuple(found for found in self.alert_findings if found.place == place)

    def _naming(self, place: str, column: str) -> tuple[PageDiagnostic, ...]:
        """Findings of a place that several columns fill, about this column."""
        return tuple(found for found in self._at(place) if f'"{column}"' in found.message)

    @cached_property
    def other_alert_findings(self) -> tuple[PageDiagnostic, ...]:
        """Those that stand at no part of the card."""
        card = self.card
        parts = [card.title, card.description, card.severity_from, card.tactics_from]
        parts += [*card.details, *card.properties, *card.assets]
        parts += [each for entity in card.entities for each in entity.fields]
        placed = [found for part in parts if part is not None for found in part.findings]
        return tuple(found for found in self.alert_findings if found not in placed)


_EVENT_GROUPING: Final = MappingProxyType(
    {
        "singlealert": "all results of a run make one alert",
        "alertperresult": "each result makes an alert of its own",
    }
)
"""Sentinel's `aggregationKind` in words."""
