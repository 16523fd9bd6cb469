"""The parser against Microsoft's own: accept or reject, and the stages, on every recorded query.

Differences are listed with their reason in `data/syntax-differences.json`; the lists must be exact, so that a
difference that is gone fails too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detectionary.languages.kusto.blocks import blank_line_parts
from detectionary.languages.kusto.check import stages_of
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import (
    AliasDatabase,
    BadOperator,
    Binary,
    Call,
    DataTable,
    DynamicLiteral,
    Expression,
    ExpressionStatement,
    ExternalData,
    FunctionDeclaration,
    Let,
    Materialize,
    NameReference,
    Node,
    Parenthesized,
    ToScalar,
)
from tests.conftest import needs_shared, shared
from tests.kusto.official_syntax import DATA, corpus_texts, not_kusto, sha1, verdicts

AGREEMENT = 0.995
DIFFERENCES: dict[str, dict[str, str]] = json.loads((DATA / "syntax-differences.json").read_text(encoding="utf-8"))
_OPERATOR_NAMES = {"Where": "FilterOperator", "Sort": "SortOperator", "ParseKv": "ParseKvOperator"}
_SOURCE_KINDS: dict[type[Node], str] = {
    NameReference: "NameReference",
    Call: "FunctionCallExpression",
    Parenthesized: "ParenthesizedExpression",
    DataTable: "DataTableExpression",
    ExternalData: "ExternalDataExpression",
    DynamicLiteral: "DynamicExpression",
    Materialize: "MaterializeExpression",
    ToScalar: "ToScalarExpression",
    FunctionDeclaration: "FunctionDeclaration",
}


@needs_shared
def test_mutated_queries_are_accepted_or_rejected_as_by_microsofts_parser() -> None:
    lines = shared("conformance", "syntax-mutations.jsonl").read_text(encoding="utf-8").splitlines()
    wrong = {
        sha1(entry["query"]) for entry in map(json.loads, lines) if parse(entry["query"]).accepted != entry["accepted"]
    }
    _compare(wrong, "mutations", len(lines))


@needs_shared
def test_every_text_of_the_corpora_is_accepted_or_rejected_as_by_microsofts_parser() -> None:
    official = verdicts()
    excluded = not_kusto()
    seen: set[str] = set()
    wrong: set[str] = set()
    for found in corpus_texts(shared("corpora")):
        if found.place in excluded:
            continue
        texts = [found.text]
        if not official[sha1(found.text)]:
            parts = blank_line_parts(found.text)
            texts += [found.text[start:end] for start, end in parts] if len(parts) > 1 else []
        for text in texts:
            key = sha1(text)
            if key not in seen:
                seen.add(key)
                if parse(text).accepted != official[key]:
                    wrong.add(key)
    assert seen >= set(official), "the record is of other corpora: run tools/record_syntax_verdicts.py"
    _compare(wrong, "corpora", len(seen))


@needs_shared
def test_rules_have_the_statements_and_stages_of_microsofts_tree() -> None:
    queries = _rule_queries(shared("corpora", "azure-sentinel"))
    lines = shared("conformance", "official-binding.jsonl").read_text(encoding="utf-8").splitlines()
    wrong: set[str] = set()
    for entry in map(json.loads, lines):
        parsed = parse(queries[entry["query_sha1"]])
        statements = [_outline(statement) for statement in parsed.tree.statements]
        expected = [_expected_outline(statement) for statement in entry["statements"]]
        if parsed.accepted == bool(entry["syntax"]) or statements != expected:
            wrong.add(entry["path"])
    _compare(wrong, "stages", len(lines))


def _compare(wrong: set[str], kind: str, total: int) -> None:
    assert wrong == set(DIFFERENCES[kind])
    assert len(wrong) <= (1 - AGREEMENT) * total


def _rule_queries(folder: Path) -> dict[str, str]:
    return {sha1(found.text): found.text for found in corpus_texts(folder.parent) if found.tag == "yaml"}


_Outline = tuple[int, int, list[tuple[str, int, int]]]


def _outline(statement: Node) -> _Outline:
    """Where a statement and its stages stand, the stages under the names of Microsoft's tree where they have one."""
    match statement:
        case Let(_, value):
            stages = [value] if isinstance(value, FunctionDeclaration) else list(_stages(value))
        case ExpressionStatement(expression) | AliasDatabase(_, expression):
            stages = list(_stages(expression))
        case _:
            stages = []
    return *statement.span, [(_kind(stage), *stage.span) for stage in stages]


def _stages(expression: Expression) -> Iterator[Node]:
    yield from stages_of(expression)


def _kind(stage: Node) -> str:
    name = type(stage).__name__
    if isinstance(stage, Binary) or name in ("Literal", "Between", "InList", "Unary", "Path", "Element"):
        return "expression"
    if type(stage) in _SOURCE_KINDS:
        return _SOURCE_KINDS[type(stage)]
    if isinstance(stage, BadOperator):
        name = stage.keyword.title().replace("-", "")
    return _OPERATOR_NAMES.get(name, f"{name}Operator")


def _expected_outline(statement: dict[str, Any]) -> _Outline:
    stages = [(_official_kind(kind), start, end) for kind, start, end in statement["stages"]]
    return statement["start"], statement["end"], stages


def _official_kind(kind: str) -> str:
    if kind.endswith("Operator") or kind in _SOURCE_KINDS.values():
        return kind
    return "expression"


@needs_shared
def test_what_is_listed_as_not_kusto_is_in_the_corpora() -> None:
    places = {found.place for found in corpus_texts(shared("corpora"))}
    assert set(not_kusto()) <= places
