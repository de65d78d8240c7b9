"""kill -9 in the middle of load: whatever was answered is there after a restart, and nothing is there by half.

Several clients write at once; one of them ends the server the moment it has the answer whose number a seeded dice chose, while the
others have requests under way. What those requests did is unknown, as it is to any client whose server dies; all else is
certain and is checked, through the API and in the file. CBSMOCK_CRASH_ROUNDS asks for more rounds, CBSMOCK_CRASH_SEED for others.
"""

import collections
import contextlib
import http.client
import os
import random
import shutil
import sqlite3
import threading

import pytest

from support import pace
from support.api import Client, call
from support.server import Server

CLIENTS = 16
DISKS = 48
NAME = "crash"
ZONE = "ap-guangzhou-3"
OPTIONS = ["--rate-limit", "off", "--transition", "snapshot.create=5ms,disk.create=5ms"]
SEED = int(os.environ.get("CBSMOCK_CRASH_SEED", "20171130"))
ROUNDS = os.environ.get("CBSMOCK_CRASH_ROUNDS")

CONNECTION_ENDED = (http.client.HTTPException, ConnectionError)

# Each query counts rows that contradict a counter or a job kept beside them.
HALVES = {
    "snapshots of a region": """
        SELECT count(*) FROM usage u WHERE u.snapshots != (
          SELECT count(*) FROM snapshot s WHERE s.account = u.account AND s.region = u.region)""",
    "disks of a region": """
        SELECT count(*) FROM usage u WHERE u.disks != (
          SELECT count(*) FROM disk d WHERE d.account = u.account AND d.region = u.region AND d.hidden = 0)""",
    "size of a region's snapshots": """
        SELECT count(*) FROM usage u WHERE u.snapshot_mib != (
          SELECT coalesce(sum(s.used_mib), 0) FROM snapshot s WHERE s.account = u.account AND s.region = u.region)""",
    "snapshots of a disk": """
        SELECT count(*) FROM disk d LEFT JOIN (SELECT disk, count(*) AS n FROM snapshot GROUP BY disk) s ON s.disk = d.no
          WHERE d.snapshot_count != coalesce(s.n, 0)""",
    "snapshots of a disk under way": """
        SELECT count(*) FROM disk d
          LEFT JOIN (SELECT disk, count(*) AS n FROM snapshot WHERE snapshot_state = 'CREATING' GROUP BY disk) s ON s.disk = d.no
          WHERE d.creating_snapshots != coalesce(s.n, 0)""",
    "snapshots of a region under way": """
        SELECT count(*) FROM usage u WHERE u.creating_snapshots != (
          SELECT count(*) FROM snapshot s WHERE s.account = u.account AND s.region = u.region AND s.snapshot_state = 'CREATING')""",
    "numbers that would be given again": """
        SELECT count(*) FROM usage u WHERE u.last_snapshot != 0 AND NOT EXISTS (
          SELECT 1 FROM usage o WHERE o.last_snapshot >= (SELECT max(s.no) FROM snapshot s))""",
    "snapshots that would stay in CREATING": """
        SELECT count(*) FROM snapshot s WHERE s.snapshot_state = 'CREATING' AND NOT EXISTS (
          SELECT 1 FROM job j WHERE j.kind = 'snapshot.create' AND j.resource = s.no)""",
    "jobs of snapshots that are not there": """
        SELECT count(*) FROM job j WHERE j.kind = 'snapshot.create' AND NOT EXISTS (
          SELECT 1 FROM snapshot s WHERE s.no = j.resource)""",
    "disks that would stay hidden": """
        SELECT count(*) FROM disk d WHERE d.hidden = 1 AND NOT EXISTS (
          SELECT 1 FROM job j WHERE j.kind = 'disk.show' AND j.resource = d.no)""",
    "disks without their region's counter": """
        SELECT count(*) FROM disk d WHERE d.hidden = 0 AND NOT EXISTS (
          SELECT 1 FROM usage u WHERE u.account = d.account AND u.region = d.region)""",
}


class Books:
    """What the clients know. A snapshot maps to True once its answer came, to None while its deletion is under way or was lost;
    those of the default world are only looked at."""

    def __init__(self):
        self.lock = threading.Lock()
        self.snapshots = {}
        self.others = set()
        self.deleted = set()
        self.disks = set()
        self.answers = 0
        self.request_ids = set()
        self.lost_snapshots = self.lost_disks = 0  # creations whose answer never came

    def open(self, server):
        """Takes the world as it is, and as it will be from now on."""
        snapshots = list_all(server, "DescribeSnapshots", "SnapshotSet")
        self.snapshots = {item["SnapshotId"]: True for item in snapshots if item["SnapshotName"] == NAME}
        self.others = {item["SnapshotId"] for item in snapshots} - self.snapshots.keys()
        self.disks = {item["DiskId"] for item in list_all(server, "DescribeDisks", "DiskSet")}
        self.lost_snapshots = self.lost_disks = 0

    def count(self, answer):
        """Every answer has a RequestId of its own, across all restarts."""
        with self.lock:
            assert answer.request_id not in self.request_ids, "a RequestId came twice"
            self.request_ids.add(answer.request_id)
            self.answers += 1
            return self.answers

    def begin_delete(self, rng):
        """Some snapshot that is surely there, from now on uncertain; None when there is none."""
        with self.lock:
            known = [snapshot for snapshot, there in self.snapshots.items() if there]
            if not known:
                return None
            chosen = rng.choice(known)
            self.snapshots[chosen] = None
            return chosen


