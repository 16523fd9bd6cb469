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


NARROW: Final = {
    "spark": ("tests.compiler.test_cases", "tests.conformance.test_families"),
}
"""Engines that answer for fewer functions, and the modules whose tests run on them, beside those that name them."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A narrow engine runs where its gaps are listed; one worker has all of its tests, since it starts slowly."""
    for item in items:
        module = item.module.__name__  # type: ignore[attr-defined]
        call = getattr(item, "callspec", None)
        engine = call.params.get("engine") if call is not None else None
        if engine is None and module.startswith("tests.engines."):
            engine = module.split(".")[2]
        if not isinstance(engine, str) or engine not in NARROW:
            continue
        if config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group(engine))
        if module not in NARROW[engine] and not module.startswith(f"tests.engines.{engine}."):
            item.add_marker(pytest.mark.skip(reason=f"{engine} answers for fewer functions"))
