"""Functions of places on the earth: none of them is done by this engine."""

from __future__ import annotations

from typing import Final

from detectionary.compiler.dialect import Gap, ScalarRow
from detectionary.languages.kusto.functions_scalar import SCALAR_FUNCTIONS
from detectionary.languages.kusto.functions_series import SERIES_FUNCTIONS

REASON: Final = "distances, cells and shapes on the earth are not computed by this engine"

PLACES: Final[tuple[ScalarRow, ...]] = tuple(
    Gap(name, REASON)
    for name in (*SCALAR_FUNCTIONS, *SERIES_FUNCTIONS)
    if name.startswith(("geo_", "__geo_")) and name != "geo_info_from_ip_address"
)
