"""What a rule says about the records that its rows are about: the tables, log sources, data sets or kinds of event.

Kusto and Sigma say it by tables and log sources. Elastic's rules have index patterns, and narrow them down by the data
set; YARA-L's events say vendor, product, log type and event type in rows of their own, each event variable for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, TypeAlias

from detectionary.model.analysis import Analysis, GroupKind, Indicator
from detectionary.model.predicate import Operator, Quantifier, ValueKind
from detectionary.schemas.event_coverage import is_category
from detectionary.schemas.fields import canonical_field
from detectionary.schemas.kinds import Kind, kind_of

ELASTIC: Final = frozenset({"eql", "esql", "kuery", "lucene", "ml"})

Reading: TypeAlias = Callable[[Indicator], tuple[str, ...]]
"""A row to the names under which its field is looked up."""

_DATASETS: Final = frozenset({"event.dataset", "data_stream.dataset", "event.module"})
_SEQUENCES: Final = frozenset({"sequence", "sample"})
_METADATA: Final = ("product_name", "log_type", "vendor_name")
_EVENT_TYPE: Final = "metadata.event_type"
_PRODUCT_EVENT: Final = "metadata.product_event_type"
_NUMBERED: Final = "numbered"

_TYPES_OF_IDS: Final = {
    "1": "PROCESS_LAUNCH", "3": "NETWORK_CONNECTION", "7": "PROCESS_MODULE_LOAD", "8": "PROCESS_INJECTION",
    "10": "PROCESS_OPEN", "22": "NETWORK_DNS", "4624": "USER_LOGIN", "4625": "USER_LOGIN", "4688": "PROCESS_LAUNCH",
}  # fmt: skip
"""The event types that Windows' events become, for rules that name only the id."""


def with_canonical_fields(analysis: Analysis, language: str) -> Analysis:
    """The analysis whose rows carry the vendor-neutral names of their fields, by the records that each is about."""
    read = reading(analysis, language)
    return replace(
        analysis,
        indicators=tuple(_named(row, language, read) for row in analysis.indicators),
        exclusions=tuple(_named(row, language, read) for row in analysis.exclusions),
    )


def _named(row: Indicator, language: str, read: Reading) -> Indicator:
    if row.field is None:
        return row
    return replace(row, canonical_field=canonical_field(language, read(row), row.field))


def reading(analysis: Analysis, language: str) -> Reading:
    """What the rows of one analysis are about, for `canonical_field`."""
    if language == "yaral":
        events = _events(analysis)
        return lambda row: (*((_NUMBERED,) if _is_numbered(row) else ()), *events(row.record))
    everywhere = (*analysis.tables, *analysis.functions)
    return lambda row: row.tables or everywhere


def kinds(analysis: Analysis, language: str) -> Callable[[Indicator], tuple[Kind, ...]]:
    """The kinds of record that a row of a rule without tables may be about; none that is known is an empty tuple."""
    if language == "yaral":
        said = _said(analysis)
        return lambda row: tuple(said(row.record))
    if language == "sigma":
        return lambda row: tuple(_of_log_sources(row.tables or analysis.tables))
    return _of_datasets(analysis)


def kinds_of_tables(tables: tuple[str, ...], language: str) -> list[Kind]:
    """The kinds of record that log sources, index patterns or log types stand for."""
    if language == "sigma":
        return list(_of_log_sources(tables))
    where, names = ("elastic", map(dataset_of, tables)) if language in ELASTIC else ("log_type", tables)
    return [kind for name in names if (kind := kind_of(where, name)) is not None]


def record_of(row: Indicator, analysis: Analysis) -> str | None:
    """What tells the records of a query over several records apart."""
    if row.record is None and analysis.stages and analysis.stages[0].operator in _SEQUENCES:
        return f"stage {row.stage}"
    return row.record


def texts(row: Indicator) -> Iterator[str]:
    """The values of a row as texts, where they are texts or numbers."""
    for value in row.values:
        if value.kind in (ValueKind.TEXT, ValueKind.NUMBER):
            yield str(value.value)


def is_equality(row: Indicator) -> bool:
    """Whether a row says that a field equals one of its values."""
    return row.operator is Operator.EQ and row.quantifier is Quantifier.ANY and row.field is not None


