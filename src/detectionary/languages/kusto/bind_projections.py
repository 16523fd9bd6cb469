"""Operators that choose, compute, group or reshape columns of one table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum, auto

from detectionary.languages.kusto.bind_columns import Projection, UniqueNames, continued
from detectionary.languages.kusto.bind_multiples import prefixed
from detectionary.languages.kusto.bind_names import Meaning, Scope, Tuple, matches
from detectionary.languages.kusto.bind_state import BinderState
from detectionary.languages.kusto.bound import ColumnSymbol, TableType, VariableSymbol
from detectionary.languages.kusto.syntax import (
    Call,
    Distinct,
    DynamicLiteral,
    ExpandItem,
    Expression,
    Extend,
    FunctionDeclaration,
    JsonArray,
    Let,
    Literal,
    MakeSeries,
    MvApply,
    MvExpand,
    Named,
    NameReference,
    Node,
    Ordered,
    Parenthesized,
    Parse,
    ParseColumn,
    ParseKv,
    Print,
    Project,
    ProjectAway,
    ProjectByNames,
    ProjectKeep,
    ProjectRename,
    ProjectReorder,
    QueryParameter,
    ScalarType,
    Serialize,
    Star,
    Summarize,
    TopHitters,
    TopNested,
    WildcardName,
)
from detectionary.languages.kusto.types import DYNAMIC, LONG, STRING, UNKNOWN, scalar_type
from detectionary.text import Level


class Style(Enum):
    """How the columns of a projection meet those that are there already."""

    PROJECT = auto()
    EXTEND = auto()
    """A computed column replaces one of its name."""
    EXPAND = auto()
    """Every column replaces one of its name."""
    KEYS = auto()
    AGGREGATES = auto()
    PRINT = auto()


class Projections(BinderState):
    """The part of the binder that reads `project`, `extend`, `summarize` and their like."""

    def project_items(
        self,
        items: Iterable[Expression],
        projection: Projection,
        scope: Scope,
        style: Style,
        maker: Node,
        kind: ScalarType | None = None,
    ) -> None:
        """Bind each item and add its columns; `kind` overrides their types."""
        for item in items:
            self.project_item(item, projection, scope, style, maker, kind)

    def project_item(
        self,
        item: Expression,
        projection: Projection,
        scope: Scope,
        style: Style,
        maker: Node,
        kind: ScalarType | None = None,
        default: str | None = None,
    ) -> None:
        if isinstance(item, Star):
            for column in self.full(scope.row).columns if scope.row is not None else ():
                projection.add(self._shaped(column, item, style, maker, kind), replace=True)
            return
        meaning = self.expression(item, scope)
        replace = style is Style.EXTEND or style is Style.EXPAND
        if isinstance(item, Named):
            self._named_item(item, meaning, projection, scope, style, maker, kind)
        elif (source := self.result_column(item)) is not None:
            declared = self._shaped(source, item, style, maker, kind)
            if not projection.declare(declared, replace=style is Style.EXPAND):
                self._declared_twice(source.name, item)
        elif isinstance(meaning, Tuple) and not (default and len(meaning.columns) == 1):
            for column in self._tuple_columns(item, meaning, scope):
                projection.add(self._remade(column, column.name, style, maker, kind))
        else:
            name = default or self.result_name(item, scope) or self._default_name(scope, style)
            made = self._made(name, kind or self._type_of(meaning, item), item, style, maker)
            projection.add(made, base=default, replace=replace)

    def _named_item(
        self,
        item: Named,
        meaning: Meaning,
        projection: Projection,
        scope: Scope,
        style: Style,
        maker: Node,
        kind: ScalarType | None,
    ) -> None:
        replace = style is Style.EXTEND or style is Style.EXPAND
        if isinstance(meaning, Tuple):
            columns = self._tuple_columns(item.expression, meaning, scope)
            for at, (column, plain) in enumerate(zip(columns, meaning.columns, strict=True)):
                if at < len(item.names):
                    named = self._remade(plain, item.names[at].text, style, maker, kind)
                    if not projection.declare(named, replace=replace or not item.listed):
                        self._declared_twice(named.name, item.names[at])
                elif style is not Style.PRINT:
                    projection.add(self._remade(column, column.name, style, maker, kind))
            return
        name = item.names[0]
        source = self.referenced_column(item.expression)
        if source is not None and not isinstance(item.expression, Parenthesized):
            made = self._shaped(source, item.expression, style, maker, kind, name.text)
            replace = True
        else:
            made = self._made(name.text, kind or self._type_of(meaning, item), item.expression, style, maker)
        if not projection.declare(made, replace=replace):
            self._declared_twice(name.text, name)
        for further in item.names[1:]:
            self.report("KQL214", Level.ERROR, f"there is no value for {further.text}", further)

    def _tuple_columns(self, item: Expression, meaning: Tuple, scope: Scope) -> Sequence[ColumnSymbol]:
        while isinstance(item, Parenthesized):
            item = item.expression
        known = self.built_in(item, scope) if isinstance(item, Call) else None
        return prefixed(meaning.columns, known)

    def _type_of(self, meaning: Meaning, node: Expression) -> ScalarType:
        if isinstance(meaning, ScalarType):
            return meaning
        if isinstance(meaning, Tuple):
            return meaning.columns[0].type if meaning.columns else UNKNOWN
        if isinstance(meaning, TableType) and meaning.columns:
            self.report("KQL207", Level.ERROR, "a single value is expected here, not a table", node)
        return UNKNOWN

    def _shaped(
        self,
        column: ColumnSymbol,
        item: Expression,
        style: Style,
        maker: Node,
        kind: ScalarType | None,
        name: str | None = None,
    ) -> ColumnSymbol:
        """A column that a projection takes over: the same object unless the operator does something to it."""
        if style is Style.EXPAND or (kind is not None and kind is not column.type):
            return ColumnSymbol(
                name or column.name,
                kind or column.type,
                expression=item,
                maker=maker,
                sources=(column,),
                expanded=style is Style.EXPAND,
                key=style is Style.KEYS,
            )
        if style is Style.KEYS or (name is not None and name != column.name):
            return ColumnSymbol(
                name or column.name, column.type, maker=maker, sources=(column,), key=style is Style.KEYS
            )
        return column

    def _made(self, name: str, kind: ScalarType, item: Expression, style: Style, maker: Node) -> ColumnSymbol:
        return ColumnSymbol(
            name,
            kind,
            expression=item,
            maker=maker,
            expanded=style is Style.EXPAND,
            aggregate=style is Style.AGGREGATES,
            key=style is Style.KEYS,
        )

    def _remade(
        self, column: ColumnSymbol, name: str, style: Style, maker: Node, kind: ScalarType | None
    ) -> ColumnSymbol:
        """A column of a function of several values, as a column that `maker` makes."""
        return ColumnSymbol(
            name,
            kind or column.type,
            expression=column.expression,
            maker=maker,
            sources=column.sources,
            aggregate=column.aggregate or style is Style.AGGREGATES,
        )

    def _default_name(self, scope: Scope, style: Style) -> str:
        while True:
            name = f"Column{self.next_column}"
            self.next_column += 1
            row = scope.row if style is Style.EXTEND else None
            if not (row is not None and row.get(name)) and scope.locals.get(name) is None:
                return name

    def _declared_twice(self, name: str, node: Node) -> None:
        self.report("KQL209", Level.ERROR, f"a column {name} is there already", node)

    # project and its variants

    def project(self, node: Project, scope: Scope) -> TableType:
        """What is named and nothing else: the result of an open table is closed."""
        projection = Projection()
        self.project_items(node.expressions, projection, scope, Style.PROJECT, node)
        return projection.table()

    def extend(self, node: Extend | Serialize, row: TableType, scope: Scope) -> TableType:
        if not node.expressions:
            return self.full(row)
        items = node.expressions
        before: TableType | None = None
        projection = Projection(row.columns)
        if row.open:
            for item in items:
                self.expression(item, scope)
            before = self.full(row)
            projection = Projection(before.columns)
        style = Style.EXTEND if isinstance(node, Extend) else Style.PROJECT
        self.project_items(items, projection, scope, style, node)
        return projection.table(row)

    def project_away(self, node: ProjectAway, row: TableType, scope: Scope) -> TableType:
        gone = {column.name for column in self._listed(node.columns, scope)}
        return continued(row, (column for column in row.columns if column.name not in gone))

    def project_keep(self, node: ProjectKeep, row: TableType, scope: Scope) -> TableType:
        kept = {column.name for column in self._listed(node.columns, scope)}
        patterns = any(isinstance(item, WildcardName | Star) for item in node.columns)
        columns = tuple(column for column in self.full(row).columns if column.name in kept)
        return continued(row, columns) if patterns else TableType(columns)

    def _listed(self, items: Iterable[Expression], scope: Scope) -> list[ColumnSymbol]:
        """The columns that a list of names and wildcards means."""
        result: list[ColumnSymbol] = []
        for item in items:
            if isinstance(item, WildcardName):
                result.extend(self._like(item, scope))
            elif isinstance(item, Star):
                result.extend(scope.row.columns if scope.row is not None else ())
            else:
                self.expression(item, scope)
                column = self.referenced_column(item)
                if column is not None:
                    result.append(column)
        return result

    def _like(self, item: WildcardName, scope: Scope) -> list[ColumnSymbol]:
        row = scope.row
        if row is None:
            return []
        found = [column for column in row.columns if matches(item.pattern, column.name)]
        if not found and not row.open:
            self.report("KQL203", Level.WARNING, f"no column matches {item.pattern}", item)
        return found

    def project_rename(self, node: ProjectRename, row: TableType, scope: Scope) -> TableType:
        for item in node.expressions:
            self.expression(item, scope)
        projection = Projection(self.full(row).columns)
        projection.declare_all()
        for item in node.expressions:
            if not isinstance(item, Named):
                self.report("KQL215", Level.ERROR, "project-rename wants NewName = OldName", item)
                continue
            column = self.referenced_column(item.expression)
            if column is None:
                if self.types.get(id(item.expression)) is not UNKNOWN:
                    self.report("KQL212", Level.ERROR, "project-rename wants a column here", item.expression)
            elif projection.rename(column.name, item.names[0].text, node) is None:
                self._declared_twice(item.names[0].text, item.names[0])
        return projection.table(row)

    def project_reorder(self, node: ProjectReorder, row: TableType, scope: Scope) -> TableType:
        projection = Projection()
        for item in node.columns:
            expression = item.expression
            if isinstance(expression, WildcardName | Star):
                pattern = expression.pattern if isinstance(expression, WildcardName) else "*"
                found = [column for column in row.columns if matches(pattern, column.name)]
                for column in _ordered(found, item):
                    projection.add(column, once=True)
            else:
                self.expression(expression, scope)
                chosen = self.referenced_column(expression)
                if chosen is not None:
                    projection.declare(chosen)
                    projection.skip((chosen,))
        for column in row.columns:
            projection.add(column)
        return projection.table(row)

    def project_by_names(self, node: ProjectByNames, row: TableType, scope: Scope) -> TableType:
        """Names and patterns given as text, as a dynamic array, or as the columns of another table."""
        projection = Projection()
        unsure = False
        for item in node.expressions:
            self.expression(item, scope)
            names = self._texts(item, scope)
            unsure = unsure or names is None
            for pattern in names or ():
                for column in row.columns:
                    if matches(pattern, column.name):
                        projection.add(column, once=True)
        return TableType(tuple(projection.columns), row.open or unsure)

    def _texts(self, item: Expression, scope: Scope) -> list[str] | None:
        """The texts that a constant stands for, None when they are not known before the run."""
        while isinstance(item, Parenthesized | Named):
            item = item.expression
        if isinstance(item, NameReference):
            local = scope.locals.get(item.name)
            symbol = local.symbol if local is not None else None
            declaration = symbol.declaration if isinstance(symbol, VariableSymbol) else None
            if isinstance(declaration, Let) and not isinstance(declaration.value, FunctionDeclaration):
                return self._texts(declaration.value, scope)
        if isinstance(item, DynamicLiteral):
            values = item.value.items if isinstance(item.value, JsonArray) else (item.value,)
            return [value.value for value in values if isinstance(value, Literal) and isinstance(value.value, str)]
        if isinstance(item, Call) and item.name.text == "column_names_of" and item.arguments:
            table = self.types.get(id(item.arguments[0]))
            return [column.name for column in table.columns] if isinstance(table, TableType) else None
        value = self.constant(item, scope)
        return [value] if isinstance(value, str) else None

    def print_(self, node: Print, scope: Scope) -> TableType:
        projection = Projection()
        for at, item in enumerate(node.expressions):
            self.project_item(item, projection, scope, Style.PRINT, node, default=f"print_{at}")
        return projection.table()

    # summarize and its kin

    def summarize(self, node: Summarize, row: TableType, scope: Scope) -> TableType:
        projection = Projection()
        keys = node.by or ()
        self.project_items(keys, projection, scope, Style.KEYS, node)
        self.comparable(keys, "a group-by key")
        if node.legacy_bin is not None:
            self.expression(node.legacy_bin, scope)
        originals = tuple(column for column in map(self.result_column, keys) if column is not None)
        aggregates = Scope(scope.locals, row, aggregate=True, keys=originals)
        self.project_items(node.aggregates, projection, aggregates, Style.AGGREGATES, node)
        return projection.table(row if any(map(_has_star, node.aggregates)) else None)

    def distinct(self, node: Distinct, row: TableType, scope: Scope) -> TableType:
        projection = Projection()
        self.project_items(node.expressions, projection, scope, Style.KEYS, node)
        self.comparable(node.expressions, "distinct")
        return projection.table(row if any(isinstance(item, Star) for item in node.expressions) else None)

    def comparable(self, items: Iterable[Expression], what: str) -> None:
        """Report dynamic values where Kusto must compare them: keys, `distinct`, `sort`."""
        for item in items:
            kind = None if isinstance(item, Star) else self.types.get(id(item))
            if kind is DYNAMIC:
                advice = "convert it, with tostring() for example"
                self.report("KQL221", Level.ERROR, f"{what} cannot be a dynamic value", item, advice)

    def make_series(self, node: MakeSeries, row: TableType, scope: Scope) -> TableType:
        projection = Projection()
        self.project_items(node.by, projection, scope, Style.KEYS, node)
        originals = tuple(column for column in map(self.result_column, node.by) if column is not None)
        aggregates = Scope(scope.locals, row, aggregate=True, keys=originals)
        for item in node.aggregates:
            self.project_item(item.expression, projection, aggregates, Style.AGGREGATES, node, DYNAMIC)
            if item.default is not None:
                self.scalar(item.default, scope)
        self.project_item(node.on, projection, scope, Style.PROJECT, node, DYNAMIC)
        for bound in (node.start, node.stop, node.step):
            if bound is not None:
                self.scalar(bound, scope)
        return projection.table()

    def top_nested(self, node: TopNested, row: TableType, scope: Scope) -> TableType:
        names = UniqueNames()
        columns: list[ColumnSymbol] = []
        for part in node.parts:
            for value in (part.count, part.others):
                if value is not None:
                    self.scalar(value, scope)
            kind = self.scalar(part.of, scope)
            of_name = names.claim(self.result_name(part.of, scope) or "")
            columns.append(self._chosen(part.of, of_name, kind, Style.KEYS, node))
            by = part.by.expression
            aggregate = Scope(scope.locals, row, aggregate=True)
            kind = self.scalar(by, aggregate)
            by_name = by.names[0].text if isinstance(by, Named) else f"aggregated_{of_name}"
            made = by.expression if isinstance(by, Named) else by
            columns.append(self._made(names.claim(by_name), kind, made, Style.AGGREGATES, node))
        return TableType(tuple(columns))

    def top_hitters(self, node: TopHitters, scope: Scope) -> TableType:
        self.scalar(node.count, scope)
        projection = Projection()
        self.project_item(node.of, projection, scope, Style.KEYS, node)
        if node.by is None:
            name = f"approximate_count_{self.result_name(node.of, scope) or ''}"
            projection.add(self._made(name, LONG, node.of, Style.AGGREGATES, node))
        else:
            by = node.by.expression
            kind = self.scalar(by, scope)
            name = f"approximate_sum_{self.result_name(by, scope) or ''}"
            projection.add(self._made(name, kind, by, Style.AGGREGATES, node))
        return projection.table()

    def _chosen(self, item: Expression, name: str, kind: ScalarType, style: Style, maker: Node) -> ColumnSymbol:
        column = self.result_column(item)
        if column is not None:
            return self._shaped(column, item, style, maker, None, name)
        return self._made(name, kind, item.expression if isinstance(item, Named) else item, style, maker)

    # mv-expand, mv-apply, parse

    def expanded(self, node: MvExpand | MvApply, row: TableType, scope: Scope) -> TableType:
        """The table with the arrays and bags of the items taken apart."""
        projection = Projection(self._before(node.items, row, scope).columns)
        for item in node.items:
            kind = self._item_type(item, scope)
            self.project_item(item.expression, projection, scope, Style.EXPAND, node, kind)
        index = option(node.parameters, "with_itemindex")
        if isinstance(index, str):
            projection.add(ColumnSymbol(index, LONG, maker=node))
        if node.limit is not None:
            self.scalar(node.limit, scope)
        return projection.table(row)

    def _before(self, items: Sequence[ExpandItem], row: TableType, scope: Scope) -> TableType:
        if row.open:
            for item in items:
                self.expression(item.expression, scope)
        return self.full(row)

    def _item_type(self, item: ExpandItem, scope: Scope) -> ScalarType:
        kind = self.scalar(item.expression, scope)
        if item.to_type is not None and isinstance(item.to_type.value, str):
            self.expression(item.to_type, scope)
            return scalar_type(item.to_type.value)
        if kind is not DYNAMIC and kind is not UNKNOWN:
            self.report("KQL211", Level.ERROR, f"only a dynamic value can be expanded, this is a {kind.value}", item)
        return kind

    def mv_apply(self, node: MvApply, row: TableType, scope: Scope) -> TableType:
        inner = self.expanded(node, row, scope)
        self.results[id(node.pipeline)] = inner
        applied = {
            id(self.symbols.get(id(item.expression)))
            for item in node.items
            if isinstance(item.expression, NameReference)
        }
        result = self.stages(node.pipeline.stages, inner, scope)
        projection = Projection()
        for column in self.full(row).columns:
            if id(column) not in applied:
                projection.add(column, once=True)
        for column in self.full(result).columns if isinstance(result, TableType) else ():
            projection.add(column, replace=True)
        return projection.table(result if isinstance(result, TableType) and result.open else row)

    def parse(self, node: Parse, row: TableType, scope: Scope) -> TableType:
        self.scalar(node.expression, scope)
        projection = Projection(self.full(row).columns)
        declared: set[str] = set()
        for part in node.pattern:
            if isinstance(part, ParseColumn):
                name = part.name.text
                if name in declared:
                    self._declared_twice(name, part.name)
                declared.add(name)
                column = ColumnSymbol(name, part.type or STRING, expression=node.expression, maker=node)
                projection.add(column, replace=True)
        return projection.table(row)

    def parse_kv(self, node: ParseKv, row: TableType, scope: Scope) -> TableType:
        self.scalar(node.expression, scope)
        projection = Projection(self.full(row).columns)
        for declared in node.schema.columns:
            column = ColumnSymbol(declared.name.text, declared.type, expression=node.expression, maker=node)
            projection.add(column, replace=True)
        return projection.table(row)


def _has_star(item: Expression) -> bool:
    """Whether an aggregate takes all columns (`arg_max(t, *)`)."""
    while isinstance(item, Named | Parenthesized):
        item = item.expression
    return isinstance(item, Call) and any(isinstance(argument, Star) for argument in item.arguments)


def option(parameters: Iterable[QueryParameter], *names: str) -> str | bool | int | float | None:
    """The value of the operator's option of this name (or one of its spellings), a name as its text."""
    for parameter in parameters:
        if parameter.name in names:
            value = parameter.value
            if isinstance(value, NameReference):
                return value.name
            found = getattr(value, "value", None)
            return found if isinstance(found, str | bool | int | float) else None
    return None


def _ordered(columns: list[ColumnSymbol], item: Ordered) -> list[ColumnSymbol]:
    if item.descending is None:
        return columns
    key = _granny if item.granny else _folded
    return sorted(columns, key=key, reverse=item.descending)


def _folded(column: ColumnSymbol) -> tuple[object, ...]:
    return (column.name.casefold(),)


def _granny(column: ColumnSymbol) -> tuple[object, ...]:
    """Digits inside the name count as numbers: x2 before x10."""
    parts: list[object] = []
    digits = ""
    for character in [*column.name.casefold(), ""]:
        if character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((0, int(digits), ""))
            digits = ""
        parts.append((1, 0, character))
    return tuple(parts)
