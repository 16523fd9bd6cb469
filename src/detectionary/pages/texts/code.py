"""Texts of strangers as HTML: escaped, with control characters made visible, and painted by their tokens."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

from markupsafe import Markup
from markupsafe import escape as _escape_html

from detectionary.pages.rule.context import PageStage, RulePage, Stretch
from detectionary.pages.texts import toml_text, yaml_text

_OPENING: Final = {
    "keyword": ("<b>", "</b>"),
    "string": ("<i>", "</i>"),
    "comment": ("<em>", "</em>"),
    "function": ("<span class=f>", "</span>"),
    "number": ("<span class=n>", "</span>"),
    "table": ("<span class=t>", "</span>"),
    "error": ("<span class=e>", "</span>"),
    "key": ("<span class=y>", "</span>"),
}
"""Tags of a token kind; kinds that are not here (columns, names, operators) keep the colour of the text."""

# Control characters break or reorder what a reader sees: C0 and C1 without tab and line breaks, bidirectional marks
# and overrides, invisible separators, the byte order mark, lone surrogates, non-characters.
_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\ufffc\ufffe\uffff\ud800-\udfff]"
)
_JOINT: Final = re.compile(r"(?<=[/._:])(?=\w)")
_NOT_IN_HTML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """`text` for an element or a quoted attribute, without characters that HTML cannot hold or that reorder text."""
    if type(text) is not str:  # markup of ours says itself what it is as HTML
        return without_unseen(str(_escape_html(text)))
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return without_unseen(escaped.replace('"', "&#34;").replace("'", "&#39;"))


def breakable(name: str) -> Markup:
    """A path or a name of a table or action, which a narrow column breaks between its words, not within them."""
    return Markup(_JOINT.sub("<wbr>", escape(name)))  # noqa: S704  # escaped here


def without_unseen(html: str) -> str:
    """HTML without the characters that it cannot hold or that reorder text."""
    return html if _UNSEEN.search(html) is None else _UNSEEN.sub(_replacement, html)


def escape_code(text: str) -> str:
    """`text` for the content of an element that shows code: unseen characters are drawn, and left out of copies."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if "\r" in escaped:
        escaped = escaped.replace("\r\n", "\n").replace("\r", "\n")
    return escaped if _UNSEEN.search(escaped) is None else _UNSEEN.sub(_drawn, escaped)


def _replacement(found: re.Match[str]) -> str:
    if found[0] == "\r":
        return "" if found.string[found.end() : found.end() + 1] == "\n" else "\n"
    return "\ufffd" if _NOT_IN_HTML.match(found[0]) else ""


def _drawn(found: re.Match[str]) -> str:
    return f'<span class=u data-u="U+{ord(found[0]):04X}"></span>'


class Painted:
    """A text with the stretches of its tokens, from which any range can be had as HTML."""

    def __init__(self, text: str, stretches: Sequence[Stretch]) -> None:
        self.text = text
        self._stretches = stretches
        self._starts = [start for start, _, _ in stretches]

    def html(self, start: int, end: int, *, plain: bool = False) -> str:
        """The range from `start` to `end`; `plain` leaves the colours out."""
        text = self.text
        if plain or not self._stretches:
            return escape_code(text[start:end])
        first = max(0, bisect_right(self._starts, start) - 1)
        pieces: list[str] = []
        at = start
        for index in range(first, bisect_left(self._starts, end)):
            token_start, token_end, kind = self._stretches[index]
            tags = _OPENING.get(kind)
            token_start, token_end = max(token_start, at), min(token_end, end)
            if tags is None or token_start >= token_end:
                continue
            pieces += (
                escape_code(text[at:token_start]),
                tags[0],
                escape_code(text[token_start:token_end]),
                tags[1],
            )
            at = token_end
        pieces.append(escape_code(text[at:end]))
        return "".join(pieces)


def line_starts(text: str) -> list[int]:
    """The offset of the first character of each line; only line feeds end lines."""
    starts = [0]
    starts += (found.end() for found in re.finditer("\n", text))
    return starts


def colours_of(language: str, text: str) -> tuple[Stretch, ...]:
    """The stretches of a rule's file, in the format that it is written in; none where the query is the file."""
    match language:
        case "yaml":
            return yaml_text.stretches(text)
        case "toml":
            return toml_text.stretches(text)
        case _:
            return ()


def is_added(stage: PageStage) -> bool:
    """Whether a stage stands outside of the query, where the rule adds it: its span is empty."""
    return stage.span.start == stage.span.end


