"""Kusto's regular expressions written for Java, which Spark uses.

Java prefers matches as Kusto's library does (the leftmost, alternatives in their order); what differs is written out:
classes and borders are Unicode's, `$` is the very end, a line ends at the line feed alone. Case that does not count is
written as a class, since Java's own way takes `ı` and `İ` for an `i`. Java searches by trying, so that an expression
like `(a+)+b` can take long; the time limit of a run ends it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from typing import Final, assert_never

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
    SCRIPTS,
    SPACE,
    WORD_CATEGORIES,
    WORD_OTHERS,
    Named,
    Ranges,
    RegexError,
    normal,
)
from detectionary.engines.spark.pieces import needed_text

MOST_REPETITIONS: Final = 1000
NOTHING: Final = "(?!)"
_CASELESS: Final = frozenset(
    {"d", "s", "w", "L", "M", "N", "Nd", "P", "Z", "digit", "space", "punct", "alnum", "alpha"}
)


def regex_of(expression: Expr) -> Expression:
    """The tree of a constant regular expression; refuses any other argument, and what is none."""
    text = needed_text(expression, "the regular expression")
    try:
        return parse_regex(text)
    except RegexError as error:
        raise UnsupportedError(f"this regular expression is not supported: {error}") from error


def written(expression: Expression) -> str:
    """The expression for Java. Groups keep their numbers; refuses what the two may see in other ways."""
    try:
        return _text(expression.tree)
    except RegexError as error:
        raise UnsupportedError(f"this regular expression is not supported: {error}") from error


def needed_content(expression: Expression) -> None:
    """Refuses an expression that can match nothing: Java would find such a match inside of a character, too."""
    if matches_nothing(expression.tree):
        raise UnsupportedError("an expression that can match the empty text is not supported here")


def matches_nothing(tree: Regex) -> bool:
    """Whether the empty text matches."""
    match tree:
        case Character() | AnyCharacter() | CharacterSet():
            return False
        case Border():
            return True
        case Group():
            return matches_nothing(tree.body)
        case Sequence():
            return all(map(matches_nothing, tree.parts))
        case Choice():
            return any(map(matches_nothing, tree.parts))
        case Repeat():
            return tree.low == 0 or matches_nothing(tree.body)
        case _:
            assert_never(tree)


def _text(tree: Regex) -> str:
    match tree:
        case Character():
            return _character(tree.code) if not tree.folded else _class(folded(((tree.code, tree.code),)), (), False)
        case AnyCharacter():
            return "(?s:.)" if tree.all else r"[^\n]"
        case CharacterSet():
            return _set(tree)
        case Border():
            return _BORDERS[tree]
        case Group():
            return f"({_text(tree.body)})" if tree.number else f"(?:{_text(tree.body)})"
        case Sequence():
            return "".join(map(_text, tree.parts))
        case Choice():
            return f"(?:{'|'.join(map(_text, tree.parts))})"
        case Repeat():
            return _repeated(tree)
        case _:
            assert_never(tree)


def _repeated(tree: Repeat) -> str:
    if matches_nothing(tree.body) and tree.high != 1:
        raise UnsupportedError("a repetition of what can match the empty text is not supported")
    if max(tree.low, tree.high or 0) > MOST_REPETITIONS:
        raise UnsupportedError(f"more than {MOST_REPETITIONS} repetitions in a regular expression are not supported")
    body = _text(tree.body)
    if isinstance(tree.body, Sequence | Border | Repeat):
        body = f"(?:{body})"
    high = "" if tree.high is None else tree.high
    return f"{body}{{{tree.low},{high}}}{'?' if tree.lazy else ''}"


def _character(code: int) -> str:
    letter = chr(code)
    return letter if letter.isascii() and (letter.isalnum() or letter in " _") else f"\\x{{{code:X}}}"


def _ranges(ranges: Ranges) -> str:
    return "".join(_character(low) if low == high else f"{_character(low)}-{_character(high)}" for low, high in ranges)


_WORD: Final = "".join(f"\\p{{{category}}}" for category in WORD_CATEGORIES) + _ranges(WORD_OTHERS)
_ASCII_WORD: Final = "0-9A-Za-z_"


def _border(word: str, inside: bool) -> str:
    """The places between a character of `word` and another, or (`inside`) all other places."""
    before, after = (f"(?<=[{word}])", f"(?<![{word}])"), (f"(?=[{word}])", f"(?![{word}])")
    if inside:
        return f"(?:{before[0]}{after[0]}|{before[1]}{after[1]})"
    return f"(?:{before[0]}{after[1]}|{before[1]}{after[0]})"


_BORDERS: Final = {
    Border.START: r"\A",
    Border.END: r"\z",
    Border.LINE_START: r"(?:\A|(?<=\n))",
    Border.LINE_END: r"(?:\z|(?=\n))",
    Border.WORD: _border(_WORD, False),
    Border.NOT_WORD: _border(_WORD, True),
    Border.ASCII_WORD: _border(_ASCII_WORD, False),
    Border.NOT_ASCII_WORD: _border(_ASCII_WORD, True),
}


def _named(name: Named) -> str:
    """A named class as it stands in brackets; a class within a class is their union for Java."""
    match name.name:
        case "s":
            inside = _ranges(SPACE)
        case "w":
            inside = _WORD
        case "d":
            inside = r"\p{Nd}"
        case ascii_ if ascii_ in ASCII_CLASSES:
            inside = _ranges(ASCII_CLASSES[ascii_])
        case script if script in SCRIPTS:
            inside = f"\\p{{Is{script}}}"
        case category:
            inside = f"\\p{{{category}}}"
    return f"[^{inside}]" if name.negated else inside


def _class(ranges: Ranges, names: Iterable[Named], negated: bool) -> str:
    inside = _ranges(ranges) + "".join(map(_named, names))
    if not inside:
        return "(?s:.)" if negated else NOTHING
    return f"[{'^' if negated else ''}{inside}]"


def _set(tree: CharacterSet) -> str:
    if not tree.folded:
        return _negation(tree.ranges, tree.names, tree.negated)
    for name in tree.names:
        if name.name not in _CASELESS:
            raise UnsupportedError(f"the class {name.name} where case does not count is not supported")
    return _negation(folded(tree.ranges), tree.names, tree.negated)


def _negation(ranges: Ranges, names: tuple[Named, ...], negated: bool) -> str:
    """A negated set as a look ahead, since Java reads a negation of classes within classes in its own way."""
    inside = _class(ranges, names, False)
    if not negated:
        return inside
    if not any(name.negated for name in names):
        return _class(ranges, names, True)
    return f"(?:(?!{inside})(?s:.))"


# Case


def folded(ranges: Ranges) -> Ranges:
    """The ranges with the other cases of their letters, by Unicode's simple folding."""
    if all(high < 128 for _, high in ranges):
        found = list(ranges)
        for low, high in ranges:
            for code in range(max(low, 65), min(high, 122) + 1):
                found.extend((other, other) for other in _ASCII_CASES.get(code, ()))
        return normal(found)
    others = [
        (other, other)
        for code, cases in _cases().items()
        if any(low <= code <= high for low, high in ranges)
        for other in cases
    ]
    return normal((*ranges, *others))


_ASCII_CASES: Final = {
    **{code: (code ^ 32,) for code in (*range(65, 91), *range(97, 123))},
    **{ord(letter): (ord(letter) ^ 32, 0x212A) for letter in "kK"},  # K, the sign of the Kelvin
    **{ord(letter): (ord(letter) ^ 32, 0x17F) for letter in "sS"},  # the long s
}


@cache
def _cases() -> dict[int, tuple[int, ...]]:
    """The characters that differ from one in case alone, for all that have such."""
    groups: dict[str, list[int]] = {}
    for code in range(sys.maxunicode + 1):
        letter = chr(code)
        lower, upper = letter.lower(), letter.upper()
        if letter == lower and letter == upper:
            continue
        fold = letter.casefold()
        groups.setdefault(fold if len(fold) == 1 else lower if len(lower) == 1 else letter, []).append(code)
    return {code: tuple(found) for found in groups.values() if len(found) > 1 for code in found}
