"""The official SDKs for Go, Java and Node.js, unmodified, through a snapshot's life and the errors their users meet: every signature,
GET and POST, two languages, plain HTTP and TLS that trusts our CA."""

import itertools
import re

import pytest
import toolchains

DISK = "disk-lzrg2pwi"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SIGNATURES = ["TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"]
METHODS = ["POST", "GET"]
LANGUAGES = ["en-US", "zh-CN"]
UNNAMED = {"en-US": "Unnamed", "zh-CN": "未命名"}


def poll_until_normal(server, ask, snapshot_id):
    """Polls as a client does, but moves the clock where it would wait. Answers the percentages seen on the way."""
    percents = []
    for _ in range(10):
        snapshot, = ask("DescribeSnapshots", SnapshotIds=[snapshot_id])["SnapshotSet"]
        percents.append(snapshot["Percent"])
        if snapshot["SnapshotState"] == "NORMAL":
            return percents
        assert snapshot["SnapshotState"] == "CREATING"
        server.admin.advance("500ms")
    pytest.fail(f"still {snapshot['SnapshotState']} after {percents}")


@pytest.mark.parametrize("tls", [False, True], ids=["http", "tls"])
@pytest.mark.parametrize("signature,method,language", list(itertools.product(SIGNATURES, METHODS, LANGUAGES)))
def test_life_of_a_snapshot(server, sdk, signature, method, language, tls):
    server.admin.freeze()

    def ask(action, **params):
        return sdk.ask(server, action, params, tls, Signature=signature, Method=method, Language=language)

    created = ask("CreateSnapshot", DiskId=DISK)
    snapshot = created["SnapshotId"]
    assert re.fullmatch(r"snap-[0-9a-z]{8}", snapshot) and UUID.fullmatch(created["RequestId"])
    percents = poll_until_normal(server, ask, snapshot)
    assert percents == sorted(percents) and percents[0] < 100 and percents[-1] == 100

    filters = [{"Name": "disk-id", "Values": [DISK]}, {"Name": "snapshot-state", "Values": ["NORMAL"]}]
    listed = ask("DescribeSnapshots", Filters=filters, Limit=100, Offset=0)
    mine, = [one for one in listed["SnapshotSet"] if one["SnapshotId"] == snapshot]
    assert mine["SnapshotName"] == UNNAMED[language] and mine["IsPermanent"] is True and mine["DiskId"] == DISK

    ask("ModifySnapshotAttribute", SnapshotId=snapshot, SnapshotName="改名 a+b=c&d", IsPermanent=True)
    assert ask("DescribeSnapshots", SnapshotIds=[snapshot])["SnapshotSet"][0]["SnapshotName"] == "改名 a+b=c&d"
    ask("DeleteSnapshots", SnapshotIds=[snapshot])
    assert ask("DescribeSnapshots", SnapshotIds=[snapshot])["TotalCount"] == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code,params,who", [
    ("InvalidDiskId.NotFound", {"DiskId": "disk-00000000"}, {}),
    ("MissingParameter", {}, {}),
    ("AuthFailure.SecretIdNotFound", {"DiskId": DISK}, {"SecretId": "AKIDnobodyhasthiskey"}),
    ("AuthFailure.SignatureFailure", {"DiskId": DISK}, {"SecretKey": "not-the-key"}),
    ("AuthFailure.TokenFailure", {"DiskId": DISK}, {"Token": "not-a-token"}),
    ("InvalidParameterValue", {"DiskId": DISK}, {"Region": "ap-nowhere"}),
])
def test_an_error_is_the_sdks_own(server, sdk, code, params, who, language):
    with pytest.raises(toolchains.Refused) as caught:
        sdk.ask(server, "CreateSnapshot", params, Language=language, **who)
    refused = caught.value
    assert refused.code == code, refused
    assert UUID.fullmatch(refused.request_id)
    assert bool(CHINESE.search(refused.message)) == (language == "zh-CN"), refused.message


@pytest.mark.parametrize("code", ["InvalidDisk.Busy", "ResourceInsufficient.OverQuota", "InvalidAccount.InsufficientBalance"])
def test_an_arranged_error(server, sdk, code):
    arranged = server.admin.arrange(code, action="CreateSnapshot", dialect="classic")
    for before in arranged.get("calls", []):
        sdk.ask(server, before["action"], before["params"])
    with pytest.raises(toolchains.Refused) as caught:
        sdk.ask(server, "CreateSnapshot", arranged["call"])
    assert caught.value.code == code, caught.value


def test_a_strange_ca_is_refused_by_the_client(server, toolchain):
    """The TLS tests would mean nothing if the SDK trusted anything."""
    with toolchains.Driver(toolchain) as sdk, pytest.raises(toolchains.Refused) as caught:
        sdk.ask(server, "DescribeSnapshots", {"Limit": 1}, tls=True)
    assert re.search("certificat", caught.value.message), caught.value
