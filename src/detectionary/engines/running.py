"""A query run: compiled for an engine, its data-dependent columns found first where it has such."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from detectionary.compiler.compile import CompiledQuery, Evaluation, Setting, emit, parse_query, plan_query, rewritten
from detectionary.compiler.dialect import Dialect
from detectionary.compiler.discovery import Discovered, UndiscoveredError
from detectionary.compiler.plan import Scan, nodes
from detectionary.compiler.refused import Refused, refuse
from detectionary.engines.engine import Session
from detectionary.engines.masked import Masked
from detectionary.engines.result import Result
from detectionary.languages.kusto.syntax import (
    Element,
    ExpandItem,
    Expression,
    Name,
    Named,
    NameReference,
    Parenthesized,
    Path,
    Query,
    walk,
)
from detectionary.logs.tables import Logs
from detectionary.model.schema import Column
from detectionary.text import Diagnostic, Level, SourceText, Span

MOST_LOOKS: Final = 100
"""How often the data of one query is looked at, and names are supposed, before it is given up."""

UNKNOWN_NAME: Final = "KQL203"


def prepare(
    source: SourceText, setting: Setting, dialect: Dialect, session: Session, evaluation: Evaluation
) -> CompiledQuery:
    """Compile a query for the tables of a session; raises `Refused`, or `EngineError` while it looks at data."""
    tree = parse_query(source)
    for _ in range(MOST_LOOKS):
        try:
            compiled = emit(plan_query(tree, setting, evaluation), dialect, evaluation, session.storage)
        except UndiscoveredError as missing:
            look = emit(rewritten(missing.plan, evaluation), dialect, evaluation, session.storage)
            found = missing.found(session.run(look).rows())
            setting = replace(setting, discovered={**setting.discovered, id(missing.node): found})
        except Refused as refused:
            supposed = _supposed(refused, setting, tree)
            if supposed is None:
                raise
            setting = supposed
        else:
            return replace(compiled, notes=(*compiled.notes, *_notes(setting)))
    raise refuse("the columns of this query are not found, however often its data is looked at", tree.span)


def prepare_over(
    logs: Logs, source: SourceText, setting: Setting, dialect: Dialect, session: Session, evaluation: Evaluation
) -> tuple[CompiledQuery, Session, tuple[str, ...]]:
    """`prepare`, with each record of the logs in one of the query's tables only.

    Windows events stand in WindowsEvent and in SecurityEvent or Event, so that rules on either see them; a query that
    reads both would count every event twice. Returns the session to run in and the tables that are left out.
    """
    compiled = prepare(source, setting, dialect, session, evaluation)
    seen = logs.seen_by(tables_read(compiled))
    hidden = tuple(sorted(name for name, table in seen.items() if not table.rows and logs.tables[name].rows))
    if hidden:
        session = Masked(session, hidden)
        compiled = prepare(source, setting, dialect, session, evaluation)
    return compiled, session, hidden


def tables_read(compiled: CompiledQuery) -> set[str]:
    """The tables that a query reads, stand-ins for external data (`EXTERNAL`) among them."""
    return {node.table for node in nodes(compiled.plan) if isinstance(node, Scan)}


def run_query(
    source: SourceText, setting: Setting, dialect: Dialect, session: Session, evaluation: Evaluation
) -> tuple[CompiledQuery, Result]:
    """The rows of a query, and how it was compiled; raises `Refused` or `EngineError`."""
    compiled = prepare(source, setting, dialect, session, evaluation)
    return compiled, session.run(compiled)


# Plug-ins that no row reached


def _supposed(refused: Refused, setting: Setting, tree: Query) -> Setting | None:
    """The setting with the columns that the query expects of a plug-in without rows; None when that helps nothing.

    Kusto stops such a query, since the plug-in makes no columns. Its result could only be empty, and that is the answer
    here; names of columns that do not come from such a plug-in stay errors.
    """
    empty = [found for found in setting.discovered.values() if found.empty]
    unknown = [d for d in refused.diagnostics if d.code == UNKNOWN_NAME]
    if not empty or not unknown or len(unknown) < len(refused.diagnostics):
        return None
    discovered = dict(setting.discovered)
    names = _names(tree)
    dynamic = set(_dynamic_names(tree))
    for diagnostic in unknown:
        span = diagnostic.span
        name = names.get(span) if span is not None else None
        if span is None or name is None:
            continue
        before = [discovered[id(found.node)] for found in empty if found.node.span.end <= span.start]
        lacking = [found for found in before if all(column.name != name for column in found.columns)]
        if not lacking:
            continue
        # The plug-in that stands last before the name is the likeliest to give it.
        last = max(lacking, key=lambda found: found.node.span.end)
        kind = last.kind or ("dynamic" if name in dynamic else "string")
        columns = (*last.columns, Column(name, kind))
        discovered[id(last.node)] = replace(last, columns=columns, made=last.made | {name})
    if all(discovered[key] is value for key, value in setting.discovered.items()):
        return None
    return replace(setting, discovered=discovered)


def _names(tree: Query) -> dict[Span | None, str]:
    """The names of columns in the query by where they stand, `$left.name` too."""
    result: dict[Span | None, str] = {}
    for node in walk(tree):
        match node:
            case NameReference():
                result[node.span] = node.name
            case Path(member=Name() as member):
                result[member.span] = result[node.span] = member.text
    return result


def _dynamic_names(tree: Query) -> Iterator[str]:
    """Names whose members the query takes, or whose items it expands."""
    for node in walk(tree):
        target: Expression | None = None
        match node:
            case Path() | Element():
                target = node.target
            case ExpandItem(to_type=None):
                target = node.expression
        while isinstance(target, Parenthesized | Named):
            target = target.expression
        if isinstance(target, NameReference):
            yield target.name


def _notes(setting: Setting) -> Iterator[Diagnostic]:
    for found in setting.discovered.values():
        if found.empty and found.made:
            yield _note(found)


def _note(found: Discovered) -> Diagnostic:
    names = ", ".join(sorted(found.made))
    message = f"no row reached this plug-in, so its columns are not known; these are taken as named: {names}"
    return Diagnostic("KQL413", Level.NOTE, message, found.node.span)
