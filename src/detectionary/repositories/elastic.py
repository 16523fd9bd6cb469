"""Elastic Security: detection rules and hunts in TOML, as the repository detection-rules keeps them.

Defaults are those of Kibana's API (https://www.elastic.co/docs/api/doc/kibana/operation/operation-createrule): a rule
runs every five minutes over the last six.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import msgspec

from detectionary.model.rule import AlertContract, Connector, FileContent, Rule, RuleKind, Schedule
from detectionary.repositories import elastic_hunts
from detectionary.repositories import elastic_shapes as shapes
from detectionary.repositories.durations import short_duration
from detectionary.repositories.elastic_additions import additions
from detectionary.repositories.elastic_facts import facts, suppressed
from detectionary.repositories.findings import Findings
from detectionary.repositories.licences import spdx_named
from detectionary.repositories.positions import line_of
from detectionary.repositories.prose import clean, links, title_of_path
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.repositories.toml_positions import toml_source
from detectionary.repositories.tomldoc import TomlDocument, parse_toml
from detectionary.repositories.wire import read_shape
from detectionary.text import Level, Position, SourceText, Span
from detectionary.text.yamldoc import MappingNode, ScalarNode

_TYPES: Final = {
    # A rule's type: what it is called here, and the language of its query where it names none.
    "query": (RuleKind.CUSTOM_QUERY, "kuery"),
    "saved_query": (RuleKind.CUSTOM_QUERY, "kuery"),
    "eql": (RuleKind.EVENT_CORRELATION, "eql"),
    "esql": (RuleKind.ESQL, "esql"),
    "threshold": (RuleKind.THRESHOLD, "kuery"),
    "new_terms": (RuleKind.NEW_TERMS, "kuery"),
    "threat_match": (RuleKind.INDICATOR_MATCH, "kuery"),
    "machine_learning": (RuleKind.MACHINE_LEARNING, "ml"),
}
_LANGUAGES: Final = frozenset(("kuery", "lucene", "eql", "esql"))
_KNOWN: Final = frozenset(each.encode_name for each in msgspec.structs.fields(shapes.Rule)) | shapes.UNREAD_NAMES
_INTERVAL: Final = "5m"
_FROM: Final = "now-6m"


def accepts(path: str, head: str) -> bool:
    """TOML with a table `[rule]` or `[hunt]`."""
    return path.lower().endswith(".toml") and any(
        head.startswith(table) or f"\n{table}" in head for table in ("[rule]", "[hunt]")
    )


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:  # noqa: ARG001  # every reader's form
    """The rule of a file, or the queries of a hunt."""
    document = parse_toml(text)
    if document.root.get("hunt") is not None:
        return elastic_hunts.read(document, path, text, repository)
    if isinstance(document.root.get("rule"), MappingNode):
        return FileContent((_rule(document, path, text, repository),))
    return FileContent(diagnostics=document.diagnostics, ignored="not valid TOML, and no rule in what can be read")


def _rule(document: TomlDocument, path: str, text: str, repository: Repository) -> Rule:
    root = document.root
    findings = Findings(root, Span(0, len(text)))
    findings.extend(document.diagnostics)
    file, mismatches = read_shape(root, shapes.RuleFile, {})
    findings.extend(mismatches)
    wire = file.rule
    stated = root.get("rule")
    if isinstance(stated, MappingNode):
        findings.check_keys(stated, _KNOWN, {}, "an Elastic rule", ("rule",))
    kind, language = _kind(wire, findings)
    identifier = wire.rule_id.strip()
    if not identifier:
        findings.missing("rule.rule_id", "add a rule_id (a new UUID); until then one is made from the path")
        identifier = repository.rule_id(path, 1)
    title = clean(wire.name)
    if not title:
        findings.missing("rule.name", "add a name; until then the file's name stands in for it")
        title = title_of_path(path)
    source = repository.source(path)
    if wire.license.strip():
        source = replace(source, licence=spdx_named(wire.license))
    description = clean(wire.description)
    return Rule(
        id=identifier,
        title=title,
        language=language,
        source=source,
        query=_query(root, language, text, path, findings),
        body=text,
        body_language="toml",
        kind=kind,
        description=description,
        references=tuple(dict.fromkeys((*_links(wire.references), *links(wire.description)))),
        author=", ".join(_stripped(wire.author)) or None,
        version=wire.version or None,
        severity=findings.severity(wire.severity, ("rule", "severity"), "write low, medium, high or critical"),
        status=file.metadata.maturity.strip().lower() or None,
        tags=_stripped(wire.tags),
        tactics=tuple(_tactics(wire.threat)),
        techniques=tuple(_techniques(wire.threat)),
        connectors=tuple(map(_connector, _integrations(file))),
        schedule=_schedule(wire, findings),
        alert=_alert(wire),
        additions=additions(document, wire, text),
        false_positives=tuple(filter(None, map(clean, wire.false_positives))),
        date=file.metadata.creation_date.replace("/", "-") or None,
        modified=file.metadata.updated_date.replace("/", "-") or None,
        facts=tuple(facts(file)),
        diagnostics=findings.found(),  # the last: the keys above add to them
    )


def _kind(wire: shapes.Rule, findings: Findings) -> tuple[str, str]:
    """What the rule is called, and the language of its query."""
    if wire.type not in _TYPES:
        findings.warn("RUL103", f"“{wire.type}” is no type of rule", ("rule", "type"), f"write {', '.join(_TYPES)}")
    kind, usual = _TYPES.get(wire.type, (RuleKind.CUSTOM_QUERY, "kuery"))
    stated = wire.language.strip().lower()
    if stated and stated not in _LANGUAGES:
        advice = "write kuery, lucene, eql or esql"
        findings.warn("RUL103", f"“{wire.language}” is no language of a query", ("rule", "language"), advice)
        stated = ""
    return kind.value, stated or usual


def _query(root: MappingNode, language: str, text: str, path: str, findings: Findings) -> SourceText:
    """The query; a job of machine learning has none, and a saved query has its own elsewhere."""
    rule = root.get("rule")
    node = rule.get("query") if isinstance(rule, MappingNode) else None
    if isinstance(node, ScalarNode) and node.text.strip():
        return toml_source(node, text, path)
    if language != "ml":
        findings.missing("rule.query", "add the query between three single quotes", Level.ERROR)
    at = root.span.start if rule is None else rule.span.start
    return SourceText("", path, (Position(line_of(at, text), 1),))


def _links(references: Iterable[str]) -> Iterator[str]:
    for each in references:
        yield from links(each) or filter(None, (each.strip(),))


def _stripped(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text.strip())


def _tactics(threats: Iterable[shapes.Threat]) -> Iterator[str]:
    """Tactics of ATT&CK by name: the id of a tactic that was split is that of one of its parts."""
    named = (threat.tactic.name or threat.tactic.id for threat in threats if "ATLAS" not in threat.framework)
    yield from dict.fromkeys(filter(None, named))


def _techniques(threats: Iterable[shapes.Threat]) -> Iterator[str]:
    """Ids of techniques, each followed by its sub-techniques, in order."""
    found: dict[str, None] = {}
    for threat in threats:
        if "ATLAS" in threat.framework:
            continue
        for technique in threat.technique:
            for each in (technique, *technique.subtechnique):
                if each.id.strip():
                    found[each.id.strip()] = None
    yield from found


def _integrations(file: shapes.RuleFile) -> Iterator[str]:
    stated = (
        f"{each.package}.{each.integration}" if each.integration else each.package
        for each in file.rule.related_integrations
    )
    named = file.metadata.integration
    yield from dict.fromkeys(_stripped((*([named] if isinstance(named, str) else named), *stated)))


def _connector(integration: str) -> Connector:
    return Connector(integration, ())


def _schedule(wire: shapes.Rule, findings: Findings) -> Schedule:
    """How often the rule runs, and from when on it looks: `now-9m` is nine minutes back."""
    start = wire.from_.strip() or _FROM
    back = start.removeprefix("now-").partition("/")[0]
    lookback = short_duration(back) if start.startswith("now-") else None
    if lookback is None:
        findings.warn("RUL104", f"“{wire.from_}” is no time before now", ("rule", "from"), "write it as now-9m")
    return Schedule(findings.duration(wire.interval or _INTERVAL, ("rule", "interval")), lookback)


def _alert(wire: shapes.Rule) -> AlertContract:
    name = wire.rule_name_override.strip()
    suppression = wire.alert_suppression
    return AlertContract(
        title=f"{{{{{name}}}}}" if name else None,
        grouping=tuple(suppressed(suppression)) if suppression is not None else (),
        suppression=_duration(suppression.duration) if suppression is not None and suppression.duration else None,
    )


def _duration(duration: shapes.Duration) -> str | None:
    return short_duration(f"{duration.value}{duration.unit}")
