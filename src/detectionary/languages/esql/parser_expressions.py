"""Expressions: the productions from `or` down to names and literals.

The grammar is that of Elasticsearch (`parser/Expression.g4`, August 2026): a comparison, `in`, `like`, `is null` and
`:` do not chain; `not` binds tighter than `and`.
"""

# docstrings of productions are productions

# ruff: noqa: D210, D403  # the docstring of a production is the production

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from detectionary.languages.cursor import Fault
from detectionary.languages.esql.parser_base import Cursor
from detectionary.languages.esql.syntax import (
    Arithmetic,
    Bad,
    Call,
    Cast,
    Compare,
    Connective,
    Expression,
    InList,
    InQuery,
    IsNull,
    Lambda,
    Like,
    ListLiteral,
    Literal,
    Logic,
    MapLiteral,
    Match,
    Node,
    Not,
    Parenthesized,
    Signed,
    Star,
    TimeSpan,
)
from detectionary.languages.esql.tokens import (
    COMPARISONS,
    DECIMAL,
    END,
    INTEGER,
    NAME,
    NAMES,
    NUMBERS,
    PARAMETER,
    QUOTED_NAME,
    SOURCE_COMMANDS,
    STRING,
)
from detectionary.text import Span

TIME_UNITS: Final = {
    **dict.fromkeys(("millisecond", "milliseconds", "ms"), "ms"),
    **dict.fromkeys(("second", "seconds", "sec", "s"), "s"),
    **dict.fromkeys(("minute", "minutes", "min", "m"), "m"),
    **dict.fromkeys(("hour", "hours", "h"), "h"),
    **dict.fromkeys(("day", "days", "d"), "d"),
    **dict.fromkeys(("week", "weeks", "w"), "w"),
    **dict.fromkeys(("month", "months", "mo"), "mo"),
    **dict.fromkeys(("quarter", "quarters", "q"), "q"),
    **dict.fromkeys(("year", "years", "yr", "y"), "y"),
}
"""Every spelling of a unit of time, and its short form (elastic.co, "ES|QL time spans")."""

_SUMS: Final = frozenset({"+", "-"})
_PRODUCTS: Final = frozenset({"*", "/", "%"})
_FUNCTION_NAMES: Final = NAMES | {"first", "last", PARAMETER}
_MOST_DIGITS: Final = 4000
_MEANT_COMPARISONS: Final = COMPARISONS | {"=", "=~"}
_OPERAND_ENDS: Final = frozenset({"and", "or", ",", "by", "where", "|", ")", "]", "}", END})
_SUFFIXES: Final = frozenset({"in", "like", "rlike", "is", "not", ":"})


