"""A site that is written again: only what changed, and always what a new one would be."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from detectionary.model.attack import Coverage, TacticCoverage, Technique
from detectionary.model.entry import Entry
from detectionary.model.outcome import Outcome
from detectionary.model.predicate import Operator
from detectionary.model.rule import Severity
from detectionary.pages.keys import permalink_path, rule_path
from detectionary.pages.library import Bodies
from detectionary.site import work, write
from detectionary.site.folder import CHECKED, MANIFEST, Scan, SiteError
from detectionary.site.state import State, read_state
from detectionary.site.write import write_site
from tests.catalog.stored import an_entry, looks_for
from tests.pages.entries import FIRST, long_entry
from tests.site.catalogs import contents, placed, small_catalog, small_entries, store

RULE = rule_path("kusto", "machine-start")
TWIN = rule_path("kusto", "twin")
LONG = rule_path("kusto", "long-query")


def times(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()
    }


def long_ago(folder: Path) -> None:
    """Set the times of all files back, so that whatever is written is seen; they are checked once more."""
    for path in folder.rglob("*"):
        os.utime(path, (10**9, 10**9))


def rewritten(folder: Path) -> set[str]:
    return {name for name, time in times(folder).items() if time != 10**18 and name != CHECKED}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog and its site."""
    folder = tmp_path_factory.mktemp("made")
    write_site(small_catalog(folder), folder / "out")
    return folder


@pytest.fixture
def catalog(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(made / "rules.db", tmp_path / "rules.db"))


@pytest.fixture
def out(made: Path, tmp_path: Path) -> Path:
    """A copy of the site, with old files."""
    out = tmp_path / "out"
    shutil.copytree(made / "out", out)
    long_ago(out)
    return out


def test_nothing_is_written_when_nothing_changed(catalog: Path, out: Path) -> None:
    report = write_site(catalog, out)
    assert (report.written, report.removed) == (0, 0)
    assert rewritten(out) == set()


def test_nothing_at_all_is_touched_when_the_files_were_not_either(catalog: Path, out: Path) -> None:
    write_site(catalog, out)
    before = times(out)
    write_site(catalog, out)
    assert times(out) == before


def test_a_plain_copy_of_a_site_is_read(catalog: Path, made: Path, tmp_path: Path) -> None:
    out = tmp_path / "copy"
    shutil.copytree(made / "out", out, copy_function=shutil.copyfile)  # all files are as new as the note
    (out / RULE).write_bytes(bytes((out / RULE).stat().st_size))
    (out / CHECKED).touch()
    write_site(catalog, out)
    assert contents(out) == contents(made / "out")


