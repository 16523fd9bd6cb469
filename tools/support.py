"""The support matrix of Kusto: every function of the binder's tables, engine by engine, from the dialects' own rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from detectionary.compiler.aliases import ALIASES, canonical
from detectionary.compiler.dialect import Aggregated, Dialect, Gap, Scalar, Windowed
from detectionary.compiler.lower_expressions import SPECIAL
from detectionary.compiler.lower_windows import WINDOWS
from detectionary.compiler.support import LOWERED_FUNCTIONS, operator_support, plugin_support
from detectionary.engines.registry import ENGINES, dialect_named
from detectionary.languages.kusto.functions_aggregate import AGGREGATES
from detectionary.languages.kusto.functions_plugins import PLUGINS
from detectionary.languages.kusto.functions_scalar import SCALAR_FUNCTIONS
from detectionary.languages.kusto.functions_series import SERIES_FUNCTIONS

Row = Scalar | Aggregated | Windowed | Gap

PLAIN: Final = "yes"


def markdown(note: str) -> str:
    """The page."""
    dialects = {name: dialect_named(name) for name in ENGINES}
    lines = [
        "# What of Kusto runs",
        "",
        note,
        "",
        "A query that needs something that an engine cannot do exactly is refused, with the place in the query. *yes*",
        "may carry a note: a part that is refused, or a declared deviation. *estimated*: the service estimates it too.",
        "",
        "Old names of functions (`makeset`, `todouble`, …) stand under their present ones.",
        "",
        *_section("Operators", {name: dict.fromkeys(dialects, text) for name, text in operator_support().items()}),
        *_section("Scalar functions", _functions([*SCALAR_FUNCTIONS, *SERIES_FUNCTIONS], dialects, "scalars")),
        *_section("Operators inside expressions", _operators(dialects)),
        *_section("Aggregates", _functions(AGGREGATES, dialects, "aggregates")),
        *_section("Window functions", _functions(WINDOWS, dialects, "windows")),
        *_section("Plug-ins", {name: dict.fromkeys(dialects, plugin_support(name)) for name in sorted(PLUGINS)}),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _section(title: str, rows: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    engines = list(ENGINES)
    counts = ", ".join(
        f"{sum(not row[engine].startswith('no') for row in rows.values())} on {engine}" for engine in engines
    )
    yield from (f"## {title}", "", f"{len(rows)} in all: {counts}.", "")
    yield f"| name | {' | '.join(engines)} |"
    yield f"|---|{'---|' * len(engines)}"
    for name, row in rows.items():
        spelled = name.replace("|", "\\|")
        yield f"| `{spelled}` | {' | '.join(row[engine] for engine in engines)} |"
    yield ""


def _functions(names: Iterable[str], dialects: Mapping[str, Dialect], kind: str) -> dict[str, dict[str, str]]:
    elsewhere = {*WINDOWS, *map(canonical, AGGREGATES)} if kind == "scalars" else set()
    wanted = sorted({canonical(name) for name in names} - elsewhere)
    return {name: {engine: _said(getattr(d, kind), name) for engine, d in dialects.items()} for name in wanted}


def _operators(dialects: Mapping[str, Dialect]) -> dict[str, dict[str, str]]:
    """Rows of dialects that are no functions of the language: operators, and steps of the compiler's own."""
    known = {canonical(name) for name in (*SCALAR_FUNCTIONS, *SERIES_FUNCTIONS)} | set(ALIASES)
    names = sorted({name for dialect in dialects.values() for name in dialect.scalars} - known)
    return {name: {engine: _said(d.scalars, name) for engine, d in dialects.items()} for name in names}


def _said(rows: Mapping[str, Row], name: str) -> str:
    if name in SPECIAL or name in LOWERED_FUNCTIONS:
        return LOWERED_FUNCTIONS.get(name, PLAIN)
    row = rows.get(name)
    match row:
        case None:
            return "no"
        case Gap(reason=reason):
            return f"no: {reason}"
        case Scalar(approximate=how) | Aggregated(approximate=how) | Windowed(approximate=how) if how:
            return f"estimated: {how}"
        case Scalar(note=note) | Aggregated(note=note) | Windowed(note=note):
            return f"yes; {note}" if note else PLAIN
