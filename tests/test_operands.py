"""What each language's analysis says of what is counted or compared: a name, a function of one, or a calculation.

Rules whose licence forbids republishing show names and what is counted of one, and no calculations.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from detectionary.languages import LANGUAGES
from detectionary.model.analysis import Analysis
from detectionary.model.predicate import Operand, OperandKind, function_of, listed
from detectionary.text import SourceText
from tests.analysis_lines import ENVIRONMENT

NAME, FUNCTION = OperandKind.NAME, OperandKind.FUNCTION
CONSTANT, CALCULATION = OperandKind.CONSTANT, OperandKind.CALCULATION

SUMMARY = "SecurityEvent | summarize N = {} by Account | where N > 3"
WHERE = "SecurityEvent | where {}"
STATS = "FROM logs-* | STATS n = {} BY user.name | WHERE n > 3"
ESQL_WHERE = "FROM logs-* | WHERE {}"
EQL_WHERE = "process where {}"
YARAL = (
    'rule r {{ events: $e.metadata.event_type = "X" $e.a = $u {} match: $u over 5m outcome: $n = {} condition: {} }}'
)
SIGMA = """title: T
logsource: {{category: process_creation, product: windows}}
detection:
  selection:
    {}
  condition: selection{}
"""


def yaral(*, events: str = "", outcome: str = "1", condition: str = "$e") -> str:
    return YARAL.format(events, outcome, condition)


CASES: tuple[tuple[str, str, dict[str, OperandKind]], ...] = (
    # Kusto: what a threshold counts
    ("kusto", SUMMARY.format("count()"), {"N": NAME, "count()": FUNCTION}),
    ("kusto", SUMMARY.format("dcount(Computer)"), {"N": NAME, "dcount(Computer)": FUNCTION}),
    ("kusto", SUMMARY.format("dcount((Computer))"), {"N": NAME, "dcount((Computer))": FUNCTION}),
    ("kusto", SUMMARY.format("dcount(Bag.a['b'][0])"), {"N": NAME, "dcount(Bag.a['b'][0])": FUNCTION}),
    ("kusto", SUMMARY.format("dcount(['A B'])"), {"N": NAME, "dcount(['A B'])": FUNCTION}),
    ("kusto", SUMMARY.format("dcount(Computer, 2)"), {"N": NAME, "dcount(Computer, 2)": CALCULATION}),
    ("kusto", SUMMARY.format("dcount(tolower(Computer))"), {"N": NAME, "dcount(tolower(Computer))": CALCULATION}),
    ("kusto", SUMMARY.format("countif(EventID == 1)"), {"N": NAME, "countif(EventID == 1)": CALCULATION}),
    ("kusto", SUMMARY.format("sum(EventID-Level)"), {"N": NAME, "sum(EventID-Level)": CALCULATION}),
    ("kusto", SUMMARY.format("count() * 2"), {"N": NAME, "count() * 2": CALCULATION}),
    ("kusto", SUMMARY.format("dcount(Computer // why\n)"), {"N": NAME, "dcount(Computer )": FUNCTION}),
    ("kusto", SUMMARY.replace("where N", "where N * 2").format("count()"), {"N * 2": CALCULATION, "count()": FUNCTION}),
    (
        "kusto",
        "T | summarize S = make_set(A) by B | where array_length(S) between (2 .. 9)",
        {"array_length(S)": FUNCTION, "make_set(A)": FUNCTION},
    ),
    (
        "kusto",
        "T | summarize S = make_set(A) by B | where array_length(set_union(S, dynamic(['x']))) > 2",
        {"array_length(set_union(S, dynamic(['x'])))": CALCULATION, "make_set(A)": FUNCTION},
    ),
    # Kusto: two columns
    ("kusto", WHERE.format("A == B"), {"A": NAME, "B": NAME}),
    ("kusto", WHERE.format("(A) == ['B C']"), {"(A)": NAME, "['B C']": NAME}),
    ("kusto", WHERE.format("A.b.c == D['e']"), {"A.b.c": NAME, "D['e']": NAME}),
    ("kusto", WHERE.format("A == tolower(B)"), {"A": NAME, "tolower(B)": FUNCTION}),
    ("kusto", WHERE.format("A == parse_json(B).c"), {"A": NAME, "parse_json(B).c": CALCULATION}),
    ("kusto", WHERE.format("A == D[strcat(B, 'x')]"), {"A": NAME, "D[strcat(B, 'x')]": CALCULATION}),
    ("kusto", WHERE.format("A == B-C"), {"A": NAME, "B-C": CALCULATION}),
    ("kusto", WHERE.format("A == B + // why\n C"), {"A": NAME, "B + C": CALCULATION}),
    ("kusto", WHERE.format("A in (B, 'x')"), {"A": NAME, "B, 'x'": NAME}),
    ("kusto", WHERE.format("A in (B, toupper(C))"), {"A": NAME, "B, toupper(C)": FUNCTION}),
    ("kusto", WHERE.format("A in (B, C * 2)"), {"A": NAME, "B, C * 2": CALCULATION}),
    ("kusto", WHERE.format("A between (B .. C)"), {"A": NAME, "B .. C": NAME}),
    ("kusto", WHERE.format("A between (B .. (B + 1h))"), {"A": NAME, "B .. (B + 1h)": CALCULATION}),
    ("kusto", WHERE.format("set_has_element(A, B)"), {"A": NAME, "B": NAME}),
    (
        "kusto",
        "T | extend Start = TimeGenerated | join (T | extend End = TimeGenerated) on A | where End - Start < 5m",
        {"End - Start": CALCULATION, "5m": CONSTANT},
    ),
    # Kusto: where values come from
    ("kusto", "let L = T | project X; " + WHERE.format("A in (L)"), {"L": NAME}),
    ("kusto", WHERE.format("A in (_GetWatchlist('w'))"), {"_GetWatchlist('w')": FUNCTION}),
    ("kusto", WHERE.format("A in ((T | where B > 5 | project X))"), {"T | where B > 5 | project X": CALCULATION}),
    ("kusto", "let L = T | summarize make_set(X); " + WHERE.format("A in (toscalar(L))"), {"toscalar(L)": FUNCTION}),
    (
        "kusto",
        WHERE.format("A !in (toscalar(T | summarize make_set(X)))"),
        {"toscalar(T | summarize make_set(X))": CALCULATION},
    ),
    # ES|QL
    ("esql", STATS.format("COUNT(*)"), {"n": NAME, "COUNT(*)": FUNCTION}),
    ("esql", STATS.format("count()"), {"n": NAME, "count()": FUNCTION}),
    ("esql", STATS.format("COUNT_DISTINCT(host.id)"), {"n": NAME, "COUNT_DISTINCT(host.id)": FUNCTION}),
    ("esql", STATS.format("COUNT_DISTINCT(`host.id`)"), {"n": NAME, "COUNT_DISTINCT(`host.id`)": FUNCTION}),
    ("esql", STATS.format("COUNT_DISTINCT(host.id /* why */)"), {"n": NAME, "COUNT_DISTINCT(host.id )": FUNCTION}),
    ("esql", STATS.format("COUNT_DISTINCT(host.id, 9)"), {"n": NAME, "COUNT_DISTINCT(host.id, 9)": CALCULATION}),
    ("esql", STATS.format("SUM(a * 2)"), {"n": NAME, "SUM(a * 2)": CALCULATION}),
    ("esql", STATS.format("SUM(a-b)"), {"n": NAME, "SUM(a-b)": CALCULATION}),
    ("esql", STATS.format("COUNT(*) WHERE a == 1"), {"n": NAME, "COUNT(*) WHERE a == 1": CALCULATION}),
    ("esql", ESQL_WHERE.format("a.b == c"), {"a.b": NAME, "c": NAME}),
    ("esql", ESQL_WHERE.format("a.b == `c d`"), {"a.b": NAME, "c d": NAME}),
    ("esql", ESQL_WHERE.format("a == to_lower(b)"), {"a": NAME, "to_lower(b)": FUNCTION}),
    ("esql", ESQL_WHERE.format('a == concat(b, "x")'), {"a": NAME, 'concat(b, "x")': CALCULATION}),
    ("esql", ESQL_WHERE.format("a in (b, 5)"), {"a": NAME, "b, 5": NAME}),
    ("esql", ESQL_WHERE.format("a in (b, c + 1)"), {"a": NAME, "b, c + 1": CALCULATION}),
    ("esql", ESQL_WHERE.format("a in (from logs-x | keep a)"), {"from logs-x | keep a": CALCULATION}),
    # EQL
    ("eql", EQL_WHERE.format("a.b == c"), {"a.b": NAME, "c": NAME}),
    ("eql", EQL_WHERE.format("a[0].b == `c d`"), {"a.b": NAME, "c d": NAME}),
    ("eql", EQL_WHERE.format("a == string(b)"), {"a": NAME, "string(b)": FUNCTION}),
    ("eql", EQL_WHERE.format("a == substring(b, 0, 3)"), {"a": NAME, "substring(b, 0, 3)": CALCULATION}),
    ("eql", EQL_WHERE.format("a-b == c"), {"a - b": CALCULATION, "c": NAME}),
    ("eql", EQL_WHERE.format("true | count | filter total_hosts > 3"), {"total_hosts": NAME, "count": FUNCTION}),
    (
        "eql",
        EQL_WHERE.format("true | unique_count /* why */ host.name | filter count > 3"),
        {"count": NAME, "unique_count host.name": FUNCTION},
    ),
    (
        "eql",
        EQL_WHERE.format("true | unique_count a * 2 | filter count > 3"),
        {"count": NAME, "unique_count a * 2": CALCULATION},
    ),
    ("eql", "sequence by a [any where true] with runs=3", {"runs": NAME}),
    # Sigma
    ("sigma", SIGMA.format("A|fieldref: B", ""), {"A": NAME, "B": NAME}),
    ("sigma", SIGMA.format("'A B|fieldref': C-D", ""), {"A B": NAME, "C-D": NAME}),
    ("sigma", SIGMA.format("A: b", " | count() > 3"), {"count()": FUNCTION}),
    ("sigma", SIGMA.format("A: b", " | count(C) by D > 3"), {"count(C)": FUNCTION}),
    (
        "sigma",
        "title: T\ncorrelation:\n  type: value_count\n  rules: [a]\n  group-by: [b]\n  timespan: 5m\n"
        "  condition: {gte: 3, field: User}\n",
        {"value_count": NAME, "value_count(User)": FUNCTION},
    ),
    # YARA-L
    ("yaral", yaral(events="$e.b = $e.c"), {"$e.b": NAME, "$e.c": NAME}),
    ("yaral", yaral(events='$e.b["k"] = $e.c[0].d'), {'$e.b["k"]': NAME, "$e.c[0].d": NAME}),
    ("yaral", yaral(events="$e.b = strings.to_lower($e.c)"), {"$e.b": NAME, "strings.to_lower($e.c)": FUNCTION}),
    (
        "yaral",
        yaral(events='$e.b = strings.concat($e.c, "x")'),
        {"$e.b": NAME, 'strings.concat($e.c, "x")': CALCULATION},
    ),
    ("yaral", yaral(events="$e.b - $e.c > 5"), {"$e.b - $e.c": CALCULATION, "5": CONSTANT}),
    ("yaral", yaral(events="$e.b in %hosts"), {"%hosts": NAME}),
    ("yaral", yaral(condition="#e > 5"), {"#e": NAME}),
    ("yaral", yaral(condition="#e > #u"), {"#e": NAME, "#u": NAME}),
    ("yaral", yaral(condition="#e + #u > 5"), {"#e + #u": CALCULATION}),
    ("yaral", yaral(outcome="count_distinct($e.b)", condition="$n > 5"), {"n": NAME, "count_distinct($e.b)": FUNCTION}),
    (
        "yaral",
        yaral(outcome="sum(if($e.b = 1, 1, 0))", condition="$n > 5"),
        {"n": NAME, "sum(if($e.b = 1, 1, 0))": CALCULATION},
    ),
    # What counts or compares nothing
    ("kuery", "a: b and c > 5", {}),
    ("lucene", "a:b AND c:[5 TO 9]", {}),
)


def operands(analysis: Analysis) -> Iterator[Operand]:
    for test in analysis.thresholds:
        yield test.name
        if test.aggregate is not None:
            yield test.aggregate
    for compared in analysis.column_comparisons:
        yield compared.left
        yield compared.right
    for row in (*analysis.indicators, *analysis.exclusions):
        if row.origin is not None:
            yield row.origin


@pytest.mark.parametrize(("language", "query", "expected"), CASES)
def test_the_analysis_tells_what_is_calculated(language: str, query: str, expected: dict[str, OperandKind]) -> None:
    reader = next(each for each in LANGUAGES if each.name == language)
    analysis = reader.analyze(SourceText(query), ENVIRONMENT)
    assert {each.text: each.kind for each in operands(analysis)} == expected


def test_every_language_has_cases_but_the_one_that_has_no_queries() -> None:
    assert {language for language, _, _ in CASES} == {each.name for each in LANGUAGES} - {"ml"}


def test_a_function_is_of_one_name_or_constant_at_most() -> None:
    assert function_of(()) is FUNCTION
    assert function_of((NAME,)) is FUNCTION
    assert function_of((CONSTANT,)) is FUNCTION
    assert function_of((FUNCTION,)) is CALCULATION
    assert function_of((NAME, CONSTANT)) is CALCULATION


def test_a_list_is_what_the_most_of_it_is() -> None:
    parts = {kind: Operand(kind.value, kind) for kind in OperandKind}
    assert listed((parts[CONSTANT], parts[NAME])) == Operand("constant, name", NAME)
    assert listed((parts[CALCULATION], parts[NAME]), " .. ") == Operand("calculation .. name", CALCULATION)
    assert listed(()) == Operand("", CONSTANT)
