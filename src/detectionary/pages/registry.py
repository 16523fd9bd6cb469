"""Every kind of page and every group of files of a site; a line each."""

from __future__ import annotations

from typing import Any, Final

from detectionary.pages import not_found, rule_kind
from detectionary.pages.kind import FileGroup, PageKind

PAGES: Final[tuple[PageKind[Any], ...]] = (  # contexts differ from kind to kind
    rule_kind.RULES,
    not_found.NOT_FOUND,
)

FILES: Final[tuple[FileGroup, ...]] = ()
