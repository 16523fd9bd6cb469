"""What each stretch of a rule is: keys, fields, values and comments by the YAML tree, conditions by their tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.languages.language import Highlight
from detectionary.languages.sigma.conditions import FUNCTIONS, tokenize
from detectionary.languages.sigma.parser import literal
from detectionary.languages.sigma.syntax import Scalar
from detectionary.text import SourceText, Span
from detectionary.text.yamldoc import MappingNode, Node, ScalarNode, SequenceNode, parse_yaml

_WORDS: Final = frozenset({"and", "or", "not", "of", "all", "any", "them", "by", "near"})
_KINDS: Final = {Scalar.TEXT: "string", Scalar.NUMBER: "number", Scalar.BOOL: "number", Scalar.NULL: "number"}


def highlight(source: SourceText) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks and YAML's own signs are left out."""
    found: list[Highlight] = []
    at = 0
    stream = parse_yaml(source.text)
    for document in stream.documents:
        for each in _node(document.root, source.text, (), set()):
            if each.span.start < at or each.span.end <= each.span.start:
                continue  # an alias stands for a part that was shown before
            found.extend(_comments(source.text, at, each.span.start))
            found.append(each)
            at = each.span.end
    found.extend(_comments(source.text, at, len(source.text)))
    return tuple(found)


def _node(node: Node, text: str, path: tuple[str, ...], seen: set[int]) -> Iterator[Highlight]:
    """The stretches of a node, once: an alias is the node that it stands for, and aliases of aliases are billions."""
    if id(node) in seen:
        return
    seen.add(id(node))
    match node:
        case MappingNode(pairs):
            for key, value in pairs:
                yield from _key(key, path)
                yield from _node(value, text, (*path, key.text), seen)
        case SequenceNode(items):
            for item in items:
                yield from _node(item, text, path, seen)
        case ScalarNode():
            if path[-1:] == ("condition",):
                yield from _condition(node, text)
            elif node.text or node.style:
                yield Highlight(_trimmed(node.span, text), _KINDS[literal(node).kind])


def _key(key: ScalarNode, path: tuple[str, ...]) -> Iterator[Highlight]:
    """A key of the format is a keyword, a search identifier a name, what stands below it a field with its modifiers."""
    if not path or path[0] not in ("detection", "filter"):
        yield Highlight(key.span, "keyword")
        return
    if len(path) == 1:
        yield Highlight(key.span, "keyword" if key.text in ("condition", "timeframe", "rules") else "table")
        return
    field, bar, rest = key.text.partition("|")
    start = key.span.start + (key.style in ("'", '"') and bool(key.style))
    if field:
        yield Highlight(Span(start, start + len(field)), "column")
    at = start + len(field)
    while bar:
        modifier, bar, rest = rest.partition("|")
        yield Highlight(Span(at + 1, at + 1 + len(modifier)), "function")
        at += 1 + len(modifier)


def _condition(node: ScalarNode, text: str) -> Iterator[Highlight]:
    start = node.span.start + (node.style in ("'", '"') and bool(node.style))
    if node.style in ("|", ">") or not text.startswith(node.text, start):
        yield Highlight(_trimmed(node.span, text), "string")
        return
    for token in tokenize(node.text):
        span = Span(start + token.start, start + token.end)
        match token.kind:
            case "blank":
                continue
            case "word":
                word = token.text.lower()
                number = word.isdecimal()
                kind = (
                    "operator"
                    if word in _WORDS
                    else "function"
                    if word in FUNCTIONS
                    else "number"
                    if number
                    else "table"
                )
                yield Highlight(span, kind)
            case _:
                yield Highlight(span, "operator")


def _trimmed(span: Span, text: str) -> Span:
    end = span.end
    while end > span.start and text[end - 1].isspace():
        end -= 1
    return Span(span.start, end)


def _comments(text: str, start: int, end: int) -> Iterator[Highlight]:
    """Between two parts of a document only signs, blanks and comments stand."""
    while (sign := text.find("#", start, end)) >= 0:
        line = text.find("\n", sign, end)
        stop = end if line < 0 else line
        yield Highlight(_trimmed(Span(sign, stop), text), "comment")
        start = stop
