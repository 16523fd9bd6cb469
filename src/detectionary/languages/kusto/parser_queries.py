"""Pipelines: the source and the tabular operators after the pipes, each with a way out of a fault."""

# docstrings of productions are productions

# ruff: noqa: D403  # the docstring of a production is the production

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Final, NoReturn

from detectionary.languages.kusto.parser_base import Fault
from detectionary.languages.kusto.parser_nested import Nested
from detectionary.languages.kusto.parser_operators import CHARTS
from detectionary.languages.kusto.parser_parts import OPTIONS
from detectionary.languages.kusto.syntax import BadOperator, Expression, Operator, Pipeline
from detectionary.languages.kusto.tokens import END, KEYWORDS, NAME, NAMES, OPERATOR_KEYWORDS, WORDS
from detectionary.text import Span

_STAGE_ENDS: Final = frozenset({"|", ";", END})
_CLOSERS: Final = frozenset({")", "]", "}"})
_AFTER_OPERATOR: Final = _STAGE_ENDS | {")", "]", "}", ","}
_BEGINS_QUERY: Final = frozenset({"evaluate", "find", "macro-expand", "print", "range", "search", "union"})
"""Operators that begin a query of their own rather than lack their pipe, when they begin a line."""

_FUNCTION_NAMES: Final = frozenset({"count", "range", "inline_external_table"})
"""Operators that are functions too when a parenthesis follows."""

_OTHER_LANGUAGES: Final = {
    "select": "project",
    "fields": "project",
    "eval": "extend",
    "stats": "summarize",
    "group": "summarize … by",
    "groupby": "summarize … by",
    "having": "where",
    "dedup": "distinct",
    "unique": "distinct",
    "head": "take",
    "rename": "project-rename",
    "explode": "mv-expand",
    "orderby": "order by",
    "sortby": "sort by",
}
"""What people of other query languages write, and the operator they look for."""

_SUGGESTIONS: Final = sorted(OPERATOR_KEYWORDS - {"__executeAndCache", "__partitionby", "inline_external_table"})


class Queries(Nested):
    """Pipelines and their stages."""

    def pipeline(self, before: str = "") -> Expression:
        """pipeline = ( expression | operator ) { "|" operator }; `before` is the word that may follow it"""
        first = self.at
        kind = self.kinds[first]
        source: Expression | Operator
        if kind in OPERATOR_KEYWORDS and self.starts_operator():
            source = self.stage()
        else:
            source = self.expression()
            if self.kinds[self.at] != "|" and not self._lacks_pipe(before):
                return source
        return self._stages(first, source, before)

    def operator_pipeline(self) -> Pipeline:
        """operator-pipeline = ( contextual-datatable | operator ) { "|" operator }"""
        first = self.at
        if self.kinds[first] == "__contextual_datatable":
            return self._stages(first, self.contextual_data_table())
        return self._stages(first, self.stage())

    def _stages(self, first: int, source: Expression | Operator, before: str = "") -> Pipeline:
        stages = [source]
        while self.kinds[self.at] == "|" or self._lacks_pipe(before):
            if self.kinds[self.at] == "|":
                self.at += 1
            else:
                place = self.ends[self.at - 1]
                self.report("KQL020", f"expected `|` before {self.found()}", Span(place, place))
            stages.append(self.stage())
        return Pipeline(tuple(stages), span=Span(self.starts[first], stages[-1].span[1]))

    def _lacks_pipe(self, before: str) -> bool:
        """Does an operator follow without its `|`?"""
        kind = self.kinds[self.at]
        if kind not in OPERATOR_KEYWORDS or kind == before:
            return False
        return kind not in _BEGINS_QUERY or not self._begins_line(self.at)

    def starts_operator(self) -> bool:
        """A word that may also be a name begins an operator only when what follows says so."""
        kind = self.kinds[self.at]
        following = self.kinds[self.at + 1]
        known_option = self.texts[self.at + 1] in OPTIONS
        match kind:
            case "evaluate":
                return known_option or self.name_length(self.at + 1) > 0
            case "facet":
                return following == "by"
            case "partition" | "reduce":
                return known_option or following == "by"
            case "range":
                length = self.name_length(self.at + 1)
                return length > 0 and self.peek(1 + length) == "from"
            case "inline_external_table":
                return self.starts_external_table()
            case "render":
                return following in NAMES or self.texts[self.at + 1] in CHARTS
            case _:
                return kind not in NAMES

    def stage(self) -> Operator:
        """One operator; after a fault in it, a `BadOperator` up to the next `|`, `;` or closing bracket."""
        at = self.at
        depth = self.depth
        operator: Operator | None = None
        try:
            operator = self.operator()
            following = self.kinds[self.at]
            while following in _CLOSERS and not self.depth:
                self.report(
                    "KQL015", f"`{following}` is unexpected here", self.token_span(self.at), "no bracket is open"
                )
                self.at += 1
                following = self.kinds[self.at]
            if following in _AFTER_OPERATOR or following in OPERATOR_KEYWORDS or self._begins_line(self.at):
                return operator
            message, hint = self.rest_fault(f"`{self.texts[at]}`")
            self.report("KQL015", message, self.token_span(self.at), hint or "the next operator begins with `|`")
        except Fault:
            self.depth = depth
        self.skip_to(at, _STAGE_ENDS)
        return operator or self._bad_operator(at)

    def _bad_operator(self, at: int) -> BadOperator:
        """What stands for a stage that was given up; of no length where an operator is missing."""
        if self.at > at:
            span = self.span_from(at)
            return BadOperator(span=span, keyword=self._stage_word(at), text=span.of(self.text))
        place = self.ends[at - 1] if at else self.starts[at]
        return BadOperator(span=Span(place, place))

    def _stage_word(self, at: int) -> str:
        """The word that a given-up stage begins with, lower case where it is no keyword; empty for any other token."""
        kind = self.kinds[at]
        if kind in KEYWORDS:
            return kind
        return self.texts[at].lower() if kind == NAME else ""

    def operator(self) -> Operator:
        """operator = where | extend | summarize | …"""
        kind = self.kinds[self.at]
        produce = _OPERATORS.get(kind)
        if produce is None or (kind in _FUNCTION_NAMES and self.peek(1) == "(" and not self.starts_operator()):
            self._fail_operator()
        return produce(self)

    def _begins_line(self, at: int) -> bool:
        return "\n" in self.text[self.ends[at - 1] : self.starts[at]]

    def _fail_operator(self) -> NoReturn:
        at = self.at
        if self.kinds[at] not in NAMES:
            hint = "write `or`, or take the second `|` out" if self.kinds[at] == "|" else None
            self.fail_expected("an operator", "KQL014", hint)
        end = at
        while self.touches_next(end) and (self.kinds[end + 1] in WORDS or self.kinds[end + 1] == "-"):
            end += 1
        span = Span(self.starts[at], self.ends[end])
        word = span.of(self.text)
        near = None if self.is_full else _suggestion(word.lower())
        hint = f"did you mean `{near}`?" if near else "after `|` comes an operator such as `where` or `summarize`"
        self.fail("KQL014", f"`{word}` is no operator", span, hint)


