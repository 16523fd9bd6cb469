"""The documents of a Sigma file as its rules see them: each its own, or merged as the older form of collections says.

Before the specification's version 2 a file could hold a document with `action: global`, whose keys all documents behind
it have too (up to one with `action: reset`), and documents with `action: repeat`, which change the one before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from detectionary.repositories.kusto_file import source_of_part
from detectionary.repositories.positions import text_positions
from detectionary.repositories.repository import MAX_BODIES
from detectionary.text import SourceText, Span
from detectionary.text.yamldoc import Document, MappingNode, Node, ScalarNode

_Part: TypeAlias = tuple[MappingNode, int]
"""A mapping, and where the lines that belong to it end."""


@dataclass(frozen=True, slots=True)
class Written:
    """One rule as it is written: its keys, its text with the lines' places in the file, and the part of the file that
    it is. `number` counts from 1.
    """

    root: MappingNode
    query: SourceText
    body: Span
    number: int
    inherited_id: bool = False
    """Its id is that of a global document, which other rules have as well."""


def written_rules(documents: tuple[Document, ...], text: str, path: str) -> Iterator[Written]:
    """The documents of a file that are rules by themselves or with what they inherit."""
    left = MAX_BODIES
    shared: tuple[_Part, ...] = ()
    previous: tuple[_Part, ...] = ()
    number = 0
    for document in documents:
        root = document.root
        if not isinstance(root, MappingNode):
            continue
        part: _Part = (root, document.span.end)
        action = root.get("action")
        match action.text if isinstance(action, ScalarNode) else None:
            case "global":
                shared = (part,)
                continue
            case "reset":
                shared = ()
                continue
            case "repeat":
                parts = (*previous, part)
            case _:
                parts = (*shared, part)
        if len(parts) > 1:
            left -= len(text)
            if left < 0 or any(mapping.span.of(text).startswith("{") for mapping, _ in parts):
                parts = (part,)  # too much, or without lines of its own: the document alone
        previous = parts
        merged = root if len(parts) == 1 else _merged(parts)
        if not _looks_for_something(merged):
            continue
        number += 1
        if len(parts) == 1:
            body = Span(0, len(text)) if len(documents) == 1 else document.span
            yield Written(merged, source_of_part(text, body.start, body.end, path), body, number)
        else:
            inherited = root.get("id") is None
            yield Written(merged, _merged_text(parts, text, path), Span(0, len(text)), number, inherited)


def _looks_for_something(root: MappingNode) -> bool:
    return any(key.text in ("detection", "correlation", "filter") for key, _ in root.pairs)


def _merged(parts: tuple[_Part, ...]) -> MappingNode:
    """All keys; of one that several have the last value counts, mappings are merged in turn."""
    pairs: dict[str, tuple[ScalarNode, Node]] = {}
    for mapping, _ in parts:
        for key, value in mapping.pairs:
            before = pairs.get(key.text)
            if before is not None and isinstance(before[1], MappingNode) and isinstance(value, MappingNode):
                value = _merged(((before[1], 0), (value, 0)))
            if key.text != "action":
                pairs[key.text] = (key, value)
    return MappingNode(tuple(pairs.values()), parts[-1][0].span)


# --- the text of a merged rule: lines of the file, moved to the left where they must fit together


def _merged_text(parts: tuple[_Part, ...], text: str, path: str) -> SourceText:
    lines = list(_merged_lines(parts, text, 0))
    positions = text_positions([start for start, _ in lines], text)
    return SourceText("".join(f"{text[start:end]}\n" for start, end in lines), path, positions)


def _merged_lines(parts: tuple[_Part, ...], text: str, column: int) -> Iterator[tuple[int, int]]:
    """The lines of merged mappings whose keys stand in `column`, as ranges of the file."""
    blocks: dict[str, list[tuple[Node, int, int]]] = {}
    for mapping, end in parts:
        for at, (key, value) in enumerate(mapping.pairs):
            start = _line_start(text, key.span.start)
            following = mapping.pairs[at + 1][0].span.start if at + 1 < len(mapping.pairs) else None
            block_end = end if following is None else _line_start(text, following)
            blocks.setdefault(key.text, []).append((value, start, block_end))
    if column == 0:
        blocks.pop("action", None)
    for found in blocks.values():
        value, start, end = found[-1]
        if len(found) > 1 and all(_is_block(each, text) for each in found):
            yield _cut(text, start, _line_end(text, start), column)
            inner = tuple((node, until) for node, _, until in found if isinstance(node, MappingNode))
            yield from _merged_lines(inner, text, column + 1)
        else:
            margin = _margin(text, start) - column
            while start < end:
                yield _cut(text, start, _line_end(text, start), min(_margin(text, start), column), margin)
                start = _line_end(text, start) + 1


def _is_block(found: tuple[Node, int, int], text: str) -> bool:
    """Whether a value is a mapping whose keys stand on lines of their own."""
    value, start, _ = found
    return isinstance(value, MappingNode) and "\n" in text[start : value.span.start] and text[value.span.start] != "{"


def _cut(text: str, start: int, end: int, column: int, margin: int | None = None) -> tuple[int, int]:
    """The line from `start` on without blanks: `margin` of them, or so many that its text stands in `column`."""
    blanks = _margin(text, start)
    return min(end, start + (blanks - column if margin is None else min(margin, blanks))), end


def _margin(text: str, start: int) -> int:
    end = start
    while text[end : end + 1] == " ":
        end += 1
    return end - start


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