class Expressions(Cursor):
    """The productions of expressions."""

    def subquery(self) -> Node:
        """A query in brackets; the commands define it."""
        raise NotImplementedError

    def expression(self) -> Expression:
        """boolean = conjunction { "or" conjunction }"""
        self.enter()
        first = self.at
        left = self._conjunction()
        if self.kinds[self.at] == "or":
            operands = [left]
            while self.accept("or"):
                operands.append(self._conjunction())
            left = Logic(Connective.OR, tuple(operands), span=self.span_from(first))
        self.depth -= 1
        return left

    def _conjunction(self) -> Expression:
        """conjunction = negation { "and" negation }"""
        first = self.at
        left = self._operand()
        if self.kinds[self.at] != "and":
            return left
        operands = [left]
        while self.accept("and"):
            operands.append(self._operand())
        return Logic(Connective.AND, tuple(operands), span=self.span_from(first))

    def _operand(self) -> Expression:
        """The condition at this place; one with a fault is kept as text, and what stands behind it is still read."""
        first, depth = self.at, self.depth
        try:
            return self._negation()
        except Fault:
            self.depth = depth
            self.skip_to(_OPERAND_ENDS)
            span = self.span_from(first)
            return Bad(span.of(self.text), span=span)

    def _negation(self) -> Expression:
        """negation = "not" negation | condition"""
        if self.kinds[self.at] != "not":
            return self._condition()
        first = self.at
        self.enter()
        self.at += 1
        operand = self._negation()
        self.depth -= 1
        return Not(operand, span=self.span_from(first))

    def _condition(self) -> Expression:
        """condition = value [ [ "not" ] ( in | like ) | "is" [ "not" ] "null" | ":" constant ]

        value = sum [ comparison sum ]
        """
        first = self.at
        left = self.sum()
        kind = self.kinds[self.at]
        if kind in _MEANT_COMPARISONS:
            at = self.at
            self.at += 1
            if kind not in COMPARISONS:
                self.report("ESQ016", f"`{kind}` does not compare", self.span_of(at), self.hint_for(at))
                kind = "==" if kind == "=" else kind
            right = self.sum()
            left = Compare(kind, left, right, span=self.span_from(first))
            kind = self.kinds[self.at]
        if kind not in _SUFFIXES:
            return left
        if kind == "is":
            return self._is_null(first, left)
        if kind == ":":
            self.at += 1
            return Match(left, self.constant("a query text"), span=self.span_from(first))
        negated = self.accept("not")
        kind = self.kinds[self.at]
        if kind == "in":
            return self._in(first, left, negated)
        if kind not in ("like", "rlike"):
            self.fail_expected("`in`, `like` or `rlike`")
        return self._like(first, left, negated)

    def _is_null(self, first: int, operand: Expression) -> Expression:
        """null-check = value "is" [ "not" ] "null" """
        self.at += 1
        negated = self.accept("not")
        self.expect("null")
        return IsNull(operand, negated, span=self.span_from(first))

    def _in(self, first: int, operand: Expression, negated: bool) -> Expression:
        """in = "in" "(" ( value { "," value } | query ) ")" """
        self.at += 1
        opener = self.expect("(")
        if self.kinds[self.at] in SOURCE_COMMANDS:
            self.at = opener
            operands = self._columns_of(operand)
            return InQuery(operands, self.subquery(), negated, span=self.span_from(first))
        items = self._group(opener, self._value)
        return InList(operand, items, negated, span=self.span_from(first))

    @staticmethod
    def _columns_of(operand: Expression) -> tuple[Expression, ...]:
        return operand.items if isinstance(operand, ListLiteral) else (operand,)

    def _value(self) -> Expression:
        """value = sum [ comparison sum ]"""
        first = self.at
        left = self.sum()
        kind = self.kinds[self.at]
        if kind not in COMPARISONS:
            return left
        self.at += 1
        return Compare(kind, left, self.sum(), span=self.span_from(first))

    def _group(self, opener: int, production: Callable[[], Expression]) -> tuple[Expression, ...]:
        """The productions between brackets, parted by commas; after a fault, the rest of the group is given up."""
        depth = self.depth
        items: list[Expression] = []
        try:
            while True:
                items.append(production())
                if not self.accept(","):
                    break
            self.expect(")")
        except Fault:
            items.append(self.skip_group(opener, depth))
        return tuple(items)

    def _like(self, first: int, operand: Expression, negated: bool) -> Expression:
        """like = ( "like" | "rlike" ) ( primary | "(" string { "," string } ")" )"""
        regex = self.kinds[self.at] == "rlike"
        self.at += 1
        if self.kinds[self.at] == "(" and self.peek() in (STRING, PARAMETER):
            opener = self.at
            self.at += 1
            patterns = self._group(opener, self._pattern)
            return Like(operand, patterns, regex, negated, listed=True, span=self.span_from(first))
        pattern = self.primary()
        return Like(operand, (pattern,), regex, negated, span=self.span_from(first))

    def _pattern(self) -> Expression:
        """pattern = string | parameter"""
        return self.accept_parameter() or self.expect_string("a pattern in quotes")

    def sum(self) -> Expression:
        """sum = product { ( "+" | "-" ) product }"""
        first = self.at
        left = self._product()
        if self.kinds[self.at] not in _SUMS:
            return left
        operands, operators = [left], []
        while (kind := self.kinds[self.at]) in _SUMS:
            self.at += 1
            operators.append(kind)
            operands.append(self._product())
        return Arithmetic(tuple(operands), tuple(operators), span=self.span_from(first))

    def _product(self) -> Expression:
        """product = signed { ( "*" | "/" | "%" ) signed }"""
        first = self.at
        left = self._signed()
        if self.kinds[self.at] not in _PRODUCTS:
            return left
        operands, operators = [left], []
        while (kind := self.kinds[self.at]) in _PRODUCTS:
            self.at += 1
            operators.append(kind)
            operands.append(self._signed())
        return Arithmetic(tuple(operands), tuple(operators), span=self.span_from(first))

    def _signed(self) -> Expression:
        """signed = ( "-" | "+" ) signed | primary"""
        kind = self.kinds[self.at]
        if kind not in _SUMS:
            return self.primary()
        first = self.at
        self.enter()
        self.at += 1
        operand = self._signed()
        self.depth -= 1
        return Signed(kind, operand, span=self.span_from(first))

    def primary(self) -> Expression:
        """primary = ( constant | name | call | "(" boolean ")" ) { "::" type }"""
        first = self.at
        kind = self.kinds[first]
        if kind in _FUNCTION_NAMES and self.kinds[first + 1] == "(":
            found: Expression = self._call()
        elif kind == NAME:
            found = self.expect_name()
        elif kind == "(":
            found = self._parenthesized()
        elif kind == QUOTED_NAME:
            found = self.expect_name()
        elif kind == PARAMETER:
            found = self.expect_name() if self.peek() == "." or self.texts[first][:2] == "??" else self.constant()
        elif kind == "[" and (name := self.accept_name()) is not None:
            found = name
        else:
            found = self.constant()
        while self.kinds[self.at] == "::":
            self.at += 1
            if self.kinds[self.at] not in NAMES:
                self.fail_expected("a type")
            type_name = self.texts[self.at].strip("`").lower()
            self.at += 1
            found = Cast(found, type_name, span=self.span_from(first))
            if self.at - first > _MOST_DIGITS:
                self.fail_expected("an end of casts", "ESQ018")
        return found

    def _parenthesized(self) -> Expression:
        """parenthesized = "(" boolean ")"; several values in brackets are the left side of `in (query)`"""
        opener, depth = self.at, self.depth
        self.at += 1
        try:
            inner = self.expression()
            if self.kinds[self.at] == ",":
                return self._tuple(opener, inner)
            self.expect(")")
        except Fault:
            inner = self.skip_group(opener, depth)
        return Parenthesized(inner, span=self.span_from(opener))

    def _tuple(self, opener: int, first: Expression) -> Expression:
        """tuple = "(" value { "," value } ")" """
        items = [first]
        while self.accept(","):
            items.append(self._value())
        self.expect(")")
        if self.kinds[self.at] not in ("in", "not"):
            self.fail_expected("`in` and a query")
        return ListLiteral(tuple(items), span=self.span_from(opener))

    def _call(self) -> Expression:
        """call = name "(" [ "*" | argument { "," argument } [ "," map ] ] ")" """
        first = self.at
        name = self.texts[first].strip("`").lower()
        opener = first + 1
        name_span = self.span_of(first)
        self.at += 2
        if self.accept(")"):
            return Call(name, (), name_span=name_span, span=self.span_from(first))
        self.enter()
        if self.kinds[self.at] == "*":
            at = self.at
            self.at += 1
            arguments: tuple[Expression, ...] = (Star(span=self.span_of(at)),)
            if not self.accept(")"):
                self.fail_expected("`)`")
        else:
            arguments = self._group(opener, self._argument)
        self.depth -= 1
        return Call(name, arguments, name_span=name_span, span=self.span_from(first))

    def _argument(self) -> Expression:
        """argument = boolean | lambda | map"""
        kind = self.kinds[self.at]
        if kind == "{":
            return self.map()
        if kind in NAMES and self.peek() == "->":
            first = self.at
            self.at += 2
            return Lambda((self.texts[first],), self.expression(), span=self.span_from(first))
        if kind == "(" and self._is_lambda():
            return self._lambda()
        return self.expression()

    def _is_lambda(self) -> bool:
        """Is this `(`, names and commas, `)` and `->`?"""
        at = self.at + 1
        while self.kinds[at] in NAMES or self.kinds[at] == ",":
            at += 1
        return self.kinds[at] == ")" and self.kinds[at + 1] == "->"

    def _lambda(self) -> Expression:
        """lambda = ( name | "(" [ name { "," name } ] ")" ) "->" boolean"""
        first = self.at
        self.at += 1
        names: list[str] = []
        while not self.accept(")"):
            if self.kinds[self.at] not in NAMES:
                self.fail_expected("a name")
            names.append(self.texts[self.at])
            self.at += 1
            if not self.accept(","):
                self.expect(")")
                break
        self.expect("->")
        return Lambda(tuple(names), self.expression(), span=self.span_from(first))

    def map(self) -> MapLiteral:
        """map = "{" [ string ":" ( constant | map ) { "," string ":" ( constant | map ) } ] "}" """
        opener = self.expect("{")
        self.enter()
        entries: list[tuple[Literal, Expression]] = []
        while self.kinds[self.at] != "}":
            key = self.expect_string("a key in quotes")
            self.expect(":")
            entries.append((key, self.map() if self.kinds[self.at] == "{" else self.constant()))
            if not self.accept(","):
                break
        self.expect("}")
        self.depth -= 1
        return MapLiteral(tuple(entries), span=self.span_from(opener))

    def constant(self, what: str = "an expression") -> Expression:
        """constant = string | number [ unit ] | "true" | "false" | "null" | parameter | "[" constant { … } "]" """
        at = self.at
        kind = self.kinds[at]
        if kind == STRING:
            self.at = at + 1
            return self.string_at(at)
        if kind in NUMBERS:
            return self._number()
        if kind in ("true", "false"):
            self.at = at + 1
            return Literal(kind == "true", span=self.span_of(at))
        if kind == "null":
            self.at = at + 1
            return Literal(None, span=self.span_of(at))
        if kind == PARAMETER:
            return self.accept_parameter() or Bad()
        if kind in _SUMS and self.peek() in NUMBERS:
            self.at = at + 1
            return Signed(kind, self._number(), span=self.span_from(at))
        if kind != "[":
            self.fail_expected(what, "ESQ011")
        return self._list()

    def _list(self) -> Expression:
        """list = "[" constant { "," constant } "]" """
        opener = self.at
        self.enter()
        self.at += 1
        items = [self.constant("a value")]
        while self.accept(","):
            items.append(self.constant("a value"))
        self.expect("]")
        self.depth -= 1
        return ListLiteral(tuple(items), span=self.span_from(opener))

    def _number(self) -> Expression:
        """number = decimal | integer [ unit ]"""
        at = self.at
        text = self.texts[at]
        span = self.span_of(at)
        self.at = at + 1
        if self.kinds[at] == DECIMAL:
            return Literal(float(text), span=span)
        if len(text) > _MOST_DIGITS:
            self.report("ESQ016", "a number with too many digits", span)
            return Bad(text, span=span)
        if self.kinds[self.at] == NAME and self.kinds[at] == INTEGER:
            unit = self.word()
            self.at += 1
            if unit not in TIME_UNITS:
                self.report("ESQ015", f"`{unit}` is no unit of time", self.span_of(self.at - 1))
            return TimeSpan(int(text), unit, span=self.span_from(at))
        return Literal(int(text), span=span)

    def rest_of_command(self, first: int) -> None:
        """Behind a complete command stands a pipe, or the query ends."""
        kind = self.kinds[self.at]
        if kind in ("|", END) or (kind == ")" and self.depth):
            return
        at = self.at
        span = Span(self.starts[at], self.ends[at])
        hint = self.hint_for(at)
        if kind in (STRING, NAME, *NUMBERS) and hint is None:
            hint = "an operator, a comma or a pipe is missing before it"
        self.report("ESQ016", f"`{self.texts[at][:30]}` stands behind the end of `{self.texts[first]}`", span, hint)
        raise Fault
