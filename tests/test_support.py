"""The support matrix is whole: every function, operator and plug-in of the language runs or says why it does not."""

from __future__ import annotations

from tools.support import markdown

ROWS = [line for line in markdown("").splitlines() if line.startswith("| `")]


def test_the_matrix_has_the_whole_language() -> None:
    assert len(ROWS) > 600


def test_nothing_is_unsupported_without_a_reason() -> None:
    assert [row for row in ROWS if "| no |" in row] == []
