"""gzip, zip and encodings round logs, whole and damaged."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from detectionary.logs import Logs, read_logs
from detectionary.logs.streams import Budget, Gunzip, Plain, fill
from tests.logs.reading import read, rows, short

LINES = "".join(json.dumps({"Type": "Syslog", "HostName": f"host-{number:04}"}) + "\n" for number in range(2000))
HOSTS = [(f"host-{number:04}",) for number in range(2000)]


def zipped(**members: bytes) -> bytes:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return body.getvalue()


def hosts(logs: Logs) -> list[tuple[str, ...]]:
    return rows(logs.tables["Syslog"], ["HostName"])


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(LINES.encode()),
        gzip.compress(LINES[:5000].encode()) + gzip.compress(LINES[5000:].encode()),
        gzip.compress(LINES.encode()) + b"\0" * 512,
        gzip.compress(gzip.compress(LINES.encode())),
        zipped(a=LINES.encode()),
        gzip.compress(zipped(a=LINES.encode())),
        zipped(a=gzip.compress(LINES.encode())),
        zipped(a=zipped(b=gzip.compress(LINES.encode()))),
        b"\xef\xbb\xbf" + LINES.encode(),
        LINES.encode("utf-16"),
        LINES.encode("utf-16-be"),
        LINES.encode("utf-16-le"),
        LINES.encode("utf-32"),
        LINES.replace("\n", "\r\n").encode(),
    ],
)
def test_a_log_in_any_wrapping_is_the_log(body: bytes, tmp_path: Path) -> None:
    logs = read(tmp_path, {"a": body})
    assert hosts(logs) == HOSTS
    assert (logs.broken_count, logs.skipped, logs.notes) == (0, (), ())


def test_a_gzip_that_ends_early_gives_what_it_has(tmp_path: Path) -> None:
    body = gzip.compress(os.urandom(1) + LINES.encode())  # the first line is broken, as random bytes are no JSON
    logs = read(tmp_path, {"a": gzip.compress(LINES.encode())[: len(body) // 2]})
    found = hosts(logs)
    assert 0 < len(found) < 2000
    assert found == HOSTS[: len(found)]
    assert [(broken.record, broken.reason) for broken in logs.broken] == [
        (len(found) + 1, "the gzip stream ends early")
    ]


def test_a_gzip_that_ends_early_between_two_lines(tmp_path: Path) -> None:
    # Stored, not packed, so that it can be cut behind a line.
    body = gzip.compress(LINES.encode(), compresslevel=0)
    end = body.index(b"host-0100")
    logs = read(tmp_path, {"a": body[: end + len(b'host-0100"}\n')]})
    assert hosts(logs) == HOSTS[:101]
    assert [broken.reason for broken in logs.broken] == ["the gzip stream ends early"]


def test_rubbish_behind_a_gzip_is_told(tmp_path: Path) -> None:
    logs = read(tmp_path, {"a": gzip.compress(LINES.encode()) + b"rubbish"})
    assert hosts(logs) == HOSTS
    assert logs.broken_count == 1
    assert logs.broken[0].reason.startswith("the gzip stream is damaged")


def test_each_member_of_an_archive_is_told(tmp_path: Path) -> None:
    body = zipped(**{"b.json": LINES.encode(), "a.txt": b"plain words", "../../evil.json": b'{"Type":"Syslog"}\n'})
    logs = read(tmp_path, {"logs.zip": body})
    assert [(short(file.file, tmp_path), file.records) for file in logs.files] == [
        ("logs.zip!../../evil.json", 1),
        ("logs.zip!a.txt", 0),
        ("logs.zip!b.json", 2000),
    ]
    assert not list(tmp_path.parent.glob("evil*"))


def test_an_encrypted_or_damaged_archive_is_skipped(tmp_path: Path) -> None:
    body = bytearray(zipped(a=LINES.encode()))
    body[6] |= 1  # the bit "encrypted", here and in the directory
    body[body.index(b"PK\x01\x02") + 8] |= 1
    logs = read(tmp_path, {"a.zip": bytes(body), "b.zip": b"PK\x03\x04 and no more", "c.zip": zipped()})
    assert [(short(file.file, tmp_path), file.skipped) for file in logs.skipped] == [
        ("a.zip!a", "is encrypted"),
        ("b.zip", "is a damaged zip archive: File is not a zip file"),
        ("c.zip", "is an empty zip archive"),
    ]


def test_a_damaged_member_is_told(tmp_path: Path) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a", LINES)
    logs = read(tmp_path, {"a.zip": body.getvalue().replace(b"host-1999", b"host-9999")})
    assert [file.skipped for file in logs.skipped] == ["cannot be read on: Bad CRC-32 for file 'a'"]


def test_a_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("detectionary.logs.streams.FREE_BYTES", 1 << 20)
    bomb = gzip.compress(b'{"Type":"Syslog"}\n' * 400_000)
    logs = read(tmp_path, {"a.gz": bomb, "b.zip": zipped(a=bomb), "c.gz": gzip.compress(LINES.encode())})
    told = [broken.reason for broken in logs.broken] + [file.skipped or "" for file in logs.skipped]
    assert len(told) == 2
    assert all("taken for a zip bomb" in reason for reason in told)
    assert logs.tables["Syslog"].rows < 400_000
    assert logs.files[-1].records == 2000


def test_containers_that_go_too_deep_are_refused(tmp_path: Path) -> None:
    body = LINES.encode()
    for _ in range(6):
        body = gzip.compress(body)
    logs = read(tmp_path, {"a": body})
    assert [file.skipped for file in logs.skipped] == ["is packed more than 4 times"]


def test_links_in_folders_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_text('{"Type":"Syslog"}')
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "link.json").symlink_to(secret)
    logs = read(tmp_path, {"a.json": '{"Type":"Syslog","HostName":"a"}'})
    assert hosts(logs) == [("a",)]
    assert [(short(file.file, tmp_path), file.skipped) for file in logs.skipped] == [
        ("link.json", "is a symbolic link: name its target instead")
    ]


def test_a_path_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_logs([tmp_path / "nothing"], tmp_path / "out", {})


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_gunzip_in_any_pieces(size: int) -> None:
    stream = Gunzip(Plain(io.BytesIO(gzip.compress(LINES.encode()))), Budget.of(1 << 20))
    parts = []
    while data := stream.read(size):
        parts.append(data)
    assert b"".join(parts) == LINES.encode()
    assert fill(stream, 10) == b""
