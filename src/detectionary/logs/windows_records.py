"""Windows events in the shapes that collectors give them, as one noun.

| shape | written by |
|---|---|
| `{"Event": {"System": …, "EventData": …}}`, with or without the outer key | evtx_dump, and EVTX files read here |
| `{"winlog": {…}, "@timestamp": …}` | Winlogbeat 7 and later |
| `{"log_name": …, "event_id": …, "event_data": {…}}` | Winlogbeat up to 6 |
| `{"Channel": …, "EventID": …, "Hostname": …, …}`, data beside the rest | NXLog, and the Mordor data sets |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

_ZONED: Final = re.compile(r"\d{4}-\d\d-\d\d[T ].*(Z|UTC|[+-]\d\d:?\d\d)")
_UTC_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")

Data = tuple[tuple[str | None, str], ...]


@dataclass(frozen=True, slots=True)
class WindowsRecord:
    """One event. Text is as written; a part that the shape does not have is None."""

    channel: str
    event_id: object
    provider: str | None = None
    computer: str | None = None
    time: str | None = None
    zoned: bool = True
    """Whether the time says its zone, or is UTC by definition; if not, it is taken for UTC."""

    version: object = None
    level: object = None
    task: object = None
    opcode: object = None
    keywords: object = None
    record_id: object = None
    process_id: object = None
    thread_id: object = None
    user_id: str | None = None
    user_name: str | None = None
    activity_id: str | None = None
    message: str | None = None
    data: Data = ()
    """The event's own data, names and values in their order; a value without a name has None."""

    rest: Mapping[str, object] = field(default_factory=dict)
    """What the collector added, and what has no place above."""


def shape_of_record(fields: Mapping[str, object]) -> str | None:
    """The shape of a record by its fields, "event", "winlog", "beat6" or "flat"; None for what is no Windows event."""
    if "System" in fields and ("EventData" in fields or "UserData" in fields):
        return "event"
    if "Event" in fields and len(fields) <= 3 and b'"System"' in bytes(fields["Event"]):  # type: ignore[call-overload]
        return "event"
    if "winlog" in fields:
        return "winlog"
    if "log_name" in fields and "event_id" in fields and "source_name" in fields:
        return "beat6"
    if "Channel" in fields and "EventID" in fields and "TimeGenerated" not in fields and _COLLECTED & fields.keys():
        return "flat"
    return None


_COLLECTED: Final = {"Hostname", "SourceName", "EventTime", "TimeCreated"}


def parse(shape: str, values: dict[str, Any]) -> WindowsRecord | None:
    """The event in a record of that shape, which is taken apart; None when it has neither channel nor id."""
    match shape:
        case "event":
            return _event(values)
        case "winlog":
            return _winlog(values)
        case "beat6":
            return _beat6(values)
        case _:
            return _flat(values)


# As the event log itself has it


def _event(values: dict[str, Any]) -> WindowsRecord | None:
    outer = values.pop("Event", None)
    if isinstance(outer, dict):
        values = {**outer, **{f"Event.{name}": value for name, value in values.items()}}
    system = values.pop("System", None)
    if not isinstance(system, dict):
        return None
    values.pop("#attributes", None)
    channel, event_id = _plain(system.pop("Channel", None)), _plain(system.pop("EventID", None))
    if event_id is None:
        return None
    provider = _attributes(system.pop("Provider", None))
    created = _attributes(system.pop("TimeCreated", None))
    execution = _attributes(system.pop("Execution", None))
    security = _attributes(system.pop("Security", None))
    correlation = _attributes(system.pop("Correlation", None))
    rendering = values.pop("RenderingInfo", None)
    message = rendering.get("Message") if isinstance(rendering, dict) else None
    data = _event_data(values.pop("EventData", None)) + _user_data(values.pop("UserData", None))
    rest = {**values, **({"ProviderGuid": provider["Guid"]} if "Guid" in provider else {})}
    time = created.get("SystemTime")
    return WindowsRecord(
        str(channel or ""),
        event_id,
        provider.get("Name") or provider.get("EventSourceName"),
        _text(_plain(system.pop("Computer", None))),
        time,
        time is None or bool(_ZONED.fullmatch(str(time))),
        version=_plain(system.pop("Version", None)),
        level=_plain(system.pop("Level", None)),
        task=_plain(system.pop("Task", None)),
        opcode=_plain(system.pop("Opcode", None)),
        keywords=_plain(system.pop("Keywords", None)),
        record_id=_plain(system.pop("EventRecordID", None)),
        process_id=execution.get("ProcessID"),
        thread_id=execution.get("ThreadID"),
        user_id=security.get("UserID"),
        activity_id=correlation.get("ActivityID"),
        message=_text(message),
        data=data,
        rest={**rest, **system},
    )


