"""Regular expressions mean the same on every Python that the project runs on."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import detectionary


def patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Every compiled expression that a module holds by a name."""
    for found in pkgutil.walk_packages(detectionary.__path__, "detectionary."):
        if found.name == "detectionary.__main__":
            continue
        try:
            module = importlib.import_module(found.name)
        except ImportError:  # Spark is not installed
            continue
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern):
                yield f"{found.name}.{name}", value


def faulty(tree: Any, *, kept: bool = False) -> bool:
    """Whether a group that gives nothing back holds a look at what stands around."""
    if isinstance(tree, tuple | list) or hasattr(tree, "data"):
        kept = kept or (isinstance(tree, tuple) and str(tree[0]) in ("POSSESSIVE_REPEAT", "ATOMIC_GROUP"))
        if kept and isinstance(tree, tuple) and str(tree[0]) in ("ASSERT", "ASSERT_NOT"):
            return True
        return any(faulty(part, kept=kept) for part in getattr(tree, "data", tree))
    return False


def parsed(pattern: re.Pattern[Any]) -> Any:
    from re import _parser  # the only one that reads them as `re` does

    return _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)


def test_the_fault_is_seen() -> None:
    assert faulty(parsed(re.compile(r"/\*(?:[^*]++|\*(?!/))*+\*/")))
    assert not faulty(parsed(re.compile(r"(?:a(?!b)|c)*d(?:e++|f)*+(?=g)")))


def test_no_pattern_meets_the_fault_of_python_3_11_up_to_3_11_4() -> None:
    """There (Debian 12 has 3.11.2) what such a group holds does not match (python/cpython#106052)."""
    found = dict(patterns())
    assert len(found) > 50
    assert [name for name, pattern in found.items() if faulty(parsed(pattern))] == []
