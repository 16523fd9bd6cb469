"""Which files there are, what is packed in them, and what each one is, by its content and never by its name."""

from __future__ import annotations

import csv
import enum
import io
import os
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from detectionary.logs.streams import READ, Budget, Gunzip, Limited, Peeked, Plain, Stream, Transcoded, bomb

PEEK: Final = 64 << 10
"""Bytes by which a format is told."""

DEEPEST: Final = 4
"""Containers within containers: a zip in a gzip in a zip is three."""

MOST_MEMBERS: Final = 100_000
_IN_MEMORY: Final = 64 << 20
"""A zip or EVTX within another container is unpacked to memory up to this size, and to a temporary file beyond."""


class Format(enum.Enum):
    """How records are written in a file."""

    JSON = "json"
    DELIMITED = "csv"
    PARQUET = "parquet"
    EVTX = "evtx"


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file as given or found in a folder."""

    path: Path
    size: int
    changed: int
    """Its last change in nanoseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or member of which nothing is read, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Source:
    """One log: a file or a member of an archive, unpacked, its format known."""

    name: str
    format: Format
    stream: Peeked
    path: Path | None
    """The file itself, where it is not packed: readers that need to seek use it."""

    budget: Budget

    def seekable(self) -> IO[bytes]:
        """The whole of it as a file that can be sought in; the caller closes it."""
        if self.path is not None:
            return self.path.open("rb")
        return _spooled(self.stream)


def find(paths: Sequence[Path]) -> Iterator[InputFile | Skipped]:
    """The files of the paths, folders in the order of their names; links within folders are not followed.

    Raises FileNotFoundError for a path that does not exist.
    """
    for path in paths:
        if path.is_dir():
            yield from _walk(path)
        else:
            yield _input(path)


def _walk(folder: Path) -> Iterator[InputFile | Skipped]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = Path(entry.path)
        if entry.is_symlink():
            yield Skipped(str(path), "is a symbolic link: name its target instead")
        elif entry.is_dir():
            yield from _walk(path)
        elif entry.is_file():
            try:
                yield _input(path)
            except OSError as error:
                yield Skipped(str(path), f"cannot be opened: {error.strerror}")
        else:
            yield Skipped(str(path), "is no regular file")


def _input(path: Path) -> InputFile:
    facts = path.stat()
    return InputFile(path, facts.st_size, facts.st_mtime_ns)


def open_file(file: InputFile) -> Iterator[Source | Skipped]:
    """The logs in one file, one after the other: each must be read before the next is asked for."""
    try:
        opened = file.path.open("rb")
    except OSError as error:
        yield Skipped(str(file.path), f"cannot be opened: {error.strerror}")
        return
    with opened:
        stream = Peeked(Plain(opened))
        yield from _open(str(file.path), stream, file.path, Budget.of(file.size), 0)


def _open(name: str, stream: Peeked, path: Path | None, budget: Budget, depth: int) -> Iterator[Source | Skipped]:
    head = stream.peek(PEEK)
    if not head:
        yield Skipped(name, stream.trouble or "is empty")
    elif depth > DEEPEST:
        yield Skipped(name, f"is packed more than {DEEPEST} times")
    elif head.startswith(b"\x1f\x8b"):
        yield from _open(name, Peeked(Gunzip(stream, budget)), None, budget, depth + 1)
    elif head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield from _unzip(name, stream, path, budget, depth + 1)
    else:
        yield _text_or_binary(name, stream, path, budget, head)


def _unzip(name: str, stream: Peeked, path: Path | None, budget: Budget, depth: int) -> Iterator[Source | Skipped]:
    with path.open("rb") if path is not None else _spooled(stream) as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            yield Skipped(name, stream.trouble or f"is a damaged zip archive: {error}")
            return
        members = sorted((member for member in archive.infolist() if not member.is_dir()), key=lambda it: it.filename)
        if not members:
            yield Skipped(name, "is an empty zip archive")
        if len(members) > MOST_MEMBERS:
            yield Skipped(name, f"is a zip archive of more than {MOST_MEMBERS} members")
            return
        for member in members:
            inner = f"{name}!{member.filename}"
            if member.flag_bits & 1:
                yield Skipped(inner, "is encrypted")
                continue
            try:
                opened = archive.open(member)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
                yield Skipped(inner, f"cannot be unpacked: {error}")
                continue
            with opened:
                if budget.left < 0:
                    yield Skipped(inner, bomb())
                    continue
                yield from _open(inner, Peeked(Limited(Plain(opened), budget)), None, budget, depth)


