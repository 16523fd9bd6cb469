"""What the static search needs for exact values, and how it reads characters outside of ASCII."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from zlib import crc32

from detectionary.catalog.search import FACET_NAMES, LANGUAGE_NAMES, former_techniques, tactic_names
from detectionary.catalog.tokens import ComparedValue, letters
from detectionary.pages.search.codes import codes, rising

_MOST: Final = 40_000

ValueRow = list[object]
"""[value, [field as spelled, its key, places of the rules (`rising`)], …]"""


def value_files(values: Iterable[ComparedValue], place_of: Mapping[int, int]) -> list[list[ValueRow]]:
    """The values of present rules (`place_of` their numbers): each in the file that the remainder of its CRC-32 (of
    UTF-8) by the number of files names.
    """
    rows: dict[str, ValueRow] = {}
    size = 0
    for each in values:
        places = sorted(place_of[number] for number in each.rules if number in place_of)
        if places:
            row = rows.setdefault(each.value, [each.value])
            field = None if each.field == each.field_key else each.field
            row.append([field, each.field_key, rising(places)])
            size += 2 * len(places) + len(each.field_key) + len(field or "") + 16
    size += sum(map(len, rows))
    count = max(1, -(-size // _MOST))
    files: list[list[ValueRow]] = [[] for _ in range(count)]
    for value, row in rows.items():
        files[crc32(value.encode("utf-8", "surrogatepass")) % count].append(row)
    return files


def words_of_questions() -> dict[str, object]:
    """The names that a search text may use for facets, languages, tactics and techniques."""
    return {
        "facets": {name: facet.value for name, facet in FACET_NAMES.items() if name != facet.value},
        "languages": dict(LANGUAGE_NAMES),
        "tactics": dict(tactic_names()),
        "techniques": dict(former_techniques()),
    }


def letter_tables() -> dict[str, object]:
    """Characters outside of ASCII: which parts of tokens are, what they become, and how Python reads them.

    `kept`, `marks` and `alnum` are ranges: steps from the end of one to the start of the next, and their lengths.
    `folded` and `cased` are triples: step from the code point before, code point, and the text that it becomes.
    """
    known = letters()
    codes_all = [*range(0x80, 0xD800), *range(0xE000, 0x20000), *range(0x20000, 0x33500), *range(0xE0000, 0xE0200)]
    beyond = range(0x20000, 0xE0000)
    return {
        "kept": codes(_ranges([*known.kept, *beyond])),
        "marks": codes(_ranges(known.marks)),
        "folded": [codes(_steps(known.folded)), "".join(known.folded[each] for each in sorted(known.folded))],
        "alnum": codes(_ranges(each for each in codes_all if chr(each).isalnum())),
        "cased": _cased(codes_all),
    }


def _cased(codes_all: Iterable[int]) -> list[object]:
    changed = {each: chr(each).casefold() for each in codes_all if chr(each).casefold() != chr(each)}
    return [codes(_steps(changed)), [changed[each] for each in sorted(changed)]]


def _steps(numbers: Iterable[int]) -> Iterable[int]:
    last = 0
    for number in sorted(numbers):
        yield number - last
        last = number


def _ranges(numbers: Iterable[int]) -> Iterable[int]:
    start = end = 0
    for number in sorted(numbers):
        if number == end:
            end += 1
            continue
        if end > start:
            yield end - start
        yield number - end
        start, end = number, number + 1
    if end > start:
        yield end - start
