"""Names, literals and expressions of the syntax tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from detectionary.languages.kusto.syntax_nodes import UNPLACED, BinaryOperator, ListOperator, Node, ScalarType
from detectionary.text import Span

if TYPE_CHECKING:
    from detectionary.languages.kusto.syntax_operators import Operator, QueryParameter


# Names


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name as it is meant: `['a b']`, `["a b"]` and, where allowed, `a` alike hold the bare characters."""

    text: str


@dataclass(frozen=True, slots=True)
class WildcardName(Node):
    """A name with one `*` or more (`project-away x_*`, `union Device*`)."""

    pattern: str


# Expressions


@dataclass(frozen=True, slots=True)
class NameReference(Node):
    """A use of a column, table, variable, parameter or function without parentheses."""

    name: str


@dataclass(frozen=True, slots=True)
class Star(Node):
    """`*` as an argument, a column list or the left side of a search comparison."""


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A literal other than dynamic.

    `value` by `type`: BOOL bool; INT, LONG int; REAL float; DECIMAL Decimal; STRING str; GUID str (lower case, with
    hyphens); DATETIME int, ticks of 100 ns since 0001-01-01; TIMESPAN int, ticks of 100 ns; TYPE str (the type's name).
    None is the null of the type, or a content that only the engine would refuse: `text` then keeps it.
    """

    type: ScalarType
    value: bool | int | float | Decimal | str | None
    text: str = field(default="", compare=False)
    obfuscated: bool = False
    """`h"…"`: the service hides the value in its traces."""


@dataclass(frozen=True, slots=True)
class JsonArray(Node):
    items: tuple[JsonValue, ...]


@dataclass(frozen=True, slots=True)
class JsonObject(Node):
    members: tuple[tuple[str, JsonValue], ...]


JsonValue: TypeAlias = "Literal | JsonArray | JsonObject | DynamicLiteral | BadExpression"
"""A value inside `dynamic(…)`; JSON null is a `Literal` of type DYNAMIC and value None."""


@dataclass(frozen=True, slots=True)
class DynamicLiteral(Node):
    """`dynamic(json)`; the elements of the JSON keep their own spans."""

    value: JsonValue


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x` or `+x`."""

    sign: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands; `and`/`or` nest to the left as the official tree does."""

    operator: BinaryOperator
    left: Expression
    right: Expression
    operator_span: Span = field(default=UNPLACED, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class InList(Node):
    """`x in (a, b)`, `x has_any (list)`; the list may hold sub-queries (a `Pipeline`)."""

    operator: ListOperator
    operand: Expression
    items: tuple[Expression, ...]
    operator_span: Span = field(default=UNPLACED, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`x between (low .. high)` and its negation `!between`."""

    negated: bool
    operand: Expression
    low: Expression
    high: Expression
    operator_span: Span = field(default=UNPLACED, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Parenthesized(Node):
    """`(e)`; around a pipeline too."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`f(a, name = b)`; `count()` and tabular functions too."""

    name: Name
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`target.member`: a dynamic path, or a reference such as `database("d").T` and `workspace("w").f(x)`."""

    target: Expression
    member: Name | Call | WildcardName


@dataclass(frozen=True, slots=True)
class Element(Node):
    """`target[index]`; the old spelling `target.[index]` has `dotted`."""

    target: Expression
    index: Expression
    dotted: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Named(Node):
    """`name = expression`, `(a, b) = expression` (`listed`), and named arguments."""

    names: tuple[Name, ...]
    expression: Expression
    listed: bool = False


@dataclass(frozen=True, slots=True)
class ToScalar(Node):
    """`toscalar(pipeline)`, with `kind=nooptimization` as an option."""

    pipeline: Expression
    no_optimization: bool = False


@dataclass(frozen=True, slots=True)
class ToTable(Node):
    pipeline: Expression
    no_optimization: bool = False


@dataclass(frozen=True, slots=True)
class Materialize(Node):
    """`materialize(pipeline)`."""

    pipeline: Expression


@dataclass(frozen=True, slots=True)
class ColumnDeclaration(Node):
    """`name: type` in a row schema; the type as canonical name."""

    name: Name
    type: ScalarType


@dataclass(frozen=True, slots=True)
class RowSchema(Node):
    """`(a: string, b: long)`. `open` is `(*)`, or a schema that starts with `*` (`assert-schema`, plug-ins)."""

    columns: tuple[ColumnDeclaration, ...]
    open: bool = False


@dataclass(frozen=True, slots=True)
class DataTable(Node):
    """`datatable(a: string) [ … ]`; `values` run row by row."""

    parameters: tuple[QueryParameter, ...]
    schema: RowSchema
    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class ContextualDataTable(Node):
    id: Literal
    schema: RowSchema


@dataclass(frozen=True, slots=True)
class ExternalData(Node):
    """`externaldata(schema) [ uri, … ] with (properties)`."""

    parameters: tuple[QueryParameter, ...]
    schema: RowSchema
    sources: tuple[Expression, ...]
    properties: tuple[QueryParameter, ...]


@dataclass(frozen=True, slots=True)
class MaterializedViewCombine(Node):
    name: Expression
    base: Expression
    delta: Expression
    aggregations: Operator


@dataclass(frozen=True, slots=True)
class EntityGroup(Node):
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class DataScope(Node):
    """`T datascope=hotcache`."""

    expression: Expression
    scope: str


@dataclass(frozen=True, slots=True)
class BadExpression(Node):
    """Where an expression is missing or cannot be read; a diagnostic stands at its span."""


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    """`source | operator | …`: two stages or more, or a single leading operator (`union A, B`, `print 1`).

    `stages[0]` is an expression or a leading operator; the others are operators. Each stage's span runs from its first
    token (the keyword after the pipe) to its end: stage n of an explanation is `stages[n - 1]`. A lone source
    (`T`, `f(x)`) is just that expression, without a pipeline round it.
    """

    stages: tuple[Expression | Operator, ...]


Expression: TypeAlias = (
    NameReference
    | Star
    | WildcardName
    | Literal
    | DynamicLiteral
    | Unary
    | Binary
    | InList
    | Between
    | Parenthesized
    | Call
    | Path
    | Element
    | Named
    | ToScalar
    | ToTable
    | Materialize
    | DataTable
    | ContextualDataTable
    | ExternalData
    | MaterializedViewCombine
    | EntityGroup
    | DataScope
    | BadExpression
    | Pipeline
)
