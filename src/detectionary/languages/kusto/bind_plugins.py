"""`evaluate`: the columns that a plug-in makes of its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detectionary.languages.kusto.bind_calls import built_in_symbol
from detectionary.languages.kusto.bind_columns import made_unique
from detectionary.languages.kusto.bind_names import OPEN, Meaning, Scope
from detectionary.languages.kusto.bind_state import BinderState
from detectionary.languages.kusto.bound import ColumnSymbol, FunctionSymbol, TableType
from detectionary.languages.kusto.functions import MANY, Columns, Function, Result, Signature
from detectionary.languages.kusto.functions_plugins import PLUGINS
from detectionary.languages.kusto.parser import parse
from detectionary.languages.kusto.syntax import Call, ColumnDeclaration, Expression, Literal, Named, ScalarType, walk
from detectionary.languages.kusto.types import LONG, UNKNOWN, scalar_type
from detectionary.text import Level

ByParameter = Mapping[str, list[Expression]]


class Plugins(BinderState):
    """The part of the binder that reads plug-ins."""

    def plugin(self, node: Call, scope: Scope, table: TableType) -> TableType:
        name = node.name.text
        known = PLUGINS.get(name)
        if known is None:
            for argument in node.arguments:
                self.expression(argument, scope)
            self.symbols[id(node)] = FunctionSymbol(name, None, known=False)
            self.functions.setdefault(name)
            self.report(
                "KQL202", Level.WARNING, f"no plug-in is called {name}", node.name, self.suggestion(name, PLUGINS)
            )
            return OPEN
        self.symbols[id(node)] = built_in_symbol(name)
        self.functions.setdefault(name)
        signature = self._signature(known, len(node.arguments))
        arguments = self._bind_arguments(node, signature, scope)
        count = len(node.arguments)
        if not signature.minimum <= count <= signature.maximum:
            self.report("KQL210", Level.ERROR, f"{name} does not take {count} arguments", node.name)
        result = self._made_by(node, signature.returns, arguments, scope, self.full(table))
        self.types[id(node)] = result
        return result

    def _signature(self, known: Function, count: int) -> Signature:
        signatures = known.signatures
        return next((s for s in signatures if s.minimum <= count <= s.maximum), signatures[-1])

    def _bind_arguments(self, node: Call, signature: Signature, scope: Scope) -> dict[str, list[Expression]]:
        """Bind the arguments, each where its parameter says, and group them by parameter."""
        result: dict[str, list[Expression]] = {}
        parameters = list(signature.parameters)
        at = 0
        looked_up: Meaning | None = None
        for argument in node.arguments:
            named = next(
                (p for p in parameters if isinstance(argument, Named) and p.name == argument.names[0].text), None
            )
            parameter = named or (parameters[at] if at < len(parameters) else None)
            use = parameter.use if parameter is not None else ""
            inner = scope
            if use == "lookup" and isinstance(looked_up, TableType):
                inner = Scope(scope.locals, looked_up)
            elif use == "aggregate":
                inner = Scope(scope.locals, scope.row, aggregate=True)
            if parameter is not None and not parameter.types:
                looked_up = self.tabular(argument, Scope(scope.locals))
            else:
                kind = self.scalar(argument, inner)
                if parameter is not None and parameter.maximum == MANY:
                    following = parameters[at + 1] if at + 1 < len(parameters) else None
                    if following is not None and _belongs_to(following.kind, kind, argument, parameter.kind):
                        at += 1
                        parameter = following
            if parameter is not None:
                result.setdefault(parameter.name, []).append(argument)
                if parameter.maximum == 1 and named is None:
                    at += 1
        return result

    def _made_by(
        self, node: Call, returns: object, arguments: ByParameter, scope: Scope, table: TableType
    ) -> TableType:
        match returns:
            case Columns():
                return self._columns(node, returns, arguments, scope, table)
            case Result.OPEN:
                return TableType((), True)
            case Result.BAG_UNPACK:
                bag = self._column(arguments, "column")
                return TableType(tuple(column for column in table.columns if column is not bag), True)
            case Result.PIVOT:
                return self._pivot(arguments, table)
            case Result.OUTPUT_SCHEMA:
                return _declared_output(node, table)
            case Result.LOOKUP:
                return self._lookup(arguments, table)
            case Result.INTERSECTIONS:
                counts = [ColumnSymbol(f"s{at}", LONG, maker=node) for at in range(len(node.arguments))]
                return TableType(made_unique((*table.columns, *counts)), table.open)
            case Result.ROLLING_PERCENTILE:
                return self._rolling_percentile(node, arguments, scope)
            case _:
                return TableType((), True)

    def _columns(
        self, node: Call, columns: Columns, arguments: ByParameter, scope: Scope, table: TableType
    ) -> TableType:
        """The columns that a row of data describes; see `functions.Columns`."""
        result: list[ColumnSymbol] = []
        open_ = False
        for item in columns.text.split():
            if item == "*":
                result.extend(table.columns)
                open_ = table.open
            elif item.startswith("="):
                for argument in arguments.get(item[1:], ()):
                    column = self.referenced_column(argument)
                    if column is not None:
                        result.append(column)
            else:
                name, _, kind = item.partition(":")
                result.extend(self._templates(node, name, kind, arguments, scope))
        return TableType(made_unique(result), open_)

    def _templates(
        self, node: Call, name: str, kind: str, arguments: ByParameter, scope: Scope
    ) -> Sequence[ColumnSymbol]:
        """`{Expr}_{TimelineColumn}:TimelineColumn`: a column for each argument of the first parameter named."""
        parts = [part for piece in name.split("{") for part in piece.split("}")]
        parameters = parts[1::2]
        made_type = self._type_named(kind, arguments)
        repeats = max((len(arguments.get(parameter, ())) for parameter in parameters), default=1)
        result = []
        for at in range(repeats):
            words = []
            for index, part in enumerate(parts):
                if index % 2 == 0:
                    words.append(part)
                    continue
                given = arguments.get(part, ())
                chosen = given[min(at, len(given) - 1)] if given else None
                words.append((self.result_name(chosen, scope) or "") if chosen is not None else "")
            result.append(ColumnSymbol("".join(words), made_type, expression=node, maker=node))
        return result

    def _type_named(self, kind: str, arguments: ByParameter) -> ScalarType:
        given = arguments.get(kind)
        if given is None:
            return scalar_type(kind)
        found = self.types.get(id(given[0]))
        return found if isinstance(found, ScalarType) else UNKNOWN

    def _column(self, arguments: ByParameter, parameter: str) -> ColumnSymbol | None:
        given = arguments.get(parameter)
        return self.referenced_column(given[0]) if given else None

    def _pivot(self, arguments: ByParameter, table: TableType) -> TableType:
        """The columns that are named, or all but the pivoted and the aggregated one; then one for each value."""
        named = [self.referenced_column(argument) for argument in arguments.get("columnName", ())]
        columns = [column for column in named if column is not None]
        if not columns:
            aggregates = [call for call in arguments.get("aggregateFunction", ()) if isinstance(call, Call)]
            gone = [self._column(arguments, "pivotColumn")]
            gone.extend(self.referenced_column(call.arguments[0]) for call in aggregates if call.arguments)
            columns = [column for column in table.columns if all(column is not other for other in gone)]
        return TableType(made_unique(columns), True)

    def _lookup(self, arguments: ByParameter, table: TableType) -> TableType:
        """Both tables' columns; keys that both have stand once."""
        given = arguments.get("LookupTable")
        other = self.types.get(id(given[0])) if given else None
        if not isinstance(other, TableType):
            return table
        keys = [self.referenced_column(argument) for argument in arguments.get("ExtraKey", ())]
        shared = {key.name for key in keys if key is not None}
        columns = [*table.columns, *(column for column in self.full(other).columns if column.name not in shared)]
        return TableType(made_unique(columns), table.open or other.open)

    def _rolling_percentile(self, node: Call, arguments: ByParameter, scope: Scope) -> TableType:
        kept = [self._column(arguments, "IndexColumn")]
        kept.extend(self.referenced_column(argument) for argument in arguments.get("Dimension", ()))
        value = self._column(arguments, "ValueColumn")
        texts = [
            str(self.constant(given[0], scope)) if (given := arguments.get(name)) else "0"
            for name in ("BinsPerWindow", "Percentile")
        ]
        name = f"rolling_{texts[0]}_percentile_{value.name if value else 'value'}_{texts[1]}"
        made = ColumnSymbol(name, value.type if value else LONG, expression=node, maker=node)
        return TableType(made_unique((*(column for column in kept if column is not None), made)))


def _declared_output(node: Call, table: TableType) -> TableType:
    """The table that `typeof(*, x: real)` describes; `*` stands for the input's columns."""
    first = node.arguments[0] if node.arguments else None
    text = first.value if isinstance(first, Literal) else None
    if not isinstance(text, str) or not text.startswith("("):
        return TableType((), True)
    declared = text[1:-1].strip()
    starred = declared.startswith("*")
    if starred:
        declared = declared[1:].strip().removeprefix(",")
    columns = [
        ColumnSymbol(part.name.text, part.type, expression=node, maker=node)
        for part in walk(parse(f"datatable({declared}) []").tree)
        if isinstance(part, ColumnDeclaration)
    ]
    named = {column.name for column in columns}
    kept = [column for column in table.columns if starred and column.name not in named]
    return TableType(made_unique((*kept, *columns)), starred and table.open)


def _belongs_to(following: str, kind: ScalarType, argument: Expression, repeated: str) -> bool:
    """Whether an argument after repeated ones is the next parameter's: its type tells."""
    if repeated == "bool":
        return kind is not ScalarType.BOOL
    return following == "bool" and kind is ScalarType.BOOL and isinstance(argument, Literal | Named)