class Load:
    """Clients that write until the server is gone."""

    def __init__(self, server, books, disks, rng, kill_after):
        self.server = server
        self.books = books
        self.disks = disks
        self.kill_at = books.answers + kill_after
        self.errors = []
        self.threads = [threading.Thread(target=self._run, args=(random.Random(rng.random()),)) for _ in range(CLIENTS)]

    def run(self):
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join(pace.seconds(60))
        assert not any(thread.is_alive() for thread in self.threads), "a client hangs on a dead server"
        assert not self.errors, self.errors[0]

    def _run(self, rng):
        try:
            with Client(self.server.address) as client:
                while True:
                    self._step(client, rng)
        except CONNECTION_ENDED:
            pass
        except Exception as error:  # shown by run(): a thread's own traceback would not fail the test
            self.errors.append(error)
            self.server.process.kill()

    def _step(self, client, rng):
        dice = rng.random()
        victim = self.books.begin_delete(rng) if dice < 0.15 else None
        if victim:
            answer = self._delete(client, victim)
        elif dice < 0.25:
            answer = self._create_disk(client)
        else:
            answer = self._create_snapshot(client, rng.choice(self.disks))
        if self.books.count(answer) == self.kill_at:
            self.server.process.kill()

    def _create_snapshot(self, client, disk):
        try:
            answer = client.call("CreateSnapshot", {"DiskId": disk, "SnapshotName": NAME})
        except CONNECTION_ENDED:
            with self.books.lock:
                self.books.lost_snapshots += 1
            raise
        if answer.code == "InvalidDisk.SnapshotCreating":
            return answer
        with self.books.lock:
            assert answer["SnapshotId"] not in self.books.snapshots.keys() | self.books.deleted, "an id came twice"
            self.books.snapshots[answer["SnapshotId"]] = True
        return answer

    def _create_disk(self, client):
        try:
            answer = client.call("CreateDisks", new_disks(1))
        except CONNECTION_ENDED:
            with self.books.lock:
                self.books.lost_disks += 1
            raise
        with self.books.lock:
            self.books.disks.update(answer["DiskIdSet"])
        return answer

    def _delete(self, client, snapshot):
        answer = client.call("DeleteSnapshots", {"SnapshotIds": [snapshot]})
        if answer.code == "ResourceUnavailable.SnapshotCreating":
            with self.books.lock:
                self.books.snapshots[snapshot] = True
            return answer
        assert answer.code is None, f"{answer.code}: {answer.message}"
        with self.books.lock:
            del self.books.snapshots[snapshot]
            self.books.deleted.add(snapshot)
        return answer


def new_disks(count):
    return {"Placement": {"Zone": ZONE}, "DiskType": "CLOUD_PREMIUM", "DiskChargeType": "POSTPAID_BY_HOUR", "DiskSize": 10,
            "DiskCount": count, "DiskName": NAME}


def list_all(server, action, field):
    """Every item of a list, page by page; asserts that TotalCount agrees."""
    items = []
    while True:
        answer = call(server, action, {"Limit": 100, "Offset": len(items)})
        if not answer[field]:
            assert answer["TotalCount"] == len(items)
            return items
        items += answer[field]


def check_books(server, books):
    """Compares the world with what the clients know."""
    snapshots = {item["SnapshotId"]: item for item in list_all(server, "DescribeSnapshots", "SnapshotSet")}
    disks = {item["DiskId"]: item for item in list_all(server, "DescribeDisks", "DiskSet")}

    certain = books.others | {snapshot for snapshot, there in books.snapshots.items() if there}
    assert certain <= snapshots.keys(), f"answered and gone: {certain - snapshots.keys()}"
    assert books.disks <= disks.keys(), f"answered and gone: {books.disks - disks.keys()}"
    assert not books.deleted & snapshots.keys(), "deleted and back"
    assert len(snapshots.keys() - books.snapshots.keys() - books.others) <= books.lost_snapshots, "snapshots that nobody asked for"
    assert len(disks.keys() - books.disks) <= books.lost_disks, "disks that nobody asked for"

    of_disk = collections.Counter(snapshot["DiskId"] for snapshot in snapshots.values())
    for disk, item in disks.items():
        assert item["SnapshotCount"] == of_disk[disk], disk
    for snapshot in snapshots.values():
        assert snapshot["SnapshotName"] != NAME or (snapshot["SnapshotState"], snapshot["Percent"]) == ("NORMAL", 100)


def check_file(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        for what, query in HALVES.items():
            assert database.execute(query).fetchone() == (0,), what


def check_copy(data, scratch):
    """Looks at the file as the crash left it: at a copy, so that the server does its own recovery."""
    shutil.rmtree(scratch, ignore_errors=True)
    shutil.copytree(data, scratch)
    check_file(scratch / "default.db")


def wait_for_nothing(server):
    """Ends everything that is under way."""
    server.admin.advance("1m")


@pytest.mark.parametrize("durability,rounds", [("os", 16), ("power", 16)])
def test_kill_under_load(tmp_path, durability, rounds):
    data = tmp_path / "data"
    options = [*OPTIONS, "--data", str(data), "--durability", durability]
    rng = random.Random(f"{SEED} {durability}")
    books = Books()

    rounds = int(ROUNDS or rounds)
    for _ in range(rounds):
        server = Server(*options).start()
        try:
            disks = call(server, "CreateDisks", new_disks(DISKS))["DiskIdSet"]
            wait_for_nothing(server)
            books.open(server)
            Load(server, books, disks, rng, rng.randint(20, 600)).run()
        finally:
            server.kill()
        check_copy(data, tmp_path / "copy")
        with Server(*options) as server:
            wait_for_nothing(server)
            check_books(server, books)
        check_file(data / "default.db")
    print(f"{rounds} ends, {books.answers} answers, {len(books.snapshots)} snapshots and {len(books.disks)} disks there as promised")
