"""Functions that give several columns at once: take_any, arg_max, percentiles, series_stats and their like."""

from __future__ import annotations

from collections.abc import Sequence

from detectionary.languages.kusto.bind_columns import retitled
from detectionary.languages.kusto.bind_names import Scope, Tuple
from detectionary.languages.kusto.bind_signatures import Applied, argument_type
from detectionary.languages.kusto.bind_state import BinderState
from detectionary.languages.kusto.bound import ColumnSymbol
from detectionary.languages.kusto.functions import Columns, Function, Result
from detectionary.languages.kusto.syntax import Call, Named, ScalarType, Star
from detectionary.languages.kusto.types import DECIMAL, DYNAMIC, INT, LONG, REAL, scalar_type


class Multiples(BinderState):
    """The part of the binder that knows the columns of functions of several values."""

    def _computed(self, name: str, kind: ScalarType, node: Call, *, aggregate: bool = False) -> ColumnSymbol:
        return ColumnSymbol(name, kind, expression=node, maker=node, aggregate=aggregate)

    def series_columns(self, call: Applied, columns: Columns, scope: Scope) -> Tuple:
        """`series_stats_x_min` and so on: the function's name, the argument's, and the column's own."""
        node = call.node
        first = self.result_name(node.arguments[0], scope) if node.arguments else None
        result = []
        for item in columns.text.split():
            name, _, kind = item.partition(":")
            result.append(self._computed(f"{call.function.name}_{first or ''}_{name}", scalar_type(kind), node))
        return Tuple(tuple(result))

    def sorted_arrays(self, call: Applied, scope: Scope) -> Tuple:
        """`x_sorted` for every array."""
        result = []
        for at, ((argument, _), kind) in enumerate(zip(call.arguments, call.types, strict=True)):
            if kind is not DYNAMIC:
                break
            name = self.result_name(argument, scope) or f"array{at}"
            result.append(self._computed(f"{name}_sorted", kind, call.node))
        return Tuple(tuple(result))

    def any_columns(self, call: Applied, scope: Scope, prefix: str) -> Tuple:
        """`take_any(a, b)`: the columns under their own names; `*` leaves the group-by columns out."""
        node, arguments = call.node, call.arguments
        star = any(isinstance(argument, Star) for argument, _ in arguments)
        taken = {id(column) for column in scope.keys}
        result: list[ColumnSymbol] = []
        for at, (argument, meaning) in enumerate(arguments):
            if isinstance(argument, Star):
                for column in self._row_columns(scope):
                    if id(column) not in taken:
                        taken.add(id(column))
                        result.append(self._taken(column, column.name, node))
            elif (source := self.result_column(argument)) is not None:
                if not star or id(source) not in taken:
                    taken.add(id(source))
                    result.append(self._taken(source, self.result_name(argument, scope) or source.name, node))
            else:
                name = self.result_name(argument, scope) or f"{prefix}arg{at}"
                result.append(self._computed(name, argument_type(meaning), node, aggregate=True))
        return Tuple(tuple(result))

    def arg_columns(self, call: Applied, scope: Scope, prefix: str) -> Tuple:
        """`arg_max(x, *)`: x and the others under their own names; `*` leaves out x and the group-by columns."""
        node, arguments = call.node, call.arguments
        star = any(isinstance(argument, Star) for argument, _ in arguments)
        keys = {id(column) for column in scope.keys}
        taken: set[int] = set()
        result: list[ColumnSymbol] = []
        primary = (self.result_name(arguments[0][0], scope) or "") if arguments else ""
        for at, (argument, meaning) in enumerate(arguments):
            if isinstance(argument, Star):
                for column in self._row_columns(scope):
                    if id(column) not in taken and id(column) not in keys:
                        taken.add(id(column))
                        result.append(self._taken(column, column.name, node))
            elif (source := self.result_column(argument)) is not None:
                if not at or not star or (id(source) not in taken and id(source) not in keys):
                    taken.add(id(source))
                    name = self.result_name(argument, scope) if isinstance(argument, Named) else source.name
                    result.append(self._taken(source, name or source.name, node))
            else:
                fallback = f"{prefix}_{primary}_arg{at}" if at else f"{prefix}_"
                name = self.result_name(argument, scope) or fallback
                result.append(self._computed(name, argument_type(meaning), node, aggregate=True))
        return Tuple(tuple(result))

    def old_arg_columns(self, call: Applied, scope: Scope) -> Tuple:
        """`argmax(x, y)`: `max_x` and `max_x_y` once the prefix is put before them."""
        node, arguments = call.node, call.arguments
        if not arguments:
            return Tuple(())
        keys = {id(column) for column in scope.keys}
        first, meaning = arguments[0]
        source = self.result_column(first)
        primary = source.name if source is not None else self.result_name(first, scope) or ""
        if source is None:
            result = [self._computed(primary, argument_type(meaning), node, aggregate=True)]
        else:
            result = [self._taken(source, source.name, node)]
        for at, (argument, kind) in enumerate(arguments[1:], 1):
            if isinstance(argument, Star):
                result.extend(
                    self._taken(column, f"{primary}_{column.name}", node)
                    for column in self._row_columns(scope)
                    if column is not source and id(column) not in keys
                )
            elif (other := self.result_column(argument)) is not None:
                name = self.result_name(argument, scope) or other.name
                result.append(self._taken(other, f"{primary}_{name}", node))
            else:
                name = self.result_name(argument, scope) or f"arg{at}"
                column = self._computed(f"{primary}_{name}", argument_type(kind), node, aggregate=True)
                result.append(column)
        return Tuple(tuple(result))

    def _taken(self, column: ColumnSymbol, name: str, node: Call) -> ColumnSymbol:
        return ColumnSymbol(name, column.type, expression=node, maker=node, sources=(column,), aggregate=True)

    def _row_columns(self, scope: Scope) -> Sequence[ColumnSymbol]:
        return self.full(scope.row).columns if scope.row is not None else ()

    def percentiles(self, call: Applied, scope: Scope) -> Tuple:
        """`percentile_x_95`, one for each percentile, or `percentiles_x`."""
        node, arguments = call.node, call.arguments
        if not arguments:
            return Tuple(())
        name = self.result_name(arguments[0][0], scope) or ""
        if call.signature.returns is Result.PERCENTILE_ARRAY:
            return Tuple((self._computed(f"percentiles_{name}", DYNAMIC, node, aggregate=True),))
        kind = {INT: LONG, DECIMAL: REAL}.get(call.types[0], call.types[0])
        result = []
        for parameter, (argument, _) in zip(call.parameters, arguments, strict=True):
            if parameter is not None and parameter.name == "percentile":
                value = self.constant(argument, scope)
                text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
                fragment = "".join(c if c.isalnum() else "_" for c in text)
                result.append(self._computed(f"percentile_{name}_{fragment}", kind, node, aggregate=True))
        return Tuple(tuple(result))


def prefixed(columns: Sequence[ColumnSymbol], known: Function | None) -> Sequence[ColumnSymbol]:
    """The columns of a function of several values, under the function's prefix where it has one (`any_a`, `max_x`)."""
    if known is None or known.prefix is None:
        return columns
    return [retitled(column, f"{known.prefix}_{column.name}") for column in columns]
