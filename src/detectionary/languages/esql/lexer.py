"""From text to tokens. What a character means depends on the command that it stands in: index patterns after `from`,
name patterns after `keep`, expressions elsewhere; a mode for each, as in Elasticsearch's own lexer.

Tokens are kept as parallel lists, since the parser walks over them by index; blanks and comments lie between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from detectionary.languages.esql.tokens import (
    BAD,
    COMMAND,
    COMMANDS,
    DECIMAL,
    END,
    INTEGER,
    JOINS,
    NAME,
    PARAMETER,
    PATTERN,
    POLICY,
    PROMQL,
    QUOTED_NAME,
    RESERVED,
    SOURCE,
    STRING,
    Token,
    words,
)
from detectionary.text import Span


class Mode(Enum):
    """What the characters of a place are read as."""

    COMMAND = "command"
    EXPRESSION = "expression"
    SOURCE = "source"
    JOIN = "join"
    POLICY = "policy"
    COLUMNS = "columns"
    RENAME = "rename"
    POLICY_FIELDS = "policy fields"
    BRANCHES = "branches"
    INLINE = "inline"
    PROMQL = "promql"


_MODES: Final = {
    **dict.fromkeys(("from", "ts", "external"), Mode.SOURCE),
    **dict.fromkeys(JOINS, Mode.JOIN),
    **dict.fromkeys(("keep", "drop"), Mode.COLUMNS),
    **dict.fromkeys(("fork", "explain"), Mode.BRANCHES),
    "rename": Mode.RENAME,
    "enrich": Mode.POLICY,
    "inline": Mode.INLINE,
    "promql": Mode.PROMQL,
}
"""The mode that a command begins; all others begin expressions."""

_MODE_WORDS: Final = {
    Mode.SOURCE: words("metadata with"),
    Mode.JOIN: words("join as on using"),
    Mode.POLICY: words("on with"),
    Mode.COLUMNS: frozenset[str](),
    Mode.RENAME: words("as"),
    Mode.POLICY_FIELDS: words("with"),
    Mode.INLINE: words("stats"),
    Mode.BRANCHES: frozenset[str](),
}
"""Words that are keywords in a mode, and nowhere else in it names."""

_NEXT: Final = {
    (Mode.SOURCE, "with"): Mode.EXPRESSION,
    (Mode.JOIN, "on"): Mode.EXPRESSION,
    (Mode.JOIN, "using"): Mode.EXPRESSION,
    (Mode.POLICY, "on"): Mode.POLICY_FIELDS,
    (Mode.POLICY, "with"): Mode.POLICY_FIELDS,
    (Mode.INLINE, "stats"): Mode.EXPRESSION,
}
"""The mode that a keyword of another mode begins."""

_TRIVIA: Final = r"(?:[ \t\r\n]++|//[^\r\n]*+)*+"
_STRING: Final = r'"""[^\r\n]*?""""{0,2}|"(?:[^"\\\r\n]++|\\[^\r\n])*+"?'
_QUOTED: Final = r"`(?:[^`]|``)++`"
_PIECE: Final = rf"(?:[A-Za-z*][\w*]*+|[_@][\w*]++|{_QUOTED})++"


def _mode(body: str) -> re.Pattern[str]:
    return re.compile(rf"{_TRIVIA}(?:(?P<comment>/\*)|{body}|(?P<end>\Z)|(?P<bad>.))", re.ASCII | re.DOTALL)


_EXPRESSION: Final = _mode(
    r"(?P<word>[A-Za-z]\w*+(?:\.(?:[A-Za-z]\w*+|[_@]\w++))*+|[_@]\w++(?:\.(?:[A-Za-z]\w*+|[_@]\w++))*+)"
    rf"|(?P<string>{_STRING})"
    r"|(?P<decimal>\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)"
    r"|(?P<integer>\d+)"
    r"|(?P<sign>::|==|=~|!=|<=|>=|->|[][(){}|,.;:=<>+\-*/%])"
    rf"|(?P<quoted>{_QUOTED})"
    r"|(?P<parameter>\?\??\w*)"
)
_SOURCE: Final = _mode(
    rf"(?P<string>{_STRING})|(?P<source>(?:[^:\"=|,\[\]/() \t\r\n]|/[^*/])+)|(?P<sign>::|[][():=|,])"
)
_POLICY: Final = _mode(
    rf'(?P<string>{_STRING})|(?P<policy>[^\\/?"<>| ,#\t\r\n:()]+(?::[^\\/?"<>| ,#\t\r\n:()]+)?)|(?P<sign>[|(),])'
)
_COLUMNS: Final = _mode(rf"(?P<pattern>{_PIECE}(?:\.{_PIECE})*+)|(?P<parameter>\?\??\w*)|(?P<sign>[][()|,.=])")
_COMMAND: Final = _mode(r"(?P<command>[A-Za-z_]\w*|[^ \r\n\t\[\]/|()]+)|(?P<sign>[][()|])")
_PATTERNS: Final = {
    Mode.COMMAND: _COMMAND,
    Mode.EXPRESSION: _EXPRESSION,
    Mode.SOURCE: _SOURCE,
    Mode.JOIN: _SOURCE,
    Mode.POLICY: _POLICY,
    Mode.COLUMNS: _COLUMNS,
    Mode.RENAME: _COLUMNS,
    Mode.POLICY_FIELDS: _COLUMNS,
    Mode.BRANCHES: _COLUMNS,
    Mode.INLINE: _COLUMNS,
}
_KINDS: Final = {
    "word": NAME,
    "string": STRING,
    "decimal": DECIMAL,
    "integer": INTEGER,
    "quoted": QUOTED_NAME,
    "parameter": PARAMETER,
    "source": SOURCE,
    "policy": POLICY,
    "pattern": PATTERN,
    "command": COMMAND,
    "bad": BAD,
    "end": END,
}
_SUBQUERY: Final = re.compile(
    rf"(?:{_TRIVIA}/\*[^*]*+\*++(?:[^/*][^*]*+\*++)*+/)*+{_TRIVIA}(?:from|row|show|ts|promql)(?!\w)",
    re.IGNORECASE | re.ASCII,
)
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")
_PROMQL: Final = re.compile(
    r"(?:[^|()\"'`#]++|\"(?:[^\"\\]|\\.)*+\"?|'(?:[^'\\]|\\.)*+'?|`[^`]*+`?|#[^\r\n]*+)++|(?P<edge>[|()])", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens of a text, the last one of kind END. Lists are parallel; nobody changes them."""

    text: str
    kinds: list[str]
    texts: list[str]
    starts: list[int]
    ends: list[int]
    unclosed: int | None
    """Where a block comment begins that nothing ends."""

    def __iter__(self) -> Iterator[Token]:
        for kind, text, start, end in zip(self.kinds, self.texts, self.starts, self.ends, strict=True):
            yield Token(kind, text, Span(start, end))

    def comments(self) -> Iterator[Span]:
        """The comments, which lie between tokens."""
        before, closing = 0, _Comments(self.text)
        for start, end in zip(self.starts, self.ends, strict=True):
            at = before
            while at < start:
                if self.text.startswith("//", at):
                    stop = _LINE_END.search(self.text, at, start)
                    finish = start if stop is None else stop.start()
                elif self.text.startswith("/*", at):
                    finish = min(closing.end_of(at), start)
                else:
                    at += 1
                    continue
                yield Span(at, finish)
                at = finish
            before = end


