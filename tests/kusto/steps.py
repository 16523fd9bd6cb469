"""Work measured in executed lines, which no other load of the machine changes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(work: Callable[[], object]) -> int:
    """How many lines of Python run: a measure of work that is the same on every machine."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:  # what sys.settrace asks for
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
