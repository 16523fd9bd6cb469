"""The pages of repositories, authors, platforms and languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from detectionary.catalog import Facet
from detectionary.pages.library import Library
from detectionary.pages.lists.context import AuthorFacts, IgnoredFiles, RepositoryFacts, RepositoryLanguage
from detectionary.pages.lists.fill import RuleList, rule_lists
from detectionary.pages.lists.kind import (
    ACTIONS,
    AUTHORS,
    FIELDS,
    LANGUAGES,
    PLATFORMS,
    REPOSITORIES,
    TABLES_READ,
    TACTICS,
    TECHNIQUES,
    FacetPages,
    count_of,
    facet_kind,
)
from detectionary.pages.lists.overview import Grouping, by_size, most, one_group

_COVERED: Final = (
    (TABLES_READ, "Log sources"),
    (FIELDS, "Fields filtered"),
    (ACTIONS, "Actions"),
    (TECHNIQUES, "Techniques"),
    (TACTICS, "Tactics"),
)


def _repository(library: Library, found: RuleList) -> RepositoryFacts:
    totals = library.catalog.totals(found.names)
    first = next(library.index.members(found.bits))
    return RepositoryFacts(
        licence=first.licence,
        url=f"https://{found.name}" if found.name.startswith("github.com/") else None,
        languages=tuple(
            RepositoryLanguage(
                each.language, each.rules, each.accepted, each.with_diagnostics, each.predicates, each.opaques
            )
            for each in totals.counts
        ),
        files=totals.files,
        ignored=tuple(IgnoredFiles(reason, files) for reason, files in totals.ignored),
        functions=totals.functions,
        gone=totals.gone,
    )


def _person(name: str) -> str:
    """The name alone, without what stands in parentheses or after an `@`, as people are compared."""
    return name.partition("(")[0].partition("@")[0].strip().casefold()


def _people(library: Library) -> Mapping[str, Sequence[RuleList]]:
    """By `_person`, the names of authors."""

    def gathered() -> Mapping[str, Sequence[RuleList]]:
        found: dict[str, list[RuleList]] = {}
        for each in rule_lists(library, AUTHORS).values():
            found.setdefault(_person(each.name), []).append(each)
        return found

    return library.once("people", gathered)


def _author(library: Library, found: RuleList) -> AuthorFacts | None:
    person = _person(found.name)
    also = [each for each in _people(library).get(person, ()) if each.path != found.path] if person else []
    also.sort(key=lambda each: (-each.bits.bit_count(), each.path))
    return AuthorFacts(tuple(count_of(library, Facet.AUTHOR, each) for each in also)) if also else None


REPOSITORY_PAGES: Final = facet_kind(
    FacetPages(
        "repository",
        REPOSITORIES,
        (*_COVERED, (AUTHORS, "Authors")),
        Grouping(one_group, lambda library, found: most(library, LANGUAGES, found, 4)),
        _repository,
    )
)
AUTHOR_PAGES: Final = facet_kind(
    FacetPages(
        "author",
        AUTHORS,
        ((AUTHORS, "Writes with"), (REPOSITORIES, "Repositories"), *_COVERED),
        Grouping(by_size, lambda library, found: most(library, REPOSITORIES, found, 2)),
        _author,
    )
)
PLATFORM_PAGES: Final = facet_kind(
    FacetPages(
        "platform",
        PLATFORMS,
        (*_COVERED, (REPOSITORIES, "Repositories"), (AUTHORS, "Authors")),
        Grouping(one_group, lambda library, found: most(library, TABLES_READ, found, 3)),
    )
)
LANGUAGE_PAGES: Final = facet_kind(
    FacetPages(
        "language",
        LANGUAGES,
        ((REPOSITORIES, "Repositories"), *_COVERED, (AUTHORS, "Authors")),
        Grouping(one_group, lambda library, found: most(library, REPOSITORIES, found, 3)),
    )
)
