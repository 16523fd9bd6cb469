"""A Markdown file as sections: headings with their prose, tables and fences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from detectionary.repositories.prose import clean

_PARSER: Final = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced or indented block: info string, content, and the line of the file at which the content begins."""

    info: str
    content: str
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """The cells as written."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(eq=False, slots=True)
class Section:
    """A heading and what stands below it up to the next one; level 0 is what stands before the first heading.

    `prose` holds paragraphs and list items in the author's Markdown, each with the line at which it begins.
    """

    level: int
    title: str
    parent: Section | None
    prose: list[tuple[int, str]] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    fences: list[Fence] = field(default_factory=list)

    def lineage(self) -> Iterator[Section]:
        """The section itself and those that hold it, innermost first."""
        section: Section | None = self
        while section is not None:
            yield section
            section = section.parent

    def text(self) -> str:
        """All of its prose and tables, for searching."""
        rows = (" ".join(row) for table in self.tables for row in table.rows)
        return "\n".join((*(each for _, each in self.prose), *rows))


def sections_of(text: str) -> list[Section]:
    """The sections of a Markdown text in their order."""
    current = Section(0, "", None)
    sections = [current]
    tokens = _PARSER.parse(text)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type == "heading_open":
            level = int(token.tag[1])
            parent = next((each for each in current.lineage() if each.level < level), None)
            current = Section(level, clean(tokens[at + 1].content).strip(" *_:"), parent)
            sections.append(current)
            at += 2
        elif token.type in ("fence", "code_block"):
            start = token.map[0] if token.map else 0
            opener = 1 if token.type == "fence" else 0
            current.fences.append(Fence(token.info.strip(), token.content, start + opener + 1))
        elif token.type == "table_open":
            at = _table(tokens, at, current)
        elif token.type == "inline" and token.map:
            item = at >= 2 and tokens[at - 2].type == "list_item_open"
            current.prose.append((token.map[0], f"- {token.content}" if item else token.content))
        at += 1
    return sections


def _table(tokens: list[Token], at: int, section: Section) -> int:
    """Reads the table that begins at `at`; the index of its last token."""
    rows: list[list[str]] = []
    while tokens[at].type != "table_close":
        if tokens[at].type == "tr_open":
            rows.append([])
        elif tokens[at].type == "inline":
            rows[-1].append(tokens[at].content.strip())
        at += 1
    header, *body = rows or [[]]
    section.tables.append(Table(tuple(header), tuple(tuple(row) for row in body)))
    return at
