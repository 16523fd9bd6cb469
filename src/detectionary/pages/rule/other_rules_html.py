"""A rule in the lists of other rules on pages of rules. Such lists are long and alike, so their parts are kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Protocol
from urllib.parse import quote

from markupsafe import Markup

from detectionary.pages.keys import rule_path
from detectionary.pages.languages import language_title
from detectionary.pages.texts.code import escape


class OtherRule(Protocol):
    """What is said of another rule."""

    @property
    def slug(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def platform(self) -> str | None: ...


_KEPT: Final = 20_000


@lru_cache(maxsize=_KEPT)
def _address(language: str, slug: str) -> str:
    return quote(rule_path(language, slug))


@lru_cache(maxsize=_KEPT)
def _escaped(text: str) -> str:
    return escape(text)


def comparing(*slugs: str) -> str:
    """The address, below the site's root, of the comparison of rules."""
    return f"compare/index.html?rules={quote(','.join(slugs), safe=',', errors='replace')}"


def rule_link(other: OtherRule, root: str) -> Markup:
    """The rule's title, which leads to its page; `root` leads to the site's root."""
    address, title = _address(other.language, other.slug), _escaped(other.title)
    return Markup(f'<a href="{root}{address}"><bdi>{title}</bdi></a>')  # noqa: S704  # escaped or quoted


def other_rule(other: OtherRule, root: str, own: str | None, *, language: bool, said: str = "") -> Markup:
    """An item of a list: the rule, what is `said` of it, its language if asked for, its platform.

    `own` is the slug of the rule that it can be compared with; None: there is no link that does.
    """
    words = (said, language_title(other.language) if language else "", other.platform or "")
    about = " · ".join(_escaped(word) for word in words if word)
    compare = ""
    if own is not None:
        address = escape(comparing(own, other.slug))
        compare = f' <a class="vs" href="{root}{address}" aria-label="Compare with {_escaped(other.title)}">compare</a>'
    return Markup(  # noqa: S704  # escaped or quoted
        f'<li>{rule_link(other, root)} <span class="muted">{about}</span>{compare}</li>'
    )
