"""What changed between two texts of one rule, told apart by what it means to those who run the rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.entry import Entry
from detectionary.model.predicate import OperandKind, Quantifier, ScalarValue, ThresholdTest, Value, ValueKind
from detectionary.model.rule import Rule
from detectionary.text import Span


class ChangeKind(Enum):
    """What a change is about, the strongest first."""

    LOGIC = "logic"
    """Other records match, or other columns come out."""
    THRESHOLDS = "thresholds"
    """The same logic with other numbers: of thresholds, of the trigger, of the schedule and of time windows."""
    METADATA = "metadata"
    """Everything else: what people read, and what the alert says."""


class QueryDifference(Enum):
    """How two queries differ, as only their language can say."""

    NONE = "none"
    """In nothing but blanks, comments and spelling."""
    LIMITS = "limits"
    """In numbers that are limits: of thresholds, windows, and the parameters that these use."""
    LOGIC = "logic"


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that is another now: `what` in the field's word ("indicator", "severity"), `name` which of these.

    `before` None: it was not there; `after` None: it is no longer there. Both None: it changed, the texts show how.
    """

    kind: ChangeKind
    what: str
    name: str | None = None
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """`kinds` each once, the strongest first; `details` in the same order."""

    kinds: tuple[ChangeKind, ...]
    details: tuple[Detail, ...]


LONGEST_DETAIL: Final = 300
"""Longer texts are cut in details; the versions of the rule hold them whole."""


def change(before: Entry, after: Entry, query: QueryDifference) -> Change:
    """How `after`, a later text of the same rule, differs from `before`; their queries differ in `query`.

    The entries' own ids of repository, path and commit play no part. Equal rules have no kinds.
    """
    details = [*_logic(before, after, query), *_thresholds(before, after, query), *_metadata(before.rule, after.rule)]
    kinds = {detail.kind for detail in details}
    match query:
        case QueryDifference.LOGIC:
            kinds.add(ChangeKind.LOGIC)
        case QueryDifference.LIMITS:
            kinds.add(ChangeKind.THRESHOLDS)
        case QueryDifference.NONE:
            pass
    if not kinds and (before.rule.body, before.rule.query.text) != (after.rule.body, after.rule.query.text):
        details.append(Detail(ChangeKind.METADATA, "text"))
        kinds.add(ChangeKind.METADATA)
    return Change(tuple(kind for kind in ChangeKind if kind in kinds), tuple(map(_shortened, details)))


def _shortened(detail: Detail) -> Detail:
    return Detail(detail.kind, detail.what, detail.name, _short(detail.before), _short(detail.after))


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST_DETAIL else f"{text[: LONGEST_DETAIL - 1]}…"


# --- logic


def _logic(before: Entry, after: Entry, query: QueryDifference) -> Iterator[Detail]:
    one, other = before.rule, after.rule
    kind = ChangeKind.LOGIC
    yield from _one(kind, "language", one.language, other.language)
    if query is not QueryDifference.LOGIC:
        return
    was, now = before.analysis, after.analysis
    yield from _one(kind, "syntax", _verdict(was), _verdict(now))
    yield from _sets(kind, "table", was.tables, now.tables)
    yield from _compared("indicator", was.indicators, now.indicators)
    yield from _compared("exclusion", was.exclusions, now.exclusions)
    yield from _parameters(before, after, limits=False)
    yield from _sets(kind, "function", was.functions, now.functions)
    yield from _sets(kind, "group by", was.group_by, now.group_by)
    yield from _named(kind, "setting", _settings(one), _settings(other))
    yield from _sets(kind, "output field", _outputs(was), _outputs(now))


def _verdict(analysis: Analysis) -> str:
    return "accepted" if analysis.accepted else "with errors"


def _settings(rule: Rule) -> Iterator[tuple[str, str]]:
    """What the rule adds around its query, but for thresholds, which stand among the thresholds."""
    for stage in rule.additions.stages:
        if not stage.thresholds:
            yield stage.operator, stage.text


def _outputs(analysis: Analysis) -> Iterator[str]:
    for field in analysis.output_fields:
        yield field.name


def _compared(what: str, before: Iterable[Indicator], after: Iterable[Indicator]) -> Iterator[Detail]:
    """Values that a field is compared with and was not before, and the other way round."""
    was, now = dict.fromkeys(_values(what, before)), dict.fromkeys(_values(what, after))
    for kind, name, value in was:
        if (kind, name, value) not in now:
            yield Detail(ChangeKind.LOGIC, kind, name, value, None)
    for kind, name, value in now:
        if (kind, name, value) not in was:
            yield Detail(ChangeKind.LOGIC, kind, name, None, value)


