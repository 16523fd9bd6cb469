"""From the tactics and techniques that a rule declares to what it covers in the current ATT&CK, and what was wrong.

Decisions
- Coverage is Enterprise, in version 19.1. Version 18.1 only says what a former tactic held.
- A technique stands under every tactic of the rule that owns it; when none does, under all tactics that own it, with a
  warning. A tactic of the rule that owns none of its techniques is kept, empty.
- A former tactic (Defense Evasion: version 19 split it into Stealth and Defense Impairment) stands for whichever
  successor owns the technique. Without such a technique it is shown as the successor that kept its id (TA0005:
  Stealth), with a note. The id TA0005 itself is read as version 19 reads it.
- A revoked id is read as its successor of today. A parent goes from each tactic that also holds one of its
  sub-techniques.
- Letter case and blanks around an id are forgiven with a warning. An id that would have to be guessed ("T1078.4")
  covers nothing and gets a "did you mean". Deprecated ids and those of ATT&CK for Mobile and ICS cover nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Final

from detectionary.attack.facts import FORMER, Matrix, TechniqueFacts, matrix, other_domains
from detectionary.model.attack import Coverage, TacticCoverage, Technique
from detectionary.text import Diagnostic, Level

_TECHNIQUE_ID: Final = re.compile(r"T\d{4}(\.\d{3})?")
_TACTIC_ID: Final = re.compile(r"TA\d{4}")
_NEARLY_ID: Final = re.compile(r"T?\s*(\d{4})(?:\s*[./_-]\s*(\d{1,3}))?")

_PRE_ATTACK: Final = ("reconnaissance", "resource-development")
"""The domain PRE-ATT&CK became these two tactics in version 8; Sentinel still offers it as the tactic `PreAttack`."""

_HUNTING_CATEGORIES: Final = frozenset(
    {
        "exploit", "generalattackscenario", "malware", "malwarecomponent", "misconfiguration", "ransomware",
        "suspiciousactivity", "test", "unwantedsoftware", "vulnerability", "weaponization",
    }
)  # fmt: skip
"""Categories that Defender XDR offers beside the tactics, folded as `_fold` does."""


def coverage(tactics: tuple[str, ...], techniques: tuple[str, ...], tags: tuple[str, ...] = ()) -> Coverage:
    """What a rule covers that declares these names; `tags` that begin with "attack." are tactics and techniques too."""
    return _Reading(matrix()).read(tactics, techniques, tags)


def is_technique_id(text: str) -> bool:
    """Whether `text` is written as ATT&CK writes ids of techniques, whatever its letter case."""
    return _TECHNIQUE_ID.fullmatch(text.upper()) is not None


class _Reading:
    """One rule's declaration on its way to a `Coverage`."""

    def __init__(self, facts: Matrix) -> None:
        self.facts = facts
        self.diagnostics: list[Diagnostic] = []
        self.tactics: dict[str, tuple[str, ...]] = {}
        """Declared tactics by short name, former ones included, with the current tactics that each stands for."""
        self.techniques: dict[str, str | None] = {}
        """Current id to the revoked id that the rule gives, or None."""

    def read(self, tactics: tuple[str, ...], techniques: tuple[str, ...], tags: tuple[str, ...]) -> Coverage:
        for name in tactics:
            self._tactic(name)
        for declared in techniques:
            self._technique(declared)
        for tag in tags:
            name = tag.lower().removeprefix("attack.")
            if name == tag.lower():
                continue
            if _TECHNIQUE_ID.fullmatch(name.upper()):
                self._technique(name.upper())
            elif not re.fullmatch(r"[gs]\d{4}", name):  # groups and software are no coverage
                self._tactic(name)
        return Coverage(self._rows(), tuple(dict.fromkeys(self.diagnostics)))

    def _rows(self) -> tuple[TacticCoverage, ...]:
        rows: dict[str, list[str]] = {}
        fitted: set[str] = set()
        for identifier in sorted(self.techniques):
            owners = self.facts.techniques[identifier].tactics
            fitting = [owner for owner in owners if any(owner in stands for stands in self.tactics.values())]
            fitted.update(fitting)
            if self.tactics and not fitting:
                self._outside(identifier)
            for owner in fitting or owners:
                rows.setdefault(owner, []).append(identifier)
        for name, stands in self.tactics.items():
            if not fitted.intersection(stands):
                self._empty(name, stands, rows)
        return tuple(
            TacticCoverage(tactic.name, tactic.id, tuple(self._shown(rows[name])))
            for name, tactic in self.facts.tactics.items()
            if name in rows
        )

    def _shown(self, identifiers: list[str]) -> Iterable[Technique]:
        parents = {identifier.partition(".")[0] for identifier in identifiers if "." in identifier}
        for identifier in identifiers:
            if identifier not in parents:
                name = self.facts.full_name(self.facts.techniques[identifier])
                yield Technique(identifier, name, self.techniques[identifier])

    def _empty(self, name: str, stands: tuple[str, ...], rows: dict[str, list[str]]) -> None:
        """A tactic of the rule that owns none of its techniques."""
        if name in self.facts.tactics:
            rows.setdefault(name, [])
        elif name in self.facts.former_tactics:
            rows.setdefault(stands[0], [])
            former, _ = self.facts.former_tactics[name]
            shown = self.facts.tactics[stands[0]]
            self._note(
                "ATT108",
                f"ATT&CK {self.facts.version} has no tactic {former}; without a technique it is shown as "
                f"{shown.name} ({shown.id})",
                f"name {self._names(stands)}",
            )

    def _outside(self, identifier: str) -> None:
        """A technique that no tactic of the rule owns."""
        technique = self.facts.techniques[identifier]
        message = f"{identifier} ({self.facts.full_name(technique)}) belongs to none of the rule's tactics"
        before = matrix(FORMER).techniques.get(identifier)
        moved = [] if before is None else [name for name in self.tactics if name in before.tactics]
        if moved:
            message += f"; {self._names(moved)} held it in ATT&CK {FORMER}"
        self._warn("ATT107", message, f"its tactics are {self._names(technique.tactics)}")

    def _tactic(self, declared: str) -> None:
        key = _fold(declared)
        if not key:
            self._warn("ATT101", f"{declared!r} is no ATT&CK tactic", "remove the empty entry")
            return
        short_name = _tactic_names().get(key)
        if short_name is not None:
            former = self.facts.former_tactics.get(short_name)
            self.tactics[short_name] = (short_name,) if former is None else former[1]
        elif key == "preattack":
            self.tactics[key] = _PRE_ATTACK
            self._note("ATT108", "PRE-ATT&CK is no tactic since version 8", f"name {self._names(_PRE_ATTACK)}")
        elif key in _HUNTING_CATEGORIES:
            self._note("ATT101", f"{declared!r} is a category of Defender XDR and no ATT&CK tactic")
        elif (other := _other_tactic(declared, key)) is not None:
            identifier, name, domain = other
            self._note(
                "ATT106",
                f"{declared!r} is {identifier} ({name}) of ATT&CK for {domain}; coverage is of ATT&CK Enterprise",
            )
        elif _TECHNIQUE_ID.fullmatch(declared.strip().upper()):
            self._warn("ATT103", f"{declared!r} among the tactics is a technique", "put it under the techniques")
            self._technique(declared)
        else:
            near = get_close_matches(key, _tactic_names(), 1, 0.75)
            hint = f"did you mean {self._names([_tactic_names()[near[0]]])}?" if near else None
            self._warn("ATT101", f"{declared!r} is no ATT&CK tactic", hint)

    def _technique(self, declared: str) -> None:
        identifier = declared.strip().upper()
        if _TACTIC_ID.fullmatch(identifier):
            self._warn("ATT103", f"{declared!r} among the techniques is a tactic", "put it under the tactics")
            self._tactic(identifier)
            return
        if not _TECHNIQUE_ID.fullmatch(identifier):
            near = self._meant(declared)
            self._warn(
                "ATT103",
                f"{declared!r} is no ATT&CK technique id",
                f"did you mean {near}?" if near else "write it as T1078 or T1078.004",
            )
            return
        if identifier != declared:
            self._warn("ATT103", f"{declared!r} is not spelled as ATT&CK spells it", f"write {identifier}")
        technique = self.facts.techniques.get(identifier)
        if technique is None:
            self._unknown(identifier)
        elif technique.deprecated:
            self._warn(
                "ATT105",
                f"{identifier} ({self.facts.full_name(technique)}) is deprecated and has no successor",
                "choose a technique that is current",
            )
        elif technique.successor is not None:
            self._revoked(technique, technique.successor)
        else:
            self.techniques[identifier] = None

    def _revoked(self, technique: TechniqueFacts, successor: str) -> None:
        current = self.facts.techniques[successor]
        self.techniques.setdefault(successor, technique.id)
        self._note(
            "ATT104",
            f"{technique.id} ({self.facts.full_name(technique)}) is revoked; "
            f"{successor} ({self.facts.full_name(current)}) took its place",
            f"write {successor}",
        )

    def _unknown(self, identifier: str) -> None:
        other = other_domains().get(identifier)
        if other is not None:
            name, domain = other
            self._note("ATT106", f"{identifier} ({name}) is of ATT&CK for {domain}; coverage is of ATT&CK Enterprise")
            return
        parent = identifier.partition(".")[0]
        if parent != identifier and parent in self.facts.techniques:
            has = [one for one in self.facts.techniques if one.startswith(f"{parent}.")]
            name = self.facts.techniques[parent].name
            span = f"{has[0]} to {has[-1]}" if len(has) > 1 else "".join(has) or "none"
            self._warn(
                "ATT102", f"ATT&CK has no technique {identifier}", f"sub-techniques of {parent} ({name}): {span}"
            )
        else:
            self._warn("ATT102", f"ATT&CK has no technique {identifier}")

    def _meant(self, declared: str) -> str | None:
        """The id whose digits a text begins with, or None."""
        found = _NEARLY_ID.match(declared.strip().upper())
        if found is None:
            return None
        parent, child = found.groups()
        likely = f"T{parent}" if child is None else f"T{parent}.{int(child):03}"
        return likely if likely in self.facts.techniques else None

    def _names(self, short_names: Iterable[str]) -> str:
        former = self.facts.former_tactics
        names = [former[name][0] if name in former else self.facts.tactics[name].name for name in short_names]
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    def _warn(self, code: str, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, Level.WARNING, message, help=hint))

    def _note(self, code: str, message: str, hint: str | None = None) -> None:
        self.diagnostics.append(Diagnostic(code, Level.NOTE, message, help=hint))


def _fold(name: str) -> str:
    """A name without case, blanks and punctuation: "Command & Control" and `CommandAndControl` are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower().replace("&", "and"))


@cache
def _tactic_names() -> dict[str, str]:
    """Folded names and ids of current and former tactics, to their short names; a current one wins an id."""
    facts = matrix()
    names = {_fold(short_name): short_name for short_name in facts.former_tactics}
    for tactic in facts.tactics.values():
        names[_fold(tactic.name)] = names[_fold(tactic.id)] = tactic.short_name
    return names


def _other_tactic(declared: str, key: str) -> tuple[str, str, str] | None:
    """Id, name and domain of a tactic that only another domain of ATT&CK has."""
    for identifier, (name, domain) in other_domains().items():
        if _TACTIC_ID.fullmatch(identifier) and (identifier == declared.strip().upper() or _fold(name) == key):
            return identifier, name, domain
    return None
