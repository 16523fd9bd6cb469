"""Entities: from the mappings of a rule and the rows of an alert to who and what took part."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detectionary.alerts import findings, limits
from detectionary.alerts.alert import Entity
from detectionary.alerts.entity_types import BUILT_IN_ACCOUNTS, ENTITY_TYPES, EntityType, entity_type
from detectionary.alerts.rows import Row, Rows, as_text, json_size
from detectionary.checks.alert_contract import asset_column
from detectionary.model.rule import AlertContract, EntityMapping
from detectionary.text import Diagnostic, Level

SENTINEL_ENTITIES = "sentinelEntities"
"""The property under which the reader keeps the columns of `sentinelEntitiesMappings`."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping of the rule that can be raised: fields are (identifier, column)."""

    place: str
    type: str
    fields: tuple[tuple[str, str], ...]
    mandatory: tuple[str, ...] = ()

    def read(self, rows: Rows, row: Row) -> tuple[str | None, ...]:
        """What a row says: a text or None for each field. Dynamic values are cast to text."""
        return tuple([rows.text(row, column) for _, column in self.fields])

    def raised(self, values: tuple[str | None, ...]) -> Iterator[Entity | Diagnostic]:
        """The entity with these values; nothing when there is none, a note when there are and none is raised.

        An entity without what is mandatory for its type is none [entities]. An Account by a built-in name is dropped
        [entities]; letter case does not count (our decision).
        """
        fields = tuple((identifier, value) for (identifier, _), value in zip(self.fields, values, strict=True))
        present = {identifier: value for identifier, value in fields if value is not None}
        if not present:
            return
        missing = " and ".join(identifier for identifier in self.mandatory if identifier not in present)
        if missing:
            yield findings.no_entity(self.place, f"rows without a {missing} give no {self.type} entity")
        elif self.type == "Account" and present.get("Name", "").upper() in BUILT_IN_ACCOUNTS:
            message = "Sentinel drops accounts by the name of a built-in one (SYSTEM, ROOT, …)"
            yield findings.no_entity(self.place, message)
        else:
            yield Entity(self.type, fields)


@dataclass(frozen=True, slots=True)
class ReadOff:
    """A column that holds entities of other alerts, as `SecurityAlert.Entities` does [entities]."""

    place: str
    column: str

    def read(self, rows: Rows, row: Row) -> tuple[str | None, ...]:
        """The list of a row, as JSON."""
        return (rows.text(row, self.column),)

    def raised(self, values: tuple[str | None, ...]) -> Iterator[Entity | Diagnostic]:
        """The entities of a list, with all their fields; a reference to one of them (`$ref`) is none itself."""
        (text,) = values
        if text is None:
            return
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, list):
            yield findings.no_entity(self.place, f'"{self.column}" holds no list of entities', Level.WARNING)
            return
        for each in listed:
            if not isinstance(each, dict) or "Type" not in each:
                continue
            known = entity_type(str(each["Type"]))
            fields = tuple(
                (str(name), as_text(field, "dynamic")) for name, field in each.items() if name not in ("$id", "Type")
            )
            if any(field is not None for _, field in fields):
                yield Entity(known.name if known else str(each["Type"]), fields)


Source = Mapped | ReadOff


def sources(contract: AlertContract) -> tuple[tuple[Source, ...], tuple[Diagnostic, ...]]:
    """The mappings of a Sentinel rule that can be raised, and what is wrong with the others.

    A type or an identifier that does not exist cannot be raised. Another letter case is read and reported. More
    mappings or identifiers than Sentinel accepts are used as they are written, and reported.
    """
    found: list[Source] = []
    said: list[Diagnostic] = []
    count = len(contract.entities)
    if count > limits.MAPPINGS:
        said.append(findings.over_limit("entityMappings", "entity mappings", count, limits.MAPPINGS))
    for number, mapping in enumerate(contract.entities):
        place = f"entityMappings[{number}]"
        known = entity_type(mapping.type.replace(" ", ""))
        if known is None:
            types = ", ".join(each.name for each in ENTITY_TYPES)
            said.append(findings.unknown_entity(place, f'there is no entity type "{mapping.type}"', f"types: {types}"))
            continue
        if mapping.type != known.name:
            said.append(findings.misspelt(place, mapping.type, known.name))
        mapped = _mapped(place, mapping, known, said)
        if mapped is not None:
            found.append(mapped)
    found.extend(
        ReadOff("sentinelEntitiesMappings", column) for name, column in contract.details if name == SENTINEL_ENTITIES
    )
    return tuple(found), tuple(said)


