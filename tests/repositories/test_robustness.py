"""Whatever a file holds, reading it gives rules, functions or a reason, and never an exception."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detectionary.text import SourceText, render
from tests.repositories.reading import at_blank_lines, read

PATHS = st.sampled_from(
    (
        "Detections/a.yaml",
        "Detections/a.json",
        "Hunting/a.md",
        "Hunting/a.kql",
        "Hunting/a",
        "Parsers/a.txt",
        "Parsers/a.yaml",
        "Parsers/a.json",
        "Functions/a.csl",
        "a.py",
    )
)
PIECES = st.sampled_from(
    (
        *(
            "id: ",
            "name: ",
            "query: ",
            "|\n  ",
            ">\n  ",
            "T | take 1",
            "\n",
            "\n\n",
            "  ",
            "- ",
            "---\n",
            "[",
            "]",
            "{",
            "}",
        ),
        *(
            "'",
            '"',
            "queryCondition:\n",
            "  queryText: ",
            "schedule:\n  period: ",
            "entityMappings:\n",
            "ParserName: a\n",
        ),
        *(
            "ParserQuery: ",
            "functionAlias: a\n",
            "savedSearches",
            '"functionAlias"',
            '"queryCondition"',
            '"resources"',
            ": ",
        ),
        *(
            "# ",
            "## Query\n",
            "```kql\n",
            "```\n",
            "~~~\n",
            "| a | b |\n|---|---|\n",
            "| T1059 | v |\n",
            "// Author: ",
            "> ",
        ),
        *(
            "https://a.example/b",
            "[a](",
            ")",
            "**",
            "é😀",
            "\u2028",
            "\x85",
            "\t",
            "&a ",
            "*a",
            "!x ",
            "%YAML 1.1\n",
            "\u200b",
        ),
    )
)


@given(PATHS, st.lists(PIECES, max_size=25).map("".join))
def test_no_text_raises(path: str, text: str) -> None:
    content = read(path, text, at_blank_lines)
    assert content.rules or content.functions or content.ignored
    for fault in content.diagnostics:
        render(fault, SourceText(text, path))
    for rule in content.rules:
        assert rule.title
        assert rule.id
        body = rule.body_source()
        for fault in rule.diagnostics:
            assert fault.span is None or 0 <= fault.span.start <= fault.span.end <= len(rule.body)
            render(fault, body)
        for offset in range(len(rule.query.text)):
            assert rule.query.position(offset).line >= 1


@given(PATHS, st.binary(max_size=60))
def test_no_bytes_raise(path: str, data: bytes) -> None:
    content = read(path, data)
    assert content.rules or content.functions or content.ignored
