"""Which overload of a built-in function fits the arguments, and which parameter each argument belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detectionary.languages.kusto.bind_names import Meaning, Tuple
from detectionary.languages.kusto.functions import Function, Parameter, Signature
from detectionary.languages.kusto.syntax import Call, Expression, ScalarType, Star
from detectionary.languages.kusto.types import UNKNOWN, promotes

Argument = tuple[Expression, Meaning]

IN_BLOCKS: Final = frozenset({"case", "bag_pack", "pack", "pack_dictionary"})
"""Functions whose first two parameters alternate."""


@dataclass(frozen=True, slots=True, eq=False)
class Applied:
    """A built-in function with its arguments: an overload, and the parameter of each argument (None: one too many)."""

    node: Call
    function: Function
    signature: Signature
    arguments: Sequence[Argument]
    types: Sequence[ScalarType]
    parameters: Sequence[Parameter | None]

    @property
    def counts(self) -> bool:
        """Whether the overload takes this many arguments."""
        return self.signature.minimum <= len(self.arguments) <= self.signature.maximum

    def type_of(self, at: int) -> ScalarType:
        return self.types[at] if at < len(self.types) else UNKNOWN


def applied(node: Call, function: Function, arguments: Sequence[Argument]) -> list[Applied]:
    """The overloads that fit the arguments best, by their number first, then by their types; one as a rule."""
    types = [argument_type(meaning) for _, meaning in arguments]
    candidates = [
        Applied(node, function, signature, arguments, types, _parameters(function, signature, types))
        for signature in function.signatures
    ]
    if len(candidates) == 1:
        return candidates
    counted = [candidate for candidate in candidates if candidate.counts] or candidates
    scores = [_score(candidate) for candidate in counted]
    best = max(scores)
    return [candidate for candidate, score in zip(counted, scores, strict=True) if score == best]


def argument_type(meaning: Meaning) -> ScalarType:
    """The type of an argument that is a value; UNKNOWN of everything else."""
    if isinstance(meaning, ScalarType):
        return meaning
    if isinstance(meaning, Tuple) and len(meaning.columns) == 1:
        return meaning.columns[0].type
    return UNKNOWN


def fit(parameter: Parameter | None, node: Expression, kind: ScalarType) -> int:
    """How well an argument fits: 0 not at all, 1 when nothing is known, then the closer the higher."""
    if parameter is None:
        return 0
    if isinstance(node, Star):
        return 7 if parameter.use in ("star", "starred") else 0
    if parameter.use == "star":
        return 0
    if kind is UNKNOWN:
        return 1
    if kind in parameter.types:
        return 2 + max(1, 5 - len(parameter.types) // 2)
    return 2 if any(promotes(kind, wanted) for wanted in parameter.types) else 0


def _score(candidate: Applied) -> tuple[int, int, int]:
    arguments = zip(candidate.parameters, candidate.arguments, candidate.types, strict=True)
    fits = [fit(parameter, node, kind) for parameter, (node, _), kind in arguments]
    return sum(one > 0 for one in fits), min(fits, default=0), max(fits, default=0)


def _parameters(function: Function, signature: Signature, types: Sequence[ScalarType]) -> list[Parameter | None]:
    parameters, count = signature.parameters, len(types)
    if function.name in IN_BLOCKS:
        rest = parameters[2:]
        blocks = count - len(rest)
        return [parameters[at % 2] if at < blocks or not rest else rest[0] for at in range(count)]
    result: list[Parameter | None] = []
    required = signature.minimum
    for parameter in parameters:
        required -= parameter.minimum
        spare = count - len(result) - required
        take = parameter.minimum if spare < parameter.minimum else min(parameter.maximum, spare)
        result.extend([parameter] * min(take, count - len(result)))
    result.extend([None] * (count - len(result)))
    if result and len(parameters) > 1 and result[-1] is parameters[-2] and _is_last(parameters, types[-1]):
        result[-1] = parameters[-1]
    return result


def _is_last(parameters: Sequence[Parameter], kind: ScalarType) -> bool:
    """Whether an argument behind repeated ones is the optional last parameter's, since only that takes its type."""
    repeated, last = parameters[-2:]
    return repeated.maximum > 1 and not last.minimum and kind not in repeated.types and kind in last.types
