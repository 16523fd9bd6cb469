"""An entry as the rows that a catalog keeps of it.

Made in the processes that analyse rules, so that the one that writes only inserts. `TABLE_ROWS` names the tables whose
rows of a rule are replaced whole; their first column, `rule`, is added on writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final, TypeAlias

import msgspec

from detectionary.catalog.schema import TABLES, Role
from detectionary.catalog.wire import Codec
from detectionary.model.analysis import Indicator, Stage
from detectionary.model.entry import Entry, ValueKey, field_key, value_keys
from detectionary.model.outcome import Outcome
from detectionary.model.predicate import ScalarValue, Value
from detectionary.model.rule import Rule
from detectionary.text import Diagnostic

Cell: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[Cell, ...]

ENTRY_CODEC: Final = Codec(Entry)
RULE_CODEC: Final = Codec(Rule)

TABLE_ROWS: Final = tuple(
    table.name
    for table in TABLES
    if table.columns[0].role is Role.RULE and table.name not in ("search_terms", "dependencies")
)
"""Tables with rows of a rule."""


@dataclass(frozen=True, slots=True)
class StoredRule:
    """Everything that the catalog writes of one rule, ready to be sent between processes."""

    rule_id: str
    occurrence: int
    digest: str
    """Hash of the version's text."""
    columns: tuple[Cell, ...]
    """Values of `RULE_COLUMNS`."""
    body: str
    query: str
    rows: tuple[tuple[Row, ...], ...]
    """For each of `TABLE_ROWS`, its rows without the rule."""
    fields: str
    values: str
    dependencies: tuple[tuple[str, str], ...]

    @property
    def title_and_description(self) -> tuple[Cell, Cell]:
        """What full-text search reads of `columns`."""
        return self.columns[_TITLE], self.columns[_DESCRIPTION]


RULE_COLUMNS: Final = (
    "language", "kind", "title", "description", "author", "version", "severity", "status", "platform",
    "third_party_feed", "frequency", "lookback", "trigger_operator", "trigger_threshold", "accepted", "open_fields",
    "predicates", "opaques", "fault", "fingerprint", "analysed_with", "entry", "outcome", "entry_digest",
    "date", "modified", "tested",
)  # fmt: skip
REGRESSION_TEST: Final = "Regression test"
"""The fact of a rule that names a test of it."""

_TITLE: Final = RULE_COLUMNS.index("title")
_DESCRIPTION: Final = RULE_COLUMNS.index("description")


def text_digest(*texts: str) -> str:
    """Sixteen bytes of hash over texts, in hexadecimal."""
    state = blake2b(digest_size=16)
    for text in texts:
        data = text.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "little"))
        state.update(data)
    return state.hexdigest()


def entry_digest(data: bytes) -> str:
    """Eight bytes of hash over a stored entry, in hexadecimal."""
    return blake2b(data, digest_size=8).hexdigest()


def version_digest(rule: Rule) -> str:
    """What tells the versions of a rule apart: its text, not where it stands."""
    return text_digest(rule.body, rule.query.text)


def stored_rule(
    entry: Entry,
    *,
    occurrence: int,
    fingerprint: str,
    analysed_with: str,
    dependencies: Iterable[tuple[str, str]],
    fault: str | None = None,
) -> StoredRule:
    """The rows of `entry`.

    `dependencies` are (name, digest of what it meant). The entry is kept without slug, commit and licence: those belong
    to the catalog, the file and the repository, and are put back on reading.
    """
    rule, analysis = entry.rule, entry.analysis
    schedule, trigger = rule.schedule, rule.trigger
    source = replace(rule.source, commit=None, licence=None)
    kept = replace(entry, slug="", rule=replace(rule, source=source))
    data = ENTRY_CODEC.encode(kept)
    columns: Row = (
        rule.language,
        rule.kind,
        rule.title,
        rule.description,
        rule.author,
        rule.version,
        None if rule.severity is None else rule.severity.value,
        rule.status,
        entry.platform,
        entry.third_party_feed,
        None if schedule is None else schedule.frequency,
        None if schedule is None else schedule.lookback,
        None if trigger is None else trigger.operator,
        None if trigger is None else trigger.threshold,
        int(analysis.accepted),
        int(analysis.open_fields),
        analysis.predicate_count,
        len(analysis.opaques),
        fault,
        fingerprint,
        analysed_with,
        data,
        None if entry.outcome is None else spelled_outcome(entry.outcome),
        entry_digest(data),
        rule.date,
        rule.modified,
        int(any(name == REGRESSION_TEST for name, _ in rule.facts)),
    )
    by_table = _table_rows(entry)
    return StoredRule(
        rule.id,
        occurrence,
        version_digest(rule),
        columns,
        rule.body,
        rule.query.text,
        tuple(tuple(by_table.get(name, ())) for name in TABLE_ROWS),
        _fields(entry),
        _values(entry),
        tuple(sorted(dependencies)),
    )


