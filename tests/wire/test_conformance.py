"""The report on what is proven: parameters and codes that clients have come by, those they have not, and those nobody read."""

import json

import pytest

from support import api
from support.faults import Faults
from support.requests import Requests
from support.server import Server

DISK = "disk-lzrg2pwi"


@pytest.fixture
def journal(server):
    requests = Requests(server.admin)
    requests.clear()
    Faults(server.admin).clear()
    return requests


def test_nothing_was_asked(journal):
    report = journal.conformance()
    assert list(report) == [""] and report[""]["requests"] == 0
    assert report[""]["never_called"] == sorted(report[""]["never_called"]) and "CreateSnapshot" in report[""]["never_called"]
    assert "CopySnapshotCrossRegions" not in report[""]["never_called"]


def test_parameters_and_codes(server, journal):
    targets = server.admin.ask("GET", "/_cbs/faults/targets")["actions"]
    documented = next(one["codes"] for one in targets if one["action"] == "CreateSnapshot")
    tags = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    assert api.call(server, "CreateSnapshot", {"DiskId": DISK, "SnapshotName": "one", "Tags": tags}).code is None
    assert api.call(server, "CreateSnapshot", {"DiskId": "disk-00000000", "SnapshotName": None}).code == "InvalidDiskId.NotFound"
    assert api.call(server, "CreateSnapshot", {"DiskId": DISK, "Colour": 1, "Tags": [{"Key": "a", "Shade": 2}]}).code == "UnknownParameter"
    Faults(server.admin).put({"type": "error", "code": "ResourceBusy"}, match={"action": "CreateSnapshot"}, when={"times": 1})
    assert api.call(server, "CreateSnapshot", {"DiskId": DISK}).code == "ResourceBusy"
    api.call(server, "CreateSnapshots", {})
    report = journal.conformance()
    assert (report[""]["requests"], report[""]["unmatched"], set(report)) == (5, 1, {"", "CreateSnapshot"})
    one = report["CreateSnapshot"]
    assert (one["calls"], one["succeeded"]) == (4, 1)
    assert one["sent"] == {"DiskId": 4, "SnapshotName": 1, "Tags": 2, "Tags.*.Key": 2, "Tags.*.Value": 1}
    assert "Deadline" in one["never_sent"] and not set(one["never_sent"]) & set(one["sent"])
    assert one["unknown"] == {"Colour": 1, "Tags.*.Shade": 1}
    assert one["codes"] == {"OK": 1, "InvalidDiskId.NotFound": 1, "UnknownParameter": 1}
    assert (one["by_fault"], one["undocumented"]) == ({"ResourceBusy": 1}, [])
    assert sorted([*one["never_answered"], "InvalidDiskId.NotFound", "ResourceBusy"]) == sorted(documented)


def test_a_structure_that_never_came_is_one_line(server, journal):
    api.call(server, "DescribeSnapshots", {})
    never = journal.conformance()["DescribeSnapshots"]["never_sent"]
    assert "Filters" in never and not any("." in name for name in never)
    api.call(server, "DescribeSnapshots", {"Filters": [{"Name": "disk-id"}]})
    never = journal.conformance()["DescribeSnapshots"]["never_sent"]
    assert "Filters.*.Values" in never and "Filters" not in never


def test_what_nobody_read(server, journal):
    """The action's own readers tell: who pays by the hour prepays nothing, so that parameter was sent in vain."""
    disk = {"DiskType": "CLOUD_PREMIUM", "DiskSize": 50, "Placement": {"Zone": "ap-guangzhou-3"}, "DiskChargePrepaid": {"Period": 1}}
    for charge in ("POSTPAID_BY_HOUR", "PREPAID", "POSTPAID_BY_HOUR"):
        assert api.call(server, "CreateDisks", {**disk, "DiskChargeType": charge}).code is None
    assert [one.get("unread", []) for one in journal.list()] == [["DiskChargePrepaid"], [], ["DiskChargePrepaid"]]
    one = journal.conformance()["CreateDisks"]
    assert (one["sent"]["DiskChargePrepaid"], one["sent"]["DiskChargePrepaid.Period"]) == (3, 3)
    assert one["unread"] == {"DiskChargePrepaid": 2}


def test_forms_say_the_same_as_json(server, journal):
    params = {"Filters": [{"Name": "disk-id", "Values": [DISK]}], "Limit": 2}
    for changes in ({}, {"signature": api.SHA1, "method": "GET"}, {"signature": api.SHA256}):
        assert api.call(server, "DescribeSnapshots", params, **changes).code is None
    assert journal.conformance()["DescribeSnapshots"]["sent"] == {
        "Filters": 3, "Filters.*.Name": 3, "Filters.*.Values": 3, "Limit": 3}


def test_what_clients_make_up_is_bounded(server, journal):
    many = {f"Unknown{i}": i for i in range(100)} | {"x" * 1000: 1}
    assert api.call(server, "DescribeDisks", many).code == "UnknownParameter"
    one = journal.conformance()["DescribeDisks"]
    assert (len(one["unknown"]), one["unknown_left_out"]) == (32, 69)
    assert api.call(server, "DescribeDisks", {"DiskIds": ["x" * 70000]}).code is not None
    assert journal.conformance()["DescribeDisks"]["unreadable"] == 1


def test_each_sandbox_has_its_own(server, journal):
    server.admin.ask("PUT", "/_cbs/sandboxes/AKIDconformance", {"secret_key": "test"})
    api.call(server, "DescribeDisks", {}, secret_id="AKIDconformance", secret_key="test")
    assert list(journal.conformance()) == [""]
    assert "DescribeDisks" in Requests(server.admin, "AKIDconformance").conformance()
    server.admin.ask("DELETE", "/_cbs/sandboxes/AKIDconformance")


def test_what_was_forgotten_is_told():
    with Server("--journal-entries", "1") as server:
        for _ in range(3):
            api.call(server, "DescribeDisks", {})
        report = Requests(server.admin).conformance()
        assert (report[""]["requests"], report[""]["journal_dropped"], report["DescribeDisks"]["calls"]) == (1, 2, 1)


def test_no_secret_is_told(server, journal):
    api.call(server, "DescribeDisks", {}, secret_key="a-wrong-and-secret-key", token="a-secret-token")
    api.call(server, "DescribeDisks", {}, signature=api.SHA1, method="GET", token="a-secret-token")
    assert "secret" not in json.dumps(journal.conformance())
