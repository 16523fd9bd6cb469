"""The binder: what the names of a query mean, and which columns stand after every stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from detectionary.languages.kusto.bind_calls import Calls
from detectionary.languages.kusto.bind_expressions import Expressions
from detectionary.languages.kusto.bind_names import (
    OPEN,
    FunctionOutcome,
    KnownNames,
    LetFunction,
    Locals,
    Meaning,
    Scope,
    Variable,
    external_name,
    known_names,
    table_type,
)
from detectionary.languages.kusto.bind_operators import Operators
from detectionary.languages.kusto.bind_plugins import Plugins
from detectionary.languages.kusto.bind_state import Budget, TooLargeError
from detectionary.languages.kusto.bound import (
    Bound,
    ColumnSymbol,
    Expansion,
    FunctionSymbol,
    Symbol,
    TableType,
    Type,
    VariableSymbol,
)
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import (
    AliasDatabase,
    BadExpression,
    BadStatement,
    DeclareParameters,
    DeclarePattern,
    Expression,
    ExpressionStatement,
    FunctionDeclaration,
    Let,
    Named,
    NameReference,
    Node,
    Parameter,
    Parenthesized,
    Pipeline,
    Query,
    RestrictAccess,
    RowSchema,
    ScalarType,
    SetOption,
    Statement,
)
from detectionary.languages.kusto.types import UNKNOWN
from detectionary.model.schema import Column, Environment, FunctionDefinition, TableSchema
from detectionary.text import Diagnostic, Level, Span

Argument = tuple[Expression, Meaning]

_Maps: TypeAlias = tuple[dict[int, Symbol], dict[int, Type], dict[int, TableType], dict[int, Expansion]]
"""Symbols, types, results and expansions of one body."""


KEPT_OUTCOMES: Final = 10_000
"""How many results of calls an environment keeps; beyond, bodies are bound again."""


def bind(
    tree: Query,
    environment: Environment,
    *,
    expand: bool = False,
    discovered: Mapping[int, tuple[Column, ...]] | None = None,
    external: Mapping[str, TableSchema] | None = None,
) -> Bound:
    """Bind `tree` against `environment`. Never raises: what cannot be resolved is a finding, and its type unknown.

    A query nested deeper than the stack, or with more columns than memory should hold, is bound as far as it goes, with
    a finding that says so. `expand` keeps the bodies of called functions as bound for each call (`Bound.expansions`).
    `discovered` are the result columns of plug-ins that only a run shows, by the id of their `evaluate` node.
    `external`, given for a run, are the columns of functions without a body, by `external_name`; the environment is all
    there is then, so that `union isfuzzy=true` leaves out tables that it does not have.
    """
    binder = Binder(known_names(environment), expand=expand, discovered=discovered or {}, external=external)
    result: Meaning | None = None
    try:
        result = binder.statements(tree.statements, Scope(Locals()))
    except (RecursionError, TooLargeError) as error:
        what = "is nested too deeply" if isinstance(error, RecursionError) else "makes too many columns"
        span = tree.span if tree.span.end else Span(0, 0)
        binder.diagnostics.append(Diagnostic("KQL299", Level.ERROR, f"the query {what} to be understood", span))
    return Bound(
        tree,
        result if isinstance(result, ScalarType | TableType) else None,
        binder.symbols,
        binder.types,
        binder.results,
        binder.expansions,
        tuple(binder.tables),
        tuple(binder.functions),
        frozenset(binder.dependencies),
        tuple(binder.diagnostics),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Body:
    """A function of the environment, parsed: parameters (None when they cannot be read), and its body's statements."""

    parameters: tuple[Parameter, ...] | None
    query: Query | None


