"""The page of one rule: its typed context, which is also the answer of `show --format json`.

The keys of `RulePage` and what it holds are a contract (`show --format json` in the design): keys are added, never
renamed and never left out. Nothing here knows how a page looks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from detectionary.languages.language import Highlight
from detectionary.model.predicate import OperandKind, ScalarValue
from detectionary.pages.part import Part, encode_plain
from detectionary.text import SourceText, Span

Highlighter: TypeAlias = Callable[[SourceText], tuple[Highlight, ...]]
"""`Language.highlight` of the rule's language."""

Stretch: TypeAlias = tuple[int, int, str]
"""(start, end, kind) of a piece of the query."""


class PageSchedule(Part, frozen=True):
    frequency: str | None
    lookback: str | None


class PageTrigger(Part, frozen=True):
    operator: str
    threshold: int


class PageConnector(Part, frozen=True):
    id: str
    tables: tuple[str, ...]


class PageSource(Part, frozen=True):
    repository: str
    path: str
    commit: str | None
    licence: str | None
    line: int
    """The line of the file at which the rule begins."""


class PageTechnique(Part, frozen=True):
    id: str
    name: str
    revoked_from: str | None


class PageTactic(Part, frozen=True):
    tactic: str
    tactic_id: str
    techniques: tuple[PageTechnique, ...]


class PageAction(Part, frozen=True):
    """One operation that the rule watches. `inferred`: the rule names no event source, one provider alone has it.

    `linked`: rules of the same action are named. The events that a log source stands for link no rules.
    """

    action: str
    provider: str
    operation: str
    inferred: bool
    linked: bool


class PageReference(Part, frozen=True):
    id: str
    slug: str
    title: str
    language: str
    platform: str | None


class SameAction(Part, frozen=True):
    action: str
    id: str
    title: str
    language: str
    slug: str
    platform: str | None


class SharedIndicators(Part, frozen=True):
    """Another rule, and how many indicators it has in common with this one."""

    id: str
    slug: str
    title: str
    language: str
    platform: str | None
    count: int


class Corpus(Part, frozen=True):
    """How many other rules look for the same; None in its place means that there is no catalog to count in."""

    total: int
    by_language: dict[str, int]


class PageValue(Part, frozen=True):
    value: ScalarValue | tuple[ScalarValue, ScalarValue]
    transforms: tuple[str, ...]
    corpus: Corpus | None
    kind: str
    key: str | None
    """The name of the page that lists the rules behind the corpus count; None when no other rule has the value."""
    identity: str | None
    """Two rules look for the same, or exclude it, when these agree: a digest of canonical field, operator and value as
    corpus counts compare them. None for what rules cannot share."""


class PageGroup(Part, frozen=True):
    id: int
    kind: str


class PageIndicator(Part, frozen=True):
    """A comparison. `origin` (key `from`) names where values come from that are not written in the rule."""

    field: str | None
    canonical_field: str | None
    operator: str
    quantifier: str
    group: PageGroup | None
    context: str | None
    stage: int
    values: tuple[PageValue, ...]
    transforms: tuple[str, ...]
    """Of the field, where there is no value to carry them (null checks, sub-queries)."""
    origin: str | None = msgspec.field(name="from")
    implied: bool
    tables: tuple[str, ...]
    span: Span
    record: str | None
    """Whose field it is in a query over several records at once (YARA-L: `$login`)."""
    from_kind: str | None = None
    """What `from` is, as with thresholds."""


class PageThreshold(Part, frozen=True):
    """The kinds say what `name` and `aggregate` are: "constant", "name", "function" (of one name) or "calculation"."""

    name: str
    aggregate: str | None
    operator: str
    value: ScalarValue | tuple[ScalarValue, ScalarValue]
    span: Span
    name_kind: str
    aggregate_kind: str | None


class PageTimeFilter(Part, frozen=True):
    text: str
    span: Span


class PageColumnComparison(Part, frozen=True):
    """The kinds say what the sides are, as those of a threshold."""

    left: str
    operator: str
    right: str
    text: str
    span: Span
    left_kind: str
    right_kind: str


class PageOpaque(Part, frozen=True):
    reason: str
    text: str
    span: Span


