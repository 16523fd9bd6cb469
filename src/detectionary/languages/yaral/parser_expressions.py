"""The productions of conditions and values."""

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from typing import Final

from detectionary.languages.cursor import Fault
from detectionary.languages.yaral.cursor import MAX_DEPTH, Cursor
from detectionary.languages.yaral.functions import FUNCTIONS
from detectionary.languages.yaral.syntax import (
    Argument,
    Arithmetic,
    Array,
    Bad,
    Call,
    Compare,
    Element,
    Expression,
    InList,
    Join,
    Logical,
    NoCase,
    Not,
    Quantified,
    Reference,
    Sign,
    SomeOf,
    Step,
)
from detectionary.languages.yaral.tokens import COUNT, INTEGER, LIST, LITERALS, NAME, VARIABLE
from detectionary.text import Span

_COMPARISONS: Final = frozenset(("=", "!=", "<", "<=", ">", ">="))
_ROOTS: Final = frozenset((NAME, VARIABLE, COUNT, LIST))
_QUANTIFIED: Final = frozenset((VARIABLE, NAME, "("))
_SIDES: Final = frozenset(("left", "right", "full", "inner", "cross"))


class Expressions(Cursor):
    """Reads conditions and values."""

    def _condition(self) -> Expression:
        """condition = join | disjunction."""
        return self._join() if self._at_join() else self._disjunction()

    def _at_join(self) -> bool:
        return self.word() in _SIDES and (
            self.word(1) == "join" or (self.word(1) == "outer" and self.word(2) == "join")
        )

    def _join(self) -> Expression:
        """join = ("left" | "right" | "full" | "inner" | "cross") ["outer"] "join" disjunction {"," disjunction}."""
        start = self.starts[self.at]
        kind = self.word()
        self.at += 3 if self.word(1) == "outer" else 2
        operands = [self._disjunction()]
        while self.accept(","):
            operands.append(self._disjunction())
        return Join(kind, tuple(operands), self.span_from(start))

    def _disjunction(self) -> Expression:
        """disjunction = conjunction {"or" conjunction}."""
        start = self.starts[self.at]
        first = self._conjunction()
        if self.kinds[self.at] != "or":
            return first
        operands = [first]
        while self.accept("or"):
            operands.append(self._conjunction())
        return Logical("or", _flat("or", operands), self.span_from(start))

    def _conjunction(self) -> Expression:
        """conjunction = negation {"and" negation}."""
        start = self.starts[self.at]
        first = self._operand()
        if self.kinds[self.at] != "and":
            return first
        operands = [first]
        while self.accept("and"):
            operands.append(self._operand())
        return Logical("and", _flat("and", operands), self.span_from(start))

    def _operand(self) -> Expression:
        # A negation; what cannot be read becomes one node.
        start, depth = self.at, self.depth
        try:
            return self._negation()
        except Fault:
            self.depth = depth
            self.at = max(self.at, start)
            self.skip_operand()
            span = (
                self.span_from(self.starts[start]) if self.at > start else Span(self.starts[start], self.starts[start])
            )
            return Bad(span.of(self.text), span)

    def _negation(self) -> Expression:
        """negation = ("not" | "!") negation | comparison."""
        kind = self.kinds[self.at]
        if kind not in ("not", "!"):
            return self._comparison()
        start = self.starts[self.at]
        self.at += 1
        self._enter()
        operand = self._negation()
        self.depth -= 1
        return Not(operand, self.span_from(start))

    def _enter(self) -> None:
        if self.depth >= MAX_DEPTH:
            self.fail("YAR017", "brackets or negations are nested too deeply")
        self.depth += 1

    def _comparison(self) -> Expression:
        """comparison = sum [operator sum | ["not"] "in" ["regex" | "cidr"] list] ["nocase"].

        operator = "=" | "!=" | "<" | "<=" | ">" | ">=".
        """
        start = self.starts[self.at]
        left = self._sum()
        kind = self.kinds[self.at]
        if kind in _COMPARISONS:
            self.at += 1
            if kind == "=" and self.kinds[self.at] == "=" and self.starts[self.at] == self.ends[self.at - 1]:
                self.fault_here("YAR016", "`==` is `=` in YARA-L", "write `=`")
                self.at += 1
            second = self.at
            right = self._sum()
            nocase = self.accept("nocase")
            if self.kinds[self.at] in _COMPARISONS:
                if self.begins_line(second) and not self.depth:
                    return self._without_right(kind, left, second, start)
                self.fail("YAR013", "comparisons are not chained", "write `a = b and b = c`")
            return Compare(kind, left, right, nocase, self.span_from(start))
        negated = kind == "not" and self.peek() == "in" and not self.begins_line(self.at)
        if kind == "in" or negated:
            self.at += 2 if negated else 1
            found = self._membership(left, start)
            return Not(found, found.span) if negated else found
        if self.accept("nocase"):
            return NoCase(left, self.span_from(start))
        return left

    def _without_right(self, operator: str, left: Expression, second: int, start: int) -> Compare:
        # `$e.a =`, and on the next line `$e.b = "x"`: the value is missing, and the next line stands by itself.
        self.at = second
        self.report("YAR011", f"expected a value behind `{operator}`", self.span_of(second - 1))
        end = self.ends[second - 1]
        return Compare(operator, left, Bad("", Span(end, end)), False, self.span_from(start))

    def _membership(self, left: Expression, start: int) -> InList:
        mode = self.word() if self.word() in ("regex", "cidr") and self.peek() in (LIST, "(", "[", VARIABLE) else ""
        if mode:
            self.at += 1
        values = self._list()
        return InList(left, mode, values, self.accept("nocase"), self.span_from(start))

    def _list(self) -> Expression:
        """list = "(" items ")" | sum."""
        if self.kinds[self.at] != "(":
            return self._sum()
        start = self.starts[self.at]
        items = self._items("(", ")")
        return Array(items, self.span_from(start))

    def _items(self, opening: str, closing: str) -> tuple[Expression, ...]:
        """items = [disjunction {"," disjunction}]."""
        self.expect(opening)
        self._enter()
        found: list[Expression] = []
        if self.kinds[self.at] != closing:
            found.append(self._disjunction())
            while self.accept(","):
                found.append(self._disjunction())
        self.close(closing)
        self.depth -= 1
        return tuple(found)

    def _sum(self) -> Expression:
        """sum = product {("+" | "-") product}."""
        start = self.starts[self.at]
        first = self._product()
        if self.kinds[self.at] not in ("+", "-"):
            return first
        rest: list[tuple[str, Expression]] = []
        while (kind := self.kinds[self.at]) in ("+", "-"):
            self.at += 1
            rest.append((kind, self._product()))
        return Arithmetic(first, tuple(rest), self.span_from(start))

    def _product(self) -> Expression:
        """product = sign {("*" | "/" | "%") sign}."""
        start = self.starts[self.at]
        first = self._sign()
        if self.kinds[self.at] not in ("*", "/", "%"):
            return first
        rest: list[tuple[str, Expression]] = []
        while (kind := self.kinds[self.at]) in ("*", "/", "%"):
            self.at += 1
            rest.append((kind, self._sign()))
        return Arithmetic(first, tuple(rest), self.span_from(start))

    def _sign(self) -> Expression:
        """sign = "-" sign | value."""
        if self.kinds[self.at] != "-":
            return self._value()
        start = self.starts[self.at]
        self.at += 1
        self._enter()
        operand = self._sign()
        self.depth -= 1
        return Sign(operand, self.span_from(start))

    def _value(self) -> Expression:
        """value = literal | array | "(" disjunction ")" | some | quantified | call | reference."""
        kind = self.kinds[self.at]
        if kind == INTEGER and self.word(1) == "of":
            return self._some()
        if kind in LITERALS:
            return self.literal()
        if kind == "(":
            return self._group()
        if kind == "[":
            return self._array()
        if kind not in _ROOTS:
            self.fail("YAR011", "expected a value or a condition")
        if kind == NAME and self.word() in ("any", "all"):
            if self.word(1) == "of":
                return self._some()
            if self.peek() in _QUANTIFIED and not self.begins_line(self.at + 1):
                return self._quantified()
        return self._reference()

    def _group(self) -> Expression:
        self.at += 1
        self._enter()
        found = self._disjunction()
        self.close(")")
        self.depth -= 1
        return found

    def _array(self) -> Expression:
        """array = "[" items "]"."""
        start = self.starts[self.at]
        return Array(self._items("[", "]"), self.span_from(start))

    def _some(self) -> Expression:
        """some = ("any" | "all" | INTEGER) "of" ("[" items "]" | "(" items ")")."""
        start = self.starts[self.at]
        count = int(self.texts[self.at][:18]) if self.kinds[self.at] == INTEGER else self.word()
        self.at += 2
        brackets = "()" if self.kinds[self.at] == "(" else "[]"
        items = self._items(*brackets)
        return SomeOf(count, items, self.span_from(start))

    def _quantified(self) -> Expression:
        """quantified = ("any" | "all") value."""
        start = self.starts[self.at]
        quantifier = self.word()
        self.at += 1
        self._enter()
        operand = self._value()
        self.depth -= 1
        return Quantified(quantifier, operand, self.span_from(start))

    def _reference(self) -> Expression:
        """reference = (VARIABLE | COUNT | LIST | NAME) {"." NAME | "[" sum "]"}."""
        start = self.at
        root = self.texts[self.at]
        self.at += 1
        steps: list[Step] = []
        while True:
            kind = self.kinds[self.at]
            if kind == ".":
                self.at += 1
                steps.append(self.name("a field's name"))
            elif kind == "[" and not self.begins_line(self.at):
                self.at += 1
                self._enter()
                steps.append(Element(self._sum()))
                self.close("]")
                self.depth -= 1
            else:
                break
        span = self.span_from(self.starts[start])
        if self.kinds[self.at] == "(" and self.kinds[start] in (NAME, LIST):
            name = ".".join((root, *(step for step in steps if isinstance(step, str))))
            # On a line of its own a bracket begins the next condition, unless a function stands before it.
            if not self.begins_line(self.at) or name in FUNCTIONS:
                return self._call(name, span)
        return Reference(root, tuple(steps), span)

    def _call(self, name: str, name_span: Span) -> Expression:
        """call = (NAME | LIST) {"." NAME} "(" [argument {"," argument}] ")"."""
        self.at += 1
        self._enter()
        arguments: list[Argument] = []
        if self.kinds[self.at] != ")":
            arguments.append(self._argument())
            while self.accept(","):
                arguments.append(self._argument())
        self.close(")")
        self.depth -= 1
        return Call(name, tuple(arguments), name_span, self.span_from(name_span.start))

    def _argument(self) -> Argument:
        """argument = [NAME {"." NAME} ":"] disjunction."""
        at = self.at
        while self.kinds[at] == NAME and self.kinds[at + 1] == "." and self.kinds[at + 2] == NAME:
            at += 2
        if self.kinds[at] != NAME or self.kinds[at + 1] != ":":
            return Argument(self._disjunction())
        name = ".".join(self.texts[self.at : at + 1 : 2])
        self.at = at + 2
        return Argument(self._disjunction(), name)


def _flat(operator: str, operands: list[Expression]) -> tuple[Expression, ...]:
    """Operands of an inner group of the same operator are operands of the outer one."""
    found: list[Expression] = []
    for operand in operands:
        found.extend(operand.operands if isinstance(operand, Logical) and operand.operator == operator else (operand,))
    return tuple(found)
