r"""Windows events as rows of SecurityEvent, Event and WindowsEvent.

Sources: Microsoft's table references of the three tables; the shape of `EventData` in each as Sentinel's own parsers
take it apart (`parse_xml(EventData).DataItem.EventData.Data` in Event, `.EventData.Data` in SecurityEvent, a bag in
WindowsEvent). SecurityEvent holds the Security log and AppLocker's, Event every other one. WindowsEvent, which a
workspace fills from forwarded events instead of the other two, has all of them *again*: rules that read it are mostly
unions of it with one of the others. So a query must see an event in one table only (`TWINS`, `Logs.seen_by`).

`Account` is the account that logs on in 4624 and 4625 and the acting one (the subject) elsewhere, or the target where
an event has no other; it is "domain\name" wherever the event has a domain, be it empty. Level names and activities are
Windows' own; an activity that neither the event's message nor `ACTIVITIES` tells is the id alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from detectionary.logs.parts import UNMAPPED
from detectionary.logs.values import Converted, Json, convert
from detectionary.logs.windows_activities import ACTIVITIES
from detectionary.logs.windows_records import WindowsRecord

SECURITY: Final = "SecurityEvent"
EVENT: Final = "Event"
FORWARDED: Final = "WindowsEvent"

TABLES: Final = (SECURITY, EVENT, FORWARDED)
TWINS: Final[Mapping[str, tuple[str, ...]]] = {FORWARDED: (SECURITY, EVENT)}
"""Tables whose rows are also those of others."""

_XMLNS: Final = 'xmlns="http://schemas.microsoft.com/win/2004/08/events/event"'

_LEVEL_NAMES: Final = {
    "0": "LogAlways", "1": "Critical", "2": "Error", "3": "Warning", "4": "Information", "5": "Verbose",
}  # fmt: skip

_LOGON_TYPES: Final = {
    "0": "System", "2": "Interactive", "3": "Network", "4": "Batch", "5": "Service", "7": "Unlock",
    "8": "NetworkCleartext", "9": "NewCredentials", "10": "RemoteInteractive", "11": "CachedInteractive",
    "12": "CachedRemoteInteractive", "13": "CachedUnlock",
}  # fmt: skip

_ACCOUNTS_OF_SYSTEM: Final = {
    "S-1-5-18": "NT AUTHORITY\\SYSTEM", "S-1-5-19": "NT AUTHORITY\\LOCAL SERVICE",
    "S-1-5-20": "NT AUTHORITY\\NETWORK SERVICE",
}  # fmt: skip

_LOGONS: Final = {"4624", "4625"}

_Field = Callable[[WindowsRecord], object]

_COMMON: Final[Mapping[str, _Field]] = {
    "TimeGenerated": lambda it: it.time,
    "Computer": lambda it: it.computer,
    "EventID": lambda it: it.event_id,
}

_SYSTEM: Final[Mapping[str, _Field]] = {
    "ProviderName": lambda it: it.provider,
    "Version": lambda it: it.version,
    "Level": lambda it: it.level,
    "Task": lambda it: it.task,
    "Opcode": lambda it: it.opcode,
    "Keywords": lambda it: it.keywords,
    "EventRecordId": lambda it: it.record_id,
    "SystemProcessId": lambda it: it.process_id,
    "SystemThreadId": lambda it: it.thread_id,
    "SystemUserId": lambda it: it.user_id,
    "Correlation": lambda it: it.activity_id,
    "UserName": lambda it: it.user_name,
    "Message": lambda it: it.message,
}
"""What an event is known by, as it is called where a table has no column of its own for it."""


def _texted(field: _Field) -> _Field:
    """A field as text: lists, as collectors make of keywords, by commas."""

    def one(record: WindowsRecord) -> object:
        value = field(record)
        return ",".join(map(str, value)) if isinstance(value, list) else None if value is None else str(value)

    return one


def level_name(record: WindowsRecord) -> str:
    return _LEVEL_NAMES.get(str(record.level), "")


def account(data: Mapping[str, str], prefix: str) -> str | None:
    """The subject's or the target's account with its domain; None where the event has none."""
    name = data.get(f"{prefix}UserName")
    if name is None:
        return None
    domain = data.get(f"{prefix}DomainName")
    return name if domain is None else f"{domain}\\{name}"


def _is_somebody(found: str | None) -> bool:
    return bool(found and found.strip("-\\"))


def main_account(record: WindowsRecord, data: Mapping[str, str]) -> tuple[str, str]:
    """The account that an event is about and its type, "User" or "Machine"; both empty where there is none."""
    subject, target = account(data, "Subject"), account(data, "Target")
    first, second = (target, subject) if str(record.event_id) in _LOGONS else (subject, target)
    prefix = "Target" if str(record.event_id) in _LOGONS else "Subject"
    if not _is_somebody(first) and _is_somebody(second):
        first, prefix = second, "Subject" if prefix == "Target" else "Target"
    if first is None:
        return "", ""
    machine = first.endswith("$") or data.get(f"{prefix}UserSid") in _ACCOUNTS_OF_SYSTEM
    return first, "Machine" if machine else "User" if _is_somebody(first) else ""


def event_xml(record: WindowsRecord) -> str:
    """The event's data as Windows renders it in XML; empty for an event without data."""
    if not record.data:
        return ""
    lines = "".join([f"\r\n  {_opening(name)}{_escaped(value)}</Data>" for name, value in record.data])
    return f"<EventData {_XMLNS}>{lines}\r\n</EventData>"