class PageTest(Part, frozen=True, omit_defaults=True):
    """A node of a stage's predicate: exactly one of `all`, `any`, `not` (the tree) or `test` (a leaf) is there.

    `test` is "comparison", "time", "threshold", "columns" or "opaque".
    """

    all: tuple[PageTest, ...] = ()
    any: tuple[PageTest, ...] = ()
    negated: PageTest | None = msgspec.field(default=None, name="not")
    test: str | None = None
    field: str | None = None
    operator: str | None = None
    quantifier: str | None = None
    values: tuple[ScalarValue | tuple[ScalarValue, ScalarValue], ...] = ()
    transforms: tuple[str, ...] = ()
    origin: str | None = msgspec.field(default=None, name="from")
    text: str | None = None
    span: Span | None = None


class PageStage(Part, frozen=True):
    """One step. `stages` are the steps of the pipelines inside it, `pipeline` says which of them each belongs to."""

    number: int
    operator: str
    text: str
    stages: tuple[PageStage, ...]
    pipeline: str | None
    references: tuple[str, ...]
    thresholds: tuple[PageThreshold, ...]
    bins: tuple[str, ...]
    predicate: PageTest | None
    span: Span


class PageParameter(Part, frozen=True):
    name: str
    text: str
    value: ScalarValue | tuple[ScalarValue, ...]
    type: str | None
    references: tuple[str, ...]
    used_in_stages: tuple[int, ...]
    stages: tuple[PageStage, ...]
    span: Span


class PageBinding(Part, frozen=True):
    name: str
    text: str
    stages: tuple[PageStage, ...]
    kind: str
    derived_from: tuple[str, ...]
    used_in_stages: tuple[int, ...]
    span: Span


class PageOutputField(Part, frozen=True):
    name: str
    source: str
    stage: int
    type: str
    feeds: tuple[str, ...]


class PageEntity(Part, frozen=True):
    """An entity of the alert: identifier to column."""

    type: str
    fields: dict[str, str]


class PageAsset(Part, frozen=True):
    type: str
    column: str


class PageAlert(Part, frozen=True):
    entities: tuple[PageEntity, ...]
    custom_details: dict[str, str]
    title: str | None
    description: str | None
    severity_column: str | None
    tactics_column: str | None
    details: dict[str, str]
    event_grouping: str | None
    grouping: dict[str, str]
    suppression: str | None
    impacted_assets: tuple[PageAsset, ...]
    response_actions: tuple[str, ...]


class PageDiagnostic(Part, frozen=True):
    """A finding. `section` is the part of the page that it belongs to: "rule", "query", "attack" or "alert".

    `line` and `column` are those of the file. `span` counts in `query` for "query", in `body` for the others.
    """

    code: str
    level: str
    message: str
    help: str | None
    place: str | None
    line: int | None
    column: int | None
    section: str
    span: Span | None


class PageInput(Part, frozen=True):
    kind: str
    name: str


class PageFact(Part, frozen=True):
    """Something that the rule's format states beside the rest: a risk score, the setup that it needs."""

    name: str
    text: str


class PageRelated(Part, frozen=True):
    """A rule that this one names itself: "obsolete", "derived", "merged", … and the other's id."""

    relation: str
    id: str


class PageOutcome(Part, frozen=True):
    """The result of its actions that the rule watches; `success` null: its codes do not say."""

    success: bool | None
    codes: tuple[str, ...]


class RulePage(Part, frozen=True):
    """Everything that the page of a rule shows, in the order of the contract."""

    id: str
    slug: str
    title: str
    description: str
    references: tuple[str, ...]
    author: str | None
    version: str | None
    language: str
    platform: str | None
    severity: str | None
    status: str | None
    kind: str
    third_party_feed: str | None
    connectors: tuple[PageConnector, ...]
    tables: tuple[str, ...]
    schedule: PageSchedule | None
    trigger: PageTrigger | None
    time_window: str | None
    group_by: tuple[str, ...]
    time_filters: tuple[PageTimeFilter, ...]
    thresholds: tuple[PageThreshold, ...]
    source: PageSource
    attack: tuple[PageTactic, ...]
    actions: tuple[str, ...]
    same_action: tuple[SameAction, ...]
    parameters: tuple[PageParameter, ...]
    bindings: tuple[PageBinding, ...]
    stages: tuple[PageStage, ...]
    indicators: tuple[PageIndicator, ...]
    exclusions: tuple[PageIndicator, ...]
    output_fields: tuple[PageOutputField, ...]
    alert: PageAlert
    diagnostics: tuple[PageDiagnostic, ...]
    # Keys that the contract leaves to us.
    accepted: bool
    open_fields: bool
    bins: tuple[str, ...]
    tags: tuple[str, ...]
    functions: tuple[str, ...]
    named_inputs: tuple[PageInput, ...]
    event_coverage: tuple[PageAction, ...]
    """The actions in their parts, then the events that the log source stands for."""
    outcome: PageOutcome | None
    same_action_total: int
    """How many other rules watch one of the actions, each once."""
    false_positives: tuple[str, ...]
    date: str | None
    modified: str | None
    related: tuple[PageRelated, ...]
    facts: tuple[PageFact, ...]
    column_comparisons: tuple[PageColumnComparison, ...]
    opaques: tuple[PageOpaque, ...]
    copies: tuple[PageReference, ...]
    versions: tuple[PageReference, ...]
    shared_indicators: tuple[SharedIndicators, ...]
    query: str
    query_lines: tuple[tuple[int, int], ...]
    """(line, column) in the file of the first character of each line of `query`; empty when the query is the file."""
    body: str
    body_language: str
    highlights: tuple[Stretch, ...]
    """What the language's lexer says about `query`; a matter of rendering, not part of the JSON."""


