"""What contexts of pages are made of, and how they become JSON."""

from __future__ import annotations

import re
from typing import Final

import msgspec

_HALF: Final = re.compile("[\ud800-\udfff]")


class Part(msgspec.Struct, frozen=True):
    """What every part of a page is: an immutable value whose keys keep their order."""


def encode_part(part: Part) -> bytes:
    """A context as JSON with a final line break; halves of characters, which no bytes can hold, become U+FFFD."""
    return encode_plain(msgspec.to_builtins(part))


def encode_plain(plain: object) -> bytes:
    """`encode_part` for a plain value."""
    try:
        return msgspec.json.encode(plain) + b"\n"
    except UnicodeEncodeError:
        return msgspec.json.encode(whole_characters(plain)) + b"\n"


def whole_characters(value: object) -> object:
    """A plain value whose texts can be written as UTF-8."""
    match value:
        case str():
            return value if value.isascii() else _HALF.sub("\ufffd", value)
        case list() | tuple():
            return [whole_characters(each) for each in value]
        case dict():
            return {str(whole_characters(key)): whole_characters(each) for key, each in value.items()}
        case _:
            return value
