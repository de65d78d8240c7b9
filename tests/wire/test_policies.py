"""Auto snapshot policies as the admin API and the program tell of them: what a move of the clock took, what it passed over, how far
it may go."""

import json

from boxes import DISK, NEW_YEAR, sandboxes  # pylint: disable=unused-import
from support.openapi import Document

ATTACHED, POLICY = "disk-attached", "asp-daily000"
WHERE = {"Account": 100000000001, "Region": "ap-guangzhou"}
EVERY_HOUR = [{"Hour": list(range(24))}]

document = Document()


def bind(one, policy, schedule, disks):
    one.seed({
        "AutoSnapshotPolicies": [{**WHERE, "AutoSnapshotPolicyId": policy, "Policy": schedule}],
        "AutoSnapshotPolicyDisks": [{"AutoSnapshotPolicyId": policy, "DiskId": disk} for disk in disks],
    })


def crowd(one, count):
    disks = [f"disk-crowd{number:03}" for number in range(count)]
    one.seed({"Disks": [{**WHERE, "DiskId": disk, "Zone": "ap-guangzhou-3", "DiskType": "CLOUD_SSD", "DiskSize": 20} for disk in disks]})
    bind(one, "asp-crowd000", EVERY_HOUR, disks)


def post(one, path, body):
    status, text = one.admin.exchange("POST", one.path(path), body)
    assert document.answer_faults("POST", path, status, "application/json", text.encode()) == [], text
    return status, json.loads(text)


def test_a_tick_is_told(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    bind(one, POLICY, [{"Hour": [2]}], [ATTACHED, DISK])
    assert one.clock()["next_event"] is not None
    status, answer = post(one, "/_cbs/clock/advance", {"by": "18h"})
    events = [event for event in answer["events"] if POLICY in (event["resource"], event.get("policy"))]
    at = "2026-01-01T18:00:00Z"
    taken = [event["resource"] for event in events if event["to"] == "CREATING"]
    assert status == 200 and len(taken) == 1 and len(events) == 3
    assert events[0] == {"at": at, "resource": POLICY, "from": "NORMAL", "to": "NORMAL"}
    assert {"at": at, "resource": taken[0], "from": "", "to": "CREATING", "policy": POLICY} in events
    assert {"at": at, "resource": DISK, "from": "UNATTACHED", "to": "UNATTACHED", "policy": POLICY, "skipped": "disk_detached"} in events
    found = one.call("DescribeSnapshots", {"SnapshotIds": taken})["SnapshotSet"][0]
    assert (found["AutoSnapshotPolicyId"], found["DeadlineTime"]) == (POLICY, "2026-01-09 02:00:00")
    assert answer["next_event"] == "2026-01-01T18:00:02Z"


def test_a_policy_is_in_the_state_and_in_what_changed(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, revisions=100)
    bind(one, POLICY, [{"Hour": [7], "DayOfWeek": [6, 5]}], [ATTACHED])
    state = one.state()
    assert state["AutoSnapshotPolicies"][0]["Policy"] == [{"Hour": [7], "DayOfWeek": [6, 5]}]
    assert state["AutoSnapshotPolicyDisks"] == [{"AutoSnapshotPolicyId": POLICY, "DiskId": ATTACHED}]
    blamed = one.ask("GET", f"/_cbs/blame/{POLICY}")
    added = blamed["revisions"][0]["changes"]
    assert set(added) == {"AutoSnapshotPolicies", "AutoSnapshotPolicyDisks", "Jobs"}
    assert added["Jobs"]["added"] == [{"Resource": POLICY, "Kind": "policy.tick", "Due": "2026-01-01T23:00:00Z", "GoesTo": ""}]


def test_a_move_too_far_changes_nothing(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    crowd(one, 500)
    for path, body in [("/_cbs/clock/advance", {"by": "9000d"}), ("/_cbs/clock/run-until-idle", {"max": "9000d"})]:
        status, answer = post(one, path, body)
        assert (status, answer["error"]["code"]) == (409, "TooFar")
        assert "250000" in answer["error"]["message"]
    status, text = one.admin.exchange("PUT", one.path("/_cbs/clock"), {"action": "set", "to": "2090-01-01T00:00:00Z"})
    assert status == 409 and document.answer_faults("PUT", "/_cbs/clock", status, "application/json", text.encode()) == []
    assert one.clock()["now"] == "2026-01-01T00:00:00Z"
    one.seed({"AutoSnapshotPolicies": [{"AutoSnapshotPolicyId": "asp-crowd000", "IsActivated": False}]})
    assert one.advance("9000d")["now"] == "2050-08-23T00:00:00Z"
