"""Records whose fields are their table's columns already: which field is which column, and what has no column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from detectionary.logs.batches import Batch, objects
from detectionary.logs.parts import UNMAPPED, Shape
from detectionary.logs.recognize import split_name
from detectionary.logs.times import zone_of
from detectionary.logs.values import Converted, Reading, convert

TIME_FIELDS: Final = (
    "timegenerated", "timestamp", "@timestamp", "time", "eventtime", "timecreated", "creationtime", "createddatetime",
    "activitydatetime", "eventdatetime", "datetime", "date",
)  # fmt: skip
"""Fields that hold a record's own time when none is called as its table's time column, best first, in lower case."""


@dataclass(slots=True)
class Route:
    """Where the fields of one file go in one table. It learns from what it meets, so there is one for each file."""

    shape: Shape
    others: bool = True
    """Whether UnmappedFields holds the fields without a column; else it is a field like any other, of an unknown table.
    """

    _columns: dict[str, str | None] = field(default_factory=dict)
    _readings: dict[str, Reading] = field(default_factory=dict)
    _folded: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in self.shape.kinds:
            self._folded.setdefault(name.lower(), []).append(name)

    def column(self, key: str) -> str | None:
        """The column for a field: of its exact name; without an export's ending; whatever its case, if only one is."""
        if key not in self._columns:
            name, zone = split_name(key)
            found = self._find(name) or next(
                (
                    column
                    for ending in ("_dynamic", "_string")
                    if name.endswith(ending) and (column := self._find(name.removesuffix(ending)))
                ),
                None,
            )
            self._columns[key] = None if found == UNMAPPED and self.others else found
            if found is not None and zone is not None:
                self._readings[key] = Reading(zone=zone_of(zone))
        return self._columns[key]

    def _find(self, name: str) -> str | None:
        if name in self.shape.kinds:
            return name
        folded = self._folded.get(name.lower(), [])
        return folded[0] if len(folded) == 1 else None

    def reading(self, key: str) -> Reading:
        return self._readings.setdefault(key, Reading())

    def readings(self) -> Iterable[tuple[str, Reading]]:
        """How each field's times were read."""
        return self._readings.items()

    def rows(self, batch: Batch) -> dict[str, Converted]:
        """The columns of a batch. A second field for the same column stays among the unmapped ones."""
        chosen: dict[str, str] = {}
        rest = []
        for key in sorted(batch.keys, key=self._rank):
            column = self.column(key)
            if column is None or column in chosen:
                rest.append(key)
            else:
                chosen[column] = key
        made = {
            column: _column(batch, key, self.shape.kinds[column], self.reading(key)) for column, key in chosen.items()
        }
        if rest and self.others:
            order = {key: place for place, key in enumerate(batch.keys)}
            rest.sort(key=order.__getitem__)
            made[UNMAPPED] = Converted(pa.array(objects(batch, rest), pa.string()))
        self._fill_time(batch, made)
        if "Type" not in made and self.shape.kinds.get("Type") == "string":
            made["Type"] = Converted(pa.repeat(pa.scalar(self.shape.name, pa.string()), batch.size))
        return made

    def _rank(self, key: str) -> int:
        """Of two fields for one column the one whose name is nearer wins."""
        column = self.column(key)
        return 0 if key == column else 1 if split_name(key)[0] == column else 2

    def _fill_time(self, batch: Batch, made: dict[str, Converted]) -> None:
        for column in ("TimeGenerated", "Timestamp"):
            if self.shape.kinds.get(column) != "datetime" or column in made:
                continue
            key = time_field(batch.keys)
            if key is not None:
                made[column] = _column(batch, key, "datetime", self.reading(key))


def _column(batch: Batch, key: str, kind: str, reading: Reading) -> Converted:
    direct = batch.direct(key, kind)
    return convert(kind, batch.values(key, kind), reading) if direct is None else Converted(direct)


def time_field(keys: Sequence[str]) -> str | None:
    """The field that holds the records' own time."""
    named = {split_name(key)[0].lower(): key for key in reversed(keys)}
    return next((named[name] for name in TIME_FIELDS if name in named), None)
