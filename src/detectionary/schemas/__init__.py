"""Facts about log sources as data: tables, canonical fields, actions, platforms."""

from detectionary.schemas.actions import actions
from detectionary.schemas.feeds import third_party_feed
from detectionary.schemas.fields import canonical_field
from detectionary.schemas.functions import environment_base, functions
from detectionary.schemas.platforms import platform
from detectionary.schemas.tables import TableInfo, table_info, tables

__all__ = [
    "TableInfo",
    "actions",
    "canonical_field",
    "environment_base",
    "functions",
    "platform",
    "table_info",
    "tables",
    "third_party_feed",
]
