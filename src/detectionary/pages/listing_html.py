"""The pages that list rules, as HTML, and the data that the index's filter works on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote

import msgspec
from markupsafe import Markup

from detectionary.pages.code import escape
from detectionary.pages.environment import environment
from detectionary.pages.keys import rule_path, up
from detectionary.pages.languages import language_title
from detectionary.pages.listing import Facet, FacetPage, ListedRule, ListPage, RuleRow, ValuePage
from detectionary.pages.part import whole_characters
from detectionary.pages.words import kind_words, operator_words

_ROOT: Final = "\x00"
"""Stands for the way to the root in the row of a rule, which lists at several depths share."""

FACET_TITLES: Final = {
    Facet.LANGUAGE: ("Languages", "Rules in {}"),
    Facet.PLATFORM: ("Platforms", "Rules for {}"),
    Facet.TACTIC: ("Tactics", "Rules for {}"),
    Facet.TABLE: ("Log sources", "Rules that read {}"),
    Facet.ACTION: ("Actions", "Rules that detect {}"),
    Facet.REPOSITORY: ("Repositories", "Rules of {}"),
}

FACET_NOTES: Final = {
    Facet.LANGUAGE: "The query languages that the rules are written in.",
    Facet.PLATFORM: "What the rules watch: the platform whose records they read.",
    Facet.TACTIC: "The ATT&CK tactics that the rules declare.",
    Facet.TABLE: "What the rules read, as each language names it: tables (those of functions with known bodies too), "
    "index patterns, log sources by product, category and service, log types.",
    Facet.ACTION: "Operations by the names that log sources give them. A rule is listed when it requires one of them.",
    Facet.REPOSITORY: "Where the rules come from.",
}


def render_list(page: ListPage, data_path: str | None = None) -> str:
    """A page of a list. `data_path` is that of the filter's data, on the first page of the index."""
    root = up(page.path)
    if page.facet is None:
        title, about = "Detection rules", ""
    else:
        name = language_title(page.name) if page.facet is Facet.LANGUAGE else page.name
        title, about = FACET_TITLES[page.facet][1].format(name), FACET_NOTES[page.facet]
    return (
        environment()
        .get_template("list.html.j2")
        .render(
            page=page,
            root=root,
            title=title,
            about=about,
            rows=rows(page.rules, root),
            data_path=data_path,
            facets=[
                (facet.path, FACET_TITLES[facet.facet][0], facet) for facet in page.facets if len(facet.counts) > 1
            ],
            facet_title=FACET_TITLES[page.facet][0] if page.facet else None,
            facet_name=facet_name,
        )
    )


def render_facet(page: FacetPage) -> str:
    """All lists of a facet."""
    title, _ = FACET_TITLES[page.facet]
    return (
        environment()
        .get_template("facet.html.j2")
        .render(page=page, root=up(page.path), title=title, about=FACET_NOTES[page.facet], facet_name=facet_name)
    )


def render_value(page: ValuePage) -> str:
    """The rules behind a corpus count."""
    root = up(page.value.path)
    return (
        environment()
        .get_template("value.html.j2")
        .render(
            page=page,
            root=root,
            rows=rows(page.rules, root),
            operator=operator_words(page.value.operator, "any", 1),
            by_language=[(language_title(name), count) for name, count in page.by_language],
        )
    )


def render_permalink(rule_id: str, path: str, rules: Sequence[ListedRule]) -> str:
    """The page at a rule's id: it leads on at once when one rule has the id, and lists them when several do."""
    root = up(path)
    return (
        environment()
        .get_template("permalink.html.j2")
        .render(rule_id=rule_id, root=root, rules=rules, rows=rows(rules, root))
    )


def facet_name(facet: Facet, name: str) -> str:
    """The name of a list as people read it."""
    return language_title(name) if facet is Facet.LANGUAGE else name


_HEADINGS: Final = ("Severity", "Rule", "Platform", "ATT&amp;CK", "Log source", "Language and source")


def rules_table(rules: Iterable[RuleRow], root: str, label: str = "Rules") -> Markup:
    """Rules as a table, in the order given. `root` is the way from the page to the site's root, `label` what a screen
    reader calls the table. Pages that show it link `assets/lists.css`. About 330 bytes a row.
    """
    headings = "".join(f'<th scope="col">{heading}</th>' for heading in _HEADINGS)
    lines = "".join(map(_line, rules)).replace(_ROOT, root)
    return Markup(  # noqa: S704  # `_line` escapes
        f'<table class="rule-rows" aria-label="{escape(label)}"><thead><tr>{headings}</tr></thead><tbody>\n'
        f"{lines}</tbody></table>"
    )


