"""One evaluation of a pasted rule on the sample logs, with everything that an author wants to know of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, Literal

import msgspec

from detectionary.alerts import Alert, Window, evaluate, is_triggered, to_json, window_of
from detectionary.alerts.schedule import NRT_LOOKBACK
from detectionary.api.playground_findings import finding_of
from detectionary.api.playground_shapes import Limits, RunAnswer, RunColumn, RunEvaluation, RunStage, TextFinding
from detectionary.compiler.compile import CompiledQuery, Evaluation, Setting
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import ticks_of
from detectionary.engines import engine
from detectionary.engines.duckdb.session import ENGINE
from detectionary.engines.engine import EngineError, Session
from detectionary.engines.result import Result, TooDeepError, Value
from detectionary.engines.running import prepare_over, run_query, tables_read
from detectionary.engines.tables import EXTERNAL, environment_over
from detectionary.languages import SyntaxStage, language_named
from detectionary.logs import Logs
from detectionary.model.rule import Rule, RuleKind
from detectionary.model.schema import Environment
from detectionary.repositories.durations import seconds
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


@dataclass(frozen=True, slots=True)
class _Run:
    """A rule, what its query is compiled against, and where it runs."""

    rule: Rule
    setting: Setting
    bench: Bench
    seconds_left: Callable[[], float]

    def prepared(self, window: Window) -> tuple[CompiledQuery, Session, tuple[str, ...]]:
        """The query for one window; raises `Refused` or `EngineError`."""
        bench = self.bench
        evaluation = _evaluation(window)
        return prepare_over(bench.logs, self.rule.query, self.setting, ENGINE.dialect, bench.session, evaluation)


def _evaluation(window: Window) -> Evaluation:
    end = ticks_of(window.end)
    return Evaluation(end, None if window.start is None else ticks_of(window.start), end)


def run_rule(
    rule: Rule, functions: Environment, bench: Bench, at: datetime | None, seconds_left: Callable[[], float]
) -> RunAnswer:
    """What a Kusto rule gives when it is evaluated at a time; `at` None: whenever its schedule says.

    `seconds_left` says how long the caller still waits: rows are counted after stages only while there is time.
    """
    run = _Run(rule, Setting(environment_over(functions, bench.logs.tables)), bench, seconds_left)
    window = window_of(rule, at or _moment(bench))
    answer = RunAnswer("other", rule.title, window.end_text, window.start_text, window.end_text)
    try:
        compiled, session, hidden = run.prepared(window)
        chosen = Chosen(window, session.run(compiled))
        if at is None:
            chosen = _by_schedule(run, compiled, chosen)
        window = chosen.window
        answer = msgspec.structs.replace(
            answer,
            at=window.end_text,
            window_start=window.start_text,
            window_end=window.end_text,
            tables_absent=_absent(compiled, bench.logs),
            tables_left_out=hidden,
            findings=_notes(compiled, rule),
            evaluations=chosen.evaluations,
            evaluations_note=chosen.note,
        )
        answer = _with_rows(answer, rule, chosen.result, window, bench)
    except Refused as refused:
        return _stopped(answer, "refused", refused.diagnostics, rule)
    except EngineError as error:
        answer = _stopped(answer, "failed", error.diagnostics, rule)
    except TooDeepError as error:
        finding = Diagnostic("KQL422", Level.ERROR, str(error), help="project the members that the rule needs")
        return _stopped(answer, "failed", (finding,), rule)
    return _with_stages(answer, run, window)


def _moment(bench: Bench) -> datetime:
    """Right after the last record; without records the answer does not depend on the time."""
    last = bench.last()
    return datetime(2000, 1, 1, tzinfo=UTC) if last is None else last.replace(tzinfo=UTC) + timedelta(microseconds=1)


def _absent(compiled: CompiledQuery, logs: Logs) -> tuple[str, ...]:
    held = {name for name, table in logs.tables.items() if table.rows}
    return tuple(sorted(name for name in tables_read(compiled) - held if not name.startswith(EXTERNAL)))


# Findings


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


# Evaluations by the schedule


@dataclass(frozen=True, slots=True)
class Chosen:
    """An evaluation with its rows, and the others beside it."""

    window: Window
    result: Result
    evaluations: tuple[RunEvaluation, ...] = ()
    note: str | None = None


def _by_schedule(run: _Run, compiled: CompiledQuery, last: Chosen) -> Chosen:
    """The evaluation that says most, of those that the rule's schedule asks for over the logs; `last` is the last one.

    The schedule goes back from the last record in steps of the rule's frequency. A time before which no new record of
    the query's tables has come is left out: a rule that is about what happens would say there what it said before.
    """
    step = _frequency(run.rule)
    if step is None or last.window.start is None:
        return last
    slots = _slots(run, compiled, last.window.end, step)
    limits = run.bench.limits
    best, best_worth = last, (False, False)
    made: list[RunEvaluation] = []
    note = None
    for slot in slots[: limits.evaluations]:
        if run.seconds_left() < limits.run_seconds / 2:
            note = "there was no time left for earlier evaluations"
            break
        window = window_of(run.rule, last.window.end - slot * step)
        result = last.result
        if slot:
            prepared, session, _ = run.prepared(window)
            result = session.run(prepared)
        triggered = is_triggered(run.rule.trigger, len(result))
        made.append(RunEvaluation(window.end_text, len(result), triggered))
        if (worth := (triggered, len(result) > 0)) > best_worth:
            best, best_worth = Chosen(window, result), worth
    if note is None and len(slots) > limits.evaluations:
        note = f"the last {limits.evaluations} of {len(slots)} evaluations that have new records"
    return replace(best, evaluations=tuple(made), note=note)


def _frequency(rule: Rule) -> timedelta | None:
    """How often the rule is evaluated; None when that is not said."""
    if rule.kind == RuleKind.NRT.value:
        return NRT_LOOKBACK
    written = None if rule.schedule is None else rule.schedule.frequency
    length = None if written is None else seconds(written)
    return timedelta(seconds=length) if length else None


def _slots(run: _Run, compiled: CompiledQuery, end: datetime, step: timedelta) -> list[int]:
    """How many steps before `end` the evaluations are that new records have come before, the last first; 0 always."""
    found = {0}
    for name in sorted(tables_read(compiled)):
        table = run.bench.logs.tables.get(name)
        column = None if table is None else next((each.name for each in table.columns if each.name in _TIMES), None)
        if table is None or column is None or not table.rows:
            continue
        text = (
            f"[{json.dumps(name)}] | where isnotnull({column})"
            f" | summarize by slot = tolong((now() - {column}) / time({step.total_seconds():.0f}s))"
        )
        setting = Setting(environment_over(Environment(), run.bench.logs.tables))
        clock = Evaluation(ticks_of(end))
        session = run.bench.session
        _, result = run_query(SourceText(text), setting, ENGINE.dialect, session, clock)
        found.update(int(str(slot)) for (slot,) in result.rows() if slot is not None and int(str(slot)) >= 0)
    return sorted(found)


_TIMES: Final = ("TimeGenerated", "Timestamp")
"""The columns that hold the time of a record."""


# Rows left after each stage


def _with_stages(answer: RunAnswer, run: _Run, window: Window) -> RunAnswer:
    """The answer with the rows that are left after each stage of the query.

    The query up to a stage is a query itself, so its rows are counted as any other's: exact, whatever the compiler
    makes of the whole. What a stage costs is bounded by the time that is left.
    """
    rule, bench = run.rule, run.bench
    steps = language_named("kusto").check(rule.query).stages
    counted: list[RunStage] = []
    note = None
    for number, step in enumerate(steps, 1):
        rows = None
        if note is None and number > STAGES:
            note = f"rows are counted after {STAGES} stages at most"
        elif note is None and run.seconds_left() < 2 * bench.limits.count_seconds:
            note = "there was no time left to count the rows after every stage"
        elif note is None:
            rows, note = _count(run, step, window)
        counted.append(RunStage(number, step.kind, rule.query.position(step.span.start).line, rows))
    return msgspec.structs.replace(answer, stages=tuple(counted), stages_note=note)


def _count(run: _Run, step: SyntaxStage, window: Window) -> tuple[int | None, str | None]:
    """(rows after a stage, why they are not known)"""
    source = SourceText(f"{run.rule.query.text[: step.span.end]}\n| count", run.rule.query.name)
    bench = run.bench
    try:
        compiled, session, _ = prepare_over(
            bench.logs, source, run.setting, ENGINE.dialect, bench.counting, _evaluation(window)
        )
        rows: Iterator[tuple[Value, ...]] = session.run(compiled).rows()
        ((count,),) = rows
    except (Refused, EngineError) as error:
        return None, f"the rows after the stage {step.kind} cannot be counted: {error.diagnostics[0].message}"
    return (count if isinstance(count, int) else None), None
