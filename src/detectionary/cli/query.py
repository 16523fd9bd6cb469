"""`detectionary query`: one Kusto query on log files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database, reading
from detectionary.cli.output import ExitCode, ResultFormat
from detectionary.cli.result_view import explained, result_table, schema_view, write_rows
from detectionary.cli.running import Opened, RunOptions, absent, clock, opened, prepared, reasons
from detectionary.cli.trouble import Trouble
from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import ticks_of
from detectionary.engines.engine import EngineError
from detectionary.engines.result import TooDeepError
from detectionary.ingest.environments import Environments
from detectionary.model.schema import Environment
from detectionary.schemas import environment_base
from detectionary.text import SourceText


class BatchQuery(msgspec.Struct, frozen=True):
    """A line of `--batch`: a query and what to call it."""

    id: str | int
    query: str


class BatchName(msgspec.Struct, frozen=True):
    """The name alone of a line of `--batch`."""

    id: str | int | None = None


def query(
    kql: Annotated[str | None, Parameter(name="KQL")] = None,
    *,
    options: RunOptions = RunOptions(),  # noqa: B008  # frozen
    at: str | None = None,
    explain: bool = False,
    schema: bool = False,
    batch: Path | None = None,
    db: Database = DEFAULT,
    format: ResultFormat = ResultFormat.TEXT,  # noqa: A002  # the option's name
    output_file: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
) -> int:
    """Run a Kusto query on log files.

    Example: `detectionary query "AWSCloudTrail | summarize count() by EventName" --logs cloudtrail/`

    The query runs with Kusto's meaning; what this engine cannot do exactly is refused with its place. Functions that
    ingested repositories define can be called when the catalog is there.

    Parameters
    ----------
    kql
        The query, or a file that holds it.
    options
        Logs and engine.
    at
        What `now()` is: default right after the last record, or the time of day without logs.
    explain
        Print the plan and the SQL instead of running.
    schema
        List the tables and columns found in the logs.
    batch
        A file of {"id", "query"} lines ("-": standard input); the answer is one JSON line each.
    db
        The catalog file, for functions that repositories define.
    format
        What to write: text, json, ndjson, csv or parquet.
    output_file
        Where to write instead of standard output.
    """
    if batch is not None and kql is not None:
        raise Trouble("--batch takes its queries from its file", "leave out KQL, or leave out --batch")
    if batch is None and kql is None and not schema:
        raise Trouble("no query is given", 'detectionary query "T | take 10" --logs PATH..., or a file with the query')
    with opened(options) as found:
        functions = functions_of(db)
        if batch is not None:
            return _batch(batch, found, functions, at)
        if schema:
            output.show(*schema_view(found.logs))
            return ExitCode.DONE
        source = _source(str(kql))
        setting = Setting(found.environment(functions), found.external)
        evaluation = Evaluation(ticks_of(clock(at, found)))
        try:
            compiled, session = prepared(source, setting, found, evaluation)
            if explain:
                output.show(*explained(compiled))
                return ExitCode.DONE
            result = session.run(compiled)
        except (Refused, EngineError) as error:
            output.diagnostics(error.diagnostics, source, stderr=True)
            return ExitCode.FINDINGS
        output.diagnostics(compiled.notes, source, stderr=True)
        absent(compiled, found)
        try:
            if format is ResultFormat.TEXT and output_file is None:
                output.show(*result_table(result))
            else:
                write_rows(result, format, output_file)
        except TooDeepError as error:
            raise Trouble(str(error), "project the members that you need", ExitCode.FINDINGS) from error
    return ExitCode.DONE


def functions_of(db: Path) -> Environment:
    """The platform's functions, with those of all repositories of the catalog, when there is one."""
    base = environment_base()
    if not db.exists():
        return base
    with reading(db) as catalog:
        return Environments(base, catalog.functions()).of("")


def _source(text: str) -> SourceText:
    """A query as given, or the text of the file that is named."""
    path = Path(text)
    try:
        is_file = path.is_file()
    except OSError:  # a query is too long for a name
        is_file = False
    if not is_file:
        return SourceText(text, "query")
    try:
        return SourceText(path.read_text(encoding="utf-8-sig"), text)
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"cannot read {path}: {error}", "a query is a text in UTF-8") from None


def _batch(path: Path, found: Opened, functions: Environment, at: str | None) -> int:
    setting = Setting(found.environment(functions), found.external)
    evaluation = Evaluation(ticks_of(clock(at, found)))
    whole = True
    try:
        stream = sys.stdin.buffer if str(path) == "-" else path.open("rb")
    except OSError as error:
        raise Trouble(f"cannot read {path}: {error.strerror}", "--batch takes a file of JSON lines") from None
    with stream:
        for line in stream:
            if line.strip():
                answer = _answer(line, found, setting, evaluation)
                whole = whole and "rows" in answer
                output.ndjson([answer])
    return ExitCode.DONE if whole else ExitCode.FINDINGS


def _name_of(line: bytes) -> str | int | None:
    """What a line that asks no query calls itself, as far as that can be read."""
    try:
        return msgspec.json.decode(line, type=BatchName).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _answer(line: bytes, found: Opened, setting: Setting, evaluation: Evaluation) -> dict[str, object]:
    """What a line of a batch gives: rows, why it was refused, or what went wrong."""
    try:
        request = msgspec.json.decode(line, type=BatchQuery)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return {"id": _name_of(line), "error": f'no {{"id", "query"}} object: {error}'}
    source = SourceText(request.query, str(request.id))
    try:
        compiled, session = prepared(source, setting, found, evaluation)
        result = session.run(compiled)
        rows = list(result.rows())
    except Refused as error:
        return {"id": request.id, "refused": reasons(error)}
    except (EngineError, TooDeepError) as error:
        return {"id": request.id, "error": str(error)}
    columns = [{"name": column.name, "type": column.type} for column in result.columns]
    return {"id": request.id, "columns": columns, "rows": rows}
