"""An EQL query taken apart: parse, and fill the model's analysis. Nothing here raises on bad text."""

from __future__ import annotations

from typing import Final, TypeVar

from detectionary.languages.eql.faults import faults
from detectionary.languages.eql.operands import counted
from detectionary.languages.eql.parser import Parsed
from detectionary.languages.eql.predicates import CASED, Predicates
from detectionary.languages.eql.printer import expression
from detectionary.languages.eql.stages import parts
from detectionary.languages.eql.syntax import EventQuery, Expression, Field, Pipe, Query, Sequence, Term
from detectionary.languages.rows import Place, Rows
from detectionary.model import analysis as model
from detectionary.model.predicate import (
    AllOf,
    ColumnComparison,
    Comparison,
    Leaf,
    Opaque,
    Operand,
    OperandKind,
    Operator,
    Predicate,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
    leaves,
)
from detectionary.text import Diagnostic, Level, SourceText, Span

CATEGORY: Final = "event.category"

_COUNTED: Final = {"count": ("count", "percent", "total_hosts"), "unique_count": ("count", "percent", "total_hosts")}
"""Numbers that the older pipes add to the results."""

_Kind = TypeVar("_Kind", bound=Leaf)


def analyze_parsed(source: SourceText, parsed: Parsed) -> model.Analysis:
    """Everything that one parse of a query says about it."""
    try:
        return _Analyzer(source.text, parsed).analysis()
    except RecursionError:
        fault = Diagnostic("EQL399", Level.ERROR, "the query is nested too deeply to be taken apart")
        return model.Analysis(accepted=False, diagnostics=(fault,))


class _Analyzer:
    """Takes one query apart."""

    def __init__(self, text: str, parsed: Parsed) -> None:
        self._text = text
        self._parsed = parsed
        self._rows = Rows()
        self._leaves: list[Leaf] = []
        self._runs: list[ThresholdTest] = []
        self._aggregates: dict[str, Operand] = {}

    def analysis(self) -> model.Analysis:
        tree = self._parsed.tree
        stages = tuple(
            self._stage(number, part.operator, part.text, part.span, part.node)
            for number, part in enumerate(parts(tree, self._text), start=1)
        )
        return model.Analysis(
            accepted=self._parsed.accepted,
            stages=stages,
            indicators=_in_text_order(self._rows.indicators),
            exclusions=_in_text_order(self._rows.exclusions),
            time_filters=_of_kind(self._leaves, TimeFilter),
            thresholds=(*self._runs, *_of_kind(self._leaves, ThresholdTest)),
            column_comparisons=_of_kind(self._leaves, ColumnComparison),
            opaques=_of_kind(self._leaves, Opaque),
            output_fields=_output_fields(tree),
            open_fields=not any(pipe.name == "count" for pipe in tree.pipes),
            group_by=_group_by(tree),
            diagnostics=(*self._parsed.diagnostics, *faults(tree)),
            predicate_count=len(self._leaves),
            window=_window(tree),
        )

    def _stage(
        self, number: int, operator: str, text: str, span: Span, node: EventQuery | Sequence | Term | Pipe
    ) -> model.Stage:
        predicate: Predicate | None = None
        thresholds: tuple[ThresholdTest, ...] = ()
        context = None
        match node:
            case EventQuery():
                predicate = self._event(node)
            case Term():
                predicate = self._event(node.event)
                context = "until" if operator == "until" else "missing event" if node.missing else None
                thresholds = self._repeated(node)
            case Pipe("filter", (condition, *_)):
                predicate = Predicates(self._text, self._aggregates).condition(condition)
            case Pipe(name):
                self._aggregates.update(dict.fromkeys(_COUNTED.get(name, ()), counted(node)))
        if predicate is not None:
            self._rows.add(predicate, Place(number, context))
            self._leaves.extend(leaves(predicate))
        return model.Stage(number, operator, text, span, predicate=predicate, thresholds=thresholds)

    def _event(self, event: EventQuery) -> Predicate:
        condition = Predicates(self._text).condition(event.condition)
        if event.category is None:
            return condition
        value = Value(ValueKind.TEXT, event.category, (CASED,))
        category = Comparison(CATEGORY, Operator.EQ, Quantifier.ANY, (value,), event.category_span, implied=True)
        return AllOf((category, *(condition.operands if isinstance(condition, AllOf) else (condition,))))

    def _repeated(self, term: Term) -> tuple[ThresholdTest, ...]:
        """`with runs=3`: the event must come three times."""
        if term.runs is None:
            return ()
        value = Value(ValueKind.NUMBER, term.runs.count)
        found = ThresholdTest(Operand("runs", OperandKind.NAME), None, Operator.GE, value, term.runs.span)
        self._runs.append(found)
        return (found,)


def _window(tree: Query) -> str | None:
    if not isinstance(tree.body, Sequence) or tree.body.maxspan is None:
        return None
    return f"{tree.body.maxspan.number}{tree.body.maxspan.unit}"


def _key_name(key: Expression) -> str:
    return key.name if isinstance(key, Field) else expression(key)


def _group_by(tree: Query) -> tuple[str, ...]:
    """The keys of the last pipe that counts; else the join keys: those of all events first, then each event's own."""
    for pipe in reversed(tree.pipes):
        if pipe.name in _COUNTED:
            return tuple(map(_key_name, pipe.arguments))
    if not isinstance(tree.body, Sequence):
        return ()
    own = (key for term in tree.body.terms for key in term.keys)
    return tuple(dict.fromkeys(map(_key_name, (*tree.body.keys, *own))))


def _output_fields(tree: Query) -> tuple[model.OutputField, ...]:
    """A query gives whole documents, whose fields are open; what it names are its join keys and counts."""
    found: dict[str, model.OutputField] = {}
    before = 0 if tree.body is None else 1
    if isinstance(tree.body, Sequence):
        before += len(tree.body.terms) + (tree.body.until is not None)
        for key in tree.body.keys:
            name = _key_name(key)
            found.setdefault(name, model.OutputField(name, tree.body.kind, 1, "unknown"))
        for number, term in enumerate(tree.body.terms, start=2):
            for key in term.keys:
                name = _key_name(key)
                found.setdefault(name, model.OutputField(name, tree.body.kind, number, "unknown"))
    for number, pipe in enumerate(tree.pipes, start=before + 1):
        if pipe.name == "count":
            found = {
                name: model.OutputField(name, "count", number, "unknown") for name in map(_key_name, pipe.arguments)
            }
        if pipe.name in _COUNTED:
            found["count"] = model.OutputField("count", pipe.name, number, "long")
    return tuple(found.values())


def _in_text_order(rows: list[model.Indicator]) -> tuple[model.Indicator, ...]:
    return tuple(sorted(rows, key=lambda row: row.span))


def _of_kind(found: list[Leaf], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(leaf for leaf in found if isinstance(leaf, kind))
