"""Queries as the model's stages; on the way their filters become predicate trees and rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from detectionary.languages.esql.check import stage_kind
from detectionary.languages.esql.columns import Column, Origin, Table
from detectionary.languages.esql.effects import Effects
from detectionary.languages.esql.lineage import Lineage
from detectionary.languages.esql.predicates import Predicates
from detectionary.languages.esql.predicates_comparisons import Comparisons
from detectionary.languages.esql.syntax import InQuery, Literal, Name, Node, Not, Parameter, children, walk
from detectionary.languages.esql.syntax_commands import (
    Command,
    Enrich,
    Explain,
    External,
    Fork,
    From,
    IndexPattern,
    Join,
    PromQL,
    Query,
    Row,
    Show,
    Stats,
    Where,
)
from detectionary.languages.rows import Place, Rows
from detectionary.model.analysis import NamedInput, Pipeline, Stage
from detectionary.model.predicate import AllOf, Leaf, Predicate, ThresholdTest, leaves
from detectionary.text import Span

ANTI_JOIN: Final = "anti-join"
SOURCES: Final = (Explain, External, From, PromQL, Row, Show)


@dataclass(frozen=True, slots=True)
class Context:
    """What a query is part of."""

    stage: int | None = None
    """None in the top-level query, whose stages have their own numbers."""
    label: str | None = None
    tables: tuple[str, ...] = ()
    """Of the query around a branch."""


@dataclass(slots=True)
class Read:
    """What reading a query found beside its stages, in the order of the text."""

    rows: Rows = field(default_factory=Rows)
    leaves: dict[tuple[object, ...], Leaf] = field(default_factory=dict)
    tables: dict[str, None] = field(default_factory=dict)
    inputs: dict[NamedInput, None] = field(default_factory=dict)
    group_by: tuple[str, ...] = ()
    bins: tuple[str, ...] = ()


class Pipelines:
    """Builds the stages of one query and collects what they filter on."""

    def __init__(
        self, text: str, effects: Effects, lineage: Lineage, predicates: Predicates, comparisons: Comparisons
    ) -> None:
        self._text = text
        self._effects = effects
        self._lineage = lineage
        self._predicates = predicates
        self._comparisons = comparisons
        self.read = Read()

    def stages(self, query: Query, context: Context, table: Table | None = None) -> tuple[tuple[Stage, ...], Table]:
        """The stages of a query and the columns behind the last; `table` are those before a branch."""
        found: list[Stage] = []
        tables = context.tables
        end = query.commands[0].span.start if query.commands else 0
        for number, command in enumerate(query.commands, start=1):
            inner = context if context.stage is not None else replace(context, stage=number)
            if table is None and not isinstance(command, SOURCES):
                table = Table((stage_kind(command), number))  # a query without its beginning
            if table is None:
                tables = self._tables(command)
            inner = replace(inner, tables=tables)
            nested, tables_inside = self._nested(command, inner, table)
            predicate: Predicate | None = None
            bins: tuple[str, ...] = ()
            if table is None:
                table = self._effects.source(command, number, tables_inside)
            else:
                predicate = self._filter(command, table)
                nested = (*nested, *self._subqueries(command, inner, predicate))
                if predicate is not None:
                    self._collect(predicate, inner)
                if isinstance(command, Stats):
                    bins = self._grouped(command, table, top=context.stage is None)
                table = self._forked(tables_inside, number, table) if isinstance(command, Fork) else table
                table = self._effects.apply(command, table, number)
            self._note_inputs(command)
            text = command.span.of(self._text) if number == 1 else self._from_pipe(end, command.span)
            found.append(
                Stage(
                    number,
                    stage_kind(command),
                    text.rstrip(),
                    command.span,
                    nested,
                    _parameters(command) if "?" in text else (),
                    predicate,
                    bins=bins,
                )
            )
            end = command.span.end
        return tuple(found), Table() if table is None else table

    def _from_pipe(self, previous_end: int, span: Span) -> str:
        """The text of a stage from the pipe before it on."""
        at = previous_end
        while at < span.start:
            if self._text.startswith("//", at):
                line_end = self._text.find("\n", at)
                at = span.start if line_end < 0 else line_end
            elif self._text.startswith("/*", at):
                comment_end = self._text.find("*/", at, span.start)
                at = span.start if comment_end < 0 else comment_end + 2
            elif self._text[at] == "|":
                return self._text[at : span.end]
            else:
                at += 1
        return span.of(self._text)

    # Nested queries

    def _tables(self, command: Command) -> tuple[str, ...]:
        """The index patterns that a source command reads."""
        if not isinstance(command, From):
            return ()
        names: list[str] = []
        for source in command.sources:
            if isinstance(source, IndexPattern):
                names.extend(part.strip() for part in source.text.split(",") if _reads(part.strip()))
        self.read.tables.update(dict.fromkeys(names))
        return tuple(dict.fromkeys(names))

    def _nested(
        self, command: Command, context: Context, table: Table | None
    ) -> tuple[tuple[Pipeline, ...], tuple[Table, ...]]:
        """The queries that are parts of a command, and the columns behind each."""
        queries: list[tuple[str, Query]] = []
        match command:
            case From(sources=sources):
                inner = [source for source in sources if isinstance(source, Query)]
                queries = [(f"leg {number}", query) for number, query in enumerate(inner, start=1)]
            case Fork(branches):
                queries = [(f"branch {number}", query) for number, query in enumerate(branches, start=1)]
            case Explain(query):
                queries = [("sub-query", query)]
            case Join(target=target):
                text = target.span.of(self._text)
                return (Pipeline("right side", (Stage(1, "source", text, target.span),)),), ()
            case _:
                return (), ()
        found: list[Pipeline] = []
        tables: list[Table] = []
        for label, query in queries:
            before = table.copy() if isinstance(command, Fork) and table is not None else None
            stages, after = self.stages(query, context, before)
            found.append(Pipeline(label, stages))
            tables.append(after)
        return tuple(found), tuple(tables)

    def _subqueries(self, command: Command, context: Context, predicate: Predicate | None) -> tuple[Pipeline, ...]:
        """The queries behind `in`; what `not in` takes away is an anti-join (`analysis.md` decision 8)."""
        if predicate is None:
            return ()
        found: list[Pipeline] = []
        for node, taken_away in _in_queries(command):
            label = ANTI_JOIN if taken_away else context.label
            if isinstance(node.query, Query):
                stages, _ = self.stages(node.query, replace(context, label=label))
                found.append(Pipeline("sub-query", stages))
        return tuple(found)

    def _forked(self, branches: tuple[Table, ...], number: int, before: Table) -> Table:
        """The columns of all branches, and which branch a row comes from; what no branch touched stays as it was."""
        table = Table(next((branch.opener for branch in branches if branch.opener is not None), None))
        maker = ("fork", number)
        untouched = {id(column) for column in before}
        for branch in branches:
            table.add(
                column if column.stored or id(column) in untouched else replace(column, maker=maker)
                for column in branch
            )
        table.put(Column("_fork", Origin("_fork"), "keyword", maker))
        return table

    # Filters and groups

    def _filter(self, command: Command, table: Table) -> Predicate | None:
        match command:
            case Where(condition):
                return self._predicates.condition(condition, table)
            case Join(conditions=conditions):
                tests = [each for each in conditions if not isinstance(each, Name)]
                if not tests:
                    return None
                # columns of the lookup index are not known before the join
                beside = table.copy()
                beside.opener = beside.opener or ("lookup join", 0)
                built = tuple(self._predicates.condition(each, beside) for each in tests)
                return built[0] if len(built) == 1 else AllOf(built)
            case _:
                return None

    def _collect(self, predicate: Predicate, context: Context) -> None:
        for leaf in leaves(predicate):
            key = (type(leaf), leaf.span, getattr(leaf, "field", None), getattr(leaf, "operator", None))
            self.read.leaves.setdefault(key, leaf)
        self.read.rows.add(predicate, Place(context.stage or 0, context.label, context.tables))

    def _grouped(self, command: Stats, table: Table, top: bool) -> tuple[str, ...]:
        """The bins among the keys; those and the keys of the last top-level command are the query's.

        A column that a command before has put into bins is a key by its name, too.
        """
        widths = [self._lineage.bin_width(key.expression, table) for key in command.by]
        bins = tuple(width for width in widths if width is not None)
        if top:
            names = [
                self._effects.name_of(key)
                for key, width in zip(command.by, widths, strict=True)
                if width is None or isinstance(key.expression, Name)
            ]
            self.read.group_by = tuple(dict.fromkeys(names))
            self.read.bins = bins
        return bins

    def _note_inputs(self, command: Command) -> None:
        match command:
            case Enrich(policy=policy):
                self.read.inputs[NamedInput("enrich policy", policy.text, policy.span)] = None
            case External(location=Literal(str(path))):
                self.read.inputs[NamedInput("external data", path, command.location.span)] = None
            case Join(target=target):
                self.read.inputs[NamedInput("lookup index", target.text, target.span)] = None
            case _:
                pass

    def with_thresholds(self, stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
        """The stages once more, each aggregating one with the later comparisons on what it makes."""
        made: dict[Span, list[ThresholdTest]] = {}
        for leaf in self.read.leaves.values():
            if isinstance(leaf, ThresholdTest):
                maker = self._comparisons.makers.get((leaf.span, leaf.name))
                if maker is not None:
                    made.setdefault(maker, []).append(leaf)
        return tuple(_with_thresholds(stage, made) for stage in stages) if made else stages


def _with_thresholds(stage: Stage, made: dict[Span, list[ThresholdTest]]) -> Stage:
    pipelines = tuple(
        Pipeline(inner.label, tuple(_with_thresholds(each, made) for each in inner.stages)) for inner in stage.pipelines
    )
    return replace(stage, pipelines=pipelines, thresholds=tuple(made.get(stage.span, ())))


def _reads(pattern: str) -> bool:
    """Whether an index pattern is one to read: `-logs-a` takes indices out."""
    return bool(pattern) and not pattern.startswith("-") and ":-" not in pattern


def _parameters(command: Command) -> tuple[str, ...]:
    """The parameters that a command uses, in the order of their first use."""
    return tuple(dict.fromkeys(node.text for node in walk(command) if isinstance(node, Parameter)))


def _in_queries(node: Node) -> Iterator[tuple[InQuery, bool]]:
    """The sub-queries of a condition, not those inside them, each with whether its rows are taken away."""
    pending: list[tuple[Node, bool]] = [(node, False)]
    while pending:
        current, inverse = pending.pop()
        match current:
            case InQuery(negated=negated):
                yield current, inverse is not negated
            case Not(operand):
                pending.append((operand, not inverse))
            case _:
                pending.extend((child, inverse) for child in reversed(children(current)))
