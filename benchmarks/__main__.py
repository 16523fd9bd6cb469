"""All benchmarks, one after the other: `python -m benchmarks`."""

from __future__ import annotations

import sys

from benchmarks import ingest, kusto_parse, kusto_run, logs, serve, sigma


def main() -> int:
    return max(kusto_parse.main([]), sigma.main([]), ingest.main([]), kusto_run.main([]), logs.main([]), serve.main([]))


if __name__ == "__main__":
    sys.exit(main())
