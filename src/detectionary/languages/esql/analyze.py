"""An ES|QL query taken apart: parse, follow the columns, fill the model's analysis. Nothing raises on bad text."""

from __future__ import annotations

from typing import Final, TypeVar

from detectionary.languages.esql.columns import Table
from detectionary.languages.esql.constants import Constants
from detectionary.languages.esql.effects import Effects, unknown_column
from detectionary.languages.esql.functions import FUNCTIONS, MANY
from detectionary.languages.esql.lineage import Lineage
from detectionary.languages.esql.parser import Parsed, parse
from detectionary.languages.esql.pipelines import Context, Pipelines
from detectionary.languages.esql.predicates import Predicates
from detectionary.languages.esql.predicates_comparisons import Comparisons
from detectionary.languages.esql.syntax import Call, MapLiteral, Name, Parameter, walk
from detectionary.languages.esql.syntax_commands import Query
from detectionary.model import analysis as model
from detectionary.model.predicate import ColumnComparison, Leaf, Opaque, ThresholdTest, TimeFilter
from detectionary.model.schema import Environment
from detectionary.text import Diagnostic, Level, SourceText, Span

_MOST_WARNINGS: Final = 100
_KNOWN_WITHOUT_ROWS: Final = frozenset({"chicken", "delay", "ascii", "range"})

_Kind = TypeVar("_Kind", bound=Leaf)


def analyze(source: SourceText, environment: Environment) -> model.Analysis:
    """Everything that one parse of a query says about it."""
    return analyze_parsed(source, parse(source.text), environment)


def analyze_parsed(source: SourceText, parsed: Parsed, environment: Environment) -> model.Analysis:
    """The same for a query that is parsed already."""
    try:
        return _Analyzer(source.text, environment).analysis(parsed)
    except RecursionError:
        fault = Diagnostic("ESQ301", Level.ERROR, "the query is nested too deeply to be taken apart")
        return model.Analysis(accepted=False, diagnostics=(*parsed.diagnostics, fault))


class _Analyzer:
    """Takes one query apart."""

    def __init__(self, text: str, environment: Environment) -> None:
        self._text = text
        self._warnings: dict[tuple[str, Span | None], Diagnostic] = {}
        self._constants = Constants(text)
        lineage = Lineage(self._constants, self._unknown)
        comparisons = Comparisons(text, self._constants, lineage)
        predicates = Predicates(self._constants, lineage, comparisons)
        effects = Effects(text, lineage, environment, self._warn)
        self._comparisons = comparisons
        self._pipelines = Pipelines(text, effects, lineage, predicates, comparisons)

    def _warn(self, diagnostic: Diagnostic) -> None:
        if len(self._warnings) < _MOST_WARNINGS:
            self._warnings.setdefault((diagnostic.code, diagnostic.span), diagnostic)

    def _unknown(self, name: Name) -> None:
        if not name.verbatim:
            self._warn(unknown_column(name.text, name.span))

    def analysis(self, parsed: Parsed) -> model.Analysis:
        tree = parsed.tree
        stages, table = self._pipelines.stages(tree, Context())
        self._check_calls(tree)
        read = self._pipelines.read
        leaves = tuple(sorted(read.leaves.values(), key=lambda leaf: leaf.span))
        chosen = tuple(self._comparisons.chosen.values())
        warnings = sorted(self._warnings.values(), key=lambda warning: warning.span or (0, 0))
        tables = tuple(read.tables)
        return model.Analysis(
            accepted=parsed.accepted,
            parameters=self._parameters(tree),
            stages=self._pipelines.with_thresholds(stages),
            indicators=_in_text_order(read.rows.indicators),
            exclusions=_in_text_order(read.rows.exclusions),
            time_filters=_of_kind(leaves, TimeFilter),
            thresholds=_of_kind(leaves, ThresholdTest),
            column_comparisons=_of_kind(leaves, ColumnComparison),
            opaques=_of_kind(tuple(sorted((*leaves, *chosen), key=lambda leaf: leaf.span)), Opaque),
            output_fields=tuple(model.OutputField(column.name, *column.maker, column.type) for column in table),
            open_fields=table.opener is not None,
            tables=tables,
            named_inputs=tuple(read.inputs),
            group_by=read.group_by,
            bins=read.bins,
            dependencies=frozenset(tables),
            diagnostics=(*parsed.diagnostics, *warnings),
            predicate_count=len(leaves) + len(chosen),
        )

    def _parameters(self, tree: Query) -> tuple[model.Parameter, ...]:
        """Settings, and the values that the caller gives."""
        found: list[model.Parameter] = []
        for setting in tree.settings:
            value = self._constants.fold(setting.value, Table())
            text = setting.span.of(self._text)
            scalar = None if value is None else value.value
            found.append(model.Parameter(setting.name, text, scalar, setting.span))
        seen: set[str] = set()
        for node in walk(tree) if "?" in self._text else ():
            if isinstance(node, Parameter) and node.text not in seen:
                seen.add(node.text)
                found.append(model.Parameter(node.text, node.text, None, node.span))
        return tuple(sorted(found, key=lambda parameter: parameter.span))

    def _check_calls(self, tree: Query) -> None:
        """Functions that Elasticsearch does not have, or not with so many arguments."""
        for node in walk(tree):
            if not isinstance(node, Call) or node.name.startswith("?"):
                continue
            row = FUNCTIONS.get(node.name)
            if row is None:
                if node.name not in _KNOWN_WITHOUT_ROWS:
                    message = f"there is no function `{node.name}`"
                    self._warn(Diagnostic("ESQ302", Level.WARNING, message, node.name_span))
                continue
            count = sum(not isinstance(argument, MapLiteral) for argument in node.arguments)
            if not row.least <= count <= row.most:
                wanted = str(row.least) if row.least == row.most else f"{row.least} to {row.most}"
                wanted = f"at least {row.least}" if row.most == MANY else wanted
                message = f"`{node.name}` takes {wanted} argument{'' if wanted == '1' else 's'}, got {count}"
                self._warn(Diagnostic("ESQ303", Level.WARNING, message, node.span))


def _in_text_order(rows: list[model.Indicator]) -> tuple[model.Indicator, ...]:
    return tuple(sorted(rows, key=lambda row: row.span))


def _of_kind(leaves: tuple[Leaf, ...], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(leaf for leaf in leaves if isinstance(leaf, kind))
