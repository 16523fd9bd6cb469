"""`measure`, and what `ingest` says of changes."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.cli.conftest import EXAMPLES, Run


def test_measure_says_what_can_be_run_and_does_it_once(run: Run, tmp_path: Path) -> None:
    db = tmp_path / "rules.db"
    run("ingest", EXAMPLES, "--db", db)
    first = run("measure", "--db", db, "--processes", "1", "--format", "json")
    assert first.status == 0
    counts = first.json()
    assert counts["failed"] == 0
    assert counts["runs"] > 0
    again = run("measure", "--db", db, "--processes", "1")
    assert (again.status, again.out.strip()) == (0, "nothing to measure: every Kusto rule has been")


def test_measure_needs_a_catalog_and_a_process(run: Run, tmp_path: Path) -> None:
    missing = run("measure", "--db", tmp_path / "none.db")
    assert (missing.status, "there is no catalog" in missing.err) == (2, True)
    assert run("measure", "--db", tmp_path / "none.db", "--processes", "0").status == 2


def test_ingest_says_what_changed_in_changed_rules(run: Run, tmp_path: Path) -> None:
    rules, db = tmp_path / "rules", tmp_path / "rules.db"
    shutil.copytree(EXAMPLES, rules)
    run("ingest", rules, "--db", db)
    place = rules / "sentinel" / "AWS_UnauthorizedInstanceSetUpAttempt.yaml"
    text = place.read_text(encoding="utf-8")
    assert "severity: " in text
    lines = ["severity: High" if line.startswith("severity: ") else line for line in text.split("\n")]
    lines.append("# another comment")
    place.write_text("\n".join(lines), encoding="utf-8")
    (rules / "sentinel").rename(rules / "renamed")
    said = run("ingest", rules, "--db", db).out
    assert "of these moved" in said
    shutil.copyfile(EXAMPLES / "sentinel" / place.name, rules / "renamed" / place.name)
    assert "1 changed (1 metadata)" in run("ingest", rules, "--db", db).out
