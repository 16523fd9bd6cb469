"""What the playground is asked, and what it answers."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from detectionary.pages.part import Part
from detectionary.pages.rule.context import RulePage

MOST_TEXT: Final = 256 * 1024
"""Bytes of a request, and so of a text."""

Tongue = Literal["kusto", "sigma", "esql", "eql", "yaral", "kuery", "lucene"]


class Limits(Part, frozen=True):
    """What a text and a run may use. What is over is stopped, or cut and said to be."""

    request_bytes: int = MOST_TEXT
    parse_seconds: float = 5.0
    """From the first character to the page."""
    query_seconds: float = 10.0
    """After which the engine stops a query."""
    count_seconds: float = 1.0
    """The same for the count of rows after a stage."""
    run_seconds: float = 14.0
    """For all of a run, counts of its stages included; the process is ended then."""
    evaluations: int = 48
    """Of a rule with a schedule so many are made, the last ones."""
    engine_mebibytes: int = 512
    process_mebibytes: int = 1024
    rules: int = 8
    """Of a text with more rules these are shown."""
    rows: int = 200
    alerts: int = 10
    alert_rows: int = 3
    value_characters: int = 2_000
    """Of a longer value so many are shown."""
    texts_at_once: int = 2
    runs_at_once: int = 1
    wait_seconds: float = 2.0
    """For another's run to end; then the request is told to come again."""


# Asked


class TextRequest(Part, frozen=True):
    """A rule in any language. `name` is the name of its file, `language` that of a lone query, where they are known.

    `repository` is that of the catalog's rule that the text began as: names of functions mean what they mean there.
    """

    text: str
    name: Annotated[str, msgspec.Meta(max_length=400)] = ""
    language: Tongue | None = None
    repository: Annotated[str, msgspec.Meta(max_length=400)] = ""


class ParseRequest(TextRequest, frozen=True, tag="parse", tag_field="job"):
    """`html`: the rules' pages as HTML too, with links from a page one folder below the site's root."""

    html: bool = False


class RunRequest(TextRequest, frozen=True, tag="run", tag_field="job"):
    """`rule` is the number of the rule in the text, from 0. `at` is when it is evaluated (ISO 8601).

    Without `at` it is evaluated as often as its schedule says, the last time right after the last record of the logs.
    """

    rule: Annotated[int, msgspec.Meta(ge=0)] = 0
    at: Annotated[str, msgspec.Meta(max_length=40, extra_json_schema={"format": "date-time"})] | None = None


# Answered


class TextFinding(Part, frozen=True):
    """Something to be said about the text. `line` and `column` count from 1 in it, columns and `length` characters.

    `section` is the part of the rule that it is about: "file", "rule", "query", "attack", "alert" or "run".
    """

    code: str
    level: str
    message: str
    help: str | None
    place: str | None
    line: int | None
    column: int | None
    length: int
    section: str


class ParsedRule(Part, frozen=True):
    """A rule of the text. `html` is what stands in its page, when it was asked for."""

    title: str
    language: str
    accepted: bool
    runnable: bool
    line: int
    """The line of the text at which it begins."""
    findings: tuple[TextFinding, ...]
    page: RulePage | None
    """The page's context; null when the HTML was asked for in its place."""
    html: str | None


class ParseAnswer(Part, frozen=True):
    """What a text holds. `ignored` says why no rule was found in it."""

    name: str
    """What the text was read as; its ending is that of the format."""
    guessed: bool
    """Whether the language of a lone query was told by its content alone."""
    rules: tuple[ParsedRule, ...]
    more_rules: int
    functions: tuple[str, ...]
    """Names of the functions that the text defines."""
    findings: tuple[TextFinding, ...]
    ignored: str | None


class RunColumn(Part, frozen=True):
    name: str
    type: str


class RunStage(Part, frozen=True):
    """A step of the query, and how many rows are left after it; null where that was not counted."""

    number: int
    operator: str
    line: int
    rows: int | None


class RunEvaluation(Part, frozen=True):
    """When the rule would have been evaluated, with how many rows, and whether its trigger holds."""

    at: str
    rows: int
    triggered: bool


class RunAnswer(Part, frozen=True):
    """A rule on the sample logs: its evaluations by its schedule, and one of them whole.

    That is the last one that raises alerts, else the last with rows, else the one right after the last record.

    `outcome` is "rows", "refused" (the compiler cannot do the query exactly, or it is wrong), "failed" (the engine
    stopped: time, memory, a value), or "other" (no rule that is run). `findings` say why, and what is approximate.
    """

    outcome: Literal["rows", "refused", "failed", "other"]
    title: str
    at: str
    window_start: str | None
    window_end: str
    findings: tuple[TextFinding, ...] = ()
    columns: tuple[RunColumn, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    """Values as `engines.result.Value` describes them."""
    row_count: int = 0
    cut_values: int = 0
    """How many of the values shown are not whole."""
    triggered: bool = False
    alerts: tuple[dict[str, Any], ...] = ()
    """The first alerts, as `detectionary run --format json` writes them, each with its first rows."""
    alert_count: int = 0
    stages: tuple[RunStage, ...] = ()
    stages_note: str | None = None
    """Why rows are not counted after every stage."""
    tables_absent: tuple[str, ...] = ()
    """Tables that the query reads and the logs have no record of."""
    tables_left_out: tuple[str, ...] = ()
    """Tables whose records stand in others that the query reads."""
    earlier_records: str | None = None
    """The time of the first record of the logs, when the evaluation's window begins after it."""
    evaluations: tuple[RunEvaluation, ...] = ()
    """Of the times at which the rule is due, those that new records of its tables have come before; the last first."""
    evaluations_note: str | None = None
    """Why there are no more of them."""


class SampleTable(Part, frozen=True):
    """A table of the sample logs; times are UTC."""

    name: str
    rows: int
    first: str | None
    last: str | None


class Example(Part, frozen=True):
    """A rule of ours to begin with."""

    name: str
    title: str
    language: str
    text: str


class LanguageName(Part, frozen=True):
    name: str
    title: str


class PlaygroundState(Part, frozen=True):
    """What can be done here. Without tables nothing can be run."""

    languages: tuple[LanguageName, ...]
    examples: tuple[Example, ...]
    tables: tuple[SampleTable, ...]
    limits: Limits


class CatalogText(Part, frozen=True):
    """The text of a rule of the catalog, to begin with."""

    title: str
    text: str
    name: str
    language: str
    repository: str
    page: str
    """The address of the rule's page below the site's root."""
