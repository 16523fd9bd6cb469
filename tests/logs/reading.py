"""Reading what a test has written, and showing rows as a case file writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from detectionary.logs import Logs, LogTable, read_logs
from detectionary.schemas import tables


def read(folder: Path, files: Mapping[str, bytes | str], **options: Any) -> Logs:
    """The logs of these files, written below the folder."""
    source = folder / "logs"
    for name, body in files.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
    return read_logs([source], folder / "out", tables(), **options)


def short(name: str, folder: Path) -> str:
    """A file's name without the folder that a test made for it."""
    return name.removeprefix(f"{folder / 'logs'}/")


def shown(value: object) -> str:
    match value:
        case None:
            return "null"
        case "":
            return "''"
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat() + "Z"
        case _:
            return str(value).replace("\r\n", "\\r\\n")


def rows(table: LogTable, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Rows in the order of the files; a table's own names of columns."""
    stored = {column.name: column.stored for column in table.columns}
    found = []
    for path in table.files:
        read_back = pq.read_table(path)
        cells = [read_back.column(stored[name]).to_pylist() for name in columns]
        found += [tuple(map(shown, row)) for row in zip(*cells, strict=True)]
    return found
