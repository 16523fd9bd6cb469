"""From the text of a query to its tree and its faults.

The grammar is what Elasticsearch reads
(https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax), and beside it what only the older EQL of Endgame
has: `join`, `fork`, `of`, more pipes and functions. That is read too, with a warning.
"""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectionary.languages.cursor import MAX_DIAGNOSTICS
from detectionary.languages.eql.constants import fold
from detectionary.languages.eql.lexer import Tokens, tokenize
from detectionary.languages.eql.parser_sequences import Sequences
from detectionary.languages.eql.syntax import EventQuery, Expression, Pipe, Query, Sequence
from detectionary.languages.eql.tokens import END, KEYWORDS, NAME, QUOTED_NAME
from detectionary.text import Diagnostic, Level, SourceText, Span

PIPES: Final = ("head", "tail")
"""What Elasticsearch reads behind a `|`."""
OLD_PIPES: Final = ("count", "filter", "sort", "unique", "unique_count")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree of a query, and everything that is to say about its syntax, in order."""

    tree: Query
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def accepted(self) -> bool:
        """No fault of syntax; warnings are none."""
        return all(diagnostic.level is not Level.ERROR for diagnostic in self.diagnostics)


def parse(source: SourceText | str) -> Parsed:
    """Parse a query. Never raises: what cannot be read is a `Bad` node with a diagnostic at its place."""
    tokens = tokenize(source if isinstance(source, str) else source.text)
    parsed = _read(tokens)
    if not parsed.accepted:
        # A field may be called AND; where the query cannot be read, the keyword is meant.
        capitals = [at for at, kind in enumerate(tokens.kinds) if kind == NAME and _is_capital(tokens.texts[at])]
        if capitals:
            for at in capitals:
                tokens.kinds[at] = tokens.texts[at].lower()
            parsed = _read(tokens, tuple(_in_capitals(tokens, at) for at in capitals[:MAX_DIAGNOSTICS]))
    return parsed


def _read(tokens: Tokens, before: tuple[Diagnostic, ...] = ()) -> Parsed:
    parser = _Queries(tokens)
    tree = parser.query()
    diagnostics = sorted((*before, *parser.diagnostics), key=lambda diagnostic: diagnostic.span or (0, 0))
    return Parsed(tree, tuple(diagnostics))


def _is_capital(word: str) -> bool:
    return word.isupper() and word.lower() in KEYWORDS


def _in_capitals(tokens: Tokens, at: int) -> Diagnostic:
    word = tokens.texts[at]
    span = Span(tokens.starts[at], tokens.ends[at])
    return Diagnostic("EQL016", Level.ERROR, "keywords are written in lower case", span, f"write `{word.lower()}`")


class _Queries(Sequences):
    """Reads whole queries."""

    def query(self) -> Query:
        """query = (sequence | sample | join | event_query) pipe*"""
        body: EventQuery | Sequence | None = None
        if self.kinds[self.at] in ("|", END):
            self.fault_here("EQL010", "expected an event query, `sequence` or `sample`")
        else:
            body = self.sequence() if self._begins_sequence() else self.event_query()
        if self.kinds[self.at] not in ("|", END):
            self.fault_here("EQL015", "expected a pipe or the end of the query")
            self._skip_to_pipe()
        pipes: list[Pipe] = []
        while self.kinds[self.at] == "|":
            pipes.append(self._pipe())
        return Query(body, tuple(pipes))

    def _begins_sequence(self) -> bool:
        return self.kinds[self.at] in ("sequence", "sample", "join") and self.peek() != "where"

    def _skip_to_pipe(self) -> None:
        while self.kinds[self.at] not in ("|", END):
            self.at += 1

    # Pipes

    def _pipe(self) -> Pipe:
        """pipe = "|" NAME (expression ("," expression)*)?"""
        bar = self.span_of(self.at)
        self.at += 1
        start = self.starts[self.at]
        name, name_span = "?", Span(bar.end, bar.end)
        arguments: list[Expression] = []
        if self.kinds[self.at] == NAME:
            name, name_span = self.texts[self.at], self.span_of(self.at)
            self.at += 1
            if self.kinds[self.at] not in ("|", END):
                arguments.append(self.expression())
                while self.accept(",") or self._old_list(name):
                    arguments.append(self.expression())
        else:
            self.fault_here("EQL010", "expected the name of a pipe")
            start = bar.start
        if self.kinds[self.at] not in ("|", END):
            self.fault_here("EQL015", "expected a pipe or the end of the query")
            self._skip_to_pipe()
        span = self.span_from(start)
        if name in OLD_PIPES:
            self.foreign(f"`| {name}`", span)
        elif name not in PIPES and name != "?":
            self.report("EQL020", f"`{name}` is no pipe", name_span, f"pipes are {', '.join(PIPES)}")
        elif name in PIPES and not _is_one_number(arguments):
            self.report("EQL020", f"`{name}` takes one whole number", span)
        return Pipe(name, tuple(arguments), bar, name_span, span)

    def _old_list(self, name: str) -> bool:
        """The older EQL lists arguments of pipes without commas as well."""
        return name in OLD_PIPES and self.kinds[self.at] in (NAME, QUOTED_NAME)


def _is_one_number(arguments: list[Expression]) -> bool:
    value = fold(arguments[0]) if len(arguments) == 1 else None
    return value is not None and type(value.value) is int and value.value >= 0
