"""Auto snapshot policies by the official Python SDK, unmodified, and by the calls that Terraform's provider makes for its resources.

A policy is made, bound, and time moves: snapshots appear and expire by themselves, until the disk is unbound.
"""

import itertools
import re

import pytest

from official import METHODS, SIGNATURES, ask, client, no_proxy, refusal  # pylint: disable=unused-import
from support import api

ATTACHED, DETACHED = "disk-attached", "disk-lzrg2pwi"
NEW_YEAR = "2026-01-01T00:00:00Z"  # eight in the morning where the hours of a policy are counted
NOWHERE = "asp-00000000"


@pytest.fixture
def cloud(server, no_proxy):
    """The world as new, its clock at rest."""
    server.admin.freeze()
    server.admin.ask("PUT", "/_cbs/clock", {"action": "set", "to": NEW_YEAR})
    return server


def snapshots_of(cbs, disk, policy):
    """What the policy took of the disk and is still there, the oldest first."""
    listed = ask(cbs, "DescribeSnapshots", Filters=[{"Name": "disk-id", "Values": [disk]}], Order="ASC", Limit=100)
    return [one for one in listed.SnapshotSet if one.AutoSnapshotPolicyId == policy]


@pytest.mark.parametrize("signature,method", list(itertools.product(SIGNATURES, METHODS)))
def test_life_of_a_policy(cloud, signature, method):
    cbs = client(cloud, signature=signature, method=method)
    schedule = [{"Hour": [19, 7], "DayOfWeek": [6, 5]}, {"Hour": [0], "DayOfMonth": [31]}]

    foreseen = ask(cbs, "CreateAutoSnapshotPolicy", Policy=schedule, DryRun=True)
    assert foreseen.NextTriggerTime == "2026-01-02 07:00:00"
    assert ask(cbs, "DescribeAutoSnapshotPolicies").TotalCount == 0

    made = ask(cbs, "CreateAutoSnapshotPolicy", Policy=schedule, AutoSnapshotPolicyName="周末 a+b=c&d", RetentionDays=7)
    policy = made.AutoSnapshotPolicyId
    assert re.fullmatch(r"asp-[0-9a-z]{8}", policy) and made.NextTriggerTime == foreseen.NextTriggerTime
    ask(cbs, "BindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=[ATTACHED, DETACHED])

    shown, = ask(cbs, "DescribeAutoSnapshotPolicies", AutoSnapshotPolicyIds=[policy]).AutoSnapshotPolicySet
    assert [{"Hour": one.Hour, "DayOfWeek": one.DayOfWeek, "DayOfMonth": one.DayOfMonth} for one in shown.Policy] == [  # in their order
        {"Hour": [19, 7], "DayOfWeek": [6, 5], "DayOfMonth": None}, {"Hour": [0], "DayOfWeek": None, "DayOfMonth": [31]}]
    assert shown.AutoSnapshotPolicyName == "周末 a+b=c&d" and shown.RetentionDays == 7
    assert sorted(shown.DiskIdSet) == sorted([ATTACHED, DETACHED])
    assert shown.IsActivated is True and shown.IsPermanent is False and shown.AutoSnapshotPolicyState == "NORMAL"

    cloud.admin.advance("7d")  # to Thursday: Friday and Saturday have been, two snapshots each
    taken = snapshots_of(cbs, ATTACHED, policy)
    assert [one.CreateTime for one in taken] == [
        "2026-01-02 07:00:00", "2026-01-02 19:00:00", "2026-01-03 07:00:00", "2026-01-03 19:00:00"]
    assert [one.DeadlineTime[:10] for one in taken] == ["2026-01-09", "2026-01-09", "2026-01-10", "2026-01-10"]
    assert all(one.SnapshotState == "NORMAL" and one.IsPermanent is False for one in taken)
    assert snapshots_of(cbs, DETACHED, policy) == []  # elastic and attached to nothing

    ask(cbs, "ModifyAutoSnapshotPolicyAttribute", AutoSnapshotPolicyId=policy, IsActivated=False)
    cloud.admin.advance("7d")
    assert snapshots_of(cbs, ATTACHED, policy) == []  # they expired, and no others came
    ask(cbs, "ModifyAutoSnapshotPolicyAttribute", AutoSnapshotPolicyId=policy, IsActivated=True, IsPermanent=True)
    cloud.admin.advance("7d")
    assert len(snapshots_of(cbs, ATTACHED, policy)) == 4

    ask(cbs, "UnbindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=[ATTACHED])
    cloud.admin.advance("60d")
    assert len(snapshots_of(cbs, ATTACHED, policy)) == 4  # kept for ever, and no more of them
    ask(cbs, "DeleteAutoSnapshotPolicies", AutoSnapshotPolicyIds=[policy])
    assert ask(cbs, "DescribeAutoSnapshotPolicies", AutoSnapshotPolicyIds=[policy]).TotalCount == 0
    assert len(snapshots_of(cbs, ATTACHED, policy)) == 4


def test_a_year_of_daily_snapshots_is_one_move_of_the_clock(cloud):
    cbs = client(cloud)
    policy = ask(cbs, "CreateAutoSnapshotPolicy", Policy=[{"Hour": [3]}], RetentionDays=30).AutoSnapshotPolicyId
    ask(cbs, "BindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=[ATTACHED])
    moved = cloud.admin.advance("365d")
    taken = [event for event in moved["events"] if event.get("policy") == policy and event["to"] == "CREATING"]
    assert len(taken) == 365
    kept = snapshots_of(cbs, ATTACHED, policy)
    assert len(kept) == 30 and kept[-1].CreateTime == "2027-01-01 03:00:00"


def test_a_manual_snapshot_keeps_the_policy_away(cloud):
    """A policy's snapshot is not queued behind one that is under way: it is left out."""
    cbs = client(cloud)
    policy = ask(cbs, "CreateAutoSnapshotPolicy", Policy=[{"Hour": [9]}]).AutoSnapshotPolicyId
    ask(cbs, "BindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=[ATTACHED])
    cloud.admin.advance("3599s")
    ask(cbs, "CreateSnapshot", DiskId=ATTACHED)
    moved = cloud.admin.advance("1h")
    assert [event["skipped"] for event in moved["events"] if event.get("skipped")] == ["snapshot_creating"]
    assert snapshots_of(cbs, ATTACHED, policy) == []


@pytest.mark.parametrize("language,words", [("en-US", "does not exist"), ("zh-CN", "不存在")])
def test_refusals(cloud, language, words):
    cbs = client(cloud, language=language)
    policy = ask(cbs, "CreateAutoSnapshotPolicy", Policy=[{"Hour": [3]}]).AutoSnapshotPolicyId
    error = refusal(cbs, "BindAutoSnapshotPolicy", AutoSnapshotPolicyId=NOWHERE, DiskIds=[ATTACHED])
    assert error.get_code() == "InvalidAutoSnapshotPolicyId.NotFound"
    assert words in error.get_message() and f"({error.get_request_id()[-12:]})" in error.get_message()
    ask(cbs, "BindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=[ATTACHED])
    again = refusal(cbs, "BindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=[DETACHED, ATTACHED])
    assert again.get_code() == "InvalidDisk.AlreadyBound" and ATTACHED in again.get_message()
    bad = refusal(cbs, "CreateAutoSnapshotPolicy", Policy=[{"Hour": [3]}, {"Hour": [24]}])
    assert bad.get_code() == "InvalidParameterValue" and "`Policy.1.Hour.0`" in bad.get_message()
    many = refusal(cbs, "BindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=[f"disk-{i:08}" for i in range(81)])
    assert many.get_code() == "InvalidParameterValue.LimitExceeded"


def test_policies_of_a_disk_when_asked(cloud):
    cbs = client(cloud)
    policies = [ask(cbs, "CreateAutoSnapshotPolicy", Policy=[{"Hour": [hour]}]).AutoSnapshotPolicyId for hour in (1, 2)]
    for policy in policies:
        ask(cbs, "BindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=[ATTACHED])
    disk, = ask(cbs, "DescribeDisks", DiskIds=[ATTACHED], ReturnBindAutoSnapshotPolicy=True).DiskSet
    assert sorted(disk.AutoSnapshotPolicyIds) == sorted(policies)
    disk, = ask(cbs, "DescribeDisks", DiskIds=[ATTACHED]).DiskSet
    assert disk.AutoSnapshotPolicyIds is None
    ask(cbs, "UnbindAutoSnapshotPolicy", AutoSnapshotPolicyId=policies[0], InstanceIds=[disk.InstanceId])
    disk, = ask(cbs, "DescribeDisks", DiskIds=[ATTACHED], ReturnBindAutoSnapshotPolicy=True).DiskSet
    assert disk.AutoSnapshotPolicyIds == policies[1:]


# ---- what Terraform's provider does for cbs_snapshot_policy and cbs_snapshot_policy_attachment ------------------------------------


def disk_of(cloud):
    """A disk of cbs_storage, visible and detached."""
    made = api.call(cloud, "CreateDisks", {
        "DiskName": "tf-storage", "DiskType": "CLOUD_PREMIUM", "DiskSize": 50, "DiskChargeType": "POSTPAID_BY_HOUR",
        "Placement": {"Zone": "ap-guangzhou-3", "ProjectId": 0}, "ThroughputPerformance": 0})
    cloud.admin.advance("1s")
    return made["DiskIdSet"][0]


def read_policy(cloud, policy):
    """Read of the resource: its lists are compared in order, and nothing it looks at may be null."""
    answer = api.call(cloud, "DescribeAutoSnapshotPolicies", {"AutoSnapshotPolicyIds": [policy]})
    if answer["TotalCount"] == 0:
        return None
    shown = answer["AutoSnapshotPolicySet"][0]
    schedule = shown["Policy"][0]
    return shown["AutoSnapshotPolicyName"], schedule["DayOfWeek"], schedule["Hour"], shown["RetentionDays"]


def test_terraform_policy(cloud):
    made = api.call(cloud, "CreateAutoSnapshotPolicy", {
        "AutoSnapshotPolicyName": "tf-snapshot-policy", "Policy": [{"DayOfWeek": [1, 4, 0], "Hour": [23, 1]}], "RetentionDays": 30})
    policy = made["AutoSnapshotPolicyId"]
    assert read_policy(cloud, policy) == ("tf-snapshot-policy", [1, 4, 0], [23, 1], 30)
    api.call(cloud, "ModifyAutoSnapshotPolicyAttribute", {  # only what has changed
        "AutoSnapshotPolicyId": policy, "AutoSnapshotPolicyName": "tf-renamed", "Policy": [{"DayOfWeek": [4, 1], "Hour": [1]}]})
    assert read_policy(cloud, policy) == ("tf-renamed", [4, 1], [1], 30)
    api.call(cloud, "ModifyAutoSnapshotPolicyAttribute", {"AutoSnapshotPolicyId": policy, "RetentionDays": 7})
    assert read_policy(cloud, policy) == ("tf-renamed", [4, 1], [1], 7)
    filters = [{"Name": "auto-snapshot-policy-id", "Values": [policy]}, {"Name": "auto-snapshot-policy-name", "Values": ["tf-renamed"]}]
    found = api.call(cloud, "DescribeAutoSnapshotPolicies", {"Filters": filters, "Offset": 0, "Limit": 100})
    assert [one["AutoSnapshotPolicyId"] for one in found["AutoSnapshotPolicySet"]] == [policy]
    assert api.call(cloud, "DeleteAutoSnapshotPolicies", {"AutoSnapshotPolicyIds": [policy]}).code is None
    assert read_policy(cloud, policy) is None  # CheckDestroy


def test_terraform_attachment(cloud):
    disk, other = disk_of(cloud), disk_of(cloud)
    made = api.call(cloud, "CreateAutoSnapshotPolicy", {"AutoSnapshotPolicyName": "tf", "Policy": [{"DayOfWeek": [1], "Hour": [1]}]})
    policy = made["AutoSnapshotPolicyId"]
    assert api.call(cloud, "BindAutoSnapshotPolicy", {"AutoSnapshotPolicyId": policy, "DiskIds": [disk]}).code is None
    of_disk = api.call(cloud, "DescribeDiskAssociatedAutoSnapshotPolicy", {"DiskId": disk})["AutoSnapshotPolicySet"]
    assert [one["AutoSnapshotPolicyId"] for one in of_disk] == [policy]
    assert api.call(cloud, "BindAutoSnapshotPolicy", {"AutoSnapshotPolicyId": policy, "DiskIds": [other]}).code is None
    shown = api.call(cloud, "DescribeAutoSnapshotPolicies", {"AutoSnapshotPolicyIds": [policy]})["AutoSnapshotPolicySet"][0]
    assert set(shown["DiskIdSet"]) == {disk, other}
    assert api.call(cloud, "UnbindAutoSnapshotPolicy", {"AutoSnapshotPolicyId": policy, "DiskIds": [disk]}).code is None
    assert api.call(cloud, "DeleteAutoSnapshotPolicies", {"AutoSnapshotPolicyIds": [policy]}).code is None
    assert api.call(cloud, "TerminateDisks", {"DiskIds": [disk, other]}).code is None
    for gone in (disk, other):  # CheckDestroy asks after the disk has gone, and takes an error for a failure
        assert api.call(cloud, "DescribeDiskAssociatedAutoSnapshotPolicy", {"DiskId": gone})["AutoSnapshotPolicySet"] == []
