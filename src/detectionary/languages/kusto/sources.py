"""Where the rows of a pipeline come from: tables, other sources, and inputs that are read by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from detectionary.languages.kusto.bound import Bound, FunctionSymbol, TableSymbol, TableType, VariableSymbol
from detectionary.languages.kusto.constants import GLOBAL, Constants, Scope
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
    Parameter,
    Parenthesized,
    Path,
    Pipeline,
    Print,
    Range,
    Search,
    Union,
)
from detectionary.languages.kusto.uses import WATCHLIST
from detectionary.languages.kusto.values import Constant
from detectionary.model.analysis import NamedInput

_MAX_DEPTH: Final = 30


class Sources:
    """Answers for one bound query."""

    def __init__(self, bound: Bound, constants: Constants) -> None:
        self._bound = bound
        self._constants = constants

    def tables(self, node: Node, scope: Scope = GLOBAL, depth: int = 0) -> tuple[str, ...]:
        """The tables (and tabular functions) whose rows a source, operator or whole pipeline brings in."""
        if depth > _MAX_DEPTH:
            return ()
        parts: Iterable[Node]
        match node:
            case Parenthesized(inner) | Materialize(inner) | Named(expression=inner):
                parts = (inner,)
            case Pipeline(parts) | Union(tables=parts):
                pass
            case Join(right=right):
                parts = () if is_anti_join(node) else (right,)
            case Lookup(right=right):
                parts = (right,)
            case Search(sources=sources) | Find(sources=sources):
                parts = sources or ()
            case NameReference() | Call() | Path():
                return self._named(node, scope, depth)
            case _:
                return ()
        return united(self.tables(part, scope, depth + 1) for part in parts)

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

    def named_inputs(self, nodes: Iterable[Call | ExternalData]) -> tuple[NamedInput, ...]:
        """Watchlists and external data, each once."""
        found: dict[tuple[str, str], NamedInput] = {}
        for node in nodes:
            kind = "watchlist" if isinstance(node, Call) else "externaldata"
            arguments = node.arguments if isinstance(node, Call) else node.sources
            first = next(iter(arguments), None)
            if isinstance(first, Named):
                first = first.expression
            name = "" if first is None else self._text(self._constants.fold(first), first)
            found.setdefault((kind, name), NamedInput(kind, name, node.span))
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

    def _named(self, node: NameReference | Call | Path, scope: Scope, depth: int) -> tuple[str, ...]:
        if isinstance(node, Call) and node.name.text == "table" and node.arguments:
            return self._table_call(node.arguments[0], scope)
        match self._bound.symbols.get(id(node)):
            case VariableSymbol(declaration=Parameter() as parameter):
                given = scope.arguments.get(id(parameter))
                return () if given is None else self.tables(*given, depth + 1)
            case VariableSymbol(declaration=Let(value=value)) | FunctionSymbol(definition=Let(value=value)):
                if not isinstance(value, FunctionDeclaration):
                    return self.tables(value, scope, depth + 1)
                if value.expression is None:
                    return ()
                call = node if isinstance(node, Call) else None
                return self.tables(value.expression, scope.entered(value, call), depth + 1)
            case TableSymbol(name):
                return (name,)
            case FunctionSymbol(name) if isinstance(self._bound.types.get(id(node)), TableType):
                return () if name == WATCHLIST else (name,)
            case _:
                return ()

    def _table_call(self, argument: Expression, scope: Scope) -> tuple[str, ...]:
        """`table("name")`, also where the name is the parameter of a function."""
        value = self._constants.fold(argument, scope)
        return (value.value,) if isinstance(value, Constant) and isinstance(value.value, str) else ()


def united(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All names once, in order of first mention."""
    return tuple(dict.fromkeys(name for group in groups for name in group))
