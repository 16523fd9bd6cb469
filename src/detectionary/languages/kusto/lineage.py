"""Where the values of an expression come from: the source field, and the functions between it and the filter.

`analysis.md` decisions 1 and 2: a chain of functions over one source field is that field with the functions as
transforms, outermost first; a function of one argument is its name, anything with further arguments keeps its text.
Paths are in dots without indexes. What mixes several sources, takes text apart into a new column, or chooses (`case`,
`iff`) keeps its own name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from detectionary.languages.kusto.bound import Bound, ColumnSymbol, FunctionSymbol, VariableSymbol
from detectionary.languages.kusto.constants import GLOBAL, ROW_FUNCTIONS, Constants, Scope, is_clock
from detectionary.languages.kusto.functions_aggregate import AGGREGATES
from detectionary.languages.kusto.syntax import (
    Call,
    Element,
    Expression,
    FunctionDeclaration,
    Let,
    Name,
    Named,
    NameReference,
    Node,
    Parameter,
    Parenthesized,
    Parse,
    ParseKv,
    Path,
    ScalarType,
    children,
    walk,
)
from detectionary.languages.kusto.values import Constant
from detectionary.model.predicate import Operand, OperandKind

_MAX_DEPTH: Final = 100

RECORD_TIMES: Final = frozenset(
    {"TimeGenerated", "Timestamp", "timestamp", "EventTime", "EventStartTime", "EventEndTime", "_TimeReceived"}
)
"""Columns that hold the time of the record itself, in Sentinel, Defender XDR (old and new) and ASIM."""

STRUCTURAL: Final = frozenset(
    {"parse_json", "parsejson", "todynamic", "toobject", "parse_xml", "tostring", "dynamic_to_json"}
)
"""Functions through which a path goes on: what is inside `parse_json(x)` is inside `x`."""

_CONDITIONAL: Final = frozenset({"case", "iff", "iif"})
_TAKING_APART: Final = frozenset({"extract", "extract_all", "extractall"})
_CASTS: Final = frozenset(
    {
        "tostring",
        "toint",
        "tolong",
        "toreal",
        "todouble",
        "todecimal",
        "tobool",
        "toboolean",
        "todatetime",
        "totimespan",
    }
    | {"toguid", "todynamic", "parse_json", "trim", "array_sort_asc", "array_sort_desc"}
)
_OPTIONAL_COLUMN: Final = frozenset({"column_ifexists", "columnifexists"})
_OTHER_RECORDS: Final = frozenset({"prev", "next"})
_SIZES: Final = frozenset({"array_length", "array_sum", "strlen"})

COLLECTING: Final = frozenset(
    {
        "make_set",
        "makeset",
        "make_set_if",
        "make_list",
        "makelist",
        "make_list_if",
        "make_list_with_nulls",
        "make_bag",
        "make_bag_if",
        "make_dictionary",
    }
)
"""Aggregates that keep the values of a column: a comparison on the content is one on the column."""

_PICKING: Final = frozenset(
    {"any", "anyif", "take_any", "take_anyif", "arg_max", "arg_min", "argmax", "argmin", "min", "max", "minif", "maxif"}
)
_NUMBERS: Final = frozenset({ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL})
_EXTREMES: Final = frozenset({"min", "max", "minif", "maxif"})


class Nature(Enum):
    """What kind of value a comparison of it is about."""

    FIELD = "field"
    TIME = "time"
    """The record's own time."""
    INTERVAL = "interval"
    """What lies between two records' times, or between the ends of a group."""
    AGGREGATE = "aggregate"
    """A count-like or numeric aggregate."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The one source of a value. `aggregate` is the aggregate that made it, `maker` the stage of that."""

    field: str
    transforms: tuple[str, ...] = ()
    nature: Nature = Nature.FIELD
    column: ColumnSymbol | None = None
    aggregate: Operand | None = None
    maker: Node | None = None
    choices: tuple[Expression, ...] = ()
    """The `case` and `iff` expressions that had a part in making the column."""
    content: str | None = None
    """For `min`/`max`: the source field, should the comparison turn out to be no threshold."""
    tables: tuple[str, ...] = ()
    """The tables that the field is a column of, where known."""
    clock: bool = False
    """The value is measured from the clock: `now() - TimeGenerated`."""
    collected: bool = False
    """All values that an aggregate kept, together: `make_set(x)`, whose size is a number of its own."""


