"""TOML with positions: the tree of what its author wrote, in the nodes that YAML files are read into.

The standard library's parser gives values without places. This one follows the grammar of TOML 1.0
(https://toml.io/en/v1.0.0) and keeps the place of every key and value; numbers, truth values and dates stay as written.
A syntax error costs the rest of its table, not the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from detectionary.repositories.toml_positions import SEVERAL_LINES, skip_joined
from detectionary.text import Diagnostic, Level, Span
from detectionary.text.yamldoc import MappingNode, Node, ScalarNode, SequenceNode

MAX_DEPTH: Final = 64
_MAX_FAULTS: Final = 20

_BARE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
_WORDS: Final = frozenset(("true", "false", "inf", "+inf", "-inf", "nan", "+nan", "-nan"))
_NUMERIC: Final = frozenset("0123456789abcdefABCDEFxo_+-.:TtZz ")
"""What numbers and dates are made of."""
_ESCAPES: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_CODES: Final = {"u": 4, "U": 8}


@dataclass(frozen=True, slots=True)
class TomlDocument:
    """What a TOML file holds. `entries` are its table headers and `key = value` pairs with their paths, in order."""

    root: MappingNode
    entries: tuple[tuple[tuple[str, ...], Span], ...]
    diagnostics: tuple[Diagnostic, ...]

    def written(self, text: str, *paths: tuple[str, ...]) -> str:
        """The settings at and below `paths` as the file states them, an entry a line, in the file's order."""
        return "\n".join(
            span.of(text) for place, span in self.entries if any(place[: len(path)] == path for path in paths)
        )


def parse_toml(text: str) -> TomlDocument:
    """Read `text`; faults are diagnostics whose spans count in it."""
    return _Parser(text).document()


class _FaultError(Exception):
    """Something that TOML does not have stands at `at`."""

    def __init__(self, message: str, at: int, advice: str) -> None:
        super().__init__(message)
        self.at = at
        self.advice = advice


@dataclass(slots=True)
class _Table:
    """A table while it is read: key to (key node, value)."""

    start: int
    end: int
    pairs: dict[str, tuple[ScalarNode, _Value]] = field(default_factory=dict)
    closed: bool = False
    """An inline table: nothing is added to it later."""
    stated: bool = False
    """It has had a header of its own."""


@dataclass(slots=True)
class _Tables:
    """An array of tables (`[[name]]`)."""

    items: list[_Table]


