"""What is wrong with a rule that is written rightly: functions that do not exist, or not so; variables nobody binds.

All are warnings: the product grows, and a function that it has gained is not to be refused here.
"""

from __future__ import annotations

from collections.abc import Iterator

from detectionary.languages.yaral.functions import FUNCTIONS, METRIC_ARGUMENTS, METRICS, Function
from detectionary.languages.yaral.scope import Scope, scope_of
from detectionary.languages.yaral.syntax import Call, Reference, Rule, Section, Text, walk
from detectionary.text import Diagnostic, Level

_ORDER = ("meta", "events", "match", "outcome", "condition", "options")


def faults(tree: Text) -> Iterator[Diagnostic]:
    """Everything that is suspicious, in the order of the text."""
    for rule in tree.rules:
        for node in walk(rule):
            if isinstance(node, Call):
                yield from _call(node)
        if rule.name is not None:
            yield from _sections(rule)
            yield from _unbound(rule, scope_of(rule.parts))


def _call(node: Call) -> Iterator[Diagnostic]:
    if node.name.startswith("%"):
        return
    if node.name.startswith(METRICS):
        named = {argument.name for argument in node.arguments}
        missing = [name for name in METRIC_ARGUMENTS if name not in named]
        if missing:
            message = f"{node.name}() needs {', '.join(missing)}"
            yield Diagnostic("YAR303", Level.WARNING, message, node.span)
        return
    function = FUNCTIONS.get(node.name)
    if function is None:
        nearest = next((name for name in FUNCTIONS if name.rpartition(".")[2] == node.name.rpartition(".")[2]), None)
        advice = None if nearest is None else f"did you mean {nearest}?"
        message = f"there is no function `{node.name}` in the documentation"
        yield Diagnostic("YAR302", Level.WARNING, message, node.name_span, advice)
        return
    count = len(node.arguments)
    if count < function.least or (function.most is not None and count > function.most):
        message = f"{function.name}() takes {_arity(function)}, got {count}"
        yield Diagnostic("YAR303", Level.WARNING, message, node.span)


def _arity(function: Function) -> str:
    if function.most is None:
        return f"{function.least} or more arguments"
    if function.most == function.least:
        return f"{function.least} argument{'' if function.least == 1 else 's'}"
    return f"{function.least} to {function.most} arguments"


def _sections(rule: Rule) -> Iterator[Diagnostic]:
    """Sections come once each, in their order."""
    seen: list[str] = []
    for part in rule.parts:
        if not isinstance(part, Section) or part.implied:
            continue
        if part.kind in seen:
            yield Diagnostic("YAR304", Level.WARNING, f"a second section `{part.kind}`", part.span)
        elif part.kind in _ORDER and any(
            before in _ORDER and _ORDER.index(before) > _ORDER.index(part.kind) for before in seen
        ):
            yield Diagnostic("YAR305", Level.WARNING, f"the section `{part.kind}` stands too late", part.span)
        seen.append(part.kind)


def _unbound(rule: Rule, scope: Scope) -> Iterator[Diagnostic]:
    """Variables that nothing gives a value."""
    known = scope.events | scope.bindings.keys() | scope.outcomes.keys()
    reported: set[str] = set()
    for part in rule.parts:
        for node in walk(part):
            if not isinstance(node, Reference) or node.is_list or node.root[0] not in "$#":
                continue
            name = f"${node.root[1:]}"
            if name not in known and name not in reported:
                reported.add(name)
                yield Diagnostic("YAR301", Level.WARNING, f"nothing gives `{name}` a value", node.span)
