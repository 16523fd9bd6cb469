"""Predicates on one event: operators, transforms, and what cannot be told."""

from __future__ import annotations

import pytest

from detectionary.model.matching import Event, holds
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
    Predicate,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
)
from detectionary.text import Span
from tests.bounds import ends

AT = Span(0, 0)
EVENT: Event = {
    "Image": "C:\\Windows\\System32\\cmd.exe",
    "CommandLine": "cmd.exe /c whoami -all",
    "EventID": "4688",
    "Port": 443,
    "Elevated": True,
    "Source": "10.1.2.3",
    "Empty": "",
    "Missing": None,
    "Groups": ["Admins", "Users"],
    "Time": "2024-05-06T07:08:09Z",
    "Copy": "c:\\windows\\system32\\CMD.EXE",
    "Same": "10.1.2.3",
}
YES, NO = Opaque("", "1", AT), Opaque("", "0", AT)


def compare(
    field: str | None,
    operator: Operator,
    *wanted: str | float | bool,
    transforms: tuple[str, ...] = (),
    quantifier: Quantifier = Quantifier.ANY,
) -> Comparison:
    kinds = {str: ValueKind.TEXT, bool: ValueKind.BOOL, int: ValueKind.NUMBER, float: ValueKind.NUMBER}
    values = tuple(Value(kinds[type(value)], value, transforms) for value in wanted)
    return Comparison(field, operator, quantifier, values, AT, transforms=() if values else transforms)


