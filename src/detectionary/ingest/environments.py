"""What queries are read against: the platform's tables and functions, and the functions of all ingested repositories.

A rule sees the functions of its own repository first: two repositories may each have a parser of the same name. Of
several definitions in one repository `repositories.precedence` chooses, of several repositories the first by name; so
the outcome does not depend on the order in which files arrive.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import TypeAlias

from detectionary.model.schema import Environment, FunctionDefinition, TableSchema
from detectionary.repositories import precedence

Defined: TypeAlias = tuple[str, str, FunctionDefinition]
"""(repository, path, definition)"""


class Environments:
    """The environment of every repository."""

    def __init__(self, base: Environment, functions: Iterable[Defined]) -> None:
        self._base = base
        self._shared: dict[str, FunctionDefinition] = dict(base.functions)
        self._own: dict[str, dict[str, FunctionDefinition]] = {}
        found: dict[str, FunctionDefinition] = {}
        for repository, _, definition in sorted(functions, key=lambda defined: (defined[0], precedence(defined[2]))):
            found.setdefault(definition.name, definition)
            self._own.setdefault(repository, {}).setdefault(definition.name, definition)
        self._shared |= found
        self._made: dict[str, Environment] = {}
        self._digests: dict[tuple[str, str], str] = {}

    def of(self, repository: str) -> Environment:
        """What the rules of `repository` are read against."""
        made = self._made.get(repository)
        if made is None:
            functions = {**self._shared, **self._own.get(repository, {})}
            made = self._made[repository] = Environment(self._base.tables, functions)
        return made

    def digest(self, repository: str, name: str) -> str:
        """Changes when `name` means something else to the rules of `repository`; empty while it means nothing.

        A name with `*` stands for all tables that it matches.
        """
        key = (repository, name)
        digest = self._digests.get(key)
        if digest is None:
            environment = self.of(repository)
            if "*" in name:
                # Kusto's wildcards match tables, never functions. What each of them holds is looked up by its own name.
                digest = _hash(sorted(found for found in environment.tables if fnmatchcase(found, name)))
            else:
                digest = _meaning(environment.tables.get(name), environment.functions.get(name))
            self._digests[key] = digest
        return digest

    def dependencies(self, repository: str, names: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """(name, digest) of names that an analysis looked up."""
        return tuple((name, self.digest(repository, name)) for name in sorted(names))


def functions_digest(functions: Iterable[tuple[str, str, str, str]]) -> str:
    """One digest of (repository, path, name, digest) of all functions."""
    return _hash("\0".join(function) for function in sorted(functions))


def base_digest(base: Environment) -> str:
    """One digest of the platform's tables and functions."""
    tables = (_table(table) for _, table in sorted(base.tables.items()))
    return _hash([*tables, *(f"{name} {base.functions[name].digest}" for name in sorted(base.functions))])


def _meaning(table: TableSchema | None, function: FunctionDefinition | None) -> str:
    if table is None and function is None:
        return ""
    return _hash(["" if table is None else _table(table), "" if function is None else function.digest])


def _table(table: TableSchema) -> str:
    columns = ",".join(f"{column.name}:{column.type}" for column in table.columns)
    return f"{table.name}({columns}){'+' * table.open}"


def _hash(parts: Iterable[str]) -> str:
    return blake2b("\n".join(parts).encode(), digest_size=8).hexdigest()
