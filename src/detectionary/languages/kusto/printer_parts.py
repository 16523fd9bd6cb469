"""What a node is printed as: pieces of layout with the nodes below it between them, and the shapes lists take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from detectionary.languages.kusto import spelling, syntax
from detectionary.languages.kusto.layout import (
    BLOCK,
    BLOCK_OUTWARD,
    NOTHING,
    NOTHING_OUTWARD,
    SPACE,
    Break,
    Close,
    Open,
    Piece,
)

Part: TypeAlias = "Piece | syntax.Node"
Parts: TypeAlias = "Iterator[Part]"


def listed(items: Iterable[Part], separator: str = ",", between: Break = SPACE) -> Parts:
    """`a, b, c`, with a possible line end after each comma."""
    for index, item in enumerate(items):
        if index:
            yield separator
            yield between
        yield item


def columns(items: Iterable[Part], before: str = " ") -> Parts:
    """The list that an operator or a clause ends with: on the same line, or one item a line below."""
    items = tuple(items)
    if items:
        yield Open()
        yield Break(before)
        yield from listed(items)
        yield Close()


def enclosed(opening: str, items: Iterable[Part], closing: str) -> Parts:
    """A list in brackets: on the same line, or one item a line with the closing bracket below."""
    items = tuple(items)
    yield opening
    if items:
        yield Open()
        yield NOTHING
        yield from listed(items)
        yield NOTHING_OUTWARD
        yield Close()
    yield closing


def block(opening: str, content: syntax.Node, closing: str) -> Parts:
    """An expression in brackets; a pipeline of several stages always has lines of its own."""
    if isinstance(content, syntax.Pipeline) and len(content.stages) > 1:
        before, after = BLOCK, BLOCK_OUTWARD
    else:
        before, after = NOTHING, NOTHING_OUTWARD
    yield opening
    yield Open()
    yield before
    yield content
    yield after
    yield Close()
    yield closing


def parameters(items: Iterable[syntax.QueryParameter]) -> Parts:
    """` kind=inner hint.strategy=shuffle`, each with the blank before it."""
    for item in items:
        yield " "
        yield item


def optional(before: str, node: syntax.Node | None, after: str = "") -> Parts:
    """`node` with its keyword before it, or nothing."""
    if node is not None:
        yield before
        yield node
        yield after


def properties(items: tuple[syntax.QueryParameter, ...]) -> Parts:
    """` with (format="csv")` of tables that are read from outside: the names are free."""
    yield " with ("
    yield Open()
    yield NOTHING
    for index, item in enumerate(items):
        if index:
            yield ","
            yield SPACE
        yield f"{spelling.name(item.name)}="
        yield option_value(item.value)
    yield NOTHING_OUTWARD
    yield Close()
    yield ")"


def option_value(value: syntax.Expression) -> Part:
    """What stands after the `=` of an option."""
    return spelling.word(value.name) if isinstance(value, syntax.NameReference) else only_literal(value)


def only_literal(value: syntax.Expression) -> Part:
    """A value where the grammar allows no expression."""
    return spelling.literal(value, signed=True) if isinstance(value, syntax.Literal) else value


def entities(items: Iterable[syntax.Node]) -> Parts:
    """Columns or tables where a wildcard may stand; as an expression it has brackets round it."""
    for item in items:
        yield item.pattern if isinstance(item, syntax.WildcardName) else item
