"""Where the shared reference material lies, when it is there."""

from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.catalog.stored import closed_at_the_end

# In CI the same examples every time: a change is judged by what it changes. At a desk every run looks further.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
    # Hypothesis also tries the constants of the project's modules that are loaded by then: with those, the examples
    # would depend on which tests the same worker ran before, even when they are derived from nothing but the test.
    providers._get_local_constants = lambda: providers._local_constants

with warnings.catch_warnings():
    # Where luqum was shipped without tables for this Python it makes them at its first import, and leaves a file open:
    # that is not the fault of the test that happens to import it.
    warnings.simplefilter("ignore", ResourceWarning)
    import luqum.parser  # noqa: F401  # for what its import does

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


@pytest.fixture(autouse=True)
def _left_as_found() -> Iterator[None]:
    """A test leaves no catalog open, and nothing that garbage is not looked for in, as servers do to be quick."""
    with closed_at_the_end():
        yield
    gc.unfreeze()


NARROW: Final = {
    "spark": ("tests.compiler.test_cases", "tests.conformance.test_families"),
}
"""Engines that answer for fewer functions, and the modules whose tests run on them, beside those that name them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A narrow engine runs where its gaps are listed."""
    for item in items:
        module = item.module.__name__  # type: ignore[attr-defined]
        call = getattr(item, "callspec", None)
        engine = call.params.get("engine") if call is not None else None
        if engine in NARROW and module not in NARROW[engine]:
            item.add_marker(pytest.mark.skip(reason=f"{engine} answers for fewer functions"))


TOGETHER: Final = (
    "tests/browser/",
    "tests/api/test_playground",
    "test_corpora.py",
    "test_rules.py",
    "test_families.py::",
    "test_metamorphic.py",
)
"""Modules whose tests share what takes long to work out."""


class Grouped(LoadScopeScheduling):  # type: ignore[misc]
    """Each test by itself, but one worker has all of an engine that starts slowly, or of what is worked out once.

    `--dist loadgroup` would do the same, but xdist 3.8 does not find its groups in pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        for engine in NARROW:
            if f"engines/{engine}/" in nodeid or f"[{engine}-" in nodeid or f"[{engine}]" in nodeid:
                return engine
        for module in TOGETHER:
            if module in nodeid:
                return module
        return nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    return Grouped(config, log)
