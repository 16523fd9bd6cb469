"""The words of the static search: for each the rules that have it with how well, and where it stands in them.

A file holds consecutive words, so that the beginning of a word is a range of files. Words and places are files apart:
places are needed for phrases alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import log
from operator import sub
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectionary.catalog.schema import SEARCH_COLUMNS
from detectionary.catalog.search import COLUMN_WEIGHTS
from detectionary.catalog.tokens import COLUMN_BITS, OFFSET_BITS
from detectionary.pages.search_codes import CODES, DIGITS, code

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
_COLUMNS: Final = (1 << COLUMN_BITS) - 1
_LISTED: Final = len(CODES)
_OUTSIDE: Final = 300
_LADDER: Final = DIGITS[0] * _OUTSIDE + DIGITS + DIGITS[-1] * _OUTSIDE
"""The levels, with room below and above for what is rarer or more frequent than they tell apart."""
_MOST_FREQUENT: Final = 50_000
_LOGARITHMS: Final = (0.0, *(log(frequency) * STEPS for frequency in range(1, _MOST_FREQUENT + 1)))
_LOGARITHMS_OF: Final = np.array(_LOGARITHMS)
_WEIGHT_BITS: Final = 4
_WEIGHT: Final = (1 << _WEIGHT_BITS) - 1
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
    tokens: Iterable[tuple[str, Sequence[int]]],
    sizes: Mapping[int, tuple[int, ...]],
    numbers: Sequence[int],
    closed: frozenset[int],
) -> Words:
    """The words of the rules with these numbers, in the order of the site. No places in the bodies of `closed` ones
    (numbers): who knows the places of all words knows the text.
    """
    # Where a column of a rule begins, by number and column as `token_places` packs them; negative where that is hidden.
    starts = [_HIDDEN] * ((max(sizes, default=0) + 1) << COLUMN_BITS)
    # And the place of the rule with the column's weight.
    weights = [_GONE << _WEIGHT_BITS] * len(starts)
    start = 0
    for place, number in enumerate(numbers):
        for column, size in enumerate(sizes[number]):
            weights[number << COLUMN_BITS | column] = place << _WEIGHT_BITS | WEIGHTS[column]
            if column != _BODY or number not in closed:
                starts[number << COLUMN_BITS | column] = start
            start += size + 1
    hides = bool(closed) or len(numbers) < len(sizes)
    average = sum(map(sum, sizes.values())) / max(1, len(sizes)) or 1
    norms = [log(LEAST * K1 * (1 - B + B * sum(sizes[number]) / average)) * STEPS - _OUTSIDE for number in numbers]
    rules, places = _Files(), _Files()
    starts_of, weights_of, norms_of = np.array(starts), np.array(weights), np.array(norms)
    for token, packed in tokens:
        if len(packed) > _MANY:
            many = np.asarray(packed, dtype=np.int64)
            counted, placed = _rules_of_many(many, weights_of, norms_of), _places_of_many(many, starts_of, hides=hides)
        else:
            counted, placed = _rules(packed, weights, norms), _places(packed, starts, hides=hides)
        if counted:
            rules.add(token, counted)
            places.add(token, placed)
    return Words(rules.all(), places.all(), tuple(sizes[number] for number in numbers))


_HIDDEN: Final = -(1 << 60)

_MANY: Final = 80
"""Words that stand in more places than this are worked out by numpy, which has to be asked anew for each."""

_Integers: TypeAlias = NDArray[np.int64]

# These see every token of every rule, millions of them: no call of Python's for each.


def _places_of_many(packed: _Integers, starts: _Integers, *, hides: bool) -> str:
    """As `_places`."""
    found = starts[packed >> OFFSET_BITS] + (packed & _OFFSETS)
    if hides:
        found = found[found >= 0]
    found.sort()
    return "".join(_codes(np.diff(found, prepend=-1) - 1))


def _rules_of_many(packed: _Integers, weights: _Integers, norms: NDArray[np.float64]) -> str:
    """As `_rules`."""
    placed = weights[packed >> OFFSET_BITS]
    there = placed[placed >= 0]
    frequencies = np.bincount(there >> _WEIGHT_BITS, weights=there & _WEIGHT, minlength=len(norms)).astype(np.int64)
    rules = np.flatnonzero(frequencies)
    levels = (_LOGARITHMS_OF[np.minimum(frequencies[rules], _MOST_FREQUENT)] - norms[rules]).astype(np.int64)
    steps = _codes(np.diff(rules, prepend=-1) - 1)
    return "".join(chain.from_iterable(zip(steps, map(_LADDER.__getitem__, levels.tolist()), strict=True)))


def _codes(numbers: _Integers) -> Iterable[str]:
    listed = numbers.size == 0 or int(numbers.max()) < _LISTED
    plain = numbers.tolist()
    if listed:
        return map(CODES.__getitem__, plain)
    return [CODES[number] if number < _LISTED else code(number) for number in plain]


def _places(packed: Sequence[int], starts: Sequence[int], *, hides: bool) -> str:
    found = [starts[place >> OFFSET_BITS] + (place & _OFFSETS) for place in packed]
    if hides:
        found = [place for place in found if place >= 0]
    found.sort()
    steps = map(sub, found, (-1, *found))
    return "".join([CODES[step - 1] if step <= _LISTED else code(step - 1) for step in steps])


def _rules(packed: Sequence[int], weights: Sequence[int], norms: Sequence[float]) -> str:
    frequencies: dict[int, int] = {}
    frequency_of = frequencies.get
    for placed in [weights[place >> OFFSET_BITS] for place in packed]:
        rule = placed >> _WEIGHT_BITS
        frequencies[rule] = frequency_of(rule, 0) + (placed & _WEIGHT)
    frequencies.pop(_GONE, None)
    rules = sorted(frequencies)
    return "".join(
        [
            (CODES[step - 1] if step <= _LISTED else code(step - 1))
            + _LADDER[int(_LOGARITHMS[min(frequencies[rule], _MOST_FREQUENT)] - norms[rule])]
            for step, rule in zip(map(sub, rules, (-1, *rules)), rules, strict=True)
        ]
    )


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
