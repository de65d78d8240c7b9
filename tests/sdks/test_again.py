"""Calls of the journal written as Go, Java and Node.js are compiled, run unmodified, and make the same call again."""

import pytest

from support import api
from support.requests import Requests
from support.server import Server

DISK = "disk-lzrg2pwi"
ODD = "it's \"quoted\" `so` \\ $HOME ${x} \n\t 快照 😀 \u007f\ufeff%s"
FILTERED = {"Filters": [{"Name": "snapshot-name", "Values": [ODD, "b"]}, {"Name": "disk-id", "Values": [DISK]}], "Limit": 2, "Offset": 0}


@pytest.fixture(scope="module")
def quick():
    """Snapshots are finished at once, so that a second one is not refused for the first."""
    with Server("--transitions", "immediate", "--rate-limit", "off") as server:
        yield server


@pytest.fixture
def server(quick):
    quick.admin.reset()
    return quick


def again(server, toolchain, action, params, **changes):
    """Makes a call, has it written as a program and runs that; both as the journal has them, and what the program printed."""
    journal = Requests(server.admin)
    answer = api.call(server, action, params, **changes)
    printed, said = toolchain.paste(journal.paste(answer.request_id, toolchain.name))
    first, second = (journal.show(one["request_id"]) for one in journal.list()[-2:])
    assert first["request_id"] == answer.request_id != second["request_id"]
    assert first["params"] == second["params"] == params
    assert first["code"] == second["code"]
    assert first.get("language", "en-US") == second.get("language", "en-US")
    return answer, first, second, printed, said


@pytest.mark.parametrize("changes", [
    {}, {"language": "zh-CN"}, {"signature": api.SHA256, "method": "GET"}, {"signature": api.SHA1}, {"method": "GET"}
], ids=lambda changes: " ".join(map(str, changes.values())) or "plain")
def test_the_answer_is_the_same(server, toolchain, changes):
    answer, first, second, printed, _ = again(server, toolchain, "DescribeSnapshots", FILTERED, **changes)
    assert {**printed, "RequestId": answer.request_id} == answer.response
    assert first["scheme"] == second["scheme"]
    assert first["request"]["method"] == second["request"]["method"]


@pytest.mark.parametrize("action,params", [
    ("CreateSnapshot", {"DiskId": DISK, "SnapshotName": ODD}),
    ("CreateDisks", {"Placement": {"Zone": "ap-guangzhou-2", "ProjectId": 0}, "DiskChargeType": "POSTPAID_BY_HOUR", "DiskType": "CLOUD_SSD",
                     "DiskSize": 20, "DiskCount": 2, "Shareable": False, "Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "快"}]}),
])
def test_what_it_makes_is_another(server, toolchain, action, params):
    answer, first, second, printed, said = again(server, toolchain, action, params)
    assert printed, said
    assert printed.keys() == answer.response.keys()
    assert first["made"] and second["made"] and not set(first["made"]) & set(second["made"])


@pytest.mark.parametrize("action,params", [
    ("CreateSnapshot", {"DiskId": "disk-00000000"}),
    ("CreateSnapshot", {"DiskId": DISK, "Colour": {"Red": [1, None]}}),
    ("CreateSnapshot", {"DiskId": 5}),
    ("DescribeSnapshots", {"SnapshotIds": [], "Limit": "2"}),
])
def test_a_refusal_is_the_same(server, toolchain, action, params):
    answer, _, _, printed, said = again(server, toolchain, action, params)
    assert answer.code and printed is None and answer.code in said


def test_no_key_is_in_it(server, toolchain):
    answer = api.call(server, "DescribeDisks", {})
    text = Requests(server.admin).paste(answer.request_id, toolchain.name)
    printed, said = toolchain.paste(text, secret_key="")
    assert printed is None and "set TENCENTCLOUD_SECRET_KEY" in said
