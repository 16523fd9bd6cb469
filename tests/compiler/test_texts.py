"""What only the run shows: values that are not exact stop it, and lists of any length are looked for."""

from __future__ import annotations

import pytest

from detectionary.engines.duckdb import scalars_text_search
from detectionary.engines.engine import EngineError
from tests.compiler.engines import answer

STOPS = [
    ('datatable(s:string, n:long)["abc", -1] | project substring(s, 0, n)', "a negative length"),
    ('datatable(s:string, d:string)["abc", ""] | project split(s, d)', "an empty delimiter"),
    ('datatable(s:string, d:string)["abc", ""] | project countof(s, d)', "countof of an empty text"),
    ('datatable(s:string)["ab"] | project indexof(s, "a", -5)', "a start before the beginning"),
    (r'datatable(s:string)["é a b"] | project s matches regex @"a\b b"', "a word border"),
    (r'datatable(s:string)["é a"] | project extract_all(@"\b(a)", s)', "a word border"),
    ('datatable(s:string)["a\\"b,c"] | project parse_csv(s)', "not well formed"),
    (r'datatable(s:string)[@"\\?\C:\x"] | project parse_path(s)', "a long path"),
    ('datatable(s:string)["it\'s"] | project url_encode(s)', "is not documented"),
    ('datatable(s:string)["10.0.0.1/4"] | project ipv4_is_private(s)', "a prefix shorter"),
    ('datatable(s:string)["10.0.0.1/4"] | project ipv4_is_in_range(s, "10.0.0.0/8")', "a prefix shorter"),
    ('datatable(s:string)["net"] | project ipv4_is_in_any_range("10.0.0.1", pack_array(s))', "no IPv4 range"),
    ('datatable(n:long)[40] | project ipv4_is_match("10.0.0.1", "10.0.0.2", n)', "between 0 and 32"),
    ('datatable(s:string)["10.0.0.1"] | project ipv6_compare(s, "::1", 24)', "a prefix below 96"),
]


@pytest.mark.parametrize(("query", "message"), STOPS, ids=[query[-50:] for query, _ in STOPS])
def test_a_value_that_is_not_exact_stops_the_run(query: str, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        answer("duckdb", query)


def test_base64_of_a_value_that_may_stop_the_run() -> None:
    query = 'datatable(s:string, n:long)["-YWJj", 4] | project base64_decode_tostring(substring(s, 1, n))'
    assert list(answer("duckdb", query).rows()) == [("abc",)]


def test_a_list_too_long_for_one_expression(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scalars_text_search, "LARGEST", 9)
    query = 'datatable(s:string)["x four", "x five", "fours"] | where s has_any ("one", "two", "three", "four", "two")'
    assert list(answer("duckdb", query).rows()) == [("x four",)]
