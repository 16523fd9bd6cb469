"""Files for programs: all rules as one JSON and one CSV, and what search engines ask for."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote
from xml.sax.saxutils import escape

import msgspec

from detectionary.catalog import Listing
from detectionary.pages.browse.listing import rule_row
from detectionary.pages.kind import FileGroup, PageKind, digest_of, digest_of_rules, json_path
from detectionary.pages.library import Library
from detectionary.pages.part import Part, encode_part

RULES_JSON: Final = "api/rules.json"
RULES_CSV: Final = "api/rules.csv"


class RuleLine(Part, frozen=True):
    """A rule as programs list it: what other lists show (`browse/listing.py`) and more, in an order of its own.

    `page` and `json` are addresses below the site's root.

    `licence` is an SPDX identifier; null when it is not known. `tactics`, `techniques` (ids), `tables`, `actions` and
    `fields` (canonical names where there are such, in lower case) hold each name once, in the rule's order. `accepted`:
    its query has no syntax error. `predicates` counts the tests of its filters, `opaques` those of them that could not
    be modelled, `diagnostics` errors and warnings. `third_party_feed` is why it only forwards a vendor's alert; null
    when it does not.
    """

    id: str
    slug: str
    title: str
    language: str
    platform: str | None
    severity: str | None
    status: str | None
    kind: str
    repository: str
    path: str
    commit: str | None
    licence: str | None
    authors: tuple[str, ...]
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    tables: tuple[str, ...]
    actions: tuple[str, ...]
    fields: tuple[str, ...]
    exclusions: int
    thresholds: int
    predicates: int
    opaques: int
    diagnostics: int
    accepted: bool
    third_party_feed: str | None
    page: str
    json: str


class RuleTable(Part, frozen=True):
    """`api/rules.json`. `version` is that of its shape: keys may be added without another number, none is renamed."""

    version: int
    total: int
    rules: tuple[RuleLine, ...]


def rule_line(rule: Listing) -> RuleLine:
    """A rule of the catalog's list as programs list it."""
    row = rule_row(rule)
    return RuleLine(
        **msgspec.structs.asdict(row),
        commit=rule.commit,
        licence=rule.licence,
        fields=rule.fields,
        exclusions=rule.exclusions,
        thresholds=rule.thresholds,
        predicates=rule.predicates,
        opaques=rule.opaques,
        diagnostics=rule.diagnostics,
        json=json_path(row.page),
    )


def _rule_tables(library: Library) -> Iterable[tuple[str, bytes]]:
    rows = tuple(map(rule_line, library.index.rules))
    yield RULES_CSV, rules_csv(rows)
    yield RULES_JSON, encode_part(RuleTable(1, len(rows), rows))


def rules_csv(rows: Sequence[RuleLine]) -> bytes:
    """A head and a line a rule (RFC 4180, UTF-8). The names of a list are parted by "; ".

    A cell that a spreadsheet would take for a formula begins with an apostrophe. Programs that want the texts as they
    are read the JSON.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(RuleLine.__struct_fields__)
    for row in rows:
        writer.writerow([_cell(value) for value in msgspec.structs.astuple(row)])
    return text.getvalue().encode("utf-8", "replace")


_FORMULA: Final = frozenset("=+-@\t\r\n＝＋－＠")


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case tuple():
            return _inert("; ".join(map(str, value)))
        case _:
            return _inert(str(value))


def _inert(text: str) -> str:
    """A text as spreadsheets show it and do not run it; they pass over blanks before a formula."""
    text = text.replace("\0", "�")
    begins = text[:1] in _FORMULA or text.lstrip()[:1] in _FORMULA
    return f"'{text}" if text and begins else text


RULE_TABLES: Final = FileGroup("all rules", _rule_tables, basis=digest_of_rules)

# Search engines

_MOST_ADDRESSES: Final = 50_000
"""A sitemap may hold no more."""


def sitemap(pages: Iterable[PageKind[Any]]) -> FileGroup:
    """The site's `robots.txt` and, where its address is known, its sitemap: of all pages of these kinds that have
    something to say to a search engine. Above 50,000 addresses it is an index of several.
    """
    kinds = tuple(kind for kind in pages if kind.indexed and not kind.script_only)
    return FileGroup("sitemap", lambda library: _sitemap(library, kinds))


def _sitemap(library: Library, kinds: Sequence[PageKind[Any]]) -> Iterator[tuple[str, bytes]]:
    base = library.base_url
    robots = "User-agent: *\nDisallow:\n"
    if base is None:
        yield "robots.txt", robots.encode()
        return
    addresses = sorted({base + quote(_short(path)) for kind in kinds for path in kind.paths(library)})
    chunks = [addresses[start : start + _MOST_ADDRESSES] for start in range(0, len(addresses), _MOST_ADDRESSES)]
    if len(chunks) <= 1:
        yield "sitemap.xml", _addresses("urlset", "url", addresses)
    else:
        names = [f"sitemap-{number}.xml" for number in range(1, len(chunks) + 1)]
        yield "sitemap.xml", _addresses("sitemapindex", "sitemap", [base + name for name in names])
        for name, chunk in zip(names, chunks, strict=True):
            yield name, _addresses("urlset", "url", chunk)
    yield "robots.txt", f"{robots}Sitemap: {base}sitemap.xml\n".encode()


def _short(path: str) -> str:
    """The address under which a page is known: that of its folder, for the page of a folder."""
    return path.removesuffix("index.html") if path == "index.html" or path.endswith("/index.html") else path


def canonical(library: Library, kind: PageKind[Any], path: str) -> str | None:
    """The one address under which search engines should know a page; None when the site's is not known."""
    if library.base_url is None or not kind.indexed or kind.script_only:
        return None
    return library.base_url + quote(_short(path))


def _addresses(root: str, element: str, addresses: Iterable[str]) -> bytes:
    lines = "".join(f"<{element}><loc>{escape(address)}</loc></{element}>\n" for address in addresses)
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{lines}</{root}>\n'.encode()


def _host_files(_library: Library) -> Iterable[tuple[str, bytes]]:
    yield ".nojekyll", b""


HOST_FILES: Final = FileGroup("for static hosts", _host_files, live=False, basis=lambda _library: digest_of())
"""GitHub's pages leave out files that its site maker would leave out, unless this one is there."""
