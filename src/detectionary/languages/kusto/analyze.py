"""A Kusto query taken apart: parse, bind, and fill the model's analysis. Nothing here raises on bad text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, TypeVar

from detectionary.languages.kusto.bind import bind
from detectionary.languages.kusto.bound import Bound, TableType
from detectionary.languages.kusto.constants import GLOBAL, Constants, Scope
from detectionary.languages.kusto.lineage import Lineage
from detectionary.languages.kusto.outputs import Grouping, output_fields
from detectionary.languages.kusto.parser import Parsed, parse
from detectionary.languages.kusto.pipelines import ANTI_JOIN, Context, Pipelines
from detectionary.languages.kusto.predicates import Predicates
from detectionary.languages.kusto.sources import Sources
from detectionary.languages.kusto.stages import steps
from detectionary.languages.kusto.syntax import (
    Call,
    DeclareParameters,
    Expression,
    ExpressionStatement,
    FunctionDeclaration,
    Invoke,
    Let,
    Parameter,
    Pipeline,
    walk,
)
from detectionary.languages.kusto.uses import LetUses
from detectionary.languages.kusto.values import Constant, Symbolic, Watchlist, elements, kind_and_scalar
from detectionary.model import analysis as model
from detectionary.model.predicate import (
    ColumnComparison,
    Leaf,
    Opaque,
    ScalarValue,
    ThresholdTest,
    TimeFilter,
)
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, Level, SourceText, Span

_MAX_CALLS: Final = 20
"""Calls of one function that are read one by one; a query that calls one more often repeats itself."""

_Kind = TypeVar("_Kind", bound=Leaf)


def analyze(source: SourceText, environment: Environment) -> model.Analysis:
    """Everything that one parse of a query says about it."""
    try:
        return analyze_parsed(source, parse(source.text), environment)
    except RecursionError:
        return _too_deep()


def analyze_parsed(source: SourceText, parsed: Parsed, environment: Environment) -> model.Analysis:
    """The same for a query that is parsed already."""
    try:
        bound = bind(parsed.tree, environment)
        return _Analyzer(source.text, bound).analysis(parsed.accepted, parsed.diagnostics)
    except RecursionError:
        return _too_deep()


def _too_deep() -> model.Analysis:
    fault = Diagnostic("KQL301", Level.ERROR, "the query is nested too deeply to be taken apart")
    return model.Analysis(accepted=False, diagnostics=(fault,))


class _Analyzer:
    """Takes one bound query apart."""

    def __init__(self, text: str, bound: Bound) -> None:
        self._text = text
        self._bound = bound
        statements = bound.tree.statements
        self._lets = [statement for statement in statements if isinstance(statement, Let)]
        self._declared = [statement for statement in statements if isinstance(statement, DeclareParameters)]
        results = [statement.expression for statement in statements if isinstance(statement, ExpressionStatement)]
        # A parenthesised pipeline that is the whole query is one stage, with the pipeline nested in it.
        self._results = [result.stages if isinstance(result, Pipeline) else (result,) for result in results]
        self._last = self._results[-1] if results else ()
        self._constants = Constants(bound, text)
        lineage = Lineage(bound, self._constants)
        self._predicates = Predicates(bound, self._constants, lineage)
        self._grouping = Grouping(bound, self._constants, lineage)
        self._sources = Sources(bound, self._constants)
        self._uses = LetUses(bound, self._lets, [stage for result in self._results for stage in result])
        self._pipelines = Pipelines(text, self._predicates, self._uses, self._sources, self._grouping)

    def analysis(self, accepted: bool, diagnostics: tuple[Diagnostic, ...]) -> model.Analysis:
        parameters = [
            self._declared_parameter(parameter, statement)
            for statement in self._declared
            for parameter in statement.parameters
        ]
        bindings: list[model.Binding] = []
        for let in self._lets:
            if isinstance(let.value, FunctionDeclaration) or self._is_tabular(let.value):
                bindings.append(self._binding(let))
            else:
                parameters.append(self._parameter(let, let.value))
        stages: tuple[model.Stage, ...] = ()
        before = 0
        for result in self._results:
            # A query of several results is numbered through; its output fields are those of the last one.
            before = len(stages)
            stages = (*stages, *self._pipelines.stages(result, Context(), before + 1))
        fields, open_fields = output_fields(self._last, self._bound, before)
        keys, bins = self._grouping.of_query(self._last)
        leaves = self._pipelines.leaves()
        chosen = tuple(self._predicates.comparisons.chosen.values())
        whole = self._pipelines.with_thresholds
        return model.Analysis(
            accepted=accepted,
            parameters=tuple(sorted(parameters, key=lambda parameter: parameter.span)),
            bindings=tuple(replace(binding, stages=whole(binding.stages)) for binding in bindings),
            stages=whole(stages),
            indicators=_in_text_order(self._pipelines.rows.indicators),
            exclusions=_in_text_order(self._pipelines.rows.exclusions),
            time_filters=_of_kind(leaves, TimeFilter),
            thresholds=_of_kind(leaves, ThresholdTest),
            column_comparisons=_of_kind(leaves, ColumnComparison),
            opaques=_of_kind((*leaves, *chosen), Opaque),
            output_fields=fields,
            open_fields=open_fields,
            tables=self._bound.tables,
            functions=self._bound.functions,
            named_inputs=self._sources.named_inputs(self._uses.inputs),
            group_by=keys,
            bins=bins,
            dependencies=self._bound.dependencies,
            diagnostics=(*diagnostics, *self._bound.diagnostics),
            predicate_count=len(leaves) + len(chosen),
        )

    def _is_tabular(self, expression: Expression) -> bool:
        return isinstance(expression, Pipeline) or isinstance(self._bound.types.get(id(expression)), TableType)

    def _context(self, let: Let) -> Context:
        label = ANTI_JOIN if self._uses.only_taken_away(let) else f"binding {let.name.text}"
        return Context(self._uses.first_stage(let), label)

    def _parameter(self, let: Let, value: Expression) -> model.Parameter:
        kind = self._bound.types.get(id(value))
        return model.Parameter(
            let.name.text,
            self._statement_text(let.span),
            self._value(value),
            let.span,
            None if kind is None or isinstance(kind, TableType) else kind.value,
            self._pipelines.nested(value, self._context(let)),
            self._uses.references(let),
        )

    def _declared_parameter(self, parameter: Parameter, statement: DeclareParameters) -> model.Parameter:
        value = None if parameter.default is None else self._value(parameter.default)
        kind = None if parameter.type is None else parameter.type.value
        return model.Parameter(parameter.name.text, self._statement_text(statement.span), value, parameter.span, kind)

    def _value(self, expression: Expression) -> ScalarValue | tuple[ScalarValue, ...]:
        """The value of a parameter; None when only a run can tell (`toscalar`)."""
        folded = self._constants.fold(expression)
        if isinstance(folded, Constant) and isinstance(folded.value, tuple):
            return tuple(kind_and_scalar(element)[1] for element in elements(folded))
        if folded is None or isinstance(folded, Watchlist) or (isinstance(folded, Symbolic) and not folded.clock):
            return None
        return kind_and_scalar(folded)[1]

    def _statement_text(self, span: Span) -> str:
        """The statement with its semicolon."""
        end = span.end
        while end < len(self._text) and self._text[end].isspace():
            end += 1
        return self._text[span.start : end + 1] if self._text.startswith(";", end) else span.of(self._text)

    def _binding(self, let: Let) -> model.Binding:
        if isinstance(let.value, FunctionDeclaration):
            kind, stages = "function", self._function_stages(let, let.value)
        else:
            kind, stages = "table", self._pipelines.stages(steps(let.value), self._context(let))
        return model.Binding(
            let.name.text,
            self._statement_text(let.span),
            kind,
            stages,
            let.span,
            self._uses.references(let),
            self._uses.stages(let),
        )

    def _function_stages(self, let: Let, function: FunctionDeclaration) -> tuple[model.Stage, ...]:
        """The stages of a body, read once for every call, so that its arguments show in the rows."""
        body = function.expression
        if body is None or not self._is_tabular(body):
            return ()
        found: tuple[model.Stage, ...] = ()
        scopes = self._calls(let, function)
        for scope in scopes:
            context = replace(self._context(let), scope=scope, repeated=len(scopes) > 1)
            inner = tuple(
                model.Pipeline(f"let {name}", self._pipelines.stages(steps(value), context))
                for name, value in _tables_of(function)
                if self._is_tabular(value)
            )
            stages = self._pipelines.stages(steps(body), context)
            if inner:
                stages = (replace(stages[0], pipelines=(*inner, *stages[0].pipelines)), *stages[1:])
            found = found or stages
        return found

    def _calls(self, let: Let, function: FunctionDeclaration) -> list[Scope]:
        """What the parameters are in each call of the function; open when nothing calls it."""
        if not function.parameters:
            return [GLOBAL]
        invoked = {id(node.call) for node in walk(self._bound.tree) if isinstance(node, Invoke)}
        found = [
            GLOBAL.entered(function, node, given=1 if id(node) in invoked else 0)
            for node in walk(self._bound.tree)
            if isinstance(node, Call) and self._uses.let_of(node) is let
        ]
        return found[:_MAX_CALLS] or [GLOBAL]


def _tables_of(function: FunctionDeclaration) -> Iterator[tuple[str, Expression]]:
    """The lets inside a function's body that may be tables."""
    for statement in function.statements:
        if isinstance(statement, Let) and not isinstance(statement.value, FunctionDeclaration):
            yield statement.name.text, statement.value


def _in_text_order(rows: list[model.Indicator]) -> tuple[model.Indicator, ...]:
    return tuple(sorted(rows, key=lambda row: row.span))


def _of_kind(leaves: tuple[Leaf, ...], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(leaf for leaf in leaves if isinstance(leaf, kind))
