"""The facts of ATT&CK Enterprise in several versions, read from the package's data when first asked for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

CURRENT: Final = "19.1"
"""The version that coverage is shown in."""

FORMER: Final = "18.1"
"""The last version before Defense Evasion was split; most public rules are still written against it."""

CREDIT: Final = (
    "© 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE "
    "Corporation."
)
"""What must stand wherever names of ATT&CK are reproduced."""

_DATA: Final = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class TacticFacts:
    """`order` counts from 0 in the matrix."""

    id: str
    name: str
    short_name: str
    order: int


@dataclass(frozen=True, slots=True)
class TechniqueFacts:
    """`tactics` are short names in matrix order; those of a revoked technique are the ones that it had last.

    `successor` is the id that is current in place of a revoked one.
    """

    id: str
    name: str
    tactics: tuple[str, ...]
    successor: str | None
    deprecated: bool


@dataclass(frozen=True)
class Matrix:
    """One version: tactics by short name in matrix order, techniques by id.

    `former_tactics` maps the short name of a tactic that is gone to its name and the tactics that took its place, the
    one that kept its id first.
    """

    version: str
    tactics: dict[str, TacticFacts]
    techniques: dict[str, TechniqueFacts]
    former_tactics: dict[str, tuple[str, tuple[str, ...]]]

    @cached_property
    def current(self) -> dict[str, TechniqueFacts]:
        """The techniques that are neither revoked nor deprecated, by id and in order of the ids."""
        return {
            identifier: technique
            for identifier, technique in sorted(self.techniques.items())
            if technique.successor is None and not technique.deprecated
        }

    @cached_property
    def children(self) -> dict[str, tuple[TechniqueFacts, ...]]:
        """The current sub-techniques of each current technique that has any, by its id and in order of theirs."""
        found: dict[str, list[TechniqueFacts]] = {}
        for identifier, technique in self.current.items():
            parent, dot, _ = identifier.partition(".")
            if dot:
                found.setdefault(parent, []).append(technique)
        return {parent: tuple(techniques) for parent, techniques in found.items()}

    @cached_property
    def former_ids(self) -> dict[str, tuple[TechniqueFacts, ...]]:
        """The revoked techniques that each current one took the place of, by its id and in order of theirs."""
        found: dict[str, list[TechniqueFacts]] = {}
        for _, technique in sorted(self.techniques.items()):
            if technique.successor is not None:
                found.setdefault(technique.successor, []).append(technique)
        return {successor: tuple(techniques) for successor, techniques in found.items()}

    def full_name(self, technique: TechniqueFacts) -> str:
        """The technique's name; "Parent: Child" for a sub-technique."""
        parent = self.techniques.get(technique.id.partition(".")[0])
        return technique.name if parent is None or parent is technique else f"{parent.name}: {technique.name}"


@cache
def matrix(version: str = CURRENT) -> Matrix:
    """The facts of one version of ATT&CK Enterprise, "19.1" or "18.1"."""
    tactics: dict[str, TacticFacts] = {}
    former: dict[str, tuple[str, tuple[str, ...]]] = {}
    techniques: dict[str, TechniqueFacts] = {}
    for line in _lines(f"enterprise-{version}.tsv"):
        match line:
            case ["version", _]:
                pass
            case ["tactic", identifier, name, short_name]:
                tactics[short_name] = TacticFacts(identifier, name, short_name, len(tactics))
            case ["former", _, name, short_name, successors]:
                former[short_name] = (name, tuple(successors.split(",")))
            case [identifier, name, owners, state]:
                deprecated = state == "deprecated"
                techniques[identifier] = TechniqueFacts(
                    identifier, name, tuple(owners.split(",")), None if deprecated else state or None, deprecated
                )
            case _:
                raise ValueError(f"enterprise-{version}.tsv: {line}")
    return Matrix(version, tactics, techniques, former)


@cache
def _by_name() -> dict[str, str]:
    """Ids of current techniques by name in lower case; of two with one name (a sub-technique's own) the first."""
    facts = matrix()
    found: dict[str, str] = {}
    for technique in sorted(facts.techniques.values(), key=lambda each: (each.successor is not None, "." in each.id)):
        for name in (technique.name, facts.full_name(technique)):
            found.setdefault(name.lower(), technique.id)
    return found


def technique_named(name: str) -> str | None:
    """The id of the technique with this name ("Parent: Child" for a sub-technique), whatever its letter case."""
    return _by_name().get(" ".join(name.split()).lower())


@cache
def other_domains() -> dict[str, tuple[str, str]]:
    """Techniques and tactics outside Enterprise: id to (name, "Mobile" or "ICS")."""
    return {identifier: (name, domain) for identifier, name, domain in _lines("other-domains-18.1.tsv")}


def _lines(name: str) -> list[list[str]]:
    text = _DATA.joinpath(name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.removesuffix("\n").split("\n")]
