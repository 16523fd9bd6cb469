"""What the parser accepts, what it says of faults, and how much it reads in spite of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.languages.yaral import LANGUAGE
from detectionary.languages.yaral.parser import parse
from detectionary.languages.yaral.printer import printed
from detectionary.text import SourceText
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("case", parameters(CASES / "syntax-faults.md"))
def test_faults(case: Case) -> None:
    source = SourceText(case.text("yaral"))
    report = LANGUAGE.check(source)
    found = []
    for fault in report.errors:
        assert fault.span is not None
        position = source.position(fault.span.start)
        found.append(f"{position.line}:{position.column} {fault.code} {fault.message}")
    assert found == case.text("faults").splitlines()
    assert [stage.kind for stage in report.stages] == case.text("sections").split()


_CONDITIONS = (
    '$e.metadata.event_type = "X"',
    "$e.a.b = `raw \\ text`",
    "$e.a.b = /^(a|b)\\/c$/ nocase",
    "re.regex($e.a.b, `x`) nocase",
    "NOT $e.a.b IN %list",
    "not $e.a.b in regex %list nocase",
    "$e.a.b in cidr %table.column",
    "%table.column = $e.a.b",
    '$e.additional.fields["App Id"] != ""',
    "$e.security_result[0].action = $x",
    "any $e.principal.ip in %list",
    'all $e.principal.ip != "x"',
    'net.ip_in_range_cidr(all $e.principal.ip, "10.0.0.0/8")',
    '($e.a.b = "x" or $e.c.d = "y") and not ($e.e.f = 5)',
    "$e.a.seconds - $e.b.seconds > 5 * 60 + -1",
    "$e.a.b / 2 >= 1.5",
    "$e.a.b % 2 = 0",
    '"x" = re.capture($e.a.b, "a+")',
    'arrays.concat(["a", "b"], [])  = ["a"]',
    "$e.graph.entity.hostname = $host",
    "if($e.a.b = 1, true, false) = true",
    'strings.concat($e.a.b, "/", $e.c.d) in %list',
    "$user = group(principal.user.userid, target.user.userid)",
    "optimization.sample_rate($e.metadata.id, 1, 5)",
    "$e.in.not.over = 5",
)


@pytest.mark.parametrize("condition", _CONDITIONS)
def test_conditions(condition: str) -> None:
    text = f"rule r {{ events: {condition} condition: $e }}"
    parsed = parse(text)
    assert parsed.diagnostics == ()
    assert parse(printed(parsed.tree)).tree == parsed.tree


_RULES = (
    'rule r { meta: events: $e.a.b = "x" condition: $e }',
    "rule r { events: $e.a = $x match: $x over 10m condition: #e >= 5 and #x > 1 }",
    "rule r { events: $e.a = $x match: $x, $y over 24h before $e condition: $e and !$f }",
    "rule r { events: $e.a = $x match: $x by 1h condition: $e }",
    "rule r { events: $e.a = $x match: $x over every 5m condition: $e }",
    "rule r { events: $e.a = 1 outcome: $risk_score = max(if($e.b > 3, 5, if($e.c = 1, 2)) + 10) condition: $e }",
    "rule r { events: $e.a = 1 condition: any of [$e, $f] or 2 of [$e, $f, $g] or all of ($e, $f) }",
    "rule r { events: $e.a = 1 condition: $e options: allow_zero_values = true suppression_window = 5m }",
    "rule r { events: $e.a = 1 outcome: $h = max($e.b) condition: $e export: %t.write_row(host: $h, n: 1) }",
    "rule r { events: $e.a = 1 outcome: $m = max(metrics.dns_queries_total(period: 1d, window: 30d, "
    "metric: event_count_sum, agg: avg, principal.asset.ip: $ip)) condition: $e and $m > 5 }",
    "/* one */ rule r { // two\n events: $e.a = 1 condition: $e } // three",
    "RULE r { EVENTS: $e.a = 1 CONDITION: $e }",
    "\ufeffrule r { events: $e.a = 1 condition: $e }",
)


@pytest.mark.parametrize("text", _RULES)
def test_rules(text: str) -> None:
    parsed = parse(text)
    assert parsed.diagnostics == ()
    assert [rule.name for rule in parsed.tree.rules] == ["r"]
    assert parse(printed(parsed.tree)).tree == parsed.tree


_SEARCHES = (
    'metadata.event_type = "USER_LOGIN" AND principal.ip = "10.0.0.1"',
    "raw = /host/",
    "principal.hostname = $h\nmatch: $h over every day\noutcome: $n = count(metadata.id)\norder: $n desc\nlimit: 5",
    'events:\n metadata.id != ""\nmatch: principal.ip, target.ip by 2 hours\ncondition: #e > 1',
    'principal.ip != ""\ndedup: principal.ip\nselect: principal.ip, target.ip\nunselect: target.ip',
    "stage s { principal.ip = $ip match: $ip by day outcome: $n = count(metadata.id) }\n$s.n > 5\nmatch: $s.ip",
    "stage a { x.y = $i limit: 1 }\nstage b { x.z = $j }\ncross join $a, $b\nleft outer join $a.i = $b.j\nmatch: $a.i",
)


@pytest.mark.parametrize("text", _SEARCHES)
def test_searches(text: str) -> None:
    parsed = parse(text)
    assert parsed.diagnostics == ()
    assert [rule.name for rule in parsed.tree.rules] == [None]
    assert parse(printed(parsed.tree)).tree == parsed.tree


def test_a_bracket_on_a_new_line_begins_a_condition() -> None:
    text = 'principal.hostname = $x\n$x = principal.ip\n(target.ip = "1" or target.ip = "2")'
    ((section,),) = [rule.parts for rule in parse(text).tree.rules]
    assert parse(text).accepted
    assert len(section.items) == 3  # type: ignore[union-attr]  # an events section


def test_split_finds_the_rules_and_leaves_other_text_alone() -> None:
    one, two = 'rule a { events: $e.a = "}" condition: $e }', "rule b { events: $e.a = 1 condition: $e }"
    text = f"// rule x {{ }}\n{one}\n\n/* {{ */ {two}\n"
    assert [text[start:end] for start, end in LANGUAGE.split(text)] == [one, two]
    search = ' metadata.event_type = "X"\n'
    assert [search[start:end] for start, end in LANGUAGE.split(search)] == [search.strip()]
    for other in ("", "plain words of a text", "SELECT * FROM t", '{"a": [1]}'):
        assert LANGUAGE.split(other) == ()


def test_copies_share_their_normalised_text() -> None:
    one = 'rule a { meta: author = "x" events: ($e.a = `\\b`) and $e.c = "d" condition: $e }'
    two = 'rule b {\n// said otherwise\n events:\n $e.a = "\\\\b" AND $e.c = "d"\n condition: $e }'
    three = 'rule b { events: $e.a = "\\\\b" and $e.c = "e" condition: $e }'
    texts = [LANGUAGE.normalised(SourceText(text)) for text in (one, two, three)]
    assert texts[0] == texts[1] != texts[2]


def test_highlights() -> None:
    text = 'rule r { events: $e.a["k"].b = /x/ nocase // c\n strings.to_lower($e.d) in %l condition: #e > 5 }'
    found = [(each.kind, each.span.of(text)) for each in LANGUAGE.highlight(SourceText(text))]
    assert found == [
        ("keyword", "rule"), ("name", "r"), ("keyword", "events"), ("name", "$e"), ("column", ".a"), ("string", '"k"'),
        ("name", "b"), ("operator", "="), ("string", "/x/"), ("operator", "nocase"), ("comment", "// c"),
        ("function", "strings.to_lower"), ("name", "$e"), ("column", ".d"), ("operator", "in"), ("table", "%l"),
        ("keyword", "condition"), ("name", "#e"), ("operator", ">"), ("number", "5"),
    ]  # fmt: skip
