"""The log sources that name an operation, one row each: their tables, the fields to read, how providers are called.

A row is data about a public log source; `rule_actions` has the algorithm that reads them. To add a source, add a row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from detectionary.schemas.operations import Owners, owners
from detectionary.schemas.windows_logs import log_in_security_event, log_of_channel, log_of_id, log_of_provider

Reading = Callable[[str], Iterable[str]]
"""A field's value to the providers that it means; none when it says nothing about the provider."""

Ownership = Callable[[str], Owners]
"""An operation to the providers that record it."""

Default = Callable[[str, str], str]
"""A table and an operation to the provider."""


def _nobody(_: str) -> Owners:
    return {}


@dataclass(frozen=True, slots=True)
class LogSource:
    """One way to name operations.

    `operations`: fields that hold the operation (lower case). `qualifiers`: fields that say whose it is. `owners`: who
    has an operation, when no qualifier says so. `default`: the provider by table and operation, for sources that need
    no qualifier. `shared`: an operation of several owners is one of each of them (a file is downloaded from SharePoint
    or OneDrive), where it otherwise is nobody's. `crossed`: of several providers that a rule names, each may have an
    operation of which none is known to have it (every kind of resource of Kubernetes has every verb). `spell`: how the
    source writes an operation that no owner spells; None when the value is no operation.
    """

    tables: frozenset[str]
    operations: frozenset[str]
    qualifiers: Mapping[str, Reading] = field(default_factory=dict)
    owners: Ownership = _nobody
    default: Default | None = None
    shared: bool = False
    crossed: bool = False
    spell: Callable[[str], str | None] = str.strip


def always(provider: str) -> Default:
    return lambda _table, _operation: provider


def _own_table(prefix: str) -> Default:
    return lambda table, _operation: f"{prefix}:{table}"


def _tables(*names: str) -> frozenset[str]:
    return frozenset(names)


def aws_source(value: str) -> Iterable[str]:
    return (f"aws:{value.lower()}",)


def by_prefix(prefix: str) -> Ownership:
    return lambda operation: owners(prefix, operation)


def windows_reading(log_of: Callable[[str], str | None]) -> Reading:
    def read(value: str) -> Iterable[str]:
        log = log_of(value)
        return () if log is None else (f"windows:{log}",)

    return read


def event_id(log_of: Callable[[int], str | None]) -> Ownership:
    def read(operation: str) -> Owners:
        log = log_of(int(operation)) if operation.isdecimal() else None
        return {} if log is None else {f"windows:{log}": operation}

    return read


def number(operation: str) -> str | None:
    return operation if operation.isdecimal() else None


_WORKLOADS: Final = {
    "azureactivedirectory": "AzureActiveDirectory",
    "copilot": "Copilot",
    "dynamics365": "Dynamics365",
    "exchange": "Exchange",
    "microsoftteams": "MicrosoftTeams",
    "onedrive": "OneDrive",
    "powerbi": "PowerBI",
    "securitycompliancecenter": "SecurityComplianceCenter",
    "sharepoint": "SharePoint",
    "yammer": "Yammer",
}

_RECORD_TYPES: Final = (
    ("azureactivedirectory", "AzureActiveDirectory"),
    ("copilot", "Copilot"),
    ("exchange", "Exchange"),
    ("microsoftteams", "MicrosoftTeams"),
    ("securitycompliance", "SecurityComplianceCenter"),
)
"""How a record type begins that only one workload has; SharePoint's are OneDrive's too."""

_CMDLET: Final = re.compile(r"[A-Z][a-z]+-[A-Z]\w+")
"""An administrator's PowerShell command, which Exchange audits; those of the compliance centre are listed in `data`."""


def workload(value: str) -> Iterable[str]:
    return (f"m365:{_WORKLOADS.get(value.lower(), value)}",)


def record_type(value: str) -> Iterable[str]:
    return [f"m365:{workload}" for start, workload in _RECORD_TYPES if value.lower().startswith(start)]


def m365_operation(operation: str) -> Owners:
    found = owners("m365:", operation)
    if not found and _CMDLET.fullmatch(operation):
        return {"m365:Exchange": operation}
    return found


def azure_category(value: str) -> Iterable[str]:
    return (f"azure:{value}",)


def azure_operation(value: str) -> str | None:
    """Azure writes resource operations in capitals; `OperationName` holds one when there is a slash in it."""
    return value.strip().upper() if "/" in value else _AZURE_TITLES.get(value.strip().lower())


