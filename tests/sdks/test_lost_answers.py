"""An answer that is lost after the work was done, and what each SDK makes of it: which of them sends again, and what is there then."""

import pytest
import toolchains

from support import api
from support.faults import Faults
from support.requests import Requests
from support.server import Server

DISK = "disk-lzrg2pwi"
NEW_DISK = {"Placement": {"Zone": "ap-guangzhou-2"}, "DiskChargeType": "POSTPAID_BY_HOUR", "DiskType": "CLOUD_SSD", "DiskSize": 20}


@pytest.fixture(scope="module")
def quick():
    """Snapshots are finished at once, so that a second one is not refused for the first."""
    with Server("--transitions", "immediate", "--rate-limit", "off") as server:
        yield server


@pytest.fixture
def server(quick):
    quick.admin.reset()
    return quick


@pytest.fixture
def fresh(toolchain):
    """A driver that has no connection yet."""
    with toolchains.Driver(toolchain) as driver:
        yield driver


@pytest.fixture
def go(toolchain_of):
    with toolchains.Driver(toolchain_of("go")) as driver:
        yield driver


def lose(server, action, how="reset_peer"):
    Faults(server.admin).put(how, match={"action": action}, when={"times": 1}, phase="after_commit")


def snapshots(server):
    return api.call(server, "DescribeSnapshots", {"Filters": [{"Name": "disk-id", "Values": [DISK]}]})["TotalCount"]


def is_made_once(server, sdk, **how):
    with pytest.raises(toolchains.Refused) as caught:
        sdk.ask(server, "CreateSnapshot", {"DiskId": DISK}, **how)
    assert not caught.value.request_id
    assert Requests(server.admin).count(action="CreateSnapshot") == 1
    assert snapshots(server) == 1


@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
def test_none_sends_again_by_itself(server, fresh, kept):
    """Neither on a new connection nor, where HTTP libraries are bolder, on one that has served before."""
    if kept:
        fresh.ask(server, "DescribeSnapshots", {"Limit": 1})
    lose(server, "CreateSnapshot")
    is_made_once(server, fresh)


@pytest.mark.parametrize("how,timeout", [("reset_peer", 60), ("timeout", 1)])
def test_go_does_not_retry_what_could_be_made_twice(server, go, how, timeout):
    """CreateSnapshot has no ClientToken, so that NetworkFailureMaxRetries does not count for it."""
    lose(server, "CreateSnapshot", how)
    is_made_once(server, go, Retries=3, Timeout=timeout)


def test_go_retries_what_has_a_token(server, go):
    """Where the test above would fail: here the SDK puts a ClientToken in, and a time-out is retried."""
    lose(server, "CreateDisks", "timeout")
    answer = go.ask(server, "CreateDisks", NEW_DISK, Retries=3, Timeout=1)
    first, second = Requests(server.admin).find(action="CreateDisks")
    assert first["params"] == second["params"] and first["params"]["ClientToken"]
    assert first["made"] == second["made"] == answer["DiskIdSet"]
    assert Requests(server.admin).duplicates() == []


def test_go_retries_a_rate_limit(server, go):
    faults = Faults(server.admin)
    test = faults.retry_test(CreateSnapshot=["error:RequestLimitExceeded", "error:RequestLimitExceeded"])
    go.ask(server, "CreateSnapshot", {"DiskId": DISK}, Retries=3)
    assert faults.retry_result(test)["completed"] and snapshots(server) == 1
