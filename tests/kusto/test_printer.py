"""The printed text itself, case by case. That it reads back as the same tree is tested in `test_properties.py`."""

from __future__ import annotations

import math
from decimal import Decimal
from textwrap import dedent

import pytest

from detectionary.languages.kusto import syntax
from detectionary.languages.kusto.printer import normalised, print_compact, print_query
from detectionary.languages.kusto.syntax import (
    BinaryOperator,
    ListOperator,
    Literal,
    NameReference,
    Pipeline,
    ScalarType,
)

TICKS_AN_HOUR = 36_000_000_000
TICKS_A_DAY = 24 * TICKS_AN_HOUR


def name(text: str) -> NameReference:
    return NameReference(text)


def text(value: str) -> Literal:
    return Literal(ScalarType.STRING, value)


def number(value: int) -> Literal:
    return Literal(ScalarType.LONG, value)


def equal(left: str, right: int) -> syntax.Binary:
    return syntax.Binary(BinaryOperator.EQUAL, name(left), number(right))


def all_of(*operands: syntax.Expression) -> syntax.Expression:
    made = operands[0]
    for operand in operands[1:]:
        made = syntax.Binary(BinaryOperator.AND, made, operand)
    return made


def shown(node: syntax.Node, width: int = 110) -> str:
    return "\n" + print_query(node, width) + "\n"


@pytest.mark.parametrize(
    ("bare", "printed"),
    [
        ("Account", "Account"),
        ("_x1", "_x1"),
        ("$left", "$left"),
        ("nodes", "nodes"),
        ("id", "['id']"),
        ("where", "['where']"),
        ("by", "['by']"),
        ("datetime", "['datetime']"),
        ("true", "['true']"),
        ("Where", "Where"),
        ("a b", "['a b']"),
        ("1st", "['1st']"),
        ("it's", "['it\\'s']"),
        ("a.b", "['a.b']"),
        ("naïve", "['naïve']"),
        ("a\nb", "['a\\nb']"),
        ("", "['']"),
    ],
)
def test_names_have_brackets_only_where_needed(bare: str, printed: str) -> None:
    assert print_compact(name(bare)) == printed
    assert print_compact(syntax.Name(bare)) == printed


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        ("", '""'),
        ("plain", '"plain"'),
        ("it's", '"it\'s"'),
        ('say "x"', "'say \"x\"'"),
        ("both ' and \"", '"both \' and \\""'),
        ("C:\\Windows", '@"C:\\Windows"'),
        ("ends\\", '@"ends\\"'),
        ('a\\"b', "'a\\\\\"b'"),
        ("line\nfeed\r\tand tab", '"line\\nfeed\\r\\tand tab"'),
        ("\0\x1b\x7f", '"\\u0000\\u001b\\u007f"'),
        ("back\\slash and\nline", '"back\\\\slash and\\nline"'),
        ("naïve 日本 😀", '"naïve 日本 😀"'),
        ("\u2028\u00a0\ufeff", '"\\u2028\\u00a0\\ufeff"'),
        ("\U000e0001", '"\\U000e0001"'),
    ],
)
def test_strings_keep_every_character(value: str, printed: str) -> None:
    assert print_compact(text(value)) == printed
    assert print_compact(Literal(ScalarType.STRING, value, obfuscated=True)) == "h" + printed


