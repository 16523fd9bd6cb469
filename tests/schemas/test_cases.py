"""The Markdown cases of this folder: actions, feeds, canonical fields, platforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from detectionary.languages import kusto
from detectionary.model.analysis import Analysis
from detectionary.model.rule import Connector
from detectionary.schemas import actions, canonical_field, environment_base, platform, third_party_feed
from detectionary.text import SourceText
from tests.mdcases import Case, parameters

CASES = Path(__file__).parent / "cases"


def _analysis(case: Case) -> Analysis:
    found = kusto.LANGUAGE.analyze(SourceText(case.text("kusto")), environment_base())
    assert found.accepted
    return found


@pytest.mark.parametrize("case", parameters(CASES / "actions.md"))
def test_actions(case: Case) -> None:
    found = [action.key + (" (inferred)" if action.inferred else "") for action in actions(_analysis(case), "kusto")]
    assert "\n".join(found) == case.text("actions")


@pytest.mark.parametrize("case", parameters(CASES / "feeds.md"))
def test_feeds(case: Case) -> None:
    assert (third_party_feed(_analysis(case)) or "") == case.text("feed")


@pytest.mark.parametrize("case", parameters(CASES / "fields.md"))
def test_fields(case: Case) -> None:
    for tables, field, expected in case.rows("fields"):
        assert (canonical_field("kusto", _names(tables), field) or "") == expected, (tables, field)


@pytest.mark.parametrize("case", parameters(CASES / "platforms.md"))
def test_platforms(case: Case) -> None:
    for tables, connectors, path, expected in case.rows("platforms"):
        asked = tuple(Connector(connector, ()) for connector in _names(connectors))
        assert (platform(_names(tables), asked, path) or "") == expected, (tables, connectors, path)


def _names(cell: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in cell.split(",") if name.strip())
