"""What holds for every answer: problems, conditional requests, packing, headers, hosts; nothing is ever written."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from detectionary.api.addresses import LONGEST, Addresses, address_of
from detectionary.api.app import create_app
from detectionary.api.editions import Workshop
from detectionary.api.guard import HEADERS, Guard
from detectionary.api.representation import takes_gzip
from detectionary.api.settings import Settings
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Library
from detectionary.pages.registry import FILES, PAGES
from tests.api.conftest import NAMES, Asking

RULES = "/api/rules"


def rule_page(ask: Asking) -> str:
    return "/" + str(ask("/api/rules?limit=1").json()["rules"][0]["page"])


# Problems


def problem(ask: Asking, address: str, status: int, method: str = "GET", **more: Any) -> Any:
    response = ask(address, method, **more)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found = response.json()
    assert found["status"] == status
    assert found["instance"] == address.partition("?")[0]
    assert found["type"].startswith("/api/index.html#")
    assert found["title"]
    assert found["detail"]
    return found


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=many", "limit"),
        ("offset=-1", "offset"),
        ("sort=best", "sort"),
        ("severity=worst", "severity.0"),
        ("feed=perhaps", "feed.0"),
        ("platfrom=AWS", "platfrom"),
        ("limit=1&limit=2", "limit"),
        ("platform=", "platform.0"),
        (f"q={'a' * 501}", "q"),
        ("&".join("platform=a" for _ in range(51)), "platform"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(ask: Asking, query: str, name: str) -> None:
    found = problem(ask, f"{RULES}?{query}", 422)
    assert [each["name"] for each in found["invalid"]] == [name]
    assert name.partition(".")[0] in found["detail"]


@pytest.mark.parametrize(
    "operation", ["statistics", "changes", "rules/a", "rules/a/related", "playground", "playground/rules/a"]
)
def test_operations_without_parameters_take_none(ask: Asking, operation: str) -> None:
    problem(ask, f"/api/{operation}?language=kusto", 422)


@pytest.mark.parametrize(
    "address", ["/api/nothing", "/api/rules/no-such-rule", "/api/rules/a/related", "/rules/kusto/a/index.json"]
)
def test_what_is_not_there_is_a_problem(ask: Asking, address: str) -> None:
    problem(ask, address, 404)


def test_an_ingest_that_never_was_is_told_from_one_that_changed_nothing(ask: Asking) -> None:
    assert ask("/api/changes/1").json()["detail"].startswith("ingest 1 changed nothing;")
    assert ask("/api/changes/1?page=2").json()["detail"].startswith("ingest 1 changed nothing of that;")
    assert ask("/api/changes/99").json()["detail"].startswith("there is no ingest 99")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("rules?limit=many", "limit: is no whole number"),
        ("compare", "rules: is needed"),
        (f"rules?q={'x' * 501}", "q: has more than 500 characters"),
        ("compare?rules=a,b,c,d,e", "rules: names one to 4 rules, by slug or id, parted by commas"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said_in_words(ask: Asking, query: str, said: str) -> None:
    assert ask(f"/api/{query}").json()["detail"] == said


def test_an_unknown_facet_is_refused_with_those_that_exist(ask: Asking) -> None:
    assert "'technique'" in problem(ask, "/api/facets/nothing", 422)["detail"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("address", [RULES, "/api/search", "/api/health", "/index.html", "/nothing", "/health"])
def test_nothing_but_reading_is_allowed(ask: Asking, method: str, address: str) -> None:
    response = ask(address, method)
    assert response.headers["allow"] == "GET, HEAD"
    problem(ask, address, 405, method)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_an_operation_that_is_only_sent_to_is_not_read(ask: Asking, method: str) -> None:
    response = ask("/api/playground/run", method)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_a_fault_of_the_server_says_nothing_of_its_insides(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_library: Library, _path: str) -> None:
        raise RuntimeError("secret")

    broken: PageKind[Any] = PageKind(
        "broken", "broken", lambda _library: ("broken/index.html",), fail, lambda _library, _page: ""
    )
    ask = Asking(create_app(workshop, Addresses((*PAGES, broken), FILES)))
    found = problem(ask, "/broken/index.html", 500)
    assert "secret" not in str(found)
    assert "secret" in caplog.text


def test_the_page_of_nothing_is_shown_to_people(ask: Asking) -> None:
    response = ask("/nothing/at/all")
    assert response.status_code == 404
    assert response.headers["content-type"].startswith("text/html")
    assert "There is no page at this address" in response.text
    assert response.headers["vary"] == "Accept"


def test_the_problem_of_nothing_is_told_to_programs(ask: Asking) -> None:
    problem(ask, "/nothing/at/all", 404, headers={"Accept": "application/json"})
    for accepted in ("*/*", "text/html, application/json;q=0.9"):
        assert ask("/nothing", headers={"Accept": accepted}).headers["content-type"].startswith("text/html")


def test_a_full_queue_says_when_to_come_again_and_health_still_answers(catalog: Path) -> None:
    workshop = Workshop(Settings(catalog, names=NAMES, threads=1, waiting=2))
    go = threading.Event()

    async def crowd(ask: Asking) -> list[httpx.Response]:
        blocker = asyncio.create_task(workshop.make(lambda _library: go.wait(60)))
        await asyncio.sleep(0)
        asked = [asyncio.create_task(ask.several([f"{RULES}?limit={limit}"])) for limit in (1, 2, 3)]
        waiting = set(asked)
        while len(waiting) > 1:  # one has a place in the queue, the others are answered at once
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        (healthy,) = await ask.several(["/health"])
        go.set()
        await blocker
        return [healthy, *[answer for task in asked for answer in await task]]

    try:
        healthy, *answers = asyncio.run(crowd(Asking(create_app(workshop, Addresses(PAGES, FILES)))))
    finally:
        go.set()
        workshop.close()
    assert healthy.status_code == 200
    assert sorted(answer.status_code for answer in answers) == [200, 503, 503]
    assert {answer.headers.get("retry-after") for answer in answers if answer.status_code == 503} == {"1"}


def test_a_search_that_takes_too_long_is_ended(catalog: Path) -> None:
    workshop = Workshop(Settings(catalog, names=NAMES, search_seconds=0))
    try:
        ask = Asking(create_app(workshop, Addresses(PAGES, FILES)))
        for operation in ("rules", "search", "facets", "facets/language", "coverage", "layer"):
            response = ask(f"/api/{operation}?q=a*")
            assert response.status_code == 422
            problem = response.json()
            assert problem["type"].endswith("#too-much")
            assert problem["detail"].startswith("the search took more than 0 seconds; give fewer words")
            assert [each["name"] for each in problem["invalid"]] == ["q"]
        assert ask("/api/rules?limit=1").status_code == 200
    finally:
        workshop.close()


# Conditional requests, HEAD, packing


@pytest.mark.parametrize(
    "address",
    [
        "/index.html",
        "/404.html",
        "/robots.txt",
        "/api/rules.json",
        RULES,
        "/api/search?q=a*",
        "/api/openapi.json",
        "/health",
    ],
)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_what_is_known_is_not_sent_again(ask: Asking, address: str, coding: str) -> None:
    headers = {"Accept-Encoding": coding}
    first = ask(address, headers=headers)
    etag = first.headers["etag"]
    assert first.status_code == 200
    assert etag.startswith('"')
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = ask(address, headers={**headers, "If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    for other in ('"other"', etag.strip('"'), ""):
        assert ask(address, headers={**headers, "If-None-Match": other}).status_code == 200


def test_an_answer_that_is_asked_for_by_its_state_is_that_or_a_problem(ask: Asking) -> None:
    for coding in ("identity", "gzip"):
        etag = ask(RULES, headers={"Accept-Encoding": coding}).headers["etag"]
        for wanted in (etag, "*", f'"other", {etag}'):
            assert ask(RULES, headers={"Accept-Encoding": coding, "If-Match": wanted}).status_code == 200
        for address in (RULES, "/index.html"):
            for other in (f"W/{etag}", '"other"', ""):
                problem(ask, address, 412, headers={"Accept-Encoding": coding, "If-Match": other})


def test_long_answers_are_handed_over_in_pieces_that_are_the_whole(ask: Asking) -> None:
    plain = ask("/api/openapi.json", headers={"Accept-Encoding": "identity"})
    assert len(plain.content) == int(plain.headers["content-length"]) > 64 * 2**10
    assert plain.json()["openapi"].startswith("3.1")


def test_packed_and_plain_answers_have_different_etags_and_the_same_content(ask: Asking) -> None:
    plain = ask("/index.html", headers={"Accept-Encoding": "identity"})
    packed = ask("/index.html", headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert plain.headers["etag"] != packed.headers["etag"]
    assert plain.content == packed.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])


@pytest.mark.parametrize(
    ("accepted", "taken"),
    [
        ("gzip", True),
        ("br, GZip ; q=0.1", True),
        ("*", True),
        ("gzip;q=0", False),
        ("*;q=1, gzip;q=0", False),
        ("identity", False),
        ("gzip;q=much", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_who_takes_it(accepted: str, taken: bool) -> None:
    assert takes_gzip(accepted) is taken


@pytest.mark.parametrize("address", ["/index.html", RULES, "/nothing", "/api/nothing", "/health"])
def test_head_is_get_without_its_body(ask: Asking, address: str) -> None:
    full, head = ask(address), ask(address, "HEAD")
    assert head.content == b""
    assert head.status_code == full.status_code
    assert head.headers == full.headers


def test_assets_are_kept_for_good_and_pages_are_asked_for_again(ask: Asking, app: FastAPI) -> None:
    page = ask("/index.html")
    assert page.headers["cache-control"] == "no-cache"
    style = next(part for part in page.text.split('"') if part.endswith(".css"))
    assert ask(f"/{style}").headers["cache-control"] == "public, max-age=31536000, immutable"
    assert ask(f"/{style}").headers["content-type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize("address", ["/index.html", RULES, "/nothing", "/api/nothing", "/health", "/api/rules?x=1"])
def test_every_answer_has_the_headers_that_keep_readers_safe(ask: Asking, address: str) -> None:
    headers = ask(address).headers
    for name, value in HEADERS:
        assert headers[name] == value
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


# Addresses


def test_folders_are_addresses_and_names_without_a_slash_lead_to_them(ask: Asking) -> None:
    assert ask("/").content == ask("/index.html").content
    assert ask("/attack/").content == ask("/attack/index.html").content
    response = ask("/attack?platform=AWS")
    assert response.status_code == 308
    assert response.headers["location"] == "attack/?platform=AWS"


def test_what_lies_beside_a_rule_is_text_to_every_browser(ask: Asking) -> None:
    folder = rule_page(ask).removesuffix("index.html")
    body = ask(f"/api/rules/{folder.split('/')[-2]}").json()["body"]
    files = [ask(f"{folder}rule.{ending}") for ending in ("yaml", "toml", "yaral", "kql", "txt")]
    (found,) = [file for file in files if file.status_code == 200]
    assert found.text == body
    assert found.headers["content-type"] == "text/plain; charset=utf-8"


HOSTILE = [
    "/../../../../etc/passwd",
    "/..%2f..%2f..%2fetc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/rules/..%5c..%5cetc",
    "/%00",
    "/index.html%00.json",
    "/index.html%0d%0aX-Evil:%201",
    "/%ff%fe",
    "//evil.example/",
    "/rules//index.html",
    "/./index.html",
    "/assets/../index.html",
    "/assets%2fsite.css",
    f"/{'a' * 5000}",
    "/assets/",
    "/api/../index.html",
    "/detectionary.db",
]


@pytest.mark.parametrize("address", HOSTILE)
def test_addresses_that_are_after_something_else_find_nothing(app: FastAPI, address: str) -> None:
    status, headers, body = asyncio.run(_raw(app, address.encode()))
    assert status == 404
    assert b"root:" not in body
    assert all(name in SENT for name in headers)


def test_addresses_read_their_text_once() -> None:
    assert address_of(b"/rules/x/%E2%80%93/") == "rules/x/–/index.html"
    assert address_of(b"/a%2525") == "a%25"
    assert address_of(b"/" + b"a" * LONGEST) is None
    assert address_of(b"*") is None


# Hosts


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "testserver.", "[::1", "a@testserver"])
def test_a_name_that_somebody_made_lead_here_is_not_answered(ask: Asking, host: str) -> None:
    for address in ("/index.html", RULES, "/health"):
        problem(ask, address, 421, headers={"Host": host})


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (b"http://testserver/health", 200),
        (b"HTTP://127.0.0.1:80/health", 200),
        (b"http://testserver", 200),
        (b"http://evil.example/health", 421),
        (b"http://evil.example", 421),
        (b"http:///health", 421),
        (b"ftp://testserver/health", 404),
    ],
)
def test_a_whole_address_names_the_host(app: FastAPI, address: bytes, status: int) -> None:
    found, _, _ = asyncio.run(_raw(app, address))
    assert found == status


def test_what_is_not_done_when_the_server_ends_is_a_problem() -> None:
    async def never(_scope: Scope, _receive: Receive, _send: Send) -> None:
        await asyncio.sleep(60)

    async def ended() -> list[Any]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }
        guard = Guard(never, Settings(Path("none.db")))
        answering = asyncio.ensure_future(guard(scope, send, send))  # type: ignore[arg-type]  # plain dictionaries
        await asyncio.sleep(0)
        answering.cancel()
        await answering
        return sent

    start, body = asyncio.run(ended())
    assert start["status"] == 503
    assert b"has stopped" in body["body"]


@pytest.mark.parametrize("host", ["testserver", "TESTSERVER:8000", "127.0.0.1:1"])
def test_the_names_of_the_server_are_answered_on_every_port(ask: Asking, host: str) -> None:
    assert ask("/health", headers={"Host": host}).status_code == 200


SENT = {
    "content-type", "content-length", "cache-control", "etag", "vary", *(name.lower() for name, _ in HEADERS)
}  # fmt: skip


async def _raw(app: FastAPI, path: bytes) -> tuple[int, dict[str, str], bytes]:
    """What the application sends for a path as a server hands it on, which no client has made tidy."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path.decode("latin-1")),
        "raw_path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"testserver")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(message.get("body", b"") for message in sent[1:])