def _suggestion(word: str) -> str | None:
    """The operator that was meant."""
    return _OTHER_LANGUAGES.get(word) or next(iter(get_close_matches(word, _SUGGESTIONS, 1)), None)


_OPERATORS: Final[dict[str, Callable[[Queries], Operator]]] = {
    "as": Queries.as_name,
    "assert-schema": Queries.assert_schema,
    "consume": Queries.consume,
    "count": Queries.count,
    "distinct": Queries.distinct,
    "evaluate": Queries.evaluate,
    "__executeAndCache": Queries.execute_and_cache,
    "extend": Queries.extend,
    "facet": Queries.facet,
    "filter": Queries.where,
    "find": Queries.find,
    "fork": Queries.fork,
    "getschema": Queries.get_schema,
    "graph-mark-components": Queries.graph_mark_components,
    "graph-match": Queries.graph_match,
    "graph-shortest-paths": Queries.graph_match,
    "graph-to-table": Queries.graph_to_table,
    "graph-where-edges": Queries.graph_where,
    "graph-where-nodes": Queries.graph_where,
    "inline_external_table": Queries.inline_external_table,
    "invoke": Queries.invoke,
    "join": Queries.join,
    "limit": Queries.take,
    "lookup": Queries.lookup,
    "macro-expand": Queries.macro_expand,
    "make-graph": Queries.make_graph,
    "make-series": Queries.make_series,
    "mv-apply": Queries.mv_apply,
    "mvapply": Queries.mv_apply,
    "mv-expand": Queries.mv_expand,
    "mvexpand": Queries.mv_expand,
    "order": Queries.sort,
    "parse": Queries.parse,
    "parse-kv": Queries.parse_kv,
    "parse-where": Queries.parse,
    "partition": Queries.partition,
    "__partitionby": Queries.partition_by,
    "print": Queries.print_row,
    "project": Queries.project,
    "project-away": Queries.project_away,
    "project-by-names": Queries.project_by_names,
    "project-keep": Queries.project_keep,
    "project-rename": Queries.project_rename,
    "project-reorder": Queries.project_reorder,
    "range": Queries.range_table,
    "reduce": Queries.reduce,
    "render": Queries.render,
    "sample": Queries.sample,
    "sample-distinct": Queries.sample_distinct,
    "scan": Queries.scan,
    "search": Queries.search,
    "serialize": Queries.serialize,
    "sort": Queries.sort,
    "summarize": Queries.summarize,
    "take": Queries.take,
    "top": Queries.top,
    "top-hitters": Queries.top_hitters,
    "top-nested": Queries.top_nested,
    "union": Queries.union,
    "where": Queries.where,
}
