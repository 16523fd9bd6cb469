"""JSON in pieces: complete elements out of a stream, whatever wraps them, without holding the whole of it.

A log is JSON in one of many dresses: an array, one object after the other (on lines or not), an object that wraps the
array (`Records`, `value`, …), or several of these in a row. Each gives `Frame`s: valid JSON arrays of whole elements.

Where a piece may be cut is guessed and then *proved*: a prefix that, in brackets, is a valid JSON array ends between
two elements, because a JSON parser reads from left to right and stands at the array's own level there. What cannot be
guessed, or is broken, goes to an exact scanner of brackets and strings, which also finds what follows a broken element.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from detectionary.logs.streams import Stream, fill

CHUNK: Final = 8 << 20
"""Bytes looked at together."""

LONGEST: Final = 64 << 20
"""A longer record is refused, with the rest of its file: most likely a quote is missing."""

WRAPPERS: Final = ("Records", "records", "value", "Results", "Events")
"""Names under which an object holds the array of records: CloudTrail's files, Azure's diagnostic settings, answers of
Microsoft's REST interfaces, of advanced hunting's, and of CloudTrail's LookupEvents.
"""

COMPANIONS: Final = frozenset({"nextLink", "NextToken", "count", "Schema", "Stats"})
"""What such an object may hold beside its records, and names that begin with "@odata."."""

_BLANK: Final = b" \t\r\n"
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_VALUES: Final = msgspec.json.Decoder(msgspec.Raw)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

_LONG: Final = re.compile(rb'\[|\{\s*"(?:Records|records|value)"\s*:\s*\[')
_WRAPPED: Final = re.compile(rb'\{\s*"(?:@odata\.|(?:' + "|".join((*WRAPPERS, *sorted(COMPANIONS))).encode() + rb')")')
"""How an object begins that wraps records: all its other keys are companions, so any of them tells."""

_TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{}]', re.DOTALL)
_FIRST_KEY: Final = re.compile(rb'\{\s*"[^"\\]*"')
_GUESSES: Final = 4
_BRACE: Final = ord("{")


@dataclass(frozen=True, slots=True)
class Frame:
    """Whole elements as a JSON array, valid in syntax and in UTF-8."""

    array: bytes
    count: int
    first: int
    """The number of the first element in its file, from 1."""

    lines: Sequence[int] | None
    """Each element's line, where every element has one of its own."""

    typed: Sequence[Any] | None = None
    """The elements as the decoder given made them, when it could (its type is the caller's)."""

    def where(self, place: int) -> tuple[int, int | None]:
        """The number of the element at a place in the frame, and its line."""
        return self.first + place, self.lines[place] if self.lines else None


@dataclass(frozen=True, slots=True)
class Fault:
    """A record that is no JSON, or the place where the file breaks off."""

    record: int | None
    line: int | None
    reason: str


def frames(
    stream: Stream, typed: msgspec.json.Decoder[list[Any]] | None = None, chunk: int = CHUNK
) -> Iterator[Frame | Fault]:
    """All elements of a JSON text, in order; text that is none is a `Fault` and never raises.

    `typed` decodes the elements of a file that is one array, if they fit: what it reads needs no other proof.
    """
    yield from _Framer(stream, chunk, typed).run()


