"""The live site under load: `python -m benchmarks.serve`.

A server in a process of its own, and requests from this one at random moments, 50 a second, whether or not the ones
before are answered. Pages of all kinds, no address twice; a quarter of the second run searches. Times count from the
moment at which a request was due. Only 127.0.0.1 is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from benchmarks.corpus import PROJECT, SHARED
from benchmarks.table import print_table
from detectionary.catalog import COUNTED, Index, open_catalog
from detectionary.pages.kind import json_path
from detectionary.pages.library import Library
from detectionary.pages.registry import PAGES
from tools.ratchet import readable_corpora

PAGE_BAR: Final = 50
SEARCH_BAR: Final = 100
"""Milliseconds at the 95th percentile."""

_PATIENCE: Final = 30.0
_SEED: Final = 5

Request = tuple[str, str]
"""(kind, address from the root)"""


@dataclass
class Measured:
    times: list[float] = field(default_factory=list)
    """Milliseconds."""
    errors: list[str] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.serve", description=__doc__.partition(":")[0])
    parser.add_argument("--db", type=Path, help="a catalog (default: one of all corpora that are read)")
    parser.add_argument("--rate", type=float, default=50, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60, help="length of each run, at most 600")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="detectionary-serve-") as temporary:
        db = options.db or _ingested(Path(temporary, "all.db"))
        if db is None:
            print("serve: skipped, ../shared/corpora is not beside this checkout")
            return 0
        number = int(options.rate * min(options.seconds, 600))
        for title, searching in (("pages", 0.0), ("pages, and searches", 0.25)):
            requests = list(_requests(db, number, searching))
            with _served(db) as (host, port):
                measured = asyncio.run(_load(host, port, requests, options.rate))
            print(f"Live site, {title}: {len(requests):,} requests at {options.rate:g} a second\n")
            _show(measured)
    return 0


def _ingested(db: Path) -> Path | None:
    folders = [str(path) for path in readable_corpora(SHARED / "corpora") if path.is_dir()]
    if not folders:
        return None
    command = [sys.executable, "-m", "detectionary", "ingest", *folders, "--db", str(db)]
    subprocess.run(command, cwd=PROJECT / "src", check=True, capture_output=True)
    return db


# What is asked for


def _requests(db: Path, number: int, searching: float) -> Iterator[Request]:
    """A third of the pages are rules', a sixth their JSON, the others of all other kinds in equal parts."""
    chance = random.Random(_SEED)
    with open_catalog(db) as catalog:
        library = Library(catalog, live=True)
        waiting: dict[str, list[str]] = {}
        for each in PAGES:
            paths = [quote(path) for path in each.paths(library)]
            chance.shuffle(paths)
            waiting[each.name] = paths
        waiting["rule (JSON)"] = [json_path(path) for path in waiting["rule"][: len(waiting["rule"]) // 3]]
        del waiting["rule"][: len(waiting["rule"]) // 3]
        others = sorted(kind for kind in waiting if not kind.startswith("rule"))
        few = {kind: paths[:] for kind, paths in waiting.items() if len(paths) < 200}
        asked = _searches(library.index, chance)
        for _ in range(number):
            if chance.random() < searching:
                yield next(asked)
                continue
            kind = chance.choice(("rule", "rule", "rule (JSON)", *[chance.choice(others)] * 3))
            if not waiting[kind] and kind in few:  # kinds of few pages are asked for again
                waiting[kind] = few[kind][:]
            if not waiting[kind]:
                kind = "rule"
            yield kind, f"/{waiting[kind].pop()}"


def _searches(index: Index, chance: random.Random) -> Iterator[Request]:
    """Words of titles, some with a value of a facet, some with a filter alone."""
    while True:
        words = [word for word in chance.choice(index.rules).reference.title.split() if word.isalnum()]
        parameters = [("q", " ".join(chance.sample(words, min(len(words), chance.randint(1, 2)))))]
        if chance.random() < 0.5:
            facet = chance.choice(COUNTED)
            value = chance.choice(list(index.values(facet).values()))
            parameters.append((facet.value, value.name))
        if chance.random() < 0.2:
            del parameters[0]
        yield "search", f"/api/search?{urlencode(parameters)}"


# Server and load


@contextmanager
def _served(db: Path) -> Iterator[tuple[str, int]]:
    """A server of the catalog, when it says that it is ready."""
    command = [sys.executable, "-m", "detectionary", "serve", "--db", str(db.resolve()), "--port", "0"]
    with subprocess.Popen(command, cwd=PROJECT / "src", stderr=subprocess.PIPE, text=True) as process:
        try:
            said = (word for line in process.stderr or () for word in line.split())
            address = urlsplit(next((word for word in said if word.startswith("http://")), ""))
            if not address.port:
                raise SystemExit("serve: the server ended before it said where it is")
            yield address.hostname or "127.0.0.1", address.port or 0
        finally:
            process.terminate()
            status = process.wait(_PATIENCE)
            if status:
                print(f"serve: exit status {status}\n{process.stderr.read() if process.stderr else ''}")


async def _load(host: str, port: int, requests: list[Request], rate: float) -> dict[str, Measured]:
    """Ask for everything, each at its own moment."""
    measured: dict[str, Measured] = {}
    connections: list[_Connection] = []
    chance = random.Random(_SEED)
    running = []
    due = perf_counter()
    for kind, address in requests:
        due += chance.expovariate(rate)
        await asyncio.sleep(max(due - perf_counter(), 0))
        found = measured.setdefault(kind, Measured())
        running.append(asyncio.create_task(_ask(host, port, connections, address, due, found)))
    await asyncio.gather(*running)
    for connection in connections:
        connection.close()
    return measured


async def _ask(
    host: str, port: int, connections: list[_Connection], address: str, due: float, measured: Measured
) -> None:
    try:
        async with asyncio.timeout(_PATIENCE):
            connection = connections.pop() if connections else await _Connection.to(host, port)
            status = await connection.get(address)
    except (OSError, EOFError, TimeoutError, ValueError) as error:
        measured.errors.append(f"{address}: {error!r}")
        return
    measured.times.append((perf_counter() - due) * 1000)
    connections.append(connection)
    if status != 200:
        measured.errors.append(f"{address}: status {status}")


class _Connection:
    """One kept connection of a reader that takes gzip, as browsers do."""

    def __init__(self, host: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host = host
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, host: str, port: int) -> _Connection:
        return cls(f"{host}:{port}", *await asyncio.open_connection(host, port))

    async def get(self, address: str) -> int:
        """Ask, read the whole answer, give its status."""
        head = f"GET {address} HTTP/1.1\r\nHost: {self._host}\r\nAccept-Encoding: gzip\r\n\r\n"
        self._writer.write(head.encode("ascii"))
        first, *headers = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
        length = next(int(line.partition(":")[2]) for line in headers if line.lower().startswith("content-length:"))
        await self._reader.readexactly(length)
        return int(first.split()[1])

    def close(self) -> None:
        self._writer.close()


# What came of it


def _show(measured: dict[str, Measured]) -> None:
    pages = Measured()
    for kind, found in measured.items():
        if kind != "search":
            pages.times += found.times
            pages.errors += found.errors
    rows = [_row(kind, found) for kind, found in sorted(measured.items()) if kind != "search"]
    rows.append(_row(f"all pages (bar {PAGE_BAR} ms at p95)", pages))
    if "search" in measured:
        rows.append(_row(f"search (bar {SEARCH_BAR} ms at p95)", measured["search"]))
    print_table(("ms", "requests", "p50", "p95", "p99", "max", "errors"), rows)
    for found in measured.values():
        for error in found.errors[:5]:
            print(f"  error: {error}")


def _row(title: str, found: Measured) -> tuple[str, ...]:
    times = sorted(found.times)

    def at(share: float) -> str:
        return f"{times[min(int(len(times) * share), len(times) - 1)]:.1f}" if times else "–"

    count = len(times) + sum("status" not in error for error in found.errors)
    return (title, f"{count:,}", at(0.5), at(0.95), at(0.99), at(1.0), str(len(found.errors)))


if __name__ == "__main__":
    sys.exit(main())
