"""What holds for every text and every tree: printing is stable, nothing is lost, nothing crashes, time is linear."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from detectionary.languages.kusto import syntax
from detectionary.languages.kusto.highlight import highlight
from detectionary.languages.kusto.lexer import tokenize
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.printer import normalised, print_query
from detectionary.languages.kusto.tokens import KEYWORDS, PUNCTUATION
from detectionary.text import SourceText
from tests.conftest import needs_shared
from tests.kusto.corpus import corpus_queries
from tests.kusto.steps import steps
from tests.kusto.strategies import KINDS, expressions, queries, small_queries

bounded: Final = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
"""The same examples in every run, so that a failure is a change and no accident."""

SAMPLES: Final = (
    'SigninLogs\n| where ResultType == "0" and (AppId in ("a", "b") or IPAddress !has "10.")\n'
    "| extend Hour = bin(TimeGenerated, 1h), Name = tostring(split(User, '@')[0])\n"
    "| summarize Count = count(), make_set(IPAddress, 100) by User, Hour\n| where Count > 5",
    'let known = dynamic([\'a\', "b", {"c": [1, -2.5, null]}]);\nlet f = (T: (*), n: long = 3) { T | take n };\n'
    "f((union isfuzzy=true A, (B | where x matches regex @'^\\d+$')))\n| join kind=leftanti (C | project Id) on Id",
    "// a comment\nT | parse Text with * 'user=' User: string ',' * | mv-expand x = todynamic(y) to typeof(string)\n"
    "| mv-apply e = Events on (where e.Name == 'x' | project e) | evaluate bag_unpack(z) : (a: string)",
    "print a = h'secret', b = ```more\nlines```, c = datetime(2024-01-31T10:00:00Z) - 1.5h, d = guid("
    "74be27de-1e4e-49d9-b579-fe0b331d3642)\n"
    "| make-series n = count() default = 0 on t from ago(7d) to now() step 1d by u",
)

_words: Final = st.sampled_from(
    sorted(KEYWORDS | PUNCTUATION | {"T", "x", "1", "1.5", "2h", "'s'", '"', "'", "//", "\n"})
)
soup: Final = st.lists(_words, max_size=40).flatmap(
    lambda words: st.sampled_from((" ", "", "\n")).map(lambda between: between.join(words))
)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A real-looking query cut off, or with stretches taken out, doubled, or replaced by tokens."""
    text = draw(st.sampled_from(SAMPLES))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        middle = draw(st.one_of(st.just(""), _words, st.just(text[start:end] * 2), st.text(max_size=2)))
        text = text[:start] + middle + ("" if draw(st.integers(0, 5)) == 0 else text[end:])
    return text


BLANKS: Final = "\t \r\n\f\u00a0\u1680\u180e\u200b\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""What Microsoft's lexer takes for blanks (`TextFacts.IsWhitespace`)."""

PUNCTUATION_MARKS: Final = "()[]{},;.:?!@"

any_text: Final = st.one_of(st.text(max_size=60), soup, mutations())


def tree(text: str) -> syntax.Query:
    """The tree of a text that has no errors."""
    parsed = parse(SourceText(text))
    assert not parsed.diagnostics, (text, parsed.diagnostics)
    return parsed.tree


# Printing


def test_every_printed_tree_reads_back_whatever_nodes_it_holds() -> None:
    seen: set[type[syntax.Node]] = set()

    def check(query: syntax.Query) -> None:
        assert tree(print_query(query)) == query
        assert tree(normalised(query)) == query
        seen.update(type(node) for node in syntax.walk(query))

    for kind in KINDS:
        settings(bounded, max_examples=10)(given(small_queries(kind))(check))()
    bounded(given(queries())(check))()
    classes = {value for value in vars(syntax).values() if isinstance(value, type) and issubclass(value, syntax.Node)}
    abstract = {syntax.Node, syntax.Operator}
    faulty = {syntax.BadExpression, syntax.BadOperator, syntax.BadStatement}
    assert classes - abstract - faulty == seen


@bounded
@given(expressions())
def test_a_printed_expression_reads_back_on_short_lines(expression: syntax.Expression) -> None:
    query = syntax.Query((syntax.Let(syntax.Name("x"), expression),))
    assert tree(print_query(query, width=20)) == query


@settings(bounded, max_examples=300)
@given(any_text)
def test_printing_what_was_parsed_is_a_fixed_point(text: str) -> None:
    parsed = parse(SourceText(text))
    if not parsed.diagnostics:
        printed = print_query(parsed.tree)
        again = tree(printed)
        assert again == parsed.tree
        assert print_query(again) == printed


@needs_shared
@pytest.mark.usefixtures("_uncollected")
def test_every_query_of_the_corpora_is_printed_as_the_same_tree() -> None:
    counted = 0
    for text in corpus_queries():
        parsed = parse(SourceText(text))
        if not parsed.diagnostics:
            printed = print_query(parsed.tree)
            assert tree(printed) == parsed.tree, text
            counted += 1
    assert counted > 4500