O = Operator  # noqa: E741


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (compare("Image", O.EQ, "c:\\windows\\system32\\CMD.exe"), True),
        (compare("Image", O.EQ, "c:\\windows\\system32\\CMD.exe", transforms=("cased",)), False),
        (compare("Image", O.ENDS_WITH, "\\CMD.EXE"), True),
        (compare("Image", O.ENDS_WITH, "\\cmd"), False),
        (compare("Image", O.STARTS_WITH, "c:\\win"), True),
        (compare("Image", O.STARTS_WITH, "win"), False),
        (compare("CommandLine", O.CONTAINS, "WHOAMI"), True),
        (compare("CommandLine", O.CONTAINS, ".*"), False),
        (compare("Image", O.WILDCARD, "*\\system??\\\\*.exe"), True),
        (compare("Image", O.WILDCARD, "*\\system?\\\\*.exe"), False),
        (compare("CommandLine", O.WILDCARD, "cmd\\*"), False),
        (compare("CommandLine", O.MATCH, "whoami", transforms=("term",)), True),
        (compare("CommandLine", O.MATCH, "who", transforms=("term",)), False),
        (compare("CommandLine", O.STARTS_WITH, "who", transforms=("term",)), True),
        (compare("CommandLine", O.ENDS_WITH, "oami", transforms=("term",)), True),
        (compare("CommandLine", O.ENDS_WITH, "oam", transforms=("term",)), False),
        (compare("EventID", O.EQ, 4688), True),
        (compare("EventID", O.EQ, 4688.0), True),
        (compare("EventID", O.EQ, 468), False),
        (compare("Port", O.EQ, "443"), True),
        (compare("Port", O.GT, 442), True),
        (compare("Port", O.GE, 443), True),
        (compare("Port", O.LT, 443), False),
        (compare("Port", O.LE, 443), True),
        (compare("Image", O.GT, 1), False),
        (compare("Port", O.GT, "many"), None),
        (compare("Elevated", O.EQ, True), True),
        (compare("Elevated", O.EQ, False), False),
        (compare("Elevated", O.EQ, "TRUE"), True),
        (compare("Source", O.CIDR_MATCH, "10.0.0.0/8"), True),
        (compare("Source", O.CIDR_MATCH, "192.168.0.0/16", "fe80::/10"), False),
        (compare("Image", O.CIDR_MATCH, "10.0.0.0/8"), False),
        (compare("Source", O.CIDR_MATCH, "ten"), None),
        (compare("CommandLine", O.REGEX_MATCH, r"who\w+ -"), True),
        (compare("CommandLine", O.REGEX_MATCH, "WHO"), True),
        (compare("CommandLine", O.REGEX_MATCH, "WHO", transforms=("cased",)), False),
        (compare("CommandLine", O.REGEX_MATCH, "whoami", transforms=("whole",)), False),
        (compare("CommandLine", O.REGEX_MATCH, "(?i)CMD|cmd.*", transforms=("whole", "cased")), True),
        (compare("CommandLine", O.REGEX_MATCH, "(who"), None),
        (compare("CommandLine", O.REGEX_MATCH, "[[:alpha:]]"), None),
        (compare("CommandLine", O.REGEX_MATCH, "(a+)+$"), None),
        (compare("CommandLine", O.REGEX_MATCH, "(a|a)*$"), None),
        (compare("CommandLine", O.REGEX_MATCH, r"(a\)+[)+]){2}"), False),
        (compare("Groups", O.EQ, "admins"), True),
        (compare("Groups", O.EQ, "admins", "users", quantifier=Quantifier.ALL), True),
        (compare("Groups", O.EQ, "admins", "guests", quantifier=Quantifier.ALL), False),
        (compare("CommandLine", O.CONTAINS, "cmd", "z", quantifier=Quantifier.ALL), False),
        (compare("CommandLine", O.CONTAINS, "x", "cmd"), True),
        (compare(None, O.CONTAINS, "admin"), True),
        (compare(None, O.CONTAINS, "nowhere"), False),
        (compare("Missing", O.EQ, "x"), False),
        (compare("Unknown", O.EQ, "x"), False),
        (compare("Missing", O.IS_NULL), True),
        (compare("Empty", O.IS_NULL), True),
        (compare("Image", O.IS_NULL), False),
        (compare("Image", O.IS_NOT_NULL), True),
        (compare("Empty", O.IS_NOT_NULL), False),
        (compare("Empty", O.IS_NOT_NULL, transforms=("exists",)), True),
        (compare("Unknown", O.IS_NOT_NULL, transforms=("exists",)), False),
        (compare("Image", O.EQ, "x", transforms=("sha256",)), None),
        (compare("Image", O.IS_NULL, transforms=("sha256",)), None),
        (compare("Image", O.ENDS_WITH, "cmd.exe", transforms=("tolower", "tostring", "cased")), True),
        (compare("Image", O.ENDS_WITH, "CMD.exe", transforms=("tolower", "cased")), False),
        (compare("Image", O.EQ, 27, transforms=("strlen",)), True),
        (compare("Time", O.EQ, 7, transforms=("hour",)), True),
        (compare("Time", O.EQ, 19, transforms=("week",)), True),
        (compare("Time", O.GE, 8, transforms=("hour",)), False),
        (compare("Image", O.EQ, 8, transforms=("hour",)), None),
    ],
    ids=lambda each: f"{each.field} {each.operator.value}" if isinstance(each, Comparison) else str(each),
)
def test_a_comparison(test: Comparison, expected: bool | None) -> None:
    assert holds(test, EVENT) is expected


