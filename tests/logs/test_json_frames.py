"""JSON cut into elements: the same ones however the bytes arrive, and however large the pieces are."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.logs.json_frames import Fault, Frame, frames


class Dripping:
    """A stream that gives a few bytes at a time."""

    trouble = None

    def __init__(self, body: bytes, sizes: list[int]) -> None:
        self._file = io.BytesIO(body)
        self._sizes = sizes
        self._turn = 0

    def read(self, size: int, /) -> bytes:
        self._turn += 1
        return self._file.read(min(size, self._sizes[self._turn % len(self._sizes)]))


def cut(body: bytes, chunk: int = 8 << 20, sizes: tuple[int, ...] = (1 << 20,)) -> tuple[list[Any], list[Fault]]:
    elements: list[Any] = []
    faults: list[Fault] = []
    for frame in frames(Dripping(body, list(sizes)), chunk=chunk):
        if isinstance(frame, Frame):
            assert len(json.loads(frame.array)) == frame.count
            assert frame.first == len(elements) + len(faults) + 1
            elements += json.loads(frame.array)
        else:
            faults.append(frame)
    return elements, faults


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('{}[]",\\:a ', max_size=4), inner, max_size=3),
    max_leaves=8,
)
RECORDS = st.lists(
    st.dictionaries(st.sampled_from(["k", "res", "x,y", "{"]), VALUES, min_size=1, max_size=3), max_size=8
)

DRESSES: dict[str, Callable[[list[Any]], str]] = {
    "array": json.dumps,
    "indented array": lambda records: json.dumps(records, indent=3),
    "Records": lambda records: json.dumps({"Records": records}),
    "indented Records": lambda records: json.dumps({"Records": records}, indent=1),
    "value with company": lambda records: json.dumps({"@odata.context": "x", "value": records, "nextLink": "y"}),
    "lines": lambda records: "\n".join(map(json.dumps, records)),
    "lines of Windows": lambda records: "".join(json.dumps(record) + "\r\n\r\n" for record in records),
    "one after the other": lambda records: " ".join(map(json.dumps, records)),
    "indented, one after the other": lambda records: "\n".join(json.dumps(record, indent=2) for record in records),
}


@pytest.mark.parametrize("dress", DRESSES)
@given(records=RECORDS, chunk=st.integers(1, 300), sizes=st.lists(st.integers(1, 64), min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_any_split_of_the_bytes_gives_the_same_records(
    dress: str, records: list[Any], chunk: int, sizes: list[int]
) -> None:
    body = DRESSES[dress](records).encode()
    assert cut(body, chunk, tuple(sizes)) == cut(body) == (records, [])


@given(records=RECORDS, chunk=st.integers(1, 300))
@settings(max_examples=30, deadline=None)
def test_several_documents_in_a_row(records: list[Any], chunk: int) -> None:
    one = json.dumps({"Records": records})
    assert cut(f"{one}\n{json.dumps(records)}\n{one}".encode(), chunk) == (records * 3, [])
    assert cut(f"{one} {json.dumps(records)}{one}".encode(), chunk) == (records * 3, [])


@given(body=st.binary(max_size=60) | st.text('{}[]",:\\ \n1ab', max_size=60).map(str.encode), chunk=st.integers(1, 40))
@settings(max_examples=150, deadline=None)
def test_what_is_no_json_never_raises(body: bytes, chunk: int) -> None:
    cut(body, chunk)


@pytest.mark.parametrize("chunk", [20, 64, 1 << 20])
def test_what_follows_a_broken_element_is_read(chunk: int) -> None:
    good = [{"k": 1}, {"k": [{"k": 2}]}, {"k": "}],["}]
    texts = [json.dumps(record) for record in good]
    body = f'[{texts[0]},{{"k": tru}},{texts[1]}, {{"k": "\\x"}},{texts[2]}]'.encode()
    elements, faults = cut(body, chunk)
    assert elements == good
    assert [fault.record for fault in faults] == [2, 4]


def test_lines_are_told_by_their_numbers() -> None:
    body = b'{"a":1}\n\n{"a":\n{"a":2}\n\xff\n{"a":3}'
    elements, faults = cut(body)
    assert elements == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert [(fault.record, fault.line) for fault in faults] == [(2, 3), (4, 5)]


def test_elements_on_lines_know_theirs() -> None:
    found = [frame for frame in frames(Dripping(b'{"a":1}\n\n{"a":2}\n', [64])) if isinstance(frame, Frame)]
    assert [frame.where(place) for frame in found for place in range(frame.count)] == [(1, 1), (2, 3)]


def test_fields_beside_a_long_array_are_told() -> None:
    body = json.dumps({"Records": [{"k": number} for number in range(50)], "other": {"a": "]"}}).encode()
    elements, faults = cut(body, 64)
    assert len(elements) == 50
    assert [fault.reason for fault in faults] == ['is beside the records and was not read: , "other": {"a": "]"}}']


def test_a_record_without_an_end_is_refused_and_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectionary.logs.json_frames.LONGEST", 1000)
    for body in (b'[{"k":1},{"k":"' + b"x" * 5000, b'{"k":"' + b"x" * 5000):
        _, faults = cut(body, 100)
        assert len(faults) == 1
        assert "longer than" in faults[0].reason


def test_what_is_nested_too_deeply_is_told() -> None:
    deep = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    elements, faults = cut(b'{"k":1}\n' + deep + b'\n{"k":2}\n')
    assert elements == [{"k": 1}, {"k": 2}]
    assert [fault.reason for fault in faults] == ["is nested too deeply"]
