"""axe-core in a page: what stands in the way of people who cannot see, point or tell colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
ADVICE: Final = ("best-practice",)

CONTRAST: Final = ("color-contrast",)
"""The rule that depends on the theme."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of axe and the elements that break it; `advice`: no criterion of WCAG, but a good habit."""

    rule: str
    help: str
    elements: tuple[str, ...]
    advice: bool

    def __str__(self) -> str:
        kind = "advice" if self.advice else "WCAG"
        return f"{self.rule} ({kind}): {self.help}\n" + "\n".join(f"    {element}" for element in self.elements)


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def axe(page: Page, *rules: str, within: str | None = None) -> list[Violation]:
    """The violations in the page (or in the part of it that the selector `within` names) as it stands now.

    Without `rules` all of WCAG 2.2 A and AA, and axe's best practices, are looked at.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_script())
    chosen = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": [*WCAG, *ADVICE]}
    found: dict[str, Any] = page.evaluate(
        "([context, chosen]) => axe.run(context || document, {runOnly: chosen, resultTypes: ['violations']})",
        [within, chosen],
    )
    return [
        Violation(
            each["id"],
            each["help"],
            tuple(
                f"{' '.join(map(str, node['target']))}: {(node.get('failureSummary') or '').splitlines()[-1].strip()}"
                for node in each["nodes"][:6]
            ),
            "best-practice" in each["tags"],
        )
        for each in found["violations"]
    ]
