"""Names, titles and values of strangers on the pages that index a catalog: all stay texts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from detectionary.model.entry import Entry
from detectionary.pages.lists.context import ValuePage
from detectionary.pages.lists.names import NAMES
from tests.catalog.stored import an_entry, looks_for
from tests.pages.indexed import all_pages, broken_links, by, kind_of, library_of
from tests.pages.markup import faults, read
from tests.pages.test_hostile_texts import HOSTILE, visible

LONG = {
    "long": "x" * 300,
    "long and wide": "🕵️ é " * 60,
    "slashes": "a/../../b\\c%2f?q#f",
    "one emoji": "🦊",
    "dots": "....",
    "letters that fold to two": "Straße İX",
}
# A catalog holds whole characters only: the readers replace halves.
TEXTS = {name: text for name, text in (HOSTILE | LONG).items() if name != "half a character"}


def hostile(text: str) -> tuple[Entry, Entry]:
    """Two rules with the text in every name; they share a value and each has one of its own."""
    row = looks_for(text, text)
    rules = []
    for name in ("one", "two"):
        entry = an_entry(
            name,
            row,
            looks_for(text, f"{name} {text}"),
            exclusions=(looks_for(f"{name} {text}", text),),
            tables=(text, f"{name} {text}"),
            actions=(f"{text}/{text}",),
        )
        entry = by(entry, author=text, platform=text, title=text)
        rules.append(replace(entry, rule=replace(entry.rule, kind=text, status=text)))
    return rules[0], rules[1]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_pages_stay_whole_and_say_the_text(tmp_path: Path, text: str) -> None:
    library = library_of(tmp_path, *hostile(text))
    pages = {}
    for path, page, html in all_pages(library):
        pages[path] = html
        assert faults(html) == [], path
        html.encode()
        kind_of(path).encode(page)
        assert not [part for part in path.split("/") if part in ("", ".", "..")]
        assert path.isascii()
    assert broken_links(pages) == []
    shown = visible(read(pages["table/index.html"]).text)
    assert visible(text)[:100] in shown


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_the_names_for_the_box_hold_no_tag(tmp_path: Path, text: str) -> None:
    for path, data in NAMES.files(library_of(tmp_path, *hostile(text))):
        assert b"<" not in data, path
        msgspec.json.decode(data.removeprefix(b"globalThis.detectionaryNames=").removesuffix(b";\n"))


def test_an_endless_value_is_cut_on_its_page_and_whole_in_the_json(tmp_path: Path) -> None:
    text = "<&" * 50_000
    library = library_of(tmp_path, an_entry("one", looks_for("F", text)), an_entry("two", looks_for("F", text)))
    ((path, page, html),) = [each for each in all_pages(library) if each[0].startswith("indicator/")]
    assert isinstance(page, ValuePage)
    assert page.value == text
    assert "Only its beginning is shown, of 100,000 characters." in html
    assert len(html) < 60_000
    assert max(len(each) for _, _, each in all_pages(library)) < 60_000
    assert faults(html) == [], path
