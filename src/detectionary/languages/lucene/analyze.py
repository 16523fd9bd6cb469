"""A Lucene query taken apart.

Which clauses must hold follows Lucene's classic parser (`QueryParserBase.addClause`) with the default operator OR, as
Elasticsearch's `query_string` has it: operators have no precedence over each other. AND makes the clauses on both its
sides required, NOT and `-` forbid one, `+` requires one, all others are optional. Where one is required, optional
clauses only add to the score, and are shown as opaque. Operators are upper case: `or` is a word to look for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from luqum.tree import (
    AndOperation,
    BaseApprox,
    BoolOperation,
    Boost,
    FieldGroup,
    From,
    Group,
    Item,
    Not,
    OrOperation,
    Phrase,
    Plus,
    Prohibit,
    Range,
    Regex,
    SearchField,
    To,
    UnknownOperation,
    Word,
)

from detectionary.languages.language import SyntaxReport, SyntaxStage
from detectionary.languages.lucene.parser import Parsed, parse
from detectionary.languages.rows import Place, Rows
from detectionary.model import predicate as model
from detectionary.model.analysis import Analysis, Stage
from detectionary.model.predicate import Comparison, Opaque, Operator, Predicate, Quantifier, Value, ValueKind, leaves
from detectionary.model.wildcards import Part, Wild, spelled
from detectionary.text import SourceText, Span

_OPERATIONS: Final = (AndOperation, OrOperation, BoolOperation, UnknownOperation)
_WORDS: Final = {"&&": "and", "||": "or"}


def check(source: SourceText) -> SyntaxReport:
    """The verdict; the query is its only stage."""
    parsed = parse(source.text)
    stages = (SyntaxStage("query", _whole(source.text)),) if source.text.strip() else ()
    return SyntaxReport(not parsed.diagnostics, parsed.diagnostics, stages)


def analyze(source: SourceText) -> Analysis:
    """Everything that the query says about the documents that it finds."""
    parsed = parse(source.text)
    if not source.text.strip():
        return Analysis(accepted=True, open_fields=True)
    span = _whole(source.text)
    predicate = _predicate(source.text, parsed, span)
    rows = Rows()
    rows.add(predicate, Place(1))
    tested = tuple(leaves(predicate))
    return Analysis(
        accepted=not parsed.diagnostics,
        stages=(Stage(1, "query", span.of(source.text), span, predicate=predicate),),
        indicators=tuple(rows.indicators),
        exclusions=tuple(rows.exclusions),
        opaques=tuple(leaf for leaf in tested if isinstance(leaf, Opaque)),
        open_fields=True,
        diagnostics=parsed.diagnostics,
        predicate_count=len(tested),
    )


def _whole(text: str) -> Span:
    start = len(text) - len(text.lstrip())
    return Span(start, max(start, len(text.rstrip())))


def _predicate(text: str, parsed: Parsed, span: Span) -> Predicate:
    if parsed.tree is None:
        return Opaque("unreadable", span.of(text), span)
    try:
        return _Reading(text).clauses(parsed.tree, None)
    except RecursionError:  # a chain of thousands of operators
        return Opaque("unreadable", span.of(text), span)


@dataclass(slots=True)
class _Clause:
    """A part of a row of clauses, and what becomes of it."""

    item: Item
    required: bool = False
    forbidden: bool = False


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text

    def clauses(self, item: Item, field: str | None) -> Predicate:
        """What a row of clauses asks for."""
        found: list[_Clause] = []
        for conjunction, part in _flat(item, None):
            clause = _Clause(part)
            if isinstance(part, Plus):
                clause = _Clause(part.a, required=True)
            elif isinstance(part, Not | Prohibit):
                clause = _Clause(part.a, forbidden=True)
            elif isinstance(part, Word) and part.value.startswith("!") and len(part.value) > 1:
                clause = _Clause(part, forbidden=True)  # luqum reads `!word` as one word
            if conjunction == "and":
                if found and not found[-1].forbidden:
                    found[-1].required = True
                clause.required = clause.required or not clause.forbidden
            found.append(clause)
        required = [self._one(clause.item, field) for clause in found if clause.required]
        forbidden = [model.Not(self._one(clause.item, field)) for clause in found if clause.forbidden]
        optional = [clause for clause in found if not clause.required and not clause.forbidden]
        parts: list[Predicate] = list(required)
        if optional and not required:
            choices = tuple(self._one(clause.item, field) for clause in optional)
            parts.append(choices[0] if len(choices) == 1 else _alternatives(choices))
        else:
            parts += [
                Opaque("optional clause", _span(clause.item).of(self._text), _span(clause.item)) for clause in optional
            ]
        parts += forbidden
        return parts[0] if len(parts) == 1 else model.AllOf(tuple(parts))

    def _one(self, item: Item, field: str | None) -> Predicate:
        match item:
            case SearchField():
                return self._one(item.expr, _unescaped_name(item.name))
            case Group() | FieldGroup():
                return self.clauses(item.expr, field)
            case Boost():
                return self._one(item.expr, field)
            case Plus() | Not() | Prohibit():
                return self.clauses(item, field)
            case Word():
                return self._word(item, field)
            case Phrase():
                return _compared(field, _text_operator(field), _text(item.value[1:-1]), _span(item))
            case Regex():
                return _compared(
                    field, Operator.REGEX_MATCH, Value(ValueKind.TEXT, item.value[1:-1], ("cased",)), _span(item)
                )
            case BaseApprox():
                return self._near(item, field)
            case Range():
                return self._range(item, field)
            case From():
                operator = Operator.GE if item.include else Operator.GT
                return _compared(field, operator, _value(str(item.a).strip()), _span(item))
            case To():
                operator = Operator.LE if item.include else Operator.LT
                return _compared(field, operator, _value(str(item.a).strip()), _span(item))
            case _ if isinstance(item, _OPERATIONS):
                return self.clauses(item, field)
            case _:
                return Opaque("unreadable", _span(item).of(self._text), _span(item))

    def _word(self, word: Word, field: str | None) -> Predicate:
        written = word.value.removeprefix("!") if len(word.value) > 1 else word.value
        pattern = _parts(written)
        span = _span(word)
        if field == "_exists_":
            return Comparison(_unescaped_name(written), Operator.IS_NOT_NULL, Quantifier.ANY, (), span)
        if pattern == (Wild.ANY,):
            if field is None or field == "*":
                return model.AllOf(())  # `*:*` asks for nothing
            return Comparison(field, Operator.IS_NOT_NULL, Quantifier.ANY, (), span)
        if any(isinstance(part, Wild) for part in pattern):
            return _compared(field, Operator.WILDCARD, Value(ValueKind.TEXT, spelled(pattern)), span)
        return _compared(field, _text_operator(field), _value(written), span)

    def _near(self, item: BaseApprox, field: str | None) -> Predicate:
        """`word~2` and `"a phrase"~3`: close to the text, which is kept with a transform."""
        name = "fuzzy" if isinstance(item.term, Word) else "proximity"
        text = item.term.value if isinstance(item.term, Word) else item.term.value[1:-1]
        value = Value(ValueKind.TEXT, _plain(text), (name,))
        return _compared(field, _text_operator(field), value, _span(item))

    def _range(self, item: Range, field: str | None) -> Predicate:
        low, high = str(item.low).strip(), str(item.high).strip()
        span = _span(item)
        bounds: list[Predicate] = []
        if low not in ("", "*"):
            bounds.append(_compared(field, Operator.GE if item.include_low else Operator.GT, _value(low), span))
        if high not in ("", "*"):
            bounds.append(_compared(field, Operator.LE if item.include_high else Operator.LT, _value(high), span))
        if not bounds:
            return Comparison(field, Operator.IS_NOT_NULL, Quantifier.ANY, (), span)
        if len(bounds) == 2 and item.include_low and item.include_high:
            pair = (_value(low).value, _value(high).value)
            assert not isinstance(pair[0], tuple)  # noqa: S101  # `_value` makes scalars
            assert not isinstance(pair[1], tuple)  # noqa: S101  # as above
            return _compared(field, Operator.BETWEEN, Value(ValueKind.RANGE, (pair[0], pair[1])), span)
        return bounds[0] if len(bounds) == 1 else model.AllOf(tuple(bounds))


def _flat(item: Item, conjunction: str | None) -> Iterator[tuple[str | None, Item]]:
    """The clauses of a row in order, each with the word before it; luqum nests AND below OR, which Lucene does not."""
    if not isinstance(item, _OPERATIONS):
        yield conjunction, item
        return
    word = "and" if isinstance(item, AndOperation) else "or" if isinstance(item, OrOperation) else None
    following = None
    for number, child in enumerate(item.children):
        if isinstance(child, Word) and child.value in _WORDS:
            following = _WORDS[child.value]
            continue
        yield from _flat(child, conjunction if number == 0 else following or word)
        following = None


def _alternatives(choices: tuple[Predicate, ...]) -> Predicate:
    """Alternatives of one field and operator are the values of one comparison."""
    first = choices[0]
    same = [
        each
        for each in choices
        if isinstance(each, Comparison)
        and isinstance(first, Comparison)
        and each.values
        and (each.field, each.operator) == (first.field, first.operator)
    ]
    if len(same) != len(choices) or not isinstance(first, Comparison):
        return model.AnyOf(choices)
    span = Span(same[0].span.start, same[-1].span.end)
    values = tuple(value for each in same for value in each.values)
    return Comparison(first.field, first.operator, Quantifier.ANY, values, span)


def _compared(field: str | None, operator: Operator, value: Value, span: Span) -> Comparison:
    return Comparison(None if field == "*" else field, operator, Quantifier.ANY, (value,), span)


def _text_operator(field: str | None) -> Operator:
    """A text without a field is looked for in all of them."""
    return Operator.CONTAINS if field in (None, "*") else Operator.EQ


def _span(item: Item) -> Span:
    """Where luqum found the part, without the blanks around it."""
    start = item.pos or 0
    return Span(start, start + max(len(str(item).strip()), 1))


def _parts(written: str) -> tuple[Part, ...]:
    """A word: `*` and `?` are wildcards, a backslash takes the meaning from the character behind it."""
    found: list[Part] = []
    plain: list[str] = []
    at = 0
    while at < len(written):
        character = written[at]
        if character == "\\" and at + 1 < len(written):
            plain.append(written[at + 1])
            at += 2
            continue
        at += 1
        if character not in "*?":
            plain.append(character)
            continue
        if plain:
            found.append("".join(plain))
            plain.clear()
        if character == "?" or not found or found[-1] is not Wild.ANY:
            found.append(Wild(character))
    if plain:
        found.append("".join(plain))
    return tuple(found)


def _plain(written: str) -> str:
    """A text with escapes resolved; `*` and `?` are themselves."""
    characters = iter(written)
    return "".join(next(characters, "\\") if character == "\\" else character for character in characters)


def _unescaped_name(written: str) -> str:
    return _plain(written).strip()


def _text(written: str) -> Value:
    return Value(ValueKind.TEXT, _plain(written))


def _value(written: str) -> Value:
    """A word or bound: numbers and truth values as such; a bound in quotes without them."""
    if written[:1] == '"' and written[-1:] == '"' and len(written) > 1:
        return _text(written[1:-1])
    text = _plain(written)
    if text.lower() in ("true", "false"):
        return Value(ValueKind.BOOL, text.lower() == "true")
    digits = text.removeprefix("-")
    if digits.isascii() and digits.isdecimal() and (digits == "0" or digits[0] != "0") and len(digits) < 30:
        return Value(ValueKind.NUMBER, int(text))
    whole, point, rest = digits.partition(".")
    if point and digits.isascii() and whole.isdecimal() and rest.isdecimal() and len(digits) < 30:
        return Value(ValueKind.NUMBER, float(text))
    return Value(ValueKind.TEXT, text)
