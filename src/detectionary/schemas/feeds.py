"""Rules that only forward a vendor's alert: they are searchable, and count for no coverage.

Decisions
- Every table that the rule reads holds a product's own findings (`data/third-party-feeds.tsv`, or a table whose name
  says so); tables that only describe devices and users may be joined to them.
- The rule filters and shapes those rows, and that is all: it filters on nothing that it has counted, compares nothing
  with what was there before, and does not only make statistics. So a rule that notices that a feed has gone silent
  forwards no alert.
- Sigma's log sources, Elastic's data sets, and the products and log types of YARA-L count as tables; a rule about
  several records at once does more than forward.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from detectionary.model.analysis import Analysis, Indicator, Stage
from detectionary.model.predicate import Operator
from detectionary.schemas.kusto_functions import functions
from detectionary.schemas.kusto_tables import tables
from detectionary.schemas.records import ELASTIC, dataset_of, is_equality, texts

_DATA: Final = Path(__file__).with_name("data")

_SAYS_SO: Final = re.compile(
    r"(?P<product>\w*?)_?(?:Alerts?|Incidents?|Detections?|Findings?)(?:V?\d+)?_CL", re.IGNORECASE
)
"""A custom table that is named after the findings in it: MorphisecAlerts_CL."""

_DESCRIBING: Final = frozenset({"DeviceInfo", "DeviceNetworkInfo", "IdentityInfo", "SecurityIncident", "Watchlist"})
"""Tables that only add to an alert what is known about its devices and users, or its incident."""

_LOOKUPS: Final = frozenset({"_GetWatchlist", "_GetWatchlistAlias", "FileProfile", "DeviceFromIP", "SeenBy"})
"""Functions that only add to a row what is known about it."""

_COUNTING: Final = frozenset(
    {"avg", "count", "countif", "dcount", "dcountif", "percentile", "percentiles", "stdev", "sum", "sumif", "variance"}
)
"""Aggregates that turn rows into a measure."""

_KEEPING: Final = frozenset(
    {"arg_max", "arg_min", "any", "take_any", "makelist", "makeset", "max", "min", "make_bag", "make_bag_if"}
    | {"make_dictionary", "make_list", "make_list_if", "make_list_with_nulls", "make_set", "make_set_if"}
)
"""Aggregates that keep something of each finding; a summary without one is a statistic."""

_ANY_PROVIDER: Final = "*"
"""The product of a table that holds the alerts of many products."""

_MEASURING: Final = frozenset(
    {
        "change_point",
        "correlation",
        "count",
        "inline stats",
        "inlinestats",
        "make-series",
        "new_terms",
        "reduce",
        "sample",
        "scan",
        "sequence",
        "stats",
        "threat_match",
        "threshold",
        "top-hitters",
        "top-nested",
    }
)


@dataclass(frozen=True, slots=True)
class _Feed:
    """A table's findings: whose they are, and the filter that picks them (field and values in lower case), if any."""

    product: str
    field: str | None
    values: tuple[str, ...]


def third_party_feed(analysis: Analysis, language: str = "kusto") -> str | None:
    """Why a rule only forwards a vendor's alert, in one sentence; None when it does more than that."""
    if len({row.record for row in analysis.indicators}) > 1:
        return None
    products: dict[str, str] = {}
    for table in _tables(analysis, language):
        if table not in _DESCRIBING:
            product = _product(table, analysis)
            if product is None:
                return None
            products[table] = product
    for function in analysis.functions:
        product = _product(function, analysis)
        if product is not None:
            products[function] = product
        elif function not in _LOOKUPS and (function in functions() or function in tables()):
            return None  # a parser of other logs
    if not products or analysis.thresholds or not all(_only_shapes(stages) for stages in _pipelines(analysis)):
        return None
    whose = " and ".join(dict.fromkeys(products.values()))
    names = " and ".join(products)
    holds = "holds" if len(products) == 1 else "hold"
    return f"{names} {holds} the findings of {whose}, and the rule only filters and shapes them."


def _tables(analysis: Analysis, language: str) -> tuple[str, ...]:
    """What the rule reads, by the names that `data/third-party-feeds.tsv` uses."""
    if language in ELASTIC:
        return tuple(dict.fromkeys(dataset_of(table) for table in analysis.tables))
    if language == "yaral":
        rows = [row for row in analysis.indicators if is_equality(row) and row.field == "metadata.product_name"]
        return tuple(text for row in rows for text in texts(row)) or analysis.tables
    return analysis.tables


def _product(name: str, analysis: Analysis) -> str | None:
    """Whose findings the rule reads from this table, or None when its rows are no findings."""
    for feed in _feeds().get(name, ()):
        if feed.field is None or any(_picks(row, feed) for row in analysis.indicators):
            return _named_provider(analysis) if feed.product == _ANY_PROVIDER else feed.product
    named = _SAYS_SO.fullmatch(name)
    return None if named is None else named["product"].replace("_", " ").strip() or name


def _named_provider(analysis: Analysis) -> str:
    """The products that the rule picks from a table which holds the alerts of many."""
    values = [
        str(value.value)
        for row in analysis.indicators
        if row.field in ("ProductName", "ProviderName") and row.operator is Operator.EQ
        for value in row.values
    ]
    return " and ".join(dict.fromkeys(values)) or "connected security products"


def _picks(row: Indicator, feed: _Feed) -> bool:
    return (
        row.field is not None
        and row.field.lower() == feed.field
        and row.operator in (Operator.EQ, Operator.MATCH, Operator.CONTAINS, Operator.STARTS_WITH)
        and any(str(value.value).lower() in feed.values for value in row.values)
    )


def _pipelines(analysis: Analysis) -> Iterator[tuple[Stage, ...]]:
    """Every pipeline of the rule, nested ones included."""
    waiting = [analysis.stages, *(binding.stages for binding in analysis.bindings)]
    waiting += [pipeline.stages for parameter in analysis.parameters for pipeline in parameter.pipelines]
    while waiting:
        stages = waiting.pop()
        yield stages
        waiting += [pipeline.stages for stage in stages for pipeline in stage.pipelines]


def _only_shapes(stages: tuple[Stage, ...]) -> bool:
    """Whether a pipeline measures nothing that it filters on, and compares nothing with its own past."""
    measured = False
    for stage in stages:
        if stage.operator in _MEASURING or stage.anti:
            return False
        if not _COUNTING.isdisjoint(stage.aggregates):
            if _KEEPING.isdisjoint(stage.aggregates):
                return False
            measured = True
        elif stage.operator == "where" and measured:
            return False
    return True


@cache
def _feeds() -> dict[str, tuple[_Feed, ...]]:
    found: dict[str, tuple[_Feed, ...]] = {}
    for line in _DATA.joinpath("third-party-feeds.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            table, product, *condition = line.split("\t")
            field, _, values = condition[0].lower().partition("=") if condition else ("", "", "")
            found[table] = (*found.get(table, ()), _Feed(product, field or None, tuple(values.split("|"))))
    return found
