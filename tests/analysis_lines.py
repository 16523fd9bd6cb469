"""An analysis as the lines of a case file, and the environment that the cases are read against.

A row is `stage | field | operator | values | transforms | group | context`, empty cells at its end left out. Text
stands in quotes, symbolic values and other kinds bare; `any`/`all` after an operator is the quantifier of several
values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from detectionary.model.analysis import Analysis, Indicator, Stage
from detectionary.model.predicate import Quantifier, Value, ValueKind
from detectionary.model.schema import Column, Environment, FunctionDefinition, TableSchema

_TABLES: Final = {
    "SecurityEvent": "TimeGenerated:datetime, Account, AccountType, Activity, Computer, EventID:int, IpAddress, "
    "CommandLine, Type",
    "SigninLogs": "TimeGenerated:datetime, UserPrincipalName, AppDisplayName, IPAddress, ResultType, RiskLevel, "
    "CorrelationId, DeviceDetail:dynamic, Type",
    "AADNonInteractiveUserSignInLogs": "TimeGenerated:datetime, UserPrincipalName, IPAddress, ResultType, Type",
    "AuditLogs": "TimeGenerated:datetime, Category, CorrelationId, Identity, OperationName, InitiatedBy:dynamic, "
    "TargetResources:dynamic, Type",
    "AWSCloudTrail": "TimeGenerated:datetime, AwsEventId, EventName, ErrorCode, SessionMfaAuthenticated:bool, "
    "SourceIpAddress, UserIdentityPrincipalid, RequestParameters, Type",
    "DeviceEvents": "Timestamp:datetime, DeviceId, DeviceName, ActionType, AdditionalFields:dynamic",
    "Small": "A, B:long",
}
_FUNCTIONS: Final = {
    "_GetWatchlist": "watchlistAlias:string",
    "_Im_Dns": "starttime:datetime=datetime(null), endtime:datetime=datetime(null)",
}


def _table(name: str, columns: str) -> TableSchema:
    parts = (part.strip().partition(":") for part in columns.split(","))
    return TableSchema(name, tuple(Column(column, kind or "string") for column, _, kind in parts))


ENVIRONMENT: Final = Environment(
    {name: _table(name, columns) for name, columns in _TABLES.items()},
    {
        name: FunctionDefinition(name, parameters, None, "1", TableSchema(name, (), open=True))
        for name, parameters in _FUNCTIONS.items()
    },
)
"""A few tables and functions; every other name is a table of unknown columns."""


def _scalar(kind: ValueKind, value: object) -> str:
    match kind:
        case ValueKind.TEXT:
            return f'"{value}"'
        case ValueKind.WATCHLIST:
            return f"watchlist {value}"
        case ValueKind.EMPTY_LIST:
            return "(empty list)"
        case ValueKind.RANGE if isinstance(value, tuple):
            return f"{value[0]} .. {value[1]}"
        case _:
            return str(value)


def _value(value: Value) -> str:
    return _scalar(value.kind, value.value)


def _cells(*cells: str) -> str:
    return " | ".join(cells).rstrip(" |")


def _row(row: Indicator) -> str:
    several = len(row.values) > 1 or row.quantifier is Quantifier.ALL
    operator = f"{row.operator.value} {row.quantifier.value}" if several else row.operator.value
    kinds = {value.transforms for value in row.values} or {row.transforms}
    if len(kinds) == 1:
        values = ", ".join(_value(value) for value in row.values)
        transforms = ", ".join(kinds.pop())
    else:
        values = ", ".join(f"{_value(value)} ({', '.join(value.transforms)})" for value in row.values)
        transforms = "as marked"
    if row.origin is not None:
        values = f"{values}, from {row.origin.text}" if values else f"from {row.origin.text}"
    group = "" if row.group is None else f"{row.group.kind.value} {row.group.id}"
    return _cells(str(row.stage), row.field or "*", operator, values, transforms, group, row.context or "")


def _stages(stages: Iterable[Stage], indent: str = "") -> Iterator[str]:
    for stage in stages:
        uses = f"uses {', '.join(stage.references)}" if stage.references else ""
        bins = f"bin {', '.join(stage.bins)}" if stage.bins else ""
        tests = [f"threshold {test.name.text} {test.operator.value} {_value(test.value)}" for test in stage.thresholds]
        notes = [note for note in (uses, bins, *tests) if note]
        yield indent + _cells(str(stage.number), stage.operator, *notes)
        for pipeline in stage.pipelines:
            yield f"{indent}  {pipeline.label}:"
            yield from _stages(pipeline.stages, indent + "  ")


def _texts(stages: Iterable[Stage]) -> Iterator[str]:
    for stage in stages:
        yield f"{stage.number} {stage.text}".replace("\n", "⏎")


def _bindings(analysis: Analysis) -> Iterator[str]:
    for binding in analysis.bindings:
        yield _cells(
            binding.name,
            binding.kind,
            f"uses {', '.join(binding.references)}" if binding.references else "uses nothing",
            f"used in {', '.join(map(str, binding.used_in_stages))}" if binding.used_in_stages else "used nowhere",
        )
        yield from _stages(binding.stages, "  ")


def _parameters(analysis: Analysis) -> Iterator[str]:
    for parameter in analysis.parameters:
        yield _cells(parameter.name, parameter.type or "?", repr(parameter.value), parameter.text)
        for pipeline in parameter.pipelines:
            yield f"  {pipeline.label}:"
            yield from _stages(pipeline.stages, "  ")


FILTERS: Final[Mapping[str, Callable[[Analysis], Iterable[str]]]] = {
    "indicators": lambda found: map(_row, found.indicators),
    "exclusions": lambda found: map(_row, found.exclusions),
    "time-filters": lambda found: (" ".join(test.text.split()) for test in found.time_filters),
    "thresholds": lambda found: (
        _cells(test.name.text, test.aggregate.text if test.aggregate else "?", test.operator.value, _value(test.value))
        for test in found.thresholds
    ),
    "columns": lambda found: (
        _cells(test.left.text, test.operator, test.right.text) for test in found.column_comparisons
    ),
    "opaque": lambda found: (_cells(test.reason, " ".join(test.text.split())) for test in found.opaques),
}
"""What a query filters on: a case that states one of these states all of them; one that is left out is empty."""

OTHERS: Final[Mapping[str, Callable[[Analysis], Iterable[str]]]] = {
    "stages": lambda found: _stages(found.stages),
    "texts": lambda found: _texts(found.stages),
    "parameters": _parameters,
    "bindings": _bindings,
    "output": lambda found: (
        *(_cells(field.name, field.type, f"{field.source} {field.stage}") for field in found.output_fields),
        *(("and further ones",) if found.open_fields else ()),
    ),
    "group-by": lambda found: found.group_by,
    "bins": lambda found: found.bins,
    "tables": lambda found: found.tables,
    "row-tables": lambda found: (_cells(row.field or "*", ", ".join(row.tables)) for row in found.indicators),
    "functions": lambda found: found.functions,
    "inputs": lambda found: (_cells(each.kind, each.name) for each in found.named_inputs),
    "accepted": lambda found: ("yes" if found.accepted else "no",),
}


def lines(rows: Iterable[str]) -> list[str]:
    """Lines with the blanks round `|` made one and empty lines left out, so that cells may be aligned."""
    return [re.sub(r" +\| +", " | ", row).rstrip() for row in rows if row.strip()]
