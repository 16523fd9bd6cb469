"""Expressions: what every name means and what type every expression has."""

from __future__ import annotations

from typing import Final, assert_never

from detectionary.languages.kusto.bind_names import (
    EVERY_TABLE,
    OPEN,
    Graph,
    LetFunction,
    Meaning,
    Place,
    Row,
    Scope,
    Tuple,
    Variable,
)
from detectionary.languages.kusto.bind_state import BinderState
from detectionary.languages.kusto.bound import ColumnSymbol, FunctionSymbol, TableSymbol, TableType
from detectionary.languages.kusto.functions import Function, Naming
from detectionary.languages.kusto.functions_aggregate import AGGREGATES
from detectionary.languages.kusto.functions_scalar import SCALAR_FUNCTIONS
from detectionary.languages.kusto.functions_series import SERIES_FUNCTIONS
from detectionary.languages.kusto.syntax import (
    BadExpression,
    Between,
    Binary,
    BinaryOperator,
    Call,
    ContextualDataTable,
    DataScope,
    DataTable,
    DynamicLiteral,
    Element,
    EntityGroup,
    Expression,
    ExternalData,
    InList,
    ListOperator,
    Literal,
    Materialize,
    MaterializedViewCombine,
    Name,
    Named,
    NameReference,
    Node,
    Parenthesized,
    Path,
    Pipeline,
    RowSchema,
    ScalarType,
    Star,
    ToScalar,
    ToTable,
    Unary,
    WildcardName,
)
from detectionary.languages.kusto.types import (
    ARITHMETIC,
    BOOL,
    DYNAMIC,
    INT,
    LONG,
    STRING,
    SUMMABLE,
    UNKNOWN,
    arithmetic,
    comparable,
)
from detectionary.text import Level

_TEXTUAL: Final = frozenset({STRING, DYNAMIC, UNKNOWN})


