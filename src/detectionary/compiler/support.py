"""What of the language the compiler knows, whatever the engine: operators, plug-ins, and functions that it takes apart.

For the support matrix of the documentation, which is made from this and from the rows of the dialects.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detectionary.compiler.lower import OPERATORS
from detectionary.compiler.lower_other import UNSUPPORTED_OPERATORS
from detectionary.compiler.lower_plugins import PLUGINS, UNSUPPORTED_PLUGINS
from detectionary.languages.kusto import syntax
from detectionary.languages.kusto.syntax import BadOperator, Operator

LOWERED_FUNCTIONS: Final[Mapping[str, str]] = {
    "cluster": "yes; the tables of the environment",
    "column_names_of": "no: names that only a table's columns say are not worked out",
    "database": "yes; the tables of the environment",
    "percentiles": "estimated: a `percentile` each",
    "percentiles_array": "estimated: a `percentile` each",
    "percentilesw": "estimated: a `percentilew` each",
    "percentilesw_array": "estimated: a `percentilew` each",
    "row_rank_dense": "yes",
    "row_rank_min": "yes",
    "row_window_session": "yes",
    "table": "yes",
}
"""Functions that name tables or places, and those that the compiler takes apart: no dialect has a row for them."""


_ODD_SPELLINGS: Final = {
    "ExecuteAndCache": "__executeAndCache",
    "GetSchema": "getschema",
    "InlineExternalTable": "inline_external_table",
    "PartitionBy": "__partitionby",
}


def operator_support() -> dict[str, str]:
    """Every tabular operator by its name in the language: "yes", or "no" with the reason."""
    kinds = [kind for kind in vars(syntax).values() if isinstance(kind, type) and issubclass(kind, Operator)]
    return dict(sorted((_spelled(kind), _said(kind)) for kind in kinds if kind not in (Operator, BadOperator)))


def _said(kind: type[Operator]) -> str:
    if kind in OPERATORS:
        return "yes"
    reason = UNSUPPORTED_OPERATORS.get(kind)
    return f"no: {reason}" if reason else "no"


def _spelled(kind: type[Operator]) -> str:
    """`ProjectAway` as the language writes it, `project-away`."""
    odd = _ODD_SPELLINGS.get(kind.__name__)
    return odd or "".join(
        f"-{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__
    ).removeprefix("-")


def plugin_support(name: str) -> str:
    """What `evaluate` does with this plug-in."""
    if name in PLUGINS:
        return "yes"
    reason = UNSUPPORTED_PLUGINS.get(name)
    return f"no: {reason}" if reason else "no"
