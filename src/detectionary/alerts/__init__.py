"""From a rule and the rows of one evaluation to the alerts that Microsoft Sentinel or Defender XDR would raise.

Nothing here reads a file, a clock or an engine: rows arrive as a `Result`, the time as a `Window`.

Rules of behaviour cite Microsoft's documentation by the name of its page, in square brackets:

- [scheduled-rules], [nrt-rules], [map-entities], [entities], [custom-details], [alert-details], [alert-schema] and
  [service-limits] stand for scheduled-rules-overview, near-real-time-rules, map-data-fields-to-entities,
  entities-reference, surface-custom-details-in-alerts, customize-alert-details, security-alert-schema and
  sentinel-service-limits below learn.microsoft.com/azure/sentinel/.
- [custom-detections] stands for learn.microsoft.com/defender-xdr/custom-detection-rules.

What the pages leave open is decided in docs/decisions/0010-alerts.md.
"""

from detectionary.alerts.alert import Alert, Entity, to_json
from detectionary.alerts.rows import Result, ResultColumn
from detectionary.alerts.run import Evaluation, evaluate
from detectionary.alerts.schedule import Window, is_triggered, window_of

__all__ = [
    "Alert",
    "Entity",
    "Evaluation",
    "Result",
    "ResultColumn",
    "Window",
    "evaluate",
    "is_triggered",
    "to_json",
    "window_of",
]