def _values(what: str, rows: Iterable[Indicator]) -> Iterator[tuple[str, str, str]]:
    """What each value is, of what, and the value; a sub-query that gives the values is a rule's own text."""
    for row in rows:
        quantifier = " all" if row.quantifier is Quantifier.ALL and len(row.values) > 1 else ""
        field = row.field if row.field is not None else "any field"
        for value in row.values:
            yield what, f"{field} {row.operator.value}{quantifier}{_transformed(value.transforms)}", spelled(value)
        if not row.values:
            origin = row.origin
            kind = what if origin is None or origin.kind is not OperandKind.CALCULATION else f"{what} by sub-query"
            name = f"{field} {row.operator.value}{_transformed(row.transforms)}"
            yield kind, name, "" if origin is None else origin.text


def _transformed(transforms: Iterable[str]) -> str:
    """` (tolower, cased)`: what is done to the field before it is compared."""
    named = ", ".join(transforms)
    return f" ({named})" if named else ""


# --- thresholds


def limit_spans(analysis: Analysis) -> tuple[Span, ...]:
    """Where the query compares with limits: its thresholds and its filters on the record's time."""
    return (*(each.span for each in analysis.thresholds), *(each.span for each in analysis.time_filters))


def limit_parameters(analysis: Analysis, query: str) -> frozenset[str]:
    """The parameters that these comparisons name, or that are the width of a bin."""
    words = {word for span in limit_spans(analysis) for word in _words(span.of(query))}
    words.update(analysis.bins)
    return frozenset(each.name for each in analysis.parameters if each.name in words)


def _words(text: str) -> Iterator[str]:
    """Names and numbers, letters and digits that stand together."""
    yield from "".join(each if each.isalnum() or each in "_$#" else " " for each in text).split()


def _thresholds(before: Entry, after: Entry, query: QueryDifference) -> Iterator[Detail]:
    kind = ChangeKind.THRESHOLDS
    if query is not QueryDifference.NONE:
        yield from _limits(before.analysis.thresholds, after.analysis.thresholds)
        yield from _parameters(before, after, limits=True)
        was = tuple(each.text for each in before.analysis.time_filters)
        now = tuple(each.text for each in after.analysis.time_filters)
        yield from _sets(kind, "time filter", was, now)
        yield from _sets(kind, "bin", before.analysis.bins, after.analysis.bins)
    one, other = before.rule, after.rule
    for name in ("frequency", "lookback"):
        yield from _one(kind, name, _scheduled(one, name), _scheduled(other, name))
    yield from _one(kind, "window", before.analysis.window, after.analysis.window)
    yield from _one(kind, "trigger", _trigger(one), _trigger(other))
    yield from _one(kind, "suppression", one.alert.suppression, other.alert.suppression)


def _scheduled(rule: Rule, name: str) -> str | None:
    if rule.schedule is None:
        return None
    return rule.schedule.frequency if name == "frequency" else rule.schedule.lookback


def _trigger(rule: Rule) -> str | None:
    return None if rule.trigger is None else f"{rule.trigger.operator} {rule.trigger.threshold}"


def _limits(before: tuple[ThresholdTest, ...], after: tuple[ThresholdTest, ...]) -> Iterator[Detail]:
    """Numbers that counts are compared with; those of calculations, which are a rule's own text, for themselves."""
    for what, own in (("threshold", False), ("calculated threshold", True)):
        yield from _numbers(what, _tests(before, own), _tests(after, own))


def _tests(tests: Iterable[ThresholdTest], own: bool) -> Iterator[tuple[str, str]]:
    for test in tests:
        counted = test.aggregate or test.name
        if (counted.kind is OperandKind.CALCULATION) is own:
            negated = "not " if test.negated else ""
            yield f"{counted.text} {negated}{test.operator.value}", spelled(test.value)


def _parameters(before: Entry, after: Entry, *, limits: bool) -> Iterator[Detail]:
    """Scalar parameters with other values: those that are `limits`, or the others."""
    was, now = _valued(before.analysis), _valued(after.analysis)
    named = limit_parameters(before.analysis, before.rule.query.text)
    named |= limit_parameters(after.analysis, after.rule.query.text)
    kind = ChangeKind.THRESHOLDS if limits else ChangeKind.LOGIC
    for name in dict.fromkeys((*was, *now)):
        if (name in named) is limits:
            yield from _one(kind, "parameter", was.get(name), now.get(name), name)


def _valued(analysis: Analysis) -> dict[str, str]:
    """Parameters that are scalar constants, by name; lists show in the indicators that use them."""
    return {
        each.name: _scalar(each.value)
        for each in analysis.parameters
        if each.value is not None and not isinstance(each.value, tuple)
    }


def _numbers(what: str, before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]) -> Iterator[Detail]:
    """Numbers by name, one beside the other where the names are the same."""
    was, now = _by_name(before), _by_name(after)
    for name in dict.fromkeys((*was, *now)):
        yield from _pairs(ChangeKind.THRESHOLDS, what, name, was.get(name, []), now.get(name, []))