# Tokens, spans and colours


@settings(bounded, max_examples=400)
@given(any_text)
def test_the_lexer_keeps_every_character(text: str) -> None:
    end = 0
    for token in tokenize(text):
        assert token.span.start >= end
        assert token.span.of(text) == token.text
        assert all(line.strip(BLANKS) == "" for line in without_comments(text[end : token.span.start]))
        end = token.span.end
    assert end == len(text)


def without_comments(trivia: str) -> Iterator[str]:
    """The lines of what stands between tokens, as far as a comment does not take them."""
    for line in re.split(r"[\r\n\u2028\u2029]", trivia):
        yield line.partition("//")[0]


@settings(bounded, max_examples=300)
@given(any_text)
def test_spans_lie_within_the_text_and_children_within_parents(text: str) -> None:
    parsed = parse(SourceText(text))
    for diagnostic in parsed.diagnostics:
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
    check_spans(parsed.tree, text)


def check_spans(root: syntax.Node, text: str) -> None:
    for node in syntax.walk(root):
        start, end = node.span
        assert 0 <= start <= end <= len(text), (node, text)
        for child in syntax.children(node):
            assert start <= child.span.start, (node, child, text)
            assert child.span.end <= end, (node, child, text)


@pytest.mark.parametrize("text", SAMPLES)
def test_the_stages_cover_a_pipeline_but_for_its_pipes(text: str) -> None:
    for node in syntax.walk(tree(text)):
        if isinstance(node, syntax.Pipeline):
            end = node.stages[0].span.end
            assert node.stages[0].span.start == node.span.start
            for stage in node.stages[1:]:
                assert text[end : stage.span.start].strip() == "|"
                end = stage.span.end
            assert end == node.span.end


@settings(bounded, max_examples=300)
@given(any_text)
@example("<|")
def test_highlights_are_in_order_and_leave_out_only_blanks_and_punctuation(text: str) -> None:
    end = 0
    for stretch in highlight(SourceText(text)):
        assert stretch.span.start >= end
        assert stretch.span.end > stretch.span.start
        assert text[end : stretch.span.start].strip(BLANKS + PUNCTUATION_MARKS) == ""
        end = stretch.span.end
    assert text[end:].strip(BLANKS + PUNCTUATION_MARKS) == ""


# No crash, no hang


@pytest.fixture
def _uncollected() -> Iterator[None]:
    """Trees hold no cycles; the collector's walks over millions of nodes would be half of the time."""
    gc.disable()
    yield
    gc.enable()


@settings(bounded, max_examples=400)
@given(any_text)
def test_any_text_gives_a_tree_that_can_be_printed(text: str) -> None:
    parsed = parse(SourceText(text))
    assert isinstance(parsed.tree, syntax.Query)
    print_query(parsed.tree)


@pytest.mark.parametrize("text", SAMPLES)
def test_every_prefix_of_a_query_is_read(text: str) -> None:
    for end in range(len(text)):
        parsed = parse(SourceText(text[:end]))
        check_spans(parsed.tree, text[:end])


DEEP: Final = {
    "parentheses": ("(", "a", ")"),
    "open parentheses": ("(", "a", ""),
    "closing parentheses": ("", "a", ")"),
    "calls": ("f(", "a", ")"),
    "elements": ("a[", "a", "]"),
    "open elements": ("a[", "", ""),
    "braces": ("{", "a", "}"),
    "functions": ("let f = () {", "a", "};"),
    "json arrays": ("dynamic([", "1", "])"),
    "json brackets": ("[", "1", "]"),
    "lists": ("a in (", "a", ")"),
    "ranges": ("a between (", "1 .. 2", ")"),
    "joins": ("T | join (", "T", ") on a"),
    "lets": ("let a = ", "1", ""),
    "signs": ("-", "a", ""),
    "subqueries": ("toscalar(T | where ", "a", ")"),
    "unions": ("union (", "T", ")"),
    "mv-apply": ("mv-apply x on (", "take 1", ")"),
    "names": ("(a, b) = ", "1", ""),
    "typeof": ("typeof(", "a", ")"),
    "dynamics": ("dynamic(", "1", ")"),
    "members": ("a.", "a", ""),
    "dots": (".", "", "."),
    "pipes": ("|", "", ""),
}


FINE_AT_ANY_DEPTH: Final = frozenset({"members"})


@pytest.mark.usefixtures("_uncollected")
@pytest.mark.parametrize("what", DEEP)
def test_a_hundred_thousand_levels_neither_crash_nor_hang(what: str) -> None:
    opening, middle, closing = DEEP[what]
    text = "T | where " + opening * 100_000 + middle + closing * 100_000
    parsed = parse(SourceText(text))
    assert parsed.tree.span.end == len(text)
    assert parsed.diagnostics or what in FINE_AT_ANY_DEPTH


