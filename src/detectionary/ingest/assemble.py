"""From a rule to its catalog entry: every room's part, put together."""

from __future__ import annotations

from detectionary import attack, schemas
from detectionary.catalog import slug_of
from detectionary.ingest.merging import with_additions, with_metadata
from detectionary.languages.language import Language
from detectionary.model.entry import Entry
from detectionary.model.rule import Rule
from detectionary.model.schema import Environment


def assemble(rule: Rule, language: Language, environment: Environment) -> Entry:
    """The entry of `rule`, whose query is in `language` and is read against `environment`."""
    analysis = language.analyze(rule.query, environment)
    rule, analysis = with_metadata(rule, analysis), with_additions(rule, analysis)
    analysis = schemas.with_canonical_fields(analysis, rule.language)
    return Entry(
        rule=rule,
        slug=slug_of(rule.source.path),
        analysis=analysis,
        coverage=attack.coverage(rule.tactics, rule.techniques, rule.tags),
        actions=schemas.actions(analysis, rule.language),
        platform=schemas.platform_of_rule(analysis, rule.language, rule.connectors, rule.source.path, rule.tags),
        third_party_feed=schemas.third_party_feed(analysis, rule.language),
        time_window=(None if rule.schedule is None else rule.schedule.lookback) or analysis.window,
        outcome=schemas.outcome(analysis),
        events=schemas.event_coverage(analysis.tables, rule.language),
    )
