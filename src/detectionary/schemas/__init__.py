"""Facts about log sources as data: tables, canonical fields, actions, platforms."""

from detectionary.schemas.feeds import third_party_feed
from detectionary.schemas.fields import canonical_field
from detectionary.schemas.kusto_functions import environment_base, functions
from detectionary.schemas.kusto_tables import TableInfo, table_info, tables
from detectionary.schemas.platforms import platform
from detectionary.schemas.rule_actions import actions

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