@lru_cache(maxsize=20_000)
def _line(rule: RuleRow) -> str:
    severity = escape(rule.severity) if rule.severity else ""
    level = f'<span class="severity {severity}">{severity}</span>' if severity else ""
    marks = '<span class="tag">vendor alert</span>' if rule.third_party_feed else ""
    if not rule.accepted:
        marks += '<span class="tag not">not parsed</span>'
    return (
        f'<tr><td>{level}</td><th scope="row"><a href="{_ROOT}{escape(quote(rule.page))}"><bdi>{escape(rule.title)}'
        f"</bdi></a>{marks}</th><td>{escape(rule.platform or '')}</td><td>{_coverage(rule)}</td>"
        f"<td>{_sources(rule.tables)}</td><td>{escape(_language_and_kind(rule))} <br>"
        f"{escape(_short(rule.repository))}</td></tr>\n"
    )


def _sources(names: Sequence[str]) -> str:
    """Log sources, one a line."""
    more = f" +{len(names) - 2}" if len(names) > 2 else ""
    return "<br>".join(f"<code>{escape(name)}</code>" for name in names[:2]) + more


def _coverage(rule: RuleRow) -> str:
    """The techniques, which say the most; of a rule that names none, its tactics."""
    return _some(rule.techniques, 3) if rule.techniques else escape(", ".join(rule.tactics))


def _some(names: Sequence[str], most: int) -> str:
    shown = " ".join(f"<code>{escape(name)}</code>" for name in names[:most])
    return f"{shown} +{len(names) - most}" if len(names) > most else shown


def rows(rules: Iterable[ListedRule], root: str) -> Markup:
    """The rows of a table of rules."""
    return Markup("".join(map(_row, rules)).replace(_ROOT, root))  # noqa: S704  # `_row` escapes


@lru_cache(maxsize=50_000)
def _row(rule: ListedRule) -> str:
    severity = rule.severity or ""
    dot = f'<span class="dot {escape(severity)}" title="{escape(severity or "no severity")}"></span>'
    tables = ", ".join(f"<code>{escape(name)}</code>" for name in rule.tables[:2])
    more = f" +{len(rule.tables) - 2}" if len(rule.tables) > 2 else ""
    return (
        f'<tr><td>{dot}<a class="name" href="{_ROOT}{escape(rule_path(rule.language, rule.slug))}">'
        f"<bdi>{escape(rule.title)}</bdi></a></td><td>{escape(rule.platform or '')}</td>"
        f"<td>{escape(', '.join(rule.tactics))}</td><td>{tables}{more}</td>"
        f"<td>{escape(_short(rule.repository))}</td><td>{escape(_language_and_kind(rule))}</td></tr>\n"
    )


def _language_and_kind(rule: ListedRule | RuleRow) -> str:
    """The two as "Kusto · Scheduled"; a kind that is the language (ES|QL) is not said twice."""
    return " · ".join(dict.fromkeys((language_title(rule.language), kind_words(rule.kind))))


def _short(repository: str) -> str:
    return repository.removeprefix("https://").removeprefix("github.com/")


def filter_data(rules: Sequence[ListedRule]) -> bytes:
    """A script that gives the index's filter its data: names once, and rows that point to them by number."""
    names: dict[str, dict[str, int]] = {
        "severity": {},
        "platform": {},
        "language": {},
        "kind": {},
        "repository": {},
        "tactic": {},
        "table": {},
    }

    def number(what: str, name: str | None) -> int:
        return -1 if name is None else names[what].setdefault(name, len(names[what]))

    def numbers(what: str, many: Sequence[str]) -> list[int]:
        return [number(what, name) for name in many]

    data_rows = [
        [
            rule.title,
            rule.slug,
            number("severity", rule.severity),
            number("platform", rule.platform),
            number("language", rule.language),
            number("kind", rule.kind),
            number("repository", _short(rule.repository)),
            numbers("tactic", rule.tactics),
            numbers("table", rule.tables),
            rule_path(rule.language, rule.slug),
            rule.id,
            " ".join(rule.techniques),
        ]
        for rule in rules
    ]
    titles = {name: language_title(name) for name in names["language"]}
    data = {"names": {what: list(found) for what, found in names.items()}, "languages": titles, "rules": data_rows}
    # A script is no HTML and its file has no end tag to find; still no text of a rule should look like one.
    text = msgspec.json.encode(whole_characters(data)).replace(b"<", b"\\u003c")
    return b"globalThis.detectionary=" + text + b";\n"
