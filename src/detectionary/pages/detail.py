"""How much of a rule its page shows: as much as keeps the page light."""

from __future__ import annotations

from dataclasses import dataclass
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
    prose: int = 12_000
    """Characters of a long text that the rule states besides, such as a guide."""
    others: int = 1_000
    """Rules of the same action; and of each other list of rules, when it is less than all lists show."""
    lets: int = 1_000
    """Parameters and bindings, of each."""


DETAILS: Final = (
    Detail(),
    Detail(values=20, folded_characters=3_000, prose=4_000),
    Detail(values=20, folded_characters=3_000, prose=1_500, others=200),
    Detail(12, 1_000, 60, 30, prose=800, others=120),
    Detail(12, 1_000, 60, 20, 80, 1_500, prose=800, others=60),
    Detail(12, 1_000, 60, 20, 80, 1_500, colours=False, prose=800, others=24),
    Detail(10, 600, 40, 0, 40, 800, colours=False, prose=400, others=24),
    Detail(10, 600, 40, 0, 40, 800, colours=False, body_colours=False, prose=400, others=24),
    Detail(6, 400, 20, 0, 20, 300, colours=False, body_colours=False, prose=200, others=24),
    Detail(6, 400, 20, 0, 20, 300, colours=False, body_colours=False, body_lines=300, prose=200, others=12, lets=60),
    Detail(6, 400, 20, 0, 10, 120, colours=False, body_colours=False, body_lines=160, prose=200, others=12, lets=30),
    Detail(4, 200, 10, 0, 0, 60, colours=False, body_colours=False, body_lines=60, prose=200, others=12, lets=20),
    Detail(2, 80, 6, 0, 0, 40, colours=False, body_colours=False, body_lines=30, prose=0, others=4, lets=8),
)
"""From everything to the least; a page takes the first that keeps it under the limit."""
