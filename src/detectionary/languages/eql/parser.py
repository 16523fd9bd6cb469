"""From the text of a query to its tree and its faults.

The grammar is what Elasticsearch reads
(https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax), and beside it what only the older EQL of Endgame
has: `join`, `fork`, `of`, more pipes and functions. That is read too, with a warning.
"""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectionary.languages.eql.constants import fold
from detectionary.languages.eql.cursor import MAX_DIAGNOSTICS, Fault
from detectionary.languages.eql.lexer import Tokens, tokenize
from detectionary.languages.eql.parser_expressions import STARTS, Expressions, joined
from detectionary.languages.eql.syntax import (
    Bad,
    EventQuery,
    Expression,
    Field,
    MaxSpan,
    Pipe,
    Query,
    Runs,
    Sequence,
    Term,
)
from detectionary.languages.eql.tokens import END, INTEGER, KEYWORDS, NAME, NUMBERS, QUOTED_NAME, STRINGS
from detectionary.text import Diagnostic, Level, SourceText, Span

MOST_RUNS: Final = 100
UNITS: Final = ("ms", "s", "m", "h", "d")
PIPES: Final = ("head", "tail")
"""What Elasticsearch reads behind a `|`."""
OLD_PIPES: Final = ("count", "filter", "sort", "unique", "unique_count")

_OLD_UNITS: Final = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
}


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


