"""The static search beside Pagefind, on the same catalog: `python -m benchmarks.search`.

Both are built in a process of their own, written to a temporary folder, served from 127.0.0.1 without compression and
asked the same questions in headless Chromium, one after the other, in a browser that has loaded nothing before.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

from benchmarks.corpus import PROJECT, SHARED
from benchmarks.table import print_table
from detectionary.catalog import Facet, Filters, browse, open_catalog
from detectionary.ingest import ingest
from detectionary.pages.environment import asset_files
from detectionary.pages.library import Library
from detectionary.pages.search.files import SEARCH
from tools.ratchet import readable_corpora

Question = tuple[str, dict[str, str]]
"""(text, filters)"""

WORDS: Final[tuple[str, ...]] = (
    "process", "the", "windows", "event", "user", "powershell", "mimikatz", "lsass", "certutil", "runinstances",
    "ransomware", "signinlogs", "kerberoasting", "T1059", "4625", "credential access", "azure key vault",
    "service principal added", "process creation network connection", "rundll32 dll export ordinal",
)  # fmt: skip
BEGINNINGS: Final = ("run*", "power*", "auth*", "s*", "cred* dump*", "unauthorized*")
PHRASES: Final = (
    '"scheduled task"', '"command line"', '"the process"', '"of the"', "event.action", "process.command_line",
    "Client.UnauthorizedOperation", "C:\\Windows\\System32\\cmd.exe", "aws.cloudtrail", "winlog.event_id",
)  # fmt: skip
FILTERED: Final[tuple[Question, ...]] = (
    ("", {"platform": "AWS"}),
    ("", {"language": "sigma", "severity": "high"}),
    ("process", {"platform": "Windows", "severity": "critical"}),
    ("", {"tactic": "Persistence", "language": "kusto"}),
    ("login", {"platform": "Entra ID"}),
    ("", {"technique": "T1078"}),
    ("", {"repository": "sigma", "tactic": "Execution"}),
)
EXACT: Final[tuple[Question, ...]] = (
    ("", {"field": "EventName"}),
    ("", {"field": "EventName", "value": "RunInstances"}),
    ("", {"value": "powershell.exe"}),
    ("", {"field": "process.name", "value": "cmd.exe"}),
    ("", {"action": "RunInstances"}),
    ("user", {"has": "exclusions", "feed": "no"}),
)
"""What Pagefind's filters do not say: a value of a field of one comparison, and fields, values, actions by any name."""

QUESTIONS: Final[tuple[Question, ...]] = (
    *((text, {}) for text in (*WORDS, *BEGINNINGS, *PHRASES)),
    *FILTERED,
    *EXACT,
)

ASK: Final = """async (query) => {
  const start = performance.now();
  const answer = await detectionary.search(detectionary.request(new URLSearchParams(query)));
  return [performance.now() - start, answer.total];
}"""

PAGEFIND: Final = """async ([text, filters]) => {
  const start = performance.now();
  window.found ??= await import("/pagefind/pagefind.js");
  const answer = await window.found.search(text || null, { filters });
  await Promise.all(answer.results.slice(0, 10).map((each) => each.data()));
  return [performance.now() - start, answer.results.length];
}"""


@dataclass(frozen=True, slots=True)
class Built:
    seconds: float
    peak: int
    """Bytes, of the process or of the largest one that it started."""


@dataclass(frozen=True, slots=True)
class Asked:
    times: tuple[float, ...]
    """Milliseconds for each question."""
    totals: tuple[int, ...]
    fetched: tuple[int, ...]
    """Bytes that came for each question."""


def build_ours(db: Path, out: Path) -> None:
    """The files of the search, as `site` writes them."""
    with open_catalog(db) as catalog:
        library = Library(catalog)
        for name, content in SEARCH.files(library):
            place = out / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)


def build_pagefind(db: Path, out: Path) -> None:
    """A page a rule with the same texts, and the facets that are filters there too, given to Pagefind's program.

    Writing the pages takes part of the time, as taking the words from the catalog does in ours.
    """
    pages = out / "pages"
    pages.mkdir()
    with open_catalog(db) as catalog:
        rules = catalog.index().rules
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    texts = {row[0]: row[1:] for row in connection.execute("SELECT * FROM documents")}
    connection.close()
    for number, rule in enumerate(rules):
        title, *others = texts[rule.number]
        filters: dict[str, Sequence[str | None]] = {
            "platform": [rule.reference.platform],
            "language": [rule.reference.language],
            "severity": [rule.severity],
            "repository": [rule.repository],
            "tactic": rule.tactics,
            "technique": rule.techniques,
        }
        marks = "".join(
            f'<meta data-pagefind-filter="{name}[content]" content="{escape(value)}">'
            for name, values in filters.items()
            for value in values
            if value
        )
        body = "".join(f"<p>{escape(text)}</p>" for text in others)
        pages.joinpath(f"{number}.html").write_text(
            f'<!doctype html><html lang="en"><meta charset="utf-8">{marks}<h1>{escape(title)}</h1>{body}</html>',
            encoding="utf-8",
        )
    command = [sys.executable, "-m", "pagefind", "--site", str(pages), "--output-path", str(out / "pagefind")]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(pages)


