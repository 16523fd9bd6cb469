"""CSV, TSV and their kin: a header, then rows of cells, quoted as RFC 4180 says, whatever parts them."""

from __future__ import annotations

import codecs
import csv
import sys
from collections.abc import Iterator
from typing import Final

from detectionary.logs.batches import TextBatch
from detectionary.logs.json_frames import Fault
from detectionary.logs.sources import PEEK, delimiter
from detectionary.logs.streams import READ, Peeked, Stream

_ROWS: Final = 5_000

_LONGEST_CELL: Final = 16 << 20
"""A longer cell is no cell: most likely a quote is missing. (The csv module's own limit is 128 KiB.)"""


def rows(stream: Peeked) -> Iterator[tuple[TextBatch, list[int], int] | Fault]:
    """Batches with the line on which each row ends, and the number of the first row; rows that are none are faults."""
    mark = delimiter(stream.peek(PEEK)) or ","
    csv.field_size_limit(min(_LONGEST_CELL, sys.maxsize))
    reader = csv.reader(_lines(stream), delimiter=mark, strict=True)
    header: list[str] = []
    pending: list[list[str]] = []
    lines: list[int] = []
    record = 0
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            record += 1
            yield Fault(record, reader.line_num, f"is no row of cells: {error}")
            continue
        if not cells:
            continue
        if not header:
            header = [cell.strip() for cell in cells]
            continue
        record += 1
        if any("\ufffd" in cell for cell in cells):
            yield Fault(record, reader.line_num, "is no UTF-8")
        elif len(cells) != len(header):
            yield Fault(record, reader.line_num, f"has {len(cells)} cells where the header has {len(header)}")
        else:
            pending.append(cells)
            lines.append(reader.line_num)
            if len(pending) == _ROWS:
                yield TextBatch(header, list(zip(*pending, strict=True))), lines, record
                pending, lines = [], []
    if pending:
        yield TextBatch(header, list(zip(*pending, strict=True))), lines, record
    if stream.trouble:
        yield Fault(None, reader.line_num, stream.trouble)


def _lines(stream: Stream) -> Iterator[str]:
    """Lines with their ends, as the csv module wants them; a byte that is no UTF-8 becomes U+FFFD."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    rest = ""
    while data := stream.read(READ):
        text = rest + decoder.decode(data)
        lines = text.splitlines(keepends=True) if "\r" in text and "\n" not in text else _split(text)
        rest = lines.pop()
        yield from lines
    rest += decoder.decode(b"", final=True)
    if rest:
        yield from _split(rest)


def _split(text: str) -> list[str]:
    """Lines parted by line feeds alone: `str.splitlines` also parts at characters that stand within cells."""
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + [parts[-1]]