RENDERING_ONLY: Final = ("highlights", "query_lines")


def to_json(page: RulePage) -> dict[str, object]:
    """The page as `show --format json` gives it: plain values, keys in the order of the contract."""
    plain: dict[str, object] = msgspec.to_builtins(page)
    for key in RENDERING_ONLY:
        del plain[key]
    return plain


def encode(page: RulePage) -> bytes:
    """`to_json` as bytes, with a final line break; halves of characters, which no bytes can hold, become U+FFFD."""
    return encode_plain(to_json(page))


_SHORT: Final = 200


def is_prose(fact: PageFact) -> bool:
    """Whether a fact is a text to read, such as a guide, and not a word or two."""
    return len(fact.text) > _SHORT or "\n" in fact.text


_CUT: Final = "…"
"""In place of a piece of text that is not shown."""

_SIDES: Final = (OperandKind.CONSTANT.value, OperandKind.NAME.value)
"""What is shown of two columns that are compared: what a function makes of one is calculated."""

_COUNTED: Final = (*_SIDES, OperandKind.FUNCTION.value)
"""What is shown of a threshold, and of where values come from."""


def without_texts(page: RulePage) -> RulePage:
    """The page without the rule's own text, for rules whose licence does not let others show it. Facts stay.

    That two columns are compared is a fact, and so is what is counted of one; a calculation is the rule's own text.
    """
    return msgspec.structs.replace(
        page,
        facts=tuple(fact for fact in page.facts if not is_prose(fact)),
        parameters=tuple(
            msgspec.structs.replace(each, text="", stages=_without_texts(each.stages)) for each in page.parameters
        ),
        bindings=tuple(
            msgspec.structs.replace(each, text="", stages=_without_texts(each.stages)) for each in page.bindings
        ),
        stages=_without_texts(page.stages),
        indicators=tuple(map(_named_origin, page.indicators)),
        exclusions=tuple(map(_named_origin, page.exclusions)),
        thresholds=tuple(map(_named_threshold, page.thresholds)),
        time_filters=tuple(msgspec.structs.replace(each, text=_CUT) for each in page.time_filters),
        column_comparisons=tuple(map(_named_columns, page.column_comparisons)),
        opaques=tuple(msgspec.structs.replace(each, text="") for each in page.opaques),
        query="",
        query_lines=(),
        body="",
        highlights=(),
    )


def _without_texts(stages: tuple[PageStage, ...]) -> tuple[PageStage, ...]:
    return tuple(
        msgspec.structs.replace(
            stage,
            text="",
            stages=_without_texts(stage.stages),
            thresholds=tuple(map(_named_threshold, stage.thresholds)),
            predicate=None,
        )
        for stage in stages
    )


def _named_origin(row: PageIndicator) -> PageIndicator:
    named = row.origin is None or row.from_kind in _COUNTED
    return row if named else msgspec.structs.replace(row, origin=_CUT)


def _named_threshold(test: PageThreshold) -> PageThreshold:
    return msgspec.structs.replace(
        test,
        name=test.name if test.name_kind in _COUNTED else _CUT,
        aggregate=test.aggregate if test.aggregate_kind in _COUNTED else None,
    )


def _named_columns(test: PageColumnComparison) -> PageColumnComparison:
    left = test.left if test.left_kind in _SIDES else _CUT
    right = test.right if test.right_kind in _SIDES else _CUT
    return msgspec.structs.replace(test, left=left, right=right, text=f"{left} {test.operator} {right}")
