"""The case files: logs as they come, and the rows that they give.

A fence `file NAME` is a log. `rows TABLE` has columns in its first line, then rows; `''` is the empty text and `null`
none. `tables` says which tables there are and how many rows they have, `skipped` and `broken` what was not read,
`misfits` which values did not fit, `types TABLE` the types of columns. What a case does not say is not compared, except
that a case without `broken`, `skipped` or `misfits` has none.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.logs.reading import read, rows, short
from tests.mdcases import Block, Case, parameters

CASES = sorted(Path(__file__).with_name("cases").glob("*.md"))


def cells(block: Block) -> list[tuple[str, ...]]:
    """The lines of a fence, cells parted by ` | `."""
    return [tuple(cell.strip() for cell in line.split(" | ")) for line in block.text.splitlines() if line.strip()]


def pair(row: tuple[str, ...]) -> tuple[str, str]:
    first, second = row
    return first, second


@pytest.mark.parametrize("case", parameters(*CASES))
def test_case(case: Case, tmp_path: Path) -> None:
    files = {
        block.word.removeprefix("file "): block.text + "\n" for block in case.blocks if block.word.startswith("file ")
    }
    logs = read(tmp_path, files, table=case.get("table"))
    for block in case.blocks:
        kind, _, name = block.word.partition(" ")
        if kind == "rows":
            columns, *expected = cells(block)
            assert rows(logs.tables[name], columns) == expected
        elif kind == "types":
            types = {column.name: column.type for column in logs.tables[name].columns}
            wanted = dict(map(pair, cells(block)))
            assert {column: types.get(column) for column in wanted} == wanted
    counted = [(name, str(table.rows)) for name, table in logs.tables.items()]
    if case.get("tables") is not None:
        assert counted == case.rows("tables")
    skipped = [(short(file.file, tmp_path), file.skipped) for file in logs.skipped]
    assert skipped == (case.rows("skipped") if case.get("skipped") is not None else [])
    broken = [(short(it.file, tmp_path), str(it.line), str(it.record), it.reason) for it in logs.broken]
    assert broken == (case.rows("broken") if case.get("broken") is not None else [])
    assert logs.broken_count == len(broken)
    misfits = [(it.table, it.column, it.type, str(it.count), it.example) for it in logs.misfits]
    assert misfits == (case.rows("misfits") if case.get("misfits") is not None else [])
    notes = [short(note, tmp_path) for note in logs.notes]
    assert notes == (case.text("notes").splitlines() if case.get("notes") is not None else [])
