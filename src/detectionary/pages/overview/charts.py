"""Charts as SVG: bars, stacked bars, columns. Made on the server, coloured by classes, readable at every width.

A chart is 360 units wide, the width of a narrow screen, so that its letters are never drawn much smaller than they are
meant to be; wide screens place several beside each other. Every value is printed, or stands in the table below the
chart. Where bars are links the picture is a group with a name, not one image: links inside of an image cannot be
reached by everyone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from detectionary.pages.part import Part
from detectionary.pages.texts.code import escape

_WIDTH: Final = 360
_ROW: Final = 25
_LABEL: Final = 134
_VALUE: Final = 46
_LETTER: Final = 6.3
"""About the width of a letter at the size of labels."""


class ChartRow(Part, frozen=True):
    """A bar or column: one value for each series. `link` leads to the rules behind it, from the site's root."""

    label: str
    values: tuple[int, ...]
    link: str | None = None
    rest: bool = False
    """What the other rows leave over: "others", "not stated"."""

    @property
    def total(self) -> int:
        """The sum of its values."""
        return sum(self.values)


class Chart(Part, frozen=True):
    """Numbers with what they mean. `series` are the names of the values of each row; one for a plain chart."""

    name: str
    kind: str
    """`bars`, `stacked` (each bar is a whole) or `columns`."""
    title: str
    about: str
    head: str
    """What the rows are: "Platform"."""
    series: tuple[str, ...]
    rows: tuple[ChartRow, ...]
    classes: tuple[str, ...] = ()
    """The colours of the series: names of classes."""


def draw(chart: Chart, root: str) -> Markup:
    """The chart as an SVG element; `root` leads from the page to the site's root."""
    match chart.kind:
        case "bars":
            return _bars(chart, root)
        case "stacked":
            return _stacked(chart, root)
        case "columns":
            return _columns(chart)
        case kind:
            raise ValueError(f"no chart is drawn as {kind!r}")


def _svg(chart: Chart, height: float, body: Iterator[str], *, links: bool) -> Markup:
    described = f"{chart.name}-title {chart.name}-desc"
    return Markup(  # noqa: S704  # every text in `body` is escaped
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_number(height)}" '
        f'role="{"group" if links else "img"}" aria-labelledby="{described}">'
        f'<title id="{chart.name}-title">{escape(chart.title)}</title>'
        f'<desc id="{chart.name}-desc">{escape(_described(chart, links))}</desc>'
        f"{''.join(body)}</svg>"
    )


def _described(chart: Chart, links: bool) -> str:
    """The chart in a sentence, for those who do not see it; links say what they are themselves."""
    if links:
        return chart.about
    rows = (f"{row.label} {row.total:,}" for row in chart.rows)
    return f"{chart.head}: {', '.join(rows)}."


def _linked(row: ChartRow, root: str, inside: str) -> str:
    name = f"{row.label}: {row.total:,} {'rule' if row.total == 1 else 'rules'}"
    title = f"<title>{escape(name)}</title>"
    if row.link is None:
        return f"<g>{title}{inside}</g>"
    return f'<a href="{escape(root + row.link)}">{title}{inside}</a>'


def _cut(label: str, width: float) -> str:
    most = int(width / _LETTER)
    return label if len(label) <= most else f"{label[: most - 1].rstrip()}…"


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _rect(x: float, y: float, width: float, height: float, names: str) -> str:
    at = f" x={_number(x)}" * bool(x) + f" y={_number(y)}" * bool(y)
    return f"<rect class={names}{at} width={_number(width)} height={_number(height)} />"


def _text(x: float, y: float, text: str, names: str = "") -> str:
    at = f" x={_number(x)}" * bool(x)
    named = f' class="{names}"' if names else ""
    return f"<text{named}{at} y={_number(y)}>{escape(text)}</text>"


