"""Facts about log sources as data: tables, canonical fields, actions, outcomes, platforms."""

from detectionary.schemas.event_coverage import event_coverage
from detectionary.schemas.feeds import third_party_feed
from detectionary.schemas.fields import canonical_field
from detectionary.schemas.kusto_functions import environment_base, functions
from detectionary.schemas.kusto_tables import TableInfo, table_info, tables
from detectionary.schemas.outcomes import outcome
from detectionary.schemas.platforms import platform, platform_of_rule
from detectionary.schemas.records import with_canonical_fields
from detectionary.schemas.rule_actions import actions

__all__ = [
    "TableInfo",
    "actions",
    "canonical_field",
    "environment_base",
    "event_coverage",
    "functions",
    "outcome",
    "platform",
    "platform_of_rule",
    "table_info",
    "tables",
    "third_party_feed",
    "with_canonical_fields",
]
