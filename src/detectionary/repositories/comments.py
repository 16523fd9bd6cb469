"""What the comments around a query say: its title, author, description, links and ATT&CK ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from detectionary.repositories.prose import clean, links

_TECHNIQUE: Final = re.compile(r"(?<![A-Za-z0-9])[tT](\d{4})(?:[./](\d{3}))?(?![0-9])")
_TACTIC: Final = re.compile(r"(?<![A-Za-z0-9])TA00\d\d(?![0-9])|(?<![A-Za-z0-9])TA01\d\d(?![0-9])")
_LABELS: Final = {
    **dict.fromkeys(("title", "query name", "query title"), "title"),
    **dict.fromkeys(("author", "authors", "contributor", "contributors", "submitted by", "created by"), "author"),
    **dict.fromkeys(("description", "query description"), "description"),
    **dict.fromkeys(("version",), "version"),
    **dict.fromkeys(
        ("reference", "references", "link", "source", "last updated", "last updated date", "mitre"), "other"
    ),
}
_PLACEHOLDERS: Final = ("<", "[your", "your name", "n/a", "tbd")


def technique_ids(text: str) -> tuple[str, ...]:
    """The ATT&CK technique ids in `text` ("T1059.001", also as the path of an address), each once, in order."""
    found = (f"T{number}.{part}" if part else f"T{number}" for number, part in _TECHNIQUE.findall(text))
    return tuple(dict.fromkeys(found))


def tactic_ids(text: str) -> tuple[str, ...]:
    """The ATT&CK tactic ids in `text` ("TA0003"), each once, in order."""
    return tuple(dict.fromkeys(_TACTIC.findall(text)))


def person(text: str) -> str | None:
    """A name as written behind "Author:", links opened; None for what a template leaves there."""
    name = clean(text).strip(" *_-<>")
    name = name.partition("(")[0].strip()
    return None if not name or name.lower().startswith(_PLACEHOLDERS) else name


@dataclass(frozen=True, slots=True)
class Comments:
    """What the comment lines of a query text say."""

    title: str | None
    author: str | None
    version: str | None
    description: str
    references: tuple[str, ...]
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]


def comments_of(text: str) -> Comments:
    """Read the whole-line comments of `text`: those before the code describe it; ids and links count anywhere."""
    leading: list[str] = []
    every: list[str] = []
    before_code = True
    for line in text.split("\n"):
        stripped = line.strip()
        if stripped.startswith("//"):
            said = stripped.lstrip("/").strip()
            every.append(said)
            if before_code and not _is_code(said):
                leading.append(said)
        elif stripped:
            before_code = False
        elif before_code and leading and leading[-1]:
            leading.append("")
    fields, description = _fields(leading)
    prose = "\n".join(every)
    return Comments(
        title=clean(fields["title"]) or None if "title" in fields else None,
        author=person(fields["author"]) if "author" in fields else None,
        version=fields.get("version"),
        description=description,
        references=tuple(link for link in links(prose) if "attack.mitre.org" not in link),
        techniques=technique_ids(prose),
        tactics=tactic_ids(prose),
    )


def _is_code(said: str) -> bool:
    """A line of the query that was commented out."""
    return said.startswith(("|", "let ", "union ", "where "))


def _fields(lines: Iterable[str]) -> tuple[dict[str, str], str]:
    """Labelled lines ("Author: …") apart, and what remains as the description."""
    fields: dict[str, str] = {}
    described: list[str] = []
    for line in lines:
        label, colon, value = line.partition(":")
        name = _LABELS.get(label.strip(" *#-").lower()) if colon else None
        value = value.strip(" *")
        if name == "description":
            described.append(value)
        elif name is None:
            described.append(line.strip("*#=- ") if set(line) <= set("*#=- ") else line)
        elif value and name != "other":
            fields.setdefault(name, value)
    return fields, clean("\n".join(described))
