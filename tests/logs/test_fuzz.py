"""Records of strangers: whatever they hold, each is a row or is told, and nothing raises."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.logs.reading import read

KEYS = (
    "Type", "$table", "TableName", "category", "properties", "time", "TimeGenerated", "TimeGenerated [UTC]",
    "timegenerated", "eventTime", "eventSource", "eventName", "awsRegion", "eventVersion", "userIdentity",
    "requestParameters", "readOnly", "tlsDetails", "CloudTrailEvent", "EventId", "digestStartTime", "logFiles",
    "Event", "System", "EventData", "UserData", "winlog", "@timestamp", "log_name", "event_id", "source_name",
    "Channel", "EventID", "Hostname", "SourceName", "UserID", "Domain", "UtcTime", "CreationTime", "Operation",
    "Workload", "RecordType", "UserType", "HostName", "UnmappedFields", "Records", "value", "DeviceDetail",
    "DeviceDetail_dynamic", 'a"b', "\0", "é",
)  # fmt: skip

WORDS = (
    "Syslog", "SigninLogs", "SecurityEvent", "Made_CL", "SignInLogs", "AdvancedHunting-DeviceEvents",
    "AdvancedHunting-Nothing", "Administrative", "Exchange", "Security", "S-1-5-18", "2026-11-20T09:00:00Z",
    "11/20/2026, 9:00:00 AM", "true", "{", "[1]", '{"eventName":1}', "", "null", "4624", "0x10",
)  # fmt: skip

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=4)
)
INNER_KEYS = st.sampled_from((*KEYS, "#attributes", "#text", "Data", "Name"))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(INNER_KEYS, inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.lists(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8), min_size=1, max_size=4)


COMPANY = (
    '"Type":"Syslog"',
    '"eventSource":"a","eventName":"b","awsRegion":"c"',
    '"Channel":"x","EventID":1,"Hostname":"h"',
)


def check(text: str, records: int, table: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        logs = read(Path(folder), {"a.json": text}, table=table)
        (file,) = logs.files
        assert file.skipped or file.records + file.broken >= records
        assert all(table.rows for table in logs.tables.values())


@given(records=RECORDS, table=st.sampled_from([None, "AWSCloudTrail", "SecurityEvent", "SigninLogs", "Mine"]))
@settings(max_examples=40, deadline=None)
def test_any_record_is_a_row_or_is_told(records: list[dict[str, Any]], table: str | None) -> None:
    # An array, so that a record that wraps others is none.
    check(json.dumps(records), len(records), table)


@given(
    number=st.sampled_from(["1e400", "-1e999", "123456789012345678901234567890", "0.1e-400", "9" * 400]),
    key=st.sampled_from(KEYS),
    table=st.sampled_from([None, "AWSCloudTrail", "SecurityEvent", "SigninLogs", "Mine"]),
)
@settings(max_examples=20, deadline=None)
def test_numbers_that_nothing_holds(number: str, key: str, table: str | None) -> None:
    for company in (
        '"Type":"Syslog"',
        '"eventSource":"a","eventName":"b","awsRegion":"c"',
        '"Channel":"x","EventID":1,"Hostname":"h"',
    ):
        check(f"[{{{company},{json.dumps(key)}:{number}}}]", 1, table)


@given(text=st.text('a,"\n\r;\t|1{[', max_size=60), table=st.sampled_from([None, "Mine", "Syslog"]))
@settings(max_examples=40, deadline=None)
def test_any_text_is_read_or_told(text: str, table: str | None) -> None:
    check("a,b\n" + text, 0, table)
