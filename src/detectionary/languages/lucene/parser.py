"""luqum's parser behind our own door: its faults as diagnostics, its limits as limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from luqum.exceptions import IllegalCharacterError, ParseSyntaxError
from luqum.parser import parser
from luqum.tree import Item

from detectionary.text import Diagnostic, Level, Span

MAX_DEPTH: Final = 100
_MOST_TEXT: Final = 200_000
"""luqum takes apart at once what it reads; queries are far shorter."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """luqum's tree (None: the query is empty or has a fault), and the fault. It stops at the first."""

    tree: Item | None
    diagnostics: tuple[Diagnostic, ...]


def parse(text: str) -> Parsed:
    """The query in `text`. Never raises on bad text."""
    if not text.strip():
        return Parsed(None, ())
    whole = Span(0, len(text))
    if len(text) > _MOST_TEXT or _depth(text) > MAX_DEPTH:
        message = f"longer than {_MOST_TEXT} characters, or nested deeper than {MAX_DEPTH} levels"
        return Parsed(None, (Diagnostic("LUC002", Level.ERROR, message, whole, "take the query apart"),))
    try:
        return Parsed(parser.parse(text), ())
    except (ParseSyntaxError, IllegalCharacterError) as error:
        advice = "escape special characters with a backslash, or put the text in quotes"
        return Parsed(None, (Diagnostic("LUC001", Level.ERROR, _message(str(error)), whole, advice),))
    except RecursionError:
        return Parsed(None, (Diagnostic("LUC002", Level.ERROR, "nested too deeply", whole, "take the query apart"),))


def _message(text: str) -> str:
    """Luqum's words, without a capital and a full stop."""
    text = text.rstrip("!. ")
    return text[:1].lower() + text[1:]


def _depth(text: str) -> int:
    """How deep round brackets nest, brackets in quotes counted too: never less than the tree is deep."""
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest
