"""One evaluation of a pasted rule on the sample logs, with everything that an author wants to know of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, Literal

import msgspec

from detectionary.alerts import Alert, Window, evaluate, to_json, window_of
from detectionary.api.playground_shapes import Limits, RunAnswer, RunColumn, RunStage, TextFinding
from detectionary.compiler.compile import CompiledQuery, Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import ticks_of
from detectionary.engines import engine
from detectionary.engines.duckdb.session import ENGINE
from detectionary.engines.engine import EngineError, Session
from detectionary.engines.result import Result, TooDeepError, Value
from detectionary.engines.running import prepare_over, tables_read
from detectionary.engines.tables import EXTERNAL, environment_over
from detectionary.languages import SyntaxStage, language_named
from detectionary.logs import Logs
from detectionary.model.rule import Rule
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, Level, SourceText

STAGES: Final = 40
"""Rows are counted after no more stages than this."""

_FROM_KQL: Final = "KQL421"
"""The engine's own advice there is about the command line."""


@dataclass(frozen=True, slots=True)
class Bench:
    """The sample logs opened in the engine: for queries, and for counts after their stages, which must be quick."""

    logs: Logs
    session: Session
    counting: Session
    limits: Limits

    def last(self) -> datetime | None:
        """The time of the last record, UTC without zone."""
        return max((table.last for table in self.logs.tables.values() if table.last is not None), default=None)

    def first(self) -> datetime | None:
        """The time of the first record, UTC without zone."""
        return min((table.first for table in self.logs.tables.values() if table.first is not None), default=None)


def open_bench(logs: Logs, limits: Limits) -> Bench:
    """The logs in an engine that may use what `limits` say, one thread, and no disk."""
    allowed = engine.Limits(limits.engine_mebibytes, threads=1, seconds=limits.query_seconds, spill=False)
    quick = replace(allowed, seconds=limits.count_seconds)
    return Bench(logs, ENGINE.open(logs.tables, allowed), ENGINE.open(logs.tables, quick), limits)


def run_rule(
    rule: Rule, functions: Environment, bench: Bench, at: datetime | None, seconds_left: Callable[[], float]
) -> RunAnswer:
    """What one evaluation of a Kusto rule gives; `at` None: right after the last record of the logs.

    `seconds_left` says how long the caller still waits: rows are counted after stages only while there is time.
    """
    moment = at or _moment(bench)
    window = window_of(rule, moment)
    end = ticks_of(window.end)
    evaluation = Evaluation(end, None if window.start is None else ticks_of(window.start), end)
    setting = Setting(environment_over(functions, bench.logs.tables))
    answer = RunAnswer("other", rule.title, window.end_text, window.start_text, window.end_text)
    try:
        compiled, session, hidden = prepare_over(
            bench.logs, rule.query, setting, ENGINE.dialect, bench.session, evaluation
        )
        answer = msgspec.structs.replace(
            answer, tables_absent=_absent(compiled, bench.logs), tables_left_out=hidden, findings=_notes(compiled, rule)
        )
        result = session.run(compiled)
        answer = _with_rows(answer, rule, result, window, bench)
    except Refused as refused:
        return _stopped(answer, "refused", refused.diagnostics, rule)
    except EngineError as error:
        return _with_stages(
            _stopped(answer, "failed", error.diagnostics, rule), rule, setting, evaluation, bench, seconds_left
        )
    except TooDeepError as error:
        finding = Diagnostic("KQL422", Level.ERROR, str(error), help="project the members that the rule needs")
        return _stopped(answer, "failed", (finding,), rule)
    return _with_stages(answer, rule, setting, evaluation, bench, seconds_left)


def _moment(bench: Bench) -> datetime:
    """Right after the last record; without records the answer does not depend on the time."""
    last = bench.last()
    return datetime(2000, 1, 1, tzinfo=UTC) if last is None else last.replace(tzinfo=UTC) + timedelta(microseconds=1)


def _absent(compiled: CompiledQuery, logs: Logs) -> tuple[str, ...]:
    held = {name for name, table in logs.tables.items() if table.rows}
    return tuple(sorted(name for name in tables_read(compiled) - held if not name.startswith(EXTERNAL)))


# Findings


def finding_of(diagnostic: Diagnostic, source: SourceText, section: str) -> TextFinding:
    """A diagnostic whose span counts in `source`, by its place in the text that `source` is a part of."""
    line = column = None
    length = 0
    if diagnostic.span is not None:
        start = min(diagnostic.span.start, len(source.text))
        line, column = source.position(start)
        row, row_start = source.line_at(start)
        length = max(1, min(diagnostic.span.end, row_start + len(row)) - start)
    return TextFinding(
        diagnostic.code,
        diagnostic.level.value,
        diagnostic.message,
        diagnostic.help,
        diagnostic.place,
        line,
        column,
        length,
        section,
    )


