"""Where the values of an expression come from: the source field, and the functions between it and the filter.

`analysis.md` decisions 1 and 2: a chain of functions over one source field is that field with the functions as
transforms, outermost first; a function of one argument is its name, anything with further arguments keeps its text.
What mixes several sources, or chooses (`case`), keeps its own name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from detectionary.languages.esql.columns import UNKNOWN, Column, Nature, Origin, Table
from detectionary.languages.esql.constants import Constants
from detectionary.languages.esql.functions import BINS, CASTS, FIRST, FUNCTIONS, SECOND, Role
from detectionary.languages.esql.syntax import (
    Arithmetic,
    Bad,
    Call,
    Cast,
    Compare,
    Expression,
    InList,
    InQuery,
    IsNull,
    Lambda,
    Like,
    Literal,
    Logic,
    Match,
    Name,
    Node,
    Not,
    Parenthesized,
    Signed,
    TimeSpan,
    children,
    walk,
)
from detectionary.model.predicate import Operand, OperandKind, ValueKind
from detectionary.text import Span

_DEEPEST: Final = 60
UNNAMED: Final = ""
"""The field of values that a column collects from several sources: the column's own name."""
_NUMBER_TYPES: Final = frozenset({"integer", "long", "double", "unsigned_long"})
_SIZES: Final = frozenset({"mv_count", "length", "mv_sum"})
CONDITIONS: Final = (Compare, InList, InQuery, IsNull, Like, Logic, Match, Not)
"""Expressions that are true or false by themselves."""


