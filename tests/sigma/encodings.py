"""The forms of a value under encodings, as the product's evaluator makes them, taken apart for comparison."""

from __future__ import annotations

from collections.abc import Sequence

from detectionary.model.matching_text import encoded
from detectionary.model.wildcards import Part, Wild


def forms(pattern: tuple[Part, ...], encodings: Sequence[str]) -> list[tuple[Part, ...]]:
    """All forms of a pattern; wildcards stay where they are."""
    found: list[tuple[Part, ...]] = [pattern]
    for encoding in reversed(encodings):
        found = [form for each in found for form in _encoded(each, encoding)]
    return found


def _encoded(pattern: tuple[Part, ...], encoding: str) -> list[tuple[Part, ...]]:
    found: list[tuple[Part, ...]] = [()]
    for part in pattern:
        if isinstance(part, Wild):
            found = [(*form, part) for form in found]
        else:
            texts = encoded(encoding, part)
            assert texts is not None, "too many dashes"
            found = [(*form, text) for form in found for text in texts]
    return found
