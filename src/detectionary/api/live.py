"""The site's pages, made when they are asked for."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from detectionary.api.addresses import INDEX, Addresses, address_of
from detectionary.api.editions import Edition, Workshop
from detectionary.api.problems import NOT_ALLOWED, NOT_FOUND, instance_of, problem_response
from detectionary.api.representation import HTML, Representation, represent, respond
from detectionary.pages.compare.context import MOST, compare
from detectionary.pages.compare.html import PATH as COMPARE
from detectionary.pages.compare.kind import asked, compare_html, compare_page
from detectionary.pages.library import Library

NOTHING: Final = "404.html"
"""The page for addresses at which there is nothing."""

READ: Final = ("GET", "HEAD")
"""The methods of everything that is only read."""


class LiveSite:
    """An ASGI application: every address that is not the API's."""

    def __init__(self, workshop: Workshop, addresses: Addresses) -> None:
        self._workshop = workshop
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        instance = instance_of(request)
        if request.method not in READ:
            detail = f"{request.method} changes nothing here: pages are read with GET or HEAD"
            root = self._workshop.settings.root
            return problem_response(NOT_ALLOWED, detail, instance, root, headers={"Allow": ", ".join(READ)})
        address = address_of(instance.encode("latin-1", "replace"))
        if address is None:
            return await self._nothing(request)
        found = self._addresses.asset(address) or await self._compared(address, request) or await self._page(address)
        if found is not None:
            return respond(found, request.headers)
        if not instance.endswith("/") and "." not in address.rpartition("/")[2]:
            folder = await self._page(f"{address}/{INDEX}")
            if folder is not None:
                # Relative, for who asked may see the site below another path than this server does.
                name = quote(address.rpartition("/")[2])
                query = f"?{request.url.query}" if request.url.query else ""
                return Response(status_code=308, headers={"Location": f"{name}/{query}", "Cache-Control": "no-cache"})
        return await self._nothing(request)

    async def _page(self, address: str) -> Representation | None:
        edition: Edition = self._workshop.edition
        page = edition.kept.get(address)
        if page is None:
            page = await self._workshop.make(lambda library: self._addresses.make(library, address), edition)
            if page is not None:
                edition.kept.put(address, page)
        return page

    async def _compared(self, address: str, request: Request) -> Representation | None:
        """The comparison of the rules that a request names; which they are is not said by the page's address."""
        if address != COMPARE:
            return None
        names = asked(",".join(request.query_params.getlist("rules")))[:MOST]
        return await self._workshop.make(lambda library: _comparison(library, names)) if names else None

    async def _nothing(self, request: Request) -> Response:
        instance = instance_of(request)
        if instance.startswith("/api/") or instance.endswith(".json") or _is_program(request):
            detail = "no rule, page or answer has this address; /api/openapi.json lists those of the API"
            return problem_response(NOT_FOUND, detail, instance, self._workshop.settings.root, headers=_VARY)
        page = await self._page(NOTHING)
        headers = {"Cache-Control": "no-store", **_VARY}
        if page is None:
            return PlainTextResponse("There is nothing at this address.\n", NOT_FOUND.status, headers)
        return Response(page.body, NOT_FOUND.status, headers, media_type=page.media_type)


_VARY: Final = {"Vary": "Accept"}


def _is_program(request: Request) -> bool:
    """Whether who asks takes JSON and no page."""
    accepted = request.headers.get("accept", "").lower()
    return "json" in accepted and "html" not in accepted


def _comparison(library: Library, names: tuple[str, ...]) -> Representation:
    page = compare_page(library, names) or compare((), names)
    return represent(compare_html(library, page).encode("utf-8", "replace"), HTML)
