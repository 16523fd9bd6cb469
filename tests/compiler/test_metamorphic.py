"""Queries that must mean the same: on generated tables, and on every query of the conformance families that runs.

What a rule of the language says holds whatever the rows are, so it finds wrong rows that no recorded answer is there
for: a condition holds, does not hold or is null; two filters are one; a filter that always holds changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detectionary.compiler.refused import Refused
from detectionary.engines.engine import EngineError
from detectionary.engines.registry import ENGINES
from detectionary.engines.result import Value
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import (
    As,
    Binary,
    BinaryOperator,
    ExpressionStatement,
    FunctionDeclaration,
    Let,
    Literal,
    NameReference,
    Operator,
    Pipeline,
    Query,
    Render,
    Where,
    walk,
)
from tests.compiler.engines import answer
from tests.compiler.hostile import kusto_text
from tests.conftest import needs_shared
from tools import conformance

bounded: Final = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""The same examples in every run."""


def rows(engine: str, query: str) -> list[tuple[Value, ...]]:
    return list(answer(engine, query).rows())


def bag(found: list[tuple[Value, ...]]) -> list[str]:
    """Rows whose order does not matter."""
    return sorted(json.dumps(row) for row in found)


# Generated tables and conditions

_longs = st.sampled_from(("long(null)", "0", "1", "2", "-3", "9223372036854775807"))
_texts = st.sampled_from(("", "a", "A", "ab", "a b", "b", "x-a", "1", "null")).map(kusto_text)
_reals = st.sampled_from(("real(null)", "0.0", "1.0", "-2.5", "real(nan)", "real(+inf)"))
_times = st.sampled_from(("datetime(null)", "datetime(2024-01-01)", "datetime(2024-02-29 12:00)"))
_spans = st.sampled_from(("timespan(null)", "0s", "1h", "-2d"))
_bools = st.sampled_from(("bool(null)", "true", "false"))
_dynamics = st.sampled_from(("dynamic(null)", 'dynamic("a")', "dynamic(1)", 'dynamic({"k":"a"})', 'dynamic(["a",2])'))

COLUMNS: Final = {
    "n": ("long", _longs),
    "s": ("string", _texts),
    "r": ("real", _reals),
    "t": ("datetime", _times),
    "d": ("timespan", _spans),
    "b": ("bool", _bools),
    "y": ("dynamic", _dynamics),
}

_CONDITIONS: Final = (
    *("n == {n}", "n != {n}", "n < {n}", "n >= {n}", "n in ({n}, {n})", "n between ({n} .. {n})", "n + 1 > {n}"),
    *(
        "s == {s}",
        "s != {s}",
        "s =~ {s}",
        "s !~ {s}",
        "s has {s}",
        "s contains {s}",
        "s startswith {s}",
        "s in ({s}, {s})",
    ),
    *("isempty(s)", "strlen(s) > 1", "tolong(s) == {n}", "s !in~ ({s})", "s has_any ({s}, {s})", "s !contains_cs {s}"),
    *("r == {r}", "r < {r}", "isnan(r)", "r != {r}", "toint(r) == {n}"),
    *("t == {t}", "t > {t}", "t - {t} >= {d}", "t != {t}", "bin(t, 1d) == {t}"),
    *("d == {d}", "d < {d}", "b", "not(b)", "b == {b}", "b != {b}", "isnull(b)", "isnull(n)", "isnotnull(t)"),
    *("tostring(y) == {s}", "tostring(y.k) == {s}", "tolong(y) == {n}", "isnull(y)", "tostring(y[0]) =~ {s}"),
    *("iff(b, n, 0) == {n}", "coalesce(n, 7) == {n}", "strcat(s, 'x') has {s}", "n == r", "tostring(n) == s"),
)


@st.composite
def tables(draw: st.DrawFn) -> str:
    """A table of a few rows in which every kind of value meets every other."""
    made = draw(st.lists(st.tuples(*(values for _, values in COLUMNS.values())), max_size=8))
    columns = ", ".join(f"{name}:{kind}" for name, (kind, _) in COLUMNS.items())
    return f"datatable({columns})[{', '.join(cell for row in made for cell in row)}]"


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    """A condition over such a table."""
    if depth and draw(st.booleans()):
        left, right = draw(conditions(depth - 1)), draw(conditions(depth - 1))
        return draw(st.sampled_from((f"({left} and {right})", f"({left} or {right})", f"not({left})")))
    pattern = draw(st.sampled_from(_CONDITIONS))
    while (at := pattern.find("{")) >= 0:
        pattern = pattern[:at] + draw(COLUMNS[pattern[at + 1]][1]) + pattern[at + 3 :]
    return pattern