class Expressions(BinderState):
    """The part of the binder that reads expressions."""

    def expression(self, node: Expression, scope: Scope) -> Meaning:
        meaning = self._meaning(node, scope)
        if isinstance(meaning, ScalarType | TableType):
            self.types[id(node)] = meaning
        elif isinstance(meaning, Tuple):
            self.types[id(node)] = meaning.columns[0].type if len(meaning.columns) == 1 else DYNAMIC
        return meaning

    def scalar(self, node: Expression, scope: Scope) -> ScalarType:
        meaning = self.expression(node, scope)
        if isinstance(meaning, ScalarType):
            return meaning
        if isinstance(meaning, Tuple):
            return meaning.columns[0].type if meaning.columns else UNKNOWN
        if isinstance(meaning, TableType) and not (meaning.open and not meaning.columns):
            self.report("KQL207", Level.ERROR, "a single value is expected here, not a table", node)
        return UNKNOWN

    def _meaning(self, node: Expression, scope: Scope) -> Meaning:
        match node:
            case NameReference():
                return self._name(node, scope)
            case Literal():
                return node.type
            case Binary():
                return self._binary(node, scope)
            case Call():
                return self.call(node, scope)
            case Path():
                return self._path(node, scope)
            case Named():
                return self.expression(node.expression, scope)
            case Parenthesized():
                return self.expression(node.expression, scope)
            case Element():
                return self._element(node, scope)
            case InList():
                self._in_list(node, scope)
                return BOOL
            case Between():
                for part in (node.operand, node.low, node.high):
                    self.scalar(part, scope)
                return BOOL
            case Unary():
                return self._unary(node, scope)
            case DynamicLiteral():
                return DYNAMIC
            case Star():
                return DYNAMIC
            case ToScalar():
                return self._to_scalar(node, scope)
            case Pipeline():
                return self.stages(node.stages, None, scope)
            case Materialize() | ToTable():
                return self.expression(node.pipeline, scope.with_row(None))
            case DataTable():
                for value in node.values:
                    self.expression(value, scope.with_row(None))
                return self._declared(node.schema, node)
            case ContextualDataTable() | ExternalData():
                return self._declared(node.schema, node)
            case DataScope():
                return self.expression(node.expression, scope)
            case MaterializedViewCombine():
                return self._view_combine(node, scope)
            case EntityGroup():
                for item in node.items:
                    self.expression(item, scope)
                return Place("entity_group")
            case WildcardName():
                return UNKNOWN
            case BadExpression():
                return UNKNOWN
            case _:
                assert_never(node)

    # Names

    def _name(self, node: NameReference, scope: Scope) -> Meaning:
        name = node.name
        if scope.right is not None and name in ("$left", "$right"):
            table = scope.right if name == "$right" else scope.row
            return Row(table if table is not None else OPEN)
        found = self._visible_column(name, scope)
        if found is not None:
            self.symbols[id(node)] = found
            return found.type
        local = scope.locals.get(name)
        if local is not None:
            return self._local(node, local, scope)
        meaning = self._environment_name(node, scope)
        if meaning is not None:
            return meaning
        if scope.row is not None and scope.row.open:
            inferred = self.column(scope.row, name)
            if inferred is not None:
                self.symbols[id(node)] = inferred
                return inferred.type
        if name in SCALAR_FUNCTIONS and scope.row is not None:
            self.report("KQL204", Level.ERROR, f"{name} is a function: it needs parentheses", node)
            return UNKNOWN
        self.unknown_column(name, node, scope)
        return UNKNOWN

    def _visible_column(self, name: str, scope: Scope) -> ColumnSymbol | None:
        row, right = scope.row, scope.right
        found = row.get(name) if row is not None else None
        if found is None and row is not None and row.name == EVERY_TABLE and self.known.column_type(name):
            found = self.column(row, name)
        if right is None:
            return found
        if scope.pairs:
            left = found or (self.column(row, name) if row is not None else None)
            other = self.column(right, name)
            if left is not None and other is not None:
                return ColumnSymbol(name, left.type, sources=(left, other))
        return found or right.get(name)

    def _local(self, node: NameReference, local: Variable | LetFunction, scope: Scope) -> Meaning:
        self.symbols[id(node)] = local.symbol
        if isinstance(local, LetFunction):
            self.functions.setdefault(node.name)
            return self.local_call(local, (), node, scope)
        return local.meaning

    def _environment_name(self, node: NameReference, scope: Scope) -> Meaning | None:
        """A function without parentheses, or a table."""
        name = node.name
        meaning = self.environment_call(name, (), node, scope)
        if meaning is not None:
            return meaning
        symbol = self.known.table(name)
        if symbol is None:
            return None
        self._read(node, symbol)
        return symbol.type

    def _read(self, node: Expression, symbol: TableSymbol) -> None:
        self.symbols[id(node)] = symbol
        self.tables.setdefault(symbol.name)
        self.dependencies.add(symbol.name)

    def named_table(self, node: Expression, name: str) -> TableType:
        """The table that `table("name")` or a reference names; an open one when the environment has none."""
        symbol = self.known.table(name)
        if symbol is None:
            symbol = TableSymbol(name, TableType((), True, name), known=False)
            self.missing += 1
            level = Level.NOTE if self.fuzzy else Level.WARNING
            self.report("KQL201", level, f"no table is called {name}", node, self._table_advice(name))
        self._read(node, symbol)
        return symbol.type

    def _table_advice(self, name: str) -> str | None:
        if len(name) < 3:
            return None
        near = [other for other in self.known.table_schemas if abs(len(other) - len(name)) < 3 and other[0] == name[0]]
        return self.suggestion(name, near)

    def tabular(self, node: Expression, scope: Scope) -> TableType:
        """The table that an expression gives, whatever it is written as; noted as the result of that stage."""
        inner = node
        while isinstance(inner, Parenthesized):
            inner = inner.expression
        meaning: Meaning
        if isinstance(inner, NameReference) and self._unknown_name(inner.name, scope):
            meaning = self.named_table(inner, inner.name)
            self.types[id(inner)] = meaning
        else:
            meaning = self.expression(inner, scope)
        table = self.as_table(meaning, inner)
        if inner is not node:
            self.types[id(node)] = table
        if not isinstance(inner, Pipeline):
            self.results[id(inner)] = table
        return table

    def as_table(self, meaning: Meaning, node: Expression) -> TableType:
        match meaning:
            case TableType():
                return meaning
            case Row():
                return meaning.table
            case Graph():
                return meaning.edges
            case Tuple() | Place():
                return OPEN
            case ScalarType():
                if meaning is not UNKNOWN:
                    self.report("KQL208", Level.ERROR, "a table is expected here, not a single value", node)
                return TableType((), True)
            case _:
                assert_never(meaning)

    def _unknown_name(self, name: str, scope: Scope) -> bool:
        return (
            scope.locals.get(name) is None
            and name not in self.known.functions
            and name not in self.known.table_schemas
            and (scope.row is None or scope.row.get(name) is None)
        )

    # Paths

    def _path(self, node: Path, scope: Scope) -> Meaning:
        target = self.expression(node.target, scope)
        member = node.member
        match target:
            case Row():
                name = member.text if isinstance(member, Name) else ""
                found = self.column(target.table, name) if name else None
                if found is None:
                    self.unknown_column(name, member, scope)
                    return UNKNOWN
                self.symbols[id(node)] = found
                return found.type
            case Place():
                return self._in_place(node, scope)
            case ScalarType():
                if isinstance(member, Call):
                    return self.expression(member, scope)
                if target is DYNAMIC or target is UNKNOWN:
                    return target
                text = member.text if isinstance(member, Name) else member.pattern
                self.report("KQL205", Level.ERROR, f"a {target.value} has no member {text}", member)
                return UNKNOWN
            case _:
                return UNKNOWN

    def _in_place(self, node: Path, scope: Scope) -> Meaning:
        """A table, function or further place of a database, cluster or workspace."""
        member = node.member
        if isinstance(member, Name):
            table = self.named_table(node, member.text)
            self.results[id(node)] = table
            return table
        if isinstance(member, WildcardName):
            tables = self.known.tables_like(member.pattern)
            self.dependencies.add(member.pattern)
            for table_symbol in tables:
                self.tables.setdefault(table_symbol.name)
                self.dependencies.add(table_symbol.name)
            return tables[0].type if len(tables) == 1 else OPEN
        before = len(self.diagnostics)
        meaning = self.expression(member, scope.with_row(None))
        if meaning is UNKNOWN:
            del self.diagnostics[before:]
            return TableType((), True)
        symbol = self.symbols.get(id(member))
        if symbol is not None:
            self.symbols[id(node)] = symbol
        return meaning

    def _element(self, node: Element, scope: Scope) -> Meaning:
        target = self.expression(node.target, scope)
        self.scalar(node.index, scope)
        match target:
            case Tuple():
                at = self.constant(node.index, scope)
                if isinstance(at, int) and 0 <= at < len(target.columns):
                    return target.columns[at].type
                return UNKNOWN
            case Row():
                name = self.constant(node.index, scope)
                found = self.column(target.table, name) if isinstance(name, str) else None
                if found is not None:
                    self.symbols[id(node)] = found
                    return found.type
                return UNKNOWN
            case ScalarType():
                if target is DYNAMIC or target is UNKNOWN:
                    return target
                self.report("KQL205", Level.ERROR, f"a {target.value} has no elements", node.index)
                return UNKNOWN
            case _:
                return UNKNOWN

    # Operators

    def _binary(self, node: Binary, scope: Scope) -> ScalarType:
        """Chains (`a or b or c …`) nest to the left and may be long: they are walked, not recursed into."""
        chain = [node]
        first = node.left
        while isinstance(first, Binary):
            chain.append(first)
            first = first.left
        left = self.scalar(first, scope)
        for link in reversed(chain):
            right = self.scalar(link.right, scope)
            left = self._combined(link, left, right)
            self.types[id(link)] = left
        return left

    def _combined(self, node: Binary, left: ScalarType, right: ScalarType) -> ScalarType:
        operator = node.operator
        if operator in ARITHMETIC:
            result = arithmetic(operator, left, right)
            if result is not None:
                return result
        elif comparable(operator, left, right) or operator is BinaryOperator.SEARCH:
            return BOOL
        message = f"{operator.value} does not take {left.value} and {right.value}"
        self.report("KQL206", Level.ERROR, message, node.operator_span if node.operator_span.end else node)
        return UNKNOWN if operator in ARITHMETIC else BOOL

    def _in_list(self, node: InList, scope: Scope) -> None:
        operand = self.scalar(node.operand, scope)
        if node.operator not in (ListOperator.IN, ListOperator.NOT_IN) and operand not in _TEXTUAL:
            self.report("KQL206", Level.ERROR, f"{node.operator.value} does not take {operand.value}", node.operand)
        for item in node.items:
            inner = item
            while isinstance(inner, Parenthesized):
                inner = inner.expression
            if isinstance(inner, Pipeline):
                self.expression(item, scope.with_row(None))
            else:
                meaning = self.expression(item, scope)
                if isinstance(meaning, TableType):
                    self.results[id(inner)] = meaning

    def _unary(self, node: Unary, scope: Scope) -> ScalarType:
        operand = self.scalar(node.operand, scope)
        if operand is INT and not isinstance(node.operand, Literal):
            return LONG
        if operand is not UNKNOWN and operand is not DYNAMIC and operand not in SUMMABLE:
            self.report("KQL206", Level.ERROR, f"{node.sign} does not take {operand.value}", node)
            return UNKNOWN
        return operand

    # Tables inside expressions

    def _to_scalar(self, node: ToScalar, scope: Scope) -> ScalarType:
        meaning = self.expression(node.pipeline, scope.with_row(None))
        if isinstance(meaning, TableType):
            inner = node.pipeline
            if not isinstance(inner, Pipeline | Parenthesized):
                self.results[id(inner)] = meaning
            full = self.full(meaning)
            if full.columns:
                return full.columns[0].type
            if not full.open:
                self.report("KQL208", Level.ERROR, "the table has no columns", node.pipeline)
            return UNKNOWN
        return meaning if isinstance(meaning, ScalarType) else UNKNOWN

    def _declared(self, schema: RowSchema, node: Expression) -> TableType:
        table = TableType(self.declared_columns(schema, node), schema.open)
        self.results[id(node)] = table
        return table

    def declared_columns(self, schema: RowSchema, node: Node) -> tuple[ColumnSymbol, ...]:
        """The columns of `(a: string, b: long)`, each name once."""
        seen: dict[str, ColumnSymbol] = {}
        for declared in schema.columns:
            name = declared.name.text
            if name in seen:
                self.report("KQL209", Level.ERROR, f"{name} is declared twice", declared.name)
            else:
                seen[name] = ColumnSymbol(name, declared.type, maker=node)
        return tuple(seen.values())

    def _view_combine(self, node: MaterializedViewCombine, scope: Scope) -> Meaning:
        self.expression(node.base, scope.with_row(None))
        delta = self.tabular(node.delta, scope.with_row(None))
        return self.stages((node.aggregations,), delta, scope)

    # Result names

    def result_name(self, node: Expression, scope: Scope) -> str | None:
        match node:
            case NameReference():
                return node.name
            case Parenthesized():
                return self.result_name(node.expression, scope)
            case Named():
                return node.names[0].text if node.names else None
            case Path():
                right = self._member_name(node.member, scope)
                return self._joined_name(node.target, right, scope)
            case Element():
                at = node.index
                right = str(at.value) if isinstance(at, Literal) and isinstance(at.value, str | int) else None
                return self._joined_name(node.target, right, scope)
            case Call():
                return self._call_name(node, scope)
            case _:
                return None

    def _member_name(self, member: Name | Call | WildcardName, scope: Scope) -> str | None:
        match member:
            case Name():
                return member.text
            case Call():
                return self._call_name(member, scope)
            case WildcardName():
                return member.pattern
            case _:
                assert_never(member)

    def _joined_name(self, target: Expression, right: str | None, scope: Scope) -> str | None:
        kind = self.types.get(id(target))
        if kind is DYNAMIC or kind is UNKNOWN:
            left = self.result_name(target, scope)
            if left:
                return f"{left}_{right or ''}"
        return right

    def _call_name(self, node: Call, scope: Scope) -> str | None:
        known = self.built_in(node, scope)
        if known is None:
            return None
        arguments = node.arguments
        first = arguments[0] if arguments else None
        match known.naming:
            case Naming.NONE:
                return None
            case Naming.PREFIXED:
                return f"{known.prefix}_{(self.result_name(first, scope) or '') if first else ''}"
            case Naming.FIRST_ARGUMENT:
                return self.result_name(first, scope) if first else None
            case Naming.ONLY_ARGUMENT:
                return self.result_name(first, scope) if first and len(arguments) == 1 else None
            case Naming.NAMED_COLUMN:
                name = self.constant(first, scope) if first else None
                return name if isinstance(name, str) and scope.row and scope.row.get(name) else None
            case Naming.FIXED:
                return known.prefix
            case _:
                assert_never(known.naming)

    def built_in(self, node: Call, scope: Scope) -> Function | None:
        """The built-in function that a bound call names."""
        symbol = self.symbols.get(id(node))
        if not isinstance(symbol, FunctionSymbol) or symbol.definition is not None or not symbol.known:
            return None
        name = node.name.text
        if scope.aggregate and name in AGGREGATES:
            return AGGREGATES[name]
        return SCALAR_FUNCTIONS.get(name) or SERIES_FUNCTIONS.get(name) or AGGREGATES.get(name)
