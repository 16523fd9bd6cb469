"""From the text of a query to its tree and its faults; the grammar is in the `parser_…` files beside this one."""

from __future__ import annotations

from dataclasses import dataclass

from detectionary.languages.esql.lexer import tokenize
from detectionary.languages.esql.parser_queries import Queries
from detectionary.languages.esql.syntax_commands import Query
from detectionary.text import Diagnostic, SourceText


@dataclass(frozen=True, slots=True)
class Parsed:
    """The tree of a query, and everything that is wrong with its syntax, in order."""

    tree: Query
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def accepted(self) -> bool:
        """No fault of syntax."""
        return not self.diagnostics


def parse(source: SourceText | str) -> Parsed:
    """Parse a query. Never raises: what cannot be read is a Bad… node with a diagnostic at its place."""
    parser = Queries(tokenize(source if isinstance(source, str) else source.text))
    tree = parser.statement()
    return Parsed(tree, tuple(sorted(parser.diagnostics, key=lambda diagnostic: diagnostic.span or (0, 0))))
