"""What expressions are worth that no row changes: constants folded, the clock kept as it is written.

`analysis.md` decision 3: values as evaluated, timespans in short form, datetimes in ISO form, `now()` symbolic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from detectionary.languages.esql.columns import UNKNOWN, Table
from detectionary.languages.esql.functions import CASTS, FUNCTIONS, Role
from detectionary.languages.esql.lexer import tokenize
from detectionary.languages.esql.operands import kind_of
from detectionary.languages.esql.parser_expressions import TIME_UNITS
from detectionary.languages.esql.syntax import (
    Arithmetic,
    Call,
    Cast,
    Expression,
    ListLiteral,
    Literal,
    Name,
    Parameter,
    Parenthesized,
    Signed,
    TimeSpan,
)
from detectionary.languages.one_line import one_line
from detectionary.model.predicate import Operand, ScalarValue, Value, ValueKind
from detectionary.text import Span

_DEEPEST: Final = 60
_MOST_BLANKS: Final = 1000


@dataclass(frozen=True, slots=True)
class Folded:
    """A known value. `clock`: it depends on when the rule runs. `items`: it is a list of these."""

    kind: ValueKind
    value: ScalarValue
    type: str
    clock: bool = False
    items: tuple[Folded, ...] | None = None

    def model(self, transforms: tuple[str, ...] = ()) -> Value:
        """The model's value; `transforms` are those of the comparison that uses it."""
        return Value(self.kind, self.value, transforms)

    @property
    def elements(self) -> tuple[Folded, ...]:
        """The values of a list; anything else is one value."""
        return (self,) if self.items is None else self.items

    @property
    def is_text(self) -> bool:
        return self.kind is ValueKind.TEXT


NULL: Final = Folded(ValueKind.NULL, None, "null")


def text_of(value: str, kind: str = "keyword") -> Folded:
    return Folded(ValueKind.TEXT, value, kind)


