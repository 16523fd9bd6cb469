"""`detectionary parse`: the batch contract to the letter, verdicts of files, and clear errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import FIRST_FILE, FIRST_RULE, Run


def _batch(tmp_path: Path, *lines: object) -> Path:
    path = tmp_path / "queries.ndjson"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


def test_a_batch_answers_each_line_with_the_keys_of_the_contract(run: Run, tmp_path: Path) -> None:
    path = _batch(
        tmp_path,
        {"id": "a", "text": "let n = 5;\nSigninLogs\n| filter ResultType == 0\n| order by UserId asc\n| limit n"},
        {"id": 7, "text": "union SigninLogs, AuditLogs | mvexpand x"},
    )
    outcome = run("parse", "--language", "kusto", "--batch", path)
    assert outcome.status == 0
    assert outcome.lines() == [
        {
            "id": "a",
            "accepted": True,
            "errors": [],
            "stages": [
                {"kind": "source", "start": 11, "end": 21},
                {"kind": "where", "start": 24, "end": 46},
                {"kind": "sort", "start": 49, "end": 68},
                {"kind": "take", "start": 71, "end": 78},
            ],
        },
        {
            "id": 7,
            "accepted": True,
            "errors": [],
            "stages": [{"kind": "union", "start": 0, "end": 27}, {"kind": "mv-expand", "start": 30, "end": 40}],
        },
    ]


def test_offsets_of_a_batch_count_code_points(run: Run, tmp_path: Path) -> None:
    text = "// 🛡️ café\nT | where a == "
    (answer,) = run("parse", "--batch", _batch(tmp_path, {"id": 1, "text": text})).lines()
    assert answer["accepted"] is False
    (error,) = answer["errors"]
    assert set(error) == {"code", "message", "start", "length", "line", "column"}
    assert (error["line"], error["start"]) == (2, len(text.rstrip()))


@pytest.mark.parametrize(
    ("language", "text", "kinds"),
    [
        ("eql", "process where true", ["query"]),
        ("EQL", "process where true", ["query"]),
        ("es|ql", "from a | limit 1", ["from", "limit"]),
        ("kuery", "a: b", ["query"]),
        ("kibana", "a: b", ["query"]),
        ("lucene", "a: b", ["query"]),
        ("yara-l", 'rule a { events: $e.metadata.id = "1" condition: $e }', ["events", "condition"]),
        ("sigma", "detection:\n  s:\n    a: 1\n  condition: s\nlogsource:\n  product: x\n", ["condition", "selection"]),
    ],
)
def test_a_batch_in_each_language_by_its_names(
    run: Run, tmp_path: Path, language: str, text: str, kinds: list[str]
) -> None:
    (answer,) = run("parse", "--language", language, "--batch", _batch(tmp_path, {"id": 1, "text": text})).lines()
    assert (answer["accepted"], [stage["kind"] for stage in answer["stages"]]) == (True, kinds)


@pytest.mark.parametrize(("name", "text"), [("q.eql", "any where true"), ("q.esql", "row a = 1"), ("q.lucene", "a:b")])
def test_a_lone_query_is_parsed_by_its_ending(run: Run, tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    (verdict,) = run("parse", path, "--format", "json").json()
    assert (verdict["accepted"], verdict["title"]) == (True, "q")


def test_a_bad_line_does_not_stop_a_batch(run: Run, tmp_path: Path) -> None:
    path = _batch(tmp_path, "{not json", {"id": "x"}, {"id": "y", "text": "T | take 1"})
    outcome = run("parse", "--batch", path)
    first, second, third = outcome.lines()
    assert (outcome.status, first["accepted"], second["accepted"], third["accepted"]) == (1, False, False, True)
    assert first["id"] is None
    assert "text" in second["errors"][0]["message"]


def test_a_rule_file_is_judged_with_positions_in_the_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(
        "id: 1\nname: Broken\nseverity: Low\nkind: NRT\nquery: |\n  SigninLogs\n  | wher UserId == 'x'\n", "utf-8"
    )
    outcome = run("parse", path)
    assert outcome.status == 1
    assert ":7:5: " in outcome.out
    assert "^^^^" in outcome.out
    (verdict,) = run("parse", path, "--format", "json").json()
    assert (verdict["id"], verdict["title"], verdict["file"], verdict["accepted"]) == ("1", "Broken", str(path), False)


def test_the_first_rule_has_its_six_stages(run: Run) -> None:
    (verdict,) = run("parse", FIRST_FILE, "--format", "ndjson").lines()
    assert verdict["id"] == FIRST_RULE
    assert [stage["kind"] for stage in verdict["stages"]] == ["source", "where", "where", "project", "extend", "extend"]


def test_what_cannot_be_read_says_why_and_what_to_do(run: Run, tmp_path: Path) -> None:
    for arguments, reason in (
        (["parse"], "nothing to parse"),
        (["parse", tmp_path / "none.kql"], "no file"),
        (["parse", "--batch", tmp_path / "none.ndjson"], "cannot read"),
        (["parse", "--language", "klingon", "--batch", tmp_path / "none.ndjson"], "no language is called 'klingon'"),
        (
            ["parse", "--language", "elastic", "--batch", tmp_path / "none.ndjson"],
            "'elastic' is the name of 5 languages",
        ),
        (["parse", "--nonsense"], "--nonsense"),
    ):
        outcome = run(*arguments)
        assert (outcome.status, outcome.out) == (2, ""), arguments
        assert reason in outcome.err
        assert "help:" in outcome.err
