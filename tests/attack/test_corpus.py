"""Every technique and tactic that Sentinel's rules declare is covered or told about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import yaml

from detectionary.attack import coverage, matrix
from tests.conftest import needs_shared, shared

FOLDERS = ("Detections", "Solutions", "Hunting Queries")


def _declarations() -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """The tactics and techniques of every rule file, as written."""
    for folder in FOLDERS:
        for path in sorted(shared("corpora", "azure-sentinel", folder).rglob("*.y*ml")):
            try:
                documents = list(yaml.load_all(path.read_text(encoding="utf-8-sig"), yaml.CSafeLoader))
            except yaml.YAMLError:
                continue  # the readers' business
            for rule in documents:
                if isinstance(rule, dict) and "query" in rule:
                    yield _strings(rule.get("tactics")), _strings(rule.get("relevantTechniques"))


def _strings(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


@needs_shared
def test_every_declared_name_is_covered_or_told_about() -> None:
    rules = declared = 0
    codes: Counter[str] = Counter()
    for tactics, techniques in _declarations():
        rules += 1
        found = coverage(tactics, techniques)
        codes.update(diagnostic.code for diagnostic in found.diagnostics)
        told = " ".join(diagnostic.message for diagnostic in found.diagnostics)
        shown = {technique.id for row in found.tactics for technique in row.techniques}
        shown |= {identifier.partition(".")[0] for identifier in shown}
        for technique in techniques:
            declared += 1
            assert technique in shown or technique in told, (tactics, techniques)
        names = {row.tactic.replace(" ", "").lower() for row in found.tactics}
        for tactic in tactics:
            folded = tactic.replace(" ", "").lower()
            assert folded in names or folded == "defenseevasion" or repr(tactic) in told, (tactics, techniques)
    assert rules >= 1000
    assert declared >= 1500
    assert codes["ATT104"] >= 30, "rules of 2022 name techniques that version 19 revoked"
    assert codes["ATT102"] == 0


@needs_shared
def test_the_current_version_is_the_newest_reference() -> None:
    assert '"version":"19.1"' in shared("attack", "enterprise-attack.json").read_text(encoding="utf-8")[:40]
    assert matrix().version == "19.1"
