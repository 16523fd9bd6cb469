"""Commands and queries: the productions of Elasticsearch's `EsqlBaseParser.g4` (August 2026)."""

# docstrings of productions are productions

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from detectionary.languages.esql.parser_base import Fault
from detectionary.languages.esql.parser_expressions import Expressions
from detectionary.languages.esql.syntax import Bad, Expression, Literal, MapLiteral, Name, NamePattern
from detectionary.languages.esql.syntax_commands import (
    BadCommand,
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
    Explain,
    External,
    Field,
    Fork,
    From,
    Fuse,
    Grok,
    Highlighting,
    IndexPattern,
    Join,
    Keep,
    Limit,
    MvExpand,
    Order,
    PromQL,
    Query,
    Rename,
    Renaming,
    Rerank,
    Row,
    Sample,
    Setting,
    Show,
    Sort,
    Stats,
    Where,
)
from detectionary.languages.esql.tokens import (
    BARE,
    COMMAND,
    COMMANDS,
    DERIVING,
    END,
    JOINS,
    NAMES,
    PATTERN,
    POLICY,
    PROMQL,
    SOURCE,
    SOURCE_COMMANDS,
    STRING,
)
from detectionary.text import Span

_Part = TypeVar("_Part")


class Commands(Expressions):
    """The productions of commands and queries."""

    def statement(self) -> Query:
        """statement = { setting } query end"""
        first = self.at
        settings: list[Setting] = []
        while self.kinds[self.at] == "set":
            try:
                settings.append(self._setting())
            except Fault:
                self._skip_setting()
        query = self.query(SOURCE_COMMANDS)
        while self.kinds[self.at] != END:
            # what a closing bracket too many ended
            self.report("ESQ016", f"{self.found()} closes nothing", self.token_span(self.at))
            self.at += 1
            more = self._commands([])
            query = Query((), (*query.commands, *more))
        return Query(tuple(settings), query.commands, span=self.span_from(first))

    def _setting(self) -> Setting:
        """setting = "set" name "=" ( constant | map ) ";" """
        first = self.at
        self.at += 1
        name = self.expect_name("the name of a setting").text
        self.expect("=")
        value: Expression = self.map() if self.kinds[self.at] == "{" else self.constant()
        self.expect(";")
        return Setting(name, value, span=self.span_from(first))

    def _skip_setting(self) -> None:
        while self.kinds[self.at] not in (";", "|", END):
            self.at += 1
        self.accept(";")
        self.depth = 0

    def subquery(self) -> Query:
        """subquery = "(" query ")" """
        opener, depth = self.expect("("), self.depth
        self.enter()
        query = self.query(SOURCE_COMMANDS)
        self.expect_closing(opener)
        self.depth = depth
        return query

    def expect_closing(self, opener: int) -> None:
        """The bracket that ends what began at `opener`."""
        if not self.accept(")"):
            self.report("ESQ017", "this `(` is not closed", self.token_span(opener))

    def query(self, firsts: frozenset[str]) -> Query:
        """query = command { "|" command }"""
        first = self.at
        commands: list[Command] = []
        if self.kinds[first] not in firsts:
            if self.kinds[first] == END:
                self.report("ESQ013", "the query is empty", self.token_span(first))
                return Query((), (), span=self.token_span(first))
            if self.kinds[first] in COMMANDS and SOURCE_COMMANDS == firsts:
                hint = "write `from …` before it"
                self.report("ESQ013", f"a query does not begin with `{self.texts[first]}`", self.token_span(first), hint)
                self._last_fault = -1
        self._commands(commands)
        return Query((), tuple(commands), span=self.span_from(first))

    def _commands(self, commands: list[Command]) -> list[Command]:
        depth = self.depth
        while True:
            first = self.at
            try:
                commands.append(self._command())
                self.rest_of_command(first)
            except Fault:
                self.depth = depth
                self.skip_to_pipe()
                if self.at > first and (not commands or commands[-1].span.start < self.starts[first]):
                    span = self.span_from(first)
                    commands.append(BadCommand(self.texts[first].lower(), span.of(self.text), span=span))
            if not self.accept("|"):
                return commands

    def _command(self) -> Command:
        """command = source-command | processing-command"""
        at = self.at
        kind = self.kinds[at]
        production = _PRODUCTIONS.get(kind)
        if production is None:
            what = "a command"
            if kind in (COMMAND, "set"):
                hint = _LIKELY.get(self.word())
                self.report("ESQ012", f"there is no command `{self.texts[at][:30]}`", self.token_span(at), hint)
                raise Fault
            self.fail_expected(what)
        if kind in SOURCE_COMMANDS and at and self.kinds[at - 1] == "|":
            self.report("ESQ013", f"`{self.texts[at]}` only begins a query", self.token_span(at))
        self.at = at + 1
        return production(self, at)

    def _several(self, production: Callable[[], _Part]) -> tuple[_Part, ...]:
        """list = part { "," part }"""
        found = [production()]
        while self.accept(","):
            found.append(production())
        return tuple(found)

    # Source commands

    def _from(self, first: int) -> Command:
        """from = ( "from" | "ts" ) source { "," source } [ metadata ]"""
        sources = self._several(self._source)
        metadata: tuple[IndexPattern, ...] = ()
        bracket = self.accept("[")
        if self.accept("metadata"):
            metadata = self._several(self._index_pattern)
        if bracket:
            self.expect("]")
        return From(self.kinds[first], sources, metadata, span=self.span_from(first))

    def _source(self) -> IndexPattern | Query:
        """source = index-pattern | "(" query ")" """
        return self.subquery() if self.kinds[self.at] == "(" else self._index_pattern()

    def _index_pattern(self) -> IndexPattern:
        """index-pattern = [ cluster ":" ] index [ "::" selector ] | string"""
        first = self.at
        if self.kinds[first] == STRING:
            text = self.expect_string()
            return IndexPattern(str(text.value), quoted=True, span=text.span)
        parts = []
        for sign in (":", "::", ""):
            if self.kinds[self.at] != SOURCE:
                self.fail_expected("an index pattern")
            parts.append(self.texts[self.at])
            self.at += 1
            if sign == ":" and self.kinds[self.at] != ":":
                sign = "::"
            if not sign or self.kinds[self.at] != sign:
                break
            parts.append(sign)
            self.at += 1
        return IndexPattern("".join(parts), span=self.span_from(first))

    def _external(self, first: int) -> Command:
        """external = "external" string [ options ]"""
        location = self.accept_parameter() or self.expect_string()
        return External(location, self._options(), span=self.span_from(first))

    def _row(self, first: int) -> Command:
        """row = "row" field { "," field }"""
        return Row(self._several(self._field), span=self.span_from(first))

    def _show(self, first: int) -> Command:
        """show = "show" "info" """
        if not self.accept_word("info"):
            self.fail_expected("`info`")
        return Show("info", span=self.span_from(first))

    def _explain(self, first: int) -> Command:
        """explain = "explain" "(" query ")" """
        return Explain(self.subquery(), span=self.span_from(first))

    def _promql(self, first: int) -> Command:
        """promql = "promql" text"""
        at = self.expect(PROMQL)
        return PromQL(self.texts[at], span=self.span_from(first))

    # Columns

    def _where(self, first: int) -> Command:
        """where = "where" boolean"""
        return Where(self.expression(), span=self.span_from(first))

    def _eval(self, first: int) -> Command:
        """eval = "eval" field { "," field }"""
        return Eval(self._several(self._field), span=self.span_from(first))

    def _field(self) -> Field:
        """field = [ name "=" ] boolean"""
        first = self.at
        name = self._assigned_name()
        return Field(name, self.expression(), span=self.span_from(first))

    def _assigned_name(self) -> Name | None:
        """assigned = name "=" """
        first = self.at
        if self.kinds[first] in NAMES and self.peek() == "(":
            return None
        faults = len(self.diagnostics)
        try:
            name = self.accept_name()
        except Fault:
            name = None
        if name is not None and self.accept("="):
            return name
        del self.diagnostics[faults:]
        self._last_fault = -1
        self.at = first
        return None

    def _aggregate(self) -> Field:
        """aggregate = field [ "where" boolean ]"""
        first = self.at
        name = self._assigned_name()
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
            aggregates = self._several(self._aggregate)
        by = self._several(self._field) if self.accept("by") else ()
        return Stats(aggregates, by, inline, span=self.span_from(first))

    def _keep(self, first: int) -> Command:
        """keep = "keep" name-pattern { "," name-pattern }"""
        return Keep(self._several(self.expect_pattern), span=self.span_from(first))

    def _drop(self, first: int) -> Command:
        """drop = "drop" name-pattern { "," name-pattern }"""
        return Drop(self._several(self.expect_pattern), span=self.span_from(first))

    def _rename(self, first: int) -> Command:
        """rename = "rename" renaming { "," renaming }"""
        return Rename(self._several(self._renaming), span=self.span_from(first))

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
        return Sort(self._several(self._order), span=self.span_from(first))

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
        by = self._several(self.expression) if self.accept("by") else ()
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
        options = self._several(self._option) if self.kinds[self.at] in NAMES else ()
        return Dissect(text, pattern, options, span=self.span_from(first))

    def _option(self) -> tuple[str, Expression]:
        """option = name "=" constant"""
        name = self.expect_name("an option").text.lower()
        self.expect("=")
        return name, self.constant()

    def _grok(self, first: int) -> Command:
        """grok = "grok" primary string { "," string }"""
        text = self.primary()
        return Grok(text, self._several(lambda: self.expect_string("a pattern in quotes")), span=self.span_from(first))

    def _derive(self, first: int) -> Command:
        """derive = ( "user_agent" | "uri_parts" | "registered_domain" | "ip_location" ) name "=" primary [ options ]"""
        target = self.expect_name()
        self.expect("=")
        text = self.primary()
        return Derive(self.kinds[first], target, text, self._options(), span=self.span_from(first))

    # Other data

    def _enrich(self, first: int) -> Command:
        """enrich = "enrich" policy [ "on" name-pattern ] [ "with" enrich-field { "," enrich-field } ]"""
        at = self.at
        if self.kinds[at] == STRING:
            text = self.expect_string()
            policy = IndexPattern(str(text.value), quoted=True, span=text.span)
        else:
            self.expect(POLICY)
            policy = IndexPattern(self.texts[at], span=self.token_span(at))
        on = self.expect_pattern() if self.accept("on") else None
        fields = self._several(self._enrich_field) if self.accept("with") else ()
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
        target = self._index_pattern()
        aliased = self.accept("as")
        alias = None
        if aliased or self.kinds[self.at] == SOURCE:
            alias = self.texts[self.expect(SOURCE)]
        self.expect("on")
        conditions = self._several(self.expression)
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
            settings.append((word, self._several(self.expect_name)))
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
        by = self._several(self.expression) if self.accept("by") else ()
        return ChangePoint(value, key, type_name, pvalue, by, span=self.span_from(first))

    def _completion(self, first: int) -> Command:
        """completion = "completion" [ name "=" ] primary [ options ]"""
        target = self._assigned_name()
        return Completion(target, self.primary(), self._options(), span=self.span_from(first))

    def _rerank(self, first: int) -> Command:
        """rerank = "rerank" [ name "=" ] constant "on" field { "," field } [ options ]"""
        target = self._assigned_name()
        query = self.constant("a query text")
        self.expect("on")
        return Rerank(target, query, self._several(self._field), self._options(), span=self.span_from(first))

    def _mmr(self, first: int) -> Command:
        """mmr = "mmr" [ primary ] "on" name "limit" integer [ options ]"""
        query = None if self.kinds[self.at] == "on" else self.primary()
        self.expect("on")
        field = self.expect_name()
        if not self.accept_word("limit"):
            self.fail_expected("`limit`")
        limit = self.constant("a number of rows")
        return Diversify(query, field, limit, self._options(), span=self.span_from(first))

    def _highlight(self, first: int) -> Command:
        """highlight = "highlight" [ name "=" string ] boolean "on" name { "," name } [ options ]"""
        prefix = None
        if self._assigned_name() is not None:
            prefix = str(self.expect_string().value)
        query = self.expression()
        self.expect("on")
        names = self._several(self.expect_name)
        return Highlighting(prefix, query, names, self._options(), span=self.span_from(first))

    def _bare(self, first: int) -> Command:
        """bare = "dedup" | "metrics_info" | "ts_info" | "ts_collapse" """
        return Bare(self.kinds[first], span=self.span_from(first))

    def _options(self) -> MapLiteral | None:
        """options = [ "with" map ]"""
        return self.map() if self.accept("with") else None


