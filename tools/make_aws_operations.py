"""Write which AWS service has which API operation, from the service models of an installed botocore.

    pip install botocore
    python tools/make_aws_operations.py [--out FOLDER]

A line a CloudTrail event source (without ".amazonaws.com"), then the names of its operations. CloudTrail names a
service by the name that signs its requests, which botocore's models give (`signingName`, else `endpointPrefix`). Only
names are taken. The first line says which botocore they are from; the same botocore makes the same text.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.metadata
import importlib.util
import json
import re
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "detectionary" / "schemas" / "data"
NOT_IN_CLOUDTRAIL = frozenset({"mediastore-data"})
"""Services whose operations CloudTrail does not record; MediaStore writes its object accesses to logs of its own."""

VERSION_IN_NAME = re.compile(r"\d{4}_\d{2}_\d{2}$")
"""CloudFront's models carry the API's version in the operation's name; CloudTrail does not."""


def operations(models: Path) -> str:
    """All sources with their operations, over all versions of their APIs."""
    found: dict[str, set[str]] = {}
    for path in sorted(models.glob("*/*/service-2.json.gz")):
        if path.parts[-3] in NOT_IN_CLOUDTRAIL:
            continue
        model = json.loads(gzip.decompress(path.read_bytes()))
        metadata = model["metadata"]
        source = (metadata.get("signingName") or metadata["endpointPrefix"]).lower()
        found.setdefault(source, set()).update(VERSION_IN_NAME.sub("", name) for name in model["operations"])
    return "".join("\t".join([source, *sorted(names)]) + "\n" for source, names in sorted(found.items()))


def main() -> None:
    """Write the file."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=Path, default=PACKAGE)
    given = arguments.parse_args()
    package = importlib.util.find_spec("botocore")
    if package is None or package.origin is None:
        raise SystemExit("botocore is not installed")
    text = f"#botocore {importlib.metadata.version('botocore')}\n" + operations(Path(package.origin).parent / "data")
    given.out.mkdir(parents=True, exist_ok=True)
    given.out.joinpath("aws-operations.tsv.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))


if __name__ == "__main__":
    main()
