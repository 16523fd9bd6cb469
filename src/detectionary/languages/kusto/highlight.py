"""What each stretch of a query is, for a page that shows it in colours: the parser's tokens, and names by the tree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from detectionary.languages.kusto.lexer import Tokens, tokenize
from detectionary.languages.kusto.parser_statements import Statements
from detectionary.languages.kusto.syntax import (
    As,
    Call,
    ColumnDeclaration,
    DeclarePattern,
    Evaluate,
    ExpressionStatement,
    Find,
    FindColumn,
    ForkBranch,
    FunctionDeclaration,
    GraphEdge,
    GraphNode,
    Invoke,
    Join,
    Let,
    Lookup,
    MacroExpand,
    Materialize,
    Name,
    Named,
    NameReference,
    Node,
    Parameter,
    Parenthesized,
    ParseColumn,
    Path,
    Pipeline,
    Query,
    QueryParameter,
    Range,
    ScanStep,
    Search,
    SetOption,
    ToScalar,
    ToTable,
    Union,
    WildcardName,
    walk,
)
from detectionary.languages.kusto.tokens import BAD, BOOL, DIRECTIVE, KEYWORDS, LITERALS, NAME, STRING, words
from detectionary.languages.language import Highlight
from detectionary.text import SourceText, Span

KEYWORD, OPERATOR, FUNCTION, COLUMN, TABLE = "keyword", "operator", "function", "column", "table"
STRING_KIND, NUMBER, COMMENT, NAME_KIND, ERROR = "string", "number", "comment", "name", "error"

_WORD_OPERATORS: Final = words(
    """
    and or between in has has_any has_all like contains startswith endswith hasprefix hassuffix has_cs hasprefix_cs
    hassuffix_cs contains_cs containscs startswith_cs endswith_cs likecs notlike notlikecs notcontains notcontainscs in~
    """
) | {"matches regex"}
_SIGNS: Final = words("| + - * / % < <= <| <> > >= = == => =~ != !~ ..")


def highlight(source: SourceText | str) -> tuple[Highlight, ...]:
    """Non-overlapping stretches in order; blanks, brackets, commas and the like are left out."""
    tokens = tokenize(source if isinstance(source, str) else source.text)
    names = _names(Statements(tokens).query())
    return tuple(sorted((*_token_highlights(tokens, names), *_comments(tokens)), key=lambda found: found.span))


def _comments(tokens: Tokens) -> Iterator[Highlight]:
    for span in tokens.comments():
        yield Highlight(span, COMMENT)


def _token_highlights(tokens: Tokens, names: dict[int, tuple[Span, str]]) -> Iterator[Highlight]:
    end = 0
    for token in tokens:
        if token.span.start < end:
            continue  # inside a name in brackets
        name = names.get(token.span.start)
        if name is not None and name[0].end >= token.span.end:
            end = name[0].end
            yield Highlight(*name)
            continue
        kind = _kind_of(token.kind)
        if kind is not None:
            yield Highlight(token.span, kind)


def _kind_of(kind: str) -> str | None:
    """What a token is by itself; None for punctuation."""
    if kind == NAME:
        return NAME_KIND
    if kind == STRING:
        return STRING_KIND
    if kind == BOOL:
        return KEYWORD
    if kind in LITERALS:
        return NUMBER
    if kind in _WORD_OPERATORS or kind in _SIGNS or (kind in KEYWORDS and kind[0] == "!"):
        return OPERATOR
    if kind in KEYWORDS or kind == DIRECTIVE:
        return KEYWORD
    return ERROR if kind == BAD else None


def _names(tree: Query) -> dict[int, tuple[Span, str]]:
    """What the names of a query are, by where they begin."""
    found: dict[int, tuple[Span, str]] = {}
    declared = _declared_names(tree)

    def mark(node: Node | None, kind: str) -> None:
        if node is not None:
            found.setdefault(node.span.start, (node.span, kind))

    for node in walk(tree):
        for table in _tables(node):
            mark(table, NAME_KIND if isinstance(table, NameReference) and table.name in declared else TABLE)
        match node:
            case Call(name=name):
                mark(name, FUNCTION)
            case NameReference(name):
                mark(node, NAME_KIND if name in declared else COLUMN)
            case WildcardName():
                mark(node, COLUMN)
            case Path(member=member):
                mark(
                    member.name if isinstance(member, Call) else member,
                    FUNCTION if isinstance(member, Call) else COLUMN,
                )
            case QueryParameter(name, value):
                found[node.span.start] = (Span(node.span.start, node.span.start + len(name)), KEYWORD)
                if isinstance(value, NameReference) and not name.startswith(("hint.shufflekey", "with")):
                    mark(value, KEYWORD)
            case Named(names=names):
                for name in names:
                    mark(name, COLUMN)
            case ColumnDeclaration(name=name) | ParseColumn(name=name) | FindColumn(name=name) | Range(name=name):
                mark(name, COLUMN)
            case Let(name, value):
                mark(name, FUNCTION if isinstance(value, FunctionDeclaration) else NAME_KIND)
            case Parameter(name=name) | As(name=name) | SetOption(name=name) | DeclarePattern(name=name):
                mark(name, NAME_KIND)
            case ScanStep(name=name) | ForkBranch(name=name) | GraphNode(name=name) | GraphEdge(name=name):
                mark(name, NAME_KIND)
            case MacroExpand(scope=scope):
                mark(scope, NAME_KIND)
            case Evaluate(call=Call(name=name)) | Invoke(call=Call(name=name)):
                mark(name, FUNCTION)
    return found


def _declared_names(tree: Query) -> frozenset[str]:
    """Names that the query itself gives: lets and parameters."""
    return frozenset(node.name.text for node in walk(tree) if isinstance(node, Let | Parameter))


def _tables(node: Node) -> Iterator[NameReference | Name | WildcardName]:
    """The names directly below `node` that stand for tables."""
    match node:
        case Pipeline(stages=(first, *_)):
            yield from _table_names(first)
        case ExpressionStatement(expression) | Materialize(expression):
            yield from _table_names(expression)
        case ToScalar(pipeline=expression) | ToTable(pipeline=expression):
            yield from _table_names(expression)
        case Join(right=right) | Lookup(right=right):
            yield from _table_names(right)
        case Union(tables=tables):
            for table in tables:
                yield from _table_names(table)
        case Find(sources=sources) | Search(sources=sources):
            for table in sources or ():
                yield from _table_names(table)


def _table_names(node: Node) -> Iterator[NameReference | Name | WildcardName]:
    match node:
        case NameReference() | WildcardName():
            yield node
        case Parenthesized(inner):
            yield from _table_names(inner)
        case Path(member=Name() | WildcardName() as member):
            yield member
