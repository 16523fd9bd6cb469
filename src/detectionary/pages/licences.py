"""Which licences let anybody show a rule's text again."""

from __future__ import annotations

from typing import Final

REPUBLISHABLE: Final = frozenset(
    {
        "0BSD",
        "AGPL-3.0-only",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC-BY-4.0",
        "CC-BY-SA-4.0",
        "CC0-1.0",
        "DRL-1.0",
        "DRL-1.1",
        "GPL-2.0-only",
        "GPL-3.0-only",
        "ISC",
        "LGPL-2.1-only",
        "LGPL-3.0-only",
        "MIT",
        "MPL-2.0",
        "Unlicense",
    }
)
"""SPDX identifiers. The Detection Rule License asks to keep the author, whom every page names."""


def may_republish(licence: str | None) -> bool:
    """Whether a text under `licence` may be shown by others; without a known licence it may not."""
    return licence in REPUBLISHABLE