@pytest.mark.parametrize(
    ("literal", "printed"),
    [
        (Literal(ScalarType.BOOL, True), "true"),
        (Literal(ScalarType.INT, -5), "int(-5)"),
        (Literal(ScalarType.LONG, 5), "5"),
        (Literal(ScalarType.LONG, -5), "long(-5)"),
        (Literal(ScalarType.REAL, 1.0), "1.0"),
        (Literal(ScalarType.REAL, -1.5), "real(-1.5)"),
        (Literal(ScalarType.REAL, -0.0), "real(-0.0)"),
        (Literal(ScalarType.REAL, 1e300), "1e+300"),
        (Literal(ScalarType.REAL, 5e-324), "5e-324"),
        (Literal(ScalarType.REAL, math.nan), "real(nan)"),
        (Literal(ScalarType.REAL, math.inf), "real(+inf)"),
        (Literal(ScalarType.REAL, -math.inf), "real(-inf)"),
        (Literal(ScalarType.DECIMAL, Decimal("1.10")), "decimal(1.10)"),
        (
            Literal(ScalarType.GUID, "74be27de-1e4e-49d9-b579-fe0b331d3642"),
            "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
        ),
        (Literal(ScalarType.TYPE, "string"), "typeof(string)"),
        (Literal(ScalarType.DATETIME, 0), "datetime(0001-01-01)"),
        (Literal(ScalarType.DATETIME, 738_885 * TICKS_A_DAY), "datetime(2024-01-01)"),
        (Literal(ScalarType.DATETIME, 738_885 * TICKS_A_DAY + TICKS_AN_HOUR), "datetime(2024-01-01T01:00:00Z)"),
        (Literal(ScalarType.DATETIME, 738_885 * TICKS_A_DAY + 1), "datetime(2024-01-01T00:00:00.0000001Z)"),
        (Literal(ScalarType.DATETIME, 738_885 * TICKS_A_DAY + 5_000_000), "datetime(2024-01-01T00:00:00.5Z)"),
        (Literal(ScalarType.DATETIME, 3_155_378_975_999_999_999), "datetime(9999-12-31T23:59:59.9999999Z)"),
        (Literal(ScalarType.TIMESPAN, 0), "0s"),
        (Literal(ScalarType.TIMESPAN, 14 * TICKS_A_DAY), "14d"),
        (Literal(ScalarType.TIMESPAN, 36 * TICKS_AN_HOUR), "36h"),
        (Literal(ScalarType.TIMESPAN, TICKS_AN_HOUR * 3 // 2), "90m"),
        (Literal(ScalarType.TIMESPAN, 15_000), "15000tick"),
        (Literal(ScalarType.TIMESPAN, -TICKS_A_DAY - 1), "timespan(-1.00:00:00.0000001)"),
    ],
)
def test_literals_are_spelled_by_their_value_alone(literal: Literal, printed: str) -> None:
    assert print_compact(literal) == printed


def test_a_null_is_spelled_with_its_type_and_a_refused_content_as_written() -> None:
    assert print_compact(Literal(ScalarType.INT, None, "int( NULL )")) == "int(null)"
    assert print_compact(Literal(ScalarType.DATETIME, None, "datetime(null)")) == "datetime(null)"
    assert print_compact(Literal(ScalarType.DATETIME, None)) == "datetime(null)"
    assert print_compact(Literal(ScalarType.DATETIME, None, "date(soon)")) == "datetime(soon)"
    assert print_compact(Literal(ScalarType.LONG, None, "99999999999999999999")) == "99999999999999999999"
    assert print_compact(syntax.DynamicLiteral(Literal(ScalarType.DYNAMIC, None))) == "dynamic(null)"


def test_dynamic_json_keeps_the_types_of_its_elements() -> None:
    value = syntax.JsonObject(
        (
            ("it's", syntax.JsonArray((number(-1), Literal(ScalarType.REAL, -0.5), text("C:\\x")))),
            ("when", Literal(ScalarType.DATETIME, 0)),
            ("nested", syntax.DynamicLiteral(syntax.JsonArray(()))),
            ("none", Literal(ScalarType.DYNAMIC, None)),
        )
    )
    assert print_compact(syntax.DynamicLiteral(value)) == (
        'dynamic({"it\'s": [-1, -0.5, "C:\\\\x"], "when": datetime(0001-01-01), "nested": dynamic([]), "none": null})'
    )


def test_one_operator_a_line_and_nested_pipelines_indented() -> None:
    inner = Pipeline((name("Other"), syntax.Where(equal("x", 1))))
    join = syntax.Join(
        syntax.Parenthesized(inner),
        (name("Id"),),
        parameters=(syntax.QueryParameter("kind", name("inner")),),
        keyword="join",
    )
    query = syntax.Query(
        (
            syntax.Let(syntax.Name("limit"), number(5)),
            syntax.Let(syntax.Name("recent"), inner),
            syntax.ExpressionStatement(Pipeline((name("T"), syntax.Where(equal("a b", 1)), join, syntax.Count()))),
        )
    )
    assert shown(query) == dedent("""
        let ['limit'] = 5;
        let recent =
            Other
            | where x == 1;
        T
        | where ['a b'] == 1
        | join kind=inner (
            Other
            | where x == 1
        ) on Id
        | count
        """)
    assert normalised(query) == (
        "let ['limit'] = 5; let recent = Other | where x == 1; "
        "T | where ['a b'] == 1 | join kind=inner (Other | where x == 1) on Id | count"
    )


def test_a_long_condition_has_its_operators_at_the_line_starts() -> None:
    either = syntax.Parenthesized(syntax.Binary(BinaryOperator.OR, all_of(equal("a", 1), equal("b", 2)), equal("c", 3)))
    where = Pipeline((name("T"), syntax.Where(all_of(equal("start", 1), either, equal("third", 3)))))
    assert shown(where) == dedent("""
        T
        | where start == 1 and (a == 1 and b == 2 or c == 3) and third == 3
        """)
    assert shown(where, width=40) == dedent("""
        T
        | where start == 1
            and (a == 1 and b == 2 or c == 3)
            and third == 3
        """)
    assert shown(where, width=28) == dedent("""
        T
        | where start == 1
            and (
                a == 1 and b == 2
                    or c == 3
            )
            and third == 3
        """)


def test_long_lists_have_one_item_a_line() -> None:
    columns = tuple(name(f"Column{index}") for index in range(4))
    items = syntax.InList(ListOperator.HAS_ANY, name("x"), tuple(text(f"value {index}") for index in range(3)))
    summarize = syntax.Summarize((syntax.Call(syntax.Name("count"), ()),), columns)
    pipeline = Pipeline((name("T"), syntax.Where(items), syntax.Project(columns), summarize))
    assert shown(pipeline, width=30) == dedent("""
        T
        | where x has_any (
            "value 0",
            "value 1",
            "value 2"
        )
        | project
            Column0,
            Column1,
            Column2,
            Column3
        | summarize
            count()
            by
                Column0,
                Column1,
                Column2,
                Column3
        """)


def test_a_function_has_its_statements_on_lines_of_their_own() -> None:
    tabular = syntax.Parameter(syntax.Name("T"), None, syntax.RowSchema((), open=True))
    scalar = syntax.Parameter(syntax.Name("n"), ScalarType.LONG, None, number(3))
    body = Pipeline((name("T"), syntax.Take(name("n"))))
    inner = syntax.Let(syntax.Name("m"), number(1))
    long = syntax.Let(syntax.Name("f"), syntax.FunctionDeclaration((tabular, scalar), (inner,), body))
    short = syntax.Let(syntax.Name("g"), syntax.FunctionDeclaration((), (), number(1), view=True))
    assert shown(syntax.Query((long, short))) == dedent("""
        let f = (T: (*), n: long = 3) {
            let m = 1;
            T
            | take n
        };
        let g = view () { 1 };
        """)


def test_a_datatable_has_a_row_a_line() -> None:
    schema = syntax.RowSchema(
        (
            syntax.ColumnDeclaration(syntax.Name("a"), ScalarType.STRING),
            syntax.ColumnDeclaration(syntax.Name("b"), ScalarType.LONG),
        )
    )
    table = syntax.DataTable((), schema, (text("x"), number(1), text("y"), number(2)))
    assert print_query(table) == 'datatable(a: string, b: long) ["x", 1, "y", 2]'
    assert shown(table, width=36) == dedent("""
        datatable(a: string, b: long) [
            "x", 1,
            "y", 2
        ]
        """)


def test_spellings_and_places_do_not_show() -> None:
    one = syntax.Where(equal("x", 1), keyword="filter")
    other = syntax.Where(equal("x", 1), keyword="where")
    assert print_compact(one) == print_compact(other) == "where x == 1"
    assert print_compact(Literal(ScalarType.LONG, 16, "0x10")) == "16"


@pytest.mark.parametrize("operator", [BinaryOperator.AND, BinaryOperator.OR, BinaryOperator.ADD])
def test_a_chain_of_fifty_thousand_terms_needs_no_stack(operator: BinaryOperator) -> None:
    chain: syntax.Expression = name("a0")
    for index in range(1, 50_000):
        chain = syntax.Binary(operator, chain, name(f"a{index}"))
    printed = print_compact(chain)
    assert printed.split(f" {operator.value} ") == [f"a{index}" for index in range(50_000)]
    assert print_query(chain).count("\n") == 49_999


def test_brackets_and_paths_fifty_thousand_deep_need_no_stack() -> None:
    nested: syntax.Expression = name("a")
    path: syntax.Expression = name("a")
    calls: syntax.Expression = name("a")
    for _ in range(50_000):
        nested = syntax.Parenthesized(nested)
        path = syntax.Path(path, syntax.Name("b"))
        calls = syntax.Call(syntax.Name("f"), (calls,))
    assert print_compact(nested) == "(" * 50_000 + "a" + ")" * 50_000
    assert print_compact(path) == "a" + ".b" * 50_000
    assert print_compact(calls) == "f(" * 50_000 + "a" + ")" * 50_000
    assert len(print_query(nested)) < 200 * 50_000