def _child(build: Any, db: Path, out: Path, answer: Any) -> None:  # what multiprocessing hands over has no types
    start = perf_counter()
    build(db, out)
    seconds = perf_counter() - start
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    answer.send(Built(seconds, peak * 1024))


def built(build: Any, db: Path, out: Path) -> Built:
    """What `build` takes in a process of its own."""
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(build, db, out, theirs))
    process.start()
    theirs.close()
    found = ours.recv()  # `EOFError` when the process fails
    process.join()
    assert isinstance(found, Built)
    return found


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002  # the base class names them
        return None


@contextmanager
def served(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def asked(folder: Path, page: str, script: str, questions: Sequence[object]) -> Asked:
    """The answers of a page in `folder` to questions, one after the other."""
    from playwright.sync_api import sync_playwright  # a tool of tests and benchmarks alone

    times, totals, fetched = [], [], []
    folder.joinpath("index.html").write_text(f"<!doctype html><meta charset=utf-8><title>.</title>{page}")
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        tab = browser.new_page()
        received = [0]

        def count(response: Any) -> None:
            received[0] += int(response.headers.get("content-length", 0))

        tab.on("response", count)
        tab.goto(address)
        for question in questions:
            before = received[0]
            time, total = tab.evaluate(script, question)
            times.append(time)
            totals.append(total)
            fetched.append(received[0] - before)
        browser.close()
    return Asked(tuple(times), tuple(totals), tuple(fetched))


def truth(db: Path) -> list[int]:
    """How many rules the catalog itself finds for each question."""
    with open_catalog(db) as catalog:
        index = catalog.index()
        return [browse(catalog, index, text, _filters(names), facets=()).total for text, names in QUESTIONS]


def _filters(names: dict[str, str]) -> Filters:
    filters = Filters()
    for name, value in names.items():
        filters = filters.adding(Facet(name), value)
    return filters


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.search", description=__doc__.partition(":")[0])
    parser.add_argument("--db", type=Path, help="a catalog (default: one of all corpora that are read)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="detectionary-search-") as temporary:
        folder = Path(temporary)
        db = options.db or _ingested(folder / "all.db")
        if db is None:
            print("search: skipped, ../shared/corpora is not beside this checkout")
            return 0
        _compare(db, folder)
    return 0


def _ingested(path: Path) -> Path | None:
    folders = [folder for folder in readable_corpora(SHARED / "corpora") if folder.is_dir()]
    if not folders:
        return None
    ingest([PROJECT / "examples" / "rules", *folders], path)
    return path


def _compare(db: Path, folder: Path) -> None:
    ours, theirs = folder / "ours", folder / "theirs"
    ours.mkdir()
    theirs.mkdir()
    made = built(build_ours, db, ours), built(build_pagefind, db, theirs)
    sizes = tuple([file.stat().st_size for file in place.rglob("*") if file.is_file()] for place in (ours, theirs))
    (ours / "assets").mkdir()
    for name in ("search.js", "search-engine.js"):
        path, content = asset_files()[name]
        (ours / path).write_bytes(content)
    script = f'<script src="{asset_files()["search.js"][0]}" data-root="" data-mode="static"></script>'
    queries = [urlencode([("q", text), *names.items()]) for text, names in QUESTIONS]
    answers = (
        asked(ours, script, ASK, queries),
        asked(theirs, "", PAGEFIND, [[text.replace("*", ""), names] for text, names in QUESTIONS]),
    )
    wanted = truth(db)
    rows = [
        ("build, s", *(f"{each.seconds:.1f}" for each in made)),
        ("peak memory, MB", *(f"{each.peak / 1e6:,.0f}" for each in made)),
        ("files", *(f"{len(each):,}" for each in sizes)),
        ("on disk, MB", *(f"{sum(each) / 1e6:.1f}" for each in sizes)),
        ("first answer, ms", *(f"{each.times[0]:.0f}" for each in answers)),
        ("fetched for it, kB", *(f"{each.fetched[0] / 1e3:,.0f}" for each in answers)),
        ("further answers, median ms", *(f"{statistics.median(each.times[1:]):.0f}" for each in answers)),
        ("further answers, p95 ms", *(f"{statistics.quantiles(each.times[1:], n=20)[-1]:.0f}" for each in answers)),
        ("slowest, ms", *(f"{max(each.times[1:]):.0f}" for each in answers)),
        ("fetched for each, median kB", *(f"{statistics.median(each.fetched[1:]) / 1e3:,.0f}" for each in answers)),
        ("fetched for all, kB", *(f"{sum(each.fetched) / 1e3:,.0f}" for each in answers)),
        (
            f"as many rules as the catalog, of {len(QUESTIONS)}",
            *(str(sum(one == other for one, other in zip(each.totals, wanted, strict=True))) for each in answers),
        ),
    ]
    print_table(("static search", "ours", "Pagefind"), rows)
    slow = sorted(zip(answers[0].times[1:], QUESTIONS[1:], strict=True), key=lambda each: -each[0])[:5]
    print("ours, slowest:", "; ".join(f"{text} {names or ''} {time:.0f} ms" for time, (text, names) in slow))


if __name__ == "__main__":
    sys.exit(main())
