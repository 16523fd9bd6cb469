"""The tables of indicators and exclusions of a rule's page: rows grouped, long lists cut, corpus counts split."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias
from urllib.parse import quote

from markupsafe import Markup

from detectionary.model.analysis import Indicator
from detectionary.model.entry import ANY_FIELD, ValueKey, value_keys
from detectionary.model.predicate import Operator, Quantifier, Value, ValueKind
from detectionary.pages.keys import list_path
from detectionary.pages.languages import language_title
from detectionary.pages.rule.context import Corpus, PageIndicator, PageValue
from detectionary.pages.rule.texts_html import TextMarkup
from detectionary.pages.texts.code import escape_code
from detectionary.pages.words import operator_words, scalar_text

ValuePlace: TypeAlias = Callable[[ValueKey, bool], str | None]
"""Where a value, which is excluded or not, is listed: an address below the site's root; None when it is not known."""


@dataclass(frozen=True, slots=True)
class Block:
    """Rows of one group, or a row that stands alone; a row alone in an `any` group is one of several alternatives."""

    kind: str | None
    rows: tuple[PageIndicator, ...]

    def spans(self) -> Iterator[tuple[PageIndicator, int, int]]:
        """Each row with how many rows its field and its record stand for; 0 when it stands in a row above."""
        for _, of_record in groupby(self.rows, lambda row: row.record):
            held = tuple(of_record)
            records = len(held)
            for _, same in groupby(held, lambda row: (row.field, row.canonical_field)):
                rows = tuple(same)
                for number, row in enumerate(rows):
                    yield row, 0 if number else len(rows), records
                    records = 0

    def label(self, what: str) -> str:
        """What the group means for its rows."""
        if self.kind == "any":
            return "any of" if len(self.rows) > 1 else "one of"
        return "together" if what == "exclusion" else "all of"


@dataclass(frozen=True, slots=True)
class ShownValues:
    listed: tuple[PageValue, ...]
    mixed: bool
    """The values differ in their transforms, so that each shows its own."""
    counted: bool
    """Some value has a corpus count."""
    rest: Markup
    rest_count: int


class ComparisonMarkup(TextMarkup):
    """What the templates ask about indicators and exclusions."""

    def blocks(self, rows: Sequence[PageIndicator]) -> tuple[Block, ...]:
        """Rows of one group side by side, at the place of the first of them; rows alone stay where they are.

        Those of one record of several stand together too, in the order in which the query speaks of the records.
        """
        rows = rows[: self._detail.rows]
        first: dict[str | None, int] = {}
        for row in sorted(rows, key=lambda row: row.span):
            first.setdefault(row.record, len(first))
        rows = sorted(rows, key=lambda row: first[row.record])
        groups: dict[int, list[PageIndicator]] = {}
        order: list[list[PageIndicator]] = []
        for row in rows:
            if row.group is None:
                order.append([row])
            elif row.group.id in groups:
                groups[row.group.id].append(row)
            else:
                groups[row.group.id] = [row]
                order.append(groups[row.group.id])
        return tuple(
            Block(
                None if group is None or (group.kind == "all" and len(block) == 1) else group.kind,
                tuple(block),
            )
            for block in order
            for group in (block[0].group,)
        )

    def counted(self, rows: Sequence[PageIndicator]) -> bool:
        return any(value.corpus is not None for row in rows for value in row.values)

    def rows_left(self, rows: Sequence[PageIndicator]) -> int:
        return max(0, len(rows) - self._detail.rows)

    def operator(self, row: PageIndicator) -> str:
        return operator_words(row.operator, row.quantifier, len(row.values))

    def shared_transforms(self, row: PageIndicator) -> tuple[str, ...]:
        """The transforms that all values of a row have, so that the row can show them once."""
        if not row.values:
            return row.transforms
        lists = {value.transforms for value in row.values}
        return lists.pop() if len(lists) == 1 else ()

    def values(self, row: PageIndicator) -> ShownValues:
        """Of a long list, the values that other rules share come first, and the rest is folded away."""
        mixed = len({value.transforms for value in row.values}) > 1
        values = [value for value in row.values if value.kind != ValueKind.NULL.value or value.value is not None]
        counted = any(value.corpus is not None for value in values)
        if len(values) <= self._detail.values:
            return ShownValues(tuple(values), mixed, counted, Markup(), 0)
        shared = [value for value in values if value.corpus is not None and value.corpus.total]
        shared.sort(key=lambda value: -(value.corpus.total if value.corpus else 0))
        alone = [value for value in values if value.corpus is None or not value.corpus.total]
        listed = (shared or alone)[: self._detail.values]
        rest = [value for value in values if value not in listed]
        text = "\n".join(scalar_text(value.value) for value in rest)
        text = text if len(text) <= self._detail.folded_characters else f"{text[: self._detail.folded_characters]}…"
        return ShownValues(tuple(listed), mixed, counted, Markup(escape_code(text)), len(rest))  # noqa: S704  # escaped here

    def own_place(self, row: PageIndicator, value: PageValue, what: str, place: ValuePlace | None) -> str:
        """Where a value of this rule alone is listed: its row on a page of its field."""
        excluded = what == "exclusion"
        field = quote(list_path("field", row.canonical_field or row.field or ANY_FIELD), errors="replace")
        (key,) = value_keys(
            Indicator(
                row.field,
                Operator(row.operator),
                Quantifier.ANY,
                (Value(ValueKind(value.kind), value.value),),
                row.stage,
                row.span,
                canonical_field=row.canonical_field,
            )
        )
        return (place(key, excluded) if place is not None and key is not None else None) or field

    def elsewhere(self, row: PageIndicator) -> bool:
        """Whether corpus counts do not count the row for the rule: what one other rule has then has no page."""
        return row.context is not None and not row.context.startswith("binding ")

    def split(self, corpus: Corpus) -> str:
        """The languages of the rules that a corpus count counts: "Kusto 5, Sigma 7"."""
        return ", ".join(f"{language_title(name)} {count}" for name, count in corpus.by_language.items())
