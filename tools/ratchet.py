"""The corpus figures: measured from a catalog of all corpora that are read, compared with what was reached before.

    python -m tools.ratchet           # measure, print a table, and move tests/data/ratchet.json upwards where it may

A figure may only move the way that is better; `tests/test_ratchet.py` fails when one got worse.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from detectionary.catalog import Catalog, open_catalog
from detectionary.ingest import ingest
from detectionary.model.entry import Entry
from detectionary.text import Level

PROJECT = Path(__file__).resolve().parent.parent
RATCHET = PROJECT / "tests" / "data" / "ratchet.json"
CORPORA = PROJECT.parent / "shared" / "corpora"

Figures = dict[str, dict[str, float]]

LOWER_IS_BETTER = frozenset({"opaque_share", "internal_faults", "unknown_types_share"})


def readable_corpora(corpora: Path) -> list[Path]:
    """The folders whose rules are read so far, by language: Kusto, Sigma, Elastic's, YARA-L."""
    others = ("sigma", "hayabusa-rules", "elastic-detection-rules", "chronicle-detection-rules")
    return [corpora / "azure-sentinel", *sorted(corpora.glob("kql-*")), *(corpora / name for name in others)]


def measure(catalog: Catalog) -> Figures:
    """The figures of each repository, of each language, and of all together."""
    counters: dict[str, Counter[str]] = {}
    for entry in catalog.entries():
        for name in (entry.rule.source.repository, f"language {entry.rule.language}", "all"):
            _count(counters.setdefault(name, Counter()), entry)
    return {name: _figures(counter) for name, counter in sorted(counters.items())}


def _count(counter: Counter[str], entry: Entry) -> None:
    analysis = entry.analysis
    rows = [*analysis.indicators, *analysis.exclusions]
    counter["rules"] += 1
    counter["accepted"] += analysis.accepted
    counter["with_stages"] += bool(analysis.stages)
    counter["predicates"] += analysis.predicate_count
    counter["opaque"] += len(analysis.opaques)
    counter["closed_output"] += bool(analysis.output_fields) and not analysis.open_fields
    counter["output_fields"] += len(analysis.output_fields)
    counter["unknown_types"] += sum(field.type == "unknown" for field in analysis.output_fields)
    counter["field_uses"] += sum(row.field is not None for row in rows)
    counter["canonical_uses"] += sum(row.canonical_field is not None for row in rows)
    counter["with_action"] += bool(entry.actions)
    counter["without_binding_error"] += not any(diagnostic.level is Level.ERROR for diagnostic in analysis.diagnostics)
    counter["internal_faults"] += any(diagnostic.code.startswith("INT") for diagnostic in entry.rule.diagnostics)


def _figures(counter: Counter[str]) -> dict[str, float]:
    def share(part: str, whole: str) -> float:
        return round(counter[part] / counter[whole], 4) if counter[whole] else 0.0

    return {
        "rules": counter["rules"],
        "accepted": counter["accepted"],
        "with_stages": counter["with_stages"],
        "without_binding_error": counter["without_binding_error"],
        "closed_output": counter["closed_output"],
        "with_action": counter["with_action"],
        "predicates": counter["predicates"],
        "opaque_share": share("opaque", "predicates"),
        "unknown_types_share": share("unknown_types", "output_fields"),
        "canonical_share": share("canonical_uses", "field_uses"),
        "internal_faults": counter["internal_faults"],
    }


def worse(before: Figures, now: Figures) -> list[str]:
    """What moved the wrong way, a line each; a repository that is gone too."""
    found = []
    for repository, figures in before.items():
        for name, old in figures.items():
            new = now.get(repository, {}).get(name)
            if new is None or (new > old if name in LOWER_IS_BETTER else new < old):
                found.append(f"{repository}: {name} was {old}, is {new}")
    return found


def recorded() -> Figures:
    """The figures that were reached."""
    figures: Figures = json.loads(RATCHET.read_text("utf-8"))
    return figures


def main() -> None:
    """Measure and move the ratchet."""
    if not CORPORA.is_dir():
        sys.exit(f"no corpora beside the project: {CORPORA.parent.name}/corpora is not there")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.db"
        ingest(readable_corpora(CORPORA), path)
        with open_catalog(path) as catalog:
            now = measure(catalog)
    names = list(now["all"])
    print("| repository | " + " | ".join(names) + " |")
    print("|---|" + "---:|" * len(names))
    for repository, figures in now.items():
        print(f"| {repository} | " + " | ".join(str(figures[name]) for name in names) + " |")
    fallen = worse(recorded(), now) if RATCHET.exists() else []
    if fallen:
        sys.exit("the ratchet stays where it is; worse than before:\n" + "\n".join(fallen))
    RATCHET.parent.mkdir(parents=True, exist_ok=True)
    RATCHET.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
