"""Where the rows of a pipeline come from: tables, other sources, and inputs that are read by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.languages.kusto.bound import Bound, FunctionSymbol, TableSymbol, TableType, VariableSymbol
from detectionary.languages.kusto.constants import Constants
from detectionary.languages.kusto.stages import is_anti_join
from detectionary.languages.kusto.syntax import (
    Call,
    DataTable,
    Expression,
    ExternalData,
    Find,
    FunctionDeclaration,
    Join,
    Let,
    Lookup,
    Materialize,
    Named,
    NameReference,
    Node,
    Parenthesized,
    Path,
    Pipeline,
    Print,
    Query,
    Range,
    Search,
    Union,
    walk,
)
from detectionary.languages.kusto.values import Constant
from detectionary.model.analysis import NamedInput

_MAX_DEPTH: Final = 30
WATCHLIST: Final = "_GetWatchlist"


class Sources:
    """Answers for one bound query."""

    def __init__(self, bound: Bound, constants: Constants) -> None:
        self._bound = bound
        self._constants = constants

    def tables(self, node: Node, depth: int = 0) -> tuple[str, ...]:
        """The tables (and tabular functions) whose rows a source, operator or whole pipeline brings in."""
        if depth > _MAX_DEPTH:
            return ()
        match node:
            case Parenthesized(inner) | Materialize(inner) | Named(expression=inner):
                return self.tables(inner, depth + 1)
            case Pipeline(stages):
                return united(self.tables(stage, depth + 1) for stage in stages)
            case Union(tables=tables):
                return united(self.tables(table, depth + 1) for table in tables)
            case Join(right=right):
                return () if is_anti_join(node) else self.tables(right, depth + 1)
            case Lookup(right=right):
                return self.tables(right, depth + 1)
            case Search(sources=sources) | Find(sources=sources):
                return united(self.tables(source, depth + 1) for source in sources or ())
            case NameReference() | Call() | Path():
                return self._named(node, depth)
            case _:
                return ()

    def is_outside(self, node: Node, depth: int = 0) -> bool:
        """Whether all rows are a watchlist's or other lookup data: filters over them are no indicators."""
        if depth > _MAX_DEPTH:
            return False
        match node:
            case ExternalData() | DataTable() | Print() | Range():
                return True
            case Parenthesized(inner) | Materialize(inner):
                return self.is_outside(inner, depth + 1)
            case Pipeline(stages):
                parts = [stages[0], *(stage for stage in stages[1:] if isinstance(stage, Join | Lookup | Union))]
                return all(self.is_outside(part, depth + 1) for part in parts)
            case Join(right=right) | Lookup(right=right):
                return self.is_outside(right, depth + 1)
            case Union(tables=tables):
                return all(self.is_outside(table, depth + 1) for table in tables)
            case Call(name) if name.text == WATCHLIST:
                return True
            case NameReference() | Call():
                body = self._let_body(node)
                return body is not None and self.is_outside(body, depth + 1)
            case _:
                return False

    def named_inputs(self, tree: Query) -> tuple[NamedInput, ...]:
        """Watchlists and external data, each once."""
        found: dict[tuple[str, str], NamedInput] = {}
        for node in walk(tree):
            match node:
                case Call(name, (first, *_)) if name.text == WATCHLIST:
                    value = self._constants.fold(first.expression if isinstance(first, Named) else first)
                    kind, alias = "watchlist", self._text(value, first)
                case ExternalData(sources=(first, *_)):
                    kind, alias = "externaldata", self._text(self._constants.fold(first), first)
                case ExternalData():
                    kind, alias = "externaldata", ""
                case _:
                    continue
            found.setdefault((kind, alias), NamedInput(kind, alias, node.span))
        return tuple(found.values())

    def _text(self, value: object, node: Expression) -> str:
        if isinstance(value, Constant) and isinstance(value.value, str):
            return value.value
        return self._constants.source(node)

    def _let_body(self, node: Node) -> Node | None:
        match self._bound.symbols.get(id(node)):
            case VariableSymbol(declaration=Let(value=value)) | FunctionSymbol(definition=Let(value=value)):
                return value.expression if isinstance(value, FunctionDeclaration) else value
            case _:
                return None

    def _named(self, node: NameReference | Call | Path, depth: int) -> tuple[str, ...]:
        body = self._let_body(node)
        if body is not None:
            return self.tables(body, depth + 1)
        match self._bound.symbols.get(id(node)):
            case TableSymbol(name):
                return (name,)
            case FunctionSymbol("table") if isinstance(node, Call) and node.arguments:
                argument = self._constants.fold(node.arguments[0])
                known = isinstance(argument, Constant) and isinstance(argument.value, str)
                return (str(argument.value),) if known and isinstance(argument, Constant) else ()
            case FunctionSymbol(name) if isinstance(self._bound.types.get(id(node)), TableType):
                return () if name == WATCHLIST else (name,)
            case _:
                return ()


def united(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All names once, in order of first mention."""
    return tuple(dict.fromkeys(name for group in groups for name in group))
