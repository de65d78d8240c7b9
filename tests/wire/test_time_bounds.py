"""What is counted in time or in bytes: rate windows and signatures on the sandbox's clock, late and stale answers, revisions."""

import datetime
import math
import statistics

import pytest

from boxes import DISK, NEW_YEAR, create, sandboxes, snapshots  # pylint: disable=unused-import
from support.faults import Faults
from support.revisions import Revisions
from support.server import Server

NEW_YEAR_SECONDS = 1767225600


# ---- rate windows ----------------------------------------------------------------------------------------------------------


def served(one, calls):
    return sum(one.call("DescribeSnapshots", {"Limit": 1}).code is None for _ in range(calls))


def test_a_rate_window_stands_with_the_clock(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, rate_limit="on")
    assert served(one, 25) == 20
    assert one.call("DescribeSnapshots", {}).code == "RequestLimitExceeded"  # however much real time goes by
    one.advance("999ms")
    assert served(one, 1) == 0
    one.advance("1ms")
    assert served(one, 25) == 20


def test_a_rate_window_goes_as_fast_as_the_clock(sandboxes):
    one = sandboxes.put("AKIDone", clock={"mode": "real"}, rate_limit="on")
    one.ask("PUT", "/_cbs/clock", {"action": "scale", "factor": 3600})
    assert served(one, 100) == 100  # a millisecond of ours is three seconds and more of its


def test_windows_of_two_clocks_are_two(sandboxes):
    one, two = (sandboxes.put(name, clock=NEW_YEAR, rate_limit="on") for name in ("AKIDone", "AKIDtwo"))
    assert (served(one, 21), served(two, 21)) == (20, 20)
    one.advance("1s")
    assert (served(one, 1), served(two, 1)) == (1, 0)


# ---- signatures ------------------------------------------------------------------------------------------------------------


def test_a_signature_ages_with_the_clock_where_that_is_asked_for(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, signature_clock="sandbox")
    ages = {}
    for age in (-301, -300, 0, 300, 301):
        ages[age] = one.call("DescribeDisks", timestamp=NEW_YEAR_SECONDS - age).code
    assert ages == {-301: "AuthFailure.SignatureExpire", -300: None, 0: None, 300: None, 301: "AuthFailure.SignatureExpire"}
    one.advance("5m")
    assert one.call("DescribeDisks", timestamp=NEW_YEAR_SECONDS).code is None
    one.advance("1s")
    assert one.call("DescribeDisks", timestamp=NEW_YEAR_SECONDS).code == "AuthFailure.SignatureExpire"
    one.set(signature_clock="wall")
    assert one.call("DescribeDisks").code is None


# ---- stale reads -----------------------------------------------------------------------------------------------------------


def test_reads_that_lag_behind(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    before = snapshots(one)
    Faults(one.admin, "AKIDone").put({"type": "stale_read", "reads": 2}, match={"action": "CreateSnapshot"}, when={"times": 1})
    made = create(one)
    assert [made in snapshots(one) for _ in range(4)] == [False, False, True, True]
    assert one.call("CreateSnapshot", {"DiskId": DISK}).code is not None  # a write sees the world as it is
    assert len(snapshots(one)) == len(before) + 1


def test_reads_that_lag_for_a_while(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    Faults(one.admin, "AKIDone").put({"type": "stale_read", "for": "3s"}, match={"action": "CreateSnapshot"})
    made = create(one)
    for _ in range(5):
        assert made not in snapshots(one)
    one.advance("2999ms")
    assert made not in snapshots(one)
    one.advance("1ms")
    assert made in snapshots(one)


# ---- latencies -------------------------------------------------------------------------------------------------------------


def foreseen(faults, distribution, latency=1000, jitter=200, seed=7):
    """A thousand latencies in the order of their size."""
    faults.clear()
    faults.put({"type": "latency", "latency": latency, "jitter": jitter, "distribution": distribution}, name="late", when={"seed": seed})
    plan = faults.plan({"action": "DescribeDisks"}, next=1000)
    return [call["meets"][0]["do"][0]["latency"] for call in plan]


NORMAL = statistics.NormalDist()
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
EXPECTED = {
    "uniform": lambda q: 1000 + 200 * (2 * q - 1),
    "normal": lambda q: 1000 + 200 * NORMAL.inv_cdf(q),
    "lognormal": lambda q: 1000 * math.exp(math.log(1.2) * NORMAL.inv_cdf(q)),
}


@pytest.mark.parametrize("distribution", EXPECTED)
def test_latencies_are_drawn_as_asked(sandboxes, distribution):
    sandboxes.put("AKIDone", template="empty")
    faults = Faults(sandboxes.admin, "AKIDone")
    drawn = foreseen(faults, distribution)
    assert drawn == foreseen(faults, distribution)  # the same seed, the same chance
    assert drawn != foreseen(faults, distribution, seed=8)
    ordered = sorted(drawn)
    for q in QUANTILES:
        wanted = EXPECTED[distribution](q)
        below, above = (EXPECTED[distribution](min(max(q + d, 0.001), 0.999)) for d in (-0.04, 0.04))  # what a thousand draws scatter
        assert below <= ordered[int(q * 1000)] <= above, (distribution, q, wanted)
    if distribution == "uniform":
        assert 800 <= ordered[0] and ordered[-1] <= 1200
    assert foreseen(faults, distribution, jitter=0) == [1000] * 1000


def moment(one):
    return datetime.datetime.fromisoformat(one.clock()["now"])


@pytest.mark.parametrize("distribution", EXPECTED)
def test_a_latency_is_what_the_clock_of_the_sandbox_goes_on_by(sandboxes, distribution):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    faults = Faults(one.admin, "AKIDone")
    faults.put({"type": "latency", "latency": 5000, "jitter": 2000, "distribution": distribution, "clock": "sandbox"}, name="late")
    for call in faults.plan({"action": "DescribeDisks"}, next=5):
        before = moment(one)
        assert one.call("DescribeDisks").code is None
        assert (moment(one) - before) // datetime.timedelta(milliseconds=1) == call["meets"][0]["do"][0]["latency"]


# ---- bytes of revisions ----------------------------------------------------------------------------------------------------

CHANGES, BOUND = 60, 64 * 1024 * 1024


def test_revisions_are_bounded_in_bytes():
    """Each change is about two megabytes: long before so many are there as may be, the oldest have gone."""
    def tokens(change):
        return [{"Account": 100000000001, "Region": "ap-guangzhou", "Action": "CreateSnapshot", "ClientToken": f"t{i}", "Digest": "0" * 64,
                 "Answer": "ab"[change % 2] * 99000} for i in range(10)]

    with Server("--revisions", "1000") as server:
        kept = Revisions(server.admin)
        server.admin.freeze()
        for change in range(CHANGES):
            server.admin.seed({"ClientTokens": tokens(change)})
            listed = kept.list(limit=1000)["revisions"]
            assert sum(one["bytes"] for one in listed) <= BOUND
            assert listed[-1]["kind"] == "fixture"
        assert listed[0]["rev"] > 1 and listed[-1]["rev"] >= CHANGES  # some are gone, though a thousand may be there
        assert sum(one["bytes"] for one in listed) > BOUND * 3 // 4   # and no more than had to
        status, text = server.admin.exchange("GET", f"/_cbs/revisions/diff?from=0&to={listed[-1]['rev']}")
        assert status == 404 and f"kept from {listed[0]['rev'] - 1} to {listed[-1]['rev']}" in text
