"""The words of the full-text index, for a search that is made of them elsewhere: the static site's.

They come from the index itself, so that both find the same rules.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from detectionary.catalog.schema import SEARCH_COLUMNS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Places: TypeAlias = "NDArray[np.int64]"

OFFSET_BITS: Final = 25
COLUMN_BITS: Final = 3
_COLUMN: Final = " ".join(
    f"WHEN '{name}' THEN {place}"
    # Most tokens are of bodies: asked first, it is found first.
    for place, name in sorted(enumerate(SEARCH_COLUMNS), key=lambda each: each[1] != "body")
)
_PACKED: Final = f"(doc << {OFFSET_BITS + COLUMN_BITS}) | ((CASE col {_COLUMN} END) << {OFFSET_BITS}) | offset"


@dataclass(frozen=True, slots=True)
class TokenPlaces:
    """Consecutive tokens by code points, and where they stand.

    A place is a rule's number in the catalog, then `COLUMN_BITS` of a column's place in `SEARCH_COLUMNS`, then
    `OFFSET_BITS` that count the tokens before it in the column. Rules that are gone have places too.
    """

    tokens: tuple[str, ...]
    counts: Places
    """How many places each of them has."""
    places: Places
    """Those of the first token in ascending order, then those of the next one."""

    def each(self) -> Iterator[tuple[str, Places]]:
        """The tokens apart."""
        import numpy as np

        return zip(self.tokens, np.split(self.places, np.cumsum(self.counts)[:-1]), strict=True)


_AT_ONCE: Final = 500_000
"""Places in memory at the same time, as long as no token alone has more."""


def token_places(connection: sqlite3.Connection) -> Iterator[TokenPlaces]:
    """Every token, some of them at a time."""
    (only,) = connection.execute("PRAGMA query_only").fetchone()
    connection.execute("PRAGMA query_only = OFF")  # it forbids tables in `temp` too
    for kind in ("row", "instance"):
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS temp.{kind}_tokens USING fts5vocab(main, search, {kind})"
        )
    connection.execute(f"PRAGMA query_only = {only}")
    some: list[tuple[str, int]] = []
    many = 0
    for token, count in connection.execute("SELECT term, cnt FROM temp.row_tokens").fetchall():
        if some and many + count > _AT_ONCE:
            yield _places(connection, some)
            some, many = [], 0
        some.append((token, count))
        many += count
    if some:
        yield _places(connection, some)


def _places(connection: sqlite3.Connection, some: Sequence[tuple[str, int]]) -> TokenPlaces:
    import numpy as np  # here, since every command opens the catalog and few read its tokens

    # One text with all numbers: a Python object for each of millions would take twice the time.
    (numbers,) = connection.execute(
        f"SELECT group_concat({_PACKED}) FROM temp.instance_tokens WHERE term BETWEEN ? AND ?",  # noqa: S608  # a constant
        (some[0][0], some[-1][0]),
    ).fetchone()
    tokens, counts = zip(*some, strict=True)
    return TokenPlaces(tokens, np.array(counts, np.int64), np.fromstring(numbers, np.int64, sep=","))


def column_sizes(connection: sqlite3.Connection) -> dict[int, tuple[int, ...]]:
    """By number of a rule how many tokens each of `SEARCH_COLUMNS` has, as bm25 counts them."""
    return {number: _numbers(data) for number, data in connection.execute("SELECT id, sz FROM search_docsize")}


def _numbers(data: bytes) -> tuple[int, ...]:
    """SQLite's numbers of variable length: seven bits a byte, the highest first; the top bit says that more follow."""
    found: list[int] = []
    number = 0
    for byte in data:
        number = number << 7 | byte & 127
        if byte < 128:
            found.append(number)
            number = 0
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Letters:
    """How the tokenizer reads characters outside of ASCII, by code point.

    What is in none of the three parts tokens. Planes 2 to 13 and what comes after U+E0200 are parts of tokens as they
    are and not listed: their characters are ideographs, for private use, or not assigned.
    """

    kept: frozenset[int]
    """Parts of tokens, as they are."""
    folded: Mapping[int, str]
    """Parts of tokens that are kept as another character: without case and diacritic."""
    marks: frozenset[int]
    """Left out inside of a token; before one they part."""


def letters() -> Letters:
    """What this SQLite's tokenizer does: asked, not known, since its tables differ between versions."""
    codes = [*range(0x80, 0xD800), *range(0xE000, 0x20000), *range(0xE0000, 0xE0200)]
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute(
            "CREATE VIRTUAL TABLE t USING fts5(x, content = '', tokenize = 'unicode61 remove_diacritics 2')"
        )
        connection.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, instance)")
        # "0é0" is one token, "00" when the character is left out, and two tokens when it parts them.
        connection.execute("INSERT INTO t (rowid, x) VALUES (1, ?)", (" ".join(f"0{chr(code)}0" for code in codes),))
        tokens = [token for (token,) in connection.execute("SELECT term FROM v ORDER BY offset")]
    finally:
        connection.close()
    kept: list[int] = []
    folded: dict[int, str] = {}
    marks: list[int] = []
    place = 0
    for code in codes:
        told = tokens[place]
        place += 1
        if told == "0":
            place += 1
        elif told == "00":
            marks.append(code)
        elif told[1:-1] == chr(code):
            kept.append(code)
        else:
            folded[code] = told[1:-1]
    return Letters(frozenset(kept), folded, frozenset(marks))


@dataclass(frozen=True, slots=True)
class ComparedValue:
    """A value that rules compare a field with: its key (see `value_key`), the field in lower case as rules spell it
    (None: all fields) and as the catalog compares it, and the numbers of the rules.
    """

    value: str
    field: str | None
    field_key: str
    rules: tuple[int, ...]


def compared_values(connection: sqlite3.Connection) -> Iterator[ComparedValue]:
    """Every value that a filter may ask for, by value and field."""
    for value, field, key, rules in connection.execute(
        "SELECT v.value_key, lower(c.field), c.field_key, group_concat(DISTINCT v.rule) FROM comparison_values AS v "
        "JOIN comparisons AS c ON c.rule = v.rule AND c.position = v.comparison WHERE v.value_key IS NOT NULL "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    ):
        yield ComparedValue(value, field, key, tuple(sorted(map(int, rules.split(",")))))