class Binder(Expressions, Calls, Operators, Plugins):
    """One run over one query (or over the body of one function of the environment)."""

    def __init__(
        self,
        known: KnownNames,
        calling: tuple[str, ...] = (),
        budget: Budget | None = None,
        *,
        expand: bool = False,
        discovered: Mapping[int, tuple[Column, ...]],
        external: Mapping[str, TableSchema] | None,
    ) -> None:
        super().__init__(known, budget if budget is not None else Budget(), discovered, external)
        self.calling = calling
        """The environment functions whose bodies are being bound, outermost first."""
        self.expand = expand
        self.expansions: dict[int, Expansion] = {}
        self._bodies: dict[int, Meaning] = {}
        """What the body of a declaration gives when nothing is known of the arguments."""
        self._calls: dict[tuple[object, ...], tuple[LetFunction, Meaning, dict[str, Variable]]] = {}
        """What calls gave; function and arguments are kept, since their identities are in the key."""

    def statements(self, statements: Iterable[Statement], scope: Scope) -> Meaning | None:
        result: Meaning | None = None
        for statement in statements:
            match statement:
                case Let():
                    self._let(statement, scope)
                case ExpressionStatement():
                    result = self._statement(statement.expression, scope)
                case DeclareParameters():
                    for parameter in statement.parameters:
                        scope.locals.add(parameter.name.text, self._parameter(parameter, scope, statement))
                case DeclarePattern():
                    self._declare_pattern(statement, scope)
                case SetOption() | RestrictAccess() | BadStatement():
                    continue
                case AliasDatabase():
                    self.expression(statement.expression, scope)
        return result

    def _statement(self, node: Expression, scope: Scope) -> Meaning:
        """The meaning of a statement or of what `let` names: a name alone is a table unless it stands for a value."""
        inner = node
        while isinstance(inner, Parenthesized):
            inner = inner.expression
        if isinstance(inner, NameReference) and not self._stands_for_value(inner, scope):
            meaning: Meaning = self.tabular(node, scope)
        else:
            meaning = self.expression(node, scope)
        if not isinstance(meaning, TableType):
            return meaning
        full = self.full(meaning)
        if not isinstance(inner, Pipeline):
            self.results[id(inner)] = full
        return full

    def _stands_for_value(self, node: NameReference, scope: Scope) -> bool:
        local = scope.locals.get(node.name)
        return isinstance(local, Variable) and isinstance(local.meaning, ScalarType)

    # let

    def _let(self, node: Let, scope: Scope) -> None:
        name = node.name.text
        value = node.value
        if scope.locals.declares(name):
            self.report("KQL222", Level.ERROR, f"{name} is declared already", node.name)
        if isinstance(value, FunctionDeclaration):
            scope.locals.add(name, self._let_function(node, value, scope))
            return
        meaning = self._statement(value, scope)
        kind = meaning if isinstance(meaning, ScalarType | TableType) else UNKNOWN
        symbol = VariableSymbol(name, node, kind)
        scope.locals.add(name, Variable(symbol, meaning, self.constant(value, scope)))

    def _let_function(self, node: Let, value: FunctionDeclaration, scope: Scope) -> LetFunction:
        function = LetFunction(FunctionSymbol(node.name.text, node), value, scope.locals.frozen())
        self._bodies[id(value)] = self._body(function, {}, scope)
        return function

    def _declare_pattern(self, node: DeclarePattern, scope: Scope) -> None:
        """A pattern is called like a function; its first rule says what a call gives."""
        name = node.name.text
        for rule in node.rules or ():
            function = LetFunction(FunctionSymbol(name, rule.body), rule.body, scope.locals.frozen())
            meaning = self._body(function, {}, scope)
            if scope.locals.get(name) is None:
                parameters = tuple(replace(parameter, default=BadExpression()) for parameter in node.parameters)
                declaration = replace(rule.body, parameters=parameters)
                self._bodies[id(declaration)] = meaning
                scope.locals.add(name, LetFunction(function.symbol, declaration, function.scope))

    def local_call(self, function: LetFunction, arguments: Sequence[Argument], node: Node, scope: Scope) -> Meaning:
        """Bind the body again with what the arguments say; its findings were reported at the declaration.

        Calls with the same arguments share one result. A query that calls more than a sane number of times gets what
        the declaration alone says, so that no query can make binding take exponential time.
        """
        written: dict[str, Expression] = {}
        declaration = function.declaration
        given = self._matched(declaration.parameters, arguments, function.symbol.name, node, scope, written)
        key = (id(function), *((name, _identity(local)) for name, local in sorted(given.items())))
        known = self._calls.get(key)
        if known is not None and not self.expand:
            return known[1]
        if not self.budget.spend_body():
            return self._bodies.get(id(declaration), OPEN)
        self.muted += 1
        outer = self._start_expansion() if self.expand else None
        meaning = self._body(function, given, scope)
        if outer is not None:
            inner = self._start_expansion(outer)
            self.expansions[id(node)] = Expansion(
                function.symbol.name,
                declaration.parameters,
                written,
                declaration.statements,
                declaration.expression,
                *inner,
            )
        self.muted -= 1
        self._calls[key] = (function, meaning, given)
        return meaning

    def _start_expansion(self, maps: _Maps | None = None) -> _Maps:
        """Write into `maps`, or into new ones, from now on; those that were written into until now."""
        before = (self.symbols, self.types, self.results, self.expansions)
        self.symbols, self.types, self.results, self.expansions = maps if maps is not None else ({}, {}, {}, {})
        return before

    def _body(self, function: LetFunction, given: dict[str, Variable], scope: Scope) -> Meaning:
        declaration = function.declaration
        names = Locals(function.scope)
        for parameter in declaration.parameters:
            known = given.get(parameter.name.text)
            names.add(parameter.name.text, known or self._parameter(parameter, scope, parameter))
        inner = Scope(names)
        counted, self.next_column = self.next_column, 1
        self.statements(declaration.statements, inner)
        meaning: Meaning = UNKNOWN
        if declaration.expression is not None:
            meaning = self._statement(declaration.expression, inner)
        self.next_column = counted
        return meaning

    def _parameter(self, node: Parameter, scope: Scope, declaration: Parameter | DeclareParameters) -> Variable:
        """A parameter as its declaration describes it; a tabular one without columns has every column."""
        if node.default is not None:
            self.expression(node.default, scope.with_row(None))
        constant = self.constant(node.default, scope) if node.default is not None else None
        if node.schema is not None:
            table = self._schema(node.schema)
            return Variable(VariableSymbol(node.name.text, declaration, table), table)
        kind = node.type or UNKNOWN
        return Variable(VariableSymbol(node.name.text, declaration, kind), kind, constant)

    def _schema(self, schema: RowSchema) -> TableType:
        columns = self.declared_columns(schema, schema)
        return TableType(columns, schema.open or not columns)

    def _matched(
        self,
        parameters: Sequence[Parameter],
        arguments: Sequence[Argument],
        name: str,
        node: Node,
        scope: Scope,
        written: dict[str, Expression],
    ) -> dict[str, Variable]:
        """What each parameter stands for in one call: named arguments by name, the others by place.

        `written` receives the arguments themselves.
        """
        by_name = {parameter.name.text: parameter for parameter in parameters}
        named = {argument.names[0].text for argument, _ in arguments if isinstance(argument, Named)}
        by_place = iter([parameter for parameter in parameters if parameter.name.text not in named])
        result: dict[str, Variable] = {}
        for argument, meaning in arguments:
            if isinstance(argument, Named) and argument.names[0].text in by_name:
                parameter = by_name[argument.names[0].text]
            elif isinstance(argument, Named) and by_name:
                wrong = argument.names[0]
                self.report("KQL220", Level.ERROR, f"{name} has no parameter {wrong.text}", wrong)
                continue
            else:
                following = next(by_place, None)
                if following is None:
                    self.report("KQL210", Level.ERROR, f"{name} takes {len(parameters)} arguments at most", argument)
                    break
                parameter = following
            written[parameter.name.text] = argument.expression if isinstance(argument, Named) else argument
            result[parameter.name.text] = self._given(parameter, argument, meaning, scope)
        missing = [p.name.text for p in parameters if p.default is None and p.name.text not in result]
        if missing:
            self.report("KQL210", Level.ERROR, f"{name} needs a value for {', '.join(missing)}", node)
        return result

    def _given(self, parameter: Parameter, argument: Expression, meaning: Meaning, scope: Scope) -> Variable:
        kind: ScalarType | TableType
        if parameter.schema is not None:
            table = meaning if isinstance(meaning, TableType) else self._schema(parameter.schema)
            kind, meaning = table, table
        else:
            kind = parameter.type or (meaning if isinstance(meaning, ScalarType) else UNKNOWN)
            meaning = kind
        symbol = VariableSymbol(parameter.name.text, parameter, kind)
        return Variable(symbol, meaning, self.constant(argument, scope))

    # Functions of the environment

    def environment_call(
        self, name: str, arguments: Sequence[Argument], node: Expression, scope: Scope
    ) -> Meaning | None:
        definition = self.known.functions.get(name)
        if definition is None:
            return None
        body = self._parsed(definition)
        required = any(parameter.default is None for parameter in body.parameters or ())
        if required and isinstance(node, NameReference):
            return None
        self.symbols[id(node)] = FunctionSymbol(name, definition)
        self.functions.setdefault(name)
        self.dependencies.add(name)
        written: dict[str, Expression] = {}
        given = {} if body.parameters is None else self._matched(body.parameters, arguments, name, node, scope, written)
        if body.query is None and self.external:
            alias = self.constant(arguments[0][0], scope) if arguments else None
            schema = self.external.get(external_name(node, alias))
            if schema is not None:
                return table_type(schema, name)
        if self.expand and body.query is not None:
            return self._expanded_call(definition, body, given, written, node)
        outcome = self._outcome(definition, body, given)
        self.dependencies |= outcome.dependencies
        return outcome.meaning

    def _parsed(self, definition: FunctionDefinition) -> _Body:
        found = self.known.bodies.get(definition.name)
        if isinstance(found, _Body):
            return found
        parameters: tuple[Parameter, ...] | None = ()
        if definition.parameters.strip():
            declared = parse(f"let f = ({definition.parameters}) {{ 0 }};").tree
            first = declared.statements[0] if declared.statements else None
            parameters = None
            if isinstance(first, Let) and isinstance(first.value, FunctionDeclaration):
                parameters = first.value.parameters
        query = parse(definition.body.text).tree if definition.body is not None else None
        body = _Body(parameters, query)
        self.known.bodies[definition.name] = body
        return body

    def _outcome(self, definition: FunctionDefinition, body: _Body, given: dict[str, Variable]) -> FunctionOutcome:
        """The result of a call: kept for all calls, or for calls with these values when the body asks for them."""
        name = definition.name
        if body.query is None:
            return FunctionOutcome(self.known.declared_result(definition) or OPEN, frozenset())
        outcomes = self.known.outcomes
        takes_tables = any(isinstance(local.symbol.type, TableType) for local in given.values())
        by_values = (name, *((key, local.constant) for key, local in sorted(given.items())))
        if not takes_tables:
            if (name,) in outcomes:
                return outcomes[name,]
            if by_values in outcomes:
                self.constants_read = True
                return outcomes[by_values]
        if name in self.calling or not self.budget.spend_body():
            return FunctionOutcome(OPEN, frozenset())
        calling = (*self.calling, name)
        inner = Binder(self.known, calling, self.budget, discovered=self.discovered, external=self.external)
        inner.muted = 1
        meaning = inner.environment_body(body.parameters or (), body.query, given)
        outcome = FunctionOutcome(_detached(meaning, name), frozenset(inner.dependencies))
        self.constants_read |= inner.constants_read
        if not takes_tables and len(outcomes) < KEPT_OUTCOMES:
            outcomes[by_values if inner.constants_read else (name,)] = outcome
        return outcome

    def _expanded_call(
        self,
        definition: FunctionDefinition,
        body: _Body,
        given: dict[str, Variable],
        written: dict[str, Expression],
        node: Node,
    ) -> Meaning:
        """Bind the body for this one call and keep what was found."""
        if body.query is None or definition.name in self.calling or not self.budget.spend_body():
            return OPEN
        calling = (*self.calling, definition.name)
        inner = Binder(
            self.known, calling, self.budget, expand=True, discovered=self.discovered, external=self.external
        )
        inner.muted = 1
        parameters = body.parameters or ()
        meaning = inner.environment_body(parameters, body.query, given)
        self.dependencies |= inner.dependencies
        self.expansions[id(node)] = Expansion(
            definition.name,
            parameters,
            written,
            body.query.statements,
            None,
            inner.symbols,
            inner.types,
            inner.results,
            inner.expansions,
        )
        return _detached(meaning, definition.name)

    def environment_body(self, parameters: Sequence[Parameter], query: Query, given: dict[str, Variable]) -> Meaning:
        """What the body of an environment function gives for these arguments."""
        names = Locals()
        scope = Scope(names)
        for parameter in parameters:
            known = given.get(parameter.name.text)
            names.add(parameter.name.text, known or self._parameter(parameter, scope, parameter))
        meaning = self.statements(query.statements, scope)
        return OPEN if meaning is None else meaning


def _identity(local: Variable) -> object:
    """What tells two arguments of a function apart: the table, or the constant and its type."""
    kind = local.symbol.type
    return id(kind) if isinstance(kind, TableType) else (kind, local.constant)


def _detached(meaning: Meaning, name: str) -> Meaning:
    """The result of an environment function without ties to its body: its columns are those of a table `name`."""
    if isinstance(meaning, TableType):
        columns = tuple(ColumnSymbol(column.name, column.type, table=name) for column in meaning.columns)
        return TableType(columns, meaning.open, name)
    return meaning if isinstance(meaning, ScalarType) else OPEN