def is_used(row: Indicator) -> bool:
    """Whether the rule finds what a row looks for: in the query, a binding that it uses, a rule that it counts."""
    context = row.context
    return context is None or context.startswith("rule ") or (context.startswith("binding ") and row.stage > 0)


def _of_log_sources(tables: tuple[str, ...]) -> Iterator[Kind]:
    for table in tables:
        product, *parts = table.split("/")
        found = kind_of("sigma", table)
        if found is None and len(parts) > 1:
            found = kind_of("sigma", f"{product}/{parts[-1]}")
        if found is None:
            whole = kind_of("sigma", product)
            # A service of Windows that is not known may be another log than the one that an id alone would mean.
            other = product.lower() == "windows" and bool(parts) and not is_category(f"{product}/{parts[-1]}")
            found = Kind(None, whole.platform) if whole is not None and other else whole
        if found is not None:
            yield found


def dataset_of(pattern: str) -> str:
    """The data set, or the first part of one, of an index pattern: `logs-aws.cloudtrail-*` is aws.cloudtrail."""
    name = pattern.strip().rpartition(":")[2].lower().removeprefix("logs-")
    if not name.startswith("."):
        name = name.partition("-")[0]
    return name.rstrip("*-").rstrip(".")


def _of_datasets(analysis: Analysis) -> Callable[[Indicator], tuple[Kind, ...]]:
    named = [row for row in analysis.indicators if (row.field or "").lower() in _DATASETS and is_equality(row)]
    patterns = [dataset_of(pattern) for pattern in analysis.tables]

    def read(row: Indicator) -> tuple[Kind, ...]:
        record = record_of(row, analysis)
        own = [each for each in named if record_of(each, analysis) == record]
        near = [each for each in own if _stand_together(each, row)]
        sets = [text for each in near or own for text in texts(each)] or patterns
        found = (kind_of("elastic", name) for name in sets)
        return tuple(dict.fromkeys(kind for kind in found if kind is not None))

    return read


def _stand_together(one: Indicator, other: Indicator) -> bool:
    return one.group is not None and one.group == other.group and one.group.kind is GroupKind.ALL


def _is_numbered(row: Indicator) -> bool:
    found = list(texts(row))
    return row.field == _PRODUCT_EVENT and bool(found) and all(text.isdecimal() for text in found)


def _events(analysis: Analysis) -> Callable[[str | None], tuple[str, ...]]:
    """What is known of each event of a YARA-L rule: its types, then kinds of record."""
    said = _said(analysis)
    known: dict[str | None, tuple[str, ...]] = {}
    rows = [row for row in analysis.indicators if is_equality(row)]

    def read(record: str | None) -> tuple[str, ...]:
        if record not in known:
            own = [row for row in rows if row.record == record]
            types = [text for row in own if row.field == _EVENT_TYPE for text in texts(row)]
            if not types:
                ids = [text for row in own if _is_numbered(row) for text in texts(row)]
                types = [_TYPES_OF_IDS[text] for text in ids if text in _TYPES_OF_IDS]
            names = [kind.name.partition("/")[0] for kind in said(record) if kind.name is not None]
            known[record] = tuple(dict.fromkeys((*types, *names)))
        return known[record]

    return read


def _said(analysis: Analysis) -> Callable[[str | None], list[Kind]]:
    """The kinds of record that a YARA-L event may be, by the most exact of the fields that say so.

    Rules made of Sigma's say the log source in their `meta`, and only the number of the event besides.
    """
    rows = [row for row in analysis.indicators if is_equality(row) and (row.field or "").startswith("metadata.")]

    def read(record: str | None) -> list[Kind]:
        own = [row for row in rows if row.record == record]
        for name in _METADATA:
            values = [text for row in own if row.field == f"metadata.{name}" for text in texts(row)]
            found = [kind for value in values if (kind := kind_of(name, value)) is not None]
            if found:
                return list(dict.fromkeys(found))
        types = kinds_of_tables(analysis.tables, "yaral")
        if not types and any(_is_numbered(row) for row in own):
            return _of_meta(analysis) or [Kind("windows", "Windows")]
        return types

    return read


def _of_meta(analysis: Analysis) -> list[Kind]:
    """The log of Windows that a rule's `meta` names as `product` and `service`."""
    said = {key.lower(): text.strip().lower() for key, text in analysis.metadata}
    if said.get("product") != "windows" or not said.get("service"):
        return []
    return list(_of_log_sources((f"windows/{said['service']}",)))
