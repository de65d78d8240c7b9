"""The official Python SDK with its own retryer, and an answer that is lost: what only a server that owns the commit can show."""

import pytest
from tencentcloud.common import retry
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

from official import ask, client, no_proxy  # pylint: disable=unused-import
from support import api
from support.faults import Faults
from support.requests import Requests
from support.server import Server

DISK = "disk-lzrg2pwi"


@pytest.fixture(scope="module")
def quick():
    """Snapshots are finished at once, so that a second one is not refused for the first."""
    with Server("--transitions", "immediate", "--rate-limit", "off") as server:
        yield server


@pytest.fixture
def server(quick, no_proxy):
    quick.admin.reset()
    return quick


def create_snapshot(server, attempts=2):
    """With the SDK's StandardRetryer, which does not wait between attempts here. What it raises is no matter of ours: after a lost
    answer this version of it raises the first error though a later attempt succeeded."""
    cbs = client(server)
    cbs.profile.retryer = retry.StandardRetryer(max_attempts=attempts, backoff_fn=lambda attempt: 0)
    try:
        return ask(cbs, "CreateSnapshot", DiskId=DISK).SnapshotId
    except TencentCloudSDKException:
        return None


def snapshots(server):
    answer = api.call(server, "DescribeSnapshots", {"Filters": [{"Name": "disk-id", "Values": [DISK]}]})
    return [snapshot["SnapshotId"] for snapshot in answer["SnapshotSet"]]


@pytest.mark.parametrize("phase, made", [("before_commit", 1), ("after_commit", 2)])
def test_a_lost_answer_and_a_retry(server, phase, made):
    faults = Faults(server.admin)
    faults.put("reset_peer", name="lost-answer", match={"action": "CreateSnapshot"}, when={"times": 1}, phase=phase)
    create_snapshot(server)
    assert faults.get("lost-answer")["remaining"] == 0
    assert len(snapshots(server)) == made
    twice = Requests(server.admin).duplicates()
    if made == 1:
        assert twice == []
        return
    assert len(twice) == 1
    told = str(twice[0])
    assert all(snapshot in told for snapshot in snapshots(server))
    assert faults.get("lost-answer")["last_request_ids"][0] in told


def test_a_refusal_is_retried_and_makes_one(server):
    faults = Faults(server.admin)
    test = faults.retry_test(CreateSnapshot=["error:RequestLimitExceeded"])
    create_snapshot(server)
    assert faults.retry_result(test)["completed"]
    assert len(snapshots(server)) == 1


def test_a_code_that_is_final_is_not_retried(server):
    Faults(server.admin).force("InvalidDisk.Busy", action="CreateSnapshot", times=5)
    assert create_snapshot(server, attempts=5) is None
    assert Requests(server.admin).count(action="CreateSnapshot") == 1


def test_a_naive_reader_misses_what_it_made(server):
    """Create, then describe: right after the change a replica may not have it yet."""
    Faults(server.admin).put({"type": "stale_read", "reads": 2}, match={"action": "CreateSnapshot"})
    made = create_snapshot(server)
    reads = [snapshots(server) for _ in range(3)]
    assert reads == [[], [], [made]]