class _Framer:
    def __init__(self, stream: Stream, chunk: int, typed: msgspec.json.Decoder[list[Any]] | None) -> None:
        self._stream = stream
        self._chunk = chunk
        self._typed = typed
        self._data = b""
        self._ended = False
        self._record = 1
        self._line = 1
        self._told = False

    def run(self) -> Iterator[Frame | Fault]:
        yield from self._documents()
        if self._stream.trouble and not self._told:
            yield Fault(None, None, self._stream.trouble)

    def _documents(self) -> Iterator[Frame | Fault]:
        self._more(self._chunk)
        self._skip_blank()
        while self._data:
            lines = b"\n" in self._data and _values(self._data[: self._data.index(b"\n")]) is not None
            opening = None if lines else _LONG.match(self._data)
            if opening is not None and self._ended:
                whole = self._one_array(opening.end())
                if whole is not None:
                    yield whole
                    return
            if opening is None or _values(self._data) is not None:
                yield from self._sequence(lines)
                return
            alive = yield from self._array(opening.end())
            if not alive:
                return
            self._more(self._chunk)
            self._skip_blank()

    # The bytes at hand

    def _more(self, size: int) -> bool:
        if not self._ended:
            data = fill(self._stream, size)
            self._ended = len(data) < size
            self._data += data
            return bool(data)
        return False

    def _take(self, size: int) -> bytes:
        data, self._data = self._data[:size], self._data[size:]
        self._line += data.count(b"\n")
        return data

    def _skip_blank(self) -> None:
        self._take(len(self._data) - len(self._data.lstrip(_BLANK)))

    # One value after the other

    def _sequence(self, lines: bool) -> Iterator[Frame | Fault]:
        """Values that follow one another, on lines or not, to the end of the stream."""
        while self._data or not self._ended:
            cut = len(self._data) if self._ended else self._sequence_cut(lines)
            if cut is None:
                if len(self._data) >= LONGEST:
                    yield self._too_long()
                    return
                self._more(max(self._chunk, len(self._data)))
                continue
            line = self._line
            piece = self._take(cut)
            values = _values(piece)
            if values is not None:
                yield from self._explode(values, _line_numbers(piece, line, len(values)))
            elif lines:
                yield from self._line_by_line(piece, line)
            else:
                yield from self._value_by_value(piece, line)
            self._more(self._chunk)

    def _sequence_cut(self, lines: bool) -> int | None:
        if lines:
            return self._data.rfind(b"\n") + 1 or None
        end = len(self._data)
        for _ in range(_GUESSES):
            end = self._data.rfind(b"\n{", 0, end)
            if end <= 0:
                break
            if _values(self._data[:end]) is not None:
                return end
        return max((end for _, end in _elements(self._data, 0)), default=None)

    def _line_by_line(self, piece: bytes, line: int) -> Iterator[Frame | Fault]:
        good: list[msgspec.Raw] = []
        numbers: list[int] = []
        texts = piece.split(b"\n")
        for number, text in enumerate(texts, start=line):
            if not text.strip():
                continue
            values = _values(text)
            if values is not None:
                good += values
                numbers += [number] * len(values)
                continue
            yield from self._explode(good, numbers)
            good, numbers = [], []
            yield Fault(self._record, number, self._why_line(text, number == line + len(texts) - 1))
            self._record += 1
        yield from self._explode(good, numbers)

    def _value_by_value(self, piece: bytes, line: int) -> Iterator[Frame | Fault]:
        position = 0
        for start, end in _elements(piece, 0):
            yield from self._stray(piece[position:start])
            at = line + piece.count(b"\n", 0, start)
            values = _values(piece[start:end])
            if values is None:
                yield Fault(self._record, at, _why(piece[start:end]))
                self._record += 1
            else:
                yield from self._explode(values, [at] * len(values))
            position = end
        rest = piece[position:]
        if re.search(rb"[\[{]", rest):
            yield Fault(self._record, line + piece.count(b"\n", 0, position), self._breaks_off())
            self._record += 1
        else:
            yield from self._stray(rest)

    def _explode(self, values: list[msgspec.Raw], lines: Sequence[int] | None) -> Iterator[Frame | Fault]:
        """Frames of values: objects together, arrays and wrapped arrays by their elements."""
        texts = [bytes(value) for value in values]
        start = 0
        for index, text in enumerate(texts):
            if text[0] == _BRACE and not _WRAPPED.match(text):
                continue
            inner = _unwrap(text)
            if inner is None and text[0] == _BRACE:
                continue
            yield from self._frame(texts[start:index], None if lines is None else lines[start:index])
            start = index + 1
            if inner is None:
                yield Fault(self._record, lines[index] if lines else None, "is neither an object nor an array")
                self._record += 1
            elif inner != b"[]":
                yield from self._proved(inner[1:-1])
        yield from self._frame(texts[start:], None if lines is None else lines[start:])

    def _frame(self, texts: list[bytes], lines: Sequence[int] | None) -> Iterator[Frame]:
        if texts:
            yield Frame(b"[" + b",".join(texts) + b"]", len(texts), self._record, lines)
            self._record += len(texts)

    # A long array

    def _one_array(self, opening: int) -> Frame | None:
        """The elements of an array that is all there is, the usual file; None for anything else."""
        closing = self._data.rfind(b"]")
        if self._data[closing + 1 :].strip(_BLANK) != (b"}" if self._data[:1] == b"{" else b""):
            return None
        array = b"[" + self._data[opening:closing] + b"]"
        if not _is_utf8(array):
            return None
        if self._typed is not None:
            try:
                typed = self._typed.decode(array)
                return Frame(array, len(typed), self._record, None, typed) if typed else None
            except (msgspec.DecodeError, RecursionError):
                pass  # elements of another kind, or broken ones
        try:
            count = len(_RAWS.decode(array))
        except (msgspec.DecodeError, RecursionError):
            return None
        return Frame(array, count, self._record, None) if count else None

    def _array(self, opening: int) -> Generator[Frame | Fault, None, bool]:
        """An array that does not fit one chunk, by its elements, and the end of what wraps it; False where the file
        breaks off.
        """
        wrapped = self._data[:1] == b"{"
        self._take(opening)
        gap = _gap(self._data)
        while True:
            cut = self._array_cut(gap)
            if cut is not None:
                yield from self._proved(self._take(cut))
                self._comma()
                self._more(self._chunk)
                continue
            closed = yield from self._array_elements()
            if closed:
                return not wrapped or (yield from self._close_wrapper())
            if self._ended:
                yield Fault(self._record, self._line, self._breaks_off())
                return False
            if len(self._data) >= LONGEST:
                yield self._too_long()
                return False
            self._more(max(self._chunk, len(self._data)))

    def _proved(self, elements: bytes) -> Iterator[Frame]:
        count = len(_RAWS.decode(b"[" + elements + b"]"))
        yield Frame(b"[" + elements + b"]", count, self._record, None)
        self._record += count

    def _array_cut(self, gap: bytes | None) -> int | None:
        """The end of the last whole element at hand, guessed from how the first two are parted, and proved."""
        if gap is None:
            return None
        end = len(self._data)
        for _ in range(_GUESSES):
            found = self._data.rfind(gap, 0, end)
            if found < 0:
                return None
            if _raws(self._data[: found + 1]) is not None:
                return found + 1
            end = found + len(gap) - 1
        return None

    def _array_elements(self) -> Generator[Frame | Fault, None, bool]:
        """All whole elements at hand by the exact scanner; True when the array's end was met."""
        data, line = self._data, self._line
        position = 0
        closed = False
        good: list[bytes] = []
        for start, end in _elements(data, 0):
            stray = data[position:start].strip(_BLANK + b",")
            if stray:
                yield from self._frame(good, None)
                good = []
                yield from self._stray(stray)
            if start == end:
                closed = True
                position = end + 1
                break
            text = data[start:end]
            if _raws(text) is not None:
                good.append(text)
            else:
                yield from self._frame(good, None)
                good = []
                yield Fault(self._record, line + data.count(b"\n", 0, start), _why(text))
                self._record += 1
            position = end
        yield from self._frame(good, None)
        self._take(position)
        if not closed:
            self._comma()
        return closed

    def _close_wrapper(self) -> Generator[Fault, None, bool]:
        """Skip to the end of the object whose array was read; True when there is one."""
        while True:
            depth = 1
            for token in _TOKEN.finditer(self._data):
                text = token.group()
                if text == b'"':
                    break
                depth += (text in b"[{") - (text in b"]}") if len(text) == 1 else 0
                if depth == 0:
                    rest = self._take(token.end()).strip(_BLANK)
                    if rest != b"}" and not _is_companions(rest):
                        yield Fault(None, self._line, f"is beside the records and was not read: {_excerpt(rest)}")
                    return True
            if self._ended or len(self._data) >= LONGEST:
                yield Fault(self._record, self._line, self._breaks_off())
                return False
            self._more(self._chunk)

    def _comma(self) -> None:
        self._skip_blank()
        if self._data[:1] == b",":
            self._take(1)
            self._skip_blank()

    def _stray(self, text: bytes) -> Iterator[Fault]:
        if text.strip(_BLANK):
            yield Fault(self._record, None, f"is no record: {_excerpt(text)}")
            self._record += 1

    def _breaks_off(self) -> str:
        self._told = True
        return self._stream.trouble or "the file ends inside a record"

    def _why_line(self, text: bytes, last: bool) -> str:
        """What is wrong with a line: where the stream broke off, that is why its last line is none."""
        return self._breaks_off() if last and self._ended and self._stream.trouble else _why(text)

    def _too_long(self) -> Fault:
        return Fault(self._record, self._line, f"is longer than {LONGEST >> 20} MiB; the rest of the file was not read")


