"""Functions that SQL cannot express: our own code, called by DuckDB for each row. A session has those that it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.xml_values import parse_xml
from detectionary.languages.kusto.syntax import ScalarType

OWN_FUNCTIONS: Final[Mapping[str, Callable[[str | None], str | None]]] = {"kusto_parse_xml": parse_xml}
"""By the name in SQL; from text or null to text or null."""


def _parse_xml(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """A text as it is; any other value as `tostring` writes it."""
    emission.needs.add("kusto_parse_xml")
    (argument,), (text,) = call.arguments, arguments
    if argument.type is not ScalarType.STRING:
        text = emission.apply("tostring", ScalarType.STRING, argument, span=call.span)
    return sql.call("kusto_parse_xml", text)


OWN: Final[tuple[ScalarRow, ...]] = (
    Scalar("parse_xml", _parse_xml, note="CDATA, document types and text between elements with blanks stop the query"),
)
