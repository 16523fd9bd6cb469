"""CloudTrail's fast way and its slow one: the same rows."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from detectionary.logs.cloudtrail import EVENTS, TABLE, lenient, rows
from detectionary.logs.parts import UNMAPPED
from detectionary.logs.values import Converted
from detectionary.schemas import tables

TEXT = st.text(max_size=5)
TIME = st.sampled_from(["2026-11-20T09:00:03Z", "2026-11-20T09:00:03.5Z", "never"])
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXT, lambda it: st.lists(it, max_size=2), max_leaves=3
)
STRUCTURE = st.none() | st.dictionaries(TEXT, ANY, max_size=2)

RECORD = st.fixed_dictionaries(
    {"eventTime": TIME, "eventSource": TEXT, "eventName": TEXT},
    optional={
        "awsRegion": TEXT,
        "errorCode": TEXT,
        "readOnly": st.booleans() | st.none(),
        "requestParameters": STRUCTURE,
        "resources": st.lists(STRUCTURE, max_size=2),
        "vpcEndpointAccountId": TEXT,
        "eventContext": STRUCTURE,
        "tlsDetails": st.fixed_dictionaries({}, optional={"tlsVersion": TEXT, "keyExchange": TEXT}),
        "userIdentity": st.fixed_dictionaries(
            {},
            optional={
                "type": TEXT,
                "credentialId": TEXT,
                "sessionContext": st.fixed_dictionaries(
                    {},
                    optional={
                        "webIdFederationData": STRUCTURE,
                        "sourceIdentity": TEXT,
                        "attributes": st.fixed_dictionaries(
                            {},
                            optional={"creationDate": TIME, "mfaAuthenticated": st.sampled_from(["true", "false"])},
                        ),
                        "sessionIssuer": st.fixed_dictionaries({}, optional={"userName": TEXT}),
                    },
                ),
            },
        ),
    },
)


def plain(columns: dict[str, Converted], count: int) -> dict[str, Any]:
    """Columns as values; one that is not there is blank, and unmapped fields are what their JSON says."""
    kinds = {column.name: column.type for column in tables()[TABLE].columns} | {UNMAPPED: "dynamic"}
    made = {name: column.array.to_pylist() for name, column in columns.items()}
    for name, kind in kinds.items():
        made.setdefault(name, ["" if kind == "string" else None] * count)
    made[UNMAPPED] = [None if text is None else json.loads(text) for text in made[UNMAPPED]]
    return made


@given(records=st.lists(RECORD, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_both_ways_give_the_same_rows(records: list[dict[str, Any]]) -> None:
    text = json.dumps(records).encode()
    pairs = [lenient(record) for record in msgspec.json.decode(text, type=list[dict[str, msgspec.Raw]])]
    slow = rows([event for event, _ in pairs], [rest for _, rest in pairs])
    fast = rows(EVENTS.decode(text))
    assert plain(fast, len(records)) == plain(slow, len(records))
    assert {name: column.misfits for name, column in fast.items() if column.misfits} == {
        name: column.misfits for name, column in slow.items() if column.misfits
    }


def test_every_column_is_one_of_the_table() -> None:
    known = {column.name for column in tables()[TABLE].columns}
    made = rows(
        EVENTS.decode(b'[{"eventTime":"2026-11-20T09:00:03Z","eventSource":"a","eventName":"b","addendum":{"x":1}}]')
    )
    assert set(made) - known == {UNMAPPED}
