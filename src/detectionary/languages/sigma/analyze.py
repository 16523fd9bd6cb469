"""A Sigma rule taken apart: condition and search identifiers as stages, what they filter on as rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import combinations
from math import comb
from typing import Final, TypeVar, assert_never

from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.languages.rows import Place, Rows
from detectionary.languages.sigma.correlations import References, correlation_analysis, key_of
from detectionary.languages.sigma.parser import Parsed, parse
from detectionary.languages.sigma.predicates import Predicates
from detectionary.languages.sigma.syntax import (
    Aggregation,
    Condition,
    Connected,
    Expression,
    Named,
    Near,
    Negated,
    Several,
    SigmaRule,
    named,
)
from detectionary.languages.sigma.texts import short_duration
from detectionary.model.analysis import Analysis, Indicator, OutputField, Stage
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Leaf,
    Not,
    Opaque,
    Operand,
    OperandKind,
    Operator,
    Predicate,
    ThresholdTest,
    Value,
    ValueKind,
    leaves,
)
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, Level, SourceText, Span

_MOST_CHOICES: Final = 200
"""`3 of them` is read as any of its combinations up to this many."""

_MOST_LEAVES: Final = 50_000
"""Conditions that name the same identifiers over and over are followed up to so many comparisons."""

_MOST_NAMES: Final = 12

_AGGREGATES: Final = {
    "<": Operator.LT,
    "<=": Operator.LE,
    ">": Operator.GT,
    ">=": Operator.GE,
    "=": Operator.EQ,
    "==": Operator.EQ,
    "!=": Operator.EQ,
}

_Kind = TypeVar("_Kind", bound=Leaf)


def check(source: SourceText) -> SyntaxReport:
    """The verdict on the form of the rule; its stages are the condition and the search identifiers."""
    parsed = parse(source.text)
    found = _Analyzer(source.text, parsed).analysis(_references(Environment())) if parsed.rule is not None else None
    errors = tuple(each for each in (found.diagnostics if found else parsed.diagnostics) if each.level is Level.ERROR)
    stages = () if found is None else tuple(SyntaxStage(stage.operator, stage.span) for stage in found.stages)
    return SyntaxReport(not errors, errors, stages)


def analyze(source: SourceText, environment: Environment) -> Analysis:
    """Everything that the document says about what the rule detects."""
    return _analyze(source, _references(environment))


def rule_predicate(source: SourceText) -> Predicate | None:
    """What an event must be for the rule to look at it: the condition with its search identifiers put in.

    None for a correlation, and for a text that is no rule. An aggregation behind the condition is no part of it.
    """
    parsed = parse(source.text)
    if parsed.rule is None or parsed.rule.correlation is not None:
        return None
    return _Analyzer(source.text, parsed).predicate()


def _references(environment: Environment) -> References:
    return References(environment, _analyze)


def _analyze(source: SourceText, references: References) -> Analysis:
    parsed = parse(source.text)
    if parsed.rule is None:
        return Analysis(accepted=False, diagnostics=parsed.diagnostics)
    return _Analyzer(source.text, parsed).analysis(references)


class _Analyzer:
    """Takes one rule apart."""

    def __init__(self, text: str, parsed: Parsed) -> None:
        assert parsed.rule is not None  # noqa: S101  # the callers have looked
        self._text = text
        self._rule: SigmaRule = parsed.rule
        self._diagnostics = list(parsed.diagnostics)
        self._predicates = Predicates(text)
        self._found = {search.name: self._predicates.detection(search.detection) for search in self._rule.searches}
        self._sizes = {name: sum(1 for _ in leaves(predicate)) for name, predicate in self._found.items()}
        self._starts = [search.span.start for search in self._rule.searches]
        self._left = _MOST_LEAVES
        self._patterns: dict[str, tuple[str, ...]] = {}
        self._used: set[str] = set()
        self._sought: set[str] = set()

    def analysis(self, references: References) -> Analysis:
        rule = self._rule
        if rule.correlation is not None:
            return correlation_analysis(self._text, rule, rule.correlation, self._diagnostics, references)
        predicate = self.predicate()
        thresholds = tuple(_threshold(each) for each in self._aggregations())
        stages = tuple(self._stages(thresholds))
        rows = Rows()
        if predicate is not None:
            rows.add(predicate, Place(0, None, () if rule.log_source is None else (rule.log_source,)))
        tested = _distinct(predicate)
        self._diagnostics += self._predicates.diagnostics
        self._warn_of_unused()
        keys = tuple(dict.fromkeys(key for each in self._aggregations() for key in each.by))
        return Analysis(
            accepted=not any(each.level is Level.ERROR for each in self._diagnostics),
            stages=stages,
            indicators=tuple(map(self._placed, rows.indicators)),
            exclusions=tuple(map(self._placed, rows.exclusions)),
            thresholds=thresholds,
            column_comparisons=_of_kind(tested, ColumnComparison),
            opaques=_of_kind(tested, Opaque),
            output_fields=tuple(OutputField(name, "fields", 1, "unknown") for name in dict.fromkeys(rule.fields)),
            open_fields=True,
            tables=() if rule.log_source is None else (rule.log_source,),
            group_by=keys,
            diagnostics=tuple(sorted(self._diagnostics, key=_place)),
            dependencies=frozenset(key_of(each.name) for each in rule.filtered),
            predicate_count=len(tested) + len(thresholds),
            window=short_duration(rule.timeframe),
        )

    # Stages

    def _stages(self, thresholds: tuple[ThresholdTest, ...]) -> Iterator[Stage]:
        """The condition, then the search identifiers, in order (analysis.md 15).

        Those that the condition has only under a negation show what must not be: their predicates are negated.
        """
        number = 0
        if self._rule.conditions:
            number = 1
            span = Span(self._rule.conditions[0].span.start, self._rule.conditions[-1].span.end)
            names = (name for each in self._rule.conditions for name in self._referred(each))
            yield Stage(1, "condition", span.of(self._text), span, (), tuple(dict.fromkeys(names)), None, thresholds)
        for search in self._rule.searches:
            number += 1
            span = search.span
            predicate = self._found[search.name]
            if search.name in self._used and search.name not in self._sought:
                predicate = Not(predicate)
            yield Stage(number, "selection", span.of(self._text), span, predicate=predicate)

    def _referred(self, condition: Condition) -> Iterator[str]:
        for expression in (
            condition.expression,
            condition.rest.expression if isinstance(condition.rest, Near) else None,
        ):
            if expression is not None:
                for each in named(expression):
                    yield from (each.name,) if isinstance(each, Named) else self._matching(each.pattern)

    def _placed(self, row: Indicator) -> Indicator:
        """A row with the stage of the search identifier that it stands in."""
        before = bisect_right(self._starts, row.span.start)
        return replace(row, stage=before + bool(self._rule.conditions)) if before else row

    # The condition over them

    def _aggregations(self) -> Iterator[Aggregation]:
        return (each.rest for each in self._rule.conditions if isinstance(each.rest, Aggregation))

    def predicate(self) -> Predicate | None:
        """What an event must be: any of the conditions holds."""
        found: list[Predicate] = []
        if not self._rule.conditions and len(self._found) == 1:
            # The condition was forgotten, and can only have been this one.
            self._used.update(self._found)
            self._sought.update(self._found)
            return next(iter(self._found.values()))
        for condition in self._rule.conditions:
            if condition.expression is None:
                found.append(Opaque("unreadable", condition.text, condition.span))
                continue
            predicate = self._of(condition.expression, False)
            if isinstance(condition.rest, Near):
                predicate = AllOf((predicate, self._of(condition.rest.expression, False)))
            found.append(predicate)
        return (found[0] if len(found) == 1 else AnyOf(tuple(found))) if found else None

    def _of(self, expression: Expression, negated: bool) -> Predicate:
        match expression:
            case Named(name, span):
                return self._named(name, span, negated)
            case Several():
                return self._several(expression, negated)
            case Negated(operand):
                return Not(self._of(operand, not negated))
            case Connected(operands, every):
                found = tuple(self._of(operand, negated) for operand in operands)
                return AllOf(found) if every else AnyOf(found)
            case _:
                assert_never(expression)

    def _named(self, name: str, span: Span, negated: bool) -> Predicate:
        if name not in self._found:
            return self._unknown(f"there is no search identifier “{name}”", self._names(), span)
        return self._taken((name,), span, negated)[0]

    def _several(self, several: Several, negated: bool) -> Predicate:
        names = self._matching(several.pattern)
        if not names:
            return self._unknown(f"no search identifier is like “{several.pattern}”", self._names(), several.span)
        count = len(names) if several.count is None else several.count
        if count > len(names):
            message = f"only {len(names)} search identifiers are like “{several.pattern}”"
            return self._unknown(message, "ask for no more than there are", several.span)
        parts = self._taken(names, several.span, negated)
        if len(parts) == 1:
            return parts[0]
        if count == len(parts):
            return AllOf(parts)
        if count == 1:
            return AnyOf(parts)
        if comb(len(parts), count) > _MOST_CHOICES:
            return Opaque("many choices", several.span.of(self._text), several.span)
        return AnyOf(tuple(AllOf(chosen) for chosen in combinations(parts, count)))

    def _taken(self, names: tuple[str, ...], span: Span, negated: bool) -> tuple[Predicate, ...]:
        """The predicates of search identifiers, while the whole does not grow without measure."""
        self._used.update(names)
        if not negated:
            self._sought.update(names)
        self._left -= sum(self._sizes[name] for name in names)
        if self._left < 0:
            return (Opaque("many choices", span.of(self._text), span),)
        return tuple(self._found[name] for name in names)

    def _matching(self, pattern: str) -> tuple[str, ...]:
        """Names by a pattern; those that begin with an underscore are hidden from "them" and others' patterns."""
        found = self._patterns.get(pattern)
        if found is None:
            # Only `*` is a wildcard here; brackets of a name are no character class.
            glob = "*" if pattern == "them" else pattern.replace("[", "[[]").replace("?", "[?]")
            found = tuple(
                name
                for name in self._found
                if (pattern.startswith("_") or not name.startswith("_")) and fnmatchcase(name, glob)
            )
            self._patterns[pattern] = found
        return found

    def _names(self) -> str:
        names = tuple(self._found)
        more = ", …" if len(names) > _MOST_NAMES else ""
        return "the identifiers are: " + (", ".join(names[:_MOST_NAMES]) + more if names else "none")

    def _unknown(self, message: str, advice: str, span: Span) -> Predicate:
        self._diagnostics.append(Diagnostic("SIG012", Level.ERROR, message, span, advice))
        return Opaque("unreadable", span.of(self._text), span)

    def _warn_of_unused(self) -> None:
        if any(condition.expression is None for condition in self._rule.conditions):
            return
        for search in self._rule.searches:
            if self._rule.conditions and search.name not in self._used:
                at = Span(search.span.start, search.span.start + len(search.name))
                message = f"the condition does not use “{search.name}”"
                advice = "use it in the condition, or remove it"
                self._diagnostics.append(Diagnostic("SIG013", Level.WARNING, message, at, advice))


def _threshold(aggregation: Aggregation) -> ThresholdTest:
    field = aggregation.field or ""
    name = Operand(f"{aggregation.function}({field})", OperandKind.FUNCTION)
    value = Value(ValueKind.NUMBER, aggregation.value)
    return ThresholdTest(
        name, name, _AGGREGATES[aggregation.operator], value, aggregation.span, negated=aggregation.operator == "!="
    )


def _distinct(predicate: Predicate | None) -> tuple[Leaf, ...]:
    """The leaves of a predicate, an identifier that the condition uses twice only once."""
    return () if predicate is None else tuple(dict.fromkeys(leaves(predicate)))


def _of_kind(tested: tuple[Leaf, ...], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(leaf for leaf in tested if isinstance(leaf, kind))


def _place(diagnostic: Diagnostic) -> int:
    """Where a finding begins: they are told in the order of the text."""
    return 0 if diagnostic.span is None else diagnostic.span.start