def test_behind_a_proxy_addresses_are_those_that_readers_see(catalog: Path) -> None:
    workshop = Workshop(Settings(catalog, base_url="https://example.org/rules/", names=NAMES))
    try:
        ask = Asking(create_app(workshop, Addresses(PAGES, FILES)))
        assert ask("/api/openapi.json").json()["servers"] == [{"url": "/rules"}]
        assert ask("/openapi.json").json() == ask("/api/openapi.json").json()
        assert ask("/api/nothing").json()["type"] == "/rules/api/index.html#not-found"
        assert 'href="/rules/index.html"' in ask("/nothing").text
    finally:
        workshop.close()


# Threads


def test_many_readers_at_once_get_what_one_reader_gets(ask: Asking, catalog: Path) -> None:
    pages = [f"/{rule['page']}" for rule in ask("/api/rules?limit=200").json()["rules"]]
    addresses = [*pages, "/index.html", "/attack/index.html", *[f"/api/search?q={letter}*" for letter in "abcdefgh"]]
    one = [ask(address).content for address in addresses]
    workshop = Workshop(Settings(catalog, names=NAMES, kept=0))
    try:
        crowd = Asking(create_app(workshop, Addresses(PAGES, FILES)))
        many = asyncio.run(crowd.several(addresses * 4))
    finally:
        workshop.close()
    assert [answer.content for answer in many] == one * 4
