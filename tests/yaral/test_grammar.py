"""The grammar page has exactly the productions that the parser's methods state."""

from __future__ import annotations

import inspect
import re

from detectionary.languages.yaral.cursor import SECTIONS, Cursor
from detectionary.languages.yaral.parser import _Parser
from detectionary.languages.yaral.parser_expressions import Expressions
from detectionary.languages.yaral.tokens import KEYWORDS, PUNCTUATION
from tests.conftest import PROJECT

PAGE = PROJECT / "docs" / "reference" / "yara-l-grammar.md"
_PRODUCTION = re.compile(r"([a-z]+) = (.+)\.", re.DOTALL)


def stated() -> dict[str, str]:
    """Production by name, from the docstrings of the parser."""
    found: dict[str, str] = {}
    for owner in (_Parser, Expressions, Cursor):
        for _, method in inspect.getmembers(owner, inspect.isfunction):
            for paragraph in (inspect.getdoc(method) or "").split("\n\n"):
                production = _PRODUCTION.fullmatch(paragraph.strip())
                if production is not None:
                    found[production[1]] = " ".join(production[2].split())
    return found


def written() -> dict[str, str]:
    """Production by name, from the page."""
    block = PAGE.read_text("utf-8").partition("```ebnf\n")[2].partition("```")[0]
    lines = re.sub(r"\n +", " ", block).strip().splitlines()
    pairs = (line.partition(" = ") for line in lines if line)
    return {name.strip(): " ".join(body.split()) for name, _, body in pairs}


def test_the_page_and_the_parser_agree() -> None:
    assert len(stated()) > 30
    assert written() == stated()


def test_every_name_is_a_production_or_a_token() -> None:
    productions = written()
    tokens = {line.split("`")[1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")}
    for body in productions.values():
        names = re.findall(r"[A-Za-z-]+", re.sub(r'"[^"]*"', "", body))
        assert {name for name in names if name not in productions and name not in tokens and name != "-"} == set()


def test_the_page_names_every_word() -> None:
    text = PAGE.read_text("utf-8")
    for word in (*SECTIONS, *KEYWORDS):
        assert f"`{word}`" in text, word
    for sign in PUNCTUATION:
        assert f"`{sign}`" in text, sign
