"""A disk without room, and one that fails: changes are refused with InternalError and leave nothing behind, reads go on, and all is
well again as soon as there is room. A small file system where one may be mounted, else a limit on how large files may grow."""

import contextlib
import os
import re
import resource
import shutil
import subprocess

import pytest

from support import api
from support.sandboxes import Sandbox, Sandboxes
from support.server import Server, binary, environment
from test_crash import check_file, list_all, new_disks

DISK, SNAPSHOT_NAME = "disk-lzrg2pwi", "n" * 60
MIB = 1024 * 1024
CHANGES_MAX = 400
OPTIONS = ("--rate-limit", "off", "--transitions", "immediate", "--log-level", "error")
LIMITS = {"World": {"SnapshotQuotaBase": 1000000, "DiskSnapshotQuota": 100000, "SnapshotChainMax": 100000}}


# ---- disks that can be filled ----------------------------------------------------------------------------------------------


class SmallDisk:
    """A file system of its own; a filler takes what the server has left."""

    size = 3 * MIB

    def __init__(self, path):
        self.path = path
        self.filler = path / "filler"

    def __enter__(self):
        words = ["mount", "-t", "tmpfs", "-o", f"size={self.size}", "tmpfs", str(self.path)]
        mounted = subprocess.run(words, capture_output=True, text=True)
        if mounted.returncode:
            pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
        return self

    def fill(self, server):
        with contextlib.suppress(OSError), self.filler.open("ab", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)

    def free(self, server):
        self.filler.unlink()

    def __exit__(self, *error):
        subprocess.run(["umount", "-l", str(self.path)], check=True)


class SmallFiles:
    """Files may not grow any more than the database has."""

    def __init__(self, path):
        self.path = path
        self.hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def __enter__(self):
        return self

    def fill(self, server):
        size = max(path.stat().st_size for path in self.path.iterdir() if path.is_file())
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size, self.hard))

    def free(self, server):
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (self.hard, self.hard))

    def __exit__(self, *error):
        pass