LONG: Final = {
    "and": ("T | where a", " and Account == 'x'", ""),
    "or": ("T | where a", " or Account has 'x'", ""),
    "sum": ("print 1", " + 1", ""),
    "pipes": ("T", "\n| extend a = b", ""),
    "statements": ("", "let a = 1;\n", "T"),
    "list": ("T | where a in ('value'", ", 'value'", ")"),
    "dynamic": ("print dynamic(['value'", ", 'value'", "])"),
    "table": ("datatable(a: long) [1", ", 1", "]"),
    "string": ("print '", "x", "'"),
    "comment": ("T // ", "x", ""),
    "comments": ("T", "\n// x", ""),
    "blanks": ("T", " ", "| take 1"),
    "path": ("print a", ".b", ""),
}


def repeated(what: str, length: int) -> str:
    before, unit, after = LONG[what]
    return before + unit * (length // len(unit)) + after


@pytest.mark.usefixtures("_uncollected")
@pytest.mark.parametrize("what", LONG)
def test_a_query_of_a_megabyte_is_read_whole(what: str) -> None:
    text = repeated(what, 1_000_000)
    assert tree(text).span == (0, len(text))


@pytest.mark.usefixtures("_uncollected")
@pytest.mark.parametrize("what", LONG)
def test_a_long_query_is_printed_whole(what: str) -> None:
    printed = print_query(tree(repeated(what, 100_000)))  # `==` of such trees would recurse too deep
    assert print_query(tree(printed)) == printed


HOSTILE: Final = {
    "open quotes": "'",
    "open verbatim": "@'",
    "backslashes": "\\",
    "quoted backslashes": "'\\",
    "backquotes": "`",
    "tildes": "~",
    "slashes": "/",
    "hashes": "#",
    "dots": ".",
    "digits": "1",
    "digits and dots": "1.",
    "exponents": "1e",
    "hyphens": "a-",
    "hex": "0x",
    "guid": "01234567-",
    "bangs": "!",
    "h": "h'",
    "dollars": "$",
    "literals": "datetime(",
    "keywords": "mv-",
    "hints": "hint.",
    "unknown": "\x00",
    "surrogates": "\ud800",
    "letters": "é",
    "lets": "let ",
    "names": "['",
}


@pytest.mark.usefixtures("_uncollected")
@pytest.mark.parametrize("what", HOSTILE)
def test_half_a_megabyte_of_anything_neither_crashes_nor_hangs(what: str) -> None:
    unit = HOSTILE[what]
    text = "T | where " + unit * (500_000 // len(unit))
    assert parse(SourceText(text)).tree.span.end == len(text)


# Linear work


REPEATED: Final = {
    "and": ("T | where a", " and b == 'x'", ""),
    "list": ("T | where a in (1", ", 2", ")"),
    "lists": ("T | where a in (1)", " and a in (b)", ""),
    "lists left open": ("T | where ", "a in (", ""),
    "pipes": ("T", " | where a == 1", ""),
    "statements": ("", "let a = 1;", "T"),
    "bad statements": ("", "let = ;", "T"),
    "bad stages": ("T", " | wher a", ""),
    "empty stages": ("T", " | ", ""),
    "parentheses": ("print ", "(", ""),
    "brackets": ("print ", "[", ""),
    "braces": ("let f = ", "{", ""),
    "closing": ("print 1", ")", ""),
    "calls left open": ("print ", "f(", ""),
    "joins left open": ("T ", "| join (T ", ""),
    "datatable": ("datatable(a: long) [1", ", 1", "]"),
    "json": ("print dynamic([1", ', {"a": [1]}', "])"),
    "named": ("print a = 1", ", b = 2", ""),
    "names": ("T | extend (a", ", b", ") = f()"),
    "wildcards": ("T | project-away a", ", b*", ""),
    "paths": ("print a", ".b[0]", ""),
    "signs": ("print 1 ", "- -", "1"),
    "strings": ("print 'a'", " 'b'", ""),
    "union": ("union A", ", B", ""),
    "scan": ("T | scan with (", "step s: a == 1 => b = 1; ", ")"),
    "graph": ("G | graph-match (a)", "-[e]->(b)", ""),
    "parse": ("T | parse a with ", "* 'x' b ", ""),
    "functions": ("", "let f = (a: long) { T | take a };", "T"),
    "commas": ("print a", ",", ""),
    "names with hyphens": ("print a", "-a", " = 1"),
}


@pytest.mark.parametrize("what", REPEATED)
def test_four_times_the_text_costs_four_times_the_work(what: str) -> None:
    before, unit, after = REPEATED[what]

    def work(times: int) -> int:
        source = SourceText(before + unit * times + after)
        return steps(lambda: print_query(parse(source).tree))

    work(10)  # fills caches
    small, large = work(150), work(600)
    assert large <= 4.5 * small + 2000
