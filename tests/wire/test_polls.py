"""Transitions that end after so many describes, and a Percent that moves in steps."""

import json

import pytest

from boxes import DISK, NEW_YEAR, create, sandboxes, snapshots  # pylint: disable=unused-import
from support import api
from support.revisions import Revisions
from support.sandboxes import Sandbox
from support.server import Server


def snapshot_state(one, snapshot):
    found = one.call("DescribeSnapshots", {"SnapshotIds": [snapshot]})["SnapshotSet"][0]
    return found["SnapshotState"], found["Percent"]


def disk_state(one, disk):
    found = one.call("DescribeDisks", {"DiskIds": [disk]})["DiskSet"]
    return found[0]["DiskState"] if found else None


def test_a_snapshot_ends_after_so_many_describes(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    rule = one.set_transition("cbs::snapshot", progression="manual", times=3)
    assert [(r["model"], r["progression"], r["times"]) for r in rule] == [("snapshot.create", "manual", 3)]
    made, other = create(one), create(one, "disk-attached")
    assert [snapshot_state(one, made) for _ in range(4)] == [("CREATING", 0), ("CREATING", 33), ("CREATING", 66), ("NORMAL", 100)]
    one.advance("30d")  # no time of its own, and no describe of another ends it
    assert snapshot_state(one, other) == ("CREATING", 0)
    one.ask("POST", f"/_cbs/resources/{other}/transition")
    assert snapshot_state(one, other) == ("NORMAL", 100)


def test_a_page_and_a_filter_count_too_and_a_failed_call_does_not(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, transitions={"snapshot.create": "2 polls"})
    made = create(one)
    assert one.call("DescribeSnapshots", {"Limit": 1000}).code == "InvalidParameterValue"
    one.call("DescribeSnapshots", {"Filters": [{"Name": "disk-id", "Values": ["disk-attached"]}]})
    assert made in snapshots(one)
    assert snapshot_state(one, made)[0] == "CREATING"
    assert snapshot_state(one, made)[0] == "NORMAL"


def test_disks_end_by_polls(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, transitions={"disk": "2 polls"})
    place = {"Zone": "ap-guangzhou-3"}
    new = one.call("CreateDisks", {"DiskType": "CLOUD_PREMIUM", "DiskChargeType": "POSTPAID_BY_HOUR", "DiskSize": 20,
                                   "Placement": place})["DiskIdSet"][0]
    assert [disk_state(one, new) for _ in range(3)] == [None, None, "UNATTACHED"]
    one.call("AttachDisks", {"DiskIds": [new], "InstanceId": "ins-r8hr2upy"})
    assert [disk_state(one, new) for _ in range(3)] == ["ATTACHING", "ATTACHING", "ATTACHED"]
    one.call("ResizeDisk", {"DiskId": new, "DiskSize": 40})
    assert [disk_state(one, new) for _ in range(3)] == ["EXPANDING", "EXPANDING", "ATTACHED"]
    one.call("DetachDisks", {"DiskIds": [new]})
    assert [disk_state(one, new) for _ in range(3)] == ["DETACHING", "DETACHING", "UNATTACHED"]
    one.set_transition("snapshot", progression="immediate")
    made = create(one, new)
    one.call("ApplySnapshot", {"DiskId": new, "SnapshotId": made})
    assert disk_state(one, new) == "ROLLBACKING"
    assert snapshot_state(one, made)[0] == "ROLLBACKING"  # whoever looks at the snapshot looks at the rollback
    assert (disk_state(one, new), snapshot_state(one, made)[0]) == ("UNATTACHED", "NORMAL")


def test_the_count_is_part_of_the_world(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, transitions={"snapshot.create": "4 polls"}, revisions=100)
    made = create(one)
    snapshot_state(one, made)
    one.save("one-poll")
    sandboxes.fork("AKIDone", "AKIDfork")
    fork = Sandbox(sandboxes.server, "AKIDfork")
    image, world = one.export(), one.export_json()
    assert {row["SnapshotId"]: row.get("StatePolls") for row in world["Snapshots"]}[made] == 3
    left = [("CREATING", 25), ("CREATING", 50), ("CREATING", 75), ("NORMAL", 100)]
    for sandbox in (one, fork):
        assert [snapshot_state(sandbox, made) for _ in range(4)] == left
    one.restore("one-poll")
    assert [snapshot_state(one, made) for _ in range(4)] == left
    for take in (lambda: one.import_image(image), lambda: one.import_json(world)):
        take()
        one.set_transition("snapshot", progression="manual", times=4)
        assert [snapshot_state(one, made) for _ in range(4)] == left


def test_the_count_survives_the_server(tmp_path):
    with Server("--data", str(tmp_path / "data"), "--transition", "snapshot.create=3 polls") as server:
        made = api.call(server, "CreateSnapshot", {"DiskId": DISK})["SnapshotId"]
        ask = {"SnapshotIds": [made]}
        assert api.call(server, "DescribeSnapshots", ask)["SnapshotSet"][0]["Percent"] == 0
        server.kill()
        server.start()
        seen = [api.call(server, "DescribeSnapshots", ask)["SnapshotSet"][0]["Percent"] for _ in range(3)]
        assert seen == [33, 66, 100]


def test_percent_in_steps(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, transitions={"snapshot.create": "10s"})
    assert one.set_transition("snapshot.create", percent="steps")[0]["percent"] == "steps"
    assert one.settings()["transitions"]["snapshot.create"] == "10s steps"
    made, seen = create(one), []
    for _ in range(11):
        seen.append(snapshot_state(one, made)[1])
        one.advance("1s")
    assert seen == [0, 0, 0, 25, 25, 50, 50, 50, 75, 75, 100]
    assert "percent" not in one.set_transition("snapshot.create", percent="linear")[0]


@pytest.mark.parametrize("model, rule, part", [
    ("snapshot", {"times": 3}, "manual one may have times"), ("snapshot", {"progression": "time", "times": 3}, "manual one"),
    ("snapshot", {"progression": "manual", "times": 0}, "1 to 1000"), ("snapshot", {"progression": "manual", "times": 1.5}, "1 to 1000"),
    ("snapshot", {"progression": "manual", "times": 1001}, "1 to 1000"), ("snapshot", {"progression": "manual", "times": -1}, "negative"),
    ("snapshot", {"progression": "manual", "seconds": 3}, "by time may have seconds"), ("snapshot", {"percent": "jumps"}, "linear"),
    ("disk", {"percent": "steps"}, "only snapshots"), ("snapshot", {}, "has a progression"),
])
def test_a_transition_that_cannot_be(sandboxes, model, rule, part):
    status, text = sandboxes.admin.exchange("PUT", f"/_cbs/transitions/{model}", rule)
    assert status == 400 and part in json.loads(text)["error"]["message"]


def test_the_count_is_played_again(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, transitions={"snapshot.create": "3 polls"})
    records = Revisions(sandboxes.server.admin, "AKIDone")
    records.start()
    made = create(one)
    assert [snapshot_state(one, made)[1] for _ in range(4)] == [0, 33, 66, 100]
    status, report = records.replay(records.recording(records.stop()["id"]), 1)
    assert (status, report["requests"], report["moved"]) == (200, 5, 0), report
