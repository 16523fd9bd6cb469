"""The functions of EQL: what they take, what a filter by them means, and which engine has them.

Elasticsearch: https://www.elastic.co/docs/reference/query-languages/eql/eql-function-ref. The rest is of earlier
versions (`match`, `wildcard`) or of Endgame's EQL (https://eql.readthedocs.io/en/latest/query-guide/functions.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectionary.model.predicate import Operator


@dataclass(frozen=True, slots=True)
class Function:
    """One function. `most` is None where arguments may go on; `folds`: it has a variant with `~`.

    `test` is set for functions that are conditions: how the first argument is compared with the others.
    """

    name: str
    least: int
    most: int | None
    folds: bool = False
    test: Operator | None = None
    cased: bool = True
    """Texts are compared with regard to case."""
    current: bool = True
    """Elasticsearch has it."""


FUNCTIONS: Final = (
    Function("add", 2, 2),
    Function("between", 3, 4, folds=True),
    Function("cidrMatch", 2, None, test=Operator.CIDR_MATCH, cased=False),
    Function("concat", 1, None),
    Function("divide", 2, 2),
    Function("endsWith", 2, 2, folds=True, test=Operator.ENDS_WITH),
    Function("indexOf", 2, 3, folds=True),
    Function("length", 1, 1),
    Function("modulo", 2, 2),
    Function("multiply", 2, 2),
    Function("number", 1, 2),
    Function("startsWith", 2, 2, folds=True, test=Operator.STARTS_WITH),
    Function("string", 1, 1),
    Function("stringContains", 2, 2, folds=True, test=Operator.CONTAINS),
    Function("substring", 2, 3),
    Function("subtract", 2, 2),
    # No longer
    Function("match", 2, None, folds=True, test=Operator.REGEX_MATCH, current=False),
    Function("wildcard", 2, None, folds=True, test=Operator.WILDCARD, current=False),
    # Endgame alone
    Function("arrayContains", 2, None, test=Operator.EQ, cased=False, current=False),
    Function("arrayCount", 3, 3, current=False),
    Function("arraySearch", 3, 3, current=False),
    Function("matchLite", 2, None, test=Operator.REGEX_MATCH, cased=False, current=False),
    Function("safe", 1, 1, current=False),
)

_BY_NAME: Final = {function.name.lower(): function for function in FUNCTIONS}


def function_named(name: str) -> Function | None:
    """The function of this name, whose case does not matter."""
    return _BY_NAME.get(name.lower())