def _mapped(place: str, mapping: EntityMapping, known: EntityType, said: list[Diagnostic]) -> Mapped | None:
    if len(mapping.fields) > limits.IDENTIFIERS:
        said.append(findings.over_limit(place, "identifiers of one mapping", len(mapping.fields), limits.IDENTIFIERS))
    fields: dict[str, str] = {}
    for index, field in enumerate(mapping.fields):
        here = f"{place}.fieldMappings[{index}]"
        identifier = known.identifier(field.identifier)
        if identifier is None:
            message = f'the entity type {known.name} has no identifier "{field.identifier}"'
            said.append(findings.unknown_entity(here, message, f"identifiers: {', '.join(known.identifiers)}"))
            continue
        if field.identifier != identifier:
            said.append(findings.misspelt(here, field.identifier, identifier))
        if identifier in fields:
            said.append(findings.unread(here, f"{identifier} is mapped twice; the first one counts"))
        fields.setdefault(identifier, field.column)
    missing = [identifier for identifier in known.mandatory if identifier not in fields]
    if fields and missing:
        message = f"no {known.name} entity is raised: {' and '.join(missing)} must be mapped"
        said.append(findings.no_entity(place, message, Level.ERROR))
    elif fields:
        return Mapped(place, known.name, tuple(fields.items()), known.mandatory)
    return None


def assets(contract: AlertContract) -> tuple[Source, ...]:
    """The impacted assets of a custom detection, one column each [custom-detections, "Link entities"]."""
    return tuple(
        Mapped("impactedAssets", kind, ((asset_column(identifier), asset_column(identifier)),))
        for kind, identifier in contract.impacted_assets
    )


def entities_of(
    wanted: Sequence[Source], declared: int, rows: Rows, chosen: Sequence[Row]
) -> tuple[tuple[Entity, ...], tuple[Diagnostic, ...]]:
    """The entities of the alert over the rows `chosen`, each once, and what was left out.

    In order of rows, within a row in order of the mappings. `declared` is how many mappings the rule has: each may name
    an equal share of 500 entities, whether or not another names the same one; the rest is dropped [map-entities].
    Adding stops when the list would grow beyond 64 KB [map-entities], measured in the form that the `Entities` field
    has. Within these limits, other orders of the rows give the same set.
    """
    share = limits.ENTITIES // max(declared, 1)
    begun = [(source, set[tuple[str | None, ...]](), set[Entity]()) for source in wanted]
    full: set[int] = set()
    entities: dict[Entity, None] = {}
    said: dict[Diagnostic, None] = {}
    size = 2
    for row in chosen:
        for number, (source, seen, own) in enumerate(begun):
            if number in full:
                continue
            values = source.read(rows, row)
            if values in seen:
                continue
            seen.add(values)
            for each in source.raised(values):
                if isinstance(each, Diagnostic):
                    said[each] = None
                elif each in own:
                    continue
                elif len(own) == share:
                    message = f"more than {share} entities, a mapping's share of {limits.ENTITIES} in an alert"
                    said[findings.excess(source.place, f"{message}: the others are dropped")] = None
                    full.add(number)
                    break
                else:
                    own.add(each)
                    if each in entities:
                        continue
                    size += _size(each, len(entities)) + bool(entities)  # and a comma, but before the first
                    if size > limits.ENTITIES_SIZE:
                        message = "the entities of an alert fill 64 KB: those that come later are dropped"
                        said[findings.excess("entityMappings", message)] = None
                        return tuple(entities), tuple(said)
                    entities[each] = None
    return tuple(entities), tuple(said)


def _size(entity: Entity, number: int) -> int:
    """Bytes of an entity in an alert's `Entities` field: an id, the fields that have a value, and the type."""
    known = entity_type(entity.type)
    written = {"$id": str(number + 1)}
    written.update((name, value) for name, value in entity.fields if value is not None)
    written["Type"] = known.schema if known else entity.type
    return json_size(written)