def _table_rows(entry: Entry) -> dict[str, list[Row]]:
    """Rows of every table that has any, in the order of the model."""
    rule, analysis = entry.rule, entry.analysis
    comparisons, values = _comparisons(entry)
    entities = [
        (number, mapping.type, field.identifier, field.column)
        for number, mapping in enumerate(rule.alert.entities)
        for field in mapping.fields
    ]
    diagnostics = [
        (origin, *_diagnostic(diagnostic))
        for origin, found in (
            ("rule", rule.diagnostics),
            ("query", analysis.diagnostics),
            ("attack", entry.coverage.diagnostics),
        )
        for diagnostic in found
    ]
    return {
        "stages": list(_stages(entry)),
        "comparisons": comparisons,
        "comparison_values": values,
        "thresholds": _numbered(
            (
                test.name.text,
                None if test.aggregate is None else test.aggregate.text,
                test.operator.value,
                _spelled(test.value),
            )
            for test in analysis.thresholds
        ),
        "opaques": _numbered((opaque.reason, opaque.text, *opaque.span) for opaque in analysis.opaques),
        "output_fields": _numbered((out.name, out.source, out.stage, out.type) for out in analysis.output_fields),
        "parameters": _numbered(
            (parameter.name, parameter.text, _json(parameter.value), parameter.type)
            for parameter in analysis.parameters
        ),
        "bindings": _numbered((binding.name, binding.kind, binding.text) for binding in analysis.bindings),
        "techniques": _numbered(_techniques(entry)),
        "actions": _numbered(
            (action.key.lower(), action.key, action.provider, action.operation, int(action.inferred))
            for action in entry.actions
        ),
        "rule_tables": _numbered((name,) for name in analysis.tables),
        "rule_functions": _numbered((name,) for name in analysis.functions),
        "named_inputs": _numbered((named.kind, named.name) for named in analysis.named_inputs),
        "connectors": _numbered(
            (connector.id, table) for connector in rule.connectors for table in (connector.tables or (None,))
        ),
        "entities": _numbered(entities),
        "custom_details": _numbered(rule.alert.custom_details),
        "diagnostics": _numbered(diagnostics),
    }


def _numbered(rows: Iterable[Row]) -> list[Row]:
    return [(position, *row) for position, row in enumerate(rows)]


def _comparisons(entry: Entry) -> tuple[list[Row], list[Row]]:
    """Rows of `comparisons` and of `comparison_values`; exclusions follow the indicators."""
    analysis = entry.analysis
    rows: list[Row] = []
    values: list[Row] = []
    for position, (excluded, row) in enumerate(
        [*((0, row) for row in analysis.indicators), *((1, row) for row in analysis.exclusions)]
    ):
        field, operator = field_key(row), row.operator.value
        group = (None, None) if row.group is None else (row.group.id, row.group.kind.value)
        named = (row.field, row.canonical_field, field, operator, row.quantifier.value)
        origin = None if row.origin is None else row.origin.text
        rows.append(
            (
                *(position, excluded, *named, row.stage, *group, row.context, origin, int(row.implied), *row.span),
                row.record,
            )
        )
        values += [
            (position, place, excluded, field, *_counted(row, key, operator), *_value(value))
            for place, (value, key) in enumerate(zip(row.values, value_keys(row), strict=True))
        ]
    return rows, values


