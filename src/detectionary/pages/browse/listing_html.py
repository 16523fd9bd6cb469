"""Tables of rules, the same on every page that lists rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from detectionary.pages.browse.listing import RuleRow
from detectionary.pages.languages import language_title
from detectionary.pages.texts.code import escape
from detectionary.pages.words import kind_words

_ROOT: Final = "\x00"
"""Stands for the way to the root in the row of a rule, which lists at several depths share."""

_HEADINGS: Final = ("Severity", "Rule", "Platform", "ATT&amp;CK", "Log source", "Language and source")

_LONGEST_TITLE: Final = 200
_LONGEST_NAME: Final = 80
"""Longer ones are cut; the rule's own page shows the whole."""


def rules_table(rules: Iterable[RuleRow], root: str, label: str = "Rules") -> Markup:
    """Rules as a table, in the order given. `root` is the way from the page to the site's root, `label` what a screen
    reader calls the table. Pages that show it link `assets/lists.css`. About 430 bytes a row.
    """
    headings = "".join(f'<th scope="col">{heading}</th>' for heading in _HEADINGS)
    lines = "".join(map(_line, rules)).replace(_ROOT, root)
    return Markup(  # noqa: S704  # `_line` escapes
        f'<table class="rule-rows" aria-label="{escape(label)}"><thead><tr>{headings}</tr></thead><tbody>\n'
        f"{lines}</tbody></table>"
    )


@lru_cache(maxsize=20_000)
def _line(rule: RuleRow) -> str:
    level = "" if rule.severity is None else f'<span class="severity {escape(rule.severity)}">{_name(rule.severity)}'
    level += "</span>" if level else ""
    marks = '<span class="tag">vendor alert</span>' if rule.third_party_feed else ""
    if not rule.accepted:
        marks += '<span class="tag not">not parsed</span>'
    return (
        f'<tr><td>{level}</td><th scope="row"><a href="{_ROOT}{escape(quote(rule.page))}">'
        f"<bdi>{_cut(rule.title, _LONGEST_TITLE)}</bdi></a>{marks}</th><td>{_name(rule.platform or '')}</td>"
        f"<td>{_coverage(rule)}</td><td>{_sources(rule.tables)}</td><td>{_language_and_kind(rule)} <br>"
        f"{_name(_short(rule.repository))}</td></tr>\n"
    )


def _cut(text: str, longest: int) -> str:
    """A text as HTML, cut when it is longer. A title in which nothing is seen is told, since a link needs a text."""
    html = escape(text if len(text) <= longest else f"{text[: longest - 1]}…")
    if html.strip():
        return html
    return "(no title)" if longest == _LONGEST_TITLE else ""


def _name(text: str) -> str:
    return _cut(text, _LONGEST_NAME)


def _coverage(rule: RuleRow) -> str:
    """The techniques, which say the most; of a rule that names none, its tactics."""
    if not rule.techniques:
        return ", ".join(map(_name, rule.tactics[:3]))
    more = f" +{len(rule.techniques) - 3}" if len(rule.techniques) > 3 else ""
    return " ".join(f"<code>{_name(technique)}</code>" for technique in rule.techniques[:3]) + more


def _sources(names: Sequence[str]) -> str:
    """Log sources, one a line."""
    more = f" +{len(names) - 2}" if len(names) > 2 else ""
    return " <br>".join(f"<code>{_name(name)}</code>" for name in names[:2]) + more


def _language_and_kind(rule: RuleRow) -> str:
    """The two as "Kusto · Scheduled"; a kind that is the language (ES|QL) is not said twice."""
    return " · ".join(dict.fromkeys((_name(language_title(rule.language)), _name(kind_words(rule.kind)))))


def _short(repository: str) -> str:
    return repository.removeprefix("https://").removeprefix("github.com/")
