"""Calls: which function is meant, what it gives, and whether it takes these arguments."""

from __future__ import annotations

from typing import Final, assert_never

from detectionary.languages.kusto.bind_multiples import Multiples
from detectionary.languages.kusto.bind_names import (
    OPEN,
    LetFunction,
    Meaning,
    Place,
    Row,
    Scope,
    Variable,
)
from detectionary.languages.kusto.bind_signatures import Applied, Argument, applied, fit
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
    DYNAMIC,
    TIMESPAN,
    UNKNOWN,
    common_type,
    promoted,
    scalar_type,
    widest,
)
from detectionary.text import Level

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

CONDITIONS: Final = frozenset({"count", "not"})
"""Functions to which the engine gives numbers and texts as conditions too (`count(1)`, `not("")`)."""

_BUILT_IN: Final[dict[str, FunctionSymbol]] = {}


def built_in_symbol(name: str) -> FunctionSymbol:
    found = _BUILT_IN.get(name)
    if found is None:
        found = FunctionSymbol(name, None)
        _BUILT_IN[name] = found
    return found


class Calls(Multiples):
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
        candidates = applied(node, known, self._built_in_arguments(node, known, scope))
        if len(candidates) == 1:
            self._check(candidates[0])
            return self._result(candidates[0], scope)
        results = {self._result(candidate, scope) for candidate in candidates}
        if UNKNOWN not in candidates[0].types:
            given = ", ".join(kind.value for kind in candidates[0].types)
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

    def _check(self, call: Applied) -> None:
        """Report arguments that the function does not take."""
        if self.muted:
            return
        name = call.function.name
        if not call.counts:
            message = f"{name} takes {_number_wanted(call.signature)}, got {len(call.arguments)}"
            self.report("KQL210", Level.ERROR, message, call.node.name)
            return
        for parameter, (argument, meaning), kind in zip(call.parameters, call.arguments, call.types, strict=True):
            if parameter is None or isinstance(argument, Star):
                continue
            if not parameter.types:
                if isinstance(meaning, ScalarType) and meaning is not UNKNOWN:
                    self.report("KQL208", Level.ERROR, f"{name} wants a table for {parameter.name}", argument)
                continue
            as_condition = name in CONDITIONS and kind not in (DATETIME, TIMESPAN)
            if isinstance(meaning, TableType) or not (as_condition or fit(parameter, argument, kind)):
                found = "a table" if isinstance(meaning, TableType) else f"a {kind.value}"
                message = f"{name} wants {_wanted(parameter)} for {parameter.name}, this is {found}"
                self.report("KQL211", Level.ERROR, message, argument)
            if parameter.use == "column" and kind is not UNKNOWN and self.referenced_column(argument) is None:
                self.report("KQL212", Level.ERROR, f"{name} wants a column for {parameter.name}", argument)

    # What a call gives

    def _result(self, call: Applied, scope: Scope) -> Meaning:
        returns, arguments = call.signature.returns, call.arguments
        match returns:
            case ScalarType():
                return returns
            case Result.INNER_NODES:
                return Row(scope.nodes if scope.nodes is not None else OPEN)
            case Columns():
                return self.series_columns(call, returns, scope)
            case Result.ARGUMENT_0:
                return call.type_of(0)
            case Result.ARGUMENT_1:
                return call.type_of(1)
            case Result.PROMOTED_0:
                return promoted(call.type_of(0))
            case Result.LAST_TYPE:
                return _named_type(arguments[-1][0]) if arguments else UNKNOWN
            case Result.TYPE_0:
                return _named_type(arguments[0][0]) if arguments else UNKNOWN
            case Result.TYPE_1:
                return _named_type(arguments[1][0]) if len(arguments) > 1 else UNKNOWN
            case Result.COMMON | Result.COMMON_NON_DYNAMIC:
                return self._common(call)
            case Result.WIDEST:
                return widest(call.types)
            case Result.TABLE | Result.EXTERNAL_TABLE | Result.MATERIALIZED_VIEW | Result.STORED_RESULT:
                return self._table_reference(call, scope)
            case Result.DATABASE | Result.CLUSTER | Result.ENTITY_GROUP:
                return Place(call.function.name)
            case Result.SORTED_ARRAYS:
                return self.sorted_arrays(call, scope)
            case Result.ANY:
                return self.any_columns(call, scope, "any_" if call.function.name == "take_any" else "")
            case Result.ARG:
                return self.arg_columns(call, scope, call.function.name.removeprefix("arg_"))
            case Result.ARG_OLD:
                return self.old_arg_columns(call, scope)
            case Result.PERCENTILES | Result.PERCENTILE_ARRAY:
                return self.percentiles(call, scope)
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

    def _common(self, call: Applied) -> ScalarType:
        pairs = zip(call.parameters, call.types, strict=True)
        kinds = [kind for parameter, kind in pairs if parameter is not None and parameter.kind.startswith("common")]
        result = common_type(kinds, ignore_dynamic=call.signature.returns is Result.COMMON_NON_DYNAMIC)
        if result is None and kinds:
            named = ", ".join(kind.value for kind in kinds)
            message = f"{call.function.name} cannot give one type for {named}"
            self.report("KQL213", Level.ERROR, message, call.node.name)
        return result or UNKNOWN

    def _table_reference(self, call: Applied, scope: Scope) -> TableType:
        """`table("name")`; a name that comes from a parameter makes the result depend on its value."""
        if not call.arguments:
            return OPEN
        argument = call.arguments[0][0]
        name = self.constant(argument, scope)
        if not isinstance(argument, Literal):
            self.constants_read = True
        if call.signature.returns is not Result.TABLE or not isinstance(name, str):
            return TableType((), True, name if isinstance(name, str) else None)
        local = scope.locals.get(name)
        if isinstance(local, Variable) and isinstance(local.meaning, TableType):
            return local.meaning
        return self.named_table(call.node, name)

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


def _number_wanted(signature: Signature) -> str:
    """`2 arguments`, `at least 1 argument`, `2 to 3 arguments`."""
    least, most = signature.minimum, signature.maximum
    if least == most:
        return f"{least} argument{'' if least == 1 else 's'}"
    if most > 60:
        return f"at least {least} argument{'' if least == 1 else 's'}"
    return f"{least} to {most} arguments"
