"""Community queries as text: `.kql`, `.csl`, `.txt` and files without an ending, whose comments describe them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.model.rule import FileContent, Rule, RuleKind
from detectionary.repositories.comments import Comments, comments_of
from detectionary.repositories.kusto_shape import code_lines, looks_like_kusto
from detectionary.repositories.positions import text_positions
from detectionary.repositories.prose import title_of_path
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.text import SourceText

_KUSTO: Final = (".kql", ".csl", ".kusto")
_MAX_TITLE: Final = 100


def ending(path: str) -> str:
    """The ending of the file's name in lower case, with its dot; "" without one."""
    name = path.rpartition("/")[2].rstrip().lower()
    stem, dot, last = name.rpartition(".")
    return f".{last}" if dot and stem and " " not in last else ""


def accepts(path: str, head: str) -> bool:  # noqa: ARG001  # the form of every reader
    """Query files by their ending; text files and files without an ending too, which may turn out to hold no query."""
    return ending(path) in (*_KUSTO, ".txt", "")


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:
    """The queries of the file, one a part of it that `split` tells apart."""
    reason = not_kusto(path, text)
    if reason is not None:
        return FileContent(ignored=reason)
    return FileContent(tuple(_rules(path, text, repository, split)))


def not_kusto(path: str, text: str) -> str | None:
    """Why the text is no query, if it is none. The ending `.kql` is believed, but for JSON and mere comments."""
    if not code_lines(text):
        return "comments without a query"
    if text.lstrip().startswith(("{", "<")):
        return "JSON or markup, not Kusto"
    if ending(path) in _KUSTO or looks_like_kusto(text):
        return None
    return "a licence" if "licen" in path.rpartition("/")[2].lower() else "a text without a Kusto query"


def _rules(path: str, text: str, repository: Repository, split: Split) -> Iterator[Rule]:
    parts = query_parts(text, split)
    whole = comments_of(text)
    title = whole.title or title_of_path(path)
    for number, (start, end) in enumerate(parts, start=1):
        part = text[start:end]
        own = comments_of(part) if len(parts) > 1 else whole
        above = _above(text, start) if len(parts) > 1 else None
        yield Rule(
            id=repository.rule_id(path, number),
            title=part_title(title, own, above, number, len(parts)),
            language="kusto",
            source=repository.source(path),
            query=source_of_part(text, start, end, path),
            body=part,
            body_language="kusto",
            kind=RuleKind.QUERY.value,
            description=_without_title(own.description or above or whole.description, title),
            references=tuple(dict.fromkeys((*own.references, *whole.references))),
            author=own.author or whole.author,
            version=own.version or whole.version,
            tactics=own.tactics or whole.tactics,
            techniques=own.techniques or whole.techniques,
            body_start=text.count("\n", 0, start) + 1,
        )


def _without_title(description: str, title: str) -> str:
    """The description without a first line that only repeats the title."""
    first, _, rest = description.partition("\n")
    return rest.strip() if first.strip().lower() == title.lower() else description


def query_parts(text: str, split: Split) -> list[tuple[int, int]]:
    """The parts of `text` that are queries, the whole text where no part is found.

    One query is the whole text, with all its comments, unless prose stands around it.
    """
    parts = [(start, end) for start, end in split("kusto", text) if code_lines(text[start:end])]
    if not parts:
        return [(0, len(text))]
    if len(parts) == 1:
        (start, end), *_ = parts
        return parts if code_lines(text[:start]) or code_lines(text[end:]) else [(0, len(text))]
    return parts


def part_title(title: str, own: Comments, above: str | None, number: int, count: int) -> str:
    """The file's title; of several queries, with the comment that stands directly over each, or its number."""
    if count == 1:
        return title
    first = own.title or own.description.partition("\n")[0] or above or ""
    if 3 < len(first) <= _MAX_TITLE and first.lower() != title.lower():
        return f"{title}: {first.rstrip(' :.')}"
    return title if number == 1 else f"{title} ({number})"


def _above(text: str, start: int) -> str | None:
    """The comment line that stands over a part, blank lines between them left aside."""
    line = text[:start].rstrip().rpartition("\n")[2].strip()
    return line.lstrip("/").strip() if line.startswith("//") else None


def source_of_part(text: str, start: int, end: int, name: str) -> SourceText:
    """A part of a file as a query that knows its place; the whole file needs none."""
    if start == 0 and end == len(text):
        return SourceText(text, name)
    part = text[start:end]
    offsets = [start]
    at = part.find("\n")
    while at >= 0:
        offsets.append(start + at + 1)
        at = part.find("\n", at + 1)
    return SourceText(part, name, text_positions(offsets, text))
