"""Model values as compact bytes, and back.

A frozen dataclass becomes the list of its fields, in order: no names are stored, so a value is small and quick to
read. The layout follows from the annotations of the classes, and `Codec.signature` names it: bytes of another signature
were written from other classes and are refused, never misread. (msgspec alone would do for plain dataclasses; it cannot
tell the members of a union of dataclasses apart, which predicates are.)
"""

from __future__ import annotations

import types
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from typing import Any, Final, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")

# `Any` stands for what msgpack holds: the wire side has no types, the shapes below give it one.
Turn = Callable[[Any], Any]

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_SIGNATURE_SIZE: Final = 4


class WireError(Exception):
    """Bytes that hold no value of the expected classes."""


def _same(value: Any) -> Any:
    return value


@dataclass(slots=True)
class _Shape:
    """How one type is written and read; `_same` where a value stands for itself. `label` describes the layout."""

    label: str
    encode: Turn = _same
    decode: Turn = _same


class Codec(Generic[T]):
    """Writes and reads values of one dataclass."""

    def __init__(self, root: type[T]) -> None:
        self._root: Final = root
        self._layouts: dict[type, str] = {}
        self._classes: dict[type, _Shape] = {}
        shape = self._dataclass(root)
        self._encode: Final = shape.encode
        self._decode: Final = shape.decode
        layout = "\n".join(sorted(f"{cls.__qualname__}: {layout}" for cls, layout in self._layouts.items()))
        self._prefix: Final = blake2b(layout.encode(), digest_size=_SIGNATURE_SIZE).digest()
        self._pack: Final = msgspec.msgpack.Encoder().encode
        self._unpack: Final = msgspec.msgpack.Decoder().decode

    @property
    def signature(self) -> str:
        """Changes whenever the classes change in a way that their bytes show."""
        return self._prefix.hex()

    def encode(self, value: T) -> bytes:
        """The bytes of `value`; equal values give equal bytes."""
        return self._prefix + zlib.compress(self._pack(self._encode(value)), 6)

    def decode(self, data: bytes) -> T:
        """The value that `encode` was given; `WireError` when these bytes are not of this codec."""
        if data[:_SIGNATURE_SIZE] != self._prefix:
            raise WireError("the value was stored by another version of Detectionary")
        try:
            value: T = self._decode(self._unpack(zlib.decompress(data[_SIGNATURE_SIZE:])))
        except (zlib.error, msgspec.DecodeError, ValueError, TypeError, KeyError, IndexError) as error:
            raise WireError(f"the stored value is damaged: {error}") from error
        return value

    def part(self, *names: str) -> Callable[[bytes], Any]:
        """A reader of what lies in a field, or in a field of a field, as lists and scalars; the rest is passed over.

        For questions about many values at once. `WireError` as in `decode`.
        """
        places: list[int] = []
        cls: Any = self._root
        for name in names:
            places.append([member.name for member in fields(cls)].index(name))
            cls = get_type_hints(cls)[name]
        wanted: Any = Any
        for place in reversed(places):
            before = [(f"before{number}", msgspec.Raw) for number in range(place)]
            wanted = msgspec.defstruct("Part", [*before, ("wanted", wanted)], array_like=True)
        unpack = msgspec.msgpack.Decoder(wanted).decode

        def read(data: bytes) -> Any:
            if data[:_SIGNATURE_SIZE] != self._prefix:
                raise WireError("the value was stored by another version of Detectionary")
            try:
                found = unpack(zlib.decompress(data[_SIGNATURE_SIZE:]))
            except (zlib.error, msgspec.DecodeError) as error:
                raise WireError(f"the stored value is damaged: {error}") from error
            for _ in places:
                found = found.wanted
            return found

        return read

    # Shapes, one method a kind of type

    def _shape(self, hint: Any) -> _Shape:
        if hint in _SCALARS:
            return _Shape(hint.__name__)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin in (Union, types.UnionType):
            return self._union(arguments)
        if origin is tuple:
            return self._tuple(arguments)
        if origin is frozenset and arguments == (str,):
            return _Shape("frozenset[str]", sorted, frozenset)
        if isinstance(hint, type):
            if issubclass(hint, Enum):
                members = {member.value: member for member in hint}
                return _Shape(f"{hint.__name__}{sorted(members)}", _value_of, members.__getitem__)
            if issubclass(hint, tuple):
                return self._named_tuple(hint)
            if is_dataclass(hint):
                return self._dataclass(hint)
        raise TypeError(f"no wire shape for {hint!r}")

    def _dataclass(self, cls: type) -> _Shape:
        """A list of the fields. The shape is entered before its fields are known, since classes contain themselves."""
        if cls in self._classes:
            return self._classes[cls]
        shape = self._classes[cls] = _Shape(cls.__qualname__)
        writers: list[tuple[str, Turn]] = []
        readers: list[tuple[int, Turn]] = []

        def encode(value: Any) -> Any:
            return [write(getattr(value, name)) for name, write in writers]

        def decode(data: Any) -> Any:
            for index, read in readers:
                data[index] = read(data[index])
            return cls(*data)

        shape.encode, shape.decode = encode, decode
        hints = get_type_hints(cls)
        labels: list[str] = []
        for index, member in enumerate(fields(cls)):
            inner = self._shape(hints[member.name])
            writers.append((member.name, inner.encode))
            if inner.decode is not _same:
                readers.append((index, inner.decode))
            labels.append(f"{member.name} {inner.label}")
        self._layouts[cls] = ", ".join(labels)
        return shape

    def _named_tuple(self, cls: type) -> _Shape:
        hints = get_type_hints(cls)
        if not all(hint in _SCALARS for hint in hints.values()):
            raise TypeError(f"no wire shape for {cls!r}: it holds more than scalars")
        make: Turn = cls._make  # type: ignore[attr-defined]  # every NamedTuple has it
        return _Shape(f"{cls.__qualname__}({', '.join(hints)})", list, make)

    def _tuple(self, arguments: tuple[Any, ...]) -> _Shape:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            inner = self._shape(arguments[0])
            write, read = inner.encode, inner.decode
            label = f"[{inner.label}]"
            if write is _same:
                return _Shape(label, list, tuple)
            return _Shape(
                label,
                lambda values: [write(value) for value in values],
                lambda data: tuple([read(item) for item in data]),
            )
        parts = [self._shape(argument) for argument in arguments]
        if any(part.encode is not _same for part in parts):
            raise TypeError(f"no wire shape for {arguments!r}: a tuple of different things may hold scalars only")
        return _Shape(f"({', '.join(part.label for part in parts)})", list, tuple)

    def _union(self, arguments: tuple[Any, ...]) -> _Shape:
        """Scalars, perhaps with one kind of tuple; one type or None; or several dataclasses, each with its name."""
        classes = [argument for argument in arguments if is_dataclass(argument)]
        if len(classes) > 1:
            return self._tagged(classes, [argument for argument in arguments if argument not in classes])
        shapes = [self._shape(argument) for argument in arguments]
        label = " | ".join(sorted(shape.label for shape in shapes))
        turned = [shape for shape in shapes if shape.encode is not _same]
        if not turned:
            return _Shape(label)
        if len(turned) == 1 and len(shapes) == 2 and type(None) in arguments:
            write, read = turned[0].encode, turned[0].decode
            return _Shape(
                label,
                lambda value: None if value is None else write(value),
                lambda data: None if data is None else read(data),
            )
        if all(shape.decode is tuple for shape in turned):
            # Beside scalars, a list on the wire can only be the tuple.
            return _Shape(
                label,
                lambda value: list(value) if isinstance(value, tuple) else value,
                lambda data: tuple(data) if isinstance(data, list) else data,
            )
        raise TypeError(f"no wire shape for the union of {arguments!r}")

    def _tagged(self, classes: list[Any], others: list[Any]) -> _Shape:
        if others not in ([], [type(None)]):
            raise TypeError(f"no wire shape for a union of dataclasses and {others!r}")
        writers: dict[type, tuple[str, Turn]] = {}
        readers: dict[str, Turn] = {}
        for cls in classes:
            shape = self._dataclass(cls)
            writers[cls] = (cls.__name__, shape.encode)
            readers[cls.__name__] = shape.decode

        def encode(value: Any) -> Any:
            if value is None:
                return None
            name, write = writers[type(value)]
            return [name, write(value)]

        def decode(data: Any) -> Any:
            if data is None:
                return None
            name, item = data
            return readers[name](item)

        return _Shape(" | ".join(sorted(readers) + ["None"] * bool(others)), encode, decode)


def _value_of(member: Enum) -> Any:
    return member.value
