"""Run the rules of ../shared on rows that are made from their own literals (`tools/rule_solver.py`).

    python -m tools.rule_rows                       counts and reasons
    python -m tools.rule_rows --show wrong --limit 5 --match TEXT

A rule that only filters must return the rows made to match, and none of the near misses. Every other rule must run.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from detectionary.compiler.compile import Evaluation, Setting
from detectionary.compiler.lower import lower
from detectionary.compiler.plan import ColumnId, Plan, PlanColumn, Scan
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import moment_of
from detectionary.engines.duckdb.session import ENGINE as DUCKDB
from detectionary.engines.engine import Engine, EngineError, Limits
from detectionary.engines.running import run_query
from detectionary.languages.kusto.bind import bind
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import ScalarType
from detectionary.languages.kusto.types import scalar_type
from detectionary.logs.tables import LogColumn, LogTable
from detectionary.text import SourceText
from tools.rule_run import NOW, Rule, environment, rules, setting_of
from tools.rule_solver import Made, Row, filters, made_rows, only_filters

EXTERNAL: Final = "external:"

ARROW: Final[Mapping[ScalarType, pa.DataType]] = {
    ScalarType.BOOL: pa.bool_(),
    ScalarType.INT: pa.int32(),
    ScalarType.LONG: pa.int64(),
    ScalarType.REAL: pa.float64(),
    ScalarType.DECIMAL: pa.string(),
    ScalarType.STRING: pa.string(),
    ScalarType.DATETIME: pa.timestamp("us"),
    ScalarType.TIMESPAN: pa.int64(),
    ScalarType.GUID: pa.string(),
    ScalarType.DYNAMIC: pa.string(),
}
"""How log tables hold Kusto's types (`logs/tables.py`)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`checked`: hits and near misses came out as made; `ran`: it ran, and no more is known; or what went wrong."""

    rule: Rule
    outcome: str
    why: str = ""


def plan_of(rule: Rule, setting: Setting) -> Plan:
    """The plan of a rule before it is rewritten; raises `Refused`."""
    bound = bind(parse(rule.query).tree, setting.environment, expand=True, external=setting.external)
    return lower(bound, setting.environment, setting.external, {})


def judge(rule: Rule, engine: Engine, folder: Path) -> Outcome:
    setting = setting_of(parse(rule.query).tree, environment())
    try:
        try:
            plan = plan_of(rule, setting)
        except Refused:
            return _ran_on_plain_rows(rule, engine, setting, folder)
        made = [made_rows(scan, conditions, NOW) for scan, conditions, _ in filters(plan)]
        if only_filters(plan) and not made[0].unsolved:
            return _checked(rule, engine, setting, made[0], folder)
        _returned(rule, engine, setting, [(item, (*item.hits, *item.misses)) for item in made], folder)
    except Refused as refused:
        return Outcome(rule, "refused", refused.diagnostics[0].message)
    except EngineError as error:
        return Outcome(rule, "failed", error.diagnostics[0].message)
    except (pa.ArrowInvalid, OverflowError) as error:
        return Outcome(rule, "not made", str(error))
    unsolved = [item.unsolved for item in made if item.unsolved]
    return Outcome(rule, "ran", "; ".join(unsolved))


def _ran_on_plain_rows(rule: Rule, engine: Engine, setting: Setting, folder: Path) -> Outcome:
    """Run a rule whose columns only data shows: its plan is not known before."""
    known = setting.environment.tables
    scans = []
    for at, name in enumerate(bind(parse(rule.query).tree, setting.environment).tables):
        columns = [
            PlanColumn(column.name, scalar_type(column.type), ColumnId(f"c{at}_{number}"))
            for number, column in enumerate(known[name].columns)
        ]
        scans.append(made_rows(Scan(table=name, columns=tuple(columns)), (), NOW))
    _returned(rule, engine, setting, [(made, made.hits) for made in scans], folder)
    return Outcome(rule, "ran", "on plain rows")


