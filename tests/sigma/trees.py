"""Condition trees in a form that pySigma's trees and ours have in common.

A tree is `("all"|"any", parts)`, `("not", part)` or a leaf `(field, test, value)`. Nested ands and ors of one kind are
one, their parts are a set. Texts are patterns in the neutral spelling, whatever operator stands before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import (
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from detectionary.model.matching_text import ENCODINGS
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Not,
    Opaque,
    Operator,
    Predicate,
    Quantifier,
    Value,
    ValueKind,
)
from detectionary.model.wildcards import Part, Wild, escaped, parts, spelled
from tests.sigma.encodings import forms

Tree: TypeAlias = tuple[Any, ...]


def joined(kind: str, found: Iterable[Tree]) -> Tree:
    """An `all` or `any` of parts; of one alone, the part."""
    flat: set[Tree] = set()
    for part in found:
        flat |= part[1] if part[0] == kind else {part}
    return next(iter(flat)) if len(flat) == 1 else (kind, frozenset(flat))


# --- ours


def ours(predicate: Predicate) -> Tree:
    match predicate:
        case AllOf(operands):
            return joined("all", map(ours, operands))
        case AnyOf(operands):
            return joined("any", map(ours, operands))
        case Not(operand):
            return ("not", ours(operand))
        case Comparison():
            return _comparison(predicate)
        case ColumnComparison(left, operator, right):
            return (left.text, "field", f"{operator} {right.text}")
        case Opaque(reason, text):
            return ("opaque", reason, text)
        case _:
            raise AssertionError(predicate)


def _comparison(test: Comparison) -> Tree:
    if test.operator in (Operator.IS_NULL, Operator.IS_NOT_NULL):
        return (test.field, test.operator.value, None)
    found = [_value(test.field, test.operator, value) for value in test.values]
    return joined("any" if test.quantifier is Quantifier.ANY else "all", found)


def _value(field: str | None, operator: Operator, value: Value) -> Tree:
    held = value.value
    marks = tuple(each for each in value.transforms if each not in ENCODINGS)
    if operator is Operator.REGEX_MATCH:
        insensitive = () if "cased" in marks else ("i",)
        flags = frozenset((*(mark for mark in marks if mark != "cased"), *insensitive))
        return (field, "regex", (held, flags))
    if operator is Operator.CIDR_MATCH:
        return (field, "cidr", held)
    if value.kind in (ValueKind.NUMBER, ValueKind.BOOL):
        return (field, f"{value.kind.value} {' '.join(marks)}{operator.value}", held)
    case = "cased text" if "cased" in marks else "text"
    encodings = [each for each in value.transforms if each in ENCODINGS]
    written = str(held)
    pattern = parts(written) if operator is Operator.WILDCARD or value.kind is ValueKind.PLACEHOLDER else (written,)
    found = []
    for form in forms(pattern, encodings):
        before = operator in (Operator.CONTAINS, Operator.ENDS_WITH)
        behind = operator in (Operator.CONTAINS, Operator.STARTS_WITH)
        whole = ((Wild.ANY,) if before else ()) + form + ((Wild.ANY,) if behind else ())
        found.append(_text(field, case, whole))
    return joined("any", found)


def _text(field: str | None, case: str, pattern: tuple[Part, ...]) -> Tree:
    if field is None:
        pattern = (Wild.ANY, *pattern, Wild.ANY)
    written = spelled(parts(spelled(pattern)))
    if field is not None and written in ("", "*"):
        return (field, "is_null" if written == "" else "is_not_null", None)
    return (field, case, written)


# --- pySigma's


def theirs(condition: Any) -> Tree:  # pySigma's trees are typed loosely
    match condition:
        case ConditionAND():
            return joined("all", map(theirs, condition.args))
        case ConditionOR():
            return joined("any", map(theirs, condition.args))
        case ConditionNOT():
            return ("not", theirs(condition.args[0]))
        case ConditionFieldEqualsValueExpression():
            return _their_value(condition.field, condition.value)
        case ConditionValueExpression():
            return _their_value(None, condition.value)
        case _:
            raise AssertionError(condition)


def _their_value(field: str | None, value: Any) -> Tree:
    match value:
        case SigmaExpansion():
            return joined("any", (_their_value(field, each) for each in value.values))
        case SigmaString():
            case = "cased text" if isinstance(value, SigmaCasedString) else "text"
            return _text(field, case, tuple(_their_parts(value)))
        case SigmaTimestampPart():
            return (field, f"number {value.timestamp_part.name.lower()}eq", value.number)
        case SigmaNumber() if field is None:
            return _text(field, "text", (str(value.number),))
        case SigmaNumber():
            return (field, "number eq", value.number)
        case SigmaBool():
            return (field, "bool eq", value.boolean)
        case SigmaExists():
            return (field, "is_not_null" if value.exists else "is_null", None)
        case SigmaNull():
            return (field, "is_null", None)
        case SigmaRegularExpression():
            flags = frozenset(flag.name.lower() for flag in value.flags)
            named = {"ignorecase": "i"}
            written = "".join(_their_regex(value.regexp))
            found = {named.get(flag, flag) for flag in flags} | ({"i"} if written.startswith("(?i)") else set())
            return (field, "regex", (written, frozenset(found)))
        case SigmaCIDRExpression():
            return (field, "cidr", value.cidr)
        case SigmaCompareExpression():
            operator = {"LT": "lt", "LTE": "le", "GT": "gt", "GTE": "ge"}[value.op.name]
            number = value.number
            part = f"{number.timestamp_part.name.lower()}" if isinstance(number, SigmaTimestampPart) else ""
            return (field, f"number {part}{operator}", number.number)
        case SigmaFieldReference():
            places = {(True, True): "contains", (True, False): "starts_with", (False, True): "ends_with"}
            return (field, "field", f"{places.get((value.starts_with, value.ends_with), '==')} {value.field}")
        case _:
            raise AssertionError(value)


def _their_parts(value: SigmaString) -> Iterator[Part]:
    for part in value.s:
        match part:
            case SpecialChars.WILDCARD_MULTI:
                yield Wild.ANY
            case SpecialChars.WILDCARD_SINGLE:
                yield Wild.ONE
            case Placeholder():
                yield f"%{part.name}%"
            case _:
                yield str(part)


def _their_regex(value: SigmaString) -> Iterator[str]:
    for part in _their_parts(value):
        yield part.value if isinstance(part, Wild) else part


__all__ = ["Tree", "escaped", "joined", "ours", "theirs"]
