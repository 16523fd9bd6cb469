"""No text of a rule becomes SQL: names come back as names, values as values, and the engine is closed to all else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectionary.compiler.compile import CompiledQuery, Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.engines.duckdb.session import ENGINE, DuckDBSession
from detectionary.engines.engine import EngineError, Limits
from detectionary.engines.registry import ENGINES, engine_named
from detectionary.engines.result import Result
from detectionary.engines.running import run_query
from detectionary.logs.tables import LogColumn, LogTable
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.bounds import ends
from tests.compiler.engines import NOW, session
from tests.compiler.hostile import MARK, TEXTS, WORDS, assert_only_data, kusto_name, kusto_text

NAMES: Final = (*TEXTS, *WORDS)


def ran(engine: str, query: str) -> tuple[CompiledQuery, Result]:
    compiled, result = run_query(
        SourceText(query, "query"),
        Setting(Environment()),
        engine_named(engine).dialect,
        session(engine),
        Evaluation(NOW),
    )
    assert_only_data(compiled)
    return compiled, result


def values(engine: str, expressions: Sequence[str]) -> list[object]:
    """The values of expressions, or "refused": together in one query, one by one where that is refused."""
    made = ", ".join(f"c{number} = {expression}" for number, expression in enumerate(expressions))
    try:
        _, result = ran(engine, f"print {made}")
    except Refused:
        if len(expressions) == 1:
            return ["refused"]
        return [value for expression in expressions for value in values(engine, [expression])]
    (row,) = result.rows()
    return list(row)


# Values

ROUND_TRIPS: Final = {
    "a literal": "{0}",
    "strcat": "strcat({0}, '')",
    "iff": "iff(true, {0}, '')",
    "case": "case(1 == 2, 'x', {0})",
    "coalesce": "coalesce('', {0})",
    "a member of a bag": "tostring(bag_pack('k', {0}).k)",
    "a name of a bag": "tostring(bag_keys(bag_pack({0}, 1))[0])",
    "an item of an array": "tostring(pack_array({0})[0])",
    "a member by name": "tostring(bag_pack({0}, {0})[{0}])",
    "a parsed text": "tostring(parse_json(tostring(pack_array({0})))[0])",
    "replace_string": "replace_string('x', 'x', {0})",
    "a replaced text": "replace_string({0}, 'no such text', '')",
    "split": "tostring(split(strcat('a', {0}, ',,,', {0}), ',,,')[1])",
    "strcat_delim": "strcat_delim({0}, '', '')",
    "trim": "trim('no such text', {0})",
    "extract": "extract('(?s)^(.*)$', 1, {0})",
    "substring": "substring(strcat('abc', {0}), 3)",
    "a dynamic literal": "tostring(dynamic([{0}])[0])",
    "make_set": "toscalar(print x = {0} | summarize s = make_set(x) | project tostring(s[0]))",
}
TRUE: Final = {
    "==": "{0} == {0}",
    "!=": "not({0} != {0})",
    "=~": "{0} =~ {0}",
    "in": "{0} in ({0}, 'x')",
    "in~": "{0} in~ ('x', {0})",
    "contains": "strcat('a', {0}, 'b') contains {0}",
    "contains_cs": "strcat('a', {0}, 'b') contains_cs {0}",
    "startswith": "strcat({0}, 'b') startswith {0}",
    "endswith_cs": "strcat('a', {0}) endswith_cs {0}",
    "has": "{0} has '" + MARK + "' or '" + MARK + "' !has '" + MARK + "' or {0} !has '" + MARK + "'",
    "has, searched for": "strcat('  ', {0}, '  ') has {0}",
    "has_any": "strcat('  ', {0}, '  ') has_any ('x', {0})",
    "has_all": "strcat('  ', {0}, '  ') has_all ({0}, {0})",
    "indexof": "indexof(strcat('abc', {0}), {0}) == 3",
    "countof": "countof({0}, {0}) == 1",
    "a table": "{0} in (datatable(x:string)[{0}])",
    "set_has_element": "set_has_element(pack_array('x', {0}), {0})",
    "bag_has_key": "bag_has_key(bag_pack({0}, 1), {0})",
}


@pytest.mark.parametrize("way", ROUND_TRIPS)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_comes_back_as_it_was(engine: str, way: str) -> None:
    got = values(engine, [ROUND_TRIPS[way].format(kusto_text(text)) for text in TEXTS])
    for text, value in zip(TEXTS, got, strict=True):
        assert value in (text, "refused"), text
    assert got.count("refused") < len(TEXTS) / 2


@pytest.mark.parametrize("operator", TRUE)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_operator_compares_the_value_itself(engine: str, operator: str) -> None:
    texts = [text for text in TEXTS if not (operator == "bag_has_key" and text.startswith("$"))]  # a path means more
    got = values(engine, [TRUE[operator].format(kusto_text(text)) for text in texts])
    for text, value in zip(texts, got, strict=True):
        assert value in (True, "refused"), text
    assert got.count("refused") < len(TEXTS) / 2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_value_in_a_table_comes_back_as_it_was(engine: str) -> None:
    rows = ", ".join(f"{number}, {kusto_text(text)}" for number, text in enumerate(TEXTS))
    _, result = ran(engine, f"datatable(n:long, t:string)[{rows}]")
    assert [row[1] for row in result.rows()] == list(TEXTS)
    _, result = ran(engine, f"datatable(n:long, t:string)[{rows}] | summarize n = max(n) by t | sort by n asc")
    assert [row[0] for row in result.rows()] == list(TEXTS)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_pattern_of_parse_is_a_text(engine: str) -> None:
    for text in TEXTS:
        line, pattern = kusto_text(f"a{text}b"), kusto_text(text)
        _, result = ran(engine, f"print line = {line} | parse line with A {pattern} B | project A, B")
        assert list(result.rows()) == [("a", "b")], text


@pytest.mark.parametrize("engine", ENGINES)
def test_delimiters_and_keys_of_parse_kv_are_texts(engine: str) -> None:
    for text in TEXTS:
        if text != text.strip() or text.strip("\n\r\t ") != text:
            continue
        line, name = kusto_text(f"{text}=1~{text}x=2"), kusto_name(text)
        options = "with (pair_delimiter='~', kv_delimiter='=')"
        if "=" not in text and "~" not in text:
            _, result = ran(engine, f"print line = {line} | parse-kv line as ({name}: long) {options} | project {name}")
            assert list(result.rows()) == [(1,)], text
        line = kusto_text(f"k{text}v")
        options = f"with (pair_delimiter='~', kv_delimiter={kusto_text(text)})"
        _, result = ran(engine, f"print line = {line} | parse-kv line as (k: string) {options} | project k")
        assert list(result.rows()) == [("v",)], text


# Names

SHAPES: Final = {
    "a column of a table": "datatable({0}:long)[7]",
    "a computed column": "print {0} = 7",
    "extend": "print start = 7 | extend {0} = start | project-away start",
    "project-rename": "print a = 7 | project-rename {0} = a",
    "a filter": "datatable({0}:long)[7, 8] | where {0} == 7",
    "a sort": "datatable({0}:long)[7, 8] | sort by {0} asc | take 1",
    "a group": "datatable({0}:long)[7, 7] | summarize by {0}",
    "an aggregate": "datatable(a:long)[7] | summarize {0} = max(a)",
    "distinct": "datatable({0}:long)[7, 7] | distinct {0}",
    "a join": "datatable({0}:long)[7] | join kind=inner (datatable({0}:long)[7]) on {0} | project {0}",
    "a union": "union (datatable({0}:long)[7]), (datatable({0}:long)[]) | where isnotnull({0})",
    "mv-expand": "print {0} = dynamic([7]) | mv-expand {0} to typeof(long)",
    "parse": "print a = '7' | parse a with {0}:long | project {0}",
    "top": "datatable({0}:long)[7, 6] | top 1 by {0}",
    "project-reorder": "print {0} = 7 | project-reorder {0}",
    "a named let": "let {0} = 7; print {0} | project-rename {0} = print_0",
    "a let of a table": "let {0} = datatable(a:long)[7]; {0} | project {0} = a",
    "a parameter": "let f = ({0}: long) {{ {0} }}; print a = f(7) | project {0} = a",
    "a function": "let {0} = (a: long) {{ a }}; print a = {0}(7) | project {0} = a",
    "getschema": "datatable({0}:long)[] | getschema | project {0} = ColumnOrdinal + 7",
    "row_number": "print start = 1 | serialize {0} = row_number() + 6 | project {0}",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("engine", ENGINES)
def test_a_name_comes_back_as_it_was(engine: str, shape: str) -> None:
    refused = 0
    for name in NAMES:
        try:
            _, result = ran(engine, SHAPES[shape].format(kusto_name(name)))
        except Refused:
            refused += 1
            continue
        assert [column.name for column in result.columns] == [name]
        assert list(result.rows()) == [(7,)]
    assert refused < len(NAMES) / 2


@pytest.mark.parametrize("engine", ENGINES)
def test_names_that_engines_fold_together_stay_apart(engine: str) -> None:
    columns = ", ".join(f"{kusto_name(name)}:long" for name in NAMES)
    values = ", ".join(str(number) for number in range(len(NAMES)))
    _, result = ran(engine, f"datatable({columns})[{values}] | where true | extend final = 1")
    assert [column.name for column in result.columns] == [*NAMES, "final"]
    assert list(result.rows()) == [(*range(len(NAMES)), 1)]


@pytest.mark.parametrize("text", ["\0", "a\0b", "\0'; --"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_zero_character_is_refused(engine: str, text: str) -> None:
    with pytest.raises(Refused):
        ran(engine, f"print {kusto_text(text)}")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_name_that_comes_from_data_is_a_name(engine: str) -> None:
    refused = 0
    for name in NAMES:
        try:
            _, result = ran(engine, f"print d = bag_pack({kusto_text(name)}, 7) | evaluate bag_unpack(d)")
        except Refused:
            refused += 1
            continue
        assert [column.name for column in result.columns] == [name]
        assert list(result.rows()) == [(7,)]
    assert refused < len(NAMES) / 2


@pytest.mark.parametrize("engine", ENGINES)
def test_a_source_name_is_a_text(engine: str) -> None:
    for text in TEXTS:
        query = f"union withsource={kusto_name(text)} (print a = 1 | as {kusto_name(text)}), (print a = 2)"
        try:
            _, result = ran(engine, f"{query} | where a == 1 | project {kusto_name(text)}")
        except Refused:
            continue
        assert [column.name for column in result.columns] == [text]
        assert list(result.rows()) == [(text,)]


# Tables of the store


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DuckDBSession, Environment]]:
    """A table for every hostile name, with a column of that name, in a file whose path is hostile too."""
    folder = tmp_path_factory.mktemp(f"it's {MARK} $$ [x] %s")
    tables: dict[str, LogTable] = {}
    for number, name in enumerate(NAMES):
        path = Path(folder, f"{number}'; {MARK} ] *.parquet")
        pq.write_table(pa.table({name: [number]}), path)
        column = LogColumn(name, "long", name, nullable=False)
        tables[name] = LogTable(name, (column,), (path,), 1, None, None)
    environment = Environment({name: table.schema for name, table in tables.items()})
    with ENGINE.open(tables, Limits()) as opened:
        yield opened, environment


def test_a_stored_table_of_any_name_is_read(stored: tuple[DuckDBSession, Environment]) -> None:
    opened, environment = stored
    for number, name in enumerate(NAMES):
        query = f"{kusto_name(name)} | where {kusto_name(name)} >= 0 | project {kusto_name(name)}"
        compiled, result = run_query(
            SourceText(query, "query"), Setting(environment), ENGINE.dialect, opened, Evaluation(NOW)
        )
        assert_only_data(compiled)
        assert [column.name for column in result.columns] == [name]
        assert list(result.rows()) == [(number,)]


# The engine itself

CLOSED: Final = (
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_csv_auto('/etc/hostname')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_blob('/etc/passwd')",
    "SELECT * FROM read_json('/etc/passwd')",
    "SELECT * FROM read_parquet('/tmp/*.parquet')",
    "SELECT * FROM parquet_metadata('/tmp/a.parquet')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM 'https://example.com/a.parquet'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT getenv('HOME')",
    "COPY (SELECT 1) TO '/tmp/detectionary-hostile.csv'",
    "COPY t FROM '/etc/passwd'",
    "EXPORT DATABASE '/tmp/detectionary-hostile'",
    "IMPORT DATABASE '/tmp/detectionary-hostile'",
    "ATTACH '/tmp/detectionary-hostile.db'",
    "ATTACH ':memory:' AS other; SELECT * FROM read_text('/etc/passwd')",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '/tmp/any.duckdb_extension'",
    "CREATE SECRET (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "SET enable_external_access = true",
    "SET allowed_paths = ['/etc']",
    "SET lock_configuration = false",
    "RESET lock_configuration",
    "RESET enable_external_access",
    "SET memory_limit = '100GB'",
    "SET threads = 64",
    "SET temp_directory = '/tmp'",
    "PRAGMA enable_profiling = 'json'",
    "PRAGMA profiling_output = '/tmp/detectionary-hostile'",
    "SET log_query_path = '/tmp/detectionary-hostile'",
    "SET home_directory = '/'",
    "SET python_enable_replacements = true",
    "SELECT * FROM hidden_rows",
)


@pytest.mark.parametrize("statement", CLOSED)
def test_the_session_is_closed(stored: tuple[DuckDBSession, Environment], statement: str) -> None:
    opened, _ = stored
    hidden_rows = pa.table({"secret": [1]})
    with pytest.raises(duckdb.Error):
        opened._connection.execute(statement).fetchall()
    assert hidden_rows.num_rows == 1
    assert not list(Path("/tmp").glob("detectionary-hostile*"))  # noqa: S108


def test_the_settings_are_those_that_close_it(stored: tuple[DuckDBSession, Environment]) -> None:
    opened, _ = stored
    query = "SELECT name, value FROM duckdb_settings()"
    settings = dict(opened._connection.execute(query).fetchall())
    closed = {
        "enable_external_access": "false",
        "lock_configuration": "true",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "allow_community_extensions": "false",
        "allow_unsigned_extensions": "false",
        "python_enable_replacements": "false",
    }
    assert {name: settings[name] for name in closed} == closed


def test_only_the_given_files_can_be_read(stored: tuple[DuckDBSession, Environment], tmp_path: Path) -> None:
    opened, _ = stored
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    with pytest.raises(duckdb.PermissionException):
        opened._connection.execute("SELECT * FROM read_parquet(?)", [str(other)]).fetchall()


# Time

BOMBS: Final = (
    '"(a+)+$"',
    '"(a|aa)+$"',
    '"(a|a?)+$"',
    '"(.*a){25}$"',
    '"(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x"',
    '"((a{1,100}){1,100}){1,100}$"',
    '"(x+x+)+y"',
    '"^(([a-z])+.)+[A-Z]([a-z])+$"',
)


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("engine", ENGINES)
def test_no_regular_expression_takes_long(engine: str, bomb: str) -> None:
    text = "strcat(strrep('a', 50000), '!')" if engine == "duckdb" else "strcat(strrep('a', 24), '!')"
    with ends():
        for expression in (
            f"{text} matches regex {bomb}",
            f"extract({bomb}, 0, {text})",
            f"replace_regex({text}, {bomb}, '')",
        ):
            try:
                ran(engine, f"print x = {expression}")
            except (Refused, EngineError):
                continue
