"""What each query language is called, and what it calls its own parts: one table for every room that shows rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """The words of one language. Sentences stand on the rule page below the heading that they belong to."""

    title: str
    tables: str = "Log source"
    stages: str = "Stages and predicates"
    stages_short: str = "Stages"
    """`stages` where there is little room."""
    about_stages: str = (
        "What the query does, step by step: each stage takes the rows of the one above it. Pipelines inside a stage "
        "are indented below it."
    )
    parameters: str = "Parameters"
    about_parameters: str = "Constants that the query names before it uses them."
    after_parameters: str = "The query"
    about_output: str = "The columns of a result row, and the stage that made each."
    open_output: str = (
        "There may be more columns than are listed: a table or function that the query reads is not known here."
    )
    output_note: str = ""
    """`about_output` where there is little room."""
    watchlist: str = "watchlist"
    """A list that is kept outside of the rule."""
    part: str = "Stage"
    """One of `stages`."""


_KUSTO: Final = LanguageWords(
    "Kusto",
    about_output=(
        "The columns of a result row, and the stage that made each. Microsoft Sentinel puts into the alert what its "
        "entity mappings and custom details name, and fills the placeholders of its title and description; a custom "
        "detection of Defender XDR takes its impacted assets from columns of the result and keeps the row with the "
        "alert."
    ),
)

_KIBANA: Final = LanguageWords(
    "Kibana KQL",
    tables="Index patterns",
    stages="Query",
    stages_short="Query",
    about_stages="One condition on each event. What the rule adds around its query follows, as its file states it.",
    about_output="An alert holds the whole event. Listed are the fields that the rule asks to show first.",
    open_output="The event has many more fields.",
    part="Step",
)

_ESQL: Final = replace(
    _KIBANA,
    title="ES|QL",
    stages="Commands",
    stages_short="Commands",
    about_stages=(
        "What the query does, command by command: each takes the rows of the one above it. What the rule adds around "
        "its query follows, as its file states it."
    ),
    about_output="The columns of a result row, and the command that made each.",
    open_output="There may be more columns than are listed: those of the indices are not known here.",
    part="Command",
)

_SIGMA: Final = LanguageWords(
    "Sigma",
    stages="Condition and selections",
    stages_short="Condition",
    about_stages=(
        "The condition joins the selections below it by their names; a record matches when it is true. What is reached "
        "only under a negation stands among the exclusions."
    ),
    about_output="The fields that the rule asks to look at in a record that matches, and the keys of a correlation.",
    open_output="The record may have any other field too.",
    part="Part",
)

_YARAL: Final = LanguageWords(
    "YARA-L",
    tables="Log types",
    stages="Sections",
    stages_short="Sections",
    about_stages=(
        "The sections of the rule: which events it looks at and how they are joined, over what time they are matched, "
        "what is computed from them, and the condition under which there is a detection."
    ),
    parameters="Placeholders",
    about_parameters=(
        "Variables that stand for a field’s value; events with the same value of a placeholder belong together."
    ),
    after_parameters="The rule",
    about_output=(
        "What the detection holds besides its events: the outcome section’s fields go to it under their names "
        "($risk_score is its risk score), and so do the match section’s variables, one detection for each of their "
        "values."
    ),
    open_output="The detection’s events have many more fields.",
    output_note="they go to the detection",
    watchlist="reference list",
    part="Section",
)

LANGUAGES: Final = MappingProxyType(
    {
        "kusto": _KUSTO,
        "sigma": _SIGMA,
        "eql": replace(
            _KIBANA,
            title="EQL",
            about_stages=(
                "One condition on each event; pipes after it narrow down the events found. What the rule adds around "
                "its query follows, as its file states it."
            ),
        ),
        "esql": _ESQL,
        "kuery": _KIBANA,
        "lucene": replace(_KIBANA, title="Lucene"),
        "ml": replace(
            _KIBANA,
            title="Elastic ML",
            stages="Machine learning job",
            stages_short="Job",
            about_stages=(
                "The rule has no query: a job of the engine scores what is unusual, and the rule alerts from a score."
            ),
            about_output=(
                "The alert holds the anomaly record of the job. Listed are the fields that the rule asks to show first."
            ),
            open_output="The record has many more fields.",
        ),
        "yaral": _YARAL,
        # Languages to come.
        "splunk": LanguageWords("Splunk SPL"),
        "panther": LanguageWords("Panther"),
        "mql": LanguageWords("Sublime MQL"),
    }
)

_SPECIAL: Final = MappingProxyType(
    {
        ("eql", "sequence"): (
            "Sequence",
            "Events that must follow one another, in this order: one step for each. What the rule adds around its "
            "query follows, as its file states it.",
        ),
        ("eql", "sample"): (
            "Sample",
            "Events of the same key, in any order: one step for each. What the rule adds around its query follows, as "
            "its file states it.",
        ),
        ("sigma", "correlation"): (
            "Correlation",
            "What the correlation asks of the records that its rules find; the rules’ own conditions and selections "
            "are indented below it.",
        ),
    }
)
"""(language, operator of the first stage) to the heading and the sentence of the stages, where these differ."""


def language_words(name: str, operators: Sequence[str] = ()) -> LanguageWords:
    """The words of a language, for a query whose stages have these operators; a name that is not known is its title."""
    words = LANGUAGES.get(name) or LanguageWords(name)
    special = _SPECIAL.get((name, operators[0])) if operators else None
    if special is None:
        return words
    heading, about = special
    return replace(words, stages=heading, stages_short=heading, about_stages=about)


def language_title(name: str) -> str:
    """How a language is called in running text."""
    return language_words(name).title
