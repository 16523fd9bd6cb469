"""The binder on the Markdown cases, and what its result promises to the analysis."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.languages.kusto.bind import bind
from detectionary.languages.kusto.bound import (
    Bound,
    ColumnSymbol,
    FunctionSymbol,
    TableSymbol,
    TableType,
    VariableSymbol,
)
from detectionary.languages.kusto.functions import Function
from detectionary.languages.kusto.functions_aggregate import AGGREGATES
from detectionary.languages.kusto.functions_plugins import PLUGINS
from detectionary.languages.kusto.functions_scalar import SCALAR_FUNCTIONS
from detectionary.languages.kusto.functions_series import SERIES_FUNCTIONS
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import (
    BadExpression,
    BadOperator,
    BadStatement,
    Binary,
    BinaryOperator,
    Call,
    ExpressionStatement,
    Extend,
    Join,
    Let,
    Literal,
    Name,
    NameReference,
    Node,
    Pipeline,
    Project,
    Query,
    ScalarType,
    Summarize,
    Where,
    walk,
)
from detectionary.model.schema import Column, Environment, FunctionDefinition, TableSchema
from detectionary.text import SourceText
from tests.mdcases import Case, parameters

CASES = sorted((Path(__file__).parent / "cases").glob("bind-*.md"))

LOGONS = "TimeGenerated datetime, Account string, Computer string, EventID int, Details dynamic"
PROCESSES = "TimeGenerated datetime, Computer string, Image string"


def table(name: str, columns: str) -> TableSchema:
    """A schema from `a string, b long`; an ending `...` makes it open."""
    words = [column.split() for column in columns.split(", ") if column != "..."]
    return TableSchema(name, tuple(Column(name, kind) for name, kind in words), columns.endswith("..."))


DEFAULT = Environment({"Logons": table("Logons", LOGONS), "Processes": table("Processes", PROCESSES)})


def environment(text: str | None) -> Environment:
    """`table T: a string`, `function f(x:long) = body` or `function f() -> a string, ...`, a line each."""
    if text is None:
        return DEFAULT
    tables: dict[str, TableSchema] = {}
    functions: dict[str, FunctionDefinition] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "table":
            name, _, columns = rest.partition(": ")
            tables[name] = table(name, columns)
            continue
        assert word == "function", line
        head, arrow, columns = rest.partition(" -> ")
        body: SourceText | None = None
        if not arrow:
            head, _, query = rest.partition(" = ")
            body = SourceText(query)
        name, _, parameters = head.partition("(")
        returns = table(name, columns) if arrow else None
        functions[name] = FunctionDefinition(name, parameters.rstrip(")"), body, "", returns)
    return Environment(tables, functions)


def shown(table_type: TableType) -> str:
    lines = [f"{column.name} | {column.type.value}" for column in table_type.columns]
    return "\n".join([*lines, "..."] if table_type.open else lines)


def findings(bound: Bound) -> str:
    lines = []
    for finding in bound.diagnostics:
        advice = f" ({finding.help})" if finding.help else ""
        lines.append(f"{finding.code} {finding.level.value}: {finding.message}{advice}")
    return "\n".join(lines)


@pytest.mark.parametrize("case", parameters(*CASES))
def test_case(case: Case) -> None:
    bound = bind(parse(case.text("kusto")).tree, environment(case.get("environment")))
    columns = case.get("columns")
    if columns is not None:
        assert isinstance(bound.result, TableType)
        assert shown(bound.result) == columns
    dependencies = case.get("dependencies")
    if dependencies is not None:
        assert sorted(bound.dependencies) == dependencies.splitlines()
    assert findings(bound) == (case.get("findings") or "")


def bound_query(text: str, env: Environment = DEFAULT) -> Bound:
    return bind(parse(text).tree, env)


def result(bound: Bound) -> TableType:
    assert isinstance(bound.result, TableType)
    return bound.result


def column(bound: Bound, name: str) -> ColumnSymbol:
    found = result(bound).get(name)
    assert found is not None
    return found


def the(kind: type[Node], bound: Bound) -> Node:
    return next(node for node in walk(bound.tree) if isinstance(node, kind))


def test_a_column_that_passes_stays_the_same_object() -> None:
    bound = bound_query("Logons | where EventID == 1 | extend x = 1 | project Account, x | sort by Account asc")
    stored = bound.results[id(the(NameReference, bound))].get("Account")
    assert column(bound, "Account") is stored
    assert stored is not None
    assert stored.table == "Logons"


def test_a_where_copies_no_table() -> None:
    bound = bound_query("Logons | where EventID == 1 | take 5")
    results = list(bound.results.values())
    assert len(results) == 3
    assert all(found is results[0] for found in results)


def test_a_computed_column_tells_its_expression_and_its_stage() -> None:
    bound = bound_query("Logons | extend Upper = toupper(Account)")
    made = column(bound, "Upper")
    assert isinstance(made.expression, Call)
    assert made.maker is the(Extend, bound)
    argument = made.expression.arguments[0]
    assert bound.symbols[id(argument)] is bound.results[id(the(NameReference, bound))].get("Account")
    assert bound.types[id(made.expression)] is ScalarType.STRING


def test_a_renamed_column_tells_its_source() -> None:
    bound = bound_query("Logons | project Who = Account")
    made = column(bound, "Who")
    assert made.expression is None
    assert [source.name for source in made.sources] == ["Account"]


def test_keys_and_aggregates_are_marked() -> None:
    bound = bound_query(
        "Logons | summarize n = count(), arg_max(TimeGenerated, EventID) by Account, Day = bin(TimeGenerated, 1d)"
    )
    assert [(c.name, c.key, c.aggregate) for c in result(bound).columns] == [
        ("Account", True, False),
        ("Day", True, False),
        ("n", False, True),
        ("TimeGenerated", False, True),
        ("EventID", False, True),
    ]
    assert column(bound, "Account").sources[0].table == "Logons"
    assert column(bound, "EventID").sources[0].table == "Logons"
    assert column(bound, "Day").maker is the(Summarize, bound)


def test_expanded_items_are_marked() -> None:
    bound = bound_query("Logons | mv-expand Item = Details.list | project Item")
    assert column(bound, "Item").expanded
    bound = bound_query("Logons | mv-expand Details")
    assert column(bound, "Details").expanded
    assert column(bound, "Details").sources[0].name == "Details"


def test_a_copy_that_a_join_makes_has_its_source() -> None:
    bound = bound_query("Logons | join (Processes) on Computer")
    copy = column(bound, "Computer1")
    assert [source.table for source in copy.sources] == ["Processes"]


def test_united_columns_have_all_sources() -> None:
    bound = bound_query("union Logons, Processes | project Computer")
    assert [source.table for source in column(bound, "Computer").sources] == ["Logons", "Processes"]


def test_symbols_say_what_each_name_is() -> None:
    bound = bound_query("let n = 5; let T = Logons; T | where EventID == n | extend x = strlen(Account)")
    kinds = {
        (node.name if isinstance(node, NameReference) else node.name.text): type(bound.symbols[id(node)])
        for node in walk(bound.tree)
        if isinstance(node, NameReference | Call)
    }
    assert kinds == {
        "Logons": TableSymbol,
        "T": VariableSymbol,
        "EventID": ColumnSymbol,
        "n": VariableSymbol,
        "strlen": FunctionSymbol,
        "Account": ColumnSymbol,
    }


def test_a_variable_leads_to_its_let() -> None:
    bound = bound_query("let n = 5; print n")
    symbol = next(s for s in bound.symbols.values() if isinstance(s, VariableSymbol))
    assert symbol.declaration is the(Let, bound)
    assert symbol.type is ScalarType.LONG


def test_every_stage_of_every_pipeline_has_its_columns() -> None:
    bound = bound_query(
        """
        let T = Logons | where EventID == 1;
        T
        | join (Processes | where Image has "x" | project Computer) on Computer
        | where Account in ((Logons | project Account))
        | mv-apply Item = Details on (where Item.k == 1 | project Item)
        | union (Logons | take 1), (Processes | partition by Computer (top 1 by TimeGenerated))
        | extend top = toscalar(Logons | summarize count())
        """
    )
    assert not bound.diagnostics
    for node in walk(bound.tree):
        if isinstance(node, Pipeline):
            assert all(id(stage) in bound.results for stage in node.stages)


def test_tables_and_functions_stand_in_order_of_use() -> None:
    bound = bound_query(
        "Processes | join (Logons | summarize count() by Computer) on Computer | extend x = tolower(Image)"
    )
    assert bound.tables == ("Processes", "Logons")
    assert bound.functions == ("count", "tolower")


def test_what_a_parser_reads_is_a_dependency_and_no_table_of_the_query() -> None:
    env = environment("table Raw: a string\nfunction Parsed() = Raw | extend b = tolower(a)")
    bound = bound_query("Parsed | where b == 'x'", env)
    assert bound.tables == ()
    assert bound.functions == ("Parsed",)
    assert bound.dependencies == {"Parsed", "Raw"}
    assert column(bound, "b").table == "Parsed"
    assert column(bound, "b").expression is None


def test_a_parser_is_bound_once_for_an_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    env = environment("table Raw: a string\nfunction Parsed() = Raw | extend b = tolower(a)")
    first = bound_query("Parsed", env)
    monkeypatch.setattr("detectionary.languages.kusto.bind.parse", lambda _text: pytest.fail("parsed again"))
    tree = Query((ExpressionStatement(NameReference("Parsed")),))
    assert result(bind(tree, env)) is result(first)


def test_names_that_are_not_found_are_dependencies() -> None:
    bound = bound_query("Nowhere | where f(x) == 1")
    assert {"Nowhere", "f"} <= bound.dependencies


BAD_TREES: tuple[Query, ...] = (
    Query(()),
    Query((BadStatement(),)),
    Query((ExpressionStatement(BadExpression()),)),
    Query((ExpressionStatement(Pipeline((BadExpression(), BadOperator(), Where(BadExpression())))),)),
    Query((ExpressionStatement(Pipeline((Where(Literal(ScalarType.BOOL, True)),))),)),
    Query((ExpressionStatement(Pipeline((NameReference("Logons"), Join(BadExpression())))),)),
    Query((ExpressionStatement(Pipeline((NameReference("Logons"), Project((BadExpression(),))))),)),
    Query((ExpressionStatement(Pipeline((Literal(ScalarType.LONG, 1), Summarize()))),)),
    Query((ExpressionStatement(Call(Name("arg_max"), ())),)),
    Query((Let(Name("x"), BadExpression()), ExpressionStatement(NameReference("x")))),
)


@pytest.mark.parametrize("tree", BAD_TREES, ids=range(len(BAD_TREES)))
def test_no_tree_raises(tree: Query) -> None:
    assert bind(tree, DEFAULT).tree is tree


def test_a_long_chain_needs_no_stack() -> None:
    leaf = Binary(BinaryOperator.EQUAL, NameReference("EventID"), Literal(ScalarType.LONG, 1))
    chain = leaf
    for _ in range(50_000):
        chain = Binary(BinaryOperator.OR, chain, leaf)
    bound = bind(Query((ExpressionStatement(Pipeline((NameReference("Logons"), Where(chain)))),)), DEFAULT)
    assert not bound.diagnostics
    assert bound.types[id(chain)] is ScalarType.BOOL


def test_deep_nesting_is_a_finding() -> None:
    nested: Call | Literal = Literal(ScalarType.STRING, "x")
    for _ in range(20_000):
        nested = Call(Name("tolower"), (nested,))
    bound = bind(Query((ExpressionStatement(nested),)), DEFAULT)
    assert [finding.code for finding in bound.diagnostics] == ["KQL299"]


ROOMS: tuple[dict[str, Function], ...] = (
    dict(SCALAR_FUNCTIONS),
    dict(SERIES_FUNCTIONS),
    dict(AGGREGATES),
    dict(PLUGINS),
)


def test_every_row_of_data_can_be_read() -> None:
    for room in ROOMS:
        for name, row in room.items():
            assert row.name == name
            for signature in row.signatures:
                assert 0 <= signature.minimum <= signature.maximum
                assert all(parameter.types or parameter.kind == "tabular" for parameter in signature.parameters)


def test_the_data_holds_all_that_the_language_service_knows() -> None:
    """The counts of Microsoft's language service 12.4.1; two plug-ins come from the documentation alone."""
    assert not SCALAR_FUNCTIONS.keys() & SERIES_FUNCTIONS.keys()
    assert len(SCALAR_FUNCTIONS) + len(SERIES_FUNCTIONS) == 429
    assert len(AGGREGATES) == 61
    assert len(PLUGINS) == 47 + 2
