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

from detectionary.logs.json_text import (
    BLANK,
    BRACE,
    LONG,
    RAWS,
    TOKEN,
    WRAPPED,
    elements_of,
    excerpt,
    gap_of,
    is_companions,
    is_utf8,
    line_numbers,
    raws_of,
    unwrap,
    values_of,
    why,
)
from detectionary.logs.streams import Stream, fill

CHUNK: Final = 2 << 20
"""Bytes looked at together: more do not fit the caches of a processor, and take a fifth longer."""

LONGEST: Final = 64 << 20
"""A longer record is refused, with the rest of its file: most likely a quote is missing."""

_GUESSES: Final = 4


@dataclass(frozen=True, slots=True)
class Frame:
    """Whole elements as a JSON array, valid in syntax and in UTF-8."""

    array: bytes
    """Empty where the elements are `typed`: it would be a copy that nobody needs."""

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
            lines = b"\n" in self._data and values_of(self._data[: self._data.index(b"\n")]) is not None
            opening = None if lines else LONG.match(self._data)
            if opening is not None and self._ended:
                whole = self._one_array(opening.end())
                if whole is not None:
                    yield whole
                    return
            if opening is None or values_of(self._data) is not None:
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
        self._take(len(self._data) - len(self._data.lstrip(BLANK)))

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
            values = values_of(piece)
            if values is not None:
                yield from self._explode(values, line_numbers(piece, line, len(values)))
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
            if values_of(self._data[:end]) is not None:
                return end
        return max((end for _, end in elements_of(self._data, 0)), default=None)

    def _line_by_line(self, piece: bytes, line: int) -> Iterator[Frame | Fault]:
        good: list[msgspec.Raw] = []
        numbers: list[int] = []
        texts = piece.split(b"\n")
        for number, text in enumerate(texts, start=line):
            if not text.strip():
                continue
            values = values_of(text)
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
        for start, end in elements_of(piece, 0):
            yield from self._stray(piece[position:start])
            at = line + piece.count(b"\n", 0, start)
            values = values_of(piece[start:end])
            if values is None:
                yield Fault(self._record, at, why(piece[start:end]))
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
            if text[0] == BRACE and not WRAPPED.match(text):
                continue
            inner = unwrap(text)
            if inner is None and text[0] == BRACE:
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
        if self._data[closing + 1 :].strip(BLANK) != (b"}" if self._data[:1] == b"{" else b""):
            return None
        if not is_utf8(self._data):
            return None
        view = memoryview(self._data)[opening - 1 : closing + 1]
        if self._typed is not None:
            try:
                typed = self._typed.decode(view)
                return Frame(b"", len(typed), self._record, None, typed) if typed else None
            except (msgspec.DecodeError, RecursionError):
                pass  # elements of another kind, or broken ones
        array = bytes(view)
        try:
            count = len(RAWS.decode(array))
        except (msgspec.DecodeError, RecursionError):
            return None
        return Frame(array, count, self._record, None) if count else None

    def _array(self, opening: int) -> Generator[Frame | Fault, None, bool]:
        """An array that does not fit one chunk, by its elements, and the end of what wraps it; False where the file
        breaks off.
        """
        wrapped = self._data[:1] == b"{"
        self._take(opening)
        gap = gap_of(self._data)
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
        count = len(RAWS.decode(b"[" + elements + b"]"))
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
            if raws_of(self._data[: found + 1]) is not None:
                return found + 1
            end = found + len(gap) - 1
        return None

    def _array_elements(self) -> Generator[Frame | Fault, None, bool]:
        """All whole elements at hand by the exact scanner; True when the array's end was met."""
        data, line = self._data, self._line
        position = 0
        closed = False
        good: list[bytes] = []
        for start, end in elements_of(data, 0):
            stray = data[position:start].strip(BLANK + b",")
            if stray:
                yield from self._frame(good, None)
                good = []
                yield from self._stray(stray)
            if start == end:
                closed = True
                position = end + 1
                break
            text = data[start:end]
            if raws_of(text) is not None:
                good.append(text)
            else:
                yield from self._frame(good, None)
                good = []
                yield Fault(self._record, line + data.count(b"\n", 0, start), why(text))
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
            for token in TOKEN.finditer(self._data):
                text = token.group()
                if text == b'"':
                    break
                depth += (text in b"[{") - (text in b"]}") if len(text) == 1 else 0
                if depth == 0:
                    rest = self._take(token.end()).strip(BLANK)
                    if rest != b"}" and not is_companions(rest):
                        yield Fault(None, self._line, f"is beside the records and was not read: {excerpt(rest)}")
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
        if text.strip(BLANK):
            yield Fault(self._record, None, f"is no record: {excerpt(text)}")
            self._record += 1

    def _breaks_off(self) -> str:
        self._told = True
        return self._stream.trouble or "the file ends inside a record"

    def _why_line(self, text: bytes, last: bool) -> str:
        """What is wrong with a line: where the stream broke off, that is why its last line is none."""
        return self._breaks_off() if last and self._ended and self._stream.trouble else why(text)

    def _too_long(self) -> Fault:
        return Fault(self._record, self._line, f"is longer than {LONGEST >> 20} MiB; the rest of the file was not read")
