"""Texts that would do harm if a rule's text ever became SQL, and the proof that none did."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from detectionary.compiler.compile import CompiledQuery

MARK: Final = "zq9"
"""Stands in every hostile text, so that it is found wherever it ends up; in no name of ours, and in lower case only."""

TEXTS: Final = (
    f"{MARK}'",
    f"{MARK}''",
    f"'{MARK}",
    f'"{MARK}"',
    f'{MARK}""',
    f"`{MARK}`",
    f"[{MARK}]",
    f"{MARK}\\",
    f"{MARK}\\'",
    f"\\'{MARK}",
    f'{MARK}\\"',
    f"{MARK}; DROP TABLE t; --",
    f"'); DROP TABLE {MARK}; --",
    f"' OR 1=1 -- {MARK}",
    f'" OR ""="{MARK}',
    f"' UNION SELECT getenv('{MARK}') --",
    f"/* {MARK} */",
    f"*/ {MARK} /*",
    f"-- {MARK}",
    f"# {MARK}",
    f"$${MARK}$$",
    f"$a${MARK}$a$",
    f"$1{MARK}",
    f"?{MARK}",
    f":{MARK}",
    f"{{{MARK}}}",
    f"%({MARK})s",
    f"{MARK}%_",
    f"E'{MARK}\\x27'",
    f"U&'{MARK}\\0027'",
    f"read_csv('/etc/passwd') {MARK}",
    f"SELECT * FROM read_text('{MARK}')",  # noqa: S608
    f"COPY (SELECT 1) TO '/tmp/{MARK}'",
    f"ATTACH '{MARK}.db'",
    f"INSTALL {MARK}",
    f"PRAGMA {MARK}",
    f"/var/{MARK}.parquet",
    f"glob('{MARK}*')",
    f"x -> {MARK}",
    f"lambda x: {MARK}",
    f"$.{MARK}",
    f"$['{MARK}']",
    f"$.a[*].{MARK}",
    f"/{MARK}/0",
    f"a.b.{MARK}",
    f"{MARK}\n; SELECT 1",
    f"{MARK}\r\n--",
    f"{MARK}\t",
    f"\u2019{MARK}\u02bc",
    f"\uff07{MARK}",
    f"\u202e{MARK}\u2028",
    f"{MARK}\U0001f600",
    f"e\u0301{MARK}",
    f"  {MARK}  ",
    f"{MARK}" + "'" * 200,
    f"{MARK}" + "\\" * 199,
    f"{MARK}" * 500,
)
"""None holds a zero character, which is refused wherever it stands."""

WORDS: Final = (
    *("select", "SELECT", "from", "where", "group", "order", "table", "column", "null", "true", "user", "current_user"),
    *("rowid", "none", "v", "l", "r", "s1", "S1", "x", "p", "g1", "excluded", "main", "temp", "memory", "system"),
    *("information_schema", "duckdb_settings", "pragma_version", "sqlite_master", "current_date", "localtime"),
    *("A", "a", "\u0130", "\u0131", "\u00df", "SS", "ﬁ"),
)
"""Names that mean something to SQL, or that engines fold together."""


def kusto_text(value: str) -> str:
    """A Kusto string literal of any text."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
    return '"' + "".join(escapes.get(character, character) for character in value) + '"'


def kusto_name(value: str) -> str:
    """A bracketed name of any text."""
    return f"[{kusto_text(value)}]"


def assert_only_data(compiled: CompiledQuery) -> None:
    """Whatever holds the mark is a text literal or a quoted identifier, in the tree and in the printed statement."""
    for node in compiled.statement.walk():
        for value in node.args.values():
            if isinstance(value, str) and MARK in value.lower():
                literal = isinstance(node, exp.Literal) and bool(node.args.get("is_string"))
                quoted = isinstance(node, exp.Identifier) and bool(node.args.get("quoted"))
                assert literal or quoted, f"{type(node).__name__} holds {value!r}"
        assert not isinstance(node, exp.Command), f"{node!r}"
    code = outside_quotes(compiled.text())
    assert MARK not in code.lower(), code
    assert ";" not in code


def outside_quotes(statement: str) -> str:
    """A statement without its text literals and quoted identifiers, read by DuckDB's rules: a quote is doubled."""
    kept: list[str] = []
    at = 0
    while at < len(statement):
        character = statement[at]
        if character not in "'\"":
            kept.append(character)
            at += 1
            continue
        assert character == '"' or not statement[:at].endswith(("e", "E", "x", "X", "b", "B", "&")), statement[:at][
            -20:
        ]
        end = statement.index(character, at + 1)
        while statement.startswith(character * 2, end):
            end = statement.index(character, end + 2)
        at = end + 1
    return "".join(kept)
