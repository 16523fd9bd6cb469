"""Calls: which function is meant, what it gives, and whether it takes these arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, assert_never

from detectionary.languages.kusto.bind_columns import renamed
from detectionary.languages.kusto.bind_names import (
    OPEN,
    LetFunction,
    Meaning,
    Place,
    Row,
    Scope,
    Tuple,
)
from detectionary.languages.kusto.bind_state import BinderState
from detectionary.languages.kusto.bound import ColumnSymbol, FunctionSymbol, TableType
from detectionary.languages.kusto.functions import Columns, Function, Parameter, Result, Signature
from detectionary.languages.kusto.functions_aggregate import AGGREGATES
from detectionary.languages.kusto.functions_plugins import PLUGINS
from detectionary.languages.kusto.functions_scalar import SCALAR_FUNCTIONS
from detectionary.languages.kusto.functions_series import SERIES_FUNCTIONS
from detectionary.languages.kusto.syntax import (
    Call,
    Expression,
    Literal,
    Named,
    NameReference,
    Parenthesized,
    ScalarType,
    Star,
)
from detectionary.languages.kusto.types import (
    DATETIME,
    DECIMAL,
    DYNAMIC,
    INT,
    LONG,
    REAL,
    TIMESPAN,
    UNKNOWN,
    common_type,
    promoted,
    promotes,
    scalar_type,
    widest,
)
from detectionary.text import Level

Argument = tuple[Expression, Meaning]

PLACES: Final = frozenset({"workspace", "app", "resource", "adx", "arg", "cluster", "database"})
"""Functions that name a place whose tables are those of the environment; Log Analytics adds some to Kusto's own."""

CONVERSIONS: Final = frozenset(
    {
        "tobool",
        "todatetime",
        "todecimal",
        "todouble",
        "todynamic",
        "toguid",
        "toint",
        "tolong",
        "toreal",
        "tostring",
        "totime",
        "totimespan",
    }
)
"""Conversions that leave a column of their type as it is, name and all."""

OVER_ELEMENTS: Final = frozenset({"all", "any", "map"})
"""Functions whose second argument is read for every element of the first, a part of a graph pattern."""

IN_BLOCKS: Final = frozenset({"case", "bag_pack", "pack", "pack_dictionary"})
"""Functions whose first two parameters alternate."""

CONDITIONS: Final = frozenset({"count", "not"})
"""Functions to which the engine gives numbers and texts as conditions too (`count(1)`, `not("")`)."""

_BUILT_IN: Final[dict[str, FunctionSymbol]] = {}


def built_in_symbol(name: str) -> FunctionSymbol:
    found = _BUILT_IN.get(name)
    if found is None:
        found = FunctionSymbol(name, None)
        _BUILT_IN[name] = found
    return found


