"""Sixty-four clients change a few disks at once. What each was answered, in the journal's own history of who was served when, has an
order for every disk in which a disk alone would have answered so."""

import collections
import json
import os
import random
import threading

import pytest

from linear import NotLinearizable, check
from support import api
from support.requests import Requests
from support.server import Server

CLIENTS = 64
DISKS = 6
CALLS = 40
INSTANCE = "ins-r8hr2upy"
SEED = int(os.environ.get("CBSMOCK_LINEAR_SEED", "20171130"))
OPTIONS = ("--rate-limit", "off", "--transitions", "immediate", "--log-level", "error")
GONE = "InvalidSnapshotId.NotFound"

# What a disk is: attached or not, and its snapshots as (id, name).
Disk = collections.namedtuple("Disk", "attached snapshots")
Call = collections.namedtuple("Call", "action params answer")


# ---- one disk, alone -------------------------------------------------------------------------------------------------------


def error_of(call):
    return call.answer.get("Error", {}).get("Code")


def names(disk, snapshot):
    return [name for its_id, name in disk.snapshots if its_id == snapshot]


def create(disk, call):
    if error_of(call):
        return None
    return disk._replace(snapshots=disk.snapshots | {(call.answer["SnapshotId"], call.params["SnapshotName"])})


def remove(disk, call):
    (snapshot,) = call.params["SnapshotIds"]
    there = names(disk, snapshot)
    if error_of(call) == GONE:
        return None if there else disk
    return disk._replace(snapshots=disk.snapshots - {(snapshot, there[0])}) if there and not error_of(call) else None


def rename(disk, call):
    snapshot = call.params["SnapshotId"]
    there = names(disk, snapshot)
    if error_of(call) == GONE:
        return None if there else disk
    if error_of(call) or not there:
        return None
    return disk._replace(snapshots=disk.snapshots - {(snapshot, there[0])} | {(snapshot, call.params["SnapshotName"])})


def list_snapshots(disk, call):
    shown = {(item["SnapshotId"], item["SnapshotName"]) for item in call.answer["SnapshotSet"]}
    return disk if shown == disk.snapshots and call.answer["TotalCount"] == len(shown) else None


def attach(disk, call):
    if error_of(call) == "ResourceUnavailable.Attached":
        return disk if disk.attached else None
    return None if error_of(call) or disk.attached else disk._replace(attached=True)


def detach(disk, call):
    if error_of(call) == "ResourceUnavailable.NotSupported":
        return None if disk.attached else disk
    return disk._replace(attached=False) if disk.attached and not error_of(call) else None


def show(disk, call):
    (item,) = call.answer["DiskSet"]
    attached = item["DiskState"] == "ATTACHED" and item["InstanceId"] == INSTANCE
    same = attached == disk.attached and item["Attached"] == attached and item["SnapshotCount"] == len(disk.snapshots)
    return disk if same else None


STEPS = {
    "CreateSnapshot": create, "DeleteSnapshots": remove, "ModifySnapshotAttribute": rename, "DescribeSnapshots": list_snapshots,
    "AttachDisks": attach, "DetachDisks": detach, "DescribeDisks": show,
}


def step(disk, call):
    return STEPS[call.action](disk, call)


def disk_of(call, disk_of_snapshot):
    params = call.params
    if "Filters" in params:
        return params["Filters"][0]["Values"][0]
    snapshot = params.get("SnapshotId") or params.get("SnapshotIds", [None])[0]
    return disk_of_snapshot[snapshot] if snapshot else params.get("DiskId") or params["DiskIds"][0]


# ---- many clients ----------------------------------------------------------------------------------------------------------


