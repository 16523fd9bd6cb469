"""The case-file reader refuses what would let a case pass by not running."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mdcases import Block, read_cases

TEXT = """# Title

Prose.

## One
Why.
```kusto
T
| take 1
```
```rows
a | b
```

## Two
known gap: not yet
````text
```
````
"""


def test_cases_have_their_fences_in_order(tmp_path: Path) -> None:
    path = tmp_path / "cases.md"
    path.write_text(TEXT)
    one, two = read_cases(path)
    assert one.title == "One"
    assert one.blocks == (Block("kusto", "T\n| take 1", 7), Block("rows", "a | b", 11))
    assert one.rows("rows") == [("a", "b")]
    assert (two.title, two.gap, two.text("text"), two.get("rows")) == ("Two", "not yet", "```", None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# Nothing\n", "no case"),
        ("## A\nprose\n", "has no fence"),
        ("## A\n```k\n", "not closed"),
        ("```k\n```\n", "before the first case"),
        ("## A\n```k\n```\n## A\n```k\n```\n", "a second case"),
    ],
)
def test_a_file_that_would_run_nothing_is_an_error(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "cases.md"
    path.write_text(text)
    with pytest.raises(ValueError, match=complaint):
        read_cases(path)