class Constants:
    """Folds the expressions of one query."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._comments: tuple[Span, ...] | None = None
        self._depth = 0

    def source(self, expression: Expression) -> str:
        """The expression as it is written, on one line and without comments."""
        return self.source_of(expression.span)

    def operand(self, expression: Expression) -> Operand:
        """The expression as one side of a comparison, or as what is counted."""
        return Operand(self.source(expression), kind_of(expression))

    def source_of(self, span: Span) -> str:
        """The text of a span on one line, without the comments in it."""
        written = span.of(self._text)
        if "//" not in written and "/*" not in written:
            return one_line(written)
        if self._comments is None:
            self._comments = tuple(tokenize(self._text).comments())
        inside = [each.shifted(-span.start) for each in self._comments if span.start <= each.start < span.end]
        return one_line(written, inside)

    def fold(self, expression: Expression, table: Table) -> Folded | None:
        """The value of an expression; None when it depends on the row."""
        match expression:
            case Literal(value):
                return _literal(value)
            case Name(name):
                column = table.find(name)
                return None if column is None else column.constant
        if self._depth > _DEEPEST:
            return None
        self._depth += 1
        try:
            return self._fold(expression, table)
        finally:
            self._depth -= 1

    def _fold(self, expression: Expression, table: Table) -> Folded | None:
        match expression:
            case Parenthesized(inner):
                return self.fold(inner, table)
            case TimeSpan(count, unit):
                return Folded(ValueKind.TIMESPAN, f"{count}{TIME_UNITS.get(unit, unit)}", "time_duration")
            case Parameter(text):
                return Folded(ValueKind.PLACEHOLDER, text, UNKNOWN)
            case Signed(sign, operand):
                return self._signed(expression, sign, self.fold(operand, table))
            case ListLiteral(items):
                folded = [self.fold(item, table) for item in items]
                values = tuple(item for item in folded if item is not None)
                if len(values) < len(folded):
                    return None
                return Folded(
                    ValueKind.JSON, self.source(expression), values[0].type if values else UNKNOWN, items=values
                )
            case Cast(operand, type_name):
                value = self.fold(operand, table)
                return None if value is None else self._converted(expression, value, CASTS.get(type_name, type_name))
            case Arithmetic(operands, operators):
                return self._arithmetic(expression, [self.fold(each, table) for each in operands], operators)
            case Call():
                return self._call(expression, table)
            case _:
                return None

    def _symbolic(self, expression: Expression, kind: str, clock: bool) -> Folded:
        return Folded(ValueKind.SYMBOLIC, self.source(expression), kind, clock)

    def _signed(self, expression: Expression, sign: str, value: Folded | None) -> Folded | None:
        if value is None or sign == "+":
            return value
        if value.kind is ValueKind.NUMBER and isinstance(value.value, int | float):
            return Folded(ValueKind.NUMBER, -value.value, value.type)
        if value.kind is ValueKind.TIMESPAN:
            return Folded(ValueKind.TIMESPAN, f"-{value.value}", value.type)
        return self._symbolic(expression, value.type, value.clock)

    def _arithmetic(
        self, expression: Expression, values: list[Folded | None], operators: tuple[str, ...]
    ) -> Folded | None:
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return None
        result = known[0]
        for operator, value in zip(operators, known[1:], strict=True):
            folded = _calculated(operator, result, value)
            if folded is None:
                return self._symbolic(
                    expression,
                    "date" if any(each.type == "date" for each in known) else known[0].type,
                    any(each.clock for each in known),
                )
            result = folded
        return result

    def _call(self, call: Call, table: Table) -> Folded | None:
        if call.name == "now" and not call.arguments:
            return self._symbolic(call, "date", True)
        row = FUNCTIONS.get(call.name)
        if row is None or row.role is not Role.SCALAR or len(call.arguments) < row.least:
            return None
        values: list[Folded] = []
        for argument in call.arguments:
            value = self.fold(argument, table)
            if value is None:
                return None
            values.append(value)
        if call.name == "space" and isinstance(values[0].value, int) and 0 <= values[0].value <= _MOST_BLANKS:
            return text_of(" " * values[0].value)
        evaluate = _FUNCTIONS.get(call.name)
        if evaluate is not None and all(value.is_text for value in values):
            return text_of(evaluate(*(str(value.value) for value in values)))
        if len(values) == 1:
            return self._converted(call, values[0], call.name)
        kind = row.returns if row.returns in ("date", "keyword", "long", "integer", "double", "boolean") else UNKNOWN
        return self._symbolic(call, kind, any(value.clock for value in values))

    def _converted(self, expression: Expression, value: Folded, function: str) -> Folded:
        """A constant through a conversion."""
        if value.is_text:
            text = str(value.value)
            match function:
                case "to_datetime" | "to_dt" | "to_date_nanos" | "date_parse":
                    return Folded(ValueKind.DATETIME, text, "date")
                case "to_ip" | "to_version" | "to_string" | "to_str" | "to_text":
                    return text_of(text, "ip" if function == "to_ip" else "keyword")
                case "to_integer" | "to_int" | "to_long" if text.lstrip("-").isdecimal() and len(text) < 30:
                    return Folded(ValueKind.NUMBER, int(text), "long")
                case "to_boolean" | "to_bool":
                    return Folded(ValueKind.BOOL, text.lower() == "true", "boolean")
        if value.kind is ValueKind.NUMBER and isinstance(value.value, int | float):
            match function:
                case "to_long" | "to_integer" | "to_int" if abs(value.value) < 1e18:
                    return Folded(ValueKind.NUMBER, int(value.value), "long")
                case "to_double" | "to_dbl" if abs(value.value) < 1e18:
                    return Folded(ValueKind.NUMBER, float(value.value), "double")
                case "to_string" | "to_str" if isinstance(value.value, int):
                    return text_of(str(value.value))
        if value.kind is ValueKind.NULL:
            return NULL
        row = FUNCTIONS.get(function)
        return self._symbolic(expression, UNKNOWN if row is None else row.returns or UNKNOWN, value.clock)


def _literal(value: str | int | float | bool | None) -> Folded:
    match value:
        case None:
            return NULL
        case bool():
            return Folded(ValueKind.BOOL, value, "boolean")
        case str():
            return text_of(value)
        case int():
            return Folded(ValueKind.NUMBER, value, "integer" if -(2**31) <= value < 2**31 else "long")
        case float():
            return Folded(ValueKind.NUMBER, value, "double")


def _calculated(operator: str, left: Folded, right: Folded) -> Folded | None:
    """Two numbers calculated; whole numbers divide to whole ones."""
    one, other = left.value, right.value
    if left.kind is not ValueKind.NUMBER or right.kind is not ValueKind.NUMBER:
        return None
    if not isinstance(one, int | float) or not isinstance(other, int | float):
        return None
    if max(abs(one), abs(other)) > 1e15:
        return None
    whole = isinstance(one, int) and isinstance(other, int)
    result: int | float
    match operator:
        case "+":
            result = one + other
        case "-":
            result = one - other
        case "*":
            result = one * other
        case "/" if other:
            result = int(one / other) if whole else one / other
        case _:
            return None
    return Folded(ValueKind.NUMBER, result, "double" if not whole else left.type)


_FUNCTIONS: Final[dict[str, Callable[..., str]]] = {
    "to_lower": str.lower,
    "to_upper": str.upper,
    "trim": str.strip,
    "ltrim": str.lstrip,
    "rtrim": str.rstrip,
    "concat": lambda *texts: "".join(texts),
}
"""Functions of texts that are evaluated here."""
