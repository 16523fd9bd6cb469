"""A small catalog whose rules name techniques of ATT&CK in every way that its pages tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from detectionary.attack import coverage
from detectionary.catalog import Facet, Filters
from detectionary.model.entry import Entry
from detectionary.model.rule import Severity
from detectionary.pages.browse.search import BrowseRequest
from detectionary.pages.library import Library
from tests.catalog.stored import an_entry, looks_for, opened, store

HOSTILE = "</td><script>alert(1)</script>\x07\u202e"


def naming(
    entry: Entry,
    *techniques: str,
    tactics: Sequence[str] = (),
    feed: str | None = None,
    platform: str | None = None,
    title: str | None = None,
) -> Entry:
    """The entry as its rule would be read that declares these techniques and tactics."""
    return replace(
        entry,
        rule=entry.rule if title is None else replace(entry.rule, title=title),
        coverage=coverage(tuple(tactics), techniques),
        third_party_feed=feed,
        platform=platform,
    )


RULES = (
    naming(
        an_entry(
            "shell", looks_for("CommandLine", "whoami"), severity=Severity.HIGH, tables=("SecurityEvent",),
            actions=["windows:Security/4688"],
        ),
        "T1059",
        tactics=("Execution",),
        platform="Windows",
    ),
    naming(
        an_entry(
            "powershell", looks_for("CommandLine", "whoami", "iex"), exclusions=(looks_for("User", "backup"),),
            language="sigma", severity=Severity.LOW,
        ),
        "T1059.001",
        "T1105",
        tactics=("Execution", "Command and Control"),
        platform="Windows",
    ),
    naming(
        an_entry("two", looks_for("CommandLine", "curl"), language="sigma"), "T1059", "T1059.004", "T1059.006", "T1105"
    ),
    naming(an_entry("accounts", looks_for("User", "root")), "T1078.004", tactics=("Persistence",), platform="AWS"),
    naming(an_entry("forwarded"), "T1059", "T1110", feed="its table holds alerts"),
    naming(
        an_entry("revoked", severity=Severity.CRITICAL), "T1086", title=f"PowerShell by its former id {HOSTILE}"
    ),
    naming(an_entry("tactic-alone"), tactics=("Discovery",)),
    naming(an_entry("factory"), "T0866", "T1660", tactics=("InhibitResponseFunction",)),
    naming(an_entry("silent")),
)  # fmt: skip
"""One forwards alerts; one names two sub-techniques of one technique, and the technique, which then says nothing more;
one gives an id that was revoked.
"""


def attack_library(folder: Path, *, live: bool = False, base_url: str | None = None) -> Library:
    """The rules above as pages read them."""
    path = folder / "rules.db"
    if not path.exists():
        store(path, *RULES)
    return Library(opened(path), live=live, base_url=base_url)


def asked(text: str = "", **facets: Sequence[str]) -> BrowseRequest:
    """A request with this search text and these values of facets."""
    return BrowseRequest(text, Filters(tuple((Facet(name), tuple(values)) for name, values in facets.items())))