class Placement:
    """Where each line of a query stands in the body that holds it."""

    def __init__(self, page: RulePage) -> None:
        self.query_starts = line_starts(page.query)
        self.body_starts = line_starts(page.body)
        self.body_length = len(page.body)
        self.offsets = tuple(self._offsets(page))

    def _offsets(self, page: RulePage) -> Iterable[int | None]:
        """For each line of the query, its offset in the body; None where the body spells the line otherwise."""
        ends = [*(start - 1 for start in self.query_starts[1:]), len(page.query)]
        for row, (start, end) in enumerate(zip(self.query_starts, ends, strict=True)):
            if not page.query_lines:
                line, column = row + page.source.line, 1
            elif row < len(page.query_lines):
                line, column = page.query_lines[row]
            else:
                yield None
                continue
            index = line - page.source.line
            if not 0 <= index < len(self.body_starts):
                yield None
                continue
            offset = self.body_starts[index] + column - 1
            text = page.query[start:end].rstrip("\r")
            yield offset if text and page.body.startswith(text, offset) else None

    def shown(self, lines: int, characters: int) -> int:
        """The offset in the body up to which it is shown, when no more than so much of it is."""
        return min(self.body_starts[lines] if lines < len(self.body_starts) else self.body_length, characters)

    def line_of(self, offset: int) -> int | None:
        """The index of the body's line that holds `offset` of the query, when the body spells that line alike."""
        row = bisect_right(self.query_starts, offset) - 1
        place = self.offsets[row]
        return None if place is None else bisect_right(self.body_starts, place) - 1


def body_html(
    page: RulePage,
    placement: Placement,
    around: Sequence[Stretch],
    *,
    plain: bool = False,
    lines: int = 100_000,
    characters: int = 1_000_000,
    lets: int = 1_000,
    anchors: Container[int] = (),
) -> Markup:
    """The body as list items, one a line, the query's lines inside `<code>` and painted by its own tokens.

    `around` are the stretches of the body's own language. A line on which a stage or a let begins has the id `L` and
    its number, and begins with a link to it; lines whose numbers are `anchors` have such an id too. `lines`,
    `characters`, `lets`: no more than so many.
    """
    query = Painted(page.query, page.highlights)
    outer = Painted(page.body, around)
    marks = _marks(page, placement, lets)
    inside: dict[int, tuple[int, int, int]] = {}
    query_ends = [*(start - 1 for start in placement.query_starts[1:]), len(page.query)]
    for start, end, offset in zip(placement.query_starts, query_ends, placement.offsets, strict=True):
        if offset is not None:
            inside[bisect_right(placement.body_starts, offset) - 1] = (start, end, offset)
    bounds = [*placement.body_starts, len(page.body) + 1]
    if len(bounds) > 2 and page.body.endswith("\n"):
        bounds.pop()
    pieces: list[str] = []
    shown = placement.shown(lines, characters)
    for row, (start, after) in enumerate(pairwise(bounds)):
        if start >= shown > 0 or row >= lines:
            break
        end = min(after - 1, shown)
        number = row + page.source.line
        pieces.append(f"<li id=L{number}>{marks.get(row, '')}" if row in marks or number in anchors else "<li>")
        if row in inside:
            query_start, query_end, offset = inside[row]
            width = max(0, min(query_end - query_start, end - offset))
            pieces += (
                outer.html(start, min(offset, end), plain=plain),
                "<code>",
                query.html(query_start, query_start + width, plain=plain),
                "</code>",
                outer.html(min(offset + width, end), end, plain=plain),
            )
        else:
            pieces.append(outer.html(start, end, plain=plain))
        pieces.append("\n")
    return Markup("".join(pieces))  # noqa: S704  # every piece is escaped above


def _marks(page: RulePage, placement: Placement, lets_shown: int) -> Mapping[int, str]:
    """For lines on which stages or lets begin, the link to the first of them; "2–4" when several stages do."""
    found: dict[int, tuple[int, str]] = {}
    named = [
        *((number, let.name, let.span) for number, let in enumerate(page.parameters[:lets_shown], start=1)),
        *(
            (number, let.name, let.span)
            for number, let in enumerate(page.bindings[:lets_shown], start=len(page.parameters) + 1)
        ),
    ]
    for number, name, span in named:
        row = placement.line_of(span.start) if span.start < span.end else None
        if row is not None:
            found.setdefault(row, (number, name))
    stages: dict[int, list[int]] = {}
    for stage in page.stages:
        row = None if is_added(stage) else placement.line_of(stage.span.start)
        if row is not None:
            stages.setdefault(row, []).append(stage.number)
    marks = {
        row: f'<a class="s let" href=#let-{number} data-n=let aria-label="{escape(name[:80])}"></a>'
        for row, (number, name) in found.items()
    }
    for row, numbers in stages.items():
        shown = str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}–{numbers[-1]}"
        words = f"Stage {shown}" if len(numbers) == 1 else f"Stages {shown}"
        marks[row] = f'<a class=s href=#s{numbers[0]} data-n={shown} aria-label="{words}"></a>'
    return marks
