"""What each command does to the columns: which come, go or move, who made them and of what type they are.

The rules are those of the commands' pages at elastic.co ("ES|QL commands"). A command that brings columns whose names
the query does not say (an enrich policy, a lookup index) opens the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final

from detectionary.languages.esql.check import stage_kind
from detectionary.languages.esql.columns import METADATA, UNKNOWN, Column, Origin, Table, stored, with_name
from detectionary.languages.esql.lineage import Lineage
from detectionary.languages.esql.patterns import dissected, grokked
from detectionary.languages.esql.syntax import Literal, Name, NamePattern, Node
from detectionary.languages.esql.syntax_commands import (
    BadCommand,
    Bare,
    ChangePoint,
    Command,
    Completion,
    Derive,
    Dissect,
    Drop,
    Enrich,
    Eval,
    Explain,
    External,
    Field,
    From,
    Fuse,
    Grok,
    Highlighting,
    IndexPattern,
    Join,
    Keep,
    Limit,
    MvExpand,
    PromQL,
    Rename,
    Rerank,
    Row,
    Show,
    Sort,
    Stats,
    Where,
)
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, Level, Span

_KEYWORD: Final = "keyword"
_SHOWN: Final = (("version", _KEYWORD), ("date", _KEYWORD), ("hash", _KEYWORD))
_DERIVED: Final = {
    "uri_parts": (
        *((name, _KEYWORD) for name in ("domain", "fragment", "path", "extension")),
        ("port", "integer"),
        *((name, _KEYWORD) for name in ("query", "scheme", "user_info", "username", "password")),
    ),
    "registered_domain": tuple(
        (name, _KEYWORD) for name in ("domain", "registered_domain", "top_level_domain", "subdomain")
    ),
    "user_agent": tuple(
        (name, _KEYWORD)
        for name in ("name", "version", "os.name", "os.version", "os.full", "device.name", "device.type")
    ),
}
"""The columns that these commands make below their target, and the types of those."""

Report = Callable[[Diagnostic], None]


class Effects:
    """Applies the commands of one query to the columns before them."""

    def __init__(self, text: str, lineage: Lineage, environment: Environment, report: Report) -> None:
        self._text = text
        self._lineage = lineage
        self._environment = environment
        self._report = report

    def source(self, command: Command, number: int, inner: Iterable[Table] = ()) -> Table:
        """The columns of a source command; `inner` are those of the sub-queries in it."""
        maker = (stage_kind(command), number)
        match command:
            case From():
                return self._from(command, maker, inner)
            case Row(fields):
                table = Table()
                self._evaluated(fields, table, maker, command.span)
                return table
            case Show():
                return self._with(Table(), _SHOWN, maker)
            case _:
                return Table(maker)

    def _from(self, command: From, maker: tuple[str, int], inner: Iterable[Table]) -> Table:
        names = [source.text for source in command.sources if isinstance(source, IndexPattern)]
        known = [self._environment.tables.get(name) for name in names]
        is_open = any(schema is None or schema.open for schema in known)
        table = Table(maker if is_open else None)
        for schema in known:
            for column in () if schema is None else schema.columns:
                table.replace(stored(column.name, maker, column.type))
        for other in inner:
            table.add(replace(column, maker=maker) for column in other)
            if other.opener is not None:
                table.opener = maker
        for field in command.metadata:
            table.put(stored(field.text, maker, METADATA.get(field.text, UNKNOWN)))
        return table

    def apply(self, command: Command, table: Table, number: int) -> Table:
        """The columns behind a processing command; the table before it may be changed."""
        for expression in _inputs(command):
            self._lineage.note(expression, table)
        maker = (stage_kind(command), number)
        match command:
            case Eval(fields):
                self._evaluated(fields, table, maker, command.span)
            case Stats():
                return self._stats(command, table, maker)
            case Keep(patterns):
                self._check_names(patterns, table)
                table.keep(patterns)
            case Drop(patterns):
                table.drop(patterns)
            case Rename(clauses):
                for clause in clauses:
                    old, new = clause.old, clause.new.text
                    before = table.find(old.text)
                    if before is None:
                        self._unknown(old.text, old.span)
                    else:
                        table.rename(old, with_name(before, new, maker))
            case Dissect(pattern=pattern):
                names = dissected(str(pattern.value))
                self._taken_apart(
                    [pattern], None if names is None else [(name, _KEYWORD) for name in names], table, maker
                )
            case Grok(patterns=patterns):
                found = [grokked(str(pattern.value)) for pattern in patterns]
                broken = any(each is None for each in found)
                columns = dict(column for each in found for column in each or ())
                self._taken_apart(patterns, None if broken else columns.items(), table, maker)
            case MvExpand(name):
                column = table.find(name.text)
                if column is not None:
                    origin = replace(column.origin, collected=False)
                    table.replace(replace(column, origin=origin, maker=maker, stored=False))
            case Enrich(fields=fields):
                for field in fields:
                    self._put(table, (field.new or field.field).text, UNKNOWN, maker)
                if not fields:
                    self._open(table, maker)
            case ChangePoint(type_name=type_name, pvalue_name=pvalue):
                self._put(table, _text(type_name, "type"), _KEYWORD, maker)
                self._put(table, _text(pvalue, "pvalue"), "double", maker)
            case Completion(target):
                self._put(table, _text(target, "completion"), _KEYWORD, maker)
            case Rerank(target):
                self._put(table, _text(target, "_score"), "double", maker)
            case Derive(keyword=keyword, target=target):
                columns_below = _DERIVED.get(keyword)
                if columns_below is None:
                    self._open(table, maker)
                else:
                    self._with(table, ((f"{target.text}.{name}", kind) for name, kind in columns_below), maker)
            case Bare(keyword="dedup"):
                pass
            case Join() | Highlighting():
                self._open(table, maker)
            case Bare() | External() | Explain() | PromQL():
                return Table(maker)
            case BadCommand():
                self._open(table, maker)
            case _:
                pass
        return table

    @staticmethod
    def _open(table: Table, maker: tuple[str, int]) -> None:
        if table.opener is None:
            table.opener = maker

    @staticmethod
    def _put(table: Table, name: str, kind: str, maker: tuple[str, int]) -> None:
        table.put(Column(name, Origin(name), kind, maker))

    def _with(self, table: Table, columns: Iterable[tuple[str, str]], maker: tuple[str, int]) -> Table:
        for name, kind in columns:
            self._put(table, name, kind, maker)
        return table

    def _evaluated(self, fields: tuple[Field, ...], table: Table, maker: tuple[str, int], span: Span) -> None:
        """Columns one after the other: each may use those before it."""
        for field in fields:
            name = self._text_of(field) if field.name is None else field.name.text
            self._lineage.note(field.expression, table)
            table.put(self._lineage.made(name, field.expression, table, maker, span))

    def _stats(self, command: Stats, table: Table, maker: tuple[str, int]) -> Table:
        """Aggregates, then keys; of one name the last, and a key before an aggregate."""
        found = table if command.inline else Table()
        keys = [self._key(key, table, maker, command.span) for key in command.by]
        aggregates = [
            self._lineage.made(self.name_of(field), field.expression, table, maker, command.span, field.condition)
            for field in command.aggregates
        ]
        for column in (*aggregates, *keys):
            found.put(column)
        return found

    def _key(self, key: Field, table: Table, maker: tuple[str, int], span: Span) -> Column:
        column = self._lineage.made(self.name_of(key), key.expression, table, maker, span)
        if maker[0] == "inline stats" and key.name is None and isinstance(key.expression, Name):
            return table.find(key.expression.text) or column
        return column

    def name_of(self, field: Field) -> str:
        """The name of a column in `stats`: given, or the column's own, or the text of the expression."""
        if field.name is not None:
            return field.name.text
        if isinstance(field.expression, Name) and field.condition is None:
            return field.expression.text
        return self._text_of(field)

    def _text_of(self, field: Field) -> str:
        return field.span.of(self._text)

    def _taken_apart(
        self,
        patterns: Iterable[Literal],
        columns: Iterable[tuple[str, str]] | None,
        table: Table,
        maker: tuple[str, int],
    ) -> None:
        """Columns that a pattern takes out of a text; a pattern that cannot be read may give any."""
        if columns is None:
            for pattern in patterns:
                self._report(Diagnostic("ESQ305", Level.WARNING, "a part of this pattern does not end", pattern.span))
            self._open(table, maker)
            return
        self._with(table, columns, maker)

    def _check_names(self, patterns: Iterable[NamePattern], table: Table) -> None:
        for pattern in patterns:
            if not pattern.is_wild and not pattern.verbatim and table.find(pattern.text) is None:
                self._unknown(pattern.text, pattern.span)

    def _unknown(self, name: str, span: Span) -> None:
        self._report(unknown_column(name, span))


