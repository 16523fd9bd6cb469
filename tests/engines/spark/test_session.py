"""A session of Spark: what it reads, what it never touches, and how it ends."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detectionary.compiler.compile import CompiledQuery, Evaluation, Setting
from detectionary.compiler.dialect import Gap
from detectionary.compiler.refused import Refused
from detectionary.engines.duckdb.dialect import DIALECT as DUCKDB
from detectionary.engines.engine import EngineError, Limits
from detectionary.engines.result import Result, Value
from detectionary.engines.running import run_query
from detectionary.engines.spark.dialect import DIALECT
from detectionary.logs.tables import LogColumn, LogTable
from detectionary.model.schema import Environment
from detectionary.text import SourceText
from tests.bounds import HANG
from tests.compiler.engines import NOW, answer, session
from tests.compiler.hostile import MARK, TEXTS, kusto_text

if TYPE_CHECKING:
    from detectionary.engines.spark.session import SparkSessionOverTables

pytestmark = pytest.mark.skipif(shutil.which("java") is None, reason="Spark needs Java")


@pytest.fixture(scope="module", autouse=True)
def context() -> None:
    """Keeps the context of this process open between the sessions of these tests."""
    pytest.importorskip("pyspark")
    session("spark")


def opened(tables: dict[str, LogTable], limits: Limits | None = None) -> SparkSessionOverTables:
    from detectionary.engines.spark.session import ENGINE

    return ENGINE.open(tables, limits or Limits(seconds=HANG))


def rows_of(tables: dict[str, LogTable], query: str) -> list[tuple[Value, ...]]:
    setting = Setting(Environment({name: table.schema for name, table in tables.items()}))
    with opened(tables) as opened_session:
        _, result = run_query(SourceText(query, "query"), setting, DIALECT, opened_session, Evaluation(NOW))
        return list(result.rows())


def table(*files: Path, **columns: str) -> LogTable:
    found = tuple(LogColumn(name, kind, name, True) for name, kind in columns.items())
    return LogTable("T", found, files, 0, None, None)


def written(path: Path, **columns: pa.Array) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


# Files


@pytest.mark.parametrize(
    "name", ["a*.parquet", "a[0-9].parquet", "{a,b}.parquet", "_hidden.parquet", ".dot.parquet", "d=1/x.parquet"]
)
def test_the_name_of_a_file_is_a_name(tmp_path: Path, name: str) -> None:
    written(tmp_path / "ab.parquet", n=pa.array([9]))
    written(tmp_path / "a1.parquet", n=pa.array([9]))
    file = written(tmp_path / name, n=pa.array([1, 2]))
    assert rows_of({"T": table(file, n="long")}, "T | sort by n asc") == [(1,), (2,)]


def test_files_of_several_widths_are_one_table(tmp_path: Path) -> None:
    small = written(tmp_path / "a.parquet", n=pa.array([1], pa.int16()), s=pa.array(["x"]).dictionary_encode())
    large = written(tmp_path / "b.parquet", n=pa.array([2**40], pa.int64()), s=pa.array([None], pa.large_string()))
    found = rows_of({"T": table(small, large, n="long", s="string")}, "T | sort by n asc | extend e = isempty(s)")
    assert found == [(1, "x", False), (2**40, "", True)]


def test_datetimes_with_a_zone_are_in_utc(tmp_path: Path) -> None:
    zoned = pa.array([datetime(2024, 1, 1, 12, tzinfo=UTC)], pa.timestamp("ms", "Europe/Paris"))
    plain = pa.array([datetime(1969, 12, 31, 23, 59, 59, 999999)], pa.timestamp("us"))
    found = rows_of({"T": table(written(tmp_path / "t.parquet", a=zoned, b=plain), a="datetime", b="datetime")}, "T")
    assert found == [("2024-01-01T12:00:00.0000000Z", "1969-12-31T23:59:59.9999990Z")]


def test_columns_that_differ_in_case_are_two(tmp_path: Path) -> None:
    file = written(tmp_path / "t.parquet", user=pa.array(["a"]), other=pa.array(["b"]))
    columns = (LogColumn("user", "string", "user", False), LogColumn("User", "string", "other", False))
    found = rows_of(
        {"T": LogTable("T", columns, (file,), 1, None, None)}, "T | project User, user, both = strcat(User, user)"
    )
    assert found == [("b", "a", "ba")]


# What a rule says is data


def test_texts_come_back_as_they_were() -> None:
    rows = ", ".join(f"{number}, {kusto_text(text)}" for number, text in enumerate(TEXTS))
    for query in (
        f"datatable(n:long, t:string)[{rows}] | sort by n asc | project t",
        f"datatable(n:long, t:string)[{rows}] | summarize n = max(n) by t | sort by n asc | project t",
    ):
        _, result = checked(query)
        assert [row[0] for row in result.rows()] == list(TEXTS)


@pytest.mark.parametrize(
    "expression",
    [
        "strcat({0}, '')",
        "tostring(dynamic_item[0])",
        "tostring(split({0}, '|')[0])",
        "tostring(pack_array({0})[0])",
        "replace_string({0}, '|', '-')",
        "extract('(?s)(.*)', 1, {0})",
    ],
)
def test_texts_go_through_functions_as_they_are(expression: str) -> None:
    texts = [text for text in TEXTS if "|" not in text]
    for start in range(0, len(texts), 20):
        part = texts[start : start + 20]
        cells = ", ".join(f"{number}, {kusto_text(text)}" for number, text in enumerate(part))
        head = f"datatable(n:long, t:string)[{cells}] | extend dynamic_item = pack_array(t)"
        _, result = checked(f"{head} | sort by n asc | project x = {expression.format('t')}")
        assert [row[0] for row in result.rows()] == part


def test_a_literal_is_searched_as_it_is() -> None:
    for operator in ("==", "contains_cs", "startswith_cs", "=~", "contains", "has"):
        conditions = " and ".join(f"{kusto_text(text)} {operator} {kusto_text(text)}" for text in TEXTS)
        joined = ", ".join(
            f"c{at} = strcat('', {kusto_text(t)}) {operator} {kusto_text(t)}" for at, t in enumerate(TEXTS)
        )
        assert conditions
        _, result = checked(f"print {joined}")
        assert all(next(iter(result.rows()))), operator


def test_spark_puts_nothing_in_the_place_of_a_variable() -> None:
    (row,) = answer("spark", "print a = '${spark.app.name}', b = '${system:user.home}', c = '${env:PATH}'").rows()
    assert row == ("${spark.app.name}", "${system:user.home}", "${env:PATH}")


def test_a_name_is_never_a_path(tmp_path: Path) -> None:
    file = written(tmp_path / "secret.parquet", n=pa.array([1]))
    for name in (f"parquet.`{file}`", f"{file}", f"text.`{file}`"):
        with pytest.raises(Refused):
            answer("spark", f"table({kusto_text(name)})")


def checked(query: str) -> tuple[CompiledQuery, Result]:
    compiled, result = run_query(
        SourceText(query, "query"), Setting(Environment()), DIALECT, session("spark"), Evaluation(NOW)
    )
    code = QUOTED.sub("", compiled.text())
    assert MARK not in code.lower(), code
    return compiled, result


QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`]|``)*`", re.DOTALL)
"""Literals and names as Spark reads them."""


# Ends


ENDLESS: Final = (
    "range x from 1 to 3000000 step 1 | extend k = 1 | join kind=inner (range y from 1 to 3000000 step 1 "
    "| extend k = 1) on k | where tostring(x * y) matches regex 'z+' | count"
)
STOPPED: Final = f"""
from detectionary.compiler.compile import Evaluation, Setting
from detectionary.engines.engine import EngineError, Limits
from detectionary.engines.running import run_query
from detectionary.engines.spark.session import ENGINE
from detectionary.model.schema import Environment
from detectionary.text import SourceText

