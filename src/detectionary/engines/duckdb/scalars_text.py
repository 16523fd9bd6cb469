"""Functions of texts in DuckDB SQL: the rows of all its parts."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import ScalarRow
from detectionary.engines.duckdb.scalars_network import NETWORK
from detectionary.engines.duckdb.scalars_network_ipv6 import NETWORK6
from detectionary.engines.duckdb.scalars_text_code import CODES
from detectionary.engines.duckdb.scalars_text_parts import PARTS
from detectionary.engines.duckdb.scalars_text_regex import REGEXES
from detectionary.engines.duckdb.scalars_text_search import SEARCHES
from detectionary.engines.duckdb.scalars_text_structure import STRUCTURES

TEXTS: Final[tuple[ScalarRow, ...]] = (*SEARCHES, *PARTS, *REGEXES, *NETWORK, *NETWORK6, *CODES, *STRUCTURES)
