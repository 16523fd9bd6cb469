"""YAML with positions: a tree of what its author wrote, read at C speed, with every part's place in the file.

libyaml's event stream is composed here rather than by PyYAML: its own composer recurses in C (a few thousand open
brackets end the process), builds values that lose the author's spelling (`1.10` becomes 1.1, dates become objects), and
forgets duplicate keys. No tag is ever acted on. Depth, size and the growth that aliases cause are bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]  # the stubs do not re-export it

from detectionary.text.diagnostics import Diagnostic, Level
from detectionary.text.span import Span

MAX_DEPTH: Final = 64
MAX_NODES: Final = 200_000

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"
"""Values as a wire type reads them: scalars stay text, so that `1.10` and `Off` are what their author wrote."""

# As YAML 1.1 resolves plain scalars.
_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))


class ScalarNode(NamedTuple):
    """`text` as YAML reads it; `style` is the character that opens it ("|", ">", quotes) or "" for a plain one."""

    text: str
    style: str
    span: Span


class SequenceNode(NamedTuple):
    items: tuple[Node, ...]
    span: Span


class MappingNode(NamedTuple):
    """Pairs in the author's order, duplicates included."""

    pairs: tuple[tuple[ScalarNode, Node], ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """The value of `key`; of duplicates the last, as YAML loaders have it."""
        found = None
        for name, value in self.pairs:
            if name.text == key:
                found = value
        return found


Node: TypeAlias = ScalarNode | SequenceNode | MappingNode


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a YAML stream. `span` covers its text in the stream, comments before the first key included."""

    root: Node
    span: Span


@dataclass(frozen=True, slots=True)
class Stream:
    """The documents of a file, and what is wrong with it as YAML.

    A syntax error ends the reading: the documents before it stand, and of the broken one the keys that were whole.
    """

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]


class _LimitError(Exception):
    """The stream is not to be read any further."""

    def __init__(self, code: str, message: str, at: int, advice: str) -> None:
        super().__init__(message)
        self.diagnostic = Diagnostic(code, Level.ERROR, message, Span(at, at + 1), advice)


@lru_cache(maxsize=1)
def parse_yaml(text: str) -> Stream:
    """Read all documents of `text`; faults are diagnostics whose spans count in `text`.

    A file of one rule is often its query as well: reader and language then share one reading.
    """
    documents: list[Document] = []
    composer = _Composer(text)
    try:
        for document in composer.documents():
            documents.append(document)  # noqa: PERF402  # those before a fault must stay
    except _LimitError as refused:
        composer.diagnostics.append(refused.diagnostic)
    except yaml.MarkedYAMLError as error:
        composer.diagnostics.append(_syntax_error(text, error))
    except yaml.reader.ReaderError as error:
        at = Span(error.position, error.position + 1)
        message = f"not valid YAML: the character U+{ord(at.of(text) or chr(0)):04X} is not allowed"
        composer.diagnostics.append(Diagnostic("YML101", Level.ERROR, message, at, "remove the control character"))
    else:
        return Stream(tuple(documents), tuple(composer.diagnostics))
    if (salvaged := composer.salvage(composer.diagnostics[-1])) is not None:
        documents.append(salvaged)
    return Stream(tuple(documents), tuple(composer.diagnostics))


def _syntax_error(text: str, error: yaml.MarkedYAMLError) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    at = min(mark.index, len(text)) if mark is not None else 0
    message = f"not valid YAML: {error.problem or 'unreadable'}"
    if error.context is not None and error.context_mark is not None:
        message += f" ({error.context} at line {error.context_mark.line + 1})"
    return Diagnostic(
        "YML101", Level.ERROR, message, Span(at, min(at + 1, len(text))), _advice(str(error.problem), text[at : at + 1])
    )


_ADVICE: Final = (
    ("cannot start any token", "put the value in quotes"),
    ("mapping values are not allowed", "put a value that holds ': ' in quotes, or check the indentation of this line"),
    ("could not find expected ':'", "check the indentation: every line of a block text stands deeper than its key"),
    ("expected <block end>", "check the indentation: keys of one mapping start in the same column"),
    ("expected key", "check the indentation: keys of one mapping start in the same column"),
    ("unexpected end of stream", "close the quote or bracket"),
    ("expected ',' or", "close the bracket, or put a comma between its parts"),
    ("anchor", "define the anchor (&name) before it is used (*name)"),
)


def _advice(problem: str, character: str) -> str:
    if character == "\t":
        return "indent with spaces: YAML allows no tab there"
    return next(
        (advice for part, advice in _ADVICE if part in problem), "check quotes and indentation around this line"
    )


class _Open:
    """A collection whose end has not been read yet."""

    __slots__ = ("anchor", "is_mapping", "key", "parts", "start")

    def __init__(self, is_mapping: bool, anchor: str | None, start: int) -> None:
        self.is_mapping = is_mapping
        self.anchor = anchor
        self.start = start
        self.parts: list[Node] = []


class _Composer:
    """Composes nodes from libyaml's events with a stack of its own."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._parser: Any = CParser(text)  # PyYAML types neither events nor marks
        self._left = MAX_NODES
        self._stack: list[_Open] = []
        self._start = 0
        self.diagnostics: list[Diagnostic] = []

    def documents(self) -> Iterator[Document]:
        """A stream is a row of documents."""
        get_event = self._parser.get_event
        while True:
            event = get_event()
            kind = type(event)
            if kind is yaml.StreamEndEvent:
                return
            if kind is not yaml.DocumentStartEvent:
                continue
            if event.explicit:
                self._start = event.end_mark.index
            root = self._node()
            end_event = get_event()
            end = end_event.start_mark.index
            # Comments and blank lines after the last key belong to the document, up to the next marker.
            following = len(self._text) if not self._more() else self._parser.peek_event().start_mark.index
            if not _is_null(root):
                yield Document(root, _whole_lines(self._text, self._start, max(end, following)))
            self._start = following

    def _more(self) -> bool:
        return isinstance(self._parser.peek_event(), yaml.DocumentStartEvent)

    def _node(self) -> Node:
        """A node is a scalar, an alias, a sequence or a mapping."""
        get_event = self._parser.get_event
        anchors: dict[str, Node] = {}
        stack = self._stack
        while True:
            event = get_event()
            kind = type(event)
            self._left -= 1
            if self._left < 0:
                raise _LimitError(
                    "YML102", f"more than {MAX_NODES} parts in one file", event.start_mark.index, "split the file"
                )
            node: Node
            if kind is yaml.ScalarEvent:
                node = ScalarNode(event.value, event.style or "", Span(event.start_mark.index, event.end_mark.index))
                if event.anchor is not None:
                    anchors[event.anchor] = node
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                if len(stack) >= MAX_DEPTH:
                    at = event.start_mark.index
                    raise _LimitError("YML102", f"nested deeper than {MAX_DEPTH} levels", at, "flatten the structure")
                stack.append(_Open(kind is yaml.MappingStartEvent, event.anchor, event.start_mark.index))
                continue
            elif kind is yaml.AliasEvent:
                at = event.start_mark.index
                known = anchors.get(event.anchor)
                if known is None:
                    message = f"the anchor &{event.anchor} is not defined before its use"
                    raise _LimitError(
                        "YML103", message, at, "define the anchor before it is used; it cannot hold itself"
                    )
                node = known
            else:
                opened = stack.pop()
                span = Span(opened.start, event.end_mark.index)
                node = (
                    self._mapping(opened.parts, span) if opened.is_mapping else SequenceNode(tuple(opened.parts), span)
                )
                if opened.anchor is not None:
                    anchors[opened.anchor] = node
            if not stack:
                return node
            stack[-1].parts.append(node)

    def salvage(self, fault: Diagnostic) -> Document | None:
        """What was read of the mapping that `fault` cut off: the pairs that end on earlier lines. None without any."""
        if not self._stack or not self._stack[0].is_mapping or len(self._stack[0].parts) < 2:
            return None
        opened = self._stack[0]
        whole = opened.parts[: len(opened.parts) // 2 * 2]
        at = fault.span.start if fault.span is not None else len(self._text)
        if "\n" not in self._text[whole[-1].span.end - 1 : at]:
            whole = whole[:-2]
        span = _whole_lines(self._text, self._start, len(self._text))
        return Document(self._mapping(whole, Span(opened.start, span.end)), span)

    def _mapping(self, parts: list[Node], span: Span) -> MappingNode:
        """A mapping is a row of pairs; a key that is no scalar has no place in a rule and is reported."""
        pairs: list[tuple[ScalarNode, Node]] = []
        seen: set[str] = set()
        for key, value in zip(parts[::2], parts[1::2], strict=True):
            if not isinstance(key, ScalarNode):
                self._warn("YML105", "a list or mapping is used as a key; it is left out", key.span, "use a plain name")
                continue
            if key.text in seen:
                message = f"the key “{key.text}” stands more than once; the last one counts"
                self._warn("YML104", message, key.span, "keep one of them")
            seen.add(key.text)
            pairs.append((key, value))
        return MappingNode(tuple(pairs), span)

    def _warn(self, code: str, message: str, span: Span, advice: str) -> None:
        self.diagnostics.append(Diagnostic(code, Level.WARNING, message, span, advice))


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.style == "" and node.text in _NULLS


def _whole_lines(text: str, start: int, end: int) -> Span:
    """The same range without the rest of the marker's line before it and without white space after it."""
    if start and text[start : start + 1] == "\n":
        start += 1
    while end > start and text[end - 1] in "\n\r\t ":
        end -= 1
    return Span(start, min(end + 1, len(text)) if text[end : end + 1] == "\n" else end)


def plain(node: Node) -> Plain:
    """`node` as plain values for a wire type; keys and items that are null are left out, as if not written.

    Raises `AliasGrowthError` when aliases make the value larger than any rule is.
    """
    return _plain(node, [MAX_NODES])


class AliasGrowthError(Exception):
    """Aliases of aliases expand without measure."""


def _plain(node: Node, budget: list[int]) -> Plain:
    budget[0] -= 1
    if budget[0] < 0:
        raise AliasGrowthError
    if isinstance(node, ScalarNode):
        return None if _is_null(node) else node.text
    if isinstance(node, SequenceNode):
        return [value for item in node.items if (value := _plain(item, budget)) is not None]
    return {key.text: plained for key, value in node.pairs if (plained := _plain(value, budget)) is not None}


def node_at(root: Node, path: tuple[str | int, ...]) -> Node:
    """The deepest node of `path` that there is: where to point when something at `path` is wrong."""
    node = root
    for step in path:
        following: Node | None = None
        if isinstance(node, MappingNode) and isinstance(step, str):
            following = node.get(step)
        elif isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.items):
            following = node.items[step]
        if following is None:
            break
        node = following
    return node
