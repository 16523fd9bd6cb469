"""Correlation rules: which rules they count or join, over which keys, within which time.

https://sigmahq.io/sigma-specification/specification/sigma-correlation-rules-specification.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from detectionary.languages.sigma.syntax import Correlation, Named, SigmaRule, named
from detectionary.languages.sigma.texts import short_duration, trimmed
from detectionary.model.analysis import Analysis, Group, Indicator, OutputField, Pipeline, Stage
from detectionary.model.predicate import Operand, OperandKind, Operator, ThresholdTest, Value, ValueKind
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, Level, SourceText, Span

_OPERATORS: Final = {
    "gt": Operator.GT,
    "gte": Operator.GE,
    "lt": Operator.LT,
    "lte": Operator.LE,
    "eq": Operator.EQ,
    "neq": Operator.EQ,
}

MAX_DEPTH: Final = 8
MAX_REFERRED: Final = 200
"""Rules that one correlation shows at most, those of correlations that it refers to included."""


class References:
    """The rules that a correlation refers to, by name or id, each analysed where it is named.

    Correlations that refer to one another in a circle, or that multiply without measure, end there.
    """

    def __init__(self, environment: Environment, analyze: Callable[[SourceText, References], Analysis]) -> None:
        self._functions = environment.functions
        self._analyze = analyze
        self._left = MAX_REFERRED
        self._inside: list[SourceText] = []

    def analysis(self, name: str) -> Analysis | None:
        """The rule's own analysis; None where no such rule is known, or none more may be shown."""
        definition = self._functions.get(key_of(name))
        if definition is None or definition.body is None or definition.body in self._inside:
            return None
        if len(self._inside) >= MAX_DEPTH or self._left <= 0:
            return None
        self._left -= 1
        self._inside.append(definition.body)
        found = self._analyze(definition.body, self)
        self._inside.pop()
        return found


def key_of(name: str) -> str:
    """What the environment calls a rule with this name or id."""
    return f"sigma:{name}"


def correlation_analysis(
    text: str,
    rule: SigmaRule,
    correlation: Correlation,
    diagnostics: list[Diagnostic],
    references: References,
) -> Analysis:
    """What a correlation says, the rules that it refers to included.

    What they filter on is shown with the context "rule NAME", at the place that names them: it is theirs, and counted
    with them.
    """
    names = tuple({each.name: each for each in correlation.rules or _named_in(correlation)}.values())
    pipelines: list[Pipeline] = []
    indicators: list[Indicator] = []
    exclusions: list[Indicator] = []
    tables: dict[str, None] = {}
    groups = 0
    looked_up = {key_of(each.name) for each in names}
    for each in names:
        referred = references.analysis(each.name)
        if referred is None:
            message = f"no rule with the name or id “{each.name}” is known"
            advice = "give the rule this name, or ingest the repository that holds it"
            diagnostics.append(Diagnostic("SIG301", Level.WARNING, message, each.span, advice))
            continue
        looked_up |= referred.dependencies
        tables |= dict.fromkeys(referred.tables)
        pipelines.append(Pipeline(f"rule {each.name}", tuple(_stage(stage, each.span) for stage in referred.stages)))
        for rows, found in ((indicators, referred.indicators), (exclusions, referred.exclusions)):
            rows += [_row(row, each, groups) for row in found]
        groups += max((row.group.id for row in (*referred.indicators, *referred.exclusions) if row.group), default=0)
    thresholds = tuple(_thresholds(correlation))
    span = trimmed(text, correlation.span)
    stage = Stage(
        1, "correlation", span.of(text), span, tuple(pipelines), tuple(each.name for each in names), None, thresholds
    )
    keys = tuple(dict.fromkeys((*correlation.group_by, *correlation.aliases)))
    outputs = tuple(OutputField(name, "correlation", 1, "unknown") for name in keys)
    others = tuple(OutputField(name, "fields", 1, "unknown") for name in dict.fromkeys(rule.fields) if name not in keys)
    return Analysis(
        accepted=not any(each.level is Level.ERROR for each in diagnostics),
        stages=(stage,),
        indicators=tuple(indicators),
        exclusions=tuple(exclusions),
        thresholds=thresholds,
        output_fields=(*outputs, *others),
        tables=tuple(tables),
        group_by=correlation.group_by,
        dependencies=frozenset(looked_up),
        diagnostics=tuple(diagnostics),
        predicate_count=len(thresholds),
        window=short_duration(correlation.timespan),
    )


def _named_in(correlation: Correlation) -> tuple[Named, ...]:
    """The rules that a condition over names refers to, where they are not listed."""
    written = correlation.expression
    if written is None or written.expression is None:
        return ()
    return tuple(each for each in named(written.expression) if isinstance(each, Named))


def _stage(stage: Stage, at: Span) -> Stage:
    """A stage of another rule: its text is its own, its place is where it is named."""
    return replace(
        stage,
        span=at,
        predicate=None,
        pipelines=tuple(
            replace(pipeline, stages=tuple(_stage(inner, at) for inner in pipeline.stages))
            for pipeline in stage.pipelines
        ),
    )


def _row(row: Indicator, name: Named, groups: int) -> Indicator:
    group = None if row.group is None else Group(row.group.id + groups, row.group.kind)
    return replace(row, stage=1, span=name.span, context=f"rule {name.name}", group=group)


def _thresholds(correlation: Correlation) -> list[ThresholdTest]:
    aggregate = Operand(f"{correlation.type}({correlation.field or ''})", OperandKind.FUNCTION)
    return [
        ThresholdTest(
            Operand(correlation.type, OperandKind.NAME),
            aggregate,
            _OPERATORS[bound.operator],
            Value(ValueKind.NUMBER, bound.value),
            bound.span,
            negated=bound.operator == "neq",
        )
        for bound in correlation.bounds
    ]
