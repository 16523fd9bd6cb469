"""The page that explains the API: written from its OpenAPI document, so that the two say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Template

from detectionary.api.parameters import Filtering
from detectionary.api.problems import PROBLEMS
from detectionary.pages.environment import environment
from detectionary.pages.keys import up
from detectionary.pages.kind import PageKind
from detectionary.pages.library import Library
from detectionary.pages.part import Part

PATH: Final = "api/index.html"
SHAPES_PATH: Final = "api/shapes.html"

Schema = Mapping[str, Any]  # a JSON schema

Words = tuple[tuple[str, str | None], ...]
"""Pieces of a sentence, in order; with the name of the shape that a piece leads to."""


class ShownParameter(Part, frozen=True):
    """A parameter of an operation. `limits` say in words what it may be; `default` is what it is when left out."""

    name: str
    place: str
    required: bool
    repeated: bool
    limits: str
    default: str | None
    description: str


class ShownOperation(Part, frozen=True):
    """An operation. `filtered`: it takes the filters too, which are explained once.

    `example` is an address; it `leads` somewhere in every catalog, or only shows what an address looks like.
    """

    id: str
    method: str
    path: str
    description: tuple[str, ...]
    parameters: tuple[ShownParameter, ...]
    filtered: bool
    body: Words
    answer: Words
    problems: tuple[int, ...]
    example: str | None
    leads: bool


class ShownGroup(Part, frozen=True):
    """Operations that belong together."""

    name: str
    operations: tuple[ShownOperation, ...]


class ShownField(Part, frozen=True):
    """A field of a shape; one that is not `always` there may be left out."""

    name: str
    type: Words
    always: bool


class ShownShape(Part, frozen=True):
    """What an answer, or a part of one, is made of."""

    name: str
    description: tuple[str, ...]
    fields: tuple[ShownField, ...]
    values: tuple[str, ...]


class ShownProblem(Part, frozen=True):
    """A kind of error."""

    name: str
    status: int
    title: str
    meaning: str


class ReferencePage(Part, frozen=True):
    """The API in words: its operations, or (`shapes`) what they answer with."""

    shapes_only: bool
    about: tuple[str, ...]
    groups: tuple[ShownGroup, ...]
    filters: tuple[ShownParameter, ...]
    shapes: tuple[ShownShape, ...]
    problems: tuple[ShownProblem, ...]


def reference(document: Schema) -> PageKind[ReferencePage]:
    """The kind of page that explains an OpenAPI document."""
    pages = {PATH: reference_page(document, shapes=False), SHAPES_PATH: reference_page(document, shapes=True)}

    def fill(_library: Library, path: str) -> ReferencePage | None:
        return pages.get(path)

    return PageKind("api", "api", lambda _library: tuple(pages), fill, _html, json=False)


def _html(_library: Library, page: ReferencePage) -> str:
    html: str = _template().render(page=page, root=up(PATH), area="api")
    return html


@cache
def _template() -> Template:
    return environment().from_string(files("detectionary.api").joinpath("reference.html.j2").read_text("utf-8"))


def reference_page(document: Schema, *, shapes: bool) -> ReferencePage:
    """The content of one of the two pages."""
    schemas: Schema = document["components"]["schemas"]
    filters = _parameters(document["paths"]["/api/search"]["get"]["parameters"], schemas)
    return ReferencePage(
        shapes_only=shapes,
        about=_paragraphs(document["info"]["description"]),
        groups=() if shapes else tuple(_groups(document["paths"], schemas)),
        filters=() if shapes else tuple(each for each in filters if each.name in Filtering.model_fields),
        shapes=tuple(_shapes(schemas)) if shapes else (),
        problems=() if shapes else _problems(),
    )


def _problems() -> tuple[ShownProblem, ...]:
    return tuple(ShownProblem(each.name, int(each.status), each.title, each.meaning) for each in PROBLEMS)


def _groups(paths: Schema, enums: Schema) -> Iterator[ShownGroup]:
    by_tag: dict[str, list[ShownOperation]] = {}
    for path, operations in paths.items():
        for method, operation in operations.items():
            by_tag.setdefault(operation["tags"][0], []).append(_operation(method.upper(), path, operation, enums))
    for tag, shown in by_tag.items():
        yield ShownGroup(tag, tuple(shown))


def _operation(method: str, path: str, operation: Schema, enums: Schema) -> ShownOperation:
    parameters = _parameters(operation.get("parameters", ()), enums)
    filtered = {*Filtering.model_fields} <= {each.name for each in parameters}
    responses: Schema = operation["responses"]
    return ShownOperation(
        id=operation["operationId"],
        method=method,
        path=path,
        description=_paragraphs(operation["description"]),
        parameters=tuple(each for each in parameters if not filtered or each.name not in Filtering.model_fields),
        filtered=filtered,
        body=_content(operation.get("requestBody", {})),
        answer=_content(responses["200"]),
        problems=tuple(int(status) for status in responses if int(status) >= 400),
        example=_example(path, operation.get("parameters", ())) if method == "GET" else None,
        leads=all("$ref" in each["schema"] for each in operation.get("parameters", ()) if each.get("required")),
    )


def _content(described: Schema) -> Words:
    for content in described.get("content", {}).values():
        return _words(content["schema"])
    return ()


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def _parameters(parameters: Iterable[Schema], enums: Schema) -> tuple[ShownParameter, ...]:
    return tuple(_parameter(each, enums) for each in parameters)


def _parameter(parameter: Schema, enums: Schema) -> ShownParameter:
    schema: Schema = parameter["schema"]
    if "$ref" in schema:
        schema = {**enums[schema["$ref"].rpartition("/")[2]], **schema}
    repeated = schema.get("type") == "array"
    default = schema.get("default")
    return ShownParameter(
        name=parameter["name"],
        place=parameter["in"],
        required=parameter.get("required", False),
        repeated=repeated,
        limits=_limits(schema["items"] if repeated else schema),
        default=None if default in (None, "", []) else str(default),
        description=parameter.get("description", ""),
    )


def _limits(schema: Schema) -> str:
    match schema:
        case {"enum": values}:
            return ", ".join(map(str, values))
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"{least:,} to {most:,}"
        case {"maxLength": most}:
            return f"at most {most:,} characters"
        case _:
            return ""


def _example(path: str, parameters: Sequence[Schema]) -> str | None:
    """An address to begin with: the first examples of what is required and of one filter. None when one is missing."""
    chosen: list[tuple[str, str]] = []
    for parameter in parameters:
        examples: list[Any] = parameter["schema"].get("examples") or []
        if parameter["in"] == "path":
            if not examples:
                return None
            path = path.replace(f"{{{parameter['name']}}}", str(examples[0]))
        elif parameter.get("required") and examples:
            chosen.append((parameter["name"], str(examples[0])))
        elif parameter["name"] == "platform":
            chosen.append(("platform", str(examples[0][0])))
    return f"{path}?{urlencode(chosen)}" if chosen else path


# Shapes


def _shapes(schemas: Schema) -> Iterator[ShownShape]:
    for name, schema in schemas.items():
        required = frozenset(schema.get("required", ()))
        yield ShownShape(
            name,
            _paragraphs(schema.get("description", "")),
            tuple(
                ShownField(field, _words(described), field in required)
                for field, described in schema.get("properties", {}).items()
            ),
            tuple(map(str, schema.get("enum", ()))),
        )


def _words(schema: Schema) -> Words:
    """A schema as people say it: "list of FoundRule", "text or null"."""
    match schema:
        case {"$ref": reference}:
            name = str(reference).rpartition("/")[2]
            return ((name, name),)
        case {"anyOf": alternatives}:
            return _joined((_words(each) for each in alternatives), " or ")
        case {"enum": values}:
            return (("one of " + ", ".join(map(str, values)), None),)
        case {"type": "array", "prefixItems": parts}:
            return (("(", None), *_joined((_words(each) for each in parts), ", "), (")", None))
        case {"type": "array", "items": dict(items), "minItems": count}:
            return ((f"{count} × ", None), *_words(items))
        case {"type": "array", "items": dict(items)}:
            return (("list of ", None), *_words(items))
        case {"type": "object", "additionalProperties": dict(values)}:
            return (("by name: ", None), *_words(values))
        case {"type": kind}:
            return ((_KINDS.get(str(kind), str(kind)), None),)
        case _:
            return (("anything", None),)


_KINDS: Final = {"string": "text", "integer": "whole number", "boolean": "true or false", "null": "null"}


def _joined(parts: Iterable[Words], between: str) -> Words:
    found: list[tuple[str, str | None]] = []
    for part in parts:
        if found:
            found.append((between, None))
        found += part
    return tuple(found)
