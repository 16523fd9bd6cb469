"""Stopping the engine: when its time is over, and when the user asks for it.

While the engine works, the main thread stands in its code, and Python runs no handler of a signal. The client looks for
SIGINT itself, but not in every phase of a query. So a thread of ours hears of signals through Python's wake-up pipe,
which the C handler writes at once, and interrupts the engine until it has stopped.
"""

from __future__ import annotations

import select
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

AGAIN: Final = 0.1
"""Seconds from one interrupt to the next: an interrupt before the engine has begun with a statement is lost."""


@contextmanager
def stoppable(interrupt: Callable[[], None], seconds: float | None) -> Iterator[threading.Event]:
    """`interrupt` is called again and again, after so many seconds (None: never) or on SIGINT, until the block is left.

    The event is set when it was the time.
    """
    expired, left = threading.Event(), threading.Event()
    hearing, telling = socket.socketpair()
    hearing.setblocking(False)
    telling.setblocking(False)

    def watch() -> None:
        ends = None if seconds is None else monotonic() + seconds
        while True:
            heard, _, _ = select.select([hearing], [], [], None if ends is None else max(0.0, ends - monotonic()))
            if left.is_set():
                return
            if not heard:
                expired.set()
                break
            if signal.SIGINT in hearing.recv(4096):
                break
        while not left.is_set():
            interrupt()
            left.wait(AGAIN)

    with hearing, telling, _told_of_signals(telling):
        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield expired
        finally:
            left.set()
            telling.send(b"\0")
            watcher.join()


@contextmanager
def _told_of_signals(telling: socket.socket) -> Iterator[None]:
    """Python writes the numbers of signals to the socket; only the main thread can ask for that."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.set_wakeup_fd(telling.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
