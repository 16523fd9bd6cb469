"""The faults of one rule in a YAML document, collected while it is read."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from detectionary.model.rule import Severity
from detectionary.repositories.durations import short_duration
from detectionary.repositories.wire import fault
from detectionary.text import Diagnostic, Level, Span
from detectionary.text.yamldoc import MappingNode

_SEVERITIES: Final = {severity.value: severity for severity in Severity}
_MAX_UNKNOWN: Final = 50


class Findings:
    """Takes faults whose spans count in the file, and hands them out with spans that count in the rule's body."""

    def __init__(self, root: MappingNode, body: Span) -> None:
        self.root = root
        self._body = body
        self._found: list[Diagnostic] = []

    def extend(self, faults: Iterable[Diagnostic]) -> None:
        """Add faults; those that stand outside the body are not the rule's and are left out."""
        self._found.extend(
            each for each in faults if each.span is None or self._body.start <= each.span.start <= self._body.end
        )

    def warn(self, code: str, message: str, path: tuple[str | int, ...], advice: str) -> None:
        """Something at `path` is wrong; the rule stands."""
        self._found.append(fault(code, Level.WARNING, message, self.root, path, advice))

    def note(self, code: str, message: str, path: tuple[str | int, ...], advice: str) -> None:
        """Something at `path` is odd."""
        self._found.append(fault(code, Level.NOTE, message, self.root, path, advice))

    def check_keys(
        self,
        mapping: MappingNode,
        known: Collection[str],
        misspelt: Mapping[str, str],
        what: str,
        above: tuple[str | int, ...] = (),
        otherwise: str = "remove it, or move it to where it belongs",
    ) -> None:
        """Report the keys of the mapping at `above` that `what` ("a Sentinel rule") does not have, or spells otherwise.

        Of very many unknown keys only the first ones are reported.
        """
        unknown = 0
        for key, _ in mapping.pairs:
            meant = misspelt.get(key.text)
            path = (*above, key.text)
            if meant is not None:
                self.warn("RUL105", f"{key.text} is read as {meant}", path, f"rename it to {meant}")
            elif key.text not in known and unknown < _MAX_UNKNOWN:
                unknown += 1
                near = difflib.get_close_matches(key.text, known, 1, 0.85)
                advice = f"did you mean {near[0]}?" if near else otherwise
                self.note("RUL106", f"{key.text} is no key of {what}; it is not read", path, advice)

    def missing(self, key: str, advice: str, level: Level = Level.WARNING) -> None:
        """A key that the format asks for is not there, or empty."""
        self._found.append(Diagnostic("RUL101", level, f"{key} is missing or empty", None, advice, key))

    def severity(
        self,
        text: str | None,
        path: tuple[str | int, ...],
        advice: str = "write Informational, Low, Medium or High",
    ) -> Severity | None:
        """The severity that `text` names; an unknown one is reported."""
        if not text:
            return None
        severity = _SEVERITIES.get(text.strip().lower())
        if severity is None:
            self.warn("RUL103", f"“{text}” is no severity", path, advice)
        return severity

    def duration(self, text: str | None, path: tuple[str | int, ...]) -> str | None:
        """The short form of a duration; one that cannot be read is reported and left out."""
        if not text:
            return None
        short = short_duration(text)
        if short is None:
            self.warn("RUL104", f"“{text}” is no duration", path, "write a number with a unit, such as 5m, 1h or 14d")
        return short

    def found(self) -> tuple[Diagnostic, ...]:
        """All of them in the order of the file, those without a place first; spans count in the body."""
        start, end = self._body
        shifted = [
            each
            if each.span is None
            else replace(each, span=Span(each.span.start - start, min(each.span.end, end) - start))
            for each in self._found
        ]
        return tuple(sorted(shifted, key=lambda each: (-1, -1) if each.span is None else tuple(each.span)))