def run(query, session):
    return run_query(SourceText(query, "q"), Setting(Environment()), ENGINE.dialect, session, Evaluation(0))[1]

for _ in range(2):
    with ENGINE.open({{}}, Limits(memory=1024, threads=2, seconds=6)) as session:
        try:
            run({ENDLESS!r}, session)
        except EngineError as error:
            session._limits = Limits()  # on a slow machine this query too takes seconds
            print(error, list(run("print 1", session).rows()))
"""


def test_a_query_is_stopped_at_its_time_and_the_engine_goes_on() -> None:
    done = subprocess.run([sys.executable, "-c", STOPPED], capture_output=True, text=True, timeout=HANG, check=False)
    assert done.stdout.splitlines() == ["the query was stopped after 6 seconds [(1,)]"] * 2, done.stderr[-2000:]


def test_an_error_of_the_engine_is_one_line() -> None:
    with pytest.raises(EngineError) as stopped:
        answer("spark", 'datatable(a:string, d:string)["x", ""] | extend p = split(a, d)')
    assert "split by an empty delimiter is not supported" in str(stopped.value)
    assert "\n" not in str(stopped.value)


def test_a_process_has_one_context() -> None:
    from detectionary.engines.spark.session import Spark

    with pytest.raises(EngineError, match="one Spark"):
        Spark("local[1]").open({}, Limits())


# What is exact where Java is not


def test_reals_are_written_as_dotnet_writes_them() -> None:
    random = Random(7)
    numbers = [2e23, 1e22, 1e15, 123456789012345680.0, 1e-5, 9.999999999999999e22, 0.1 + 0.2, 1 / 3, 5e-324, 1e100]
    numbers += [random.uniform(-1, 1) * 10 ** random.randint(-20, 20) for _ in range(200)]
    numbers += [struct.unpack("<d", struct.pack("<Q", random.getrandbits(62)))[0] for _ in range(100)]
    cells = ", ".join(f"{at}, {number!r}" for at, number in enumerate(numbers))
    result = answer("spark", f"datatable(n:long, x:real)[{cells}] | sort by n asc | project t = tostring(x)")
    assert [row[0] for row in result.rows()] == list(map(dotnet, numbers))


def dotnet(number: float) -> str:
    """Python's shortest digits, laid out as .NET does it: an exponent from 1E+15 and up to 1E-05."""
    sign = "-" if number < 0 else ""
    mantissa, _, power = f"{abs(number)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0") or "0"
    exponent = len(whole) - 1 + int(power or 0)
    if whole == "0":
        exponent = -(len(fraction) - len(fraction.lstrip("0"))) - 1
    digits = digits.rstrip("0")
    if not -4 <= exponent <= 14:
        tail = f".{digits[1:]}" if digits[1:] else ""
        return f"{sign}{digits[0]}{tail}E{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    return f"{sign}{digits[: exponent + 1].ljust(exponent + 1, '0')}.{digits[exponent + 1 :] or '0'}"


