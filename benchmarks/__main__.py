"""All benchmarks, one after the other: `python -m benchmarks`."""

from __future__ import annotations

import sys

from benchmarks import ingest, kusto_parse, kusto_run, logs, search, serve, sigma, site


def main() -> int:
    return max(each.main([]) for each in (kusto_parse, sigma, ingest, kusto_run, logs, serve, site, search))


if __name__ == "__main__":
    sys.exit(main())