def _by_name(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _pairs(kind: ChangeKind, what: str, name: str, was: list[str], now: list[str]) -> Iterator[Detail]:
    if len(was) == len(now):
        for before, after in zip(was, now, strict=True):
            if before != after:
                yield Detail(kind, what, name, before, after)
        return
    yield from (Detail(kind, what, name, value, None) for value in was if value not in now)
    yield from (Detail(kind, what, name, None, value) for value in now if value not in was)


# --- metadata


def _metadata(before: Rule, after: Rule) -> Iterator[Detail]:
    kind = ChangeKind.METADATA
    yield from _one(kind, "title", before.title, after.title)
    yield from _one(kind, "description", before.description or None, after.description or None)
    severity = before.severity.value if before.severity is not None else None
    yield from _one(kind, "severity", severity, after.severity.value if after.severity is not None else None)
    yield from _one(kind, "status", before.status, after.status)
    yield from _one(kind, "version", before.version, after.version)
    yield from _one(kind, "kind", before.kind, after.kind)
    yield from _one(kind, "author", before.author, after.author)
    yield from _one(kind, "date", before.date, after.date)
    yield from _one(kind, "modified", before.modified, after.modified)
    yield from _sets(kind, "tactic", before.tactics, after.tactics)
    yield from _sets(kind, "technique", before.techniques, after.techniques)
    yield from _sets(kind, "tag", before.tags, after.tags)
    yield from _sets(kind, "reference", before.references, after.references)
    yield from _sets(kind, "false positive", before.false_positives, after.false_positives)
    yield from _sets(kind, "connector", _connectors(before), _connectors(after))
    yield from _alert(before, after)
    yield from _named(kind, "fact", before.facts, after.facts)
    yield from _sets(kind, "related rule", _related(before), _related(after))


def _connectors(rule: Rule) -> Iterator[str]:
    for connector in rule.connectors:
        yield f"{connector.id} ({', '.join(connector.tables)})" if connector.tables else connector.id


def _related(rule: Rule) -> Iterator[str]:
    for relation, name in rule.related:
        yield f"{relation} {name}"


def _alert(before: Rule, after: Rule) -> Iterator[Detail]:
    kind, one, other = ChangeKind.METADATA, before.alert, after.alert
    yield from _one(kind, "alert title", one.title, other.title)
    yield from _one(kind, "alert description", one.description, other.description)
    yield from _one(kind, "alert severity from", one.severity_column, other.severity_column)
    yield from _one(kind, "alert tactics from", one.tactics_column, other.tactics_column)
    yield from _sets(kind, "entity", _entities(before), _entities(after))
    yield from _named(kind, "custom detail", one.custom_details, other.custom_details)
    yield from _named(kind, "alert detail", one.details, other.details)
    yield from _one(kind, "event grouping", one.event_grouping, other.event_grouping)
    yield from _named(kind, "incident grouping", one.grouping, other.grouping)
    yield from _named(kind, "impacted asset", one.impacted_assets, other.impacted_assets)
    yield from _sets(kind, "response action", one.response_actions, other.response_actions)


def _entities(rule: Rule) -> Iterator[str]:
    for entity in rule.alert.entities:
        fields = ", ".join(f"{field.identifier} = {field.column}" for field in entity.fields)
        yield f"{entity.type}: {fields}"


# --- shared


def _one(
    kind: ChangeKind, what: str, before: str | None, after: str | None, name: str | None = None
) -> Iterator[Detail]:
    if before != after:
        yield Detail(kind, what, name, before, after)


def _sets(kind: ChangeKind, what: str, before: Iterable[str], after: Iterable[str]) -> Iterator[Detail]:
    was, now = dict.fromkeys(before), dict.fromkeys(after)
    yield from (Detail(kind, what, None, each, None) for each in was if each not in now)
    yield from (Detail(kind, what, None, None, each) for each in now if each not in was)


def _named(
    kind: ChangeKind, what: str, before: Iterable[tuple[str, str]], after: Iterable[tuple[str, str]]
) -> Iterator[Detail]:
    was, now = _by_name(before), _by_name(after)
    for name in dict.fromkeys((*was, *now)):
        yield from _pairs(kind, what, name, was.get(name, []), now.get(name, []))


def spelled(value: Value) -> str:
    """A value as details write it: texts as they are, a range as `low..high`."""
    match value.kind, value.value:
        case ValueKind.EMPTY_LIST, _:
            return "no value"
        case _, (low, high):
            return f"{_scalar(low)}..{_scalar(high)}"
        case _, scalar:
            return _scalar(scalar)


def _scalar(value: ScalarValue | tuple[ScalarValue, ScalarValue]) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)
