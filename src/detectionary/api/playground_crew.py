"""The server's side of the playground's processes: work is given out, and what takes too much is ended for certain.

Each process has one request at a time. One that takes too long, or more memory than it may, is killed, whatever it is
doing, and another is started; the request is answered with the reason. Reading and running have processes of their
own, so that a long query does not keep anybody from writing.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, LifoQueue
from typing import Final

from detectionary.api.playground_worker import DONE, FAULT, MEMORY, READY, Setup, work

_STARTING: Final = 60.0
"""Seconds in which a process must be ready."""
_CLOSING: Final = 5.0
"""Seconds in which a process at work must be given back when all are to end."""
_LOOK: Final = 0.05
"""Seconds from one look at a process's memory to the next."""


class StoppedError(Exception):
    """A request was not answered; the message says why. `spent` is what it took too much of: "time" or "memory"."""

    def __init__(self, spent: str, message: str) -> None:
        super().__init__(message)
        self.spent = spent


class BusyError(Exception):
    """Every process is at work, and none became free in time."""


class CancelledError(Exception):
    """Nobody waits for the answer any longer."""


class FaultError(Exception):
    """A fault of ours; the message is its place."""


class _Process:
    """One worker, started when it is first needed."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self._ready = False

    def start(self) -> None:
        """Start the process, without waiting until it is ready."""
        if self._process is not None:
            return
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(theirs, self._setup), daemon=True, name="playground")
        self._process.start()
        theirs.close()
        self._connection, self._ready = ours, False

    def ask(self, request: bytes, seconds: float, cancelled: Callable[[], bool]) -> bytes:
        """The answer to a request; raises as `Crew.ask` does, and the process is then gone."""
        try:
            self.start()
            if not self._ready:
                self._await(READY, time.monotonic() + _STARTING, lambda: False, "starting")
                self._ready = True
            assert self._connection is not None  # noqa: S101  # started above
            self._connection.send_bytes(request)
            answer = self._await(None, time.monotonic() + seconds, cancelled, f"{seconds:g} seconds")
        except (EOFError, OSError) as error:
            self.end()
            # The kernel kills what takes all memory; a library may give up in its own way where there is none.
            raise StoppedError("memory", "it needed more memory than it may use") from error
        except BaseException:
            self.end()
            raise
        if answer.startswith(FAULT):
            raise FaultError(answer[1:].decode())
        if answer == MEMORY:
            self.end()
            raise StoppedError("memory", "it needed more memory than it may use")
        return answer.removeprefix(DONE)

    def _await(self, expected: bytes | None, ends: float, cancelled: Callable[[], bool], patience: str) -> bytes:
        connection, process = self._connection, self._process
        assert connection is not None  # noqa: S101  # started by the caller
        assert process is not None  # noqa: S101  # as above
        most = self._setup.limits.process_mebibytes
        while not connection.poll(min(_LOOK, max(0.0, ends - time.monotonic()))):
            if cancelled():
                raise CancelledError
            if time.monotonic() >= ends:
                raise StoppedError("time", f"it was stopped after {patience}")
            if _mebibytes(process.pid) > most:
                raise StoppedError("memory", f"it needed more than {most} MiB of memory")
        answer = connection.recv_bytes()
        if expected is not None and answer != expected:
            raise FaultError("a worker that does not start")
        return answer

    def end(self) -> None:
        """Kill the process, and wait until it is gone."""
        process, connection = self._process, self._connection
        self._process = self._connection = None
        if process is not None:
            process.kill()
            process.join()
            process.close()
        if connection is not None:
            connection.close()


def _mebibytes(pid: int | None) -> int:
    """The memory that a process has in use; 0 where that cannot be told (its own limits hold there)."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20


class Crew:
    """A number of processes that do the same kind of work. For use by several threads."""

    def __init__(self, setup: Setup, size: int, seconds: float) -> None:
        self._seconds = seconds
        self._wait = setup.limits.wait_seconds
        self._free: LifoQueue[_Process] = LifoQueue()
        self._all = tuple(_Process(setup) for _ in range(size))
        self._closed = threading.Event()
        for process in self._all:
            self._free.put(process)

    def ask(self, request: bytes, cancelled: Callable[[], bool] = lambda: False) -> bytes:
        """The answer to a request.

        Raises `BusyError`, `StoppedError`, `FaultError`, or `CancelledError` when `cancelled` says so meanwhile.
        """
        try:
            process = self._free.get(timeout=self._wait)
        except Empty:
            raise BusyError from None
        try:
            if self._closed.is_set():
                raise BusyError
            return process.ask(request, self._seconds, lambda: cancelled() or self._closed.is_set())
        finally:
            self._free.put(process)

    def warm(self) -> None:
        """Start a process, so that it is ready when it is needed."""
        try:
            process = self._free.get_nowait()
        except Empty:
            return
        if not self._closed.is_set():
            process.start()
        self._free.put(process)

    def close(self) -> None:
        """End all processes, those at work too."""
        self._closed.set()
        for _ in self._all:
            with suppress(Empty):
                self._free.get(timeout=_CLOSING).end()
