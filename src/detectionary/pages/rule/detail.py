"""How much of a rule its page shows: as much as keeps the page light."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of long texts and lists a page shows."""

    values: int = 40
    """Of one row, before the rest is folded away."""
    folded_characters: int = 12_000
    """Of values and names that are folded away."""
    rows: int = 500
    """Of a table of indicators."""
    logic: int = 500
    """Conditions in a tree of conditions."""
    inner_stages: int = 1_000
    stage_characters: int = 6_000
    colours: bool = True
    """In the texts of stages."""
    body_colours: bool = True
    body_lines: int = 100_000
    body_characters: int = 1_000_000
    prose: int = 12_000
    """Characters of a long text that the rule states besides, such as a guide."""
    others: int = 120
    """Rules of the same action, the page of which lists all; and of each other list of rules, when it is less than all
    lists show."""
    lets: int = 1_000
    """Parameters and bindings, of each."""


_PLAIN: Final = Detail(10, 600, 40, 0, 40, 800, colours=False, body_colours=False, prose=400, others=24)
_SHORT: Final = replace(_PLAIN, values=6, folded_characters=400, rows=20, inner_stages=20, prose=200, others=12)

DETAILS: Final = (
    Detail(),
    Detail(values=20, folded_characters=3_000, prose=4_000),
    Detail(values=20, folded_characters=3_000, prose=1_500),
    Detail(12, 1_000, 60, 30, prose=800, others=90),
    Detail(12, 1_000, 60, 20, 80, 1_500, prose=800, others=60),
    Detail(12, 1_000, 60, 20, 80, 1_500, colours=False, prose=800, others=24),
    replace(_PLAIN, body_colours=True),
    _PLAIN,
    replace(_SHORT, stage_characters=300, others=24),
    replace(_SHORT, stage_characters=300, body_lines=300, body_characters=30_000, lets=60),
    replace(_SHORT, inner_stages=10, stage_characters=120, body_lines=160, body_characters=20_000, lets=30),
    replace(
        _SHORT,
        values=4,
        folded_characters=200,
        rows=10,
        inner_stages=0,
        stage_characters=60,
        body_lines=60,
        body_characters=10_000,
        lets=20,
    ),
    replace(
        _SHORT,
        values=2,
        folded_characters=80,
        rows=6,
        inner_stages=0,
        stage_characters=40,
        body_lines=30,
        body_characters=4_000,
        prose=0,
        others=4,
        lets=8,
    ),
)
"""From everything to the least; a page takes the first that keeps it under the limit."""
