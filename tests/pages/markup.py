"""Read HTML as a browser would, well enough to judge what it may load, run and link to."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "object": "data", "source": "src"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str | None]
    text: str = ""


@dataclass
class Document:
    """The elements of a page in order; `unclosed` and `stray` name tags that do not pair."""

    elements: list[Element] = field(default_factory=list)
    unclosed: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str) -> list[Element]:
        return [element for element in self.elements if element.tag == tag]

    def ids(self) -> list[str]:
        return [str(element.attributes["id"]) for element in self.elements if "id" in element.attributes]

    def loads(self) -> list[str]:
        """Addresses that a browser fetches for the page by itself."""
        return [
            str(element.attributes[LOADING[element.tag]])
            for element in self.elements
            if element.tag in LOADING
            and LOADING[element.tag] in element.attributes
            and element.attributes.get("rel") != "alternate"
        ]

    def links(self) -> list[str]:
        return [str(element.attributes["href"]) for element in self.all("a") if "href" in element.attributes]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.document = Document()
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "li" and self._open and self._open[-1].tag == "li":
            self._open.pop()  # the end tag of a list item may be left out before the next item
        element = Element(tag, dict(attrs))
        assert len(dict(attrs)) == len(attrs), f"an attribute stands twice in <{tag}>: {attrs}"
        self.document.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("ol", "ul") and self._open and self._open[-1].tag == "li":
            self._open.pop()
        if self._open and self._open[-1].tag == tag:
            self._open.pop()
        else:
            self.document.stray.append(tag)

    def handle_data(self, data: str) -> None:
        self.document.text += data
        for element in self._open:
            element.text += data

    def close(self) -> None:
        super().close()
        self.document.unclosed = [element.tag for element in self._open]


def read(html: str) -> Document:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.document


def faults(html: str) -> list[str]:
    """What no page of ours may have."""
    document = read(html)
    found = [f"<{tag}> is not closed" for tag in document.unclosed] + [
        f"</{tag}> closes nothing" for tag in document.stray
    ]
    ids = document.ids()
    found += [f"the id {name} stands twice" for name in sorted({name for name in ids if ids.count(name) > 1})]
    for element in document.elements:
        for name, value in element.attributes.items():
            if name.startswith("on") or name in ("style", "srcdoc", "formaction"):
                found.append(f"<{element.tag}> has {name}")
            if name in ("href", "src") and (value or "").split(":")[0].strip().lower() in (
                "javascript",
                "data",
                "vbscript",
            ):
                found.append(f"<{element.tag}> has {name}={value}")
        if element.tag in ("style", "iframe", "object", "embed", "base"):
            found.append(f"<{element.tag}>")
        if element.tag == "form" and (
            element.attributes.get("method", "get") != "get" or ":" in (element.attributes.get("action") or "")
        ):
            found.append(f"<form> sends to {element.attributes.get('action')}")
        if element.tag == "script" and (element.text.strip() or "src" not in element.attributes):
            found.append("a script inside the page")
    found += [f"{address} is another site's" for address in document.loads() if "//" in address or ":" in address]
    policies = [
        element.attributes.get("content") or ""
        for element in document.all("meta")
        if element.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    if len(policies) != 1:
        found.append("no policy, or several")
    elif "unsafe" in policies[0] or "default-src 'none'" not in policies[0]:
        found.append(f"a weak policy: {policies[0]}")
    found += [f"the link to #{name} goes nowhere" for name in _missing_anchors(document)]
    return found


def _missing_anchors(document: Document) -> list[str]:
    ids = set(document.ids())
    return [link[1:] for link in document.links() if link.startswith("#") and link[1:] not in ids]