def _inputs(command: Command) -> Iterator[Node]:
    """The expressions that a command reads from the columns before it, those of `eval` excepted: it goes in steps."""
    match command:
        case Where(condition):
            yield condition
        case Stats(aggregates, by):
            for field in (*aggregates, *by):
                yield field.expression
                if field.condition is not None:
                    yield field.condition
        case Sort(orders):
            yield from orders
        case Limit(by=by):
            yield from by
        case Dissect(text) | Grok(text) | Derive(input=text) | Completion(prompt=text):
            yield text
        case MvExpand(name):
            yield name
        case ChangePoint(value, key, by=by):
            yield from (each for each in (value, key, *by) if each is not None)
        case Rerank(fields=fields):
            yield from (field.expression for field in fields)
        case Join(conditions=conditions):
            yield from (each for each in conditions if isinstance(each, Name))
        case Fuse(settings=settings):
            yield from (name for _, names in settings for name in names)
        case _:
            return


def _text(name: Name | None, otherwise: str) -> str:
    return otherwise if name is None else name.text


def unknown_column(name: str, span: Span) -> Diagnostic:
    """A column that no command before made or kept."""
    return Diagnostic(
        "ESQ304",
        Level.WARNING,
        f"there is no column `{name}` here",
        span,
        "a command before, such as `stats` or `keep`, left it out",
    )