def _notes(compiled: CompiledQuery, rule: Rule) -> tuple[TextFinding, ...]:
    return tuple(finding_of(note, rule.query, "run") for note in compiled.notes)


def _stopped(
    answer: RunAnswer, outcome: Literal["refused", "failed"], why: Sequence[Diagnostic], rule: Rule
) -> RunAnswer:
    said = (replace(each, help="filter earlier") if each.code == _FROM_KQL else each for each in why)
    findings = (finding_of(each, rule.query, "run") for each in said)
    return msgspec.structs.replace(
        answer, outcome=outcome, findings=tuple(dict.fromkeys((*findings, *answer.findings)))
    )


# Rows and alerts


def _with_rows(answer: RunAnswer, rule: Rule, result: Result, window: Window, bench: Bench) -> RunAnswer:
    limits = bench.limits
    evaluated = evaluate(rule, result, window)
    said = tuple(finding_of(each, rule.body_source(), "alert") for each in evaluated.diagnostics)
    cutter = _Cutter(limits.value_characters)
    rows = tuple(tuple(map(cutter.cut, row)) for row in islice(result.rows(), limits.rows))
    first = bench.first()
    earlier = first is not None and window.start is not None and first.replace(tzinfo=UTC) < window.start
    return msgspec.structs.replace(
        answer,
        outcome="rows",
        findings=(*answer.findings, *said),
        columns=tuple(RunColumn(column.name, column.type) for column in result.columns),
        rows=rows,
        row_count=len(result),
        triggered=evaluated.triggered,
        alerts=tuple(_alert(alert, limits, cutter) for alert in evaluated.alerts[: limits.alerts]),
        alert_count=len(evaluated.alerts),
        cut_values=cutter.count,
        earlier_records=f"{first:%Y-%m-%dT%H:%M:%SZ}" if earlier else None,
    )


@dataclass(slots=True)
class _Cutter:
    """Shortens long values, and counts them."""

    most: int
    count: int = 0

    def cut(self, value: Value) -> Value:
        """The value; of a long text its beginning, of a long dynamic value the beginning of its JSON."""
        match value:
            case str():
                return value if len(value) <= self.most else self._beginning(value)
            case list() | dict():
                text = json.dumps(value, ensure_ascii=False)
                return value if len(text) <= self.most else self._beginning(text)
            case _:
                return value

    def _beginning(self, text: str) -> str:
        self.count += 1
        return f"{text[: self.most]}…"


def _alert(alert: Alert, limits: Limits, cutter: _Cutter) -> dict[str, Any]:
    shown = dict(to_json(replace(alert, rows=alert.rows[: limits.alert_rows])))
    shown["rows"] = [{name: cutter.cut(value) for name, value in row.items()} for row in _dicts(shown["rows"])]
    return shown


def _dicts(rows: object) -> list[dict[str, Value]]:
    assert isinstance(rows, list)  # noqa: S101  # `to_json` makes it
    return rows


# Rows left after each stage


def _with_stages(
    answer: RunAnswer,
    rule: Rule,
    setting: Setting,
    evaluation: Evaluation,
    bench: Bench,
    seconds_left: Callable[[], float],
) -> RunAnswer:
    """The answer with the rows that are left after each stage of the query.

    The query up to a stage is a query itself, so its rows are counted as any other's: exact, whatever the compiler
    makes of the whole. What a stage costs is bounded by the time that is left.
    """
    steps = language_named("kusto").check(rule.query).stages
    counted: list[RunStage] = []
    note = None
    for number, step in enumerate(steps, 1):
        rows = None
        if note is None and number > STAGES:
            note = f"rows are counted after {STAGES} stages at most"
        elif note is None and seconds_left() < 2 * bench.limits.count_seconds:
            note = "there was no time left to count the rows after every stage"
        elif note is None:
            rows, note = _count(rule, step, setting, evaluation, bench)
        counted.append(RunStage(number, step.kind, rule.query.position(step.span.start).line, rows))
    return msgspec.structs.replace(answer, stages=tuple(counted), stages_note=note)


def _count(
    rule: Rule, step: SyntaxStage, setting: Setting, evaluation: Evaluation, bench: Bench
) -> tuple[int | None, str | None]:
    """(rows after a stage, why they are not known)"""
    text = f"{rule.query.text[: step.span.end]}\n| count"
    source = SourceText(text, rule.query.name)
    try:
        compiled, session, _ = prepare_over(bench.logs, source, setting, ENGINE.dialect, bench.counting, evaluation)
        rows: Iterator[tuple[Value, ...]] = session.run(compiled).rows()
        ((count,),) = rows
    except (Refused, EngineError) as error:
        return None, f"the rows after the stage {step.kind} cannot be counted: {error.diagnostics[0].message}"
    return (count if isinstance(count, int) else None), None
