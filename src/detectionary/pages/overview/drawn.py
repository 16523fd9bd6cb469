"""The charts of the first page: what rules there are, by language, platform, tactic, severity and time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from detectionary import attack
from detectionary.catalog import Facet, Index
from detectionary.catalog.changes import Run
from detectionary.catalog.statistics import Statistics
from detectionary.pages.languages import language_title
from detectionary.pages.overview.charts import Chart, ChartRow
from detectionary.pages.overview.context import browse_link

_MOST_BARS: Final = 13
_FIRST_YEARS: Final = 10
"""So many years and days have a column each; earlier years share one."""

SEVERITIES: Final = ("critical", "high", "medium", "low", "informational")


def charts(index: Index, numbers: Statistics, runs: tuple[Run, ...]) -> Iterator[Chart]:
    """All charts, in order; none for an empty catalog."""
    if not index.rules:
        return
    languages = index.counts(Facet.LANGUAGE, index.everything)
    yield Chart(
        "language",
        "bars",
        "Query language",
        "Each is read by a parser of its own grammar.",
        "Language",
        ("rules",),
        tuple(
            ChartRow(language_title(count.key), (count.rules,), browse_link(("language", count.key)))
            for count in languages
        ),
    )
    yield _severities(index)
    yield Chart(
        "platform",
        "bars",
        "Platform watched",
        "Told from a rule’s tables, log source, connectors and path.",
        "Platform",
        ("rules",),
        tuple(_most(index, Facet.PLATFORM, "not known")),
    )
    if numbers.years:
        yield _years(numbers, len(index.rules))
    yield _tactics(index)
    growth = _growth(reversed(runs))
    if len(growth.rows) > 1:
        yield growth


def _most(index: Index, facet: Facet, unknown: str) -> Iterator[ChartRow]:
    """The values that most rules have, then what is left over."""
    counts = index.counts(facet, index.everything)
    shown = counts if len(counts) <= _MOST_BARS else counts[: _MOST_BARS - 1]
    covered = 0
    for count in shown:
        yield ChartRow(count.name, (count.rules,), browse_link((facet.value, count.name)))
    for value in index.values(facet).values():
        covered |= value.bits
    rest = sum(count.rules for count in counts[len(shown) :])
    if rest:
        yield ChartRow(f"{len(counts) - len(shown)} others", (rest,), f"{facet.value}/index.html", rest=True)
    without = len(index.rules) - covered.bit_count()
    if without:
        yield ChartRow(unknown, (without,), rest=True)


def _tactics(index: Index) -> Chart:
    values = index.values(Facet.TACTIC)
    rows = []
    covered = 0
    for tactic in attack.matrix().tactics.values():
        value = values.get(tactic.name.casefold())
        if value is not None:
            covered |= value.bits
            rows.append(ChartRow(tactic.name, (value.bits.bit_count(),), browse_link(("tactic", value.name))))
    without = len(index.rules) - covered.bit_count()
    if without:
        rows.append(ChartRow("none named", (without,), rest=True))
    return Chart(
        "tactic",
        "bars",
        "ATT&CK tactic",
        "In the matrix’s order. A rule with several tactics counts under each.",
        "Tactic",
        ("rules",),
        tuple(rows),
    )


def _severities(index: Index) -> Chart:
    severities = index.values(Facet.SEVERITY)
    named = [name for name in SEVERITIES if name in severities]
    rows = []
    for count in index.counts(Facet.LANGUAGE, index.everything):
        bits = index.values(Facet.LANGUAGE)[count.key].bits
        values = [(severities[name].bits & bits).bit_count() for name in named]
        rows.append(
            ChartRow(
                language_title(count.key),
                (*values, count.rules - sum(values)),
                browse_link(("language", count.key)),
            )
        )
    return Chart(
        "severity",
        "stacked",
        "Severity by language",
        "Each bar is all rules of a language, by the severity that they state.",
        "Language",
        (*named, "not stated"),
        tuple(rows),
        (*named, "rest"),
    )


_FAMILIES: Final[Mapping[str, str]] = {
    "eql": "Elastic", "esql": "Elastic", "kuery": "Elastic", "lucene": "Elastic", "ml": "Elastic",
}  # fmt: skip


def _family(language: str) -> str:
    return _FAMILIES.get(language, language_title(language))


def _years(numbers: Statistics, rules: int) -> Chart:
    counts: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    for year in numbers.years:
        if year.written:
            counts.setdefault(year.year, Counter())[_family(year.language)] += year.written
            totals[_family(year.language)] += year.written
    families = [name for name, _ in totals.most_common()]
    years = sorted(counts)
    early, late = years[:-_FIRST_YEARS], years[-_FIRST_YEARS:]
    rows = []
    if early:
        together = sum((counts[year] for year in early), Counter[str]())
        rows.append(ChartRow(f"–{early[-1]}", tuple(together[name] for name in families)))
    rows += [ChartRow(year, tuple(counts[year][name] for name in families)) for year in late]
    undated = rules - numbers.dated
    return Chart(
        "written",
        "columns",
        "Year in which rules were written",
        f"As the rules themselves say; {undated:,} state no date.",
        "Year",
        tuple(families),
        tuple(rows),
        tuple(f"cat-{number % 8 + 1}" for number in range(len(families))),
    )


def _growth(history: Iterable[Run]) -> Chart:
    """How many rules there were after the last ingest of each day, the last days."""
    days = {run.started[:10]: run.rules for run in history if run.rules is not None}
    return Chart(
        "ingest",
        "columns",
        "Rules in the catalog over time",
        "After the last ingest of each day, the last such days.",
        "Day",
        ("rules",),
        tuple(ChartRow(day, (rules,)) for day, rules in list(days.items())[-_FIRST_YEARS:]),
        ("one",),
    )
