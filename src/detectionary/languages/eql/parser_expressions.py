"""The productions of expressions. What binds stronger stands further down.

Written after Elastic's documentation of EQL
(https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax) and the operators' order in Elasticsearch:
a list test (`in`, `like`, `:`) belongs to the operand right before it, arithmetic included.
"""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.cursor import Fault
from detectionary.languages.eql.cursor import MAX_DEPTH, Cursor
from detectionary.languages.eql.functions import function_named
from detectionary.languages.eql.syntax import (
    Arithmetic,
    Bad,
    Call,
    Compare,
    EventQuery,
    Expression,
    Field,
    InList,
    Logical,
    Match,
    Not,
    Related,
    Sign,
)
from detectionary.languages.eql.tokens import BAD, INTEGER, LITERALS, NAME, QUOTED_NAME, TILDE_NAME, words
from detectionary.text import Level, Span

_COMPARISONS: Final = words("== != < <= > >=")
_MATCHES: Final = words(": like like~ regex regex~")
_FOREIGN: Final = {"=": ("==", "write =="), "!:": (":", "write `not field : value`")}
_MISUSED: Final = words("any sample sequence join maxspan until of with")
"""Keywords that are read as the field they are meant for, with a fault."""

STARTS: Final = LITERALS | {NAME, QUOTED_NAME, TILDE_NAME, "(", "?", "not", "+", "-"}


