"""How alike two rules' outcomes are."""

from __future__ import annotations

import pytest

from detectionary.model.outcome import Outcome, distance

DENIED = Outcome(False, ("AccessDenied",))
UNAUTHORIZED = Outcome(False, ("Client.UnauthorizedOperation",))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (None, None, 0),
        (DENIED, Outcome(False, ("accessdenied", "Throttled")), 0),
        (Outcome(True), Outcome(True), 0),
        (DENIED, UNAUTHORIZED, 1),
        (DENIED, Outcome(False), 1),
        (DENIED, None, 2),
        (DENIED, Outcome(True), 3),
        (Outcome(None, ("50126",)), Outcome(None, ("0",)), 3),
        (Outcome(None, ("50126",)), Outcome(False, ("50126",)), 0),
    ],
)
def test_distance(one: Outcome | None, other: Outcome | None, expected: int) -> None:
    assert distance(one, other) == distance(other, one) == expected
