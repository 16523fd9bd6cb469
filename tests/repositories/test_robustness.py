"""Whatever a file holds, reading it gives rules, functions or a reason, and never an exception."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from detectionary.text import SourceText, render
from tests.mdcases import read_cases
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
        "rules/a.yml",
        "rules/a.toml",
        "rules/a.yaral",
        "reference_lists/a",
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
        *(
            "title: a\n",
            "logsource:\n  product: b\n",
            "detection:\n  a:\n    b: c\n  condition: a\n",
            "correlation:\n  rules: [a]\n",
            "filter:\n  rules: [a]\n",
            "action: global\n",
            "action: repeat\n",
            "action: reset\n",
            "detection: {a: {b: c}}\n",
        ),
        *(
            "[rule]\n",
            "[hunt]\n",
            "[[rule.filters]]\n",
            "[rule.threshold]\n",
            "type = 'threshold'\n",
            "type = 'machine_learning'\n",
            "value = 5\n",
            "query = 5\n",
            "query = [\"from a\", 'SELECT', 5]\n",
            "query = {bool = {should = [1, {term = {a = 'b'}}]}}\n",
            "language = ['ES|QL', 'SQL']\n",
            "rule = 1\n",
            "field = ",
            "rule a { events: $e.b = 'c' }",
        ),
    )
)


@given(PATHS, st.lists(PIECES, max_size=25).map("".join))
def test_no_text_raises(path: str, text: str) -> None:
    everything_is_accounted_for(path, text)


CASES = [
    (case.blocks[0].word.partition(" ")[2], case.blocks[0].text)
    for file in sorted((Path(__file__).parent / "cases").glob("*.md"))
    for case in read_cases(file)
]


@given(st.data())
def test_no_changed_file_raises(data: st.DataObject) -> None:
    """Files of the cases with lines left out, doubled, moved and broken off."""
    path, text = data.draw(st.sampled_from(CASES))
    lines = text.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.integers(0, 4)):
            case 0:
                del lines[at]
            case 1:
                lines.insert(data.draw(st.integers(0, len(lines))), lines[at])
            case 2:
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case 3:
                lines[at] = lines[at].lstrip() if data.draw(st.booleans()) else f"  {lines[at]}"
            case _:
                lines[at] += data.draw(PIECES)
        lines = lines or [""]
    everything_is_accounted_for(path, "\n".join(lines))


def everything_is_accounted_for(path: str, text: str) -> None:
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