class Clients:
    """They know the snapshots that any of them made, so that they get into one another's way."""

    def __init__(self, server, disks):
        self.server = server
        self.disks = disks
        self.snapshots = []
        self.answers = {}
        self.errors = []

    def run(self):
        threads = [threading.Thread(target=self._work, args=(random.Random(f"{SEED} {number}"),)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.errors, self.errors[0]

    def _work(self, rng):
        try:
            with api.Client(self.server.address) as client:
                for _ in range(CALLS):
                    action, params = self._choose(rng)
                    answer = client.call(action, params)
                    self.answers[answer.request_id] = answer.response
                    if action == "CreateSnapshot":
                        self.snapshots.append(answer["SnapshotId"])
        except Exception as error:  # a thread's own traceback would not fail the test
            self.errors.append(error)

    def _choose(self, rng):
        disk, dice, name = rng.choice(self.disks), rng.random(), f"n{rng.randrange(1000)}"
        snapshot = rng.choice(self.snapshots[-20:]) if self.snapshots else None
        if dice < 0.2 or not snapshot:
            return "CreateSnapshot", {"DiskId": disk, "SnapshotName": name}
        if dice < 0.45:
            return "DeleteSnapshots", {"SnapshotIds": [snapshot]}
        if dice < 0.6:
            return "ModifySnapshotAttribute", {"SnapshotId": snapshot, "SnapshotName": name}
        if dice < 0.7:
            return "AttachDisks", {"DiskIds": [disk], "InstanceId": INSTANCE}
        if dice < 0.8:
            return "DetachDisks", {"DiskIds": [disk]}
        if dice < 0.9:
            return "DescribeDisks", {"DiskIds": [disk]}
        return "DescribeSnapshots", {"Filters": [{"Name": "disk-id", "Values": [disk]}], "Limit": 100}


def history(server):
    """(begins, request id, call) as the journal tells it, and which snapshot is of which disk."""
    moments = [json.loads(line) for line in Requests(server.admin).export("history").splitlines()]
    params = {moment["request_id"]: moment["value"] for moment in moments if moment["type"] == "invoke"}
    answers = {moment["request_id"]: json.loads(moment["value"])["Response"] for moment in moments if moment["type"] != "invoke"}
    assert params.keys() == answers.keys()
    calls = {moment["request_id"]: Call(moment["f"], params[moment["request_id"]], answers[moment["request_id"]]) for moment in moments}
    made = {call.answer["SnapshotId"]: call.params["DiskId"] for call in calls.values() if call.action == "CreateSnapshot"}
    return [(moment["type"] == "invoke", moment["request_id"], calls[moment["request_id"]]) for moment in moments], made


@pytest.mark.parametrize("durability", [None, "os", "power"])
def test_each_disk_has_an_order(tmp_path, durability):
    data = ("--data", str(tmp_path), "--durability", durability) if durability else ()
    with Server(*OPTIONS, *data) as server:
        server.admin.seed({"World": {"SnapshotQuotaBase": 100000, "DiskSnapshotQuota": 1000, "SnapshotChainMax": 1000}})
        disks = api.call(server, "CreateDisks", {
            "Placement": {"Zone": "ap-guangzhou-3"}, "DiskType": "CLOUD_PREMIUM", "DiskChargeType": "POSTPAID_BY_HOUR", "DiskSize": 10,
            "DiskCount": DISKS})["DiskIdSet"]
        Requests(server.admin).clear()
        clients = Clients(server, disks)
        clients.run()
        events, made = history(server)
    assert {key: call.answer for begins, key, call in events if begins} == clients.answers, "the journal and the clients disagree"
    assert len(clients.answers) == CLIENTS * CALLS
    for disk in disks:
        own = [event for event in events if disk_of(event[2], made) == disk]
        assert len(own) > CALLS
        check(own, Disk(False, frozenset()), step)


# ---- the checker itself ----------------------------------------------------------------------------------------------------


def register(state, operation):
    kind, value = operation
    if kind == "write":
        return value
    return state if state == value else None


WRITE_1, WRITE_2, READ_0, READ_1, READ_2 = ("write", 1), ("write", 2), ("read", 0), ("read", 1), ("read", 2)


@pytest.mark.parametrize("events", [
    [(1, "a", WRITE_1), (0, "a", WRITE_1), (1, "b", READ_1), (0, "b", READ_1)],
    [(1, "a", WRITE_1), (1, "b", READ_1), (0, "b", READ_1), (0, "a", WRITE_1)],
    [(1, "a", WRITE_1), (1, "b", READ_0), (0, "a", WRITE_1), (0, "b", READ_0)],
    [(1, "a", WRITE_1), (1, "b", WRITE_2), (0, "b", WRITE_2), (1, "c", READ_1), (0, "c", READ_1), (0, "a", WRITE_1)],
])
def test_histories_that_have_an_order(events):
    check(events, 0, register)


@pytest.mark.parametrize("events", [
    [(1, "a", WRITE_1), (0, "a", WRITE_1), (1, "b", READ_0), (0, "b", READ_0)],
    [(1, "a", READ_1), (0, "a", READ_1), (1, "b", WRITE_1), (0, "b", WRITE_1)],
    [(1, "w", WRITE_1), (1, "a", READ_1), (0, "a", READ_1), (1, "b", READ_0), (0, "b", READ_0), (0, "w", WRITE_1)],
    [(1, "a", WRITE_1), (0, "a", WRITE_1), (1, "b", WRITE_2), (0, "b", WRITE_2), (1, "c", READ_1), (0, "c", READ_1)],
])
def test_histories_that_have_none(events):
    with pytest.raises(NotLinearizable):
        check(events, 0, register)
