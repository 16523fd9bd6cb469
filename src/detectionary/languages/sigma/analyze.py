"""A Sigma rule taken apart: condition and search identifiers as stages, what they filter on as rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import combinations
from math import comb
from typing import Final, TypeVar, assert_never

from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.languages.rows import Place, Rows
from detectionary.languages.sigma.correlations import correlation_analysis
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
from detectionary.languages.sigma.texts import short_duration, trimmed
from detectionary.model.analysis import Analysis, Indicator, OutputField, Stage
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Leaf,
    Not,
    Opaque,
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
    found = _Analyzer(source.text, parsed).analysis(Environment()) if parsed.rule is not None else None
    errors = tuple(each for each in (found.diagnostics if found else parsed.diagnostics) if each.level is Level.ERROR)
    stages = () if found is None else tuple(SyntaxStage(stage.operator, stage.span) for stage in found.stages)
    return SyntaxReport(not errors, errors, stages)


def analyze(source: SourceText, environment: Environment) -> Analysis:
    """Everything that the document says about what the rule detects."""
    parsed = parse(source.text)
    if parsed.rule is None:
        return Analysis(accepted=False, diagnostics=parsed.diagnostics)
    return _Analyzer(source.text, parsed).analysis(environment)


class _Analyzer:
    """Takes one rule apart."""

    def __init__(self, text: str, parsed: Parsed) -> None:
        assert parsed.rule is not None  # noqa: S101  # the callers have looked
        self._text = text
        self._rule: SigmaRule = parsed.rule
        self._diagnostics = list(parsed.diagnostics)
        self._predicates = Predicates(text)
        self._found = {search.name: self._predicates.detection(search.detection) for search in self._rule.searches}
        self._used: set[str] = set()

    def analysis(self, environment: Environment) -> Analysis:
        rule = self._rule
        if rule.correlation is not None:
            return correlation_analysis(self._text, rule, rule.correlation, self._diagnostics, environment, analyze)
        predicate = self._whole()
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
            diagnostics=tuple(self._diagnostics),
            predicate_count=len(tested) + len(thresholds),
            window=short_duration(rule.timeframe),
        )

    # Stages

    def _stages(self, thresholds: tuple[ThresholdTest, ...]) -> Iterator[Stage]:
        """The condition, then the search identifiers, in order (analysis.md 15)."""
        number = 0
        if self._rule.conditions:
            number = 1
            span = Span(self._rule.conditions[0].span.start, self._rule.conditions[-1].span.end)
            names = (name for each in self._rule.conditions for name in self._referred(each))
            yield Stage(1, "condition", span.of(self._text), span, (), tuple(dict.fromkeys(names)), None, thresholds)
        for search in self._rule.searches:
            number += 1
            span = trimmed(self._text, search.span)
            yield Stage(number, "selection", span.of(self._text), span, predicate=self._found[search.name])

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
        first = 1 if self._rule.conditions else 0
        for number, search in enumerate(self._rule.searches, start=first + 1):
            if search.span.start <= row.span.start < search.span.end:
                return replace(row, stage=number)
        return row

    # The condition over them

    def _aggregations(self) -> Iterator[Aggregation]:
        return (each.rest for each in self._rule.conditions if isinstance(each.rest, Aggregation))

    def _whole(self) -> Predicate | None:
        """What an event must be: any of the conditions holds."""
        found: list[Predicate] = []
        for condition in self._rule.conditions:
            if condition.expression is None:
                found.append(Opaque("unreadable", condition.text, condition.span))
                continue
            predicate = self._of(condition.expression)
            if isinstance(condition.rest, Near):
                predicate = AllOf((predicate, self._of(condition.rest.expression)))
            found.append(predicate)
        return (found[0] if len(found) == 1 else AnyOf(tuple(found))) if found else None

    def _of(self, expression: Expression) -> Predicate:
        match expression:
            case Named(name, span):
                return self._named(name, span)
            case Several():
                return self._several(expression)
            case Negated(operand):
                return Not(self._of(operand))
            case Connected(operands, every):
                found = tuple(map(self._of, operands))
                return AllOf(found) if every else AnyOf(found)
            case _:
                assert_never(expression)

    def _named(self, name: str, span: Span) -> Predicate:
        known = (
            name if name in self._found else next((each for each in self._found if each.lower() == name.lower()), None)
        )
        if known is None:
            near = ", ".join(self._found) or "none"
            self._error("SIG012", f"there is no search identifier “{name}”", span, f"the identifiers are: {near}")
            return Opaque("unreadable", name, span)
        self._used.add(known)
        return self._found[known]

    def _several(self, several: Several) -> Predicate:
        names = self._matching(several.pattern)
        self._used.update(names)
        if not names:
            message = f"no search identifier is like “{several.pattern}”"
            self._error("SIG012", message, several.span, "the identifiers are: " + (", ".join(self._found) or "none"))
            return Opaque("unreadable", several.span.of(self._text), several.span)
        parts = tuple(self._found[name] for name in names)
        count = len(parts) if several.count is None else several.count
        if count > len(parts):
            message = f"only {len(parts)} search identifiers are like “{several.pattern}”"
            self._error("SIG012", message, several.span, "ask for no more than there are")
            return Opaque("unreadable", several.span.of(self._text), several.span)
        if len(parts) == 1:
            return parts[0]
        if count == len(parts):
            return AllOf(parts)
        if count == 1:
            return AnyOf(parts)
        if comb(len(parts), count) > _MOST_CHOICES:
            return Opaque("many choices", several.span.of(self._text), several.span)
        return AnyOf(tuple(AllOf(chosen) for chosen in combinations(parts, count)))

    def _matching(self, pattern: str) -> tuple[str, ...]:
        """Names by a pattern; identifiers that begin with an underscore are not among "them"."""
        if pattern == "them":
            return tuple(name for name in self._found if not name.startswith("_"))
        # Only `*` is a wildcard here; brackets of a name are no character class.
        return tuple(name for name in self._found if fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]")))

    def _warn_of_unused(self) -> None:
        if any(condition.expression is None for condition in self._rule.conditions):
            return
        for search in self._rule.searches:
            if self._rule.conditions and search.name not in self._used:
                at = Span(search.span.start, search.span.start + len(search.name))
                message = f"the condition does not use “{search.name}”"
                advice = "use it in the condition, or remove it"
                self._diagnostics.append(Diagnostic("SIG013", Level.WARNING, message, at, advice))

    def _error(self, code: str, message: str, span: Span, advice: str) -> None:
        self._diagnostics.append(Diagnostic(code, Level.ERROR, message, span, advice))


def _threshold(aggregation: Aggregation) -> ThresholdTest:
    field = aggregation.field or ""
    name = f"{aggregation.function}({field})"
    value = Value(ValueKind.NUMBER, aggregation.value)
    return ThresholdTest(
        name, name, _AGGREGATES[aggregation.operator], value, aggregation.span, negated=aggregation.operator == "!="
    )


def _distinct(predicate: Predicate | None) -> tuple[Leaf, ...]:
    """The leaves of a predicate, an identifier that the condition uses twice only once."""
    return () if predicate is None else tuple(dict.fromkeys(leaves(predicate)))


def _of_kind(tested: tuple[Leaf, ...], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(leaf for leaf in tested if isinstance(leaf, kind))