@lru_cache(4096)
def _opening(name: str | None) -> str:
    return "<Data>" if name is None else f"<Data Name={quoteattr(name)}>"


def _escaped(value: str) -> str:
    # Few values need it, and to look is much less work.
    return escape(value) if "&" in value or "<" in value or ">" in value else value


def data_item(record: WindowsRecord) -> str:
    """The same in the envelope in which Event holds it."""
    inner = event_xml(record)
    time = quoteattr(record.time or "")
    return f'<DataItem type="System.XmlData" time={time} sourceHealthServiceId="">{inner}</DataItem>' if inner else ""


def _parameters(record: WindowsRecord) -> str:
    return "".join([f"<Param>{_escaped(value)}</Param>" for _, value in record.data])


def _bag(record: WindowsRecord) -> dict[str, object] | None:
    """The data as a bag of texts; values without names in a list under "Data"."""
    if not record.data:
        return None
    named: dict[str, object] = {name: value for name, value in record.data if name is not None}
    bare = [value for name, value in record.data if name is None]
    return {**named, **({"Data": bare} if bare else {})}


def activity(record: WindowsRecord) -> str:
    """The id and what it means, as in "4688 - A new process has been created."."""
    number = str(record.event_id)
    told = (record.message or "").lstrip().partition("\n")[0].strip() or ACTIVITIES.get(number, "")
    return f"{number} - {told}" if told else number


_EVENT_COLUMNS: Final[Mapping[str, _Field]] = {
    **_COMMON,
    "Source": lambda it: it.provider,
    "EventLog": lambda it: it.channel,
    "EventCategory": lambda it: it.task,
    "EventLevel": lambda it: it.level,
    "EventLevelName": level_name,
    "UserName": lambda it: it.user_name or _ACCOUNTS_OF_SYSTEM.get(it.user_id or "", it.user_id or "N/A"),
    "EventData": data_item,
    "ParameterXml": _parameters,
    "Message": lambda it: it.message,
    "RenderedDescription": lambda it: it.message,
    "Type": lambda _: EVENT,
}
_EVENT_REST: Final[tuple[str, ...]] = (
    "Version", "Opcode", "Keywords", "EventRecordId", "SystemProcessId", "SystemThreadId", "SystemUserId",
    "Correlation",
)  # fmt: skip

_FORWARDED_COLUMNS: Final[Mapping[str, _Field]] = {
    **_COMMON,
    "Channel": lambda it: it.channel,
    "Provider": lambda it: it.provider,
    "EventData": lambda it: None if (bag := _bag(it)) is None else Json(msgspec.json.encode(bag).decode()),
    "EventLevel": lambda it: it.level,
    "EventLevelName": level_name,
    "EventRecordId": _texted(lambda it: it.record_id),
    "Keywords": _texted(lambda it: it.keywords),
    "Opcode": _texted(lambda it: it.opcode),
    "SystemProcessId": lambda it: it.process_id,
    "SystemThreadId": lambda it: it.thread_id,
    "SystemUserId": lambda it: it.user_id,
    "Correlation": lambda it: it.activity_id,
    "Task": lambda it: it.task,
    "Version": lambda it: it.version,
    "Type": lambda _: FORWARDED,
}
_FORWARDED_REST: Final[tuple[str, ...]] = ("UserName", "Message")

