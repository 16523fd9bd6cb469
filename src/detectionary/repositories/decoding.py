"""Bytes of a file to text."""

from __future__ import annotations

import codecs
from typing import Final

from detectionary.text import Diagnostic, Level

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode(data: bytes) -> tuple[str, Diagnostic | None] | None:
    """The text of a file, its line ends as line feeds, and what was odd about its encoding; None when it is no text.

    Read are UTF-8, UTF-16 and UTF-32 with a byte order mark, UTF-16 without one, and Windows-1252 as the last resort.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _normalised(data[len(mark) :].decode(encoding, "replace")), None
    head = data[:4096]
    if b"\0" in head:
        guessed = _utf16(head)
        if guessed is None:
            return None
        odd = Diagnostic(
            "SRC102",
            Level.NOTE,
            f"read as {guessed.upper()}, without a byte order mark",
            None,
            "save the file as UTF-8",
        )
        return _normalised(data.decode(guessed, "replace")), odd
    try:
        return _normalised(data.decode("utf-8")), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        odd = Diagnostic(
            "SRC101",
            Level.WARNING,
            f"not UTF-8 (byte 0x{data[error.start]:02x} in line {line}); read as Windows-1252",
            None,
            "save the file as UTF-8",
            f"line {line}",
        )
        return _normalised(data.decode("cp1252", "replace")), odd


def _normalised(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _utf16(head: bytes) -> str | None:
    """Latin text in UTF-16 has a zero in every second byte."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > len(head) // 4 and not even:
        return "utf-16-le"
    if even > len(head) // 4 and not odd:
        return "utf-16-be"
    return None
