"""Whole Kusto trees at random: every node class of `syntax.py`, put together only as the parser would.

`Trees` draws a tree top down with a budget that shrinks with depth. Its methods follow the grammar, one a rule, so a
comparison never stands below a `+` without parentheses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias, TypeVar

from hypothesis import strategies as st

from detectionary.languages.kusto import syntax
from detectionary.languages.kusto.syntax import BinaryOperator, ListOperator, ScalarType

T = TypeVar("T")
Makers: TypeAlias = "tuple[Callable[[], T], ...]"
LiteralValue = TypeVar("LiteralValue", bool, int, float, Decimal, str)

_PLAIN_NAMES: Final = ("T", "Account", "EventID", "x", "_y1", "AWSCloudTrail", "TimeGenerated", "$left", "a1")
_HARD_NAMES: Final = (
    *("where", "count", "on", "by", "kind", "to", "in", "with", "from", "limit", "set", "and", "true", "datatable"),
    *("a b", "a-b", "1st", "it's", 'say "x"', "back\\slash", "tab\there", "naïve", "日本", "a.b", "a*", "[x]", "\x00"),
    *("id", "range", "step", "default", "order", "database", "typeof", "bool", "guid", "long", "datetime", "view"),
)
_texts: Final = st.one_of(
    st.sampled_from(
        ("", "x", "C:\\Windows", '"', "'", "'\"", "\\", "a\nb", "\r\n", "\0", "\x1b", "//", "😀", "\u2028")
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
_names: Final = st.one_of(
    st.sampled_from(_PLAIN_NAMES),
    st.sampled_from(_PLAIN_NAMES),
    st.sampled_from(_HARD_NAMES),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6),
)
_patterns: Final = st.sampled_from(("x_*", "*_y", "*", "Device*", "a*b", "a*b*", "*1"))
_functions: Final = st.one_of(
    st.sampled_from(("f", "count", "tostring", "range", "bin", "pack", "_GetWatchlist", "toupper")), _names
)

_MAX_TICKS: Final = 3_155_378_975_999_999_999

_COMPARISONS: Final = (
    BinaryOperator.EQUAL,
    BinaryOperator.NOT_EQUAL,
    BinaryOperator.LESS,
    BinaryOperator.LESS_EQUAL,
    BinaryOperator.GREATER,
    BinaryOperator.GREATER_EQUAL,
)
_ARITHMETIC: Final = (
    (BinaryOperator.ADD, BinaryOperator.SUBTRACT),
    (BinaryOperator.MULTIPLY, BinaryOperator.DIVIDE, BinaryOperator.MODULO),
)
_STRING_OPERATORS: Final = tuple(
    operator
    for operator in BinaryOperator
    if operator not in (*_COMPARISONS, *_ARITHMETIC[0], *_ARITHMETIC[1], BinaryOperator.OR, BinaryOperator.AND)
)

scalar_types: Final = st.sampled_from(
    tuple(kind for kind in ScalarType if kind not in (ScalarType.TYPE, ScalarType.UNKNOWN))
)


def _literal(kind: ScalarType, values: st.SearchStrategy[LiteralValue]) -> st.SearchStrategy[syntax.Literal]:
    return values.map(lambda value: syntax.Literal(kind, value))


literals: Final[st.SearchStrategy[syntax.Literal]] = st.one_of(
    _literal(ScalarType.BOOL, st.booleans()),
    _literal(ScalarType.INT, st.integers(-(2**31), 2**31 - 1)),
    _literal(ScalarType.LONG, st.integers(-(2**63), 2**63 - 1)),
    _literal(ScalarType.REAL, st.floats(allow_nan=False)),
    _literal(ScalarType.DECIMAL, st.decimals(-(10**15), 10**15, places=4)),
    st.builds(syntax.Literal, st.just(ScalarType.STRING), _texts, obfuscated=st.booleans()),
    _literal(ScalarType.GUID, st.uuids().map(str)),
    _literal(ScalarType.DATETIME, st.integers(0, _MAX_TICKS)),
    _literal(ScalarType.TIMESPAN, st.integers(-(2**63), 2**63 - 1)),
    _literal(ScalarType.TIMESPAN, st.integers(0, 400).map(lambda hours: hours * 36_000_000_000)),
    st.sampled_from(
        (
            *(ScalarType.BOOL, ScalarType.INT, ScalarType.LONG, ScalarType.REAL, ScalarType.DECIMAL),
            *(ScalarType.GUID, ScalarType.DATETIME, ScalarType.TIMESPAN),
        )
    ).map(lambda kind: syntax.Literal(kind, None)),
)
strings: Final = st.builds(syntax.Literal, st.just(ScalarType.STRING), _texts)
_guids: Final = _literal(ScalarType.GUID, st.uuids().map(str))
_type_literals: Final = scalar_types.map(lambda kind: syntax.Literal(ScalarType.TYPE, kind.value))
_counts: Final = _literal(ScalarType.LONG, st.integers(0, 1000))

json_values: Final[st.SearchStrategy[syntax.JsonValue]] = st.recursive(
    st.one_of(
        literals.filter(lambda node: node.value is not None and node.type is not ScalarType.INT),
        st.just(syntax.Literal(ScalarType.DYNAMIC, None)),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: syntax.JsonArray(tuple(items))),
        st.lists(st.tuples(_texts, inner), max_size=3).map(lambda members: syntax.JsonObject(tuple(members))),
        inner.map(syntax.DynamicLiteral),
    ),
    max_leaves=6,
)


@dataclass(frozen=True, slots=True)
class Trees:
    """Draws nodes; `depth` is what is left of the budget for nesting."""

    draw: st.DrawFn
    depth: int = 3

    def inner(self) -> Trees:
        return Trees(self.draw, self.depth - 1)

    def flag(self) -> bool:
        return self.draw(st.booleans())

    def pick(self, *makers: Callable[[], T]) -> T:
        return makers[self.draw(st.integers(0, len(makers) - 1))]()

    def either(self, *makers: Callable[[], syntax.Expression]) -> syntax.Expression:
        return self.pick(*makers)

    def choose(self, values: Sequence[T]) -> T:
        return self.draw(st.sampled_from(values))

    def some(self, make: Callable[[], T], least: int = 1, most: int = 3) -> tuple[T, ...]:
        return tuple(make() for _ in range(self.draw(st.integers(least, most))))

    def maybe(self, make: Callable[[], T]) -> T | None:
        return make() if self.flag() else None

    # Names and leaves

    def name(self) -> syntax.Name:
        return syntax.Name(self.draw(_names))

    def plain_name(self) -> syntax.Name:
        return syntax.Name(self.choose(_PLAIN_NAMES))

    def reference(self) -> syntax.NameReference:
        return syntax.NameReference(self.draw(_names))

    def wildcard(self) -> syntax.WildcardName:
        return syntax.WildcardName(self.draw(_patterns))

    def literal(self) -> syntax.Expression:
        return self.either(lambda: self.draw(literals), lambda: syntax.DynamicLiteral(self.draw(json_values)))

    def string(self) -> syntax.Literal:
        return self.draw(strings)

    def count(self) -> syntax.Literal:
        return self.draw(_counts)

    # Expressions, from the tightest to the loosest

    def primary(self) -> syntax.Expression:
        if self.depth <= 0:
            return self.either(self.reference, self.literal)
        inner = self.inner()
        return self.either(
            self.reference,
            self.literal,
            self.call,
            lambda: syntax.Parenthesized(inner.pipeline_or_expression()),
            self.path,
            lambda: syntax.ToScalar(inner.pipeline_or_expression(), self.flag()),
        )

    def call(self) -> syntax.Call:
        inner = self.inner()
        arguments = self.some(inner.argument, 0)
        return syntax.Call(syntax.Name(self.draw(_functions)), arguments)

    def argument(self) -> syntax.Expression:
        return self.either(self.expression, self.named, syntax.Star)

    def path(self) -> syntax.Expression:
        inner = self.inner()
        made = self.either(self.reference, self.call, lambda: syntax.Parenthesized(inner.expression()))
        for _ in range(self.draw(st.integers(1, 3))):
            made = self.step(made)
        return made

    def step(self, target: syntax.Expression) -> syntax.Expression:
        inner = self.inner()
        return self.either(
            lambda: syntax.Path(target, self.name()),
            lambda: syntax.Path(target, inner.call()),
            lambda: syntax.Element(target, inner.expression()),
        )

    def unary(self) -> syntax.Expression:
        if self.draw(st.integers(0, 7)) == 0:
            return syntax.Unary(self.choose("+-"), self.primary())
        return self.primary()

    def string_operation(self) -> syntax.Expression:
        if self.draw(st.integers(0, 3)) == 0:
            left = self.either(self.unary, self.unary, self.unary, syntax.Star)
            return syntax.Binary(self.choose(_STRING_OPERATORS), left, self.unary())
        return self.unary()

    def arithmetic(self, level: int = 0) -> syntax.Expression:
        def operand() -> syntax.Expression:
            return self.string_operation() if level == 1 else self.arithmetic(1)

        made = operand()
        for _ in range(self.draw(st.integers(0, 9)) // 7):
            made = syntax.Binary(self.choose(_ARITHMETIC[level]), made, operand())
        return made

    def comparison(self) -> syntax.Expression:
        if self.depth <= 0:
            return self.unary()
        inner = self.inner()
        left = inner.arithmetic()
        return self.either(
            lambda: left,
            lambda: syntax.Binary(self.choose(_COMPARISONS), left, inner.arithmetic()),
            lambda: syntax.InList(self.choose(tuple(ListOperator)), left, inner.list_items()),
            lambda: syntax.Between(self.flag(), left, inner.expression(), inner.expression()),
        )

    def list_items(self) -> tuple[syntax.Expression, ...]:
        return self.pick(lambda: self.some(self.expression), lambda: (self.subquery(),))

    def subquery(self) -> syntax.Pipeline:
        """A pipeline in a list: Microsoft's parser knows it by a pipe before the first comma, `[a, b]` not excepted."""
        if self.flag():
            return syntax.Pipeline((self.leading(), *self.some(self.operator, 0, 2)))
        return syntax.Pipeline((self.reference(), *self.some(self.operator, 1, 2)))

    def expression(self) -> syntax.Expression:
        """disjunction = conjunction ("or" conjunction)*"""
        made = self.conjunction()
        for _ in range(self.draw(st.integers(0, 9)) // 7):
            made = syntax.Binary(BinaryOperator.OR, made, self.conjunction())
        return made

    def conjunction(self) -> syntax.Expression:
        made = self.comparison()
        for _ in range(self.draw(st.integers(0, 9)) // 7):
            made = syntax.Binary(BinaryOperator.AND, made, self.comparison())
        return made

    def named(self) -> syntax.Named:
        if self.draw(st.integers(0, 4)) == 0:
            return syntax.Named(self.some(self.name), self.expression(), listed=True)
        return syntax.Named((self.name(),), self.expression())

    def column(self) -> syntax.Expression:
        return self.either(self.expression, self.named, self.reference)

    # Tables and pipelines

    def pipeline_or_expression(self) -> syntax.Expression:
        return self.either(self.pipeline, self.expression)

    def source(self) -> syntax.Expression:
        return self.reference() if self.depth <= 0 else self.pick(*self.sources())

    def sources(self) -> Makers[syntax.Expression]:
        inner = self.inner()
        return (
            self.reference,
            self.call,
            self.data_table,
            lambda: syntax.Parenthesized(inner.pipeline()),
            lambda: syntax.ExternalData((), self.schema(), self.some(self.string), self.some(self.property, 0)),
            lambda: syntax.Path(syntax.Call(syntax.Name("workspace"), (self.string(),)), self.name()),
            lambda: syntax.DataScope(self.reference(), self.choose(("hotcache", "all"))),
            lambda: syntax.ContextualDataTable(self.draw(_guids), self.schema()),
            lambda: syntax.ToTable(inner.pipeline(), self.flag()),
            lambda: syntax.MaterializedViewCombine(
                self.string(), inner.pipeline(), inner.pipeline(), inner.summarize()
            ),
        )

    def pipeline(self) -> syntax.Pipeline:
        if self.flag():
            return syntax.Pipeline((self.leading(), *self.some(self.operator, 0, 2)))
        return syntax.Pipeline((self.source(), *self.some(self.operator, 1, 3)))

    def operators(self) -> syntax.Pipeline:
        """What stands in the parentheses of `fork`, `mv-apply` and `partition`: operators alone."""
        return syntax.Pipeline(self.some(self.operator, 1, 2))

    def schema(self, least: int = 1) -> syntax.RowSchema:
        return syntax.RowSchema(
            self.some(lambda: syntax.ColumnDeclaration(self.name(), self.draw(scalar_types)), least)
        )

    def data_table(self) -> syntax.DataTable:
        schema = self.schema()
        rows = self.draw(st.integers(0, 3))
        values = tuple(self.literal() for _ in range(rows * len(schema.columns)))
        return syntax.DataTable((), schema, values)

    def property(self) -> syntax.QueryParameter:
        return syntax.QueryParameter(self.choose(("format", "ignoreFirstRecord")), self.string())

    def hint(self) -> syntax.QueryParameter:
        return self.choose(
            (
                syntax.QueryParameter("hint.strategy", syntax.NameReference("shuffle")),
                syntax.QueryParameter("hint.num_partitions", syntax.Literal(ScalarType.LONG, 4)),
                syntax.QueryParameter("hint.shufflekey", syntax.NameReference("Account")),
            )
        )

    def hints(self, *named: tuple[str, str]) -> tuple[syntax.QueryParameter, ...]:
        """Some hints, perhaps after one of the operator's own options."""
        if not named or self.flag():
            return self.some(self.hint, 0, 1)
        option, value = self.choose(named)
        return (syntax.QueryParameter(option, syntax.NameReference(value)), *self.some(self.hint, 0, 1))

    def ordered(self) -> syntax.Ordered:
        return syntax.Ordered(self.expression(), self.maybe(self.flag), self.maybe(self.flag))

    def weight(self) -> syntax.Ordered:
        return syntax.Ordered(self.expression())

    def reordered(self) -> syntax.Ordered:
        column = self.either(self.reference, self.wildcard)
        granny = self.flag()
        return syntax.Ordered(column, self.flag() if granny else self.maybe(self.flag), None, granny)

    def leading(self) -> syntax.Operator:
        return self.pick(*self.leading_operators())

    def leading_operators(self) -> Makers[syntax.Operator]:
        """Those that need no source."""
        inner = self.inner()
        return (
            lambda: syntax.Union(self.some(inner.leg), parameters=self.hints(("kind", "outer"), ("isfuzzy", "x"))),
            lambda: syntax.Print(self.some(inner.column)),
            lambda: syntax.Range(self.name(), inner.expression(), inner.expression(), inner.expression()),
            inner.find,
            inner.search,
            lambda: syntax.Evaluate(inner.call(), self.maybe(self.schema)),
            inner.inline_external_table,
            lambda: syntax.MacroExpand(
                syntax.EntityGroup(self.some(self.reference)),
                self.name(),
                (syntax.ExpressionStatement(inner.pipeline()),),
            ),
        )

    def inline_external_table(self) -> syntax.InlineExternalTable:
        partitions = self.some(
            lambda: syntax.Parameter(
                self.name(),
                self.choose((ScalarType.STRING, ScalarType.DATETIME, ScalarType.LONG)),
                None,
                self.maybe(self.expression),
            ),
            0,
            2,
        )
        path = self.some(
            lambda: self.either(
                self.reference, lambda: syntax.Call(syntax.Name("datetime_pattern"), (self.string(), self.reference()))
            )
        )
        return syntax.InlineExternalTable(
            self.choose(("storage", "delta")),
            self.some(self.string),
            self.schema(),
            partitions,
            (self.string(), *path) if partitions else (),
            self.choose(("csv", "parquet")),
            self.some(self.property, 0, 2),
        )

    def leg(self) -> syntax.Expression:
        if self.depth <= 0:
            return self.reference()
        return self.either(
            self.reference, self.wildcard, self.call, lambda: syntax.Parenthesized(self.inner().pipeline())
        )

    def find(self) -> syntax.Find:
        sources = self.maybe(lambda: self.some(lambda: self.either(self.reference, self.wildcard)))
        smart = self.flag()
        return syntax.Find(
            self.expression(),
            sources,
            has_where=True if sources is not None else self.flag(),
            project=None if smart else self.maybe(lambda: self.some(self.find_column)),
            project_smart=smart,
            project_away=self.maybe(lambda: self.some(self.find_column)),
            data_scope=self.maybe(lambda: self.choose(("all", "hotcache"))),
        )

    def find_column(self) -> syntax.FindColumn:
        return self.pick(
            lambda: syntax.FindColumn(self.name(), self.maybe(lambda: self.draw(scalar_types))),
            lambda: syntax.FindColumn(syntax.Name("pack"), pack=True),
        )

    def search(self) -> syntax.Search:
        return syntax.Search(
            self.expression(),
            self.maybe(lambda: self.some(lambda: self.either(self.reference, self.wildcard))),
            star_and=self.flag(),
            parameters=self.choose(((), (syntax.QueryParameter("kind", syntax.NameReference("case_sensitive")),))),
        )

    def summarize(self) -> syntax.Summarize:
        by = self.maybe(lambda: self.some(self.column))
        aggregates = self.some(self.column, 0 if by is not None else 1)
        return syntax.Summarize(aggregates, by, parameters=self.some(self.hint, 0, 1))

    def operator(self) -> syntax.Operator:
        """Any operator that may follow a pipe."""
        if self.depth <= 0:
            return self.pick(
                lambda: syntax.Take(self.count()),
                lambda: syntax.Count(),
                lambda: syntax.As(self.name()),
                lambda: syntax.Project(self.some(self.reference)),
            )
        inner = self.inner()
        return self.pick(
            *inner.row_operators(),
            *inner.column_operators(),
            *inner.order_operators(),
            *inner.nested_operators(),
            *inner.rare_operators(),
            *inner.graph_operators(),
        )

    def row_operators(self) -> Makers[syntax.Operator]:
        return (
            lambda: syntax.Where(self.expression()),
            self.summarize,
            lambda: syntax.Distinct(self.some(lambda: self.either(syntax.Star, self.primary, self.named))),
            lambda: syntax.Count(self.maybe(self.plain_name)),
            lambda: syntax.Take(self.expression()),
            lambda: syntax.Sample(self.expression()),
            lambda: syntax.SampleDistinct(self.expression(), self.reference()),
            lambda: syntax.Parse(
                self.expression(),
                self.pattern(),
                where=self.flag(),
                parameters=self.choose(
                    (
                        (),
                        (syntax.QueryParameter("kind", syntax.NameReference("regex")),),
                        (
                            syntax.QueryParameter("kind", syntax.NameReference("regex")),
                            syntax.QueryParameter("flags", syntax.NameReference("Ui")),
                        ),
                    )
                ),
            ),
            lambda: syntax.ParseKv(self.expression(), self.schema(), self.some(self.kv_property, 0, 2)),
            self.search,
        )

    def kv_property(self) -> syntax.QueryParameter:
        return syntax.QueryParameter(self.choose(("pair_delimiter", "kv_delimiter", "escape")), self.string())

    def pattern(self) -> tuple[syntax.ParsePart, ...]:
        """pattern = "*"? (string column?)+ "*"?; a column stands only after a string"""
        parts: list[syntax.ParsePart] = [syntax.Star()] if self.flag() else []
        for _ in range(self.draw(st.integers(1, 3))):
            parts.append(self.string())
            parts.append(self.parse_column() if self.flag() else syntax.Star())
        return tuple(parts)

    def parse_column(self) -> syntax.ParseColumn:
        return syntax.ParseColumn(self.name(), self.maybe(lambda: self.draw(scalar_types)))

    def column_operators(self) -> Makers[syntax.Operator]:
        return (
            lambda: syntax.Extend(self.some(self.column)),
            lambda: syntax.Project(self.some(self.column)),
            lambda: syntax.ProjectAway(self.some(lambda: self.either(self.reference, self.wildcard))),
            lambda: syntax.ProjectKeep(self.some(lambda: self.either(self.reference, self.wildcard))),
            lambda: syntax.ProjectRename(
                self.some(lambda: syntax.Named((self.name(),), self.reference())),
            ),
            lambda: syntax.ProjectReorder(self.some(self.reordered)),
            lambda: syntax.ProjectByNames(self.some(self.reference)),
            lambda: syntax.MvExpand(
                self.some(self.expanded), self.maybe(self.count), parameters=self.hints(("bagexpansion", "array"))
            ),
            lambda: syntax.Serialize(self.some(self.column, 0)),
            lambda: syntax.GetSchema(),
        )

    def expanded(self) -> syntax.ExpandItem:
        return syntax.ExpandItem(self.column(), self.maybe(lambda: self.draw(_type_literals)))

    def order_operators(self) -> Makers[syntax.Operator]:
        return (
            lambda: syntax.Sort(self.some(self.ordered), parameters=self.some(self.hint, 0, 1)),
            lambda: syntax.Top(self.expression(), self.ordered()),
            lambda: syntax.TopHitters(self.expression(), self.reference(), self.maybe(self.weight)),
            lambda: syntax.TopNested(
                self.some(
                    lambda: syntax.TopNestedPart(
                        self.maybe(self.count), self.reference(), self.maybe(self.string), self.ordered()
                    )
                )
            ),
            lambda: syntax.Render(
                self.choose(("timechart", "table", "barchart", "piechart")),
                self.choose(((), (("kind", (syntax.NameReference("stacked"),)), ("title", (self.string(),))))),
            ),
        )

    def nested_operators(self) -> Makers[syntax.Operator]:
        return (
            lambda: syntax.Join(
                self.leg_in_parentheses(), self.some(self.condition), parameters=self.hints(("kind", "inner"))
            ),
            lambda: syntax.Lookup(self.leg_in_parentheses(), self.some(self.condition)),
            lambda: syntax.Union(
                self.some(self.leg), parameters=self.hints(("kind", "outer"), ("withsource", "Origin"))
            ),
            lambda: syntax.MvApply(
                self.some(self.expanded),
                self.operators(),
                self.maybe(self.count),
                self.maybe(lambda: self.draw(_guids)),
            ),
            lambda: syntax.Fork(
                self.some(lambda: syntax.ForkBranch(self.maybe(self.plain_name), self.operators()), 1, 2)
            ),
            lambda: syntax.Facet(self.some(self.reference), self.maybe(self.operators)),
            lambda: syntax.Partition(self.reference(), self.operators()),
            lambda: syntax.Partition(self.reference(), self.pipeline(), braced=True),
            lambda: syntax.PartitionBy(self.reference(), self.operators()),
            lambda: syntax.Invoke(self.call()),
            lambda: syntax.Evaluate(self.call(), self.maybe(self.schema)),
        )

    def leg_in_parentheses(self) -> syntax.Expression:
        return self.either(self.reference, lambda: syntax.Parenthesized(self.pipeline()))

    def condition(self) -> syntax.Expression:
        def side(which: str) -> syntax.Path:
            return syntax.Path(syntax.NameReference(which), self.name())

        return self.either(self.reference, lambda: syntax.Binary(BinaryOperator.EQUAL, side("$left"), side("$right")))

    def rare_operators(self) -> Makers[syntax.Operator]:
        return (
            lambda: syntax.As(self.name()),
            lambda: syntax.AssertSchema(self.schema()),
            lambda: syntax.Consume(),
            lambda: syntax.ExecuteAndCache(),
            lambda: syntax.Reduce(self.expression(), self.some(self.reduce_setting, 0, 2)),
            self.make_series,
            self.scan,
        )

    def graph_operators(self) -> Makers[syntax.Operator]:
        return (
            self.make_graph,
            self.graph_match,
            lambda: syntax.GraphToTable(
                self.some(lambda: syntax.GraphOutput(self.choose(("nodes", "edges")), self.maybe(self.name), ()))
            ),
            lambda: syntax.GraphWhere(self.choose(("nodes", "edges")), self.expression()),
            lambda: syntax.GraphMarkComponents(),
        )

    def reduce_setting(self) -> syntax.Named:
        return syntax.Named((syntax.Name(self.choose(("threshold", "characters"))),), self.string())

    def make_series(self) -> syntax.MakeSeries:
        in_range = self.flag()
        return syntax.MakeSeries(
            self.some(lambda: syntax.SeriesAggregate(self.column(), self.maybe(self.unary))),
            self.reference(),
            self.expression() if in_range else self.maybe(self.expression),
            self.expression() if in_range else self.maybe(self.expression),
            self.expression(),
            self.some(self.column, 0),
            in_range,
        )

    def make_graph(self) -> syntax.MakeGraph:
        tables = self.some(lambda: (self.reference(), self.reference()), 0, 2)
        return syntax.MakeGraph(
            self.reference(),
            self.choose(("-->", "--")),
            self.reference(),
            tables,
            None if tables else self.maybe(self.name),
            self.maybe(lambda: (syntax.Path(self.reference(), self.name()), self.operators())),
        )

    def graph_match(self) -> syntax.GraphMatch:
        """The condition is a pipeline to the parser, so without `project` it would take the stages behind it."""
        where = self.maybe(self.expression)
        project = self.some(self.column) if where is not None else self.maybe(lambda: self.some(self.column))
        return syntax.GraphMatch(self.some(self.graph_pattern, 1, 2), where, project, shortest=self.flag())

    def graph_pattern(self) -> syntax.GraphPattern:
        elements: list[syntax.GraphNode | syntax.GraphEdge] = [self.graph_node()]
        for _ in range(self.draw(st.integers(0, 2))):
            elements += [self.graph_edge(), self.graph_node()]
        return syntax.GraphPattern(tuple(elements))

    def graph_node(self) -> syntax.GraphNode:
        return syntax.GraphNode(self.maybe(self.name))

    def graph_edge(self) -> syntax.GraphEdge:
        direction = self.choose(("->", "<-", "-"))
        if self.flag():
            return syntax.GraphEdge(direction)
        hops = self.maybe(lambda: (self.count(), self.count()))
        return syntax.GraphEdge(direction, self.name(), bracketed=True, range=hops)

    def scan(self) -> syntax.Scan:
        return syntax.Scan(
            self.some(
                lambda: syntax.ScanStep(
                    self.name(),
                    self.expression(),
                    self.some(lambda: syntax.Named((self.name(),), self.expression()), 0, 2),
                    self.flag(),
                    self.maybe(lambda: self.choose(("all", "last", "none"))),
                )
            ),
            self.some(self.ordered, 0, 1),
            self.some(self.reference, 0, 1),
            self.some(self.scalar_parameter, 0, 2),
        )

    # Statements

    def scalar_parameter(self) -> syntax.Parameter:
        return syntax.Parameter(self.name(), self.draw(scalar_types), None, self.maybe(self.literal))

    def tabular_parameter(self) -> syntax.Parameter:
        schema = self.pick(self.schema, lambda: syntax.RowSchema((), open=True))
        return syntax.Parameter(self.name(), None, schema)

    def function(self) -> syntax.FunctionDeclaration:
        inner = self.inner()
        view = self.flag()
        tabular = () if view else self.some(self.tabular_parameter, 0, 1)
        return syntax.FunctionDeclaration(
            (*tabular, *self.some(self.scalar_parameter, 0, 2)),
            self.some(inner.let, 0, 2) if self.depth > 0 else (),
            inner.pipeline_or_expression(),
            view,
        )

    def let(self) -> syntax.Let:
        inner = self.inner()
        makers: tuple[Callable[[], syntax.Expression | syntax.FunctionDeclaration], ...] = (
            inner.pipeline_or_expression,
            inner.expression,
            inner.data_table,
            inner.function,
            lambda: syntax.Materialize(inner.pipeline()),
        )
        return syntax.Let(self.name(), self.pick(*makers))

    def statement(self) -> syntax.Statement:
        return self.pick(*self.statements())

    def statements(self) -> Makers[syntax.Statement]:
        return (
            self.let,
            self.let,
            lambda: syntax.SetOption(self.plain_name(), self.maybe(lambda: self.draw(literals))),
            lambda: syntax.AliasDatabase(self.name(), syntax.Call(syntax.Name("cluster"), (self.string(),))),
            lambda: syntax.DeclareParameters(self.some(self.scalar_parameter)),
            lambda: syntax.RestrictAccess(self.some(lambda: self.either(self.reference, self.wildcard))),
            self.declare_pattern,
        )

    def declare_pattern(self) -> syntax.DeclarePattern:
        if self.flag():
            return syntax.DeclarePattern(self.plain_name())

        def parameter() -> syntax.Parameter:
            return syntax.Parameter(self.name(), ScalarType.STRING)

        path = self.maybe(parameter)
        rules = self.some(
            lambda: syntax.PatternRule(
                self.some(self.string),
                self.string() if path is not None else None,
                syntax.FunctionDeclaration((), (), self.inner().pipeline()),
            )
        )
        return syntax.DeclarePattern(self.plain_name(), self.some(parameter), path, rules)

    def query(self) -> syntax.Query:
        last = syntax.ExpressionStatement(self.either(self.pipeline, self.source, self.pipeline))
        return syntax.Query((*self.some(self.statement, 0, 2), last))


@st.composite
def queries(draw: st.DrawFn) -> syntax.Query:
    """Whole queries: some statements, then the expression that gives the result."""
    return Trees(draw).query()


def _stage(*before: syntax.Expression) -> Callable[[syntax.Operator], syntax.Query]:
    return lambda node: syntax.Query((syntax.ExpressionStatement(syntax.Pipeline((*before, node))),))


_T: Final = syntax.NameReference("T")


def _small(trees: Trees) -> tuple[Callable[[], syntax.Query], ...]:
    """One maker of a query for each kind of operator, source and statement."""
    after_pipe = (
        *trees.row_operators(),
        *trees.column_operators(),
        *trees.order_operators(),
        *trees.nested_operators(),
        *trees.rare_operators(),
        *trees.graph_operators(),
    )
    return (
        *(lambda make=make: _stage(_T)(make()) for make in after_pipe),
        *(lambda make=make: _stage()(make()) for make in trees.leading_operators()),
        *(lambda make=make: syntax.Query((syntax.ExpressionStatement(make()),)) for make in trees.sources()),
        *(lambda make=make: syntax.Query((make(),)) for make in trees.statements()),
    )


@st.composite
def small_queries(draw: st.DrawFn, kind: int) -> syntax.Query:
    """Queries of one kind of operator, source or statement (see `KINDS`) with few nodes below it."""
    return _small(Trees(draw, depth=1))[kind]()


def _no_draw(strategy: object, label: object = None) -> None:
    raise AssertionError("nothing is drawn to count the kinds")


KINDS: Final = range(len(_small(Trees(_no_draw, depth=1))))  # type: ignore[arg-type]
"""The kinds of operators, sources and statements, by number."""


@st.composite
def expressions(draw: st.DrawFn) -> syntax.Expression:
    """Scalar expressions, with sub-queries inside."""
    return Trees(draw, depth=3).expression()