_AZURE_TITLES: Final = {
    "create or update virtual machine": "MICROSOFT.COMPUTE/VIRTUALMACHINES/WRITE",
    "create or update virtual machine extension": "MICROSOFT.COMPUTE/VIRTUALMACHINES/EXTENSIONS/WRITE",
    "create or update network security group": "MICROSOFT.NETWORK/NETWORKSECURITYGROUPS/WRITE",
    "create role assignment": "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/WRITE",
    "delete role assignment": "MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/DELETE",
    "delete virtual machine": "MICROSOFT.COMPUTE/VIRTUALMACHINES/DELETE",
    "list storage account keys": "MICROSOFT.STORAGE/STORAGEACCOUNTS/LISTKEYS/ACTION",
    "run command on virtual machine": "MICROSOFT.COMPUTE/VIRTUALMACHINES/RUNCOMMAND/ACTION",
}
"""Titles under which the portal shows operations, and under which older rules look for them."""

_GCP_METHODS: Final = (
    (re.compile(r"google\.iam\.admin\.v1\.\w+", re.IGNORECASE), "iam.googleapis.com"),
    (re.compile(r"google\.iam\.credentials\.v1\.\w+", re.IGNORECASE), "iamcredentials.googleapis.com"),
    (re.compile(r"(v1|beta|alpha)\.compute\.[\w.]+", re.IGNORECASE), "compute.googleapis.com"),
    (re.compile(r"storage\.(buckets|objects|setIamPermissions)[\w.]*", re.IGNORECASE), "storage.googleapis.com"),
    (re.compile(r"google\.logging\.v2\.[\w.]+", re.IGNORECASE), "logging.googleapis.com"),
    (re.compile(r"google\.cloud\.secretmanager\.v1\.[\w.]+", re.IGNORECASE), "secretmanager.googleapis.com"),
    (re.compile(r"google\.pubsub\.v1\.[\w.]+", re.IGNORECASE), "pubsub.googleapis.com"),
    (re.compile(r"google\.iam\.v1\.WorkloadIdentityPools\.\w+", re.IGNORECASE), "iam.googleapis.com"),
    (re.compile(r"google\.api\.apikeys\.v2\.[\w.]+", re.IGNORECASE), "apikeys.googleapis.com"),
    (re.compile(r"google\.api\.serviceusage\.v1\.[\w.]+", re.IGNORECASE), "serviceusage.googleapis.com"),
    (re.compile(r"google\.appengine\.v1\.[\w.]+", re.IGNORECASE), "appengine.googleapis.com"),
    (re.compile(r"google\.cloud\.orgpolicy\.v2\.[\w.]+", re.IGNORECASE), "orgpolicy.googleapis.com"),
    (re.compile(r"io\.k8s\.[\w.]+", re.IGNORECASE), "k8s.io"),
    (re.compile(r"compute\.[\w.]+", re.IGNORECASE), "compute.googleapis.com"),
    (re.compile(r"cloudsql\.[\w.]+", re.IGNORECASE), "cloudsql.googleapis.com"),
    (re.compile(r"dns\.[\w.]+", re.IGNORECASE), "dns.googleapis.com"),
)
"""The service that a fully named method belongs to; a bare "SetIamPolicy" is many services'."""


def gcp_service(value: str) -> Iterable[str]:
    return (f"gcp:{value.lower()}",)


def gcp_method(operation: str) -> Owners:
    return {f"gcp:{service}": operation for pattern, service in _GCP_METHODS if pattern.fullmatch(operation)}


def kubernetes_resource(value: str) -> Iterable[str]:
    return (f"kubernetes:{value.lower()}",)


def workspace_application(value: str) -> Iterable[str]:
    return (f"gworkspace:{value.lower()}",)


