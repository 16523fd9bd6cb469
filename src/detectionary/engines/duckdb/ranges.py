"""`range` in DuckDB SQL: a series of whole numbers, or of the microseconds or steps that stand for other values."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.emit import Emission
from detectionary.compiler.moments import known
from detectionary.compiler.plan import Constant, Expr, PlanColumn, Sequence
from detectionary.compiler.refused import refuse
from detectionary.compiler.sql import Sql
from detectionary.languages.kusto.syntax import ScalarType

_MOST: Final = 100_000
"""A range of more reals is not looked through."""

_ITEM: Final = sql.column("generate_series")


def sequence(node: Sequence, column: PlanColumn, emission: Emission) -> Sql:
    """From the start by the step until the stop is passed; refuses a step that stands still."""
    start, stop, step = (emission.expression(part) for part in (node.start, node.stop, node.step))
    length = _known(node.step, emission)
    if length == 0:
        raise refuse("a range needs a step other than 0", node.span)
    match column.type:
        case ScalarType.LONG | ScalarType.INT | ScalarType.TIMESPAN:
            item: Sql = sql.cast(_ITEM, emission.dialect.types[column.type])
            return _series(column, item, *(sql.cast(part, "BIGINT") for part in (start, stop, step)))
        case ScalarType.DATETIME:
            if not isinstance(length, int) or length % 10:
                raise refuse("a range of datetimes needs a constant step of whole microseconds", node.span)
            micros = sql.cast(sql.number(length // 10), "BIGINT")
            ends = (sql.call("epoch_us", part) for part in (start, stop))
            return _series(column, sql.call("make_timestamp", _ITEM), *ends, micros)
        case ScalarType.REAL:
            _refuse_rounding(node)
            steps = sql.call("floor", sql.binary(exp.Div, sql.binary(exp.Sub, stop, start), step))
            item = sql.binary(exp.Add, start, sql.binary(exp.Mul, _ITEM, step))
            return _series(column, item, sql.number(0), sql.cast(steps, "BIGINT"), sql.number(1))
    raise refuse(f"a range of {column.type.value} is not supported", node.span)


def _refuse_rounding(node: Sequence) -> None:
    """Reals that are summed up step by step and reals that are multiples of the step differ where they are rounded."""
    ends = [part.value if isinstance(part, Constant) else None for part in (node.start, node.stop, node.step)]
    if all(isinstance(end, int | float) for end in ends):
        start, stop, step = (float(end) for end in ends if end is not None)
        item, count = start, 0
        while step and (item <= stop if step > 0 else item >= stop) and count <= _MOST:
            if item != start + count * step:
                break
            item, count = item + step, count + 1
        else:
            if count <= _MOST and count == max(0, (stop - start) // step + 1):
                return
    raise refuse("how a range of reals is rounded is not documented", node.span, "use whole numbers and divide them")


def _known(part: Expr, emission: Emission) -> int | float | None:
    value = part if isinstance(part, Constant) else known(part, emission.now)
    return value.value if value is not None and isinstance(value.value, int | float) else None


def _series(column: PlanColumn, item: Sql, *arguments: Sql) -> Sql:
    source = exp.Table(this=sql.call("generate_series", *arguments))
    return sql.select([sql.alias(item, column.id)], source)
