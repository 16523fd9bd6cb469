"""The words of the static search: for each the rules that have it with how well, and where it stands in them.

A file holds consecutive words, so that the beginning of a word is a range of files. Words and places are files apart:
places are needed for phrases alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectionary.catalog.schema import SEARCH_COLUMNS
from detectionary.catalog.search import COLUMN_WEIGHTS
from detectionary.catalog.tokens import COLUMN_BITS, OFFSET_BITS, TokenPlaces
from detectionary.pages.search.codes import DIGITS, Bytes, Integers, code_bytes

MOST: Final = 48_000
"""A file is closed when it is longer than this; one with a single common word may be three times as long."""

K1: Final = 1.2
B: Final = 0.75
"""As in SQLite's bm25."""

LEAST: Final = 0.03
STEPS: Final = (len(DIGITS) - 1) / log(400 / LEAST)
"""A frequency beside the length of its rule is one of `DIGITS`: its logarithm above that of `LEAST`, in `STEPS` to e.

bm25 grows less and less with it, but rules with most of a word should still be told apart."""

WEIGHTS: Final = tuple(COLUMN_WEIGHTS.get(name, 1) for name in SEARCH_COLUMNS)
_OFFSETS: Final = (1 << OFFSET_BITS) - 1
_OUTSIDE: Final = 300
_LADDER: Final = np.frombuffer((DIGITS[0] * _OUTSIDE + DIGITS + DIGITS[-1] * _OUTSIDE).encode("ascii"), np.uint8)
"""The levels, with room below and above for what is rarer or more frequent than they tell apart."""
_MOST_FREQUENT: Final = 50_000
_LOGARITHMS: Final = np.array([0.0, *(log(frequency) * STEPS for frequency in range(1, _MOST_FREQUENT + 1))])
_PLACE_BITS: Final = 40
_PLACES: Final = (1 << _PLACE_BITS) - 1
_HIDDEN: Final = -(1 << 60)
_GONE: Final = -1
"""In place of the place of a rule that is no longer there."""
_BODY: Final = SEARCH_COLUMNS.index("body")


@dataclass(frozen=True, slots=True)
class WordFile:
    """Consecutive words, each followed by what is known of it."""

    words: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """All words. For each, in `rules`: pairs of a rule (`rising`) and one of `DIGITS`, the word's frequency beside the
    rule's length (bm25 without the rarity of the word). In `places`: where it stands (`rising`).

    Places count on through the columns of a rule and then the next rule's, with one left free after each column: words
    of a phrase stand side by side.
    """

    rules: tuple[WordFile, ...]
    places: tuple[WordFile, ...]
    sizes: tuple[tuple[int, ...], ...]
    """By place of a rule, how many tokens each column has."""


def collect_words(
    tokens: Iterable[TokenPlaces],
    sizes: Mapping[int, tuple[int, ...]],
    numbers: Sequence[int],
    closed: frozenset[int],
) -> Words:
    """The words of the rules with these numbers, in the order of the site. No places in the bodies of `closed` ones
    (numbers): who knows the places of all words knows the text.
    """
    layout = _layout(sizes, numbers, closed)
    rules, places = _Files(), _Files()
    for some in tokens:
        if some.places.size:
            token = np.repeat(np.arange(len(some.tokens)), some.counts)
            columns = some.places >> OFFSET_BITS
            in_rules = _rules(layout, token, columns, len(some.tokens))
            standing = _places(layout, token, columns, some.places & _OFFSETS, len(some.tokens))
            for word, counted, placed in zip(some.tokens, in_rules, standing, strict=True):
                if counted:
                    rules.add(word, counted)
                    places.add(word, placed)
    return Words(rules.all(), places.all(), tuple(sizes[number] for number in numbers))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns of rules are, by number and column as `TokenPlaces` packs them; and the rules by place."""

    starts: Integers
    """The place of a column's first token; `_HIDDEN` where places are not told."""
    rules: Integers
    """The place of the column's rule; `_GONE` of one that is no longer there."""
    weights: NDArray[np.float64]
    """The column's weight."""
    norms: NDArray[np.float64]
    """By place of a rule what its length takes off from levels."""


