"""What the playground answers: pages of pasted rules, their faults by their place, rows and alerts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detectionary.api.editions import Workshop
from detectionary.api.playground import _EXAMPLES, _examples
from detectionary.api.playground_shapes import Limits, ParseRequest
from detectionary.api.playground_worker import Setup, Worker
from tests.api.conftest import Asking
from tests.api.playgrounds import FIRST, SENTINEL, Ground, example_logs, ground
from tests.bounds import HANG
from tests.conftest import PROJECT

PATIENT = Limits(parse_seconds=HANG, query_seconds=HANG, count_seconds=HANG, run_seconds=4 * HANG, wait_seconds=HANG)
"""For machines that do other things meanwhile."""


@pytest.fixture(scope="module")
def here(workshop: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    logs = example_logs(tmp_path_factory.mktemp("logs"))
    with ground(workshop, logs, PATIENT) as found:
        yield found


# What can be done


def test_the_state_says_what_can_be_done(here: Ground) -> None:
    state = here.asking("/api/playground").json()
    tables = {table["name"]: table for table in state["tables"]}
    assert tables["AWSCloudTrail"]["rows"] > 0
    assert tables["AWSCloudTrail"]["first"] < tables["AWSCloudTrail"]["last"]
    assert {language["name"] for language in state["languages"]} >= {"kusto", "sigma", "eql", "yaral"}
    assert state["limits"]["request_bytes"] == 256 * 1024


def test_the_examples_are_those_of_the_project() -> None:
    files = {path.name: path for path in (PROJECT / "examples" / "rules").rglob("*.*")}
    assert [example.name for example in _examples()] == list(_EXAMPLES)
    for example in _examples():
        assert example.text == files[example.name].read_text(encoding="utf-8")
    assert {example.language for example in _examples()} == {"kusto", "sigma", "eql", "esql", "yaral"}


def test_a_rule_of_the_catalog_can_be_begun_with(here: Ground) -> None:
    found = here.asking("/api/playground/rules/f7210a45-12a4-4d02-b59e-f23476827a4b").json()
    assert found["text"] == FIRST
    assert found["page"].startswith("rules/kusto/")
    assert here.asking(f"/{found['page']}").status_code == 200
    assert here.asking("/api/playground/rules/nothing").status_code == 404


# Texts


def test_a_text_becomes_the_page_of_its_rule(here: Ground) -> None:
    answer = here.post("parse", text=FIRST)
    (rule,) = answer["rules"]
    page = rule["page"]
    assert (rule["language"], rule["accepted"], rule["runnable"], rule["html"]) == ("kusto", True, True, None)
    stored = here.asking("/api/rules/f7210a45-12a4-4d02-b59e-f23476827a4b").json()
    # The page that the rule has in the catalog, but for where it comes from.
    for key in ("title", "description", "attack", "stages", "output_fields", "alert", "actions"):
        assert page[key] == stored[key], key
    counts = [value["corpus"] for row in page["indicators"] for value in row["values"]]
    assert counts == [value["corpus"] for row in stored["indicators"] for value in row["values"]]
    assert any(count["total"] for count in counts)
    assert page["same_action"] == stored["same_action"]


def test_the_html_is_a_part_of_a_page(here: Ground) -> None:
    (rule,) = here.post("parse", text=FIRST, html=True)["rules"]
    assert rule["page"] is None
    html = rule["html"]
    assert "<main" not in html
    assert "<html" not in html
    assert 'id="main"' not in html
    assert "index.json" not in html
    assert 'class="rule"' in html


def links(html: str) -> set[str]:
    found: set[str] = set()

    class Reader(HTMLParser):
        def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update(value for name, value in attrs if name == "href" and value)

    Reader().feed(html)
    return found


def test_links_of_the_html_lead_somewhere(here: Ground) -> None:
    (rule,) = here.post("parse", text=FIRST, html=True)["rules"]
    inside = {link for link in links(rule["html"]) if not link.startswith(("#", "http"))}
    assert inside
    for link in inside:
        assert link.startswith("../")
        assert here.asking(f"/{link.removeprefix('../').partition('#')[0]}").status_code == 200, link


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("T\n| where x === 1\n", "KQL011", (2, 13)),
        ("name: a\nseverity: Mild\nquery: |\n  T\n    | where (x\n", "RUL103", (2, 11)),
        ("name: a\nkind: Hunting\nid: b\nquery: |\n  T\n    | where é == \n", "KQL011", (6, 17)),
        ("title: a\nlogsource: {}\ndetection:\n  s: {A: b}\n  condition: s and\n", "SIG003", None),
        ("rule a { meta: events: $e.x = condition: $e }", "YAR011", None),
        ("name: a\nquery: T\n\tx: [\n", "YML101", None),
    ],
)
def test_faults_have_their_place_in_the_text(here: Ground, text: str, code: str, place: tuple[int, int] | None) -> None:
    answer = here.post("parse", text=text)
    found = [*answer["findings"], *(each for rule in answer["rules"] for each in rule["findings"])]
    chosen = [each for each in found if each["code"] == code]
    assert chosen, found
    rows = text.split("\n")
    for each in chosen:
        assert 1 <= each["line"] <= len(rows)
        assert 1 <= each["column"] <= len(rows[each["line"] - 1]) + 1
    if place is not None:
        assert place in [(each["line"], each["column"]) for each in chosen]


def test_a_text_without_a_rule_is_answered_kindly(here: Ground) -> None:
    for text in ("", "<html>", "// comment"):
        answer = here.post("parse", text=text)
        assert answer["rules"] == []
        assert answer["ignored"]


def test_of_many_rules_the_first_are_shown(here: Ground) -> None:
    text = "\n---\n".join(f"name: rule {number}\nquery: T | where x == {number}" for number in range(11))
    answer = here.post("parse", text=text)
    assert [rule["title"] for rule in answer["rules"]] == [f"rule {number}" for number in range(8)]
    assert answer["more_rules"] == 3


def test_functions_of_the_catalog_are_known(here: Ground) -> None:
    (rule,) = here.post("parse", text="ExampleWebSession() | where HttpUserAgent has 'curl'")["rules"]
    assert rule["page"]["functions"] == ["ExampleWebSession"]
    assert "KQL202" not in {each["code"] for each in rule["findings"]}
    (rule,) = here.post("parse", text="NobodysFunction() | where HttpUserAgent has 'curl'")["rules"]
    assert "KQL202" in {each["code"] for each in rule["findings"]}


def test_functions_of_the_catalog_take_named_parameters(here: Ground) -> None:
    text = "ExampleWebSession(starttime = ago(1d), endtime = now()) | where HttpUserAgent has 'curl'"
    (rule,) = here.post("parse", text=text)["rules"]
    assert rule["findings"] == []
    answer = here.post("run", text=text)
    assert (answer["outcome"], answer["tables_absent"]) == ("rows", ["CommonSecurityLog"])
    answer = here.post("run", text="ExampleWebSession(start = ago(1d))")
    assert "ExampleWebSession has no parameter start" in {each["message"] for each in answer["findings"]}


HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}</textarea>javascript:alert(3)"


SIGMA = "title: '{}'\nlogsource: {{product: a}}\ndetection:\n  s:\n    F: |\n      {}\n  condition: s\n"


@pytest.mark.parametrize(
    "text",
    [
        f"name: |\n  {HOSTILE}\ndescription: |\n  {HOSTILE}\nquery: |\n  T | where x == @'{HOSTILE[2:]}'\n",
        SIGMA.format(HOSTILE[2:], HOSTILE),
        f'T | where x == @"{HOSTILE[2:]}" // {HOSTILE}',
        HOSTILE,
    ],
)
def test_hostile_texts_are_escaped(here: Ground, text: str) -> None:
    for rule in here.post("parse", text=text, html=True)["rules"]:
        assert "<script>alert" not in rule["html"]
        assert "<img src=x" not in rule["html"]
        assert "49" not in rule["title"]


# Runs


def test_a_rule_raises_the_alert_that_it_promises(here: Ground) -> None:
    answer = here.post("run", text=FIRST)
    assert answer["outcome"] == "rows"
    assert answer["triggered"]
    (alert,) = answer["alerts"]
    assert alert["title"].startswith("Unauthorized EC2 instance launch attempt by ")
    assert {entity["type"] for entity in alert["entities"]} == {"Account", "IP"}
    assert len(alert["custom_details"]) == 4
    assert answer["row_count"] == len(answer["rows"]) == alert["result_count"]
    assert [column["name"] for column in answer["columns"]][-3:] == ["UserName", "Name", "UpnSuffix"]


def test_the_schedule_is_replayed(here: Ground) -> None:
    answer = here.post("run", text=FIRST)
    times = [each["at"] for each in answer["evaluations"]]
    assert times == sorted(times, reverse=True)
    assert len(times) > 1
    assert sum(each["triggered"] for each in answer["evaluations"]) == 1
    assert [each["at"] for each in answer["evaluations"] if each["triggered"]] == [answer["at"]]
    # One of the others, asked for by its time.
    other = next(each for each in answer["evaluations"] if not each["triggered"])
    again = here.post("run", text=FIRST, at=other["at"])
    assert again["at"] == other["at"]
    assert (again["row_count"], again["alerts"], again["evaluations"]) == (other["rows"], [], [])


def test_rows_are_counted_after_each_stage(here: Ground) -> None:
    answer = here.post("run", text="AWSCloudTrail\n| where EventName == 'RunInstances'\n| where 1 == 2\n| take 5\n")
    assert [(each["number"], each["operator"], each["line"]) for each in answer["stages"]] == [
        (1, "source", 1), (2, "where", 2), (3, "where", 3), (4, "take", 4),
    ]  # fmt: skip
    all_rows, left, *none = (each["rows"] for each in answer["stages"])
    assert all_rows > left > 0
    assert none == [0, 0]
    assert answer["stages_note"] is None


def test_lets_belong_to_every_stage(here: Ground) -> None:
    answer = here.post("run", text="let wanted = 'RunInstances';\nAWSCloudTrail\n| where EventName == wanted\n| count")
    assert [each["rows"] for each in answer["stages"]][-1] == 1
    assert answer["stages"][1]["rows"] == answer["rows"][0][0]


def test_what_is_refused_is_said_with_its_place(here: Ground) -> None:
    text = "name: a\nquery: |\n  AWSCloudTrail\n  | evaluate autocluster()\n"
    answer = here.post("run", text=text)
    assert answer["outcome"] == "refused"
    (finding,) = answer["findings"]
    assert (finding["line"], finding["column"], finding["code"]) == (4, 14, "KQL401")
    assert text.split("\n")[3][13:][: finding["length"]] == "autocluster()"


def test_a_lone_query_gives_rows(here: Ground) -> None:
    answer = here.post("run", text="AWSCloudTrail | project TimeGenerated, EventName, n = 1 | take 3")
    assert [(column["name"], column["type"]) for column in answer["columns"]] == [
        ("TimeGenerated", "datetime"), ("EventName", "string"), ("n", "long"),
    ]  # fmt: skip
    assert len(answer["rows"]) == 3
    assert answer["evaluations"] == []


def test_long_results_and_values_are_cut_and_counted(here: Ground) -> None:
    answer = here.post("run", text="range x from 1 to 1000 step 1 | extend y = strrep('ab', 1024), z = dynamic([1, 2])")
    assert (len(answer["rows"]), answer["row_count"]) == (200, 1000)
    x, y, z = answer["rows"][0]
    assert (x, z) == (1, [1, 2])
    assert len(y) == 2_001
    assert answer["cut_values"] >= 200


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"text": "process where true", "language": "eql"}, "only Kusto"),
        ({"text": "", "language": "kusto"}, "no rule to run"),
        ({"text": FIRST, "rule": 1}, "no rule to run"),
    ],
)
def test_what_is_not_run_says_why(here: Ground, asked: dict[str, Any], words: str) -> None:
    answer = here.post("run", **asked)
    assert answer["outcome"] == "other"
    assert words in answer["findings"][0]["message"]


def test_without_logs_nothing_is_run(workshop: Workshop) -> None:
    with ground(workshop, None, PATIENT) as bare:
        assert bare.asking("/api/playground").json()["tables"] == []
        answer = bare.post("run", text=FIRST)
        assert answer["outcome"] == "other"
        assert "no sample logs" in answer["findings"][0]["message"]


def test_absent_tables_are_named(here: Ground) -> None:
    text = (SENTINEL / "Entra_RoleGrantAfterRiskySignIn.yaml").read_text(encoding="utf-8")
    assert here.post("run", text=text)["tables_absent"] == ["AuditLogs", "SigninLogs"]


# Who may ask


def refused(asking: Asking, status: int, **more: Any) -> Any:
    for what in ("parse", "run"):
        response = asking(f"/api/playground/{what}", "POST", **more)
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        found = response.json()
        assert found["status"] == status
    return found


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://testserver:3000"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_other_sites_are_refused(here: Ground, headers: dict[str, str]) -> None:
    assert refused(here.asking, 403, json={"text": "T"}, headers=headers)["type"].endswith("#cross-site")


def test_own_pages_and_programs_are_answered(here: Ground) -> None:
    for headers in ({}, {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}):
        assert here.asking("/api/playground/parse", "POST", json={"text": "T"}, headers=headers).status_code == 200


def test_only_json_is_taken(here: Ground) -> None:
    # Forms and plain texts can be sent from other sites without asking first.
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        refused(here.asking, 415, content=b'{"text": "T"}', headers={"Content-Type": kind})


@pytest.mark.parametrize("body", [b"", b"{", b"text", b"\xff", b'{"text": "\xff"}', b'{"text": "a"'])
def test_what_is_no_json_is_refused(here: Ground, body: bytes) -> None:
    refused(here.asking, 400, content=body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "body", [{}, [], {"text": 1}, {"text": None}, {"text": "", "language": "cobol"}, {"text": "", "name": "x" * 500}]
)
def test_what_is_no_request_is_refused(here: Ground, body: Any) -> None:
    found = refused(here.asking, 422, json=body)
    assert found["invalid"][0]["place"] == "body"


@pytest.mark.parametrize("at", ["yesterday", "", "9999-12-31T23:59:59-23:00", "2026-13-01"])
def test_times_that_are_none_are_refused(here: Ground, at: str) -> None:
    response = here.asking("/api/playground/run", "POST", json={"text": "T", "at": at})
    assert response.status_code == 422
    assert response.json()["invalid"][0]["name"] == "at"


def test_nothing_but_post_runs_anything(here: Ground) -> None:
    for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
        for what in ("parse", "run"):
            assert here.asking(f"/api/playground/{what}", method).status_code in (404, 405)


def test_the_document_describes_it(here: Ground) -> None:
    document = here.asking("/api/openapi.json").json()
    for what, asked, answered in (("parse", "ParseRequest", "ParseAnswer"), ("run", "RunRequest", "RunAnswer")):
        operation = document["paths"][f"/api/playground/{what}"]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": f"#/components/schemas/{asked}"}
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer == {"$ref": f"#/components/schemas/{answered}"}
        assert {"403", "413", "415", "422", "503"} <= set(operation["responses"])
        assert asked in document["components"]["schemas"]
        assert answered in document["components"]["schemas"]


@pytest.mark.parametrize("damage", ["UPDATE rules SET entry = x'00'", "DROP TABLE comparisons", "DROP TABLE functions"])
def test_a_text_is_read_beside_a_catalog_that_cannot_be(workshop: Workshop, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "damaged.db"
    path.write_bytes(workshop.settings.catalog.read_bytes())
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(damage)
    worker = Worker(Setup(path, None, Limits()))
    for html in (True, False):
        answer = json.loads(worker.answer(msgspec.json.encode(ParseRequest(FIRST, html=html))))
        assert [rule["accepted"] for rule in answer["rules"]] == [True]
