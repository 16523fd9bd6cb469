"""Texts as tests compare them: places, wildcards, terms, case, and the forms that a value is looked for in.

A test is one regular expression of our own making, without a repetition inside of another, so that it takes linear time
for one wildcard and never explodes. Expressions that rules bring along are screened first (`regex`).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Final

from detectionary.model.predicate import Operator
from detectionary.model.wildcards import Wild, parts

ENCODINGS: Final = frozenset({"base64", "base64offset", "utf16le", "utf16be", "utf16", "wide", "windash"})
"""Transforms that change the value and leave the field alone: Sigma's modifiers (`analysis.md` decision 3)."""

MARKS: Final = frozenset({"cased", "term", "multiline", "dotall", "whole"})
"""Transforms that say how texts compare, and are no function of the field. `whole`: an expression that must match from
the first character to the last, as Elastic's do; others are looked for anywhere."""

LONGEST: Final = 16_384
"""Expressions of rules are not run on longer texts: some need quadratic time."""

_DASHES: Final = "-/\u2013\u2014\u2015"
_WINDASH: Final = re.compile(r"\B[-/]\b")
_MOST_DASHES: Final = 3
_UTF16: Final = {"wide": "utf-16-le", "utf16le": "utf-16-le", "utf16be": "utf-16-be"}
_BEFORE: Final = r"(?<![^\W_])"
_BEHIND: Final = r"(?![^\W_])"


@lru_cache(maxsize=8192)
def pattern(operator: Operator, text: str, transforms: tuple[str, ...]) -> re.Pattern[str] | None:
    """What a text is searched with, for an operator on texts that is not `regex_match`; None: cannot be told.

    `transforms` are those of the value that stand in `ENCODINGS` and `MARKS`.
    """
    encodings = [each for each in transforms if each in ENCODINGS]
    dashed = encodings[:1] == ["windash"]
    wild = operator is Operator.WILDCARD
    forms = [text]
    if wild and encodings[dashed:]:
        # Only a whole text can be encoded; one whose wildcards are all escaped is one.
        pieces = parts(text)
        if any(isinstance(part, Wild) for part in pieces):
            return None
        wild, forms = False, ["".join(map(str, pieces))]
    for encoding in reversed(encodings[dashed:]):
        found = [encoded(encoding, form) for form in forms]
        if any(each is None for each in found):
            return None
        forms = [form for each in found if each is not None for form in each]
    bodies = [_wildcards(form, dashed) if wild else _literal(form, dashed) for form in forms]
    body = bodies[0] if len(bodies) == 1 else f"(?:{'|'.join(bodies)})"
    flags = re.DOTALL if "cased" in transforms else re.DOTALL | re.IGNORECASE
    return re.compile(_placed(operator, body, text, "term" in transforms), flags)


def _placed(operator: Operator, body: str, text: str, term: bool) -> str:
    """The expression of a value at the place where the operator wants it."""
    before = _BEFORE if text[:1].isalnum() else ""
    behind = _BEHIND if text[-1:].isalnum() else ""
    match operator:
        case Operator.STARTS_WITH:
            return before + body if term else rf"\A{body}"
        case Operator.ENDS_WITH:
            return body + behind if term else rf"{body}\Z"
        case Operator.MATCH:
            return before + body + behind
        case Operator.CONTAINS:
            return before + body + behind if term else body
        case _:
            return rf"\A{body}\Z"


def _literal(text: str, dashed: bool) -> str:
    if not dashed:
        return re.escape(text)
    dashes = f"[{re.escape(_DASHES)}]"
    return dashes.join(map(re.escape, _WINDASH.split(text)))


def _wildcards(written: str, dashed: bool) -> str:
    """A pattern: what stands between two `*` is taken where it first occurs, and never looked for again."""
    sections: list[str] = [""]
    for part in parts(written):
        if part is Wild.ANY:
            sections.append("")
        else:
            sections[-1] += "." if part is Wild.ONE else _literal(str(part), dashed)
    if len(sections) == 1:
        return sections[0]
    first, *middle, last = sections
    return first + "".join(f"(?>.*?{section})" for section in middle) + f".*{last}"


def encoded(encoding: str, text: str) -> list[str] | None:
    """The forms of a text under one encoding; None when there are too many."""
    match encoding:
        case "windash":
            pieces = _WINDASH.split(text)
            if len(pieces) - 1 > _MOST_DASHES:
                return None
            return list(_joined(pieces))
        case "base64":
            return [b64encode(_bytes(text)).decode()]
        case "base64offset":
            # The characters at both ends depend on what stands beside the text; they are left out.
            data = _bytes(text)
            starts, ends = (0, 2, 3), (None, -3, -2)
            return [
                b64encode(b" " * offset + data).decode()[starts[offset] : ends[(len(data) + offset) % 3]]
                for offset in range(3)
            ]
        case "utf16":
            return ["\xff\xfe" + text.encode("utf-16-le", "surrogatepass").decode("latin-1")]
        case _:
            return [text.encode(_UTF16[encoding], "surrogatepass").decode("latin-1")]


def _joined(pieces: list[str]) -> Iterator[str]:
    for dashes in product(_DASHES, repeat=len(pieces) - 1):
        yield pieces[0] + "".join(dash + piece for dash, piece in zip(dashes, pieces[1:], strict=True))


def _bytes(text: str) -> bytes:
    """A text that was made UTF-16 holds a character a byte; any other is UTF-8."""
    if "\0" in text:
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            pass
    return text.encode("utf-8", "surrogatepass")


@lru_cache(maxsize=2048)
def regex(text: str, transforms: tuple[str, ...]) -> re.Pattern[str] | None:
    """An expression of a rule; None when Python has no such syntax, or when it could take exponential time."""
    if "[[:" in text or _explodes(text):
        return None
    flags = re.NOFLAG if "cased" in transforms else re.IGNORECASE
    flags |= re.MULTILINE if "multiline" in transforms else re.NOFLAG
    flags |= re.DOTALL if "dotall" in transforms else re.NOFLAG
    try:
        return re.compile(text, flags)
    except (re.error, OverflowError, RecursionError):
        return None


def _explodes(text: str) -> bool:
    """Whether something is repeated without end that itself repeats without end, or has alternatives."""
    opened = [False]
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == "\\":
            at += 1
        elif character == "[":
            at = _behind_class(text, at)
        elif character == "(":
            opened.append(False)
        elif character == ")" and len(opened) > 1:
            inner = opened.pop()
            if inner and _repeats(text, at):
                return True
            opened[-1] = opened[-1] or inner
        elif _repeats(text, at - 1) or (character == "|" and len(opened) > 1):
            opened[-1] = True
    return False


def _behind_class(text: str, at: int) -> int:
    """The place behind a class of characters whose bracket stands before `at`."""
    at += text.startswith("^", at)
    at += text.startswith("]", at)
    while at < len(text) and text[at] != "]":
        at += 1 + (text[at] == "\\")
    return at + 1


def _repeats(text: str, at: int) -> bool:
    """Whether a repetition without an upper limit stands at `at`."""
    if text.startswith(("*", "+"), at):
        return True
    end = text.find("}", at, at + 16) if text.startswith("{", at) else -1
    return end > 0 and text[end - 1] == ","
