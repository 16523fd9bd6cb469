"""What a rule detects as one text: two rules that differ in metadata, spelling and order of keys alone share it."""

from __future__ import annotations

from typing import assert_never

from detectionary.languages.sigma.parser import parse
from detectionary.languages.sigma.syntax import (
    Aggregation,
    Condition,
    Connected,
    Correlation,
    Detection,
    Expression,
    Item,
    Literal,
    Named,
    Negated,
    Several,
    SigmaRule,
)
from detectionary.text import SourceText


def normalised(source: SourceText) -> str:
    """The printed rule; for a text that is none, the text."""
    rule = parse(source.text).rule
    return source.text if rule is None else printed(rule)


def printed(rule: SigmaRule) -> str:
    """The rule as YAML of one line a part, without metadata."""
    lines = [f"logsource: {rule.log_source or ''}"]
    lines += [f"filter of: {' '.join(each.name for each in rule.filtered)}"] if rule.is_filter else []
    lines += [f"{search.name}: {_detection(search.detection)}" for search in rule.searches]
    lines += [f"condition: {condition_text(condition)}" for condition in rule.conditions]
    lines += [f"timeframe: {rule.timeframe}"] if rule.timeframe else []
    lines += [_correlation(rule.correlation)] if rule.correlation is not None else []
    return "\n".join(lines)


def _detection(detection: Detection) -> str:
    parts = [_item(part) if isinstance(part, Item) else _detection(part) for part in detection.parts]
    return ("{" + ", ".join(parts) + "}") if detection.every else ("[" + ", ".join(parts) + "]")


def _item(item: Item) -> str:
    values = ", ".join(map(_literal, item.values))
    return "|".join((item.field or "", *item.modifiers)) + f": [{values}]"


def _literal(literal: Literal) -> str:
    return repr(literal.value)


def _correlation(correlation: Correlation) -> str:
    bounds = ", ".join(f"{bound.operator} {bound.value}" for bound in correlation.bounds)
    condition = condition_text(correlation.expression) if correlation.expression is not None else ""
    return (
        f"correlation: {correlation.type} of {', '.join(each.name for each in correlation.rules)} "
        f"by {', '.join(correlation.group_by)} within {correlation.timespan} "
        f"having {correlation.field or ''} {bounds}{condition} as {', '.join(correlation.aliases)}"
    )


def condition_text(condition: Condition) -> str:
    """A condition with one blank between words and the brackets that it needs; as written where it is unreadable."""
    if condition.expression is None:
        return condition.text
    text = expression_text(condition.expression)
    match condition.rest:
        case None:
            return text
        case Aggregation(function, field, by, operator, value):
            keys = f" by {', '.join(by)}" if by else ""
            return f"{text} | {function}({field or ''}){keys} {operator} {value}"
        case near:
            return f"{text} | near {expression_text(near.expression)}"


def expression_text(expression: Expression) -> str:
    """An expression as a condition writes it: parsing it gives the same expression."""
    match expression:
        case Named(name):
            return name
        case Several(count, pattern):
            return f"{'all' if count is None else count} of {pattern}"
        case Negated(operand):
            inner = expression_text(operand)
            return f"not ({inner})" if isinstance(operand, Connected) else f"not {inner}"
        case Connected(operands, every):
            word = " and " if every else " or "
            return word.join(_operand(each) for each in operands)
        case _:
            assert_never(expression)


def _operand(expression: Expression) -> str:
    text = expression_text(expression)
    return f"({text})" if isinstance(expression, Connected) else text
