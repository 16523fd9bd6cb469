"""How records name their operations in languages without tables: a row a kind of record, by canonical field.

The readings are those of the tables that hold the same records (`log_sources`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from detectionary.schemas.kinds import windows_logs
from detectionary.schemas.log_sources import (
    LogSource,
    always,
    aws_source,
    azure_category,
    azure_operation,
    by_prefix,
    event_id,
    gcp_method,
    gcp_service,
    kubernetes_resource,
    m365_operation,
    number,
    record_type,
    windows_reading,
    workload,
    workspace_application,
)
from detectionary.schemas.windows_logs import SECURITY, log_of_channel, log_of_id, log_of_provider

_ACTION: Final = frozenset({"event.action"})
_CODE: Final = frozenset({"event.code"})

_POWERSHELL: Final = frozenset({"400", "403", "600", "800", "4100", "4101", "4102", "4103", "4104", "4105", "4106"})
_SYSMON: Final = frozenset({*map(str, range(1, 30)), "255"})


def _dataset_application(value: str) -> Iterable[str]:
    """`google_workspace.admin`: the data set is named after the application."""
    module, _, application = value.lower().partition(".")
    return (f"gworkspace:{application}",) if module == "google_workspace" and application else ()


def _google_application(value: str) -> Iterable[str]:
    return workspace_application(value.lower().removesuffix(".googleapis.com"))


def _title(operation: str) -> str:
    """Entra ID's operations without the full stop that other logs of the same events put behind them."""
    return operation.strip().removesuffix(".")


def _among_others(log: str) -> Callable[[str], str | None]:
    """An event id when it is one of the log's; of logs whose ids are not known, any that no better known log has."""

    def spell(operation: str) -> str | None:
        if not operation.isdecimal():
            return None
        if log == "Sysmon":
            return operation if operation in _SYSMON else None
        if log == "PowerShell":
            return operation if operation in _POWERSHELL else None
        if log == SECURITY:
            return operation if log_of_id(int(operation)) == SECURITY else None
        other = log_of_id(int(operation))
        return operation if other == log or (other is None and operation not in _SYSMON) else None

    return spell


def _of_the_resource(operation: str) -> str | None:
    """The operation of a resource's log; a Kubernetes cluster's rows all have the same one, and a verb of their own."""
    return None if operation.lower().endswith("/diagnosticlogs/read") else operation.strip()


_WINDOWS_READINGS: Final = {
    "winlog.channel": windows_reading(log_of_channel),
    "winlog.provider_name": windows_reading(log_of_provider),
    "event.provider": windows_reading(log_of_provider),
}

RECORD_SOURCES: Final = (
    LogSource(frozenset({"cloudtrail"}), _ACTION, {"event.provider": aws_source}, by_prefix("aws:")),
    LogSource(frozenset({"windows"}), _CODE, _WINDOWS_READINGS, event_id(log_of_id), spell=number),
    *(
        LogSource(frozenset({f"windows/{log}"}), _CODE, default=always(f"windows:{log}"), spell=number)
        for log in sorted(windows_logs())
    ),
    *(
        LogSource(
            frozenset({f"windows~{log}"}),
            _CODE,
            _WINDOWS_READINGS,
            default=always(f"windows:{log}"),
            spell=_among_others(log),
        )
        for log in ("Application", "PowerShell", SECURITY, "Sysmon", "System")
    ),
    LogSource(
        frozenset({"entra"}), _ACTION, owners=by_prefix("entra:"), default=always("entra:AuditLogs"), spell=_title
    ),
    LogSource(frozenset({"signins"}), _ACTION, default=always("entra:SignInLogs")),
    LogSource(
        frozenset({"o365"}),
        _ACTION,
        {"event.provider": workload, "event.code": record_type},
        m365_operation,
        shared=True,
        crossed=True,
    ),
    LogSource(frozenset({"activity"}), _ACTION, default=always("azure:Activity"), spell=azure_operation),
    LogSource(
        frozenset({"platform"}),
        _ACTION,
        {"azure.platformlogs.category": azure_category},
        by_prefix("azure:"),
        spell=_of_the_resource,
    ),
    LogSource(frozenset({"gcp"}), _ACTION, {"event.provider": gcp_service}, gcp_method),
    LogSource(frozenset({"okta"}), _ACTION, default=always("okta:System")),
    LogSource(frozenset({"github"}), _ACTION, default=always("github:Audit")),
    LogSource(
        frozenset({"workspace"}),
        _ACTION,
        {
            "event.provider": _google_application,
            "event.dataset": _dataset_application,
            "data_stream.dataset": _dataset_application,
        },
        by_prefix("gworkspace:"),
    ),
    LogSource(
        frozenset({"kubernetes", "platform"}),
        frozenset({"kubernetes.audit.verb"}),
        {"kubernetes.audit.objectref.resource": kubernetes_resource},
        crossed=True,
        spell=lambda verb: verb.strip().lower(),
    ),
)