def _spooled(stream: Stream) -> IO[bytes]:
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  # closed by whoever asked for it
    while data := stream.read(READ):
        file.write(data)
    file.seek(0, io.SEEK_SET)
    return file


_BOMS: Final = ((b"\xff\xfe\0\0", "utf-32-le"), (b"\0\0\xfe\xff", "utf-32-be"), (b"\xff\xfe", "utf-16-le"),
                (b"\xfe\xff", "utf-16-be"))  # fmt: skip
_UTF16_LE: Final = re.compile(rb"(?:[\t\r\n -~]\0){2}")
_UTF16_BE: Final = re.compile(rb"(?:\0[\t\r\n -~]){2}")
_UTF8_BOM: Final = b"\xef\xbb\xbf"

_KINDS: Final = (
    (b"Obj\x01", "an Avro file"), (b"ORC", "an ORC file"), (b"SQLite format 3", "a SQLite database"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture"), (b"\xa1\xb2\xc3\xd4", "a packet capture"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture"), (b"%PDF", "a PDF document"), (b"7z\xbc\xaf", "a 7z archive"),
    (b"BZh", "a bzip2 stream"), (b"\xfd7zXZ", "an xz stream"), (b"\x28\xb5\x2f\xfd", "a zstd stream"),
    (b"Rar!", "a RAR archive"), (b"MZ", "a program"), (b"\x7fELF", "a program"), (b"\x89PNG", "an image"),
    (b"LfLe", "an old Windows event log (EVT)"),
)  # fmt: skip


def _text_or_binary(name: str, stream: Peeked, path: Path | None, budget: Budget, head: bytes) -> Source | Skipped:
    if head.startswith(b"PAR1"):
        return Source(name, Format.PARQUET, stream, path, budget)
    if head.startswith(b"ElfFile\0"):
        return Source(name, Format.EVTX, stream, path, budget)
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return Skipped(name, f"is {kind}, which is not read")
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            stream.skip(len(bom))
            return _text(name, Peeked(Transcoded(stream, encoding)), budget)
    if _UTF16_LE.match(head):
        return _text(name, Peeked(Transcoded(stream, "utf-16-le")), budget)
    if _UTF16_BE.match(head):
        return _text(name, Peeked(Transcoded(stream, "utf-16-be")), budget)
    if head.startswith(_UTF8_BOM):
        stream.skip(len(_UTF8_BOM))
    return _text(name, stream, budget)


def _text(name: str, stream: Peeked, budget: Budget) -> Source | Skipped:
    head = stream.peek(PEEK)
    start = head.lstrip(b" \t\r\n")
    if not start:
        return Skipped(name, "is empty" if not head else "holds nothing but blanks")
    if start[:1] in b"[{":
        return Source(name, Format.JSON, stream, None, budget)
    if b"\0" in head:
        return Skipped(name, "is a binary file of an unknown kind")
    if start[:1] == b"<":
        return Skipped(name, "is XML or HTML, which is not read")
    if delimiter(head) is not None:
        return Source(name, Format.DELIMITED, stream, None, budget)
    return Skipped(name, "is text without a header of columns: neither JSON nor CSV nor TSV")


_DELIMITERS: Final = (",", "\t", ";", "|")
_COLUMN: Final = re.compile(r"[A-Za-z_@$#][\w .:@/()\[\]&\-+#$]*")
_SAMPLE: Final = 20


def delimiter(head: bytes) -> str | None:
    """What parts the columns of a text table: the one under which its first line is a header and the next lines have
    as many cells (four of five at least); None when there is no such one.
    """
    text = head.decode("utf-8", "replace")
    lines = text.splitlines(keepends=True)
    if len(head) >= PEEK - 4:
        lines = lines[:-1]
    best = None
    for candidate in _DELIMITERS:
        try:
            rows = [row for row, _ in zip(csv.reader(lines, delimiter=candidate), range(_SAMPLE), strict=False) if row]
        except csv.Error:
            continue
        if not rows or not is_header(rows[0]):
            continue
        width = len(rows[0])
        same = sum(len(row) == width for row in rows[1:])
        if same * 5 >= (len(rows) - 1) * 4 and (best is None or width > best[0]):
            best = (width, candidate)
    return best[1] if best else None


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row can be a header: two columns at least, all named, no name twice."""
    names = [cell.strip() for cell in cells]
    return len(names) > 1 and len(set(names)) == len(names) and all(map(_COLUMN.fullmatch, names))
