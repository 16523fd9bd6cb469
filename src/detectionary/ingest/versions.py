"""Versions of what makes a catalog's content: they change by themselves when the code or the data behind them does."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from detectionary.catalog import ENTRY_CODEC, RULE_CODEC
from detectionary.languages.language import Language

_PACKAGE: Final = Path(__file__).parent.parent


@cache
def readers_version() -> str:
    """Another one: the same file could be read otherwise. Languages tell readers where a query ends."""
    return _digest(RULE_CODEC.signature, *_rooms("text", "model", "languages", "repositories"))


@cache
def _assembly_version() -> str:
    return _digest(
        ENTRY_CODEC.signature, *_rooms("text", "model", "languages", "attack", "schemas", "catalog", "ingest")
    )


@cache
def platform_version() -> str:
    """Another one: the platform's own tables or functions could be others."""
    return _digest(*_rooms("schemas"))


@cache
def runner_version() -> str:
    """Another one: a query could be compiled that was refused, or the other way round."""
    return _digest(*_rooms("text", "model", "schemas", "compiler", "languages/kusto", "engines"))


def analysis_version(language: Language) -> str:
    """Another one: the same rule could be taken apart or stored otherwise."""
    return _digest(language.name, language.analyzer_version, _assembly_version())


def _rooms(*names: str) -> list[str]:
    """Paths and digests of all files of rooms, in order."""
    parts = []
    for name in names:
        for path in sorted((_PACKAGE / name).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                parts.append(path.relative_to(_PACKAGE).as_posix())
                parts.append(blake2b(path.read_bytes(), digest_size=8).hexdigest())
    return parts


def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()
