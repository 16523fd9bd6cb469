"""Where rows come from: find, search, inline and external tables, entity groups, materialized views."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.kusto.parser_base import Fault
from detectionary.languages.kusto.parser_operators import Operators
from detectionary.languages.kusto.parser_parts import OPTIONS, OptionValue
from detectionary.languages.kusto.syntax import (
    Call,
    ContextualDataTable,
    DataTable,
    EntityGroup,
    Expression,
    ExternalData,
    Find,
    FindColumn,
    InlineExternalTable,
    Literal,
    MacroExpand,
    MaterializedViewCombine,
    Name,
    NameReference,
    Parameter,
    Pipeline,
    ScalarType,
    Search,
    Star,
)
from detectionary.languages.kusto.tokens import DECLARED_NAMES, END, LITERALS, NAME, STRING

_UNION_OPTIONS: Final = OPTIONS | {"best_effort": OptionValue.VALUE}
_STARTS_LITERAL: Final = LITERALS | {"dynamic", "typeof", "{", "+", "-"}


class Tables(Operators):
    """Productions of tables that are written down or found."""

    # Find and search

    def find(self) -> Find:
        """find = "find" [ data-scope ] options [ "in" "(" tables ")" ] [ "where" ] expression [ project ] [ away ]"""
        at = self.keyword()
        scope = self.data_scope_word() if self.kinds[self.at] == "datascope" else None
        options = self.options(equals=False)
        sources = self._tables_in()
        has_where = self.accept("where")
        if not has_where and (options or sources is not None):
            self.fail_expected("`where`")
        predicate = self.expression()
        project: tuple[FindColumn | Star, ...] | None = None
        smart = False
        if self.accept("project"):
            project = self.listed(self._find_column)
        elif self.accept("project-smart"):
            smart = True
        away = self.listed(self._find_column) if self.accept("__projectAway") else None
        return Find(
            predicate,
            sources,
            has_where,
            project,
            smart,
            away,
            scope,
            span=self.span_from(at),
            parameters=options,
            keyword=self.kinds[at],
        )

    def _find_column(self) -> FindColumn | Star:
        """column = "pack" "(" "*" ")" | "*" | name [ ":" type ]"""
        at = self.at
        if self.accept("*"):
            return Star(span=self.token_span(at))
        if self.accept("pack"):
            self.expect("(")
            self.expect("*")
            self.expect(")")
            return FindColumn(Name("pack", span=self.token_span(at)), pack=True, span=self.span_from(at))
        name = self.expect_name("a column name")
        column_type = self.column_type(rare=True) if self.accept(":") else None
        return FindColumn(name, column_type, span=self.span_from(at))

    def _tables_in(self) -> tuple[Expression, ...] | None:
        """tables = "in" "(" table [ "|" as ] { "," table [ "|" as ] } ")" """
        if not self.accept("in"):
            return None
        self.expect("(")
        tables = self.listed(self._find_table)
        self.expect(")")
        return tables

    def _find_table(self) -> Expression:
        at = self.at
        table = self.entity_path(calls=True, wildcards=True)
        if self.kinds[self.at] != "|" or not isinstance(table, NameReference):
            return table
        self.at += 1
        if self.kinds[self.at] != "as":
            self.fail_expected("`as`")
        name = self.as_name()
        return Pipeline((table, name), span=self.span_from(at))

    def search(self) -> Search:
        """search = "search" options [ data-scope ] [ "in" "(" tables ")" ] ( expression | "*" [ "and" expression ] )"""
        at = self.keyword()
        options = self.options()
        scope = self.data_scope_word() if self.kinds[self.at] == "datascope" else None
        sources = self._tables_in()
        first = self.at
        predicate: Expression
        star_and = False
        if self.kinds[first] == "*" and not self.star_begins_comparison():
            self.at = first + 1
            predicate = Star(span=self.token_span(first))
            if self.accept("and"):
                star_and = True
                predicate = self.expression()
        else:
            predicate = self.expression()
        return Search(
            predicate,
            sources,
            star_and,
            scope,
            span=self.span_from(at),
            parameters=options,
            keyword=self.kinds[at],
        )

    # Tables written down

    def inline_table(self, kind: str) -> Expression:
        """inline-table = datatable | contextual-datatable | externaldata | materialized-view-combine"""
        match kind:
            case "datatable":
                return self._data_table()
            case "__contextual_datatable":
                return self.contextual_data_table()
            case "materialized-view-combine":
                return self._materialized_view_combine()
            case _:
                return self._external_data()

    def _data_table(self) -> DataTable:
        """datatable = "datatable" options row-schema "[" [ "," ] [ literal { "," literal } [ "," ] ] "]" """
        at = self.keyword()
        options = self.options(equals=False)
        schema = self.row_schema()
        opener = self.expect("[")
        depth = self.depth
        values: tuple[Expression, ...]
        try:
            self.accept(",")
            values = self.loose_list(self._table_value)
            if self.kinds[self.at] != "]":
                self.fail_expected("`,` or `]`")
            self.at += 1
        except Fault:
            self.skip_group(opener, depth)
            values = (self.bad_between(opener),)
        return DataTable(options, schema, values, span=self.span_from(at))

    def _table_value(self) -> Expression:
        value = self.literal() if self.kinds[self.at] in _STARTS_LITERAL else None
        if value is None:
            self.fail_expected("a literal", "KQL012", "a datatable holds literals only")
        return value

    def contextual_data_table(self) -> ContextualDataTable:
        """contextual-datatable = "__contextual_datatable" id row-schema"""
        at = self.expect("__contextual_datatable")
        identity = self.literal() or self.expression()
        if not isinstance(identity, Literal):
            identity = Literal(ScalarType.UNKNOWN, None, identity.span.of(self.text), span=identity.span)
        schema = self.row_schema()
        return ContextualDataTable(identity, schema, span=self.span_from(at))

    def _external_data(self) -> ExternalData:
        """externaldata = "externaldata" options row-schema "[" [ e { "," e } [ "," ] ] "]" [ properties ]"""
        at = self.keyword()
        options = self.options(equals=False)
        schema = self.row_schema()
        opener = self.expect("[")
        depth = self.depth
        sources: tuple[Expression, ...]
        try:
            self.enter()
            sources = self.loose_list(self.pipeline)
            if self.kinds[self.at] != "]":
                self.fail_expected("`,` or `]`")
            self.at += 1
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            sources = (self.bad_between(opener),)
        properties = self.properties() if self.kinds[self.at] == "with" else ()
        return ExternalData(options, schema, sources, properties, span=self.span_from(at))

    def starts_external_table(self) -> bool:
        """Does a schema or `kind` follow the word, which may also be a function's name?"""
        at = self.at + 1
        if self.kinds[at] != "(":
            return self.kinds[at] == "kind"
        return self._is_schema(at)

    def _is_schema(self, opener: int) -> bool:
        """Does a `:` stand before the next closing parenthesis?"""
        if self.kinds[opener] != "(":
            return False
        at = opener + 1
        while self.kinds[at] not in (":", ")", END):
            at += 1
        return self.kinds[at] != ")"

    def inline_external_table(self) -> InlineExternalTable:
        """table = "inline_external_table" [ row-schema ] "kind" "=" ( "storage" | "delta" ) [ partition ] [ path ]
        [ "dataformat" "=" name ] "(" [ pipeline { "," pipeline } ] ")" [ properties ]
        """
        at = self.keyword()
        schema = self.row_schema() if self._is_schema(self.at) else None
        self.expect("kind")
        self.expect("=")
        kind = self.expect_word(("storage", "delta"))
        if schema is None and kind != "delta":
            self.fail("KQL010", "a table of kind storage needs its columns", self.token_span(at), "(name: type, …)")
        partitions = self._table_partitions() if self.kinds[self.at] == "partition" else ()
        path_format = self._path_format() if self.kinds[self.at] == "pathformat" else ()
        data_format: str | None = None
        if kind != "delta" or self.kinds[self.at] == "dataformat":
            self.expect("dataformat")
            self.expect("=")
            if self.kinds[self.at] != NAME:
                self.fail_expected("a format")
            data_format = self.expect_name().text
        self.expect("(")
        self.enter()
        sources = self.loose_list(self.pipeline)
        self.expect(")")
        self.depth -= 1
        properties = self.properties() if self.kinds[self.at] == "with" else ()
        return InlineExternalTable(
            kind,
            sources,
            schema,
            partitions,
            path_format,
            data_format,
            properties,
            span=self.span_from(at),
            keyword=self.kinds[at],
        )

    def _table_partitions(self) -> tuple[Parameter, ...]:
        """partition = "partition" "by" "(" [ "," ] [ column { "," column } [ "," ] ] ")" """
        self.expect("partition")
        self.expect("by")
        self.expect("(")
        self.accept(",")
        columns = self.loose_list(self._partition_column)
        self.expect(")")
        return columns

    def _partition_column(self) -> Parameter:
        """column = name ":" ( "datetime" | "long" | "string" ) [ "=" expression ]"""
        at = self.at
        name = self.expect_name("a column name", DECLARED_NAMES)
        self.expect(":")
        if self.kinds[self.at] not in ("datetime", "long", "string"):
            self.fail_expected("`datetime`, `long` or `string`")
        column_type = self.column_type()
        value = self.expression() if self.accept("=") else None
        return Parameter(name, column_type, None, value, span=self.span_from(at))

    def _path_format(self) -> tuple[Expression, ...]:
        """path = "pathformat" "=" "(" [ string ] element [ string ] { element [ string ] } ")" """
        self.expect("pathformat")
        self.expect("=")
        self.expect("(")
        parts: list[Expression] = []
        if self.kinds[self.at] == STRING:
            parts.append(self.string_literal())
        while not parts or self.kinds[self.at] != ")":
            parts.append(self._path_element())
            if self.kinds[self.at] == STRING:
                parts.append(self.string_literal())
        self.expect(")")
        return tuple(parts)

    def _path_element(self) -> Expression:
        """element = name | "datetime_pattern" "(" string "," name ")" """
        at = self.at
        name = self.expect_name("a partition column")
        if name.text != "datetime_pattern" or self.kinds[self.at] != "(":
            return NameReference(name.text, span=name.span)
        self.at += 1
        if self.kinds[self.at] != STRING:
            self.fail_expected("a string")
        pattern = self.string_literal()
        self.expect(",")
        column = self.expect_name_reference()
        self.expect(")")
        return Call(name, (pattern, column), span=self.span_from(at))

    def _materialized_view_combine(self) -> MaterializedViewCombine:
        """view = "materialized-view-combine" "(" e ")" "base" "(" e ")" "delta" "(" e ")" "aggregations" "(" op ")" """
        at = self.keyword()
        name = self.parenthesized().expression
        base = self._view_part("base")
        delta = self._view_part("delta")
        self._expect_part("aggregations")
        self.expect("(")
        if self.kinds[self.at] != "summarize":
            self.fail_expected("`summarize`")
        aggregations = self.summarize()
        self.expect(")")
        return MaterializedViewCombine(name, base, delta, aggregations, span=self.span_from(at))

    def _view_part(self, word: str) -> Expression:
        self._expect_part(word)
        return self.parenthesized().expression

    def _expect_part(self, word: str) -> None:
        if not self.accept_text(word):
            self.fail_expected(f"`{word}`")

    # Entity groups

    def macro_expand(self) -> MacroExpand:
        """macro-expand = "macro-expand" options group [ "as" name ] "(" statements ")" """
        at = self.keyword()
        options = self.options(_UNION_OPTIONS)
        group = self._group_reference()
        scope = self.expect_name() if self.accept("as") else None
        opener = self.expect("(")
        self.enter()
        statements = self.statements(")")
        if self.kinds[self.at] != ")":
            self.fail_group(opener, "`)`")
        self.at += 1
        self.depth -= 1
        return MacroExpand(
            group, scope, statements, span=self.span_from(at), parameters=options, keyword=self.kinds[at]
        )

    def _group_reference(self) -> Expression:
        """group = entity-group | ( "database" | "cluster" ) … path | name"""
        if self.kinds[self.at] == "entity_group":
            return self.entity_group()
        if self.texts[self.at] in ("database", "cluster") and self.peek(1) == "(":
            return self.entity_path(calls=True)
        return self.expect_name_reference("an entity group")

    def entity_group(self) -> Expression:
        """entity-group = "entity_group" "[" expression { "," expression } "]" | call of a function with that name"""
        if self.peek(1) == "(":
            return self.call()
        at = self.keyword()
        opener = self.expect("[")
        depth = self.depth
        items: tuple[Expression, ...]
        try:
            self.enter()
            items = self.listed(self.expression)
            if self.kinds[self.at] != "]":
                self.fail_expected("`,` or `]`")
            self.at += 1
            self.depth = depth
        except Fault:
            self.skip_group(opener, depth)
            items = (self.bad_between(opener),)
        return EntityGroup(items, span=self.span_from(at))
