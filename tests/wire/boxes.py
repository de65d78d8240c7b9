"""What tests of sandboxes share: the fixture that clears up behind them, and the calls they all make."""

import json

import pytest

from support.sandboxes import Sandboxes

DISK = "disk-lzrg2pwi"
NEW_YEAR = {"mode": "frozen", "now": "2026-01-01T00:00:00Z"}


@pytest.fixture
def sandboxes(server):
    """Those of the module's server; what a test makes goes with it."""
    yield (all_of_them := Sandboxes(server))
    for name in all_of_them.list():
        if name != "default":
            all_of_them.delete(name)


def refused(sandboxes, method, path, body=None):
    """(status, code, hint) of a refusal."""
    status, text = sandboxes.admin.exchange(method, path, body)
    error = json.loads(text)["error"]
    assert error["message"]
    return status, error["code"], error.get("hint", "")


def snapshots(sandbox):
    return [snapshot["SnapshotId"] for snapshot in sandbox.call("DescribeSnapshots", {"Limit": 100})["SnapshotSet"]]


def create(sandbox, disk=DISK):
    return sandbox.call("CreateSnapshot", {"DiskId": disk})["SnapshotId"]
