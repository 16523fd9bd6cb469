"""The last reader: says of every file that holds no rule what it is."""

from __future__ import annotations

from typing import Final

from detectionary.model.rule import FileContent
from detectionary.repositories.kusto_file import ending
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository

_JSON_SIGNS: Final = (
    # The first row whose sign stands in the text says what a JSON file is.
    ("//json-schema.org/", "a JSON schema"),
    ("deploymentTemplate.json", "an ARM template without a saved function"),
    ('"Notebook/1.0"', "a workbook"),
    ('"publisherId"', "a solution's metadata"),
    ('"BasePath"', "a solution's table of contents"),
    ('"Properties"', "a table definition"),
    ('"FunctionName"', "a function's signature without its query"),
    ('"connectivityCriterias"', "a data connector"),
)
_ENDINGS: Final = {
    ".py": "Python",
    ".ps1": "PowerShell",
    ".js": "JavaScript",
    ".ts": "TypeScript",
    ".csv": "a table of data",
    ".xml": "XML",
    ".html": "HTML",
    ".toml": "TOML",
    ".ipynb": "a notebook",
    ".sh": "a shell script",
    ".cfg": "settings",
    ".ini": "settings",
    ".conf": "settings",
}


def accepts(path: str, head: str) -> bool:  # noqa: ARG001  # the form of every reader
    """Everything."""
    return True


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:  # noqa: ARG001  # as above
    """Nothing, with the reason."""
    kind = ending(path)
    if kind == ".json":
        reason = next((reason for sign, reason in _JSON_SIGNS if sign in text), "JSON without a rule or saved function")
        return FileContent(ignored=reason)
    return FileContent(ignored=_ENDINGS.get(kind, "no format of rules"))
