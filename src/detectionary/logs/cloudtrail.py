"""CloudTrail records as rows of AWSCloudTrail.

Source: AWS's "CloudTrail record contents" and "CloudTrail userIdentity element" for the records; Microsoft's table
reference of AWSCloudTrail for the columns, what each holds, and which are constants. Structures that have a text
column (RequestParameters, ResponseElements, …) stand there as their JSON text, as AWS wrote it, without blanks between
tokens; a JSON null is the empty text. `Category` is the event's category. AwsRequestId is deprecated in favour of
AwsRequestId_; both hold the request's id, so that older rules find it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from detectionary.logs.parts import UNMAPPED
from detectionary.logs.values import Converted, Json, convert, is_spaced, minified

TABLE: Final = "AWSCloudTrail"

_NOTHING: Final = msgspec.Raw()


class SessionAttributes(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    creation_date: str | None = None
    mfa_authenticated: str | None = None


class SessionIssuer(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    type: str | None = None
    principal_id: str | None = None
    arn: str | None = None
    account_id: str | None = None
    user_name: str | None = None


class SessionContext(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    session_issuer: SessionIssuer = SessionIssuer()
    web_id_federation_data: msgspec.Raw = _NOTHING
    attributes: SessionAttributes = SessionAttributes()
    ec2_role_delivery: str | None = None
    source_identity: msgspec.Raw = _NOTHING
    ec2_issued_in_vpc: msgspec.Raw = _NOTHING
    assumed_root: msgspec.Raw = _NOTHING


class OnBehalfOf(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    user_id: str | None = None
    identity_store_arn: str | None = None


class UserIdentity(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    type: str | None = None
    principal_id: str | None = None
    arn: str | None = None
    account_id: str | None = None
    access_key_id: str | None = None
    user_name: str | None = None
    invoked_by: str | None = None
    session_context: SessionContext = SessionContext()
    on_behalf_of: OnBehalfOf = OnBehalfOf()
    identity_provider: msgspec.Raw = _NOTHING
    credential_id: msgspec.Raw = _NOTHING
    in_scope_of: msgspec.Raw = _NOTHING


class TlsDetails(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    tls_version: str | None = None
    cipher_suite: str | None = None
    client_provided_host_header: str | None = None
    key_exchange: msgspec.Raw = _NOTHING


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, rename="camel"):
    """A record as AWS documents it. One with other fields, or other types, is read the slow way.

    The fields are in the order in which AWS writes them: the decoder looks for each after the last one first.
    """

    event_version: str | None = None
    user_identity: UserIdentity = UserIdentity()
    event_time: str
    event_source: str
    event_name: str
    aws_region: str | None = None
    source_ip_address: str | None = msgspec.field(default=None, name="sourceIPAddress")
    user_agent: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    request_parameters: msgspec.Raw = _NOTHING
    response_elements: msgspec.Raw = _NOTHING
    additional_event_data: msgspec.Raw = _NOTHING
    request_id: str | None = msgspec.field(default=None, name="requestID")
    event_id: str | None = msgspec.field(default=None, name="eventID")
    read_only: bool | None = None
    resources: msgspec.Raw = _NOTHING
    event_type: str | None = None
    api_version: str | None = None
    management_event: bool | None = None
    recipient_account_id: str | None = None
    service_event_details: msgspec.Raw = _NOTHING
    shared_event_id: str | None = msgspec.field(default=None, name="sharedEventID")
    vpc_endpoint_id: str | None = None
    vpc_endpoint_account_id: msgspec.Raw = _NOTHING
    event_category: str | None = None
    tls_details: TlsDetails = TlsDetails()
    addendum: msgspec.Raw = _NOTHING
    session_credential_from_console: msgspec.Raw = _NOTHING
    edge_device_details: msgspec.Raw = _NOTHING
    insight_details: msgspec.Raw = _NOTHING
    event_context: msgspec.Raw = _NOTHING


EVENTS: Final = msgspec.json.Decoder(list[Event])
"""The fast way: it raises `msgspec.ValidationError` for a record with a field or a type that is not foreseen."""

_TEXTS: Final = {
    "AwsEventId": "event_id",
    "AWSRegion": "aws_region",
    "AwsRequestId_": "request_id",
    "APIVersion": "api_version",
    "Category": "event_category",
    "CipherSuite": "tls_details.cipher_suite",
    "ClientProvidedHostHeader": "tls_details.client_provided_host_header",
    "EC2RoleDelivery": "user_identity.session_context.ec2_role_delivery",
    "ErrorCode": "error_code",
    "ErrorMessage": "error_message",
    "EventName": "event_name",
    "EventSource": "event_source",
    "EventTypeName": "event_type",
    "EventVersion": "event_version",
    "RecipientAccountId": "recipient_account_id",
    "SessionIssuerAccountId": "user_identity.session_context.session_issuer.account_id",
    "SessionIssuerArn": "user_identity.session_context.session_issuer.arn",
    "SessionIssuerPrincipalId": "user_identity.session_context.session_issuer.principal_id",
    "SessionIssuerType": "user_identity.session_context.session_issuer.type",
    "SessionIssuerUserName": "user_identity.session_context.session_issuer.user_name",
    "SharedEventId": "shared_event_id",
    "SourceIpAddress": "source_ip_address",
    "TlsVersion": "tls_details.tls_version",
    "UserAgent": "user_agent",
    "UserIdentityAccessKeyId": "user_identity.access_key_id",
    "UserIdentityAccountId": "user_identity.account_id",
    "UserIdentityArn": "user_identity.arn",
    "UserIdentityInvokedBy": "user_identity.invoked_by",
    "UserIdentityPrincipalid": "user_identity.principal_id",
    "UserIdentityStoreArn": "user_identity.on_behalf_of.identity_store_arn",
    "UserIdentityType": "user_identity.type",
    "UserIdentityUserId": "user_identity.on_behalf_of.user_id",
    "UserIdentityUserName": "user_identity.user_name",
    "VpcEndpointId": "vpc_endpoint_id",
}
"""Text columns, and where their value is in an `Event`."""

_OTHERS: Final = {
    "TimeGenerated": ("datetime", "event_time"),
    "SessionCreationDate": ("datetime", "user_identity.session_context.attributes.creation_date"),
    "SessionMfaAuthenticated": ("bool", "user_identity.session_context.attributes.mfa_authenticated"),
    "ManagementEvent": ("bool", "management_event"),
    "ReadOnly": ("bool", "read_only"),
}

_STRUCTURES: Final = {
    "AdditionalEventData": "additional_event_data",
    "RequestParameters": "request_parameters",
    "Resources": "resources",
    "ResponseElements": "response_elements",
    "ServiceEventDetails": "service_event_details",
}
"""Text columns that hold a structure's JSON."""

