"""Trees of YARA-L as the parser makes them, and texts that are none."""

from __future__ import annotations

from hypothesis import strategies as st

from detectionary.languages.yaral.functions import FUNCTIONS
from detectionary.languages.yaral.syntax import (
    Argument,
    Arithmetic,
    Array,
    Assignment,
    Call,
    Compare,
    Element,
    Expression,
    InList,
    Item,
    Key,
    Literal,
    LiteralKind,
    Logical,
    NoCase,
    Not,
    Part,
    Quantified,
    Reference,
    Rule,
    Section,
    Setting,
    Sign,
    SomeOf,
    Stage,
    Text,
    Window,
)
from detectionary.languages.yaral.tokens import words
from detectionary.text import Span

_NOWHERE = Span(0, 0)

_names = st.sampled_from(("metadata", "event_type", "principal", "ip", "x1", "_y", "graph", "in"))
_roots = st.sampled_from(("$e", "$login", "$user", "principal", "metadata"))
_variables = st.sampled_from(("$a", "$b", "$risk_score"))
_characters = st.characters(codec="utf-8", exclude_categories=["Cs"])
_texts = st.text(_characters, max_size=12)
_patterns = st.text(st.sampled_from("abc.*+()[]|^$ d/"), min_size=1, max_size=8).filter(
    lambda text: text[0] not in "*/"
)

_literals = st.one_of(
    st.builds(lambda value: Literal(LiteralKind.STRING, value, _NOWHERE), _texts),
    st.builds(lambda value: Literal(LiteralKind.REGEX, value, _NOWHERE), _patterns),
    st.builds(lambda value: Literal(LiteralKind.NUMBER, value, _NOWHERE), st.integers(0, 10**18)),
    st.builds(
        lambda value: Literal(LiteralKind.NUMBER, value, _NOWHERE),
        st.floats(0, 1e30, allow_nan=False, allow_infinity=False),
    ),
    st.builds(lambda value: Literal(LiteralKind.BOOL, value, _NOWHERE), st.booleans()),
    st.sampled_from(("5m", "30d")).map(lambda value: Literal(LiteralKind.DURATION, value, _NOWHERE)),
)
_elements = _literals.filter(lambda literal: literal.kind is LiteralKind.STRING or isinstance(literal.value, int))
_references = st.builds(
    lambda root, steps: Reference(root, tuple(steps), _NOWHERE),
    _roots,
    st.lists(_names | st.builds(Element, _elements), max_size=3),
)
_lists = st.sampled_from((Reference("%admins", (), _NOWHERE), Reference("%hosts", ("name",), _NOWHERE)))
_counts = st.sampled_from((Reference("#e", (), _NOWHERE), Reference("#login", (), _NOWHERE)))


def _logical(operator: str, operands: list[Expression]) -> Expression:
    flat: list[Expression] = []
    for operand in operands:
        flat.extend(operand.operands if isinstance(operand, Logical) and operand.operator == operator else (operand,))
    return Logical(operator, tuple(flat), _NOWHERE)


