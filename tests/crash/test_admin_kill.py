"""kill -9 in the middle of what the admin API does to whole worlds: after a restart each of them is as it was before or as it was to be,
and nothing else. CBSMOCK_CRASH_ROUNDS asks for more rounds of each, CBSMOCK_CRASH_SEED for others."""

import contextlib
import http.client
import os
import random
import sqlite3
import threading
import time

import pytest

from support import api
from support.sandboxes import Sandbox, Sandboxes
from support.server import Server
from test_crash import CONNECTION_ENDED, check_file

DISK = "disk-lzrg2pwi"
ROUNDS = int(os.environ.get("CBSMOCK_CRASH_ROUNDS", "6"))
SEED = int(os.environ.get("CBSMOCK_CRASH_SEED", "20171130"))
OPTIONS = ("--rate-limit", "off", "--transitions", "immediate", "--log-level", "error")
SIZE = 1500
KEPT, OTHER = "AKIDkept", "AKIDother"
MANY_DISKS = {"Disks": [{"DiskId": f"disk-{number:08d}", "Account": 100000000001, "Region": "ap-guangzhou", "Zone": "ap-guangzhou-3",
                         "DiskType": "CLOUD_PREMIUM", "DiskSize": 10} for number in range(1, SIZE + 1)]}


def prepare(server):
    """A default world with many disks and a checkpoint of an earlier moment, and a second sandbox that is smaller."""
    server.admin.freeze()
    assert server.admin.exchange("PUT", "/_cbs/snapshots/early")[0] == 200
    server.admin.seed(MANY_DISKS)
    kept = Sandboxes(server).put(KEPT)
    assert kept.call("CreateSnapshot", {"DiskId": DISK, "SnapshotName": "kept"}).code is None


def more_disks(first):
    return {"Disks": [{**disk, "DiskId": f"disk-{first + number:08d}"} for number, disk in enumerate(MANY_DISKS["Disks"])]}


CHANGES = {
    "reset": ("POST", "/_cbs/reset", None),
    "seed": ("POST", "/_cbs/seed", more_disks(5000)),
    "advance": ("POST", "/_cbs/clock/advance", {"by": "300d"}),
    "checkpoint": ("PUT", "/_cbs/snapshots/late", None),
    "overwritten checkpoint": ("PUT", "/_cbs/snapshots/early", None),
    "restore": ("POST", "/_cbs/snapshots/early/restore", None),
    "import": ("POST", "/_cbs/state/import", None),
    "new sandbox": ("PUT", f"/_cbs/sandboxes/{OTHER}", {}),
    "fork": ("POST", "/_cbs/sandboxes/default/fork", {"as": OTHER}),
    "replaced sandbox": ("PUT", f"/_cbs/sandboxes/{KEPT}", {}),
    "deletion": ("DELETE", f"/_cbs/sandboxes/{KEPT}", None),
    "reset of a sandbox": ("POST", f"/_cbs/reset?sandbox={KEPT}", None),
}


def change(server, name):
    method, path, body = CHANGES[name]
    if name == "import":
        body = Sandbox(server, KEPT).ask("GET", "/_cbs/state/export", format="json")
    return server.admin.exchange(method, path, body)


def counts(path):
    """Disks and snapshots in a file."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return [database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("disk", "snapshot")]


def picture(server, folder):
    """What tells one state of all worlds from another."""
    names = sorted(Sandboxes(server).list())
    worlds = {name: Sandbox(server, name).ask("GET", "/_cbs/state") for name in names}
    checkpoints = sorted(one["name"] for one in server.admin.ask("GET", "/_cbs/snapshots")["snapshots"])
    kept = {name: counts(folder / f"default.{name}.checkpoint") for name in checkpoints}
    return {"worlds": {name: [len(world["Disks"]), len(world["Snapshots"])] for name, world in worlds.items()}, "kept": kept}


@pytest.mark.parametrize("name", CHANGES)
def test_kill(tmp_path, name):
    rng = random.Random(f"{SEED} {name}")
    done = 0
    for number in range(ROUNDS + 1):
        folder = tmp_path / str(number)
        options = (*OPTIONS, "--data", str(folder))
        server = Server(*options).start()
        try:
            prepare(server)
            before = picture(server, folder)
            if number == 0:  # uninterrupted, to know what it does and how long it takes
                began = time.monotonic()
                status, text = change(server, name)
                assert status == 200, text
                took = time.monotonic() - began
                after = picture(server, folder)
                continue
            killer = threading.Timer(rng.random() * took, server.process.kill)
            killer.start()
            with contextlib.suppress(*CONNECTION_ENDED, http.client.HTTPException):
                done += change(server, name)[0] == 200
            killer.join()
        finally:
            server.kill()
        with Server(*options) as server:
            found = picture(server, folder)
            assert api.call(server, "CreateSnapshot", {"DiskId": DISK}).code is None
        assert found in (before, after), f"{found} is neither {before} nor {after}"
        for path in folder.glob("*.db"):
            check_file(path)
        assert not [path.name for path in folder.iterdir() if path.name.endswith(("-new", "-wal", "-shm"))]


def test_remains_of_a_deleted_world_go(tmp_path):
    """Its file went first; what SQLite kept beside it would be found by the next world of that name."""
    for ending in ("-wal", "-shm"):
        (tmp_path / f"AKIDgone.db{ending}").write_bytes(b"left behind")
    with Server("--data", str(tmp_path)) as server:
        assert api.call(server, "CreateSnapshot", {"DiskId": DISK}).code is None
        names = {path.name for path in tmp_path.iterdir()}
        assert "default.db-wal" in names and not [name for name in names if name.startswith("AKIDgone")]
