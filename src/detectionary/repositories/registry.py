"""The formats that are read."""

from typing import Final

from detectionary.repositories import sentinel
from detectionary.repositories.reader import Reader

READERS: Final[tuple[Reader, ...]] = (sentinel,)
