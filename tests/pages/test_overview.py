"""The first page: its numbers are the catalog's, its charts say what their tables say, strangers' names stay text."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from detectionary.model.entry import Entry
from detectionary.model.predicate import Opaque
from detectionary.model.rule import Severity
from detectionary.pages.library import Library
from detectionary.pages.overview.context import PATH, Overview
from detectionary.pages.overview.kind import OVERVIEW
from detectionary.pages.texts.code import escape
from detectionary.pages.words import percent
from detectionary.text import Diagnostic, Level, Span
from tests.catalog.stored import an_entry, looks_for, moved, opened, store
from tests.pages.markup import read


def library(folder: Path) -> Library:
    return Library(opened(folder / "catalog.db"))


def made(folder: Path, *entries: Entry) -> tuple[Overview, str]:
    store(folder / "catalog.db", *entries)
    return page_of(library(folder))


def page_of(found: Library) -> tuple[Overview, str]:
    page = OVERVIEW.fill(found, PATH)
    assert page is not None
    return page, OVERVIEW.html(found, page)


def dated(entry: Entry, date: str) -> Entry:
    return replace(entry, rule=replace(entry.rule, date=date))


def on(entry: Entry, platform: str) -> Entry:
    return replace(entry, platform=platform)


def broken(entry: Entry) -> Entry:
    diagnostic = Diagnostic("KQL011", Level.ERROR, "an expression is missing", Span(0, 1))
    return replace(entry, analysis=replace(entry.analysis, accepted=False, diagnostics=(diagnostic,)))


def opaque(entry: Entry) -> Entry:
    found = (Opaque("case", "case(a, b)", Span(0, 1)),)
    return replace(entry, analysis=replace(entry.analysis, opaques=found, predicate_count=4))


SMALL = (
    on(an_entry("a", looks_for("F", "x"), severity=Severity.HIGH, techniques=("T1059",)), "AWS"),
    on(broken(an_entry("b", severity=Severity.LOW)), "AWS"),
    opaque(dated(an_entry("c", language="sigma"), "2021-05-01")),
    replace(an_entry("d", query="a | take 1"), third_party_feed="an alert table"),
)


def values(page: Overview, name: str) -> dict[str, tuple[int, ...]]:
    (chart,) = (chart for chart in page.charts if chart.name == name)
    return {row.label: row.values for row in chart.rows}


def test_charts_count_rules(tmp_path: Path) -> None:
    page, _ = made(tmp_path, *SMALL)
    assert values(page, "language") == {"Kusto": (3,), "Sigma": (1,)}
    assert values(page, "platform") == {"AWS": (2,), "not known": (2,)}
    assert {name: count for name, count in values(page, "tactic").items() if count[0]} == {
        "Execution": (1,),
        "none named": (3,),
    }
    (severity,) = (chart for chart in page.charts if chart.name == "severity")
    assert severity.series == ("high", "low", "not stated")
    assert values(page, "severity") == {"Kusto": (1, 1, 1), "Sigma": (0, 0, 1)}
    assert values(page, "written") == {"2021": (1,)}
    assert all(chart.name != "ingest" for chart in page.charts), "one ingest is no history"


def test_measures_say_how_many_and_lead_to_the_rest(tmp_path: Path) -> None:
    page, html = made(tmp_path, *SMALL)
    measures = {each.name: (each.part, each.whole, each.link) for each in page.measures}
    assert measures == {
        "parsed": (3, 4, "browse/index.html?parsed=no"),
        "clean": (3, 4, "browse/index.html?has=diagnostics"),
        "modelled": (3, 4, "browse/index.html?has=opaque"),
        "faults": (4, 4, None),
        "attack": (1, 4, None),
        "own": (3, 4, "browse/index.html?feed=yes"),
        "distinct": (3, 4, None),
        "tested": (0, 4, None),
    }
    assert not page.runnable_measured
    assert "not measured" in html
    reasons = {each.name: [(row.reason, row.count, row.rules) for row in each.rows] for each in page.reasons}
    assert reasons == {"opaque": [("case", 1, 1)], "findings": [("KQL011 error", 1, 1)]}


def test_what_was_measured_to_run_is_said(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db", *SMALL)
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO runnable SELECT id, ?, ?, ?, '1' FROM rules WHERE slug = ?",
            [("runs", None, None, "a"), ("refused", "KQL401", "reduce", "b"), ("data", None, None, "d")],
        )
    page, html = page_of(library(tmp_path))
    (measure,) = (each for each in page.measures if each.name == "runnable")
    assert (measure.part, measure.whole) == (2, 3)
    assert "1 have columns that depend on the data" in measure.about
    assert page.runnable_measured
    assert "not measured" not in html
    (refusals,) = (each for each in page.reasons if each.name == "refusals")
    assert [(row.reason, row.count) for row in refusals.rows] == [("KQL401", 1)]


def test_tables_behind_charts_hold_every_number(tmp_path: Path) -> None:
    page, html = made(tmp_path, *SMALL)
    document = read(html)
    assert (document.unclosed, document.stray) == ([], [])
    assert len(document.ids()) == len(set(document.ids()))
    for chart in page.charts:
        assert f'id="{chart.name}-title"' in html
        assert f'id="{chart.name}-desc"' in html
        table = html.split(f'aria-label="{escape(chart.title)}, as a table"')[1].split("</table>")[0]
        for row in chart.rows:
            assert f">{row.label}<" in table
            for value in row.values:
                assert f">{value:,}</td>" in table


def test_the_page_asks_for_nothing_inline(tmp_path: Path) -> None:
    _, html = made(tmp_path, *SMALL)
    document = read(html)
    for element in document.elements:
        assert "style" not in element.attributes
        assert not [name for name in element.attributes if name.startswith("on")]
    assert all(script.attributes.get("src") for script in document.all("script"))
    assert document.all("style") == []
    assert len([each for each in document.all("input") if each.attributes.get("name") == "q"]) == 1


def test_an_empty_catalog_says_so(tmp_path: Path) -> None:
    page, html = made(tmp_path)
    assert (page.rules, page.charts, page.measures, page.by_repository) == (0, (), (), ())
    assert "detectionary ingest PATH" in html
    assert (read(html).unclosed, read(html).stray) == ([], [])


def test_an_interrupted_ingest_is_said(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db", *SMALL)
    assert "was interrupted" not in page_of(library(tmp_path))[1]
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.execute("INSERT INTO runs (started) VALUES ('2030-01-02T00:00:00Z')")
    page, html = page_of(library(tmp_path))
    assert not page.complete
    assert "was interrupted" in html


def test_names_of_strangers_stay_text(tmp_path: Path) -> None:
    evil = '"><script>alert(1)</script>&'
    entry = on(opaque(an_entry("a", looks_for(evil, "x"), tables=(evil,))), evil)
    page, html = made(tmp_path, entry)
    assert "<script>alert" not in html
    assert values(page, "platform") == {evil: (1,)}
    document = read(html)
    assert (document.unclosed, document.stray) == ([], [])
    assert all(script.attributes.get("src") for script in document.all("script"))


def test_many_platforms_and_repositories_keep_the_page_light(tmp_path: Path) -> None:
    entries = [on(an_entry(f"r{number}"), f"A platform with a long name {number:04}") for number in range(400)]
    store(tmp_path / "catalog.db", *entries)
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO repositories (id, name) VALUES (?, ?)",
            [(number + 2, f"github.com/an-organisation/a-repository-{number}") for number in range(400)],
        )
        connection.execute("UPDATE files SET repository = id + 1")
    page, html = page_of(library(tmp_path))
    assert len(html.encode()) < 60_000
    assert len(page.by_repository) == 400, "the JSON has all"
    assert "376 more are among" in html
    platform = values(page, "platform")
    assert sum(count for (count,) in platform.values()) == 400
    assert platform["388 others"] == (388,)


def test_changes_since_the_first_reading_are_counted(tmp_path: Path) -> None:
    store(tmp_path / "catalog.db", *SMALL)
    page, html = page_of(library(tmp_path))
    assert page.last_changes is None
    assert "first reading" in html
    store(
        tmp_path / "catalog.db", an_entry("a", query="b | take 2"), moved(an_entry("new"), "rules/n.yaml"), gone=["b"]
    )
    page, html = page_of(library(tmp_path))
    assert page.last_changes is not None
    changes, ingest = page.last_changes, page.last_changes.run
    assert (ingest.number, ingest.logic, ingest.added, ingest.removed) == (2, 1, 1, 1)
    assert "1 with other logic" in html
    assert [(each.event, each.kinds, each.title, each.page is None) for each in changes.first] == [
        ("changed", ("logic", "metadata"), "Title of a", False),
        ("added", (), "Title of new", False),
        ("removed", (), "Title of b", True),
    ]
    assert f'<a href="{changes.first[0].page}">Title of a</a>' in html
    assert all(chart.name != "ingest" for chart in page.charts), "both on one day"
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.execute("UPDATE runs SET started = '2029-12-31T23:00:00Z' WHERE number = 1")
    page, html = page_of(library(tmp_path))
    assert values(page, "ingest") == {"2029-12-31": (4,), "2030-01-01": (4,)}, "one came, one went"
    assert ">12-31</text>" in html


def test_json_is_the_same_context(tmp_path: Path) -> None:
    page, _ = made(tmp_path, *SMALL)
    encoded = OVERVIEW.encode(page)
    assert json.loads(encoded)["rules"] == 4
    assert msgspec.json.decode(encoded, type=Overview) == page


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "100 %"),
        (5, 5, "100 %"),
        (0, 5, "0 %"),
        (1, 3, "33.3 %"),
        (11_564, 11_565, "over 99.9 %"),
        (1, 11_565, "under 0.1 %"),
        (2, 3, "66.6 %"),
    ],
)
def test_shares_never_round_to_all_or_nothing(part: int, whole: int, expected: str) -> None:
    assert percent(part, whole) == expected
