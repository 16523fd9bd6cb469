"""Bytes of one log as a stream: gzip undone, UTF-16 turned into UTF-8, and a limit on what may come out.

A stream that breaks off keeps what it gave: `read` returns no more bytes and `trouble` says why. So the records before
the break are read and the break is one `Broken`.
"""

from __future__ import annotations

import codecs
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Final, Protocol

READ: Final = 1 << 20
"""Bytes asked for at a time."""

RATIO_LIMIT: Final = 200
FREE_BYTES: Final = 1 << 30
"""An input may unpack to `FREE_BYTES`, or to `RATIO_LIMIT` times its size where that is more; beyond it is refused as
a decompression bomb. Logs pack 8 to 40 times.
"""

_GZIP: Final = 31
"""zlib's word for "with a gzip header"."""


class Stream(Protocol):
    """What readers read from."""

    @property
    def trouble(self) -> str | None:
        """Why the bytes ended early, once they have."""
        ...

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, at least one before the end; b"" at the end."""
        ...


@dataclass(slots=True)
class Budget:
    """How much one input (with all that is packed in it) may still unpack to."""

    left: int

    @classmethod
    def of(cls, size: int) -> Budget:
        return cls(max(FREE_BYTES, RATIO_LIMIT * size))

    def take(self, count: int) -> bool:
        self.left -= count
        return self.left >= 0


class Plain:
    """A file object as it is."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.trouble: str | None = None

    def read(self, size: int, /) -> bytes:
        try:
            return self._file.read(size)
        except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError, ValueError) as error:
            # zipfile reports damage, encryption and unknown methods of a member in all these ways.
            self.trouble = f"cannot be read on: {error}"
            return b""


class Gunzip:
    """A gzip stream undone: one member or several, as concatenated files make."""

    def __init__(self, source: Stream, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self._engine = zlib.decompressobj(_GZIP)
        self._pending = b""
        self._begun = False
        self._done = False
        self.trouble: str | None = None

    def read(self, size: int, /) -> bytes:
        while not self._done:
            if not self._pending:
                self._pending = self._source.read(READ)
                if not self._pending:
                    self._done = True
                    if self._begun and not self._engine.eof:
                        self.trouble = self._source.trouble or "the gzip stream ends early"
                    break
            if self._engine.eof:
                # What follows a member is another one, or padding of zeros that some tools leave.
                self._pending = self._pending.lstrip(b"\0")
                if not self._pending:
                    continue
                self._engine = zlib.decompressobj(_GZIP)
            try:
                data = self._engine.decompress(self._pending, size)
            except zlib.error as error:
                self._done = True
                self.trouble = f"the gzip stream is damaged: {error}"
                break
            self._begun = True
            self._pending = self._engine.unused_data if self._engine.eof else self._engine.unconsumed_tail
            if not self._budget.take(len(data)):
                self._done = True
                self.trouble = bomb()
                break
            if data:
                return data
        return b""


class Limited:
    """A member of a zip archive, counted against the budget."""

    def __init__(self, source: Stream, budget: Budget) -> None:
        self._source = source
        self._budget = budget
        self.trouble: str | None = None

    def read(self, size: int, /) -> bytes:
        if self.trouble is not None:
            return b""
        data = self._source.read(size)
        self.trouble = self._source.trouble
        if self._budget.take(len(data)):
            return data
        self.trouble = bomb()
        return b""


class Transcoded:
    """Text in UTF-16 or UTF-32 as UTF-8; it ends where a character is damaged."""

    def __init__(self, source: Stream, encoding: str) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
        self._name = encoding
        self._done = False
        self.trouble: str | None = None

    def read(self, size: int, /) -> bytes:
        while not self._done:
            data = self._source.read(size)
            self._done = not data
            try:
                text = self._decoder.decode(data, final=self._done)
            except UnicodeDecodeError as error:
                self._done = True
                self.trouble = f"is no {self._name.upper()}: {error.reason}"
                return error.object[: error.start].decode(self._name, "ignore").encode()
            if self._done:
                self.trouble = self._source.trouble
            if text:
                return text.encode()
        return b""


class Peeked:
    """A stream whose first bytes can be looked at before it is read."""

    def __init__(self, source: Stream) -> None:
        self._source = source
        self._ahead = b""

    @property
    def trouble(self) -> str | None:
        return self._source.trouble

    def peek(self, size: int) -> bytes:
        """The first `size` bytes, fewer only when there are no more."""
        while len(self._ahead) < size:
            data = self._source.read(max(READ, size))
            if not data:
                break
            self._ahead += data
        return self._ahead[:size]

    def skip(self, size: int) -> None:
        """Drop bytes that were peeked at."""
        self._ahead = self._ahead[size:]

    def read(self, size: int, /) -> bytes:
        if not self._ahead:
            return self._source.read(size)
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data


def bomb() -> str:
    """The refusal of an input that unpacks to too much."""
    return f"unpacks to more than {RATIO_LIMIT} times its size (and {FREE_BYTES >> 30} GiB): taken for a zip bomb"


def fill(stream: Stream, size: int) -> bytes:
    """Exactly `size` bytes, fewer only at the end."""
    parts = []
    while size > 0:
        data = stream.read(size)
        if not data:
            break
        parts.append(data)
        size -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)
