"""The first page: what the catalog holds, drawn, and how much of it was understood, said plainly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from detectionary import attack
from detectionary.catalog import Facet, Index, Listing
from detectionary.catalog.changes import Run
from detectionary.catalog.statistics import Runnable, Statistics
from detectionary.pages.changes import RunSummary, changes_of, page_of, runs_of, summary
from detectionary.pages.charts import Chart, ChartRow
from detectionary.pages.languages import language_title
from detectionary.pages.library import Library
from detectionary.pages.part import Part
from detectionary.text.codes import BY_CODE

PATH: Final = "index.html"

_MOST_BARS: Final = 13
_NEWEST: Final = 8
_FIRST_YEARS: Final = 10
"""So many years have a column each; earlier ones share one."""

SEVERITIES: Final = ("critical", "high", "medium", "low", "informational")


class Measure(Part, frozen=True):
    """How much of something holds: `part` of `whole`. `link` leads to the rules for which it does not, if any."""

    name: str
    title: str
    part: int
    whole: int
    unit: str
    about: str
    """What it means, and what the rest is."""
    link: str | None = None
    link_text: str | None = None


class Reason(Part, frozen=True):
    """A reason with how often it stands; `rules` is None where files are counted."""

    reason: str
    count: int
    rules: int | None = None
    about: str | None = None


class Reasons(Part, frozen=True):
    """The reasons behind a measure, the most common first."""

    name: str
    title: str
    head: str
    rows: tuple[Reason, ...]


class RepositoryRow(Part, frozen=True):
    """The rules of a repository in one language."""

    repository: str
    language: str
    language_title: str
    licence: str | None
    rules: int
    accepted: int
    findings: int
    """Rules with an error or a warning."""
    predicates: int
    opaque: int
    last_ingest: str | None


class LastChange(Part, frozen=True):
    """A change: `event` and `kinds` as on the pages of changes; `page` is null when the rule is gone."""

    event: str
    kinds: tuple[str, ...]
    title: str
    language: str
    page: str | None


class LastChanges(Part, frozen=True):
    """The newest complete run that changed anything, and its first changes; a first reading is none."""

    run: RunSummary
    first: tuple[LastChange, ...]


class Overview(Part, frozen=True):
    """The first page. `runnable` is None when nobody measured what can be run."""

    rules: int
    repositories: int
    languages: int
    platforms: int
    techniques: int
    files: int
    files_without_rules: int
    functions: int
    first_ingest: str | None
    last_ingest: str | None
    complete: bool
    """Whether the last ingest was completed."""
    examples: tuple[str, ...]
    """Searches that find something here."""
    charts: tuple[Chart, ...]
    measures: tuple[Measure, ...]
    reasons: tuple[Reasons, ...]
    runnable_measured: bool
    by_repository: tuple[RepositoryRow, ...]
    last_changes: LastChanges | None


def browse_link(*pairs: tuple[str, str]) -> str:
    """The address of the browse page with filters, from the site's root."""
    return f"browse/index.html?{urlencode(pairs)}"


def overview(library: Library) -> Overview:
    """The page's content, from the rules in memory and a few counts of the catalog."""
    index, numbers, runs = library.index, library.catalog.statistics(), runs_of(library)
    complete = [run for run in runs if run.complete]
    return Overview(
        rules=len(index.rules),
        repositories=len(index.values(Facet.REPOSITORY)),
        languages=len(index.values(Facet.LANGUAGE)),
        platforms=len(index.values(Facet.PLATFORM)),
        techniques=len(index.values(Facet.TECHNIQUE)),
        files=numbers.files,
        files_without_rules=sum(count for _, count in numbers.ignored),
        functions=numbers.functions,
        first_ingest=complete[-1].started if complete else None,
        last_ingest=complete[0].started if complete else None,
        complete=not runs or runs[0].complete,
        examples=tuple(_examples(index)),
        charts=tuple(_charts(index, numbers, runs)),
        measures=tuple(_measures(index, numbers)),
        reasons=tuple(_reasons(numbers)),
        runnable_measured=numbers.runnable is not None,
        by_repository=tuple(_repositories(index, numbers)),
        last_changes=_last_changes(library),
    )


def _examples(index: Index) -> Iterator[str]:
    """Searches with facets, made of what many rules have."""
    for facet in (Facet.FIELD, Facet.TECHNIQUE, Facet.TABLE):
        counts = index.counts(facet, index.everything)
        if counts and " " not in counts[0].name:
            yield f"{facet.value}:{counts[0].name}"
    languages = index.counts(Facet.LANGUAGE, index.everything)
    if languages:
        yield f"lang:{languages[0].key} has:exclusions"


# --- charts


def _charts(index: Index, numbers: Statistics, runs: tuple[Run, ...]) -> Iterator[Chart]:
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


# --- what was understood