class Lineage:
    """Follows expressions of one query to their sources, command by command."""

    def __init__(self, constants: Constants, unknown: Callable[[Name], None]) -> None:
        self._constants = constants
        self._unknown = unknown
        self._depth = 0

    def note(self, expression: Node, table: Table) -> None:
        """Every column that an expression names comes into being; a name that is not in scope is reported."""
        bound: frozenset[str] = frozenset()
        pending: list[Node] = [expression]
        while pending:
            node = pending.pop()
            match node:
                case Name(name):
                    if table.find(name) is None and name not in bound:
                        self._unknown(node)
                case Lambda(parameters, body):
                    bound = bound.union(parameters)
                    pending.append(body)
                case InQuery(operands=operands):
                    pending.extend(reversed(operands))
                case Literal():
                    pass
                case _:
                    pending.extend(reversed(children(node)))

    def trace(self, expression: Expression, table: Table) -> Origin | None:
        """The one source of the expression; None when there are several, or none."""
        if isinstance(expression, Name):
            column = table.find(expression.text)
            return Origin(expression.text) if column is None else column.origin
        if self._depth >= _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._trace(expression, table)
        finally:
            self._depth -= 1

    def _trace(self, expression: Expression, table: Table) -> Origin | None:
        match expression:
            case Parenthesized(inner):
                return self.trace(inner, table)
            case Cast(operand, kind):
                return _through(self.trace(operand, table), CASTS.get(kind, kind), "")
            case Call():
                return self._call(expression, table)
            case Arithmetic() | Signed():
                return self._as_text(expression, table)
            case _:
                return None

    def _call(self, call: Call, table: Table) -> Origin | None:
        row = FUNCTIONS.get(call.name)
        role = Role.SCALAR if row is None else row.role
        if role in (Role.COUNTING, Role.COLLECTING, Role.EXTREME):
            return self._aggregate(call, role, table)
        if call.name == "case":
            return None
        if call.name == "json_extract" and (path := self._json_path(call, table)) is not None:
            return path
        if len(call.arguments) == 1:
            return self._sized(call, _through(self.trace(call.arguments[0], table), call.name, self._returns(call)))
        return self._sized(call, self._as_text(call, table))

    def _returns(self, call: Call) -> str:
        row = FUNCTIONS.get(call.name)
        return "" if row is None else row.returns

    def _sized(self, call: Call, origin: Origin | None) -> Origin | None:
        """The number of values that an aggregate kept is an aggregate of its own."""
        if origin is None or not origin.collected or call.name not in _SIZES:
            return origin
        return Origin(self._constants.source(call), (), Nature.AGGREGATE, origin.aggregate, origin.maker)

    def _as_text(self, expression: Expression, table: Table) -> Origin | None:
        """A value of one source, by an expression that is kept as text."""
        sources = self.sources(expression, table)
        if len(sources) != 1:
            return None
        returns = self._returns(expression) if isinstance(expression, Call) else ""
        found = _through(sources[0], self._constants.source(expression), returns)
        if found is not None and sources[0].nature is Nature.TIME and self.has_clock(expression, table):
            return replace(found, nature=Nature.AGE)
        return found

    def _json_path(self, call: Call, table: Table) -> Origin | None:
        """What is inside a document is a path of it; inside `_source` it is the path alone."""
        if len(call.arguments) != 2:
            return None
        outer = self.trace(call.arguments[0], table)
        path = self._constants.fold(call.arguments[1], table)
        if outer is None or path is None or path.kind is not ValueKind.TEXT:
            return None
        inner = path_in_dots(str(path.value))
        field = inner if outer.field == "_source" else f"{outer.field}.{inner}"
        return replace(outer, field=field, transforms=("json_extract", *outer.transforms), nature=Nature.FIELD)

    def _aggregate(self, call: Call, role: Role, table: Table) -> Origin | None:
        made = self._constants.operand(call)
        counted = Origin(made.text, (), Nature.AGGREGATE, made)
        if role is Role.COUNTING or not call.arguments:
            return counted
        content = self.trace(call.arguments[0], table)
        if role is Role.COLLECTING:
            content = Origin(UNNAMED) if content is None else content
            return replace(content, aggregate=made, collected=True)
        if content is None:
            return counted
        if content.nature in (Nature.TIME, Nature.INTERVAL):
            return replace(content, aggregate=made)
        return replace(counted, content=content.field)

    def sources(self, expression: Expression, table: Table) -> list[Origin]:
        """Every source of the expression, in the order of the text, each once."""
        found: list[Origin] = []
        for origin in self._leaves(expression, table):
            if origin not in found:
                found.append(origin)
        return found

    def _leaves(self, expression: Expression, table: Table) -> Iterator[Origin]:
        pending: list[Node] = [expression]
        while pending:
            node = pending.pop()
            match node:
                case Name(name):
                    column = table.find(name)
                    if column is None:
                        yield Origin(name)
                    elif column.constant is None:
                        yield column.origin
                case Call(name) if self._is_source(name):
                    origin = self._call(node, table)
                    if origin is not None:
                        yield origin
                case Call("json_extract") if (path := self._json_path(node, table)) is not None:
                    yield path
                case InQuery(operands=operands):
                    pending.extend(reversed(operands))
                case _:
                    pending.extend(reversed(children(node)))

    @staticmethod
    def _is_source(name: str) -> bool:
        row = FUNCTIONS.get(name)
        return row is not None and row.role in (Role.COUNTING, Role.COLLECTING, Role.EXTREME)

    def has_clock(self, expression: Expression, table: Table) -> bool:
        """Whether the time of the run is part of the expression."""
        for node in walk(expression):
            if isinstance(node, Call) and node.name == "now":
                return True
            if isinstance(node, Name):
                column = table.find(node.text)
                if column is not None and column.constant is not None and column.constant.clock:
                    return True
        return False

    def made(
        self,
        name: str,
        expression: Expression,
        table: Table,
        maker: tuple[str, int],
        span: Span,
        condition: Expression | None = None,
    ) -> Column:
        """The column `name` that an expression makes; an aggregate with the condition of its rows."""
        bare = _core(expression)
        kind = self.type_of(expression, table)
        constant = self._constants.fold(expression, table)
        own = Origin(name)
        if constant is not None:
            return Column(name, own, kind, maker, constant=constant)
        if isinstance(bare, CONDITIONS):
            return Column(name, own, "boolean", maker, test=bare, scope=table.copy())
        if isinstance(bare, Call) and bare.name == "case":
            return Column(name, replace(own, choices=(bare,)), kind, maker)
        origin = self.trace(expression, table)
        if origin is None:
            origin = self._mixed(own, expression, table)
        elif origin.nature is Nature.AGGREGATE:
            made = origin.aggregate if isinstance(bare, Name) else self._constants.operand(expression)
            origin = replace(origin, field=name, transforms=(), aggregate=made)
        if condition is not None and origin.aggregate is not None:
            whole = self._constants.source_of(expression.span | condition.span)
            origin = replace(origin, aggregate=Operand(whole, OperandKind.CALCULATION))
        if origin.field == UNNAMED:
            origin = replace(origin, field=name)
        if origin.aggregate is not None and origin.maker is None:
            origin = replace(origin, maker=span)
        is_test = (
            isinstance(bare, Call)
            and (self._returns(bare) == "boolean" or bare.name == "locate")
            and origin.aggregate is None
        )
        return Column(
            name,
            origin,
            kind,
            maker,
            test=bare if is_test else None,
            scope=table.copy() if is_test else None,
            bin=self.bin_width(bare, table),
        )

    def _mixed(self, own: Origin, expression: Expression, table: Table) -> Origin:
        """A column of several sources: its own name, and what kind of values they are."""
        sources = self.sources(expression, table)
        choices: dict[Span, Expression] = {
            node.span: node for node in walk(expression) if isinstance(node, Call) and node.name == "case"
        }
        choices |= {choice.span: choice for source in sources for choice in source.choices}
        own = replace(own, choices=tuple(choices.values()))
        if sources and all(source.nature in (Nature.TIME, Nature.INTERVAL) for source in sources):
            return replace(own, nature=Nature.INTERVAL)
        counted = next((source for source in sources if source.nature is Nature.AGGREGATE), None)
        if counted is None:
            return own
        made = self._constants.operand(expression)
        return replace(own, nature=Nature.AGGREGATE, aggregate=made, maker=counted.maker)

    # Types

    def type_of(self, expression: Expression, table: Table) -> str:
        """The type of an expression by the documented signatures; UNKNOWN where they leave it open."""
        for _ in range(_DEEPEST):
            match expression:
                case Parenthesized(inner):
                    expression = inner
                case Name(name):
                    column = table.find(name)
                    return UNKNOWN if column is None else column.type
                case Cast(_, kind):
                    row = FUNCTIONS.get(CASTS.get(kind, ""))
                    return kind if row is None else row.returns
                case Call(name, arguments):
                    row = FUNCTIONS.get(name)
                    returns = "" if row is None else row.returns
                    if returns == FIRST and arguments:
                        expression = arguments[0]
                    elif returns == SECOND and len(arguments) > 1:
                        expression = arguments[1]
                    else:
                        return returns if returns not in ("", FIRST, SECOND) else UNKNOWN
                case Signed(operand=inner):
                    expression = inner
                case Arithmetic(operands):
                    return self._calculated(operands, table)
                case Literal() | TimeSpan():
                    constant = self._constants.fold(expression, table)
                    return UNKNOWN if constant is None else constant.type
                case Bad():
                    return UNKNOWN
                case _ if isinstance(expression, CONDITIONS):
                    return "boolean"
                case _:
                    constant = self._constants.fold(expression, table)
                    return UNKNOWN if constant is None else constant.type
        return UNKNOWN

    def _calculated(self, operands: tuple[Expression, ...], table: Table) -> str:
        """The wider of the numbers; a date moved by a span is a date."""
        if self._depth >= _DEEPEST:
            return UNKNOWN
        self._depth += 1
        kinds = {self.type_of(operand, table) for operand in operands}
        self._depth -= 1
        if "date" in kinds:
            return "date"
        if not kinds <= _NUMBER_TYPES:
            return UNKNOWN
        return next(kind for kind in ("double", "unsigned_long", "long", "integer") if kind in kinds)

    def bin_width(self, expression: Expression, table: Table) -> str | None:
        """The width of `bucket(@timestamp, 1 hour)` and its kin, or of the column that one made; None for others."""
        call = _core(expression)
        if isinstance(call, Name):
            column = table.find(call.text)
            return None if column is None else column.bin
        if not isinstance(call, Call) or call.name not in BINS or not call.arguments:
            return None
        if call.name in ("tbucket", "tstep"):
            return self._width(call.arguments[0], table)
        if len(call.arguments) < 2:
            return None
        width, time = call.arguments[:2] if call.name == "date_trunc" else (call.arguments[1], call.arguments[0])
        origin = self.trace(time, table)
        if origin is None or origin.nature is not Nature.TIME:
            return None
        return "auto" if len(call.arguments) > 2 else self._width(width, table)

    def _width(self, expression: Expression, table: Table) -> str:
        folded = self._constants.fold(expression, table)
        return self._constants.source(expression) if folded is None else str(folded.value)


