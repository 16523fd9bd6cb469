"""How long a command takes, and how much memory it and everything that it starts hold at most (on Linux)."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Final

_PAUSE: Final = 0.2


@dataclass(frozen=True, slots=True)
class Measured:
    """`seconds` by the clock, `processor` of all processors together, `peak` in bytes (see `measured`)."""

    seconds: float
    processor: float
    peak: int


def measured(command: Sequence[str], folder: Path) -> Measured:
    """Run a command in a folder; `SystemExit` when it fails.

    The peak is the proportional memory (`Pss` of `/proc/*/smaps_rollup`) summed over the process tree, sampled.
    """
    before = _processor()
    start = monotonic()
    peak = 0
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(memory, tree(process.pid))))
            sleep(_PAUSE)
        seconds = monotonic() - start
        complaint = process.stderr.read().decode(errors="replace") if process.stderr else ""
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: exit status {process.returncode}\n{complaint[-2000:]}")
    return Measured(seconds, _processor() - before, peak)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def tree(root: int) -> list[int]:
    """The process and everything it started, from `/proc`."""
    found = [root]
    for process in found:
        for task in Path(f"/proc/{process}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
    return found


def memory(process: int) -> int:
    """Proportional memory of a process in bytes: pages shared with others count in parts; 0 when it has just ended."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
