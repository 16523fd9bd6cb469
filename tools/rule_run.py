"""Run the rules of ../shared that bind cleanly on empty tables of their types, and count what became of them.

    python -m tools.rule_run                        counts, times, the most common reasons
    python -m tools.rule_run --show refused --match mv-apply --limit 5
    python -m tools.rule_run --reasons FILE         the report, written to a file too
    python -m tools.rule_run --gaps tests/compiler/data/rule-gaps.tsv

The tests use the same functions (`tests/compiler/test_rules.py`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from detectionary.compiler.compile import CompiledQuery, Evaluation, Setting, plan_query
from detectionary.compiler.plan import Aggregate, Apply, Window, expressions, nodes, parts
from detectionary.compiler.refused import Refused
from detectionary.compiler.ticks import TICKS_A_DAY, ticks_of
from detectionary.engines.duckdb.session import ENGINE as DUCKDB
from detectionary.engines.engine import Engine, EngineError, Limits, Session
from detectionary.engines.result import ResultColumn
from detectionary.engines.running import prepare
from detectionary.languages.kusto.bind import bind
from detectionary.languages.kusto.bind_names import external_name, known_names
from detectionary.languages.kusto.bound import Bound, ColumnSymbol
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import Call, ExternalData, Literal, NameReference, Query, ScalarType, walk
from detectionary.model.schema import Column, Environment, FunctionDefinition, TableSchema
from detectionary.repositories import files, open_repository, preferred, read_file
from detectionary.text import SourceText

SHARED: Final = Path(__file__).resolve().parents[2] / "shared"
DIFFERENCES: Final = Path(__file__).resolve().parents[1] / "tests" / "kusto" / "data" / "binding-differences.json"
NOW: Final = ticks_of(datetime(2026, 1, 15, 12, 0, 0))
WINDOW: Final = Evaluation(NOW, NOW - 14 * TICKS_A_DAY, NOW)
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that binds cleanly by Microsoft's own binder, and what that says of its result."""

    key: str
    """The SHA-1 of the query's text, as the recording has it."""

    path: str
    query: str
    columns: tuple[tuple[str, str], ...]
    open: bool
    listed: bool
    """The binder's columns differ for a reason that `binding-differences.json` gives."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a rule: right, wrong (other columns), refused, failed (an error of the engine), crashed."""

    rule: Rule
    outcome: str
    why: str
    seconds: float = 0.0
    """Taken to compile: from the query's text to the text of the SQL."""


@cache
def rules(shared: Path = SHARED) -> tuple[Rule, ...]:
    """The recorded rules without findings, in the order of the recording."""
    texts: dict[str, str] = {}
    for path in sorted((shared / "corpora" / "azure-sentinel").rglob("*.y*ml")):
        try:
            documents = list(yaml.load_all(path.read_text(encoding="utf-8-sig"), Loader=_LOADER))
        except (yaml.YAMLError, ValueError):
            continue
        for document in documents:
            query = document.get("query") if isinstance(document, dict) else None
            if isinstance(query, str):
                texts[hashlib.sha1(query.encode(), usedforsecurity=False).hexdigest()] = query
    listed = json.loads(DIFFERENCES.read_text(encoding="utf-8"))["rules: names"]
    found = []
    for line in (shared / "conformance" / "official-binding.jsonl").read_text(encoding="utf-8").splitlines():
        recorded: dict[str, Any] = json.loads(line)  # Any: foreign JSON
        if not recorded["syntax"] and not recorded["semantic"]:
            columns = tuple((name, kind) for name, kind in recorded["columns"] or ())
            key = recorded["query_sha1"]
            found.append(Rule(key, recorded["path"], texts[key], columns, bool(recorded["open"]), key in listed))
    return tuple(found)


@cache
def environment(shared: Path = SHARED) -> Environment:
    """The tables that the recording was made with, and the functions that it knew without their bodies."""
    schemas = json.loads((shared / "schemas" / "kusto-tables.json").read_text(encoding="utf-8"))
    tables = {
        name: TableSchema(name, tuple(Column(*item) for item in columns.items())) for name, columns in schemas.items()
    }
    declared = json.loads((shared / "tools" / "kusto-oracle" / "functions.json").read_text(encoding="utf-8"))
    functions: dict[str, FunctionDefinition] = {}
    for function in declared["functions"]:
        name = function["name"]
        if name not in tables:
            parts = [item.strip().partition(":") for item in function.get("returns", "").split(",") if item.strip()]
            returns = TableSchema(name, tuple(Column(part[0].strip(), part[2].strip()) for part in parts), open=True)
            functions[name] = FunctionDefinition(name, function.get("params", ""), None, "", returns, "built in")
    return Environment(tables, functions)


def _whole(_language: str, text: str) -> list[tuple[int, int]]:
    """A function's file is one query."""
    return [(0, len(text))]


