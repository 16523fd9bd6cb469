"""Kusto's comparison operators and functions, as the model's operators (`analysis.md` decision 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from detectionary.languages.kusto.syntax import BinaryOperator, ListOperator, ScalarType
from detectionary.languages.kusto.values import Constant, Folded, Symbolic
from detectionary.model.predicate import Operator, Quantifier


@dataclass(frozen=True, slots=True)
class Test:
    """One way to compare: the positive operator, whether it is negated, and what it does to text."""

    operator: Operator
    spelling: str
    negated: bool = False
    cased: bool = False
    term: bool = False
    quantifier: Quantifier = Quantifier.ANY

    def transforms(self, value: Folded) -> tuple[str, ...]:
        """`term` and `cased`, as far as they apply to the value: case is a matter of text alone."""
        found = ("term",) if self.term else ()
        if not self.cased or not _is_text(value):
            return found
        if self.operator is Operator.REGEX_MATCH and isinstance(value, Constant) and "(?i)" in str(value.value):
            return found
        return (*found, "cased")


def _is_text(value: Folded) -> bool:
    if isinstance(value, Constant):
        return isinstance(value.value, str) and value.type is not ScalarType.GUID
    return isinstance(value, Symbolic) and value.type is ScalarType.STRING


def _both(
    positive: BinaryOperator,
    negative: BinaryOperator | None,
    operator: Operator,
    cased: bool = False,
    term: bool = False,
) -> dict[BinaryOperator, Test]:
    found = {positive: Test(operator, positive.value, False, cased, term)}
    if negative is not None:
        found[negative] = Test(operator, negative.value, True, cased, term)
    return found


_B = BinaryOperator
_O = Operator
TESTS: Final[Mapping[BinaryOperator, Test]] = {
    **_both(_B.EQUAL, _B.NOT_EQUAL, _O.EQ, cased=True),
    **_both(_B.EQUAL_FOLD, _B.NOT_EQUAL_FOLD, _O.EQ),
    **_both(_B.LESS, None, _O.LT, cased=True),
    **_both(_B.LESS_EQUAL, None, _O.LE, cased=True),
    **_both(_B.GREATER, None, _O.GT, cased=True),
    **_both(_B.GREATER_EQUAL, None, _O.GE, cased=True),
    **_both(_B.HAS, _B.NOT_HAS, _O.MATCH, term=True),
    **_both(_B.HAS_CS, _B.NOT_HAS_CS, _O.MATCH, cased=True, term=True),
    **_both(_B.HASPREFIX, _B.NOT_HASPREFIX, _O.STARTS_WITH, term=True),
    **_both(_B.HASPREFIX_CS, _B.NOT_HASPREFIX_CS, _O.STARTS_WITH, cased=True, term=True),
    **_both(_B.HASSUFFIX, _B.NOT_HASSUFFIX, _O.ENDS_WITH, term=True),
    **_both(_B.HASSUFFIX_CS, _B.NOT_HASSUFFIX_CS, _O.ENDS_WITH, cased=True, term=True),
    **_both(_B.CONTAINS, _B.NOT_CONTAINS, _O.CONTAINS),
    **_both(_B.CONTAINS_CS, _B.NOT_CONTAINS_CS, _O.CONTAINS, cased=True),
    **_both(_B.STARTSWITH, _B.NOT_STARTSWITH, _O.STARTS_WITH),
    **_both(_B.STARTSWITH_CS, _B.NOT_STARTSWITH_CS, _O.STARTS_WITH, cased=True),
    **_both(_B.ENDSWITH, _B.NOT_ENDSWITH, _O.ENDS_WITH),
    **_both(_B.ENDSWITH_CS, _B.NOT_ENDSWITH_CS, _O.ENDS_WITH, cased=True),
    **_both(_B.LIKE, _B.NOT_LIKE, _O.WILDCARD),
    **_both(_B.LIKE_CS, _B.NOT_LIKE_CS, _O.WILDCARD, cased=True),
    **_both(_B.MATCHES_REGEX, None, _O.REGEX_MATCH, cased=True),
    **_both(_B.SEARCH, None, _O.MATCH, term=True),
}

LIST_TESTS: Final[Mapping[ListOperator, Test]] = {
    ListOperator.IN: Test(_O.EQ, "in", cased=True),
    ListOperator.NOT_IN: Test(_O.EQ, "!in", negated=True, cased=True),
    ListOperator.IN_FOLD: Test(_O.EQ, "in~"),
    ListOperator.NOT_IN_FOLD: Test(_O.EQ, "!in~", negated=True),
    ListOperator.HAS_ANY: Test(_O.MATCH, "has_any", term=True),
    ListOperator.HAS_ALL: Test(_O.MATCH, "has_all", term=True, quantifier=Quantifier.ALL),
}

FLIPPED: Final[Mapping[BinaryOperator, BinaryOperator]] = {
    _B.EQUAL: _B.EQUAL,
    _B.NOT_EQUAL: _B.NOT_EQUAL,
    _B.EQUAL_FOLD: _B.EQUAL_FOLD,
    _B.NOT_EQUAL_FOLD: _B.NOT_EQUAL_FOLD,
    _B.LESS: _B.GREATER,
    _B.LESS_EQUAL: _B.GREATER_EQUAL,
    _B.GREATER: _B.LESS,
    _B.GREATER_EQUAL: _B.LESS_EQUAL,
}
"""`5 < x` is `x > 5`."""

INVERTED: Final[Mapping[Operator, Operator]] = {
    _O.LT: _O.GE,
    _O.LE: _O.GT,
    _O.GT: _O.LE,
    _O.GE: _O.LT,
}
"""`not (count_ > 5)` is `count_ <= 5`; a count is never null."""

_OPPOSITES: Final = {"==": "!=", "=~": "!~", "<": ">=", ">": "<=", "<=": ">", ">=": "<"}
_OPPOSITE: Final[Mapping[str, str]] = {
    **_OPPOSITES,
    **{negative: positive for positive, negative in _OPPOSITES.items()},
}


def opposite(spelling: str) -> str:
    """The spelling of the operator that holds where this one does not."""
    return _OPPOSITE.get(spelling) or (spelling[1:] if spelling.startswith("!") else f"!{spelling}")


NULL_CHECKS: Final[Mapping[str, bool]] = {
    "isempty": True,
    "isnull": True,
    "isnotempty": False,
    "isnotnull": False,
    "notempty": False,
    "notnull": False,
}
"""Whether the function asks for null."""

PRIVATE_RANGES: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
"""What `ipv4_is_private` tests (learn.microsoft.com, "ipv4_is_private()")."""
