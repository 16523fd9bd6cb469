"""A rule's page with its texts cut short: for rules whose names alone would make a page too heavy."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from detectionary.pages.part import Part
from detectionary.pages.rule.context import RulePage

_KEPT: Final = frozenset({"query", "body", "slug", "key", "highlights", "query_lines", "span"})
"""What is shown in part already, what addresses are made of, and what is no text."""

_Made = TypeVar("_Made", bound=Part)


def cut_texts(page: RulePage, most: int, items: int) -> RulePage:
    """The page with no text of more than so many characters, and no list of more than so many items."""
    return _part(page, most, items)


def _part(part: _Made, most: int, items: int) -> _Made:
    changed: dict[str, Any] = {}  # values of any of its fields
    for name in part.__struct_fields__:
        value = getattr(part, name)
        if name in _KEPT:
            continue
        made = _value(value, most, items)
        if made is not value:
            changed[name] = made
    return msgspec.structs.replace(part, **changed) if changed else part


def _value(value: Any, most: int, items: int) -> Any:
    match value:
        case str():
            return value if len(value) <= most else f"{value[:most]}…"
        case Part():
            return _part(value, most, items)
        case tuple():
            return tuple(_value(each, most, items) for each in value[:items])
        case dict():
            return {_value(name, most, items): _value(each, most, items) for name, each in list(value.items())[:items]}
        case _:
            return value
