"""The documented limits of alerts. A KB is 1,024 bytes; sizes are measured as `rows.json_size` does."""

from __future__ import annotations

from typing import Final

ALERTS_PER_RUN: Final = 150
"""One alert per result gives at most so many: 149, and one that summarises all [scheduled-rules, "Event grouping"].
Custom detections raise at most as many a run [custom-detections]."""

ALERTS_PER_NRT_RUN: Final = 30
"""The same for near-real-time rules: 29 and a summary [nrt-rules]."""

MAPPINGS: Final = 10
"""Entity mappings of a rule [map-entities]."""

IDENTIFIERS: Final = 3
"""Identifiers of a mapping [map-entities]."""

ENTITIES: Final = 500
"""Entities of an alert, shared out equally among the rule's mappings [map-entities]."""

ENTITIES_SIZE: Final = 64 * 1024
"""The `Entities` field of an alert; what comes after is dropped [map-entities]."""

DETAILS: Final = 20
"""Custom details of a rule [custom-details]."""

DETAIL_VALUES: Final = 50
"""Values of one custom detail [custom-details]."""

DETAILS_SIZE: Final = 2 * 1024
"""All custom details of an alert with their values; values in excess are dropped [custom-details]."""

PLACEHOLDERS: Final = 3
"""Columns that one format may name [alert-details; custom-detections]."""

OVERRIDE_VALUES: Final = 50
"""Values that one property may take over all results of a run; with more, all fall back [alert-details]."""

TITLE_SIZE: Final = 256
"""Bytes of an alert's name, and of any property that is no collection [alert-details]."""

DESCRIPTION_SIZE: Final = 5 * 1024
"""Bytes of a description, and of any collection [alert-details]."""