@cache
def parsers(shared: Path = SHARED) -> Mapping[str, FunctionDefinition]:
    """The functions that the corpus defines, ASIM parsers among them, by name."""
    opened = open_repository(shared / "corpora" / "azure-sentinel")
    found: list[FunctionDefinition] = []
    for file in files(opened):
        if not file.ignored and "parsers/" in file.path.lower():
            found += read_file(opened.root / file.path, opened, _whole).functions
    return preferred(found)


def with_bodies(known: Environment) -> Environment:
    """`known`, its functions without a body replaced by those of the corpus."""
    added = {name: function for name, function in parsers().items() if name not in known.tables}
    return Environment(known.tables, {**known.functions, **added})


def setting_of(tree: Query, known: Environment) -> Setting:
    """What a rule is compiled against: `known`, and tables for all that only a caller can give.

    A watchlist or a function without a body has the columns that the rule asks it for, texts unless most tables have a
    column of that name with another type.
    """
    external = _external(tree, known, bind(tree, known, expand=True))
    for _ in range(20):
        bound = bind(tree, known, expand=True, external=_closed(external))
        unknown = [_UNKNOWN.match(finding.message) for finding in bound.diagnostics if finding.code == "KQL203"]
        names = {found.group(1) for found in unknown if found}
        if not names or not external:
            break
        for name, schema in external.items():
            have = {column.name for column in schema.columns}
            if schema.open:
                added = tuple(Column(one, _likely_type(known, one)) for one in sorted(names - have))
                external[name] = TableSchema(name, (*schema.columns, *added), open=True)
    return Setting(known, _closed(external))


def _closed(tables: Mapping[str, TableSchema]) -> dict[str, TableSchema]:
    return {name: TableSchema(name, schema.columns) for name, schema in tables.items()}


LONG, STRING = ScalarType.LONG, ScalarType.STRING

_UNKNOWN: Final = re.compile(r"no column or variable is called (.+)")


def _likely_type(known: Environment, column: str) -> str:
    return (known_names(known).column_type(column) or (LONG if column.endswith("Bytes") else STRING)).value


def _external(tree: Query, known: Environment, bound: Bound) -> dict[str, TableSchema]:
    """The tables that only a caller can give; `open` marks those whose columns are a guess."""
    asked: dict[str, dict[str, str]] = {}
    for symbol in _columns(bound):
        if symbol.table is not None and symbol.table in known.functions:
            kind = symbol.type
            name = _likely_type(known, symbol.name) if kind is ScalarType.UNKNOWN else kind.value
            asked.setdefault(symbol.table, {})[symbol.name] = name
    external: dict[str, TableSchema] = {}
    for node in walk(tree):
        if isinstance(node, ExternalData):
            for source in node.sources:
                if isinstance(source, Literal) and isinstance(source.value, str):
                    external[source.value] = TableSchema(source.value, ())
        elif isinstance(node, Call | NameReference):
            function = node.name.text if isinstance(node, Call) else node.name
            definition = known.functions.get(function)
            if definition is not None and definition.returns is not None:
                columns = {column.name: column.type for column in definition.returns.columns} | asked.get(function, {})
                first = node.arguments[0] if isinstance(node, Call) and node.arguments else None
                name = external_name(node, first.value if isinstance(first, Literal) else None)
                external[name] = TableSchema(name, tuple(Column(*item) for item in columns.items()), open=True)
    return external


def _columns(bound: Bound) -> Iterator[ColumnSymbol]:
    """Every column that an expression of the query names, those inside of functions too."""
    pending = [(bound.symbols, bound.expansions)]
    while pending:
        symbols, expansions = pending.pop()
        for symbol in symbols.values():
            if isinstance(symbol, ColumnSymbol):
                yield from (symbol, *symbol.sources)
        pending.extend((inner.symbols, inner.expansions) for inner in expansions.values())


def judge(rule: Rule, known: Environment, engine: Engine, session: Session, evaluation: Evaluation) -> Verdict:
    """Compile and run one rule, and compare its columns with the recorded ones."""
    setting = setting_of(parse(rule.query).tree, known)
    started = time.process_time()
    try:
        compiled = compiled_rule(rule, setting, engine, session, evaluation)
        seconds = time.process_time() - started
        result = session.run(compiled)
    except Refused as refused:
        first = refused.diagnostics[0]
        return Verdict(rule, "refused", f"{first.code} {first.message}", time.process_time() - started)
    except EngineError as error:
        return Verdict(rule, "failed", error.diagnostics[0].message)
    except Exception as error:
        return Verdict(rule, "crashed", f"{type(error).__name__}: {error}")
    why = "" if rule.listed else other_columns(rule, result.columns)
    return Verdict(rule, "wrong" if why else "right", why, seconds)


def compiled_rule(
    rule: Rule, setting: Setting, engine: Engine, session: Session, evaluation: Evaluation
) -> CompiledQuery:
    compiled = prepare(SourceText(rule.query, rule.path), setting, engine.dialect, session, evaluation)
    compiled.text()
    return compiled


