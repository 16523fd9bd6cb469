"""Every code that a room writes is in the table of codes, and none is there that no room writes."""

from __future__ import annotations

import ast
import re
from collections import Counter

from detectionary.text.codes import CODES
from tests.conftest import PROJECT

_SOURCES = PROJECT / "src" / "detectionary"
_CODE = re.compile(r"[A-Z]{3,5}\d{3}")


def _written() -> set[str]:
    """The string literals of the source that have the form of a code, outside of the table itself."""
    found: set[str] = set()
    for path in _SOURCES.rglob("*.py"):
        if path.name == "codes.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
                found.add(node.value)
    return found


def test_the_table_of_codes_and_the_source_agree() -> None:
    assert _written() == {code.code for code in CODES}


def test_codes_and_names_are_unique() -> None:
    for names in ((code.code for code in CODES), (code.name for code in CODES)):
        assert [name for name, count in Counter(names).items() if count > 1] == []
