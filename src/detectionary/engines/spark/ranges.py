"""`range` in Spark SQL: a series of whole numbers, or of the microseconds that stand for datetimes."""

from __future__ import annotations

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.emit import Emission
from detectionary.compiler.moments import known
from detectionary.compiler.plan import Constant, Expr, PlanColumn, Sequence
from detectionary.compiler.refused import refuse
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import array, long
from detectionary.engines.spark.spans import micros, moment_of_micros
from detectionary.languages.kusto.syntax import ScalarType

_ITEM = sql.column("item")


def sequence(node: Sequence, column: PlanColumn, emission: Emission) -> Sql:
    """From the start by the step until the stop is passed; refuses a step that stands still."""
    start, stop, step = (emission.expression(part) for part in (node.start, node.stop, node.step))
    length = _known(node.step, emission)
    if length == 0:
        raise refuse("a range needs a step other than 0", node.span)
    match column.type:
        case ScalarType.LONG | ScalarType.INT | ScalarType.TIMESPAN:
            return _series(column, sql.cast(_ITEM, emission.dialect.types[column.type]), start, stop, step)
        case ScalarType.DATETIME:
            if not isinstance(length, int) or length % 10:
                raise refuse("a range of datetimes needs a constant step of whole microseconds", node.span)
            return _series(column, moment_of_micros(_ITEM), micros(start), micros(stop), long(length // 10))
    raise refuse(f"a range of {column.type.value} is not supported", node.span)


def _known(part: Expr, emission: Emission) -> int | float | None:
    value = part if isinstance(part, Constant) else known(part, emission.now)
    return value.value if value is not None and isinstance(value.value, int | float) else None


def _series(column: PlanColumn, item: Sql, *ends_and_step: Sql) -> Sql:
    """Spark's own series stops the run where the step leads away from the end."""
    start, stop, step = (sql.cast(part, "BIGINT") for part in ends_and_step)
    up = sql.both(sql.binary(exp.GT, step, long(0)), sql.binary(exp.LTE, start, stop))
    down = sql.both(sql.binary(exp.LT, step, long(0)), sql.binary(exp.GTE, start, stop))
    values = sql.case([(sql.either(up, down), sql.call("sequence", start, stop, step))], sql.cast(array(), "BIGINT[]"))
    made = sql.select([sql.alias(sql.call("explode", values), "item")])
    return sql.select([sql.alias(item, column.id)], sql.subquery(made, "r"))