CASES = [
    ("(?i)k", "\u212a", True),  # the sign of the Kelvin is a K
    ("(?i)i", "\u0131", False),  # Java's own way says yes
    ("(?i)[a-z]+", "\u017f", True),
    ("(?i)straße", "STRAẞE", True),
    (r"^\w+$", "naïve", True),
    (r"^\d$", "٣", True),
    (r"\bé", "é", True),
    (r"a\b", "aé", False),
    (r"a$", "a\n", False),
    (r"(?m)a$", "a\r", False),
    (r"(?m)^b", "a\nb", True),
    (r"(?m)^$", "a\n", True),
    (r"^.$", "\U0001f600", True),
    (r"^.$", "\r", True),
    (r"^\s$", "\u00a0", True),
    (r"^[^\W\d]$", "é", True),
    (r"^[\Wx]$", "x", True),
    (r"^[^\S ]$", "\t", True),
    (r"[[]", "[", True),
    (r"[a&&b]", "a", False),
    (r"\p{Greek}", "σ", True),
    (r"(?U)a+?b", "aab", True),
]


def test_regular_expressions_mean_what_kusto_means() -> None:
    parts = ", ".join(
        f"c{at} = strcat({kusto_text(text)}, '') matches regex {kusto_text(regex)}"
        for at, (regex, text, _) in enumerate(CASES)
    )
    (row,) = answer("spark", f"print {parts}").rows()
    for (regex, text, expected), got in zip(CASES, row, strict=True):
        assert got == expected, (regex, text)


@pytest.mark.parametrize("regex", ["(a*)*", "(|a)+", "(?:a?){2,}"])
def test_repeating_what_can_be_empty_is_refused(regex: str) -> None:
    with pytest.raises(Refused, match="repetition of what can match the empty text"):
        answer("spark", f"print 'a' matches regex '{regex}'")


# The tables of functions


def test_the_dialect_needs_no_spark() -> None:
    code = "import sys, detectionary.engines.spark.dialect; sys.exit('pyspark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("kind", ["scalars", "aggregates", "windows"])
def test_every_function_of_duckdb_has_a_row(kind: str) -> None:
    missing = set(getattr(DUCKDB, kind)) - set(getattr(DIALECT, kind))
    assert not missing, f"give these functions rows, of gaps in engines/spark/gaps.py: {sorted(missing)}"


def test_a_gap_says_why() -> None:
    rows = (*DIALECT.scalars.values(), *DIALECT.aggregates.values(), *DIALECT.windows.values())
    assert all(row.reason for row in rows if isinstance(row, Gap))
