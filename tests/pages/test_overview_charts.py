"""Charts: lengths say what numbers say, letters fit, strangers' names stay text."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from detectionary.pages.overview.charts import Chart, ChartRow, draw, proportion
from tests.pages.markup import read

WIDTH = 360.0


def chart(kind: str, *rows: ChartRow, series: tuple[str, ...] = ("rules",), classes: tuple[str, ...] = ()) -> Chart:
    return Chart("c", kind, "Title", "About", "Head", series, rows, classes)


def rects(drawn: str, name: str) -> list[dict[str, float]]:
    """The numbers of each rectangle of a class."""
    return [
        {key: float(value or 0) for key, value in each.attributes.items() if key != "class"}
        for each in read(drawn).all("rect")
        if each.attributes["class"] == name
    ]


def test_bars_are_as_long_as_their_numbers() -> None:
    rows = (ChartRow("a", (100,)), ChartRow("b", (50,)), ChartRow("c", (0,)), ChartRow("rest", (25,), rest=True))
    drawn = str(draw(chart("bars", *rows), ""))
    lengths = [each["width"] for each in rects(drawn, "one")]
    assert lengths[0] == 2 * lengths[1] > 0
    assert lengths[2] == 0
    assert rects(drawn, "rest")[0]["width"] == lengths[0] / 4
    for each in rects(drawn, "one"):
        assert each.get("x", 0) + each["width"] <= WIDTH
    for number in ("100", "50", "0", "25"):
        assert f">{number}</text>" in drawn, "every value is printed"


def test_a_bar_of_one_among_thousands_is_seen() -> None:
    drawn = str(draw(chart("bars", ChartRow("a", (11_565,)), ChartRow("b", (1,))), ""))
    assert rects(drawn, "one")[1]["width"] >= 1


def test_bars_with_links_are_a_group_and_others_an_image() -> None:
    linked = str(draw(chart("bars", ChartRow("a", (1,), "browse/index.html?q=a&b")), "../"))
    assert read(linked).links() == ["../browse/index.html?q=a&b"]
    assert 'role="group"' in linked
    assert 'role="img"' in str(draw(chart("bars", ChartRow("a", (1,))), ""))
    assert 'aria-labelledby="c-title c-desc"' in linked


def test_the_parts_of_a_stacked_bar_fill_it() -> None:
    rows = (ChartRow("a", (3, 0, 1)), ChartRow("b", (0, 0, 0)))
    drawn = str(draw(chart("stacked", *rows, series=("x", "y", "z"), classes=("one", "two", "three")), ""))
    (one,), (three,) = rects(drawn, "one"), rects(drawn, "three")
    assert rects(drawn, "two") == []
    assert three["x"] + three["width"] == pytest.approx(WIDTH - 1)
    assert (one["width"] + 1) == pytest.approx(3 * (three["width"] + 1))
    assert ">3</text>" in drawn


def test_columns_stand_on_the_axis_and_below_the_top() -> None:
    rows = tuple(ChartRow(str(2000 + number), (number, 2 * number)) for number in range(12))
    drawn = str(draw(chart("columns", *rows, series=("x", "y"), classes=("one", "two")), ""))
    bottoms = {round(each["y"] + each["height"] + 0.6, 0) for each in rects(drawn, "one")}
    assert len(bottoms) == 1
    assert min(each["y"] for each in rects(drawn, "two")) > 0
    assert ">33</text>" in drawn, "the sum is printed"
    assert "<title>2011: 33 (x 11, y 22)</title>" in drawn


def test_long_labels_are_cut_and_told_whole() -> None:
    label = "A platform with a name that is much too long"
    drawn = str(draw(chart("bars", ChartRow(label, (5,))), ""))
    (shown,) = (each.text for each in read(drawn).all("text") if each.text.endswith("…"))
    assert label.startswith(shown[:-1])
    assert f"<title>{label}: 5 rules</title>" in drawn


@pytest.mark.parametrize("kind", ["bars", "stacked", "columns"])
def test_names_of_strangers_stay_text(kind: str) -> None:
    evil = '"><script>alert(1)</script>'
    drawn = str(draw(chart(kind, ChartRow(evil, (1,), evil), series=(evil,), classes=("one",)), ""))
    document = read(drawn)
    assert document.all("script") == []
    assert (document.unclosed, document.stray) == ([], [])


@pytest.mark.parametrize("kind", ["bars", "stacked", "columns"])
def test_nothing_to_draw_is_drawn_as_nothing(kind: str) -> None:
    assert rects(str(draw(chart(kind, classes=("one",)), "")), "one") == []


def test_an_unknown_kind_is_a_fault() -> None:
    with pytest.raises(ValueError, match="pie"):
        draw(chart("pie", ChartRow("a", (1,))), "")


@pytest.mark.parametrize(("part", "whole", "width"), [(1, 4, "250"), (0, 4, "0"), (4, 4, "1000"), (0, 0, "0")])
def test_a_share_is_as_long_as_it_is_large(part: int, whole: int, width: str) -> None:
    drawn = ElementTree.fromstring(str(proportion(part, whole, "one")))  # noqa: S314  # our own
    assert drawn[1].get("width") == width