def _values(text: bytes) -> list[msgspec.Raw] | None:
    """The values of a text that is a sequence of JSON values; None when it is not, or is no UTF-8."""
    try:
        values = _VALUES.decode_lines(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return values if _is_utf8(text) else None


def _raws(elements: bytes) -> list[msgspec.Raw] | None:
    try:
        values = _RAWS.decode(b"[" + elements + b"]")
    except (msgspec.DecodeError, RecursionError):
        return None
    return values if _is_utf8(elements) else None


def _is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _why(text: bytes) -> str:
    """What is wrong with a text that is no JSON."""
    try:
        text.decode()
        _VALUES.decode(text)
    except UnicodeDecodeError as error:
        return f"is no UTF-8 at byte {error.start + 1}"
    except msgspec.DecodeError as error:
        return f"is no JSON: {str(error).removeprefix('JSON is malformed: ')}"
    except RecursionError:
        return "is nested too deeply"
    return "is no JSON"


def _excerpt(text: bytes) -> str:
    return text.strip()[:40].decode(errors="replace")


def _unwrap(text: bytes) -> bytes | None:
    """The text of an array, or of the array that an object wraps; None for anything else."""
    if text[0] == ord("["):
        return text if text[1:-1].strip(_BLANK) else b"[]"
    if text[0] != _BRACE:
        return None
    opening = _LONG.match(text)
    if opening is not None:
        inside = text[opening.end() : text.rfind(b"]")]
        # Were there another key after the array, this would hold a bracket that closes nothing.
        if not inside.strip(_BLANK):
            return b"[]"
        if _raws(inside) is not None:
            return b"[" + inside + b"]"
    fields = _OBJECT.decode(text)
    held = [name for name in fields if not _is_companion(name)]
    if len(held) == 1 and held[0] in WRAPPERS:
        inside = bytes(fields[held[0]])
        if inside[:1] == b"[":
            return inside if inside[1:-1].strip(_BLANK) else b"[]"
    return None


def _is_companions(rest: bytes) -> bool:
    """Whether what stands between a wrapped array and the end of its object is only what may."""
    try:
        fields = _OBJECT.decode(b"{" + rest.removeprefix(b","))
    except (msgspec.DecodeError, RecursionError):
        return False
    return all(map(_is_companion, fields))


def _is_companion(name: str) -> bool:
    return name in COMPANIONS or name.startswith("@odata.")


def _line_numbers(piece: bytes, line: int, count: int) -> Sequence[int] | None:
    """The line of each of `count` values, when each stands on a line of its own."""
    rows = piece.count(b"\n") + (not piece.endswith(b"\n"))
    if rows == count:
        return range(line, line + count)
    numbers = [number for number, text in enumerate(piece.split(b"\n"), start=line) if text.strip()]
    return numbers if len(numbers) == count else None


def _gap(data: bytes) -> bytes | None:
    """How the first two elements of an array are parted: the end of one, and the start of the next with its key."""
    found = list(zip(range(2), _elements(data, 0), strict=False))
    if len(found) < 2:
        # The second element is not whole yet, but it may have begun.
        if not found or found[0][1][0] == found[0][1][1]:
            return None
        end = found[0][1][1]
    else:
        end = found[0][1][1]
    key = _FIRST_KEY.search(data, end)
    if key is None or data[end : key.start()].strip(_BLANK) != b",":
        return None
    return data[end - 1 : key.end()]


def _elements(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Spans of the whole objects and arrays at the level of `data`, by brackets and strings alone; an empty span
    where a bracket closes more than was opened.
    """
    depth = 0
    begun = start
    for token in _TOKEN.finditer(data, start):
        text = token.group()
        if len(text) > 1:
            continue
        if text == b'"':
            return
        if text in b"[{":
            if depth == 0:
                begun = token.start()
            depth += 1
        else:
            depth -= 1
            if depth < 0:
                yield token.start(), token.start()
                return
            if depth == 0:
                yield begun, token.end()
