"""Bounds that hold on any machine and under any load: work that is counted, and time that only a hang takes.

A limit in seconds is true of one machine: on a slower one, or beside other work, it fails with nothing wrong.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

HANG: Final = 600
"""Seconds that nothing in these tests takes, however slow the machine: waiting longer means that it never ends."""


class HangError(AssertionError):
    """What was to end did not."""


@contextmanager
def ends(within: int = HANG) -> Iterator[None]:
    """Fails when the body has not ended `within` seconds, by interrupting it; regular expressions too."""

    def interrupt(_signal: int, _frame: FrameType | None) -> None:
        raise HangError(f"not ended after {within} seconds")

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(within)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def heeds_interrupts() -> None:
    """Before a process begins (`preexec_fn`): what the foreground of a terminal gives it.

    A shell's background, CI among them, hands SIGINT down as ignored, and Python then leaves it so.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def calls(job: Callable[[], object]) -> int:
    """How many functions are called, in Python and in C, while `job` runs in this thread: the same every time."""
    made = 0

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        job()
    finally:
        sys.setprofile(before)
    return made
