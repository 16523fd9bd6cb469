"""Rows for a rule, made from its own literals: some that its filters let through, and near misses of those.

The filters are read from the plan, before it is rewritten, and what they mean is told here once more in Python: the
engine is held against a second reading of the documentation, not against itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from detectionary.compiler.moments import known
from detectionary.compiler.plan import (
    Apply,
    ColumnId,
    ColumnUse,
    Constant,
    Expr,
    Filter,
    Limit,
    Plan,
    Project,
    Scan,
    Sort,
    nodes,
)
from detectionary.compiler.ticks import TICKS_A_SECOND
from detectionary.languages.kusto.syntax import ScalarType

Leaf: TypeAlias = "bool | int | float | str | None"
Row: TypeAlias = dict[str, object]
"""A stored row by the columns' names; dynamic values as JSON values, datetimes and timespans as ticks."""

NEAR_MISSES: Final = 6
"""So many near misses of a rule at most."""


class UnsolvedError(Exception):
    """A condition for which no row is found here: it holds more than comparisons of stored values with constants."""


@dataclass(frozen=True, slots=True)
class Target:
    """A stored value that a condition reads: a column, or a member of its JSON."""

    column: ColumnId
    path: tuple[str | int, ...] = ()
    type: ScalarType = ScalarType.STRING
    in_text: bool = False
    """The column is a text that holds the JSON."""
    change: Callable[[str], str] | None = None
    """What the rule does to the text before it compares: `tolower`, `toupper`."""


@dataclass(frozen=True, slots=True)
class Demand:
    """That a comparison of a target is true, or that it is not."""

    target: Target
    operator: str
    values: tuple[Leaf, ...]
    holds: bool


@dataclass(slots=True)
class Demands:
    found: list[Demand] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.found)


def filters(plan: Plan) -> Iterator[tuple[Scan, list[Expr], bool]]:
    """Every scan with the conditions above it over its columns, and whether nothing but filters stands above it."""
    readers: dict[int, list[Plan]] = {}
    for node in nodes(plan):
        for below in node.inputs:
            readers.setdefault(id(below), []).append(node)
    for scan in nodes(plan):
        if not isinstance(scan, Scan):
            continue
        values: dict[ColumnId, Expr] = {column.id: ColumnUse(column.id, column.type) for column in scan.columns}
        conditions: list[Expr] = []
        at: Plan = scan
        while True:
            above = readers.get(id(at), [])
            if len(above) != 1:
                yield scan, conditions, not above
                break
            at = above[0]
            if isinstance(at, Filter):
                conditions.append(_replaced(at.condition, values))
            elif isinstance(at, Project):
                values = {
                    column.id: _replaced(value, values)
                    for column, value in zip(at.columns, at.expressions, strict=True)
                }
            elif not isinstance(at, Sort):
                yield scan, conditions, False
                break


def only_filters(plan: Plan) -> bool:
    """Whether a plan gives exactly the rows of one table that its conditions let through."""
    found = nodes(plan)
    scans = sum(isinstance(node, Scan) for node in found)
    return scans == 1 and all(isinstance(node, Scan | Filter | Project | Sort) for node in found)


def has_limit(plan: Plan) -> bool:
    return any(isinstance(node, Limit) for node in nodes(plan))


def _replaced(expression: Expr, values: Mapping[ColumnId, Expr]) -> Expr:
    match expression:
        case ColumnUse():
            return values.get(expression.id, expression)
        case Apply():
            arguments = tuple(_replaced(argument, values) for argument in expression.arguments)
            return Apply(expression.function, arguments, expression.type, expression.span)
        case _:
            return expression


# What a condition demands


def demand(condition: Expr, holds: bool, now: int, found: Demands) -> None:
    """Add to `found` what makes `condition` true (or not true); raises `UnsolvedError`."""
    match condition:
        case Constant():
            if bool(condition.value) is not holds:
                raise UnsolvedError("a constant condition")
        case Apply(function="not"):
            demand(condition.arguments[0], not holds, now, found)
        case Apply(function="and" | "or") if (condition.function == "and") is holds:
            for part in condition.arguments:
                demand(part, holds, now, found)
        case Apply(function="and" | "or"):
            _first(condition.arguments, holds, now, found)
        case Apply():
            found.found.append(_comparison(condition, holds, now))
        case ColumnUse():
            found.found.append(Demand(_target(condition), "==", (True,), holds))
        case _:
            raise UnsolvedError("a sub-query")