_LINE_END: Final = re.compile(r"[\r\n]")


class _Comments:
    """Where block comments end. They nest; one that is not balanced ends at the first `*/`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._ends: dict[int, int] | None = None

    def end_of(self, start: int) -> int:
        if self._ends is None:
            self._ends = {}
            waiting: list[int] = []
            for edge in _COMMENT_EDGE.finditer(self._text, start):
                if edge[0] == "/*":
                    waiting.append(edge.start())
                elif waiting:
                    self._ends[waiting.pop()] = edge.end()
        balanced = self._ends.get(start)
        if balanced is not None:
            return balanced
        first = self._text.find("*/", start + 2)
        return len(self._text) if first < 0 else first + 2

    def is_closed(self, start: int) -> bool:
        return self._text.find("*/", start + 2) >= 0


class _Levels:
    """The modes of the brackets round a place; only in some of them does a pipe begin another command."""

    def __init__(self) -> None:
        self.modes = [Mode.COMMAND]
        self._bases = [True]

    def open(self, mode: Mode, base: bool) -> None:
        self.modes.append(mode)
        self._bases.append(base)

    def close(self) -> None:
        if len(self.modes) > 1:
            self.modes.pop()
            self._bases.pop()

    def next_command(self) -> None:
        """Behind a pipe: brackets of the expression that it ends were not closed."""
        while not self._bases[-1]:
            self.close()
        self.modes[-1] = Mode.COMMAND


def tokenize(text: str) -> Tokens:
    """Cut `text` into tokens; every character is in a token or in the blanks and comments before one."""
    kinds: list[str] = []
    texts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    levels, comments = _Levels(), _Comments(text)
    modes = levels.modes
    unclosed: int | None = None
    at = 0
    kind = ""
    while kind != END:
        mode = modes[-1]
        if mode is Mode.PROMQL:
            end = _promql_end(text, at)
            modes[-1] = Mode.EXPRESSION
            if text[at:end].strip():
                start = at + len(text[at:end]) - len(text[at:end].lstrip())
                end = start + len(text[start:end].rstrip())
                kinds.append(PROMQL)
                texts.append(text[start:end])
                starts.append(start)
                ends.append(end)
                at = end
            continue
        found = _PATTERNS[mode].match(text, at)
        group = None if found is None else found.lastgroup
        if found is None or group is None:
            raise AssertionError(at)  # the last branch takes any character
        start, end = found.span(group)
        if group == "comment":
            if unclosed is None and not comments.is_closed(start):
                unclosed = start
            at = comments.end_of(start)
            continue
        word = found[group]
        if group == "sign":
            kind = word
            if word == "|":
                levels.next_command()
            elif word == ";":
                modes[-1] = Mode.COMMAND
            elif word == "(":
                inner = mode
                if mode is Mode.EXPRESSION:
                    if kinds and kinds[-1] == "in" and _SUBQUERY.match(text, end):
                        inner = Mode.COMMAND
                elif mode in (Mode.SOURCE, Mode.BRANCHES):
                    inner = Mode.COMMAND
                levels.open(inner, inner is Mode.COMMAND)
            elif word == ")":
                levels.close()
        elif group == "word":
            lower = word.lower()
            kind = lower if lower in RESERVED else NAME
        elif group == "command":
            lower = word.lower()
            kind = lower if lower in COMMANDS else COMMAND
            modes[-1] = _MODES.get(kind, Mode.EXPRESSION)
        else:
            kind = _KINDS[group]
            if mode is not Mode.EXPRESSION and kind in (SOURCE, POLICY, PATTERN):
                lower = word.lower()
                if lower in _MODE_WORDS[mode]:
                    kind = lower
                    modes[-1] = _NEXT.get((mode, lower), mode)
        kinds.append(kind)
        texts.append(word)
        starts.append(start)
        ends.append(end)
        at = end
    return Tokens(text, kinds, texts, starts, ends, unclosed)


def _promql_end(text: str, at: int) -> int:
    """Where a PromQL query ends: at the pipe or bracket that is not part of it."""
    depth = 0
    while at < len(text):
        found = _PROMQL.match(text, at)
        if found is None:
            raise AssertionError(at)  # every character fits one of the branches
        match found["edge"]:
            case "(":
                depth += 1
            case ")":
                depth -= 1
                if depth < 0:
                    return at
            case "|":
                return at
        at = found.end()
    return at
