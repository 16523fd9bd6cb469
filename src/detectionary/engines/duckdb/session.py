"""DuckDB opened over the tables of one run, locked so that no query can reach anything else.

External access is off, extensions can neither be installed nor loaded, the configuration is locked; what may be read
are the Parquet files that this session was given, by absolute path. Memory, threads and time are bounded.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling
from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.compile import CompiledQuery
from detectionary.compiler.dialect import StoredColumn, StoredTable
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.dialect import DIALECT, TYPES
from detectionary.engines.duckdb.own_functions import OWN_FUNCTIONS
from detectionary.engines.duckdb.stopping import own_message
from detectionary.engines.duckdb.watching import stoppable
from detectionary.engines.engine import EngineError, Limits
from detectionary.engines.result import Result, ResultColumn
from detectionary.languages.kusto.syntax import ScalarType
from detectionary.languages.kusto.types import scalar_type
from detectionary.logs.tables import LogTable
from detectionary.text import Diagnostic, Level, Span

_SETTINGS: Final = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_unsigned_extensions": "false",
    "python_enable_replacements": "false",
    "default_null_order": "nulls_last",
}

PROBING: Final = 2.0
"""Seconds in which the stage that an error of the engine comes from is looked for."""


class DuckDBSession:
    """See `engines.engine.Session`."""

    def __init__(
        self, tables: Mapping[str, LogTable], limits: Limits, external: Mapping[str, pa.Table] | None = None
    ) -> None:
        self._limits = limits
        self._connection = duckdb.connect(":memory:", config=dict(_SETTINGS))
        self.storage: dict[str, StoredTable] = {}
        self._provided: set[str] = set()
        self._links: dict[str, str] = {}
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        try:
            self._open(tables, external or {})
        except BaseException:
            self._connection.close()
            raise

    def _open(self, tables: Mapping[str, LogTable], external: Mapping[str, pa.Table]) -> None:
        connection = self._connection
        files = [self._readable(path) for table in tables.values() for path in table.files]
        connection.execute(_set("memory_limit", sql.text(f"{self._limits.memory}MiB")))
        if not self._limits.spill:
            connection.execute(_set("temp_directory", sql.text("")))
        # A timestamp with a zone becomes one without by the session's zone, which is the machine's unless it is set.
        connection.execute(_set("TimeZone", sql.text("UTC")))
        if self._limits.threads is not None:
            connection.execute(_set("threads", sql.number(self._limits.threads)))
        connection.execute(_set("allowed_paths", exp.Array(expressions=[sql.text(file) for file in files])))
        connection.execute(_set("enable_external_access", sql.FALSE))
        for number, (name, table) in enumerate(tables.items(), 1):
            if table.files:
                self._stored_files(f"table_{number}", name, table)
        for number, (name, rows) in enumerate(external.items(), 1):
            self._stored_rows(f"external_{number}", name, rows)
        connection.execute(_set("lock_configuration", sql.TRUE))

    def _readable(self, path: Path) -> str:
        """The path by which DuckDB reads a file: one with a pattern's characters in it is reached through a link."""
        absolute = str(path.resolve())
        if not any(character in absolute for character in "*?["):
            return absolute
        found = self._links.get(absolute)
        if found is None:
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="detectionary-links-")
            link = Path(self._folder.name).resolve() / f"{len(self._links)}.parquet"
            link.symlink_to(absolute)
            found = self._links[absolute] = str(link)
        return found

    def _stored_files(self, relation: str, name: str, table: LogTable) -> None:
        paths = exp.Array(expressions=[sql.text(self._readable(path)) for path in table.files])
        chosen: list[Sql] = []
        columns: dict[str, StoredColumn] = {}
        for number, column in enumerate(table.columns, 1):
            kind = scalar_type(column.type)
            chosen.append(sql.alias(sql.cast(sql.column(column.stored), TYPES[kind]), f"c{number}"))
            columns[column.name] = StoredColumn(f"c{number}", kind, column.nullable)
        query = sql.select(chosen, exp.Table(this=sql.call("read_parquet", paths)))
        view = exp.Create(this=sql.table(relation), kind="VIEW", expression=query)
        self._connection.execute(view.sql("duckdb"))
        self.storage[name] = StoredTable(relation, columns)

    def _stored_rows(self, relation: str, name: str, rows: pa.Table) -> None:
        """Rows held in memory; the type of a column is its field's metadata `kusto`."""
        columns: dict[str, StoredColumn] = {}
        renamed = rows.rename_columns([f"c{number}" for number in range(1, rows.num_columns + 1)])
        for number, field in enumerate(rows.schema, 1):
            kind = ScalarType((field.metadata or {}).get(b"kusto", b"string").decode())
            columns[field.name] = StoredColumn(f"c{number}", kind)
        self._connection.register(relation, renamed)
        self.storage[name] = StoredTable(relation, columns)

    def run(self, query: CompiledQuery) -> Result:
        """All rows; raises `EngineError`."""
        for name in query.needs - self._provided:
            own = OWN_FUNCTIONS[name]
            self._connection.create_function(
                name, own, ["VARCHAR"], "VARCHAR", null_handling=FunctionNullHandling.SPECIAL
            )
            self._provided.add(name)
        failure: duckdb.Error | None = None
        with stoppable(self._connection.interrupt, self._limits.seconds) as expired:
            try:
                table = self._connection.sql(query.text()).to_arrow_table()
            except duckdb.InterruptException as error:
                if not expired.is_set():
                    raise KeyboardInterrupt from error
                message = f"the query was stopped after {self._limits.seconds:g} seconds"
                raise EngineError((Diagnostic("KQL420", Level.ERROR, message, query.plan.span),)) from error
            except duckdb.Error as error:
                failure = error
            except RuntimeError as error:
                if str(error) == "Query interrupted":  # how the client reports SIGINT while a query runs
                    raise KeyboardInterrupt from error
                raise
        if failure is not None:
            raise EngineError((self._diagnostic(failure, query),)) from failure
        columns = tuple(ResultColumn(column.name, column.type.value) for column in query.columns)
        return Result(columns, table if columns else table.select([]))

    def _diagnostic(self, error: duckdb.Error, query: CompiledQuery) -> Diagnostic:
        """The engine's error on the stage where it comes from; its first line says what happened."""
        first = " ".join(line.strip() for line in str(error).strip().splitlines()[:3]).split(" LINE ")[0]
        if isinstance(error, duckdb.OutOfMemoryException):
            message = f"the query needs more memory than it may use: {first}"
            return Diagnostic("KQL421", Level.ERROR, message, query.plan.span, "raise --memory, or filter earlier")
        own = own_message(first)
        if own is not None:
            return Diagnostic("KQL423", Level.ERROR, own, self._failing_stage(query))
        return Diagnostic("KQL422", Level.ERROR, f"the engine stopped: {first}", self._failing_stage(query))

    def _failing_stage(self, query: CompiledQuery) -> Span:
        """The span of the first named part of the statement that fails when it is computed by itself.

        The whole query's when that is not found soon: this is only for the message.
        """
        parts = query.statement.args.get("with_")
        chain = parts.expressions if parts is not None else []
        with stoppable(self._connection.interrupt, PROBING) as expired:
            for number, part in enumerate(chain, 1):
                name = part.alias
                value = sql.call("bit_xor", sql.call("hash", exp.Column(this=sql.name(name))))
                probe = sql.select([value], sql.table(name))
                probe.set("with_", exp.With(expressions=chain[:number]))
                try:
                    self._connection.sql(probe.sql("duckdb", copy=False)).fetchall()
                except duckdb.InterruptException as error:
                    if not expired.is_set():
                        raise KeyboardInterrupt from error
                except duckdb.Error:
                    return query.spans.get(name, query.plan.span)
                if expired.is_set():
                    break
        return query.plan.span

    def close(self) -> None:
        for name in self._provided:
            self._connection.remove_function(name)
        self._connection.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class DuckDB:
    """See `engines.engine.Engine`."""

    name: Final = "duckdb"
    dialect: Final = DIALECT

    def open(
        self, tables: Mapping[str, LogTable], limits: Limits, external: Mapping[str, pa.Table] | None = None
    ) -> DuckDBSession:
        return DuckDBSession(tables, limits, external)


ENGINE: Final = DuckDB()


def _set(setting: str, value: sql.Sql) -> str:
    """A SET statement of one of our settings."""
    item = exp.SetItem(this=exp.EQ(this=exp.Var(this=setting), expression=value))
    return exp.Set(expressions=[item]).sql("duckdb")
