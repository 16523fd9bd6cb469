"""Comparisons of a value with constants: what the model calls them, and what they are about.

A comparison is an indicator's, a time filter, a threshold or one of columns; which of them follows from where the
compared value comes from (`analysis.md` decisions 3, 10, 11 and 12).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from detectionary.languages.kusto.bound import Bound, TableType
from detectionary.languages.kusto.constants import Constants, Scope, is_clock, is_number
from detectionary.languages.kusto.lineage import Lineage, Nature, Origin
from detectionary.languages.kusto.operands import kind_of
from detectionary.languages.kusto.predicates_operators import (
    INVERTED,
    Test,
    opposite,
)
from detectionary.languages.kusto.syntax import (
    Between,
    Binary,
    Call,
    Expression,
    NameReference,
    Parenthesized,
    ScalarType,
    walk,
)
from detectionary.languages.kusto.values import Constant, Folded, Symbolic, Watchlist, kind_and_scalar, model_value
from detectionary.model.predicate import (
    AnyOf,
    ColumnComparison,
    Comparison,
    Not,
    Opaque,
    Operand,
    OperandKind,
    Operator,
    Predicate,
    Quantifier,
    ThresholdTest,
    TimeFilter,
    Value,
    ValueKind,
    listed,
)
from detectionary.text import Span

CHOOSING: Final = frozenset({"case", "iff", "iif"})


class Comparisons:
    """Builds the leaves of the predicate trees of one bound query."""

    def __init__(self, bound: Bound, constants: Constants, lineage: Lineage) -> None:
        self._bound = bound
        self._constants = constants
        self._lineage = lineage
        self.tables: dict[tuple[object, object], tuple[str, ...]] = {}
        """The tables behind the field of a comparison, by span and field."""
        self.makers: dict[tuple[Span, Operand], Span] = {}
        """The stage that made the aggregate of a threshold, by the threshold's span and name."""
        self.chosen: dict[int, Opaque] = {}
        """The `case`/`iff` expressions behind compared columns, by the identity of the expression."""

    def has_clock(self, expression: Expression) -> bool:
        return any(is_clock(node) for node in walk(expression))

    def _is_since(self, expression: Expression, source: Origin) -> bool:
        """Whether a value of the record's time is measured from the clock, here or where its column was made."""
        return source.clock or self.has_clock(expression)

    def _is_moment(self, left: Expression, source: Origin, values: tuple[Folded, ...]) -> bool:
        """Whether the record's time is compared with a point in time, or a length of it from the clock."""
        if source.nature is not Nature.TIME or not values:
            return False
        # `TimeGenerated > 1d` means a day of the clock, however it is read.
        return _is_time(values) or self._is_since(left, source) or (not source.transforms and _is_length(values))

    def compare(
        self,
        left: Expression,
        test: Test,
        values: tuple[Folded, ...],
        span: Span,
        scope: Scope,
        origin: Operand | None = None,
    ) -> Predicate:
        """`left` compared with values that are known; `origin` names a sub-query that gives more of them."""
        source = self._lineage.trace(left, scope)
        if source is None:
            return self._several(left, test, values, span, scope, origin)
        if self._is_moment(left, source, values):
            return TimeFilter(self.text(span), span)
        if source.nature is Nature.AGGREGATE and _is_quantity(values, origin):
            return self._threshold(left, source, test, values, span)
        if source.nature is Nature.INTERVAL:
            return self.interval(left, test, values, span)
        if source.nature is Nature.AGGREGATE and source.content is not None:
            source = Origin(source.content, source.transforms)
        self._note_choice(source)
        found = self.values(source, test, values, span, origin)
        if (
            origin is not None
            and not found.values
            and test.cased
            and self._bound.types.get(id(left)) is ScalarType.STRING
        ):
            found = replace(found, transforms=(*found.transforms, "cased"))
        return not_if(test.negated, found)

    def null_check(self, call: Call, argument: Expression, null: bool, scope: Scope) -> Predicate:
        """`isempty(argument)` when `null`, `isnotempty(argument)` otherwise."""
        source = self._lineage.trace(argument, scope)
        if source is None:
            if not self._lineage.sources(argument, scope):
                return self.opaque("no field", call)
            source = Origin(self._constants.source(argument))
        elif source.nature is Nature.TIME and source.aggregate is not None:
            source = Origin(self.name(argument))  # whether there was such a record at all, which has a time
        self._note_choice(source)
        if source.tables:
            self.tables[(call.span, source.field)] = source.tables
        operator = Operator.IS_NULL if null else Operator.IS_NOT_NULL
        return Comparison(source.field, operator, Quantifier.ANY, (), call.span, transforms=source.transforms)

    def _note_choice(self, source: Origin) -> None:
        """A `case` behind the column decides what the filter keeps: it is opaque, once."""
        for choice in source.choices:
            self.chosen.setdefault(id(choice), Opaque("case", self.text(choice.span), choice.span))

    def interval(self, left: Expression, test: Test, values: tuple[Folded, ...], span: Span) -> ColumnComparison:
        """The difference of two columns (`end - start < 5m`): they are compared with each other, at a distance."""
        return ColumnComparison(self.operand(left), test.spelling, listed(map(_written, values)), self.text(span), span)

    def _several(
        self, left: Expression, test: Test, values: tuple[Folded, ...], span: Span, scope: Scope, origin: Operand | None
    ) -> Predicate:
        """A value of several fields, or of none, compared with constants."""
        bare = bare_of(left)
        if isinstance(bare, Call) and bare.name.text in CHOOSING:
            return Opaque("case", self.text(span), span)
        sources = self._lineage.sources(left, scope)
        if not sources:
            return Opaque("no field", self.text(span), span)
        natures = {source.nature for source in sources}
        if Nature.AGGREGATE in natures and _is_quantity(values, origin):
            counted = next(source for source in sources if source.nature is Nature.AGGREGATE)
            return self._threshold(left, counted, test, values, span)
        text = self._constants.source(left)
        if natures <= {Nature.TIME, Nature.INTERVAL} or _is_difference(bare):
            return self.interval(left, test, values, span)
        for source in sources:
            self._note_choice(source)
        return not_if(test.negated, self.values(Origin(text), test, values, span, origin))

    def _threshold(
        self, left: Expression, source: Origin, test: Test, values: tuple[Folded, ...], span: Span
    ) -> Predicate:
        name = self.operand(left)
        if source.maker is not None:
            self.makers[(span, name)] = source.maker.span
        tests = tuple(
            ThresholdTest(name, source.aggregate, test.operator, model_value(value), span) for value in values
        )
        return not_if(test.negated, tests[0] if len(tests) == 1 else AnyOf(tests))

    def values(
        self, source: Origin | None, test: Test, values: tuple[Folded, ...], span: Span, origin: Operand | None = None
    ) -> Comparison:
        """The comparison itself, null checks normalised."""
        field = None if source is None else source.field
        functions = () if source is None else source.transforms
        if source is not None and source.tables:
            self.tables[(span, field)] = source.tables
        only = values[0] if len(values) == 1 and origin is None else None
        if test.operator is Operator.EQ and isinstance(only, Constant) and only.value in (None, ""):
            return Comparison(field, Operator.IS_NULL, Quantifier.ANY, (), span, transforms=functions)
        if not values and origin is None:
            empty = (Value(ValueKind.EMPTY_LIST, None, functions),)
            return Comparison(field, test.operator, test.quantifier, empty, span)
        written = tuple(model_value(value, (*functions, *test.transforms(value))) for value in values)
        term = ("term",) if test.term else ()
        transforms = (*functions, *term) if origin is not None and not written else ()
        return Comparison(field, test.operator, test.quantifier, written, span, origin, transforms=transforms)

    def searched(self, text: str, span: Span, source: Origin | None = None) -> Comparison:
        """A search term; a star at an end makes it a prefix or suffix (learn.microsoft.com, "search operator")."""
        inner = text.strip("*")
        functions = () if source is None else source.transforms
        field = None if source is None else source.field
        operator, value = Operator.MATCH, inner
        term: tuple[str, ...] = ("term",)
        match text.startswith("*"), text.endswith("*"):
            case _ if "*" in inner:
                operator, value, term = Operator.WILDCARD, text, ()
            case True, True:
                operator, value, term = Operator.CONTAINS, inner, ()
            case True, False:
                operator = Operator.ENDS_WITH
            case False, True:
                operator = Operator.STARTS_WITH
            case _:
                pass
        written = Value(ValueKind.TEXT, value, (*functions, *term))
        return Comparison(field, operator, Quantifier.ANY, (written,), span)

    def between(self, node: Between, scope: Scope) -> Predicate:
        low, high = self._constants.fold(node.low, scope), self._constants.fold(node.high, scope)
        source = self._lineage.trace(node.operand, scope)
        text = self.text(node.span)
        if low is None or high is None:
            if source is not None and source.nature is Nature.TIME and self.has_clock(node):
                return TimeFilter(text, node.span)
            return self._column_between(node, self._constants.operand(node.low), self._constants.operand(node.high))
        if source is not None and self._is_moment(node.operand, source, (low, high)):
            return TimeFilter(text, node.span)
        limits = (kind_and_scalar(low)[1], kind_and_scalar(high)[1])
        sources = self._lineage.sources(node.operand, scope) if source is None else [source]
        if any(each.nature is Nature.AGGREGATE for each in sources) and _is_quantity((low, high), None):
            counted = next(each for each in sources if each.nature is Nature.AGGREGATE)
            name = self.operand(node.operand)
            if counted.maker is not None:
                self.makers[(node.span, name)] = counted.maker.span
            pair = Value(ValueKind.RANGE, limits)
            return ThresholdTest(name, counted.aggregate, Operator.BETWEEN, pair, node.span, node.negated)
        if not sources:
            return self.opaque("no field", node)
        if all(each.nature is Nature.INTERVAL or (each.nature is Nature.TIME and source is None) for each in sources):
            return self._column_between(node, _written(low), _written(high))
        if source is None:
            if _is_difference(bare_of(node.operand)):
                return self._column_between(node, _written(low), _written(high))
            source = Origin(self._constants.source(node.operand))
        written = Value(ValueKind.RANGE, limits, source.transforms)
        return not_if(node.negated, Comparison(source.field, Operator.BETWEEN, Quantifier.ANY, (written,), node.span))

    def _column_between(self, node: Between, low: Operand, high: Operand) -> ColumnComparison:
        spelling = "!between" if node.negated else "between"
        limits = listed((low, high), " .. ")
        return ColumnComparison(self.operand(node.operand), spelling, limits, self.text(node.span), node.span)

    def members(
        self, items: tuple[Expression, ...], scope: Scope
    ) -> tuple[tuple[Folded, ...], Operand | None, list[Expression]]:
        """The known values of a list, the name of the sub-query among them, and the items that depend on the row."""
        values: list[Folded] = []
        origin: Operand | None = None
        rest: list[Expression] = []
        for item in items:
            known = self._constants.items((item,), scope)
            if known is not None:
                values.extend(value for value in known if not _is_unread_list(value))
                if any(isinstance(value, Watchlist) or _is_unread_list(value) for value in known):
                    origin = self.operand(item)
            elif self.is_table(item):
                origin = self.operand(item)
            else:
                rest.append(item)
        return tuple(values), origin, rest

    def is_table(self, expression: Expression) -> bool:
        return isinstance(self._bound.types.get(id(bare_of(expression))), TableType)

    def name(self, expression: Expression) -> str:
        """A column's name without brackets; the text of anything else."""
        bare = bare_of(expression)
        return bare.name if isinstance(bare, NameReference) else self._constants.source(bare)

    def operand(self, expression: Expression) -> Operand:
        """The expression as one side of a comparison, by its `name`."""
        return Operand(self.name(expression), kind_of(expression))

    def text(self, span: Span) -> str:
        return span.of(self._constants.text)

    def opaque(self, reason: str, expression: Expression) -> Opaque:
        return Opaque(reason, self.text(expression.span), expression.span)


