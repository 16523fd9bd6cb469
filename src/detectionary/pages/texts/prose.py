"""Prose of strangers as HTML: paragraphs, the common marks of Markdown, and links to web addresses alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from markupsafe import Markup

from detectionary.pages.texts.code import escape, escape_code

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


def _anchor(address: str, text: str | None = None) -> str:
    """A link; what only looks like an address (`http://[0-9` of a pattern) stays text."""
    shown = escape(address)
    try:
        urlsplit(address)
    except ValueError:
        return shown if text is None else escape(text)
    return f'<a href="{shown}" rel="noopener noreferrer nofollow">{shown if text is None else escape(text)}</a>'


def web_link(address: str) -> Markup:
    """A link to a web address; whatever else it is, its text."""
    plain = address.strip()
    if _ADDRESS.fullmatch(plain):
        return Markup(_anchor(plain))  # noqa: S704
    return Markup(_linked(plain))  # noqa: S704


# Guides and setup notes are written in Markdown. The marks that they use are read line by line; what is not known here
# is shown as it is written, so nothing is lost.

_ITEM: Final = re.compile(r"[ \t]*(?:[-*+]|\d{1,3}[.)])[ \t]+(.*)")
_HEADING: Final = re.compile(r"#{1,6}[ \t]+(.*)")
_FENCE: Final = "```"


def marked(text: str) -> Markup:
    """Headings, lists, code blocks and paragraphs of a Markdown text; code spans, bold words and links inside them."""
    return Markup("".join(_blocks(text.replace("\r\n", "\n").split("\n"))))  # noqa: S704  # every piece is escaped


def _blocks(lines: list[str]) -> Iterator[str]:
    waiting: list[str] = []
    items: list[str] = []
    at = 0

    def written() -> Iterator[str]:
        if waiting:
            yield f"<p>{_spans(chr(10).join(waiting))}</p>"
        if items:
            yield f"<ul>{''.join(f'<li>{_spans(item)}</li>' for item in items)}</ul>"
        waiting.clear()
        items.clear()

    while at < len(lines):
        line = lines[at].removeprefix(">").rstrip()
        at += 1
        if line.lstrip().startswith(_FENCE):
            yield from written()
            first = at
            while at < len(lines) and not lines[at].lstrip().startswith(_FENCE):
                at += 1
            code = "\n".join(lines[first:at])
            at += 1
            yield f"<pre><code>{escape_code(code)}</code></pre>"
        elif found := _HEADING.match(line):
            yield from written()
            yield f"<h3>{_spans(found[1].strip('# '))}</h3>"
        elif found := _ITEM.match(line):
            if waiting:
                yield from written()
            items.append(found[1])
        elif not line.strip():
            yield from written()
        elif items:
            items[-1] += f"\n{line.strip()}"
        else:
            waiting.append(line.strip())
    yield from written()


def _spans(text: str) -> str:
    """Code spans, bold words and links; the rest is text with its addresses linked."""
    pieces: list[str] = []
    at = plain = 0
    while at < len(text):
        made, end = _span(text, at)
        if end > at:
            pieces += (_linked(text[plain:at]), made)
            at = plain = end
        else:
            at += 1
    pieces.append(_linked(text[plain:]))
    return "".join(pieces)


def _span(text: str, at: int) -> tuple[str, int]:
    """The marked stretch that begins at `at` as HTML, and its end; `at` itself when none begins there."""
    match text[at]:
        case "`":
            end = text.find("`", at + 1)
            if end > at + 1:
                return f"<code>{escape(text[at + 1 : end])}</code>", end + 1
        case "*" if text.startswith("**", at):
            end = text.find("**", at + 2)
            if end > at + 2:
                return f"<strong>{_linked(text[at + 2 : end])}</strong>", end + 2
        case "[":
            middle = text.find("](", at)
            end = text.find(")", middle)
            if 0 <= middle < end and _ADDRESS.fullmatch(address := text[middle + 2 : end]):
                return _anchor(address, text[at + 1 : middle]), end + 1
        case _:
            pass
    return "", at