_Value: TypeAlias = "ScalarNode | SequenceNode | _Table | _Tables"


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._root = _Table(0, len(text))
        self._table = self._root
        self._path: tuple[str, ...] = ()
        self._entries: list[tuple[tuple[str, ...], Span]] = []
        self._faults: list[Diagnostic] = []

    def document(self) -> TomlDocument:
        """Document = { table-header | array-header | pair | comment | line-end }"""
        text = self._text
        self._blank_lines()
        while self._at < len(text):
            try:
                if text[self._at] == "[":
                    self._header()
                else:
                    self._pair(self._table, len(self._path), self._path)
                self._line_end()
            except _FaultError as fault:
                self._fault(fault)
                if len(self._faults) >= _MAX_FAULTS:
                    break
                following = text.find("\n[", max(fault.at, self._at))
                self._at = len(text) if following < 0 else following + 1
                self._table, self._path = _Table(self._at, self._at), ()
            self._blank_lines()
        root = _frozen(self._root)
        return TomlDocument(root, tuple(self._entries), tuple(self._faults))

    def _fault(self, fault: _FaultError) -> None:
        at = min(fault.at, len(self._text))
        message = f"not valid TOML: {fault}"
        self._faults.append(
            Diagnostic("TML101", Level.ERROR, message, Span(at, min(at + 1, len(self._text))), fault.advice)
        )

    # --- lines

    def _header(self) -> None:
        """table-header = "[" key "]", or "[[" key "]]" for one of an array."""
        start = self._at
        array = self._text.startswith("[[", start)
        self._at += 2 if array else 1
        keys = self._key()
        closing = "]]" if array else "]"
        if not self._text.startswith(closing, self._at):
            raise _FaultError(f"“{closing}” is missing", self._at, "close the name of the table")
        self._at += len(closing)
        parent = self._inner(self._root, keys[:-1])
        last = keys[-1]
        known = parent.pairs.get(last.text)
        table = _Table(start, self._at)
        match known:
            case None:
                parent.pairs[last.text] = (last, _Tables([table]) if array else table)
            case (_, _Tables(items)) if array:
                items.append(table)
            case (_, _Table() as existing) if not array and not existing.closed:
                if existing.stated:
                    message = f"the table “{last.text}” stands more than once; both are read as one"
                    self._faults.append(Diagnostic("TML102", Level.ERROR, message, last.span, "bring them together"))
                table = existing
            case _:
                raise _FaultError(f"“{last.text}” is defined already", start, "give every table a name of its own")
        table.stated = True
        self._table, self._path = table, tuple(key.text for key in keys)
        self._entries.append((self._path, Span(start, self._at)))

    def _pair(self, table: _Table, depth: int, path: tuple[str, ...] | None) -> None:
        """Pair = key "=" value; `path` is that of the table, None inside an inline table."""
        start = self._at
        keys = self._key()
        if self._text[self._at : self._at + 1] != "=":
            raise _FaultError("“=” is missing behind the key", self._at, "write key = value")
        self._at += 1
        self._blanks()
        value = self._value(depth + len(keys))
        inner = self._inner(table, keys[:-1])
        last = keys[-1]
        if last.text in inner.pairs:
            message = f"the key “{last.text}” stands more than once; the first one counts"
            self._faults.append(Diagnostic("TML102", Level.ERROR, message, last.span, "keep one of them"))
        else:
            inner.pairs[last.text] = (last, value)
        table.end = inner.end = self._at
        if path is not None:
            self._entries.append(((*path, *(key.text for key in keys)), Span(start, self._at)))

    def _inner(self, table: _Table, keys: list[ScalarNode]) -> _Table:
        """The table that `keys` lead to from `table`, made where it does not exist yet."""
        for key in keys:
            match table.pairs.get(key.text):
                case None:
                    inner = _Table(key.span.start, key.span.end)
                    table.pairs[key.text] = (key, inner)
                    table = inner
                case (_, _Table(closed=False) as inner):
                    table = inner
                case (_, _Tables(items)):
                    table = items[-1]
                case _:
                    raise _FaultError(f"“{key.text}” is no table", key.span.start, "use another name")
        return table

    def _line_end(self) -> None:
        """Nothing but blanks and a comment stand behind a header or value."""
        self._blanks()
        self._comment()
        if self._at < len(self._text) and self._text[self._at] != "\n":
            raise _FaultError("something stands behind the value", self._at, "start a new line, or check the quotes")

    def _blank_lines(self) -> None:
        """Blanks, line ends and comments."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in " \t\n":
                self._at += 1
            if self._at >= len(self._text) or self._text[self._at] != "#":
                return
            self._comment()

    def _blanks(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in " \t":
            self._at += 1

    def _comment(self) -> None:
        if self._at < len(self._text) and self._text[self._at] == "#":
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end

    # --- keys and values

    def _key(self) -> list[ScalarNode]:
        """Key = simple-key { "." simple-key }"""
        keys = []
        while True:
            self._blanks()
            start = self._at
            if self._text[start : start + 1] in ("'", '"'):
                keys.append(self._one_line())
            else:
                text, end = self._text, start
                while end < len(text) and text[end] in _BARE:
                    end += 1
                if end == start:
                    raise _FaultError("a key is missing", start, "write key = value, or put the key in quotes")
                keys.append(ScalarNode(text[start:end], "", Span(start, end)))
                self._at = end
            self._blanks()
            if self._text[self._at : self._at + 1] != ".":
                return keys
            if len(keys) >= MAX_DEPTH:
                raise _FaultError(f"nested deeper than {MAX_DEPTH} levels", self._at, "flatten the structure")
            self._at += 1

    def _value(self, depth: int) -> _Value:
        """Value = string | array | inline-table | number | truth-value | date"""
        if depth > MAX_DEPTH:
            raise _FaultError(f"nested deeper than {MAX_DEPTH} levels", self._at, "flatten the structure")
        match self._text[self._at : self._at + 1]:
            case '"' | "'":
                if self._text.startswith(SEVERAL_LINES, self._at):
                    return self._several_lines()
                return self._one_line()
            case "[":
                return self._array(depth)
            case "{":
                return self._inline_table(depth)
            case _:
                return self._plain()

    def _array(self, depth: int) -> SequenceNode:
        """Array = "[" [ value { "," value } [ "," ] ] "]", over any number of lines"""
        start = self._at
        self._at += 1
        items: list[Node] = []
        while True:
            self._blank_lines()
            if self._text[self._at : self._at + 1] == "]":
                break
            value = self._value(depth + 1)
            items.append(_frozen(value) if isinstance(value, _Table) else value)  # type: ignore[arg-type]  # no _Tables
            self._blank_lines()
            if self._text[self._at : self._at + 1] == ",":
                self._at += 1
            elif self._text[self._at : self._at + 1] != "]":
                raise _FaultError("“,” or “]” is missing", self._at, "close the list, or put a comma between its parts")
        self._at += 1
        return SequenceNode(tuple(items), Span(start, self._at))

    def _inline_table(self, depth: int) -> _Table:
        """inline-table = "{" [ pair { "," pair } ] "}"."""
        table = _Table(self._at, self._at, closed=True)
        self._at += 1
        self._blank_lines()
        while self._text[self._at : self._at + 1] != "}":
            self._pair(table, depth, None)
            self._blank_lines()
            if self._text[self._at : self._at + 1] == ",":
                self._at += 1
                self._blank_lines()
            elif self._text[self._at : self._at + 1] != "}":
                raise _FaultError(
                    "“,” or “}” is missing", self._at, "close the table, or put a comma between its parts"
                )
        self._at += 1
        table.end = self._at
        return table

    def _plain(self) -> ScalarNode:
        """A number, truth value or date (a blank may part it from a time); its text without a number's underscores."""
        start = self._at
        end = self._plain_end(start)
        if self._text[end - 3 : end - 2] == "-" and self._text[end : end + 1] == " ":
            time = self._text[end + 1 : end + 4]
            if time[:2].isdigit() and time[2:] == ":":
                end = self._plain_end(end + 1)
        written = self._text[start:end]
        if written not in _WORDS and not (written[:1] in "+-0123456789" and written and _NUMERIC.issuperset(written)):
            raise _FaultError("a value is missing or lacks its quotes", start, "put texts in quotes")
        self._at = start + len(written)
        return ScalarNode(written.replace("_", ""), "", Span(start, self._at))

    def _plain_end(self, at: int) -> int:
        while at < len(self._text) and self._text[at] not in " \t,]}#\n":
            at += 1
        return at

    def _one_line(self) -> ScalarNode:
        """A basic string in double quotes, with escapes, or a literal one in single quotes."""
        start = self._at
        quote = self._text[start]
        line_end = self._text.find("\n", start)
        limit = len(self._text) if line_end < 0 else line_end
        end = self._closing(quote, start + 1, limit)
        self._at = end + 1
        raw = self._text[start + 1 : end]
        return ScalarNode(self._unescaped(raw, start + 1) if quote == '"' else raw, quote, Span(start, self._at))

    def _several_lines(self) -> ScalarNode:
        """Between three quotes; one or two more may stand before the closing ones. A first line end is not its text."""
        start = self._at
        quotes = self._text[start : start + 3]
        end = self._closing(quotes, start + 3, len(self._text))
        end += next((more for more in (2, 1) if self._text.startswith(quotes[0] * more, end + 3)), 0)
        self._at = end + 3
        first = start + 3
        if self._text[first : first + 1] == "\n":
            first += 1
        raw = self._text[first:end]
        return ScalarNode(self._unescaped(raw, first) if quotes[0] == '"' else raw, quotes, Span(start, self._at))

    def _closing(self, quotes: str, at: int, limit: int) -> int:
        """Where the closing quotes stand: the first that no backslash escapes."""
        text = self._text
        while (end := text.find(quotes, at, limit)) >= 0:
            if quotes[0] == "'" or not _escaped(text, end, at):
                return end
            at = end + 1
        raise _FaultError(f"a string without its closing {quotes}", self._at, f"close the string with {quotes}")

    def _unescaped(self, raw: str, start: int) -> str:
        """The value of a basic string; what is no escape stays as written and is reported."""
        if "\\" not in raw:
            return raw
        parts = []
        at = 0
        while (escape := raw.find("\\", at)) >= 0:
            parts.append(raw[at:escape])
            sign = raw[escape + 1 : escape + 2]
            digits = raw[escape + 2 : escape + 2 + _CODES.get(sign, 0)]
            if sign in _ESCAPES:
                parts.append(_ESCAPES[sign])
                at = escape + 2
            elif sign in _CODES and (character := _character(digits, _CODES[sign])) is not None:
                parts.append(character)
                at = escape + 2 + len(digits)
            elif (joined := skip_joined(raw, escape + 1)) > escape + 1:
                at = joined
            else:
                at = escape + 1
                parts.append("\\")
                place = Span(start + escape, start + escape + 2)
                message = f"“\\{sign}” is no escape of TOML"
                advice = "write two backslashes, or use single quotes"
                self._faults.append(Diagnostic("TML103", Level.ERROR, message, place, advice))
        parts.append(raw[at:])
        return "".join(parts)


def _escaped(text: str, at: int, start: int) -> bool:
    """Whether an odd number of backslashes stands before `at`."""
    count = 0
    while at - count > start and text[at - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _character(digits: str, count: int) -> str | None:
    """The character of a code of `count` hexadecimal digits; None where it is none."""
    if len(digits) != count or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
        return None
    code = int(digits, 16)
    return chr(code) if code < 0xD800 or 0xDFFF < code <= 0x10FFFF else None


def _frozen(table: _Table) -> MappingNode:
    """A table and all below it as nodes."""
    pairs: list[tuple[ScalarNode, Node]] = []
    for key, value in table.pairs.values():
        node: Node
        match value:
            case _Table():
                node = _frozen(value)
            case _Tables(items):
                nodes = tuple(map(_frozen, items))
                node = SequenceNode(nodes, Span(items[0].start, max(item.end for item in items)))
            case _:
                node = value
        pairs.append((key, node))
    return MappingNode(tuple(pairs), Span(table.start, max(table.start, table.end)))
