"""What a change is made of: a row a property, with the kind that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from detectionary.model.analysis import Analysis, Indicator, OutputField, Parameter
from detectionary.model.attack import Coverage
from detectionary.model.change import (
    LONGEST_DETAIL,
    Change,
    ChangeKind,
    Detail,
    QueryDifference,
    change,
    limit_parameters,
    spelled,
)
from detectionary.model.entry import Entry
from detectionary.model.predicate import (
    Operand,
    OperandKind,
    Operator,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
)
from detectionary.model.rule import (
    AddedStage,
    Additions,
    AlertContract,
    Connector,
    EntityField,
    EntityMapping,
    Rule,
    Schedule,
    Severity,
    Source,
    Trigger,
)
from detectionary.text import SourceText, Span

LOGIC, THRESHOLDS, METADATA = ChangeKind.LOGIC, ChangeKind.THRESHOLDS, ChangeKind.METADATA
NONE, LIMITS, OTHER = QueryDifference.NONE, QueryDifference.LIMITS, QueryDifference.LOGIC
AT = Span(0, 1)


def text(value: str, *transforms: str) -> Value:
    return Value(ValueKind.TEXT, value, transforms)


def number(value: float) -> Value:
    return Value(ValueKind.NUMBER, value)


def compared(field: str | None, *values: Value, operator: Operator = Operator.EQ, all_of: bool = False) -> Indicator:
    return Indicator(field, operator, Quantifier.ALL if all_of else Quantifier.ANY, values, 1, AT)


def threshold(
    value: float, *, name: str = "n", aggregate: str | None = "count()", kind: OperandKind = OperandKind.FUNCTION
) -> ThresholdTest:
    made = None if aggregate is None else Operand(aggregate, kind)
    return ThresholdTest(Operand(name, OperandKind.NAME), made, Operator.GT, number(value), AT)


RULE = Rule(
    id="1",
    title="T",
    language="kusto",
    source=Source("r", "a.yaml"),
    query=SourceText("Table | where A == 1"),
    body="body",
    body_language="yaml",
    kind="Scheduled",
    description="D",
    severity=Severity.LOW,
    schedule=Schedule("1h", "1d"),
    trigger=Trigger("gt", 0),
)
ANALYSIS = Analysis(accepted=True)


def entry(rule: dict[str, Any] | None = None, analysis: dict[str, Any] | None = None, **rest: Any) -> Entry:
    """An entry with some properties of the rule and of its analysis. `Any`: they are of all types."""
    return Entry(
        rule=replace(RULE, **(rule or {})),
        slug="",
        analysis=replace(ANALYSIS, **(analysis or {})),
        coverage=Coverage(),
        actions=(),
        platform=None,
        third_party_feed=None,
        time_window=None,
        **rest,
    )


Make = Callable[[Any], Entry]


def of_rule(name: str) -> Make:
    return lambda value: entry({name: value})


def of_alert(name: str) -> Make:
    return lambda value: entry({"alert": AlertContract(**{name: value})})


def of_analysis(name: str) -> Make:
    return lambda value: entry(None, {name: value})


D = Detail
ENTITY = EntityMapping("Account", (EntityField("Name", "User"), EntityField("UPNSuffix", "Suffix")))
CASES: list[tuple[str, Make, object, object, QueryDifference, list[Detail]]] = [
    # what the rule detects
    ("language", of_rule("language"), "kusto", "eql", OTHER, [D(LOGIC, "language", None, "kusto", "eql")]),
    ("syntax", of_analysis("accepted"), True, False, OTHER, [D(LOGIC, "syntax", None, "accepted", "with errors")]),
    (
        "tables",
        of_analysis("tables"),
        ("A", "B"),
        ("B", "C"),
        OTHER,
        [D(LOGIC, "table", None, "A"), D(LOGIC, "table", None, None, "C")],
    ),
    (
        "an indicator comes",
        of_analysis("indicators"),
        (),
        (compared("F", text("x")),),
        OTHER,
        [D(LOGIC, "indicator", "F eq", None, "x")],
    ),
    (
        "an indicator goes",
        of_analysis("indicators"),
        (compared("F", text("x")),),
        (),
        OTHER,
        [D(LOGIC, "indicator", "F eq", "x", None)],
    ),
    (
        "a value of a list",
        of_analysis("indicators"),
        (compared("F", text("x"), text("y")),),
        (compared("F", text("y"), text("z")),),
        OTHER,
        [D(LOGIC, "indicator", "F eq", "x", None), D(LOGIC, "indicator", "F eq", None, "z")],
    ),
    (
        "another operator",
        of_analysis("indicators"),
        (compared("F", text("x")),),
        (compared("F", text("x"), operator=Operator.CONTAINS),),
        OTHER,
        [D(LOGIC, "indicator", "F eq", "x", None), D(LOGIC, "indicator", "F contains", None, "x")],
    ),
    (
        "all of the values",
        of_analysis("indicators"),
        (compared("F", text("x"), text("y")),),
        (compared("F", text("x"), text("y"), all_of=True),),
        OTHER,
        [
            D(LOGIC, "indicator", "F eq", "x", None),
            D(LOGIC, "indicator", "F eq", "y", None),
            D(LOGIC, "indicator", "F eq all", None, "x"),
            D(LOGIC, "indicator", "F eq all", None, "y"),
        ],
    ),
    (
        "a transform",
        of_analysis("indicators"),
        (compared("F", text("x")),),
        (compared("F", text("x", "tolower", "cased")),),
        OTHER,
        [D(LOGIC, "indicator", "F eq", "x", None), D(LOGIC, "indicator", "F eq (tolower, cased)", None, "x")],
    ),
    (
        "any field",
        of_analysis("indicators"),
        (),
        (compared(None, text("x"), operator=Operator.MATCH),),
        OTHER,
        [D(LOGIC, "indicator", "any field match", None, "x")],
    ),
    (
        "a test without value",
        of_analysis("indicators"),
        (),
        (compared("F", operator=Operator.IS_NOT_NULL),),
        OTHER,
        [D(LOGIC, "indicator", "F is_not_null", None, "")],
    ),
    (
        "the same in another order",
        of_analysis("indicators"),
        (compared("F", text("x")), compared("G", text("y"))),
        (compared("G", text("y")), compared("F", text("x"))),
        OTHER,
        [],
    ),
    (
        "an exclusion comes",
        of_analysis("exclusions"),
        (),
        (compared("F", text("x")),),
        OTHER,
        [D(LOGIC, "exclusion", "F eq", None, "x")],
    ),
    ("a function", of_analysis("functions"), (), ("Logins",), OTHER, [D(LOGIC, "function", None, None, "Logins")]),
    (
        "group by",
        of_analysis("group_by"),
        ("A",),
        ("B",),
        OTHER,
        [D(LOGIC, "group by", None, "A"), D(LOGIC, "group by", None, None, "B")],
    ),
    (
        "an output field",
        of_analysis("output_fields"),
        (),
        (OutputField("A", "project", 1, "string"),),
        OTHER,
        [D(LOGIC, "output field", None, None, "A")],
    ),
    (
        "a setting around the query",
        of_rule("additions"),
        Additions(),
        Additions(stages=(AddedStage("new_terms", "user.name"),)),
        OTHER,
        [D(LOGIC, "setting", "new_terms", None, "user.name")],
    ),
    (
        "a parameter that is no limit",
        of_analysis("parameters"),
        (Parameter("p", "", "a", AT),),
        (Parameter("p", "", "b", AT),),
        OTHER,
        [D(LOGIC, "parameter", "p", "a", "b")],
    ),
    ("a query alike", of_analysis("tables"), ("A",), ("B",), NONE, []),
    # limits
    (
        "a threshold",
        of_analysis("thresholds"),
        (threshold(5),),
        (threshold(10),),
        LIMITS,
        [D(THRESHOLDS, "threshold", "count() gt", "5", "10")],
    ),
    (
        "a threshold of a calculation",
        of_analysis("thresholds"),
        (threshold(5, aggregate="countif(a > 1)", kind=OperandKind.CALCULATION), threshold(1)),
        (threshold(10, aggregate="countif(a > 1)", kind=OperandKind.CALCULATION), threshold(2)),
        LIMITS,
        [
            D(THRESHOLDS, "threshold", "count() gt", "1", "2"),
            D(THRESHOLDS, "calculated threshold", "countif(a > 1) gt", "5", "10"),
        ],
    ),
    (
        "a sub-query that gives the values",
        of_analysis("exclusions"),
        (replace(compared("F"), origin=Operand("T | take 1", OperandKind.CALCULATION)),),
        (replace(compared("F"), origin=Operand("L", OperandKind.NAME)),),
        OTHER,
        [
            D(LOGIC, "exclusion by sub-query", "F eq", "T | take 1", None),
            D(LOGIC, "exclusion", "F eq", None, "L"),
        ],
    ),
    (
        "a threshold of a column",
        of_analysis("thresholds"),
        (threshold(5, aggregate=None),),
        (threshold(7.5, aggregate=None),),
        LIMITS,
        [D(THRESHOLDS, "threshold", "n gt", "5", "7.5")],
    ),
    (
        "one threshold more",
        of_analysis("thresholds"),
        (threshold(5),),
        (threshold(5), threshold(9)),
        OTHER,
        [D(THRESHOLDS, "threshold", "count() gt", None, "9")],
    ),
    (
        "a time filter",
        of_analysis("time_filters"),
        (TimeFilter("T > ago(1d)", AT),),
        (TimeFilter("T > ago(7d)", AT),),
        LIMITS,
        [D(THRESHOLDS, "time filter", None, "T > ago(1d)"), D(THRESHOLDS, "time filter", None, None, "T > ago(7d)")],
    ),
    (
        "a bin",
        of_analysis("bins"),
        ("1h",),
        ("1d",),
        LIMITS,
        [D(THRESHOLDS, "bin", None, "1h"), D(THRESHOLDS, "bin", None, None, "1d")],
    ),
    ("window", of_analysis("window"), "5m", "10m", LIMITS, [D(THRESHOLDS, "window", None, "5m", "10m")]),
    (
        "frequency",
        of_rule("schedule"),
        Schedule("1h", "1d"),
        Schedule("5m", "1d"),
        NONE,
        [D(THRESHOLDS, "frequency", None, "1h", "5m")],
    ),
    (
        "lookback",
        of_rule("schedule"),
        Schedule("1h", "1d"),
        Schedule("1h", "2d"),
        NONE,
        [D(THRESHOLDS, "lookback", None, "1d", "2d")],
    ),
    (
        "no schedule any more",
        of_rule("schedule"),
        Schedule("1h", "1d"),
        None,
        NONE,
        [D(THRESHOLDS, "frequency", None, "1h", None), D(THRESHOLDS, "lookback", None, "1d", None)],
    ),
    (
        "trigger",
        of_rule("trigger"),
        Trigger("gt", 0),
        Trigger("gt", 5),
        NONE,
        [D(THRESHOLDS, "trigger", None, "gt 0", "gt 5")],
    ),
    ("suppression", of_alert("suppression"), None, "5h", NONE, [D(THRESHOLDS, "suppression", None, None, "5h")]),
    # what people read
    ("title", of_rule("title"), "T", "U", NONE, [D(METADATA, "title", None, "T", "U")]),
    ("description", of_rule("description"), "D", "", NONE, [D(METADATA, "description", None, "D", None)]),
    (
        "severity",
        of_rule("severity"),
        Severity.LOW,
        Severity.HIGH,
        NONE,
        [D(METADATA, "severity", None, "low", "high")],
    ),
    ("severity left out", of_rule("severity"), Severity.LOW, None, NONE, [D(METADATA, "severity", None, "low", None)]),
    ("status", of_rule("status"), "test", "stable", NONE, [D(METADATA, "status", None, "test", "stable")]),
    ("version", of_rule("version"), None, "1.0", NONE, [D(METADATA, "version", None, None, "1.0")]),
    ("kind", of_rule("kind"), "Scheduled", "NRT", NONE, [D(METADATA, "kind", None, "Scheduled", "NRT")]),
    ("author", of_rule("author"), "A", "B", NONE, [D(METADATA, "author", None, "A", "B")]),
    (
        "date",
        of_rule("date"),
        "2030-01-01",
        "2030-01-02",
        NONE,
        [D(METADATA, "date", None, "2030-01-01", "2030-01-02")],
    ),
    ("modified", of_rule("modified"), None, "2030-01-02", NONE, [D(METADATA, "modified", None, None, "2030-01-02")]),
    (
        "tactic",
        of_rule("tactics"),
        ("A",),
        ("B",),
        NONE,
        [D(METADATA, "tactic", None, "A"), D(METADATA, "tactic", None, None, "B")],
    ),
    ("technique", of_rule("techniques"), (), ("T1059",), NONE, [D(METADATA, "technique", None, None, "T1059")]),
    ("tag", of_rule("tags"), ("a",), (), NONE, [D(METADATA, "tag", None, "a")]),
    ("reference", of_rule("references"), (), ("https://x",), NONE, [D(METADATA, "reference", None, None, "https://x")]),
    (
        "false positive",
        of_rule("false_positives"),
        (),
        ("admins",),
        NONE,
        [D(METADATA, "false positive", None, None, "admins")],
    ),
    (
        "connector",
        of_rule("connectors"),
        (Connector("C", ("A",)),),
        (Connector("C", ("A", "B")),),
        NONE,
        [D(METADATA, "connector", None, "C (A)"), D(METADATA, "connector", None, None, "C (A, B)")],
    ),
    (
        "fact",
        of_rule("facts"),
        (("Risk score", "21"),),
        (("Risk score", "47"),),
        NONE,
        [D(METADATA, "fact", "Risk score", "21", "47")],
    ),
    (
        "related rule",
        of_rule("related"),
        (),
        (("derived", "9"),),
        NONE,
        [D(METADATA, "related rule", None, None, "derived 9")],
    ),
    # what the alert says
    ("alert title", of_alert("title"), None, "{{A}}", NONE, [D(METADATA, "alert title", None, None, "{{A}}")]),
    ("alert description", of_alert("description"), "x", "y", NONE, [D(METADATA, "alert description", None, "x", "y")]),
    (
        "alert severity",
        of_alert("severity_column"),
        None,
        "S",
        NONE,
        [D(METADATA, "alert severity from", None, None, "S")],
    ),
    (
        "alert tactics",
        of_alert("tactics_column"),
        None,
        "S",
        NONE,
        [D(METADATA, "alert tactics from", None, None, "S")],
    ),
    (
        "entity",
        of_alert("entities"),
        (),
        (ENTITY,),
        NONE,
        [D(METADATA, "entity", None, None, "Account: Name = User, UPNSuffix = Suffix")],
    ),
    (
        "custom detail",
        of_alert("custom_details"),
        (("Ip", "A"),),
        (("Ip", "B"),),
        NONE,
        [D(METADATA, "custom detail", "Ip", "A", "B")],
    ),
    ("alert detail", of_alert("details"), (), (("Link", "L"),), NONE, [D(METADATA, "alert detail", "Link", None, "L")]),
    (
        "event grouping",
        of_alert("event_grouping"),
        None,
        "SingleAlert",
        NONE,
        [D(METADATA, "event grouping", None, None, "SingleAlert")],
    ),
    (
        "incident grouping",
        of_alert("grouping"),
        (("enabled", "true"),),
        (("enabled", "false"),),
        NONE,
        [D(METADATA, "incident grouping", "enabled", "true", "false")],
    ),
    (
        "impacted asset",
        of_alert("impacted_assets"),
        (),
        (("device", "D"),),
        NONE,
        [D(METADATA, "impacted asset", "device", None, "D")],
    ),
    (
        "response action",
        of_alert("response_actions"),
        (),
        ("isolate",),
        NONE,
        [D(METADATA, "response action", None, None, "isolate")],
    ),
]


@pytest.mark.parametrize(
    ("make", "before", "after", "query", "details"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_property_has_its_kind(
    make: Make, before: object, after: object, query: QueryDifference, details: list[Detail]
) -> None:
    found = change(make(before), make(after), query)
    assert list(found.details) == details
    expected = {detail.kind for detail in details}
    expected |= {OTHER: {LOGIC}, LIMITS: {THRESHOLDS}, NONE: set()}[query]
    assert found.kinds == tuple(kind for kind in ChangeKind if kind in expected)


def test_every_property_of_a_rule_plays_a_part() -> None:
    """A field that is added to the model is classified too, or named here with the reason why not."""
    without_part = {
        "id",  # another id is another rule
        "source",  # where it stands
        "query",  # told by its language
        "body", "body_language", "body_start",  # its text, which shows when nothing else does
        "diagnostics",  # what we say of it
    }  # fmt: skip
    named = {name for name in Rule.__dataclass_fields__ if name not in without_part}
    other: dict[str, Any] = {
        "title": "x", "language": "x", "kind": "x", "description": "x", "references": ("x",), "author": "x",
        "version": "x", "severity": Severity.HIGH, "status": "x", "tags": ("x",), "tactics": ("x",),
        "techniques": ("x",), "connectors": (Connector("x", ()),), "schedule": Schedule("x", "x"),
        "trigger": Trigger("lt", 9), "alert": AlertContract(title="x"), "false_positives": ("x",), "date": "x",
        "additions": Additions(stages=(AddedStage("x", "x"),)), "related": (("x", "x"),), "modified": "x",
        "facts": (("x", "x"),),
    }  # fmt: skip
    assert named == set(other)
    for name, value in other.items():
        assert change(entry(), entry({name: value}), OTHER).details, name


def test_equal_rules_have_not_changed() -> None:
    assert change(entry(), entry(), NONE) == Change((), ())


def test_another_text_without_any_difference_is_metadata() -> None:
    found = change(entry(), entry({"body": "body # a comment"}), NONE)
    assert found == Change((METADATA,), (Detail(METADATA, "text"),))


def test_the_place_of_a_rule_plays_no_part() -> None:
    assert change(entry(), entry({"source": Source("other", "b.yaml", "c0ffee", "MIT")}), NONE) == Change((), ())


def test_kinds_come_with_the_strongest_first() -> None:
    before = entry({"title": "a"}, {"thresholds": (threshold(1),), "tables": ("A",)})
    after = entry({"title": "b"}, {"thresholds": (threshold(2),), "tables": ("B",)})
    found = change(before, after, OTHER)
    assert found.kinds == (LOGIC, THRESHOLDS, METADATA)
    assert [detail.kind for detail in found.details] == [LOGIC, LOGIC, THRESHOLDS, METADATA]


def test_long_texts_are_cut() -> None:
    (detail,) = change(entry({"description": "a" * 301}), entry({"description": "b" * 300}), NONE).details
    assert (detail.before, detail.after) == ("a" * (LONGEST_DETAIL - 1) + "…", "b" * LONGEST_DETAIL)


def test_parameters_are_limits_when_thresholds_or_time_filters_name_them() -> None:
    query = "let n = 5; let d = 7d; let w = 1h; let other = 3; x > n; T > ago(d)"
    analysis = Analysis(
        accepted=True,
        parameters=tuple(Parameter(name, "", 1, AT) for name in ("n", "d", "w", "other")),
        thresholds=(
            ThresholdTest(
                Operand("x", OperandKind.NAME),
                None,
                Operator.GT,
                number(5),
                Span(query.index("x > n"), query.index("; T")),
            ),
        ),
        time_filters=(TimeFilter("", Span(query.index("T > ago"), len(query))),),
        bins=("w",),
    )
    assert limit_parameters(analysis, query) == {"n", "d", "w"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (text("x"), "x"),
        (number(5), "5"),
        (Value(ValueKind.BOOL, True), "true"),
        (Value(ValueKind.NULL, None), "null"),
        (Value(ValueKind.EMPTY_LIST, None), "no value"),
        (Value(ValueKind.RANGE, (1, 9)), "1..9"),
    ],
)
def test_values_are_spelled(value: Value, expected: str) -> None:
    assert spelled(value) == expected