_UNMAPPED: Final = {
    "user_identity.session_context": (
        "web_id_federation_data", "source_identity", "ec2_issued_in_vpc", "assumed_root",
    ),
    "user_identity": ("identity_provider", "credential_id", "in_scope_of"),
    "tls_details": ("key_exchange",),
    "": (
        "vpc_endpoint_account_id", "addendum", "session_credential_from_console", "edge_device_details",
        "insight_details", "event_context",
    ),
}  # fmt: skip
"""What AWS documents and the table has no column for, by what holds it: kept among the unmapped fields, nested as it
was. An empty object or a null says nothing and is left out: AWS writes one in most records.
"""

_CONSTANTS: Final = {"OperationName": "CloudTrail", "Type": TABLE}

_HOLDERS: Final[dict[str, type[msgspec.Struct]]] = {
    "user_identity": UserIdentity,
    "user_identity.session_context": SessionContext,
    "user_identity.session_context.session_issuer": SessionIssuer,
    "user_identity.session_context.attributes": SessionAttributes,
    "user_identity.on_behalf_of": OnBehalfOf,
    "tls_details": TlsDetails,
}
"""What holds several fields, by its path in an `Event`."""


class _Fields:
    """The values of events by the path of their field. All fields of what holds several are taken out together."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._values: dict[str, Sequence[Any]] = {}
        self._add("", Event, events)

    def _add(self, path: str, kind: type[msgspec.Struct], holders: Sequence[msgspec.Struct]) -> None:
        columns = zip(*map(msgspec.structs.astuple, holders), strict=True)
        for name, values in zip(kind.__struct_fields__, columns, strict=True):
            inner = f"{path}.{name}" if path else name
            if inner in _HOLDERS:
                self._add(inner, _HOLDERS[inner], values)
            else:
                self._values[inner] = values

    def values(self, path: str) -> Sequence[Any]:
        return self._values[path]


def rows(events: Sequence[Event], unmapped: Sequence[str | None] | None = None) -> dict[str, Converted]:
    """The columns of AWSCloudTrail for these events; `unmapped` holds for each the JSON of its other fields."""
    fields = _Fields(events)
    made = {}
    for name, path in _TEXTS.items():
        texts = fields.values(path)
        if any(texts):
            made[name] = convert("string", texts)
    for name, (kind, path) in _OTHERS.items():
        made[name] = convert(kind, fields.values(path))
    for name, path in _STRUCTURES.items():
        structures = _structures(fields.values(path))
        if structures is not None:
            made[name] = Converted(structures)
    if "AwsRequestId_" in made:
        made["AwsRequestId"] = made["AwsRequestId_"]
    for name, constant in _CONSTANTS.items():
        made[name] = Converted(pa.repeat(pa.scalar(constant, pa.string()), len(events)))
    if unmapped is None:
        unmapped = _unmapped(fields, len(events))
    if any(unmapped):
        made[UNMAPPED] = Converted(pa.array(unmapped, pa.string()))
    return made


_EMPTY: Final = msgspec.Raw(b"{}")
_NULL: Final = msgspec.Raw(b"null")


def _unmapped(fields: _Fields, count: int) -> Sequence[str | None]:
    """For each event the JSON of its documented fields that have no column."""
    found: dict[int, dict[str, Any]] = {}  # objects of objects, as deep as the paths go
    for holder, names in _UNMAPPED.items():
        outer = [_ENCODED[name] for name in holder.split(".")] if holder else []
        for name in names:
            raws = fields.values(f"{holder}.{name}" if holder else name)
            absent = raws.count(_NOTHING)
            if absent == count or absent + raws.count(_EMPTY) == count:
                continue
            for index, raw in enumerate(raws):
                if raw is not _NOTHING and raw != _EMPTY and raw != _NULL:
                    inner = found.setdefault(index, {})
                    for step in outer:
                        inner = inner.setdefault(step, {})
                    inner[_ENCODED[name]] = msgspec.Raw(minified(bytes(raw)))
    if not found:
        return ()
    return [msgspec.json.encode(found[index]).decode() if index in found else None for index in range(count)]


def _structures(raws: Sequence[msgspec.Raw]) -> pa.Array | None:
    """The JSON of structures, the empty text for a null or an absent one; None where all are."""
    if raws.count(_NOTHING) == len(raws):
        return None
    texts = list(map(bytes, raws))
    if texts.count(b"null"):
        texts = [b"" if text == b"null" else text for text in texts]
    whole = b"".join(texts)
    if not whole:
        return None
    if is_spaced(whole):
        blank_only = not is_spaced(whole.replace(b" ", b""))  # none of the others: one look at each text will do
        texts = [text if blank_only and b" " not in text else minified(text) for text in texts]
    return pa.array(texts, pa.string())


# The slow way: any record, one by one


def is_record(fields: Mapping[str, object]) -> bool:
    """Whether a record is CloudTrail's: an API call or sign-in, or an insight event, which has no name of its own."""
    named = "eventSource" in fields and "eventName" in fields
    return (named and ("awsRegion" in fields or "eventVersion" in fields)) or fields.keys() >= _INSIGHT


