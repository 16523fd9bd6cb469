"""From the text of a query to its tree and its faults; the grammar is in the `parser_…` files beside this one.

The grammar is what Microsoft's own parser accepts (`QueryParser` of Kusto.Language 12.4.1); each method of those files
states its production. The chain of classes follows the language: cursor, literals, expressions, parts of operators,
operators, tables, nested pipelines, queries, statements.
"""

from __future__ import annotations

from dataclasses import dataclass

from detectionary.languages.kusto.lexer import tokenize
from detectionary.languages.kusto.parser_statements import Statements
from detectionary.languages.kusto.syntax import Query
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
    text = source if isinstance(source, str) else source.text
    parser = Statements(tokenize(text))
    tree = parser.query()
    diagnostics = sorted(parser.diagnostics, key=lambda diagnostic: diagnostic.span or (0, 0))
    return Parsed(tree, tuple(diagnostics))