class Calls(BinderState):
    """The part of the binder that reads calls."""

    def call(self, node: Call, scope: Scope, given: TableType | None = None) -> Meaning:
        name = node.name.text
        if scope.aggregate and name in AGGREGATES:
            self._called(node, built_in_symbol(name))
            return self._built_in_call(node, AGGREGATES[name], Scope(scope.locals, scope.row, keys=scope.keys))
        local = scope.locals.get(name)
        if isinstance(local, LetFunction):
            self._called(node, local.symbol)
            return self.local_call(local, self._arguments(node, scope, given), node, scope)
        if local is not None and isinstance(local.meaning, TableType):
            self.symbols[id(node)] = local.symbol
            return local.meaning
        if name in self.known.functions:
            arguments = self._arguments(node, scope, given)
            meaning = self.environment_call(name, arguments, node, scope)
            if meaning is not None:
                return meaning
        known = SCALAR_FUNCTIONS.get(name) or SERIES_FUNCTIONS.get(name)
        if known is not None and not (name == "any" and scope.row is not None):
            self._called(node, built_in_symbol(name))
            if name in PLACES:
                self._arguments(node, scope, given)
                return Place(name)
            return self._built_in_call(node, known, scope)
        return self._unknown_call(node, scope, given)

    def _called(self, node: Call, symbol: FunctionSymbol) -> None:
        self.symbols[id(node)] = symbol
        self.functions.setdefault(symbol.name)

    def _arguments(self, node: Call, scope: Scope, given: TableType | None = None) -> list[Argument]:
        arguments: list[Argument] = [] if given is None else [(node, given)]
        arguments.extend((argument, self.expression(argument, scope)) for argument in node.arguments)
        return arguments

    def _unknown_call(self, node: Call, scope: Scope, given: TableType | None) -> Meaning:
        name = node.name.text
        if name in PLACES:
            self._called(node, FunctionSymbol(name, None))
            self._arguments(node, scope, given)
            return Place(name)
        if name in AGGREGATES:
            self._called(node, built_in_symbol(name))
            self.report("KQL204", Level.ERROR, f"{name} is an aggregate: it belongs into summarize", node.name)
            return self._built_in_call(node, AGGREGATES[name], scope)
        self._arguments(node, scope, given)
        self._called(node, FunctionSymbol(name, None, known=False))
        self.dependencies.add(name)
        if name in PLUGINS:
            self.report("KQL204", Level.ERROR, f"{name} is a plug-in: it belongs behind evaluate", node.name)
            return OPEN
        near = [other for other in SCALAR_FUNCTIONS if other[:1] == name[:1]]
        self.report("KQL202", Level.WARNING, f"no function is called {name}", node.name, self.suggestion(name, near))
        return TableType((), True, name) if scope.row is None else UNKNOWN

    # Built-in functions

    def _built_in_call(self, node: Call, known: Function, scope: Scope) -> Meaning:
        arguments = self._built_in_arguments(node, known, scope)
        types = [self._argument_type(meaning) for _, meaning in arguments]
        signatures = known.signatures
        if len(signatures) == 1:
            signature, parameters = signatures[0], self._parameters(known, signatures[0], arguments)
            self._check(node, known, signature, parameters, arguments, types)
            return self._result(node, known, signature, parameters, arguments, types, scope)
        fitting = self._fitting(known, signatures, arguments, types)
        if len(fitting) == 1:
            signature, parameters = fitting[0]
            self._check(node, known, signature, parameters, arguments, types)
            return self._result(node, known, signature, parameters, arguments, types, scope)
        results = {
            self._result(node, known, signature, parameters, arguments, types, scope)
            for signature, parameters in fitting
        }
        if UNKNOWN not in types:
            given = ", ".join(kind.value for kind in types)
            self.report("KQL211", Level.ERROR, f"{known.name} does not take ({given})", node.name)
        return results.pop() if len(results) == 1 else UNKNOWN

    def _built_in_arguments(self, node: Call, known: Function, scope: Scope) -> list[Argument]:
        """The arguments, bound; `all`, `any` and `map` of a graph pattern see the columns of what they run over."""
        arguments: list[Argument] = []
        inner = scope
        for argument in node.arguments:
            meaning = DYNAMIC if isinstance(argument, Star) else self.expression(argument, inner)
            arguments.append((argument, meaning))
            if isinstance(meaning, Row) and known.name in OVER_ELEMENTS:
                inner = Scope(scope.locals, meaning.table)
        return arguments

    def _argument_type(self, meaning: Meaning) -> ScalarType:
        if isinstance(meaning, ScalarType):
            return meaning
        if isinstance(meaning, Tuple) and len(meaning.columns) == 1:
            return meaning.columns[0].type
        return UNKNOWN

    def _parameters(
        self, known: Function, signature: Signature, arguments: Sequence[Argument]
    ) -> list[Parameter | None]:
        """The parameter that each argument belongs to; None for one too many."""
        parameters = signature.parameters
        count = len(arguments)
        if known.name in IN_BLOCKS:
            rest = parameters[2:]
            blocks = count - len(rest)
            return [parameters[at % 2] if at < blocks or not rest else rest[0] for at in range(count)]
        result: list[Parameter | None] = []
        required = signature.minimum
        for parameter in parameters:
            required -= parameter.minimum
            take = min(parameter.maximum, max(parameter.minimum, count - len(result) - required))
            take = min(take, count - len(result))
            if parameter.maximum == 1 and parameter.minimum == 0 and count - len(result) <= required:
                take = 0
            result.extend([parameter] * take)
        result.extend([None] * (count - len(result)))
        if result and len(parameters) > 1 and result[-1] is parameters[-2] is not None:
            self._give_last(parameters, arguments, result)
        return result

    def _give_last(
        self, parameters: Sequence[Parameter], arguments: Sequence[Argument], result: list[Parameter | None]
    ) -> None:
        """The last argument belongs to an optional last parameter when only that one takes its type."""
        repeated, last = parameters[-2:]
        meaning = arguments[-1][1]
        kind = meaning if isinstance(meaning, ScalarType) else UNKNOWN
        if repeated.maximum > 1 and not last.minimum and kind not in repeated.types and kind in last.types:
            result[-1] = last

    def _fitting(
        self,
        known: Function,
        signatures: Sequence[Signature],
        arguments: Sequence[Argument],
        types: Sequence[ScalarType],
    ) -> list[tuple[Signature, list[Parameter | None]]]:
        """The overloads that fit the arguments best: by their number first, then by their types."""
        count = len(arguments)
        counted = [s for s in signatures if s.minimum <= count <= s.maximum] or list(signatures)
        best: list[tuple[Signature, list[Parameter | None]]] = []
        best_score = (-1, 0, 0)
        for signature in counted:
            parameters = self._parameters(known, signature, arguments)
            fits = [
                self._fit(parameter, node, kind)
                for parameter, (node, _), kind in zip(parameters, arguments, types, strict=True)
            ]
            score = (sum(fit > 0 for fit in fits), min(fits, default=0), max(fits, default=0))
            if score > best_score:
                best, best_score = [(signature, parameters)], score
            elif score == best_score:
                best.append((signature, parameters))
        return best

    def _fit(self, parameter: Parameter | None, node: Expression, kind: ScalarType) -> int:
        """How well an argument fits: 0 not at all, 1 when nothing is known, then the closer the higher."""
        if parameter is None:
            return 0
        if isinstance(node, Star):
            return 7 if parameter.use in ("star", "starred") else 0
        if parameter.use == "star":
            return 0
        if kind is UNKNOWN:
            return 1
        if kind in parameter.types:
            return 2 + max(1, 5 - len(parameter.types) // 2)
        return 2 if any(promotes(kind, wanted) for wanted in parameter.types) else 0

    def _check(
        self,
        node: Call,
        known: Function,
        signature: Signature,
        parameters: Sequence[Parameter | None],
        arguments: Sequence[Argument],
        types: Sequence[ScalarType],
    ) -> None:
        """Report arguments that the function does not take."""
        if self.muted:
            return
        count = len(arguments)
        if not signature.minimum <= count <= signature.maximum:
            wanted = str(signature.minimum)
            if signature.maximum != signature.minimum:
                wanted = f"at least {wanted}" if signature.maximum > 60 else f"{wanted} to {signature.maximum}"
            plural = "" if wanted == "1" else "s"
            self.report("KQL210", Level.ERROR, f"{known.name} takes {wanted} argument{plural}, got {count}", node.name)
            return
        for parameter, (argument, meaning), kind in zip(parameters, arguments, types, strict=True):
            if parameter is None or isinstance(argument, Star):
                continue
            if parameter.types:
                as_condition = known.name in CONDITIONS and kind not in (DATETIME, TIMESPAN)
                if isinstance(meaning, TableType) or not (as_condition or self._fit(parameter, argument, kind)):
                    found = "a table" if isinstance(meaning, TableType) else f"a {kind.value}"
                    message = f"{known.name} wants {_wanted(parameter)} for {parameter.name}, this is {found}"
                    self.report("KQL211", Level.ERROR, message, argument)
            elif isinstance(meaning, ScalarType) and meaning is not UNKNOWN:
                self.report("KQL208", Level.ERROR, f"{known.name} wants a table for {parameter.name}", argument)
            if parameter.use == "column" and kind is not UNKNOWN and self.referenced_column(argument) is None:
                self.report("KQL212", Level.ERROR, f"{known.name} wants a column for {parameter.name}", argument)

    # What a call gives

    def _result(
        self,
        node: Call,
        known: Function,
        signature: Signature,
        parameters: Sequence[Parameter | None],
        arguments: Sequence[Argument],
        types: Sequence[ScalarType],
        scope: Scope,
    ) -> Meaning:
        returns = signature.returns
        match returns:
            case ScalarType():
                return returns
            case Result.INNER_NODES:
                return Row(scope.nodes if scope.nodes is not None else OPEN)
            case Columns():
                return self._series_columns(node, known, returns, scope)
            case Result.ARGUMENT_0:
                return types[0] if types else UNKNOWN
            case Result.ARGUMENT_1:
                return types[1] if len(types) > 1 else UNKNOWN
            case Result.PROMOTED_0:
                return promoted(types[0]) if types else UNKNOWN
            case Result.LAST_TYPE:
                return _named_type(arguments[-1][0]) if arguments else UNKNOWN
            case Result.TYPE_0:
                return _named_type(arguments[0][0]) if arguments else UNKNOWN
            case Result.TYPE_1:
                return _named_type(arguments[1][0]) if len(arguments) > 1 else UNKNOWN
            case Result.COMMON | Result.COMMON_NON_DYNAMIC:
                return self._common(node, known, returns, parameters, types)
            case Result.WIDEST:
                return widest(types)
            case Result.TABLE | Result.EXTERNAL_TABLE | Result.MATERIALIZED_VIEW | Result.STORED_RESULT:
                return self._table_reference(node, returns, arguments, scope)
            case Result.DATABASE | Result.CLUSTER | Result.ENTITY_GROUP:
                return Place(known.name)
            case Result.SORTED_ARRAYS:
                return self._sorted_arrays(node, arguments, types, scope)
            case Result.ANY:
                return self._any_columns(node, arguments, scope, "any_" if known.name == "take_any" else "")
            case Result.ARG:
                return self._arg_columns(node, arguments, scope, known.name.removeprefix("arg_"))
            case Result.ARG_OLD:
                return self._old_arg_columns(node, arguments, scope)
            case Result.PERCENTILES | Result.PERCENTILE_ARRAY:
                return self._percentiles(node, returns, parameters, arguments, types, scope)
            case (
                Result.GRAPH
                | Result.OPEN
                | Result.BAG_UNPACK
                | Result.PIVOT
                | Result.LOOKUP
                | Result.OUTPUT_SCHEMA
                | Result.INTERSECTIONS
                | Result.ROLLING_PERCENTILE
            ):
                return OPEN
            case _:
                assert_never(returns)

    def _common(
        self,
        node: Call,
        known: Function,
        returns: Result,
        parameters: Sequence[Parameter | None],
        types: Sequence[ScalarType],
    ) -> ScalarType:
        kinds = [
            kind
            for parameter, kind in zip(parameters, types, strict=True)
            if parameter is not None and parameter.kind.startswith("common")
        ]
        result = common_type(kinds, ignore_dynamic=returns is Result.COMMON_NON_DYNAMIC)
        if result is None:
            if kinds:
                named = ", ".join(kind.value for kind in kinds)
                self.report("KQL213", Level.ERROR, f"{known.name} cannot give one type for {named}", node.name)
            return UNKNOWN
        return result

    def _table_reference(self, node: Call, returns: Result, arguments: Sequence[Argument], scope: Scope) -> TableType:
        """`table("name")`; a name that comes from a parameter makes the result depend on its value."""
        if not arguments:
            return OPEN
        name = self.constant(arguments[0][0], scope)
        if not isinstance(arguments[0][0], Literal):
            self.constants_read = True
        if returns is not Result.TABLE or not isinstance(name, str):
            return TableType((), True, name if isinstance(name, str) else None)
        local = scope.locals.get(name)
        if local is not None and not isinstance(local, LetFunction) and isinstance(local.meaning, TableType):
            return local.meaning
        return self.named_table(node, name)

    def _computed(self, name: str, kind: ScalarType, node: Call, *, aggregate: bool = False) -> ColumnSymbol:
        return ColumnSymbol(name, kind, expression=node, maker=node, aggregate=aggregate)

    def _series_columns(self, node: Call, known: Function, columns: Columns, scope: Scope) -> Tuple:
        """`series_stats_x_min` and so on: the function's name, the argument's, and the column's own."""
        first = self.result_name(node.arguments[0], scope) if node.arguments else None
        result = []
        for item in columns.text.split():
            name, _, kind = item.partition(":")
            result.append(self._computed(f"{known.name}_{first or ''}_{name}", scalar_type(kind), node))
        return Tuple(tuple(result))

    def _sorted_arrays(
        self, node: Call, arguments: Sequence[Argument], types: Sequence[ScalarType], scope: Scope
    ) -> Tuple:
        result = []
        for at, ((argument, _), kind) in enumerate(zip(arguments, types, strict=True)):
            if kind is not DYNAMIC:
                break
            name = self.result_name(argument, scope) or f"array{at}"
            result.append(self._computed(f"{name}_sorted", kind, node))
        return Tuple(tuple(result))

    def _any_columns(self, node: Call, arguments: Sequence[Argument], scope: Scope, prefix: str) -> Tuple:
        """`take_any(a, b)`: the columns under their own names; `*` leaves the group-by columns out."""
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
                result.append(self._computed(name, self._argument_type(meaning), node, aggregate=True))
        return Tuple(tuple(result))

    def _arg_columns(self, node: Call, arguments: Sequence[Argument], scope: Scope, prefix: str) -> Tuple:
        """`arg_max(x, *)`: x and the others under their own names; `*` leaves out x and the group-by columns."""
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
                result.append(self._computed(name, self._argument_type(meaning), node, aggregate=True))
        return Tuple(tuple(result))

    def _old_arg_columns(self, node: Call, arguments: Sequence[Argument], scope: Scope) -> Tuple:
        """`argmax(x, y)`: `max_x` and `max_x_y` once the prefix is put before them."""
        if not arguments:
            return Tuple(())
        keys = {id(column) for column in scope.keys}
        first, meaning = arguments[0]
        source = self.result_column(first)
        primary = source.name if source is not None else self.result_name(first, scope) or ""
        if source is None:
            result = [self._computed(primary, self._argument_type(meaning), node, aggregate=True)]
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
                column = self._computed(f"{primary}_{name}", self._argument_type(kind), node, aggregate=True)
                result.append(column)
        return Tuple(tuple(result))

    def _taken(self, column: ColumnSymbol, name: str, node: Call) -> ColumnSymbol:
        return ColumnSymbol(name, column.type, expression=node, maker=node, sources=(column,), aggregate=True)

    def _row_columns(self, scope: Scope) -> Sequence[ColumnSymbol]:
        return self.full(scope.row).columns if scope.row is not None else ()

    def _percentiles(
        self,
        node: Call,
        returns: Result,
        parameters: Sequence[Parameter | None],
        arguments: Sequence[Argument],
        types: Sequence[ScalarType],
        scope: Scope,
    ) -> Tuple:
        """`percentile_x_95`, one for each percentile, or `percentiles_x`."""
        if not arguments:
            return Tuple(())
        name = self.result_name(arguments[0][0], scope) or ""
        if returns is Result.PERCENTILE_ARRAY:
            return Tuple((self._computed(f"percentiles_{name}", DYNAMIC, node, aggregate=True),))
        kind = {INT: LONG, DECIMAL: REAL}.get(types[0], types[0])
        result = []
        for parameter, (argument, _) in zip(parameters, arguments, strict=True):
            if parameter is not None and parameter.name == "percentile":
                value = self.constant(argument, scope)
                text = "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
                fragment = "".join(c if c.isalnum() else "_" for c in text)
                result.append(self._computed(f"percentile_{name}_{fragment}", kind, node, aggregate=True))
        return Tuple(tuple(result))

    def result_column(self, node: Expression) -> ColumnSymbol | None:
        """The column that an expression is: by name, or converted to the type that it has already."""
        while isinstance(node, Parenthesized | Named):
            node = node.expression
        if isinstance(node, Call):
            if node.name.text in CONVERSIONS and len(node.arguments) == 1:
                column = self.referenced_column(node.arguments[0])
                if column is not None and self.types.get(id(node)) is column.type:
                    return column
            return None
        return self.referenced_column(node)


def prefixed(columns: Sequence[ColumnSymbol], known: Function | None) -> Sequence[ColumnSymbol]:
    """The columns of a function of several values, under the function's prefix where it has one (`any_a`, `max_x`)."""
    if known is None or known.prefix is None:
        return columns
    return [renamed(column, f"{known.prefix}_{column.name}") for column in columns]


def _named_type(node: Expression) -> ScalarType:
    """The type that a `typeof(…)` literal names."""
    while isinstance(node, Named | Parenthesized):
        node = node.expression
    if isinstance(node, Literal) and isinstance(node.value, str):
        return scalar_type(node.value)
    if isinstance(node, NameReference):
        return scalar_type(node.name)
    return UNKNOWN


def _wanted(parameter: Parameter) -> str:
    article = "an" if parameter.kind[:1] in "aio" else "a"
    words = parameter.kind.replace("_", " ").replace("|", " or ")
    return f"{article} {words}"
