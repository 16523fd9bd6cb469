"""The catalog's schema as a page of the documentation, printed from the same data that makes the file."""

# ruff: noqa: S608  # the queries below are examples

from __future__ import annotations

from collections.abc import Iterator

from detectionary.catalog.schema import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    SEARCH_COLUMNS,
    TABLES,
    VIEWS,
    Column,
    Table,
)

_INTRODUCTION = f"""# The catalog file

*Generated from `src/detectionary/catalog/schema.py` by `make docs`; do not edit.*

A catalog is one SQLite file (schema version {SCHEMA_VERSION} in `user_version`, `application_id` {APPLICATION_ID:#x}).
Any tool that reads SQLite can question it; only `detectionary ingest` writes it. At rest there is nothing beside the
file, so it can be copied, mailed and archived as it is.

Rules are never deleted. A rule that its repository no longer holds has a `gone_run`; its rows stay. Questions about the
present join with `rules` and ask for `gone_run IS NULL`, or use the [views](#views), which do.

```sql
-- The rules that look for a value, in any language
SELECT slug, title, field, operator FROM indicators WHERE value = 'RunInstances';

-- What is excluded most often
SELECT field, operator, value, COUNT(DISTINCT rule) AS rules
FROM exclusions GROUP BY 1, 2, 3 ORDER BY rules DESC LIMIT 20;

-- High severity rules for one technique, with where they come from
SELECT p.title, p.repository, p.path FROM present_rules AS p JOIN techniques AS t ON t.rule = p.id
WHERE t.technique_id = 'T1078' AND p.severity = 'high';

-- Full text
SELECT r.title FROM search JOIN rules AS r ON r.id = search.rowid
WHERE search MATCH 'lsass AND dump' ORDER BY bm25(search);
```
"""


def markdown() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, "## Tables\n", *map(_table, TABLES), *_views(), _SEARCH])


def _table(table: Table) -> str:
    rows = "\n".join(f"| `{column.name}` | {_type(column)} | {column.about} |" for column in table.columns)
    keys = [_sentence(constraint) for constraint in table.constraints]
    indexes = [f"index on `{columns}`" for columns in table.indexes]
    notes = "; ".join([*keys, *indexes])
    return f"### {table.name}\n\n{table.about}\n\n| column | type | what it holds |\n|---|---|---|\n{rows}\n" + (
        f"\n{notes[0].upper()}{notes[1:]}.\n" if notes else ""
    )


def _type(column: Column) -> str:
    words = column.declaration.split()
    target = words[words.index("REFERENCES") + 1] if "REFERENCES" in words else None
    kind = words[0].lower()
    may_be_null = "" if "NOT NULL" in column.declaration or "PRIMARY KEY" in column.declaration else " or null"
    return f"{kind}{may_be_null}" + (f" → [{target}](#{target})" if target else "")


def _sentence(constraint: str) -> str:
    kind, _, columns = constraint.partition(" (")
    return f"{kind.lower()} `{columns.rstrip(')')}`"


def _views() -> Iterator[str]:
    yield "## Views\n"
    for view in VIEWS:
        yield f"### {view.name}\n\n{view.about}\n\n```sql{view.query}\n```\n"


_SEARCH = f"""## Full text

The FTS5 table `search` has the columns {", ".join(f"`{column}`" for column in SEARCH_COLUMNS)}; its `rowid` is
the rule's `id`. It keeps no text of its own but reads the view `documents`. Rules that are gone are in it too.
"""
