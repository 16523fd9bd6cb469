"""The verdict of the parser alone, the names of the commands, and the queries that a text holds."""

from __future__ import annotations

from typing import Final

from detectionary.languages.esql.lexer import tokenize
from detectionary.languages.esql.parser import parse
from detectionary.languages.esql.syntax_commands import (
    BadCommand,
    Bare,
    ChangePoint,
    Command,
    Completion,
    Derive,
    Dissect,
    Diversify,
    Drop,
    Enrich,
    Eval,
    Explain,
    External,
    Fork,
    From,
    Fuse,
    Grok,
    Highlighting,
    Join,
    Keep,
    Limit,
    MvExpand,
    PromQL,
    Rename,
    Rerank,
    Row,
    Sample,
    Show,
    Sort,
    Stats,
    Where,
)
from detectionary.languages.esql.tokens import END, SOURCE_COMMANDS
from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.text import SourceText

_NAMES: Final[dict[type[Command], str]] = {
    ChangePoint: "change_point",
    Completion: "completion",
    Dissect: "dissect",
    Diversify: "mmr",
    Drop: "drop",
    Enrich: "enrich",
    Eval: "eval",
    Explain: "explain",
    External: "external",
    Fork: "fork",
    Fuse: "fuse",
    Grok: "grok",
    Highlighting: "highlight",
    Keep: "keep",
    Limit: "limit",
    MvExpand: "mv_expand",
    PromQL: "promql",
    Rename: "rename",
    Rerank: "rerank",
    Row: "row",
    Sample: "sample",
    Show: "show",
    Sort: "sort",
    Where: "where",
}


def stage_kind(command: Command) -> str:
    """The name of a command in lower case: `inline stats` and `lookup join` have two words."""
    match command:
        case From(keyword=keyword) | Derive(keyword=keyword) | Bare(keyword=keyword) | BadCommand(keyword=keyword):
            return keyword
        case Stats(inline=inline):
            return "inline stats" if inline else "stats"
        case Join(kind=kind):
            return f"{kind} join"
        case _:
            return _NAMES[type(command)]


def check(source: SourceText) -> SyntaxReport:
    """Parse alone: the verdict, the errors, and the commands of the query."""
    parsed = parse(source)
    stages = tuple(SyntaxStage(stage_kind(command), command.span) for command in parsed.tree.commands)
    return SyntaxReport(parsed.accepted, parsed.diagnostics, stages)


def split_queries(text: str) -> tuple[tuple[int, int], ...]:
    """The range of the query in `text`, without blanks round it: one, since nothing parts ES|QL queries.

    None for a text that is empty, that holds comments alone, or that begins with no source command and has no pipe.
    """
    kinds = tokenize(text).kinds
    if kinds[0] == END or not (kinds[0] in SOURCE_COMMANDS or kinds[0] == "set" or "|" in kinds):
        return ()
    start = len(text) - len(text.lstrip())
    return ((start, start + len(text.strip())),)
