"""Parquet kept between runs: a folder for each set of inputs, used while they are what they were.

The folder's name is the hash of everything that what is read depends on: each file's path, size and time of last change
(and content, of a small one, whose size and time may well stay), the table asked for, the known tables, and `VERSION`.
So a changed input has another folder, and nothing is ever changed in one: it is made beside its place and moved there
whole. One that is damaged (a file gone, of another size or time, or not readable) is made anew.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from detectionary.logs.sources import InputFile, Skipped
from detectionary.logs.tables import Logs, LogTable
from detectionary.model.schema import TableSchema

VERSION: Final = 1
"""To be raised with every change of a mapping, a type or a format: what was kept before is then not used."""

_SMALL: Final = 64 << 10
_MANIFEST: Final = "manifest.json"


class _Kept(msgspec.Struct, frozen=True):
    """A file that a table reads: its path (relative for one in the folder), size and time of last change."""

    path: str
    size: int
    changed: int


class _Manifest(msgspec.Struct, frozen=True):
    version: int
    logs: Logs
    files: Mapping[str, tuple[_Kept, ...]]


def key_of(met: Sequence[InputFile | Skipped], schemas: Mapping[str, TableSchema], table: str | None) -> str:
    """The name of the folder for these inputs."""
    digest = hashlib.blake2b(digest_size=20)

    def feed(*parts: object) -> None:
        for part in parts:
            digest.update(repr(part).encode() + b"\0")

    feed(VERSION, table, _digest(schemas))
    for item in met:
        if isinstance(item, Skipped):
            feed(item.name, item.reason)
            continue
        feed(os.fspath(item.path.absolute()), os.fspath(item.path), item.size, item.changed)
        if item.size <= _SMALL:
            try:
                feed(hashlib.blake2b(item.path.read_bytes()).hexdigest())
            except OSError as error:
                feed(str(error))
    return digest.hexdigest()


def _digest(schemas: Mapping[str, TableSchema]) -> str:
    digest = hashlib.blake2b(digest_size=20)
    for name in sorted(schemas):
        digest.update(repr((name, [(column.name, column.type) for column in schemas[name].columns])).encode())
    return digest.hexdigest()


def load(cache: Path, key: str) -> tuple[Logs | None, str]:
    """What was kept, if it is whole; else None, and what a user should know of that."""
    folder = cache / key
    if not folder.is_dir():
        return None, ""
    try:
        manifest = msgspec.json.decode((folder / _MANIFEST).read_bytes(), type=_Manifest)
        tables = {}
        for name, table in manifest.logs.tables.items():
            paths = []
            for kept in manifest.files[name]:
                path = folder / kept.path  # an absolute path stays what it is
                facts = path.stat()
                if (facts.st_size, facts.st_mtime_ns) != (kept.size, kept.changed):
                    raise ValueError(f"{path.name} was changed")
                paths.append(path)
            rows = sum(pq.read_metadata(path).num_rows for path in paths)
            if rows != table.rows:
                raise ValueError(f"{name} has {rows} rows instead of {table.rows}")
            tables[name] = replace(table, files=tuple(paths))
    except (OSError, ValueError, KeyError, msgspec.MsgspecError, pa.ArrowException) as error:
        shutil.rmtree(folder, ignore_errors=True)
        return None, f"the cache was damaged and has been made anew: {error}"
    return replace(manifest.logs, tables=tables), ""


def fill(cache: Path, key: str, read: Callable[[Path], Logs]) -> Logs:
    """Read into the cache. Two runs at once do not harm each other: the first one's result stays."""
    cache.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=cache))
    try:
        logs = read(made)
        files = {name: tuple(_kept(path, made) for path in table.files) for name, table in logs.tables.items()}
        bare = {name: replace(table, files=()) for name, table in logs.tables.items()}
        manifest = _Manifest(VERSION, replace(logs, tables=bare), files)
        (made / _MANIFEST).write_bytes(msgspec.json.encode(manifest, enc_hook=str))
        folder = cache / key
        try:
            made.rename(folder)
        except OSError:
            shutil.rmtree(made, ignore_errors=True)
            kept, _ = load(cache, key)
            if kept is None:
                raise
            return kept
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    return replace(logs, tables={name: _moved(table, made, folder) for name, table in logs.tables.items()})


def _kept(path: Path, folder: Path) -> _Kept:
    facts = path.stat()
    own = path.is_relative_to(folder)
    return _Kept(str(path.relative_to(folder) if own else path.absolute()), facts.st_size, facts.st_mtime_ns)


def _moved(table: LogTable, old: Path, new: Path) -> LogTable:
    files = tuple(new / path.relative_to(old) if path.is_relative_to(old) else path for path in table.files)
    return replace(table, files=files)
