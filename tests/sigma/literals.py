"""Every literal of a rule's text, and whether its analysis shows it: a walk over the nodes of the YAML document."""

from __future__ import annotations

from collections.abc import Iterator

from detectionary.languages.sigma.conditions import tokenize
from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.predicate import Operator, Value
from detectionary.model.wildcards import parts
from detectionary.text import Span
from detectionary.text.yamldoc import MappingNode, Node, ScalarNode, SequenceNode, parse_yaml

_NULL_CHECKS = (Operator.IS_NULL, Operator.IS_NOT_NULL)


def lost(text: str, analysis: Analysis) -> list[str]:
    """The literals below `detection` that neither a row nor a column comparison, opaque predicate, threshold, window
    nor the references of a stage show. Searches that the condition does not use are stages only.
    """
    root = parse_yaml(text).documents[0].root
    assert isinstance(root, MappingNode)
    detection = root.get("detection")
    assert isinstance(detection, MappingNode)
    unused = {each.span.start for each in analysis.diagnostics if each.code == "SIG013" and each.span is not None}
    found: list[str] = []
    for key, value in detection.pairs:
        if key.text == "timeframe":
            found += [] if analysis.window else ["timeframe"]
        elif key.text == "condition":
            found += _lost_of_condition(value, analysis)
        elif key.span.start not in unused:
            found += [each.text for each in _scalars(value) if not _is_shown(each, analysis)]
    return found


def _scalars(node: Node) -> Iterator[ScalarNode]:
    match node:
        case ScalarNode():
            yield node
        case SequenceNode(items):
            for item in items:
                yield from _scalars(item)
        case MappingNode(pairs):
            for _, value in pairs:
                yield from _scalars(value)


def _within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _is_shown(scalar: ScalarNode, analysis: Analysis) -> bool:
    rows = (*analysis.indicators, *analysis.exclusions)
    if any(_within(scalar.span, row.span) and _holds(row, scalar) for row in rows):
        return True
    others = [*(each.span for each in analysis.column_comparisons), *(each.span for each in analysis.opaques)]
    return any(_within(scalar.span, span) for span in others)


def _holds(row: Indicator, scalar: ScalarNode) -> bool:
    if row.operator in _NULL_CHECKS:
        exists = row.transforms == ("exists",)
        return exists or scalar.text in ("", "*", "**", "null", "~", "NULL", "Null")
    return any(_is_of(value, row.operator, scalar) for value in row.values)


def _is_of(value: Value, operator: Operator, scalar: ScalarNode) -> bool:
    """Whether a value is the scalar's: as written, as a number, or with its escapes read and wildcards put round."""
    written = str(value.value)
    if written == scalar.text or written.lower() == scalar.text.lower() or scalar.text.lstrip("0") == written:
        return True
    meant = [part for part in parts(scalar.text) if isinstance(part, str)]
    held = parts(written) if operator is Operator.WILDCARD else (written,)
    return meant == [part for part in held if isinstance(part, str)]


def _lost_of_condition(node: Node, analysis: Analysis) -> Iterator[str]:
    """Names stand in the references of the condition's stage, what follows a bar in a threshold and the group-by."""
    stage = next(stage for stage in analysis.stages if stage.operator == "condition")
    numbers = [str(test.value.value) for test in analysis.thresholds]
    for scalar in _scalars(node):
        behind = False
        for token in tokenize(scalar.text):
            word = token.text.lower()
            behind = behind or token.kind == "|"
            if token.kind != "word" or word in _WORDS:
                continue
            aggregates = [test.aggregate.text if test.aggregate else "" for test in analysis.thresholds]
            known = word in numbers or any(token.text in each for each in aggregates) or token.text in analysis.group_by
            if "*" in word or (not behind and word.isdecimal()) or token.text in stage.references or (behind and known):
                continue
            yield token.text


_WORDS = frozenset({"and", "or", "not", "of", "all", "any", "them", "by", "near"})
