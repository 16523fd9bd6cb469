"""Layers for the ATT&CK Navigator: what its published format (layers/spec/v4.5) asks for, and true numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from detectionary.attack.facts import CURRENT, matrix
from detectionary.catalog import Facet
from detectionary.pages.attack.layers import ALL_PATH, LAYERS, layer_of, layer_path
from detectionary.pages.library import Library
from detectionary.pages.part import encode_part
from tests.catalog.stored import closed_at_the_end
from tests.pages.attack_rules import asked, attack_library

COLOUR = re.compile("#[0-9a-fA-F]{6}")

# (type, whether it is required) by property, for each object of the format.
VERSIONS = {"attack": (str, False), "navigator": (str, True), "layer": (str, True)}
NOTE = {"name": (str, True), "value": (str, True)}
LINK = {"label": (str, True), "url": (str, True)}
LEGEND = {"label": (str, True), "color": (str, True)}
GRADIENT = {"colors": (list, True), "minValue": (int, True), "maxValue": (int, True)}
LAYOUT = {
    "layout": (str, False), "showID": (bool, False), "showName": (bool, False), "showAggregateScores": (bool, False),
    "countUnscored": (bool, False), "aggregateFunction": (str, False), "expandedSubtechniques": (str, False),
}  # fmt: skip
TECHNIQUE = {
    "techniqueID": (str, True), "tactic": (str, False), "comment": (str, False), "enabled": (bool, False),
    "score": (int, False), "color": (str, False), "metadata": (list, False), "links": (list, False),
    "showSubtechniques": (bool, False),
}  # fmt: skip
LAYER = {
    "versions": (dict, False), "name": (str, True), "description": (str, False), "domain": (str, True),
    "customDataURL": (str, False), "filters": (dict, False), "sorting": (int, False), "layout": (dict, False),
    "hideDisabled": (bool, False), "techniques": (list, False), "gradient": (dict, False), "legendItems": (list, False),
    "showTacticRowBackground": (bool, False), "tacticRowBackground": (str, False),
    "selectTechniquesAcrossTactics": (bool, False), "selectSubtechniquesWithParent": (bool, False),
    "selectVisibleTechniques": (bool, False), "metadata": (list, False), "links": (list, False),
}  # fmt: skip


def fits(plain: dict[str, Any], shape: Mapping[str, tuple[type, bool]]) -> None:
    assert set(plain) <= set(shape)
    for name, (kind, required) in shape.items():
        assert name in plain or not required, name
        assert name not in plain or type(plain[name]) is kind, (name, plain[name])


def validate(plain: dict[str, Any]) -> None:
    """Fail unless this is a layer of format 4.5."""
    fits(plain, LAYER)
    fits(plain["versions"], VERSIONS)
    assert plain["versions"]["layer"] == "4.5"
    assert tuple(map(int, plain["versions"]["navigator"].split("."))) >= (4, 9, 0)
    assert plain["domain"] == "enterprise-attack"
    assert plain["sorting"] in range(4)
    fits(plain["layout"], LAYOUT)
    assert plain["layout"]["layout"] in ("side", "flat", "mini")
    fits(plain["gradient"], GRADIENT)
    assert len(plain["gradient"]["colors"]) >= 2
    assert plain["gradient"]["minValue"] < plain["gradient"]["maxValue"]
    colours = [*plain["gradient"]["colors"], *(each["color"] for each in plain["legendItems"])]
    for each in plain["legendItems"]:
        fits(each, LEGEND)
    for each in (*plain["metadata"], *(note for one in plain["techniques"] for note in one["metadata"])):
        fits(each, NOTE)
    for each in (*plain["links"], *(link for one in plain["techniques"] for link in one["links"])):
        fits(each, LINK)
        assert each["url"].startswith("https://")
    for each in plain["techniques"]:
        fits(each, TECHNIQUE)
        assert each["techniqueID"] in matrix().current
        colours.append(each["color"])
    assert all(COLOUR.fullmatch(colour) for colour in colours)
    assert len({each["techniqueID"] for each in plain["techniques"]}) == len(plain["techniques"])


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with closed_at_the_end():
        yield attack_library(tmp_path_factory.mktemp("layers"))


@pytest.fixture(scope="module")
def files(library: Library) -> dict[str, Any]:
    return {path: json.loads(content) for path, content in LAYERS.files(library)}


def test_every_layer_is_one_of_the_published_format(files: dict[str, Any]) -> None:
    assert len(files) == 1 + 2 + 2 + 1
    for plain in files.values():
        validate(plain)
        assert plain["versions"]["attack"] == CURRENT.partition(".")[0]


def test_a_format_that_is_not_it_would_be_noticed(files: dict[str, Any]) -> None:
    broken = {**files[ALL_PATH], "legend": []}
    with pytest.raises(AssertionError):
        validate(broken)


def test_scores_are_numbers_of_rules_and_comments_their_languages(files: dict[str, Any]) -> None:
    techniques = {each["techniqueID"]: each for each in files[ALL_PATH]["techniques"]}
    assert set(techniques) == {"T1059", "T1059.001", "T1059.004", "T1059.006", "T1078", "T1078.004", "T1105"}
    shell = techniques["T1059"]
    assert (shell["score"], shell["comment"]) == (4, "Kusto 2, Sigma 2")
    assert shell["metadata"] == [{"name": "name the technique itself", "value": "1"}]
    assert techniques["T1059.001"]["metadata"] == []


def test_colours_are_those_of_the_legend(files: dict[str, Any]) -> None:
    plain = files[ALL_PATH]
    legend = {each["color"]: each["label"] for each in plain["legendItems"]}
    labels = {each["techniqueID"]: legend[each["color"]] for each in plain["techniques"]}
    assert labels["T1059"] == "4 rules"
    assert labels["T1078"] == "1 rule"


def test_each_value_has_its_layer(files: dict[str, Any], library: Library) -> None:
    aws = files[layer_path(Facet.PLATFORM, "AWS")]
    assert [(each["techniqueID"], each["score"]) for each in aws["techniques"]] == [("T1078", 1), ("T1078.004", 1)]
    assert aws["name"] == "Detectionary: Platform: AWS"


def test_a_layer_of_any_search_says_which_and_is_one_of_the_format(library: Library) -> None:
    request = asked("whoami", platform=["Windows", "AWS"], language=["sigma"])
    plain = json.loads(encode_part(layer_of(library, request)))
    validate(plain)
    assert plain["name"] == "Detectionary: “whoami”; Platform: Windows or AWS; Language: Sigma"
    assert {each["techniqueID"]: each["score"] for each in plain["techniques"]} == {
        "T1059": 1, "T1059.001": 1, "T1105": 1,
    }  # fmt: skip


def test_a_layer_of_nothing_is_one_of_the_format(library: Library) -> None:
    plain = json.loads(encode_part(layer_of(library, asked("nowhere-at-all"))))
    validate(plain)
    assert plain["techniques"] == []


def test_links_stand_where_the_site_is_known(library: Library) -> None:
    placed = attack_library(library.catalog.path.parent, base_url="https://rules.example/site/")
    plain = json.loads(encode_part(layer_of(placed, asked())))
    validate(plain)
    links = {each["techniqueID"]: each["links"] for each in plain["techniques"]}
    assert links["T1059"][0]["url"] == "https://rules.example/site/technique/t1059.html"
    assert LAYERS.basis is not None
    assert LAYERS.basis(placed) != LAYERS.basis(library)


def test_a_layer_says_when_it_counts_rules_that_forward_alerts(library: Library, files: dict[str, Any]) -> None:
    assert "vendor’s alert are not counted" in files[ALL_PATH]["description"]
    forwarding = layer_of(library, asked(feed=["yes"]))
    assert forwarding.description.startswith("1 rule: Forwards a vendor’s alert: Yes.")
    assert "1 of the rules only forward a vendor’s alert" in forwarding.description
