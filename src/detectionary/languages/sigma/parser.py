"""From the YAML document of a rule to what it says: log source, detections, conditions, correlation, filter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from detectionary.languages.sigma.conditions import parse_condition
from detectionary.languages.sigma.syntax import (
    Bound,
    Condition,
    Correlation,
    Detection,
    Item,
    Literal,
    Named,
    Scalar,
    Search,
    SigmaRule,
)
from detectionary.languages.sigma.texts import pair_span
from detectionary.text import Diagnostic, Level, Span
from detectionary.text.yamldoc import MappingNode, Node, ScalarNode, SequenceNode, parse_yaml

_LOG_SOURCE: Final = ("product", "category", "service")

_NULLS: Final = frozenset(("", "~", "null", "Null", "NULL"))
_TRUE: Final = frozenset(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"))
_FALSE: Final = frozenset(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"))

_NO_SEARCH: Final = frozenset({"condition", "timeframe"})
_NO_FILTER_SEARCH: Final = _NO_SEARCH | {"rules"}

BOUNDS: Final = ("gt", "gte", "lt", "lte", "eq", "neq")
CORRELATIONS: Final = frozenset(
    {
        *("event_count", "value_count", "temporal", "temporal_ordered"),
        *("value_sum", "value_avg", "value_percentile", "value_median"),
    }
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A rule, the nodes of its document (None: it is no YAML mapping), and every fault found on the way."""

    rule: SigmaRule | None
    root: MappingNode | None
    diagnostics: tuple[Diagnostic, ...]

    @property
    def accepted(self) -> bool:
        """Whether nothing is wrong with the form of the rule."""
        return self.rule is not None and not any(each.level is Level.ERROR for each in self.diagnostics)


@lru_cache(maxsize=1)
def parse(text: str) -> Parsed:
    """The first document of `text` as a rule. Never raises on bad text.

    One rule is asked for its analysis and its normalised text, one after the other: it is parsed once.
    """
    stream = parse_yaml(text)
    root = stream.documents[0].root if stream.documents else None
    if not isinstance(root, MappingNode):
        fault = Diagnostic(
            "SIG001", Level.ERROR, "this is no YAML mapping", Span(0, 0), "a rule has keys such as detection:"
        )
        return Parsed(None, None, (*stream.diagnostics, *(() if stream.diagnostics else (fault,))))
    parser = _Parser(text)
    rule = parser.rule(root)
    return Parsed(rule, root, (*stream.diagnostics, *parser.diagnostics))


def literal(node: ScalarNode) -> Literal:
    """A scalar as YAML 1.1 reads it; dates and the like stay text."""
    text = node.text
    if node.style:
        return Literal(Scalar.TEXT, text, node.span)
    if text in _NULLS:
        return Literal(Scalar.NULL, None, node.span)
    if text in _TRUE or text in _FALSE:
        return Literal(Scalar.BOOL, text in _TRUE, node.span)
    number = _number(text)
    return Literal(Scalar.TEXT, text, node.span) if number is None else Literal(Scalar.NUMBER, number, node.span)


