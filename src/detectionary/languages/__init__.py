"""The query languages, a folder each; none knows another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from detectionary.languages import eql, esql, kuery, kusto, lucene, ml, sigma, yaral
from detectionary.languages.language import Highlight, Language, SyntaxReport, SyntaxStage

LANGUAGES: Final[tuple[Language, ...]] = (
    kusto.LANGUAGE,
    sigma.LANGUAGE,
    eql.LANGUAGE,
    esql.LANGUAGE,
    kuery.LANGUAGE,
    lucene.LANGUAGE,
    ml.LANGUAGE,
    yaral.LANGUAGE,
)
"""To add a language: its folder, and one entry here."""

__all__ = ["LANGUAGES", "Highlight", "Language", "SyntaxReport", "SyntaxStage", "language_named", "split"]


def language_named(name: str) -> Language:
    """The language that calls itself `name`; `KeyError` when there is none."""
    for language in LANGUAGES:
        if language.name == name:
            return language
    raise KeyError(name)


def split(language: str, text: str) -> Sequence[tuple[int, int]]:
    """The ranges of `text` that hold a query of the language with this name each; `KeyError` as `language_named`."""
    return language_named(language).split(text)
