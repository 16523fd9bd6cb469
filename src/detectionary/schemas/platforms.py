"""The telemetry platform of a rule: whose logs it reads ("AWS", "Windows", "Entra ID", …). Names are data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Final

from detectionary.model.rule import Connector

_DATA: Final = Path(__file__).with_name("data")
_NONE: Final = "-"
_CONNECTOR: Final = "connector:"


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
