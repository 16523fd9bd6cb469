"""Facts about log sources as data: tables, canonical fields, actions, platforms."""

from detectionary.schemas.actions import actions
from detectionary.schemas.fields import canonical_field
from detectionary.schemas.functions import environment_base, functions
from detectionary.schemas.tables import TableInfo, table_info, tables

__all__ = ["TableInfo", "actions", "canonical_field", "environment_base", "functions", "table_info", "tables"]
