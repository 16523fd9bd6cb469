"""`make demo`: the main job, as far as it is built, on the examples."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
FIRST_RULE = "f7210a45-12a4-4d02-b59e-f23476827a4b"
TOP_EVENTS = (
    "AWSCloudTrail | summarize Calls = count(), Refused = countif(ErrorCode != '') by EventName | top 5 by Calls"
)


def run(*arguments: str) -> None:
    """Run one command of the project as a user would, and stop when it fails."""
    print(f"\n$ detectionary {shlex.join(arguments)}", flush=True)
    status = subprocess.run([sys.executable, "-m", "detectionary", *arguments], check=False, cwd=PROJECT).returncode
    if status != 0:
        sys.exit(f"the command ended with status {status}")


def main(folder: str) -> None:
    """Read the example rules into a catalog, show the first one, run it on logs, and write the site, into `folder`."""
    out = PROJECT / folder
    out.mkdir(exist_ok=True)
    catalog = str((out / "catalog.db").relative_to(PROJECT))
    site = str((out / "site").relative_to(PROJECT))
    run("ingest", "examples/rules", "--db", catalog)
    run("show", FIRST_RULE, "--db", catalog)
    run("related", FIRST_RULE, "--db", catalog)
    run("search", "RunInstances", "--db", catalog)
    run("run", FIRST_RULE, "--logs", "examples/logs/cloudtrail", "--at", "2026-11-20T09:30:00Z", "--db", catalog)
    run("query", TOP_EVENTS, "--logs", "examples/logs/cloudtrail", "--db", catalog)
    run("site", site, "--db", catalog)
    print(f"\nThe pages: {site}/index.html. The catalog: {catalog}, one SQLite file.")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
