"""Random EQL: trees that the grammar allows, and texts made of its pieces."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from detectionary.languages.eql.functions import FUNCTIONS
from detectionary.languages.eql.syntax import (
    Arithmetic,
    Call,
    Compare,
    EventQuery,
    Expression,
    Field,
    InList,
    Literal,
    LiteralKind,
    Logical,
    Match,
    MaxSpan,
    Not,
    Pipe,
    Query,
    Runs,
    Sequence,
    Sign,
    Term,
)
from detectionary.languages.eql.tokens import KEYWORDS, PUNCTUATION
from detectionary.text import Span

_AT: Final = Span(0, 0)

_TEXTS: Final = st.text(st.characters(codec="utf-8"), max_size=8)
_NAMES: Final = st.sampled_from(("a", "user", "@timestamp", "_x9", "by", "my-field", "x y", "tick`s", "9", "count"))
_LITERALS: Final = st.one_of(
    _TEXTS.map(lambda text: Literal(LiteralKind.STRING, text, _AT)),
    st.integers(0, 2**64 - 1).map(lambda number: Literal(LiteralKind.NUMBER, number, _AT)),
    st.floats(0, allow_nan=False, allow_infinity=False).map(lambda number: Literal(LiteralKind.NUMBER, number, _AT)),
    st.booleans().map(lambda value: Literal(LiteralKind.BOOL, value, _AT)),
    st.just(Literal(LiteralKind.NULL, None, _AT)),
)
_FIELDS: Final = st.builds(
    lambda first, rest, optional: Field((first, *rest), optional, _AT),
    _NAMES,
    st.lists(_NAMES | st.integers(0, 9), max_size=3),
    st.booleans(),
)


def _larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    lists = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return st.one_of(
        st.builds(lambda operand: Not(operand, _AT), inner),
        st.builds(lambda sign, operand: Sign(sign, operand, _AT), st.sampled_from("+-"), inner),
        st.builds(
            lambda operator, operands: Logical(operator, tuple(operands), _AT),
            st.sampled_from(("and", "or")),
            st.lists(inner, min_size=2, max_size=3),
        ),
        st.builds(
            lambda operator, left, right: Compare(operator, left, right, _AT),
            st.sampled_from(("==", "!=", "<", "<=", ">", ">=")),
            inner,
            inner,
        ),
        st.builds(
            lambda operand, negated, fold, items: InList(operand, negated, fold, items, _AT),
            inner,
            st.booleans(),
            st.booleans(),
            lists,
        ),
        st.builds(
            lambda operator, operand, patterns: Match(operator, operand, tuple(patterns), _AT),
            st.sampled_from((":", "like", "like~", "regex", "regex~")),
            inner,
            st.lists(_LITERALS, min_size=1, max_size=3),
        ),
        st.builds(
            lambda name, fold, arguments: Call(name, fold, arguments, _AT, _AT),
            st.sampled_from(("unknown", *(function.name for function in FUNCTIONS))),
            st.booleans(),
            st.lists(inner, max_size=3).map(tuple),
        ),
        st.sampled_from(("+-", "*/%")).flatmap(
            lambda signs: st.builds(
                lambda first, rest: Arithmetic(first, tuple(rest), _AT),
                inner,
                st.lists(st.tuples(st.sampled_from(signs), inner), min_size=1, max_size=3),
            )
        ),
    )


expressions: Final[st.SearchStrategy[Expression]] = st.recursive(_FIELDS | _LITERALS, _larger, max_leaves=12)

_EVENTS: Final = st.builds(
    lambda category, condition: EventQuery(category, condition, _AT, _AT),
    st.none() | st.sampled_from(("process", "any", "my category", "9", "until", "sequence")),
    expressions,
)
_KEYS: Final = st.lists(_FIELDS, max_size=2).map(tuple)


def _sequences(own: int) -> st.SearchStrategy[Sequence]:
    keys = st.lists(_FIELDS, min_size=own, max_size=own).map(tuple)
    runs = st.none() | st.integers(2, 100).map(lambda count: Runs(count, _AT))
    terms = st.builds(lambda event, own, runs: Term(event, False, own, runs, None, None, _AT), _EVENTS, keys, runs)
    return st.builds(
        lambda shared, maxspan, first, found, until: Sequence(
            "sequence", shared, maxspan, (first, *found), until, _AT, _AT
        ),
        _KEYS,
        st.none()
        | st.builds(
            lambda number, unit: MaxSpan(str(number), unit, _AT, _AT),
            st.integers(1, 99),
            st.sampled_from(("ms", "s", "m", "h", "d")),
        ),
        terms,
        st.lists(terms, min_size=1, max_size=2),
        st.none() | st.builds(lambda event, own: Term(event, False, own, None, None, None, _AT), _EVENTS, keys),
    )


queries: Final = st.builds(
    lambda body, pipes: Query(body, tuple(pipes)),
    _EVENTS | st.integers(0, 2).flatmap(_sequences),
    st.lists(
        st.builds(
            lambda name, count: Pipe(name, (Literal(LiteralKind.NUMBER, count, _AT),), _AT, _AT, _AT),
            st.sampled_from(("head", "tail")),
            st.integers(0, 99),
        ),
        max_size=2,
    ),
)

_PIECES: Final = (
    *sorted(KEYWORDS),
    *sorted(PUNCTUATION),
    *("process", "a", "user.name", "length", "startsWith~", "runs", "head", "filter", "count", "`x y`", "AND", "&&"),
    *('"x"', '"x*"', '"""raw"""', "'old'", '?"old"', '"open', '"\\q"', "`open", "1", "2.5", "1e999", "5m"),
    *("/*", "*/", "//", "\n", "é", "$", "\\", "\x00"),
)
scraps: Final = st.lists(st.sampled_from(_PIECES), max_size=40).map(" ".join) | st.text(max_size=60)
"""Texts that are rarely queries."""
