"""A session seen without some of its tables, which are empty then."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from detectionary.compiler.compile import CompiledQuery
from detectionary.compiler.dialect import StoredTable
from detectionary.engines.engine import Session
from detectionary.engines.result import Result


@dataclass(frozen=True, slots=True)
class Masked:
    """`session` without the rows of the tables `hidden`; see `engines.engine.Session`."""

    session: Session
    hidden: Collection[str]

    @property
    def storage(self) -> Mapping[str, StoredTable]:
        return {name: table for name, table in self.session.storage.items() if name not in self.hidden}

    def run(self, query: CompiledQuery) -> Result:
        return self.session.run(query)

    def close(self) -> None:
        """Nothing: the session is its owner's."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
