"""The typed contexts of the pages that index the catalog: one log source, field, action, repository, author, …"""

from __future__ import annotations

from detectionary.pages.browse.listing import RuleRow
from detectionary.pages.part import Part


class Count(Part, frozen=True):
    """Something that rules have, and how many do. `page` is its address below the site's root, with `?…` or `#…`."""

    name: str
    title: str
    """`name` as people read it."""
    rules: int
    page: str | None


class Neighbours(Part, frozen=True):
    """What the rules of a page have besides, of one kind: `counts` are the most frequent of `total`."""

    facet: str
    title: str
    total: int
    counts: tuple[Count, ...]
    more: str | None = None
    """Where those left out are listed too, when that is not where the page's rules can be searched."""


class UsedValue(Part, frozen=True):
    """A value that rules look for, or exclude. Rules are counted as corpus counts do: the newest of an id, copies once.

    `page` is the address of the rules behind it: a page of its own, or its row on the page of the field.
    """

    field: str
    operator: str
    value: str
    rules: int
    """Of this page's rules."""
    corpus: int
    """Of all rules."""
    page: str
    field_page: str


class UsedValues(Part, frozen=True):
    """The values used most by a page's rules, of `total` different ones."""

    total: int
    values: tuple[UsedValue, ...]


class Measures(Part, frozen=True):
    """How many of a page's rules have what, and how much of their filters was understood."""

    accepted: int
    """The query has no syntax error."""
    with_diagnostics: int
    with_exclusions: int
    with_thresholds: int
    third_party_feeds: int
    """They only forward a vendor's alert."""
    predicates: int
    opaques: int
    """Predicates that could not be modelled."""


class TableColumn(Part, frozen=True):
    """A column of a table; `page` is that of the field, when rules of this table filter on it."""

    name: str
    type: str
    page: str | None


class TableFacts(Part, frozen=True):
    """What is known of a log source besides its rules. `columns` are those of a table's schema, when that is known;
    `events` those that a category of Sigma's stands for, with the rules that name them as their action.
    """

    category: str | None
    azure_monitor: bool
    defender_xdr: bool
    columns: tuple[TableColumn, ...]
    events: tuple[Count, ...]


class SpelledField(Part, frozen=True):
    """A name that a language's rules write for a field."""

    language: str
    name: str
    rules: int


class FieldFacts(Part, frozen=True):
    """What a field is called: its vendor-neutral name, when it has one, and the names that rules write."""

    canonical: str | None
    spellings: tuple[SpelledField, ...]


class ActionFacts(Part, frozen=True):
    """An action in its parts. `inferred`: so many rules name the operation alone, which only this provider has."""

    provider: str
    operation: str
    inferred: int


class RepositoryLanguage(Part, frozen=True):
    """Rules of a repository in one language."""

    language: str
    rules: int
    accepted: int
    with_diagnostics: int
    predicates: int
    opaques: int


class IgnoredFiles(Part, frozen=True):
    """Files of a repository that hold nothing for the catalog, and why."""

    reason: str
    files: int


class RepositoryFacts(Part, frozen=True):
    """Where a repository is, and what was read of it."""

    licence: str | None
    url: str | None
    languages: tuple[RepositoryLanguage, ...]
    files: int
    ignored: tuple[IgnoredFiles, ...]
    functions: int
    """That rules may call."""
    gone: int
    """Rules that it had once."""


class AuthorFacts(Part, frozen=True):
    """The other ways in which what seems to be the same person signs: with another affiliation."""

    also: tuple[Count, ...]


