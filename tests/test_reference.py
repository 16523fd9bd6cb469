"""The generated reference is what the code says now."""

from __future__ import annotations

import pytest

from tools.reference import REFERENCE, WRITTEN, pages


@pytest.mark.parametrize("name", sorted(pages()))
def test_the_reference_is_current(name: str) -> None:
    assert (REFERENCE / name).read_text("utf-8") == pages()[name], "run `make docs`"


def test_no_page_of_the_reference_is_left_over() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(pages()) | WRITTEN
