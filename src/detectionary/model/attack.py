"""ATT&CK as a rule covers it."""

from __future__ import annotations

from dataclasses import dataclass

from detectionary.text import Diagnostic


@dataclass(frozen=True, slots=True)
class Technique:
    """`name` of a sub-technique is "Parent: Child". `revoked_from` is the id that the rule itself gives, if another."""

    id: str
    name: str
    revoked_from: str | None = None


@dataclass(frozen=True, slots=True)
class TacticCoverage:
    """A tactic and the rule's techniques under it; none means that the rule names the tactic alone."""

    tactic: str
    tactic_id: str
    techniques: tuple[Technique, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a rule covers, in matrix order, with what was wrong about its declaration."""

    tactics: tuple[TacticCoverage, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
