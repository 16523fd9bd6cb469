"""Elastic's hunts: several queries for one idea in one file, each of which becomes a rule.

Queries for osquery are SQL, which is not read: they are reported, not kept.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from detectionary.model.rule import Connector, FileContent, Rule, RuleKind
from detectionary.repositories import elastic_shapes as shapes
from detectionary.repositories.findings import Findings
from detectionary.repositories.licences import spdx_named
from detectionary.repositories.positions import line_of
from detectionary.repositories.prose import clean, links, title_of_path
from detectionary.repositories.repository import MAX_BODIES, Repository
from detectionary.repositories.toml_positions import toml_source
from detectionary.repositories.tomldoc import TomlDocument
from detectionary.repositories.wire import read_shape
from detectionary.text import Diagnostic, Level, SourceText, Span
from detectionary.text.yamldoc import Node, ScalarNode, SequenceNode, node_at

_NAMES: Final = {"es|ql": "esql", "esql": "esql", "eql": "eql", "kql": "kuery", "kuery": "kuery", "lucene": "lucene"}
_FIRST_WORDS: Final = {
    **dict.fromkeys(("select", "with"), "sql"),
    **dict.fromkeys(("from", "row", "show", "ts"), "esql"),
    **dict.fromkeys(("sequence", "sample"), "eql"),
}


def read(document: TomlDocument, path: str, text: str, repository: Repository) -> FileContent:
    """The queries of a hunt. The second one of a file has its number behind the hunt's id and title, and so on."""
    findings = Findings(document.root, Span(0, len(text)))
    findings.extend(document.diagnostics)
    file, mismatches = read_shape(document.root, shapes.HuntFile, {})
    findings.extend(mismatches)
    hunt = file.hunt
    if not hunt.uuid.strip():
        findings.missing("hunt.uuid", "add a uuid; until then an id is made from the path")
    if not hunt.name.strip():
        findings.missing("hunt.name", "add a name; until then the file's name stands in for it")
    rules: list[Rule] = []
    unread: list[Diagnostic] = []
    for number, node in enumerate(_queries(node_at(document.root, ("hunt", "query"))), start=1):
        query = _without_fence(toml_source(node, text, path))
        language = _language(hunt.language, query.text)
        if language is None:
            advice = "queries in ES|QL, EQL, KQL and Lucene are read"
            unread.append(Diagnostic("RUL108", Level.NOTE, f"query {number} is SQL; it is not read", node.span, advice))
        else:
            whole = number * len(text) <= MAX_BODIES
            body = Span(0, len(text)) if whole else node.span
            rules.append(_rule(hunt, query, language, number, path, text, body, repository, findings))
    if rules:
        return FileContent(tuple(rules), diagnostics=tuple(unread))
    reason = "a hunt whose queries are all SQL" if unread else "a hunt without a query"
    return FileContent(diagnostics=document.diagnostics, ignored=reason)


def _queries(node: Node) -> list[ScalarNode]:
    items = node.items if isinstance(node, SequenceNode) else (node,)
    return [item for item in items if isinstance(item, ScalarNode) and item.text.strip()]


def _without_fence(query: SourceText) -> SourceText:
    """Some queries begin with the word `sql` alone, left over from a fence of Markdown."""
    first, _, rest = query.text.partition("\n")
    return SourceText(rest, query.name, query.lines[1:]) if first.strip() == "sql" else query


def _language(stated: list[str], query: str) -> str | None:
    """The language of one query of a hunt that names one or several; None for SQL."""
    names = [_NAMES.get(name.strip().lower(), "sql") for name in stated] or ["esql"]
    found = names[0]
    if len(names) > 1:
        lines = (line.strip() for line in query.split("\n"))
        first = next((line for line in lines if line and not line.startswith(("//", "--"))), "")
        by_word = _FIRST_WORDS.get(first.split()[0].lower() if first else "")
        found = by_word if by_word in names else next((name for name in names if name != "sql"), "sql")
    return None if found == "sql" else found


def _rule(
    hunt: shapes.Hunt,
    query: SourceText,
    language: str,
    number: int,
    path: str,
    text: str,
    body: Span,
    repository: Repository,
    findings: Findings,
) -> Rule:
    title = clean(hunt.name) or title_of_path(path)
    source = repository.source(path)
    if hunt.license.strip():
        source = replace(source, licence=spdx_named(hunt.license))
    behind = f"#{number}" if number > 1 else ""
    references = (link for each in hunt.references for link in links(each) or (each.strip(),) if link)
    author = hunt.author if isinstance(hunt.author, str) else ", ".join(hunt.author)
    notes = "\n".join(filter(None, map(clean, hunt.notes)))
    return Rule(
        id=f"{hunt.uuid.strip()}{behind}" if hunt.uuid.strip() else repository.rule_id(path, number),
        title=f"{title} ({number})" if number > 1 else title,
        language=language,
        source=source,
        query=query,
        body=body.of(text),
        body_language="toml",
        kind=RuleKind.HUNTING.value,
        description=clean(hunt.description),
        references=tuple(dict.fromkeys((*references, *links(hunt.description)))),
        author=author.strip() or None,
        techniques=tuple(each.strip() for each in hunt.mitre if each.strip()),
        connectors=tuple(Connector(each.strip(), ()) for each in hunt.integration if each.strip()),
        facts=(("Notes", notes),) if notes else (),
        diagnostics=findings.found() if body.start == 0 else (),
        body_start=line_of(body.start, text),
    )
