"""Pages of DescribeSnapshots: pieces that elements have in common are copied from one to the next, and nobody can tell."""

import pytest

from support.api import Client, Request

PLAIN = {"Account": 100000000001, "Region": "ap-guangzhou", "Zone": "ap-guangzhou-3", "DiskId": "disk-lzrg2pwi", "DiskSize": 50}
# Each differs from a plain one in what its name says.
ODD = {
    "zone": {"Zone": "ap-guangzhou-4"},
    "project": {"ProjectId": 1000001},
    "state": {"SnapshotState": "CREATING", "StateSince": "-1h", "StateUntil": "+1h"},
    "rolling": {"SnapshotState": "ROLLBACKING", "StateUntil": "+1h"},
    "mode": {"SnapshotMode": "INSTANT_SNAPSHOT"},
    "disk": {"DiskId": "disk-attached"},
    "copy": {"DiskId": "", "CopyFromRemote": True},
    "usage": {"DiskUsage": "SYSTEM_DISK"},
    "size": {"DiskSize": 60},
    "encrypted": {"Encrypt": True},
    "ends": {"DeadlineTime": "2030-01-01T00:00:00Z"},
    "ends later": {"DeadlineTime": "2030-01-02T00:00:00Z"},
    "changed": {"LatestModifyTime": "2026-01-01T00:00:00Z"},
    "locked": {"IsLocked": True},
    "copied": {"CopyingToRegions": ["ap-hongkong", "ap-shanghai"]},
    "shared": {"TimeStartShare": "2026-01-01T00:00:00Z"},
    "tagged": {"Tags": [{"Key": "team", "Value": "web"}]},
    "\"quoted\"\\\n": {},
}


def rows():
    """Each odd one between plain ones, oldest first."""
    made = []
    for name, odd in ODD.items():
        for fields in ({"SnapshotName": "plain"}, {"SnapshotName": name, **odd}):
            made.append({**PLAIN, **fields, "SnapshotId": f"snap-page{len(made):04}", "CreateTime": f"-{300 - len(made)}m"})
    return made


@pytest.mark.parametrize("order", ["ASC", "DESC"])
def test_an_element_is_the_same_alone(server, order):
    server.admin.freeze()
    server.admin.seed({"Snapshots": rows()})
    client = Client(server.address)
    page = client.send(Request("DescribeSnapshots", {"Limit": 100, "Order": order})).response["SnapshotSet"]
    seeded = [element for element in page if element["SnapshotId"].startswith("snap-page")]
    assert len(seeded) == 2 * len(ODD)
    for element in page:
        alone = client.send(Request("DescribeSnapshots", {"SnapshotIds": [element["SnapshotId"]]})).response["SnapshotSet"]
        assert alone == [element]


def test_an_odd_element_shows_it(server):
    server.admin.freeze()
    server.admin.seed({"Snapshots": rows()})
    page = Client(server.address).send(Request("DescribeSnapshots", {"Limit": 100})).response["SnapshotSet"]
    of = {element["SnapshotName"]: element for element in page}
    plain = {**of["plain"], "SnapshotId": None, "SnapshotName": None, "CreateTime": None}
    for name in ODD:
        odd = {**of[name], "SnapshotId": None, "SnapshotName": None, "CreateTime": None}
        assert (odd == plain) == (not ODD[name]), name
    assert of["locked"]["IsLocked"] and of["encrypted"]["Encrypt"] and of["mode"]["SnapshotMode"] == "INSTANT_SNAPSHOT"
    assert of["copied"]["CopyingToRegions"] == ["ap-hongkong", "ap-shanghai"]
