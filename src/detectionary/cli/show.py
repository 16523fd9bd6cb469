"""`detectionary show`: rules as their pages."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database, pages_of
from detectionary.cli.output import ExitCode, Format
from detectionary.cli.rule_view import rule_view
from detectionary.cli.trouble import Trouble, Troubles
from detectionary.pages import to_json


def show(
    rules: Annotated[tuple[str, ...], Parameter(name="RULE", negative=())],
    *,
    db: Database = DEFAULT,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Show rules as their pages: by id or slug from the catalog, or rule files that are in no catalog.

    Example: `detectionary show f7210a45-12a4-4d02-b59e-f23476827a4b`

    With `json` one rule is an object and several are a list; with `ndjson` each rule is a line. A rule that cannot be
    found does not keep the others from being shown; the exit status is then 2.

    Parameters
    ----------
    rules
        Ids, slugs or rule files.
    db
        The catalog file.
    format
        What to write to standard output.
    """
    if not rules:
        raise Trouble("no rule is named", "detectionary show RULE..., by id, slug or file")
    troubles = Troubles()
    pages = troubles.sort_out(pages_of(rules, db))
    match format:
        case Format.JSON:
            found = [to_json(page) for page in pages]
            if found:
                output.json(found[0] if len(found) == 1 else found)
        case Format.NDJSON:
            output.ndjson(to_json(page) for page in pages)
        case Format.TEXT:
            for number, page in enumerate(pages):
                if number:
                    output.rule()
                output.show(*rule_view(page))
    return ExitCode.USAGE if troubles.any else ExitCode.DONE
