"""docs/reference/languages.md: which query languages are read and how completely, by the figures of the ratchet."""

from __future__ import annotations

from math import floor
from typing import Final

from detectionary.languages import LANGUAGES
from tools.ratchet import Figures, recorded

_ABOUT: Final = {
    "kusto": ("Kusto", "Microsoft Sentinel, Defender XDR", "own parser and binder, held against Microsoft's"),
    "sigma": (
        "Sigma",
        "SigmaHQ, Hayabusa",
        "own parser of conditions, modifiers and correlations, held against pySigma",
    ),
    "eql": ("EQL", "Elastic Security", "own parser, held against the package eql"),
    "esql": ("ES\\|QL", "Elastic Security", "own parser, after Elasticsearch's grammar"),
    "kuery": ("Kibana KQL", "Elastic Security", "own parser, after Kibana's grammar"),
    "lucene": ("Lucene", "Elastic Security", "luqum"),
    "ml": ("none: machine learning jobs", "Elastic Security", "the rule's file says it all"),
    "yaral": ("YARA-L 2.0", "Google SecOps", "own parser; [its grammar](yara-l-grammar.md)"),
}

_OPAQUE: Final = """## What is opaque

A part of a filter that cannot be modelled keeps its place and its text as an *opaque* predicate; it is counted, shown
on the rule's page, and listed in the table `opaques` of the catalog with the kind of its reason.

| language | what |
|---|---|
| Kusto | conditions inside of `case` and `iff`, user functions, columns inside of literals |
| Sigma | conditions that name search identifiers which are not there; `N of` with more than 200 choices |
| EQL | conditions inside of `child of […]` and its kin, which only older engines run |
| ES\\|QL | conditions inside of `case`, queries of another language inside of `kql(…)` and `qstr(…)` |
| Kibana KQL | nothing that parses |
| Lucene | nothing that parses |
| YARA-L | nothing that parses in the public rules |
"""


def markdown(note: str) -> str:
    """The page; `note` says that it is generated."""
    return f"""# Languages

{note}

How completely public rules are read, from `tests/data/ratchet.json`: figures that may only move upwards, measured by
`python -m tools.ratchet` over the corpora that the tests read. *Parsed* are rules whose query has no syntax error; of
the others the page of each says what is wrong with it. *Filters modelled* is the share of all comparisons and the like
in filters that are no opaque text. *Fields named* is the share of compared fields with a vendor-neutral name, by which
rules of all languages meet. *Action* counts the rules that name an action.

| `--language` | language | rules of | rules | parsed | filters modelled | fields named | action | read by |
|---|---|---|---:|---:|---:|---:|---:|---|
{_rows(recorded())}

{_OPAQUE}"""


def _rows(figures: Figures) -> str:
    lines = []
    for language in LANGUAGES:
        title, products, by = _ABOUT[language.name]
        found = figures.get(f"language {language.name}", {})
        lines.append(
            f"| `{language.name}` | {title} | {products} | {found.get('rules', 0):,} | {found.get('accepted', 0):,} | "
            f"{_percent(1 - found.get('opaque_share', 0))} of {found.get('predicates', 0):,} | "
            f"{_percent(found.get('canonical_share', 0))} | {found.get('with_action', 0):,} | {by} |"
        )
    return "\n".join(lines)


def _percent(share: float) -> str:
    """Rounded down: all that is shown as 100 % is all."""
    return f"{floor(share * 1000 + 1e-6) / 10:g} %"
