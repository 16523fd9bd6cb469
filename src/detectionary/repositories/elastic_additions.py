"""What a rule of Elastic says outside of its query that belongs to its analysis: filters, thresholds, new terms, …"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Not,
    Operand,
    OperandKind,
    Operator,
    Predicate,
    ThresholdTest,
    Value,
    ValueKind,
)
from detectionary.model.rule import AddedStage, Additions
from detectionary.repositories import elastic_shapes as shapes
from detectionary.repositories.elastic_filters import filter_predicate
from detectionary.repositories.tomldoc import TomlDocument
from detectionary.text import Span
from detectionary.text.yamldoc import node_at

_NOWHERE: Final = Span(0, 0)


def additions(document: TomlDocument, wire: shapes.Rule, text: str) -> Additions:
    """The index patterns, the steps around the query, and the fields that alerts are grouped and shown by."""
    tables = wire.index or ([wire.data_view_id] if wire.data_view_id else [])
    return Additions(
        tables=tuple(tables) if wire.type != "esql" else (),  # ES|QL names its own
        group_by=_group_by(wire),
        stages=tuple(_stages(document, wire, text)),
        output_fields=tuple(wire.investigation_fields.field_names),
        event_category=wire.event_category_override.strip() or None,
    )


def _group_by(wire: shapes.Rule) -> tuple[str, ...]:
    match wire.type:
        case "threshold" if wire.threshold is not None:
            return tuple(filter(None, wire.threshold.field))
        case "new_terms":
            return tuple(_new_terms(wire))
        case _:
            return ()


def _new_terms(wire: shapes.Rule) -> list[str]:
    return wire.new_terms_fields or ([] if wire.new_terms is None else wire.new_terms.value)


def _stages(document: TomlDocument, wire: shapes.Rule, text: str) -> Iterator[AddedStage]:
    """Filters first, since they narrow what the query finds; then what the type of rule does with it."""

    def written(*names: str) -> str:
        return document.written(text, *(("rule", name) for name in names))

    filters = node_at(document.root, ("rule", "filters"))
    if said := written("filters"):
        yield AddedStage("filters", said, filter_predicate(filters))
    match wire.type:
        case "threshold" if wire.threshold is not None:
            yield AddedStage("threshold", written("threshold"), thresholds=tuple(_thresholds(wire.threshold)))
        case "new_terms":
            yield AddedStage("new_terms", written("new_terms", "new_terms_fields", "history_window_start"))
        case "threat_match":
            said = written(
                *("threat_index", "threat_language", "threat_query", "threat_indicator_path"),
                *("threat_mapping", "threat_filters"),
            )
            yield AddedStage("threat_match", said, _mapped(wire))
        case "machine_learning":
            said = written("machine_learning_job_id", "anomaly_threshold")
            scores = (
                () if wire.anomaly_threshold is None else (_at_least("anomaly_score", None, wire.anomaly_threshold),)
            )
            yield AddedStage("machine_learning", said, thresholds=scores)


def _thresholds(threshold: shapes.Threshold) -> Iterator[ThresholdTest]:
    """At least so many events of one group, and at least so many different values of a field among them.

    https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule: a value alerts that is in at least so
    many results.
    """
    if threshold.value is not None:
        yield _at_least("count", Operand("count()", OperandKind.FUNCTION), threshold.value)
    for each in threshold.cardinality:
        if each.field and each.value is not None:
            counted = Operand(f"cardinality({each.field})", OperandKind.FUNCTION)
            yield _at_least(each.field, counted, each.value)


def _at_least(name: str, aggregate: Operand | None, value: float) -> ThresholdTest:
    number = int(value) if value == int(value) else value
    return ThresholdTest(_field(name), aggregate, Operator.GE, Value(ValueKind.NUMBER, number), _NOWHERE)


def _mapped(wire: shapes.Rule) -> Predicate | None:
    """Fields of the event that are compared with fields of the indicator: all entries of one mapping, any mapping."""
    mappings = [found for each in wire.threat_mapping if (found := tuple(map(_entry, each.entries)))]
    either = tuple(AllOf(found) if len(found) > 1 else found[0] for found in mappings)
    return AnyOf(either) if len(either) > 1 else either[0] if either else None


def _entry(entry: shapes.MappingEntry) -> Predicate:
    said = f"{entry.field} == {entry.value}"
    compared = ColumnComparison(_field(entry.field), "==", _field(entry.value), said, _NOWHERE)
    return Not(compared) if entry.negate else compared


def _field(name: str) -> Operand:
    return Operand(name, OperandKind.NAME)
