"""What stands in two places, brought together: metadata inside a query, and what a rule adds around its query.

Metadata (YARA-L's `meta`) has no fixed keys; the keys read here are those that public rules use. A key that says the
same as another does (`reference`, `references`) is read like it; one that is not known is kept among the rule's facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import urlsplit

from detectionary import attack
from detectionary.languages.rows import Place, Rows
from detectionary.model.analysis import Analysis, Indicator, OutputField, Stage
from detectionary.model.predicate import ColumnComparison, Opaque, ThresholdTest, TimeFilter, leaves
from detectionary.model.rule import AddedStage, Additions, Rule, Severity
from detectionary.text import Span

T = TypeVar("T")

# --- metadata inside a query

_SEVERITIES: Final = {severity.value: severity for severity in Severity} | {"info": Severity.INFORMATIONAL}

_KEYS: Final = {
    "references": "reference",
    "falsepositives": "false_positives",
    "false_positive": "false_positives",
    "tactics": "tactic",
    "techniques": "technique",
    "mitre_attack": "mitre",
    "created": "date",
    "sigma_status": "status",
}
_SHOWN: Final = {
    "priority": "Priority",
    "type": "Type",
    "platform": "Platform",
    "product": "Product",
    "service": "Service",
    "category": "Category",
    "data_source": "Data source",
    "yara_version": "YARA-L version",
    "mitre_attack_version": "ATT&CK version",
    "license": "Licence",
    "sigma_uuid": "Sigma rule",
    "assumption": "Assumption",
}


def with_metadata(rule: Rule, analysis: Analysis) -> Rule:
    """`rule` with what the metadata inside its query says; what its file says elsewhere comes first.

    Done twice it is the same as done once: a stored rule that is analysed again has its metadata already.
    """
    if analysis.name is None and not analysis.metadata:
        return rule
    said: dict[str, list[str]] = {}
    for key, text in analysis.metadata:
        if text.strip():
            said.setdefault(_KEYS.get(key.lower(), key.lower()), []).append(text.strip())
    taken = {
        "author", "description", "severity", "version", "reference", "false_positives", "tags", "status", "date",
        "tactic", "technique", "mitre", "mitre_attack_tactic", "mitre_attack_technique", "mitre_attack_url",
        "rule_id", "rule_name",
    }  # fmt: skip
    severity = next(
        (_SEVERITIES[text.lower()] for text in said.get("severity", ()) if text.lower() in _SEVERITIES), None
    )
    title = next(iter(said.get("rule_name", ())), None) or _title(analysis.name)
    tactics, techniques = _coverage(said)
    return replace(
        rule,
        id=next(iter(said.get("rule_id", ())), rule.id),
        title=title or rule.title,
        description=rule.description or "\n".join(said.get("description", ())),
        author=rule.author or ", ".join(said.get("author", ())) or None,
        version=rule.version or next(iter(said.get("version", ())), None),
        severity=rule.severity or severity,
        status=rule.status or next(iter(said.get("status", ())), None),
        date=rule.date or next((text.replace("/", "-") for text in said.get("date", ())), None),
        references=_united(rule.references, _parts(said.get("reference", ()))),
        false_positives=_united(rule.false_positives, said.get("false_positives", ())),
        # Groups and software stand among tactics in some rules: they are no coverage, and are kept as tags.
        tags=_united(rule.tags, (*_parts(said.get("tags", ())), *filter(_is_group_or_software, tactics))),
        tactics=_united(rule.tactics, (tactic for tactic in tactics if not _is_group_or_software(tactic))),
        techniques=_united(rule.techniques, techniques),
        facts=_united(
            rule.facts, ((_SHOWN.get(key, key), "; ".join(texts)) for key, texts in said.items() if key not in taken)
        ),
    )


def _united(one: Iterable[T], other: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*one, *other)))


def _title(name: str | None) -> str | None:
    """A rule's name as a title: `aws_ec2_started` is "Aws ec2 started"."""
    words = (name or "").replace("_", " ").split()
    return " ".join((words[0][:1].upper() + words[0][1:], *words[1:])) if words else None


def _parts(texts: Iterable[str]) -> Iterator[str]:
    """The parts of comma-separated texts."""
    for text in texts:
        yield from (part.strip() for part in text.split(",") if part.strip())


