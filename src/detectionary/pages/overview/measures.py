"""How much of the catalog was understood, with the reasons for the rest, and where its rules come from."""

from __future__ import annotations

from collections.abc import Iterator

from detectionary.catalog import Index, Listing
from detectionary.catalog.statistics import Runnable, Statistics
from detectionary.pages.languages import language_title
from detectionary.pages.overview.context import Measure, Reason, Reasons, RepositoryRow, browse_link
from detectionary.text.codes import BY_CODE


def measures(index: Index, numbers: Statistics) -> Iterator[Measure]:
    """All measures, in order; none for an empty catalog."""
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


def reasons(numbers: Statistics) -> Iterator[Reasons]:
    """The reasons that there are."""
    if numbers.opaque:
        rows = tuple(Reason(each.reason, each.parts, each.rules) for each in numbers.opaque)
        yield Reasons("opaque", "Why conditions are not taken apart", "Reason", rows)
    if numbers.codes:
        found = tuple(
            Reason(f"{each.code} {each.level}", each.rules, each.rules, _about(each.code, each.message))
            for each in numbers.codes
        )
        yield Reasons("findings", "What is found wrong with rules", "Finding", found)
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


def repositories(index: Index, numbers: Statistics) -> Iterator[RepositoryRow]:
    """A row for each repository and language, by name."""
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
