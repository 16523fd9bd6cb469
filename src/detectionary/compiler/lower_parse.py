"""`parse`, `parse-where` and `parse-kv`: columns taken out of a text.

A pattern becomes one regular expression with a group for every column. The rules are those of learn.microsoft.com,
"parse operator" and "parse-kv operator", and of the longer description that Microsoft's reference of Application
Insights Analytics gave before them (the elements of a pattern are matched one after the other from the start of the
text; a text column and `*` take the least that reaches the next match; a typed column that does not parse spoils the
whole pattern unless the kind is `relaxed`). What neither page settles is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectionary.compiler.lowering import Lowering, converted, null_of, use
from detectionary.compiler.parse_patterns import escaped, quoted_pairs
from detectionary.compiler.plan import Apply, Constant, Expr, PlanColumn
from detectionary.compiler.refused import refuse
from detectionary.compiler.regex import parse_regex
from detectionary.compiler.regex_sets import RegexError
from detectionary.compiler.regex_tree import Choice
from detectionary.compiler.relation import Relation, Scope
from detectionary.languages.kusto.bind_projections import option
from detectionary.languages.kusto.syntax import (
    Literal,
    Operator,
    Parse,
    ParseColumn,
    ParseKv,
    ParsePart,
    ScalarType,
    Star,
)
from detectionary.text import Span

BOOL, LONG, STRING = ScalarType.BOOL, ScalarType.LONG, ScalarType.STRING
WHOLE: Final = frozenset({ScalarType.INT, ScalarType.LONG})
MOST_PARTS: Final = 200
"""Every column asks for all groups of the pattern, so that an engine matches once for all of them."""

BLANKS: Final = r"[\t-\r ]*"

FLAGS: Final = frozenset("imsU")
"""The flags of `kind=regex` that the page names."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """`regex` with one group, by its number in `groups`, for every column of the pattern, in order.

    `other` is a second way to read the pattern where the pages leave open which is meant, and `open` says what: a text
    for which the two differ stops the run.
    """

    regex: str
    columns: tuple[ParseColumn, ...]
    groups: tuple[int, ...]
    strict: bool
    other: str | None = None
    open: str = ""


def parse(low: Lowering, node: Parse, relation: Relation, scope: Scope) -> Relation:
    """`parse` and `parse-where`: the pattern's columns beside those that are there; one of a taken name replaces it."""
    pattern = _pattern(node)
    text = converted(low.expression(node.expression, scope.with_row(relation)), STRING)
    held = low.column("text", STRING)
    relation = low.extended(relation, [(held, text)], node.span)
    source = use(held)
    count = Constant(LONG, max(pattern.groups, default=0))
    values: dict[str, Expr] = {}
    typed: list[tuple[PlanColumn, Expr]] = []
    for column, group in zip(pattern.columns, pattern.groups, strict=True):
        kind = column.type or STRING
        found = _read(pattern, "parse_group", source, STRING, column.span, Constant(LONG, group), count)
        if kind is not STRING:
            made = low.column(column.name.text, kind, column.span)
            typed.append((made, converted(found, kind)))
            found = use(made)
        values[column.name.text] = found
    relation = low.extended(relation, typed, node.span)
    parsed = [Apply("isnotnull", (use(column),), BOOL, node.span) for column, _ in typed] if pattern.strict else []
    if node.where:
        matches = _read(pattern, "parse_matches", source, BOOL, node.span)
        relation = low.filtered(relation, _all((matches, *parsed)), node.span)
    elif parsed:
        complete = _all(parsed)
        values = {
            name: Apply("iff", (complete, value, null_of(value.type)), value.type, node.span)
            for name, value in values.items()
        }
    return _with_columns(low, node, relation, scope, values)


def _read(pattern: _Pattern, function: str, text: Expr, kind: ScalarType, span: Span, *arguments: Expr) -> Expr:
    """What a text says by the pattern; by both ways to read it, where there are two."""
    value = Apply(function, (text, Constant(STRING, pattern.regex, span), *arguments), kind, span)
    if pattern.other is None:
        return value
    other = Apply(function, (text, Constant(STRING, pattern.other, span), *arguments), kind, span)
    return Apply("agreed", (value, other, Constant(STRING, pattern.open)), kind, span)


def _all(conditions: Sequence[Expr]) -> Expr:
    return conditions[0] if len(conditions) == 1 else Apply("and", tuple(conditions), BOOL)


