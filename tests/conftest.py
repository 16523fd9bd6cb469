"""Where the shared reference material lies, when it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

PROJECT: Final = Path(__file__).resolve().parent.parent
_BESIDE: Final = PROJECT.parent / "shared"

SHARED: Final[Path | None] = _BESIDE if (_BESIDE / "corpora").is_dir() else None
"""The folder `shared` beside the checkout, or None on a machine that has none."""

needs_shared: Final = pytest.mark.skipif(
    SHARED is None, reason="the reference material (../shared) is not beside this checkout"
)


def shared(*parts: str) -> Path:
    """A path below `shared`; only for tests marked `needs_shared`."""
    assert SHARED is not None
    return SHARED.joinpath(*parts)
