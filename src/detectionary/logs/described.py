"""What is read, as data: the documentation's tables of formats and mappings are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detectionary.logs import cloudtrail, windows
from detectionary.logs.raw_logs import RAW_LOGS


@dataclass(frozen=True, slots=True)
class FormatNote:
    """A format of files."""

    name: str
    told_by: str
    """What in its content tells it."""

    reads: str


@dataclass(frozen=True, slots=True)
class MappingNote:
    """A way from records to tables."""

    name: str
    tables: tuple[str, ...]
    told_by: str
    note: str = ""


FORMATS: Final = (
    FormatNote(
        "JSON",
        "begins with { or [",
        "an array; one object after the other, on lines or not; an object that wraps the array under Records, records, "
        "value, Results or Events; any of these in a row. A broken record is skipped and named, on lines by its line.",
    ),
    FormatNote(
        "CSV, TSV and their kin",
        "a first line of at least two named columns, parted by comma, tab, semicolon or bar, and rows of as many cells",
        "quoted cells, over several lines if need be; a row of another number of cells is skipped and named",
    ),
    FormatNote(
        "Parquet",
        "PAR1 at its start",
        "used where it lies if every column can be read as it is and all files of the table are alike; else rewritten",
    ),
    FormatNote("EVTX", "ElfFile at its start", "Windows' own event logs, record by record"),
    FormatNote(
        "gzip and zip",
        "their magic numbers",
        "around any of these, also within each other; unpacking stops at 200 times the size (and a gibibyte)",
    ),
    FormatNote(
        "UTF-8, UTF-16 and UTF-32",
        "a byte order mark, or zero bytes in every other place",
        "text in UTF-8 if nothing tells otherwise; a record that is none is broken",
    ),
)

MAPPINGS: Final = (
    MappingNote(
        "AWS CloudTrail",
        (cloudtrail.TABLE,),
        "eventSource, eventName and awsRegion or eventVersion; also answers of LookupEvents",
        "SourcePort, DestinationPort, IpProtocol and CidrIp stay empty: Microsoft does not document which of a "
        "request's several permissions they hold. RequestParameters has them all.",
    ),
    MappingNote(
        "Windows events",
        windows.TABLES,
        "Event.System of EVTX and evtx_dump, winlog of Winlogbeat, or Channel, EventID and fields of NXLog",
        "The Security log and AppLocker's go to SecurityEvent, all others to Event; WindowsEvent has every event again "
        "and is empty to a query that reads one of the other two as well.",
    ),
    *(
        MappingNote(
            log.name,
            tuple(dict.fromkeys(log.tables.values())) or ("the one that the category names",),
            ", ".join(sorted(log.marks)),
        )
        for log in RAW_LOGS
    ),
    MappingNote(
        "Exports",
        ("any known table",),
        "the table's name in Type, TableName or $table, or columns that nine of ten times are one table's only",
        "Names match whatever their case; ' [UTC]' and other zones that the portal puts after a column are understood.",
    ),
    MappingNote(
        "Anything else",
        ("--table NAME",),
        "the name given",
        "Columns come from the table's schema; of an unknown table they are learned over all records.",
    ),
)
