"""Queries: commands with pipes between them, settings before them. The grammar is that of Elasticsearch's
`EsqlBaseParser.g4` (August 2026).
"""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from detectionary.languages.cursor import Fault
from detectionary.languages.esql.parser_commands import Commands
from detectionary.languages.esql.syntax import Bad, Connective, Expression, Logic
from detectionary.languages.esql.syntax_commands import BadCommand, Command, Query, Setting, Where
from detectionary.languages.esql.tokens import BARE, COMMAND, COMMANDS, DERIVING, END, JOINS, SOURCE_COMMANDS
from detectionary.text import Span


class Queries(Commands):
    """The productions of queries."""

    def statement(self) -> Query:
        """statement = { setting } query end"""
        first = self.at
        settings: list[Setting] = []
        while self.kinds[self.at] == "set":
            try:
                settings.append(self._setting())
            except Fault:
                self._skip_setting()
        commands = list(self.query(SOURCE_COMMANDS).commands)
        while self.kinds[self.at] != END:
            # a bracket too many ended the query
            if not self.diagnostics or self.diagnostics[-1].span != self.span_of(self.at):
                self.report("ESQ016", "this `)` closes nothing", self.span_of(self.at))
            self.at += 1
            self.skip_to_pipe()
            if self.accept("|"):
                self._commands(commands)
        return Query(tuple(settings), tuple(commands), span=self.span_from(first))

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

    def query(self, firsts: frozenset[str]) -> Query:
        """query = command { "|" command }"""
        first = self.at
        commands: list[Command] = []
        if self.kinds[first] not in firsts:
            if self.kinds[first] == END:
                self.report("ESQ013", "the query is empty", self.span_of(first))
                return Query((), (), span=self.span_from(first))
            if self.kinds[first] in COMMANDS and firsts == SOURCE_COMMANDS:
                hint = "write `from …` before it"
                self.report("ESQ013", f"a query does not begin with `{self.texts[first]}`", self.span_of(first), hint)
                self._last_fault = -1
        self._commands(commands)
        return Query((), tuple(commands), span=self.span_from(first))

    def _commands(self, commands: list[Command]) -> None:
        """commands = command { "|" command }; what cannot be read is kept as text, up to the next pipe"""
        depth = self.depth
        while True:
            first, read = self.at, len(commands)
            try:
                commands.append(self._command())
                self.rest_of_command(first)
            except Fault:
                stopped = self.at
                self.depth = depth
                self.skip_to_pipe()
                if self.at > first:
                    commands[read:] = [self._recovered(first, stopped, commands[read:])]
            if not self.accept("|"):
                return

    def _recovered(self, first: int, stopped: int, read: list[Command]) -> Command:
        """A command with a fault: nothing that it filters on is lost."""
        span = self.span_from(first)
        if self.kinds[first] != "where":
            return read[0] if read else BadCommand(self.texts[first].lower(), span.of(self.text), span=span)
        begin = stopped if read else first + 1
        rest = Span(self.starts[min(begin, self.at - 1)], span.end)
        unread = Bad(rest.of(self.text), span=rest)
        match read:
            case [Where(condition)]:
                whole = Span(condition.span.start, rest.end)
                return Where(Logic(Connective.AND, (condition, unread), span=whole), span=span)
            case _:
                return Where(unread, span=span)

    def _command(self) -> Command:
        """command = source-command | processing-command"""
        at = self.at
        kind = self.kinds[at]
        production = _PRODUCTIONS.get(kind)
        if production is None:
            what = "a command"
            if kind in (COMMAND, "set"):
                hint = _LIKELY.get(self.word())
                self.report("ESQ012", f"there is no command `{self.texts[at][:30]}`", self.span_of(at), hint)
                raise Fault
            self.fail_expected(what)
        if kind in SOURCE_COMMANDS and at and self.kinds[at - 1] == "|":
            self.report("ESQ013", f"`{self.texts[at]}` only begins a query", self.span_of(at))
        self.at = at + 1
        return production(self, at)


_PRODUCTIONS: Final[Mapping[str, Callable[[Queries, int], Command]]] = {
    "from": Queries._from,
    "ts": Queries._from,
    "external": Queries._external,
    "row": Queries._row,
    "show": Queries._show,
    "explain": Queries._explain,
    "promql": Queries._promql,
    "where": Queries._where,
    "eval": Queries._eval,
    "stats": Queries._stats,
    "inline": Queries._stats,
    "inlinestats": Queries._stats,
    "keep": Queries._keep,
    "drop": Queries._drop,
    "rename": Queries._rename,
    "sort": Queries._sort,
    "limit": Queries._limit,
    "sample": Queries._sample,
    "mv_expand": Queries._mv_expand,
    "dissect": Queries._dissect,
    "grok": Queries._grok,
    "enrich": Queries._enrich,
    "fork": Queries._fork,
    "fuse": Queries._fuse,
    "change_point": Queries._change_point,
    "completion": Queries._completion,
    "rerank": Queries._rerank,
    "mmr": Queries._mmr,
    "highlight": Queries._highlight,
    **dict.fromkeys(JOINS, Queries._join),
    **dict.fromkeys(DERIVING, Queries._derive),
    **dict.fromkeys(BARE, Queries._bare),
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
