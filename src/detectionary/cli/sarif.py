"""Findings as a SARIF 2.1.0 log (docs.oasis-open.org/sarif), as code-scanning services read it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

import msgspec

from detectionary.checks import Finding
from detectionary.model.entry import Entry
from detectionary.text import Level
from detectionary.text.codes import BY_CODE

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVEL: Final = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}


class Message(msgspec.Struct, frozen=True):
    text: str


class Region(msgspec.Struct, frozen=True, rename="camel"):
    """Lines and columns from 1; SARIF's default unit is UTF-16, so the run declares code points."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


class ArtifactLocation(msgspec.Struct, frozen=True):
    uri: str


class PhysicalLocation(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    artifact_location: ArtifactLocation
    region: Region | None = None


class Location(msgspec.Struct, frozen=True, rename="camel"):
    physical_location: PhysicalLocation


class Result(msgspec.Struct, frozen=True, rename="camel"):
    rule_id: str
    rule_index: int
    level: str
    message: Message
    locations: tuple[Location, ...]
    partial_fingerprints: dict[str, str]


class ReportingDescriptor(msgspec.Struct, frozen=True, rename="camel"):
    """One kind of finding; a log lists each once."""

    id: str
    name: str
    short_description: Message


class Driver(msgspec.Struct, frozen=True):
    name: str
    version: str
    rules: tuple[ReportingDescriptor, ...]


class Tool(msgspec.Struct, frozen=True):
    driver: Driver


class Run(msgspec.Struct, frozen=True, rename="camel"):
    tool: Tool
    results: tuple[Result, ...]
    column_kind: str = "unicodeCodePoints"


class Log(msgspec.Struct, frozen=True):
    runs: tuple[Run, ...]
    version: str = "2.1.0"
    schema: str = msgspec.field(name="$schema", default=SCHEMA)


def log(findings: Iterable[tuple[Entry, str, Finding]], version: str) -> Log:
    """A log of (rule, path of its file, finding), in the order given.

    A finding's fingerprint is made of its code, its rule and the text that it points at, so that it stays the same
    while lines above it come and go.
    """
    codes: dict[str, int] = {}
    results = []
    for entry, path, finding in findings:
        diagnostic = finding.diagnostic
        index = codes.setdefault(diagnostic.code, len(codes))
        results.append(
            Result(
                diagnostic.code,
                index,
                _LEVEL[diagnostic.level],
                Message(diagnostic.message if diagnostic.help is None else f"{diagnostic.message}. {diagnostic.help}"),
                (Location(PhysicalLocation(ArtifactLocation(path), _region(finding))),),
                {"detectionary/v1": _fingerprint(entry, finding)},
            )
        )
    descriptors = tuple(ReportingDescriptor(code, *_described(code)) for code in codes)
    return Log((Run(Tool(Driver("detectionary", version, descriptors)), tuple(results)),))


def _described(code: str) -> tuple[str, Message]:
    known = BY_CODE[code]
    return known.name, Message(known.about)


def _region(finding: Finding) -> Region | None:
    span = finding.diagnostic.span
    if span is None:
        return None
    start, end = finding.source.position(span.start), finding.source.position(span.end)
    # A region that ends where it starts would point at nothing: an insertion point covers the next character.
    return Region(start.line, start.column, end.line, max(end.column, start.column + (end.line == start.line)))


def _fingerprint(entry: Entry, finding: Finding) -> str:
    diagnostic = finding.diagnostic
    pointed = "" if diagnostic.span is None else diagnostic.span.of(finding.source.text)
    parts = (diagnostic.code, entry.rule.id, diagnostic.place or "", pointed, diagnostic.message)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
