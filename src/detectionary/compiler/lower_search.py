"""`search`, `find`, and `*` in a comparison: a text looked for in all columns of a row.

Which text a column of numbers, times or truth values is searched as is documented nowhere. What the engine was seen to
do (whole numbers are searched as they are printed) is done here; for the other types a term that no text of the type
can hold is not looked for, and any other is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeGuard

from detectionary.compiler.lower_unions import Labels, Leg, labels_of, table_legs, table_name, united
from detectionary.compiler.lowering import Lowering, converted, use
from detectionary.compiler.plan import Apply, Constant, Expr, PlanColumn
from detectionary.compiler.refused import refuse
from detectionary.compiler.relation import Relation, ScalarName, Scope
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.syntax import (
    Binary,
    BinaryOperator,
    Call,
    Expression,
    Find,
    FindColumn,
    Literal,
    NameReference,
    Parenthesized,
    ScalarType,
    Search,
    Star,
    walk,
)
from detectionary.text import Span

BOOL, STRING = ScalarType.BOOL, ScalarType.STRING

SEARCHED: Final = frozenset({ScalarType.STRING, ScalarType.DYNAMIC, ScalarType.INT, ScalarType.LONG, ScalarType.GUID})
"""Types whose values are searched as `tostring` prints them."""

CHARACTERS: Final[Mapping[ScalarType, frozenset[str]]] = {
    ScalarType.BOOL: frozenset("truefalse01"),
    ScalarType.REAL: frozenset("0123456789.,+-einfatya"),
    ScalarType.DECIMAL: frozenset("0123456789.,+-e"),
    ScalarType.DATETIME: frozenset("0123456789:.,+-/ tzapm"),
    ScalarType.TIMESPAN: frozenset("0123456789:.,+-"),
}
"""What any text of such a value is made of, in lower case; a term with another character is in none of them."""

ANY_COLUMN: Final = frozenset(
    {
        "has",
        "has_cs",
        "hasprefix",
        "hasprefix_cs",
        "hassuffix",
        "hassuffix_cs",
        "contains",
        "contains_cs",
        "startswith",
        "startswith_cs",
        "endswith",
        "endswith_cs",
    }
)
"""Operators that `*` may stand before."""


def any_column(operator: str, value: Expr, relation: Relation | None, span: Span) -> Expr:
    """`* operator value`: whether any column compares so. A negated operator asks that none does."""
    if relation is None or operator not in ANY_COLUMN:
        raise refuse(f"* cannot stand before {operator}", span)
    return _any(operator, value, relation.columns, span)


def _any(operator: str, value: Expr, columns: Sequence[PlanColumn], span: Span) -> Expr:
    found: list[Expr] = []
    for column in columns:
        if column.type in SEARCHED:
            found.append(Apply(operator, (converted(use(column), STRING), value), BOOL, span))
        elif not _is_foreign(column.type, value):
            raise refuse(f"how {column.name}, a {column.type.value}, is searched for this text is not documented", span)
    if not found:
        return Constant(BOOL, False, span)
    return found[0] if len(found) == 1 else Apply("or", tuple(found), BOOL, span)


def _is_foreign(kind: ScalarType, value: Expr) -> bool:
    """Whether no text of a value of this type can hold the one that is looked for."""
    if not (isinstance(value, Constant) and isinstance(value.value, str)):
        return False
    return not set(value.value.lower()) <= CHARACTERS.get(kind, frozenset())


# Terms

_STARRED: Final = {
    (False, False): "has",
    (False, True): "hasprefix",
    (True, False): "hassuffix",
    (True, True): "contains",
}
"""The operator behind a term by where it has stars: before it, after it."""


def _term(text: str, columns: Sequence[PlanColumn], span: Span, *, cased: bool) -> Expr:
    """A search term: `has`, with a star at its end `hasprefix`, at its start `hassuffix`, at both `contains`."""
    core = text.strip("*")
    if not core:
        if text:
            return Constant(BOOL, True, span)
        raise refuse("a search for an empty text is not supported", span)
    if "*" in core:
        raise refuse("a star inside of a search term is not supported", span, "use matches regex")
    operators = {
        (False, False): "has",
        (False, True): "hasprefix",
        (True, False): "hassuffix",
        (True, True): "contains",
    }
    operator = operators[text.startswith("*"), text.endswith("*")]
    return _any(f"{operator}_cs" if cased else operator, Constant(STRING, core, span), columns, span)


def _condition(low: Lowering, node: Expression, scope: Scope, columns: Sequence[PlanColumn], *, cased: bool) -> Expr:
    """A predicate in which bare texts are terms (learn.microsoft.com, "search operator")."""
    while isinstance(node, Parenthesized):
        node = node.expression
    match node:
        case Binary(operator=BinaryOperator.AND | BinaryOperator.OR):
            operands = (_condition(low, part, scope, columns, cased=cased) for part in (node.left, node.right))
            return Apply(node.operator.value, tuple(operands), BOOL, node.span)
        case Binary(operator=BinaryOperator.SEARCH):
            value = low.expression(node.right, scope)
            if not (isinstance(value, Constant) and isinstance(value.value, str)):
                raise refuse("a search term must be a constant text", node.right.span)
            if isinstance(node.left, Star):
                return _term(value.value, columns, node.span, cased=cased)
            column = low.expression(node.left, scope)
            found = next((c for c in columns if use(c) == column), None)
            if found is None:
                raise refuse("a search term is looked for in a column", node.left.span)
            return _term(value.value, (found,), node.span, cased=cased)
        case Star():
            return Constant(BOOL, True, node.span)
        case Literal(type=ScalarType.STRING, value=str(text)):
            return _term(text, columns, node.span, cased=cased)
        case NameReference() if isinstance(local := scope.names.get(node.name), ScalarName) and _is_text(local.value):
            return _term(str(local.value.value), columns, node.span, cased=cased)
        case Call() if node.name.text == "not" and len(node.arguments) == 1:
            inner = _condition(low, node.arguments[0], scope, columns, cased=cased)
            return Apply("not", (inner,), BOOL, node.span)
        case _:
            return converted(low.expression(node, scope), BOOL)


def _is_text(value: Expr) -> TypeGuard[Constant]:
    return isinstance(value, Constant) and value.type is STRING


# search


def search(low: Lowering, node: Search, relation: Relation | None, scope: Scope) -> Relation:
    """The rows of all tables that fulfil a predicate, with the name of their table in `$table`."""
    if node.sources is not None:
        legs = table_legs(low, node.sources, scope)
    elif relation is not None and not relation.partition:
        legs = [Leg(relation, table_name(relation))]
    else:
        raise refuse("every table would be read", node.span, "name the tables: search in (T1, T2) …")
    kind = option(node.parameters, "kind")
    if kind not in (None, "case_insensitive", "case_sensitive"):
        raise refuse(f"there is no search of kind {kind}", node.span)
    made = united(
        low, [leg.relation for leg in legs], node.span, labels=Labels("$table", labels_of(legs, "search_arg"))
    )
    condition = _condition(low, node.predicate, scope.with_row(made), made.columns[1:], cased=kind == "case_sensitive")
    return low.filtered(made, condition, node.span)


# find


def find(low: Lowering, node: Find, relation: Relation | None, scope: Scope) -> Relation:
    """The rows of all tables that fulfil a predicate, with chosen columns; those that a table lacks are empty."""
    if node.sources is None or relation is not None:
        raise refuse("every table would be read", node.span, "name the tables: find in (T1, T2) where …")
    legs = table_legs(low, node.sources, scope)
    if any(leg.name is None for leg in legs):
        raise refuse("what find calls a table without a name is not documented", node.span)
    if node.project is None or node.project_smart or node.project_away is not None:
        raise refuse("find packs columns in an undocumented order", node.span, "name its columns with project")
    named = list(_named(node.predicate, legs))
    legs = [leg for leg in legs if not named or any(leg.relation.get(name) for name in named)]
    complete = all(leg.relation.get(name) is not None for leg in legs for name in named)
    if not complete and not _is_positive(node.predicate, scope, named):
        raise refuse("not every table has the columns of this predicate", node.predicate.span)
    source = option(node.parameters, "withsource", "with_source")
    label = source if isinstance(source, str) else "source_"
    labels = Labels(label, labels_of(legs, ""))
    if not legs:
        raise refuse("no table has a column of this predicate", node.predicate.span)
    made = united(low, [leg.relation for leg in legs], node.span, labels=labels)
    condition = _condition(low, node.predicate, scope.with_row(made), made.columns[1:], cased=False)
    made = low.filtered(made, condition, node.span)
    chosen = [made.columns[0]]
    for item in node.project:
        if not isinstance(item, FindColumn) or item.pack:
            raise refuse("find packs columns in an undocumented order", item.span, "name its columns with project")
        found = made.get(item.name.text)
        if found is None or item.type not in (None, found.type):
            raise refuse(f"{item.name.text} has not one type in all tables", item.span)
        chosen.append(found)
    if len({column.name for column in chosen}) < len(chosen):
        raise refuse("a column of find is chosen twice", node.span)
    return low.project(made, [(column, use(column)) for column in chosen], node.span)


def _named(predicate: Expression, legs: Sequence[Leg]) -> Iterator[str]:
    """The columns of any of the tables that a predicate names."""
    for part in walk(predicate):
        if isinstance(part, NameReference) and any(leg.relation.get(part.name) for leg in legs):
            yield part.name


_POSITIVE: Final = frozenset(
    {
        BinaryOperator.EQUAL,
        BinaryOperator.EQUAL_FOLD,
        BinaryOperator.HAS,
        BinaryOperator.CONTAINS,
        BinaryOperator.STARTSWITH,
        BinaryOperator.ENDSWITH,
        BinaryOperator.AND,
        BinaryOperator.OR,
    }
)


def _is_positive(predicate: Expression, scope: Scope, columns: Sequence[str]) -> bool:
    """Whether a predicate cannot be true of a row that lacks its columns: they are only compared with given values."""
    for part in walk(predicate):
        match part:
            case Binary() if part.operator in _POSITIVE:
                continue
            case Parenthesized():
                continue
            case Literal() if part.value not in ("", None):
                continue
            case NameReference() if part.name in columns:
                continue
            case NameReference() if isinstance(local := scope.names.get(part.name), ScalarName):
                if not (isinstance(local.value, Constant) and local.value.value not in ("", None)):
                    return False
            case _:
                return False
    return True


SEARCHES = {Find: find, Search: search}
"""The operators of this file."""
