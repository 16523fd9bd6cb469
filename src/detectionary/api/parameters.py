"""The parameters of the API: their names, limits and meanings, which every request is held against.

Names of facets are the values of `catalog.Facet`, here and in addresses of the browse page.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.requests import Request

from detectionary.api.problems import INVALID, InvalidParameter, ProblemError
from detectionary.catalog import Facet, Filters, Sort
from detectionary.pages.browse.search import LIMIT, MOST, BrowseRequest

LONGEST_TEXT: Final = 500
LONGEST_NAME: Final = 300
MOST_NAMES: Final = 50
"""Alternatives of one facet."""
FARTHEST: Final = 10_000_000


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Severity = Annotated[Literal["critical", "high", "medium", "low", "informational"], BeforeValidator(_lower)]
Has = Annotated[Literal["exclusions", "thresholds", "diagnostics", "opaque"], BeforeValidator(_lower)]
YesNo = Annotated[Literal["yes", "no"], BeforeValidator(_lower)]

Names = Annotated[list[Name], Field(max_length=MOST_NAMES)]

RuleName = Annotated[
    str,
    Path(
        min_length=1,
        max_length=LONGEST_NAME,
        description="A rule's slug, or its id; of several rules with one id the one that counts is meant.",
    ),
]


class Strict(BaseModel):
    """Parameters of a request. One of another name is an error: a misspelled filter must not look like an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoParameters(Strict):
    """An operation that takes none."""


class Filtering(Strict):
    """Which rules. Values of one facet are alternatives, facets hold together; letters' case does not matter."""

    q: Annotated[
        str,
        Field(
            max_length=LONGEST_TEXT,
            description='Search text: words, a "phrase", a beginning*, and filters as `field:EventName`.',
            examples=["RunInstances", "field:EventName lang:sigma"],
        ),
    ] = ""
    platform: Annotated[Names, Field(description="What the rule watches.", examples=[["AWS"]])] = []
    language: Annotated[
        Names,
        Field(description="Language of the query, or a family of languages.", examples=[["sigma"], ["elastic"]]),
    ] = []
    repository: Annotated[
        Names, Field(description="Where the rule is from; the last part of the name will do.", examples=[["sigma"]])
    ] = []
    severity: Annotated[
        list[Severity], Field(max_length=MOST_NAMES, description="Severity.", examples=[["high", "critical"]])
    ] = []
    status: Annotated[Names, Field(description="Status, as the repository names it.", examples=[["stable"]])] = []
    kind: Annotated[Names, Field(description="Kind of rule, as its format names it.", examples=[["Scheduled"]])] = []
    source: Annotated[Names, Field(description="Log source; the same as `table`.", examples=[["windows"]])] = []
    table: Annotated[Names, Field(description="Table that the rule reads.", examples=[["SigninLogs"]])] = []
    tactic: Annotated[Names, Field(description="ATT&CK tactic by name.", examples=[["Persistence"]])] = []
    technique: Annotated[
        Names,
        Field(description="ATT&CK technique by id, with its sub-techniques.", examples=[["T1059"], ["T1059.001"]]),
    ] = []
    action: Annotated[
        Names,
        Field(
            description="Action by its key, or by its operation alone.",
            examples=[["aws:ec2.amazonaws.com/RunInstances"], ["RunInstances"]],
        ),
    ] = []
    field: Annotated[
        Names, Field(description="Field that the rule compares, by canonical or own name.", examples=[["EventName"]])
    ] = []
    value: Annotated[Names, Field(description="Value that the rule compares a field with.", examples=[["4625"]])] = []
    author: Annotated[Names, Field(description="One of the rule's authors.")] = []
    has: Annotated[list[Has], Field(max_length=MOST_NAMES, description="What the rule has some of.")] = []
    feed: Annotated[
        list[YesNo], Field(max_length=2, description="Whether the rule only forwards an alert of a vendor.")
    ] = []
    parsed: Annotated[list[YesNo], Field(max_length=2, description="Whether the query parses without an error.")] = []
    id: Annotated[Names, Field(description="A rule's id.")] = []

    def filters(self) -> Filters:
        """The values of facets, as the catalog filters by them."""
        filters = Filters()
        for facet in Facet:
            for name in getattr(self, facet.value):
                filters = filters.adding(facet, name)
        return filters

    def browse_request(self) -> BrowseRequest:
        """The same, as the browse page asks."""
        return BrowseRequest(self.q, self.filters())

    def chosen(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of every filter given, as in addresses."""
        text = (("q", self.q),) if self.q else ()
        return text + tuple((facet.value, name) for facet in Facet for name in getattr(self, facet.value))


class Paging(Strict):
    """Which part of a list."""

    offset: Annotated[int, Field(ge=0, le=FARTHEST, description="How many to leave out at the beginning.")] = 0
    limit: Annotated[int, Field(ge=1, le=MOST, description="How many to answer with at most.")] = LIMIT


class Listing(Filtering, Paging):
    """A part of a sorted list of rules."""

    sort: Annotated[
        Sort, Field(description="Order; relevance is by title when the search has no words.", examples=["severity"])
    ] = Sort.RELEVANCE

    def browse_request(self) -> BrowseRequest:
        """The same, as the browse page asks."""
        return BrowseRequest(self.q, self.filters(), self.sort, self.offset, self.limit)


class FacetListing(Filtering, Paging):
    """A part of a facet's values."""


_REPEATED: Final = frozenset(facet.value for facet in Facet)


def said_once(request: Request) -> None:
    """Refuse a parameter that is given twice and means one thing; only facets have alternatives."""
    names = [name for name, _ in request.query_params.multi_items()]
    twice = sorted({name for name in names if names.count(name) > 1} - _REPEATED)
    if twice:
        invalid = tuple(InvalidParameter("query", name, "is given more than once") for name in twice)
        raise ProblemError(INVALID, f"{', '.join(twice)}: given more than once", invalid)
