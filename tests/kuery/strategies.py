"""Random KQL: trees that the grammar allows, and texts made of its pieces."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from detectionary.languages.kuery.lexer import words_value
from detectionary.languages.kuery.syntax import Junction, Literal, LiteralKind, Match, Nested, Node, Not, Range
from detectionary.model import wildcards
from detectionary.text import Span

_AT: Final = Span(0, 0)

_ANY: Final = st.text(st.characters(codec="utf-8"), max_size=8)
_ODD: Final = st.lists(
    st.sampled_from(
        ("or", "and", "not", "NOT", "cannot", " ", "\u00a0", "\t", "\\", '"', "*", "?", "(", ":", "x", "5", "\ufeff")
    ),
    max_size=6,
).map("".join)
_PLAIN: Final = st.sampled_from(("process.name", "a b", "@timestamp", "5", "007", "-1.5", "now-1d", "10.0.0.0/8"))


def _trimmed(text: str) -> str:
    """As words are when they are read: blanks of JavaScript at both ends cut."""
    return words_value("".join(f"\\u{ord(each):04x}" if ord(each) < 0x10000 else each for each in text)).value


def _words(text: str) -> Literal:
    value = _trimmed(text)
    kinds = {"null": (LiteralKind.NULL, None), "true": (LiteralKind.BOOL, True), "false": (LiteralKind.BOOL, False)}
    kind, read = kinds.get(value, (LiteralKind.WORDS, value))
    return Literal(kind, read, _AT)


def _pattern(before: str, after: str) -> Literal:
    parts = tuple(part for part in (_trimmed(f"x{before}")[1:], wildcards.Wild.ANY, _trimmed(f"{after}x")[:-1]) if part)
    parts = tuple(part.strip() if isinstance(part, str) else part for part in parts)
    spelled = wildcards.spelled(tuple(part for part in parts if part))
    return Literal(LiteralKind.PATTERN, spelled, _AT)


_TEXTS: Final = _ANY | _ODD | _PLAIN
_LITERALS: Final = st.one_of(
    _TEXTS.map(_words),
    st.builds(_pattern, st.sampled_from(("", "a", "or", "a not", "?")), st.sampled_from(("", "b", "and", "\\", "*"))),
    _TEXTS.map(lambda text: Literal(LiteralKind.PHRASE, text, _AT)),
)


def _joined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(lambda operand: Not(operand, _AT), inner),
        st.builds(
            lambda operator, operands: Junction(operator, tuple(operands), _AT),
            st.sampled_from(("and", "or")),
            st.lists(inner, min_size=2, max_size=3),
        ),
    )


_VALUES: Final[st.SearchStrategy[Node]] = st.recursive(_LITERALS, _joined, max_leaves=5)
_CONDITIONS: Final[st.SearchStrategy[Node]] = st.one_of(
    st.builds(lambda name, values: Match(name, values, _AT), _LITERALS, _VALUES),
    st.builds(lambda value: Match(None, value, _AT), _LITERALS),
    st.builds(
        lambda name, operator, value: Range(name, operator, value, _AT),
        _LITERALS,
        st.sampled_from(("<", "<=", ">", ">=")),
        _LITERALS,
    ),
)

queries: Final[st.SearchStrategy[Node]] = st.recursive(
    _CONDITIONS,
    lambda inner: _joined(inner) | st.builds(lambda name, query: Nested(name, query, _AT), _LITERALS, inner),
    max_leaves=6,
)

scraps: Final = st.lists(
    st.sampled_from(
        ("a", "b c", ":", " ", "\n", "(", ")", "{", "}", "<", ">=", "and", " or ", "not ", '"', "\\", "*", "\\u00", "5")
    )
    | _ANY,
    max_size=20,
).map("".join)
