"""The static site of all corpora that are read: `python -m benchmarks.site`.

Written into a new folder, again without a change, and after one rule changed; then what its pages weigh. `--catalog`
takes a catalog that is there already, and works on a copy; `--keep` leaves the site at a place of your choice.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from benchmarks.corpus import PROJECT, SHARED
from benchmarks.processes import Measured, measured
from benchmarks.table import print_table
from detectionary.pages.registry import PAGES
from tools.ratchet import readable_corpora

_RULE: Final = """id: 00000000-0000-4000-8000-00000000be2c
name: A rule of the benchmark{title}
description: It is changed between two runs.
severity: Low
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: [Execution]
relevantTechniques: [T1059]
query: |
  SecurityEvent
  | where EventID == 4688 and NewProcessName endswith "\\\\{process}"
kind: Scheduled
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.site", description=__doc__.partition(":")[0])
    parser.add_argument("--catalog", type=Path, help="a catalog (default: all corpora are ingested first)")
    parser.add_argument("--keep", type=Path, help="where to leave the site")
    asked = parser.parse_args(arguments)
    corpora = [] if asked.catalog else [path for path in readable_corpora(SHARED / "corpora") if path.is_dir()]
    if not asked.catalog and not corpora:
        print("site: skipped, ../shared/corpora is not beside this checkout")
        return 0
    with tempfile.TemporaryDirectory(prefix="detectionary-site-") as temporary:
        database, own = Path(temporary, "rules.db"), Path(temporary, "own-rules")
        site = asked.keep or Path(temporary, "site")
        if asked.catalog:
            shutil.copyfile(asked.catalog, database)
        own.mkdir()
        rule = own / "benchmark.yaml"
        rule.write_text(_RULE.format(title="", process="powershell.exe"))
        _detectionary("ingest", *map(str, corpora), str(own), "--db", str(database))
        rows = []
        for what in ("new", "again, unchanged", "after one rule changed"):
            if what.startswith("after"):
                rule.write_text(_RULE.format(title=", changed", process="cmd.exe"))
                _detectionary("ingest", str(own), "--db", str(database))
            before = _times(site)
            run = _detectionary("site", str(site), "--db", str(database))
            after = _times(site)
            written = sum(before.get(name) != time for name, time in after.items())
            seconds = (f"{run.seconds:.1f}", f"{run.processor:.1f}")
            rows.append((what, *seconds, f"{run.peak / 2**20:.0f}", f"{len(after):,}", f"{written:,}"))
        print("The static site\n")
        print_table(("run", "seconds", "CPU seconds", "peak MiB", "files", "written"), rows)
        _print_weights(site)
    return 0


def _detectionary(*arguments: str) -> Measured:
    return measured([sys.executable, "-m", "detectionary", *arguments], PROJECT / "src")


def _times(folder: Path) -> dict[str, int]:
    """When each file was written, but for what the site keeps about itself."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            if not name.startswith(".detectionary"):
                path = os.path.join(parent, name)  # noqa: PTH118  # a hundred thousand of them
                found[path] = os.stat(path).st_mtime_ns  # noqa: PTH116
    return found


def _print_weights(site: Path) -> None:
    """The heaviest page of each kind: alone, and with all that a browser loads for it before anybody does a thing."""
    sizes: dict[str, list[tuple[int, str]]] = defaultdict(list)
    total = 0
    for name in _times(site):
        size = Path(name).stat().st_size
        total += size
        address = Path(name).relative_to(site).as_posix()
        if address.endswith(".html"):
            sizes[_kind_of(address)].append((size, address))
    rows = []
    for kind, pages in sizes.items():
        heaviest, address = max(pages)
        loaded = sum((site / file).stat().st_size for file in _loaded(site, address))
        mean = sum(size for size, _ in pages) / len(pages)
        figures = (f"{mean / 1000:.1f}", f"{heaviest / 1000:.1f}", f"{(heaviest + loaded) / 1000:.0f}")
        rows.append((kind, f"{len(pages):,}", *figures, address))
    print(f"{sum(map(len, sizes.values())):,} pages, {total / 1e6:,.0f} MB in all files. In kB, before compression:\n")
    print_table(("kind", "pages", "mean", "heaviest", "first view", "which"), rows)


def _kind_of(address: str) -> str:
    top = address.partition("/")[0] if "/" in address else ""
    return next((kind.name for kind in PAGES if kind.folder == top and top), address)


class _Loads(HTMLParser):
    """The style sheets, scripts and pictures of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag in ("script", "img") and attributes.get("src"):
            self.found.add(str(attributes["src"]))
        if tag == "link" and attributes.get("rel") in ("stylesheet", "icon", "preload"):
            self.found.add(str(attributes["href"]))


def _loaded(site: Path, address: str) -> set[Path]:
    """The files that a browser loads for a page, fonts of its style sheets too."""
    page = site / address
    reader = _Loads()
    reader.feed(page.read_text("utf-8"))
    reader.close()
    # The page for what is not found names files from the root.
    files = {site / file.lstrip("/") if file.startswith("/") else page.parent / file for file in reader.found}
    for sheet in [file for file in files if file.suffix == ".css"]:
        names = [part.partition(")")[0].strip("\"'") for part in sheet.read_text("utf-8").split("url(")[1:]]
        files.update(sheet.parent / name for name in names)
    return {file.resolve() for file in files}


if __name__ == "__main__":
    sys.exit(main())