def same(engine: str, one: str, *others: str) -> None:
    expected = bag(rows(engine, one))
    for other in others:
        assert bag(rows(engine, other)) == expected, f"\n{one}\n{other}"


@pytest.mark.parametrize("engine", ENGINES)
def test_filters_split_meet_and_change_places(engine: str) -> None:
    @bounded
    @given(tables(), conditions(1), conditions(1))
    def holds(table: str, one: str, other: str) -> None:
        same(
            engine,
            f"{table} | where {one} and {other}",
            f"{table} | where {one} | where {other}",
            f"{table} | where {other} | where {one}",
            f"{table} | where true | where {other} and {one} | where true",
            f"{table} | extend made = ({one}) | where {other} | where made | project-away made",
            f"let kept = {table} | where {one}; kept | where {other}",
            f"{table} | project n, s, r, t, d, b, y | where not(not({one}) or not({other}))",
        )

    holds()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_condition_holds_or_not_or_is_null(engine: str) -> None:
    @bounded
    @given(tables(), conditions())
    def holds(table: str, condition: str) -> None:
        everything = rows(engine, table)
        parts = [
            row
            for part in (condition, f"not({condition})", f"isnull({condition})")
            for row in rows(engine, f"{table} | where {part}")
        ]
        assert bag(parts) == bag(everything)
        counted = rows(engine, f"{table} | summarize countif({condition}), countif(not({condition})), count()")
        assert counted == [
            (
                len(rows(engine, f"{table} | where {condition}")),
                len(rows(engine, f"{table} | where not({condition})")),
                len(everything),
            )
        ]

    holds()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_let_means_its_value(engine: str) -> None:
    @bounded
    @given(tables(), _longs, _texts)
    def holds(table: str, number: str, text: str) -> None:
        same(
            engine,
            f"{table} | where n == {number} or s has {text} | extend x = {number}, z = strcat({text}, s)",
            f"let x1 = {number}; let z1 = {text};"
            f" {table} | where n == x1 or s has z1 | extend x = x1, z = strcat(z1, s)",
            f"let f = (v: long, w: string) {{ {table} | where n == v or s has w | extend x = v, z = strcat(w, s) }};"
            f" f({number}, {text})",
            f"let g = (T: (n: long, s: string), w: string) {{ T | where n == {number} or s has w }};"
            f" {table} | invoke g({text}) | extend x = {number}, z = strcat({text}, s)",
        )

    holds()


@pytest.mark.parametrize("engine", ENGINES)
def test_ways_to_group_and_to_cut_agree(engine: str) -> None:
    @bounded
    @given(tables(), st.sampled_from(("n", "s", "t", "d", "b")), st.integers(0, 4))
    def holds(table: str, key: str, count: int) -> None:
        same(
            engine,
            f"{table} | distinct {key}",
            f"{table} | summarize by {key}",
            f"{table} | summarize count() by {key} | project {key}",
        )
        same(
            engine,
            f"{table} | summarize c = count(), m = max(n) by {key}",
            f"({table} | summarize c = count(), m = max(n) by {key})"
            f" | join kind=leftouter (print z = 1) on $left.c == $right.z | project {key}, c, m",
            f"union ({table} | where b), ({table} | where not(b)), ({table} | where isnull(b))"
            f" | summarize c = count(), m = max(n) by {key}",
        )
        ordered = f"sort by {key} asc, n asc, s asc, t asc, d asc, tostring(r) asc, b asc, tostring(y) asc"
        assert rows(engine, f"{table} | {ordered} | take {count}") == rows(engine, f"{table} | {ordered}")[:count]
        assert (
            rows(engine, f"{table} | top {count} by {key} asc | project {key}")
            == (rows(engine, f"{table} | sort by {key} asc | project {key}")[:count])
        )

    holds()


@pytest.mark.parametrize("engine", ENGINES)
def test_joins_add_up(engine: str) -> None:
    @bounded
    @given(tables(), tables(), st.sampled_from(("n", "s", "t", "b")))
    def holds(left: str, right: str, key: str) -> None:
        def joined(kind: str) -> list[tuple[Value, ...]]:
            return rows(engine, f"({left}) | join kind={kind} ({right}) on {key}")

        def size(kind: str) -> int:
            return len(joined(kind))

        everything = len(rows(engine, left))
        assert size("leftsemi") + size("leftanti") == everything
        assert size("leftouter") == size("inner") + size("leftanti")
        assert size("rightouter") == size("inner") + size("rightanti")
        assert size("fullouter") == size("leftouter") + size("rightanti")
        known = f"({left}) | where isnotnull({key})", f"({right}) | where isnotnull({key})"
        same(
            engine,
            f"{known[0]} | join kind=leftsemi ({known[1]}) on {key}",
            f"{known[0]} | join kind=leftsemi ({known[1]} | distinct {key}) on {key}",
            f"{known[0]} | where {key} in ({known[1]} | project {key})",
        )

    holds()