def _wider(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        st.builds(_logical, st.sampled_from(("and", "or")), several),
        st.builds(lambda operand: Not(operand, _NOWHERE), inner),
        st.builds(
            lambda operator, left, right, nocase: Compare(operator, left, right, nocase, _NOWHERE),
            st.sampled_from(("=", "!=", "<", "<=", ">", ">=")),
            inner,
            inner,
            st.booleans(),
        ),
        st.builds(
            lambda operand, mode, values, nocase: InList(operand, mode, values, nocase, _NOWHERE),
            inner,
            st.sampled_from(("", "regex", "cidr")),
            _lists | st.builds(lambda items: Array(tuple(items), _NOWHERE), st.lists(inner, max_size=3)),
            st.booleans(),
        ),
        st.builds(lambda operand: NoCase(operand, _NOWHERE), inner),
        st.builds(
            lambda name, arguments: Call(name, tuple(arguments), _NOWHERE, _NOWHERE),
            st.sampled_from(sorted(FUNCTIONS)),
            st.lists(
                st.builds(Argument, inner, st.none() | st.sampled_from(("period", "target.user.userid"))), max_size=3
            ),
        ),
        st.builds(lambda quantifier, operand: Quantified(quantifier, operand, _NOWHERE), _ANY_OR_ALL, inner),
        st.builds(lambda operand: Sign(operand, _NOWHERE), inner),
        st.builds(
            lambda first, rest: Arithmetic(first, tuple(rest), _NOWHERE),
            inner,
            st.lists(st.tuples(st.sampled_from("+-"), inner), min_size=1, max_size=2)
            | st.lists(st.tuples(st.sampled_from("*/%"), inner), min_size=1, max_size=2),
        ),
        st.builds(lambda items: Array(tuple(items), _NOWHERE), st.lists(inner, max_size=3)),
        st.builds(
            lambda count, items: SomeOf(count, tuple(items), _NOWHERE),
            _ANY_OR_ALL | st.integers(0, 9),
            st.lists(inner, max_size=3),
        ),
    )


_ANY_OR_ALL = st.sampled_from(("any", "all"))
expressions = st.recursive(_literals | _references | _lists | _counts, _wider, max_leaves=8)


_settings = st.builds(lambda key, value: Setting(key, value, _NOWHERE), _names, _literals)
_assignments = st.builds(lambda name, value: Assignment(name, value, _NOWHERE), _variables, expressions)
_keys = st.builds(
    lambda value, direction: Key(value, direction, _NOWHERE), expressions, st.sampled_from(("", "asc", "desc"))
)
_windows = st.builds(
    lambda word, every, width, pivot: Window(word, every, width, pivot and pivot[0], pivot and pivot[1], _NOWHERE),
    st.sampled_from(("over", "by")),
    st.booleans(),
    st.sampled_from(("5m", "1d", "day")),
    st.none() | st.sampled_from((("before", "$e"), ("after", "$e"))),
)


def _section(kind: str, items: st.SearchStrategy[list[Item]]) -> st.SearchStrategy[Section]:
    return st.builds(lambda found: Section(kind, tuple(found), False, _NOWHERE), items)


def _several(item: st.SearchStrategy[Item], least: int = 0) -> st.SearchStrategy[list[Item]]:
    return st.lists(item, min_size=least, max_size=3)


_events = _section("events", _several(expressions))
_match = _section(
    "match", st.builds(lambda keys, window: [*keys, *window], _several(_keys, 1), st.lists(_windows, max_size=1))
)
_others = st.one_of(
    _section("meta", _several(_settings)),
    _match,
    _section("outcome", _several(_assignments)),
    _section("options", _several(_settings)),
    _section("order", _several(_keys)),
    _section("select", _several(_keys)),
)
_condition = _section("condition", _several(expressions))
_parts: st.SearchStrategy[list[Part]] = st.builds(
    lambda events, others, condition: [events, *others, condition], _events, st.lists(_others, max_size=3), _condition
)
_stages = st.builds(lambda parts: Stage("daily", tuple(parts), _NOWHERE), _parts)
_rules = st.builds(
    lambda stages, parts: Rule("a_rule", (*stages, *parts), _NOWHERE, _NOWHERE), st.lists(_stages, max_size=1), _parts
)
texts = st.builds(lambda rules: Text(tuple(rules)), st.lists(_rules, min_size=1, max_size=2))

_words = words(
    """
    rule r { stage s { } ( ) [ ] events: match: outcome: condition: meta: options: $e #e %l . , : = != < > "x" "x `y` `y
    /z/ / * - + 5 5m 1.5 any all of in regex not and or nocase over by after join left // /* */ \\ ' if( é a.b true
    strings.to_lower(
    """
)
scraps = st.lists(st.sampled_from((*sorted(_words), "\n")), max_size=40).map(" ".join)
