"""The files of the static search: the same every time, and no more of a rule than the site shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from detectionary.catalog import open_catalog
from detectionary.catalog.tokens import COLUMN_BITS, OFFSET_BITS, letters
from detectionary.pages.library import Bodies, Library
from detectionary.pages.search.codes import DIGITS, code, code_bytes, codes, rising
from detectionary.pages.search.files import SEARCH
from tests.catalog.stored import an_entry, looks_for, store


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    path = tmp_path / "rules.db"
    store(
        path,
        an_entry("alpha", looks_for("EventName", "RunInstances"), query="take one two one"),
        an_entry("beta", looks_for("Name", "Straße"), query="take one"),
        an_entry("gone", query="vanished"),
    )
    store(path, gone=["gone"])
    with open_catalog(path) as catalog:
        yield Library(catalog)


def parts(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What each file hands over, by name."""
    found = {}
    for name, content in files.items():
        text = content.decode()
        assert text.startswith("detectionary.shard(")
        assert text.endswith(");\n")
        part, _, data = json.loads("[" + text.removeprefix("detectionary.shard(").removesuffix(");\n") + "]")
        assert name == f"search/{part}.js"
        found[part] = data
    return found


def test_files_are_the_same_every_time(library: Library) -> None:
    assert dict(SEARCH.files(library)) == dict(SEARCH.files(library))


def test_all_parts_are_of_one_version_and_another_text_is_another_version(library: Library, tmp_path: Path) -> None:
    def version(files: Mapping[str, bytes]) -> str:
        (found,) = {content.split(b'"')[3].decode() for content in files.values()}
        return found

    before = version(dict(SEARCH.files(library)))
    store(tmp_path / "rules.db", an_entry("beta", looks_for("Name", "Straße"), query="take two"))
    with open_catalog(tmp_path / "rules.db") as catalog:
        assert version(dict(SEARCH.files(Library(catalog)))) != before


def test_words_of_rules_that_are_gone_are_left_out(library: Library) -> None:
    found = parts(dict(SEARCH.files(library)))
    words = found["words-0"][0].split(" ")
    assert "runinstances" in words
    assert "strasse" not in words
    assert "straße" in words
    assert "vanished" not in words
    assert words == sorted(words)
    assert found["index"]["words"] == [words[0]]
    assert found["rules"]["titles"] == ["Title of alpha", "Title of beta"]


def test_places_of_closed_bodies_are_left_out(library: Library) -> None:
    """Rules without a known licence: their words stay, nobody can put them in order again."""
    index = type(library.index)([replace(rule, licence=None) for rule in library.index.rules], {})
    found = parts(dict(SEARCH.files(Library(library.catalog, index, bodies=Bodies.OPEN_ONLY))))
    everything = parts(dict(SEARCH.files(library)))
    assert found["words-0"] == everything["words-0"]
    place = found["places-0"][0].split(" ").index("take")
    assert found["places-0"][1].split(" ")[place] == ""
    assert everything["places-0"][1].split(" ")[place] != ""
    assert found["index"]["closed"] == 2
    assert found["rules"]["raws"] == [""]


def decode(text: str) -> list[int]:
    """Numbers from their codes, as `assets/search-engine.js` reads them."""
    found = []
    at = 0

    def digit() -> int:
        nonlocal at
        at += 1
        return DIGITS.index(text[at - 1])

    while at < len(text):
        first = digit()
        more = sum(first >= least for least in (64, 80, 88)) + 2 * (first == 90)
        number = first - {0: 0, 1: 64, 2: 80, 3: 88, 5: 90}[more]
        for _ in range(more):
            number = number * 91 + digit()
        found.append(number + {0: 0, 1: 64, 2: 64 + 16 * 91, 3: 64 + 16 * 91 + 8 * 91**2, 5: 0}[more])
    return found


@given(some.lists(some.integers(0, 91**5 - 1)))
def test_codes_are_read_back(numbers: list[int]) -> None:
    assert decode(codes(numbers)) == numbers


_ENDS: Final = [0, 63, 64, 1519, 1520, 67767, 67768, 1574909, 1574910, 91**5 - 1]


@given(some.lists(some.integers(0, 91**5 - 1) | some.sampled_from(_ENDS)), some.integers(0, 2))
def test_many_codes_at_once_are_those_one_by_one(numbers: list[int], free: int) -> None:
    found, ends = code_bytes(np.array(numbers, np.int64), free)
    cut = [found[start:end].tobytes() for start, end in pairwise([0, *ends.tolist()])]
    assert cut == [code(number).encode() + bytes(free) for number in numbers]


def test_a_number_that_has_no_code_is_refused_among_many() -> None:
    with pytest.raises(ValueError, match="too large"):
        code_bytes(np.array([1, 91**5]))


@pytest.mark.parametrize("number", _ENDS)
def test_codes_at_the_ends_of_their_lengths(number: int) -> None:
    assert decode(code(number)) == [number]


def test_a_number_that_has_no_code_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        code(91**5)


def test_rising_numbers_are_steps() -> None:
    assert decode(rising([0, 1, 5, 6])) == [0, 0, 3, 0]


def test_codes_need_no_escape_in_a_script_and_no_separator() -> None:
    assert not set('"\\ !<') & (set(DIGITS) - {"<"})
    assert len(set(DIGITS)) == 91


def test_tokens_are_those_of_the_full_text_index(library: Library) -> None:
    (number,) = {rule.number for rule in library.index.rules if rule.reference.title == "Title of alpha"}
    places = {token: found for part in library.catalog.token_places() for token, found in part.each()}
    body = number << COLUMN_BITS | 2

    def within(token: str) -> list[int]:
        return [place & ((1 << OFFSET_BITS) - 1) for place in places[token] if place >> OFFSET_BITS == body]

    first, last = within("one")
    assert within("two") == [first + 1]
    assert last == first + 2
    assert list(places) == sorted(places)


def test_sizes_of_columns_count_tokens(library: Library) -> None:
    counted: dict[tuple[int, int], int] = {}
    for part in library.catalog.token_places():
        for place in part.places.tolist():
            number, column = place >> OFFSET_BITS + COLUMN_BITS, (place >> OFFSET_BITS) & ((1 << COLUMN_BITS) - 1)
            counted[number, column] = counted.get((number, column), 0) + 1
    sizes = library.catalog.column_sizes()
    assert {
        (number, column): size for number, all_ in sizes.items() for column, size in enumerate(all_) if size
    } == counted


def test_the_tokenizer_is_asked() -> None:
    found = letters()
    assert found.folded[ord("É")] == "e"
    assert found.folded[ord("é")] == "e"
    assert found.folded[ord("Σ")] == "σ"
    assert ord("ß") in found.kept
    assert ord("检") in found.kept
    assert 0x301 in found.marks
    assert not {ord("–"), ord("☃")} & (found.kept | found.marks | set(found.folded))
