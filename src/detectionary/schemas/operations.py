"""Which provider records which operation, and how it spells it: facts from `data`, looked up without regard to case."""

from __future__ import annotations

import re
import zlib
from functools import cache
from pathlib import Path
from typing import Final, TypeAlias

Owners: TypeAlias = dict[str, str]
"""Provider ("aws:ec2.amazonaws.com") to the operation as that provider spells it."""

_DATA: Final = Path(__file__).with_name("data")
_GZIP: Final = 31
_LAMBDA: Final = "aws:lambda.amazonaws.com"
_LAMBDA_VERSION: Final = re.compile(r"(\D+?)\d{8}(?:v\d+)?$")
"""CloudTrail records most of Lambda's operations with the API's version: UpdateFunctionCode20150331v2."""


def owners(prefix: str, operation: str) -> Owners:
    """Who records `operation` among the providers that begin with `prefix` ("aws:"), with its spelling there."""
    found = {
        provider: spelled
        for provider, spelled in _index().get(fold(operation), {}).items()
        if provider.startswith(prefix)
    }
    if prefix == "aws:":
        found |= _aws().get(fold(operation), {})
        versioned = _LAMBDA_VERSION.fullmatch(operation)
        if versioned is not None and _LAMBDA in _aws().get(fold(versioned[1]), {}):
            found[_LAMBDA] = operation
    return found


def fold(operation: str) -> str:
    """An operation's name as it is compared: without case, outer blanks and the difference between dashes."""
    return operation.strip().lower().replace("–", "-").replace("—", "-")


@cache
def _index() -> dict[str, Owners]:
    """Hand-kept operations, folded, with their providers."""
    found: dict[str, Owners] = {}
    for line in _DATA.joinpath("operations.tsv").read_text(encoding="utf-8").removesuffix("\n").split("\n"):
        if not line.startswith("#"):
            provider, *names = line.split("\t")
            for name in names:
                found.setdefault(fold(name), {})[provider] = name
    return found


@cache
def _aws() -> dict[str, Owners]:
    """The operations of the AWS API, folded, with the CloudTrail event sources that have them."""
    found: dict[str, Owners] = {}
    text = zlib.decompress(_DATA.joinpath("aws-operations.tsv.gz").read_bytes(), _GZIP).decode()
    for line in text.removesuffix("\n").split("\n"):
        if not line.startswith("#"):
            source, *names = line.split("\t")
            provider = f"aws:{source}.amazonaws.com"
            for name in names:
                found.setdefault(name.lower(), {})[provider] = name
    return found