def negated(predicate: Predicate) -> Predicate:
    """The opposite: two negations cancel out, null checks, thresholds and comparisons of columns turn round."""
    match predicate:
        case Not(operand):
            return operand
        case Comparison(operator=Operator.IS_NULL):
            return replace(predicate, operator=Operator.IS_NOT_NULL)
        case Comparison(operator=Operator.IS_NOT_NULL):
            return replace(predicate, operator=Operator.IS_NULL)
        case ThresholdTest(operator=operator, negated=False) if operator in INVERTED:
            return replace(predicate, operator=INVERTED[operator])
        case ThresholdTest(negated=already):
            return replace(predicate, negated=not already)
        case TimeFilter(text, span):
            return TimeFilter(f"not({text})", span)
        case ColumnComparison(operator=operator, text=text):
            return replace(predicate, operator=opposite(operator), text=f"not({text})")
        case _:
            return Not(predicate)


def not_if(condition: bool, predicate: Predicate) -> Predicate:
    return negated(predicate) if condition else predicate


def bare_of(expression: Expression) -> Expression:
    while isinstance(expression, Parenthesized):
        expression = expression.expression
    return expression


def _written(value: Folded) -> Operand:
    """A value as one side of a comparison; one that only a run can tell is as it is written."""
    kind = OperandKind.CONSTANT if isinstance(value, Constant) else OperandKind.CALCULATION
    return Operand(str(kind_and_scalar(value)[1]), kind)


