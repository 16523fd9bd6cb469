"""Markdown case files: a heading `##` names a case, the fences below it are its parts.

    ## A negative start counts from the end
    ```kusto
    print tail = substring("123456", -2, 2)
    ```
    ```rows
    tail
    56
    ```

Text between the fences explains the case to its reader and is not evaluated. A line `known gap: REASON` under the
heading makes the case a strict expected failure. A file without a case, a case without a fence, and two cases of one
name in a file are errors of the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

_GAP = "known gap:"


@dataclass(frozen=True, slots=True)
class Block:
    """One fence: its information word, and its text without the final line end."""

    word: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """One case with its place, so that a failure says where to look."""

    title: str
    path: Path
    line: int
    blocks: tuple[Block, ...]
    gap: str | None = None

    def text(self, word: str) -> str:
        """The text of the only fence with this word; an error of the case file otherwise."""
        found = [block.text for block in self.blocks if block.word == word]
        if len(found) != 1:
            raise ValueError(
                f"{self.path}:{self.line}: {self.title!r} has {len(found)} fences of {word!r}, expected one"
            )
        return found[0]

    def get(self, word: str) -> str | None:
        """The text of the fence with this word, or None where there is none."""
        return self.text(word) if any(block.word == word for block in self.blocks) else None

    def rows(self, word: str) -> list[tuple[str, ...]]:
        """The fence as rows of cells: one line a row, cells parted by `|`, blanks round them cut, empty lines
        left out.
        """
        lines = [line for line in self.text(word).splitlines() if line.strip()]
        return [tuple(cell.strip() for cell in line.split("|")) for line in lines]


def read_cases(path: Path) -> list[Case]:
    """All cases of one file, in order."""
    cases: list[Case] = []
    title: str | None = None
    title_line = 0
    gap: str | None = None
    blocks: list[Block] = []
    fence: str | None = None
    word = ""
    started = 0
    body: list[str] = []

    def finish() -> None:
        if title is None:
            return
        if not blocks:
            raise ValueError(f"{path}:{title_line}: the case {title!r} has no fence")
        if any(case.title == title for case in cases):
            raise ValueError(f"{path}:{title_line}: a second case is called {title!r}")
        cases.append(Case(title, path, title_line, tuple(blocks), gap))

    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if fence is not None:
            if line.strip() == fence:
                blocks.append(Block(word, "\n".join(body), started))
                fence = None
            else:
                body.append(line)
        elif line.startswith("## "):
            finish()
            title, title_line, gap, blocks = line[3:].strip(), number, None, []
        elif line.startswith("```"):
            if title is None:
                raise ValueError(f"{path}:{number}: a fence before the first case")
            fence = line[: len(line) - len(line.lstrip("`"))]
            word, started, body = line[len(fence) :].strip(), number, []
        elif line.startswith(_GAP):
            gap = line[len(_GAP) :].strip()
    if fence is not None:
        raise ValueError(f"{path}:{started}: the fence is not closed")
    finish()
    if not cases:
        raise ValueError(f"{path}: no case")
    return cases


def parameters(*paths: Path) -> list[object]:
    """`pytest.mark.parametrize` arguments: one a case, named `file: title`; a known gap is a strict expected
    failure.
    """
    found: list[object] = []
    for path in paths:
        for case in read_cases(path):
            marks = [pytest.mark.xfail(reason=case.gap, strict=True)] if case.gap else []
            found.append(pytest.param(case, id=f"{path.stem}: {case.title}", marks=marks))
    if not found:
        raise ValueError("no case file was given")
    return found
