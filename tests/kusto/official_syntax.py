"""The texts of the corpora for which verdicts of Microsoft's parser are recorded, and the readers of those records.

A YAML query key, a Markdown fence and a whole `.kql`, `.csl`, `.txt` or extensionless file are one text each; a text
that the official parser rejects is also cut at blank lines, and its parts are texts of their own.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

DATA: Final = Path(__file__).parent / "data"
VERDICTS: Final = DATA / "official-syntax.tsv"
NOT_KUSTO: Final = DATA / "not-kusto.tsv"

_QUERY_KEYS: Final = frozenset({"query", "functionquery", "parserquery"})
_FENCE_LINE: Final = re.compile(r"[ \t]*(`{3,})([^`\r]*)\r?\n?\Z")
_QUERY_FILES: Final = frozenset({".kql", ".csl", ".txt", ""})
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class CorpusText:
    """A text that may hold queries; `place` names it: its path below the corpora, and the number of the fence."""

    place: str
    tag: str
    text: str


def sha1(text: str) -> str:
    """The key under which a text is recorded."""
    return hashlib.sha1(text.encode("utf-8", errors="surrogatepass"), usedforsecurity=False).hexdigest()


def corpus_texts(corpora: Path) -> Iterator[CorpusText]:
    """Every text of azure-sentinel and the `kql-*` folders, in the order of paths; those listed as not Kusto too."""
    for folder in sorted(corpora.iterdir()):
        if folder.name == "azure-sentinel" or folder.name.startswith("kql-"):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and path.name.upper() not in ("LICENSE", "LICENSE.TXT"):
                    yield from _texts_of(path, path.relative_to(corpora).as_posix())


def _texts_of(path: Path, place: str) -> Iterator[CorpusText]:
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        for text in yaml_texts(decoded(path), _QUERY_KEYS):
            yield CorpusText(place, "yaml", text)
    elif suffix == ".md":
        for number, (tag, text) in enumerate(_fences(decoded(path)), start=1):
            yield CorpusText(f"{place}#{number}", tag.lower(), text)
    elif suffix in _QUERY_FILES:
        yield CorpusText(place, suffix, decoded(path))


def decoded(path: Path) -> str:
    """What a file says, with or without a mark of its encoding, and with characters in place of broken ones."""
    content = path.read_bytes()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    return content.decode("utf-8-sig", errors="replace")


def _fences(text: str) -> Iterator[tuple[str, str]]:
    """Tag and content of each fence; one that is not closed ends at the next fence line or with the file."""
    tag: str | None = None
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        match = _FENCE_LINE.match(line)
        if match is None:
            if tag is not None:
                lines.append(line)
        elif tag is None:
            tag, lines = match[2].strip(), []
        else:
            yield tag, "".join(lines)
            tag = match[2].strip() or None
            lines = []
    if tag is not None:
        yield tag, "".join(lines)


def yaml_texts(text: str, keys: Container[str]) -> Iterator[str]:
    """The texts under some keys, in lower case, at any depth of YAML documents; none where they cannot be read."""
    try:
        pending: list[object] = list(yaml.load_all(text, Loader=_LOADER))
    except (yaml.YAMLError, ValueError):
        return
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, str) and str(key).lower() in keys:
                    yield value
                else:
                    pending.append(value)
        elif isinstance(node, list):
            pending.extend(node)


def kusto_texts(corpora: Path) -> Iterator[CorpusText]:
    """The texts of the corpora without those listed as not Kusto."""
    left_out = not_kusto()
    return (found for found in corpus_texts(corpora) if found.place not in left_out)


def verdicts() -> dict[str, bool]:
    """Is the text with this key accepted by Microsoft's parser?"""
    found: dict[str, bool] = {}
    for line in VERDICTS.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            key, accepted, _ = line.split("\t")
            found[key] = accepted == "1"
    return found


def not_kusto() -> dict[str, str]:
    """The places of fences and files that hold no Kusto, with the reason."""
    lines = NOT_KUSTO.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t") for line in lines if line and not line.startswith("#"))
