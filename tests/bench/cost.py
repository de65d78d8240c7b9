"""What one CreateSnapshot costs in instructions, counted by callgrind: the same on every run, however busy the machine is."""

import os
import pathlib
import re
import subprocess
import tempfile

from support.admin import Admin
from support.api import Client, Request

PLENTY = 2_000_000_000
# What would end a benchmark: quotas, and the wait between two snapshots of one disk.
ROOMY = {"World": {"SnapshotQuotaBase": PLENTY, "DiskSnapshotQuota": PLENTY, "SnapshotChainMax": PLENTY, "CreatingSnapshotMax": PLENTY}}
FAST = ("--rate-limit", "off", "--transitions", "immediate", "--log-level", "error", "--threads", "1")
CREATE = ("CreateSnapshot", {"DiskId": "disk-lzrg2pwi", "SnapshotName": "snap_201711301015"})
FEW, MANY = 64, 512


def bare():
    """The yardstick's binary: given, or built beside the server's."""
    given = os.environ.get("CBSMOCK_BARE")
    return given or str(pathlib.Path(os.environ["CBSMOCK_BINARY"]).parents[1] / "tests" / "bench" / "bare")


def serve():
    return [os.environ["CBSMOCK_BINARY"], "serve", "--port", "0", *FAST]


def instructions(command, seed, requests):
    """User-space instructions of a server that answers so many requests. Hashing and memset are left out: valgrind has neither the
    processor's hash instructions nor its fast fill."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind"
        process = subprocess.Popen(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        address = process.stdout.readline().rpartition("//")[2].strip()
        if seed:
            Admin(int(address.rpartition(":")[2])).seed(seed)
        client = Client(address)
        for _ in range(requests):
            client.send(Request(*CREATE))
        process.terminate()
        process.wait(60)
        process.stdout.close()
        annotate = ["callgrind_annotate", "--auto=no", "--threshold=100", str(out)]
        text = subprocess.run(annotate, capture_output=True, text=True, check=True).stdout
    counts = re.findall(r"^\s*([\d,]+) \([^)]*\)\s+(\S.*)$", text, re.M)
    return sum(int(count.replace(",", "")) for count, name in counts if not re.search("PROGRAM TOTALS|sha256|sha1|memset", name))


def per_request():
    """Of the bare answerer and of cbsmock, start and end of the server not counted."""
    of = {}
    for name, command, seed in (("bare", [bare()], None), ("cbsmock", serve(), ROOMY)):
        of[name] = (instructions(command, seed, MANY) - instructions(command, seed, FEW)) / (MANY - FEW)
    return of
