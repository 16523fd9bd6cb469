"""Source commands, and the parts that commands share."""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from detectionary.languages.cursor import Fault
from detectionary.languages.esql.parser_expressions import Expressions
from detectionary.languages.esql.syntax import MapLiteral, Name
from detectionary.languages.esql.syntax_commands import (
    Command,
    Explain,
    External,
    Field,
    From,
    IndexPattern,
    PromQL,
    Query,
    Row,
    Show,
)
from detectionary.languages.esql.tokens import NAMES, PROMQL, SOURCE, STRING

_Part = TypeVar("_Part")


class Sources(Expressions):
    """The productions of source commands."""

    def subquery(self) -> Query:
        """A query in brackets; the queries define it."""
        raise NotImplementedError

    # Parts

    def several(self, production: Callable[[], _Part]) -> tuple[_Part, ...]:
        """list = part { "," part }"""
        found = [production()]
        while self.accept(","):
            found.append(production())
        return tuple(found)

    def field(self) -> Field:
        """field = [ name "=" ] boolean"""
        first = self.at
        name = self.assigned_name()
        return Field(name, self.expression(), span=self.span_from(first))

    def assigned_name(self) -> Name | None:
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

    def options(self) -> MapLiteral | None:
        """options = [ "with" map ]"""
        return self.map() if self.accept("with") else None

    # Source commands

    def _from(self, first: int) -> Command:
        """from = ( "from" | "ts" ) source { "," source } [ metadata ]"""
        sources = self.several(self._source)
        metadata: tuple[IndexPattern, ...] = ()
        bracket = self.accept("[")
        if self.accept("metadata"):
            metadata = self.several(self.index_pattern)
        if bracket:
            self.expect("]")
        return From(self.kinds[first], sources, metadata, span=self.span_from(first))

    def _source(self) -> IndexPattern | Query:
        """source = index-pattern | "(" query ")" """
        return self.subquery() if self.kinds[self.at] == "(" else self.index_pattern()

    def index_pattern(self) -> IndexPattern:
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
        return External(location, self.options(), span=self.span_from(first))

    def _row(self, first: int) -> Command:
        """row = "row" field { "," field }"""
        return Row(self.several(self.field), span=self.span_from(first))

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
