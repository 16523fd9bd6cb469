"""The entity types that rules can map, with their identifiers, as rows of data.

From [entities], "Entity types and identifiers" (names in the order of the page), and from the table by which the
Azure-Sentinel repository checks its rules (`EntityMappingIdentifiers`), which adds IoTDevice and the Account's
`CloudAppAccountId`. Internal entities (a Host within a Process, say) cannot be mapped [entities].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EntityType:
    """`schema` is what the `Type` of such an entity says in an alert; `mandatory` are identifiers that [entities] calls
    mandatory: there is no such entity without them.
    """

    name: str
    schema: str
    identifiers: tuple[str, ...]
    mandatory: tuple[str, ...] = ()

    def identifier(self, written: str) -> str | None:
        """The identifier of this name, whatever its letter case; None when there is none."""
        folded = written.lower()
        return next((name for name in self.identifiers if name.lower() == folded), None)


def _row(name: str, schema: str, identifiers: str, mandatory: str = "") -> EntityType:
    return EntityType(name, schema, tuple(identifiers.split()), tuple(mandatory.split()))


ENTITY_TYPES: Final = (
    _row(
        "Account",
        "account",
        "Name FullName NTDomain DnsDomain UPNSuffix Sid AadTenantId AadUserId PUID IsDomainJoined DisplayName "
        "ObjectGuid CloudAppAccountId",
    ),
    _row(
        "Host",
        "host",
        "DnsDomain NTDomain HostName FullName NetBiosName AzureID OMSAgentID OSFamily OSVersion IsDomainJoined",
    ),
    _row("IP", "ip", "Address AddressScope"),
    _row("URL", "url", "Url", "Url"),
    _row("AzureResource", "azure-resource", "ResourceId", "ResourceId"),
    _row("CloudApplication", "cloud-application", "AppId Name InstanceName"),
    _row("DNS", "dns", "DomainName"),
    _row("File", "file", "Directory Name"),
    _row("FileHash", "filehash", "Algorithm Value", "Algorithm Value"),
    _row("Malware", "malware", "Name Category"),
    _row("Process", "process", "ProcessId CommandLine ElevationToken CreationTimeUtc"),
    _row("RegistryKey", "registry-key", "Hive Key"),
    _row("RegistryValue", "registry-value", "Name Value ValueType"),
    _row("SecurityGroup", "security-group", "DistinguishedName SID ObjectGuid"),
    _row(
        "IoTDevice",
        "iotdevice",
        "DeviceId DeviceName Manufacturer Model FirmwareVersion OperatingSystem MacAddress Protocols SerialNumber "
        "Source IoTSecurityAgentId DeviceType",
        "DeviceId",
    ),
    _row("Mailbox", "mailbox", "MailboxPrimaryAddress DisplayName Upn ExternalDirectoryObjectId RiskLevel"),
    _row(
        "MailCluster",
        "mail-cluster",
        "NetworkMessageIds CountByDeliveryStatus CountByThreatType CountByProtectionStatus Threats Query QueryTime "
        "MailCount IsVolumeAnomaly Source ClusterSourceIdentifier ClusterSourceType ClusterQueryStartTime "
        "ClusterQueryEndTime ClusterGroup",
    ),
    _row(
        "MailMessage",
        "mail-message",
        "Recipient Urls Threats Sender P1Sender P1SenderDisplayName P1SenderDomain SenderIP P2Sender "
        "P2SenderDisplayName P2SenderDomain ReceivedDate NetworkMessageId InternetMessageId Subject "
        "BodyFingerprintBin1 BodyFingerprintBin2 BodyFingerprintBin3 BodyFingerprintBin4 BodyFingerprintBin5 "
        "AntispamDirection DeliveryAction DeliveryLocation Language ThreatDetectionMethods",
    ),
    _row(
        "SubmissionMail",
        "SubmissionMail",
        "NetworkMessageId Timestamp Recipient Sender SenderIp Subject ReportType SubmissionId SubmissionDate Submitter",
    ),
)

_BY_NAME: Final[Mapping[str, EntityType]] = {
    name: entity for entity in ENTITY_TYPES for name in (entity.schema.lower(), entity.name.lower())
}

BUILT_IN_ACCOUNTS: Final = frozenset(
    (
        *("ADMIN", "ADMINISTRATOR", "SYSTEM", "ROOT", "ANONYMOUS", "AUTHENTICATED USER", "NETWORK", "NULL"),
        *("LOCAL SYSTEM", "LOCALSYSTEM", "NETWORK SERVICE"),
    )
)
"""An Account whose Name is one of these is dropped from its alert [entities, "Account"]."""


def entity_type(written: str) -> EntityType | None:
    """The type of this name, or of this `Type` in an alert, whatever its letter case; None when there is none."""
    return _BY_NAME.get(written.lower())
