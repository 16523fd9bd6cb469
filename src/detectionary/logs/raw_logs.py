"""Logs of Microsoft's services as their interfaces give them, before Sentinel's connectors make table rows of them.

Each is a row of data: how its records are told, the table, which field is which column when the names differ by more
than case, and what the connector writes for a number. Fields without a row go by their name, and stay among the
unmapped ones when the table has none of it.

Sources: Microsoft's schema pages of diagnostic settings (Entra sign-in and audit logs, Azure activity log), of the
Defender XDR streaming interface ("AdvancedHunting-" categories), of the Graph resources signIn and directoryAudit, and
of the Office 365 Management Activity interface, beside the references of the tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

_TEXT: Final = msgspec.json.Decoder(str)
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])

Fields = Mapping[str, msgspec.Raw]


@dataclass(frozen=True, slots=True)
class RawLog:
    """One kind of record."""

    name: str
    marks: frozenset[str]
    """Fields that tell it: a record has all of them."""

    tables: Mapping[str, str]
    """The table by the lower-case value of `chooser`; by "" when the kind has only one."""

    chooser: str | None = None
    prefix: str = ""
    """What `chooser` may begin with, the rest of it being the table's name."""

    inner: str | None = None
    """A field that holds an object of fields; one in there goes before one of its name outside."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """The column for a field; "inner.name" for one in the inner object only."""

    worded: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By column: the text for a value's JSON."""

    def table(self, record: Fields) -> str | None:
        """The record's table; None when it is of another kind."""
        if not self.marks <= record.keys():
            return None
        if self.chooser is None:
            return self.tables[""]
        raw = bytes(record[self.chooser])
        if raw[:1] != b'"':
            return None
        value = _TEXT.decode(raw)
        if self.prefix and value.startswith(self.prefix):
            return value.removeprefix(self.prefix)
        return self.tables.get(value.lower())

    def fields(self, record: Fields) -> dict[str, msgspec.Raw]:
        """The record with its fields named as the table's columns are."""
        found: dict[str, msgspec.Raw] = {}
        rest = dict(record)
        if self.inner is not None and bytes(rest[self.inner])[:1] == b"{":
            for name, raw in _FIELDS.decode(rest.pop(self.inner)).items():
                found[self.columns.get(f"{self.inner}.{name}", self.columns.get(name, name))] = raw
        taken = {name.lower() for name in found}
        for name, raw in rest.items():
            column = self.columns.get(name, name)
            if column.lower() not in taken:
                found[column] = raw
            elif bytes(raw) != bytes(_same(found, column)):
                found[f"{name}_" if column in found else column] = raw
        for column, words in self.worded.items():
            if column in found:
                word = words.get(bytes(found[column]).decode())
                if word is not None:
                    found[column] = msgspec.Raw(msgspec.json.encode(word))
        return found


def _same(found: Mapping[str, msgspec.Raw], column: str) -> msgspec.Raw:
    folded = column.lower()
    return next(raw for name, raw in found.items() if name.lower() == folded)


_SIGN_IN: Final = {
    "time": "TimeGenerated", "createdDateTime": "CreatedDateTime", "callerIpAddress": "IPAddress",
    "properties.location": "LocationDetails", "appliedConditionalAccessPolicies": "ConditionalAccessPolicies",
    "properties.userAgent": "UserAgent", "operationType": "AADOperationType", "tenantId": "AADTenantId",
    "riskEventTypes_v2": "RiskEventTypes_V2", "resourceDisplayName": "ResourceDisplayName",
}  # fmt: skip

DIAGNOSTICS: Final = RawLog(
    "Entra logs of diagnostic settings",
    frozenset({"time", "category", "properties"}),
    {
        "signinlogs": "SigninLogs",
        "noninteractiveusersigninlogs": "AADNonInteractiveUserSignInLogs",
        "serviceprincipalsigninlogs": "AADServicePrincipalSignInLogs",
        "managedidentitysigninlogs": "AADManagedIdentitySignInLogs",
        "provisioninglogs": "AADProvisioningLogs",
        "adfssigninlogs": "ADFSSignInLogs",
        "riskyusers": "AADRiskyUsers",
        "userriskevents": "AADUserRiskEvents",
        "auditlogs": "AuditLogs",
        "microsoftgraphactivitylogs": "MicrosoftGraphActivityLogs",
    },
    chooser="category",
    inner="properties",
    columns=_SIGN_IN,
)

