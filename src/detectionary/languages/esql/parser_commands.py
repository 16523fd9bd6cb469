"""Processing commands."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from detectionary.languages.esql.parser_sources import Sources
from detectionary.languages.esql.syntax import Expression, Name
from detectionary.languages.esql.syntax_commands import (
    Bare,
    ChangePoint,
    Command,
    Completion,
    Derive,
    Dissect,
    Diversify,
    Drop,
    Enrich,
    EnrichField,
    Eval,
    Field,
    Fork,
    Fuse,
    Grok,
    Highlighting,
    IndexPattern,
    Join,
    Keep,
    Limit,
    MvExpand,
    Order,
    Query,
    Rename,
    Renaming,
    Rerank,
    Sample,
    Sort,
    Stats,
    Where,
)
from detectionary.languages.esql.tokens import COMMANDS, END, NAMES, POLICY, SOURCE, STRING


class Commands(Sources):
    """The productions of processing commands."""

    def query(self, firsts: frozenset[str]) -> Query:
        """A query that begins with one of these words; the queries define it."""
        raise NotImplementedError

    def expect_closing(self, opener: int) -> None:
        """The bracket that ends what began at `opener`."""
        if not self.accept(")"):
            self.report("ESQ017", "this `(` is not closed", self.span_of(opener))

    # Columns

    def _where(self, first: int) -> Command:
        """where = "where" boolean"""
        return Where(self.expression(), span=self.span_from(first))

    def _eval(self, first: int) -> Command:
        """eval = "eval" field { "," field }"""
        return Eval(self.several(self.field), span=self.span_from(first))

    def _aggregate(self) -> Field:
        """aggregate = field [ "where" boolean ]"""
        first = self.at
        name = self.assigned_name()
        expression = self.expression()
        condition = self.expression() if self.accept("where") else None
        return Field(name, expression, condition, span=self.span_from(first))

    def _stats(self, first: int) -> Command:
        """stats = ( "stats" | "inline" "stats" | "inlinestats" ) [ aggregate { … } ] [ "by" field { "," field } ]"""
        inline = self.kinds[first] != "stats"
        if self.kinds[first] == "inline":
            self.expect("stats")
        aggregates: tuple[Field, ...] = ()
        if inline or self.kinds[self.at] not in ("by", "|", ")", END):
            aggregates = self.several(self._aggregate)
        by = self.several(self.field) if self.accept("by") else ()
        return Stats(aggregates, by, inline, span=self.span_from(first))

    def _keep(self, first: int) -> Command:
        """keep = "keep" name-pattern { "," name-pattern }"""
        return Keep(self.several(self.expect_pattern), span=self.span_from(first))

    def _drop(self, first: int) -> Command:
        """drop = "drop" name-pattern { "," name-pattern }"""
        return Drop(self.several(self.expect_pattern), span=self.span_from(first))

    def _rename(self, first: int) -> Command:
        """rename = "rename" renaming { "," renaming }"""
        return Rename(self.several(self._renaming), span=self.span_from(first))

    def _renaming(self) -> Renaming:
        """renaming = name-pattern "as" name-pattern | name-pattern "=" name-pattern"""
        first = self.at
        left = self.expect_pattern()
        if self.accept("="):
            return Renaming(self.expect_pattern(), left, assigned=True, span=self.span_from(first))
        if not self.accept("as"):
            self.fail_expected("`as`")
        return Renaming(left, self.expect_pattern(), span=self.span_from(first))

    # Rows

    def _sort(self, first: int) -> Command:
        """sort = "sort" order { "," order }"""
        return Sort(self.several(self._order), span=self.span_from(first))

    def _order(self) -> Order:
        """order = boolean [ "asc" | "desc" ] [ "nulls" ( "first" | "last" ) ]"""
        first = self.at
        expression = self.expression()
        direction = nulls = None
        if self.kinds[self.at] in ("asc", "desc"):
            direction = self.kinds[self.at]
            self.at += 1
        if self.accept("nulls"):
            nulls = self.kinds[self.at]
            if nulls not in ("first", "last"):
                self.fail_expected("`first` or `last`")
            self.at += 1
        return Order(expression, direction, nulls, span=self.span_from(first))

    def _limit(self, first: int) -> Command:
        """limit = "limit" constant [ "by" boolean { "," boolean } ]"""
        count = self.constant("a number of rows")
        by = self.several(self.expression) if self.accept("by") else ()
        return Limit(count, by, span=self.span_from(first))

    def _sample(self, first: int) -> Command:
        """sample = "sample" constant"""
        return Sample(self.constant("a probability"), span=self.span_from(first))

    def _mv_expand(self, first: int) -> Command:
        """mv-expand = "mv_expand" name"""
        return MvExpand(self.expect_name(), span=self.span_from(first))

    # Text taken apart

    def _dissect(self, first: int) -> Command:
        """dissect = "dissect" primary string [ name "=" constant { "," name "=" constant } ]"""
        text = self.primary()
        pattern = self.expect_string("a pattern in quotes")
        options = self.several(self._option) if self.kinds[self.at] in NAMES else ()
        return Dissect(text, pattern, options, span=self.span_from(first))

    def _option(self) -> tuple[str, Expression]:
        """option = name "=" constant"""
        name = self.expect_name("an option").text.lower()
        self.expect("=")
        return name, self.constant()

    def _grok(self, first: int) -> Command:
        """grok = "grok" primary string { "," string }"""
        text = self.primary()
        return Grok(text, self.several(lambda: self.expect_string("a pattern in quotes")), span=self.span_from(first))

    def _derive(self, first: int) -> Command:
        """derive = ( "user_agent" | "uri_parts" | "registered_domain" | "ip_location" ) name "=" primary [ options ]"""
        target = self.expect_name()
        self.expect("=")
        text = self.primary()
        return Derive(self.kinds[first], target, text, self.options(), span=self.span_from(first))

    # Other data

    def _enrich(self, first: int) -> Command:
        """enrich = "enrich" policy [ "on" name-pattern ] [ "with" enrich-field { "," enrich-field } ]"""
        at = self.at
        if self.kinds[at] == STRING:
            text = self.expect_string()
            policy = IndexPattern(str(text.value), quoted=True, span=text.span)
        else:
            self.expect(POLICY)
            policy = IndexPattern(self.texts[at], span=self.span_of(at))
        on = self.expect_pattern() if self.accept("on") else None
        fields = self.several(self._enrich_field) if self.accept("with") else ()
        return Enrich(policy, on, fields, span=self.span_from(first))

    def _enrich_field(self) -> EnrichField:
        """enrich-field = [ name-pattern "=" ] name-pattern"""
        first = self.at
        name = self.expect_pattern()
        if not self.accept("="):
            return EnrichField(None, name, span=self.span_from(first))
        return EnrichField(name, self.expect_pattern(), span=self.span_from(first))

    def _join(self, first: int) -> Command:
        """join = ( "lookup" | "left" | "right" ) "join" index-pattern [ [ "as" ] name ] "on" boolean { "," boolean }"""
        if not self.accept("join"):
            self.fail_expected("`join`")
        target = self.index_pattern()
        aliased = self.accept("as")
        alias = None
        if aliased or self.kinds[self.at] == SOURCE:
            alias = self.texts[self.expect(SOURCE)]
        self.expect("on")
        conditions = self.several(self.expression)
        return Join(self.kinds[first], target, conditions, alias, span=self.span_from(first))

    # Branches and search

    def _fork(self, first: int) -> Command:
        """fork = "fork" "(" command { "|" command } ")" { … }"""
        branches: list[Query] = []
        while self.kinds[self.at] == "(":
            opener, depth = self.at, self.depth
            self.at += 1
            self.enter()
            branches.append(self.query(COMMANDS))
            self.expect_closing(opener)
            self.depth = depth
        if not branches:
            self.fail_expected("`(`")
        return Fork(tuple(branches), span=self.span_from(first))

    def _fuse(self, first: int) -> Command:
        """fuse = "fuse" [ name ] { ( "score" | "key" | "group" ) "by" name { "," name } | "with" map }"""
        method = None
        if self.kinds[self.at] in NAMES and self.peek() != "by":
            method = self.expect_name().text.lower()
        settings: list[tuple[str, tuple[Name, ...]]] = []
        options = None
        while self.kinds[self.at] in NAMES or self.kinds[self.at] == "with":
            if self.accept("with"):
                options = self.map()
                continue
            word = self.word()
            if word not in ("score", "key", "group"):
                self.fail_expected("`score by`, `key by`, `group by` or `with`")
            self.at += 1
            self.expect("by")
            settings.append((word, self.several(self.expect_name)))
        return Fuse(method, tuple(settings), options, span=self.span_from(first))

    def _change_point(self, first: int) -> Command:
        """change-point = "change_point" name [ "on" name ] [ "as" name "," name ] [ "by" boolean { "," boolean } ]"""
        value = self.expect_name()
        key = self.expect_name() if self.accept("on") else None
        type_name = pvalue = None
        if self.accept_word("as"):
            type_name = self.expect_name()
            self.expect(",")
            pvalue = self.expect_name()
        by = self.several(self.expression) if self.accept("by") else ()
        return ChangePoint(value, key, type_name, pvalue, by, span=self.span_from(first))

    def _completion(self, first: int) -> Command:
        """completion = "completion" [ name "=" ] primary [ options ]"""
        target = self.assigned_name()
        return Completion(target, self.primary(), self.options(), span=self.span_from(first))

    def _rerank(self, first: int) -> Command:
        """rerank = "rerank" [ name "=" ] constant "on" field { "," field } [ options ]"""
        target = self.assigned_name()
        query = self.constant("a query text")
        self.expect("on")
        return Rerank(target, query, self.several(self.field), self.options(), span=self.span_from(first))

    def _mmr(self, first: int) -> Command:
        """mmr = "mmr" [ primary ] "on" name "limit" integer [ options ]"""
        query = None if self.kinds[self.at] == "on" else self.primary()
        self.expect("on")
        field = self.expect_name()
        if not self.accept_word("limit"):
            self.fail_expected("`limit`")
        limit = self.constant("a number of rows")
        return Diversify(query, field, limit, self.options(), span=self.span_from(first))

    def _highlight(self, first: int) -> Command:
        """highlight = "highlight" [ name "=" string ] boolean "on" name { "," name } [ options ]"""
        prefix = None
        if self.assigned_name() is not None:
            prefix = str(self.expect_string().value)
        query = self.expression()
        self.expect("on")
        names = self.several(self.expect_name)
        return Highlighting(prefix, query, names, self.options(), span=self.span_from(first))

    def _bare(self, first: int) -> Command:
        """bare = "dedup" | "metrics_info" | "ts_info" | "ts_collapse" """
        return Bare(self.kinds[first], span=self.span_from(first))