def _core(expression: Expression) -> Expression:
    """The expression inside brackets and casts."""
    while isinstance(expression, Parenthesized | Cast):
        expression = expression.expression if isinstance(expression, Parenthesized) else expression.operand
    return expression


def _through(origin: Origin | None, transform: str, returns: str) -> Origin | None:
    """The origin behind a function; a part or name of a time is no time any more."""
    if origin is None:
        return None
    nature = origin.nature
    if nature is Nature.AGGREGATE:
        return origin
    if nature is Nature.TIME and returns not in ("", "date", FIRST):
        nature = Nature.FIELD
    return replace(origin, transforms=(transform, *origin.transforms), nature=nature)


def path_in_dots(path: str) -> str:
    """A JSON path in dots and without indexes: `$.a[0]['b']` is `a.b`."""
    parts: list[str] = []
    at = 1 if path.startswith("$") else 0
    while at < len(path):
        character = path[at]
        if character == ".":
            at += 1
        elif character == "[":
            end = path.find("]", at)
            end = len(path) if end < 0 else end
            inner = path[at + 1 : end].strip("'\"")
            if inner and not inner.lstrip("-").isdigit() and inner != "*":
                parts.append(inner)
            at = end + 1
        else:
            end = min((found for sign in ".[" if (found := path.find(sign, at)) >= 0), default=len(path))
            parts.append(path[at:end])
            at = end
    return ".".join(parts)