def _counted(row: Indicator, key: ValueKey | None, operator: str) -> tuple[str, str | None]:
    """The operator and value that corpus counts compare.

    No value for rows of an anti-join's other side, a missing event and the like, which the rule does not look for.
    """
    return (operator, None) if key is None or not is_counted(row) else (key[1], key[2])


def is_counted(row: Indicator) -> bool:
    """Whether corpus counts count what a row looks for: it is a condition on the rule's own records."""
    return row.context is None or row.context.startswith("binding ")


def spelled_outcome(outcome: Outcome) -> str:
    """`failure`, `success` or `-`, and the codes behind it, parted by blanks (a blank inside a code is `+`)."""
    result = {True: "success", False: "failure", None: "-"}[outcome.success]
    return " ".join((result, *(code.replace(" ", "+") for code in outcome.codes)))


def read_outcome(text: str | None) -> Outcome | None:
    """The outcome that `spelled_outcome` wrote."""
    if text is None:
        return None
    result, *codes = text.split(" ")
    return Outcome({"success": True, "failure": False}.get(result), tuple(code.replace("+", " ") for code in codes))


def _value(value: Value) -> Row:
    return value.kind.value, _spelled(value), _json(value.transforms)


def _stages(entry: Entry) -> Iterator[Row]:
    """All stages in order of the text, nested ones behind the stage that holds them."""
    analysis = entry.analysis
    position = 0

    def walk(stages: tuple[Stage, ...], parent: int | None, label: str | None) -> Iterator[Row]:
        nonlocal position
        for stage in stages:
            here = position
            position += 1
            yield (here, parent, label, stage.number, stage.operator, stage.text, *stage.span)
            for pipeline in stage.pipelines:
                yield from walk(pipeline.stages, here, pipeline.label)

    for binding in analysis.bindings:
        yield from walk(binding.stages, None, f"binding {binding.name}")
    for parameter in analysis.parameters:
        for pipeline in parameter.pipelines:
            yield from walk(pipeline.stages, None, f"parameter {parameter.name}")
    yield from walk(analysis.stages, None, None)


def _techniques(entry: Entry) -> Iterator[Row]:
    for tactic in entry.coverage.tactics:
        if not tactic.techniques:
            yield (tactic.tactic, tactic.tactic_id, None, None, None)
        for technique in tactic.techniques:
            yield (tactic.tactic, tactic.tactic_id, technique.id, technique.name, technique.revoked_from)


def _diagnostic(diagnostic: Diagnostic) -> Row:
    span = (None, None) if diagnostic.span is None else tuple(diagnostic.span)
    return (
        diagnostic.code,
        diagnostic.level.value,
        diagnostic.message,
        diagnostic.help,
        diagnostic.place,
        *span,
    )


def _spelled(value: Value) -> str | None:
    match value.value:
        case (low, high):
            return f"{_scalar(low)}..{_scalar(high)}"
        case scalar:
            return _scalar(scalar)


def _scalar(value: ScalarValue) -> str | None:
    match value:
        case None | str():
            return value
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _json(value: ScalarValue | tuple[ScalarValue, ...]) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


def _fields(entry: Entry) -> str:
    """Names for full-text search, each once."""
    analysis = entry.analysis
    names: dict[str, None] = {}
    for row in (*analysis.indicators, *analysis.exclusions):
        for name in (row.field, row.canonical_field):
            if name:
                names[name] = None
    for out in analysis.output_fields:
        names[out.name] = None
    return " ".join(names)


def _values(entry: Entry) -> str:
    """Values for full-text search, each once, a line each."""
    texts: dict[str, None] = {}
    for row in (*entry.analysis.indicators, *entry.analysis.exclusions):
        for value in row.values:
            text = _spelled(value)
            if text:
                texts[text] = None
    for action in entry.actions:
        texts[action.key] = None
    return "\n".join(texts)