class Lineage:
    """Follows expressions of one bound query to their sources."""

    def __init__(self, bound: Bound, constants: Constants) -> None:
        self._bound = bound
        self._constants = constants
        self._columns: dict[int, Origin] = {}
        self._depth = 0

    def trace(self, expression: Expression, scope: Scope = GLOBAL) -> Origin | None:
        """The one source of the expression; None when there are several, or none."""
        if self._depth >= _MAX_DEPTH:
            return None
        self._depth += 1
        try:
            return self._trace(expression, scope)
        finally:
            self._depth -= 1

    def sources(self, expression: Expression, scope: Scope = GLOBAL) -> list[Origin]:
        """Every source of the expression, in the order of the text, each once."""
        found: list[Origin] = []
        for origin in self._leaves(expression, scope):
            if origin not in found:
                found.append(origin)
        return found

    def column(self, symbol: ColumnSymbol, scope: Scope = GLOBAL) -> Origin:
        """The source of a column; its own name where it has no single one."""
        if scope is GLOBAL and id(symbol) in self._columns:
            return self._columns[id(symbol)]
        if self._depth >= _MAX_DEPTH:
            return Origin(symbol.name, column=symbol)
        self._depth += 1
        try:
            origin = self._column(symbol, scope)
        finally:
            self._depth -= 1
        if scope is GLOBAL:
            self._columns[id(symbol)] = origin
        return origin

    def _trace(self, expression: Expression, scope: Scope) -> Origin | None:
        match expression:
            case Parenthesized(inner) | Named(expression=inner):
                return self.trace(inner, scope)
            case NameReference(name):
                return self._name(expression, name, scope)
            case Path(target, Name(member)):
                return self._inside(expression, target, member, f".{member}", scope)
            case Element(target, index):
                constant = self._constants.fold(index, scope)
                key = constant.value if isinstance(constant, Constant) and isinstance(constant.value, str) else None
                step = f"[{self._constants.source(index)}]" if key is None else f".{key}"
                return self._inside(expression, target, key, step, scope)
            case Call():
                return self._call(expression, scope)
            case _:
                return self._as_text(expression, scope)

    def _name(self, node: NameReference, name: str, scope: Scope) -> Origin | None:
        match self._bound.symbols.get(id(node)):
            case ColumnSymbol() as symbol:
                return self.column(symbol, scope)
            case VariableSymbol(declaration=Parameter() as parameter):
                given = scope.arguments.get(id(parameter))
                return None if given is None else self.trace(*given)
            case VariableSymbol():
                return None
            case FunctionSymbol(definition=Let(_, FunctionDeclaration(expression=body) as function)) if (
                body is not None
            ):
                return self.trace(body, scope.entered(function, None))
            case _:
                nature = Nature.TIME if name in RECORD_TIMES else Nature.FIELD
                return Origin(name, nature=nature)

    def _inside(
        self, whole: Expression, target: Expression, member: str | None, step: str, scope: Scope
    ) -> Origin | None:
        """`target.member`, `target["member"]` or, without a member, `target[0]`; `step` is what stands behind it."""
        if not _is_path(target):
            return self._as_text(whole, scope)
        base = self.trace(target, scope)
        if base is None:
            return None
        if all(transform in STRUCTURAL for transform in base.transforms):
            return base if member is None else replace(base, field=f"{base.field}.{member}", nature=Nature.FIELD)
        outer, *rest = base.transforms
        return replace(base, transforms=(f"{outer}{step}", *rest))

    def _call(self, call: Call, scope: Scope) -> Origin | None:
        name, arguments = call.name.text, call.arguments
        symbol = self._bound.symbols.get(id(call))
        if isinstance(symbol, FunctionSymbol) and isinstance(symbol.definition, Let):
            function = symbol.definition.value
            if not isinstance(function, FunctionDeclaration) or function.expression is None:
                return None
            return self.trace(function.expression, scope.entered(function, call))
        if name in _OPTIONAL_COLUMN and arguments:
            return self._optional_column(call, scope)
        if not arguments:
            return _rowwise(call)
        if name in _CONDITIONAL:
            return None
        inner = self.trace(arguments[0], scope) if len(arguments) == 1 else None
        if inner is None or (name in ROW_FUNCTIONS and name not in _OTHER_RECORDS):
            return self._as_text(call, scope)
        nature = inner.nature
        if name in _SIZES and inner.collected:
            nature = Nature.AGGREGATE
        return replace(inner, transforms=(name, *inner.transforms), nature=nature)

    def _optional_column(self, call: Call, scope: Scope) -> Origin | None:
        """`column_ifexists("name", default)` is the column, where the table has it."""
        symbol = self._bound.symbols.get(id(call))
        if isinstance(symbol, ColumnSymbol):
            return self.column(symbol, scope)
        name = self._constants.fold(call.arguments[0], scope)
        if isinstance(name, Constant) and isinstance(name.value, str):
            return Origin(name.value, nature=Nature.TIME if name.value in RECORD_TIMES else Nature.FIELD)
        return self.trace(call.arguments[0], scope)

    def _as_text(self, expression: Expression, scope: Scope) -> Origin | None:
        """An expression over one field, kept as its text."""
        origins = self.sources(expression, scope)
        if not origins:
            return None
        first, *others = origins
        if others and first.nature is Nature.TIME:
            return None  # two records' times, or the two ends of a group
        if any((o.field, o.nature, o.column) != (first.field, first.nature, first.column) for o in others):
            return None
        clock = first.clock or (first.nature is Nature.TIME and any(is_clock(node) for node in walk(expression)))
        return replace(first, transforms=(self._constants.source(expression), *first.transforms), clock=clock)

    def _leaves(self, expression: Expression, scope: Scope) -> Iterator[Origin]:
        pending: list[tuple[Node, Scope]] = [(expression, scope)]
        while pending:
            node, inside = pending.pop()
            match node:
                case NameReference():
                    symbol = self._bound.symbols.get(id(node))
                    if isinstance(symbol, VariableSymbol) and isinstance(symbol.declaration, Parameter):
                        given = inside.arguments.get(id(symbol.declaration))
                        if given is not None:
                            pending.append(given)
                        continue
                    if not isinstance(symbol, ColumnSymbol | None):
                        continue
                    origin = self._name(node, node.name, inside)
                    if origin is not None:
                        # A table read twice has two records, whose times have one column as stored.
                        own = isinstance(symbol, ColumnSymbol) and origin.nature is Nature.TIME
                        yield replace(origin, column=symbol) if own else origin
                case Path() | Element() if _is_path(node):
                    origin = self.trace(node, inside)
                    if origin is not None:
                        yield origin
                case Call():
                    symbol = self._bound.symbols.get(id(node))
                    if isinstance(symbol, FunctionSymbol) and isinstance(symbol.definition, Let):
                        function = symbol.definition.value
                        if isinstance(function, FunctionDeclaration) and function.expression is not None:
                            pending.append((function.expression, inside.entered(function, node)))
                        continue
                    alone = _rowwise(node)
                    if alone is not None:
                        yield alone
                    elif node.name.text in _OTHER_RECORDS and node.arguments:
                        for origin in self._leaves(node.arguments[0], inside):
                            other = origin.nature is Nature.TIME
                            yield replace(origin, transforms=(node.name.text, *origin.transforms)) if other else origin
                    elif node.name.text in _OPTIONAL_COLUMN and node.arguments:
                        origin = self._optional_column(node, inside)
                        if origin is not None:
                            yield origin
                    else:
                        pending.extend((argument, inside) for argument in reversed(node.arguments))
                case _:
                    pending.extend((child, inside) for child in reversed(list(children(node))))

    def _column(self, symbol: ColumnSymbol, scope: Scope) -> Origin:
        own = Origin(symbol.name, column=symbol)
        if symbol.table is not None:
            own = replace(own, tables=(symbol.table,))
            is_time = symbol.name in RECORD_TIMES and symbol.type in (ScalarType.DATETIME, ScalarType.UNKNOWN)
            return replace(own, nature=Nature.TIME) if is_time else own
        if symbol.expression is not None:
            computed = self._computed(symbol, symbol.expression, own, scope)
            return replace(computed, collected=False) if symbol.expanded else computed
        if symbol.sources:
            return self._merged(symbol, own, scope)
        return replace(own, nature=Nature.TIME) if symbol.name in RECORD_TIMES else own

    def _merged(self, symbol: ColumnSymbol, own: Origin, scope: Scope) -> Origin:
        first, *others = (self.column(source, scope) for source in symbol.sources)
        tables = tuple(dict.fromkeys(table for origin in (first, *others) for table in origin.tables))
        choices = _choices((first, *others))
        if all((o.field, o.transforms, o.nature) == (first.field, first.transforms, first.nature) for o in others):
            return replace(first, tables=tables, choices=choices)
        natures = {origin.nature for origin in (first, *others)}
        nature = natures.pop() if len(natures) == 1 else Nature.FIELD
        return replace(own, nature=nature, aggregate=first.aggregate, tables=tables, choices=choices)

    def _computed(self, symbol: ColumnSymbol, expression: Expression, own: Origin, scope: Scope) -> Origin:
        if isinstance(symbol.maker, Parse | ParseKv):
            return own
        if symbol.aggregate:
            return self._aggregated(symbol, expression, own, scope)
        core = _without_casts(expression)
        if isinstance(core, Call) and core.name.text in _CONDITIONAL:
            return replace(own, choices=(core,))
        if any(isinstance(node, Call) and node.name.text in _TAKING_APART for node in walk(expression)):
            return own
        origin = self.trace(expression, scope)
        if origin is not None:
            return origin
        sources = self.sources(expression, scope)
        own = replace(own, choices=(*_chosen_in(expression), *_choices(sources)))
        if sources and all(source.nature in (Nature.TIME, Nature.INTERVAL) for source in sources):
            return replace(own, nature=Nature.INTERVAL)
        counted = next((source for source in sources if source.nature is Nature.AGGREGATE), None)
        if counted is None:
            return own
        made = self._constants.operand(expression)
        return replace(own, nature=Nature.AGGREGATE, aggregate=made, maker=counted.maker)

    def _aggregated(self, symbol: ColumnSymbol, expression: Expression, own: Origin, scope: Scope) -> Origin:
        made = self._constants.operand(expression)
        core = _without_casts(expression)
        counted = replace(own, nature=Nature.AGGREGATE, aggregate=made, maker=symbol.maker)
        name = core.name.text if isinstance(core, Call) and core.arguments else ""
        if not isinstance(core, Call) or (name not in COLLECTING and name not in _PICKING):
            return self._of_ends(expression, counted, scope) or counted
        content = self._picked(symbol, core, scope)
        if name in _EXTREMES and content.nature is not Nature.TIME and symbol.type is not ScalarType.STRING:
            return replace(counted, content=content.field)
        if name in _PICKING and (content.collected or content.nature is Nature.AGGREGATE):
            return content
        return replace(content, aggregate=made, maker=symbol.maker, collected=name in COLLECTING)

    def _of_ends(self, expression: Expression, counted: Origin, scope: Scope) -> Origin | None:
        """What is calculated of the first and last times of a group alone: an age, or what lies between them."""
        calls = [node for node in walk(expression) if isinstance(node, Call) and node.name.text in AGGREGATES]
        if not calls or any(call.name.text not in _EXTREMES for call in calls):
            return None
        sources = self.sources(expression, scope)
        if not sources or any(source.nature is not Nature.TIME for source in sources):
            return None
        if len(calls) > 1:
            return replace(counted, nature=Nature.INTERVAL)
        return self._as_text(expression, scope) if any(is_clock(node) for node in walk(expression)) else None

    def _picked(self, symbol: ColumnSymbol, call: Call, scope: Scope) -> Origin:
        """The column whose values the aggregate keeps: of `arg_max(t, a, b)` the one that `symbol` is named after."""
        for argument in call.arguments:
            expression = argument.expression if isinstance(argument, Named) else argument
            names = [name.text for name in argument.names] if isinstance(argument, Named) else []
            if symbol.name in names or (isinstance(expression, NameReference) and expression.name == symbol.name):
                found = self.trace(expression, scope)
                return Origin(symbol.name, column=symbol) if found is None else found
        if symbol.sources:
            return self.column(symbol.sources[0], scope)
        first = call.arguments[0]
        found = self.trace(first.expression if isinstance(first, Named) else first, scope)
        return Origin(symbol.name, column=symbol) if found is None else found


