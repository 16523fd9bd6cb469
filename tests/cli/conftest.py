"""One catalog of the example rules, and the command line called as a user calls it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from detectionary.cli import main
from tests.conftest import PROJECT

EXAMPLES = PROJECT / "examples" / "rules"
FIRST_FILE = EXAMPLES / "sentinel" / "AWS_UnauthorizedInstanceSetUpAttempt.yaml"
FIRST_RULE = "f7210a45-12a4-4d02-b59e-f23476827a4b"


@dataclass(frozen=True)
class Outcome:
    """What a command wrote and how it ended."""

    status: int
    out: str
    err: str

    def json(self) -> Any:  # JSON of any shape, checked by the test
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Outcome]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line in this process, with lines as long as in a pipe: a test runner may set another width."""
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: str | Path) -> Outcome:
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of the example rules."""
    path = tmp_path_factory.mktemp("catalog") / "examples.db"
    assert main(["ingest", str(EXAMPLES), "--db", str(path), "--processes", "1"]) == 0
    return path
