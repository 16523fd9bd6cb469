"""Which kind of record a name stands for, in languages that have no tables: `data/record-kinds.tsv`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_DATA: Final = Path(__file__).with_name("data")
_NOT_KNOWN: Final = "-"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record, None when no operations are known of it, and the platform, None when it may be several."""

    name: str | None
    platform: str | None


@cache
def kind_of(where: str, name: str) -> Kind | None:
    """The kind that `name` stands for where it is used ("sigma", "elastic", "log_type", …), or None."""
    exact, beginnings = _kinds().get(where, ({}, {}))
    folded = name.lower()
    if folded in exact:
        return exact[folded]
    fitting = [start for start in beginnings if folded.startswith(start)]
    return beginnings[max(fitting, key=len)] if fitting else None


def windows_logs() -> frozenset[str]:
    """The logs of Windows that names stand for."""
    kinds = (kind.name for exact, _ in _kinds().values() for kind in exact.values() if kind.name is not None)
    return frozenset(name.partition("/")[2] for name in kinds if name.startswith("windows/"))


@cache
def _kinds() -> dict[str, tuple[dict[str, Kind], dict[str, Kind]]]:
    """By place: names, and beginnings of names, with their kinds."""
    found: dict[str, tuple[dict[str, Kind], dict[str, Kind]]] = {}
    for line in _DATA.joinpath("record-kinds.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            where, name, kind, platform = line.split("\t")
            exact, beginnings = found.setdefault(where, ({}, {}))
            known = beginnings if name.endswith("*") else exact
            known[name.removesuffix("*").lower()] = Kind(_known(kind), _known(platform))
    return found


def _known(cell: str) -> str | None:
    return None if cell == _NOT_KNOWN else cell