@pytest.fixture
def place(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    return path


@pytest.fixture(params=[SmallDisk, SmallFiles])
def disk(request, place):
    with request.param(place) as made:
        yield made


# ---- what must hold --------------------------------------------------------------------------------------------------------


def world(server):
    """All snapshots, disks and policies, as clients see them."""
    return (list_all(server, "DescribeSnapshots", "SnapshotSet"), list_all(server, "DescribeDisks", "DiskSet"),
            list_all(server, "DescribeAutoSnapshotPolicies", "AutoSnapshotPolicySet"))


def change_until_refused(server):
    """Takes snapshots until there is no room for one; answers how many were taken."""
    for taken in range(CHANGES_MAX):
        answer = api.call(server, "CreateSnapshot", {"DiskId": DISK, "SnapshotName": SNAPSHOT_NAME})
        if answer.code is not None:
            assert answer.code == "InternalError" and answer.status == 200
            return taken
    raise AssertionError("there is always room")


def some_changes(server):
    snapshot = list_all(server, "DescribeSnapshots", "SnapshotSet")[0]["SnapshotId"]
    return [
        ("CreateSnapshot", {"DiskId": DISK}),
        ("ModifySnapshotAttribute", {"SnapshotId": snapshot, "SnapshotName": "renamed" * 8}),
        ("DeleteSnapshots", {"SnapshotIds": [snapshot]}),
        ("CreateDisks", new_disks(20)),
        ("AttachDisks", {"DiskIds": [DISK], "InstanceId": "ins-r8hr2upy"}),
        ("ResizeDisk", {"DiskId": DISK, "DiskSize": 60}),
        ("CreateAutoSnapshotPolicy", {"Policy": [{"Hour": [hour % 24], "DayOfMonth": list(range(1, 32))} for hour in range(60)]}),
    ]


def assert_files_are_whole(folder):
    files = [path for path in folder.iterdir() if path.suffix == ".db"]
    assert files
    for path in files:
        check_file(path)


# ---- the cloud -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("durability", ["os", "power"])
def test_changes_without_room(disk, durability):
    options = (*OPTIONS, "--data", str(disk.path), "--durability", durability)
    with Server(*options) as server:
        server.admin.seed(LIMITS)
        assert api.call(server, "CreateSnapshot", {"DiskId": DISK, "SnapshotName": SNAPSHOT_NAME}).code is None
        count = len(list_all(server, "DescribeSnapshots", "SnapshotSet"))
        disk.fill(server)
        count += change_until_refused(server)
        before = world(server)
        assert len(before[0]) == count
        for action, params in some_changes(server):
            before, answer = world(server), api.call(server, action, params)
            assert answer.code in (None, "InternalError"), action  # a small change may have found a little room
            assert answer.code is None or world(server) == before, f"{action} was refused, and something of it is there"
            change_until_refused(server)
        before = world(server)
        disk.free(server)
        assert api.call(server, "CreateSnapshot", {"DiskId": DISK}).code is None
        assert api.call(server, "CreateDisks", new_disks(20)).code is None
        after = world(server)
        assert after != before
    assert_files_are_whole(disk.path)
    with Server(*options) as server:
        assert world(server) == after


def test_a_start_without_room(place):
    with SmallDisk(place) as disk:
        options = ("--port", "0", *OPTIONS, "--data", str(disk.path))
        with Server(*options) as server:
            api.call(server, "CreateSnapshot", {"DiskId": DISK})
            before = world(server)
        disk.fill(None)
        tried = subprocess.run([binary(), *options], env=environment(), capture_output=True, text=True, timeout=30,
                               stdin=subprocess.DEVNULL)
        assert tried.returncode == 2 and tried.stdout == "", "it started though it cannot keep what it would answer"
        assert re.fullmatch(r"cbsmock: .*default\.db.*\n", tried.stderr), tried.stderr
        disk.free(None)
        with Server(*options) as server:
            assert world(server) == before


# ---- the admin API ---------------------------------------------------------------------------------------------------------

ADMIN_CHANGES = [
    ("POST", "/_cbs/seed", {"Disks": [{"DiskId": f"disk-{number:08d}", "Account": 100000000001, "Region": "ap-guangzhou",
                                       "Zone": "ap-guangzhou-3", "DiskType": "CLOUD_PREMIUM", "DiskSize": 10, "DiskName": SNAPSHOT_NAME}
                                      for number in range(1, 200)]}),
    ("POST", "/_cbs/reset", None),
    ("PUT", "/_cbs/clock", {"action": "freeze"}),
    ("POST", "/_cbs/clock/advance", {"by": "40d"}),
    ("POST", "/_cbs/seed-rng", {"seed": 3}),
    ("PUT", "/_cbs/snapshots/kept", None),
    ("POST", "/_cbs/snapshots/old/restore", None),
    ("PUT", "/_cbs/sandboxes/AKIDnew", {}),
    ("PUT", "/_cbs/sandboxes/AKIDold", {}),
    ("PATCH", "/_cbs/sandboxes/AKIDold", {"ttl": "1h", "dialect": "current"}),
    ("POST", "/_cbs/sandboxes/default/fork", {"as": "AKIDfork"}),
    ("POST", "/_cbs/reset?sandbox=AKIDold", None),
    ("POST", "/_cbs/errors/InsufficientSnapshotQuota/arrange", {"action": "CreateSnapshot"}),
]


def all_worlds(server):
    """What tells one state of the server from another."""
    old = Sandbox(server, "AKIDold")
    return [
        server.admin.ask("GET", "/_cbs/state"), old.ask("GET", "/_cbs/state"),
        sorted(Sandboxes(server).list()),
        old.settings()["dialect"], server.admin.ask("GET", "/_cbs/clock")["mode"], server.admin.ask("GET", "/_cbs/snapshots"),
    ]


def test_the_admin_api_without_room(disk):
    """What is refused changed nothing, in memory or in a file; what has room is done."""
    options = (*OPTIONS, "--data", str(disk.path))
    with Server(*options) as server:
        server.admin.seed(LIMITS)
        server.admin.ask("PUT", "/_cbs/snapshots/old")
        old = Sandboxes(server).put("AKIDold")
        assert old.call("CreateSnapshot", {"DiskId": DISK, "SnapshotName": "kept"}).code is None
        disk.fill(server)
        change_until_refused(server)
        refused = 0
        for method, path, body in ADMIN_CHANGES:
            before = all_worlds(server)
            status, text = server.admin.exchange(method, path, body)
            assert status == 200 or '"error"' in text
            refused += status != 200
            assert status == 200 or all_worlds(server) == before, f"{method} {path}: {text}"
        assert refused > len(ADMIN_CHANGES) / 2
        before = all_worlds(server)
    with Server(*options) if isinstance(disk, SmallFiles) else contextlib.nullcontext() as server:
        assert server is None or all_worlds(server)[:4] == before[:4]
    if isinstance(disk, SmallDisk):
        disk.free(None)
    with Server(*options) as server:
        assert all_worlds(server)[:4] == before[:4], "what was answered before the restart is not what there is after it"
        for method, path, body in ADMIN_CHANGES:
            assert server.admin.exchange(method, path, body)[0] == 200, f"{method} {path}"
    assert_files_are_whole(disk.path)


# ---- a disk that fails -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", ["pwrite64", "fdatasync,fsync"])
def test_a_disk_that_fails(tmp_path, calls):
    """Some writes, or some syncs, fail as on a broken disk. What was answered as done is there, what was not is not."""
    if not shutil.which("strace"):
        pytest.skip("strace is not here")
    script = tmp_path / "traced"
    script.write_text(f"#!/bin/sh\nexec strace -f -qq -o {tmp_path}/trace -e trace={calls} "
                      f"-e inject={calls}:error=EIO:when=40..60 {binary()} \"$@\"\n", encoding="utf-8")
    script.chmod(0o700)
    options = (*OPTIONS, "--threads", "1", "--data", str(tmp_path / "data"), "--durability", "power")
    made, codes = [], []
    with traced(script, options) as server:
        if server is None:
            pytest.skip("strace may not trace here")
        server.admin.seed(LIMITS)
        for _ in range(150):
            answer = api.call(server, "CreateSnapshot", {"DiskId": DISK})
            codes.append(answer.code)
            if answer.code is None:
                made.append(answer["SnapshotId"])
            assert answer.code in (None, "InternalError")
        shown = [item["SnapshotId"] for item in list_all(server, "DescribeSnapshots", "SnapshotSet")]
        assert set(made) <= set(shown)
    assert "InternalError" in codes and codes[-1] is None, "it did not fail, or never recovered"
    with Server(*options) as server:
        assert sorted(item["SnapshotId"] for item in list_all(server, "DescribeSnapshots", "SnapshotSet")) == sorted(shown)
    assert_files_are_whole(tmp_path / "data")


@contextlib.contextmanager
def traced(script, options):
    """A server under the script; None when it does not come up. Ended through its own process, which strace waits for."""
    kept, os.environ["CBSMOCK_BINARY"] = os.environ.get("CBSMOCK_BINARY"), str(script)
    try:
        server = Server(*options, env={**environment(), "ASAN_OPTIONS": "detect_leaks=0"})  # which does not work under a tracer
        try:
            server.start()
        except AssertionError:
            yield None
            return
    finally:
        os.environ.pop("CBSMOCK_BINARY")
        if kept:
            os.environ["CBSMOCK_BINARY"] = kept
    try:
        yield server
    finally:
        with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                os.kill(int(child), 15)
        server.process.wait(30)
