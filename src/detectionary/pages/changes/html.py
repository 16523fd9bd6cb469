"""The pages of changes as HTML: details side by side, and texts line by line."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from markupsafe import Markup

from detectionary.pages.changes.context import (
    FOLDER,
    GROUPS,
    INDEX,
    PAGE_SIZE,
    ChangeDetail,
    ChangedRule,
    ChangesPage,
    RunPage,
    RunSummary,
)
from detectionary.pages.environment import environment
from detectionary.pages.keys import list_path, up
from detectionary.pages.languages import language_title
from detectionary.pages.texts.code import escape, escape_code

WEIGHT_LIMIT: Final = 58_000
"""No page weighs more bytes; what would make it heavier is shown in less detail."""

_DETAIL: Final = ((80, 16), (32, 12), (14, 8), (6, 5), (0, 3), (0, 0))
"""(lines of a text's differences, details of a rule) that are shown at most: the first that is light enough is."""

_LONGEST_LINE: Final = 200
_NOT_COMPARABLE: Final = "Another version of Detectionary analysed the text before; some of this may come from that."
_MOST_RUNS: Final = 60


def render_changes(page: ChangesPage) -> str:
    """The overview of all ingests."""
    return _lightest("changes.html.j2", INDEX, page.newest, page=page, most=_MOST_RUNS, numbers=numbers)


def render_run(page: RunPage) -> str:
    """A page of one ingest."""
    return _lightest("changes_run.html.j2", page.path, page, page=page)


def _lightest(template: str, path: str, shown: RunPage | None, **context: object) -> str:
    root = up(path)
    html = ""
    for lines, details in _DETAIL:
        groups = [] if shown is None else list(_groups(shown, lines, details, root))
        html = (
            environment()
            .get_template(template)
            .render(
                **context,
                root=root,
                run=shown,
                groups=groups,
                language_title=language_title,
                moment=moment,
                in_words=in_words,
            )
        )
        if len(html) <= WEIGHT_LIMIT and len(html.encode()) <= WEIGHT_LIMIT:
            break
    return html


def numbers(run: RunSummary) -> Iterator[tuple[int, str | None]]:
    """How many changes of each group an ingest brought, each with the address at which they begin."""
    counts = (run.logic, run.thresholds, run.metadata, run.added, run.returned, run.moved, run.removed)
    begin = 0
    for name, count in zip(GROUPS, counts, strict=True):
        yield count, f"{list_path(FOLDER, str(run.number), begin // PAGE_SIZE + 1)}#{name}" if count else None
        begin += count


def moment(time: str) -> str:
    """A time as people read it: "2030-01-02 06:30 UTC"."""
    return f"{time[:10]} {time[11:16]} UTC"


def in_words(run: RunSummary) -> str:
    """What an ingest changed, in words."""
    parts = (
        (run.logic, "with other logic"),
        (run.thresholds, "with other thresholds"),
        (run.metadata, "with other metadata"),
        (run.added, "added"),
        (run.returned, "returned"),
        (run.moved, "moved"),
        (run.removed, "removed"),
    )
    return ", ".join(f"{number:,} {what}" for number, what in parts if number) or "nothing"


def _groups(page: RunPage, lines: int, details: int, root: str) -> Iterator[tuple[str, str, bool, list[Markup]]]:
    """(name, heading, whether it goes on from the page before, changes) of each group on the page."""
    begun = {link.name: link.page for link in page.groups}
    for name, found in groupby(page.changes, _group):
        items = [Markup(_change(each, lines, details, root)) for each in found]  # noqa: S704  # escaped below
        yield name, GROUPS[name], not begun[name].startswith(f"{page.path}#"), items


def _group(change: ChangedRule) -> str:
    if change.event != "changed":
        return change.event
    return change.kinds[0] if change.kinds else "metadata"


def _change(change: ChangedRule, lines: int, details: int, root: str) -> str:
    title = escape(change.title)
    name = f'<a href="{escape(root + change.page)}">{title}</a>' if change.page else title
    # The heading of the group says it already when a changed rule is of one kind only.
    kinds = change.kinds if len(change.kinds) > 1 or change.event != "changed" else ()
    tags = "".join(f'<span class="tag kind-{kind}">{kind}</span>' for kind in kinds)
    path = escape(f"{change.repository}/{change.path}")
    if change.path_before is not None:
        path = (
            f"<del>{escape(change.path_before)}</del> <ins>{escape(change.path)}</ins> in {escape(change.repository)}"
        )
    gone = "" if change.page or change.event == "removed" else ' <span class="muted">(no longer here)</span>'
    body = _details(change, details) + _diff(change, lines)
    return (
        f'<li class="change{"" if body else " plain"}"><p class="head">{name}{gone}{tags} '
        f'<span class="where">{escape(language_title(change.language))} · <span class="path">{path}</span></span></p>'
        f"{f'<div>{body}</div>' if body else ''}</li>"
    )


def _details(change: ChangedRule, most: int) -> str:
    """What is another now, a row for each thing, with all values that came and went."""
    if not change.details:
        return ""
    rows: list[str] = []
    for (what, name), found in groupby(change.details, lambda each: (each.what, each.name)):
        rows.append(_row(what, name, list(found)))
    cut = len(rows) - most
    note = f'<p class="muted">and {cut:,} more differences</p>' if cut > 0 and most else ""
    if not most:
        return f'<p class="muted">{len(rows):,} differences</p>'
    odd = "" if change.comparable else f'<p class="muted">{_NOT_COMPARABLE}</p>'
    return f"<dl>{''.join(rows[:most])}</dl>{note}{odd}"


def _row(what: str, name: str | None, found: list[ChangeDetail]) -> str:
    label = escape(what) if name is None else f"{escape(what)} <code>{escape(name)}</code>"
    if what == "text":
        label, values = "text", "only in its layout, its comments, or what has no page of its own"
    elif len(found) == 1 and found[0].before is not None and found[0].after is not None:
        values = f"{_value('del', found[0].before)} <span class=arrow>→</span> {_value('ins', found[0].after)}"
    else:
        went = [_value("del", each.before) for each in found if each.before is not None]
        came = [_value("ins", each.after) for each in found if each.after is not None]
        values = " ".join((*went[:8], *_more(went), *came[:8], *_more(came))) or "another one"
    return f"<dt>{label}</dt><dd>{values}</dd>"


def _more(values: list[str]) -> Iterator[str]:
    if len(values) > 8:
        yield f'<span class="muted">and {len(values) - 8:,} more</span>'


def _value(tag: str, text: str) -> str:
    return f"<{tag}>{escape(text or 'empty')}</{tag}>"


def _diff(change: ChangedRule, most: int) -> str:
    if change.diff is None or not most:
        return ""
    lines = change.diff.split("\n")[2:]  # without the two lines that name the files
    came = sum(line.startswith("+") for line in lines)
    went = sum(line.startswith("-") for line in lines)
    cut = len(lines) - most
    more = f'<p class="muted">{cut:,} more lines are in the page’s JSON.</p>' if cut > 0 else ""
    count = f"+{came:,} −{went:,} {'line' if came + went == 1 else 'lines'}"
    return (
        f'<details><summary>Text: {count}</summary><pre class="diff" tabindex="0">'
        f"{''.join(map(_line, lines[:most]))}</pre>{more}</details>"
    )


def _line(line: str) -> str:
    shown = escape_code(line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…")
    match line[:1]:
        case "+":
            return f"<ins>{shown}\n</ins>"
        case "-":
            return f"<del>{shown}\n</del>"
        case "@":
            return f"<i>{shown}\n</i>"
        case _:
            return f"{shown}\n"