class Expressions(Cursor):
    """Reads conditions and values."""

    def event_query(self) -> EventQuery:
        """An event query below `of`; the parser of whole queries defines it."""
        raise NotImplementedError

    def expression(self) -> Expression:
        """expression = conjunction ("or" conjunction)*"""
        first = self._conjunction()
        if self.kinds[self.at] not in ("or", "|"):
            return first
        operands = [first]
        while self._connective("or"):
            operands.append(self._conjunction())
        return joined("or", operands)

    def _conjunction(self) -> Expression:
        """conjunction = condition ("and" condition)*"""
        first = self._operand()
        if self.kinds[self.at] not in ("and", BAD):
            return first
        operands = [first]
        while self._connective("and"):
            operands.append(self._operand())
        return joined("and", operands)

    def _connective(self, word: str) -> bool:
        """Step over `and` or `or`, or over what other languages have in their place."""
        if self.accept(word):
            return True
        sign = "&" if word == "and" else "|"
        following = self.texts[self.at : self.at + 2]
        if following != [sign, sign] or self.ends[self.at] != self.starts[self.at + 1]:
            return False
        span = self.span_of(self.at) | self.span_of(self.at + 1)
        self.report("EQL016", f"`{sign}{sign}` is no operator", span, f"write `{word}`")
        self.at += 2
        return True

    def _operand(self) -> Expression:
        """condition, or what cannot be read in its place"""
        start = self.starts[self.at]
        depth = self.depth
        try:
            return self._condition()
        except Fault:
            self.depth = depth
            self.skip_operand()
            return self.bad(start)

    def bad(self, start: int) -> Bad:
        """What stands between this offset and the cursor, unread."""
        span = self.span_from(start)
        return Bad(span.of(self.text), span)

    def _condition(self) -> Expression:
        """condition = "not" condition | related | comparison"""
        kind = self.kinds[self.at]
        if kind == "not":
            start = self.starts[self.at]
            self.at += 1
            self._enter()
            operand = self._condition()
            self.depth -= 1
            return Not(operand, self.span_from(start))
        if kind == NAME and self.peek() == "of":
            return self._related()
        return self._comparison()

    def _related(self) -> Expression:
        """related = NAME "of" "[" event_query "]"."""
        start = self.starts[self.at]
        relation = self.texts[self.at]
        self.at += 2
        self._enter()
        self.expect("[")
        event = self.event_query()
        self.close("]")
        self.depth -= 1
        span = self.span_from(start)
        self.foreign(f"`{relation} of [...]`", span)
        return Related(relation, event, span)

    def foreign(self, what: str, span: Span) -> None:
        """A part of EQL that other engines have."""
        message = f"{what} is EQL of other engines; Elasticsearch does not run it"
        self.report("EQL301", message, span, level=Level.WARNING)

    def _comparison(self) -> Expression:
        """comparison = sum (("==" | "!=" | "<" | "<=" | ">" | ">=") sum)?"""
        left = self._sum()
        operator = self.kinds[self.at]
        if operator in _FOREIGN and operator == "=":
            self.fault_here("EQL016", "`=` does not compare", _FOREIGN["="][1])
            operator = "=="
        if operator not in _COMPARISONS:
            return left
        self.at += 1
        right = self._sum()
        first: Expression = Compare(operator, left, right, left.span | right.span)
        if self.kinds[self.at] not in _COMPARISONS:
            return first
        return self._chain(first, right)

    def _chain(self, first: Expression, right: Expression) -> Expression:
        """`a < b < c`, which EQL does not have: read as `a < b and b < c`."""
        found = [first]
        self.fault_here("EQL014", "comparisons cannot be chained", "write a < b and b < c")
        while (operator := self.kinds[self.at]) in _COMPARISONS:
            self.at += 1
            left, right = right, self._sum()
            found.append(Compare(operator, left, right, left.span | right.span))
        return joined("and", found)

    def _sum(self) -> Expression:
        """sum = product (("+" | "-") product)*"""
        first = self._product()
        if self.kinds[self.at] not in ("+", "-"):
            return first
        rest: list[tuple[str, Expression]] = []
        while (operator := self.kinds[self.at]) in ("+", "-"):
            self.at += 1
            rest.append((operator, self._product()))
        return Arithmetic(first, tuple(rest), first.span | rest[-1][1].span)

    def _product(self) -> Expression:
        """product = signed (("*" | "/" | "%") signed)*"""
        first = self._signed()
        if self.kinds[self.at] not in ("*", "/", "%"):
            return first
        rest: list[tuple[str, Expression]] = []
        while (operator := self.kinds[self.at]) in ("*", "/", "%"):
            self.at += 1
            rest.append((operator, self._signed()))
        return Arithmetic(first, tuple(rest), first.span | rest[-1][1].span)

    def _signed(self) -> Expression:
        """signed = ("+" | "-") signed | tested"""
        sign = self.kinds[self.at]
        if sign not in ("+", "-"):
            return self._tested()
        start = self.starts[self.at]
        self.at += 1
        self._enter()
        operand = self._signed()
        self.depth -= 1
        return Sign(sign, operand, self.span_from(start))

    def _tested(self) -> Expression:
        """tested = primary ("not"? ("in" | "in~") list | (":" | "like" | "regex" | …) (constant | list))?"""
        operand = self._primary()
        kind = self.kinds[self.at]
        negated = kind == "not"
        if negated:
            kind = self.peek()
            if kind not in ("in", "in~") and kind not in _MATCHES:
                return operand
            if kind in _MATCHES:
                self.fault_here("EQL016", f"`not` stands before the operand of `{kind}`", f"write `not field {kind} …`")
            self.at += 1
        if kind in ("in", "in~"):
            self.at += 1
            items = self._list(constants=False)
            return InList(operand, negated, kind == "in~", items, self.span_from(operand.span.start))
        if kind == "!:":
            self.fault_here("EQL016", "`!:` is no operator", _FOREIGN["!:"][1])
            kind, negated = ":", True
        if kind not in _MATCHES:
            return operand
        self.at += 1
        patterns = self._list(constants=True) if self.kinds[self.at] == "(" else (self._pattern(),)
        span = self.span_from(operand.span.start)
        match: Expression = Match(kind, operand, patterns, span)
        return Not(match, span) if negated else match

    def _list(self, *, constants: bool) -> tuple[Expression, ...]:
        """list = "(" item ("," item)* ")"."""
        self._enter()
        self.expect("(")
        items: list[Expression] = []
        while True:
            if self.kinds[self.at] == ")" and items:
                self.fault_here("EQL011", "expected a value behind the comma")
                break
            items.append(self._pattern() if constants else self.expression())
            if not self.accept(","):
                break
        self.depth -= 1
        self.close(")")
        return tuple(items)

    def _pattern(self) -> Expression:
        """pattern = constant; anything else is a fault"""
        if self.kinds[self.at] in LITERALS:
            return self.constant()
        if self.kinds[self.at] not in STARTS:
            self.fail("EQL011", "expected a constant")
        self.fault_here("EQL012", "only constants may stand here")
        return self._sum()

    def _primary(self) -> Expression:
        """primary = constant | function "(" (expression ("," expression)*)? ")" | field | "(" expression ")"."""
        kind = self.kinds[self.at]
        if kind == NAME:
            return self._call() if self.peek() == "(" else self._field(self.starts[self.at], False)
        if kind in LITERALS:
            return self.constant()
        if kind == "(":
            self._enter()
            self.at += 1
            inner = self.expression()
            self.depth -= 1
            self.close(")")
            return inner
        if kind == "?":
            start = self.starts[self.at]
            self.at += 1
            return self._field(start, True)
        if kind == QUOTED_NAME:
            return self._field(self.starts[self.at], False)
        if kind == TILDE_NAME:
            if self.peek() != "(":
                self.fail("EQL010", "expected an expression")
            return self._call()
        if kind in _MISUSED:
            return self._field(self.starts[self.at], False)
        return self.fail("EQL011", "expected an expression")

    def _call(self) -> Call:
        """call = function "(" (expression ("," expression)*)? ")"."""
        name_span = self.span_of(self.at)
        name = self.texts[self.at]
        self._enter()
        self.at += 2
        arguments: list[Expression] = []
        while self.kinds[self.at] != ")":
            arguments.append(self.expression())
            if not self.accept(","):
                break
            if self.kinds[self.at] == ")":
                self.fault_here("EQL011", "expected an argument behind the comma")
        self.depth -= 1
        self.close(")")
        fold = name[-1] == "~"
        name = name.removesuffix("~")
        function = function_named(name)
        known = name if function is None else function.name
        return Call(known, fold, tuple(arguments), name_span, self.span_from(name_span.start))

    def _field(self, start: int, optional: bool) -> Field:
        """field = "?"? identifier ("." identifier | "[" INTEGER "]")*"""
        parts: list[str | int] = [self.name("a field name")]
        while True:
            kind = self.kinds[self.at]
            if kind == ".":
                self.at += 1
                parts.append(self.name("a name behind the dot"))
            elif kind == "[" and self.peek() == INTEGER:
                self.at += 1
                digits = self.texts[self.at]
                if len(digits) > 18:
                    self.fault_here("EQL006", "the index is too large")
                parts.append(int(digits[:18]))
                self.at += 1
                self.expect("]")
            else:
                return Field(tuple(parts), optional, self.span_from(start))

    def _enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("EQL017", f"nested deeper than {MAX_DEPTH} levels")


def joined(operator: str, operands: list[Expression]) -> Expression:
    """The operands under one connective; a single one stays as it is."""
    if len(operands) == 1:
        return operands[0]
    return Logical(operator, tuple(operands), operands[0].span | operands[-1].span)
