"""The formats that are read."""

from typing import Final

from detectionary.repositories import (
    defender,
    elastic,
    functions,
    kusto_file,
    markdown,
    query_file,
    sentinel,
    sigma,
    unread,
    yaral,
)
from detectionary.repositories.reader import Reader

READERS: Final[tuple[Reader, ...]] = (
    defender,
    functions,
    sigma,
    elastic,
    yaral,
    sentinel,
    markdown,
    kusto_file,
    query_file,
    unread,
)