def _with_columns(low: Lowering, node: Operator, relation: Relation, scope: Scope, values: dict[str, Expr]) -> Relation:
    """The binder's columns of this stage: those that it makes from `values`, the others as they are."""
    chosen: list[tuple[PlanColumn, Expr]] = []
    for symbol in low.result(node, scope).columns:
        if symbol.maker is node:
            chosen.append((low.column(symbol.name, symbol.type, node.span), values[symbol.name]))
        else:
            found = relation.get(symbol.name)
            if found is None:
                raise refuse(f"no column is called {symbol.name}", node.span)
            chosen.append((found, use(found)))
    return low.project(relation, chosen, node.span)


# parse


def _pattern(node: Parse) -> _Pattern:
    kind = str(option(node.parameters, "kind") or "simple")
    if kind not in ("simple", "relaxed", "regex") or (node.where and kind == "relaxed"):
        raise refuse(f"kind={kind} is not supported here", node.span)
    flags = str(option(node.parameters, "flags") or "")
    if flags and kind != "regex":
        raise refuse("flags belong to kind=regex", node.span)
    if not set(flags) <= FLAGS:
        raise refuse(f"the flags {flags} are not supported", node.span, "i, m, s and U are")
    parts = node.pattern
    if len(parts) > MOST_PARTS:
        raise refuse(f"a pattern of more than {MOST_PARTS} parts is not supported", node.span)
    _check_order(parts)
    return _regex(node, flags) if kind == "regex" else _simple(node, kind == "simple")


def _check_order(parts: Sequence[ParsePart]) -> None:
    """Refuse what cannot be matched: nothing tells where one column ends and the next begins."""
    for part, after in zip(parts, (*parts[1:], None), strict=True):
        match part:
            case ParseColumn() if part.type is ScalarType.DYNAMIC:
                raise refuse("a dynamic column is not supported in a pattern", part.span, "parse it as text first")
            case ParseColumn() if isinstance(after, ParseColumn):
                raise refuse("a text must stand between two columns", after.span)
            case ParseColumn() if isinstance(after, Star) and part.type in (None, STRING):
                raise refuse("* cannot follow a text column", after.span)
            case Star() if isinstance(after, Star | ParseColumn):
                raise refuse("a text must follow *", after.span)
            case Star() | ParseColumn():
                continue
            case Literal(type=ScalarType.STRING, value=str(value)) if value:
                continue
            case _:
                raise refuse("a pattern is made of texts, columns and *", part.span)


def _simple(node: Parse, strict: bool) -> _Pattern:
    """Literal texts, matched one after the other from the start, each at its first place."""
    regex = [r"(?s)\A"]
    columns: list[ParseColumn] = []
    last = len(node.pattern) - 1
    for at, part in enumerate(node.pattern):
        match part:
            case Star():
                regex.append(".*?" if at < last else "")
            case Literal(value=str(text)):
                regex.append(escaped(text))
            case ParseColumn():
                columns.append(part)
                after = node.pattern[at + 1] if at < last else None
                regex.append(_simple_column(part, after))
    made, groups = "".join(regex), tuple(range(1, len(columns) + 1))
    if isinstance(node.pattern[-1], Literal):
        reason = "it is not documented whether text may follow the last text of a parse pattern: end the pattern with *"
        return _Pattern(rf"{made}\z", tuple(columns), groups, strict, made, reason)
    return _Pattern(made, tuple(columns), groups, strict)


def _simple_column(column: ParseColumn, after: ParsePart | None) -> str:
    if column.type in (None, STRING):
        return "(.*)" if after is None else "(.*?)"
    if isinstance(after, Star):
        if column.type not in WHOLE:
            raise refuse(
                "it is not documented where a value of this type ends before *", column.span, "put a text behind it"
            )
        return f"{BLANKS}(-?[0-9]+)?"
    if isinstance(after, Literal) and column.type not in WHOLE and str(after.value)[:1] in " .:-/":
        raise refuse(
            f"it is not documented where a {_type_name(column)} ends before {after.text}", column.span, "parse a text"
        )
    # Blanks before a number are skipped; a value that does not parse is found out by its conversion, so that a
    # pattern matches where its texts do and nowhere else.
    return f"{BLANKS}(.*)" if after is None else f"{BLANKS}(.*?)"


def _type_name(column: ParseColumn) -> str:
    return column.type.value if column.type is not None else "string"


def _regex(node: Parse, flags: str) -> _Pattern:
    """Texts are regular expressions; a text column is greedy, `*` is not (the page, and recorded answers)."""
    regex: list[str] = []
    columns: list[ParseColumn] = []
    groups: list[int] = []
    count = 0
    last = len(node.pattern) - 1
    for at, part in enumerate(node.pattern):
        match part:
            case Star():
                regex.append(".*?")
            case Literal(value=str(text)):
                count += _groups(text, part.span)
                regex.append(text)
            case ParseColumn():
                count += 1
                columns.append(part)
                groups.append(count)
                regex.append(_regex_column(part, at == last, "U" in flags))
    prefix, made = f"(?{flags})" if flags else "", "".join(regex)
    if not made.startswith(("^", r"\A", ".*", "(.*")):
        reason = "it is not documented whether a parse pattern of kind=regex matches from the start: start it with *"
        return _Pattern(rf"{prefix}\A{made}", tuple(columns), tuple(groups), True, f"{prefix}{made}", reason)
    return _Pattern(f"{prefix}{made}", tuple(columns), tuple(groups), True)


