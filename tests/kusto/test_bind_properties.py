"""What holds for the binder on every tree: it raises nothing, names no column twice, and says the same again."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings

from detectionary.languages.kusto import syntax
from detectionary.languages.kusto.bind import bind
from detectionary.languages.kusto.bound import Bound, TableType
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import Pipeline, Query, ScalarType, Where, walk
from detectionary.model.schema import Column, Environment, TableSchema
from detectionary.text.codes import BY_CODE
from tests.kusto.strategies import KINDS, expressions, queries, small_queries

COLUMNS: Final = (Column("x", "long"), Column("y", "string"), Column("z", "dynamic"), Column("t", "datetime"))
ENVIRONMENT: Final = Environment({name: TableSchema(name, COLUMNS) for name in ("T", "A", "B")})

bounded: Final = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
"""The same examples in every run, so that a failure is a change and no accident."""


def check(tree: Query) -> Bound:
    bound = bind(tree, ENVIRONMENT)
    for table in bound.results.values():
        names = [column.name for column in table.columns]
        assert len(set(names)) == len(names)
    for node in walk(tree):
        if isinstance(node, Pipeline) and id(node.stages[0]) in bound.results:
            assert all(id(stage) in bound.results for stage in node.stages)
    assert all(finding.code in BY_CODE for finding in bound.diagnostics)
    return bound


def shape(bound: Bound) -> object:
    result = bound.result
    if isinstance(result, TableType):
        return [(column.name, column.type) for column in result.columns], result.open
    return result


@bounded
@given(queries())
def test_every_query_binds(tree: Query) -> None:
    assert shape(check(tree)) == shape(bind(tree, ENVIRONMENT))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_node_binds(kind: int) -> None:
    @bounded
    @given(small_queries(kind))
    def binds(tree: Query) -> None:
        check(tree)

    binds()


@bounded
@given(expressions())
def test_every_expression_has_a_type(expression: syntax.Expression) -> None:
    source = syntax.NameReference("T")
    stage = syntax.Project((syntax.Named((syntax.Name("made"),), expression),))
    bound = check(Query((syntax.ExpressionStatement(Pipeline((source, stage))),)))
    assert isinstance(bound.result, TableType)
    assert bound.result.columns[0].name == "made"
    assert isinstance(bound.types.get(id(expression), ScalarType.UNKNOWN), ScalarType | TableType)


@bounded
@given(queries())
def test_a_condition_that_always_holds_changes_no_column(tree: Query) -> None:
    last = tree.statements[-1]
    assert isinstance(last, syntax.ExpressionStatement)
    bound = check(tree)
    if not isinstance(bound.result, TableType):
        return
    always = Where(syntax.Literal(ScalarType.BOOL, True))
    longer = Pipeline((syntax.Parenthesized(last.expression), always))
    again = check(Query((*tree.statements[:-1], syntax.ExpressionStatement(longer))))
    assert shape(again) == shape(bound)


def test_calls_that_double_at_every_step_end() -> None:
    steps = "\n".join(f"let f{at + 1} = (T: (*)) {{ f{at}(f{at}(T | extend c{at} = 1)) }};" for at in range(40))
    bound = bind(parse(f"let f0 = (T: (*)) {{ T }};\n{steps}\nf40(T)").tree, ENVIRONMENT)
    assert isinstance(bound.result, TableType)


LARGE: Final = {
    "stages that each add a column": "T" + "".join(f"\n| extend c{at} = {at}" for at in range(40_000)),
    "one stage of many columns": "T | project " + ", ".join(f"c{at} = x" for at in range(60_000)),
    "unnamed aggregates": "T | summarize " + ", ".join(["count()"] * 60_000),
    "legs of a union": "union " + ", ".join(["T"] * 60_000),
    "names that are not there": "T | where " + " and ".join(f"n{at}q == 1" for at in range(40_000)),
    "lets": "".join(f"let v{at} = {at};\n" for at in range(40_000)) + "T | where x == v39999",
    "functions that take turns": "".join(
        f"let f{at} = (n: long) {{ f{at - 1}(n) + f{at - 1}(n + 1) }};\n" if at else "let f0 = (n: long) { n };\n"
        for at in range(2_000)
    )
    + "print f1999(1)",
}


@pytest.mark.parametrize("text", LARGE.values(), ids=LARGE.keys())
def test_large_queries_end(text: str) -> None:
    """Not timed; each would run for hours, or out of memory, if work grew with the square of the text."""
    bound = bind(parse(text).tree, ENVIRONMENT)
    assert {finding.code for finding in bound.diagnostics} <= {"KQL203", "KQL299"}
