"""`rules/{name}` and what is around a rule."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from detectionary.api.answering import NothingThere, answer, documented
from detectionary.api.editions import Workshop
from detectionary.api.parameters import NoParameters, RuleName
from detectionary.api.problems import NOT_FOUND
from detectionary.catalog import Listing
from detectionary.pages.keys import rule_path
from detectionary.pages.library import Library
from detectionary.pages.part import Part, encode_part
from detectionary.pages.rule.context import PageOutcome, PageReference, RulePage, SameAction, SharedIndicators
from detectionary.pages.rule.kind import RULES


class RuleNeighbours(Part, frozen=True):
    """The rules around one: same action, copies, versions, shared indicators."""

    id: str
    slug: str
    title: str
    actions: tuple[str, ...]
    outcome: PageOutcome | None
    same_action_total: int
    same_action: tuple[SameAction, ...]
    copies: tuple[PageReference, ...]
    versions: tuple[PageReference, ...]
    shared_indicators: tuple[SharedIndicators, ...]


def router(workshop: Workshop) -> APIRouter:
    """The operations."""
    operations = APIRouter(tags=["rules"])

    # Ids may have slashes: some repositories know rules by their paths.
    @operations.get("/rules/{name:path}/related", responses=documented(RuleNeighbours, NOT_FOUND))
    async def related(request: Request, name: RuleName, _asked: Annotated[NoParameters, Query()]) -> Response:
        """Give the rules that watch the same action, copies, other versions, and rules that share indicators."""
        return await answer(workshop, request, lambda library: encode_part(_neighbours(_page(library, name))))

    @operations.get("/rules/{name:path}", responses=documented(RulePage, NOT_FOUND))
    async def rule(request: Request, name: RuleName, _asked: Annotated[NoParameters, Query()]) -> Response:
        """Give everything that the page of a rule shows."""
        return await answer(workshop, request, lambda library: RULES.encode(_page(library, name)))

    return operations


def listing_named(library: Library, name: str) -> Listing | None:
    """The rule with this slug, or else with this id; of several the one that counts. Letters' case is forgiven."""
    return library.index.listing(name) or library.once("rules by name", lambda: _by_name(library)).get(name.casefold())


def _by_name(library: Library) -> dict[str, Listing]:
    named: dict[str, Listing] = {}
    for name in (_slug, _id):
        for rule in sorted(library.index.rules, key=lambda rule: (not rule.counted, rule.number)):
            named.setdefault(name(rule), rule)
    return named


def _slug(rule: Listing) -> str:
    return rule.reference.slug.casefold()


def _id(rule: Listing) -> str:
    return rule.reference.id.casefold()


def _page(library: Library, name: str) -> RulePage:
    rule = listing_named(library, name)
    page = None if rule is None else RULES.fill(library, rule_path(rule.reference.language, rule.reference.slug))
    if page is None:
        raise NothingThere(f"no present rule has the slug or the id {name!r}; /api/search finds rules")
    return page


def _neighbours(page: RulePage) -> RuleNeighbours:
    return RuleNeighbours(
        page.id,
        page.slug,
        page.title,
        page.actions,
        page.outcome,
        page.same_action_total,
        page.same_action,
        page.copies,
        page.versions,
        page.shared_indicators,
    )
