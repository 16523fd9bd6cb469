"""Sigma rules as Hypothesis makes them: every modifier and form of value, and conditions over the searches."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st

_TEXTS = st.text(alphabet="ab*?\\%-/ .$é", max_size=6)
_FIELDS = st.sampled_from(["Image", "CommandLine", "event.code", "User Name"])
_CHAINS = (
    *(
        "",
        "contains",
        "startswith",
        "endswith",
        "contains|all",
        "cased",
        "contains|cased",
        "all",
        "neq",
        "contains|neq",
    ),
    *("windash", "windash|contains", "windash|contains|all", "expand", "contains|expand"),
)
_PLAIN_CHAINS = (
    *(
        "base64",
        "base64|contains",
        "base64offset|contains",
        "wide|base64offset|contains",
        "utf16|base64offset|contains",
    ),
    *("utf16be|base64", "utf16be|base64offset|contains", "wide", "wide|contains", "fieldref", "fieldref|startswith"),
    *("fieldref|endswith", "fieldref|contains", "base64|cased"),
)
_EXPRESSIONS = ("a.*b", "^[a-z]+\\\\x", "(?i)abc$", "a|b", "\\.exe$", "(?:a|b){2}")
_EXPRESSION_CHAINS = ("re", "re|i", "re|m", "re|s", "re|i|m|s", "re|ignorecase", "re|multiline|dotall", "re|neq")
_NETWORKS = ("10.0.0.0/8", "192.168.1.0/24", "fe80::/10")
_NUMBER_CHAINS = ("", "lt", "lte", "gt", "gte", "neq", "minute", "hour", "day", "week", "month", "year", "hour|gte")


def _listed(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=1, max_size=3)


def _item(chains: tuple[str, ...], values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, Any]]:
    keys = st.builds(lambda field, chain: f"{field}|{chain}" if chain else field, _FIELDS, st.sampled_from(chains))
    return st.tuples(keys, values)


_ITEMS = st.one_of(
    _item(_CHAINS, _listed(_TEXTS)),
    _item(_PLAIN_CHAINS, _listed(st.text(alphabet="ab -/x", min_size=1, max_size=6))),
    _item(_EXPRESSION_CHAINS, _listed(st.sampled_from(_EXPRESSIONS))),
    _item(("cidr",), _listed(st.sampled_from(_NETWORKS))),
    _item(_NUMBER_CHAINS, _listed(st.integers(0, 99999))),
    _item(("exists",), st.booleans()),
    _item(("",), st.none() | st.booleans() | st.just([None, ""])),
)
_MAPS = st.lists(_ITEMS, min_size=1, max_size=3).map(dict)
_KEYWORDS = st.lists(_TEXTS.filter(str.strip) | st.integers(0, 999), min_size=1, max_size=3)
_SEARCHES = _MAPS | st.lists(_MAPS, min_size=1, max_size=2) | _KEYWORDS

_NAMES = ("selection_a", "selection_b", "filter_x", "keywords")


def _expressions() -> st.SearchStrategy[str]:
    atoms = st.sampled_from(
        [*_NAMES, "1 of selection_*", "all of selection_*", "all of them", "1 of them", "any of filter*"]
    )
    return st.recursive(
        atoms,
        lambda inner: st.one_of(
            inner.map(lambda one: f"not ({one})"),
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
                lambda each: f"({each[0]}) {each[1]} {each[2]}"
            ),
        ),
        max_leaves=6,
    )


conditions = _expressions()


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A rule as a mapping."""
    searches = {name: draw(_SEARCHES) for name in _NAMES}
    return {
        "title": "Made",
        "logsource": {"product": "windows", "category": "process_creation"},
        "detection": {**searches, "condition": draw(conditions)},
        "fields": ["User"],
    }


def written(document: dict[str, Any]) -> str:
    """The text of a rule."""
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text


rules = documents().map(written)
"""The texts of rules."""
