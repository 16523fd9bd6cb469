"""The analysis on the reference corpora: it holds for every text, leaves little opaque, agrees with others."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

import pytest
import yaml

from detectionary.languages.kusto.analyze import analyze
from detectionary.model.analysis import Analysis, Stage
from detectionary.schemas import environment_base
from detectionary.text import SourceText
from tests.conftest import needs_shared, shared
from tests.kusto.corpus import corpus_queries

pytestmark = needs_shared

MOST_OPAQUE = 0.0196
"""The share of opaque predicates among all; it only goes down."""

LEAST_AGREEMENT = 0.92
"""The share of the conditions of `facts/sentinel-content.jsonl` that our rows have; it only goes up.

The rest was looked at: conditions of commented-out lines and of `countif`, values cut at a comma, and conditions of a
newer text of the rule.
"""

_FIRST = "corpora/azure-sentinel/Solutions/Amazon Web Services/Analytic Rules/AWS_UnauthorizedInstanceSetUpAttempt.yaml"


@pytest.fixture(scope="module")
def analyses() -> dict[str, Analysis]:
    environment = environment_base()
    return {text: analyze(SourceText(text), environment) for text in corpus_queries()}


def _all_stages(stages: tuple[Stage, ...]) -> Iterator[Stage]:
    for stage in stages:
        yield stage
        for pipeline in stage.pipelines:
            yield from _all_stages(pipeline.stages)


def test_little_is_opaque_and_its_kinds_are_known(analyses: dict[str, Analysis]) -> None:
    kinds = Counter(opaque.reason for analysis in analyses.values() for opaque in analysis.opaques)
    leaves = sum(analysis.predicate_count for analysis in analyses.values())
    assert kinds.keys() <= {"case", "column inside a literal", "no field", "parse-where", "unreadable", "user function"}
    assert kinds.total() <= MOST_OPAQUE * leaves, (kinds, leaves)


def test_every_part_stands_where_it_says(analyses: dict[str, Analysis]) -> None:
    for text, analysis in analyses.items():
        assert [stage.number for stage in analysis.stages] == list(range(1, len(analysis.stages) + 1))
        bound = [stage for binding in analysis.bindings for stage in _all_stages(binding.stages)]
        for stage in (*_all_stages(analysis.stages), *bound):
            assert stage.text
            assert text[stage.span.start : stage.span.end].rstrip().endswith(stage.text.rstrip()[-1])
            assert stage.text.endswith(text[stage.span.start : stage.span.end].rstrip())
        for row in (*analysis.indicators, *analysis.exclusions):
            assert 0 <= row.stage <= len(analysis.stages)
            assert 0 <= row.span.start < row.span.end <= len(text)
            assert row.values or row.origin or row.operator.value in ("is_null", "is_not_null")
        for field in analysis.output_fields:
            assert 1 <= field.stage <= len(analysis.stages)
        assert len({field.name for field in analysis.output_fields}) == len(analysis.output_fields)


def test_the_first_rule_comes_out_right() -> None:
    rule = yaml.safe_load(shared(*_FIRST.split("/")).read_text(encoding="utf-8"))
    analysis = analyze(SourceText(rule["query"]), environment_base())
    assert [stage.operator for stage in analysis.stages] == ["source", "where", "where", "project", "extend", "extend"]
    assert [
        (row.field, row.operator.value, [(value.value, value.transforms) for value in row.values], row.stage, row.group)
        for row in analysis.indicators
    ] == [
        ("EventName", "eq", [("RunInstances", ("cased",))], 2, None),
        ("ErrorCode", "eq", [("Client.UnauthorizedOperation", ("cased",))], 3, None),
    ]
    assert not analysis.exclusions
    assert len(analysis.output_fields) == 17
    assert [(field.source, field.stage) for field in analysis.output_fields[:14]] == [("project", 4)] * 14
    assert [(field.name, field.source, field.stage, field.type) for field in analysis.output_fields[14:]] == [
        ("UserName", "extend", 5, "string"),
        ("Name", "extend", 6, "dynamic"),
        ("UpnSuffix", "extend", 6, "dynamic"),
    ]


def _stated_conditions() -> Iterator[tuple[str, str, list[str]]]:
    """(query, field, values) of the conditions that another analyser found, where the query has field and values."""
    lines = shared("facts", "sentinel-content.jsonl").read_text(encoding="utf-8").splitlines()
    for content in map(json.loads, lines):
        path = shared("corpora", "azure-sentinel", *content.get("path", "").split("/"))
        if not content.get("selection") or not path.is_file():
            continue
        document = next(yaml.load_all(path.read_text(encoding="utf-8-sig"), Loader=yaml.CSafeLoader))
        query = document.get("query") if isinstance(document, dict) else None
        for condition in (each for found in content["selection"].values() for each in found):
            match = re.match(r'(\w+) (!?[\w=~<>!]+) "(.*)"$', condition)
            if match is None or not isinstance(query, str):
                continue
            field, operator, stated = match.groups()
            values = stated.split(",") if operator in ("in", "!in", "in~", "!in~", "has_any", "has_all") else [stated]
            if field in query and all(value.rpartition("\\")[2] in query for value in values):
                yield query, field, [value.replace("\\\\", "\\") for value in values]


def test_rows_agree_with_the_conditions_that_others_found() -> None:
    environment = environment_base()
    agreed, asked, last = 0, 0, ("", set[tuple[str, str]]())
    for query, field, values in _stated_conditions():
        if query != last[0]:
            analysis = analyze(SourceText(query), environment)
            rows = (*analysis.indicators, *analysis.exclusions)
            last = (
                query,
                {
                    ((row.field or "").partition(".")[0].lower(), str(value.value).lower())
                    for row in rows
                    for value in row.values
                },
            )
        asked += len(values)
        agreed += sum((field.lower(), value.lower()) in last[1] for value in values)
    assert asked > 400
    assert agreed >= LEAST_AGREEMENT * asked, f"{agreed} of {asked}"
