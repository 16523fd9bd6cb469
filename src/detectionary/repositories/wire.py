"""Foreign data into wire types: one faulty value costs that value, not the rule."""

from __future__ import annotations

import types
import typing
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from detectionary.text import Diagnostic, Level
from detectionary.text.yamldoc import AliasGrowthError, MappingNode, Node, Plain, node_at, plain

Shape = TypeVar("Shape", bound=msgspec.Struct)

_EXPECTED: Final = {
    "str": "a text",
    "array": "a list",
    "object": "a mapping",
    "bool": "true or false",
    "int": "a whole number",
}


def read_shape(root: MappingNode, shape: type[Shape], names: dict[str, str]) -> tuple[Shape, list[Diagnostic]]:
    """`root` as a `shape`, all of whose fields have defaults; what does not fit is left out and reported.

    `names` maps other spellings of keys to the shape's; the shape's own spelling wins where both stand.
    """
    try:
        values = plain(root)
    except AliasGrowthError:
        fault = Diagnostic(
            "YML103", Level.ERROR, "aliases of aliases grow without measure; nothing was read", root.span
        )
        return shape(), [fault]
    assert isinstance(values, dict)  # noqa: S101  # a mapping node is a dict
    places = {key: names[key] for key in values if key in names and names[key] not in values}
    written = {new: old for old, new in places.items()}
    for old, new in places.items():
        values[new] = values.pop(old)
    try:
        return msgspec.convert(values, shape, strict=False), []
    except msgspec.ValidationError:
        diagnostics: list[Diagnostic] = []
        return _piecewise(values, shape, root, (), written, diagnostics), diagnostics


def _piecewise(
    values: dict[str, Plain],
    shape: type[Shape],
    root: MappingNode,
    above: tuple[str | int, ...],
    written: dict[str, str],
    diagnostics: list[Diagnostic],
) -> Shape:
    """Field by field: item by item of a list, and the same again inside a mapping that has a shape of its own."""
    kept: dict[str, Any] = {}  # converted values of whatever types the fields have
    for key, (name, kind) in _fields(shape).items():
        if key not in values:
            continue
        value = values[key]
        place = (*above, written.get(key, key))
        inner = _shape_in(kind)
        if inner is not None and isinstance(value, dict):
            kept[name] = _piecewise(value, inner, root, place, {}, diagnostics)
            continue
        if typing.get_origin(kind) is list and not isinstance(value, list):
            message = f"{place_of(place)} is {_what(value)}, a list is expected; it is read as a list of one"
            diagnostics.append(_fault("RUL102", message, root, place, "write it as a list"))
            value = [value]
        if isinstance(value, list) and typing.get_origin(kind) is list:
            (item_kind,) = typing.get_args(kind)
            items = []
            for number, item in enumerate(value):
                try:
                    items.append(msgspec.convert(item, item_kind, strict=False))
                except msgspec.ValidationError as error:
                    diagnostics.append(_mismatch(error, root, (*place, number)))
            kept[name] = items
            continue
        try:
            kept[name] = msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError as error:
            diagnostics.append(_mismatch(error, root, place))
    return shape(**kept)


def _shape_in(kind: Any) -> type[msgspec.Struct] | None:  # a type expression of any kind
    """The shape that `kind` is, alone or in a union; None without one."""
    parts = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    return next((part for part in parts if isinstance(part, type) and issubclass(part, msgspec.Struct)), None)


@lru_cache(maxsize=32)
def _fields(shape: type[msgspec.Struct]) -> dict[str, tuple[str, Any]]:
    """Encoded name to (attribute, type); `Any` since types are of every kind here."""
    return {field.encode_name: (field.name, field.type) for field in msgspec.structs.fields(shape)}


def _what(value: Plain) -> str:
    match value:
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return "empty"


def _mismatch(error: msgspec.ValidationError, root: MappingNode, path: tuple[str | int, ...]) -> Diagnostic:
    """What msgspec says, in plain words: "Expected `str`, got `array` - at `$.columnName[0]`"."""
    message, _, where = str(error).partition(" - at `")
    inner = _path(where.rstrip("`").removeprefix("$"))
    message = message.replace(" | null`", "`")
    for name, words in _EXPECTED.items():
        message = message.replace(f"`{name}`", words)
    message = message[:1].lower() + message[1:]
    return _fault("RUL102", f"{message}; it is left out", root, path + inner, "write the value in the expected form")


def _path(text: str) -> tuple[str | int, ...]:
    """`.a[0].b` as steps; `[...]` (any key of a mapping) ends the path, since it does not say which."""
    steps: list[str | int] = []
    for part in text.replace("[", ".[").split("."):
        if part.startswith("["):
            index = part[1:-1]
            if not index.isdigit():
                break
            steps.append(int(index))
        elif part:
            steps.append(part)
    return tuple(steps)


def place_of(path: tuple[str | int, ...]) -> str:
    """`entityMappings[0].columnName`, the words that say where."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _fault(code: str, message: str, root: Node, path: tuple[str | int, ...], advice: str) -> Diagnostic:
    return fault(code, Level.WARNING, message, root, path, advice)


def fault(
    code: str, level: Level, message: str, root: Node, path: tuple[str | int, ...], advice: str | None = None
) -> Diagnostic:
    """A diagnostic that points at the node of `path` in the text that `root` was read from."""
    return Diagnostic(code, level, message, node_at(root, path).span, advice, place_of(path))
