"""Guides and setup notes in Markdown, and the colours of TOML files."""

from __future__ import annotations

import pytest

from detectionary.pages.texts import toml_text
from detectionary.pages.texts.prose import marked
from tests.pages.markup import read

LINK = 'rel="noopener noreferrer nofollow"'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("one\ntwo\n\nthree", "<p>one\ntwo</p><p>three</p>"),
        ("## Triage ##\nLook.", "<h3>Triage</h3><p>Look.</p>"),
        ("#no heading", "<p>#no heading</p>"),
        (
            "Steps:\n- one\n  more of it\n- two\n\nend",
            "<p>Steps:</p><ul><li>one\nmore of it</li><li>two</li></ul><p>end</p>",
        ),
        ("1. one\n2) two", "<ul><li>one</li><li>two</li></ul>"),
        ("> **Note**: `a < b`", "<p><strong>Note</strong>: <code>a &lt; b</code></p>"),
        ("```sh\n<x> **y**\n```\nafter", "<pre><code>&lt;x&gt; **y**</code></pre><p>after</p>"),
        ("```\nnever closed", "<pre><code>never closed</code></pre>"),
        ("[guide](https://a.example/b)", f'<p><a href="https://a.example/b" {LINK}>guide</a></p>'),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("![image](https://a.example/i.png)", f'<p>!<a href="https://a.example/i.png" {LINK}>image</a></p>'),
        ("see https://a.example/x.", f'<p>see <a href="https://a.example/x" {LINK}>https://a.example/x</a>.</p>'),
        ("a pattern http://[0-9 of addresses", "<p>a pattern http://[0-9 of addresses</p>"),
        ("2 * 3 ** 4 ` [ ](", "<p>2 * 3 ** 4 ` [ ](</p>"),
        ("<script>", "<p>&lt;script&gt;</p>"),
        ("", ""),
    ],
)
def test_the_common_marks_of_markdown(text: str, html: str) -> None:
    assert marked(text) == html


@pytest.mark.parametrize("text", ["`" * 50, "[" * 50, "**" * 50, "- " * 50, "#" * 50, "```" * 3, "> > > - `a` ["])
def test_marks_without_an_end_are_kept(text: str) -> None:
    document = read(marked(f"a {text} b"))
    assert (document.unclosed, document.stray) == ([], [])
    assert [letter for letter in document.text if letter in "ab"][:1] == ["a"]


@pytest.mark.parametrize(
    ("text", "stretches"),
    [
        ('[rule]\nname = "a # b" # c', [("[rule]", "key"), ("name", "key"), ('"a # b"', "string"), ("# c", "comment")]),
        ("[[rule.threat]]", [("[[rule.threat]]", "key")]),
        ('[a."b]"] # c', [('[a."b]"]', "key"), ("# c", "comment")]),
        ('a."b c".d = 1', [("a.", "key"), ('"b c"', "key"), (".d", "key"), ("1", "number")]),
        ("n = 1\nt = true", [("n", "key"), ("1", "number"), ("t", "key"), ("true", "number")]),
        (
            "q = '''\na = \"b\" # no comment\n'''\nz = 1",
            [("q", "key"), ("'''\na = \"b\" # no comment\n'''", "string"), ("z", "key"), ("1", "number")],
        ),
        ('q = """a\\"""b"""', [("q", "key"), ('"""a\\"""b"""', "string")]),
        ('q = """a""""', [("q", "key"), ('"""a""""', "string")]),
        ('a = [\n["x"],\n["y"]]\n[t]', [("a", "key"), ('"x"', "string"), ('"y"', "string"), ("[t]", "key")]),
        ("a = {b = 'c', \"d\" = 2}", [("a", "key"), ("b", "key"), ("'c'", "string"), ('"d"', "key"), ("2", "number")]),
        ("a = 'never closed\nb = 1", [("a", "key"), ("'never closed", "string"), ("b", "key"), ("1", "number")]),
        ('a = """never closed', [("a", "key"), ('"""never closed', "string")]),
        ("[never closed\na = 1", [("[never closed", "key"), ("a", "key"), ("1", "number")]),
        ("", []),
    ],
)
def test_toml_is_painted_by_its_own_tokens(text: str, stretches: list[tuple[str, str]]) -> None:
    assert [(text[start:end], kind) for start, end, kind in toml_text.stretches(text)] == stretches
