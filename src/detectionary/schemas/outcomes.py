"""Which result of its actions a rule watches: success, failure, certain error codes (`model.outcome`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from detectionary.model.analysis import Analysis, GroupKind, Indicator
from detectionary.model.outcome import Outcome
from detectionary.model.predicate import Operator, Quantifier, ValueKind
from detectionary.schemas.records import is_used

_SUCCESS: Final = frozenset({"success", "succeeded", "successful", "allow", "allowed", "ok", "partiallysucceeded"})
_FAILURE: Final = frozenset({"failure", "failed", "fail", "block", "blocked", "deny", "denied", "forbid", "error"})


@dataclass(frozen=True, slots=True)
class _ErrorField:
    """A field that holds an error code: the codes that mean success, and whether an empty one means it too."""

    successes: frozenset[str] = frozenset()
    empty: bool = False


_WORDS: Final = frozenset(
    {
        "event.outcome",
        "azure.activitylogs.status",
        "azure.activitylogs.substatus",
        "aws.cloudtrail.response_elements.consolelogin",
        "kubernetes.audit.annotations.authorization_k8s_io/decision",
        "kubernetes.audit.annotations.authorization_k8s_io",
    }
)
"""Fields whose values say by their word whether it worked."""

_ZERO: Final = frozenset({"0"})
_CODES: Final = {
    "aws.cloudtrail.error_code": _ErrorField(frozenset({"success"}), empty=True),
    "aws.cloudtrail.error_message": _ErrorField(empty=True),
    "azure.signinlogs.result_type": _ErrorField(_ZERO),
    "azure.signinlogs.result_signature": _ErrorField(_SUCCESS | {"none"}),
    "azure.auditlogs.result_type": _ErrorField(_ZERO),
    "error.code": _ErrorField(empty=True),
    "gcp.audit.status.code": _ErrorField(_ZERO, empty=True),
    "o365.audit.logonerror": _ErrorField(empty=True),
    "winlog.event_data.failurecode": _ErrorField(frozenset({"0x0"})),
    "winlog.event_data.status": _ErrorField(frozenset({"0x0", "0x00000000"})),
    "winlog.event_data.substatus": _ErrorField(frozenset({"0x0", "0x00000000"})),
}
_FREE_TEXT: Final = frozenset({"aws.cloudtrail.error_message"})
"""Fields of which an empty value tells something, but whose values are no codes."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What one row says: the result, and codes."""

    success: bool | None
    codes: tuple[str, ...] = ()


def outcome(analysis: Analysis) -> Outcome | None:
    """The outcome that the rule's filters pick, or None when it filters on none, or on several that disagree.

    The rows carry their canonical fields. Rows of an anti-join do not count, nor those that another field may stand in
    for (`outcome == "failure" or action == "x"`). An excluded success is a failure and the other way round; excluded
    error codes say nothing, since another code and none at all are left.
    """
    said = [found for row in _required(analysis.indicators) for found in _row(row)]
    said += [found for row in analysis.exclusions if _excludes_alone(row) for found in _excluded(row)]
    results = {found.success for found in said if found.success is not None}
    codes = tuple(dict.fromkeys(code for found in said for code in found.codes))
    if len(results) == 1:
        return Outcome(results.pop(), codes)
    return Outcome(None, codes) if codes else None


def _required(rows: tuple[Indicator, ...]) -> list[Indicator]:
    """The rows about a result that hold whenever the rule does: alternatives must all be about a result."""
    others = {
        row.group.id
        for row in rows
        if row.group is not None and row.group.kind is GroupKind.ANY and not _is_result(row)
    }
    return [row for row in rows if is_used(row) and (row.group is None or row.group.id not in others)]


def _excludes_alone(row: Indicator) -> bool:
    return is_used(row) and (row.group is None or row.group.kind is GroupKind.ANY)


def _is_result(row: Indicator) -> bool:
    field = (row.canonical_field or "").lower()
    return field in _WORDS or field in _CODES


def _row(row: Indicator) -> Iterator[_Said]:
    field = (row.canonical_field or "").lower()
    if field in _WORDS:
        yield from _words(row)
    elif field in _CODES:
        yield from _codes(row, _CODES[field], free=field in _FREE_TEXT)


def _words(row: Indicator) -> Iterator[_Said]:
    if row.operator in (Operator.EQ, Operator.MATCH, Operator.CONTAINS, Operator.STARTS_WITH):
        results = {_result(text) for text in _texts(row)}
        if len(results) == 1:
            yield _Said(results.pop())


def _result(word: str) -> bool | None:
    folded = word.strip().lower()
    if folded in _SUCCESS:
        return True
    return False if folded in _FAILURE else None


def _codes(row: Indicator, about: _ErrorField, *, free: bool) -> Iterator[_Said]:
    if row.operator is Operator.IS_NULL and about.empty:
        yield _Said(True)
    elif row.operator is Operator.IS_NOT_NULL and about.empty:
        yield _Said(False)
    elif row.operator in (Operator.EQ, Operator.MATCH, Operator.CONTAINS, Operator.STARTS_WITH, Operator.ENDS_WITH,
                          Operator.WILDCARD):  # fmt: skip
        texts = [text for text in _texts(row) if text.strip("*")]
        good = [text for text in texts if text.lower() in about.successes]
        bad = [text for text in texts if text.lower() not in about.successes]
        if bad and not good:
            named = tuple(text for text in bad if text.lower() not in _FAILURE)
            yield _Said(False, () if free or row.operator is not Operator.EQ else named)
        elif good and not bad:
            yield _Said(True)
        elif bad:
            yield _Said(None, tuple(bad))
        elif about.empty:  # `*`: anything but nothing
            yield _Said(False)


def _excluded(row: Indicator) -> Iterator[_Said]:
    """What is left when the row is excluded, where that is one result."""
    if row.operator is not Operator.EQ or row.quantifier is not Quantifier.ANY:
        return
    field = (row.canonical_field or "").lower()
    texts = _texts(row)
    if field in _WORDS:
        results = {_result(text) for text in texts}
        if results == {True}:
            yield _Said(False)
        elif results == {False}:
            yield _Said(True)
    elif field in _CODES and texts and all(text.lower() in _CODES[field].successes for text in texts):
        yield _Said(False)


def _texts(row: Indicator) -> list[str]:
    kinds = (ValueKind.TEXT, ValueKind.NUMBER, ValueKind.BOOL)
    return [str(value.value) for value in row.values if value.kind in kinds]