# Rewritten queries of the conformance families


def _queries() -> list[str]:
    """The queries that have an answer and that every engine of the bars runs."""
    gaps = {name for found in conformance.read_gaps("duckdb").values() for name in found}
    return [
        str(case["query"])
        for family in ("emulator", "docs")
        for case in conformance.cases(family)
        if not case.get("expect_error") and str(case["id"]) not in gaps
    ]


def _pipelines(tree: Query) -> Iterator[tuple[Pipeline, Operator]]:
    """The operators of all pipelines behind which another one may stand."""
    for node in walk(tree):
        if isinstance(node, Pipeline):
            for stage in node.stages:
                if isinstance(stage, Operator) and not isinstance(stage, As | Render):
                    yield node, stage


def _replaced(text: str, edits: list[tuple[int, int, str]]) -> str:
    """`text` with spans replaced, none of which overlap."""
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def always_true(text: str, tree: Query) -> str | None:
    """`where true` behind every stage."""
    edits = [(stage.span.end, stage.span.end, " | where true") for _, stage in _pipelines(tree)]
    return _replaced(text, edits) if edits else None


def split_filters(text: str, tree: Query) -> str | None:
    """`where a and b` as `where b | where a`."""
    edits = []
    for _, stage in _pipelines(tree):
        if not isinstance(stage, Where):
            continue
        both = stage.predicate
        if isinstance(both, Binary) and both.operator is BinaryOperator.AND:
            one, other = (text[side.span.start : side.span.end] for side in (both.left, both.right))
            edits.append((stage.span.start, stage.span.end, f"where {other} | where {one}"))
    return _replaced(text, edits) if edits else None


def inlined_lets(text: str, tree: Query) -> str | None:
    """The value of every `let` of a literal in the places of its name."""
    values = {
        statement.name.text: statement.value
        for statement in tree.statements
        if isinstance(statement, Let) and isinstance(statement.value, Literal)
    }
    if any(isinstance(node, FunctionDeclaration) for node in walk(tree)):
        return None
    edits = [
        (node.span.start, node.span.end, f"({text[value.span.start : value.span.end]})")
        for node in walk(tree)
        if isinstance(node, NameReference) and (value := values.get(node.name)) is not None
    ]
    return _replaced(text, edits) if edits else None


def wrapped(text: str, tree: Query) -> str | None:
    """The query as a function, `where true` behind every stage, its columns put in the order that they have."""
    last = tree.statements[-1]
    if not isinstance(last, ExpressionStatement) or any(isinstance(node, Render) for node in walk(tree)):
        return None
    longer = always_true(text, tree) or text
    again = parse(longer).tree.statements[-1]
    body = longer[again.span.start : again.span.end]
    return f"{longer[: again.span.start]}\nlet result_of_it = (){{ {body} }};\nresult_of_it() | project-reorder *"


REWRITES: Final[dict[str, Callable[[str, Query], str | None]]] = {
    "in a function, with filters that always hold": wrapped,
    "conjunctions split and turned round": split_filters,
    "lets inlined": inlined_lets,
}


@cache
def expected(engine: str, query: str) -> list[str] | None:
    try:
        return bag(rows(engine, query))
    except (Refused, EngineError):
        return None


def any_order(known: list[str]) -> list[str]:
    """Rows whose lists are sorted: the order in which `make_list` collects rows that nothing sorts is not defined, and
    several threads bring groups in another order from run to run.
    """

    def loosened(value: object) -> object:
        return sorted(map(loosened, value), key=json.dumps) if isinstance(value, list) else value

    return sorted(json.dumps([loosened(cell) for cell in json.loads(row)]) for row in known)


@needs_shared
@pytest.mark.parametrize("rewrite", REWRITES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_rewritten_query_gives_the_same_rows(engine: str, rewrite: str) -> None:
    seen, different = 0, []
    for text in _queries():
        other = REWRITES[rewrite](text, parse(text).tree)
        known = expected(engine, text) if other is not None else None
        if other is None or known is None:
            continue
        seen += 1
        try:
            got = bag(rows(engine, other))
        except (Refused, EngineError) as error:
            different.append(f"{text}\n{other}\n{error}")
            continue
        if got != known and not ("make_" in text and any_order(got) == any_order(known)):
            different.append(f"{text}\n{other}\n{known[:5]}\n{got[:5]}")
    assert not different, f"{len(different)} of {seen}\n\n" + "\n\n".join(different[:5])
    assert seen > 5
