"""Rules with a token changed, and trees at random: refused, or run as one SELECT. Never another exception.

Not the rows but the bounds are tested here: an error of the engine is allowed where a value causes it (a regular
expression, a number out of range), not where the statement does, since then it should not have been made.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from detectionary.compiler.compile import Evaluation, Setting, emit, plan_query
from detectionary.compiler.refused import Refused
from detectionary.engines.engine import EngineError, Limits, Session
from detectionary.engines.registry import engine_named
from detectionary.languages.kusto.lexer import tokenize
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import Query
from detectionary.languages.kusto.tokens import BOOL, DATETIME, LONG, REAL, STRING, TIMESPAN
from detectionary.model.schema import Column, Environment, TableSchema
from detectionary.schemas.kusto_functions import environment_base
from detectionary.text import SourceText
from tests.compiler.engines import NOW
from tests.compiler.hostile import MARK, TEXTS, assert_only_data, kusto_name, kusto_text
from tests.conftest import PROJECT, needs_shared
from tests.kusto.strategies import queries
from tools import rule_run

ENGINE: Final = "duckdb"
MADE_WRONG: Final = ("Binder Error", "Parser Error", "Catalog Error", "INTERNAL Error", "Syntax Error")
"""Errors of a statement that should not have been made."""


class MadeWrongError(AssertionError):
    """The engine found a fault in the statement itself."""


LITERALS: Final = frozenset({STRING, LONG, REAL, TIMESPAN, DATETIME, BOOL})

TOO_DEEP: Final = "Max expression depth limit"
"""DuckDB's own bound, which a query of a thousand stages meets."""


@pytest.fixture(scope="module")
def empty() -> Iterator[Session]:
    """A session in which every table is empty."""
    with engine_named(ENGINE).open({}, Limits(memory=1024, seconds=10)) as session:
        yield session


def outcome(text: str, setting: Setting, session: Session) -> str:
    """What becomes of a query: "refused", "stopped" by the engine, or "run"."""
    parsed = parse(SourceText(text, "query").text)
    if not parsed.accepted:
        return "refused"
    return run_tree(parsed.tree, setting, session)


def run_tree(tree: Query, setting: Setting, session: Session) -> str:
    evaluation = Evaluation(NOW)
    try:
        compiled = emit(
            plan_query(tree, setting, evaluation), engine_named(ENGINE).dialect, evaluation, session.storage
        )
    except Refused:
        return "refused"
    assert_only_data(compiled)
    (statement,) = duckdb.extract_statements(compiled.text())
    assert statement.type == duckdb.StatementType.SELECT
    try:
        result = session.run(compiled)
        list(result.rows())
    except EngineError as error:
        message = error.diagnostics[0].message
        if any(made in message for made in MADE_WRONG) and TOO_DEEP not in message:
            raise MadeWrongError(message) from None
        return "stopped"
    return "run"


def changed(text: str, chance: random.Random) -> str:
    """`text` with one token gone, doubled, moved, replaced by another one of it, or by a hostile text or name."""
    tokens = tokenize(text)
    starts, ends = tokens.starts, tokens.ends
    count = len(starts) - 1
    if count < 3:
        return text
    at, other = chance.randrange(count), chance.randrange(count)
    literals = [place for place in range(count) if tokens.kinds[place] in LITERALS]
    if literals and chance.random() < 0.6:
        at, other = chance.choice(literals), chance.choice(literals)
    token, turn = text[starts[at] : ends[at]], chance.randrange(6)
    if tokens.kinds[at] == STRING and chance.random() < 0.6:
        turn = 3
    replacement = {
        0: "",
        1: f"{token} {token}",
        2: text[starts[other] : ends[other]],
        3: kusto_text(chance.choice(TEXTS)),
        4: kusto_name(chance.choice(TEXTS)),
        5: chance.choice(
            ("0", "-1", "9223372036854775807", "1e308", "null", "dynamic(null)", "''", "1d", "*", "now()")
        ),
    }[turn]
    return text[: starts[at]] + replacement + text[ends[at] :]


