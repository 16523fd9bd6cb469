"""ES|QL's comparison operators and functions, as the model's operators (`analysis.md` decision 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from detectionary.languages.esql.constants import Folded
from detectionary.model.predicate import (
    ColumnComparison,
    Comparison,
    Not,
    Operator,
    Predicate,
    Quantifier,
    ThresholdTest,
    TimeFilter,
)


@dataclass(frozen=True, slots=True)
class Test:
    """One way to compare: the positive operator, whether it is negated, and what it does to text."""

    operator: Operator
    spelling: str
    negated: bool = False
    cased: bool = True
    quantifier: Quantifier = Quantifier.ANY
    extra: tuple[str, ...] = ()
    """Transforms of its own: the options of a full-text search."""

    def transforms(self, value: Folded) -> tuple[str, ...]:
        """`cased` applies to text alone, and not to a regular expression that says otherwise."""
        if not self.cased or not value.is_text:
            return self.extra
        if self.operator is Operator.REGEX_MATCH and "(?i)" in str(value.value):
            return self.extra
        return (*self.extra, "cased")

    def positive(self) -> Test:
        return replace(self, negated=False)


_O = Operator
TESTS: Final[Mapping[str, Test]] = {
    "==": Test(_O.EQ, "=="),
    "!=": Test(_O.EQ, "!=", negated=True),
    "=~": Test(_O.EQ, "=~", cased=False),
    "<": Test(_O.LT, "<"),
    "<=": Test(_O.LE, "<="),
    ">": Test(_O.GT, ">"),
    ">=": Test(_O.GE, ">="),
}

FLIPPED: Final[Mapping[str, str]] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""`5 < x` is `x > 5`."""

TEXT_TESTS: Final[Mapping[str, Test]] = {
    "starts_with": Test(_O.STARTS_WITH, "starts_with"),
    "ends_with": Test(_O.ENDS_WITH, "ends_with"),
    "contains": Test(_O.CONTAINS, "contains"),
    "match": Test(_O.MATCH, "match", cased=False),
    "match_phrase": Test(_O.MATCH, "match_phrase", cased=False, extra=("phrase",)),
    "mv_contains": Test(_O.EQ, "mv_contains", quantifier=Quantifier.ALL),
    "mv_intersects": Test(_O.EQ, "mv_intersects"),
}
"""Functions of a field and a value."""

QUERY_FUNCTIONS: Final = frozenset({"kql", "qstr"})
"""Functions whose text is a query in another language."""

PATTERN_FUNCTIONS: Final = frozenset({"mv_like", "mv_rlike"})

_INVERTED: Final[Mapping[Operator, Operator]] = {_O.LT: _O.GE, _O.LE: _O.GT, _O.GT: _O.LE, _O.GE: _O.LT}
"""`not (count > 5)` is `count <= 5`; a count is never null."""

_OPPOSITES: Final = {"==": "!=", "<": ">=", ">": "<=", "!=": "==", ">=": "<", "<=": ">"}


def opposite(spelling: str) -> str:
    """The spelling of the operator that holds where this one does not."""
    if spelling in _OPPOSITES:
        return _OPPOSITES[spelling]
    return spelling.removeprefix("not ") if spelling.startswith("not ") else f"not {spelling}"


def negated(predicate: Predicate) -> Predicate:
    """The opposite: two negations cancel out, null checks, thresholds and comparisons of columns turn round."""
    match predicate:
        case Not(operand):
            return operand
        case Comparison(operator=Operator.IS_NULL):
            return replace(predicate, operator=Operator.IS_NOT_NULL)
        case Comparison(operator=Operator.IS_NOT_NULL):
            return replace(predicate, operator=Operator.IS_NULL)
        case ThresholdTest(operator=operator, negated=False) if operator in _INVERTED:
            return replace(predicate, operator=_INVERTED[operator])
        case ThresholdTest(negated=already):
            return replace(predicate, negated=not already)
        case TimeFilter(text, span):
            return TimeFilter(f"not({text})", span)
        case ColumnComparison(operator=operator, text=text):
            return replace(predicate, operator=opposite(operator), text=f"not({text})")
        case _:
            return Not(predicate)


def not_if(condition: bool, predicate: Predicate) -> Predicate:
    return negated(predicate) if condition else predicate