_SECURITY_COLUMNS: Final[Mapping[str, _Field]] = {
    **_COMMON,
    "Channel": lambda it: it.channel,
    "EventSourceName": lambda it: it.provider,
    "Activity": activity,
    "Task": lambda it: it.task,
    "Level": _texted(lambda it: it.level),
    "EventLevelName": level_name,
    "EventRecordId": _texted(lambda it: it.record_id),
    "Keywords": _texted(lambda it: it.keywords),
    "Opcode": _texted(lambda it: it.opcode),
    "SystemProcessId": lambda it: it.process_id,
    "SystemThreadId": lambda it: it.thread_id,
    "SystemUserId": lambda it: it.user_id,
    "Correlation": lambda it: it.activity_id,
    "Version": lambda it: it.version,
    "EventData": event_xml,
    "Type": lambda _: SECURITY,
}
_SECURITY_REST: Final[tuple[str, ...]] = ("UserName", "Message")


def tables_of(record: WindowsRecord) -> tuple[str, ...]:
    """The tables that an event belongs to."""
    channel = record.channel.lower()
    secure = channel == "security" or channel.startswith("microsoft-windows-applocker/")
    return (SECURITY if secure else EVENT, FORWARDED)


def rows(table: str, records: Sequence[WindowsRecord], kinds: Mapping[str, str]) -> dict[str, Converted]:
    """The columns of one of the three tables for these events; `kinds` are the table's types by column."""
    match table:
        case "Event":
            made = _columns(_EVENT_COLUMNS, records)
            rest = _EVENT_REST
        case "WindowsEvent":
            made = _columns(_FORWARDED_COLUMNS, records)
            rest = _FORWARDED_REST
        case _:
            made = _columns(_SECURITY_COLUMNS, records) | _security_data(records, kinds)
            rest = _SECURITY_REST
    made[UNMAPPED] = [_unmapped(record, rest) for record in records]
    return {name: convert(kinds[name], values) for name, values in made.items() if name in kinds}


def _columns(columns: Mapping[str, _Field], records: Sequence[WindowsRecord]) -> dict[str, list[object]]:
    return {name: [value(record) for record in records] for name, value in columns.items()}


def _security_data(records: Sequence[WindowsRecord], kinds: Mapping[str, str]) -> dict[str, list[object]]:
    """Columns of SecurityEvent that hold an event's data: those of the same name, and those made of several."""
    folded = {name.lower(): name for name in kinds if name not in _SECURITY_COLUMNS}
    made: dict[str, list[object]] = {}
    count = len(records)

    def put(column: str, index: int, value: object) -> None:
        made.setdefault(column, [None] * count)[index] = value

    for index, record in enumerate(records):
        data = {name: value for name, value in record.data if name is not None}
        for name, value in data.items():
            column = folded.get(name.lower())
            if column is not None:
                put(column, index, value)
        who, what = main_account(record, data)
        put("Account", index, who)
        put("AccountType", index, what)
        for column, prefix in (("SubjectAccount", "Subject"), ("TargetAccount", "Target")):
            put(column, index, account(data, prefix))
        image = data.get("NewProcessName") or data.get("ProcessName")
        if image and image != "-":
            put("Process", index, image.rpartition("\\")[2])
        if "LogonType" in data:
            kind = data["LogonType"]
            put("LogonTypeName", index, f"{kind} - {_LOGON_TYPES[kind]}" if kind in _LOGON_TYPES else kind)
    return made


def _unmapped(record: WindowsRecord, names: Sequence[str]) -> str | None:
    found = {name: value for name in names if (value := _SYSTEM[name](record)) is not None}
    found.update(record.rest)
    return Json(msgspec.json.encode(found).decode()) if found else None
