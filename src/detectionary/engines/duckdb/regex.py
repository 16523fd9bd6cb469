"""Kusto's regular expressions written for RE2, the library that DuckDB uses.

RE2's own classes are ASCII's, so classes are written out with Unicode's categories. Its word borders are ASCII's too:
`guarded` stops the run at a text for which that makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, assert_never

from detectionary.compiler import sql
from detectionary.compiler.plan import Expr
from detectionary.compiler.refused import UnsupportedError
from detectionary.compiler.regex import (
    AnyCharacter,
    Border,
    Character,
    CharacterSet,
    Choice,
    Expression,
    Group,
    Regex,
    Repeat,
    Sequence,
    parse_regex,
)
from detectionary.compiler.regex_sets import (
    ASCII_CLASSES,
    SPACE,
    WORD_CATEGORIES,
    WORD_OTHERS,
    Named,
    Ranges,
    RegexError,
    complement,
    explicit,
)
from detectionary.compiler.sql import Sql
from detectionary.engines.duckdb.regex_borders import stripped
from detectionary.engines.duckdb.texts import needed_text, stop

MOST_REPETITIONS: Final = 1000
"""RE2's bound, for repetitions within repetitions too."""

WORD_BORDERS: Final = frozenset({Border.WORD, Border.NOT_WORD})

_BORDERS: Final = {
    Border.START: r"\A",
    Border.END: r"\z",
    Border.LINE_START: "(?m:^)",
    Border.LINE_END: "(?m:$)",
    Border.WORD: r"\b",
    Border.NOT_WORD: r"\B",
    Border.ASCII_WORD: r"\b",
    Border.NOT_ASCII_WORD: r"\B",
}


def regex_of(expression: Expr) -> Expression:
    """The tree of a constant regular expression; refuses any other argument, and what is none."""
    text = needed_text(expression, "the regular expression")
    try:
        return parse_regex(text)
    except RegexError as error:
        raise UnsupportedError(f"this regular expression is not supported: {error}") from error


def written(expression: Expression) -> str:
    """The expression for RE2. Groups keep their numbers; refuses what RE2 cannot do."""
    if _most(expression.tree) > MOST_REPETITIONS:
        raise UnsupportedError(f"more than {MOST_REPETITIONS} repetitions in a regular expression are not supported")
    try:
        return _text(expression.tree)
    except RegexError as error:
        raise UnsupportedError(f"this regular expression is not supported: {error}") from error


def searched(expression: Expression, source: Sql, result: Callable[[Sql, int], Sql]) -> Sql:
    """`result` of a pattern that finds the first match, and of the number of the group that the whole match is.

    Exact for every text when borders of words stand only at the ends of the expression; else `guarded`.
    """
    found = stripped(expression) if expression.borders & WORD_BORDERS else None
    if found is None:
        return guarded(expression, source, result(sql.text(written(expression)), 0))
    front, back, rest = found
    before, after = (rf"(?:\A|[^{_WORD}])" if front else "", rf"(?:\z|[^{_WORD}])" if back else "")
    return result(sql.text(f"{before}({written(rest)}){after}"), 1)


def guarded(expression: Expression, source: Sql, result: Sql) -> Sql:
    """`result`, but an error for a text where RE2's borders of words are not those of Kusto."""
    if not expression.borders & WORD_BORDERS:
        return result
    foreign = sql.call("regexp_replace", source, sql.text(r"[\x00-\x7F]+"), sql.text(""), sql.text("g"))
    ascii_ = sql.equal(sql.call("strlen", source), sql.call("length", source))
    inside = sql.both(sql.negate(ascii_), sql.call("regexp_matches", foreign, sql.text(f"[{_WORD}]")))
    message = "a word border beside letters that are not ASCII is not supported in a regular expression"
    return stop(inside, message, result)


def _most(tree: Regex) -> int:
    match tree:
        case Repeat():
            return max(1, tree.low, tree.high or 1) * _most(tree.body)
        case Group():
            return _most(tree.body)
        case Sequence() | Choice():
            return max(map(_most, tree.parts), default=1)
        case _:
            return 1


def _text(tree: Regex) -> str:
    match tree:
        case Character():
            return _folded(_character(tree.code), tree.folded)
        case AnyCharacter():
            return "(?s:.)" if tree.all else r"[^\n]"
        case CharacterSet():
            return _set(tree)
        case Border():
            return _BORDERS[tree]
        case Group():
            body = "|".join(map(_text, tree.body.parts)) if isinstance(tree.body, Choice) else _text(tree.body)
            return f"({body})" if tree.number else f"(?:{body})"
        case Sequence():
            return _sequence(tree)
        case Choice():
            return f"(?:{'|'.join(map(_text, tree.parts))})"
        case Repeat():
            body = _text(tree.body)
            if isinstance(tree.body, Sequence | Border | Repeat):
                body = f"(?:{body})"
            return f"{body}{_bounds(tree.low, tree.high)}{'?' if tree.lazy else ''}"
        case _:
            assert_never(tree)


def _sequence(tree: Sequence) -> str:
    """Neighbours that ignore case share one group of that flag."""
    result: list[str] = []
    run: list[str] = []
    for part in tree.parts:
        if isinstance(part, Character) and part.folded:
            run.append(_character(part.code))
            continue
        if run:
            result.append(f"(?i:{''.join(run)})")
            run = []
        result.append(_text(part))
    if run:
        result.append(f"(?i:{''.join(run)})")
    return "".join(result)


def _folded(text: str, folded: bool) -> str:
    return f"(?i:{text})" if folded else text


def _bounds(low: int, high: int | None) -> str:
    match low, high:
        case 0, None:
            return "*"
        case 1, None:
            return "+"
        case 0, 1:
            return "?"
        case _, None:
            return f"{{{low},}}"
        case _ if low == high:
            return f"{{{low}}}"
        case _:
            return f"{{{low},{high}}}"


def _character(code: int) -> str:
    letter = chr(code)
    return letter if letter.isascii() and (letter.isalnum() or letter in " _") else f"\\x{{{code:X}}}"


def _ranges(ranges: Ranges) -> str:
    return "".join(_character(low) if low == high else f"{_character(low)}-{_character(high)}" for low, high in ranges)


_WORD: Final = "".join(f"\\p{{{category}}}" for category in WORD_CATEGORIES) + _ranges(WORD_OTHERS)


def _inside(name: Named) -> str:
    """A named class as it stands in brackets."""
    match name.name:
        case "s":
            return _ranges(complement(SPACE) if name.negated else SPACE)
        case "w":
            return _ranges(explicit((), (name,))) if name.negated else _WORD
        case "d":
            return r"\P{Nd}" if name.negated else r"\p{Nd}"
        case ascii_ if ascii_ in ASCII_CLASSES:
            return _ranges(ASCII_CLASSES[ascii_])
        case _:
            return f"\\{'P' if name.negated else 'p'}{{{name.name}}}"


def _set(tree: CharacterSet) -> str:
    if not tree.ranges and len(tree.names) == 1:
        name = tree.names[0]
        positive = name.negated is tree.negated
        return _folded(f"[{'' if positive else '^'}{_inside(Named(name.name))}]", tree.folded)
    if any(Named(name.name, not name.negated) in tree.names for name in tree.names):
        return r"[^\x00-\x{10FFFF}]" if tree.negated else "(?s:.)"
    inside = _ranges(tree.ranges) + "".join(map(_inside, tree.names))
    if not inside:
        return "(?s:.)" if tree.negated else r"[^\x00-\x{10FFFF}]"
    return _folded(f"[{'^' if tree.negated else ''}{inside}]", tree.folded)