STREAMED: Final = RawLog(
    "Defender XDR, streamed",
    frozenset({"time", "category", "properties"}),
    {},
    chooser="category",
    prefix="AdvancedHunting-",
    inner="properties",
    columns={"time": "TimeGenerated", "tenantId": "TenantId", "category": "Category", "operationName": "OperationName"},
)

ACTIVITY: Final = RawLog(
    "Azure activity log of diagnostic settings",
    frozenset({"time", "category", "operationName", "resourceId", "callerIpAddress"}),
    {
        "administrative": "AzureActivity", "security": "AzureActivity", "servicehealth": "AzureActivity",
        "alert": "AzureActivity", "recommendation": "AzureActivity", "policy": "AzureActivity",
        "autoscale": "AzureActivity", "resourcehealth": "AzureActivity",
    },
    chooser="category",
    columns={
        "time": "TimeGenerated", "category": "CategoryValue", "operationName": "OperationNameValue",
        "resultType": "ActivityStatusValue", "resultSignature": "ActivitySubstatusValue", "resourceId": "_ResourceId",
        "properties": "Properties_d",
    },
)  # fmt: skip

SIGN_INS: Final = RawLog(
    "Entra sign-ins of Graph",
    frozenset({"createdDateTime", "userPrincipalName", "appDisplayName", "ipAddress", "status"}),
    {"": "SigninLogs"},
    columns={
        "location": "LocationDetails", "appliedConditionalAccessPolicies": "ConditionalAccessPolicies",
        "riskEventTypes_v2": "RiskEventTypes_V2",
    },
)  # fmt: skip

AUDITS: Final = RawLog(
    "Entra directory audits of Graph",
    frozenset({"activityDateTime", "activityDisplayName", "initiatedBy", "targetResources", "loggedByService"}),
    {"": "AuditLogs"},
    columns={"operationType": "AADOperationType", "resultReason": "ResultReason"},
)

OFFICE: Final = RawLog(
    "Office 365 Management Activity",
    frozenset({"CreationTime", "Operation", "Workload", "RecordType", "UserType"}),
    {
        "exchange": "OfficeActivity", "sharepoint": "OfficeActivity", "onedrive": "OfficeActivity",
        "microsoftteams": "OfficeActivity",
    },
    chooser="Workload",
    columns={
        "CreationTime": "TimeGenerated", "Workload": "OfficeWorkload", "Id": "OfficeId", "ObjectId": "OfficeObjectId",
        "ClientIPAddress": "Client_IPAddress", "LogonType": "Logon_Type", "SiteUrl": "Site_Url", "Site": "Site_",
        "EventData": "Event_Data", "SourceName": "Source_Name",
    },
    worded={
        "UserType": {
            "0": "Regular", "1": "Reserved", "2": "Admin", "3": "DcAdmin", "4": "System", "5": "Application",
            "6": "ServicePrincipal", "7": "CustomPolicy", "8": "SystemPolicy",
        },
        "Logon_Type": {
            "0": "Owner", "1": "Admin", "2": "Delegated", "3": "Transport", "4": "SystemService", "5": "BestAccess",
            "6": "DelegatedAdmin",
        },
        "RecordType": {
            "1": "ExchangeAdmin", "2": "ExchangeItem", "3": "ExchangeItemGroup", "4": "SharePoint",
            "6": "SharePointFileOperation", "7": "OneDrive", "14": "SharePointSharingOperation",
            "25": "MicrosoftTeams", "26": "SkypeForBusinessPSTNUsage", "36": "SharePointListOperation",
            "50": "ExchangeItemAggregated",
        },
    },
)  # fmt: skip

RAW_LOGS: Final = (DIAGNOSTICS, STREAMED, ACTIVITY, SIGN_INS, AUDITS, OFFICE)
