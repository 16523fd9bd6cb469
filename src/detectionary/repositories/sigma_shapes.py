"""Sigma's YAML in the shape its authors write it: rules, correlations and filters of the specification, version 2.1.

https://sigmahq.io/sigma-specification/ lists the keys; a few more are Hayabusa's, or stand in SigmaHQ's own rules.
"""

from __future__ import annotations

import msgspec


class Shape(msgspec.Struct, frozen=True):
    """Every field has a default, since any may be missing."""


class Related(Shape, frozen=True):
    id: str = ""
    type: str = ""


class LogSource(Shape, frozen=True):
    product: str = ""
    category: str = ""
    service: str = ""
    definition: str = ""


class Simulation(Shape, frozen=True):
    type: str = ""
    name: str = ""
    technique: str = ""
    atomic_guid: str = ""


class SigmaFile(Shape, frozen=True):
    """What a rule, correlation or filter says about itself. What it looks for is the language's to read."""

    title: str = ""
    id: str = ""
    name: str = ""
    related: list[Related] = []
    taxonomy: str = ""
    status: str = ""
    description: str = ""
    license: str = ""
    author: str | list[str] = ""
    references: list[str] = []
    date: str = ""
    modified: str = ""
    logsource: LogSource = LogSource()
    fields: list[str] = []
    falsepositives: list[str] = []
    level: str = ""
    tags: list[str] = []
    scope: list[str] = []
    simulation: list[Simulation] = []
    regression_tests_path: str = ""
    enrichment: list[str] = []
    details: str = ""
    ruletype: str = ""


MISSPELT_NAMES = {
    "falsepositive": "falsepositives",
    "false_positives": "falsepositives",
    "reference": "references",
    "tag": "tags",
    "log_source": "logsource",
    "licence": "license",
    "authors": "author",
    "severity": "level",
}
"""Keys that people write instead of the specified ones; read all the same, and reported."""

UNREAD_NAMES = frozenset(
    (
        *("detection", "correlation", "filter", "action"),
        *("sample-evtx", "sample-message", "details_jp", "new_fields"),
    )
)
"""Known keys that this shape does not hold: what the rule looks for, and what says nothing that the catalog keeps."""

STATUSES = frozenset(("stable", "test", "testing", "experimental", "deprecated", "unsupported"))
