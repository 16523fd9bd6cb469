"""Stored tables, and rows that a caller gives: what a query reads by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.engines.engine import Limits
from detectionary.engines.registry import ENGINES, engine_named
from detectionary.engines.result import Value
from detectionary.engines.running import run_query
from detectionary.logs.tables import LogColumn, LogTable
from detectionary.model.schema import Column, Environment, FunctionDefinition, TableSchema
from detectionary.text import SourceText
from tests.bounds import HANG
from tests.compiler.engines import NOW

Rows = list[tuple[Value, ...]]

WATCHLIST = FunctionDefinition("_GetWatchlist", "alias:string", None, "", TableSchema("_GetWatchlist", (), open=True))
PARSER = FunctionDefinition("_Im_Thing", "fast:bool=false", None, "", TableSchema("_Im_Thing", (), open=True))
SAVED = FunctionDefinition(
    "Saved", "wanted:string='x'", SourceText("Events | where Name == wanted | project Id", "Saved"), ""
)

EXTERNAL = {
    "_GetWatchlist('people')": pa.table(
        {"SearchKey": ["x", "z"]},
        schema=pa.schema([pa.field("SearchKey", pa.string(), metadata={b"kusto": b"string"})]),
    ),
    "_Im_Thing": pa.table({"Id": [7]}, schema=pa.schema([pa.field("Id", pa.int64(), metadata={b"kusto": b"long"})])),
    "_Im_Thing(fast = false)": pa.table(
        {"Id": [8]}, schema=pa.schema([pa.field("Id", pa.int64(), metadata={b"kusto": b"long"})])
    ),
    "https://example.org/list.csv": pa.table(
        {"address": ["10.0.0.1", "10.0.0.2"]},
        schema=pa.schema([pa.field("address", pa.string(), metadata={b"kusto": b"string"})]),
    ),
}


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, LogTable]:
    folder = tmp_path_factory.mktemp("tables")
    return {
        "Events": _table(folder, "Events", {"Id": ("long", [1, 2]), "Name": ("string", ["x", "y"])}),
        "Event_Other": _table(folder, "Event_Other", {"Id": ("long", [3]), "Size": ("long", [30])}),
        "Things": _table(folder, "Things", {"Name": ("string", ["x"]), "Id": ("string", ["t"])}),
    }


def _table(folder: Path, name: str, columns: Mapping[str, tuple[str, list[Value]]]) -> LogTable:
    path = folder / f"{name}.parquet"
    kinds = {"long": pa.int64(), "string": pa.string()}
    pq.write_table(pa.table({key: pa.array(values, kinds[kind]) for key, (kind, values) in columns.items()}), path)
    described = tuple(LogColumn(key, kind, key, True) for key, (kind, _) in columns.items())
    return LogTable(name, described, (path,), 0, None, None)


def rows(engine: str, tables: Mapping[str, LogTable], query: str) -> Rows:
    schemas = {name: table.schema for name, table in tables.items()}
    functions = {function.name: function for function in (WATCHLIST, PARSER, SAVED)}
    external = {
        name: TableSchema(name, tuple(Column(field.name, field.metadata[b"kusto"].decode()) for field in table.schema))
        for name, table in EXTERNAL.items()
    }
    setting = Setting(Environment(schemas, functions), external)
    given = {f"external:{name}": table for name, table in EXTERNAL.items()}
    try:
        opened = engine_named(engine).open(tables, Limits(seconds=HANG), given)
    except ImportError:
        pytest.skip(f"the engine {engine} is not installed")
    with opened as session:
        _, result = run_query(
            SourceText(query, "query"), setting, engine_named(engine).dialect, session, Evaluation(NOW)
        )
        return list(result.rows())


CASES = {
    "a table of another workspace is the table of this name": (
        'union withsource=From (workspace("other").Events), Event_Other | sort by Id asc | project From, Id',
        [("Events", 1), ("Events", 2), ("Event_Other", 3)],
    ),
    "a table of a database of a cluster": ('cluster("c").database("d").Events | count', [(2,)]),
    "a table by the text of its name": ('let f = (t:string) { table(t) | count }; f("Events")', [(2,)]),
    "withsource names bare tables, and the places of others": (
        "union withsource=From Events, (Event_Other | where Size > 0) | summarize by From | sort by From asc",
        [("Events",), ("union_arg1",)],
    ),
    "a piped table keeps its name in withsource": (
        "Event_Other | union withsource=From (Events | where Id == 1) | sort by Id asc | project From",
        [("union_arg1",), ("Event_Other",)],
    ),
    "a wildcard takes the tables whose names match": (
        "union withsource=From Event* | summarize n = count() by From | sort by From asc",
        [("Event_Other", 1), ("Events", 2)],
    ),
    "columns of two types, and types of one name": (
        "union Events, Things | sort by Name asc, Id_long asc | project Id_long, Id_string, Name",
        [(None, "t", "x"), (1, "", "x"), (2, "", "y")],
    ),
    "search names the tables that it searched": (
        'search in (Events, Things) "x" | sort by ["$table"] asc | project ["$table"], Name',
        [("Events", "x"), ("Things", "x")],
    ),
    "a piped search names the table": ('Events | search "x" | project ["$table"], Id', [("Events", 1)]),
    "find gives the columns that are asked for, empty where a table lacks them": (
        "find withsource=From in (Events, Event_Other) where Id == 2 or Id == 3 project Id, Name, Size "
        "| sort by Id asc",
        [("Events", 2, "y", None), ("Event_Other", 3, "", 30)],
    ),
    "find calls the source's column source_": (
        "find in (Events) where Id == 1 project Name",
        [("Events", "x")],
    ),
    "find looks only into tables that have a column of the predicate": (
        "find in (Events, Event_Other) where Size == 30 project Id",
        [("Event_Other", 3)],
    ),
    "a watchlist's rows": ("_GetWatchlist('people') | sort by SearchKey asc | project SearchKey", [("x",), ("z",)]),
    "a watchlist by a variable": ("let alias = 'people'; _GetWatchlist(alias) | count", [(2,)]),
    "the watchlist that ASIM parsers ask is empty when nobody gives it": (
        "let off = toscalar('Any' in (_GetWatchlist('ASimDisabledParsers') | distinct SearchKey)); print off",
        [(False,)],
    ),
    "a watchlist in a list": ("Events | where Name in (_GetWatchlist('people')) | project Id", [(1,)]),
    "a watchlist whose columns nobody names": (
        "let people = _GetWatchlist('people'); Events | join kind=leftanti people on $left.Name == $right.SearchKey",
        [(2, "y")],
    ),
    "a function without a body called with arguments": ("_Im_Thing( fast=false )", [(8,)]),
    "a function without a body, with and without parentheses": ("union _Im_Thing, _Im_Thing()", [(7,), (7,)]),
    "externaldata has the columns that it declares, by name": (
        'externaldata(extra:long, address:string)[@"https://example.org/list.csv", "https://example.org/more.csv"] '
        "with(format='csv') | sort by address asc | take 1",
        [(None, "10.0.0.1")],
    ),
    "a saved function with its default and with an argument": (
        "union withsource=From Saved, Saved('y') | sort by Id asc",
        [("union_arg0", 1), ("union_arg1", 2)],
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_query_reads_what_it_names(engine: str, case: str, tables: Mapping[str, LogTable]) -> None:
    query, expected = CASES[case]
    assert rows(engine, tables, query) == expected


REFUSED = {
    "a watchlist that nobody gave": ("_GetWatchlist('nobody') | project SearchKey", "_GetWatchlist('nobody')"),
    "a function without a body gives other rows for arguments": ("_Im_Thing(fast=true)", "_Im_Thing(fast = true)"),
    "find without a list of columns would pack them": ("find in (Events) where Id == 1", "undocumented order"),
    "find asks for what a table lacks only where that cannot be true": (
        "find in (Events, Event_Other) where Id == 1 and isempty(Name) project Id",
        "not every table has the columns",
    ),
    "find in a table without a name": (
        "let T = Events | where Id == 1; find in (T) where Id == 1 project Id",
        "a name",
    ),
    "a wildcard for all tables": ("union * | count", "every table would be read"),
    "a table that does not exist": ("Nowhere | count", "no table is called Nowhere"),
    "a materialized view": ("materialized_view('V') | count", "a materialized view"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_query_that_names_what_cannot_be_read_is_refused(
    engine: str, case: str, tables: Mapping[str, LogTable]
) -> None:
    query, message = REFUSED[case]
    with pytest.raises(Refused, match=message.replace("(", r"\(").replace(")", r"\)")):
        rows(engine, tables, query)
