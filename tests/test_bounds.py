"""The bounds themselves: they see what they are for."""

from __future__ import annotations

import re
import signal

import pytest

from tests.bounds import HangError, calls, ends


def test_calls_are_counted_the_same_every_time() -> None:
    def job(count: int) -> None:
        for number in range(count):
            abs(number)

    small, large = calls(lambda: job(100)), calls(lambda: job(400))
    assert small == calls(lambda: job(100))
    assert large - small == 300


def test_what_never_ends_is_ended() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(HangError), ends(1):
        re.fullmatch("(?:a+)+b", "a" * 60)
    with ends(1):
        pass
    assert signal.getsignal(signal.SIGALRM) is before