def _first(parts: Sequence[Expr], holds: bool, now: int, found: Demands) -> None:
    """The first part for which there is a way that agrees with what is demanded already."""
    for part in parts:
        tried = Demands(list(found.found))
        try:
            demand(part, holds, now, tried)
            _solved(tried)
        except UnsolvedError:
            continue
        found.found = tried.found
        return
    raise UnsolvedError("no alternative can be fulfilled")


def _comparison(call: Apply, holds: bool, now: int) -> Demand:
    operator, arguments = call.function, list(call.arguments)
    if operator == "!=":
        operator, holds = "==", not holds
    if operator in _FLIPPED and _is_constant(arguments[0], now) and len(arguments) == 2:
        operator, arguments = _FLIPPED[operator], arguments[::-1]
    if operator not in HOLDS:
        raise UnsolvedError(operator)
    target = _target(arguments[0])
    values = tuple(_value(argument, now) for argument in arguments[1:])
    if operator not in ("isempty", "isnotempty", "isnull", "isnotnull") and None in values:
        raise UnsolvedError("a comparison with null")
    if target.type is not ScalarType.DYNAMIC and any(
        isinstance(value, str) is not (target.type in (ScalarType.STRING, ScalarType.GUID)) for value in values
    ):
        raise UnsolvedError("a comparison of two types")
    return Demand(target, operator, values, holds)


