"""axe-core in a page: what stands in the way of people who cannot see, point or tell colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from playwright.sync_api import Page

WCAG: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
ADVICE: Final = ("best-practice",)


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule of axe and the elements that break it."""

    rule: str
    help: str
    elements: tuple[str, ...]
    advice: bool

    def __str__(self) -> str:
        return f"{self.rule}: {self.help}\n" + "\n".join(f"    {element}" for element in self.elements)


@cache
def _script() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def axe(page: Page, tags: tuple[str, ...] = (*WCAG, *ADVICE), context: str | None = None) -> list[Violation]:
    """The violations in the page (or in the part of it that the selector `context` names) as it stands now."""
    page.evaluate(_script())
    found: dict[str, Any] = page.evaluate(
        "([context, tags]) => axe.run(context || document, {runOnly: {type: 'tag', values: tags},"
        " resultTypes: ['violations']})",
        [context, list(tags)],
    )
    return [
        Violation(
            each["id"],
            each["help"],
            tuple(
                f"{' '.join(map(str, node['target']))}: {(node.get('failureSummary') or '').splitlines()[-1].strip()}"
                for node in each["nodes"][:8]
            ),
            "best-practice" in each["tags"],
        )
        for each in found["violations"]
    ]