def _chosen_in(expression: Expression) -> Iterator[Expression]:
    """The outermost `case` and `iff` calls of an expression, in the order of the text."""
    pending: list[Node] = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Call) and node.name.text in _CONDITIONAL:
            yield node
        else:
            pending.extend(reversed(list(children(node))))


def _choices(origins: Iterable[Origin]) -> tuple[Expression, ...]:
    """What chooses in any of the columns, each once."""
    return tuple({id(choice): choice for origin in origins for choice in origin.choices}.values())


def _rowwise(call: Call) -> Origin | None:
    """Functions of the record or of its place in the result, without arguments."""
    text = f"{call.name.text}()"
    if call.name.text == "ingestion_time":
        return Origin(text, nature=Nature.TIME)
    if call.name.text in ROW_FUNCTIONS and call.name.text.startswith("row_"):
        return Origin(text, nature=Nature.AGGREGATE, aggregate=Operand(text, OperandKind.FUNCTION))
    return None


def _is_path(node: Node) -> bool:
    """Whether the node is a name with members and indexes, through functions that keep the structure."""
    while True:
        match node:
            case NameReference():
                return True
            case Path(target=inner, member=Name()) | Element(target=inner) | Parenthesized(expression=inner):
                node = inner
            case Call(name=Name(text=name), arguments=(inner,)) if name in STRUCTURAL:
                node = inner
            case Call(name=Name(text=name)) if name in _OPTIONAL_COLUMN:
                return True
            case _:
                return False


def _without_casts(expression: Expression) -> Expression:
    """The expression inside parentheses and conversions."""
    while True:
        match expression:
            case Parenthesized(inner):
                expression = inner
            case Call(name=Name(text=name), arguments=(inner,)) if name in _CASTS:
                expression = inner
            case _:
                return expression
