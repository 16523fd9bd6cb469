"""Search text as people type it, made a question to the catalog.

Words are looked for together, in any order; `"a phrase"` as it stands; `Run*` by its beginning. `field:EventName` and
the other names of `Facet` narrow the result instead: `table:SigninLogs severity:high`. A language may be named as its
vendor does, and a vendor's languages by the vendor: `language:yara-l`, `language:elastic`. Nothing that is typed is an
error.
"""

# ruff: noqa: S608  # statements are put together from names of the schema; values are always parameters

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Final

from detectionary.attack.facts import matrix
from detectionary.catalog.schema import SEARCH_COLUMNS


class Facet(Enum):
    """What a search can be narrowed by."""

    LANGUAGE = "language"
    TABLE = "table"
    FIELD = "field"
    VALUE = "value"
    TECHNIQUE = "technique"
    TACTIC = "tactic"
    ACTION = "action"
    SEVERITY = "severity"
    PLATFORM = "platform"
    REPOSITORY = "repository"
    KIND = "kind"
    STATUS = "status"
    SOURCE = "source"
    """A log source as languages other than Kusto name it; asked for, it and `TABLE` mean the same."""
    AUTHOR = "author"
    HAS = "has"
    """`exclusions`, `diagnostics`, `thresholds` or `opaque`: the rule has some."""
    FEED = "feed"
    """`yes`: it only forwards a vendor's alert."""
    PARSED = "parsed"
    """`yes`: the query has no syntax error."""
    ID = "id"


@dataclass(frozen=True, slots=True)
class Filters:
    """Accepted values by facet; several values of one facet are alternatives, facets hold together."""

    by_facet: tuple[tuple[Facet, tuple[str, ...]], ...] = ()

    def adding(self, facet: Facet, value: str) -> Filters:
        """The same filters with one more accepted value; blanks around it do not count."""
        kept = dict(self.by_facet)
        kept[facet] = (*kept.get(facet, ()), value.strip())
        return replace(self, by_facet=tuple(kept.items()))


@dataclass(frozen=True, slots=True)
class Question:
    """A search text taken apart: an FTS5 expression (None: no words at all), and the filters inside the text."""

    match: str | None
    filters: Filters


@dataclass(slots=True)
class _Word:
    text: str = ""
    quoted: bool = False
    facet: Facet | None = None


LANGUAGE_NAMES: Final = MappingProxyType(
    {
        "elastic": ("eql", "esql", "kuery", "lucene", "ml"),
        "es|ql": ("esql",),
        "es-ql": ("esql",),
        "kibana": ("kuery",),
        "kql": ("kusto", "kuery"),
        "yara-l": ("yaral",),
        "yara-l2": ("yaral",),
    }
)
"""Other names of languages, in lower case, with the languages that they stand for; `kql` is a name of two."""


def languages_called(name: str) -> tuple[str, ...]:
    """The languages that `name` stands for, without regard to case; a name that is no other name stands for itself."""
    return LANGUAGE_NAMES.get(name.lower(), (name,))


@cache
def tactic_names() -> Mapping[str, tuple[str, ...]]:
    """Other names of tactics, in lower case without blanks, with the tactics that they stand for: ids, the names that
    URLs have (`initial-access`), and tactics that ATT&CK has no longer, which are those that took their place.
    """
    tactics = matrix().tactics
    found: dict[str, tuple[str, ...]] = {}
    for tactic in tactics.values():
        found[tactic.id.lower()] = found[tactic.short_name] = (tactic.name,)
    for short_name, (name, successors) in matrix().former_tactics.items():
        found[short_name] = found[_plain(name)] = tuple(tactics[each].name for each in successors)
    return MappingProxyType({name: names for name, names in found.items() if names != (name,)})


def _plain(name: str) -> str:
    return name.replace(" ", "").casefold()


def tactics_called(name: str) -> tuple[str, ...]:
    """The tactics that `name` stands for; a name that is no other name stands for itself."""
    return tactic_names().get(_plain(name), (name,))


@cache
def former_techniques() -> Mapping[str, str]:
    """Revoked ids of techniques, in lower case, with the current ones that took their place."""
    return {each.id.lower(): current for current, former in matrix().former_ids.items() for each in former}


def technique_called(name: str) -> str:
    """The technique that `name` stands for: rules that give a revoked id are found by the one in its place."""
    return former_techniques().get(name.lower(), name)


FACET_NAMES: Final = MappingProxyType(
    {facet.value: facet for facet in Facet}
    | {
        "lang": Facet.LANGUAGE,
        "logsource": Facet.SOURCE,
        "repo": Facet.REPOSITORY,
        "tech": Facet.TECHNIQUE,
    }
)
"""What may stand before the colon of a filter in a search text, in lower case."""

YES: Final = "yes"
NO: Final = "no"


def question(text: str, filters: Filters = Filters()) -> Question:
    """What `text` asks for, together with `filters`."""
    words: list[str] = []
    for word in _words(text):
        if word.facet is not None:
            if word.text.strip():
                filters = filters.adding(word.facet, word.text)
            continue
        prefix = not word.quoted and word.text.endswith("*")
        bare = word.text.rstrip("*") if prefix else word.text
        # Without a letter or digit there is no token to look for, and FTS5 would find nothing at all.
        if any(character.isalnum() for character in bare):
            words.append('"' + bare.replace('"', '""').replace("\0", "") + '"' + "*" * prefix)
    return Question(" AND ".join(words) or None, filters)


