"""`parse_xml` by learn.microsoft.com, "parse_xml()": XML as the JSON of a dynamic value.

The page gives the whole mapping: an element without content is null, with text alone it is the text; attributes are
members `@name`, text beside them is `#text`; children are members, several of one name an array. Only elements,
attributes and text are translated. An invalid text, or one above 1 MiB, is null. Where the page leaves open what comes
out (CDATA, a document type, text between elements with blanks round it or in several pieces), the query stops instead
of guessing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from xml.parsers import expat

from detectionary.engines.duckdb.stopping import MARK

LONGEST: Final = 1_048_576
"""Bytes; "Longer strings interpretation will result in a null object"."""

Item: TypeAlias = "str | dict[str, Item] | list[Item] | None"


class UnknownXml(ValueError):  # noqa: N818 - what it is, not a fault of the text
    """XML whose translation is not documented."""

    def __init__(self, message: str) -> None:
        super().__init__(MARK + message)


@dataclass(slots=True)
class _Element:
    name: str
    members: dict[str, Item]
    texts: list[str] = field(default_factory=list)
    children: int = 0


def parse_xml(text: str | None) -> str | None:
    """The JSON text of an XML text; None when it is no XML. Raises `UnknownXml`."""
    if text is None or len(text.encode("utf-8", "surrogatepass")) > LONGEST:
        return None
    reader = _Reader()
    try:
        reader.parser.Parse(text, True)
    except expat.ExpatError:
        return None
    return json.dumps(reader.result, ensure_ascii=False, separators=(",", ":"))


class _Reader:
    """Builds the value while expat reads; the stack is a list, so depth costs no recursion."""

    def __init__(self) -> None:
        self.result: dict[str, Item] = {}
        self._open: list[_Element] = []
        self.parser = expat.ParserCreate(encoding="utf-8")
        self.parser.buffer_text = True
        self.parser.ordered_attributes = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartCdataSectionHandler = self._cdata
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._open:
            self._open[-1].children += 1
        pairs = zip(attributes[::2], attributes[1::2], strict=True)
        self._open.append(_Element(name, {f"@{key}": value for key, value in pairs}))

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].texts.append(text)

    def _end(self, _name: str) -> None:
        element = self._open.pop()
        if self._open:
            _add(self._open[-1].members, element.name, _value(element))
        else:
            self.result = {element.name: _value(element)}

    def _cdata(self) -> None:
        raise UnknownXml("it is not documented what parse_xml makes of CDATA")

    def _doctype(self, *_: object) -> None:
        raise UnknownXml("XML with a document type is not read")


def _value(element: _Element) -> Item:
    pieces = [text for text in element.texts if text.strip()]
    if element.children:
        if len(pieces) > 1 or any(text != text.strip() for text in pieces):
            raise UnknownXml("it is not documented how parse_xml holds this text between elements")
        return {**element.members, "#text": pieces[0]} if pieces else element.members
    text = "".join(element.texts)
    if element.members:
        return {**element.members, "#text": text} if text.strip() else element.members
    return text if text.strip() else None


def _add(members: dict[str, Item], name: str, value: Item) -> None:
    """A child; several of one name are an array."""
    if name not in members:
        members[name] = value
        return
    before = members[name]
    if isinstance(before, list):
        before.append(value)
    else:
        members[name] = [before, value]
