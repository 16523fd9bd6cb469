"""Sigma: rules, correlations and filters in YAML, one a document; so are Hayabusa's rules, with a few keys more.

The form is that of the Sigma specification (https://sigmahq.io/sigma-specification/), with the older form of
collections. The text of a rule's document is its query: the language reads detection and log source from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Final

import msgspec

from detectionary.model.rule import Additions, FileContent, Rule, RuleKind
from detectionary.model.schema import FunctionDefinition
from detectionary.repositories import sigma_shapes as shapes
from detectionary.repositories.findings import Findings
from detectionary.repositories.functions import definition
from detectionary.repositories.licences import spdx_named
from detectionary.repositories.positions import line_of
from detectionary.repositories.prose import clean, links, title_of_path
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.repositories.sentinel import is_yaml
from detectionary.repositories.sigma_documents import Written, written_rules
from detectionary.repositories.wire import read_shape
from detectionary.text import Diagnostic
from detectionary.text.yamldoc import MappingNode, Stream, parse_yaml

_KNOWN: Final = (
    frozenset(each.encode_name for each in msgspec.structs.fields(shapes.SigmaFile))
    | shapes.MISSPELT_NAMES.keys()
    | shapes.UNREAD_NAMES
)
_SIGNS: Final = (
    # Top-level keys that tell what a file of a Sigma repository is that holds no rule.
    (("regression_tests_info", "rule_metadata"), "what a regression test of a Sigma rule expects"),
    (("logsources", "backends"), "a mapping of log sources for a converter"),
    (("validators", "exclusions"), "settings of a checker of Sigma rules"),
)
_OWN_KEYS: Final = "Sigma allows keys of one's own; no tool reads them"
_EXAMPLES: Final = "tests/schema/"
"""Where the specification keeps examples that test its JSON schemas."""


def accepts(path: str, head: str) -> bool:
    """YAML with the keys of a rule, a correlation or a filter, and what stands beside rules in Sigma repositories."""
    if not is_yaml(path):
        return path.lower().endswith(".json") and path.startswith("regression_data/")
    if _has_key(head, "detection"):
        return any(_has_key(head, key) for key in ("logsource", "title", "action"))
    if _has_key(head, "correlation"):
        return _has_key(head, "title")
    return (_has_key(head, "filter") and _has_key(head, "logsource")) or _what_else(head) is not None


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:  # noqa: ARG001  # every reader's form
    """The rules of a file, and those that correlations may refer to by name or id."""
    if not is_yaml(path):
        return FileContent(ignored="an event for a regression test of a Sigma rule")
    if path.startswith(_EXAMPLES):
        return FileContent(ignored="an example that tests the schemas of the Sigma specification")
    if (reason := _what_else(text)) is not None and not _has_key(text, "detection"):
        return FileContent(ignored=reason)
    stream = parse_yaml(text)
    return _content(tuple(written_rules(stream.documents, text, path)), stream, path, text, repository)


def _has_key(text: str, key: str) -> bool:
    return text.startswith(f"{key}:") or f"\n{key}:" in text


def _what_else(text: str) -> str | None:
    return next((reason for keys, reason in _SIGNS if all(_has_key(text, key) for key in keys)), None)


def _content(written: tuple[Written, ...], stream: Stream, path: str, text: str, repository: Repository) -> FileContent:
    if not written:
        reason = "not valid YAML, and no rule in what can be read" if stream.diagnostics else "Sigma without a rule"
        return FileContent(diagnostics=stream.diagnostics, ignored=reason)
    correlated = any(each.root.get("correlation") is not None for each in written)
    rules: list[Rule] = []
    functions: list[FunctionDefinition] = []
    ids: dict[str, int] = {}
    for each in written:
        rule, name = _rule(each, path, text, repository, stream.diagnostics)
        if each.inherited_id:
            ids[rule.id] = ids.get(rule.id, 0) + 1
            if ids[rule.id] > 1:
                rule = replace(rule, id=f"{rule.id}#{ids[rule.id]}")
        rules.append(rule)
        if name or correlated:
            names = dict.fromkeys(filter(None, (name, rule.id)))
            functions.extend(definition(f"sigma:{called}", "", rule.query, path) for called in names)
    end = max(each.body.end for each in written)
    behind = tuple(fault for fault in stream.diagnostics if fault.span is not None and fault.span.start > end)
    return FileContent(tuple(rules), tuple(functions), behind)


def _rule(
    written: Written, path: str, text: str, repository: Repository, faults: Iterable[Diagnostic]
) -> tuple[Rule, str]:
    """A rule, and the name that correlations may call it by; whatever is missing or wrong is a diagnostic."""
    root = written.root
    findings = Findings(root, written.body)
    findings.extend(faults)
    described = MappingNode(
        tuple(pair for pair in root.pairs if pair[0].text not in shapes.UNREAD_NAMES),
        root.span,
    )
    wire, mismatches = read_shape(described, shapes.SigmaFile, shapes.MISSPELT_NAMES)
    findings.extend(mismatches)
    kind = _kind(root)
    findings.check_keys(root, _KNOWN, shapes.MISSPELT_NAMES, "a Sigma rule", otherwise=_OWN_KEYS)
    identifier = wire.id.strip()
    if not identifier:
        findings.missing("id", "add an id (a new UUID); until then one is made from the path")
        identifier = repository.rule_id(path, written.number)
    title = clean(wire.title)
    if not title:
        findings.missing("title", "add a title; until then the file's name stands in for it")
        title = title_of_path(path)
    if kind != RuleKind.CORRELATION.value and root.get("logsource") is None:
        findings.missing("logsource", "say which logs the rule is for: product, category, service")
    source = repository.source(path)
    if wire.license.strip():
        source = replace(source, licence=spdx_named(wire.license))
    rule = Rule(
        id=identifier,
        title=title,
        language="sigma",
        source=source,
        query=written.query,
        body=written.body.of(text),
        body_language="yaml",
        kind=kind,
        description=clean(wire.description),
        references=_references(wire),
        author=_author(wire.author),
        severity=findings.severity(wire.level, ("level",), "write informational, low, medium, high or critical"),
        status=_status(wire.status, findings),
        tags=_stripped(wire.tags),
        body_start=line_of(written.body.start, text),
        additions=Additions(output_fields=_stripped(wire.fields)),
        related=tuple((each.type.strip(), each.id.strip()) for each in wire.related if each.id.strip()),
        false_positives=tuple(filter(None, map(clean, wire.falsepositives))),
        date=_date(wire.date, "date", findings),
        modified=_date(wire.modified, "modified", findings),
        facts=tuple(_facts(wire)),
        diagnostics=findings.found(),  # the last: the keys above add to them
    )
    return rule, wire.name.strip()


def _kind(root: MappingNode) -> str:
    if root.get("correlation") is not None:
        return RuleKind.CORRELATION.value
    return RuleKind.FILTER.value if root.get("detection") is None else RuleKind.RULE.value


def _references(wire: shapes.SigmaFile) -> tuple[str, ...]:
    named = (link for each in wire.references for link in links(each) or (each.strip(),) if link)
    return tuple(dict.fromkeys((*named, *links(wire.description))))


def _author(written: str | list[str]) -> str | None:
    return (written if isinstance(written, str) else ", ".join(written)).strip() or None


def _status(written: str, findings: Findings) -> str | None:
    status = written.strip().lower()
    if status and status not in shapes.STATUSES:
        advice = "write stable, test, experimental, deprecated or unsupported"
        findings.warn("RUL103", f"“{written}” is no status", ("status",), advice)
    return status or None


def _date(written: str, key: str, findings: Findings) -> str | None:
    """A date in ISO form; the form before the specification's version 2 had slashes."""
    stated = written.strip().replace("/", "-")
    if not stated:
        return None
    try:
        return date.fromisoformat(stated[:10]).isoformat()
    except ValueError:
        findings.warn("RUL107", f"“{written}” is no date", (key,), "write YYYY-MM-DD")
        return None


def _stripped(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text.strip())


def _facts(wire: shapes.SigmaFile) -> Iterator[tuple[str, str]]:
    source = wire.logsource
    for name, stated in (
        ("Product", source.product),
        ("Category", source.category),
        ("Service", source.service),
        ("Log source", source.definition),
        ("Taxonomy", wire.taxonomy),
        ("Details", wire.details),
        ("Rule type", wire.ruletype),
        ("Scope", ", ".join(wire.scope)),
        ("Enrichment", ", ".join(wire.enrichment)),
        ("Simulation", "\n".join(map(_simulation, wire.simulation))),
        ("Regression test", wire.regression_tests_path),
    ):
        if said := clean(stated):
            yield name, said


def _simulation(simulation: shapes.Simulation) -> str:
    """`Remove immutable file attribute (atomic-red-team T1222.002, e7469fe2-…)`"""
    where = ", ".join(filter(None, (f"{simulation.type} {simulation.technique}".strip(), simulation.atomic_guid)))
    return f"{simulation.name} ({where})" if where else simulation.name
