"""What an ingest does again, and what it leaves alone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from detectionary.catalog import content_digest, open_catalog
from detectionary.ingest import IngestError, Summary, ingest
from detectionary.repositories import RepositoryError
from tests.ingest.folders import PARSER, Failing, Newer, function, old, rule, run, small_repository, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = small_repository(tmp_path)
    old(root)
    return root


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "catalog.db"


def analysed(summary: Summary) -> set[str]:
    return {name.id.removeprefix("id-") for name in summary.analysed}


def test_a_folder_becomes_a_catalog(root: Path, db: Path) -> None:
    summary = run(db, root)
    assert analysed(summary) == {"table", "direct", "through", "missing"}
    assert (summary.rules, summary.new, summary.changed, summary.gone) == (4, 4, 0, 0)
    assert (summary.functions, summary.faults, summary.unreadable) == (2, (), ())
    assert summary.accepted == 4
    assert summary.files == 8
    assert sum(number for _, number in summary.ignored) == 2, "the notes and the licence"
    with open_catalog(db) as catalog:
        assert catalog.slugs() == ("Direct", "Missing", "Table", "Through")
        entry = catalog.entry("id-direct")
    assert entry is not None
    assert entry.rule.source.licence == "MIT"
    assert entry.rule.source.path == "Detections/Direct.yaml"
    assert [technique.id for row in entry.coverage.tactics for technique in row.techniques] == ["T1059"]
    assert entry.time_window == "1h"
    assert entry.analysis.functions == ("Logins",)
    (row,) = entry.analysis.indicators
    assert [value.value for value in row.values] == ["admin"]


def test_nothing_is_done_again_without_a_change(root: Path, db: Path) -> None:
    run(db, root)
    before = content_digest(db)
    summary = run(db, root, day=2)
    assert (summary.analysed, summary.files_read, summary.unchanged) == ((), 0, 4)
    assert content_digest(db) == before


def test_unchanged_files_are_not_even_opened(root: Path, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(db, root)

    def refuse(path: Path) -> bytes:
        raise AssertionError(f"{path} was opened")

    with monkeypatch.context() as patched:
        patched.setattr("detectionary.ingest.work.Worker.read", refuse)
        assert run(db, root).rules == 4


def test_a_touched_file_is_read_but_not_analysed(root: Path, db: Path) -> None:
    run(db, root)
    os.utime(root / "Detections/Table.yaml", ns=(2 * 10**18, 2 * 10**18))
    summary = run(db, root)
    assert (summary.analysed, summary.files_read) == ((), 0)


def test_a_fresh_file_is_hashed_though_its_size_and_time_are_the_same(root: Path, db: Path) -> None:
    place = write(root, "Detections/Table.yaml", rule("table", "SecurityEvent | where EventID == 1111"))
    status = place.stat()
    run(db, root)
    place.write_text(rule("table", "SecurityEvent | where EventID == 2222"), encoding="utf-8")
    os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert analysed(run(db, root)) == {"table"}


def test_a_changed_rule_is_a_new_version_and_alone_is_analysed(root: Path, db: Path) -> None:
    run(db, root)
    write(root, "Detections/Table.yaml", rule("table", "SecurityEvent | where EventID == 4624", "1.0.1"))
    summary = run(db, root, day=2)
    assert (analysed(summary), summary.changed, summary.new) == ({"table"}, 1, 0)
    with open_catalog(db) as catalog:
        entry = catalog.entry("Table")
        assert entry is not None
        assert entry.rule.version == "1.0.1"
        first, second = catalog.versions(entry)
    assert (first.first_ingest, first.last_ingest, first.current) == ("2030-01-01T00:00:00Z",) * 2 + (False,)
    assert (second.first_ingest, second.last_ingest, second.current) == ("2030-01-02T00:00:00Z",) * 2 + (True,)
    assert "EventID == 4625" in first.query


def test_exactly_the_dependants_of_a_changed_parser_are_analysed(root: Path, db: Path) -> None:
    run(db, root)
    write(root, PARSER, function("Logins", "SigninLogs | extend Who = UserPrincipalName, Extra = 1"))
    assert analysed(run(db, root)) == {"direct", "through"}
    write(root, "Parsers/BadLogins.yaml", function("BadLogins", "Logins | where ResultType == 50126"))
    assert analysed(run(db, root)) == {"through"}
    assert analysed(run(db, root)) == set()


def test_a_name_that_comes_to_exist_concerns_those_who_looked_for_it(root: Path, db: Path) -> None:
    run(db, root)
    added = write(root, "Parsers/NotYetDefined.yaml", function("NotYetDefined", "SecurityEvent | extend A = 1"))
    assert analysed(run(db, root)) == {"missing"}
    added.unlink()
    assert analysed(run(db, root)) == {"missing"}


def test_a_changed_parser_concerns_rules_of_other_repositories_too(root: Path, db: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write(other, "Uses.yaml", rule("uses", "Logins | take 5"))
    write(other, "Own.yaml", rule("own", "BadLogins | take 5"))
    write(other, "parsers/BadLogins.yaml", function("BadLogins", "SigninLogs"))
    run(db, root, other)
    write(root, PARSER, function("Logins", "SigninLogs | extend Who = 2"))
    summary = run(db, root)
    assert analysed(summary) == {"direct", "through", "uses"}, "`own` has its own BadLogins, which calls no Logins"
    assert summary.rules == 4, "the summary is about what was ingested"


def test_another_version_of_the_analyzer_redoes_everything(root: Path, db: Path) -> None:
    run(db, root, languages=(Failing(),))
    summary = run(db, root, languages=(Newer(),))
    assert analysed(summary) == {"table", "direct", "through", "missing"}
    assert (summary.files_read, summary.changed) == (0, 0)


def test_what_is_gone_is_marked_and_what_comes_back_is_there_again(root: Path, db: Path) -> None:
    run(db, root)
    before = content_digest(db)
    place = root / "Detections/Table.yaml"
    text = place.read_text(encoding="utf-8")
    place.unlink()
    assert run(db, root).gone == 1
    with open_catalog(db) as catalog:
        assert catalog.slugs() == ("Direct", "Missing", "Through")
        assert catalog.totals().gone == 1
    place.write_text(text, encoding="utf-8")
    summary = run(db, root)
    assert (summary.new, analysed(summary)) == (1, {"table"})
    assert content_digest(db) == before


def test_a_part_of_a_repository_says_nothing_about_the_rest(root: Path, db: Path) -> None:
    run(db, root)
    (root / "Parsers/BadLogins.yaml").unlink()
    summary = run(db, root / "Detections")
    assert (summary.gone, summary.analysed) == (0, ())
    assert analysed(run(db, root)) == {"through"}


def test_a_rule_that_leaves_its_file_is_gone(root: Path, db: Path) -> None:
    two = rule("one", "SecurityEvent | take 1") + "---\n" + rule("two", "SecurityEvent | take 2")
    write(root, "Detections/Both.yaml", two)
    assert run(db, root).new == 6
    write(root, "Detections/Both.yaml", rule("two", "SecurityEvent | take 2"))
    summary = run(db, root)
    assert (summary.gone, summary.new, summary.changed) == (1, 0, 0)
    with open_catalog(db) as catalog:
        assert catalog.slugs() == ("Both-2", "Direct", "Missing", "Table", "Through")


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fault_in_one_rule_stays_there(root: Path, db: Path, processes: int) -> None:
    for number in range(60):
        write(root, f"Many/Rule{number}.yaml", rule(f"many{number}", f"SecurityEvent | take {number}"))
    write(root, "Detections/Bad.yaml", rule("bad", 'SecurityEvent | where Account == "explode"'))
    summary = run(db, root, languages=(Failing(),), processes=processes)
    (fault,) = summary.faults
    assert (fault.path, fault.rule) == ("Detections/Bad.yaml", "id-bad")
    assert fault.place.startswith("ZeroDivisionError in folders.py, line ")
    assert summary.rules == 65
    with open_catalog(db) as catalog:
        entry = catalog.entry("Bad")
    assert entry is not None
    assert [found.code for found in entry.analysis.diagnostics] == ["INT001"]
    assert not entry.analysis.accepted


def test_a_rule_that_kills_its_process_costs_only_itself(root: Path, db: Path) -> None:
    for number in range(60):
        write(root, f"Many/Rule{number}.yaml", rule(f"many{number}", f"SecurityEvent | take {number}"))
    write(root, "Many/Deadly.yaml", rule("deadly", 'SecurityEvent | where Account == "die"'))
    summary = run(db, root, languages=(Failing(),), processes=2)
    assert [(fault.rule, fault.place) for fault in summary.faults] == [("id-deadly", "the process died with status 9")]
    assert summary.rules == 64


def test_an_odd_file_stops_nothing(root: Path, db: Path) -> None:
    write(root, "Detections/Broken.yaml", "id: [unclosed\nquery: {")
    (root / "Detections/Binary.yaml").write_bytes(bytes(range(256)))
    write(root, "Detections/Surrogate.yaml", rule("surrogate", "X").replace("Rule surrogate", '"\\ud800 half"'))
    summary = run(db, root)
    assert summary.files == 11
    assert {"table", "direct", "through", "missing"} <= analysed(summary)
    assert run(db, root).analysed == ()


def test_an_unreadable_file_keeps_what_is_known_of_it(root: Path, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(db, root)
    write(root, "Detections/Table.yaml", rule("table", "SecurityEvent | take 7"))
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "Table.yaml":
            raise PermissionError(13, "Permission denied")
        return read(path)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        summary = run(db, root)
    assert [(file.path, file.reason) for file in summary.unreadable] == [("Detections/Table.yaml", "Permission denied")]
    assert (summary.rules, summary.gone) == (4, 0)
    assert analysed(run(db, root)) == {"table"}


def test_order_and_number_of_processes_make_no_difference(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for number in range(130):
        write(
            other, f"{number % 7}/Rule{number % 50}.yaml", rule(f"r{number}", f"Logins | where Who == '{number % 9}'")
        )
    write(other, "Parsers/Logins.yaml", function("Logins", "SigninLogs | extend Who = 'x'"))
    digests = set()
    for name, processes, paths in (
        ("one", 1, (root, other)),
        ("two", 2, (other, root)),
        ("three", 3, (other, root / "Detections", root)),
    ):
        db = tmp_path / f"{name}.db"
        run(db, *paths, processes=processes)
        digests.add(content_digest(db))
    assert len(digests) == 1


def test_step_by_step_gives_what_one_run_gives(root: Path, tmp_path: Path) -> None:
    later = write(root, "Parsers/NotYetDefined.yaml", function("NotYetDefined", "SecurityEvent | extend A = 1"))
    run(tmp_path / "whole.db", root)
    text = later.read_text(encoding="utf-8")
    later.unlink()
    run(tmp_path / "steps.db", root)
    later.write_text(text, encoding="utf-8")
    run(tmp_path / "steps.db", root)
    assert content_digest(tmp_path / "steps.db") == content_digest(tmp_path / "whole.db")


def test_a_git_address_is_cloned_and_named_by_its_remote(root: Path, db: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "-C", str(root)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "-m", "rules"], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    summary = run(db, f"file://{root}")
    assert summary.rules == 4
    with open_catalog(db) as catalog:
        entry = catalog.entry("Table")
        assert entry is not None
        assert entry.rule.source.commit == commit
    assert run(db, f"file://{root}").analysed == (), "another clone of the same commit holds nothing new"


def test_two_folders_of_one_name_are_refused(tmp_path: Path, db: Path) -> None:
    one, two = small_repository(tmp_path / "a"), small_repository(tmp_path / "b")
    with pytest.raises(IngestError, match="both the repository rules"):
        run(db, one, two)


def test_a_path_that_is_not_there_is_refused_before_anything_is_made(tmp_path: Path, db: Path) -> None:
    with pytest.raises(RepositoryError):
        ingest([tmp_path / "nowhere"], db)
    assert not db.exists()


def test_progress_is_told_to_the_end(root: Path, db: Path) -> None:
    told: dict[str, tuple[int, int]] = {}

    def note(phase: str, done: int, total: int) -> None:
        told[phase] = (done, total)

    ingest([root], db, processes=1, progress=note)
    assert told == {"read": (8, 8), "analyse": (4, 4)}


def test_a_copied_repository_of_another_name_holds_copies(root: Path, db: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "fork")
    run(db, root, tmp_path / "fork")
    with open_catalog(db) as catalog:
        entry = catalog.entry("Table")
        assert entry is not None
        (copy,) = catalog.relations(entry).copies
        assert copy.id == "id-table"
        assert copy.slug != entry.slug
