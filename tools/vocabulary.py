"""The page of the vocabulary: what the languages call one field, and how much of the rules has a name in it.

    python -m tools.vocabulary        # measure the corpora beside this checkout, and write tests/data/vocabulary.json

`make docs` makes the page from the data files and those figures; a test measures again and holds the bar.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from detectionary.ingest.merging import with_additions, with_metadata
from detectionary.languages import language_named, split
from detectionary.model.analysis import Analysis
from detectionary.model.rule import Rule
from detectionary.repositories import files, open_repository, read_file
from detectionary.schemas import actions, environment_base, event_coverage, outcome, platform_of_rule
from detectionary.schemas.records import with_canonical_fields
from tools.ratchet import CORPORA, PROJECT, readable_corpora

FIGURES: Final = PROJECT / "tests" / "data" / "vocabulary.json"
DATA: Final = PROJECT / "src" / "detectionary" / "schemas" / "data"

FILES: Final = {
    "Kusto": "canonical-fields.txt",
    "Sigma": "canonical-sigma.txt",
    "Elastic": "canonical-elastic.txt",
    "YARA-L": "canonical-udm.txt",
}
"""What names fields in which language."""

MOST: Final = 40
"""How many names without a canonical one are listed."""

FAMILIES: Final = {"eql": "elastic", "esql": "elastic", "kuery": "elastic", "lucene": "elastic", "ml": "elastic"}
CLOUD: Final = frozenset(
    {"AWS", "Azure", "Entra ID", "GCP", "GitHub", "Google Workspace", "Kubernetes", "Microsoft 365", "Okta"}
)
BARRED: Final = CLOUD | {"Windows"}
"""The platforms whose field uses are held to a bar."""


@dataclass(slots=True)
class Measured:
    """What was counted of one language family on one platform."""

    rules: int = 0
    with_action: int = 0
    with_events: int = 0
    with_outcome: int = 0
    uses: int = 0
    named: int = 0
    unnamed: Counter[str] = field(default_factory=Counter)

    def share(self) -> float:
        """The share of field uses that have a canonical name."""
        return self.named / self.uses if self.uses else 1.0


Figures = dict[tuple[str, str], Measured]


def analysed(corpora: Iterable[Path]) -> Iterator[tuple[Rule, Analysis]]:
    """Every rule of the corpora with its analysis; functions that rules call are not resolved."""
    environment = environment_base()
    for corpus in corpora:
        repository = open_repository(corpus)
        for found in files(repository):
            if found.ignored:
                continue
            for rule in read_file(repository.root / found.path, repository, split).rules:
                analysis = language_named(rule.language).analyze(rule.query, environment)
                rule, analysis = with_metadata(rule, analysis), with_additions(rule, analysis)
                yield rule, with_canonical_fields(analysis, rule.language)


def measure(rules: Iterable[tuple[Rule, Analysis]]) -> Figures:
    """The figures by language family and platform ("" where it is not known)."""
    figures: Figures = {}
    for rule, analysis in rules:
        language = rule.language
        family = FAMILIES.get(language, language)
        where = platform_of_rule(analysis, language, rule.connectors, rule.source.path, rule.tags) or ""
        counted = figures.setdefault((family, where), Measured())
        counted.rules += 1
        counted.with_action += bool(actions(analysis, language))
        counted.with_events += bool(event_coverage(analysis.tables, language))
        counted.with_outcome += outcome(analysis) is not None
        for row in (*analysis.indicators, *analysis.exclusions):
            if row.field is not None:
                counted.uses += 1
                counted.named += row.canonical_field is not None
                if row.canonical_field is None:
                    counted.unnamed[row.field] += 1
    return figures


def barred(figures: Figures) -> dict[str, float]:
    """For each language family, the share of field uses named in its cloud-audit and Windows rules."""
    united: dict[str, Measured] = {}
    for (family, where), counted in figures.items():
        if where in BARRED:
            whole = united.setdefault(family, Measured())
            whole.uses += counted.uses
            whole.named += counted.named
    return {family: whole.share() for family, whole in sorted(united.items())}


def stated(figures: Figures) -> dict[str, object]:
    """The figures as they are kept: shares, counts, and the names without a canonical one, the most frequent first."""
    rows = sorted(figures.items(), key=lambda item: (item[0][0], -item[1].uses, item[0][1]))
    families = sorted({family for family, _ in figures})
    return {
        "bars": {family: round(share, 4) for family, share in barred(figures).items()},
        "rows": [
            [
                family,
                where,
                counted.rules,
                counted.with_action,
                counted.with_events,
                counted.with_outcome,
                counted.uses,
                round(counted.share(), 4),
            ]
            for (family, where), counted in rows
        ],
        "unnamed": {
            family: {"barred": _top(figures, family, True), "other": _top(figures, family, False)}
            for family in families
        },
    }


def _top(figures: Figures, family: str, held: bool) -> dict[str, int]:
    counts = Counter[str]()
    for (other, where), counted in figures.items():
        if other == family and (where in BARRED) is held:
            counts.update(counted.unnamed)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return {" ".join(name.replace("`", "'").split())[:80]: count for name, count in ranked[:MOST]}


def markdown(note: str) -> str:
    """The page."""
    figures = json.loads(FIGURES.read_text(encoding="utf-8"))
    bars = "\n".join(f"| {family} | {share:.1%} |" for family, share in figures["bars"].items())
    rows = "\n".join(
        f"| {family} | {where or '(not known)'} | {rules} | {acting} | {covering} | {resulting} | {uses} "
        f"| {share:.1%} |"
        for family, where, rules, acting, covering, resulting, uses, share in figures["rows"]
    )
    unnamed = "\n".join(
        f"**{family}**, {title}: {', '.join(f'`{name}` {count}' for name, count in found[part].items()) or 'none'}\n"
        for family, found in figures["unnamed"].items()
        for part, title in (("barred", "cloud-audit and Windows rules"), ("other", "other rules"))
    )
    return f"""# One vocabulary

