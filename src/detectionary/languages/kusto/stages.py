"""The stages of a pipeline: their texts, and the pipelines nested in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from detectionary.languages.kusto.functions_aggregate import AGGREGATES
from detectionary.languages.kusto.syntax import (
    Call,
    Expression,
    Facet,
    Fork,
    InList,
    Join,
    ListOperator,
    Lookup,
    MakeGraph,
    Materialize,
    MvApply,
    Named,
    NameReference,
    Node,
    Operator,
    Parenthesized,
    Partition,
    PartitionBy,
    Pipeline,
    Summarize,
    ToScalar,
    ToTable,
    Union,
    children,
    walk,
)
from detectionary.text import Span

_ANTI_JOINS: Final = frozenset({"leftanti", "anti", "leftantisemi"})
_RIGHT_ANTI_JOINS: Final = frozenset({"rightanti", "rightantisemi"})


@dataclass(frozen=True, slots=True)
class Nested:
    """A pipeline inside a stage. `anti`: its rows are taken away (`analysis.md` decision 8)."""

    label: str
    expression: Expression
    anti: bool = False


def steps(expression: Expression) -> tuple[Expression | Operator, ...]:
    """The stages of a tabular expression, through parentheses and `materialize` round the whole."""
    while isinstance(expression, Parenthesized | Materialize):
        expression = expression.expression if isinstance(expression, Parenthesized) else expression.pipeline
    return expression.stages if isinstance(expression, Pipeline) else (expression,)


def stage_text(text: str, previous_end: int, span: Span) -> str:
    """The text of a stage from the pipe before it on."""
    at = previous_end
    while at < span.start:
        if text.startswith("//", at):
            line_end = text.find("\n", at)
            at = span.start if line_end < 0 else line_end
        elif text[at] == "|":
            return text[at : span.end].rstrip()
        else:
            at += 1
    return span.of(text).rstrip()


def is_anti_join(join: Join) -> bool:
    """Whether the join keeps the left rows that have no partner."""
    return _join_kind(join) in _ANTI_JOINS


def is_right_anti_join(node: Node) -> bool:
    """Whether the stage keeps the right rows that have no partner: all that came before it is taken away."""
    return isinstance(node, Join) and _join_kind(node) in _RIGHT_ANTI_JOINS


def is_any_anti_join(node: Node) -> bool:
    """Whether the stage keeps the rows of one side that have no partner."""
    return isinstance(node, Join) and _join_kind(node) in _ANTI_JOINS | _RIGHT_ANTI_JOINS


def aggregates(node: Node) -> tuple[str, ...]:
    """The functions by which a `summarize` makes its columns, each once."""
    if not isinstance(node, Summarize):
        return ()
    calls = [each for item in node.aggregates for each in walk(item) if isinstance(each, Call)]
    return tuple(dict.fromkeys(call.name.text for call in calls if call.name.text in AGGREGATES))


def _join_kind(join: Join) -> str:
    kind = next((parameter.value for parameter in join.parameters if parameter.name == "kind"), None)
    return kind.name.lower() if isinstance(kind, NameReference) else ""


def nested(node: Node) -> Iterator[Nested]:
    """The pipelines inside a stage, in the order of the text, not those inside them."""
    match node:
        case Join(right=right):
            yield from _on(node.on, node.where)
            yield Nested("right side", right, is_anti_join(node))
        case Lookup(right=right):
            yield Nested("right side", right)
        case Union(tables=tables):
            for number, table in enumerate(tables, start=1):
                yield Nested(f"leg {number}", table)
        case MvApply(pipeline=pipeline) | Partition(pipeline=pipeline) | PartitionBy(pipeline=pipeline):
            yield Nested("body", pipeline)
        case Fork(branches=branches):
            for number, branch in enumerate(branches, start=1):
                yield Nested(f"branch {branch.name.text if branch.name else number}", branch.pipeline)
        case Facet(with_pipeline=Pipeline() as pipeline):
            yield Nested("with", pipeline)
        case MakeGraph(tables=tables):
            for number, (table, _) in enumerate(tables, start=1):
                yield Nested(f"nodes {number}", table)
        case Parenthesized() | Materialize() | ToTable():
            yield Nested("source", node)
        case _:
            yield from _inside(node, False)


def _on(conditions: tuple[Expression, ...] | None, where: Expression | None) -> Iterator[Nested]:
    for condition in conditions or ():
        yield from _inside(condition, False)
    if where is not None:
        yield from _inside(where, False)


def _inside(node: Node, negated: bool) -> Iterator[Nested]:
    """Sub-queries inside expressions; `negated` is the parity of the `not` round them."""
    pending: list[tuple[Node, bool]] = [(node, negated)]
    while pending:
        current, inverse = pending.pop()
        match current:
            case ToScalar(pipeline=pipeline):
                yield Nested("toscalar", pipeline)
            case ToTable(pipeline=pipeline) | Materialize(pipeline=pipeline):
                yield Nested("sub-query", pipeline)
            case Pipeline():
                yield Nested("sub-query", current, inverse)
            case InList(operator, operand, items):
                takes_away = inverse is not (operator in (ListOperator.NOT_IN, ListOperator.NOT_IN_FOLD))
                pending.extend((item, takes_away) for item in reversed(items))
                pending.append((operand, inverse))
            case Call(name) if name.text == "not":
                pending.extend((argument, not inverse) for argument in reversed(current.arguments))
            case Named(expression=inner):
                pending.append((inner, inverse))
            case _:
                pending.extend((child, inverse) for child in reversed(list(children(current))))
