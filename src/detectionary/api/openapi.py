"""The OpenAPI document: what FastAPI knows of parameters, with the schemas of the answers as msgspec writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Any, Final

import msgspec
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from detectionary.api.answering import SCHEMAS
from detectionary.api.problems import Problem
from detectionary.pages.changes.context import runs_of
from detectionary.pages.library import Library
from detectionary.pages.rule.context import RENDERING_ONLY, RulePage

Document = dict[str, Any]  # JSON of many shapes

_ABOUT: Final = """All rules of the catalog, as the pages of the site show them: the JSON of a page is the answer here.

Everything is read with GET or HEAD. Answers have an ETag; asked for again with If-None-Match they are `304` while
nothing has changed. Lists come in parts (`offset`, `limit`) and name the others in a header `Link`. Errors are
`application/problem+json` (RFC 9457)."""


Examples = Mapping[str, str | int]
"""By the name of a parameter whose values no catalog shares with another, one that leads somewhere."""


def examples_of(library: Library) -> Examples:
    """Examples from a catalog: its first rules, and the newest ingest that changed something."""
    slugs = [rule.reference.slug for rule in library.index.rules[:2]]
    run = next((run.number for run in runs_of(library) if run.complete and run.total), None)
    found: dict[str, str | int] = {} if run is None else {"run": run}
    return found | ({"name": slugs[0], "rules": ",".join(slugs)} if slugs else {})


def document(
    routes: Iterable[BaseRoute], types: Iterable[type[msgspec.Struct]], root: str, examples: Examples
) -> Document:
    """The document of `routes`, whose answers are of `types`; `root` is where readers find the site."""
    made = get_openapi(
        title="Detectionary",
        version=version("detectionary"),
        summary="The catalog of detection rules",
        description=_ABOUT,
        routes=list(routes),
        servers=None if root == "/" else [{"url": root.removesuffix("/")}],
    )
    types = (*types, Problem)
    _, schemas = msgspec.json.schema_components(types, ref_template=f"{SCHEMAS}{{name}}")
    for each in types:
        # What an operation takes is told by its address; the tag may be given, and does not have to be.
        tag = each.__struct_config__.tag_field
        if tag is not None:
            schemas[each.__name__]["required"].remove(tag)
        if each is RulePage:
            for name in RENDERING_ONLY:
                del schemas[each.__name__]["properties"][name]
                schemas[each.__name__]["required"].remove(name)
    for parameter in _parameters(made):
        example = examples.get(parameter["name"])
        if example is not None and parameter.get("required"):
            parameter["schema"]["examples"] = [example]
    components = made.setdefault("components", {}).setdefault("schemas", {})
    components.update(_plainer(schemas))
    made["components"]["schemas"] = dict(sorted(components.items()))
    return made


def _parameters(made: Document) -> Iterator[Document]:
    for operations in made["paths"].values():
        for operation in operations.values():
            yield from operation.get("parameters", ())


def _plainer(schema: Any) -> Any:
    """A schema in which pairs of one type are arrays of that type: many readers of schemas know nothing of tuples."""
    match schema:
        case {"prefixItems": [first, *others], "items": False} if all(other == first for other in others):
            return {name: part for name, part in schema.items() if name != "prefixItems"} | {"items": _plainer(first)}
        case dict():
            return {name: _plainer(part) for name, part in schema.items()}
        case list():
            return [_plainer(part) for part in schema]
        case _:
            return schema