{note}

Rules of all languages meet where their fields and operations have one name. Canonical fields are those of the Elastic
Common Schema, or else of Elastic's integrations; actions are named after the log source that records them
(`aws:ec2.amazonaws.com/RunInstances`, `windows:Security/4624`). Both are data, whose sources
[`schemas/data`](../../src/detectionary/schemas/data/README.md) names.

A field without a row of its own is named after its integration where that is the integration's way of naming
(`winlog.event_data.ObjectName`, `aws.cloudtrail.{{snake case}}`), and counts as named.

## Coverage

Field uses (comparisons on a field, excluding ones too) with a canonical name in cloud-audit and Windows rules, that is
those of {", ".join(sorted(BARRED))}:

| language | named |
|---|---|
{bars}

By language and platform; *actions*: rules that name an operation, *events*: whose log source stands for some,
*outcome*: that pick success, failure or error codes.

| language | platform | rules | actions | events | outcome | field uses | named |
|---|---|---|---|---|---|---|---|
{rows}

## Fields without a canonical name

The most frequent, up to {MOST} a line, with their uses. Columns that a query makes itself are among them.

{unnamed}
## One field, four languages

Canonical fields that the data files name in two languages or more. Elastic's own names are mostly the canonical ones;
a name stands here once, though it may hold for some tables, log sources or event types only.

| canonical | {" | ".join(FILES)} |
|---|{"---|" * len(FILES)}
{chr(10).join(_shared_names())}

## Kinds of record

What the name of a log source stands for, where actions come from it.

| kind | named by |
|---|---|
{chr(10).join(_kinds())}

## Events that a category stands for

Shown with Sigma's rules of category log sources; they link no rules.

| log source | events |
|---|---|
{chr(10).join(_covered())}
"""


def _shared_names() -> Iterator[str]:
    named: dict[str, dict[str, dict[str, None]]] = {}
    for language, file in FILES.items():
        for line in DATA.joinpath(file).read_text(encoding="utf-8").splitlines():
            own, _, name = line.partition(" ")
            name = name.strip()
            if name and not line.startswith(("[", "#")) and name[0] != "=" and "*" not in name and own != name:
                named.setdefault(name, {}).setdefault(language, {})[own] = None
    for name, languages in sorted(named.items()):
        if len(languages) > 1:
            cells = (", ".join(f"`{own}`" for own in languages.get(language, ())) for language in FILES)
            yield f"| `{name}` | {' | '.join(cells)} |"


def _kinds() -> Iterator[str]:
    named: dict[str, list[str]] = {}
    for where, name, kind, _ in _cells("record-kinds.tsv"):
        if kind != "-":
            named.setdefault(kind, []).append(f"{where} `{name}`")
    for kind, names in sorted(named.items()):
        yield f"| `{kind}` | {', '.join(names)} |"


def _covered() -> Iterator[str]:
    for source, *events in _cells("event-coverage.tsv"):
        yield f"| `{source}` | {', '.join(f'`{event}`' for event in events)} |"


def _cells(file: str) -> Iterator[list[str]]:
    for line in DATA.joinpath(file).read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            yield line.split("\t")


def main() -> None:
    """Measure, and keep the figures."""
    figures = stated(measure(analysed(readable_corpora(CORPORA))))
    parts = (f" {json.dumps(key)}: {_lines(value)}" for key, value in figures.items())
    FIGURES.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8", newline="\n")


def _lines(value: object) -> str:
    """JSON with a row a line."""
    if isinstance(value, list):
        return "[\n  " + ",\n  ".join(json.dumps(each, ensure_ascii=False) for each in value) + "\n ]"
    return json.dumps(value, ensure_ascii=False)


if __name__ == "__main__":
    main()
