"""What the static search knows of the rules themselves: what lists show of them, and the facets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from detectionary.catalog import COUNTED, Facet, Listing
from detectionary.catalog.index import Index, facet_key, facet_names
from detectionary.pages.browse.words import FACET_TITLES, value_title
from detectionary.pages.keys import rule_path
from detectionary.pages.search.codes import codes, rising

_SINGLE: Final = frozenset(
    {
        Facet.PLATFORM,
        Facet.LANGUAGE,
        Facet.REPOSITORY,
        Facet.SEVERITY,
        Facet.STATUS,
        Facet.KIND,
        Facet.FEED,
        Facet.PARSED,
    }
)
"""Facets of which a rule has one value at most."""


def rule_columns(index: Index, closed: frozenset[int]) -> dict[str, object]:
    """The rules in the order of the index, a list for each thing that is known of all of them.

    `files` are names of files below `folders`; one that begins with a dot is the slug with that ending. `pages` are the
    addresses that language and slug do not tell. `raw` ends the name of the file with the rule's text beside its page;
    "" where there is none. `titles_order` are places by title.
    """
    rules = index.rules
    folders, folder_numbers = _named(_folder(rule) for rule in rules)
    endings, ending_numbers = _named("" if rule.number in closed else _raw_ending(rule) for rule in rules)
    by_title = sorted(range(len(rules)), key=lambda place: rules[place].reference.title.casefold())
    return {
        "titles": [rule.reference.title for rule in rules],
        "slugs": [rule.reference.slug for rule in rules],
        "ids": [rule.reference.id for rule in rules],
        "folders": folders,
        "folder": codes(folder_numbers),
        "files": [_file(rule) for rule in rules],
        "raws": endings,
        "raw": codes(ending_numbers),
        "pages": _unusual_pages(rules),
        "feeds": {str(place): rule.third_party_feed for place, rule in enumerate(rules) if rule.third_party_feed},
        "titles_order": codes(by_title),
    }


def _unusual_pages(rules: Sequence[Listing]) -> dict[str, str]:
    found = {}
    for place, rule in enumerate(rules):
        page = rule_path(rule.reference.language, rule.reference.slug)
        if page != f"rules/{rule.reference.language}/{rule.reference.slug}/index.html":
            found[str(place)] = page
    return found


def _folder(rule: Listing) -> str:
    folder, slash, _ = rule.path.rpartition("/")
    return folder + slash


def _file(rule: Listing) -> str:
    name = rule.path.rpartition("/")[2]
    rest = name.removeprefix(rule.reference.slug)
    return rest if rest != name and rest.startswith(".") else name if not name.startswith(".") else f"/{name}"


_RAW_ENDINGS: Final = {"yml": "yaml", "yaml": "yaml", "toml": "toml", "json": "txt"}
_LANGUAGE_ENDINGS: Final = {"kusto": "kql"}


def _raw_ending(rule: Listing) -> str:
    """How the name of the file beside the page ends: see `rule_html.raw_name`, which knows it from the entry."""
    ending = rule.path.rpartition(".")[2].lower()
    language = rule.reference.language
    return _RAW_ENDINGS.get(ending) or _LANGUAGE_ENDINGS.get(language, language)


def facet_columns(index: Index) -> list[dict[str, object]]:
    """Every facet: its values by key, and those of each rule.

    `names` spell the values; `keys` and `titles` are given by place where key and title are not plain to see from the
    name. `spelled`: where rules spell values in several ways, all spellings, with the value of each in `of`. `rules`:
    for each rule the place of its value (from 1; 0 has none), or, when it may have `many`, their number and places; of
    spellings, where there are several.
    """
    return [_facet(index, facet) for facet in COUNTED]


def _facet(index: Index, facet: Facet) -> dict[str, object]:
    values = index.values(facet)
    place_of = {key: place for place, key in enumerate(values)}
    names = [value.name for value in values.values()]
    spellings, _ = _named(names)
    of_rules = [list(facet_names(facet, rule)) for rule in index.rules]
    number_of = {name: number for number, name in enumerate(spellings)}
    for rule in of_rules:
        for name in rule:
            number_of.setdefault(name, len(number_of))
    several = len(number_of) > len(names)
    column: dict[str, object] = {
        "facet": facet.value,
        "title": FACET_TITLES[facet],
        "names": names,
        "keys": {str(n): key for n, key in enumerate(values) if not _plain(names[n], key)},
        "titles": {str(n): title for n, name in enumerate(names) if (title := value_title(facet, name)) != name},
        "many": facet not in _SINGLE,
        "rules": codes(_numbers(of_rules, number_of, facet)),
    }
    if several:
        column["spelled"] = list(number_of)
        column["of"] = codes(place_of[facet_key(name)] for name in number_of)
    return column


def _plain(name: str, key: str) -> bool:
    """Whether a script that only knows ASCII's cases finds the key of a name."""
    return name.isascii() and name.lower() == key


def _numbers(of_rules: Iterable[Sequence[str]], number_of: Mapping[str, int], facet: Facet) -> Iterable[int]:
    if facet in _SINGLE:
        for names in of_rules:
            yield number_of[names[0]] + 1 if names else 0
    else:
        for names in of_rules:
            yield len(names)
            yield from map(number_of.__getitem__, names)


def spelled_fields(index: Index) -> dict[str, object]:
    """The names of fields as rules spell them, in lower case, with the places of the rules that do (`rising`)."""
    spelled = index.fields_spelled
    return {"names": list(spelled), "rules": [rising(index.places(bits)) for bits in spelled.values()]}


def _named(texts: Iterable[str]) -> tuple[list[str], list[int]]:
    """Each text once, and which of them every one is."""
    numbers: dict[str, int] = {}
    return_numbers = [numbers.setdefault(text, len(numbers)) for text in texts]
    return list(numbers), return_numbers