def _layout(sizes: Mapping[int, tuple[int, ...]], numbers: Sequence[int], closed: frozenset[int]) -> _Layout:
    count = (max(sizes, default=0) + 1) << COLUMN_BITS
    starts, rules, weights = [_HIDDEN] * count, [_GONE] * count, [0.0] * count
    start = 0
    for place, number in enumerate(numbers):
        for column, size in enumerate(sizes[number]):
            packed = number << COLUMN_BITS | column
            rules[packed] = place
            weights[packed] = WEIGHTS[column]
            if column != _BODY or number not in closed:
                starts[packed] = start
            start += size + 1
    average = sum(map(sum, sizes.values())) / max(1, len(sizes)) or 1
    norms = [log(LEAST * K1 * (1 - B + B * sum(sizes[number]) / average)) * STEPS - _OUTSIDE for number in numbers]
    return _Layout(np.array(starts), np.array(rules), np.array(weights), np.array(norms))


# These see every token of every rule, millions of them: nothing of Python's for each. `token` is the number of the
# token among some, `columns` are places without offset; both are given for each place.


def _rules(layout: _Layout, token: Integers, columns: Integers, count: int) -> list[str]:
    """By token its rules, each with a level."""
    there = layout.rules[columns]
    kept = np.flatnonzero(there != _GONE)
    many = max(1, len(layout.norms))
    pairs, pair_of = np.unique(token[kept] * many + there[kept], return_inverse=True)
    frequencies = np.bincount(pair_of, weights=layout.weights[columns[kept]]).astype(np.int64)
    of_token, rules = np.divmod(pairs, many)
    levels = (_LOGARITHMS[np.minimum(frequencies, _MOST_FREQUENT)] - layout.norms[rules]).astype(np.int64)
    found, ends = code_bytes(_steps(of_token, rules), free=1)
    found[ends - 1] = _LADDER[levels]
    return _cut(found, ends, of_token, count)


def _places(layout: _Layout, token: Integers, columns: Integers, offsets: Integers, count: int) -> list[str]:
    """By token where it stands."""
    found = layout.starts[columns] + offsets
    kept = np.flatnonzero(found >= 0)
    order = np.sort(token[kept] << _PLACE_BITS | found[kept], kind="stable")  # most are in order
    of_token = order >> _PLACE_BITS
    return _cut(*code_bytes(_steps(of_token, order & _PLACES)), of_token, count)


def _steps(of_token: Integers, numbers: Integers) -> Integers:
    """What each number exceeds the one of the same token before it by, less one: see `search_codes.rising`."""
    steps = np.diff(numbers, prepend=-1)
    first = np.flatnonzero(np.diff(of_token, prepend=-1))
    steps[first] = numbers[first] + 1
    return steps - 1


def _cut(found: Bytes, ends: Integers, of_token: Integers, count: int) -> list[str]:
    """The text of each token, "" of one that has none."""
    text = found.tobytes().decode("ascii")
    last = np.searchsorted(of_token, np.arange(count), side="right")
    bounds = [0, *np.concatenate(([0], ends))[last].tolist()]
    return [text[start:end] for start, end in pairwise(bounds)]


class _Files:
    def __init__(self) -> None:
        self._files: list[WordFile] = []
        self._words: list[str] = []
        self._texts: list[str] = []
        self._size = 0

    def add(self, word: str, text: str) -> None:
        self._words.append(word)
        self._texts.append(text)
        self._size += len(word) + len(text) + 2
        if self._size > MOST:
            self._close()

    def _close(self) -> None:
        if self._words:
            self._files.append(WordFile(tuple(self._words), tuple(self._texts)))
        self._words, self._texts, self._size = [], [], 0

    def all(self) -> tuple[WordFile, ...]:
        self._close()
        return tuple(self._files)