def check(texts: list[tuple[str, str, Setting]], session: Session) -> dict[str, int]:
    found = {"refused": 0, "stopped": 0, "run": 0}
    for name, text, setting in texts:
        try:
            found[outcome(text, setting, session)] += 1
        except Exception as error:
            shown = "".join(traceback.format_exception(error)[-3:])
            pytest.fail(f"{name}\n{text}\n{shown}", pytrace=False)  # a plan of many nodes takes minutes to be shown
    return found


@needs_shared
@pytest.mark.parametrize("part", range(4))
def test_a_changed_rule_is_refused_or_run(part: int, empty: Session) -> None:
    known = rule_run.environment()
    texts = []
    for number, rule in enumerate(rule_run.rules()):
        if number % 8 == part:
            chance = random.Random(f"{part} {rule.path}")
            setting = rule_run.setting_of(parse(rule.query).tree, known)
            texts.append((rule.path, changed(changed(rule.query, chance), chance), setting))
            texts.append((rule.path, changed(rule.query, chance), setting))
    found = check(texts, empty)
    assert found["run"] > 30
    assert found["refused"] > 10


def test_a_changed_example_is_refused_or_run(empty: Session) -> None:
    setting = Setting(environment_base())
    texts = []
    for path, query in _examples():
        for turn in range(30):
            chance = random.Random(f"{turn} {path}")
            texts.append((path, changed(query, chance), setting))
    assert check(texts, empty)["run"] > 20


def _examples() -> Iterator[tuple[str, str]]:
    for path in sorted(Path(PROJECT, "examples", "rules").rglob("*.yaml")):
        document = yaml.safe_load(path.read_text("utf-8"))
        if isinstance(document, dict) and isinstance(document.get("query"), str):
            yield path.name, document["query"]


COLUMNS: Final = (Column("x", "long"), Column("y", "string"), Column("z", "dynamic"), Column("t", "datetime"))
ENVIRONMENT: Final = Environment({name: TableSchema(name, COLUMNS) for name in ("T", "A", "B")})


def test_a_tree_at_random_is_refused_or_run(empty: Session) -> None:
    @settings(
        derandomize=True,
        database=None,
        deadline=None,
        max_examples=150,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(queries())
    def holds(tree: Query) -> None:
        run_tree(tree, Setting(ENVIRONMENT), empty)

    holds()


DEEP: Final = {
    "brackets": "print x = " + "(" * 3000 + "1" + ")" * 3000,
    "a sum": "print x = " + " + ".join(["1"] * 5000),
    "conditions": "T | where " + " and ".join(f"x != {number}" for number in range(5000)),
    "alternatives": "T | where " + " or ".join(f"(x == {number} and y == 'a')" for number in range(2000)),
    "negations": "T | where " + "not(" * 2000 + "x == 1" + ")" * 2000,
    "calls": "print x = " + "strcat('a', " * 1500 + "'b'" + ")" * 1500,
    "choices": "print x = " + "iff(1 == 1, " * 1000 + "1" + ", 2)" * 1000,
    "stages": "T" + " | where x > 1 | extend x = x + 1" * 400,
    "columns": "T" + "".join(f" | extend c{number} = x" for number in range(200)),
    "members": "T | project w = z" + ".a" * 2000,
    "items": "T | project w = z" + "[0]" * 2000,
    "a long list": "T | where y in (" + ", ".join(f"'{number}'" for number in range(20000)) + ")",
    "a long pattern": "T | parse y with " + " ".join(f"'a{number}' c{number}" for number in range(500)),
    "legs": "union " + ", ".join(["T"] * 300),
    "joins": "T" + " | join kind=inner T on x | project x" * 60,
    "lets": "".join(f"let a{at} = a{at - 1} + 1;\n" if at else "let a0 = 1;\n" for at in range(1500)) + "print a1499",
    "tables of tables": "".join(
        f"let t{at} = union t{at - 1}, t{at - 1};\n" if at else "let t0 = T | distinct x;\n" for at in range(40)
    )
    + "t39 | count",
    "a large text": f"print x = '{MARK * 100_000}'",
}


@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP.keys())
def test_deep_and_long_queries_are_refused_or_run(text: str, empty: Session) -> None:
    outcome(text, Setting(ENVIRONMENT), empty)


def test_a_pattern_of_too_many_columns_is_refused(empty: Session) -> None:
    assert outcome(DEEP["a long pattern"], Setting(ENVIRONMENT), empty) == "refused"
