"""Prose of strangers as HTML: paragraphs, and links to web addresses alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

from detectionary.pages.code import escape

_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'`\])}]+")
_TRAILING: Final = ".,;:!?*"


def linked_paragraphs(text: str) -> Markup:
    """Paragraphs at empty lines, line breaks kept where a line begins a list item, addresses as links."""
    paragraphs = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip())
    return Markup("").join(
        Markup(f"<p>{_linked(paragraph)}</p>")  # noqa: S704  # `_linked` escapes
        for paragraph in paragraphs
        if paragraph.strip()
    )


def _linked(text: str) -> str:
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    at = 0
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(_TRAILING)
        yield escape(text[at : found.start()])
        yield _anchor(address)
        at = found.start() + len(address)
    yield escape(text[at:])


def _anchor(address: str) -> str:
    shown = escape(address)
    return f'<a href="{shown}" rel="noopener noreferrer nofollow">{shown}</a>'


def web_link(address: str) -> Markup:
    """A link to a web address; whatever else it is, its text."""
    plain = address.strip()
    if _ADDRESS.fullmatch(plain):
        return Markup(_anchor(plain))  # noqa: S704
    return Markup(_linked(plain))  # noqa: S704


def template_html(text: str) -> Markup:
    """A title or description format of an alert, its placeholders marked."""
    pieces: list[str] = []
    at = 0
    while (start := text.find("{{", at)) >= 0 and (end := text.find("}}", start)) >= 0:
        pieces += (escape(text[at:start]), f'<code class="slot">{escape(text[start + 2 : end].strip())}</code>')
        at = end + 2
    pieces.append(escape(text[at:]))
    return Markup("".join(pieces))  # noqa: S704
