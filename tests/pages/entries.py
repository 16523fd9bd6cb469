"""Entries made by hand, so that pages can be tested without a parser."""

from __future__ import annotations

import re
from dataclasses import replace

from detectionary.languages.language import Highlight
from detectionary.model.analysis import (
    Analysis,
    Binding,
    Group,
    GroupKind,
    Indicator,
    OutputField,
    Parameter,
    Pipeline,
    Stage,
)
from detectionary.model.attack import Coverage, TacticCoverage, Technique
from detectionary.model.entry import Action, CorpusCount, Entry, Reference, Relations
from detectionary.model.predicate import (
    AllOf,
    AnyOf,
    Comparison,
    Not,
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
from detectionary.text import Diagnostic, Level, SourceText, Span
from detectionary.text.source import Position

_TOKENS = re.compile(r'(?P<string>"[^"]*")|(?P<comment>//[^\n]*)|(?P<number>\b\d+\w*)|(?P<name>\w+)|(?P<operator>\S)')
_KEYWORDS = frozenset(
    ["let", "where", "extend", "project", "summarize", "by", "join", "kind", "on", "and", "or", "in", "not", "has_any"]
)

COUNTED = Operand("count()", OperandKind.FUNCTION)


def paint(source: SourceText) -> tuple[Highlight, ...]:
    """Stretches good enough for a test of how they are shown."""
    found = []
    for token in _TOKENS.finditer(source.text):
        kind = str(token.lastgroup)
        if token[0] in _KEYWORDS:
            kind = "keyword"
        found.append(Highlight(Span(token.start(), token.end()), kind))
    return tuple(found)


QUERY = """Trail
| where Operation == "StartMachine"
| where Failure =~ "Denied"
| project TimeGenerated, Principal, Region, Address
| extend User = tostring(split(Principal, ":")[1])
| extend Name = split(User, "@")[0], Suffix = split(User, "@")[1]
"""

BODY = (
    "id: 5d3c7e4e-0000-4000-8000-000000000001\nname: Machine start denied\nseverity: Medium\nquery: |\n"
    + "".join(f"  {line}\n" for line in QUERY.splitlines())
    + "kind: Scheduled\n"
)


def span(query: str, text: str) -> Span:
    start = query.index(text)
    return Span(start, start + len(text))


def stage(query: str, number: int, operator: str, text: str, **more: object) -> Stage:
    whole = span(query, text)
    inner = text.lstrip("| ")
    return Stage(number, operator, text, Span(whole.end - len(inner), whole.end), **more)  # type: ignore[arg-type]


def text_value(value: str, *transforms: str) -> Value:
    return Value(ValueKind.TEXT, value, transforms)


def source_text(query: str, line: int, column: int) -> SourceText:
    return SourceText(
        query, "rule.yaml", tuple(Position(line + row, column) for row in range(len(query.splitlines()) + 1))
    )


def _stages() -> tuple[Stage, ...]:
    lines = QUERY.splitlines()
    operators = ("source", "where", "where", "project", "extend", "extend")
    return tuple(stage(QUERY, row + 1, operators[row], line) for row, line in enumerate(lines))


FIRST_RULE = Rule(
    id="5d3c7e4e-0000-4000-8000-000000000001",
    title="Machine start denied",
    language="kusto",
    source=Source("github.com/example/rules", "Detections/MachineStart.yaml", "0123456789abcdef", "MIT"),
    query=source_text(QUERY, 5, 3),
    body=BODY,
    body_language="yaml",
    kind="Scheduled",
    description="Somebody tried to start a machine and was denied. See https://example.org/why?a=1&b=2.",
    references=("https://example.org/reference",),
    author="A. Author",
    version="1.0.1",
    severity=Severity.MEDIUM,
    status="Available",
    connectors=(Connector("Cloud", ("Trail",)),),
    schedule=Schedule("10m", "10m"),
    trigger=Trigger("gt", 0),
    alert=AlertContract(
        entities=(
            EntityMapping("Account", (EntityField("Name", "Name"), EntityField("UPNSuffix", "Suffix"))),
            EntityMapping("IP", (EntityField("Address", "Address"),)),
        ),
        custom_details=(("Region", "Region"),),
        title="{{Principal}} was denied in {{Region}}",
        description="Denied: {{ Principal }}",
    ),
)

FIRST = Entry(
    rule=FIRST_RULE,
    slug="machine-start",
    analysis=Analysis(
        accepted=True,
        stages=_stages(),
        indicators=(
            Indicator(
                "Operation",
                Operator.EQ,
                Quantifier.ANY,
                (text_value("StartMachine", "cased"),),
                2,
                span(QUERY, 'Operation == "StartMachine"'),
                canonical_field="event.action",
            ),
            Indicator(
                "Failure", Operator.EQ, Quantifier.ANY, (text_value("Denied"),), 3, span(QUERY, 'Failure =~ "Denied"')
            ),
        ),
        output_fields=(
            OutputField("TimeGenerated", "project", 4, "datetime"),
            OutputField("Principal", "project", 4, "string"),
            OutputField("Region", "project", 4, "string"),
            OutputField("Address", "project", 4, "string"),
            OutputField("User", "extend", 5, "string"),
            OutputField("Name", "extend", 6, "dynamic"),
            OutputField("Suffix", "extend", 6, "dynamic"),
        ),
        tables=("Trail",),
        predicate_count=2,
    ),
    coverage=Coverage(
        (TacticCoverage("Resource Development", "TA0042", (Technique("T1583", "Acquire Infrastructure"),)),)
    ),
    actions=(Action("cloud:machines/StartMachine", "cloud:machines", "StartMachine"),),
    platform="AWS",
    third_party_feed=None,
    time_window="10m",
)

FIRST_RELATIONS = Relations(
    corpus={("event.action", "eq", "startmachine"): CorpusCount(12, (("kusto", 5), ("sigma", 7)))},
    excluded={},
    same_action=(("cloud:machines/StartMachine", Reference("other-1", "other", "Machine started", "sigma", "AWS")),),
    copies=(Reference("copy-1", "machine-start-copy", "Machine start denied", "kusto", "AWS"),),
)


LONG_QUERY = """let limit = 5;
let allowed = dynamic(["svc1", "svc2"]);
let Recent = Events
| where TimeGenerated > ago(1d)
| summarize Count = count() by User;
union Logons, (Events | where Kind == "x")
| where TimeGenerated > ago(1h)
| where (Tool has_any ("mimi", "katz") or Path startswith "c:/temp") and not(User in (allowed) and Host == "srv")
| join kind=inner (
    Recent
    | where Count > limit
    | project User, Count
) on User
| summarize Hits = count(), Seen = max(TimeGenerated) by User, bin(TimeGenerated, 1h)
| where Hits > 3
"""


def long_entry() -> Entry:
    """Lets, a union, a join, groups, exclusions, thresholds, diagnostics: one of each."""
    query = LONG_QUERY

    def at(text: str) -> Span:
        return span(query, text)

    tools = Comparison(
        "Tool",
        Operator.MATCH,
        Quantifier.ANY,
        (text_value("mimi", "term"), text_value("katz", "term")),
        at("Tool has_any"),
    )
    path = Comparison(
        "Path", Operator.STARTS_WITH, Quantifier.ANY, (text_value("c:/temp"),), at('Path startswith "c:/temp"')
    )
    user = Comparison(
        "User",
        Operator.EQ,
        Quantifier.ANY,
        (text_value("svc1", "cased"), text_value("svc2", "cased")),
        at("User in (allowed)"),
    )
    host = Comparison("Host", Operator.EQ, Quantifier.ANY, (text_value("srv", "cased"),), at('Host == "srv"'))
    hits = ThresholdTest(
        Operand("Hits", OperandKind.NAME), COUNTED, Operator.GT, Value(ValueKind.NUMBER, 3), at("Hits > 3")
    )
    count = ThresholdTest(
        Operand("Count", OperandKind.NAME), COUNTED, Operator.GT, Value(ValueKind.NUMBER, 5), at("Count > limit")
    )
    hour = TimeFilter("TimeGenerated > ago(1h)", at("TimeGenerated > ago(1h)"))
    day = TimeFilter("TimeGenerated > ago(1d)", at("TimeGenerated > ago(1d)"))
    kind = Comparison("Kind", Operator.EQ, Quantifier.ANY, (text_value("x", "cased"),), at('Kind == "x"'))
    right = Pipeline(
        "right side",
        (
            stage(query, 1, "source", "Recent\n"[:-1]),
            stage(query, 2, "where", "| where Count > limit", references=("limit",), predicate=count),
            stage(query, 3, "project", "| project User, Count"),
        ),
    )
    leg = Pipeline(
        "leg 2",
        (
            Stage(
                1,
                "source",
                "Events",
                at('Events | where Kind == "x"')._replace(end=query.index(' | where Kind == "x"')),
            ),
            stage(query, 2, "where", '| where Kind == "x"', predicate=kind),
        ),
    )
    lines = query.splitlines()
    any_group, all_group = Group(2, GroupKind.ANY), Group(3, GroupKind.ALL)

    def row(test: Comparison, stage_number: int, group: Group | None) -> Indicator:
        return Indicator(test.field, test.operator, test.quantifier, test.values, stage_number, test.span, group)

    analysis = Analysis(
        accepted=True,
        parameters=(
            Parameter("limit", lines[0], 5, at("let limit = 5"), "long"),
            Parameter("allowed", lines[1], ("svc1", "svc2"), at('let allowed = dynamic(["svc1", "svc2"])'), "dynamic"),
        ),
        bindings=(
            Binding(
                "Recent",
                "\n".join(lines[2:5]),
                "table",
                (
                    Stage(
                        1,
                        "source",
                        "Events",
                        at("Events\n| where")._replace(end=query.index("\n| where TimeGenerated")),
                    ),
                    stage(query, 2, "where", "| where TimeGenerated > ago(1d)", predicate=day),
                    stage(query, 3, "summarize", "| summarize Count = count() by User", thresholds=(count,)),
                ),
                at("\n".join(lines[2:5])),
                used_in_stages=(4,),
            ),
        ),
        stages=(
            stage(query, 1, "union", lines[5], pipelines=(leg,)),
            stage(query, 2, "where", lines[6], predicate=hour),
            stage(
                query,
                3,
                "where",
                lines[7],
                predicate=AllOf((AnyOf((tools, path)), Not(AllOf((user, host))))),
                references=("allowed",),
            ),
            stage(query, 4, "join", "\n".join(lines[8:13]), pipelines=(right,), references=("Recent", "limit")),
            stage(query, 5, "summarize", lines[13], thresholds=(hits,), bins=("1h",)),
            stage(query, 6, "where", lines[14], predicate=hits),
        ),
        indicators=(row(tools, 3, any_group), row(path, 3, any_group), row(kind, 1, None)),
        exclusions=(row(user, 3, all_group), row(host, 3, all_group)),
        time_filters=(hour, day),
        thresholds=(hits, count),
        output_fields=(
            OutputField("User", "summarize", 5, "string"),
            OutputField("TimeGenerated", "summarize", 5, "datetime"),
            OutputField("Hits", "summarize", 5, "long"),
            OutputField("Seen", "summarize", 5, "datetime"),
        ),
        open_fields=False,
        tables=("Events", "Logons"),
        group_by=("User",),
        bins=("1h",),
        diagnostics=(
            Diagnostic("KQL201", Level.WARNING, "the table Logons is not known", at("Logons"), help="add its schema"),
        ),
        predicate_count=7,
    )
    rule = replace(
        FIRST_RULE,
        id="long",
        title="A long query",
        query=SourceText(query, "long.kql"),
        body=query,
        body_language="kusto",
        severity=Severity.HIGH,
        alert=AlertContract(custom_details=(("Who", "user"), ("Gone", "Nothing")), title="{{hits}} hits"),
    )
    return replace(FIRST, rule=rule, slug="long-query", analysis=analysis, actions=(), coverage=Coverage())