LOG_SOURCES: Final = (
    LogSource(_tables("AWSCloudTrail"), frozenset({"eventname"}), {"eventsource": aws_source}, by_prefix("aws:")),
    LogSource(
        _tables("SecurityEvent"),
        frozenset({"eventid"}),
        {"channel": windows_reading(log_of_channel), "eventsourcename": windows_reading(log_of_provider)},
        default=lambda _, operation: f"windows:{log_in_security_event(int(operation))}",
        spell=number,
    ),
    LogSource(
        _tables("WindowsEvent"),
        frozenset({"eventid"}),
        {"channel": windows_reading(log_of_channel), "provider": windows_reading(log_of_provider)},
        event_id(log_of_id),
        spell=number,
    ),
    LogSource(
        _tables("Event"),
        frozenset({"eventid"}),
        {"eventlog": windows_reading(log_of_channel), "source": windows_reading(log_of_provider)},
        event_id(log_of_id),
        spell=number,
    ),
    LogSource(_tables("Sysmon"), frozenset({"eventid"}), default=always("windows:Sysmon"), spell=number),
    LogSource(
        _tables("dsp_parser"), frozenset({"eventid"}), default=always("windows:Semperis-DSP-Security"), spell=number
    ),
    LogSource(
        _tables(
            "DeviceEvents",
            "DeviceFileEvents",
            "DeviceImageLoadEvents",
            "DeviceLogonEvents",
            "DeviceNetworkEvents",
            "DeviceProcessEvents",
            "DeviceRegistryEvents",
        ),
        frozenset({"actiontype"}),
        owners=by_prefix("defender:Device"),
        default=_own_table("defender"),
    ),
    LogSource(
        _tables(
            "CloudAppEvents",
            "CloudAuditEvents",
            "CloudProcessEvents",
            "CloudStorageAggregatedEvents",
            "EmailPostDeliveryEvents",
            "IdentityDirectoryEvents",
            "IdentityLogonEvents",
            "IdentityQueryEvents",
            "MessagePostDeliveryEvents",
            "UrlClickEvents",
        ),
        frozenset({"actiontype", "raweventdata.operation"}),
        default=_own_table("defender"),
    ),
    LogSource(
        _tables("AuditLogs"),
        frozenset({"operationname", "activitydisplayname"}),
        owners=by_prefix("entra:"),
        default=always("entra:AuditLogs"),
    ),
    LogSource(
        _tables("OfficeActivity"),
        frozenset({"operation"}),
        {"officeworkload": workload, "recordtype": record_type},
        m365_operation,
        shared=True,
    ),
    LogSource(
        _tables("AzureActivity"),
        frozenset({"operationnamevalue", "operationname"}),
        default=always("azure:Activity"),
        spell=azure_operation,
    ),
    LogSource(
        _tables("AzureDiagnostics"),
        frozenset({"operationname"}),
        {"category": azure_category},
        by_prefix("azure:"),
    ),
    LogSource(_tables("AZKVAuditLogs"), frozenset({"operationname"}), default=always("azure:AuditEvent")),
    LogSource(
        _tables("StorageBlobLogs", "StorageFileLogs", "StorageQueueLogs", "StorageTableLogs"),
        frozenset({"operationname"}),
        {"category": azure_category},
        by_prefix("azure:Storage"),
    ),
    LogSource(
        _tables("AzureDevOpsAuditing", "IntuneAuditLogs", "SentinelAudit", "SentinelHealth"),
        frozenset({"operationname"}),
        default=_own_table("azure"),
    ),
    LogSource(
        _tables("CloudAuditEvents"),
        frozenset({"operationname"}),
        default=always("azure:Activity"),
        spell=lambda operation: operation.strip().upper() if operation.lower().startswith("microsoft.") else None,
    ),
    LogSource(
        _tables("GCPAuditLogs", "GCP_IAM", "GCP_IAM_CL"),
        frozenset({"methodname", "payloadmethodname", "payload_methodname_s"}),
        {"servicename": gcp_service, "payloadservicename": gcp_service, "payload_servicename_s": gcp_service},
        gcp_method,
    ),
    LogSource(
        _tables("Okta_CL", "OktaSSO", "OktaV2_CL", "OktaSystemLogs"),
        frozenset({"eventtype_s", "eventoriginaltype"}),
        default=always("okta:System"),
    ),
    LogSource(
        _tables(
            "GitHubAudit", "GitHubAuditData", "GitHubAuditLogPolling_CL", "GitHubAuditLogsV2_CL", "GitHubAuditLogsV3_CL"
        ),
        frozenset({"action", "action_s"}),
        default=always("github:Audit"),
    ),
    LogSource(
        _tables("GWorkspaceActivityReports", "GoogleWorkspaceReports"),
        frozenset({"eventmessage", "eventname"}),
        {"idapplicationname": workspace_application, "applicationname": workspace_application},
        by_prefix("gworkspace:"),
    ),
    LogSource(
        _tables("AKSAudit", "AKSAuditAdmin", "AWSEKSLogs", "AWSEKSLogs_CL"),
        frozenset({"verb"}),
        {"objectref.resource": kubernetes_resource},
        spell=lambda verb: verb.strip().lower(),
    ),
)
