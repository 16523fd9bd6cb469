"""The colours of the site carry text: contrasts of WCAG 2.2 (1.4.3, 1.4.11), from the style sheet's own variables."""

from __future__ import annotations

from importlib.resources import files

import pytest

SHEET = files("detectionary.pages").joinpath("assets", "site.css").read_text("utf-8")
TEXT_CONTRAST = 4.5
EDGE_CONTRAST = 3.0

TEXTS = (
    "text", "soft", "faint", "accent", "any", "not", "informational", "low", "medium", "high", "critical",
    "keyword", "function", "string", "number", "comment", "table", "key",
)  # fmt: skip
GROUNDS = ("page", "raised", "sunken")
PAIRS = (
    *((text, ground) for text in TEXTS for ground in GROUNDS),
    ("text", "mark"), ("soft", "mark"), ("accent", "accent-soft"), ("any", "any-soft"), ("page", "accent"),
    *(("heat-ink", f"heat-{step}") for step in range(4)),
    *(("heat-ink-strong", f"heat-{step}") for step in range(4, 7)),
)  # fmt: skip
EDGES = (
    *(("edge", ground) for ground in GROUNDS),
    *((f"cat-{number}", ground) for number in range(1, 9) for ground in GROUNDS[:2]),
)


def variables(theme: str) -> dict[str, str]:
    """The colours of a theme: the declarations that follow its selector."""
    start = {"light": ":root {", "dark": ':root:not([data-theme="light"]) {', "switched": ':root[data-theme="dark"] {'}
    block = SHEET.partition(start[theme])[2].partition("}")[0]
    found = {}
    for line in block.split(";"):
        name, _, value = line.strip().partition(":")
        if name.startswith("--") and value.strip().startswith("#"):
            found[name.removeprefix("--")] = value.strip()
    return found


def luminance(colour: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2, definitions)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_texts_and_edges_are_told_from_their_grounds(theme: str) -> None:
    colours = variables(theme)
    low = [
        f"--{front} on --{ground}: {ratio:.2f} < {least}"
        for pairs, least in ((PAIRS, TEXT_CONTRAST), (EDGES, EDGE_CONTRAST))
        for front, ground in pairs
        if (ratio := contrast(colours[front], colours[ground])) < least
    ]
    assert low == []


def test_the_switch_gives_the_same_dark_as_the_system() -> None:
    assert variables("switched") == variables("dark")
    assert set(variables("light")) == set(variables("dark"))


def test_heat_grows_darker_in_light_and_lighter_in_dark() -> None:
    for theme, direction in (("light", -1), ("dark", 1)):
        colours = variables(theme)
        steps = [luminance(colours[f"heat-{step}"]) * direction for step in range(7)]
        assert steps == sorted(steps)
