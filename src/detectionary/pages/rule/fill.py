"""Fill the page of a rule from its catalog entry: no text is read again here, nothing is worked out twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from detectionary.checks import Finding, findings
from detectionary.checks.alert_contract import feeds
from detectionary.model.analysis import Analysis, Binding, Indicator, OutputField, Parameter, Pipeline, Stage
from detectionary.model.entry import CorpusCount, Entry, Reference, Relations, ValueKey, value_keys
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Not,
    Opaque,
    Predicate,
    ThresholdTest,
    TimeFilter,
    Value,
)
from detectionary.model.rule import AlertContract
from detectionary.pages.keys import digest, page_name
from detectionary.pages.rule.context import (
    Corpus,
    Highlighter,
    PageAction,
    PageAlert,
    PageAsset,
    PageBinding,
    PageColumnComparison,
    PageConnector,
    PageDiagnostic,
    PageEntity,
    PageFact,
    PageGroup,
    PageIndicator,
    PageInput,
    PageOpaque,
    PageOutcome,
    PageOutputField,
    PageParameter,
    PageReference,
    PageRelated,
    PageSchedule,
    PageSource,
    PageStage,
    PageTactic,
    PageTechnique,
    PageTest,
    PageThreshold,
    PageTimeFilter,
    PageTrigger,
    PageValue,
    RulePage,
    SameAction,
    SharedIndicators,
)

ADDING: Final = frozenset(
    {"extend", "serialize", "parse", "parse-where", "parse-kv", "mv-expand", "mv-apply", "eval", "rename"}
)
"""Stage operators that add columns to those there are: what they make comes last, in their order."""

KEEPING: Final = frozenset({"where", "sort", "take", "sample", "as", "consume", "render", "head", "search"})
"""Stage operators that leave the columns as they are. All others shape the result anew."""


def rule_page(entry: Entry, relations: Relations, highlight: Highlighter) -> RulePage:
    """Everything that the page of `entry` shows. Without a catalog, `relations` are `NO_RELATIONS`."""
    rule, analysis = entry.rule, entry.analysis
    fields = output_fields(analysis)
    fed = feeds(rule.alert)
    return RulePage(
        id=rule.id,
        slug=entry.slug,
        title=rule.title,
        description=rule.description,
        references=rule.references,
        author=rule.author,
        version=rule.version,
        language=rule.language,
        platform=entry.platform,
        severity=None if rule.severity is None else rule.severity.value,
        status=None if rule.status is None else rule.status.lower(),
        kind=rule.kind,
        third_party_feed=entry.third_party_feed,
        connectors=tuple(PageConnector(connector.id, connector.tables) for connector in rule.connectors),
        tables=analysis.tables,
        schedule=None if rule.schedule is None else PageSchedule(rule.schedule.frequency, rule.schedule.lookback),
        trigger=None if rule.trigger is None else PageTrigger(rule.trigger.operator, rule.trigger.threshold),
        time_window=entry.time_window,
        group_by=analysis.group_by,
        time_filters=tuple(PageTimeFilter(test.text, test.span) for test in analysis.time_filters),
        thresholds=tuple(map(_threshold, analysis.thresholds)),
        source=PageSource(
            rule.source.repository, rule.source.path, rule.source.commit, rule.source.licence, rule.body_start
        ),
        attack=tuple(
            PageTactic(
                row.tactic,
                row.tactic_id,
                tuple(PageTechnique(each.id, each.name, each.revoked_from) for each in row.techniques),
            )
            for row in entry.coverage.tactics
        ),
        actions=tuple(action.key for action in entry.actions),
        same_action=tuple(
            SameAction(action, other.id, other.title, other.language, other.slug, other.platform)
            for action, other in relations.same_action
        ),
        parameters=tuple(_parameter(each, analysis) for each in analysis.parameters),
        bindings=tuple(map(_binding, analysis.bindings)),
        stages=tuple(_stage(stage, None) for stage in analysis.stages),
        indicators=_indicators(analysis.indicators, relations.corpus),
        exclusions=_indicators(analysis.exclusions, relations.excluded, excluded=True),
        output_fields=tuple(
            PageOutputField(field.name, field.source, field.stage, field.type, fed.get(field.name, ()))
            for field in fields
        ),
        alert=_alert(rule.alert),
        diagnostics=tuple(map(_diagnostic, findings(entry))),
        accepted=analysis.accepted,
        open_fields=analysis.open_fields,
        bins=analysis.bins,
        tags=rule.tags,
        functions=analysis.functions,
        named_inputs=tuple(PageInput(each.kind, each.name) for each in analysis.named_inputs),
        event_coverage=tuple(
            PageAction(action.key, action.provider, action.operation, action.inferred, linked)
            for found, linked in ((entry.actions, True), (entry.events, False))
            for action in found
        ),
        outcome=None if entry.outcome is None else PageOutcome(entry.outcome.success, entry.outcome.codes),
        same_action_total=len({other.slug for _, other in relations.same_action}),
        false_positives=rule.false_positives,
        date=rule.date,
        modified=rule.modified,
        related=tuple(PageRelated(relation, identifier) for relation, identifier in rule.related),
        facts=tuple(PageFact(name, text) for name, text in rule.facts),
        column_comparisons=tuple(map(_columns, analysis.column_comparisons)),
        opaques=tuple(PageOpaque(each.reason, each.text, each.span) for each in analysis.opaques),
        copies=tuple(map(_reference, relations.copies)),
        versions=tuple(map(_reference, relations.versions)),
        shared_indicators=tuple(
            SharedIndicators(other.id, other.slug, other.title, other.language, other.platform, count)
            for other, count in relations.shared_indicators
        ),
        query=rule.query.text,
        query_lines=tuple((line.line, line.column) for line in rule.query.lines),
        body=rule.body,
        body_language=rule.body_language,
        highlights=tuple((each.span.start, each.span.end, each.kind) for each in highlight(rule.query)),
    )


def output_fields(analysis: Analysis) -> tuple[OutputField, ...]:
    """The output fields as they are listed: what the last shaping stage leaves, sorted; then what later stages add."""
    shaped_at = max((stage.number for stage in analysis.stages if stage.operator not in ADDING | KEEPING), default=0)
    shaped = [field for field in analysis.output_fields if field.stage <= shaped_at or field.source not in ADDING]
    added = [field for field in analysis.output_fields if field.stage > shaped_at and field.source in ADDING]
    return (*sorted(shaped, key=lambda field: field.name), *sorted(added, key=lambda field: field.stage))


def _reference(other: Reference) -> PageReference:
    return PageReference(other.id, other.slug, other.title, other.language, other.platform)


def _threshold(test: ThresholdTest) -> PageThreshold:
    made = test.aggregate
    return PageThreshold(
        name=test.name.text,
        aggregate=None if made is None else made.text,
        operator=test.operator.value,
        value=test.value.value,
        span=test.span,
        name_kind=test.name.kind.value,
        aggregate_kind=None if made is None else made.kind.value,
    )


def _columns(test: ColumnComparison) -> PageColumnComparison:
    return PageColumnComparison(
        left=test.left.text,
        operator=test.operator,
        right=test.right.text,
        text=test.text,
        span=test.span,
        left_kind=test.left.kind.value,
        right_kind=test.right.kind.value,
    )


def _stage(stage: Stage, pipeline: str | None) -> PageStage:
    return PageStage(
        number=stage.number,
        operator=stage.operator,
        text=stage.text,
        stages=_nested(stage.pipelines),
        pipeline=pipeline,
        references=stage.references,
        thresholds=tuple(map(_threshold, stage.thresholds)),
        bins=stage.bins,
        predicate=None if stage.predicate is None else _test(stage.predicate),
        span=stage.span,
    )


def _nested(pipelines: tuple[Pipeline, ...]) -> tuple[PageStage, ...]:
    return tuple(_stage(stage, pipeline.label) for pipeline in pipelines for stage in pipeline.stages)


def _names_used(stage: Stage) -> Iterator[str]:
    yield from stage.references
    for pipeline in stage.pipelines:
        for inner in pipeline.stages:
            yield from _names_used(inner)


def _parameter(parameter: Parameter, analysis: Analysis) -> PageParameter:
    return PageParameter(
        name=parameter.name,
        text=parameter.text,
        value=parameter.value,
        type=parameter.type,
        references=parameter.references,
        used_in_stages=tuple(stage.number for stage in analysis.stages if parameter.name in _names_used(stage)),
        stages=_nested(parameter.pipelines),
        span=parameter.span,
    )


def _binding(binding: Binding) -> PageBinding:
    return PageBinding(
        name=binding.name,
        text=binding.text,
        stages=tuple(_stage(stage, None) for stage in binding.stages),
        kind=binding.kind,
        derived_from=binding.references,
        used_in_stages=binding.used_in_stages,
        span=binding.span,
    )


def _test(predicate: Predicate) -> PageTest:
    match predicate:
        case AllOf(operands):
            return PageTest(all=tuple(map(_test, operands)))
        case AnyOf(operands):
            return PageTest(any=tuple(map(_test, operands)))
        case Not(operand):
            return PageTest(negated=_test(operand))
        case Comparison():
            return PageTest(
                test="comparison",
                field=predicate.field,
                operator=predicate.operator.value,
                quantifier=predicate.quantifier.value,
                values=tuple(value.value for value in predicate.values),
                transforms=predicate.values[0].transforms if predicate.values else predicate.transforms,
                origin=None if predicate.origin is None else predicate.origin.text,
                span=predicate.span,
            )
        case TimeFilter(text, span):
            return PageTest(test="time", text=text, span=span)
        case ThresholdTest():
            return PageTest(
                test="threshold",
                field=predicate.name.text,
                operator=predicate.operator.value,
                values=(predicate.value.value,),
                span=predicate.span,
            )
        case ColumnComparison():
            return PageTest(test="columns", text=predicate.text, span=predicate.span)
        case Opaque():
            return PageTest(test="opaque", text=predicate.text, span=predicate.span)
        case _:
            assert_never(predicate)


def _indicators(
    rows: tuple[Indicator, ...], corpus: Mapping[ValueKey, CorpusCount] | None, *, excluded: bool = False
) -> tuple[PageIndicator, ...]:
    """Sorted by field, then operator, then where they stand; a row that searches all fields comes first."""
    ordered = sorted(rows, key=lambda row: (row.field or "", row.operator.value, row.stage, row.span))
    return tuple(
        PageIndicator(
            field=row.field,
            canonical_field=row.canonical_field,
            operator=row.operator.value,
            quantifier=row.quantifier.value,
            group=None if row.group is None else PageGroup(row.group.id, row.group.kind.value),
            context=row.context,
            stage=row.stage,
            values=tuple(
                _value(value, key, corpus, excluded) for value, key in zip(row.values, value_keys(row), strict=True)
            ),
            transforms=row.transforms,
            origin=None if row.origin is None else row.origin.text,
            implied=row.implied,
            tables=row.tables,
            span=row.span,
            record=row.record,
            from_kind=None if row.origin is None else row.origin.kind.value,
        )
        for row in ordered
    )


def _value(
    value: Value, key: ValueKey | None, corpus: Mapping[ValueKey, CorpusCount] | None, excluded: bool
) -> PageValue:
    count: Corpus | None = None
    if corpus is not None and key is not None:
        found = corpus.get(key)
        count = Corpus(0, {}) if found is None else Corpus(found.total, dict(found.by_language))
    name = page_name(key, excluded=excluded) if key is not None and count is not None and count.total > 0 else None
    identity = None if key is None else digest(*key)
    return PageValue(value.value, value.transforms, count, value.kind.value, name, identity)


def _alert(alert: AlertContract) -> PageAlert:
    return PageAlert(
        entities=tuple(
            PageEntity(entity.type, {field.identifier: field.column for field in entity.fields})
            for entity in alert.entities
        ),
        custom_details=dict(alert.custom_details),
        title=alert.title,
        description=alert.description,
        severity_column=alert.severity_column,
        tactics_column=alert.tactics_column,
        details=dict(alert.details),
        event_grouping=alert.event_grouping,
        grouping=dict(alert.grouping),
        suppression=alert.suppression,
        impacted_assets=tuple(PageAsset(kind, column) for kind, column in alert.impacted_assets),
        response_actions=alert.response_actions,
    )


def _diagnostic(finding: Finding) -> PageDiagnostic:
    diagnostic, position = finding.diagnostic, finding.position
    return PageDiagnostic(
        code=diagnostic.code,
        level=diagnostic.level.value,
        message=diagnostic.message,
        help=diagnostic.help,
        place=diagnostic.place,
        line=None if position is None else position.line,
        column=None if position is None else position.column,
        section=finding.section.value,
        span=diagnostic.span,
    )
