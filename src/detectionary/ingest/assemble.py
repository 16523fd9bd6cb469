"""From a rule to its catalog entry: every room's part, put together."""

from __future__ import annotations

from dataclasses import replace

from detectionary import attack, schemas
from detectionary.catalog import slug_of
from detectionary.ingest.merging import with_additions, with_metadata
from detectionary.languages.language import Language
from detectionary.model.analysis import Analysis, Indicator
from detectionary.model.entry import Entry
from detectionary.model.rule import Rule
from detectionary.model.schema import Environment


def assemble(rule: Rule, language: Language, environment: Environment) -> Entry:
    """The entry of `rule`, whose query is in `language` and is read against `environment`."""
    analysis = language.analyze(rule.query, environment)
    rule, analysis = with_metadata(rule, analysis), with_additions(rule, analysis)
    canonical = replace(
        analysis,
        indicators=_canonical(analysis.indicators, analysis, rule.language),
        exclusions=_canonical(analysis.exclusions, analysis, rule.language),
    )
    return Entry(
        rule=rule,
        slug=slug_of(rule.source.path),
        analysis=canonical,
        coverage=attack.coverage(rule.tactics, rule.techniques, rule.tags),
        actions=schemas.actions(canonical, rule.language),
        platform=schemas.platform((*analysis.tables, *analysis.functions), rule.connectors, rule.source.path),
        third_party_feed=schemas.third_party_feed(canonical),
        time_window=(None if rule.schedule is None else rule.schedule.lookback) or analysis.window,
    )


def _canonical(rows: tuple[Indicator, ...], analysis: Analysis, language: str) -> tuple[Indicator, ...]:
    """Rows with the vendor-neutral names of their fields, in the tables that each row is about."""
    reading = (*analysis.tables, *analysis.functions)
    return tuple(
        row
        if row.field is None
        else replace(row, canonical_field=schemas.canonical_field(language, row.tables or reading, row.field))
        for row in rows
    )
