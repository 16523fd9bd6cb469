"""Whether a text is meant as a Kusto query, from its first lines: the parser of the language has the last word."""

from __future__ import annotations

from typing import Final

_STATEMENTS: Final = frozenset(
    (
        *("let", "set", "declare", "alias", "restrict", "union", "find", "search", "print", "range", "datatable"),
        *("externaldata", "evaluate", "materialize", "view", "database", "cluster", "workspace", "table"),
    )
)


_BLANK: Final = " \t\r\f\v\u00a0\u200b\ufeff"
"""White space, the invisible characters that web pages leave in copied queries included."""


def code_lines(text: str) -> list[str]:
    """The lines that are neither blank nor wholly a comment, without blanks around them."""
    lines = (line.strip(_BLANK) for line in text.split("\n"))
    return [line for line in lines if line and not line.startswith("//")]


def looks_like_kusto(text: str) -> bool:
    """Whether the first code line begins a statement, or names a source that a pipe follows.

    Prose, shell commands, JSON and addresses fail; so do management commands (".create table …"), which are no queries.
    """
    lines = code_lines(text)
    if not lines:
        return False
    word, rest = _first_word(lines[0])
    following = lines[1] if len(lines) > 1 else ""
    if word.lower() in _STATEMENTS:
        return bool(rest or following)
    if not word:
        return lines[0].startswith("(") and any("|" in line for line in lines)
    rest = rest.partition("//")[0].strip(_BLANK)
    if not rest:
        return following.startswith("|")
    if rest.startswith("("):  # a function call: `Name(…)`, alone or before a pipe
        return following.startswith("|") or "|" in rest or (rest.endswith(")") and not following)
    return rest.startswith("|") and not rest.startswith("||")


def _first_word(line: str) -> tuple[str, str]:
    """An identifier or a bracketed name (`['my table']`), and the rest of the line."""
    if line.startswith(("['", '["')):
        end = line.find("]")
        return (line[: end + 1], line[end + 1 :].lstrip()) if end > 0 else ("", line)
    end = 0
    while end < len(line) and (line[end].isalnum() or line[end] == "_"):
        end += 1
    return line[:end], line[end:].lstrip()
