"""The productions of event queries, sequences, samples and joins."""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.cursor import Fault
from detectionary.languages.eql.parser_expressions import STARTS, Expressions, joined
from detectionary.languages.eql.syntax import (
    Bad,
    EventQuery,
    Expression,
    Field,
    MaxSpan,
    Runs,
    Sequence,
    Term,
)
from detectionary.languages.eql.tokens import END, INTEGER, KEYWORDS, NAME, NUMBERS, QUOTED_NAME, STRINGS, words
from detectionary.text import Span

MOST_RUNS: Final = 100
UNITS: Final = ("ms", "s", "m", "h", "d")

_OLD_UNITS: Final = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
}
_CATEGORIES: Final = STRINGS | {"any", NAME, QUOTED_NAME}
_BEHIND_OPERANDS: Final = words(
    "== != < <= > >= = : !: like like~ regex regex~ in in~ not + - * / % . ( [ and or of ) ]"
)


class Sequences(Expressions):
    """Reads event queries and what is made of several of them."""

    # Event queries

    def event_query(self) -> EventQuery:
        """event_query = ("any" | NAME | STRING) "where" expression"""
        start = self.starts[self.at]
        span = Span(start, start)
        category = None
        if self._begins_category():
            span = self.span_of(self.at)
            category = self._category()
            if not self.accept("where"):
                self.fault_here("EQL010", "expected `where`")
        else:
            self.fault_here("EQL010", "expected an event category or `any`")
            self.accept("where")
        return EventQuery(category, self._whole_condition(), span, self.span_from(start))

    def _begins_category(self) -> bool:
        """Whether a word or string is a category, rather than what a condition begins with."""
        kind, following = self.kinds[self.at], self.peek()
        if kind in _CATEGORIES:
            return following not in _BEHIND_OPERANDS
        return kind in KEYWORDS and following == "where"

    def _category(self) -> str | None:
        """category = "any" | NAME | STRING"""
        kind = self.kinds[self.at]
        if kind in STRINGS:
            return self.string()
        if self.accept("any"):
            return None
        if kind == QUOTED_NAME:
            self.fault_here("EQL016", "a category is not quoted with backticks", 'write "…"')
        return self.name("an event category")

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

    # Sequences

    def sequence(self) -> Sequence:
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
        while self.kinds[self.at] not in ("until", "|", END):
            if self.kinds[self.at] in ("[", "!["):
                terms.append(self._term(self.starts[self.at], kind == "sample"))
            else:
                self.fault_here("EQL010", "expected an event query in brackets")
                self.at += 1
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
            key = self.expression()
            if not isinstance(key, Field | Bad):
                self.foreign("a join key that is no field", key.span)
            found.append(key)
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
        self.at += 1
        self.depth += 1
        event = self.event_query()
        self.depth = 0
        self.close("]")
        fork = self._fork()
        keys = self._keys()
        runs = self._runs(missing, sample)
        alias = self._alias()
        return Term(event, missing, keys, runs, fork, alias, self.span_from(start))

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
