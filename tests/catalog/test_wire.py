"""Entries come back from their bytes as they were, and other bytes are refused."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Union

import msgspec
import pytest

from detectionary.catalog.wire import Codec, WireError
from detectionary.model.analysis import Analysis, Pipeline, Stage
from detectionary.model.entry import Entry
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    ColumnComparison,
    Comparison,
    Not,
    Opaque,
    Operand,
    OperandKind,
    Operator,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
)
from detectionary.text import Diagnostic, Level, Position, SourceText, Span
from tests.catalog.stored import an_entry, looks_for
from tests.pages.entries import FIRST, long_entry

CODEC = Codec(Entry)
SPAN = Span(3, 7)
VALUES = (
    Value(ValueKind.TEXT, "x", ("cased", "tolower")),
    Value(ValueKind.NUMBER, 4.5),
    Value(ValueKind.NUMBER, -(2**63)),
    Value(ValueKind.BOOL, True),
    Value(ValueKind.NULL, None),
    Value(ValueKind.RANGE, (1, "z")),
)
LEAVES = (
    Comparison("F", Operator.MATCH, Quantifier.ALL, VALUES, SPAN, Operand("watchlist", OperandKind.NAME), True),
    TimeFilter("T > ago(1d)", SPAN),
    ThresholdTest(
        Operand("count_", OperandKind.NAME), Operand("count()", OperandKind.FUNCTION), Operator.GT, VALUES[1], SPAN
    ),
    ColumnComparison(Operand("A", OperandKind.NAME), "ne", Operand("B", OperandKind.NAME), "A != B", SPAN),
    Opaque("case", "case(…)", SPAN),
)


def test_every_kind_of_predicate_comes_back() -> None:
    tree = AllOf((AnyOf(LEAVES), Not(AnyOf((LEAVES[0], Not(LEAVES[1]))))))
    inner = Stage(1, "where", "| where a", SPAN, predicate=Not(LEAVES[2]))
    stage = Stage(2, "join", "| join (…)", SPAN, (Pipeline("right side", (inner,)),), ("list",), tree)
    entry = an_entry("deep", looks_for("F", "x"))
    entry = replace(entry, analysis=replace(entry.analysis, stages=(stage,), dependencies=frozenset({"b", "a"})))
    assert CODEC.decode(CODEC.encode(entry)) == entry


@pytest.mark.parametrize("entry", [FIRST, long_entry()], ids=["first rule", "long rule"])
def test_whole_entries_come_back(entry: Entry) -> None:
    assert CODEC.decode(CODEC.encode(entry)) == entry


def test_positions_of_lines_come_back_though_they_take_no_part_in_comparison() -> None:
    entry = an_entry("placed")
    source = SourceText("a\nb", "file.yaml", (Position(4, 3), Position(5, 3)))
    entry = replace(entry, rule=replace(entry.rule, query=source))
    assert CODEC.decode(CODEC.encode(entry)).rule.query.lines == source.lines


def test_equal_values_have_equal_bytes_whatever_the_order_of_a_set() -> None:
    names = [f"name{number}" for number in range(40)]
    entry = an_entry("set")
    one = replace(entry, analysis=Analysis(True, dependencies=frozenset(names)))
    two = replace(entry, analysis=Analysis(True, dependencies=frozenset(reversed(names))))
    assert CODEC.encode(one) == CODEC.encode(two)


@dataclass(frozen=True, slots=True)
class Old:
    name: str
    level: Level


@dataclass(frozen=True, slots=True)
class New:
    name: str
    level: Level
    help: str | None = None


def test_bytes_of_another_layout_are_refused_not_misread() -> None:
    assert Codec(Old).signature != Codec(New).signature
    with pytest.raises(WireError, match="another version"):
        Codec(New).decode(Codec(Old).encode(Old("x", Level.NOTE)))


@pytest.mark.parametrize(
    "payload",
    [b"", b"no zlib", zlib.compress(b"\xc1"), zlib.compress(msgspec.msgpack.encode(["x"]))],
    ids=["nothing", "not compressed", "no msgpack", "a field too few"],
)
def test_damaged_bytes_are_refused(payload: bytes) -> None:
    codec = Codec(Old)
    with pytest.raises(WireError, match="damaged"):
        codec.decode(bytes.fromhex(codec.signature) + payload)


@dataclass(frozen=True, slots=True)
class Unclear:
    either: Union[int, tuple[int, ...], Diagnostic]  # noqa: UP007  # both spellings are read


def test_a_class_that_could_be_misread_has_no_codec() -> None:
    with pytest.raises(TypeError, match="no wire shape"):
        Codec(Unclear)