_FLIPPED: Final = {"==": "==", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _is_constant(expression: Expr, now: int) -> bool:
    return known(expression, now) is not None


def _value(expression: Expr, now: int) -> Leaf:
    found = known(expression, now)
    if found is None:
        raise UnsolvedError("a value that only the run knows")
    if found.type is ScalarType.DYNAMIC or not isinstance(found.value, bool | int | float | str | None):
        raise UnsolvedError("a dynamic or decimal constant")
    return found.value


def _target(expression: Expr) -> Target:
    match expression:
        case ColumnUse():
            return Target(expression.id, (), expression.type)
        case Apply(function="member" | "element", arguments=(inner, Constant(value=str() | int() as name))):
            below = _target(inner)
            if below.change is not None:
                raise UnsolvedError("a member of a changed text")
            return Target(below.column, (*below.path, name), ScalarType.DYNAMIC, below.in_text)
        case Apply(function="parse_json", arguments=(ColumnUse() as column,)):
            return Target(column.id, (), ScalarType.DYNAMIC, column.type is ScalarType.STRING)
        case Apply(function="tostring", arguments=(inner,)):
            below = _target(inner)
            if below.type in (ScalarType.DYNAMIC, ScalarType.STRING):
                return Target(below.column, below.path, ScalarType.STRING, below.in_text, below.change)
            raise UnsolvedError("tostring of a number")
        case Apply(function="tolower" | "toupper", arguments=(inner,)):
            below = _target(inner)
            change = str.lower if expression.function == "tolower" else str.upper
            if below.change is not None:
                raise UnsolvedError("a text changed twice")
            return Target(below.column, below.path, below.type, below.in_text, change)
        case _:
            name = expression.function if isinstance(expression, Apply) else type(expression).__name__
            raise UnsolvedError(f"a value computed by {name}")


# What the operators mean (learn.microsoft.com, "String operators", "Numerical operators")


def _term(text: str, term: str, *, start: bool = True, end: bool = True, cased: bool = False) -> bool:
    before = r"(?<![0-9A-Za-z])" if start and term[:1].isalnum() else ""
    after = r"(?![0-9A-Za-z])" if end and term[-1:].isalnum() else ""
    return re.search(before + re.escape(term) + after, text, 0 if cased else re.IGNORECASE) is not None


def _ordered(compare: Callable[[float, float], bool]) -> Callable[..., bool]:
    def holds(value: Leaf, other: Leaf) -> bool:
        if isinstance(value, bool | int | float) and isinstance(other, bool | int | float):
            return compare(value, other)
        return False

    return holds


def _equal(value: Leaf, other: Leaf) -> bool:
    if isinstance(value, str) is not isinstance(other, str):
        raise UnsolvedError("values of two types")
    return value == other


HOLDS: Final[Mapping[str, Callable[..., bool]]] = {
    "==": _equal,
    "=~": lambda value, other: str(value).lower() == str(other).lower(),
    "in": lambda value, *others: any(_equal(value, other) for other in others),
    "in~": lambda value, *others: str(value).lower() in {str(other).lower() for other in others},
    "has": lambda value, term: _term(str(value), term),
    "has_cs": lambda value, term: _term(str(value), term, cased=True),
    "hasprefix": lambda value, term: _term(str(value), term, end=False),
    "hassuffix": lambda value, term: _term(str(value), term, start=False),
    "has_any": lambda value, *terms: any(_term(str(value), term) for term in terms),
    "has_all": lambda value, *terms: all(_term(str(value), term) for term in terms),
    "contains": lambda value, part: str(part).lower() in str(value).lower(),
    "contains_cs": lambda value, part: str(part) in str(value),
    "startswith": lambda value, part: str(value).lower().startswith(str(part).lower()),
    "startswith_cs": lambda value, part: str(value).startswith(str(part)),
    "endswith": lambda value, part: str(value).lower().endswith(str(part).lower()),
    "endswith_cs": lambda value, part: str(value).endswith(str(part)),
    "isempty": lambda value: value in ("", None),
    "isnotempty": lambda value: value not in ("", None),
    "isnull": lambda value: value is None,
    "isnotnull": lambda value: value is not None,
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "between": lambda value, low, high: (
        _ordered(lambda a, b: a <= b)(low, value) and _ordered(lambda a, b: a <= b)(value, high)
    ),
}
"""Operators by what they say of a value that is there."""

TEXT_DEFAULT: Final = "Zq"
"""A text that rules do not look for."""


def _candidates(demands: Sequence[Demand], kind: ScalarType) -> Iterator[Leaf]:
    """Values that may fulfil all demands of one target, likely ones first."""
    wanted = [d for d in demands if d.holds]
    texts = [str(value) for d in wanted for value in d.values if isinstance(value, str)]
    numbers = [value for d in demands for value in d.values if not isinstance(value, str | None)]
    if kind is ScalarType.BOOL or any(isinstance(number, bool) for number in numbers):
        yield from (True, False)
        return
    if numbers or kind not in (ScalarType.STRING, ScalarType.DYNAMIC, ScalarType.GUID):
        step = TICKS_A_SECOND if kind is ScalarType.DATETIME or kind is ScalarType.TIMESPAN else 1
        for number in numbers:
            yield from (number, number + step, number - step, number + 1000 * step, number - 1000 * step)
        yield from (step, 0) if kind is not ScalarType.DATETIME else ()
        return
    yield from texts
    for changed in (str.lower, str.upper):
        yield from map(changed, texts)
    starts = [str(d.values[0]) for d in wanted if d.operator.startswith("startswith")]
    ends = [str(d.values[0]) for d in wanted if d.operator.startswith("endswith")]
    middle: list[str] = []
    for d in wanted:
        if d.operator in ("has_any", "in", "in~"):
            middle.extend(str(value) for value in d.values[:1])
        elif not d.operator.startswith(("startswith", "endswith")):
            middle.extend(str(value) for value in d.values)
    yield "".join((*starts[:1], " ", " ".join(middle), " ", *ends[:1]))
    yield from (TEXT_DEFAULT, "")


def _fulfils(value: Leaf, demands: Sequence[Demand]) -> bool:
    for d in demands:
        seen = d.target.change(value) if d.target.change is not None and isinstance(value, str) else value
        if HOLDS[d.operator](seen, *d.values) is not d.holds:
            return False
    return True


def _solved(demands: Demands) -> dict[tuple[ColumnId, tuple[str | int, ...], bool], Leaf]:
    """A value for every target; raises `UnsolvedError`."""
    by_target: dict[tuple[ColumnId, tuple[str | int, ...], bool], list[Demand]] = {}
    for d in demands.found:
        by_target.setdefault((d.target.column, d.target.path, d.target.in_text), []).append(d)
    solution: dict[tuple[ColumnId, tuple[str | int, ...], bool], Leaf] = {}
    for key, asked in by_target.items():
        kind = asked[0].target.type
        if kind is ScalarType.DYNAMIC and not key[1]:
            raise UnsolvedError("a whole dynamic value")
        for value in _candidates(asked, kind):
            if _fulfils(value, asked):
                solution[key] = value
                break
        else:
            raise UnsolvedError(f"no value for {', '.join(d.operator for d in asked)}")
    return solution


# Rows


def row_of(scan: Scan, demands: Demands, now: int) -> Row:
    """A row of the table that fulfils all demands; what they do not ask for gets a plain value."""
    row: Row = {column.name: _plain(column.type, now) for column in scan.columns}
    names = {column.id: column.name for column in scan.columns}
    built: dict[tuple[str, bool], object] = {}
    for (column, path, in_text), value in _solved(demands).items():
        name = names[column]
        if path:
            built[name, in_text] = _put(built.get((name, in_text)), path, value)
        else:
            row[name] = value
    for (name, in_text), content in built.items():
        row[name] = json.dumps(content) if in_text else content
    for asked in demands.found:
        name = names[asked.target.column]
        if not asked.target.path and (name, True) in built and not _fulfils(str(row[name]), [asked]):
            raise UnsolvedError("a text that is asked for as a whole and by its members")
    return row


def _plain(kind: ScalarType, now: int) -> object:
    match kind:
        case ScalarType.STRING:
            return TEXT_DEFAULT
        case ScalarType.BOOL:
            return True
        case ScalarType.INT | ScalarType.LONG | ScalarType.TIMESPAN:
            return 1
        case ScalarType.REAL:
            return 1.5
        case ScalarType.DATETIME:
            return now - 3600 * TICKS_A_SECOND
        case ScalarType.DYNAMIC:
            return {TEXT_DEFAULT: 1}
        case ScalarType.GUID:
            return "00000000-0000-0000-0000-000000000001"
        case _:
            return None


def _put(content: object, path: Sequence[str | int], value: Leaf) -> object:
    """JSON `content` with `value` at `path`."""
    if not path:
        return value
    first, *rest = path
    if isinstance(first, int):
        items = list(content) if isinstance(content, list) else []
        place = max(first, 0)
        items += [None] * (place + 1 - len(items))
        items[place] = _put(items[place], rest, value)
        return items
    members = dict(content) if isinstance(content, dict) else {}
    members[first] = _put(members.get(first), rest, value)
    return members


@dataclass(frozen=True, slots=True)
class Made:
    """Rows for one scan: those that its conditions let through, and those that each miss one condition."""

    scan: Scan
    hits: tuple[Row, ...]
    misses: tuple[Row, ...]
    unsolved: str = ""


def made_rows(scan: Scan, conditions: Sequence[Expr], now: int) -> Made:
    """A hit and near misses; where that is too hard, a row of plain values as a hit, with the reason."""
    parts = [part for condition in conditions for part in _conjuncts(condition)]
    try:
        whole = Demands()
        for part in parts:
            demand(part, True, now, whole)
        hit = row_of(scan, whole, now)
    except UnsolvedError as error:
        return Made(scan, (row_of(scan, Demands(), now),), (), str(error))
    misses: list[Row] = []
    for missed in range(len(parts)):
        if len(misses) == NEAR_MISSES:
            break
        try:
            found = Demands()
            demand(parts[missed], False, now, found)
            for at, part in enumerate(parts):
                if at != missed:
                    demand(part, True, now, found)
            misses.append(row_of(scan, found, now))
        except UnsolvedError:
            continue
    return Made(scan, (hit,), tuple(misses))


def _conjuncts(condition: Expr) -> Iterator[Expr]:
    if isinstance(condition, Apply) and condition.function == "and":
        for part in condition.arguments:
            yield from _conjuncts(part)
    else:
        yield condition