_INSIGHT: Final = {"eventVersion", "eventTime", "eventID", "insightDetails"}


def is_looked_up(fields: Mapping[str, object]) -> bool:
    """Whether a record is one of the answers of LookupEvents."""
    return "CloudTrailEvent" in fields and "EventId" in fields


def looked_up(fields: Mapping[str, msgspec.Raw]) -> Mapping[str, msgspec.Raw] | None:
    """The event that an answer of LookupEvents holds as text; None when it holds none."""
    try:
        return _DICT.decode(msgspec.json.decode(fields["CloudTrailEvent"], type=str))
    except msgspec.DecodeError:
        return None


def is_digest(fields: Mapping[str, object]) -> bool:
    """Whether a document is a digest, which AWS writes beside the logs to prove them and which holds no event."""
    return "digestStartTime" in fields and "logFiles" in fields


def lenient(fields: Mapping[str, msgspec.Raw]) -> tuple[Event, str | None]:
    """A record whose fields are of other types than AWS documents, or more than it documents; with the JSON of those
    that have no column.
    """
    values, rest = _struct(Event, fields)
    if values.get("event_time") is None:
        # Shippers (Logstash, among others) move it there.
        stamp = fields.get("@timestamp")
        values["event_time"] = "" if stamp is None else _scalar(bytes(stamp)) or ""
        if stamp is not None:
            rest.pop("@timestamp", None)
    for name in ("event_source", "event_name"):
        values[name] = values.get(name) or ""
    return Event(**values), _object(rest) if rest else None  # type: ignore[arg-type]  # the values fit their fields