def _attributes(value: Any) -> dict[str, Any]:
    """The attributes of an element, as evtx_dump writes them: under "#attributes", or beside its text."""
    if not isinstance(value, dict):
        return {}
    inner = value.get("#attributes", value)
    return {name.lstrip("@"): item for name, item in inner.items()} if isinstance(inner, dict) else {}


def _plain(value: Any) -> Any:
    """The text of an element that may have attributes beside it."""
    return value.get("#text", value.get("Value")) if isinstance(value, dict) else value


def _event_data(value: Any) -> Data:
    if value is None:
        return ()
    if not isinstance(value, dict):
        return ((None, _text(value) or ""),)
    found: list[tuple[str | None, str]] = []
    for name, item in value.items():
        if name == "#attributes":
            continue
        if name == "Data" and not isinstance(item, str):
            found += _data_elements(item)
        else:
            found.append((name, _text(_plain(item)) or ""))
    return tuple(found)


def _data_elements(item: Any) -> Data:
    """`Data` elements that are not merged by their names: a list of texts, or of names and texts."""
    if isinstance(item, dict) and "#text" in item and "@Name" not in item:
        item = item["#text"]
    elements = item if isinstance(item, list) else [item]
    found: list[tuple[str | None, str]] = []
    for element in elements:
        if isinstance(element, dict):
            attributes = _attributes(element)
            found.append((attributes.get("Name"), _text(element.get("#text")) or ""))
        elif element is not None:
            found.append((None, _text(element) or ""))
    return tuple(found)


def _user_data(value: Any) -> Data:
    """The data of an event whose provider has elements of its own: the fields of the one element."""
    if not isinstance(value, dict):
        return ()
    inner = [item for name, item in value.items() if isinstance(item, dict) and name != "#attributes"]
    if len(inner) == 1:
        return tuple((name, _text(_plain(item)) or "") for name, item in inner[0].items() if name != "#attributes")
    return tuple((name, _text(item) or "") for name, item in value.items() if name != "#attributes")


# As Winlogbeat has it


def _winlog(values: dict[str, Any]) -> WindowsRecord | None:
    inner = values.pop("winlog", None)
    if not isinstance(inner, dict):
        return None
    inner = dict(inner)
    channel, event_id = inner.pop("channel", None), inner.pop("event_id", None)
    if channel is None or event_id is None:
        return None
    process = inner.pop("process", None) or {}
    user = inner.pop("user", None) or {}
    thread = process.get("thread") or {}
    data = inner.pop("event_data", None) or inner.pop("user_data", None) or {}
    keywords = inner.pop("keywords", None)
    time = _text(values.pop("@timestamp", None))
    name = user.get("name")
    log = values.get("log")
    level = log.get("level") if isinstance(log, dict) else None
    return WindowsRecord(
        str(channel),
        event_id,
        _text(inner.pop("provider_name", None)),
        _text(inner.pop("computer_name", None)),
        time,
        time is None or bool(_ZONED.fullmatch(time)),
        inner.pop("version", None),
        _LEVELS.get(str(level).lower()),
        inner.pop("task", None),
        inner.pop("opcode", None),
        keywords,
        inner.pop("record_id", None),
        process.get("pid"),
        thread.get("id"),
        _text(user.get("identifier")),
        f"{user['domain']}\\{name}" if name and user.get("domain") else _text(name),
        _text(inner.pop("activity_id", None)),
        _text(values.pop("message", None)),
        tuple((key, _text(item) or "") for key, item in data.items()),
        {**values, **({"winlog": inner} if inner else {})},
    )


_LEVELS: Final = {"critical": 1, "error": 2, "warning": 3, "information": 4, "informational": 4, "verbose": 5}
"""Levels of Windows events by the names that collectors give them; "LogAlways" (0) has several, and none is sure."""


