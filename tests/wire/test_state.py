"""A world taken out as JSON and put in again: nothing of it is lost, not even what is under way."""

import json

import pytest

from boxes import DISK, NEW_YEAR, sandboxes  # pylint: disable=unused-import


def everything_under_way(one):
    """A world with one of each transition, and calls that may be sent again; what sends them."""
    running = {"Instances": [{"InstanceId": "ins-r8hr2upy", "InstanceState": "RUNNING", "OnlineResize": True}]}
    spare = {"Account": 100000000001, "Region": "ap-guangzhou", "Zone": "ap-guangzhou-3", "DiskType": "CLOUD_PREMIUM", "DiskSize": 50}
    attached = {**spare, "InstanceId": "ins-r8hr2upy", "DiskState": "ATTACHED"}
    disks = [{"DiskId": f"disk-spare00{i}", **(spare if i < 3 else attached)} for i in range(6)]
    snapshots = [{"SnapshotId": f"snap-rollbac{i}", "DiskId": f"disk-spare00{i}", "Account": 100000000001, "Region": "ap-guangzhou",
                  "Zone": "ap-guangzhou-3", "DiskSize": 50} for i in (1, 5)]
    one.seed({"World": {"SnapshotClientToken": True}, **running, "Disks": disks, "Snapshots": snapshots})
    repeated = [("CreateSnapshot", {"DiskId": DISK, "ClientToken": "once"}),
                ("CreateDisks", {"DiskType": "CLOUD_PREMIUM", "DiskChargeType": "POSTPAID_BY_HOUR", "DiskCount": 2, "DiskSize": 20,
                                 "Placement": {"Zone": "ap-guangzhou-3"}, "ClientToken": "once"})]
    for action, params in [*repeated,
                           ("ResizeDisk", {"DiskId": "disk-spare000", "DiskSize": 90}),
                           ("ApplySnapshot", {"DiskId": "disk-spare001", "SnapshotId": "snap-rollbac1"}),
                           ("AttachDisks", {"DiskIds": ["disk-spare002"], "InstanceId": "ins-r8hr2upy"}),
                           ("DetachDisks", {"DiskIds": ["disk-spare003"]}),
                           ("ResizeDisk", {"DiskId": "disk-spare004", "DiskSize": 100}),
                           ("ApplySnapshot", {"DiskId": "disk-spare005", "SnapshotId": "snap-rollbac5", "AutoStopInstance": True,
                                              "AutoStartInstance": True})]:
        answer = one.call(action, params)
        assert answer.code is None, f"{action}: {answer.code}: {answer.message}"
    return repeated


def rows(world):
    """All fields of all rows, one by one, so that a difference is told by its name."""
    flat = {}
    for part, content in world.items():
        for i, row in enumerate(content if isinstance(content, list) else [content]):
            key = row.get(f"{part.removesuffix('s')}Id", i)
            flat.update({f"{part}/{key}/{name}": value for name, value in row.items()})
    return flat


@pytest.mark.parametrize("strategy", ["overwrite", "merge"])
def test_a_world_in_transition_survives_as_json(sandboxes, strategy):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    repeated = everything_under_way(one)
    world = one.export_json()
    states = {row["DiskState"] for row in world["Disks"]} | {row["SnapshotState"] for row in world["Snapshots"]}
    assert states >= {"EXPANDING", "ROLLBACKING", "ATTACHING", "DETACHING", "CREATING"}
    assert {row["DiskId"]: row.get("TargetDiskSize") for row in world["Disks"]}["disk-spare000"] == 90
    assert [token["Action"] for token in world["ClientTokens"]] == ["CreateDisks", "CreateSnapshot"]
    two = sandboxes.put("AKIDtwo", clock=NEW_YEAR)
    two.import_json(world, strategy)
    assert rows(two.export_json()) == rows(world)
    answers = [[sandbox.call(action, params).response for action, params in repeated] for sandbox in (one, two)]
    for pair in answers:
        for answer in pair:
            del answer["RequestId"]
    assert answers[0] == answers[1]  # the first answers, and nothing is made anew
    for sandbox in (one, two):
        sandbox.advance("1h")
    assert rows(two.export_json()) == rows(one.export_json())
    sizes = {disk["DiskId"]: disk["DiskSize"] for disk in two.call("DescribeDisks", {"Limit": 100})["DiskSet"]}
    assert (sizes["disk-spare000"], sizes["disk-spare004"]) == (90, 100)


@pytest.mark.parametrize("piece, pointer", [
    ({"Disks": [{"DiskId": DISK, "TargetDiskSize": 90}]}, "/Disks/0/TargetDiskSize: must not be given in state UNATTACHED"),
    ({"Disks": [{"DiskId": DISK, "DiskState": "EXPANDING", "TargetDiskSize": 0}]}, "/Disks/0/TargetDiskSize"),
    ({"Disks": [{"DiskId": DISK, "DiskState": "EXPANDING", "StartInstance": True}]}, "/Disks/0/StartInstance"),
    ({"Disks": [{"DiskId": DISK, "StatePolls": 3}]}, "/Disks/0/StatePolls: must not be given in state UNATTACHED"),
    ({"Disks": [{"DiskId": DISK, "DiskState": "EXPANDING", "StatePolls": 3, "StateUntil": "+1h"}]}, "/Disks/0/StateUntil"),
    ({"Snapshots": [{"SnapshotId": "snap-diskgone", "StatePolls": 3}]}, "/Snapshots/0/StatePolls"),
    ({"ClientTokens": [{"Account": 100000000001, "Region": "ap-guangzhou", "Action": "CreateSnapshot", "ClientToken": "t",
                        "Digest": "x" * 64, "Answer": "snap-00000001"}]}, "/ClientTokens/0/Digest"),
    ({"ClientTokens": [{"Account": 100000000001, "Region": "ap-guangzhou", "Action": "CreateDisks", "ClientToken": "t",
                        "Digest": "0" * 64, "Answer": "disk-00000001"}]}, "/ClientTokens/0/Answer: must be a list"),
    ({"ClientTokens": [{"Account": 100000000001, "Region": "ap-guangzhou", "Action": "CreateDisks", "ClientToken": "t",
                        "Digest": "0" * 64, "Answer": "[}"}]}, "/ClientTokens/0/Answer"),
    ({"ClientTokens": [{"Account": 7, "Region": "ap-guangzhou", "Action": "CreateDisks", "ClientToken": "t",
                        "Digest": "0" * 64, "Answer": "[]"}]}, "/ClientTokens/0/Account"),
])
def test_what_jobs_and_tokens_say_must_fit(sandboxes, piece, pointer):
    status, text = sandboxes.admin.exchange("POST", "/_cbs/seed", piece)
    assert status == 400 and pointer in json.loads(text)["error"]["message"]
