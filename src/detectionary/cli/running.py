"""Logs and an engine, opened for the commands that run queries and rules."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from detectionary.cli import output
from detectionary.cli.output import ExitCode
from detectionary.cli.trouble import Trouble
from detectionary.compiler.compile import CompiledQuery, Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.engines.engine import Engine, EngineError, Limits, Session
from detectionary.engines.registry import ENGINES, engine_named
from detectionary.engines.running import prepare_over, tables_read
from detectionary.engines.tables import EXTERNAL, environment_over
from detectionary.logs import Logs, LogTable
from detectionary.logs.reading import read_logs
from detectionary.model.schema import Environment, TableSchema
from detectionary.schemas import environment_base
from detectionary.text import SourceText

MOST_NAMED = 5
"""Of broken records, misfits and skipped files this many are named; the others are counted."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What `query` and `run` have in common.

    Parameters
    ----------
    logs
        Files and folders of logs: JSON, CloudTrail, CSV, Parquet, Windows events, EVTX; gz and zip round them too.
    table
        The table that the logs are, when that cannot be told from them.
    external
        NAME=FILE: rows of a watchlist, of `externaldata` (NAME is its URI), or of a function without a body.
    cache
        A folder that keeps the logs as Parquet, used again while they have not changed.
    engine
        What runs the query.
    timeout
        Seconds after which a query is stopped; 0 for never.
    memory
        What a query may use, in MiB.
    """

    logs: Annotated[tuple[Path, ...], Parameter(consume_multiple=True, negative=())] = ()
    table: str | None = None
    external: Annotated[tuple[str, ...], Parameter(negative=())] = ()
    cache: Path | None = None
    engine: str = "duckdb"
    timeout: float = 300.0
    memory: int = 4096

    def limits(self) -> Limits:
        return Limits(self.memory, None, self.timeout or None)


@dataclass(frozen=True, slots=True)
class Opened:
    """Logs opened in an engine: what queries are bound against, and where their rows lie."""

    engine: Engine
    session: Session
    logs: Logs
    base: Environment
    external: Mapping[str, TableSchema]

    @property
    def last(self) -> datetime | None:
        """The time of the last record, UTC without zone."""
        times = [table.last for table in self.logs.tables.values() if table.last is not None]
        return max(times, default=None)

    @property
    def first(self) -> datetime | None:
        """The time of the first record, UTC without zone."""
        times = [table.first for table in self.logs.tables.values() if table.first is not None]
        return min(times, default=None)

    def environment(self, functions: Environment) -> Environment:
        """The tables of the logs, with the functions of `functions`."""
        return environment_over(Environment(self.base.tables, functions.functions), self.logs.tables)


@contextmanager
def opened(options: RunOptions) -> Iterator[Opened]:
    """Read the logs and open the engine; what is wrong is a `Trouble`, what could not be read is said on stderr."""
    engine = _engine(options.engine)
    base = environment_base()
    with tempfile.TemporaryDirectory(prefix="detectionary-", ignore_cleanup_errors=True) as folder:
        logs = read_samples(options.logs, Path(folder) / "logs", base.tables, options.table, options.cache)
        report(logs)
        stand_ins = dict(_external(options.external, Path(folder)))
        tables = {**logs.tables, **{EXTERNAL + name: table for name, table in stand_ins.items()}}
        with engine.open(tables, options.limits()) as session:
            yield Opened(engine, session, logs, base, {name: table.schema for name, table in stand_ins.items()})


def _engine(name: str) -> Engine:
    try:
        return engine_named(name)
    except KeyError:
        raise Trouble(f"no engine is called {name!r}", f"the engines: {', '.join(ENGINES)}") from None
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("detectionary"):
            raise
        help_text = f"pip install 'detectionary[{name}]'"
        raise Trouble(f"{name} is not installed: {error}", help_text, ExitCode.CONFIGURATION) from None


def read_samples(
    paths: tuple[Path, ...], folder: Path, schemas: Mapping[str, TableSchema], table: str | None, cache: Path | None
) -> Logs:
    """What the files and folders at `paths` hold, as Parquet in `folder`; of none, nothing."""
    if not paths:
        return Logs({}, ())
    for path in paths:
        if not path.exists():
            raise Trouble(f"no file or folder {path}", "--logs takes log files and folders of them")
    with output.progress("reading logs") as advance:
        return read_logs(
            paths,
            folder,
            schemas,
            table=table,
            cache=cache,
            progress=lambda done, total, _records: advance(done, total),
        )


def _external(given: tuple[str, ...], folder: Path) -> Iterator[tuple[str, LogTable]]:
    for number, item in enumerate(given):
        name, equals, path = item.rpartition("=")
        if not equals:
            raise Trouble(
                f"--external wants NAME=FILE, not {item!r}", "--external \"_GetWatchlist('admins')=admins.csv\""
            )
        logs = read_samples((Path(path),), folder / f"external-{number}", {}, "rows", None)
        table = logs.tables.get("rows")
        if table is None:
            raise Trouble(f"{path} holds no rows", "give a CSV, JSON or Parquet file")
        yield name, table


def report(logs: Logs) -> None:
    """Say on stderr what was read, and everything that was not."""
    for name, table in logs.tables.items():
        output.talk(f"{name}: {table.rows:,} rows", "faint")
        if table.timeless:
            output.talk(f"{name}: {table.timeless:,} rows have no time and are in no window", "level.warning")
    skipped = logs.skipped
    for file in skipped[:MOST_NAMED]:
        output.talk(f"skipped {file.file}: {file.skipped}", "level.warning")
    _more(len(skipped), "skipped files")
    for broken in logs.broken[:MOST_NAMED]:
        place = f":{broken.line}" if broken.line is not None else f" record {broken.record}" if broken.record else ""
        output.talk(f"broken {broken.file}{place}: {broken.reason}", "level.warning")
    _more(logs.broken_count, "broken records")
    for misfit in logs.misfits[:MOST_NAMED]:
        what = f"{misfit.count:,} values of {misfit.table}.{misfit.column} are no {misfit.type}"
        output.talk(f"{what}, the first: {misfit.example}", "level.warning")
    _more(len(logs.misfits), "columns with values that do not fit")
    for note in logs.notes:
        output.talk(note, "level.note")


def _more(count: int, what: str) -> None:
    if count > MOST_NAMED:
        output.talk(f"… {count:,} {what} in all", "level.warning")


def prepared(
    source: SourceText, setting: Setting, found: Opened, evaluation: Evaluation
) -> tuple[CompiledQuery, Session]:
    """A query compiled, and the session that it runs in (see `prepare_over`). Raises `Refused` or `EngineError`."""
    dialect = found.engine.dialect
    compiled, session, hidden = prepare_over(found.logs, source, setting, dialect, found.session, evaluation)
    if hidden:
        output.talk(f"{', '.join(hidden)}: left out, its records stand in the query's other tables", "faint")
    return compiled, session


def absent(compiled: CompiledQuery, found: Opened) -> None:
    """Say which tables the query reads of which the logs have no record."""
    read = tables_read(compiled)
    held = {name for name, table in found.logs.tables.items() if table.rows}
    missing = sorted(name for name in read - held if not name.startswith(EXTERNAL))
    if missing:
        output.talk(f"the logs hold no record of {', '.join(missing)}", "level.warning")


def clock(text: str | None, opened_: Opened) -> datetime:
    """The time of an evaluation, with zone: as given, else right after the last record, else now."""
    if text is not None:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise Trouble(f"{text!r} is no time", "write it as 2026-01-31T12:00:00Z") from None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    last = opened_.last
    return datetime.now(UTC) if last is None else last.replace(tzinfo=UTC) + timedelta(microseconds=1)


def reasons(error: Refused | EngineError) -> list[dict[str, str]]:
    """What stopped a query, for machines."""
    return [{"code": found.code, "message": found.message} for found in error.diagnostics]