def _is_difference(expression: Expression) -> bool:
    """Whether the expression calculates one value of others: two columns in it are compared, at a distance."""
    return isinstance(expression, Binary) or (isinstance(expression, Call) and expression.name.text == "datetime_diff")


def _is_unread_list(value: Folded) -> bool:
    """A list that only a run can read: `toscalar(T | summarize make_set(x))`."""
    return isinstance(value, Symbolic) and value.type is ScalarType.DYNAMIC and not value.clock


def _is_time(values: tuple[Folded, ...]) -> bool:
    """Whether the values are points in time: a datetime, the clock, or a name that is worth one at run time."""
    return bool(values) and all(
        isinstance(value, Constant | Symbolic)
        and (
            value.type is ScalarType.DATETIME
            or (isinstance(value, Symbolic) and (value.clock or value.type is ScalarType.UNKNOWN))
        )
        for value in values[:1]
    )


def _is_length(values: tuple[Folded, ...]) -> bool:
    return all(isinstance(value, Constant | Symbolic) and value.type is ScalarType.TIMESPAN for value in values)


def _is_quantity(values: tuple[Folded, ...], origin: Operand | None) -> bool:
    """Whether the values are numbers, or durations, or at least no text."""
    return (
        origin is None
        and bool(values)
        and all(
            is_number(value)
            or (
                isinstance(value, Constant | Symbolic)
                and value.type in (ScalarType.TIMESPAN, ScalarType.DATETIME, ScalarType.BOOL)
            )
            or (isinstance(value, Symbolic) and value.type in (ScalarType.UNKNOWN, ScalarType.DYNAMIC))
            for value in values
        )
    )
