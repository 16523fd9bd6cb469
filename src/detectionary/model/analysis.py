"""A query taken apart: parameters, bindings, stages, indicators, exclusions, output fields."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from detectionary.model.predicate import (
    ColumnComparison,
    Opaque,
    Operand,
    Operator,
    Predicate,
    Quantifier,
    ScalarValue,
    ThresholdTest,
    TimeFilter,
    Value,
)
from detectionary.text import Diagnostic, Span


class GroupKind(Enum):
    ALL = "all"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Group:
    """The innermost and/or that holds a row; `id` counts from 1 within one analysis.

    An ALL group of exclusions excludes only together. A row that stands alone has no group.
    """

    id: int
    kind: GroupKind


@dataclass(frozen=True, slots=True)
class Indicator:
    """A comparison that must or may hold; in `Analysis.exclusions`, one that must not.

    `field` is the rule's own name, with the path in dots and without indexes; None searches all fields. `stage` counts
    from 1 in the top-level pipeline: a row of a nested pipeline has the number of the top-level stage that holds it,
    and a row of a let binding the number of the first stage that uses the binding (0: none does). `context` is
    None, or where the row stands: "anti-join", or "binding NAME".
    """

    field: str | None
    operator: Operator
    quantifier: Quantifier
    values: tuple[Value, ...]
    stage: int
    span: Span
    group: Group | None = None
    context: str | None = None
    origin: Operand | None = None
    implied: bool = False
    canonical_field: str | None = None
    """The vendor-neutral name behind `field`; `ingest` fills it in from the `schemas` room."""
    tables: tuple[str, ...] = ()
    """The tables whose rows reach this filter, in order of first use; empty when that is not known."""
    transforms: tuple[str, ...] = ()
    """Of the field, where there is no value to carry them (null checks, sub-queries)."""
    record: str | None = None
    """Whose field it is in a query over several records at once, as the rule names it (YARA-L: `$login`)."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A nested pipeline: what it is to its parent ("right side", "leg 2", "sub-query", "body"), and its stages."""

    label: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a query as its language sees it; `number` counts from 1 in its own pipeline.

    `text` is verbatim, from the pipe on ("| where x"), trailing blanks cut; `span` is without the pipe. `operator` is
    the canonical lower-case name (`where` for `filter`). `references` are the parameters and bindings that the
    stage uses, in order of first use. `predicate` is what it filters on, if it filters.
    """

    number: int
    operator: str
    text: str
    span: Span
    pipelines: tuple[Pipeline, ...] = ()
    references: tuple[str, ...] = ()
    predicate: Predicate | None = None
    thresholds: tuple[ThresholdTest, ...] = ()
    """For an aggregating stage: later comparisons on what it makes."""
    bins: tuple[str, ...] = ()
    """`bin(TimeGenerated, 1h)` and the like among its keys, as text of the width ("1h")."""
    aggregates: tuple[str, ...] = ()
    """Kusto: the functions by which a `summarize` makes its columns (`dcount`), each once, in the order of the text."""
    anti: bool = False
    """Kusto: a join that keeps the rows of one side which have no partner."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A scalar `let`, or a declared query parameter. `value` is None when it is no constant."""

    name: str
    text: str
    value: ScalarValue | tuple[ScalarValue, ...]
    span: Span
    type: str | None = None
    pipelines: tuple[Pipeline, ...] = ()
    """The pipeline inside `toscalar(…)`."""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """A tabular or function `let`, with its own stages; `references` are the lets that it uses."""

    name: str
    text: str
    kind: str
    """"table" or "function"."""
    stages: tuple[Stage, ...]
    span: Span
    references: tuple[str, ...] = ()
    used_in_stages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputField:
    """A column of the result: the operator that made it (`project`, `source`, …), and that stage's number."""

    name: str
    source: str
    stage: int
    type: str


@dataclass(frozen=True, slots=True)
class NamedInput:
    """Data that a rule reads by name from outside its tables: a watchlist, external data."""

    kind: str
    """"watchlist" or "externaldata"."""
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Analysis:
    """Everything that one parse of a query says about it. All sequences are in source order unless said otherwise.

    `dependencies` are all names that the outcome depends on beyond the text: tables, functions and names that were not
    found, of the functions that it calls too. `open_fields`: more output fields may exist than are listed (an unknown
    table). `group_by` are output names of the last top-level aggregation's keys, in order.
    """

    accepted: bool
    """No syntax error."""
    parameters: tuple[Parameter, ...] = ()
    bindings: tuple[Binding, ...] = ()
    stages: tuple[Stage, ...] = ()
    indicators: tuple[Indicator, ...] = ()
    exclusions: tuple[Indicator, ...] = ()
    time_filters: tuple[TimeFilter, ...] = ()
    thresholds: tuple[ThresholdTest, ...] = ()
    column_comparisons: tuple[ColumnComparison, ...] = ()
    opaques: tuple[Opaque, ...] = ()
    output_fields: tuple[OutputField, ...] = ()
    open_fields: bool = False
    tables: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    named_inputs: tuple[NamedInput, ...] = ()
    group_by: tuple[str, ...] = ()
    bins: tuple[str, ...] = ()
    dependencies: frozenset[str] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()
    predicate_count: int = 0
    """Leaves of all predicate trees, opaque ones included."""
    name: str | None = None
    """What the query calls the rule, where the language has that (YARA-L: `rule NAME`)."""
    metadata: tuple[tuple[str, str], ...] = ()
    """Metadata that is written inside the query (YARA-L: `meta`), as (key, text) in order; `ingest` merges it."""
    window: str | None = None
    """The time within which records belong together, in short form (`maxspan`, `over 10m`, `timespan`)."""
