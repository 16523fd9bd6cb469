"""What one walk over a query finds: which stages use which `let`, sub-queries, and inputs that are read by name."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from detectionary.languages.kusto.bound import Bound, FunctionSymbol, VariableSymbol
from detectionary.languages.kusto.stages import is_anti_join
from detectionary.languages.kusto.syntax import (
    Call,
    DeclareParameters,
    ExternalData,
    InList,
    Join,
    Let,
    ListOperator,
    Literal,
    Materialize,
    NameReference,
    Node,
    Pipeline,
    ToScalar,
    ToTable,
    children,
)

WATCHLIST: Final = "_GetWatchlist"

_Pending = list[tuple[Node, bool, bool]]


class LetUses:
    """Who uses the `let`s of one query."""

    def __init__(self, bound: Bound, lets: Sequence[Let], stages: Sequence[Node]) -> None:
        self._bound = bound
        self._lets = {id(let): let for let in lets}
        self._users: dict[int, list[tuple[int | None, bool]]] = {identity: [] for identity in self._lets}
        self._stages: dict[int, tuple[int, ...]] = {}
        self._mentions: list[tuple[int, str]] = []
        self._sub_queries: list[int] = []
        self.inputs: list[Call | ExternalData] = []
        """Calls of `_GetWatchlist`, and external data, in the order of the text."""
        direct: dict[int, dict[int, None]] = {identity: {} for identity in self._lets}
        for let in lets:
            self._note(let, id(let))
        for number, stage in enumerate(stages, start=1):
            for used in self._note(stage, None):
                direct[used].setdefault(number)
        for identity in reversed(self._lets):
            # A later let can use an earlier one, never the other way round: its own stages are known by now.
            numbers = set(direct[identity])
            for user, _ in self._users[identity]:
                numbers.update(self._stages.get(user, ()) if user is not None else ())
            self._stages[identity] = tuple(sorted(numbers))
        self._mentions.sort()
        self._sub_queries.sort()

    def let_of(self, node: Node) -> Let | None:
        """The `let` of this query that a name or call means."""
        match self._bound.symbols.get(id(node)):
            case VariableSymbol(declaration=Let() as let) | FunctionSymbol(definition=Let() as let):
                return let if id(let) in self._lets else None
            case _:
                return None

    def stages(self, let: Let) -> tuple[int, ...]:
        """The top-level stages that use the `let`, directly or through another one."""
        return self._stages.get(id(let), ())

    def first_stage(self, let: Let) -> int:
        """The first of them; 0 when none does."""
        return next(iter(self.stages(let)), 0)

    def references(self, node: Node) -> tuple[str, ...]:
        """The parameters and bindings that a stage or statement uses, in order of first use."""
        found: dict[str, None] = {}
        for start, name in self._mentions[bisect_left(self._mentions, (node.span.start, "")) :]:
            if start >= node.span.end:
                break
            found.setdefault(name)
        return tuple(found)

    def has_sub_query(self, node: Node) -> bool:
        """Whether a pipeline stands somewhere inside the node."""
        at = bisect_left(self._sub_queries, node.span.start)
        return at < len(self._sub_queries) and self._sub_queries[at] < node.span.end

    def only_taken_away(self, let: Let) -> bool:
        """Whether every use of the `let` stands in the right side of an anti-join or in a `!in`."""
        return self._only_taken_away(id(let), 0)

    def _only_taken_away(self, identity: int, depth: int) -> bool:
        users = self._users[identity]
        if not users or depth > len(self._lets):
            return False
        return all(taken or (user is not None and self._only_taken_away(user, depth + 1)) for user, taken in users)

    def _named(self, node: Node) -> str | None:
        let = self.let_of(node)
        if let is not None:
            return let.name.text
        symbol = self._bound.symbols.get(id(node))
        if isinstance(symbol, VariableSymbol) and isinstance(symbol.declaration, DeclareParameters):
            return symbol.name
        return None

    def _note(self, node: Node, owner: int | None) -> list[int]:
        """Keep what `node` uses; the identities of the lets among it."""
        found: list[int] = []
        for inner, taken in self._walk(node):
            match inner:
                case Pipeline() | ToScalar() | ToTable() | Materialize():
                    self._sub_queries.append(inner.span.start)
                case ExternalData():
                    self.inputs.append(inner)
                case NameReference() | Call():
                    if isinstance(inner, Call) and inner.name.text == WATCHLIST:
                        self.inputs.append(inner)
                    name = self._named(inner)
                    if name is None:
                        continue
                    self._mentions.append((inner.span.start, name))
                    let = self.let_of(inner)
                    if let is not None:
                        found.append(id(let))
                        self._users[id(let)].append((owner, taken))
        return found

    def _walk(self, node: Node) -> Iterator[tuple[Node, bool]]:
        """Every node, and whether its rows are taken away."""
        pending: _Pending = [(node, False, False)]
        while pending:
            current, taken, inverse = pending.pop()
            yield current, taken
            if isinstance(current, NameReference | Literal):
                continue
            if isinstance(current, Join) and is_anti_join(current):
                following = [(child, taken or child is current.right, inverse) for child in children(current)]
            elif isinstance(current, InList):
                negative = current.operator in (ListOperator.NOT_IN, ListOperator.NOT_IN_FOLD)
                away = taken or (inverse is not negative)
                following = [(current.operand, taken, inverse), *((item, away, False) for item in current.items)]
            elif isinstance(current, Call) and current.name.text == "not":
                following = [(argument, taken, not inverse) for argument in current.arguments]
            else:
                following = [(child, taken, inverse) for child in children(current)]
            following.reverse()
            pending.extend(following)
