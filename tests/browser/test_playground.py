"""The playground in a real browser: what is written is read, run and shown, and nothing of it is obeyed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.axe import axe
from tests.browser.conftest import NARROW, shoot
from tests.browser.sites import served
from tests.browser.watching import Watched
from tests.conftest import PROJECT

FIRST = (PROJECT / "examples/rules/sentinel/AWS_UnauthorizedInstanceSetUpAttempt.yaml").read_text(encoding="utf-8")


@pytest.fixture
def watched(visitor: Callable[..., Watched]) -> Watched:
    return visitor()


@pytest.fixture
def ground(watched: Watched, live: str) -> Page:
    """A playground with nothing written in it."""
    page = watched.page()
    page.goto(f"{live}playground/")
    expect(page.locator("#pg-logs")).to_contain_text("AWSCloudTrail")
    return page


def write(page: Page, text: str) -> None:
    """Put a text on the sheet and wait until it is read."""
    page.fill("#pg-text", text)
    expect(page.locator("#pg-status")).to_contain_text("rror")
    expect(page.locator("#pg-page")).not_to_have_attribute("aria-busy", "true")


def test_the_static_site_says_how_to_start_it(site: str, watched: Watched) -> None:
    page = watched.page()
    page.goto(f"{site}playground/index.html")
    expect(page.locator("main")).to_contain_text("detectionary serve")
    assert page.locator("script[src*=playground]").count() == 0


def test_without_scripts_the_live_page_says_so(live: str, visitor: Callable[..., Watched]) -> None:
    page = visitor(script=False).page()
    page.goto(f"{live}playground/")
    expect(page.locator("main .notice")).to_contain_text("detectionary run")
    expect(page.locator("#bench")).to_be_hidden()


# Reading


def test_the_page_follows_what_is_written(ground: Page) -> None:
    write(ground, FIRST)
    expect(ground.locator("#pg-page h1")).to_have_text("AWSCloudTrail - Unauthorized EC2 Instance Setup Attempt")
    expect(ground.locator("#pg-page")).to_contain_text("RunInstances")
    ground.focus("#pg-text")
    ground.evaluate("document.querySelector('#pg-text').setSelectionRange(47, 60)")  # in the name
    ground.keyboard.type("Typed")
    expect(ground.locator("#pg-page h1")).to_contain_text("Typed")
    expect(ground.locator("#pg-status")).to_have_text("Kusto: no errors.")
    # No element has the id of another.
    doubled = "Array.from(document.querySelectorAll('[id]'), e => e.id).filter((id, at, all) => all.indexOf(id) !== at)"
    assert ground.evaluate(doubled) == []


def test_faults_are_listed_and_marked(ground: Page) -> None:
    text = "// é 😀\nT\n| extend y = '😀' | where x === 1\n"
    write(ground, text)
    item = ground.locator("#pg-findings li.error").first
    expect(item).to_contain_text("KQL011")
    expect(item.locator(".where")).to_have_text("3:30")
    marked = ground.locator("#pg-marks mark.error").first
    expect(marked).to_have_text("=")
    expect(ground.locator("#pg-gutter .error")).to_have_text("3")
    item.locator("button").click()
    start, chosen = ground.evaluate(
        "(t => [t.selectionStart, t.value.slice(t.selectionStart, t.selectionEnd)])(document.querySelector('#pg-text'))"
    )
    assert chosen == "="
    # The browser counts the halves of a character, the server characters.
    assert start == len(text[: text.index("===") + 2].encode("utf-16-le")) // 2
    assert ground.evaluate("document.activeElement.id") == "pg-text"


def test_marks_lie_under_their_letters(ground: Page) -> None:
    """The text and its marks have the same letters, size and place, scrolled or not."""
    text = (
        "T\n" + "".join(f"| where a{number} == {number} and {'b' * 200} != 1\n" for number in range(90)) + "| where ("
    )
    write(ground, text)
    ground.evaluate("t => { t = document.querySelector('#pg-text'); t.scrollTop = 1e6; t.scrollLeft = 1e6; }")
    ground.wait_for_timeout(100)
    unlike = ground.evaluate("""() => {
      const [area, marks, gutter] = ['text', 'marks', 'gutter'].map(name => document.querySelector('#pg-' + name));
      const one = getComputedStyle(area), other = getComputedStyle(marks);
      const names = ['fontFamily', 'fontSize', 'lineHeight', 'letterSpacing', 'tabSize', 'paddingTop', 'paddingLeft'];
      const found = names.filter(name => one[name] !== other[name]);
      const tops = [marks.scrollTop, gutter.scrollTop];
      if (area.scrollTop === 0 || tops.some(top => top !== area.scrollTop)) found.push('top');
      if (area.scrollLeft === 0 || area.scrollLeft !== marks.scrollLeft) found.push('left');
      if (!marks.textContent.startsWith(area.value)) found.push('text');
      return found;
    }""")
    assert unlike == []


def test_languages_are_told_and_can_be_said(ground: Page) -> None:
    write(
        ground,
        "title: Shell\nlogsource: {product: windows}\ndetection:\n  s: {Image|endswith: cmd.exe}\n  condition: s",
    )
    expect(ground.locator("#pg-status")).to_contain_text("Sigma")
    write(ground, "process where process.name == 'cmd.exe'")
    expect(ground.locator("#pg-status")).to_contain_text("EQL, told by the content")
    ground.select_option("#pg-language", "lucene")
    expect(ground.locator("#pg-status")).to_contain_text("Lucene")
    expect(ground.locator("#pg-run")).to_be_disabled()


def test_a_file_is_opened_or_dropped(ground: Page, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(FIRST.replace("AWSCloudTrail - ", "Mine - "), encoding="utf-8")
    ground.set_input_files("#pg-file", file)
    expect(ground.locator("#pg-page h1")).to_contain_text("Mine - ")
    expect(ground.locator("#pg-origin")).to_have_text("Began as mine.yaml")
    data = ground.evaluate_handle(
        "text => { const data = new DataTransfer(); data.items.add(new File([text], 'dropped.kql')); return data; }",
        "SecurityEvent | where EventID == 4625",
    )
    ground.dispatch_event("#pg-sheet", "drop", {"dataTransfer": data})
    expect(ground.locator("#pg-page h1")).to_have_text("dropped")


def test_a_rule_of_the_catalog_is_begun_with(live: str, watched: Watched) -> None:
    page = watched.page()
    page.goto(f"{live}playground/?rule=f7210a45-12a4-4d02-b59e-f23476827a4b")
    expect(page.locator("#pg-page h1")).to_contain_text("Unauthorized EC2 Instance Setup")
    page.locator("#pg-origin a").click()
    expect(page.locator("main h1")).to_contain_text("Unauthorized EC2 Instance Setup")


def test_a_reload_keeps_the_text(ground: Page) -> None:
    write(ground, FIRST)
    ground.reload()
    expect(ground.locator("#pg-page h1")).to_contain_text("Unauthorized")
    assert ground.input_value("#pg-text") == FIRST


def test_a_page_of_another_text_says_so(ground: Page) -> None:
    empty = ground.inner_text("#pg-page")
    write(ground, FIRST)
    expect(ground.locator("#pg-page .against")).to_contain_text("would have in the catalog")
    ground.fill("#pg-text", "title: a rule\ndetection:\n  selection:\n    A: 1\n   B: 2\n")
    expect(ground.locator("#pg-page .against")).to_contain_text("the page of the one before")
    ground.fill("#pg-text", "")
    expect(ground.locator("#pg-page")).to_have_text(empty)
    write(ground, FIRST)
    expect(ground.locator("#pg-page .against")).to_contain_text("would have in the catalog")


def test_a_text_that_is_too_large_is_not_sent(ground: Page) -> None:
    ground.fill("#pg-text", "T | where x == '" + "é" * 200_000 + "'")
    expect(ground.locator("#pg-status")).to_contain_text("too large")


# Running


def test_an_example_runs_and_raises_its_alert(ground: Page, shots: Path) -> None:
    ground.select_option("#pg-example", "0")
    expect(ground.locator("#pg-run")).to_be_enabled()
    shoot(ground, shots, "playground-live-page")
    ground.click("#pg-run")
    expect(ground.locator(".verdict")).to_have_text("1 alert from 3 rows.")
    alert = ground.locator(".raised")
    expect(alert.locator("h3")).to_contain_text("Unauthorized EC2 instance launch attempt by")
    expect(alert).to_contain_text("Account")
    expect(ground.locator(".times button")).not_to_have_count(0)
    expect(ground.locator(".times button[aria-pressed=true]")).to_contain_text("alert")
    expect(ground.locator(".funnel tbody tr")).to_have_count(6)
    expect(ground.locator(".grid tbody tr")).to_have_count(3)
    shoot(ground, shots, "playground-live-run")
    ground.locator(".times button[aria-pressed=false]").first.click()
    expect(ground.locator(".verdict")).to_have_text("No alert: no row is left.")
    expect(ground.locator(".times button")).not_to_have_count(0)
    expect(ground.locator(".funnel .last-rows")).to_contain_text("no row is left from here")


def test_what_is_refused_is_shown_with_its_place(ground: Page) -> None:
    write(ground, "AWSCloudTrail\n| evaluate autocluster()\n")
    ground.click("#pg-run")
    expect(ground.locator(".verdict")).to_have_text("Not run: the query is refused.")
    expect(ground.locator(".ran")).to_contain_text("It would be evaluated at")
    ground.locator("#pg-result .said button").click()
    assert ground.evaluate("getSelection().toString() || (t => t.value.slice(t.selectionStart, t.selectionEnd))"
                           "(document.querySelector('#pg-text'))") == "autocluster()"  # fmt: skip


def test_a_run_can_be_stopped(ground: Page) -> None:
    write(ground, "range x from 1 to 1000000000000 step 1 | summarize sum(x)")
    ground.click("#pg-run")
    expect(ground.locator("#pg-run")).to_have_text("Stop")
    ground.click("#pg-run")
    expect(ground.locator("#pg-result")).to_have_text("Stopped.")
    write(ground, "print a = 1 // no error")
    ground.click("#pg-run")
    expect(ground.locator(".grid tbody td")).to_have_text("1")


def test_the_keyboard_is_enough(ground: Page) -> None:
    ground.focus("#pg-text")
    ground.keyboard.insert_text("print answer = 42 // no error")
    ground.keyboard.press("Control+Enter")  # before it is read: it runs when it is
    expect(ground.locator(".grid tbody td")).to_have_text("42")
    ground.keyboard.press("/")  # writes, and does not lead to the search
    assert ground.input_value("#pg-text").endswith("/")
    ground.keyboard.press("Tab")
    assert ground.evaluate("document.activeElement.id") == "pg-run"
    ground.focus("#pg-tab-run")
    ground.keyboard.press("ArrowLeft")
    assert ground.evaluate("document.activeElement.id") == "pg-tab-page"
    expect(ground.locator("#pg-page")).to_be_visible()
    expect(ground.locator("#pg-result")).to_be_hidden()


# Everybody


def test_nothing_is_in_anybodys_way(ground: Page, shots: Path) -> None:
    faults = [f"empty: {each}" for each in axe(ground, within="main")]
    write(ground, FIRST.replace("severity: Medium", "severity: Mild").replace("EventName ==", "EventName ==="))
    # What stands in the page of the rule is looked at where rules are.
    faults += [f"written: {each}" for part in (".writing", ".tabs") for each in axe(ground, within=part)]
    write(ground, FIRST)
    ground.click("#pg-run")
    expect(ground.locator(".verdict")).to_be_visible()
    for theme in ("light", "dark"):
        ground.emulate_media(color_scheme=theme)
        faults += [f"run, {theme}: {each}" for each in axe(ground, within="main")]
    ground.set_viewport_size({"width": NARROW, "height": 800})
    faults += [f"narrow: {each}" for each in axe(ground, within="main")]
    shoot(ground, shots, "playground-live-run-narrow")
    ground.click("#pg-tab-page")
    if ground.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        faults.append("narrow: the page scrolls sideways")
    assert not faults, "\n".join(faults)


HOSTILE = "</textarea></pre></main><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"


@pytest.mark.parametrize(
    "text",
    [
        f"id: '{HOSTILE}'\nname: |\n  {HOSTILE}\ndescription: |\n  {HOSTILE} https://x.example/{HOSTILE}\n"
        f"severity: '{HOSTILE}'\ntactics: ['{HOSTILE}']\nquery: |\n  print a = @'{HOSTILE}' // {HOSTILE}\n"
        f"queryFrequency: 1h\nqueryPeriod: 1h\ntriggerOperator: gt\ntriggerThreshold: 0\nkind: Scheduled\n"
        f"alertDetailsOverride:\n  alertDisplayNameFormat: '{{{{a}}}}'\n"
        f"  alertDescriptionFormat: '{HOSTILE} {{{{a}}}}'\ncustomDetails: {{D: a}}\n",
        f"print ['{HOSTILE}'] = @'{HOSTILE}'",
        HOSTILE,
        f"['{HOSTILE}'] | where error(",
    ],
    ids=["rule", "column", "text", "table"],
)
def test_hostile_texts_are_inert(text: str, ground: Page) -> None:
    ground.fill("#pg-text", text)
    expect(ground.locator("#pg-status")).not_to_be_empty()
    expect(ground.locator("#pg-page")).not_to_have_attribute("aria-busy", "true")
    if ground.locator("#pg-run").is_enabled():
        ground.click("#pg-run")
        expect(ground.locator(".verdict")).to_be_visible()
    assert ground.locator("main script, main img, main svg[onload], main iframe").count() == 0
    handlers = (
        "[...document.querySelectorAll('main *')].some(e => [...e.attributes].some(a => a.name.startsWith('on')))"
    )
    assert not ground.evaluate(handlers)
    assert ground.locator("main").count() == 1


def test_a_page_of_the_server_that_holds_a_script_is_not_shown(ground: Page) -> None:
    """Should the server ever fail to escape something, the page does not show it."""
    holes = [
        "<p>a</p><script>alert(1)</script>",
        "<p onclick=alert(1)>a</p>",
        '<a href="javascript:alert(1)">a</a>',
        '<a href="&#106;avascript:alert(1)">a</a>',
        '<p style="color:red">a</p>',
        "<iframe></iframe>",
        '<form action="https://x.example/"></form>',
    ]
    answers: dict[str, str] = {}
    ground.route("**/parse", lambda route: route.fulfill(body=answers["html"], content_type="application/json"))
    for number, html in enumerate(holes):
        rule = {"title": "t", "language": "kusto", "accepted": True, "runnable": False, "line": 1, "findings": [],
                "page": None, "html": html}  # fmt: skip
        answer = {"name": "n", "guessed": False, "rules": [rule], "more_rules": 0, "functions": [], "findings": [],
                  "ignored": None}  # fmt: skip
        answers["html"] = json.dumps(answer)
        ground.fill("#pg-text", f"print {number}")
        expect(ground.locator("#pg-status")).to_contain_text("it is not shown")
        assert ground.locator("#pg-page a, #pg-page form, #pg-page iframe, #pg-page script").count() == 0


def test_another_site_cannot_use_it(tmp_path: Path, live: str, browser: Browser) -> None:
    """A page of another origin in the same browser, with no policy of its own, gets nothing read and nothing run."""
    (tmp_path / "evil.html").write_text("<!doctype html><title>Prize</title>", encoding="utf-8")
    statuses: list[int] = []
    with served(tmp_path) as elsewhere:
        context = browser.new_context()
        page = context.new_page()
        page.on("response", lambda each: statuses.append(each.status) if "/api/playground/" in each.url else None)
        page.goto(f"{elsewhere}evil.html")
        tried = page.evaluate(
            """async address => {
              const results = [];
              for (const kind of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
                for (const mode of ["no-cors", "cors"]) {
                  const headers = {"Content-Type": kind}, body = '{"text": "print 1"}';
                  try {
                    const response = await fetch(address, {method: "POST", mode, headers, body});
                    results.push(response.type === "opaque" ? "opaque" : response.status);
                  } catch (error) { results.push("failed"); }
                }
              }
              return results;
            }""",
            f"{live}api/playground/run",
        )
        context.close()
    assert len(tried) == 6
    assert set(tried) <= {"opaque", "failed"}  # nothing is to be read there
    assert all(status >= 400 for status in statuses)  # and nothing was run: see tests/api/test_playground.py
