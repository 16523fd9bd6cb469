"""The catalog that a command reads, and rules named by id, slug or file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from detectionary.catalog import Catalog, CatalogError, open_catalog
from detectionary.cli.files import read_content, rules_of
from detectionary.cli.trouble import Trouble
from detectionary.ingest import assemble
from detectionary.languages import language_named
from detectionary.model.entry import NO_RELATIONS, Entry
from detectionary.model.schema import Environment
from detectionary.pages import RulePage, rule_page
from detectionary.schemas import environment_base

DEFAULT: Final = Path("detectionary.db")
Database = Annotated[Path, Parameter(name="--db", help="The catalog file.")]


@contextmanager
def reading(path: Path) -> Iterator[Catalog]:
    """The catalog at `path`; what is wrong with it is a `Trouble`."""
    try:
        with open_catalog(path) as catalog:
            yield catalog
    except CatalogError as error:
        raise Trouble(str(error), error.help) from error


def entry_of(catalog: Catalog, name: str) -> Entry:
    """The rule with this slug or id."""
    entry = catalog.entry(name)
    if entry is None:
        raise Trouble(
            f"no rule {name!r} in {catalog.path}, and no file of that name",
            "detectionary search TEXT finds ids and slugs",
        )
    return entry


def is_file(name: str) -> bool:
    """Whether a RULE of the command line is a file: anything that exists, or that only a path can look like."""
    return Path(name).exists() or "/" in name or "\\" in name


def entries_of_file(path: Path) -> Iterator[Entry]:
    """The rules of a file that is in no catalog, against the built-in environment and what the file itself defines."""
    content = read_content(path)
    base = environment_base()
    environment = Environment(base.tables, {**base.functions, **{each.name: each for each in content.functions}})
    for found in rules_of(content, path):
        yield assemble(found.rule, language_named(found.rule.language), environment)


def pages_of(names: tuple[str, ...], db: Path) -> Iterator[RulePage | Trouble]:
    """The pages of rules, in the order asked for: files are read, everything else is looked up in the catalog.

    A name without a page gives its trouble, and the others follow.
    """
    if all(is_file(name) for name in names):
        for name in names:
            yield from _file_pages(Path(name))
        return
    with reading(db) as catalog:
        for name in names:
            if is_file(name):
                yield from _file_pages(Path(name))
                continue
            try:
                entry = entry_of(catalog, name)
            except Trouble as trouble:
                yield trouble
            else:
                yield rule_page(entry, catalog.relations(entry), language_named(entry.rule.language).highlight)


def _file_pages(path: Path) -> Iterator[RulePage | Trouble]:
    try:
        for entry in entries_of_file(path):
            yield rule_page(entry, NO_RELATIONS, language_named(entry.rule.language).highlight)
    except Trouble as trouble:
        yield trouble
