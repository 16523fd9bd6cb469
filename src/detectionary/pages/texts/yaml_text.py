"""The tokens of a YAML text, for its colours: keys, quoted texts, comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import yaml

from detectionary.pages.rule.context import Stretch

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def stretches(text: str) -> tuple[Stretch, ...]:
    """Keys, quoted values and comments in order; what follows a fault of the YAML has none."""
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character, which the scanner cannot read
        return ()
    if text.startswith("\ufeff"):  # the scanner does not count it
        return tuple((start + 1, end + 1, kind) for start, end, kind in _stretches(text[1:]))
    return tuple(_stretches(text))


def _stretches(text: str) -> Iterator[Stretch]:
    at = 0
    is_key = False
    try:
        for token in yaml.scan(text, Loader=_LOADER):
            match token:
                case yaml.KeyToken():
                    is_key = True
                case yaml.ScalarToken():
                    start, end = token.start_mark.index, token.end_mark.index
                    yield from _comments(text, at, start)
                    if is_key:
                        yield start, end, "key"
                    elif token.style in ("'", '"'):
                        yield start, end, "string"
                    at = end
                    is_key = False
                case yaml.ValueToken():
                    is_key = False
                case _:
                    pass
    except yaml.YAMLError:
        return
    yield from _comments(text, at, len(text))


def _comments(text: str, start: int, end: int) -> Iterator[Stretch]:
    """Between scalars a YAML text has blanks, indicators and comments alone, so a `#` begins a comment."""
    at = text.find("#", start, end)
    while at >= 0:
        stop = text.find("\n", at, end)
        stop = end if stop < 0 else stop
        yield at, stop, "comment"
        at = text.find("#", stop, end)
