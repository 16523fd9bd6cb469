"""Descriptions as their authors write them, made plain: quotes and markup off, links found."""

from __future__ import annotations

import html
from typing import Final

_QUOTES: Final = "'\"`"
_LINK_ENDS: Final = frozenset(" \t\r\n\"'<>`|\\^{}[]“”’")
_ENDINGS: Final = frozenset(
    ("yaml", "yml", "md", "kql", "txt", "csl", "kusto", "toml", "yaral", "yara-l", "eql", "esql", "kuery", "lucene")
)
_TRAILING: Final = ".,;:!?*_"


def clean(text: str) -> str:
    """`text` without the quotes around it, line-break tags, entities, emphasis marks and blank margins.

    Sentinel's authors put a quoted text inside a block text, so its quotes are part of the value. Markdown links become
    their text with the address in parentheses.
    """
    text = _break_lines(html.unescape(text)) if "<" in text or "&" in text else text
    text = _without_outer_quotes(text.strip())
    if "**" in text:
        text = text.replace("**", "")
    if "](" in text:
        text = _open_links(text)
    lines = [line.strip() for line in text.split("\n")]
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip()


def _break_lines(text: str) -> str:
    for tag in ("<br>", "<br/>", "<br />", "</br>", "<p>", "</p>"):
        text = text.replace(tag, "\n").replace(tag.upper(), "\n")
    for tag in ("<b>", "</b>", "<i>", "</i>", "<strong>", "</strong>", "<em>", "</em>", "<u>", "</u>"):
        text = text.replace(tag, "")
    return text


def _without_outer_quotes(text: str) -> str:
    """`'…'` without its quotes; a text that begins and ends with two quotations of its own keeps them."""
    if len(text) < 2 or text[0] not in _QUOTES:
        return text
    quote = text[0]
    inner = text[1:-1] if text[-1] == quote else text[1:]
    openers = closers = 0
    closed_first = False
    for at, character in enumerate(inner):
        if character != quote:
            continue
        before, after = inner[at - 1 : at], inner[at + 1 : at + 2]
        if before.isalnum() and after.isalnum():
            continue  # an apostrophe
        if not before or before.isspace() or before in "([":
            openers += 1
        else:
            closers += 1
            closed_first = closed_first or not openers
    own_quotations = closed_first and (openers == closers if text[-1] == quote else openers < closers)
    return text if own_quotations else inner.strip()


def _open_links(text: str) -> str:
    """`[text](address)` as `text (address)`, and `[address](address)` as the address."""
    parts: list[str] = []
    at = 0
    while (middle := text.find("](", at)) >= 0:
        opening = text.rfind("[", at, middle)
        closing = text.find(")", middle)
        if opening < 0 or closing < 0 or "\n" in text[middle:closing]:
            parts.append(text[at : middle + 2])
            at = middle + 2
            continue
        label, address = text[opening + 1 : middle], text[middle + 2 : closing].strip()
        parts.append(text[at:opening])
        parts.append(address if label.strip() in ("", address) else f"{label} ({address})")
        at = closing + 1
    parts.append(text[at:])
    return "".join(parts)


def links(text: str) -> tuple[str, ...]:
    """The web addresses in `text`, each once, in order; punctuation of the sentence around them is not theirs."""
    found: dict[str, None] = {}
    at = 0
    while (at := text.find("http", at)) >= 0:
        scheme = next((scheme for scheme in ("https://", "http://") if text.startswith(scheme, at)), None)
        if scheme is None:
            at += 4
            continue
        end = at + len(scheme)
        while end < len(text) and text[end] not in _LINK_ENDS:
            end += 1
        address = text[at:end]
        while address[-1] in _TRAILING or (address[-1] == ")" and address.count("(") < address.count(")")):
            address = address[:-1]
        is_label = text.startswith("](", end)  # the text of a Markdown link, whose address follows
        if len(address) > len(scheme) + 3 and "." in address and not is_label:
            found[address] = None
        at = end
    return tuple(found)


def title_of_path(path: str) -> str:
    """A title for want of one: the file's name without its ending, underscores (and dashes for blanks) as blanks."""
    name = path.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    if dot and stem and ending.strip().lower() in _ENDINGS:
        name = stem
    if " " not in name and name.count("-") > 2:
        name = name.replace("-", " ")
    return " ".join(name.replace("_", " ").split()) or path
