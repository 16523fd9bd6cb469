"""Saved functions of a workspace: ASIM and vendor parsers, as YAML, as query text, and in ARM templates.

Rules call them by name as if they were tables. Many upstream folders hold one parser in several forms; `preferred`
picks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

import msgspec

from detectionary.model.rule import FileContent
from detectionary.model.schema import FunctionDefinition
from detectionary.repositories import kusto_file, sentinel
from detectionary.repositories.kusto_shape import code_lines
from detectionary.repositories.positions import source_of
from detectionary.repositories.reader import Split
from detectionary.repositories.repository import Repository
from detectionary.repositories.wire import read_shape
from detectionary.text import Diagnostic, Level, SourceText, Span
from detectionary.text.yamldoc import MappingNode, ScalarNode, parse_yaml

_QUERY_KEYS: Final = ("ParserQuery", "FunctionQuery")
_PARAMETER_KEYS: Final = ("ParserParams", "FunctionParams")
_PARSER_FOLDERS: Final = frozenset(("parser", "parsers"))
_FUNCTION_FOLDERS: Final = frozenset(("function", "functions"))


def accepts(path: str, head: str) -> bool:
    """YAML with a function's keys; query text in a folder of parsers or functions; templates that save functions."""
    if sentinel.is_yaml(path):
        return any(_has_key(head, key) for key in (*_QUERY_KEYS, "functionAlias"))
    if kusto_file.accepts(path, head):
        return bool(_folders(path) & (_PARSER_FOLDERS | _FUNCTION_FOLDERS))
    return path.lower().endswith(".json") and "functionAlias" in head and "savedSearches" in head


def read(path: str, text: str, repository: Repository, split: Split) -> FileContent:
    """The functions of a file. A query text in a folder of functions, not parsers, is a rule too: one hunts with it."""
    if sentinel.is_yaml(path):
        return _read_yaml(path, text)
    if path.lower().endswith(".json"):
        return _read_template(path, text)
    reason = _not_a_function(path, text)
    if reason is not None:
        return FileContent(ignored=reason)
    functions = tuple(_of_text(path, text))
    if not functions and _folders(path) & _PARSER_FOLDERS:
        return FileContent(ignored="a parser without a name that a query could call it by")
    if _folders(path) & _PARSER_FOLDERS:
        return FileContent(functions=functions)
    return replace(kusto_file.read(path, text, repository, split), functions=functions, ignored=None)


def preferred(functions: Iterable[FunctionDefinition]) -> dict[str, FunctionDefinition]:
    """One definition a name: YAML before query text before templates; then the solution's own; then by path."""
    chosen: dict[str, FunctionDefinition] = {}
    for function in sorted(functions, key=precedence):
        chosen.setdefault(function.name, function)
    return chosen


def precedence(function: FunctionDefinition) -> tuple[int, bool, str, str]:
    """A sort key: of definitions of one name in one repository, the one that counts comes first."""
    path = function.origin
    form = 0 if sentinel.is_yaml(path) else 2 if path.lower().endswith(".json") else 1
    return form, not path.startswith("Solutions/"), path, function.digest


def _has_key(text: str, key: str) -> bool:
    return text.startswith(f"{key}:") or f"\n{key}:" in text


def _folders(path: str) -> frozenset[str]:
    return frozenset(path.lower().split("/")[:-1])


def definition(name: str, parameters: str, body: SourceText, path: str) -> FunctionDefinition:
    """What the file at `path` defines under `name`, with its digest."""
    digest = hashlib.sha256("\0".join((name, parameters, body.text)).encode()).hexdigest()[:32]
    return FunctionDefinition(name, parameters, body, digest, origin=path)


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier()


# --- YAML


class _Parameter(msgspec.Struct, rename="pascal"):
    name: str = ""
    type: str = ""
    default: str | None = None


class _FunctionFile(msgspec.Struct):
    """An ASIM parser or library function, a vendor parser, or a saved function of a Sentinel-as-code repository."""

    ParserName: str = ""
    EquivalentBuiltInParser: str = ""
    ParserParams: list[_Parameter] = []
    FunctionName: str = ""
    FunctionAlias: str = ""
    EquivalentBuiltInFunction: str = ""
    FunctionParams: list[_Parameter] = []
    functionAlias: str = ""  # noqa: N815  # as its authors write it
    functionParameters: str = ""  # noqa: N815


def _read_yaml(path: str, text: str) -> FileContent:
    stream = parse_yaml(text)
    functions: list[FunctionDefinition] = []
    diagnostics = list(stream.diagnostics)
    for document in stream.documents:
        root = document.root
        if not isinstance(root, MappingNode):
            continue
        wire, mismatches = read_shape(root, _FunctionFile, _declarations(root))
        diagnostics.extend(mismatches)
        node = next((node for key in (*_QUERY_KEYS, "query") if (node := root.get(key)) is not None), None)
        if not isinstance(node, ScalarNode) or not node.text.strip():
            diagnostics.append(_missing("the function's query", root.span))
            continue
        names = [name for name in _names(wire) if _is_name(name)]
        if not names:
            diagnostics.append(_missing("the function's name", root.span))
        parameters = wire.functionParameters or ", ".join(map(_declared, wire.ParserParams or wire.FunctionParams))
        body = source_of(node, text, path)
        functions.extend(definition(name, parameters, body, path) for name in names)
    if functions:
        return FileContent(functions=tuple(functions), diagnostics=tuple(diagnostics))
    return FileContent(diagnostics=tuple(diagnostics), ignored="a function without a name or a query (a template?)")


