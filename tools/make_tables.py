"""Write the compact table and function facts of the `schemas` room from the reference material.

    python tools/make_tables.py SHARED [--out FOLDER]

SHARED is the folder with `schemas/kusto-tables.json`; FOLDER defaults to the package's own data folder. The same input
makes the same text; the compressed file is the same too with the same zlib.

kusto-tables.tsv.gz      a line a table: name, then its columns in order, "name" for text and "name:type" for the rest
kusto-table-info.tsv     a line a table: name, category, letters (m: Azure Monitor, x: Defender XDR advanced hunting)
kusto-functions.tsv      a line a function: name, parameters, "open" or "", result columns as in the first file
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "detectionary" / "schemas" / "data"

Json = dict[str, Any]


def tables(schemas: Path) -> str:
    """Every table with its columns."""
    data: Json = json.loads((schemas / "kusto-tables.json").read_text(encoding="utf-8"))
    lines = []
    for name, columns in sorted(data.items()):
        cells = [column if kind == "string" else f"{column}:{kind}" for column, kind in columns.items()]
        if any("\t" in cell or cell.count(":") > 1 for cell in cells):
            raise ValueError(f"{name}: a column name holds a separator")
        lines.append("\t".join([name, *cells]))
    return "\n".join(lines) + "\n"


def table_info(schemas: Path) -> str:
    """Every table that the reference knows, with or without columns."""
    reference: Json = json.loads((schemas / "kusto-tables.reference.json").read_text(encoding="utf-8"))
    defender: Json = json.loads((schemas / "defender-xdr-tables.json").read_text(encoding="utf-8"))
    lines = []
    for name in sorted(reference.keys() | defender.keys()):
        facts = reference.get(name, {})
        category = facts.get("category", "-")
        where = ("m" if facts.get("azure_monitor") else "") + ("x" if name in defender else "")
        if where or category != "-":
            lines.append(f"{name}\t{'' if category == '-' else category}\t{where}")
    return "\n".join(lines) + "\n"


def functions(shared: Path) -> str:
    """Built-in functions of the platform that stand for tables; what is known of their results."""
    known: Json = json.loads((shared / "schemas" / "kusto-functions.json").read_text(encoding="utf-8"))
    listed: Json = json.loads((shared / "tools" / "kusto-oracle" / "functions.json").read_text(encoding="utf-8"))
    lines = {
        function["name"]: "\t".join(
            [
                function["name"],
                function["params"],
                "open" if function["open"] else "",
                *(column.removesuffix(":string") for column in function["returns"].split(",")),
            ]
        )
        for function in listed["functions"]
    }
    for name, function in known.items():
        columns = [column if kind == "string" else f"{column}:{kind}" for column, kind in function["result"].items()]
        listed_parameters = lines[name].split("\t")[1] if name in lines else ""
        parameters = listed_parameters or ",".join(
            f"{one['name']}:{one['type']}" + ("" if one["required"] else f"={NULLS[one['type']]}")
            for one in function["parameters"]
        )
        lines[name] = "\t".join([name, parameters, "", *columns])
    return "\n".join(line for _, line in sorted(lines.items())) + "\n"


NULLS = {
    "bool": "false",
    "datetime": "datetime(null)",
    "dynamic": "dynamic([])",
    "int": "int(null)",
    "string": "'*'",
}
"""The default that an optional parameter of an ASIM function has, by its type."""


def main() -> None:
    """Write all files."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("shared", type=Path)
    arguments.add_argument("--out", type=Path, default=PACKAGE)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    schemas: Path = given.shared / "schemas"
    packed = gzip.compress(tables(schemas).encode(), 9, mtime=0)
    given.out.joinpath("kusto-tables.tsv.gz").write_bytes(packed)
    given.out.joinpath("kusto-table-info.tsv").write_text(table_info(schemas), encoding="utf-8", newline="\n")
    given.out.joinpath("kusto-functions.tsv").write_text(functions(given.shared), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
