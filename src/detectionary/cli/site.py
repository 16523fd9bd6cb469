"""`detectionary site`: the catalog as a folder of pages."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from rich.text import Text

from detectionary.cli import output
from detectionary.cli.catalogs import DEFAULT, Database, reading
from detectionary.cli.output import ExitCode, Format
from detectionary.cli.trouble import Trouble
from detectionary.pages.library import Bodies
from detectionary.site.folder import SiteError
from detectionary.site.write import SiteReport, write_site


def site(
    out: Path,
    *,
    db: Database = DEFAULT,
    bodies: Bodies = Bodies.ALL,
    base_url: str | None = None,
    format: Format = Format.TEXT,  # noqa: A002  # the option's name
) -> int:
    """Write the catalog as a static web site: for any web server, or to open from disk.

    Run again, it makes those pages anew that show something else now, and leaves all other files as they are.

    Example: `detectionary site public/ --db rules.db --base-url https://rules.example.org/`

    Parameters
    ----------
    out
        The folder; new, empty, or written by an earlier run.
    db
        The catalog file.
    bodies
        Which rules' texts are shown: all, or those whose licence lets others show them. A licence that is not known
        does not.
    base_url
        Where the site will be. With it the site has a sitemap, and the page for what is not found has the right links.
    format
        What to write to standard output.
    """
    address = _address(base_url)
    with reading(db):
        pass  # what is wrong with the catalog is said before any page is made
    try:
        with output.progress("pages") as advance:
            processes = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
            report = write_site(db, out, bodies=bodies, base_url=address, processes=processes, progress=advance)
    except SiteError as error:
        raise Trouble(str(error)) from error
    for name in report.kept:
        output.talk(f"{out / name} is not of the site and was left alone; the site goes without that file")
    match format:
        case Format.TEXT:
            output.show(_summary(report, out))
        case Format.JSON:
            output.json(report)
        case Format.NDJSON:
            output.ndjson([report])
    return ExitCode.DONE


def _address(base_url: str | None) -> str | None:
    if base_url is None:
        return None
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise Trouble(f"{base_url} is no address of a site", "give one such as https://rules.example.org/detections/")
    return base_url if base_url.endswith("/") else f"{base_url}/"


def _summary(report: SiteReport, out: Path) -> Text:
    text = Text(f"{report.rules:,} rules on {report.pages:,} pages: {out / 'index.html'}\n", "bold")
    return text.append(
        f"{report.written:,} of {report.files:,} files are new, {report.removed:,} went", "not bold faint"
    )
