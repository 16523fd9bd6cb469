"""The formats that are read."""

from typing import Final

from detectionary.repositories import defender, functions, kusto_file, markdown, sentinel, unread
from detectionary.repositories.reader import Reader

READERS: Final[tuple[Reader, ...]] = (defender, functions, sentinel, markdown, kusto_file, unread)