class IndexPage(Part, frozen=True):
    """A page of the rules that have something in common. What is not about `rules` alone is on the first page."""

    facet: str
    name: str
    title: str
    names: tuple[str, ...]
    """Other names that share the address: addresses do not tell a blank from a hyphen, nor capitals."""
    path: str
    number: int
    pages: tuple[str, ...]
    """The addresses of all pages of the list, this one too."""
    browse: str
    """The address at which these rules can be searched and filtered."""
    total: int
    first: int
    """The number of the first of `rules` among all, from 1."""
    rules: tuple[RuleRow, ...]
    """The most severe first, then by title."""
    facts: TableFacts | FieldFacts | ActionFacts | RepositoryFacts | AuthorFacts | None = None
    measures: Measures | None = None
    numbers: tuple[Neighbours, ...] = ()
    """By severity, language, platform."""
    values: UsedValues | None = None
    exclusions: UsedValues | None = None
    neighbours: tuple[Neighbours, ...] = ()


class OverviewRow(Part, frozen=True):
    """A list of the facet. `notes` say more: where it is read, how it is spelled, what it holds."""

    name: str
    title: str
    rules: int
    page: str
    notes: tuple[str, ...]


class OverviewGroup(Part, frozen=True):
    """Lists that belong together. `continued`: the group began on an earlier page."""

    name: str
    title: str
    total: int
    continued: bool
    rows: tuple[OverviewRow, ...]


class OverviewPage(Part, frozen=True):
    """All lists of a facet, a page of them."""

    facet: str
    path: str
    number: int
    pages: tuple[str, ...]
    total: int
    groups: tuple[OverviewGroup, ...]
    jumps: tuple[Count, ...]
    """Every group of all pages; `page` is where it begins, `rules` how many lists it has."""


class OtherRule(Part, frozen=True):
    """A rule by its title; `page` is its address below the site's root."""

    title: str
    language: str
    page: str


class FieldValue(Part, frozen=True):
    """A value on the page of its field. `id` is that of its row; `page` the address of a page of its own, if any."""

    id: str
    value: str
    kind: str
    rules: int
    """As corpus counts count: the newest of an id, copies once. 0: only older versions of rules have it."""
    languages: dict[str, int]
    """`rules` by language."""
    page: str | None
    rule: OtherRule
    """The rule, or the first of them."""
    uncounted: int
    """Present rules that have it and are not counted: copies, older versions."""


class FieldOperator(Part, frozen=True):
    """How many values a field is compared with by an operator, and where they begin."""

    operator: str
    excluded: bool
    values: int
    page: str


class FieldValues(Part, frozen=True):
    """Values of a field with one operator; `first` is the number of the first of them among `total`, from 1."""

    operator: str
    excluded: bool
    total: int
    first: int
    values: tuple[FieldValue, ...]


class FieldPage(IndexPage, frozen=True, kw_only=True):
    """A field: besides its rules, all the values that they compare it with, by operator."""

    operators: tuple[FieldOperator, ...] = ()
    value_pages: tuple[str, ...] = ()
    """The addresses of all pages that list the values; the first is this one."""
    listed: tuple[FieldValues, ...] = ()


class FieldValuesPage(Part, frozen=True):
    """A further page of a field's values."""

    facet: str
    name: str
    title: str
    path: str
    number: int
    pages: tuple[str, ...]
    total: int
    operators: tuple[FieldOperator, ...]
    listed: tuple[FieldValues, ...]


class ValuePage(Part, frozen=True):
    """The rules behind a corpus count: all that look for a value, or exclude it: the newest of an id, copies once."""

    key: str
    excluded: bool
    field: str
    field_title: str
    field_page: str
    operator: str
    value: str
    kind: str
    path: str
    number: int
    pages: tuple[str, ...]
    browse: str
    """Where all rules that have the value in this field, whatever the operator, can be searched and filtered."""
    total: int
    first: int
    rules: tuple[RuleRow, ...]
    languages: dict[str, int]
    uncounted: int = 0
    """Present rules that have it and are not counted: copies, older versions."""
    opposite: Count | None = None
    """The same as an exclusion, or as an indicator."""
    elsewhere: tuple[UsedValue, ...] = ()
    """The same value in other fields or with other operators, that of most rules first."""
    elsewhere_total: int = 0
    beside: UsedValues | None = None
    """What these rules look for besides."""
    neighbours: tuple[Neighbours, ...] = ()
