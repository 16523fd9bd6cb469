"""What is known of the functions, aggregates and plug-ins of Kusto, as rows of data.

The rows stand in `functions_scalar.py`, `functions_series.py`, `functions_aggregate.py` and `functions_plugins.py`.
Their facts (names, parameters, result types, how an unnamed result column is called) are those of Microsoft's
documentation and of its own language service.

A row writes its parameters in one line: `name:kind`, separated by blanks. The kind is a scalar type, several of them
with `|`, or a word of `KINDS`; `@use` says what the argument must be (`@column`, `@constant`, …). The end says how
often it stands there: `?` at most once, `*` any number of times, `+` at least once, `+2` at least twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Final, TypeAlias

from detectionary.languages.kusto.syntax import ScalarType
from detectionary.languages.kusto.types import ALL_SCALARS, INTEGERS, NUMBERS, ORDERABLE, SUMMABLE

MANY: Final = 1 << 15

KINDS: Final[Mapping[str, frozenset[ScalarType]]] = {
    "any": ALL_SCALARS,
    "scalar": ALL_SCALARS,
    "integer": INTEGERS,
    "number": NUMBERS,
    "summable": SUMMABLE,
    "orderable": ORDERABLE,
    "array": frozenset({ScalarType.DYNAMIC}),
    "bag": frozenset({ScalarType.DYNAMIC}),
    "not_dynamic": ALL_SCALARS - {ScalarType.DYNAMIC},
    "not_real_or_bool": ALL_SCALARS - {ScalarType.REAL, ScalarType.BOOL},
    "common": ALL_SCALARS,
    "common_orderable": ORDERABLE,
    "common_or_dynamic": ALL_SCALARS,
    "tabular": frozenset(),
}


class Result(Enum):
    """How the result's type follows from the arguments, where it is no fixed type."""

    ARGUMENT_0 = "the type of the first argument"
    ARGUMENT_1 = "the type of the second argument"
    PROMOTED_0 = "the type of the first argument, int as long"
    LAST_TYPE = "the type that the last argument names"
    TYPE_0 = "the type that the first argument names"
    TYPE_1 = "the type that the second argument names"
    COMMON = "the common type of the arguments"
    COMMON_NON_DYNAMIC = "the common type of the arguments that are not dynamic"
    WIDEST = "the widest numeric type of the arguments, int as long"
    SORTED_ARRAYS = "a column for every array"
    ANY = "the columns of the arguments (take_any)"
    ARG = "the columns of the arguments (arg_max)"
    ARG_OLD = "the columns of the arguments, prefixed (argmax)"
    PERCENTILES = "a column for every percentile"
    PERCENTILE_ARRAY = "one array of percentiles"
    TABLE = "the table that the first argument names"
    DATABASE = "the database that the first argument names"
    CLUSTER = "the cluster that the first argument names"
    EXTERNAL_TABLE = "an external table"
    MATERIALIZED_VIEW = "a materialized view"
    ENTITY_GROUP = "an entity group"
    STORED_RESULT = "a stored query result"
    GRAPH = "a graph model"
    INNER_NODES = "the nodes inside a repeated edge"
    OPEN = "a table whose columns only the run shows"
    BAG_UNPACK = "the input without the bag, open"
    PIVOT = "the input without the pivoted and aggregated columns, open"
    LOOKUP = "the input and the columns of the lookup table"
    OUTPUT_SCHEMA = "the table that the first argument's typeof names"
    INTERSECTIONS = "the input and a count for every argument"
    ROLLING_PERCENTILE = "index, dimensions and one percentile"


@dataclass(frozen=True, slots=True)
class Columns:
    """Several result columns: `name:type`, blanks between.

    Of a plug-in also `*` (the input's columns), `=Parameter` (the columns that the arguments of that parameter name),
    and `{Parameter}` inside a name or `Parameter` as a type, for the name and type of that parameter's argument.
    """

    text: str


Returns: TypeAlias = ScalarType | Result | Columns


class Naming(Enum):
    """How a result column is called when the query gives it no name."""

    NONE = "Column1"
    PREFIXED = "prefix_argument"
    FIRST_ARGUMENT = "as the first argument"
    ONLY_ARGUMENT = "as the argument when there is only one"
    NAMED_COLUMN = "the column that the first argument names as text"
    FIXED = "prefix"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: the types it takes (none: a table), how often it may stand, what its argument must be."""

    name: str
    kind: str
    types: frozenset[ScalarType]
    use: str
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Signature:
    parameters: tuple[Parameter, ...]
    returns: Returns
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Function:
    """A built-in function by its name in the language; `rows` are its overloads as (parameters, result)."""

    name: str
    rows: tuple[tuple[str, Returns], ...]
    naming: Naming
    prefix: str | None

    @property
    def signatures(self) -> tuple[Signature, ...]:
        return tuple(_signature(parameters, returns) for parameters, returns in self.rows)


def function(
    name: str, *rows: tuple[str, Returns], name_rule: Naming = Naming.NONE, prefix: str | None = None
) -> Function:
    """One row of data; the prefix of a `PREFIXED` result is the function's own name unless another is given."""
    if prefix is None and name_rule is Naming.PREFIXED:
        prefix = name
    return Function(name, rows, name_rule, prefix)


def by_name(rows: tuple[Function, ...]) -> dict[str, Function]:
    return {row.name: row for row in rows}


@cache
def _signature(text: str, returns: Returns) -> Signature:
    parameters = tuple(_parameter(item) for item in text.split())
    return Signature(
        parameters,
        returns,
        sum(parameter.minimum for parameter in parameters),
        min(MANY, sum(parameter.maximum for parameter in parameters)),
    )


@cache
def _parameter(text: str) -> Parameter:
    minimum, maximum = 1, 1
    if text.endswith("?"):
        text, minimum = text[:-1], 0
    elif text.endswith("*"):
        text, minimum, maximum = text[:-1], 0, MANY
    elif "+" in text:
        text, _, count = text.partition("+")
        minimum, maximum = int(count or 1), MANY
    name, _, kind = text.partition(":")
    kind, _, use = kind.partition("@")
    types: frozenset[ScalarType] = frozenset().union(*(KINDS.get(word) or _declared(word) for word in kind.split("|")))
    return Parameter(name, kind, types, use, minimum, maximum)


def _declared(word: str) -> frozenset[ScalarType]:
    return frozenset() if word == "tabular" else frozenset({ScalarType(word)})
