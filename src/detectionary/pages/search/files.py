"""The files of the static search: scripts that hand over a part of the index each, so that they also load from disk.

`docs/decisions/0015-static-search.md` says why they are as they are; `assets/search.js` reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

import msgspec

from detectionary.pages.environment import asset_files
from detectionary.pages.kind import FileGroup, digest_of_rules
from detectionary.pages.library import Bodies, Library
from detectionary.pages.licences import may_republish
from detectionary.pages.part import whole_characters
from detectionary.pages.search.codes import codes
from detectionary.pages.search.rules import facet_columns, rule_columns, spelled_fields
from detectionary.pages.search.values import letter_tables, value_files, words_of_questions
from detectionary.pages.search.words import K1, LEAST, STEPS, WEIGHTS, B, WordFile, collect_words

FOLDER: Final = "search"


def _files(library: Library) -> Iterable[tuple[str, bytes]]:
    parts = list(_parts(library))
    state = blake2b(digest_size=8)
    for name, data in parts:
        state.update(f"{name} {len(data)} ".encode())
        state.update(data)
    version = state.hexdigest()
    for name, data in parts:
        # Each part says which version it is of: parts of two versions, one from a browser's cache, are not mixed.
        yield f"{FOLDER}/{name}.js", b'detectionary.shard("%s","%s",%s);\n' % (name.encode(), version.encode(), data)


def _parts(library: Library) -> Iterator[tuple[str, bytes]]:
    """(name, JSON) of every part of the index."""
    index = library.index
    numbers = [rule.number for rule in index.rules]
    place_of = {number: place for place, number in enumerate(numbers)}
    closed = frozenset(
        rule.number for rule in index.rules if library.bodies is Bodies.OPEN_ONLY and not may_republish(rule.licence)
    )
    words = collect_words(library.catalog.token_places(), library.catalog.column_sizes(), numbers, closed)
    values = value_files(library.catalog.compared_values(), place_of)
    yield (
        "index",
        _json(
            {
                "engine": asset_files()["search-engine.js"][0],
                "rules": len(numbers),
                "words": [file.words[0] for file in words.rules],
                "places": [file.words[0] for file in words.places],
                "values": len(values),
                "least": LEAST,
                "steps": STEPS,
                "k1": K1,
                "b": B,
                "weights": WEIGHTS,
                "closed": len(closed),
                **words_of_questions(),
            }
        ),
    )
    yield "rules", _json(rule_columns(index, closed))
    yield "facets", _json(facet_columns(index))
    yield "fields", _json(spelled_fields(index))
    yield "letters", _json(letter_tables())
    yield "sizes", _json(codes(size for columns in words.sizes for size in columns))
    yield from _word_parts("words", words.rules)
    yield from _word_parts("places", words.places)
    for number, rows in enumerate(values):
        yield f"values-{number}", _json(rows)


def _word_parts(name: str, files: Iterable[WordFile]) -> Iterator[tuple[str, bytes]]:
    for number, file in enumerate(files):
        yield f"{name}-{number}", _json([" ".join(file.words), " ".join(file.texts)])


def _json(plain: object) -> bytes:
    try:
        return msgspec.json.encode(plain).replace(b"<", b"\\u003c")
    except UnicodeEncodeError:
        return msgspec.json.encode(whole_characters(plain)).replace(b"<", b"\\u003c")


SEARCH: Final = FileGroup("search", _files, live=False, basis=digest_of_rules)
