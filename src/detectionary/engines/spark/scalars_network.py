"""Functions of IPv4 addresses in Spark SQL.

An address is four numbers from 0 to 255 without leading zeros, with or without `/` and a prefix of 0 to 32; any other
text is none, for which results are null (learn.microsoft.com, "IPv4-prefix notation").
"""

from __future__ import annotations

from typing import Final

from detectionary.compiler import sql
from detectionary.compiler.dialect import Scalar, ScalarRow
from detectionary.compiler.emit import Emission
from detectionary.compiler.plan import Apply
from detectionary.compiler.sql import Sql
from detectionary.engines.spark.pieces import matches, once, stop, text_of

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_ADDRESS: Final = rf"\A{_OCTET}(?:\.{_OCTET}){{3}}(?:/(?:3[0-2]|[12]?[0-9]))?\z"
_PRIVATE: Final = r"\A(?:10\.|172\.(?:1[6-9]|2[0-9]|3[01])\.|192\.168\.)"
_WIDE: Final = r"\A(?:[0-9.]+/[0-7]|172\.[0-9.]+/(?:[89]|1[01])|192\.[0-9.]+/(?:[89]|1[0-5]))\z"
"""A network that is larger than the private one at its beginning."""


def _is_private(call: Apply, arguments: tuple[Sql, ...], emission: Emission) -> Sql:
    """In one of the private networks of RFC 1918; null for what is no address."""
    message = "an address with a prefix shorter than that of the range is not supported"

    def read(text: Sql) -> Sql:
        private = stop(matches(text, _WIDE), message, matches(text, _PRIVATE))
        return sql.case([(matches(text, _ADDRESS), private)])

    return once(text_of(call.arguments[0], arguments[0], emission), "ip", read)


NETWORK: Final[tuple[ScalarRow, ...]] = (
    Scalar("ipv4_is_private", _is_private, note="a prefix shorter than that of the private network stops the run"),
)
