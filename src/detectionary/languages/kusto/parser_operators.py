"""The tabular operators of every day: filters, columns, aggregation, joins, order."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.kusto.parser_parts import LIST_ENDS, OPTIONS, OptionValue, Parts
from detectionary.languages.kusto.syntax import (
    As,
    AssertSchema,
    BadExpression,
    Consume,
    Count,
    Distinct,
    Evaluate,
    ExecuteAndCache,
    ExpandItem,
    Expression,
    Extend,
    GetSchema,
    Invoke,
    Join,
    Literal,
    Lookup,
    MakeSeries,
    MvApply,
    MvExpand,
    Name,
    Named,
    NameReference,
    Ordered,
    Parse,
    ParseColumn,
    ParseKv,
    ParsePart,
    Print,
    Project,
    ProjectAway,
    ProjectByNames,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
    QueryParameter,
    Range,
    Reduce,
    Render,
    Sample,
    SampleDistinct,
    ScalarType,
    Serialize,
    SeriesAggregate,
    Sort,
    Star,
    Summarize,
    Take,
    Top,
    TopHitters,
    TopNested,
    TopNestedPart,
    Union,
    Where,
)
from detectionary.languages.kusto.tokens import DECLARED_NAMES, LITERALS, NAME, STRING, words
from detectionary.text import Span

_PARSE_OPTIONS: Final = OPTIONS | {"flags": OptionValue.VALUE}
_UNION_OPTIONS: Final = OPTIONS | {"best_effort": OptionValue.VALUE}
_REDUCE_OPTIONS: Final = OPTIONS | {"threshold": OptionValue.VALUE, "characters": OptionValue.VALUE}
_KV_OPTIONS: Final = dict.fromkeys(
    ("pair_delimiter", "kv_delimiter", "regex", "quote", "escape", "greedy"), OptionValue.VALUE
)
_RENDER_OPTIONS: Final = {
    **dict.fromkeys(
        ("kind", "accumulate", "xcolumn", "xaxis", "yaxis", "legend", "ysplit", "ymin", "ymax", "xmin", "xmax"),
        OptionValue.VALUE,
    ),
    **dict.fromkeys(("title", "xtitle", "ytitle"), OptionValue.EXPRESSION),
    **dict.fromkeys(("ycolumns", "anomalycolumns", "series"), OptionValue.COLUMNS),
}
CHARTS: Final = words(
    """
    table list barchart piechart ladderchart timechart linechart anomalychart pivotchart areachart stackedareachart
    scatterchart timepivot columnchart timeline 3Dchart card treemap plotly graph sankey
    """
)


class Operators(Parts):
    """One method an operator; each begins at its keyword."""

    # Rows

    def where(self) -> Where:
        """where = ( "where" | "filter" ) options named-expression"""
        at = self.keyword()
        options = self.options()
        predicate = self.named_expression()
        return Where(predicate, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def take(self) -> Take:
        """take = ( "take" | "limit" ) options named-expression"""
        at = self.keyword()
        options = self.options()
        count = self.named_expression()
        return Take(count, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def sample(self) -> Sample:
        """sample = "sample" options named-expression"""
        at = self.keyword()
        options = self.options()
        count = self.named_expression()
        return Sample(count, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def sample_distinct(self) -> SampleDistinct:
        """sample-distinct = "sample-distinct" options named-expression "of" named-expression"""
        at = self.keyword()
        options = self.options()
        count = self.named_expression()
        self.expect("of")
        of = self.named_expression()
        return SampleDistinct(count, of, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def distinct(self) -> Distinct:
        """distinct = "distinct" options ( "*" | named-expression ) { "," … }"""
        at = self.keyword()
        options = self.options()
        columns = self.listed(self._distinct_column)
        return Distinct(columns, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def _distinct_column(self) -> Expression:
        at = self.at
        if self.accept("*"):
            return Star(span=self.token_span(at))
        return self.named_expression()

    def sort(self) -> Sort:
        """sort = ( "sort" | "order" ) options "by" ordered { "," ordered }"""
        at = self.keyword()
        options = self.options(equals=False)
        if self.kinds[self.at] != "by":
            self.fail_expected("`by`", hint=f"write `{self.kinds[at]} by …`")
        self.at += 1
        by = self.listed(self.ordered)
        return Sort(by, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def top(self) -> Top:
        """top = "top" options named-expression "by" ordered"""
        at = self.keyword()
        options = self.options()
        count = self.named_expression()
        self.expect("by")
        by = self.ordered()
        return Top(count, by, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def top_hitters(self) -> TopHitters:
        """top-hitters = "top-hitters" named-expression "of" named-expression [ "by" named-expression ]"""
        at = self.keyword()
        count = self.named_expression()
        self.expect("of")
        of = self.named_expression()
        by: Ordered | None = None
        if self.accept("by"):
            weight = self.named_expression()
            by = Ordered(weight, span=weight.span)
        return TopHitters(count, of, by, span=self.span_from(at), keyword=self.kinds[at])

    def top_nested(self) -> TopNested:
        """top-nested = part { "," part }"""
        at = self.at
        parts = self.listed(self._top_nested_part)
        return TopNested(parts, span=self.span_from(at), keyword=self.kinds[at])

    def _top_nested_part(self) -> TopNestedPart:
        """part = "top-nested" [ count ] "of" column [ "with" "others" "=" expression ] "by" ordered"""
        at = self.expect("top-nested")
        count = None if self.kinds[self.at] == "of" else self.named_expression()
        self.expect("of")
        of = self.named_expression()
        others: Expression | None = None
        if self.accept("with"):
            self.expect("others")
            self.expect("=")
            others = self.literal() or self.expression()
        self.expect("by")
        by = self.ordered()
        return TopNestedPart(count, of, others, by, span=self.span_from(at))

    def count(self) -> Count:
        """count = "count" [ "as" name ]"""
        at = self.keyword()
        name: Name | None = None
        if self.accept("as"):
            if self.kinds[self.at] != NAME:
                self.fail_expected("a name")
            name = self.expect_name()
        return Count(name, span=self.span_from(at), keyword=self.kinds[at])

    def serialize(self) -> Serialize:
        """serialize = "serialize" options [ named-expression { "," named-expression } ]"""
        at = self.keyword()
        options = self.options()
        expressions = self.optional_list(self.named_expression)
        return Serialize(expressions, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    # Columns

    def extend(self) -> Extend:
        """extend = "extend" named-expression { "," named-expression }"""
        at = self.keyword()
        expressions = self.listed(self.named_expression)
        return Extend(expressions, span=self.span_from(at), keyword=self.kinds[at])

    def project(self) -> Project:
        """project = "project" [ named-expression { "," named-expression } ]"""
        at = self.keyword()
        expressions = self.optional_list(self.named_expression)
        return Project(expressions, span=self.span_from(at), keyword=self.kinds[at])

    def project_rename(self) -> ProjectRename:
        """project-rename = "project-rename" [ named-expression { "," named-expression } ]"""
        at = self.keyword()
        expressions = self.optional_list(self.named_expression)
        return ProjectRename(expressions, span=self.span_from(at), keyword=self.kinds[at])

    def project_away(self) -> ProjectAway:
        """project-away = "project-away" [ column-pattern { "," column-pattern } ]"""
        at = self.keyword()
        columns = self.optional_list(self.wildcard_or_name)
        return ProjectAway(columns, span=self.span_from(at), keyword=self.kinds[at])

    def project_keep(self) -> ProjectKeep:
        """project-keep = "project-keep" [ column-pattern { "," column-pattern } ]"""
        at = self.keyword()
        columns = self.optional_list(self.wildcard_or_name)
        return ProjectKeep(columns, span=self.span_from(at), keyword=self.kinds[at])

    def project_reorder(self) -> ProjectReorder:
        """project-reorder = "project-reorder" [ column-pattern [ direction ] { "," column-pattern [ direction ] } ]"""
        at = self.keyword()
        columns = self.optional_list(self._reordered)
        return ProjectReorder(columns, span=self.span_from(at), keyword=self.kinds[at])

    def _reordered(self) -> Ordered:
        return self.direction(self.wildcard_or_name())

    def project_by_names(self) -> ProjectByNames:
        """project-by-names = "project-by-names" [ expression { "," expression } ]"""
        at = self.keyword()
        expressions = self.optional_list(self.expression)
        return ProjectByNames(expressions, span=self.span_from(at), keyword=self.kinds[at])

    def mv_expand(self) -> MvExpand:
        """mv-expand = ( "mv-expand" | "mvexpand" ) options item { "," item } [ "limit" expression ]"""
        at = self.keyword()
        options = self.options()
        items = self.listed(self._expand_item)
        limit = self.expression() if self.accept("limit") else None
        return MvExpand(items, limit, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def _expand_item(self) -> ExpandItem:
        """item = named-expression [ "to" type-literal ]"""
        if self.kinds[self.at] == "limit" or self.kinds[self.at] == "to":
            self.fail_expected("a column", "KQL011")
        at = self.at
        expression = self.named_expression()
        return ExpandItem(expression, self._to_type(), span=self.span_from(at))

    def _to_type(self) -> Literal | None:
        if not self.accept("to"):
            return None
        if self.peek(1) != "(" or self.kinds[self.at] != "typeof":
            self.fail_expected("`typeof(…)`")
        return self.type_literal()

    def mv_apply(self) -> MvApply:
        """mv-apply = ( "mv-apply" | "mvapply" ) options items [ "limit" e ] [ "id" e ] "on" "(" operators ")" """
        at = self.keyword()
        options = self.options()
        items = self._apply_items()
        limit = self.expression() if self.accept("limit") else None
        identity = self._identity(self.expression()) if self.accept("id") else None
        self.expect("on")
        pipeline = self.operators_in_parentheses()
        return MvApply(
            items, pipeline, limit, identity, span=self.span_from(at), parameters=options, keyword=self.kinds[at]
        )

    def _identity(self, expression: Expression) -> Literal:
        """A context id; one that is not a literal is kept by its text."""
        if isinstance(expression, Literal):
            return expression
        return Literal(ScalarType.UNKNOWN, None, expression.span.of(self.text), span=expression.span)

    def _apply_items(self) -> tuple[ExpandItem, ...]:
        """items = item { "," item } | "to" type-literal: the last for a source that is expanded whole"""
        at = self.at
        if self.kinds[at] == "to" and self.peek(1) == "typeof":
            to_type = self._to_type()
            return (
                ExpandItem(
                    BadExpression(span=Span(self.starts[at], self.starts[at])), to_type, span=self.span_from(at)
                ),
            )
        return self.listed(self._apply_item)

    def _apply_item(self) -> ExpandItem:
        kind, following = self.kinds[self.at], self.peek(1)
        if kind in ("limit", "id", "on") and following not in (",", "to", "="):
            self.fail_expected("a column", "KQL011")
        return self._expand_item()

    def parse(self) -> Parse:
        """parse = ( "parse" | "parse-where" ) options expression "with" { "*" | string | column [ ":" type ] }"""
        at = self.keyword()
        options = self.options(_PARSE_OPTIONS)
        expression = self.expression()
        self.expect("with")
        pattern: list[ParsePart] = []
        while (part := self._parse_part()) is not None:
            pattern.append(part)
        return Parse(
            expression,
            tuple(pattern),
            self.kinds[at] == "parse-where",
            span=self.span_from(at),
            parameters=options,
            keyword=self.kinds[at],
        )

    def _parse_part(self) -> ParsePart | None:
        at = self.at
        kind = self.kinds[at]
        if kind == STRING:
            return self.string_literal()
        if self.accept("*"):
            return Star(span=self.token_span(at))
        if kind == ":":
            self.fail_expected("a column name")
        name = self.accept_name(DECLARED_NAMES)
        if name is None:
            return None
        column_type = self.column_type() if self.accept(":") else None
        return ParseColumn(name, column_type, span=self.span_from(at))

    def parse_kv(self) -> ParseKv:
        """parse-kv = "parse-kv" expression "as" row-schema [ "with" "(" options ")" ]"""
        at = self.keyword()
        expression = self.expression()
        self.expect("as")
        schema = self.row_schema()
        properties: tuple[QueryParameter, ...] = ()
        if self.accept("with"):
            self.expect("(")
            group = self.option_group(_KV_OPTIONS)
            properties = tuple(QueryParameter(name, values[0], span=span) for name, values, span in group)
            self.expect(")")
        return ParseKv(expression, schema, properties, span=self.span_from(at), keyword=self.kinds[at])

    # Aggregation

    def summarize(self) -> Summarize:
        """summarize = "summarize" options [ named-expression { "," … } ] [ "by" named-expression { "," … } [ bin ] ]"""
        at = self.keyword()
        options = self.options()
        aggregates: tuple[Expression, ...] = ()
        if self.kinds[self.at] != "by" and self.kinds[self.at] not in LIST_ENDS:
            aggregates = self.listed(self._aggregate)
        by: tuple[Expression, ...] | None = None
        legacy_bin: Expression | None = None
        if self.accept("by"):
            by = self.listed(self._grouping)
            if self._is_legacy_bin():
                self.at += 2
                legacy_bin = self.expression()
        return Summarize(
            aggregates, by, legacy_bin, span=self.span_from(at), parameters=options, keyword=self.kinds[at]
        )

    def _aggregate(self) -> Expression:
        if self.kinds[self.at] == "by":
            self.fail_expected("an aggregate", "KQL011")
        return self.named_expression()

    def _grouping(self) -> Expression:
        if self._is_legacy_bin():
            self.fail_expected("a column", "KQL011")
        return self.named_expression()

    def _is_legacy_bin(self) -> bool:
        """bin = "bin" "=" literal: the oldest form of bin(…), behind the last column"""
        return self.kinds[self.at] == "bin" and self.peek(1) == "=" and self.peek(2) in LITERALS

    def make_series(self) -> MakeSeries:
        """make-series = "make-series" options aggregate { "," aggregate } "on" named-expression range [ "by" … ]

        range = [ "from" e ] [ "to" e ] "step" e | "in" "range" "(" e "," e "," e ")"
        """
        at = self.keyword()
        options = self.options()
        aggregates = self.listed(self._series_aggregate)
        self.expect("on")
        on = self.named_expression()
        start: Expression | None
        stop: Expression | None
        in_range = self.kinds[self.at] == "in"
        if in_range:
            start, stop, step = self._series_range()
        else:
            if self.kinds[self.at] not in ("from", "to", "step"):
                self.fail_expected("`from`, `to` or `step`")
            start = self.expression() if self.accept("from") else None
            stop = self.expression() if self.accept("to") else None
            self.expect("step")
            step = self.expression()
        by = self.listed(self.named_expression) if self.accept("by") else ()
        return MakeSeries(
            aggregates,
            on,
            start,
            stop,
            step,
            by,
            in_range,
            span=self.span_from(at),
            parameters=options,
            keyword=self.kinds[at],
        )

    def _series_aggregate(self) -> SeriesAggregate:
        """aggregate = named-expression [ "default" "=" named-expression ]"""
        at = self.at
        if self.kinds[at] in ("on", "from", "in"):
            self.fail_expected("an aggregate", "KQL011")
        expression = self.named_expression()
        default: Expression | None = None
        if self.accept("default"):
            self.expect("=")
            default = self.named_expression()
        return SeriesAggregate(expression, default, span=self.span_from(at))

    def _series_range(self) -> tuple[Expression, Expression, Expression]:
        self.expect("in")
        self.expect("range")
        self.expect("(")
        items = self.optional_list(self.named_expression)
        missing = BadExpression(span=Span(self.starts[self.at], self.starts[self.at]))
        self.expect(")")
        start, stop, step, *_ = (*items, missing, missing, missing)
        return start, stop, step

    def reduce(self) -> Reduce:
        """reduce = "reduce" options "by" named-expression [ "with" option "=" value { "," … } ]"""
        at = self.keyword()
        options = self.options(_REDUCE_OPTIONS, equals=False)
        self.expect("by")
        by = self.named_expression()
        settings: list[Expression] = []
        if self.accept("with"):
            for name, values, span in self.option_group(_REDUCE_OPTIONS):
                written = Name(name, span=Span(span.start, span.start + len(name)))
                settings.append(Named((written,), values[0], span=span))
        return Reduce(by, tuple(settings), span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    # Several tables

    def join(self) -> Join:
        """join = "join" options expression [ "on" expression { "," expression } | "where" expression ]"""
        at = self.keyword()
        options = self.options()
        right = self.expression()
        on: tuple[Expression, ...] | None = None
        predicate: Expression | None = None
        if self.accept("on"):
            on = self.listed(self.expression)
        elif self.accept("where"):
            predicate = self.expression()
        return Join(right, on, predicate, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def lookup(self) -> Lookup:
        """lookup = "lookup" options expression "on" expression { "," expression }"""
        at = self.keyword()
        options = self.options()
        right = self.expression()
        self.expect("on")
        on = self.listed(self.expression)
        return Lookup(right, on, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def union(self) -> Union:
        """union = "union" options table { "," table }"""
        at = self.keyword()
        options = self.options(_UNION_OPTIONS)
        tables = self.listed(self._union_table)
        return Union(tables, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def _union_table(self) -> Expression:
        """table = "(" pipeline ")" | entity-path with calls and wildcards"""
        if self.kinds[self.at] == "(":
            return self.parenthesized()
        return self.entity_path(calls=True, wildcards=True)

    # Functions and names

    def evaluate(self) -> Evaluate:
        """evaluate = "evaluate" options call [ ":" open-schema ]"""
        at = self.keyword()
        options = self.options(equals=False)
        call = self.call("the name of a plug-in")
        schema = self.open_schema() if self.accept(":") else None
        return Evaluate(call, schema, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def invoke(self) -> Invoke:
        """invoke = "invoke" call { "." call }"""
        at = self.keyword()
        call = self.composite_call()
        return Invoke(call, span=self.span_from(at), keyword=self.kinds[at])

    def as_name(self) -> As:
        """as = "as" options name"""
        at = self.keyword()
        options = self.options()
        name = self.expect_name()
        return As(name, span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def assert_schema(self) -> AssertSchema:
        """assert-schema = "assert-schema" row-schema"""
        at = self.keyword()
        schema = self.row_schema()
        return AssertSchema(schema, span=self.span_from(at), keyword=self.kinds[at])

    def consume(self) -> Consume:
        """consume = "consume" options"""
        at = self.keyword()
        options = self.options(equals=False)
        return Consume(span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    def execute_and_cache(self) -> ExecuteAndCache:
        """execute-and-cache = "__executeAndCache" """
        at = self.keyword()
        return ExecuteAndCache(span=self.span_from(at), keyword=self.kinds[at])

    def get_schema(self) -> GetSchema:
        """getschema = "getschema" [ "kind" "=" word ]"""
        at = self.keyword()
        options: tuple[QueryParameter, ...] = ()
        if self.kinds[self.at] == "kind" and self.peek(1) == "=":
            self.at += 2
            options = (QueryParameter("kind", self.option_value(), span=self.span_from(at + 1)),)
        return GetSchema(span=self.span_from(at), parameters=options, keyword=self.kinds[at])

    # Sources and the end

    def print_row(self) -> Print:
        """print = "print" named-expression { "," named-expression }"""
        at = self.keyword()
        expressions = self.listed(self.named_expression)
        return Print(expressions, span=self.span_from(at), keyword=self.kinds[at])

    def range_table(self) -> Range:
        """range = "range" name "from" expression "to" expression "step" expression"""
        at = self.keyword()
        name = self.expect_name()
        self.expect("from")
        start = self.expression()
        self.expect("to")
        stop = self.expression()
        self.expect("step")
        step = self.expression()
        return Range(name, start, stop, step, span=self.span_from(at), keyword=self.kinds[at])

    def render(self) -> Render:
        """render = "render" chart { legacy } [ "with" "(" [ "," ] options ")" ]"""
        at = self.keyword()
        chart = self.at
        if self.texts[chart] not in CHARTS and self.kinds[chart] != NAME:
            self.fail_expected("a kind of chart", hint="charts: " + ", ".join(sorted(CHARTS)))
        self.at = chart + 1
        legacy = self._legacy_properties()
        properties: list[tuple[str, tuple[Expression, ...]]] = []
        written = self.accept("with")
        if written:
            self.expect("(")
            self.accept(",")
            properties = [(name, values) for name, values, _ in self.option_group(_RENDER_OPTIONS)]
            self.expect(")")
        return Render(
            self.texts[chart],
            tuple(properties if written else legacy),
            bool(legacy) and not written,
            span=self.span_from(at),
            parameters=tuple(QueryParameter(name, values[0]) for name, values in legacy) if written else (),
            keyword=self.kinds[at],
        )

    def _legacy_properties(self) -> list[tuple[str, tuple[Expression, ...]]]:
        """legacy = ( "kind" | "title" | "accumulate" ) "=" value | "with" value | "by" column { "," column }"""
        found: list[tuple[str, tuple[Expression, ...]]] = []
        while True:
            name = self.texts[self.at]
            if name in ("kind", "accumulate", "title") and self.peek(1) == "=":
                self.at += 2
                found.append((name, (self.path() if name == "title" else self.option_value(),)))
            elif self.kinds[self.at] == "with" and self.peek(1) != "(":
                self.at += 1
                found.append((name, (self.option_value(),)))
            elif self.kinds[self.at] == "by":
                self.at += 1
                found.append((name, self.listed(self._chart_column)))
            else:
                return found

    def _chart_column(self) -> NameReference:
        name = self.expect_name("a column name", DECLARED_NAMES)
        return NameReference(name.text, span=name.span)
