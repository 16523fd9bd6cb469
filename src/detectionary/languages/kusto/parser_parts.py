"""What several operators share: options (`kind=inner`), lists, row schemas, ordering."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, TypeVar

from detectionary.languages.kusto.parser_base import Fault
from detectionary.languages.kusto.parser_expressions import Expressions
from detectionary.languages.kusto.syntax import (
    ColumnDeclaration,
    Expression,
    NameReference,
    Operator,
    Ordered,
    Parameter,
    Pipeline,
    QueryParameter,
    RowSchema,
    ScalarType,
    Statement,
)
from detectionary.languages.kusto.tokens import DECLARED_NAMES, END, NAMES, words
from detectionary.text import Span

_Item = TypeVar("_Item")


class OptionValue(Enum):
    """What may stand behind the `=` of an option."""

    VALUE = "a literal or a word"
    EXPRESSION = "an expression"
    COLUMNS = "a list of columns"


_VALUE: Final = OptionValue.VALUE

OPTIONS: Final = dict.fromkeys(
    words(
        """
    bagexpansion bin_legacy __crossCluster __crossDB decodeblocks expandoutput hint.concurrency hint.distribution
    hint.materialized hint.num_partitions hint.pass_filters hint.pass_filters_column hint.progressive_top hint.remote
    hint.shufflekey hint.spread hint.strategy __id isfuzzy __isFuzzy kind __noWithSource __packedColumn
    __sourceColumnIndex cycles with_match_id with_itemindex withsource with_source with_step_name force_remote
    """
    ),
    _VALUE,
)
"""Options that every operator with options takes, whether they mean something there or not, as Microsoft's does."""

_SPLIT_OPTIONS: Final = ("hint.pass_filters_column", "hint.pass_filters")
"""Options whose name is not one token."""

_EXTRA_WORDS: Final = frozenset({"simple", "relaxed"})
"""Values of options (`parse kind=relaxed`) that are keywords and no names."""

LIST_ENDS: Final = frozenset({")", "]", "}", "|", ";", END})


