"""The columns of the ATT&CK matrix as HTML, as short as they can be: there are almost 900 cells.

A sub-technique is an item of a numbered list, whose number is the end of its id: `value` stands where numbers leave
out some. Its text is the number of its rules and its name; the script makes a link of it and colours it. Ends of items
and quotation marks are left out where HTML lets them be.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from markupsafe import Markup

from detectionary.pages.attack.matrix import MatrixPage, MatrixSubTechnique, MatrixTactic, MatrixTechnique
from detectionary.pages.texts.code import escape

_Told: TypeAlias = dict[tuple[MatrixSubTechnique, ...], MatrixTactic]
"""The tactic under which each list of sub-techniques stands already; the others lead there, the script copies it."""


def columns(page: MatrixPage, root: str) -> Markup:
    """All tactics, each a section with a list of its techniques."""
    told: _Told = {}
    return Markup("".join(_column(tactic, root, told) for tactic in page.tactics))  # noqa: S704  # escaped below


def _column(tactic: MatrixTactic, root: str, told: _Told) -> str:
    cells = "".join(_cell(each, root, tactic, told) for each in tactic.techniques)
    return (
        f'<section id="{tactic.id}" data-tactic="{escape(tactic.name)}"><h2><a href="{root}{tactic.page}">'
        f"{escape(tactic.name)}</a></h2><p>Rules <b>{tactic.rules:,}</b> <br>Techniques <i>{tactic.covered}</i> of "
        f"{len(tactic.techniques)}</p>\n<ul>{cells}</ul></section>\n"
    )


def _cell(technique: MatrixTechnique, root: str, tactic: MatrixTactic, told: _Told) -> str:
    return (
        f"<li class=h{technique.level}><a href={root}{technique.page}>{_name(technique.name)}</a>"
        f"<b>{technique.rules}</b>{_below(technique, tactic, told)}"
    )


def _name(name: str) -> str:
    """A name that may break after a slash: "Deobfuscate/Decode" is wider than a column."""
    return escape(name).replace("/", "/<wbr>")


def _below(technique: MatrixTechnique, tactic: MatrixTactic, told: _Told) -> str:
    children = technique.sub_techniques
    if not children:
        return ""
    first = told.setdefault(children, tactic)
    if first is tactic:
        own = f" data-own={technique.own}" if technique.own else ""
        inside = f"<ol{own}>{''.join(_children(children))}</ol>"
    else:
        inside = f"as under <a href=#{first.id}>{escape(first.name)}</a>"
    covered = sum(each.rules > 0 for each in children)
    return f"<details><summary>{covered}/{len(children)}</summary>{inside}</details>"


def _children(children: Sequence[MatrixSubTechnique]) -> Iterator[str]:
    following = 1
    for each in children:
        number = int(each.id.partition(".")[2])
        value = "" if number == following else f" value={number}"
        following = number + 1
        yield f"<li{value}>{each.rules} {escape(each.name)}"