@pytest.mark.parametrize(
    ("written", "transforms", "operator", "held", "expected"),
    [
        ("foobar", ("base64",), O.CONTAINS, "x Zm9vYmFy x", True),
        ("foobar", ("base64",), O.CONTAINS, "Zm9vYmF", False),
        ("/bin/sh", ("base64offset",), O.CONTAINS, "AC9iaW4vc2g=", True),
        ("/bin/sh", ("base64offset",), O.CONTAINS, "YS9iaW4vc2hh", True),
        ("/bin/sh", ("base64offset",), O.CONTAINS, "YS9iaW4vZ2Fo", False),
        ("ping", ("base64offset", "wide"), O.CONTAINS, "cABpAG4AZwA=", True),
        ("ping", ("base64", "utf16be"), O.CONTAINS, "AHAAaQBuAGc=", True),
        ("ping", ("base64", "utf16"), O.CONTAINS, "//5wAGkAbgBnAA==", True),
        ("ping", ("wide",), O.CONTAINS, "xp\0i\0n\0g\0", True),
        (" -all", ("windash",), O.CONTAINS, "whoami /all", True),
        (" -all", ("windash",), O.CONTAINS, "whoami \u2014all", True),
        (" -all", ("windash",), O.CONTAINS, "whoami +all", False),
        ("a-b", ("windash",), O.CONTAINS, "a/b", False),
        ("* -a*", ("windash",), O.WILDCARD, "x /ab", True),
        ("-a", ("base64", "windash"), O.EQ, "L2E=", True),
        ("-a -b -c -d", ("base64", "windash"), O.EQ, "L2E=", None),
        ("a*", ("base64",), O.WILDCARD, "YSo=", None),
        ("a\\*", ("base64",), O.WILDCARD, "YSo=", True),
        ("a.c", ("cased", "dotall"), O.REGEX_MATCH, "a\nc", True),
        ("a.c", ("cased",), O.REGEX_MATCH, "a\nc", False),
        ("^c", ("cased", "multiline"), O.REGEX_MATCH, "a\nc", True),
    ],
)
def test_forms_of_a_value(
    written: str, transforms: tuple[str, ...], operator: Operator, held: str, expected: bool | None
) -> None:
    assert holds(compare("A", operator, written, transforms=transforms), {"A": held}) is expected


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (ValueKind.PLACEHOLDER, "%admins%", None),
        (ValueKind.WATCHLIST, "vips", None),
        (ValueKind.SYMBOLIC, "ago(1d)", None),
        (ValueKind.EMPTY_LIST, None, False),
        (ValueKind.NULL, None, False),
        (ValueKind.RANGE, (400, 500), True),
        (ValueKind.RANGE, (444, 500), False),
        (ValueKind.GUID, "443", True),
    ],
)
def test_values_of_other_kinds(kind: ValueKind, value: str | tuple[int, int] | None, expected: bool | None) -> None:
    operator = Operator.BETWEEN if kind is ValueKind.RANGE else Operator.EQ
    test = Comparison("Port", operator, Quantifier.ANY, (Value(kind, value),), AT)
    assert holds(test, EVENT) is expected


def field(name: str) -> Operand:
    return Operand(name, OperandKind.NAME)


TRUE, FALSE, UNKNOWN = compare("Port", O.EQ, 443), compare("Port", O.EQ, 1), Opaque("case", "x", AT)


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        (AllOf((TRUE, TRUE)), True),
        (AllOf((TRUE, UNKNOWN)), None),
        (AllOf((UNKNOWN, FALSE)), False),
        (AnyOf((FALSE, FALSE)), False),
        (AnyOf((FALSE, UNKNOWN)), None),
        (AnyOf((UNKNOWN, TRUE)), True),
        (Not(TRUE), False),
        (Not(UNKNOWN), None),
        (TimeFilter("t > ago(1d)", AT), None),
        (ThresholdTest(field("n"), None, O.GT, Value(ValueKind.NUMBER, 5), AT), None),
        (ColumnComparison(field("Source"), "==", field("Same"), "", AT), True),
        (ColumnComparison(field("Source"), "!=", field("Same"), "", AT), False),
        (ColumnComparison(field("Source"), "==", field("Port"), "", AT), False),
        (ColumnComparison(field("Image"), "==", field("Copy"), "", AT), None),
        (ColumnComparison(field("Image"), "==", field("Unknown"), "", AT), None),
        (ColumnComparison(field("Image"), "starts_with", field("Image"), "", AT), True),
        (ColumnComparison(field("Port"), ">", field("EventID"), "", AT), False),
        (ColumnComparison(field("Port"), "lt", field("EventID"), "", AT), True),
        (ColumnComparison(field("Port"), "near", field("EventID"), "", AT), None),
    ],
)
def test_trees_have_three_values(tree: Predicate, expected: bool | None) -> None:
    assert holds(tree, EVENT) is expected


def test_an_event_may_be_a_function() -> None:
    known = {"A": "x"}
    assert holds(compare("A", O.EQ, "X"), known.get) is True
    assert holds(compare("B", O.IS_NULL), known.get) is True
    assert holds(compare(None, O.CONTAINS, "x"), known.get) is None


def test_wildcards_and_expressions_of_strangers_end() -> None:
    long = "a" * 200_000
    with ends():  # backtracking would take longer than the age of the world
        assert holds(compare("A", O.WILDCARD, "*a" * 40 + "*b"), {"A": long}) is False
        assert holds(compare("A", O.REGEX_MATCH, "(?:a+)+b"), {"A": long}) is None
        assert holds(compare("A", O.REGEX_MATCH, "{" * 50_000), {"A": "a"}) is False