def _bars(chart: Chart, root: str) -> Markup:
    most = max((row.total for row in chart.rows), default=0) or 1
    room = _WIDTH - _LABEL - _VALUE

    def body() -> Iterator[str]:
        for place, row in enumerate(chart.rows):
            y = place * _ROW
            width = max(room * row.total / most, 1.5 if row.total else 0)
            colour = "rest" if row.rest else (chart.classes or ("one",))[place % len(chart.classes or ("one",))]
            yield _linked(
                row,
                root,
                _rect(0, y, _WIDTH, _ROW, "hit")
                + _text(0, y + 16.5, _cut(row.label, _LABEL - 8))
                + _rect(_LABEL, y + 5, width, _ROW - 10, colour)
                + _text(_LABEL + width + 6, y + 16.5, f"{row.total:,}", "value"),
            )

    return _svg(chart, len(chart.rows) * _ROW, body(), links=any(row.link for row in chart.rows))


def _stacked(chart: Chart, root: str) -> Markup:
    label = 92
    room = _WIDTH - label

    def body() -> Iterator[str]:
        for place, row in enumerate(chart.rows):
            y = place * _ROW
            yield _linked(
                row,
                root,
                _rect(0, y, _WIDTH, _ROW, "hit")
                + _text(0, y + 16.5, _cut(row.label, label - 6))
                + "".join(segments(row, y)),
            )

    def segments(row: ChartRow, y: float) -> Iterator[str]:
        x = float(label)
        for name, value, colour in zip(chart.series, row.values, chart.classes, strict=True):
            width = room * value / (row.total or 1)
            if value:
                yield f"<g><title>{escape(f'{row.label}, {name}: {value:,}')}</title>"
                yield _rect(x, y + 4, max(width - 1, 0.6), _ROW - 8, colour)
                printed = f"{value:,}"
                if width > len(printed) * _LETTER + 6:
                    yield _text(x + width / 2, y + 16.2, printed, f"inside on-{colour}")
                yield "</g>"
            x += width

    return _svg(chart, len(chart.rows) * _ROW, body(), links=any(row.link for row in chart.rows))


def _columns(chart: Chart) -> Markup:
    height, top, bottom = 190, 18, 22
    most = max((row.total for row in chart.rows), default=0) or 1
    step = _WIDTH / max(len(chart.rows), 1)
    width = min(step - 3, 34)
    room = height - top - bottom

    def body() -> Iterator[str]:
        yield f'<line class="axis" x1="0" x2="{_WIDTH}" y1="{height - bottom}" y2="{height - bottom}"/>'
        for place, row in enumerate(chart.rows):
            middle = place * step + step / 2
            yield f"<g><title>{escape(_parts(chart.series, row))}</title>"
            y = float(height - bottom)
            for value, colour in zip(row.values, chart.classes, strict=True):
                tall = room * value / most
                if value:
                    y -= tall
                    yield _rect(middle - width / 2, y, width, max(tall - 0.6, 0.5), colour)
            yield _text(middle, y - 4, f"{row.total:,}", "value middle")
            # Of a day the month and the day are drawn; the table has it whole.
            yield _text(middle, height - 6, row.label if len(row.label) < 7 else row.label[-5:], "middle small")
            yield "</g>"

    return _svg(chart, height, body(), links=False)


def _parts(series: Sequence[str], row: ChartRow) -> str:
    parts = ", ".join(f"{name} {value:,}" for name, value in zip(series, row.values, strict=True) if value)
    return f"{row.label}: {row.total:,}" + (f" ({parts})" if len(series) > 1 and parts else "")


def proportion(part: int, whole: int, names: str) -> Markup:
    """A thin bar: how much of `whole` `part` is. It says nothing that the text beside it does not say."""
    width = 1000 * part / whole if whole else 0
    return Markup(  # noqa: S704  # numbers, and a class of ours
        '<svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="ground" width="1000" height="10"/>'
        f'<rect class="{names}" width="{_number(width)}" height="10"/></svg>'
    )
