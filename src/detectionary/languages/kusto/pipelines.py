"""Pipelines as the model's stages; on the way their filters become predicate trees and rows."""

from __future__ import annotations

from dataclasses import dataclass, replace

from detectionary.languages.kusto.check import stage_kind
from detectionary.languages.kusto.constants import GLOBAL, Scope
from detectionary.languages.kusto.outputs import Grouping
from detectionary.languages.kusto.predicates import Predicates
from detectionary.languages.kusto.sources import Sources, united
from detectionary.languages.kusto.stages import (
    aggregates,
    is_any_anti_join,
    is_right_anti_join,
    nested,
    stage_text,
    steps,
)
from detectionary.languages.kusto.syntax import (
    Expression,
    Facet,
    Find,
    Fork,
    GraphMatch,
    GraphWhere,
    Join,
    Lookup,
    MakeGraph,
    MvApply,
    Node,
    Operator,
    Parse,
    Partition,
    PartitionBy,
    Scan,
    Search,
    Union,
    Where,
)
from detectionary.languages.kusto.uses import LetUses
from detectionary.languages.rows import Place, Rows
from detectionary.model.analysis import Pipeline, Stage
from detectionary.model.predicate import AllOf, Leaf, Predicate, ThresholdTest, leaves
from detectionary.text import Span

_HOLDERS = (Facet, Fork, Join, Lookup, MakeGraph, MvApply, Partition, PartitionBy, Union)
"""Operators that always hold another pipeline; others hold one in an expression."""

ANTI_JOIN = "anti-join"


@dataclass(frozen=True, slots=True)
class Context:
    """What a pipeline is part of."""

    stage: int | None = None
    """None in the top-level pipeline, whose stages have their own numbers."""
    label: str | None = None
    scope: Scope = GLOBAL
    repeated: bool = False
    """The body of a function that is called more than once: the binder knows the columns of one call only."""


class Pipelines:
    """Builds the stages of one query and collects what they filter on."""

    def __init__(self, text: str, predicates: Predicates, uses: LetUses, sources: Sources, grouping: Grouping) -> None:
        self._text = text
        self._predicates = predicates
        self._uses = uses
        self._sources = sources
        self._grouping = grouping
        self.rows = Rows()
        self._leaves: dict[tuple[object, ...], Leaf] = {}

    def leaves(self) -> tuple[Leaf, ...]:
        """What all filters so far test, each place of the text once, in the order of the text."""
        return tuple(sorted(self._leaves.values(), key=lambda leaf: leaf.span))

    def stages(self, nodes: tuple[Expression | Operator, ...], context: Context, first: int = 1) -> tuple[Stage, ...]:
        """The stages of one pipeline, numbered from `first` on."""
        found: list[Stage] = []
        if not nodes:
            return ()
        tables, outside = self._sources.tables(nodes[0], context.scope), self._sources.is_outside(nodes[0])
        end = nodes[0].span.start
        taken_away = max((at for at, node in enumerate(nodes, start=first) if is_right_anti_join(node)), default=0)
        for number, node in enumerate(nodes, start=first):
            inner = context if context.stage is not None else replace(context, stage=number)
            if number < taken_away:
                inner = replace(inner, label=ANTI_JOIN)
            predicate = self._filter(node, context.scope)
            if predicate is not None:
                self._collect(predicate, inner, None if outside else tables)
            if number > first and isinstance(node, Join | Lookup | Union):
                outside = outside and self._sources.is_outside(node)
                tables = united((tables, self._sources.tables(node, context.scope)))
            found.append(
                Stage(
                    number,
                    stage_kind(node),
                    stage_text(self._text, end, node.span) if number > first else node.span.of(self._text).rstrip(),
                    node.span,
                    self.nested(node, inner),
                    self._uses.references(node),
                    predicate,
                    bins=self._grouping.bins(node),
                    aggregates=aggregates(node),
                    anti=is_any_anti_join(node),
                )
            )
            end = node.span.end
        return tuple(found)

    def nested(self, node: Node, context: Context) -> tuple[Pipeline, ...]:
        """The pipelines inside a stage or value."""
        found: list[Pipeline] = []
        if not isinstance(node, _HOLDERS) and not self._uses.has_sub_query(node):
            return ()
        for each in nested(node):
            inner = replace(context, label=ANTI_JOIN) if each.anti else context
            found.append(Pipeline(each.label, self.stages(steps(each.expression), inner)))
        return tuple(found)

    def with_thresholds(self, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        """The stages once more, each aggregating one with the later comparisons on what it makes."""
        made: dict[Span, list[ThresholdTest]] = {}
        for leaf in self.leaves():
            if isinstance(leaf, ThresholdTest):
                maker = self._predicates.comparisons.makers.get((leaf.span, leaf.name))
                if maker is not None:
                    made.setdefault(maker, []).append(leaf)
        return tuple(_with_thresholds(stage, made) for stage in stages) if made else stages

    def _filter(self, node: Node, scope: Scope) -> Predicate | None:
        """What a stage filters on, if it filters."""
        build = self._predicates.condition
        match node:
            case Where(predicate=condition) | GraphWhere(predicate=condition):
                return build(condition, scope)
            case Search(predicate=condition) | Find(predicate=condition):
                found = build(condition, scope, search=True)
                return None if found == AllOf(()) else found
            case Parse(where=True):
                return self._predicates.parsed_where(node, scope)
            case Join(where=condition) | GraphMatch(where=condition) if condition is not None:
                return build(condition, scope)
            case Scan(steps=scanned):
                return AllOf(tuple(build(step.condition, scope) for step in scanned))
            case _:
                return None

    def _collect(self, predicate: Predicate, context: Context, tables: tuple[str, ...] | None) -> None:
        """Keep what a filter tests; `tables` is None when its rows are lookup data, which give no indicators."""
        for leaf in leaves(predicate):
            self._leaves.setdefault((type(leaf), leaf.span, getattr(leaf, "field", None)), leaf)
        if tables is not None:
            known = {} if context.repeated else self._predicates.comparisons.tables
            self.rows.add(predicate, Place(context.stage or 0, context.label, tables), known)


def _with_thresholds(stage: Stage, made: dict[Span, list[ThresholdTest]]) -> Stage:
    pipelines = tuple(
        Pipeline(inner.label, tuple(_with_thresholds(each, made) for each in inner.stages)) for inner in stage.pipelines
    )
    return replace(stage, pipelines=pipelines, thresholds=tuple(made.get(stage.span, ())))