def _coverage(said: dict[str, list[str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tactics and technique ids, each once.

    `mitre` mixes both ("execution, t1204"). A technique that has an address (`mitre_attack_url`) is not looked up by
    its name as well.
    """
    tactics: dict[str, None] = {}
    techniques: dict[str, None] = {}
    for part in _parts((*said.get("tactic", ()), *said.get("technique", ()), *said.get("mitre", ()))):
        (techniques if attack.is_technique_id(part) else tactics)[_folded(part)] = None
    for part in _parts(said.get("mitre_attack_tactic", ())):
        tactics[part] = None
    addressed = [found for text in _parts(said.get("mitre_attack_url", ())) if (found := _of_address(text))]
    named = () if addressed else _named(said.get("mitre_attack_technique", ()))
    for identifier in (*addressed, *named):
        techniques[identifier] = None
    return tuple(tactics), tuple(techniques)


def _folded(part: str) -> str:
    return part.upper() if attack.is_technique_id(part) else part


def _is_group_or_software(part: str) -> bool:
    """Whether this is an id such as S0111 or G0016."""
    return len(part) == 5 and part[0] in "GgSs" and part[1:].isdecimal()


def _of_address(address: str) -> str | None:
    """The id in `https://attack.mitre.org/techniques/T1562/001/`; None when the address is another."""
    segments = [segment for segment in urlsplit(address).path.split("/") if segment]
    if "techniques" not in segments:
        return None
    identifier = ".".join(segments[segments.index("techniques") + 1 :][:2])
    return identifier if attack.is_technique_id(identifier) else None


def _named(names: Iterable[str]) -> Iterator[str]:
    """Ids by the names of techniques; a name that ATT&CK does not have is passed on, to be reported."""
    for name in names:
        whole = attack.technique_named(name)
        yield from (whole,) if whole is not None else (attack.technique_named(part) or part for part in _parts((name,)))


# --- what a rule adds around its query


def with_additions(rule: Rule, analysis: Analysis) -> Analysis:
    """`analysis` with the tables, stages, keys and fields that the rule states outside of its query."""
    added = rule.additions
    if added == type(added)():
        return analysis
    at = Span(len(rule.query.text), len(rule.query.text))
    tables = tuple(dict.fromkeys((*analysis.tables, *added.tables)))
    first = len(analysis.stages) + 1
    rows = Rows(max((row.group.id for row in (*analysis.indicators, *analysis.exclusions) if row.group), default=0) + 1)
    stages = tuple(_stage(stage, number, at) for number, stage in enumerate(added.stages, start=first))
    for stage in stages:
        if stage.predicate is not None:
            rows.add(stage.predicate, Place(stage.number, None, tables))
    found = [leaf for stage in stages if stage.predicate is not None for leaf in leaves(stage.predicate)]
    thresholds = [test for stage in stages for test in stage.thresholds]
    known = {field.name for field in analysis.output_fields}
    return replace(
        analysis,
        tables=tables,
        stages=(*analysis.stages, *stages),
        indicators=(*_categorised(analysis.indicators, added), *rows.indicators),
        exclusions=(*_categorised(analysis.exclusions, added), *rows.exclusions),
        time_filters=(*analysis.time_filters, *(leaf for leaf in found if isinstance(leaf, TimeFilter))),
        column_comparisons=(
            *analysis.column_comparisons,
            *(leaf for leaf in found if isinstance(leaf, ColumnComparison)),
        ),
        opaques=(*analysis.opaques, *(leaf for leaf in found if isinstance(leaf, Opaque))),
        thresholds=(*analysis.thresholds, *thresholds, *(leaf for leaf in found if isinstance(leaf, ThresholdTest))),
        group_by=tuple(dict.fromkeys((*analysis.group_by, *added.group_by))),
        output_fields=(
            *analysis.output_fields,
            *(OutputField(name, "rule", 0, "") for name in added.output_fields if name not in known),
        ),
        predicate_count=analysis.predicate_count + len(found) + len(thresholds),
    )


def _categorised(rows: tuple[Indicator, ...], added: Additions) -> tuple[Indicator, ...]:
    """Rows on the event category with the field that the rule says it stands in."""
    if added.event_category is None:
        return rows
    return tuple(replace(row, field=added.event_category) if row.implied else row for row in rows)


def _stage(added: AddedStage, number: int, at: Span) -> Stage:
    return Stage(number, added.operator, added.text, at, predicate=added.predicate, thresholds=added.thresholds)
