"""A text compared for equality with a whole number or a truth value, as many rules do (`ResultType == 0`).

Microsoft's binder accepts it and no page says which side is converted. Read as numbers or read as texts, the answers
differ only where a text is another spelling of the number ("00", "0x0", "1e1", " 7"). So a row with such a text stops
the query, and every other row has the answer that both readings give (docs/decisions/0012-mixed-comparison.md).
"""

from __future__ import annotations

from sqlglot import exp

from detectionary.compiler import sql
from detectionary.compiler.plan import Apply, Constant, Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.stopping import halt
from detectionary.languages.kusto.syntax import ScalarType

BOOL, STRING = ScalarType.BOOL, ScalarType.STRING
WHOLE = frozenset({ScalarType.INT, ScalarType.LONG})


def is_mixed(call: Apply) -> bool:
    """Whether a call compares a text with a whole number or a truth value."""
    kinds = {part.type for part in call.arguments}
    return len(kinds) == 2 and STRING in kinds and (kinds - {STRING}) <= WHOLE | {BOOL}


def mixed_equal(call: Apply, arguments: tuple[Sql, ...]) -> Sql:
    """Whether the two are equal; null where the number is null. A row where two readings differ stops the query."""
    at = 0 if call.arguments[0].type is STRING else 1
    text, other = arguments[at], arguments[1 - at]
    if call.arguments[1 - at].type is BOOL:
        return _equals_truth(call.arguments[at], text, other)
    return _equals_number(text, other)


def _equals_number(text: Sql, number: Sql) -> Sql:
    bare = sql.call("trim", text)
    value = sql.try_cast(bare, "DOUBLE")
    spelled = sql.either(
        sql.equal(value, sql.cast(number, "DOUBLE")),
        sql.call("regexp_matches", bare, sql.text("^[-+]?0[xX]")),
    )
    return sql.case(
        [
            (sql.equal(text, sql.cast(number, "VARCHAR")), sql.TRUE),
            (spelled, _stop("a number", text)),
            (sql.is_null(number), sql.cast(sql.NULL, "BOOLEAN")),
        ],
        sql.FALSE,
    )


def _equals_truth(part: Expr, text: Sql, truth: Sql) -> Sql:
    """`True` and `False` are what `tostring` writes and what `tobool`, which takes any case, reads."""
    if isinstance(part, Constant):
        if part.value not in ("True", "False"):
            raise UnsupportedError(
                f"how a truth value compares with the text {part.value!r} is not known",
                "compare with true or false without quotes",
            )
        return sql.equal(truth, sql.TRUE if part.value == "True" else sql.FALSE)
    folded = sql.call("lower", sql.call("trim", text))
    plain = exp.In(this=text, expressions=[sql.text("True"), sql.text("False")])
    other = sql.either(
        exp.In(this=folded, expressions=[sql.text("true"), sql.text("false")]),
        sql.not_null(sql.try_cast(folded, "DOUBLE")),
    )
    return sql.case(
        [
            (plain, sql.equal(sql.equal(text, sql.text("True")), truth)),
            (other, _stop("a truth value", text)),
            (sql.is_null(truth), sql.cast(sql.NULL, "BOOLEAN")),
        ],
        sql.FALSE,
    )


def _stop(what: str, text: Sql) -> Sql:
    return sql.cast(halt(f"it is not known how Kusto compares {what} with this text: ", text), "BOOLEAN")
