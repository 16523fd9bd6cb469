"""The telemetry platform of a rule: whose logs it reads ("AWS", "Windows", "Entra ID", …). Names are data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from detectionary.model.analysis import Analysis
from detectionary.model.rule import Connector
from detectionary.schemas.kinds import kind_of
from detectionary.schemas.records import ELASTIC, is_equality, kinds, kinds_of_tables, texts

_DATA: Final = Path(__file__).with_name("data")
_NONE: Final = "-"
_CONNECTOR: Final = "connector:"
_FOLDER: Final = "folder:"
_TAG: Final = "tag:"

_OS: Final = "OS: "
_ENDPOINT: Final = "Endpoint"
_SYSTEMS: Final = {"windows": "Windows", "linux": "Linux", "macos": "macOS"}
_ENDPOINTS: Final = frozenset({_ENDPOINT, "Defender XDR", *_SYSTEMS.values()})
"""Platforms of which one rule of Elastic's often reads several at once."""


def platform(tables: tuple[str, ...], connectors: tuple[Connector, ...], path: str) -> str | None:
    """The platform whose logs a rule reads, or None when nothing says.

    `tables` are the tables that it reads and the functions that stand for tables. The platform of most of them wins, of
    several the one that is read first. A rule that reads none that is known has the platform of its data connectors,
    then that of a folder of its path that is named after a table.
    """
    folders = PurePosixPath(path.replace("\\", "/")).parts[:-1]
    for names in (tables, [_CONNECTOR + connector.id for connector in connectors], reversed(folders)):
        found = _most(names)
        if found is not None:
            return found
    return None


def _most(names: Iterable[str]) -> str | None:
    votes = Counter(found for name in names if (found := platform_of(name)) not in (None, _NONE))
    return votes.most_common(1)[0][0] if votes else None


def platform_of_rule(
    analysis: Analysis, language: str, connectors: tuple[Connector, ...], path: str, tags: tuple[str, ...] = ()
) -> str | None:
    """The platform whose logs a rule of any language reads, or None when nothing says.

    Kusto: as `platform` says. Sigma: the product of its log sources. YARA-L: products, vendors and log types of its
    events, after all else what their types are about. Elastic: the operating system when the rule or its tags name one,
    since many products' data sets hold the events of endpoints; else the data sets that it reads, then its tags. The
    folder of the path says what nothing else does.
    """
    if language == "kusto":
        return platform((*analysis.tables, *analysis.functions), connectors, path)
    votes = _votes(analysis, language)
    if language in ELASTIC:
        systems = _systems(analysis, tags)
        if systems and all(name in _ENDPOINTS for name in votes):
            return systems[0] if len(systems) == 1 else _ENDPOINT
        if not votes:
            return _most(_TAG + tag.replace(" ", "_") for tag in tags) or _of_folders(path)
    if not votes:
        return _of_folders(path) or _of_event_types(analysis)
    return votes.most_common(1)[0][0]


def _of_folders(path: str) -> str | None:
    folders = PurePosixPath(path.replace("\\", "/").lower()).parts[:-1]
    return _most(_FOLDER + name for name in folders)


def _of_event_types(analysis: Analysis) -> str | None:
    """YARA-L: what the types of all events are about, when it is one thing."""
    types = [row for row in analysis.indicators if row.field == "metadata.event_type" and is_equality(row)]
    found = {kind_of("event_type", text) for row in types for text in texts(row)}
    names = {None if kind is None else kind.platform for kind in found}
    return names.pop() if len(names) == 1 else None


def _votes(analysis: Analysis, language: str) -> Counter[str]:
    """The platforms of everything that the rule says about its records, with how often each is said."""
    kinds_of = kinds(analysis, language)
    rows = [row for row in analysis.indicators if row.field is not None]
    said = [kind for row in rows for kind in kinds_of(row)] or kinds_of_tables(analysis.tables, language)
    votes = Counter(kind.platform for kind in said if kind.platform is not None)
    if not votes and any((row.field or "").startswith("target.registry.") for row in rows):
        votes["Windows"] += 1
    return votes


def _systems(analysis: Analysis, tags: tuple[str, ...]) -> list[str]:
    """The operating systems that a rule names in its rows, or else in its tags."""
    rows = [row for row in analysis.indicators if row.field in ("host.os.type", "host.os.family") and is_equality(row)]
    named = [text.lower() for row in rows for text in texts(row)]
    named = named or [tag.removeprefix(_OS).lower() for tag in tags]
    return list(dict.fromkeys(_SYSTEMS[name] for name in named if name in _SYSTEMS))


@cache
def platform_of(name: str) -> str | None:
    """The platform of one table, function or "connector:ID"; "-" for lookup data and the like; None for others."""
    exact, patterns = _names()
    if name in exact:
        return exact[name]
    fitting = [start for start in patterns if name.startswith(start)]
    return patterns[max(fitting, key=len)] if fitting else None


@cache
def _names() -> tuple[dict[str, str], dict[str, str]]:
    """Names and beginnings of names, with their platforms."""
    exact: dict[str, str] = {}
    beginnings: dict[str, str] = {}
    heading = _NONE
    for line in _DATA.joinpath("platforms.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            heading = line[1:-1]
        elif not line.startswith("#"):
            for name in line.split():
                known = beginnings if name.endswith("*") else exact
                known[name.removesuffix("*")] = heading
    return exact, beginnings
