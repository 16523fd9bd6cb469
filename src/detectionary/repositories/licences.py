"""The licence of a folder, recognised by the wording of its licence file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_FILES: Final = (
    "LICENSE",
    "LICENSE.txt",
    "LICENSE.md",
    "LICENCE",
    "LICENCE.txt",
    "LICENCE.md",
    "COPYING",
    "COPYING.txt",
    "License.txt",
)
_SIGNS: Final = (
    # The first row whose phrases all stand in the text decides; so the longer texts stand before what they contain.
    ("DRL-1.1", ("detection rule license", "1.1")),
    ("DRL-1.0", ("detection rule license",)),
    ("Elastic-2.0", ("elastic license 2.0",)),
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3")),
    ("LGPL-2.1-only", ("gnu lesser general public license", "version 2.1")),
    ("GPL-3.0-only", ("gnu general public license", "version 3")),
    ("GPL-2.0-only", ("gnu general public license", "version 2")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("CC-BY-SA-4.0", ("attribution-sharealike 4.0",)),
    ("CC-BY-NC-4.0", ("attribution-noncommercial 4.0",)),
    ("CC-BY-4.0", ("attribution 4.0 international",)),
    ("Unlicense", ("free and unencumbered software released into the public domain",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name of")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("MIT", ("permission is hereby granted, free of charge", "the above copyright notice")),
)


def licence_of(folder: Path) -> str | None:
    """The SPDX identifier of the folder's licence; "LicenseRef-unrecognised" for an unknown text, None without one."""
    for name in _FILES:
        try:
            text = (folder / name).read_bytes()
        except OSError:
            continue
        return spdx_of(text.decode("utf-8", "replace"))
    return None


def spdx_of(text: str) -> str:
    """The SPDX identifier of a licence text."""
    words = " ".join(text.lower().split())
    title = words[:300]  # the GNU licences name each other further down
    for identifier, phrases in _SIGNS:
        if all(phrase in (title if "gnu" in phrases[0] else words) for phrase in phrases):
            return identifier
    return "LicenseRef-unrecognised"


_NAMES: Final = {
    "elastic license v2": "Elastic-2.0",
    "elastic license 2.0": "Elastic-2.0",
    "drl 1.1": "DRL-1.1",
    "drl": "DRL-1.1",
    "apache 2.0": "Apache-2.0",
}


def spdx_named(name: str) -> str:
    """The SPDX identifier of the licence that a rule names in its own words; an unknown name stays as written."""
    return _NAMES.get(name.strip().lower().replace("licence", "license"), name.strip())
