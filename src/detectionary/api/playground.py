"""`playground`: rules that nobody has stored, read and run within limits.

Nothing that is sent here is kept. Requests come from the site's own pages or from programs: a browser that shows
another site does not get through, since it would drive a server that only this machine can reach.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Event
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from detectionary.api.answering import SCHEMAS, NothingThere, Responses, answer, documented
from detectionary.api.editions import Workshop
from detectionary.api.parameters import NoParameters, RuleName
from detectionary.api.playground_crew import BusyError, CancelledError, Crew, FaultError, StoppedError
from detectionary.api.playground_shapes import (
    CatalogText,
    Example,
    LanguageName,
    Limits,
    ParseAnswer,
    ParseRequest,
    PlaygroundState,
    RunAnswer,
    RunRequest,
    SampleTable,
    TextFinding,
)
from detectionary.api.playground_worker import Setup
from detectionary.api.problems import (
    BAD_REQUEST,
    BUSY,
    CROSS_SITE,
    INTERNAL,
    INVALID,
    NOT_FOUND,
    NOT_JSON,
    TOO_LARGE,
    TOO_MUCH,
    TOO_SLOW,
    InvalidParameter,
    ProblemError,
)
from detectionary.api.representation import JSON
from detectionary.api.rules import listing_named
from detectionary.ingest.pasted import LANGUAGES, read_pasted
from detectionary.logs import Logs
from detectionary.pages.keys import rule_path
from detectionary.pages.languages import language_title
from detectionary.pages.library import Library
from detectionary.pages.part import encode_part
from detectionary.pages.rule.kind import shows_text

log: Final = logging.getLogger("detectionary.api")

_WAITING: Final = 12
"""Requests that may wait for a process; the next one is told to come again at once."""

BODY_SECONDS: Final = 8.0
"""In which a body must have come: less than a server that is told to stop waits, so that nobody holds it up."""

_EXAMPLES: Final = (
    "AWS_UnauthorizedInstanceSetUpAttempt.yaml",
    "Windows_LogonFailuresThenSuccess.yaml",
    "AWS_GpuFleetLaunch.yaml",
    "dns-txt-lookups.kql",
    "windows_shell_from_office.yml",
    "windows_office_child_connects.toml",
    "aws_ec2_launch_by_new_identity.toml",
    "aws_ec2_launch_denied_then_allowed.yaral",
)
"""Those of `examples/rules` that come with the program, in the order in which they are offered."""

_Asked = TypeVar("_Asked", ParseRequest, RunRequest)


class Playground:
    """The processes behind the playground of a catalog, which start when they are needed. To be closed."""

    # The default is immutable, so that one for all calls will do.
    def __init__(self, catalog: Path, logs: Logs | None = None, limits: Limits = Limits()) -> None:  # noqa: B008
        self.logs: Final = logs
        self.limits: Final = limits
        self._readers = Crew(Setup(catalog, None, limits), limits.texts_at_once, limits.parse_seconds)
        self._runners = Crew(Setup(catalog, logs, limits), limits.runs_at_once, limits.run_seconds)
        self._threads = ThreadPoolExecutor(_WAITING, "playground")
        self._asking = 0

    def close(self) -> None:
        """End everything that runs."""
        self._readers.close()
        self._runners.close()
        self._threads.shutdown(cancel_futures=True)

    def state(self) -> PlaygroundState:
        """What can be done here."""
        tables = {} if self.logs is None else self.logs.tables
        return PlaygroundState(
            languages=tuple(LanguageName(name, language_title(name)) for name in LANGUAGES),
            examples=_examples(),
            tables=tuple(
                SampleTable(table.name, table.rows, _time(table.first), _time(table.last))
                for table in tables.values()
                if table.rows
            ),
            limits=self.limits,
        )

    def warm(self) -> None:
        """Start a process of each kind: somebody has opened the page."""
        self._readers.warm()
        if self.logs is not None:
            self._runners.warm()

    async def parse(self, body: bytes, gone: Event) -> bytes:
        """The JSON of a `ParseAnswer`; raises as `Crew.ask` does."""
        return await self._ask(self._readers, body, gone)

    async def run(self, body: bytes, gone: Event) -> bytes:
        """The JSON of a `RunAnswer`; raises as `Crew.ask` does."""
        return await self._ask(self._runners, body, gone)

    async def _ask(self, crew: Crew, body: bytes, gone: Event) -> bytes:
        if self._asking >= _WAITING:
            raise BusyError
        self._asking += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, crew.ask, body, gone.is_set)
        finally:
            self._asking -= 1


def _time(time: datetime | None) -> str | None:
    return None if time is None else f"{time:%Y-%m-%dT%H:%M:%SZ}"


@cache
def _examples() -> tuple[Example, ...]:
    folder = files("detectionary.api").joinpath("examples")
    return tuple(_example(name, folder.joinpath(name).read_text(encoding="utf-8")) for name in _EXAMPLES)


def _example(name: str, text: str) -> Example:
    rule = read_pasted(text, name).content.rules[0]
    return Example(name, rule.title, rule.language, text)


# The operations


def router(workshop: Workshop, playground: Playground) -> APIRouter:
    """The operations."""
    operations = APIRouter(prefix="/playground", tags=["playground"])
    guarded = (CROSS_SITE, NOT_JSON, TOO_LARGE, TOO_SLOW, BAD_REQUEST)

    @operations.get("", responses=documented(PlaygroundState))
    async def state(request: Request, _asked: Annotated[NoParameters, Query()]) -> Response:
        """Say what can be read and run here, with examples to begin with."""
        playground.warm()
        return await answer(workshop, request, lambda _library: encode_part(playground.state()))

    @operations.get("/rules/{name}", responses=documented(CatalogText, NOT_FOUND))
    async def text(request: Request, name: RuleName, _asked: Annotated[NoParameters, Query()]) -> Response:
        """Give the text of a rule of the catalog, to begin with."""
        return await answer(workshop, request, lambda library: encode_part(_catalog_text(library, name)))

    @operations.post("/parse", responses=_posted(ParseAnswer, *guarded, TOO_MUCH), openapi_extra=_body(ParseRequest))
    async def parse(request: Request) -> Response:
        """Read a text: its rules, each as its page is, and what is wrong with them. Nothing is stored."""
        asked = await _asked(request, workshop, playground, ParseRequest)
        try:
            return _response(await _answered(playground.parse(msgspec.json.encode(asked), Event())))
        except StoppedError as stopped:
            raise ProblemError(TOO_MUCH, f"the text was not read: {stopped}") from stopped

    @operations.post("/run", responses=_posted(RunAnswer, *guarded), openapi_extra=_body(RunRequest))
    async def run(request: Request) -> Response:
        """Run a Kusto rule once on the sample logs: its rows, and the alerts that it would raise."""
        asked = await _asked(request, workshop, playground, RunRequest)
        _check_time(asked.at)
        try:
            return _response(await _while_there(request, playground, msgspec.json.encode(asked)))
        except StoppedError as stopped:
            return _response(encode_part(_stopped(stopped)))

    return operations


def _posted(answered: type[ParseAnswer | RunAnswer], *problems: Any) -> Responses:
    """What the document says of the answers to a POST: they are not kept, and never `304`."""
    responses = documented(answered, *problems)
    del responses[304]
    responses[200] = {key: value for key, value in responses[200].items() if key != "headers"}
    return responses


def _body(asked: type[ParseRequest | RunRequest]) -> dict[str, Any]:
    examples = {"query": {"summary": "A query", "value": {"text": "print Greeting = 'Hello'"}}}
    content = {JSON: {"schema": {"$ref": SCHEMAS + asked.__name__}, "examples": examples}}
    return {"requestBody": {"required": True, "content": content}}


def _response(body: bytes) -> Response:
    return Response(body, headers={"Cache-Control": "no-store"}, media_type=JSON)


def _stopped(stopped: StoppedError) -> RunAnswer:
    """The answer to a run whose process was ended."""
    code = "KQL420" if stopped.spent == "time" else "KQL421"
    message = f"the run was stopped: {stopped}"
    finding = TextFinding(code, "error", message, "filter earlier, or look back less far", None, None, None, 0, "run")
    return RunAnswer("failed", "", "", None, "", findings=(finding,))


def _catalog_text(library: Library, name: str) -> CatalogText:
    rule = listing_named(library, name)
    entry = None if rule is None else library.catalog.entry(rule.reference.slug)
    if rule is None or entry is None:
        raise NothingThere(f"no present rule has the slug or the id {name!r}; /api/search finds rules")
    if not shows_text(library, entry.rule.source.licence):
        raise NothingThere("the licence of this rule does not allow us to show its text")
    return CatalogText(
        title=entry.rule.title,
        text=entry.rule.body,
        name=entry.rule.source.path,
        language=entry.rule.language,
        repository=entry.rule.source.repository,
        page=rule_path(entry.rule.language, entry.slug),
    )


# Requests


async def _asked(request: Request, workshop: Workshop, playground: Playground, shape: type[_Asked]) -> _Asked:
    """The request of one of our pages, or of a program, that can be answered; `ProblemError` for any other."""
    _check_origin(request, workshop.settings.base_url)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise ProblemError(NOT_JSON, f"the body is to be {JSON}")
    body = await _body_of(request, playground.limits.request_bytes)
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        place, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`") or "the body"
        raise ProblemError(INVALID, str(error), (InvalidParameter("body", name, place),)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProblemError(BAD_REQUEST, f"the body is no JSON: {error}") from None


async def _body_of(request: Request, most: int) -> bytes:
    """The body, when it comes soon and is not too large."""
    too_large = ProblemError(TOO_LARGE, f"a request has {most:,} bytes at most")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > most:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise too_large
    except TimeoutError:
        detail = f"the body did not come whole within {BODY_SECONDS:g} seconds"
        raise ProblemError(TOO_SLOW, detail, headers={"Connection": "close"}) from None
    except ClientDisconnect:
        raise ProblemError(BAD_REQUEST, "the body ended before it was whole") from None  # nobody reads it
    return bytes(body)


def _check_origin(request: Request, base_url: str | None) -> None:
    """Refuse what a page of another site sends. Browsers say where a POST comes from; programs do not have to."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        raise ProblemError(CROSS_SITE, "a page of another site asks; only this site's own pages may")
    origin = request.headers.get("origin")
    if origin is None:
        return
    hosts = {request.headers.get("host", "").lower()}
    if base_url is not None:
        hosts.add(urlsplit(base_url).netloc.lower())
    try:
        host = urlsplit(origin).netloc.lower()  # "null", which files and sandboxes send, has none
    except ValueError:
        host = ""
    if not host or host not in hosts:
        raise ProblemError(CROSS_SITE, f"a page of {origin} asks; only this site's own pages may")


def _check_time(text: str | None) -> None:
    try:
        moment = datetime.max if text is None else datetime.fromisoformat(text)
        moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        message = "is no time; write it as 2026-01-31T12:00:00Z"
        raise ProblemError(INVALID, f"at: {message}", (InvalidParameter("body", "at", message),)) from None


async def _while_there(request: Request, playground: Playground, body: bytes) -> bytes:
    """The answer to a run; when the one who asked goes away, the run ends."""
    gone = Event()

    async def watch() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    watching = asyncio.create_task(watch())
    try:
        return await _answered(playground.run(body, gone))
    finally:
        watching.cancel()


async def _answered(asking: Awaitable[bytes]) -> bytes:
    """The answer of a process, or the problem in its place; `StoppedError` is left to the caller."""
    try:
        return await asking
    except BusyError:
        detail = "all processes of the playground are at work"
        raise ProblemError(BUSY, detail, headers={"Retry-After": "2"}) from None
    except CancelledError:
        return b""  # nobody reads it
    except FaultError as fault:
        log.error("playground: %s", fault)  # the trace is the other process's
        raise ProblemError(INTERNAL, "the fault is in the server's log") from fault
