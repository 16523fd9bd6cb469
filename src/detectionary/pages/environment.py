"""The templates, and the files that every page needs: styles and scripts, named by the digests of their contents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from typing import Final
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from detectionary.pages import keys
from detectionary.pages.languages import language_title
from detectionary.pages.texts.code import breakable, escape, without_unseen

POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'"
)
"""The Content-Security-Policy of every page."""

AREAS: Final = (
    ("rules", "browse/index.html", "Rules"),
    ("attack", "attack/index.html", "ATT&CK"),
    ("table", "table/index.html", "Log sources"),
    ("field", "field/index.html", "Fields"),
    ("action", "action/index.html", "Actions"),
    ("repository", "repository/index.html", "Repositories"),
    ("changes", "changes/index.html", "Changes"),
)
"""What the head of every page leads to: (name, address, title). A page of one sets `area` to its name."""


@cache
def asset_files() -> Mapping[str, tuple[str, bytes]]:
    """For each file in `assets/` its path below the site's root, with a digest of its content, and that content."""
    found: dict[str, tuple[str, bytes]] = {}
    folder = files("detectionary.pages").joinpath("assets")
    # Style sheets come last: they name other files, which are then called by their digests.
    for name in sorted((file.name for file in folder.iterdir()), key=lambda name: (name.endswith(".css"), name)):
        content = folder.joinpath(name).read_bytes()
        if name.endswith(".css"):
            for other, (path, _) in found.items():
                content = content.replace(f'url("{other}")'.encode(), f'url("{path.rpartition("/")[2]}")'.encode())
        stem, _, ending = name.rpartition(".")
        found[name] = (f"assets/{stem}.{blake2b(content, digest_size=5).hexdigest()}.{ending}", content)
    return found


@cache
def environment() -> Environment:
    """Everything that a template prints is escaped, unless it is `Markup` made by this room."""
    templates = Environment(
        loader=PackageLoader("detectionary.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_clean,
        auto_reload=False,
    )
    templates.filters["breakable"] = breakable
    templates.globals.update(
        policy=POLICY,
        areas=AREAS,
        assets={name: path for name, (path, _) in asset_files().items()},
        language_title=language_title,
        rule_path=_quoted(keys.rule_path),
        list_path=_quoted(keys.list_path),
        permalink_path=_quoted(keys.permalink_path),
    )
    return templates


def _clean(value: object) -> object:
    """Texts of rules lose what HTML cannot hold; our own markup and numbers pass."""
    if isinstance(value, Markup):
        seen = without_unseen(value)  # filters such as `join` make markup of a rule's texts
        return value if seen is value else Markup(seen)  # noqa: S704
    if isinstance(value, str):
        return Markup(escape(value))  # noqa: S704  # escaped here
    return value


def _quoted(path: Callable[..., str]) -> Callable[..., str]:
    """A path function whose result may stand in an address."""

    def quoted(*parts: str | int) -> str:
        return quote(path(*parts))

    return quoted