def _beat6(values: dict[str, Any]) -> WindowsRecord | None:
    data = values.pop("event_data", None) or values.pop("user_data", None) or {}
    user = values.pop("user", None) or {}
    name = user.get("name")
    time = _text(values.pop("@timestamp", None))
    return WindowsRecord(
        str(values.pop("log_name")),
        values.pop("event_id"),
        _text(values.pop("source_name", None)),
        _text(values.pop("computer_name", None)),
        time,
        time is None or bool(_ZONED.fullmatch(time)),
        values.pop("version", None),
        _LEVELS.get(str(values.get("level")).lower()),
        values.pop("task", None),
        values.pop("opcode", None),
        values.pop("keywords", None),
        values.pop("record_number", None),
        values.pop("process_id", None),
        values.pop("thread_id", None),
        _text(user.get("identifier")),
        f"{user['domain']}\\{name}" if name and user.get("domain") else _text(name),
        _text(values.pop("activity_id", None)),
        _text(values.pop("message", None)),
        tuple((key, _text(item) or "") for key, item in data.items()),
        values,
    )


# As NXLog has it

_NXLOG_TYPES: Final = {"AUDIT_SUCCESS", "AUDIT_FAILURE", "INFO", "WARNING", "ERROR", "CRITICAL", "VERBOSE"}

_COLLECTOR: Final = frozenset(
    {
        "@version", "@timestamp", "host", "port", "tags", "type", "SourceModuleName", "SourceModuleType",
        "EventReceivedTime", "EventTime", "Severity", "SeverityValue", "Category", "ProviderGuid", "TimeCreated",
        "Opcode", "RelatedActivityID",
    }
)  # fmt: skip
"""Fields of a flat record that are not the event's data."""

_ACCOUNT: Final = ("AccountName", "Domain", "AccountType")
"""What NXLog adds about the account of UserID; without a UserID these are the event's own."""

_SERVICE_EVENTS: Final = {"7045", "4697"}
"""Events whose own data has an AccountName, which then stands in the place of NXLog's."""


def _flat(values: dict[str, Any]) -> WindowsRecord | None:
    def take(*names: str) -> Any:
        found = None
        for name in names:
            value = values.get(name)
            if value is not None and found is None:
                found = values.pop(name)
        return found

    channel, event_id = take("Channel"), take("EventID")
    provider = take("SourceName", "Source", "ProviderName")
    computer = take("Hostname", "Computer")
    message, version, level, task = take("Message"), take("Version"), take("Level"), take("Task")
    opcode, keywords, record_id = take("OpcodeValue"), take("Keywords"), take("RecordNumber", "EventRecordID")
    process_id, thread_id = take("ExecutionProcessID"), take("ThreadID", "ExecutionThreadID")
    activity_id = take("ActivityID")
    rest: dict[str, Any] = {}
    user_id = user_name = None
    if str(values.get("UserID", "")).startswith("S-1-"):
        user_id = values.pop("UserID")
        if "Domain" in values:
            user_name = f"{values['Domain']}\\{values.get('AccountName')}"
        for name in _ACCOUNT:
            if name in values and not (name == "AccountName" and str(event_id) in _SERVICE_EVENTS):
                rest[name] = values.pop(name)
    if values.get("EventType") in _NXLOG_TYPES:
        rest["EventType"] = values.pop("EventType")
    for name in _COLLECTOR & values.keys():
        rest[name] = values.pop(name)
    time, zoned = _flat_time(rest, values)
    return WindowsRecord(
        str(channel), event_id, _text(provider), _text(computer), time, zoned, version, level, task, opcode, keywords,
        record_id, process_id, thread_id, user_id, user_name, _text(activity_id), _text(message),
        tuple((name, _text(value) or "") for name, value in values.items()), dict(sorted(rest.items())),
    )  # fmt: skip


def _flat_time(rest: Mapping[str, Any], data: Mapping[str, Any]) -> tuple[str | None, bool]:
    """The event's time, and whether it is sure to be UTC. EventTime and TimeCreated are the machine's own clock there,
    mostly without a zone; then Sysmon's UtcTime is the event's, and @timestamp that of its collection.
    """
    own = [str(rest[name]) for name in ("TimeCreated", "EventTime") if rest.get(name)]
    for time in own:
        if _ZONED.fullmatch(time):
            return time, True
    sysmon = data.get("UtcTime")
    if isinstance(sysmon, str) and _UTC_TIME.fullmatch(sysmon):
        return sysmon, True
    collected = rest.get("@timestamp")
    if isinstance(collected, str) and _ZONED.fullmatch(collected):
        return collected, True
    return (own[0], False) if own else (None, True)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return msgspec.json.encode(value).decode()
