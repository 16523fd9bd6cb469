"""Custom details: values of the events that an alert shows by name."""

from __future__ import annotations

from collections.abc import Sequence

from detectionary.alerts import findings, limits
from detectionary.alerts.rows import Row, Rows, json_size
from detectionary.text import Diagnostic

Details = tuple[tuple[str, tuple[str, ...]], ...]


def custom_details(
    wanted: Sequence[tuple[str, str]], rows: Rows, chosen: Sequence[Row]
) -> tuple[Details, tuple[Diagnostic, ...]]:
    """The distinct values of each detail over the rows `chosen`, as text, and what was left out.

    Values stand in order of appearance; empty ones are none. A detail whose column the result lacks is left out. Kept
    are the first 50 values of a detail; a value with which names and values would exceed 2 KB is dropped, and a later
    one that fits is kept [custom-details]. Rows come one by one, within a row the details in the rule's order. Within
    these limits, other orders of the rows give the same sets.
    """
    kept: dict[str, dict[str, None]] = {name: {} for name, column in wanted if column in rows.types}
    said: dict[Diagnostic, None] = {}
    size = json_size({name: [] for name in kept})
    for row in chosen:
        for name, column in wanted:
            value = rows.text(row, column)
            if value is None or value in kept[name]:
                continue
            if len(kept[name]) == limits.DETAIL_VALUES:
                message = (
                    f"the custom detail {name} has more than {limits.DETAIL_VALUES} values: the others are dropped"
                )
                said[findings.excess("customDetails", message)] = None
                continue
            grown = size + json_size(value) + bool(kept[name])  # and a comma, but before the first
            if grown > limits.DETAILS_SIZE:
                message = f"the custom details of an alert exceed 2 KB: values of {name} are dropped"
                said[findings.excess("customDetails", message)] = None
                continue
            size = grown
            kept[name][value] = None
    return tuple((name, tuple(values)) for name, values in kept.items()), tuple(said)