def _checked(rule: Rule, engine: Engine, setting: Setting, made: Made, folder: Path) -> Outcome:
    hits = _returned(rule, engine, setting, [(made, made.hits)], folder)
    if hits != len(made.hits):
        return Outcome(rule, "wrong", f"{hits} rows of {len(made.hits)} hits: {_shown(made.hits[0])}")
    for miss in made.misses:
        if _returned(rule, engine, setting, [(made, (miss,))], folder):
            return Outcome(rule, "wrong", f"a near miss was returned: {_shown(miss)}")
    return Outcome(rule, "checked", f"{len(made.misses)} near misses")


def _shown(row: Row) -> str:
    return json.dumps({name: value for name, value in row.items() if value != "Zq"}, default=str)[:1000]


def _returned(
    rule: Rule, engine: Engine, setting: Setting, given: Sequence[tuple[Made, Sequence[Row]]], folder: Path
) -> int:
    """How many rows a rule returns on these."""
    columns: dict[str, tuple[PlanColumn, ...]] = {}
    rows: dict[str, list[Row]] = {}
    for made, added in given:
        columns[made.scan.table] = made.scan.columns
        rows.setdefault(made.scan.table, []).extend(added)
    tables: dict[str, LogTable] = {}
    external: dict[str, pa.Table] = {}
    for number, (name, shape) in enumerate(columns.items()):
        table = arrow_table(shape, rows[name])
        if name.startswith(EXTERNAL):
            external[name] = table.rename_columns([column.name for column in shape])
        else:
            tables[name] = stored(name, shape, table, folder / f"{number}.parquet")
    with engine.open(tables, Limits(seconds=60), external) as session:
        source = SourceText(rule.query, rule.path)
        _, result = run_query(source, setting, engine.dialect, session, Evaluation(NOW))
        return len(result)


def stored(name: str, columns: Sequence[PlanColumn], table: pa.Table, path: Path) -> LogTable:
    pq.write_table(table, path)
    described = tuple(
        LogColumn(column.name, column.type.value, f"c{at}", column.type is not ScalarType.STRING)
        for at, column in enumerate(columns)
    )
    return LogTable(name, described, (path,), table.num_rows, None, None)


def arrow_table(columns: Sequence[PlanColumn], rows: Sequence[Row]) -> pa.Table:
    """Rows as log tables hold them; fields are `c0`, `c1`, … with the Kusto type as metadata."""
    arrays = [
        pa.array([_stored(row[column.name], column.type) for row in rows], ARROW[column.type]) for column in columns
    ]
    fields = [
        pa.field(f"c{at}", ARROW[column.type], metadata={b"kusto": column.type.value.encode()})
        for at, column in enumerate(columns)
    ]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def _stored(value: object, kind: ScalarType) -> object:
    if value is None:
        return None
    if kind is ScalarType.DATETIME:
        return moment_of(int(str(value)))
    if kind is ScalarType.DYNAMIC:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if kind is ScalarType.REAL:
        return float(str(value))
    return value


def run(engine: Engine, match: str = "", *, every: int = 1) -> Iterator[Outcome]:
    """The outcome of every rule (or of one in `every`) whose path or query holds `match`."""
    with tempfile.TemporaryDirectory() as folder:
        for rule in rules()[::every]:
            if match in rule.query or match in rule.path:
                yield judge(rule, engine, Path(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show")
    parser.add_argument("--match", default="", help="only rules whose path or query holds this text")
    parser.add_argument("--every", type=int, default=1, help="only one rule in so many")
    parser.add_argument("--limit", type=int, default=20)
    arguments = parser.parse_args()
    outcomes = list(run(DUCKDB, arguments.match, every=arguments.every))
    counted = Counter(outcome.outcome for outcome in outcomes)
    print(f"{len(outcomes)} rules:", ", ".join(f"{number} {name}" for name, number in counted.most_common()))
    reasons = Counter(f"{outcome.outcome}: {outcome.why[:150]}" for outcome in outcomes if outcome.outcome != "checked")
    for reason, number in reasons.most_common(0 if arguments.show else arguments.limit):
        print(f"{number:5}  {reason}")
    for outcome in [outcome for outcome in outcomes if outcome.outcome == arguments.show][: arguments.limit]:
        print(f"--- {outcome.rule.path}\n{outcome.rule.query}\n=> {outcome.why}")


if __name__ == "__main__":
    main()