def test_pages_whose_basis_stays_are_not_made_again(catalog: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("a rule's page was made")

    monkeypatch.setattr("detectionary.pages.rule.kind.rule_page", fail)
    write_site(catalog, out)


def test_a_changed_rule_changes_its_files_and_what_tells_of_it(catalog: Path, out: Path) -> None:
    machine, _, _ = small_entries()
    store(catalog, [replace(machine, rule=replace(machine.rule, description="Something else"))])
    write_site(catalog, out)
    changed = rewritten(out)
    assert {RULE, RULE.replace(".html", ".json"), MANIFEST} <= changed
    assert not {LONG, permalink_path("long"), RULE.replace("index.html", "rule.yaml")} & changed


def test_a_new_title_changes_the_pages_that_name_the_rule(catalog: Path, out: Path) -> None:
    machine, _, _ = small_entries()
    store(catalog, [placed(machine, "machine-start.yaml", title="A new title")])
    write_site(catalog, out)
    assert {RULE, TWIN} <= rewritten(out)
    assert "A new title" in (out / TWIN).read_text()
    assert LONG not in rewritten(out)


def test_pages_that_are_gone_go_with_their_folders_and_other_files_stay(catalog: Path, out: Path) -> None:
    (out / "CNAME").write_text("rules.example.org")
    (out / "rules" / "notes.txt").write_text("mine")
    machine, _, twin = small_entries()
    store(catalog, [], gone=[machine, twin])
    report = write_site(catalog, out)
    names = set(contents(out))
    assert report.removed > 0
    assert not any("machine-start" in name or "twin" in name for name in names)
    assert {"CNAME", "rules/notes.txt", LONG} <= names
    assert not (out / "rules" / "kusto" / "twin").exists()
    assert names - {"CNAME", "rules/notes.txt", MANIFEST, CHECKED} == set(
        read_state((out / MANIFEST).read_bytes()).marks()
    )


@pytest.mark.parametrize("damage", ["edited", "edited, same size and time", "deleted", "a link", "the folder deleted"])
def test_what_somebody_did_to_a_file_is_mended(catalog: Path, out: Path, tmp_path: Path, damage: str) -> None:
    before = contents(out)
    file = out / LONG
    match damage:
        case "edited":
            file.write_text("x")
        case "edited, same size and time":
            about = file.stat()
            file.write_bytes(file.read_bytes().replace(b"long", b"gnol"))
            os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
        case "deleted":
            file.unlink()
        case "a link":
            (tmp_path / "mine.html").write_text("mine")
            file.unlink()
            file.symlink_to(tmp_path / "mine.html")
        case _:
            shutil.rmtree(file.parent)
    write_site(catalog, out)
    assert contents(out) == before
    if damage == "a link":
        assert (tmp_path / "mine.html").read_text() == "mine"


def test_a_copy_of_a_site_is_known_by_its_contents(catalog: Path, out: Path, tmp_path: Path) -> None:
    shutil.copytree(out, tmp_path / "copy", copy_function=shutil.copyfile)
    long_ago(tmp_path / "copy")
    assert write_site(catalog, tmp_path / "copy").written == 0
    assert rewritten(tmp_path / "copy") == set()


# The folder


@pytest.mark.parametrize("inside", ["a.txt", ".git/config"])
def test_a_folder_that_is_not_ours_is_left_alone(catalog: Path, tmp_path: Path, inside: str) -> None:
    file = tmp_path / "other" / inside
    file.parent.mkdir(parents=True)
    file.write_text("x")
    with pytest.raises(SiteError, match="not of a site"):
        write_site(catalog, tmp_path / "other")
    assert contents(tmp_path / "other") == {inside: b"x"}


def test_an_empty_folder_is_taken(catalog: Path, out: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    write_site(catalog, tmp_path / "empty")
    assert contents(tmp_path / "empty") == contents(out)


@pytest.mark.parametrize("kind", ["file", "folder", "link to a folder", "file for a folder"])
def test_what_others_put_where_a_file_should_be_stays_and_is_told(
    catalog: Path, out: Path, tmp_path: Path, kind: str
) -> None:
    """A rule comes whose place is taken."""
    place = out / "rules" / "kusto" / "new"
    page = place / "index.html"
    match kind:
        case "file":
            place.mkdir()
            page.write_text("mine")
        case "folder":
            page.mkdir(parents=True)
            (page / "notes").write_text("mine")
        case "link to a folder":
            (tmp_path / "elsewhere").mkdir()
            place.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
        case _:
            place.write_text("mine")
    before = contents(place) if place.is_dir() else place.read_bytes()
    store(catalog, [placed(FIRST, "new.yaml")])
    report = write_site(catalog, out)
    kept = {f"rules/kusto/new/{name}" for name in ("compare.js", "index.html", "index.json", "rule.yaml")}
    if kind in ("file", "folder"):
        kept = {"rules/kusto/new/index.html"}
        assert {name: content for name, content in contents(place).items() if name in before} == before
    else:
        assert (contents(place) if place.is_dir() else place.read_bytes()) == before
    assert set(report.kept) == kept
    # It stays theirs in the next run, and goes in its place as soon as there is room.
    assert set(write_site(catalog, out).kept) == kept
    shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
    assert write_site(catalog, out).kept == ()
    write_site(catalog, tmp_path / "again")
    assert contents(out) == contents(tmp_path / "again")


def test_a_manifest_cannot_make_us_remove_files_elsewhere(catalog: Path, out: Path, tmp_path: Path) -> None:
    outside = tmp_path / "precious.txt"
    outside.write_text("x")
    with (out / MANIFEST).open("a") as manifest:
        manifest.write(f'["x","",{{"../precious.txt":["",1],"{outside}":["",1]}}]\n')
    write_site(catalog, out)
    assert outside.read_text() == "x"


def test_a_site_of_the_first_format_is_taken_over(catalog: Path, out: Path) -> None:
    before = contents(out)
    names = [name for name in before if name not in (MANIFEST, CHECKED)]
    (out / "page-2.html").write_text("of an earlier site")
    (out / MANIFEST).write_text("".join(f"{name}\n" for name in (*names, "page-2.html")))
    (out / CHECKED).unlink()
    write_site(catalog, out)
    assert contents(out) == before


def test_another_process_looks_through_the_folder_of_a_large_catalog(
    catalog: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(out)
    foreign = out / "rules" / "kusto" / "new" / "index.html"
    foreign.parent.mkdir()
    foreign.write_text("mine")
    (out / RULE).write_text("broken")
    (out / TWIN).unlink()
    looked: list[bool] = []

    class Watched(work._Scan):
        def result(self) -> Scan:
            looked.append(True)
            return super().result()

    monkeypatch.setattr(work, "_Scan", Watched)
    monkeypatch.setattr(write, "_LARGE", 0)
    assert write_site(catalog, out, processes=2).written == 2
    assert looked
    assert contents(out) == {**before, "rules/kusto/new/index.html": b"mine"}
    store(catalog, [placed(FIRST, "new.yaml")])
    assert write_site(catalog, out, processes=2).kept == ("rules/kusto/new/index.html",)


def test_a_manifest_that_is_none_stops_the_run(catalog: Path, out: Path) -> None:
    (out / MANIFEST).write_text('{"detectionary_site":2,"made_with":""}\n[1,2]\n')
    before = contents(out)
    with pytest.raises(SiteError, match="damaged"):
        write_site(catalog, out)
    assert contents(out) == before


def test_a_run_that_fails_leaves_the_earlier_site_whole(
    catalog: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(out)
    store(catalog, [placed(FIRST, "new.yaml")])
    with monkeypatch.context() as patched:
        patched.setattr("detectionary.pages.rule.kind.render_rule", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            write_site(catalog, out)
    assert contents(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "rules.db"]


def test_a_run_that_is_killed_while_files_move_is_made_up_for(
    catalog: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of rules that the next run no longer has are gone too."""
    _, long, _ = small_entries()
    store(catalog, [placed(FIRST, "new.yaml"), placed(long, "long-query.kql", title="Longer")])
    moved = 0
    replacing = Path.replace

    def replaced(self: Path, target: Path) -> Path:
        nonlocal moved
        moved += self.parent.name != ".out.partial"
        if moved == 12:
            raise KeyboardInterrupt
        return replacing(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replaced)
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(KeyboardInterrupt):
            write_site(catalog, out)
    store(catalog, [], gone=[placed(FIRST, "new.yaml")])
    write_site(catalog, out)
    write_site(catalog, tmp_path / "new")
    assert contents(out) == contents(tmp_path / "new")


def test_a_catalog_that_changes_meanwhile_stops_the_run(catalog: Path, out: Path) -> None:
    before = contents(out)
    store(catalog, [placed(FIRST, "new.yaml")])

    def meanwhile(done: int, total: int) -> None:
        if done == total:
            store(catalog, [placed(long_entry(), "another.kql")])

    with pytest.raises(SiteError, match="changed meanwhile"):
        write_site(catalog, out, progress=meanwhile)
    assert contents(out) == before


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no locks that end with their process")
def test_a_second_run_at_the_same_time_is_refused_and_the_first_ends_well(
    catalog: Path, out: Path, tmp_path: Path
) -> None:
    store(catalog, [placed(FIRST, "new.yaml")])
    refused: list[str] = []

    def meanwhile(_done: int, _total: int) -> None:
        with pytest.raises(SiteError, match="another run is writing") as found:
            write_site(catalog, out)
        refused.append(str(found.value))

    write_site(catalog, out, progress=meanwhile)
    assert refused
    write_site(catalog, tmp_path / "new")
    assert contents(out) == contents(tmp_path / "new")


def test_what_a_run_left_that_was_killed_is_no_run(catalog: Path, out: Path) -> None:
    staging = out.parent / f".{out.name}.partial"
    staging.mkdir()
    (staging / MANIFEST).touch()
    (staging / "half.html").write_text("<p>")
    before = contents(out)
    write_site(catalog, out)
    assert contents(out) == before
    assert not staging.exists()


# Whatever happens, the site is that of the catalog


def some_entry(place: random.Random, name: str) -> Entry:
    """A rule of a few words, so that rules have much in common."""

    def some(*given: str) -> list[str]:
        return place.sample(given, place.randrange(len(given) + 1))

    values = some("a.exe", "b.exe", "c.exe", "d.exe")
    language = place.choice(("kusto", "sigma"))
    entry = an_entry(
        name,
        *([looks_for("Tool", *values)] if values else []),
        *([looks_for("Side", *values, context="anti-join")] if place.random() < 0.2 else []),
        *([looks_for("Path", "*a.exe", operator=Operator.WILDCARD)] if place.random() < 0.3 else []),
        id=f"id-{place.randrange(9)}",
        query=f"{language} {place.randrange(8)}",
        version=str(place.randrange(3)),
        language=language,
        actions=some("cloud:machines/Start", "cloud:machines/Stop"),
        exclusions=[looks_for("User", user) for user in some("svc", "root")],
        severity=place.choice((None, Severity.LOW, Severity.HIGH)),
        tables=tuple(some("Trail", "Logons")),
        outcome=place.choice((None, Outcome(True, ()), Outcome(False, ("Denied",)))),
    )
    coverage = Coverage((TacticCoverage("Execution", "TA0002", (Technique("T1059", "Command"),)),))
    rule = replace(
        entry.rule,
        title=place.choice(("One", "Two", f"Title of {name}")),
        author=place.choice((None, "Ann", "Ann, Bob")),
        related=tuple(("derived", f"id-{place.randrange(9)}") for _ in range(place.randrange(2))),
    )
    entry = replace(
        entry,
        rule=rule,
        platform=place.choice((None, "AWS")),
        coverage=coverage if place.random() < 0.5 else entry.coverage,
    )
    return placed(entry, f"{name}.yaml", title=rule.title, licence=place.choice(("MIT", "Elastic-2.0")))


def moved_to(entry: Entry, repository: str) -> Entry:
    return replace(entry, rule=replace(entry.rule, source=replace(entry.rule.source, repository=repository)))


@pytest.mark.parametrize("seed", range(3))
def test_after_any_changes_the_site_is_that_of_a_new_folder(tmp_path: Path, seed: int) -> None:
    place = random.Random(seed)
    catalog, out = tmp_path / "rules.db", tmp_path / "out"
    present: dict[str, Entry] = {}
    for step in range(5):
        names = place.sample([f"rule-{number}" for number in range(16)], 2 if step else 12)
        gone: list[Entry] = []
        changed: list[Entry] = []
        for name in names:
            # A rule stays in its repository, whose licence is another one now and then.
            entry = moved_to(some_entry(place, name), "github.com/example/" + ("a" if int(name[5:]) % 2 else "b"))
            if name in present and place.random() < 0.3:
                gone.append(present.pop(name))
            else:
                changed.append(entry)
                present[name] = entry
        store(catalog, changed, gone=gone)
        bodies = Bodies.OPEN_ONLY if seed % 2 else Bodies.ALL
        write_site(catalog, out, bodies=bodies)
        shutil.rmtree(tmp_path / "new", ignore_errors=True)
        write_site(catalog, tmp_path / "new", bodies=bodies)
        assert differing(out, tmp_path / "new") == []


def differing(some: Path, others: Path) -> Sequence[str]:
    a, b = contents(some), contents(others)
    return sorted(name for name in {*a, *b} if a.get(name) != b.get(name))


def test_a_state_is_read_as_it_was_written(out: Path) -> None:
    data = (out / MANIFEST).read_bytes()
    state = read_state(data)
    assert isinstance(state, State)
    assert state.encoded() == data