_DICT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def _struct(
    kind: type[msgspec.Struct], fields: Mapping[str, msgspec.Raw]
) -> tuple[dict[str, object], dict[str, bytes]]:
    """Values for the fields of a struct, and the JSON of what it has no field for."""
    values: dict[str, object] = {}
    rest: dict[str, bytes] = {}
    known = _WANTED[kind]
    for name, raw in fields.items():
        found = known.get(name)
        text = bytes(raw)
        if found is None:
            if text not in (b"null", b"{}"):
                rest[name] = minified(text)
            continue
        attribute, wanted = found
        if wanted is msgspec.Raw:
            values[attribute] = raw
        elif isinstance(wanted, type) and issubclass(wanted, msgspec.Struct):
            if text[:1] == b"{":
                inner, inner_rest = _struct(wanted, _DICT.decode(text))
                values[attribute] = wanted(**inner)
                if inner_rest:
                    rest[name] = _object(inner_rest).encode()
            elif text != b"null":
                rest[name] = minified(text)
        elif wanted is bool:
            written = (_scalar(text) or "").lower()
            if written in ("true", "false"):
                values[attribute] = written == "true"
            elif written:
                rest[name] = minified(text)
        else:
            values[attribute] = _scalar(text)
    return values, rest


def _scalar(text: bytes) -> str | None:
    if text == b"null":
        return None
    if text[:1] == b'"':
        return msgspec.json.decode(text, type=str)
    return Json(minified(text).decode())


def _object(fields: Mapping[str, bytes]) -> str:
    return "{" + ",".join(f"{msgspec.json.encode(name).decode()}:{raw.decode()}" for name, raw in fields.items()) + "}"


def _wanted(kind: type[msgspec.Struct]) -> dict[str, tuple[str, object]]:
    found = {}
    for item in msgspec.structs.fields(kind):
        wanted: object = item.type
        if wanted == bool | None:
            wanted = bool
        elif wanted == str | None:
            wanted = str
        if item.name not in _LAST_NAMES:
            found[item.encode_name] = (item.name, wanted)
    return found


_LAST_NAMES: Final = frozenset(name for names in _UNMAPPED.values() for name in names)
_STRUCTS: Final = (Event, UserIdentity, SessionContext, SessionIssuer, SessionAttributes, OnBehalfOf, TlsDetails)
_WANTED: Final[dict[type[msgspec.Struct], dict[str, tuple[str, object]]]] = {kind: _wanted(kind) for kind in _STRUCTS}
_ENCODED: Final = {item.name: item.encode_name for kind in _STRUCTS for item in msgspec.structs.fields(kind)}
