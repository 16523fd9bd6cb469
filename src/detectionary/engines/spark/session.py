"""Spark opened over the tables of one run.

One Spark context serves all sessions of a process, since a JVM holds only one; each session has temporary views of its
own, and the last one that closes stops the context. A query can name nothing but those views: names in its SQL are
ours, Spark does not take names for paths (`runSQLOnFiles`), and its own substitution of `${…}` in SQL text, which would
reach into literals, is off.
"""

from __future__ import annotations

import atexit
import logging
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from itertools import count
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JError  # type: ignore[import-untyped]
from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from detectionary.compiler import sql
from detectionary.compiler.compile import CompiledQuery
from detectionary.compiler.dialect import StoredColumn, StoredTable
from detectionary.engines.engine import EngineError, Limits
from detectionary.engines.result import Result, ResultColumn
from detectionary.engines.spark.dialect import DIALECT, TYPES
from detectionary.engines.spark.printed import PRINTED_AS
from detectionary.languages.kusto.syntax import ScalarType
from detectionary.languages.kusto.types import scalar_type
from detectionary.logs.tables import LogTable
from detectionary.text import Diagnostic, Level, Span

_SETTINGS: Final = {
    "spark.app.name": "detectionary",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.runSQLOnFiles": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.variable.substitute": "false",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
"""Without ANSI mode whole numbers wrap round and casts of what does not fit give null, as Kusto has it.

Adaptive execution plans a query again after every stage, which costs small queries more than it saves.
"""

_SMALL: Final = {
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "1",
}
"""For sessions with few rows: they are through before code for them would be compiled."""

_FEW_ROWS: Final = 100_000

_LOG_CONFIGURATION: Final = """\
appender.none.type = Null
appender.none.name = none
rootLogger.level = off
rootLogger.appenderRef.none.ref = none
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = off
"""
"""Errors reach the caller as exceptions; Spark takes a configuration without appenders for none at all."""


class _Context:
    """The one Spark context of this process, counted by its users."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._master = ""
        self.stuck = False
        """Whether a query was stopped: its task may go on, since not all look whether they shall end; a stop waits."""
        self._spark: SparkSession | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def enter(self, master: str | None, limits: Limits, settings: Mapping[str, str]) -> SparkSession:
        wanted = master or f"local[{limits.threads if limits.threads is not None else '*'}]"
        with self._lock:
            if self._spark is None:
                self._spark = self._started(wanted, limits, settings)
                self.stuck = False
                self._master = wanted
            elif master is not None and master != self._master:
                message = f"a process can hold one Spark, and this one has {self._master}"
                raise EngineError((Diagnostic("KQL422", Level.ERROR, message, Span(0, 0)),))
            self._users += 1
            return self._spark.newSession()

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self.end()

    def end(self) -> None:
        """Stops the context; the whole JVM where a query of it may still run, see `stuck`."""
        spark, self._spark = self._spark, None
        if spark is not None and self.stuck:
            _kill()
        elif spark is not None:
            spark.stop()
        if self._folder is not None:
            self._folder.cleanup()

    def _started(self, master: str, limits: Limits, settings: Mapping[str, str]) -> SparkSession:
        self._folder = tempfile.TemporaryDirectory(prefix="detectionary-spark-", ignore_cleanup_errors=True)
        folder = Path(self._folder.name)
        (folder / "log4j2.properties").write_text(_LOG_CONFIGURATION, "utf-8")
        builder = SparkSession.builder.master(master)
        own = {
            "spark.driver.memory": f"{limits.memory}m",
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={(folder / 'log4j2.properties').as_uri()}",
            "spark.local.dir": str(folder / "local"),
            "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
            "spark.sql.shuffle.partitions": "4",
        }
        for name, value in {**_SETTINGS, **own, **settings}.items():
            builder = builder.config(name, value)
        try:
            return builder.getOrCreate()
        except PySparkException as error:
            self._folder.cleanup()
            message = f"Spark cannot be started: {_first_line(error)}"
            advice = "it needs Java 17 or later on the PATH or in JAVA_HOME"
            raise EngineError((Diagnostic("KQL422", Level.ERROR, message, Span(0, 0), advice),)) from error


# Errors are raised; PySpark would also print each with the stack of the JVM.
logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)


def _kill() -> None:
    """Ends the JVM of this process, and makes PySpark forget it, so that another can be started."""
    gateway = SparkContext._gateway
    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
    SparkSession._instantiatedSession = None
    if gateway is not None:
        gateway.proc.kill()
        gateway.proc.wait()


_CONTEXT: Final = _Context()
atexit.register(_CONTEXT.end)
_NUMBERS: Final = count(1)
_PLAIN_PATH: Final = re.compile(r"(?:/[A-Za-z0-9][A-Za-z0-9_.-]*)+")


class SparkSessionOverTables:
    """See `engines.engine.Session`."""

    def __init__(
        self,
        tables: Mapping[str, LogTable],
        limits: Limits,
        external: Mapping[str, pa.Table] | None = None,
        master: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._limits = limits
        self.storage: dict[str, StoredTable] = {}
        self._closed = False
        self._spark = _CONTEXT.enter(master, limits, settings or {})
        if sum(table.rows for table in tables.values()) < _FEW_ROWS:
            for name, value in _SMALL.items():
                self._spark.conf.set(name, value)
        self._folder = tempfile.TemporaryDirectory(prefix="detectionary-spark-", ignore_cleanup_errors=True)
        try:
            for number, (name, table) in enumerate(tables.items(), 1):
                if table.files:
                    self._stored_files(f"table_{number}", name, table)
            for number, (name, rows) in enumerate((external or {}).items(), 1):
                self._stored_rows(f"external_{number}", name, rows)
        except BaseException:
            self.close()
            raise

    def _stored_files(self, relation: str, name: str, table: LogTable) -> None:
        """A view of all files; those of one schema are read together, and their columns cast to those of the table."""
        columns: dict[str, StoredColumn] = {}
        chosen: list[str] = []
        for number, column in enumerate(table.columns, 1):
            kind = scalar_type(column.type)
            value = sql.alias(sql.cast(sql.column(column.stored), TYPES[kind]), f"c{number}")
            chosen.append(value.sql(PRINTED_AS))
            columns[column.name] = StoredColumn(f"c{number}", kind, column.nullable)
        groups: dict[str, list[Path]] = {}
        for path in table.files:
            groups.setdefault(str(pq.read_schema(path).remove_metadata()), []).append(path)
        parts = [self._read(paths).selectExpr(*chosen) for paths in groups.values()]
        reduce(DataFrame.unionAll, parts).createOrReplaceTempView(relation)
        self.storage[name] = StoredTable(relation, columns)

    def _read(self, paths: Sequence[Path]) -> DataFrame:
        """The rows of Parquet files of one schema.

        Spark leaves out files whose names begin with `_` or `.`, and makes patterns of some characters, so that a
        file is read by a link of ours unless its path is a plain one.
        """
        found: list[str] = []
        for path in paths:
            whole = str(path.resolve())
            if not _PLAIN_PATH.fullmatch(whole):
                link = Path(self._folder.name) / f"file_{next(_NUMBERS)}.parquet"
                link.symlink_to(whole)
                whole = str(link)
            found.append(whole)
        return self._spark.read.parquet(*found)

    def _stored_rows(self, relation: str, name: str, rows: pa.Table) -> None:
        """Rows held in memory, by way of a file of this session; a column's type is its field's metadata `kusto`."""
        columns: dict[str, StoredColumn] = {}
        renamed = rows.rename_columns([f"c{number}" for number in range(1, rows.num_columns + 1)])
        for number, field in enumerate(rows.schema, 1):
            kind = ScalarType((field.metadata or {}).get(b"kusto", b"string").decode())
            columns[field.name] = StoredColumn(f"c{number}", kind)
        path = Path(self._folder.name) / f"{relation}.parquet"
        pq.write_table(renamed, path)
        self._read([path]).createOrReplaceTempView(relation)
        self.storage[name] = StoredTable(relation, columns)

    def run(self, query: CompiledQuery) -> Result:
        """All rows; raises `EngineError`."""
        context = self._spark.sparkContext
        group = f"detectionary-{next(_NUMBERS)}"
        context.setJobGroup(group, "a query", interruptOnCancel=True)
        with _timed(self._limits.seconds, lambda: context.cancelJobGroup(group)) as expired:
            try:
                table = self._spark.sql(query.text()).toArrow()
            except (PySparkException, Py4JError) as error:
                if expired.is_set():
                    _CONTEXT.stuck = True
                    message = f"the query was stopped after {self._limits.seconds:g} seconds"
                    raise EngineError((Diagnostic("KQL420", Level.ERROR, message, query.plan.span),)) from error
                message = f"the engine stopped: {_first_line(error)}"
                raise EngineError((Diagnostic("KQL422", Level.ERROR, message, query.plan.span),)) from error
        columns = tuple(ResultColumn(column.name, column.type.value) for column in query.columns)
        return Result(columns, table if columns else table.select([]))

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._folder.cleanup()
            _CONTEXT.leave()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Spark:
    """See `engines.engine.Engine`; `master` is Spark's word for where it runs, None: in threads of this machine."""

    name: Final = "spark"
    dialect: Final = DIALECT

    def __init__(self, master: str | None = None, settings: Mapping[str, str] | None = None) -> None:
        self._master = master
        self._settings = settings

    def open(
        self, tables: Mapping[str, LogTable], limits: Limits, external: Mapping[str, pa.Table] | None = None
    ) -> SparkSessionOverTables:
        return SparkSessionOverTables(tables, limits, external, self._master, self._settings)


ENGINE: Final = Spark()


@contextmanager
def _timed(seconds: float | None, expire: Callable[[], None]) -> Iterator[threading.Event]:
    """Calls `expire` again and again once so many seconds are over; the event says whether they are."""
    expired = threading.Event()
    if seconds is None:
        yield expired
        return

    done = threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        expired.set()
        # What is not a job yet cannot be cancelled: Spark may still be planning, so that one time is not enough.
        while not done.wait(0.2):
            expire()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield expired
    finally:
        done.set()
        watcher.join()


def _first_line(error: BaseException) -> str:
    """What happened, without the JVM's stack."""
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
