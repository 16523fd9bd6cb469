"""Windows event log files (EVTX), by the `evtx` package; a damaged record is a fault and the next one is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from evtx import PyEvtxParser

from detectionary.logs.json_frames import Fault
from detectionary.logs.sources import Source
from detectionary.logs.windows_records import WindowsRecord, parse

_BATCH: Final = 2_000
_OBJECT: Final = msgspec.json.Decoder(dict[str, Any])


def records(source: Source) -> Iterator[list[tuple[int, WindowsRecord | None]] | Fault]:
    """Batches of numbered events, in the order of the file."""
    with source.seekable() as file:
        trouble = source.stream.trouble if source.path is None else None
        try:
            # One thread: other processes read other files.
            found = iter(PyEvtxParser(file, 1).records_json())
        except (RuntimeError, OSError, ValueError) as error:
            yield Fault(None, None, f"is a damaged event log: {error}")
            return
        batch: list[tuple[int, WindowsRecord | None]] = []
        number = 0
        while True:
            try:
                record = next(found)
            except StopIteration:
                break
            except (RuntimeError, OSError, ValueError) as error:
                number += 1
                yield Fault(number, None, f"is a damaged event: {error}")
                continue
            number += 1
            batch.append((number, None if record is None else parse("event", _OBJECT.decode(record["data"]))))
            if len(batch) == _BATCH:
                yield batch
                batch = []
        if batch:
            yield batch
        if trouble:
            yield Fault(None, None, trouble)