def _words(text: str) -> list[_Word]:
    """Split at blanks outside quotation marks; a quotation mark that is never closed reaches to the end."""
    found: list[_Word] = []
    word = _Word()
    inside = False
    for character in f"{text} ":
        if character == '"':
            inside = not inside
            word.quoted = True
        elif character.isspace() and not inside:
            if word.text:
                found.append(word)
            word = _Word()
        elif character == ":" and not word.quoted and word.facet is None and word.text.lower() in FACET_NAMES:
            word.facet = FACET_NAMES[word.text.lower()]
            word.text = ""
        else:
            word.text += character
    if word.text.strip():
        found.append(word)
    return found


COLUMN_WEIGHTS: Final = {"title": 12, "values": 6, "fields": 4, "description": 3}
WEIGHTS: Final = ", ".join(str(COLUMN_WEIGHTS.get(column, 1)) for column in SEARCH_COLUMNS)
"""How much a hit in each column of the index counts."""

_FIELD: Final = "(c.field = {0} COLLATE NOCASE OR c.field_key = lower({0}))"

_YES_OR_NO: Final = "CASE lower({0}) WHEN 'yes' THEN 1 WHEN 'no' THEN 0 END"
"""Null, which no rule equals, for what is neither."""

_CONDITIONS: Final = {
    Facet.LANGUAGE: "r.language = {0} COLLATE NOCASE",
    Facet.TABLE: "r.id IN (SELECT rule FROM rule_tables WHERE name = {0} COLLATE NOCASE)",
    Facet.FIELD: f"r.id IN (SELECT c.rule FROM comparisons AS c WHERE {_FIELD})",
    Facet.VALUE: "r.id IN (SELECT rule FROM comparison_values WHERE value_key = {0})",
    Facet.TECHNIQUE: "r.id IN (SELECT rule FROM techniques WHERE technique_id = {0} COLLATE NOCASE "
    "OR substr(technique_id, 1, length({0}) + 1) = {0} || '.' COLLATE NOCASE)",
    Facet.TACTIC: "r.id IN (SELECT rule FROM techniques "
    "WHERE replace(tactic, ' ', '') = replace({0}, ' ', '') COLLATE NOCASE)",
    Facet.ACTION: "r.id IN (SELECT rule FROM actions WHERE action_key = lower({0}) OR operation = {0} COLLATE NOCASE)",
    Facet.SEVERITY: "r.severity = {0} COLLATE NOCASE",
    Facet.PLATFORM: "r.platform = {0} COLLATE NOCASE",
    Facet.REPOSITORY: "(s.name = {0} COLLATE NOCASE OR substr(s.name, -length({0}) - 1) = '/' || {0} COLLATE NOCASE)",
    Facet.KIND: "r.kind = {0} COLLATE NOCASE",
    Facet.STATUS: "r.status = {0} COLLATE NOCASE",
    Facet.SOURCE: "r.id IN (SELECT rule FROM rule_tables WHERE name = {0} COLLATE NOCASE)",
    Facet.AUTHOR: "named_in({0}, r.author)",
    Facet.HAS: "CASE lower({0}) WHEN 'exclusions' THEN EXISTS (SELECT 1 FROM comparisons AS c WHERE c.rule = r.id "
    "AND c.excluded = 1) WHEN 'thresholds' THEN EXISTS (SELECT 1 FROM thresholds AS t WHERE t.rule = r.id) "
    "WHEN 'diagnostics' THEN EXISTS (SELECT 1 FROM diagnostics AS d WHERE d.rule = r.id AND d.level <> 'note') "
    "WHEN 'opaque' THEN r.opaques > 0 ELSE 0 END",
    Facet.FEED: f"(r.third_party_feed IS NOT NULL) = {_YES_OR_NO}",
    Facet.PARSED: f"r.accepted = {_YES_OR_NO}",
    Facet.ID: "r.rule_id = {0} COLLATE NOCASE",
}
"""For each facet, the condition on `rules AS r` and `repositories AS s`; `{0}` is the value's parameter."""

_FIELD_AND_VALUE: Final = (
    "r.id IN (SELECT c.rule FROM comparison_values AS v JOIN comparisons AS c ON c.rule = v.rule "
    f"AND c.position = v.comparison WHERE v.value_key = {{1}} AND {_FIELD})"
)
"""A field and a value asked for together are those of one comparison."""


def condition(filters: Filters) -> tuple[str, dict[str, str]]:
    """The SQL condition of `filters` on `rules AS r` and `repositories AS s`, and its parameters."""
    parts: list[str] = ["1"]
    parameters: dict[str, str] = {}

    def parameter(value: str) -> str:
        name = f"filter{len(parameters)}"
        parameters[name] = value
        return f":{name}"

    accepted = dict(filters.by_facet)
    accepted[Facet.VALUE] = tuple(value.casefold() for value in accepted.get(Facet.VALUE, ()))
    if accepted[Facet.VALUE] and accepted.get(Facet.FIELD):
        values = accepted.pop(Facet.VALUE)
        pairs = [(name, value) for name in accepted.pop(Facet.FIELD) for value in values]
        parts.append(" OR ".join(_FIELD_AND_VALUE.format(parameter(name), parameter(value)) for name, value in pairs))
    accepted[Facet.LANGUAGE] = tuple(
        language for name in accepted.get(Facet.LANGUAGE, ()) for language in languages_called(name)
    )
    accepted[Facet.TACTIC] = tuple(tactic for name in accepted.get(Facet.TACTIC, ()) for tactic in tactics_called(name))
    accepted[Facet.TECHNIQUE] = tuple(map(technique_called, accepted.get(Facet.TECHNIQUE, ())))
    for facet, values in accepted.items():
        if values:
            parts.append(" OR ".join(_CONDITIONS[facet].format(parameter(value)) for value in values))
    return " AND ".join(f"({part})" for part in parts), parameters