class Parts(Expressions):
    """Productions that are parts of operators and statements."""

    def operator_pipeline(self) -> Pipeline:
        """A pipeline that begins with an operator; defined with the pipelines."""
        raise NotImplementedError

    def operator(self) -> Operator:
        """One tabular operator; defined with the pipelines."""
        raise NotImplementedError

    def operators_in_parentheses(self) -> Pipeline:
        """Operators in parentheses; defined with the operators that hold pipelines."""
        raise NotImplementedError

    def statements(self, closer: str) -> tuple[Statement, ...]:
        """Statements up to a closing bracket; defined with the statements."""
        raise NotImplementedError

    # Options

    def options(self, known: dict[str, OptionValue] = OPTIONS, *, equals: bool = True) -> tuple[QueryParameter, ...]:
        """options = { option "=" value }; without `equals` the name alone makes it an option"""
        found: list[QueryParameter] = []
        while True:
            at = self.at
            name = self.texts[at]
            length = 1
            if name not in known:
                if name != "hint":
                    break
                name = next((option for option in _SPLIT_OPTIONS if self.length_of(option)), "")
                length = self.length_of(name) if name else 0
                if not length:
                    break
            if self.peek(length) != "=" and equals:
                break
            self.at = at + length
            self.expect("=")
            value = self.path() if known.get(name) is OptionValue.EXPRESSION else self.option_value()
            found.append(QueryParameter(name, value, span=self.span_from(at)))
        return tuple(found)

    def option_value(self) -> Expression:
        """option-value = literal | name"""
        literal = self.literal()
        if literal is not None:
            return literal
        at = self.at
        if self.texts[at] in _EXTRA_WORDS:
            self.at = at + 1
            return NameReference(self.texts[at], span=self.token_span(at))
        name = self.expect_name("a value")
        return NameReference(name.text, span=name.span)

    def option_group(self, known: dict[str, OptionValue]) -> tuple[tuple[str, tuple[Expression, ...], Span], ...]:
        """option-group = [ option "=" value { "," option "=" value } ]: name, values and span of each"""
        found: list[tuple[str, tuple[Expression, ...], Span]] = []
        while self.texts[self.at] in known:
            at = self.at
            name = self.texts[at]
            self.at = at + 1
            self.expect("=")
            match known[name]:
                case OptionValue.COLUMNS:
                    values = self._option_columns(known)
                case OptionValue.EXPRESSION:
                    values = (self.path(),)
                case OptionValue.VALUE:
                    values = (self.option_value(),)
            found.append((name, values, self.span_from(at)))
            if not self.accept(","):
                return tuple(found)
            if self.texts[self.at] not in known:
                self._fail_option(known)
        return tuple(found)

    def _fail_option(self, known: dict[str, OptionValue]) -> None:
        self.fail_expected("an option", hint="options here: " + ", ".join(sorted(known)))

    def _option_columns(self, known: dict[str, OptionValue]) -> tuple[Expression, ...]:
        """columns = column { "," column }, up to the next option or the end"""
        columns: list[Expression] = [self._option_column()]
        while self.kinds[self.at] == "," and not (self.peek(1) in LIST_ENDS or self.texts[self.at + 1] in known):
            self.at += 1
            columns.append(self._option_column())
        return tuple(columns)

    def _option_column(self) -> NameReference:
        name = self.expect_name("a column name", DECLARED_NAMES)
        return NameReference(name.text, span=name.span)

    # Lists

    def listed(self, item: Callable[[], _Item]) -> tuple[_Item, ...]:
        """list = item { "," item }"""
        items = [item()]
        while self.kinds[self.at] == ",":
            self.at += 1
            items.append(item())
        return tuple(items)

    def optional_list(self, item: Callable[[], _Item]) -> tuple[_Item, ...]:
        """optional-list = [ item { "," item } ], before a closing bracket, `|`, `;` or the end"""
        return () if self.kinds[self.at] in LIST_ENDS else self.listed(item)

    def loose_list(self, item: Callable[[], _Item]) -> tuple[_Item, ...]:
        """loose-list = [ item { "," item } [ "," ] ]"""
        items: list[_Item] = []
        while self.kinds[self.at] not in LIST_ENDS:
            items.append(item())
            if not self.accept(","):
                break
        return tuple(items)

    def keyword(self) -> int:
        """Step over the keyword of an operator; gives its index."""
        at = self.at
        self.at = at + 1
        return at

    # Names and schemas

    def wildcard_or_name(self) -> Expression:
        """column-pattern = wildcard | name"""
        wildcard = self.accept_wildcard()
        return wildcard if wildcard is not None else self.expect_name_reference("a column name or pattern")

    def row_schema(self) -> RowSchema:
        """row-schema = "(" [ "," ] [ column { "," column } [ "," ] ] ")" """
        opener = self.expect("(")
        depth = self.depth
        columns: tuple[ColumnDeclaration, ...]
        try:
            self.accept(",")
            columns = self.loose_list(self._column_declaration)
            self._close_schema()
        except Fault:
            self.skip_group(opener, depth)
            columns = ()
        return RowSchema(columns, span=self.span_from(opener))

    def _close_schema(self) -> None:
        if self.kinds[self.at] != ")":
            self.fail_expected("`,` or `)`")
        self.at += 1

    def open_schema(self) -> RowSchema:
        """open-schema = "(" [ "," ] [ "*" ] [ "," ] [ column { "," column } [ "," ] ] ")" """
        opener = self.expect("(")
        self.accept(",")
        is_open = self.accept("*")
        self.accept(",")
        columns = self.loose_list(self._column_declaration)
        self._close_schema()
        return RowSchema(columns, is_open, span=self.span_from(opener))

    def _column_declaration(self) -> ColumnDeclaration:
        """column = name ":" type"""
        at = self.at
        name = self.expect_name("a column name", DECLARED_NAMES)
        self.expect(":")
        if self.kinds[self.at] == "(":
            self.tabular_type()
            return ColumnDeclaration(name, ScalarType.UNKNOWN, span=self.span_from(at))
        return ColumnDeclaration(name, self.column_type(), span=self.span_from(at))

    def tabular_type(self) -> RowSchema:
        """tabular-type = "(" "*" ")" | "(" [ column { "," column } [ "," ] ] ")" """
        opener = self.expect("(")
        if self.accept("*"):
            self.expect(")")
            return RowSchema((), True, span=self.span_from(opener))
        columns = self.loose_list(self._column_declaration)
        self._close_schema()
        return RowSchema(columns, span=self.span_from(opener))

    def parameter(self) -> Parameter:
        """parameter = name ":" ( type | tabular-type ) [ "=" ( literal | name ) ]"""
        at = self.at
        name = self.expect_name("a parameter name", DECLARED_NAMES)
        self.expect(":")
        kind: ScalarType | None = None
        schema: RowSchema | None = None
        if self.kinds[self.at] == "(":
            schema = self.tabular_type()
        else:
            kind = self.column_type()
        default: Expression | None = None
        if self.accept("="):
            default = self.literal()
            if default is None:
                if self.kinds[self.at] not in NAMES:
                    self.fail_expected("a literal", "KQL011", "a default value is a literal")
                default = self.expect_name_reference()
        return Parameter(name, kind, schema, default, span=self.span_from(at))

    def property_value(self) -> Expression:
        """property-value = string | number | truth value | datetime | guid | name"""
        at = self.at
        kind = self.kinds[at]
        if kind == "a bare guid":
            self.at = at + 1
            return NameReference(self.texts[at], span=self.token_span(at))
        if kind in _PROPERTY_LITERALS:
            value = self.literal()
            if value is not None:
                return value
        name = self.expect_name("a value", DECLARED_NAMES)
        return NameReference(name.text, span=name.span)

    def properties(self) -> tuple[QueryParameter, ...]:
        """properties = "with" "(" [ name "=" value { "," name "=" value } ] ")" """
        self.expect("with")
        self.expect("(")
        found = self.optional_list(self._property)
        self._close_schema()
        return found

    def _property(self) -> QueryParameter:
        at = self.at
        name = self.expect_name("a property", DECLARED_NAMES)
        self.expect("=")
        return QueryParameter(name.text, self.property_value(), span=self.span_from(at))

    # Ordering

    def ordered(self) -> Ordered:
        """ordered = named-expression [ "asc" | "desc" | "granny-…" ] [ "nulls" ( "first" | "last" ) ]"""
        expression = self.named_expression()
        ordered = self.direction(expression)
        if not self.accept("nulls"):
            return ordered
        first = self.expect_word(("first", "last")) == "first"
        span = Span(expression.span[0], self.ends[self.at - 1])
        return Ordered(expression, ordered.descending, first, ordered.granny, span=span)

    def direction(self, expression: Expression) -> Ordered:
        """An expression and, if one follows, its direction."""
        kind = self.kinds[self.at]
        descending = _DIRECTIONS.get(kind)
        if descending is None:
            return Ordered(expression, span=expression.span)
        self.at += 1
        span = Span(expression.span[0], self.ends[self.at - 1])
        return Ordered(expression, descending, None, kind[0] == "g", span=span)


_DIRECTIONS: Final = {"asc": False, "desc": True, "granny-asc": False, "granny-desc": True}
_PROPERTY_LITERALS: Final = frozenset(
    {"a string", "a number", "a real number", "a truth value", "a datetime", "guid(…)"},
)
