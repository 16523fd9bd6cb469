"""Comparisons of a value with constants: what the model calls them, and what they are about.

A comparison is an indicator's, a time filter, a threshold or one of columns; which of them follows from where the
compared value comes from (`analysis.md` decisions 3, 10, 11 and 12).
"""

from __future__ import annotations

from detectionary.languages.esql.columns import Nature, Origin, Table
from detectionary.languages.esql.constants import Constants, Folded
from detectionary.languages.esql.lineage import Lineage
from detectionary.languages.esql.operands import kind_of
from detectionary.languages.esql.predicates_operators import Test, not_if
from detectionary.languages.esql.syntax import Arithmetic, Call, Expression, Name, bare
from detectionary.model.predicate import (
    AnyOf,
    ColumnComparison,
    Comparison,
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

_TIMES = frozenset({ValueKind.DATETIME, ValueKind.TEXT, ValueKind.PLACEHOLDER})
_QUANTITIES = frozenset({ValueKind.NUMBER, ValueKind.BOOL, ValueKind.TIMESPAN, ValueKind.PLACEHOLDER})


class Comparisons:
    """Builds the leaves of the predicate trees of one query."""

    def __init__(self, text: str, constants: Constants, lineage: Lineage) -> None:
        self._text = text
        self._constants = constants
        self._lineage = lineage
        self.makers: dict[tuple[Span, Operand], Span] = {}
        """The command that made the aggregate of a threshold, by the threshold's span and name."""
        self.chosen: dict[Span, Opaque] = {}
        """The `case` expressions behind compared columns."""

    def compare(
        self,
        left: Expression,
        test: Test,
        values: tuple[Folded, ...],
        span: Span,
        table: Table,
        origin: Operand | None = None,
    ) -> Predicate:
        """`left` compared with values that are known; `origin` is the text of a query that gives more of them."""
        source = self._lineage.trace(left, table)
        if source is None:
            return self._several(left, test, values, span, table, origin)
        if source.nature is Nature.AGE or (source.nature is Nature.TIME and _is_time(values)):
            return TimeFilter(self.text(span), span)
        if source.nature is Nature.AGGREGATE and any(value.clock for value in values):
            return TimeFilter(self.text(span), span)  # of a group: `max(case(…, @timestamp))`
        if source.nature is Nature.AGGREGATE and _is_quantity(values, origin):
            return self._threshold(left, source, test, values, span)
        if source.nature is Nature.INTERVAL:
            return self._interval(left, test, values, span)
        if source.nature is Nature.AGGREGATE and source.content is not None:
            source = Origin(source.content, source.transforms)
        self._note_choice(source)
        return not_if(test.negated, self.values(source, test, values, span, origin))

    def null_check(self, operand: Expression, null: bool, span: Span, table: Table) -> Predicate:
        """`operand is null` when `null`, `is not null` otherwise."""
        source = self._lineage.trace(operand, table)
        if source is None:
            choice = bare(operand)
            if not self._lineage.sources(operand, table) or (isinstance(choice, Call) and choice.name == "case"):
                return self.opaque("case" if isinstance(choice, Call) else "no field", span)
            source = Origin(self._constants.source(operand))
        self._note_choice(source)
        operator = Operator.IS_NULL if null else Operator.IS_NOT_NULL
        return Comparison(source.field, operator, Quantifier.ANY, (), span, transforms=source.transforms)

    def _note_choice(self, source: Origin) -> None:
        """A `case` behind the column decides what the filter keeps: it is opaque, once."""
        for choice in source.choices:
            self.chosen.setdefault(choice.span, Opaque("case", self.text(choice.span), choice.span))

    def _interval(self, left: Expression, test: Test, values: tuple[Folded, ...], span: Span) -> ColumnComparison:
        """The difference of two columns: they are compared with each other, at a distance."""
        return ColumnComparison(self.operand(left), test.spelling, listed(map(_written, values)), self.text(span), span)

    def _several(
        self, left: Expression, test: Test, values: tuple[Folded, ...], span: Span, table: Table, origin: Operand | None
    ) -> Predicate:
        """A value of several fields, or of none, compared with constants."""
        plain = bare(left)
        if isinstance(plain, Call) and plain.name == "case":
            return self.opaque("case", span)
        sources = self._lineage.sources(left, table)
        if not sources:
            return self.opaque("no field", span)
        natures = {source.nature for source in sources}
        if Nature.AGGREGATE in natures and _is_quantity(values, origin):
            counted = next(source for source in sources if source.nature is Nature.AGGREGATE)
            return self._threshold(left, counted, test, values, span)
        if natures <= {Nature.TIME, Nature.INTERVAL} or isinstance(plain, Arithmetic):
            return self._interval(left, test, values, span)
        for source in sources:
            self._note_choice(source)
        return not_if(test.negated, self.values(Origin(self._constants.source(left)), test, values, span, origin))

    def _threshold(
        self, left: Expression, source: Origin, test: Test, values: tuple[Folded, ...], span: Span
    ) -> Predicate:
        name = self.operand(left)
        if source.maker is not None:
            self.makers[(span, name)] = source.maker
        tests = tuple(ThresholdTest(name, source.aggregate, test.operator, value.model(), span) for value in values)
        return not_if(test.negated, tests[0] if len(tests) == 1 else AnyOf(tests))

    def values(
        self, source: Origin | None, test: Test, values: tuple[Folded, ...], span: Span, origin: Operand | None = None
    ) -> Comparison:
        """The comparison itself, null checks normalised."""
        field = None if source is None else source.field
        functions = () if source is None else source.transforms
        if test.operator is Operator.EQ and len(values) == 1 and origin is None and values[0].value in (None, ""):
            return Comparison(field, Operator.IS_NULL, Quantifier.ANY, (), span, transforms=functions)
        if not values and origin is None:
            return Comparison(
                field, test.operator, test.quantifier, (Value(ValueKind.EMPTY_LIST, None, functions),), span
            )
        written = tuple(value.model((*functions, *test.transforms(value))) for value in values)
        quantifier = test.quantifier if len(written) > 1 else Quantifier.ANY
        return Comparison(
            field, test.operator, quantifier, written, span, origin, transforms=() if written else functions
        )

    def column_comparison(self, left: Expression, operator: str, right: Operand, span: Span) -> ColumnComparison:
        return ColumnComparison(self.operand(left), operator, right, self.text(span), span)

    def operand(self, expression: Expression) -> Operand:
        """The expression as one side of a comparison, by its `name`."""
        return Operand(self.name(expression), kind_of(expression))

    def name(self, expression: Expression) -> str:
        """A column's name without backticks; the text of anything else."""
        plain = bare(expression)
        return plain.text if isinstance(plain, Name) else self._constants.source(plain)

    def text(self, span: Span) -> str:
        return span.of(self._text)

    def opaque(self, reason: str, span: Span) -> Opaque:
        return Opaque(reason, self.text(span), span)


def _written(value: Folded) -> Operand:
    """A value as one side of a comparison; one that only a run can tell is as it is written."""
    symbolic = value.kind is ValueKind.SYMBOLIC
    return Operand(str(value.value), OperandKind.CALCULATION if symbolic else OperandKind.CONSTANT)


def _is_time(values: tuple[Folded, ...]) -> bool:
    """Whether the values are points in time: a date, the clock, or a text, which is read as a date."""
    return bool(values) and all(value.kind in _TIMES or value.clock or value.type == "date" for value in values)


def _is_quantity(values: tuple[Folded, ...], origin: Operand | None) -> bool:
    """Whether the values are numbers, or spans, or at least no text."""
    return (
        origin is None
        and bool(values)
        and all(
            value.kind in _QUANTITIES
            or value.type == "date"
            or (value.kind is ValueKind.SYMBOLIC and value.type != "keyword")
            for value in values
        )
    )