def _groups(text: str, span: Span) -> int:
    """How many groups a part that is a regular expression has; refuses what is none by itself."""
    try:
        expression = parse_regex(text)
    except RegexError as error:
        raise refuse(f"this regular expression is not supported: {error}", span) from error
    if isinstance(expression.tree, Choice):
        raise refuse("alternatives in a pattern need parentheses", span, "write (a|b)")
    return len(expression.groups)


def _regex_column(column: ParseColumn, last: bool, ungreedy: bool) -> str:
    if column.type in WHOLE:
        return "(-?[0-9]+)"
    if last and ungreedy:
        raise refuse("it is not documented what an ungreedy last column takes", column.span, "leave out the flag U")
    if column.type in (None, STRING):
        return "(.*)"
    if last:
        raise refuse(f"it is not documented where a last {_type_name(column)} ends", column.span, "parse a text")
    return "(.*)" if ungreedy else "(.*?)"


# parse-kv


def parse_kv(low: Lowering, node: ParseKv, relation: Relation, scope: Scope) -> Relation:
    """The first value of every key, converted to its column's type; blanks round keys and values do not count."""
    text = converted(low.expression(node.expression, scope.with_row(relation)), STRING)
    held = low.column("text", STRING)
    relation = low.extended(relation, [(held, text)], node.span)
    function, arguments = _pairs(node)
    values: dict[str, Expr] = {}
    for column in node.schema.columns:
        if column.type is ScalarType.DYNAMIC:
            raise refuse("a dynamic column is not supported in parse-kv", column.span, "parse it as text first")
        name = column.name.text
        found = Apply(function, (use(held), Constant(STRING, name), *arguments), STRING, column.span)
        values[name] = converted(found, column.type)
    return _with_columns(low, node, relation, scope, values)


def _pairs(node: ParseKv) -> tuple[str, tuple[Constant, ...]]:
    """The function that finds the value of a key, and its arguments behind text and key.

    `kv_split` cuts by the delimiters alone; `kv_match` uses a regular expression of two groups (key, value) or four
    (quoted key, key, quoted value, value), and takes the escape character away from a quoted value.
    """
    texts: dict[str, str] = {}
    for item in node.properties:
        if item.name in texts:
            raise refuse(f"several values of {item.name} are not supported", item.span)
        if item.name == "greedy":
            if not (isinstance(item.value, Literal) and item.value.value is False):
                raise refuse("greedy is not supported: it is not documented which keys end a value", item.span)
        elif isinstance(item.value, Literal) and isinstance(item.value.value, str):
            texts[item.name] = item.value.value
        else:
            raise refuse(f"{item.name} wants a text", item.span)
    if "regex" in texts:
        return "kv_match", _pairs_by_regex(node, texts)
    pair, key = texts.get("pair_delimiter", ""), texts.get("kv_delimiter", "")
    if not pair or not key:
        raise refuse(
            "parse-kv needs its delimiters: without them it is not documented which characters part keys and values",
            node.span,
            "give pair_delimiter and kv_delimiter",
        )
    quote, escape = texts.get("quote", ""), texts.get("escape", "")
    if not quote:
        return "kv_split", (Constant(STRING, pair), Constant(STRING, key))
    if len(pair) > 1 or len(quote) > 2 or len(escape) > 1 or pair in key:
        raise refuse("these delimiters and quotes are not supported together", node.span)
    regex = quoted_pairs(pair, key, quote, escape)
    return "kv_match", (Constant(STRING, regex, node.span), Constant(LONG, 4), Constant(STRING, escape))


def _pairs_by_regex(node: ParseKv, texts: dict[str, str]) -> tuple[Constant, ...]:
    if len(texts) > 1:
        raise refuse("regex stands alone among the options of parse-kv", node.span)
    try:
        groups = len(parse_regex(texts["regex"]).groups)
    except RegexError as error:
        raise refuse(f"this regular expression is not supported: {error}", node.span) from error
    if groups != 2:
        raise refuse("the regular expression needs exactly two groups, for key and value", node.span)
    return (Constant(STRING, texts["regex"], node.span), Constant(LONG, 2), Constant(STRING, ""))


PARSING = {Parse: parse, ParseKv: parse_kv}
"""The operators of this file."""
