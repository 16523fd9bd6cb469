"""The reference implementation as a second opinion: the same queries are read, and into the same trees."""

from __future__ import annotations

import pytest

from detectionary.languages.eql.faults import faults
from detectionary.languages.eql.parser import parse
from tests.conftest import needs_shared
from tests.eql.corpus import corpus_queries
from tests.eql.oracle import Refused, our_tree, reference_tree


@needs_shared
def test_every_tree_of_the_corpus_is_the_reference_implementations() -> None:
    for name, text in corpus_queries():
        assert our_tree(parse(text).tree) == reference_tree(text), name


@pytest.mark.parametrize(
    "text",
    [
        "any where true",
        'process where a.b == "x" and not c or d and e != 1',
        "process where (a or b) and (c or d)",
        "process where not not (a and b)",
        "process where a == null or null != b",
        'process where not a in ("x", "y") and b not in (1, 2)',
        'process where a : "x*" and b : ("y", "z?") and c like~ "w" and d regex~ ("v.*", "u")',
        "process where a + 1 * 2 - 3 > 4 and (a + 1) * 2 % 3 <= 4",
        "process where length(a) - 1 == 5",
        'process where stringContains~(a, "x") and endsWith(b, "y")',
        'process where cidrMatch(a, "10.0.0.0/8")',
        'any where ?a.b != null and a[0].b == "x" and `a-b`.c == 1',
        'process where a == "tab\\t quote\\" line\\n back\\\\slash" and b == """raw\\n "x" """',
        'process where /* a */ a == 1 // b\n and b == "// no comment"',
        "process where a == -1 and b == 1.5 and c == 2e3 and d == .5",
        "sequence by a, b.c with maxspan=10m [any where x == 1] by d [file where y] by e until [file where z] by f",
        "sequence with maxspan=500ms [any where x] [any where y]",
        "sequence by a with maxspan=1d [any where x] ![any where y] [any where z]",
        "sequence by a [any where x] with runs=3 [any where y]",
        "sequence [any where x] by a with runs=3 [any where y] by b",
        "sample by a [any where x] [any where y]",
        "process where a | head 3 | tail 2",
        "process where a | unique b | sort c, d | unique_count e | count f | filter count > 5",
    ],
)
def test_both_read_the_same_tree(text: str) -> None:
    parsed = parse(text)
    assert parsed.accepted
    assert our_tree(parsed.tree) == reference_tree(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "process",
        "process where",
        "where a == 1",
        "process where a ==",
        "process where a == b",
        "process where a = 1",
        "process where (a",
        "process where a)",
        "process where a == 1 b == 2",
        "process where a in 1",
        "process where a in ()",
        "process where a : b",
        "process where a like (b)",
        "process where a == 'x'",
        'process where a == ?"x"',
        'process where a == "x',
        'process where a == "\\x"',
        "process where by == 1",
        "process where a.by == 1",
        "process where a < b < 3",
        "process where nothing(a)",
        "process where startsWith(a)",
        "process where length(a, b) > 1",
        "sequence [any where a]  [",
        "sequence by a with maxspan=5 x [any where a] [any where b]",
        "sequence by a [any where a] ![any where b]",
        "sequence [any where a] by a [any where b]",
        "sample by a [any where a]",
        "sample by a [any where a] ![any where b]",
        "process where a | nothing",
        "process where a |",
        "| head 1",
    ],
)
def test_what_neither_takes(text: str) -> None:
    assert _faults(text)
    with pytest.raises(Refused):
        reference_tree(text)


def _faults(text: str) -> list[str]:
    """The codes of everything that we say of a query."""
    parsed = parse(text)
    return [fault.code for fault in (*parsed.diagnostics, *faults(parsed.tree))]


ONLY_OURS = {
    # Types: nothing here knows what the fields of an index are.
    "process where length(a)": "a condition that is a number",
    'process where "a"': "a condition that is a text",
    "any where a : 5": "a number behind `:`",
    "any where a regex 5": "a number behind `regex`",
    "any where cidrMatch(a, b)": "a network that is no constant",
    # Elasticsearch's grammar has these.
    '"my category" where a': "a quoted category",
    "sequence [any where a] with runs=1 [any where b]": "an event query that runs once",
    "any where `a``b` == 1": "a backtick inside of backticks",
    'any where @timestamp > "2024-01-01"': "a name that begins with @",
    "any where a . b == 1": "blanks round the dot",
    "any where a | head 0": "no event at all",
}


@pytest.mark.parametrize("text", ONLY_OURS)
def test_what_the_reference_implementation_alone_refuses(text: str) -> None:
    assert _faults(text) == []
    with pytest.raises(Refused):
        reference_tree(text)


ONLY_THEIRS = {
    # Elasticsearch refuses these when it reads the query.
    "sequence [any where a]": "EQL019",
    "sequence by a [any where x] until [any where y]": "EQL019",
    "sequence [any where a] with runs=101": "EQL018",
    "sequence by a with maxspan=0s [any where x] [any where y]": "EQL018",
    "sequence with maxspan=5m by a [any where x] [any where y]": "EQL010",
    "sequence by a with maxspan=5m ![any where x] ![any where y]": "EQL019",
    "sequence by a with maxspan=5m ![any where x] with runs=2 [any where y]": "EQL018",
    "sample [any where x] [any where y]": "EQL019",
    "any where a in (1, 2,)": "EQL011",
    "any where a | head": "EQL020",
    "any where a == 18446744073709551616": "EQL006",
    "any where maxspan == 1": "EQL013",
    "any where a.any == 1": "EQL013",
    # Elasticsearch refuses these when it has read the query; we warn of them.
    "any where length~(a) == 1": "EQL304",
    'any where arrayContains(a, "b")': "EQL301",
    'any where match(a, "b")': "EQL301",
    'any where wildcard(a, "b*")': "EQL301",
    "any where a | unique b c": "EQL301",
}


@pytest.mark.parametrize(("text", "code"), ONLY_THEIRS.items())
def test_what_elasticsearch_refuses_and_the_reference_implementation_reads(text: str, code: str) -> None:
    assert _faults(text) == [code]
    reference_tree(text)


def test_a_list_test_belongs_to_the_operand_before_it() -> None:
    """Elasticsearch's grammar, and unlike the reference implementation's: `a + (1 in (2))`."""
    text = "any where a + 1 in (2)"
    assert our_tree(parse(text).tree) != reference_tree(text)
    assert our_tree(parse(text).tree) == our_tree(parse("any where a + (1 in (2))").tree)
