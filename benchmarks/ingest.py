"""Ingest of all corpora that are read: `python -m benchmarks.ingest`.

Cold, again without a change, and after one file changed; on a copy in a temporary folder. The peak is the proportional
memory (`Pss` of `/proc/*/smaps_rollup`) summed over the process tree, sampled, so this runs on Linux.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.corpus import PROJECT, SHARED
from benchmarks.processes import Measured, measured
from benchmarks.table import print_table
from tools.ratchet import readable_corpora


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description=__doc__.partition(":")[0])
    parser.add_argument("folders", nargs="*", type=Path, help="repositories (default: all corpora that are read)")
    folders = parser.parse_args(arguments).folders or _default_folders()
    if not folders:
        print("ingest: skipped, ../shared/corpora is not beside this checkout")
        return 0
    with tempfile.TemporaryDirectory(prefix="detectionary-ingest-") as temporary:
        copies = []
        for folder in folders:
            copies.append(Path(temporary, "corpora", folder.name))
            shutil.copytree(folder, copies[-1])
        database = Path(temporary, "detectionary.db")
        rows = []
        for what in ("cold", "again, unchanged", "after one file changed"):
            if what.startswith("after"):
                _change_one_file(copies[0])
            run = _run(copies, database)
            size = database.stat().st_size
            rows.append((what, f"{run.seconds:.1f}", f"{run.peak / 2**20:.0f}", f"{size / 2**20:.1f}"))
    print(f"Ingest of {len(folders)} repositories\n")
    print_table(("run", "seconds", "peak MiB", "catalog MiB"), rows)
    return 0


def _default_folders() -> list[Path]:
    return [path for path in readable_corpora(SHARED / "corpora") if path.is_dir()]


def _change_one_file(repository: Path) -> None:
    """A new description in the first analytics rule: the same query, another content hash."""
    rule = min(path for path in repository.rglob("*.yaml") if "Analytic Rules" in path.parts)
    rule.write_text(rule.read_text(encoding="utf-8-sig") + "\n# changed\n", encoding="utf-8")


def _run(folders: list[Path], database: Path) -> Measured:
    """One `detectionary ingest`."""
    command = [sys.executable, "-m", "detectionary", "ingest", *map(str, folders), "--db", str(database)]
    return measured(command, PROJECT / "src")


if __name__ == "__main__":
    sys.exit(main())
