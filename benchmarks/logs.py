"""Reading CloudTrail from gzip beside DuckDB's reader on the same records as lines: `python -m benchmarks.logs`.

The records are made here, as AWS writes them: files of `Records` of a thousand each. Every way runs in a process of its
own, in turn, so that a busy machine slows all of them; the best of the rounds counts. Processor time is told beside
it, as a busy machine changes it less. `--memory` compares the peak memory of the process tree for one and five times
the records.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any, Final

from benchmarks.corpus import PROJECT
from benchmarks.processes import memory, tree
from benchmarks.table import print_table

_FILE: Final = 1_000
_PAUSE: Final = 0.2

_PROCESSOR: Final = """
import resource
def processor():
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, who))
"""

_OURS: Final = """
import sys, time
from pathlib import Path
from detectionary.logs import read_logs
from detectionary.schemas import tables
if __name__ == "__main__":
    start, used = time.perf_counter(), processor()
    logs = read_logs([Path(sys.argv[1])], Path(sys.argv[2]), tables(), processes=int(sys.argv[3]))
    assert not logs.broken_count
    print(logs.records, time.perf_counter() - start, processor() - used)
"""

_DUCKDB: Final = """
import sys, time, duckdb
connection = duckdb.connect(config={"threads": 2})
columns = (
    "eventTime: 'TIMESTAMP', eventID: 'VARCHAR', eventName: 'VARCHAR', eventSource: 'VARCHAR', eventType: 'VARCHAR',"
    "eventVersion: 'VARCHAR', awsRegion: 'VARCHAR', sourceIPAddress: 'VARCHAR', userAgent: 'VARCHAR',"
    "errorCode: 'VARCHAR', errorMessage: 'VARCHAR', requestID: 'VARCHAR', recipientAccountId: 'VARCHAR',"
    "readOnly: 'BOOLEAN', managementEvent: 'BOOLEAN', eventCategory: 'VARCHAR', userIdentity: 'JSON',"
    "requestParameters: 'JSON', responseElements: 'JSON', additionalEventData: 'JSON', resources: 'JSON',"
    "tlsDetails: 'JSON'"
)
start, used = time.perf_counter(), processor()
connection.execute(
    f"copy (from read_json('{sys.argv[1]}/{sys.argv[3]}', format='newline_delimited', columns={{{columns}}})) "
    f"to '{sys.argv[2]}/duckdb.parquet' (format parquet, compression zstd)"
)
facts = time.perf_counter() - start, processor() - used
print(connection.sql(f"select count(*) from '{sys.argv[2]}/duckdb.parquet'").fetchall()[0][0], *facts)
"""

_CALLS: Final = (
    ("ec2.amazonaws.com", "RunInstances", False), ("ec2.amazonaws.com", "DescribeInstances", True),
    ("s3.amazonaws.com", "ListBuckets", True), ("sts.amazonaws.com", "AssumeRole", True),
    ("iam.amazonaws.com", "CreateUser", False), ("kms.amazonaws.com", "Decrypt", True),
    ("sts.amazonaws.com", "GetCallerIdentity", True), ("cloudtrail.amazonaws.com", "DeleteTrail", False),
)  # fmt: skip


def record(number: int, dice: random.Random) -> dict[str, Any]:
    """One event of an invented account, of the size and shape of a usual one."""
    source, name, read_only = dice.choice(_CALLS)
    role = f"role-{dice.randrange(300)}"
    moment = datetime(2026, 1, 1) + timedelta(seconds=number // 3)
    made: dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROAEXAMPLE{dice.randrange(5000):09}:session-{dice.randrange(25)}",
            "arn": f"arn:aws:sts::111122223333:assumed-role/{role}/session-{dice.randrange(25)}",
            "accountId": "111122223333",
            "accessKeyId": f"ASIAEXAMPLE{dice.randrange(5000):09}",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": "AROAEXAMPLE",
                    "arn": f"arn:aws:iam::111122223333:role/{role}",
                    "accountId": "111122223333",
                    "userName": role,
                },
                "webIdFederationData": {},
                "attributes": {"creationDate": f"{moment:%Y-%m-%dT%H:00:00Z}", "mfaAuthenticated": "false"},
            },
        },
        "eventTime": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": source,
        "eventName": name,
        "awsRegion": dice.choice(("us-east-1", "eu-central-1", "ap-south-1")),
        "sourceIPAddress": f"198.51.100.{dice.randrange(256)}",
        "userAgent": "aws-cli/2.17.0 md/awscrt#0.20.11 ua/2.0 os/linux#6.1 md/arch#x86_64 lang/python#3.11.9",
        "requestParameters": {
            "instanceType": "t3.micro", "minCount": 1, "maxCount": dice.randrange(1, 20),
            "filterSet": {"items": [{"name": "tag:team", "valueSet": {"items": [{"value": role}]}}]},
        },
        "responseElements": None if read_only else {"requestId": f"{dice.getrandbits(128):032x}", "_return": True},
        "requestID": f"{dice.getrandbits(128):032x}",
        "eventID": f"{dice.getrandbits(128):032x}",
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256", "clientProvidedHostHeader": source,
        },
    }  # fmt: skip
    if dice.randrange(20) == 0:
        made["errorCode"] = "Client.UnauthorizedOperation"
        made["errorMessage"] = "You are not authorized to perform this operation."
    return made


def write(folder: Path, count: int, *, lines: bool) -> int:
    """Files of records below a folder, packed as AWS does and, if asked, as lines too; the bytes before packing."""
    (folder / "gz").mkdir(parents=True, exist_ok=True)
    (folder / "lines").mkdir(exist_ok=True)
    dice = random.Random(20261124)
    size = 0
    for number in range(count // _FILE):
        texts = [json.dumps(record(number * _FILE + index, dice), separators=(",", ":")) for index in range(_FILE)]
        body = f'{{"Records":[{",".join(texts)}]}}'.encode()
        size += len(body)
        (folder / "gz" / f"{number:06}.json.gz").write_bytes(gzip.compress(body, 6))
        if lines:
            written = ("\n".join(texts) + "\n").encode()
            (folder / "lines" / f"{number:06}.json").write_bytes(written)
            (folder / "lines" / f"{number:06}.json.gz").write_bytes(gzip.compress(written, 6))
    return size


@dataclass(frozen=True, slots=True)
class Run:
    """What one process did."""

    records: int
    seconds: float
    processor: float
    """Seconds of processor time, of all processes of its tree."""

    peak: int
    """Peak memory of the tree in bytes."""


def run(program: str, *arguments: str) -> Run:
    with (
        tempfile.TemporaryDirectory(prefix="detectionary-logs-") as out,
        tempfile.NamedTemporaryFile("w", suffix=".py") as script,
    ):
        script.write(_PROCESSOR + program)
        script.flush()
        command = [sys.executable, script.name, arguments[0], out, *arguments[1:]]
        peak = 0
        with subprocess.Popen(
            command, cwd=PROJECT / "src", env={"PYTHONPATH": str(PROJECT / "src")}, stdout=subprocess.PIPE, text=True
        ) as process:
            while process.poll() is None:
                peak = max(peak, sum(map(memory, tree(process.pid))))
                sleep(_PAUSE)
            printed = process.stdout.read() if process.stdout else ""
        if process.returncode:
            raise SystemExit(f"logs: exit status {process.returncode}")
    count, seconds, processor = printed.split()
    return Run(int(count), float(seconds), float(processor), peak)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.logs", description=__doc__.partition(":")[0])
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", action="store_true", help="only the peak memory for one and five times the records")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="detectionary-logs-") as temporary:
        folder = Path(temporary)
        if options.memory:
            return _memory_table(folder, options.records)
        size = write(folder, options.records, lines=True)
        ways = {
            "ours, gz of Records, two processes": (_OURS, str(folder / "gz"), "2"),
            "ours, gz of Records, one process": (_OURS, str(folder / "gz"), "1"),
            "DuckDB read_json, lines": (_DUCKDB, str(folder / "lines"), "*.json"),
            "DuckDB read_json, lines in gz": (_DUCKDB, str(folder / "lines"), "*.json.gz"),
        }
        best: dict[str, Run] = {}
        for _ in range(options.rounds):
            for name, way in ways.items():
                done = run(*way)
                assert done.records == options.records
                if name not in best or done.seconds < best[name].seconds:
                    best[name] = done
    first = next(iter(best.values()))
    print(f"{options.records:,} CloudTrail records, {size / options.records:,.0f} bytes each, to Parquet\n")
    print_table(
        ("way", "records/s", "MiB/s", "processor us/record", "peak MiB", "its time / our first"),
        [
            (
                name,
                f"{done.records / done.seconds:,.0f}",
                f"{size / done.seconds / 2**20:.0f}",
                f"{done.processor / done.records * 1e6:.1f}",
                f"{done.peak / 2**20:.0f}",
                f"{done.seconds / first.seconds:.2f}",
            )
            for name, done in best.items()
        ],
    )
    return 0


def _memory_table(folder: Path, records: int) -> int:
    rows = []
    first = 0
    for times in (1, 5):
        part = folder / str(times)
        write(part, records * times, lines=False)
        done = run(_OURS, str(part / "gz"), "2")
        first = first or done.peak
        rate = f"{done.records / done.seconds:,.0f}"
        rows.append((f"{done.records:,}", rate, f"{done.peak / 2**20:.0f}", f"{done.peak / first:.2f}"))
    print_table(("records", "records/s", "peak MiB", "ratio"), rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
