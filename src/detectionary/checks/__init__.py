"""What is wrong with a rule beyond its text: one file a check, each a function from a rule to diagnostics."""

from detectionary.checks.alert_contract import alert_contract
from detectionary.checks.findings import Finding, Section, findings

__all__ = ["Finding", "Section", "alert_contract", "findings"]
