"""Names of rules in addresses: the stem of the rule's file, made safe, made unique."""

from __future__ import annotations

from hashlib import sha1
from pathlib import PurePosixPath
from typing import Final

_LONGEST: Final = 120
_LONGEST_ENDING: Final = 6


def slug_of(path: str, number: int = 1) -> str:
    """The slug that the rule at `path` would like: its file's stem, with `-` for all but letters, digits, `-_.`.

    `number` counts the rules of the file; the second is `stem-2`. The result names no folder and no hidden file.
    """
    stem = _stem(PurePosixPath(path).name)
    slug = "".join(character if character.isalnum() or character in "-_." else "-" for character in stem)
    if slug.startswith("."):
        slug = "-" + slug[1:]
    slug = slug or "rule"
    if len(slug) > _LONGEST:
        slug = f"{slug[: _LONGEST - 7]}-{_digest(slug)}"
    return slug if number == 1 else f"{slug}-{number}"


def distinguished(slug: str, repository: str, path: str, attempt: int = 0) -> str:
    """`slug` with six digits that depend on where the rule stands, for when another rule has it already."""
    again = f"#{attempt}" if attempt else ""
    return f"{slug}-{_digest(f'{repository}/{path}{again}')}"


def _stem(name: str) -> str:
    """`name` without its ending, if what follows the last dot looks like one ("KQL v1.2 notes" has none)."""
    stem, dot, ending = name.rpartition(".")
    if not dot or not stem or len(ending) > _LONGEST_ENDING or not ending.isalnum() or ending.isdigit():
        return name
    return stem


def _digest(text: str) -> str:
    return sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:6]
