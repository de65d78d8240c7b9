"""Full load for a while: memory and descriptors stay what they were, the log of the data file too; and the end in the middle of it
loses no answer. CBSMOCK_SOAK_SECONDS (20) are shared by the two kinds of world."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest

from gauge import Gauge
from support import api, pace
from support.server import Server
from support.wait import wait_until

HERE = pathlib.Path(__file__).resolve().parent
MIB = 1024 * 1024
SECONDS = int(os.environ.get("CBSMOCK_SOAK_SECONDS", "20")) / 2
CLIENTS = 4
PATIENCE_SECONDS = pace.seconds(30)
GROWTH_MAX = 4 * MIB
LOG_MAX = 192 * MIB  # from 64 on commits write it back themselves
OPTIONS = ("--rate-limit", "off", "--transitions", "immediate", "--log-level", "error", "--journal-entries", "1000")
LIMITS = {"World": {"SnapshotQuotaBase": 1000000, "DiskSnapshotQuota": 100000, "SnapshotChainMax": 100000}}


def make_disks(server, count):
    return api.call(server, "CreateDisks", {
        "Placement": {"Zone": "ap-guangzhou-3"}, "DiskType": "CLOUD_PREMIUM", "DiskChargeType": "POSTPAID_BY_HOUR", "DiskSize": 10,
        "DiskCount": count})["DiskIdSet"]


def start(server, disk):
    paths = [str(HERE), str(HERE.parent), str(HERE.parent / "wire")]
    return subprocess.Popen([sys.executable, "-B", str(HERE / "rush.py"), server.address, disk], stdout=subprocess.PIPE, text=True,
                            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)})


def results(clients):
    """What each client says at its end."""
    said = [json.loads(client.communicate(timeout=PATIENCE_SECONDS)[0]) for client in clients]
    assert [one["problem"] for one in said if one["problem"]] == []
    return said


class Watch:
    """Looks at a server until the time is over."""

    def __init__(self, server, log):
        self.gauge = Gauge(server)
        self.log = log
        self.memory = []
        self.log_size = 0
        self.files = 0

    def look(self):
        self.memory.append(self.gauge.memory())
        self.files = max(self.files, self.gauge.files())
        if self.log and self.log.exists():
            self.log_size = max(self.log_size, self.log.stat().st_size)

    def run(self, seconds):
        until = time.monotonic() + seconds
        wait_until(lambda: self.look() or time.monotonic() >= until, lambda: "a look took too long", seconds + PATIENCE_SECONDS,
                   between=0.1)

    def growth(self):
        """From the end of the first third to the last."""
        third = len(self.memory) // 3
        return max(self.memory[-third:]) - max(self.memory[: third])


@pytest.mark.parametrize("kept", [False, True], ids=["memory", "data"])
def test_full_load(tmp_path, kept):
    data = ("--data", str(tmp_path)) if kept else ()
    server = Server(*OPTIONS, *data).start()
    clients = []
    try:
        server.admin.seed(LIMITS)
        disks = make_disks(server, CLIENTS)
        files = Gauge(server).files()
        clients = [start(server, disk) for disk in disks]
        watch = Watch(server, tmp_path / "default.db-wal" if kept else None)
        watch.run(SECONDS)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_SECONDS) == 0
        took = time.monotonic() - began
        said = results(clients)
    finally:
        for client in clients:
            client.kill()
        if server.process.returncode is None:
            server.kill()
    requests = sum(one["requests"] for one in said)
    first, middle, last = (watch.memory[len(watch.memory) * part // 4] / MIB for part in (1, 2, 3))
    print(f"{requests} requests in {SECONDS:.0f} s; after a quarter, half, three quarters {first:.1f}, {middle:.1f}, {last:.1f} MiB, "
          f"at most {max(watch.memory) / MIB:.1f}, grew by {watch.growth() / MIB:.2f}; {watch.files} descriptors; "
          f"log of {watch.log_size / MIB:.1f} MiB at most; ended after {took:.2f} s")
    assert requests > 100 * SECONDS / pace.SLOWER
    assert took < pace.seconds(1)
    assert watch.growth() < pace.memory(GROWTH_MAX)
    assert watch.files <= files + CLIENTS + 2
    assert watch.log_size < LOG_MAX
    if kept:
        check_promises(data, said)


def check_promises(data, said):
    """What was answered before the end is there after it."""
    with Server(*OPTIONS, *data) as server:
        for one in said:
            shown = shown_of(server, one["there"])
            assert shown == set(one["there"])
            assert not shown_of(server, one["deleted"])


def shown_of(server, snapshots):
    answer = api.call(server, "DescribeSnapshots", {"Filters": [{"Name": "snapshot-id", "Values": snapshots}], "Limit": 100}) \
        if snapshots else None
    return {item["SnapshotId"] for item in answer["SnapshotSet"]} if answer else set()
