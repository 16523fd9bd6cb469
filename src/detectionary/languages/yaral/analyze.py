"""A YARA-L text taken apart: parse, and fill the model's analysis. Nothing here raises on bad text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

from detectionary.languages.rows import Place, Rows
from detectionary.languages.yaral.faults import faults
from detectionary.languages.yaral.matching import absent, group_by, records, references, window
from detectionary.languages.yaral.outputs import output_fields, parameter
from detectionary.languages.yaral.parser import Parsed
from detectionary.languages.yaral.predicates import Predicates
from detectionary.languages.yaral.printer import expression
from detectionary.languages.yaral.scope import Scope, scope_of
from detectionary.languages.yaral.syntax import (
    Literal,
    Part,
    Reference,
    Rule,
    Section,
    Setting,
    Stage,
    Window,
    walk,
)
from detectionary.model import analysis as model
from detectionary.model.predicate import (
    AllOf,
    ColumnComparison,
    Leaf,
    Opaque,
    Operator,
    Predicate,
    ThresholdTest,
    TimeFilter,
    leaves,
)
from detectionary.text import Diagnostic, Level, SourceText

LOG_TYPE: Final = "metadata.log_type"

_Kind = TypeVar("_Kind", bound=Leaf)


def analyze_parsed(source: SourceText, parsed: Parsed) -> model.Analysis:
    """Everything that one parse of a text says about it; several rules are taken together."""
    try:
        return _Analyzer(source.text, parsed).analysis()
    except RecursionError:
        fault = Diagnostic("YAR399", Level.ERROR, "the rule is nested too deeply to be taken apart")
        return model.Analysis(accepted=False, diagnostics=(fault,))


class _Analyzer:
    """Takes one text apart."""

    def __init__(self, text: str, parsed: Parsed) -> None:
        self._text = text
        self._parsed = parsed
        self._rows = Rows()
        self._leaves: list[Leaf] = []
        self._parameters: list[model.Parameter] = []
        self._outputs: list[model.OutputField] = []
        self._number = 0

    def analysis(self) -> model.Analysis:
        tree = self._parsed.tree
        stages: list[model.Stage] = []
        for rule in tree.rules:
            scope = scope_of(rule.parts)
            before = self._number
            for part in rule.parts:
                if isinstance(part, Stage) or part.kind != "meta":
                    self._number += 1
                    stages.append(self._part(part, self._number, rule.parts, scope))
            self._outputs.extend(output_fields(rule.parts, scope, before + 1))
        first = tree.rules[0] if tree.rules else None
        last = tree.rules[-1] if tree.rules else None
        lists = tuple(_lists(tree.rules))
        return model.Analysis(
            accepted=self._parsed.accepted,
            parameters=tuple(self._parameters),
            stages=tuple(stages),
            indicators=_in_text_order(self._rows.indicators),
            exclusions=_in_text_order(self._rows.exclusions),
            time_filters=_of_kind(self._leaves, TimeFilter),
            thresholds=_of_kind(self._leaves, ThresholdTest),
            column_comparisons=_of_kind(self._leaves, ColumnComparison),
            opaques=_of_kind(self._leaves, Opaque),
            output_fields=tuple(self._outputs),
            open_fields=first is not None and first.name is None and not self._outputs,
            tables=self._tables(),
            named_inputs=lists,
            group_by=() if last is None else group_by(last.parts),
            bins=tuple(width for stage in stages for width in stage.bins),
            dependencies=frozenset(f"%{each.name.partition('.')[0]}" for each in lists),
            diagnostics=(*self._parsed.diagnostics, *faults(tree)),
            predicate_count=len(self._leaves),
            name=None if first is None else first.name,
            metadata=tuple(_metadata(tree.rules)),
            window=next((window(item) for item in _windows(tree.rules)), None),
        )

    def _part(self, part: Part, number: int, parts: tuple[Part, ...], scope: Scope) -> model.Stage:
        if isinstance(part, Stage):
            inner = scope.stages[f"${part.name}"]
            nested = tuple(
                self._nested(each, own, number, part.parts, inner) for own, each in enumerate(part.parts, start=1)
            )
            pipelines = (model.Pipeline(part.name, nested),)
            return model.Stage(number, "stage", part.span.of(self._text), part.span, pipelines)
        return self._section(part, number, number, parts, scope)

    def _nested(self, part: Part, own: int, top: int, parts: tuple[Part, ...], scope: Scope) -> model.Stage:
        if isinstance(part, Stage):
            return self._part(part, own, parts, scope)
        return self._section(part, own, top, parts, scope)

    def _section(self, section: Section, number: int, top: int, parts: tuple[Part, ...], scope: Scope) -> model.Stage:
        predicate: Predicate | None = None
        thresholds: tuple[ThresholdTest, ...] = ()
        bins: tuple[str, ...] = ()
        match section.kind:
            case "events":
                self._bindings(scope)
                predicate = self._filter(section, top, scope, absent(parts))
            case "condition":
                predicate = self._filter(section, top, scope, frozenset())
            case "outcome":
                thresholds = self._tests_of_outcomes(parts, scope)
            case "match":
                bins = tuple(window(item) for item in section.items if isinstance(item, Window) and item.word == "by")
        return model.Stage(
            number,
            section.kind,
            section.span.of(self._text),
            section.span,
            references=references(section, scope),
            predicate=predicate,
            thresholds=thresholds,
            bins=bins,
        )

    def _filter(self, section: Section, top: int, scope: Scope, missing: frozenset[str]) -> Predicate | None:
        """The lines of a section, which must all hold; those about an event that must not exist are a context."""
        reader = Predicates(self._text, scope, section.kind == "condition")
        lines: list[Predicate] = []
        contexts: dict[str | None, list[Predicate]] = {}
        for item in section.items:
            found = reader.item(item)
            for line in found.operands if isinstance(found, AllOf) else () if found is None else (found,):
                lines.append(line)
                about = records(line)
                only = next(iter(about)) if len(about) == 1 else None
                contexts.setdefault(f"absent {only}" if only in missing else None, []).append(line)
        for context, together in contexts.items():
            self._rows.add(_all(together), Place(top, context))
        if not lines:
            return None
        predicate = _all(lines)
        self._leaves.extend(leaves(predicate))
        return predicate

    def _bindings(self, scope: Scope) -> None:
        found = [each[0] for each in scope.bindings.values()]
        for binding in sorted(found, key=lambda each: each.node.span):
            self._parameters.append(parameter(binding, self._text, scope))

    def _tests_of_outcomes(self, parts: tuple[Part, ...], scope: Scope) -> tuple[ThresholdTest, ...]:
        found: list[ThresholdTest] = []
        for part in parts:
            if isinstance(part, Section) and part.kind == "condition":
                reader = Predicates(self._text, scope, True)
                for item in part.items:
                    predicate = reader.item(item)
                    if predicate is not None:
                        found.extend(leaf for leaf in leaves(predicate) if isinstance(leaf, ThresholdTest))
        return tuple(test for test in found if f"${test.name.text}" in scope.outcomes)

    def _tables(self) -> tuple[str, ...]:
        """The log types that a record must have one of."""
        found: dict[str, None] = {}
        others = {row.group for row in self._rows.indicators if row.field != LOG_TYPE}
        for row in self._rows.indicators:
            if row.field != LOG_TYPE or row.operator is not Operator.EQ or row.context is not None:
                continue
            alternative = row.group is not None and row.group.kind is model.GroupKind.ANY and row.group in others
            if not alternative:
                found.update((str(value.value), None) for value in row.values)
        return tuple(found)


def _all(parts: list[Predicate]) -> Predicate:
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _lists(rules: tuple[Rule, ...]) -> Iterable[model.NamedInput]:
    """The reference lists and columns of data tables, each once."""
    seen: set[str] = set()
    for rule in rules:
        for node in walk(rule):
            if isinstance(node, Reference) and node.is_list:
                name = expression(node)[1:]
                if name not in seen:
                    seen.add(name)
                    yield model.NamedInput("watchlist", name, node.span)


def _metadata(rules: tuple[Rule, ...]) -> Iterable[tuple[str, str]]:
    for rule in rules[:1]:
        for part in rule.parts:
            if isinstance(part, Section) and part.kind == "meta":
                for item in part.items:
                    if isinstance(item, Setting):
                        value = item.value
                        yield (
                            item.key,
                            value.value
                            if isinstance(value, Literal) and isinstance(value.value, str)
                            else expression(value),
                        )


def _windows(rules: tuple[Rule, ...]) -> Iterable[Window]:
    for rule in rules:
        for part in rule.parts:
            if isinstance(part, Section) and part.kind == "match":
                yield from (item for item in part.items if isinstance(item, Window))


def _in_text_order(rows: list[model.Indicator]) -> tuple[model.Indicator, ...]:
    return tuple(sorted(rows, key=lambda row: row.span))


def _of_kind(found: list[Leaf], kind: type[_Kind]) -> tuple[_Kind, ...]:
    return tuple(leaf for leaf in found if isinstance(leaf, kind))
