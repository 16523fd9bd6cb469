"""What can be told of a piece of JSON text: whether it is whole, what it wraps, where its elements are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

WRAPPERS: Final = ("Records", "records", "value", "Results", "Events")
"""Names under which an object holds the array of records: CloudTrail's files, Azure's diagnostic settings, answers of
Microsoft's REST interfaces, of advanced hunting's, and of CloudTrail's LookupEvents.
"""

COMPANIONS: Final = frozenset({"nextLink", "NextToken", "count", "Schema", "Stats"})
"""What such an object may hold beside its records, and names that begin with "@odata."."""

BLANK: Final = b" \t\r\n"
RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_VALUES: Final = msgspec.json.Decoder(msgspec.Raw)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

LONG: Final = re.compile(rb'\[|\{\s*"(?:Records|records|value)"\s*:\s*\[')
WRAPPED: Final = re.compile(rb'\{\s*"(?:@odata\.|(?:' + "|".join((*WRAPPERS, *sorted(COMPANIONS))).encode() + rb')")')
"""How an object begins that wraps records: all its other keys are companions, so any of them tells."""

TOKEN: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{}]', re.DOTALL)
_FIRST_KEY: Final = re.compile(rb'\{\s*"[^"\\]*"')
BRACE: Final = ord("{")


def values_of(text: bytes) -> list[msgspec.Raw] | None:
    """The values of a text that is a sequence of JSON values; None when it is not, or is no UTF-8."""
    try:
        values = _VALUES.decode_lines(text)
    except (msgspec.DecodeError, RecursionError):
        return None
    return values if is_utf8(text) else None


def raws_of(elements: bytes) -> list[msgspec.Raw] | None:
    try:
        values = RAWS.decode(b"[" + elements + b"]")
    except (msgspec.DecodeError, RecursionError):
        return None
    return values if is_utf8(elements) else None


def is_utf8(text: bytes) -> bool:
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def why(text: bytes) -> str:
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


def excerpt(text: bytes) -> str:
    return text.strip()[:40].decode(errors="replace")


def unwrap(text: bytes) -> bytes | None:
    """The text of an array, or of the array that an object wraps; None for anything else."""
    if text[0] == ord("["):
        return text if text[1:-1].strip(BLANK) else b"[]"
    if text[0] != BRACE:
        return None
    opening = LONG.match(text)
    if opening is not None:
        inside = text[opening.end() : text.rfind(b"]")]
        # Were there another key after the array, this would hold a bracket that closes nothing.
        if not inside.strip(BLANK):
            return b"[]"
        if raws_of(inside) is not None:
            return b"[" + inside + b"]"
    fields = _OBJECT.decode(text)
    held = [name for name in fields if not _is_companion(name)]
    if len(held) == 1 and held[0] in WRAPPERS:
        inside = bytes(fields[held[0]])
        if inside[:1] == b"[":
            return inside if inside[1:-1].strip(BLANK) else b"[]"
    return None


def is_companions(rest: bytes) -> bool:
    """Whether what stands between a wrapped array and the end of its object is only what may."""
    try:
        fields = _OBJECT.decode(b"{" + rest.removeprefix(b","))
    except (msgspec.DecodeError, RecursionError):
        return False
    return all(map(_is_companion, fields))


def _is_companion(name: str) -> bool:
    return name in COMPANIONS or name.startswith("@odata.")


def line_numbers(piece: bytes, line: int, count: int) -> Sequence[int] | None:
    """The line of each of `count` values, when each stands on a line of its own."""
    rows = piece.count(b"\n") + (not piece.endswith(b"\n"))
    if rows == count:
        return range(line, line + count)
    numbers = [number for number, text in enumerate(piece.split(b"\n"), start=line) if text.strip()]
    return numbers if len(numbers) == count else None


def gap_of(data: bytes) -> bytes | None:
    """How the first two elements of an array are parted: the end of one, and the start of the next with its key."""
    found = list(zip(range(2), elements_of(data, 0), strict=False))
    if len(found) < 2:
        # The second element is not whole yet, but it may have begun.
        if not found or found[0][1][0] == found[0][1][1]:
            return None
        end = found[0][1][1]
    else:
        end = found[0][1][1]
    key = _FIRST_KEY.search(data, end)
    if key is None or data[end : key.start()].strip(BLANK) != b",":
        return None
    return data[end - 1 : key.end()]


def elements_of(data: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Spans of the whole objects and arrays at the level of `data`, by brackets and strings alone; an empty span
    where a bracket closes more than was opened.
    """
    depth = 0
    begun = start
    for token in TOKEN.finditer(data, start):
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
