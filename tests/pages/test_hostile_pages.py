"""Every kind of page over a catalog of rules whose every text is hostile: nothing of it becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest

from detectionary.catalog import open_catalog
from detectionary.model.attack import TacticCoverage, Technique
from detectionary.model.entry import NO_RELATIONS, Entry, Reference
from detectionary.model.predicate import Value, ValueKind
from detectionary.pages import rule_page
from detectionary.pages.compare.context import compare
from detectionary.pages.compare.html import render_compare
from detectionary.pages.compare.kind import compare_html, compare_page
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Library
from detectionary.pages.registry import PAGES
from detectionary.pages.rule.html import render_rule
from detectionary.text import SourceText, Span
from tests.pages.entries import FIRST, paint
from tests.pages.markup import faults, read
from tests.pages.test_hostile_texts import HOSTILE, hostile_entry, hostile_relations
from tests.site.catalogs import store

HEAVIEST = 60_000
MOST_PAGES = 12
"""Of a kind, in one catalog."""
NAME = 300
"""Characters of the longest names; other texts are as long as they like."""

LONG = {
    "100 kB of markup": "<b onclick=alert(1)>" * 5_000,
    "100 kB without a blank": "x" * 100_000,
    "1,000 lines": "| where <a> == '&' // \u202e\n" * 1_000,
}
# A catalog holds whole characters only: the readers replace halves.
TEXTS = {name: text for name, text in (HOSTILE | LONG).items() if name != "half a character"}
BENIGN = ("plain", "two words", "https://example.org/why", "a\nb", "name: x\n\n- item\n", "")

Shape = tuple[str, tuple[str, ...]]


def entries(text: str) -> tuple[Entry, ...]:
    """Two rules with the text everywhere, which share all that they look for, and a plain one."""
    made = []
    for name in ("one", "two"):
        entry = with_long_texts(hostile_entry(text[:NAME]), text) if len(text) > NAME else hostile_entry(text)
        source = replace(entry.rule.source, path=f"{name}.yaml", repository=text[:NAME] or "github.com/a/b")
        coverage = replace(
            entry.coverage,
            tactics=(
                TacticCoverage("Execution", "TA0002", (Technique("T1059", "Command and Scripting Interpreter"),)),
                *entry.coverage.tactics,
            ),
        )
        rule = replace(entry.rule, id=f"{name} {text[:NAME]}", source=source)
        made.append(replace(entry, rule=rule, slug=name, coverage=coverage))
    return (*made, FIRST)


def with_long_texts(entry: Entry, text: str) -> Entry:
    """The entry with a text wherever rules have more than names."""
    query = f"T | where a == 1 {text}"
    whole = Span(0, len(query))
    rule, analysis = entry.rule, entry.analysis
    value = Value(ValueKind.TEXT, text, ("cased",))
    rows = tuple(replace(each, values=(value, *each.values), span=whole) for each in analysis.indicators)
    return replace(
        entry,
        rule=replace(
            rule,
            query=SourceText(query),
            body=f"{query}\n{text}",
            description=text,
            references=(text,),
            false_positives=(text, text),
            facts=(*rule.facts, ("Guide", text)),
            alert=replace(rule.alert, title=f"{text}{{{{a}}}}", description=text),
        ),
        analysis=replace(
            analysis,
            indicators=rows,
            exclusions=rows,
            stages=tuple(replace(stage, text=query, span=whole) for stage in analysis.stages),
            opaques=tuple(replace(each, text=text) for each in analysis.opaques),
            time_filters=tuple(replace(each, text=text) for each in analysis.time_filters),
            column_comparisons=tuple(replace(each, text=text) for each in analysis.column_comparisons),
            diagnostics=tuple(replace(each, message=text, help=text) for each in analysis.diagnostics),
            output_fields=(*analysis.output_fields, *(replace(each, name=text) for each in analysis.output_fields)),
        ),
    )


def pages(library: Library) -> Iterator[tuple[str, str, str]]:
    """(kind, address, HTML) of pages of every kind: of kinds with very many, those that rules have made."""
    for kind in PAGES:
        yield from ((kind.name, path, _html(library, kind, path)) for path in islice(_paths(library, kind), MOST_PAGES))
    compared = compare_page(library, [rule.reference.slug for rule in library.index.rules])
    assert compared is not None
    yield "compare", "compare/index.html", compare_html(library, compared)


def _paths(library: Library, kind: PageKind[Any]) -> Iterator[str]:
    for path in kind.paths(library):
        if kind.name != "technique" or path == "technique/t1059.html":
            yield path


def _html(library: Library, kind: PageKind[Any], path: str) -> str:
    page = kind.fill(library, path)
    assert page is not None, path
    return kind.html(library, page)


def shapes(html: str) -> set[Shape]:
    """The elements of a page, each with the names of its attributes."""
    return {(element.tag, tuple(sorted(element.attributes))) for element in read(html).elements}


@cache
def known_shapes() -> set[Shape]:
    """Those that pages of harmless rules have."""
    found: set[Shape] = {("span", ("class", "data-u"))}  # what cannot be seen is drawn
    for text in BENIGN:
        with TemporaryDirectory() as folder, library_of(Path(folder), text) as library:
            for _, _, html in pages(library):
                found |= shapes(html)
    return found


class library_of:  # noqa: N801  # used like a function
    """A catalog of `entries(text)`, as a context."""

    def __init__(self, folder: Path, text: str) -> None:
        self._catalog = open_catalog(store(folder / "rules.db", entries(text)))

    def __enter__(self) -> Library:
        return Library(self._catalog)

    def __exit__(self, *_: object) -> None:
        self._catalog.close()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_no_text_becomes_an_element_or_an_attribute(tmp_path: Path, text: str) -> None:
    wrong = []
    with library_of(tmp_path, text) as library:
        for kind, path, html in pages(library):
            where = f"{kind} {path[:80]}"
            wrong += [f"{where}: {fault[:200]}" for fault in faults(html)]
            wrong += [f"{where}: {shape}" for shape in sorted(shapes(html) - known_shapes())]
            if len(html.encode()) > HEAVIEST:
                wrong.append(f"{where}: {len(html.encode()):,} bytes")
            if set(html) & set("\x00\x08\x7f\x9f\u202e\u2066\u200f\ufeff\uffff\ufffe"):
                wrong.append(f"{where}: characters that HTML cannot hold, or that reorder a text")
    assert wrong == []


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_a_rule_whose_every_name_is_endless_has_a_light_page(text: str) -> None:
    entry = hostile_entry(text)
    other = Reference(text, "other", text, text, text)  # slugs are ours
    relations = replace(
        hostile_relations(entry, text),
        same_action=((text, other),) * 60,
        copies=(other,) * 60,
        versions=(other,) * 60,
        shared_indicators=((other, 2),) * 10,
    )
    page = rule_page(entry, relations, paint)
    assert len(page.tables[0]) == len(text)
    html = render_rule(page)
    assert faults(html) == []
    assert len(html.encode()) <= HEAVIEST
    assert "cut here" in html
    compared = render_compare(compare([page, rule_page(FIRST, NO_RELATIONS, paint)]), live=True)
    assert faults(compared) == []
    assert len(compared.encode()) <= HEAVIEST


def test_what_is_cut_is_counted_whole() -> None:
    text = next(iter(LONG.values()))
    page = rule_page(hostile_entry(text), NO_RELATIONS, paint)
    page = msgspec.structs.replace(page, indicators=page.indicators * 40)
    html = render_rule(page)
    assert "cut here" in html
    assert re.search(rf'<a href="#indicators">Indicators <span class="count">{len(page.indicators)}</span>', html)
    assert re.search(rf'<h2 id="indicators">.*<span class="count">{len(page.indicators)}</span></h2>', html)
