"""Functions that the platform itself defines, for rules whose repository does not hold their bodies.

The ASIM parsers and their parameters are facts of Azure-Sentinel (MIT) and of sentinelninja (Apache-2.0); of five of
them the whole result is known, of the others only that more columns may come. The functions of advanced hunting are
as Microsoft documents them.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Final

from detectionary.model.schema import Environment, FunctionDefinition, TableSchema
from detectionary.schemas.kusto_tables import columns_of, tables

_DATA: Final = Path(__file__).with_name("data")

BUILT_IN: Final = "built in"
"""The origin of a function that no repository defines."""

_ADVANCED_HUNTING: Final = (
    (
        "AssignedIPAddresses",
        "x:string, y:datetime=datetime(null)",
        "",
        "Timestamp:datetime\tIPAddress\tIPType\tNetworkAdapterType:int\tConnectedNetworks:int",
    ),
    ("DeviceFromIP", "T:(IP:string), y:datetime=datetime(null)", "", "IP\tDeviceId"),
    ("SeenBy", "T:(DeviceId:string)", "", "DeviceId"),
)
"""Name, parameters, "open" or "", result."""


@cache
def functions() -> dict[str, FunctionDefinition]:
    """The platform's own functions by exact name."""
    text = _DATA.joinpath("kusto-functions.tsv").read_text(encoding="utf-8")
    rows = [tuple(line.split("\t", 3)) for line in text.removesuffix("\n").split("\n")]
    found = {}
    for name, parameters, state, columns in (*rows, *_ADVANCED_HUNTING):
        digest = sha1(f"{parameters}\n{state}\n{columns}".encode(), usedforsecurity=False).hexdigest()
        returns = TableSchema(name, columns_of(columns), open=state == "open")
        found[name] = FunctionDefinition(name, parameters, None, digest, returns, BUILT_IN)
    return found


def environment_base() -> Environment:
    """What every Kusto rule may use before any repository adds to it."""
    return Environment(tables(), functions())
