"""Durations, prose, encodings and licences: the small readings that every format shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectionary.repositories.comments import tactic_ids, technique_ids
from detectionary.repositories.decoding import decode
from detectionary.repositories.durations import short_duration, times
from detectionary.repositories.kusto_shape import looks_like_kusto
from detectionary.repositories.licences import spdx_named, spdx_of
from detectionary.repositories.prose import clean, links, title_of_path


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("1h", "1h"),
        ("60m", "1h"),
        ("90m", "90m"),
        ("24h", "1d"),
        ("36h", "36h"),
        ("14d", "14d"),
        ("PT1H", "1h"),
        ("PT30M", "30m"),
        ("P14D", "14d"),
        ("P1W", "7d"),
        ("P1DT12H", "36h"),
        ("PT0S", "0s"),
        ("1H", "1h"),
        (" 5m ", "5m"),
        ("1h30m", "90m"),
        ("1.00:00:00", "1d"),
        ("05:00:00", "5h"),
        ("00:00:30", "30s"),
    ],
)
def test_a_duration_has_one_short_form(written: str, short: str) -> None:
    assert short_duration(written) == short


@pytest.mark.parametrize(
    "written", ["", "h", "1", "1x", "P", "PT", "P1DT", "PT1D", "1m1h", "1:2", "a:b:c", "1.5h", "-1h", "٣h"]
)
def test_what_is_no_duration_has_no_short_form(written: str) -> None:
    assert short_duration(written) is None


@given(st.integers(0, 10_000_000))
def test_the_short_form_is_as_long_as_what_was_written(seconds: int) -> None:
    short = short_duration(f"{seconds}s" if seconds < 10_000_000 else "0s")
    assert short is not None
    assert int(short[:-1]) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[short[-1]] == seconds % 10_000_000


def test_a_multiple_is_in_the_short_form_too() -> None:
    assert (times("12h", 4), times("1h", 4), times("soon", 4)) == ("2d", "4h", None)


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("'All of it.'", "All of it."),
        ('"All of it."', "All of it."),
        ("'Never closed", "Never closed"),
        ("'A' and 'B'", "'A' and 'B'"),
        ("'It's the users' own.'", "It's the users' own."),
        ("'Says \"no\" to 'this' one'", "Says \"no\" to 'this' one"),
        ("no quotes'", "no quotes'"),
        ("one<br>two<BR/>three", "one\ntwo\nthree"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("who is <Account>?", "who is <Account>?"),
        ("**bold**", "bold"),
        (
            "[text](https://a.example/x) and [https://a.example](https://a.example)",
            "text (https://a.example/x) and https://a.example",
        ),
        ("array[0](x", "array[0](x"),
        ("  a  \n\n\n\n  b  ", "a\n\nb"),
        ("", ""),
        ("'", "'"),
    ],
)
def test_prose_is_made_plain(written: str, cleaned: str) -> None:
    assert clean(written) == cleaned


@given(st.text("'\"`a [](){}*<>&br\n.", max_size=40))
def test_plain_prose_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert cleaned == cleaned.strip()
    assert "\n\n\n" not in cleaned


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.example/b.", ("https://a.example/b",)),
        ("(https://a.example/b_(c))", ("https://a.example/b_(c)",)),
        ("https://a.example, https://b.example; https://a.example", ("https://a.example", "https://b.example")),
        ("[x](https://a.example/y)", ("https://a.example/y",)),
        ("[https://a.example](https://a.example/?utm=1)", ("https://a.example/?utm=1",)),
        ("<https://a.example/z>", ("https://a.example/z",)),
        ("https is not http:// and http://x", ()),
        ("'https://a.example/b'", ("https://a.example/b",)),
    ],
)
def test_links_end_where_the_sentence_goes_on(text: str, found: tuple[str, ...]) -> None:
    assert links(text) == found


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("a/b/Rare_parents.yaml", "Rare parents"),
        ("a/Rule v1.0.kql", "Rule v1.0"),
        ("a/no-ending-at-all-here", "no ending at all here"),
        ("a/Audit-NewRole.kql", "Audit-NewRole"),
        ("a/b. yaml", "b"),
        (".kql", ".kql"),
    ],
)
def test_a_file_name_is_a_title_for_want_of_one(path: str, title: str) -> None:
    assert title_of_path(path) == title


def test_attack_ids_are_found_in_text_and_addresses() -> None:
    text = "T1059.001, t1078 and https://attack.mitre.org/techniques/T1003/002/ but not XT1234, T12345, T123, T1059.001"
    assert technique_ids(text) == ("T1059.001", "T1078", "T1003.002")
    assert tactic_ids("TA0001 TA0043, TA9999, XTA0002, TA00011, TA0001") == ("TA0001", "TA0043")


@pytest.mark.parametrize(
    "text",
    [
        "SecurityEvent | where EventID == 1",
        "// remark\n\nSecurityEvent // the table\n| take 1",
        "let x = 1;\nT | where a == x",
        "union\nA,\nB",
        "['my table'] | take 1",
        "_GetWatchlist('x')\n| take 1",
        'arg("").Resources\n| take 1',
        "(union A, B) | take 1",
        "\u200bDeviceEvents\n| take 1",
        "print 1",
        "GetUsers(1d)",
    ],
)
def test_queries_look_like_kusto(text: str) -> None:
    assert looks_like_kusto(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "// remark",
        "Just a sentence about tables",
        "net user /domain",
        "Get-Process | Stop-Process",
        '{"a": 1}',
        ".create table T (a: long)",
        "https://example.org/a",
        "a || b",
        "| where x == 1",
        "SELECT * FROM t",
        "let",
    ],
)
def test_other_texts_do_not_look_like_kusto(text: str) -> None:
    assert not looks_like_kusto(text)


TEXT = 'T\n| where a == "é😀"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_texts_with_a_byte_order_mark_are_read(encoding: str) -> None:
    assert decode(TEXT.encode(encoding)) == (TEXT, None)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_recognised_and_said(encoding: str) -> None:
    decoded = decode('SecurityEvent\r\n| where a == "b"'.encode(encoding))
    assert decoded is not None
    text, odd = decoded
    assert text == 'SecurityEvent\n| where a == "b"'
    assert odd is not None
    assert (odd.code, odd.message) == ("SRC102", f"read as {encoding.upper()}, without a byte order mark")


def test_bytes_that_are_no_utf8_are_read_as_windows_1252_and_said() -> None:
    decoded = decode(b"T\n| where a == 'caf\xe9'")
    assert decoded is not None
    text, odd = decoded
    assert text == "T\n| where a == 'café'"
    assert odd is not None
    assert (odd.code, odd.place) == ("SRC101", "line 2")


@pytest.mark.parametrize("data", [b"\0" * 300, b"\x7fELF\0\0\1\2\3\0", bytes(range(256))])
def test_binary_data_is_no_text(data: bytes) -> None:
    assert decode(data) is None


def test_line_ends_are_line_feeds() -> None:
    assert decode(b"a\r\nb\rc\n") == ("a\nb\nc\n", None)


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("MIT License\nPermission is hereby granted, free of charge, to any person\nThe above copyright notice", "MIT"),
        ("Apache License\n  Version 2.0, January 2004", "Apache-2.0"),
        ("Redistribution and use in source and binary forms\nNeither the name of the holder", "BSD-3-Clause"),
        ("Redistribution and use in source and binary forms, two clauses", "BSD-2-Clause"),
        ("# Detection Rule License (DRL) 1.1\nPermission is hereby granted, free of charge", "DRL-1.1"),
        ("Elastic License 2.0\nURL", "Elastic-2.0"),
        ("GNU GENERAL PUBLIC LICENSE Version 3\n" + "x " * 300 + "GNU Affero General Public License", "GPL-3.0-only"),
        ("GNU AFFERO GENERAL PUBLIC LICENSE\nVersion 3", "AGPL-3.0-only"),
        ("GNU LESSER GENERAL PUBLIC LICENSE Version 2.1", "LGPL-2.1-only"),
        ("All rights reserved.", "LicenseRef-unrecognised"),
    ],
)
def test_licences_are_recognised_by_their_wording(text: str, identifier: str) -> None:
    assert spdx_of(text) == identifier


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("Elastic License v2", "Elastic-2.0"),
        ("Elastic Licence v2", "Elastic-2.0"),
        ("DRL 1.1", "DRL-1.1"),
        ("MIT", "MIT"),
        (" Ask us ", "Ask us"),
    ],
)
def test_licences_that_rules_name(name: str, identifier: str) -> None:
    assert spdx_named(name) == identifier
