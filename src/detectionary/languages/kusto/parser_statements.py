"""Statements, and the query as a whole."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.kusto.parser_base import Fault
from detectionary.languages.kusto.parser_queries import Queries
from detectionary.languages.kusto.syntax import (
    AliasDatabase,
    BadStatement,
    DeclareParameters,
    DeclarePattern,
    Expression,
    ExpressionStatement,
    FunctionDeclaration,
    Let,
    Materialize,
    Name,
    Parameter,
    PatternRule,
    Query,
    RestrictAccess,
    ScalarType,
    SetOption,
    Statement,
)
from detectionary.languages.kusto.tokens import DECLARED_NAMES, DIRECTIVE, END, TYPE_KEYWORDS, words
from detectionary.text import Span

_STATEMENT_ENDS: Final = frozenset({";", END})
_STARTS_STATEMENT: Final = frozenset({"let", "set", "declare", "alias", "restrict"})


class Statements(Queries):
    """Productions of statements; `query` is the start of the grammar."""

    def query(self) -> Query:
        """query = { directive } [ statement { ";" statement } [ ";" ] ]"""
        while self.kinds[self.at] == DIRECTIVE:
            self.at += 1
        statements = list(self.statements(END))
        while self.kinds[self.at] != END:
            statements.append(self._rest())
            statements += self.statements(END)
        return Query(tuple(statements), span=Span(0, len(self.text)))

    def _rest(self) -> BadStatement:
        """What no statement can begin with: a closing bracket too many, a second `;`."""
        at = self.at
        hint = "no statement stands before it; take it out" if self.kinds[at] == ";" else "no bracket is open here"
        self.report("KQL015", f"`{self.texts[at]}` is unexpected here", self.token_span(at), hint)
        self.at = at + 1
        return BadStatement(span=self.token_span(at), text=self.texts[at])

    def statements(self, closer: str) -> tuple[Statement, ...]:
        """statements = [ statement { ";" statement } [ ";" ] ], up to `closer`"""
        found: list[Statement] = []
        while self.kinds[self.at] not in (closer, END, ";"):
            first = self.at
            found.append(self.statement())
            if self.kinds[self.at] == ";":
                self.at += 1
                if self.kinds[self.at] == ";":
                    break
            elif self.kinds[self.at] in _CLOSERS:
                break
            elif self.kinds[self.at] not in (closer, END):
                self._report_rest(first)
        return tuple(found)

    def _report_rest(self, first: int) -> None:
        """Something stands behind the statement that began at `first`: the next one, as a rule."""
        at = self.at
        place = self.ends[at - 1]
        if self.kinds[at] in _STARTS_STATEMENT or self._begins_line(at):
            self.report("KQL016", f"expected `;` before {self.found()}", Span(place, place), "statements end with `;`")
        elif self.texts[first].lower() == "select":
            self.report("KQL022", "this is SQL", self.token_span(first), "in Kusto: Table | where … | project …")
            self.skip_to(at, _STATEMENT_ENDS)
        elif self.kinds[at] == "|":
            self.report("KQL015", "`|` stands behind the end of the statement", self.token_span(at))
            self.skip_to(at, _STATEMENT_ENDS)
        else:
            message, hint = self.rest_fault("the statement")
            self.report("KQL015", message, self.token_span(at), hint or "a statement ends with `;`")

    def statement(self) -> Statement:
        """One statement; after a fault outside of its stages, a `BadStatement` up to the next `;`."""
        at = self.at
        depth = self.depth
        try:
            return self._statement()
        except Fault:
            self.depth = depth
            self.skip_to(at, _STATEMENT_ENDS)
            if self.at == at:
                self.at = at + 1
            span = self.span_from(at)
            return BadStatement(span=span, text=span.of(self.text))

    def _statement(self) -> Statement:
        """statement = let | set | declare | alias | restrict | pipeline"""
        if self.kinds[self.at] == "|":
            span = self.token_span(self.at)
            self.report("KQL021", "a query does not begin with `|`", span, "it begins with a table")
            while self.accept("|"):
                pass
        following = self.peek(1)
        match self.kinds[self.at]:
            case "let" if self.name_length(self.at + 1):
                return self.let()
            case "set":
                return self._set_option()
            case "declare" if following == "pattern":
                return self._declare_pattern()
            case "declare" if following == "query_parameters":
                return self._declare_parameters()
            case "alias" if following == "database":
                return self._alias()
            case "restrict" if following == "access":
                return self._restrict()
        at = self.at
        expression = self.pipeline()
        return ExpressionStatement(expression, span=self.span_from(at))

    # let

    def let(self) -> Let:
        """let = "let" name "=" ( materialize | entity-group | function | pipeline )"""
        at = self.keyword()
        name = self.expect_name()
        self.expect("=")
        value: Expression | FunctionDeclaration
        match self.kinds[self.at]:
            case "materialize":
                value = self._materialize()
            case "entity_group":
                value = self.entity_group()
            case "(" | "view" if self._is_function(self.at):
                value = self._function()
            case _:
                value = self.pipeline()
        return Let(name, value, span=self.span_from(at))

    def _materialize(self) -> Materialize:
        """materialize = "materialize" "(" pipeline ")" """
        at = self.keyword()
        content = self.parenthesized().expression
        result = Materialize(content, span=self.span_from(at))
        if self.kinds[self.at] == "|":
            span = self.token_span(self.at)
            self.report("KQL015", "`|` stands behind `materialize(…)`", span, "put it into the parentheses")
            self.skip_to(at, _STATEMENT_ENDS)
        return result

    def _is_function(self, at: int) -> bool:
        """Do parameters begin here? `()`, `(*`, `(name:`, each perhaps after `view`; `(name string` is meant as such"""
        if self.kinds[at] == "view":
            at += 1
        if self.kinds[at] != "(":
            return False
        if self.kinds[at + 1] in (")", "*"):
            return True
        length = self.name_length(at + 1, DECLARED_NAMES)
        return length > 0 and (self.kinds[at + 1 + length] == ":" or self.kinds[at + 1 + length] in TYPE_KEYWORDS)

    def _function(self) -> FunctionDeclaration:
        """function = [ "view" ] "(" [ parameter { "," parameter } ] ")" body"""
        at = self.at
        is_view = self.accept("view")
        opener = self.expect("(")
        depth = self.depth
        parameters: tuple[Parameter, ...]
        try:
            parameters = self.optional_list(self.parameter)
            if self.kinds[self.at] != ")":
                self.fail_expected("`,` or `)`")
            self.at += 1
        except Fault:
            self.skip_group(opener, depth)
            parameters = ()
        statements, expression = self._body()
        return FunctionDeclaration(parameters, statements, expression, is_view, span=self.span_from(at))

    def _body(self, *, parameters: bool = True) -> tuple[tuple[Statement, ...], Expression | None]:
        """body = "{" { ( let | declare-parameters ) ";" } [ pipeline ] [ ";" ] "}" """
        opener = self.expect("{")
        depth = self.depth
        statements: list[Statement] = []
        expression: Expression | None = None
        try:
            self.enter()
            while self.kinds[self.at] == "let" or (parameters and self.kinds[self.at] == "declare"):
                statements.append(self._inner_statement())
            if self.kinds[self.at] not in ("}", ";"):
                expression = self.pipeline()
            self.accept(";")
            if self.kinds[self.at] != "}":
                self.fail_expected("`}`")
            self.at += 1
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
        return tuple(statements), expression

    def _inner_statement(self) -> Statement:
        """inner-statement = ( let | declare-parameters ) ";" """
        at = self.at
        depth = self.depth
        try:
            statement = self.let() if self.kinds[at] == "let" else self._declare_parameters()
            if self.kinds[self.at] != ";":
                self._fail_inner_end()
        except Fault:
            self.depth = depth
            self.skip_to(at, _STATEMENT_ENDS)
            if self.kinds[self.at] != ";":
                raise
            span = self.span_from(at)
            self.at += 1
            return BadStatement(span=span, text=span.of(self.text))
        self.at += 1
        return statement

    def _fail_inner_end(self) -> None:
        place = self.ends[self.at - 1]
        self.fail("KQL016", f"expected `;` before {self.found()}", Span(place, place), "statements end with `;`")

    # set, alias, declare, restrict

    def _set_option(self) -> SetOption:
        """set = "set" name [ "=" expression ]"""
        at = self.keyword()
        name = self.expect_name()
        value = self.expression() if self.accept("=") else None
        return SetOption(name, value, span=self.span_from(at))

    def _alias(self) -> AliasDatabase:
        """alias = "alias" "database" name "=" expression"""
        at = self.keyword()
        self.expect("database")
        name = self.expect_name()
        self.expect("=")
        expression = self.expression()
        return AliasDatabase(name, expression, span=self.span_from(at))

    def _declare_parameters(self) -> DeclareParameters:
        """declare-parameters = "declare" "query_parameters" "(" parameter { "," parameter } ")" """
        at = self.keyword()
        self.expect("query_parameters")
        opener = self.expect("(")
        depth = self.depth
        parameters: tuple[Parameter, ...]
        try:
            parameters = self.listed(self.parameter)
            if self.kinds[self.at] != ")":
                self.fail_expected("`,` or `)`")
            self.at += 1
        except Fault:
            self.skip_group(opener, depth)
            parameters = ()
        return DeclareParameters(parameters, span=self.span_from(at))

    def _restrict(self) -> RestrictAccess:
        """restrict = "restrict" "access" "to" "(" table { "," table } ")" [ properties ]"""
        at = self.keyword()
        self.expect("access")
        self.expect("to")
        self.expect("(")
        entities = self.listed(self._restricted)
        self.expect(")")
        properties = self.properties() if self.kinds[self.at] == "with" else ()
        return RestrictAccess(entities, properties, span=self.span_from(at))

    def _restricted(self) -> Expression:
        return self.entity_path(calls=True, wildcards=True)

    def _declare_pattern(self) -> DeclarePattern:
        """pattern = "declare" "pattern" name [ "=" "(" columns ")" [ "[" column "]" ] "{" rule { rule } "}" ]"""
        at = self.keyword()
        self.expect("pattern")
        name = self.expect_name()
        if not self.accept("="):
            return DeclarePattern(name, span=self.span_from(at))
        self.expect("(")
        parameters = self.optional_list(self._pattern_parameter)
        self.expect(")")
        path: Parameter | None = None
        if self.accept("["):
            path = self._pattern_parameter()
            self.expect("]")
        self.expect("{")
        rules = [self._pattern_rule()]
        while self.kinds[self.at] == "(":
            rules.append(self._pattern_rule())
        self.expect("}")
        return DeclarePattern(name, parameters, path, tuple(rules), span=self.span_from(at))

    def _pattern_parameter(self) -> Parameter:
        at = self.at
        name: Name = self.expect_name("a parameter name", DECLARED_NAMES)
        self.expect(":")
        if self.kinds[self.at] == "(":
            return Parameter(name, None, self.tabular_type(), span=self.span_from(at))
        kind: ScalarType = self.column_type()
        return Parameter(name, kind, span=self.span_from(at))

    def _pattern_rule(self) -> PatternRule:
        """rule = "(" expression { "," expression } ")" [ "." "[" literal "]" ] "=" body ";" """
        at = self.expect("(")
        arguments = self.listed(self.expression)
        self.expect(")")
        path: Expression | None = None
        if self.accept("."):
            self.expect("[")
            path = self.literal()
            if path is None:
                self.fail_expected("a literal", "KQL012")
            self.expect("]")
        self.expect("=")
        first = self.at
        statements, expression = self._body(parameters=False)
        body = FunctionDeclaration((), statements, expression, span=self.span_from(first))
        self.expect(";")
        return PatternRule(arguments, path, body, span=self.span_from(at))


_CLOSERS: Final = words(") ] }")
