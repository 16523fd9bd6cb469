"""The query languages, a folder each; none knows another."""

from __future__ import annotations

from typing import Final

from detectionary.languages import kusto
from detectionary.languages.language import Highlight, Language, SyntaxReport, SyntaxStage

LANGUAGES: Final[tuple[Language, ...]] = (kusto.LANGUAGE,)
"""To add a language: its folder, and one entry here."""

__all__ = ["LANGUAGES", "Highlight", "Language", "SyntaxReport", "SyntaxStage", "language_named"]


def language_named(name: str) -> Language:
    """The language that calls itself `name`; `KeyError` when there is none."""
    for language in LANGUAGES:
        if language.name == name:
            return language
    raise KeyError(name)