def _declarations(root: MappingNode) -> dict[str, str]:
    """The keys under which the parameters stand as one text in Kusto's own words, and not as a list."""
    return {key: "functionParameters" for key in _PARAMETER_KEYS if isinstance(root.get(key), ScalarNode)}


def _missing(what: str, span: Span) -> Diagnostic:
    return Diagnostic("FUN101", Level.WARNING, f"{what} is missing", span, "a saved function needs a name and a query")


def _names(wire: _FunctionFile) -> Iterator[str]:
    """All names that the function can be called by; the built-in twin of an ASIM parser has the same body."""
    names = (
        *(wire.ParserName, wire.FunctionName, wire.FunctionAlias, wire.functionAlias),
        *(wire.EquivalentBuiltInParser, wire.EquivalentBuiltInFunction),
    )
    yield from dict.fromkeys(name.strip() for name in names if name.strip())


def _declared(parameter: _Parameter) -> str:
    """`name:type=default`; YAML takes the quotes off a text's default, Kusto needs them."""
    declared = f"{parameter.name}:{parameter.type}"
    default = parameter.default
    if default is None:
        return declared
    if parameter.type == "string" and not default.startswith(("'", '"', "@")):
        escaped = default.replace("\\", "\\\\").replace("'", "\\'")
        default = f"'{escaped}'"
    return f"{declared}={default}"


# --- query text


def _not_a_function(path: str, text: str) -> str | None:
    reason = kusto_file.not_kusto(path, text)
    if reason is None or not code_lines(text):
        return reason
    # A fragment ("| extend …") is kept: it is meant to stand behind a table.
    return "a fragment that starts with a pipe" if code_lines(text)[0].startswith("|") else reason


def _of_text(path: str, text: str) -> Iterator[FunctionDefinition]:
    """One definition a name: the file's name, and those that the heading comment states. Rules use either."""
    stem = path.rpartition("/")[2]
    while kusto_file.ending(stem):
        stem = stem.rpartition(".")[0]
    names = dict.fromkeys((*stated_names(text), stem.replace(" ", "_")))
    body, parameters = SourceText(text, path), stated_parameters(text)
    return (definition(name, parameters, body, path) for name in names if _is_name(name))


_PHRASES: Final = (
    # What upstream writes before the name, in lower case; the text up to the name may hold quotes, colons and dashes.
    "function name and alias as",
    "function alias as",
    "alias is set to",
    "alias of",
    "alias must be set to",
    "alias as",
    "alias (e.g.",
    "function name must be set to",
    "name must be set to",
    "if you name the function",
    "if you save as",
    "save this function as",
    "from any other queries (e.g.",
    "from any other query (e.g.",
    "(example:",
    "with the function alias",
    "function name:",
    "function alias:",
)


def stated_names(text: str) -> Iterator[str]:
    """The names that the heading comment says to save the query under, each once."""
    seen: set[str] = set()
    said = " ".join(line.strip().lstrip("/ ") for line in text.split("\n") if line.strip().startswith("//"))
    lower = said.lower()
    for phrase in _PHRASES:
        at = lower.find(phrase)
        while at >= 0:
            name = _leading_name(said[at + len(phrase) :])
            if name and name not in seen and "_" + name.lower() not in ("_the", "_a", "_an", "_your", "_any", "_to"):
                seen.add(name)
                yield name
            at = lower.find(phrase, at + 1)


def _leading_name(text: str) -> str:
    """The name that `text` begins with, quotes, colons and dashes before it left aside."""
    text = text.lstrip(" \"'`:-“‘")
    end = 0
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    name = text[:end]
    return name if _is_name(name) and len(name) > 2 else ""


def stated_parameters(text: str) -> str:
    """`// let Function = (a:datetime, b:timespan = 14d){`, the declaration that some authors leave as a comment."""
    for line in text.split("\n"):
        said = line.strip().lstrip("/ ")
        if line.strip().startswith("//") and said.startswith("let ") and said.rstrip().endswith("){") and "(" in said:
            declared = said[said.index("(") + 1 : said.rindex(")")]
            return declared.strip()
    return ""


# --- ARM templates


class _SavedSearch(msgspec.Struct, rename="camel"):
    function_alias: str = ""
    function_parameters: str = ""
    query: str = ""


class _Resource(msgspec.Struct):
    type: str = ""
    properties: _SavedSearch | msgspec.UnsetType = msgspec.UNSET
    resources: list[_Resource] = []


class _Template(msgspec.Struct):
    resources: list[_Resource] = []


def _read_template(path: str, text: str) -> FileContent:
    """The saved searches with an alias, at any depth. Their queries stand in JSON: positions are the query's own."""
    try:
        template = msgspec.json.decode(text, type=_Template)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        fault = Diagnostic("FUN102", Level.WARNING, f"not a template that can be read: {error}")
        return FileContent(diagnostics=(fault,), ignored="a template that cannot be read")
    functions = tuple(
        definition(search.function_alias, search.function_parameters, SourceText(search.query, path), path)
        for search in _saved(template.resources)
        if _is_name(search.function_alias) and search.query.strip()
    )
    return FileContent(functions=functions, ignored=None if functions else "a template without a saved function")


def _saved(resources: list[_Resource]) -> Iterator[_SavedSearch]:
    for resource in resources:
        if resource.type.lower().endswith("savedsearches") and isinstance(resource.properties, _SavedSearch):
            yield resource.properties
        yield from _saved(resource.resources)
