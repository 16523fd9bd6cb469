"""Windows event logs: how rules name them, and which log has an event id that is given without one."""

from __future__ import annotations

from typing import Final

SECURITY: Final = "Security"

_CHANNELS: Final = {
    "ad fs/admin": "ADFS",
    "ad fs tracing/debug": "ADFS",
    "application": "Application",
    "directory service": "Directory Service",
    "dns server": "DNS Server",
    "microsoft-windows-powershell/operational": "PowerShell",
    "security": SECURITY,
    "system": "System",
    "windows powershell": "PowerShell",
}
"""Channels whose log is not named after the channel's middle part."""

_PROVIDERS: Final = {
    "ad fs": "ADFS",
    "ad fs auditing": "ADFS",
    "microsoft-windows-security-auditing": SECURITY,
    "powershell": "PowerShell",
    "service control manager": "System",
    "microsoft-windows-powershell": "PowerShell",
}
"""Providers whose log is not named after themselves. ADFS audits go to the Security log under their own provider."""

_PREFIX: Final = "microsoft-windows-"

_ELSEWHERE: Final = {
    104: "System", 1149: "TerminalServices-RemoteConnectionManager", 4103: "PowerShell", 4104: "PowerShell",
    4105: "PowerShell", 4106: "PowerShell", 7034: "System", 7035: "System", 7036: "System", 7040: "System",
    7045: "System", 18456: "Application", 33205: "Application",
}  # fmt: skip
"""Ids outside the Security log that rules mean one log by."""

_SECURITY_RANGES: Final = (
    range(1100, 1109), range(4608, 5000), range(5024, 5169), range(5376, 5380), range(5440, 5486), range(5632, 5634),
    range(5712, 5713), range(5888, 5891), range(6144, 6146), range(6272, 6282), range(6400, 6425),
)  # fmt: skip
"""Ids of Microsoft-Windows-Security-Auditing, and of the Security log's own service."""


def log_of_channel(channel: str) -> str:
    """The log that a channel's name means: "Microsoft-Windows-Sysmon/Operational" is Sysmon."""
    known = _CHANNELS.get(channel.lower())
    if known is not None:
        return known
    name = channel.partition("/")[0]
    return name[len(_PREFIX) :] if name.lower().startswith(_PREFIX) else name


def log_of_provider(provider: str) -> str | None:
    """The log that a provider writes to; None for one that writes to several."""
    folded = provider.lower()
    if folded == "microsoft-windows-eventlog":
        return None
    if folded in _PROVIDERS:
        return _PROVIDERS[folded]
    return provider[len(_PREFIX) :] if folded.startswith(_PREFIX) else provider


def log_of_id(event_id: int) -> str | None:
    """The one log that an event id without a log most surely means, or None."""
    known = _ELSEWHERE.get(event_id)
    if known is None and any(event_id in ids for ids in _SECURITY_RANGES):
        return SECURITY
    return known


def log_in_security_event(event_id: int) -> str:
    """The log in Sentinel's table SecurityEvent, which holds the Security log and AppLocker's."""
    return "AppLocker" if 8000 <= event_id < 8100 else SECURITY