_PRODUCTIONS: Final[Mapping[str, Callable[[Commands, int], Command]]] = {
    "from": Commands._from,
    "ts": Commands._from,
    "external": Commands._external,
    "row": Commands._row,
    "show": Commands._show,
    "explain": Commands._explain,
    "promql": Commands._promql,
    "where": Commands._where,
    "eval": Commands._eval,
    "stats": Commands._stats,
    "inline": Commands._stats,
    "inlinestats": Commands._stats,
    "keep": Commands._keep,
    "drop": Commands._drop,
    "rename": Commands._rename,
    "sort": Commands._sort,
    "limit": Commands._limit,
    "sample": Commands._sample,
    "mv_expand": Commands._mv_expand,
    "dissect": Commands._dissect,
    "grok": Commands._grok,
    "enrich": Commands._enrich,
    "fork": Commands._fork,
    "fuse": Commands._fuse,
    "change_point": Commands._change_point,
    "completion": Commands._completion,
    "rerank": Commands._rerank,
    "mmr": Commands._mmr,
    "highlight": Commands._highlight,
    **dict.fromkeys(JOINS, Commands._join),
    **dict.fromkeys(DERIVING, Commands._derive),
    **dict.fromkeys(BARE, Commands._bare),
}

_LIKELY: Final = {
    "summarize": "write `stats … by …`",
    "extend": "write `eval`",
    "project": "write `keep`",
    "take": "write `limit`",
    "order": "write `sort`",
    "filter": "write `where`",
    "select": "this is SQL; ES|QL begins with `from`",
    "parse": "write `dissect` or `grok`",
    "set": "settings stand before the query, each with a `;` behind it",
}
