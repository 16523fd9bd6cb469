"""The live server as its users start it: a process that says where it listens, and ends when it is told to."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STARTING = 600
"""Seconds in which the server must say where it is, and in which it must end: only one that hangs takes them."""


@contextmanager
def serving(catalog: Path, *logs: Path) -> Iterator[str]:
    """The address of a server of a catalog, ending in "/"; at the end it must end by itself, and well."""
    command = [sys.executable, "-m", "detectionary", "serve", "--db", str(catalog), "--port", "0"]
    if logs:
        command += ["--logs", *map(str, logs)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    watch = threading.Timer(STARTING, process.kill)
    watch.start()
    said: list[str] = []
    reader: threading.Thread | None = None
    try:
        for line in process.stderr:
            said.append(line)
            _, found, rest = line.partition("http://")
            if found:
                watch.cancel()
                # What it says from now on is read, so that it never waits for a reader.
                reader = threading.Thread(target=said.extend, args=(process.stderr,), daemon=True)
                reader.start()
                yield f"http://{rest.split()[0]}"
                break
        else:
            raise AssertionError(f"the server did not start: {''.join(said)}")
        process.send_signal(signal.SIGINT)
        assert process.wait(STARTING) == 0, "".join(said)
        assert reader is not None
        reader.join(STARTING)
        assert "Traceback" not in "".join(said), "".join(said)
    finally:
        watch.cancel()
        process.kill()
        process.wait()
        if reader is not None:
            reader.join(10)
        process.stderr.close()
