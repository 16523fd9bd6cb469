"""A query run: compiled for an engine, its data-dependent columns found first where it has such."""

from __future__ import annotations

from detectionary.compiler.compile import CompiledQuery, Evaluation, Setting, compile_query
from detectionary.compiler.dialect import Dialect
from detectionary.engines.engine import Session
from detectionary.engines.result import Result
from detectionary.text import SourceText


def prepare(
    source: SourceText, setting: Setting, dialect: Dialect, session: Session, evaluation: Evaluation
) -> CompiledQuery:
    """Compile a query for the tables of a session; raises `Refused`, or `EngineError` while it looks at data."""
    return compile_query(source, setting, dialect, evaluation, session.storage)


def run_query(
    source: SourceText, setting: Setting, dialect: Dialect, session: Session, evaluation: Evaluation
) -> tuple[CompiledQuery, Result]:
    """The rows of a query, and how it was compiled; raises `Refused` or `EngineError`."""
    compiled = prepare(source, setting, dialect, session, evaluation)
    return compiled, session.run(compiled)
