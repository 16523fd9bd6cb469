"""Random ES|QL queries as texts, and mutated ones."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

NAMES: Final = st.sampled_from(
    ["a", "b.c", "@timestamp", "_id", "`d e`", "f.`is`.g", "Esql.h_1", "??p", "a.??p.`b c`", "[q].[r.s]"]
)
PATTERNS: Final = st.sampled_from(["a", "b.*", "*", "*.c", "`d e`", "x*y.z", "`a*`b*", "with", "as", "[q].[r.*]"])
STRINGS: Final = st.sampled_from(['"x"', '"a\\\\b\\"c"', '"""c:\\d"""', '""', '"*.exe"', '"""a"b"""', '"\\n"'])
NUMBERS: Final = st.sampled_from(["0", "5", "1.5", ".5", "1e3", "12345678901234567890"])
CONSTANTS: Final = st.one_of(
    STRINGS, NUMBERS, st.sampled_from(["true", "null", "5 minutes", "1d", "?p", '["x", "y"]', "[1, -2]", "-3"])
)
_MAPS: Final = st.sampled_from(['{"k": 1}', '{"k": "v", "l": {"m": true}}', "{}"])


def _calls(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    names = st.sampled_from(["to_lower", "coalesce", "CASE", "starts_with", "mv_contains", "count", "first", "values"])
    return st.builds(lambda name, arguments: f"{name}({', '.join(arguments)})", names, st.lists(inner, max_size=3))


def _values(inner: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.one_of(
        _calls(inner),
        st.builds("({})".format, inner),
        st.builds("{}::{}".format, NAMES, st.sampled_from(["ip", "STRING", "long"])),
        st.builds("{} {} {}".format, NAMES, st.sampled_from("+-*/%"), NUMBERS),
        st.builds("match({}, {}, {})".format, NAMES, STRINGS, _MAPS),
        st.builds("f(x -> {})".format, inner),
    )


VALUES: Final = st.recursive(st.one_of(NAMES, CONSTANTS), _values, max_leaves=4)
_COMPARED: Final = st.one_of(
    st.builds("{} {} {}".format, VALUES, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), VALUES),
    st.builds("{} {} ({}, {})".format, NAMES, st.sampled_from(["in", "NOT IN"]), VALUES, CONSTANTS),
    st.builds("{} {} {}".format, NAMES, st.sampled_from(["like", "not rlike"]), STRINGS),
    st.builds("{} {} ({}, {})".format, NAMES, st.sampled_from(["LIKE", "not rlike"]), STRINGS, STRINGS),
    st.builds("{} is {}null".format, NAMES, st.sampled_from(["", "not "])),
    st.builds("{} : {}".format, NAMES, STRINGS),
    st.builds("{} in (from x | keep {})".format, NAMES, PATTERNS),
    st.just("count(*) > 5"),
    _calls(st.one_of(NAMES, CONSTANTS)),
)
CONDITIONS: Final = st.recursive(
    _COMPARED,
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("not ({})".format, inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["and", "OR"]), inner),
    ),
    max_leaves=5,
)


def _listed(parts: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.builds(", ".join, st.lists(parts, min_size=1, max_size=3))


_FIELDS: Final = _listed(st.one_of(st.builds("{} = {}".format, NAMES, VALUES), VALUES))
_AGGREGATES: Final = _listed(
    st.one_of(
        st.builds("{} = count(*) where {}".format, NAMES, CONDITIONS),
        st.builds("{}({})".format, st.sampled_from(["max", "VALUES", "count_distinct"]), NAMES),
    )
)
_COMMANDS: Final = st.one_of(
    st.builds("where {}".format, CONDITIONS),
    st.builds("EVAL {}".format, _FIELDS),
    st.builds("stats {} by {}".format, _AGGREGATES, _FIELDS),
    st.builds("inline stats {}".format, _AGGREGATES),
    st.builds("keep {}".format, _listed(PATTERNS)),
    st.builds("drop {}".format, _listed(PATTERNS)),
    st.builds("rename {} as a, b = {}".format, st.sampled_from(["a", "b.c"]), st.sampled_from(["c", "`d e`"])),
    st.builds("sort {} desc nulls last".format, VALUES),
    st.builds("limit {}".format, NUMBERS),
    st.builds('dissect {} "%{{x}} %{{y}}" append_separator = {}'.format, NAMES, STRINGS),
    st.builds('grok {} "%{{IP:x:int}} (?<y>.)", {}'.format, NAMES, STRINGS),
    st.sampled_from(
        [
            "mv_expand a",
            "enrich p-1 on a with b = c, d",
            "lookup join i on a, b.c",
            "lookup join i on a == z and y > 1",
            "change_point a on b as c, d",
            'completion t = a with {"inference_id": "m"}',
            'rerank "q" on a, b = left(c, 1)',
            "sample 0.1",
            "fuse rrf score by a key by b, c",
            "user_agent u = a",
            "dedup",
        ]
    ),
)
_SOURCES: Final = st.sampled_from(
    ["from a-*, b:c metadata _id", "FROM (from x | where y == 1), z", 'row a = 1, b.c = "x"', "ts m", "show info"]
)


def _piped(source: str, commands: list[str]) -> str:
    return " | ".join([source, *commands])


_PLAIN: Final = st.builds(_piped, _SOURCES, st.lists(_COMMANDS, max_size=4))
QUERIES: Final = st.one_of(
    _PLAIN,
    st.builds("from a | fork ({}) ({}) | limit 5".format, _COMMANDS, st.builds("{} | {}".format, _COMMANDS, _COMMANDS)),
)

_NOISE: Final = st.sampled_from(
    [
        *[
            "|",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            '"',
            '"""',
            "`",
            "/*",
            "*/",
            "//",
            "\n",
            "\\",
            "'",
            "?",
            "::",
            "=",
            ",",
            "é",
        ],
        *["from ", " where ", " by ", " in (from ", " not ", " fork (", " keep ", " null", "\x00", "🐔", ";", "set "],
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A query with pieces taken out, put in or moved."""
    text = draw(QUERIES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.integers(0, 8)))
        text = text[:at] + draw(_NOISE) + text[end:]
    return text