def _number(text: str) -> int | float | None:
    """A plain scalar as a number: decimal, 0x…, 0o…, a real; None for a text."""
    digits = text.lstrip("+-").replace("_", "")
    if not digits[:1].isdecimal() or not digits.isascii() or len(digits) > 40:
        return None
    try:
        if digits.isdecimal():
            # A leading zero is octal in YAML 1.1, where it can be.
            octal = len(digits) > 1 and digits[0] == "0" and not set(digits) & {"8", "9"}
            return int(text.replace("_", ""), 8 if octal else 10)
        if digits[:2].lower() == "0x":
            return int(text.replace("_", ""), 16)
        return float(text.replace("_", "")) if digits.count(".") == 1 and digits.replace(".", "").isdecimal() else None
    except ValueError:
        return None


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self.diagnostics: list[Diagnostic] = []

    def rule(self, root: MappingNode) -> SigmaRule:
        """Rule = logsource detection | correlation | logsource filter"""
        log_source = self._log_source(root.get("logsource"))
        fields = tuple(node.text for node in _scalars(root.get("fields")) if node.text.strip())
        correlation = root.get("correlation")
        filtering = root.get("filter")
        if isinstance(correlation, MappingNode):
            return SigmaRule(None, (), (), None, fields, self._correlation(correlation), (), False)
        if isinstance(filtering, MappingNode):
            searches, conditions, timeframe = self._detection(filtering, _NO_FILTER_SEARCH)
            rules = tuple(Named(node.text, node.span) for node in _scalars(filtering.get("rules")))
            return SigmaRule(log_source, searches, conditions, timeframe, fields, None, rules, True)
        detection = root.get("detection")
        if not isinstance(detection, MappingNode):
            at = root.span if detection is None else detection.span
            self._error(
                "SIG002", "the rule has no detection", Span(at.start, at.start + 1), "add detection: with a condition"
            )
            return SigmaRule(log_source, (), (), None, fields, None, (), False)
        searches, conditions, timeframe = self._detection(detection, _NO_SEARCH)
        return SigmaRule(log_source, searches, conditions, timeframe, fields, None, (), False)

    def _log_source(self, node: Node | None) -> str | None:
        """Logsource = product? category? service?"""
        if not isinstance(node, MappingNode):
            return None
        parts = (node.get(key) for key in _LOG_SOURCE)
        named = [part.text.strip().lower() for part in parts if isinstance(part, ScalarNode) and part.text.strip()]
        return "/".join(named) or None

    # Detections

    def _detection(
        self, node: MappingNode, others: frozenset[str]
    ) -> tuple[tuple[Search, ...], tuple[Condition, ...], str | None]:
        """Detection = (identifier ":" search)* "condition" ":" condition+ ["timeframe" ":" timespan]"""
        searches = tuple(
            Search(key.text, self._search(value), pair_span(self._text, key, value))
            for key, value in _pairs(node)
            if key.text not in others
        )
        timeframe = node.get("timeframe")
        return (
            searches,
            tuple(self._conditions(node)),
            timeframe.text.strip() if isinstance(timeframe, ScalarNode) else None,
        )

    def _conditions(self, node: MappingNode) -> Iterator[Condition]:
        written = node.get("condition")
        if written is None:
            at = Span(node.span.start, node.span.start + 1)
            self._error("SIG002", "there is no condition", at, "add condition: over the search identifiers")
            return
        for scalar in _scalars(written):
            condition, faults = parse_condition(scalar.text, scalar.span, self._first(scalar))
            self.diagnostics.extend(faults)
            yield condition

    def _first(self, node: ScalarNode) -> int | None:
        """Where the text of a scalar begins, when the document has it character by character."""
        start = node.span.start + (node.style in ("'", '"') and bool(node.style))
        return start if self._text.startswith(node.text, start) and node.style not in ("|", ">") else None

    def _search(self, node: Node) -> Detection:
        """Search = map | list of maps and keywords | keyword"""
        match node:
            case MappingNode(_, span):
                parts = tuple(self._item(key, value) for key, value in _pairs(node))
                if not parts:
                    self._error("SIG008", "a search without a field", span, "name what it looks for")
                return Detection(parts, True, span)
            case SequenceNode(items, span):
                keywords: list[ScalarNode] = []
                found: list[Item | Detection] = []
                for item in items:
                    if isinstance(item, ScalarNode):
                        keywords.append(item)
                    else:
                        found.append(self._search(item))
                if keywords:
                    at = Span(keywords[0].span.start, keywords[-1].span.end)
                    found.insert(0, Item(None, (), tuple(map(literal, keywords)), True, at))
                if not found:
                    self._error("SIG008", "a search without a value", span, "name what it looks for")
                return Detection(tuple(found), False, span)
            case _:
                return Detection((Item(None, (), (literal(node),), False, node.span),), True, node.span)

    def _item(self, key: ScalarNode, value: Node) -> Item | Detection:
        """Item = field ("|" modifier)* ":" (value | list of values | map)"""
        field, *modifiers = key.text.split("|")
        # Blanks round the parts are the author's slip; pySigma would take them as part of the name.
        named = tuple(modifier.strip() for modifier in modifiers)
        span = pair_span(self._text, key, value)
        values: list[Literal] = []
        match value:
            case ScalarNode():
                values.append(literal(value))
            case SequenceNode(items):
                for item in items:
                    if isinstance(item, ScalarNode):
                        values.append(literal(item))
                    else:
                        self._error("SIG008", "a list of values holds something else", item.span, "list plain values")
            case MappingNode():
                self._error(
                    "SIG008", f"{field or 'a keyword'} has keys instead of values", value.span, "list its values"
                )
        return Item(field.strip() or None, named, tuple(values), isinstance(value, SequenceNode), span)

    # Correlations

    def _correlation(self, node: MappingNode) -> Correlation:
        """Correlation = type rules group-by? timespan condition? aliases?"""
        kind = node.get("type")
        name = kind.text.strip() if isinstance(kind, ScalarNode) else ""
        if name not in CORRELATIONS:
            at = (kind or node).span
            message = f"“{name}” is no type of correlation" if name else "the correlation has no type"
            self._error("SIG009", message, at, "write " + ", ".join(sorted(CORRELATIONS)))
        rules = tuple(Named(each.text.strip(), each.span) for each in _scalars(node.get("rules")))
        if not rules and not isinstance(node.get("condition"), ScalarNode):
            at = Span(node.span.start, node.span.start + 1)
            self._error("SIG009", "the correlation names no rules", at, "list them under rules:, by name or id")
        timespan = node.get("timespan") or node.get("timeframe")
        bounds, field, expression = self._correlated(node.get("condition"))
        aliases = node.get("aliases")
        return Correlation(
            name,
            rules,
            tuple(each.text.strip() for each in _scalars(node.get("group-by"))),
            timespan.text.strip() if isinstance(timespan, ScalarNode) else None,
            bounds,
            field,
            expression,
            tuple(key.text for key, _ in aliases.pairs) if isinstance(aliases, MappingNode) else (),
            node.span,
        )

    def _correlated(self, node: Node | None) -> tuple[tuple[Bound, ...], str | None, Condition | None]:
        """Condition = (operator ":" NUMBER)+ ["field" ":" name] | a text over the names of the rules"""
        if isinstance(node, ScalarNode):
            condition, faults = parse_condition(node.text, node.span, self._first(node))
            self.diagnostics.extend(faults)
            return (), None, condition
        if not isinstance(node, MappingNode):
            return (), None, None
        bounds: list[Bound] = []
        field = None
        percentile = None
        for key, value in _pairs(node):
            span = pair_span(self._text, key, value)
            if key.text == "field":
                field = ", ".join(each.text.strip() for each in _scalars(value)) or None
            elif key.text in (*BOUNDS, "percentile") and isinstance(value, ScalarNode):
                number = literal(value)
                if number.kind is not Scalar.NUMBER or not isinstance(number.value, (int, float)):
                    self._error("SIG009", f"{key.text} is compared with “{value.text}”", value.span, "write a number")
                elif key.text == "percentile":
                    percentile = value.text
                else:
                    bounds.append(Bound(key.text, number.value, span))
            else:
                self._error("SIG009", f"“{key.text}” is no operator", key.span, "write " + ", ".join(BOUNDS))
        if percentile is not None:
            field = f"{field or ''}, {percentile}"
        return tuple(bounds), field, None

    def _error(self, code: str, message: str, span: Span, advice: str) -> None:
        self.diagnostics.append(Diagnostic(code, Level.ERROR, message, span, advice))


def _pairs(node: MappingNode) -> Iterable[tuple[ScalarNode, Node]]:
    """The pairs of a mapping; of several with one key the last, as YAML loaders have it."""
    if len({key.text for key, _ in node.pairs}) == len(node.pairs):
        return node.pairs
    return tuple({key.text: (key, value) for key, value in node.pairs}.values())


def _scalars(node: Node | None) -> Iterable[ScalarNode]:
    """The scalars of a list; a scalar alone stands for a list of one."""
    if isinstance(node, ScalarNode):
        return (node,)
    return tuple(item for item in node.items if isinstance(item, ScalarNode)) if isinstance(node, SequenceNode) else ()