class _Queries(Expressions):
    """Reads whole queries."""

    def query(self) -> Query:
        """query = (sequence | sample | join | event_query) pipe*"""
        body: EventQuery | Sequence | None = None
        if self.kinds[self.at] == END:
            self.fault_here("EQL010", "expected an event query, `sequence` or `sample`")
        else:
            try:
                body = self._sequence() if self._begins_sequence() else self.event_query()
            except Fault:
                self.depth = 0
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

    # Event queries

    def event_query(self) -> EventQuery:
        """event_query = ("any" | NAME | STRING) "where" expression"""
        start = self.starts[self.at]
        span = self.span_of(self.at)
        category = self._category()
        if not self.accept("where"):
            self.fault_here("EQL010", "expected `where`")
        if self.texts[self.at - 1] == "where" or self.kinds[self.at] in STARTS:
            condition = self._whole_condition()
        else:
            self.skip_operand()
            condition = self.bad(start)
        return EventQuery(category, condition, span, self.span_from(start))

    def _whole_condition(self) -> Expression:
        """The expression up to the end of the event query.

        A second expression behind it is a fault, but filters: it is read as if an `and` stood between the two.
        """
        found = [self.expression()]
        ends = ("]", "|", END) if self.depth else ("|", END)
        while self.kinds[self.at] not in ends:
            self.fault_here("EQL015", f"expected `and`, `or` or {'`]`' if self.depth else 'the end of the query'}")
            if self.kinds[self.at] in STARTS:
                found.append(self.expression())
            else:
                self.at += 1
        return joined("and", found)

    def _category(self) -> str | None:
        kind = self.kinds[self.at]
        if kind in STRINGS:
            return self.string()
        if kind == "any":
            self.at += 1
            return None
        if kind == QUOTED_NAME:
            self.fault_here("EQL016", "a category is not quoted with backticks", 'write "…"')
            return self.name("a category")
        if kind == NAME or (kind in KEYWORDS and self.peek() == "where"):
            return self.name("an event category")
        return self.fail("EQL010", "expected an event category or `any`")

    # Sequences

    def _sequence(self) -> Sequence:
        """sequence = ("sequence" | "sample" | "join") keys? ("with" "maxspan" "=" time)? keys? term+ ("until" term)?"""
        kind = self.kinds[self.at]
        start = self.starts[self.at]
        self.at += 1
        keys = self._keys()
        maxspan = self._maxspan(kind)
        if self.kinds[self.at] == "by":
            self.fault_here("EQL010", "`by` stands before `with maxspan`")
            keys = (*keys, *self._keys())
        head = self.span_from(start)
        terms: list[Term] = []
        while self.kinds[self.at] in ("[", "!["):
            terms.append(self._term(self.starts[self.at], kind == "sample"))
        if not terms:
            self.fault_here("EQL010", "expected an event query in brackets")
        until: Term | None = None
        if self.kinds[self.at] == "until":
            if kind == "sample":
                self.fault_here("EQL019", "a sample has no order, and so no `until`")
            begins = self.starts[self.at]
            self.at += 1
            if self.kinds[self.at] in ("[", "!["):
                until = self._term(begins, kind == "sample")
            else:
                self.fault_here("EQL010", "expected an event query in brackets")
        found = Sequence(kind, keys, maxspan, tuple(terms), until, head, self.span_from(start))
        self._shape(found)
        return found

    def _keys(self) -> tuple[Expression, ...]:
        """keys = "by" expression ("," expression)*"""
        if not self.accept("by"):
            return ()
        found: list[Expression] = []
        while True:
            try:
                key = self.expression()
                if not isinstance(key, Field | Bad):
                    self.foreign("a join key that is no field", key.span)
                found.append(key)
            except Fault:
                self.depth = 0
                self._skip_to_bracket()
            if not self.accept(","):
                return tuple(found)

    def _skip_to_bracket(self) -> None:
        while self.kinds[self.at] not in ("[", "![", "]", "|", "with", "until", ",", END):
            self.at += 1

    def _maxspan(self, kind: str) -> MaxSpan | None:
        """("with" "maxspan" "=" NUMBER unit)?"""
        if self.kinds[self.at] != "with":
            return None
        start = self.starts[self.at]
        self.at += 1
        try:
            self.expect("maxspan")
            self.expect("=")
            if self.kinds[self.at] not in NUMBERS:
                self.fail("EQL010", "expected a time such as 10m")
            number = self.texts[self.at]
            whole = self.kinds[self.at] == INTEGER
            value = self.starts[self.at]
            self.at += 1
            unit = ""
            if self.kinds[self.at] == NAME:
                unit = self.texts[self.at]
                self.at += 1
        except Fault:
            self._skip_to_bracket()
            return None
        span = self.span_from(start)
        if kind != "sequence":
            self.report("EQL018", f"`maxspan` belongs to sequences, not to `{kind}`", span)
        elif not whole or not number.strip("0"):
            self.report("EQL018", "`maxspan` is a whole number above zero", span)
        elif unit not in UNITS:
            self.report(
                "EQL018",
                f"`{unit}` is no unit of time" if unit else "a unit of time is missing",
                span,
                f"units are {', '.join(UNITS)}",
            )
        return MaxSpan(number, _OLD_UNITS.get(unit, unit), self.span_from(value), span)

    def _term(self, start: int, sample: bool) -> Term:
        """term = ("[" | "![") event_query "]" ("fork" ("=" BOOL)?)? keys? ("with" "runs" "=" INTEGER)? ("as" NAME)?"""
        missing = self.kinds[self.at] == "!["
        opened = self.at
        self.at += 1
        self.depth += 1
        try:
            event = self.event_query()
        except Fault:
            inner = self.starts[self.at]
            self._skip_to_end_of_term(opened)
            event = EventQuery(None, self.bad(inner), Span(inner, inner), self.span_from(inner))
        self.depth = 0
        self.close("]")
        fork = self._fork()
        keys = self._keys()
        runs = self._runs(missing, sample)
        alias = self._alias()
        return Term(event, missing, keys, runs, fork, alias, self.span_from(start))

    def _skip_to_end_of_term(self, opened: int) -> None:
        nested = 0
        while self.kinds[self.at] != END:
            kind = self.kinds[self.at]
            if kind == "]" and nested == 0:
                return
            nested += (kind in ("[", "![")) - (kind == "]")
            self.at += 1
        self.at = max(self.at, opened)

    def _fork(self) -> bool | None:
        """("fork" ("=" BOOL)?)?"""
        if not self.is_word("fork"):
            return None
        start = self.starts[self.at]
        self.at += 1
        value = True
        if self.accept("=") or self.accept("=="):
            value = self.kinds[self.at] == "true"
            if self.kinds[self.at] not in ("true", "false"):
                self.fault_here("EQL010", "expected true or false")
            else:
                self.at += 1
        self.foreign("`fork`", self.span_from(start))
        return value

    def _runs(self, missing: bool, sample: bool) -> Runs | None:
        """("with" "runs" "=" INTEGER)?"""
        if self.kinds[self.at] != "with":
            return None
        start = self.starts[self.at]
        self.at += 1
        try:
            if not self.is_word("runs"):
                self.fail("EQL010", "expected `runs`")
            self.at += 1
            self.expect("=")
            if self.kinds[self.at] != INTEGER:
                self.fail("EQL010", "expected a whole number")
            digits = self.texts[self.at]
            self.at += 1
        except Fault:
            self._skip_to_bracket()
            return None
        span = self.span_from(start)
        count = int(digits) if len(digits) < 10 else MOST_RUNS + 1
        if not 1 <= count <= MOST_RUNS:
            self.report("EQL018", f"an event query may run 1 to {MOST_RUNS} times", span)
        elif missing:
            self.report("EQL018", "a missing event cannot be repeated", span)
        elif sample:
            self.report("EQL018", "an event query of a sample cannot be repeated", span)
        return Runs(count, span)

    def _alias(self) -> str | None:
        """("as" NAME)?"""
        if not self.is_word("as"):
            return None
        start = self.starts[self.at]
        self.at += 1
        if self.kinds[self.at] not in (NAME, QUOTED_NAME):
            self.fault_here("EQL010", "expected a name")
            return None
        alias = self.name("a name")
        self.foreign("`as`", self.span_from(start))
        return alias

    def _shape(self, found: Sequence) -> None:
        """What Elasticsearch asks of a sequence as a whole."""
        wanted = None
        if found.kind == "join":
            self.foreign("`join`", found.head)
        positive = [term for term in found.terms if not term.missing]
        times = sum(1 if term.runs is None else term.runs.count for term in found.terms)
        if found.terms and times < 2:
            wanted = f"a {found.kind} needs at least two event queries"
        elif found.terms and not positive:
            wanted = f"a {found.kind} cannot consist of missing events only"
        elif found.kind == "sequence" and found.maxspan is None and len(positive) < len(found.terms):
            wanted = "a missing event needs `with maxspan`"
        elif found.kind != "sequence" and len(positive) < len(found.terms):
            wanted = f"a {found.kind} has no missing events"
        elif found.kind == "sample" and not found.keys and not all(term.keys for term in found.terms):
            wanted = "a sample needs join keys: by …"
        if wanted is not None:
            self.report("EQL019", wanted, found.head)
        several = [*found.terms, *(() if found.until is None else (found.until,))]
        for term in several[1:]:
            if len(term.keys) != len(several[0].keys):
                count = len(several[0].keys)
                self.report(
                    "EQL019", f"the first event query has {count} join keys, this one {len(term.keys)}", term.span
                )

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