def other_columns(rule: Rule, got: tuple[ResultColumn, ...]) -> str:
    """Where the result's columns are not the recorded ones; a recorded `unknown` is any type, `open` allows more."""
    ours = [(column.name, column.type) for column in got]
    if rule.open:
        known = dict(ours)
        return next((f"{name} is missing" for name, _ in rule.columns if name not in known), "")
    if len(ours) != len(rule.columns):
        return f"{len(ours)} columns, not {len(rule.columns)}"
    for (name, kind), (own, own_kind) in zip(rule.columns, ours, strict=True):
        if name != own:
            return f"a column is called {own}, not {name}"
        if kind not in ("unknown", own_kind):
            return f"{name} is {own_kind}, not {kind}"
    return ""


def run(engine: Engine, evaluation: Evaluation, match: str = "", known: Environment | None = None) -> Iterator[Verdict]:
    """The verdict of every rule whose path or query holds `match`."""
    with engine.open({}, Limits(seconds=60)) as session:
        for rule in rules():
            if match in rule.query or match in rule.path:
                yield judge(rule, known or environment(), engine, session, evaluation)


def report(verdicts: list[Verdict], limit: int) -> Iterator[str]:
    """Counts, times and reasons, as lines."""
    counted = Counter(verdict.outcome for verdict in verdicts)
    shares = ", ".join(f"{counted[name]} {name}" for name in ("right", "wrong", "refused", "failed", "crashed"))
    yield f"{len(verdicts)} rules: {shares} ({counted['right'] / max(1, len(verdicts)):.1%} right)"
    times = sorted(1000 * verdict.seconds for verdict in verdicts if verdict.outcome == "right")
    if times:
        middle, late = statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.95))]
        yield f"to compile: median {middle:.1f} ms, 95 % within {late:.1f} ms, most {times[-1]:.0f} ms"
    reasons: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.outcome != "right":
            reasons.setdefault(f"{verdict.outcome}: {verdict.why[:170]}", []).append(verdict)
    for reason, items in sorted(reasons.items(), key=lambda item: -len(item[1]))[:limit]:
        yield f"{len(items):5}  {reason}   [{items[0].rule.path}]"


def needed(verdicts: list[Verdict], engine: Engine, limit: int) -> Iterator[str]:
    """The functions that refused rules need and the engine does not have, with how many rules need nothing else."""
    rules_of: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    dialect = engine.dialect
    for verdict in verdicts:
        if verdict.outcome != "refused":
            continue
        tree = parse(verdict.rule.query).tree
        try:
            plan = plan_query(tree, setting_of(tree, environment()), Evaluation(NOW))
        except Refused:
            continue
        names: set[str] = set()
        for node in nodes(plan):
            applied = (part for expression in expressions(node) for part in parts(expression))
            names |= {f"{p.function}()" for p in applied if isinstance(p, Apply) and p.function not in dialect.scalars}
            if isinstance(node, Aggregate):
                names |= {f"aggregate {m.function}" for m in node.measures if m.function not in dialect.aggregates}
            elif isinstance(node, Window):
                names |= {f"window {c.function}" for c in node.calls if c.function not in dialect.windows}
        rules_of.update(names)
        alone.update(names if len(names) == 1 else ())
    yield "needed: rules, of them those that need nothing else"
    for name, number in rules_of.most_common(limit):
        yield f"{number:5} {alone[name]:5}  {name}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", choices=["right", "wrong", "refused", "failed", "crashed"])
    parser.add_argument("--match", default="", help="only rules whose path or query holds this text")
    parser.add_argument("--why", default="", help="with --show: only those whose reason holds this text")
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--reasons", type=Path, help="write the report to this file too")
    parser.add_argument("--gaps", type=Path, help="write the rules that are refused, with their reasons, to this file")
    parser.add_argument("--window", action="store_true", help="put a rule's window over its tables")
    arguments = parser.parse_args()
    verdicts = list(run(DUCKDB, WINDOW if arguments.window else Evaluation(NOW), arguments.match))
    lines = list(report(verdicts, arguments.limit if arguments.show is None else 0))
    if arguments.show is None:
        lines += needed(verdicts, DUCKDB, arguments.limit)
    print("\n".join(lines))
    if arguments.reasons is not None:
        arguments.reasons.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if arguments.gaps is not None:
        gaps = sorted(f"{v.rule.key[:16]}\t{v.why}\n" for v in verdicts if v.outcome == "refused")
        arguments.gaps.write_text("".join(gaps), encoding="utf-8")
    chosen = [v for v in verdicts if v.outcome == arguments.show and arguments.why in v.why]
    for verdict in chosen[: arguments.limit]:
        print(f"--- {verdict.rule.path}\n{verdict.rule.query}\n=> {verdict.why}")


if __name__ == "__main__":
    main()