def _measures(index: Index, numbers: Statistics) -> Iterator[Measure]:
    rules = index.rules
    whole = len(rules)
    if not whole:
        return
    accepted = sum(rule.accepted for rule in rules)
    yield Measure(
        "parsed", "parse without a syntax error", accepted, whole, "rules",
        "The others keep their page, with each error at its place in the text.",
        browse_link(("parsed", "no")) if accepted < whole else None,
        f"{whole - accepted:,} with syntax errors",
    )  # fmt: skip
    findings = sum(rule.diagnostics > 0 for rule in rules)
    yield Measure(
        "clean", "have neither error nor warning", whole - findings, whole, "rules",
        "Findings are about the rule’s form, its query, and its ATT&CK names.",
        browse_link(("has", "diagnostics")) if findings else None,
        f"{findings:,} with findings",
    )  # fmt: skip
    predicates, opaque = sum(rule.predicates for rule in rules), sum(rule.opaques for rule in rules)
    hiding = sum(rule.opaques > 0 for rule in rules)
    yield Measure(
        "modelled", "were taken apart into field, operator and value", predicates - opaque, predicates, "conditions",
        "The others are shown as text and counted, never guessed.",
        browse_link(("has", "opaque")) if hiding else None,
        f"{hiding:,} rules with such a condition",
    )  # fmt: skip
    yield Measure(
        "faults", "were analysed without a fault of ours", whole - numbers.faults, whole, "rules",
        "A fault is an exception in Detectionary itself; the rule’s page says so.",
    )  # fmt: skip
    if numbers.runnable is not None:
        yield _runnable_measure(numbers.runnable)
    attacked = sum(bool(rule.tactics) for rule in rules)
    yield Measure(
        "attack", "name an ATT&CK tactic or technique", attacked, whole, "rules",
        f"{whole - attacked:,} name none and are in no matrix.",
    )  # fmt: skip
    feeds = sum(rule.third_party_feed is not None for rule in rules)
    yield Measure(
        "own", "detect something themselves", whole - feeds, whole, "rules",
        "The others only pass on a vendor’s alert; they are searchable and left out of coverage.",
        browse_link(("feed", "yes")) if feeds else None,
        f"{feeds:,} that pass on alerts",
    )  # fmt: skip
    queries = len({rule.fingerprint for rule in rules})
    yield Measure(
        "distinct", "have different queries", queries, whole, "rules",
        f"{whole - queries:,} rules repeat the query of another; corpus counts count it once.",
    )  # fmt: skip
    yield Measure(
        "tested", "name a regression test of their repository", numbers.tested, whole, "rules",
        "Other repositories may test in ways that their rules do not mention.",
    )  # fmt: skip


def _runnable_measure(runnable: Runnable) -> Measure:
    data = f" Of those that run, {runnable.data:,} have columns that depend on the data." if runnable.data else ""
    failed = f" {runnable.failed:,} fail by a fault of ours." if runnable.failed else ""
    return Measure(
        "runnable", "can be run on this machine’s engine", runnable.runs, runnable.measured, "Kusto rules",
        f"The others are refused with a reason: a query runs exactly, or not at all.{data}{failed}",
    )  # fmt: skip


def _reasons(numbers: Statistics) -> Iterator[Reasons]:
    if numbers.opaque:
        rows = tuple(Reason(each.reason, each.parts, each.rules) for each in numbers.opaque)
        yield Reasons("opaque", "Why conditions stay opaque", "Reason", rows)
    if numbers.codes:
        found = tuple(
            Reason(f"{each.code} {each.level}", each.rules, each.rules, _about(each.code, each.message))
            for each in numbers.codes
        )
        yield Reasons("findings", "What rules are told about themselves", "Finding", found)
    if numbers.runnable is not None and numbers.runnable.refusals:
        refused = tuple(
            Reason(each.code, each.rules, each.rules, _about(each.code, each.message))
            for each in numbers.runnable.refusals
        )
        yield Reasons("refusals", "Why Kusto rules are refused", "Code", refused)
    if numbers.ignored:
        yield Reasons(
            "files",
            "Files that hold no rule",
            "Reason",
            tuple(Reason(reason, count) for reason, count in numbers.ignored),
        )


def _about(code: str, message: str) -> str:
    """What a code says, in general; for one that is not known, what it says of one rule."""
    known = BY_CODE.get(code)
    return message if known is None else known.about


def _repositories(index: Index, numbers: Statistics) -> Iterator[RepositoryRow]:
    read = {each.name: each for each in numbers.repositories}
    found: dict[tuple[str, str], list[Listing]] = {}
    for rule in index.rules:
        found.setdefault((rule.repository, rule.reference.language), []).append(rule)
    for (name, language), rules in sorted(found.items()):
        repository = read.get(name)
        yield RepositoryRow(
            repository=name,
            language=language,
            language_title=language_title(language),
            licence=None if repository is None else repository.licence,
            rules=len(rules),
            accepted=sum(rule.accepted for rule in rules),
            findings=sum(rule.diagnostics > 0 for rule in rules),
            predicates=sum(rule.predicates for rule in rules),
            opaque=sum(rule.opaques for rule in rules),
            last_ingest=None if repository is None else repository.last,
        )


# --- changes


def _last_changes(library: Library) -> LastChanges | None:
    run = next((run for run in runs_of(library) if run.complete and run.total), None)
    if run is None:
        return None
    return LastChanges(
        run=summary(library, run),
        first=tuple(
            LastChange(
                each.event,
                tuple(kind.value for kind in each.change.kinds),
                each.rule.title,
                each.rule.language,
                page_of(library, each),
            )
            for each in changes_of(library, run.number)[:_NEWEST]
        ),
    )


def percent(part: int, whole: int) -> str:
    """A share that rounds neither to all nor to nothing: "99.3 %", "over 99.9 %", "under 0.1 %"."""
    if not whole or part == whole:
        return "100 %"
    if not part:
        return "0 %"
    tenths = 1000 * part // whole
    if tenths == 0:
        return "under 0.1 %"
    return "over 99.9 %" if tenths == 999 else f"{tenths / 10:.1f} %"
