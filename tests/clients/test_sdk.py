"""The official Python SDK, unmodified, through a snapshot's life and through the errors its users meet.

Every way it can speak: three signatures, GET and POST, two languages, plain HTTP and TLS that trusts our CA.
"""

import itertools
import json
import re

import pytest
from tencentcloud.cbs.v20170312 import cbs_client
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from official import METHODS, REGION, SIGNATURES, ask, client, no_proxy, profile, refusal  # pylint: disable=unused-import
from support import sign
from support.server import Server

DISK = "disk-lzrg2pwi"
VERSION = "2017-03-12"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TAG = re.compile(r"\(([0-9a-f]{12})\)")

LANGUAGES = ["en-US", "zh-CN"]
UNNAMED = {"en-US": "Unnamed", "zh-CN": "未命名"}

pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.fixture(scope="module")
def ca_file(module_server, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_text(module_server.admin.ca_pem())
    return str(path)


def check_refusal(error, code, language, tagged):
    """What the user of the SDK sees: code, message in the language asked for, RequestId, and the tag where CBS itself speaks."""
    assert error.get_code() == code, error
    assert UUID.fullmatch(error.get_request_id())
    message = error.get_message()
    assert bool(CHINESE.search(message)) == (language == "zh-CN"), message
    found = TAG.search(message)
    assert bool(found) == tagged, message
    if found:
        assert found[1] == error.get_request_id()[-12:]


def poll_until_normal(server, cbs, snapshot_id):
    """Polls as a client does, but moves the clock where it would wait. Answers the percentages seen on the way."""
    percents = []
    for _ in range(10):
        answer = ask(cbs, "DescribeSnapshots", SnapshotIds=[snapshot_id])
        assert answer.TotalCount == 1
        snapshot = answer.SnapshotSet[0]
        percents.append(snapshot.Percent)
        if snapshot.SnapshotState == "NORMAL":
            return percents
        assert snapshot.SnapshotState == "CREATING"
        server.admin.advance("500ms")
    pytest.fail(f"still {snapshot.SnapshotState} after {percents}")


@pytest.mark.parametrize("tls", [False, True], ids=["http", "tls"])
@pytest.mark.parametrize("signature,method,language", list(itertools.product(SIGNATURES, METHODS, LANGUAGES)))
def test_life_of_a_snapshot(server, ca_file, signature, method, language, tls):
    server.admin.freeze()
    endpoint = server.tls_address if tls else server.address
    cbs = cbs_client.CbsClient(Credential(sign.SECRET_ID, sign.SECRET_KEY), REGION,
                               profile(endpoint, signature, method, language, ca_file if tls else None))

    created = ask(cbs, "CreateSnapshot", DiskId=DISK)
    assert re.fullmatch(r"snap-[0-9a-z]{8}", created.SnapshotId)
    assert UUID.fullmatch(created.RequestId)

    percents = poll_until_normal(server, cbs, created.SnapshotId)
    assert percents == sorted(percents) and percents[0] < 100 and percents[-1] == 100

    filters = [{"Name": "disk-id", "Values": [DISK]}, {"Name": "snapshot-state", "Values": ["NORMAL"]}]
    listed = ask(cbs, "DescribeSnapshots", Filters=filters, Limit=100, Offset=0)
    mine = [snapshot for snapshot in listed.SnapshotSet if snapshot.SnapshotId == created.SnapshotId]
    assert [snapshot.SnapshotName for snapshot in mine] == [UNNAMED[language]]
    assert mine[0].IsPermanent is True and mine[0].DiskId == DISK

    ask(cbs, "ModifySnapshotAttribute", SnapshotId=created.SnapshotId, SnapshotName="改名 a+b=c&d", IsPermanent=True)
    renamed = ask(cbs, "DescribeSnapshots", SnapshotIds=[created.SnapshotId])
    assert renamed.SnapshotSet[0].SnapshotName == "改名 a+b=c&d"

    ask(cbs, "DeleteSnapshots", SnapshotIds=[created.SnapshotId])
    assert ask(cbs, "DescribeSnapshots", SnapshotIds=[created.SnapshotId]).TotalCount == 0


def both_languages(test):
    return pytest.mark.parametrize("language", LANGUAGES)(test)


# What the arranged world refuses, in the words of the product: tagged with the RequestId's end.
ARRANGED = [
    "InsufficientSnapshotQuota", "InvalidAccount.InsufficientBalance", "InvalidDisk.Busy", "InvalidDisk.NotSupportSnapshot",
    "InvalidDisk.NotSupported", "InvalidDisk.SnapshotCreating", "InvalidDisk.TypeError", "InvalidDiskId.NotFound",
    "LimitExceeded.InstanceAttachedDisk", "ResourceBusy", "ResourceInsufficient.OverQuota",
    "ResourceUnavailable.TooManyCreatingSnapshot", "UnsupportedOperation.DiskEncrypt",
]


@both_languages
@pytest.mark.parametrize("code", ARRANGED)
def test_refusals_of_create_snapshot(server, code, language):
    arranged = server.admin.arrange(code, action="CreateSnapshot", dialect="classic")
    cbs = client(server, language=language)
    for before in arranged.get("calls", []):
        ask(cbs, before["action"], **before["params"])
    error = refusal(cbs, "CreateSnapshot", **arranged["call"])
    check_refusal(error, code, language, tagged=True)


@both_languages
@pytest.mark.parametrize("signature", SIGNATURES)
@pytest.mark.parametrize("code,who", [
    ("AuthFailure.SecretIdNotFound", {"secret_id": "AKIDnobodyhasthiskey"}),
    ("AuthFailure.SignatureFailure", {"secret_key": "not-the-key"}),
    ("AuthFailure.TokenFailure", {"token": "not-a-token"}),
    ("MissingParameter", {"region": ""}),
    ("InvalidParameterValue", {"region": "ap-nowhere"}),
])
def test_refusals_of_the_gateway(server, code, who, signature, language):
    error = refusal(client(server, signature=signature, language=language, **who), "CreateSnapshot", DiskId=DISK)
    check_refusal(error, code, language, tagged=False)


@both_languages
def test_missing_parameter(server, language):
    error = refusal(client(server, language=language), "CreateSnapshot")
    check_refusal(error, "MissingParameter", language, tagged=False)
    assert "`DiskId`" in error.get_message()


@both_languages
def test_unknown_snapshot(server, language):
    error = refusal(client(server, language=language), "DeleteSnapshots", SnapshotIds=["snap-00000000"])
    check_refusal(error, "InvalidSnapshotId.NotFound", language, tagged=True)


@both_languages
@pytest.mark.parametrize("action,version,params,code", [
    ("NoSuchAction", VERSION, {}, "InvalidAction"),
    ("CreateSnapshot", "2017-03-13", {"DiskId": DISK}, "NoSuchVersion"),
    ("CreateSnapshot", VERSION, {"DiskId": DISK, "Colour": "red"}, "UnknownParameter"),
    ("CreateSnapshot", VERSION, {"DiskId": 5}, "InvalidParameter"),
])
def test_what_only_the_common_client_can_send(server, language, action, version, params, code):
    common = CommonClient("cbs", version, Credential(sign.SECRET_ID, sign.SECRET_KEY), REGION,
                          profile(server.address, language=language))
    with pytest.raises(TencentCloudSDKException) as caught:
        common.call_json(action, params)
    check_refusal(caught.value, code, language, tagged=False)


@both_languages
def test_rate_limit(language):
    with Server() as server:
        server.admin.freeze()
        cbs = client(server, language=language)
        for _ in range(20):
            ask(cbs, "DescribeSnapshots", Limit=1)
        error = refusal(cbs, "DescribeSnapshots", Limit=1)
        check_refusal(error, "RequestLimitExceeded", language, tagged=False)
        assert "`21`" in error.get_message() and "`20`" in error.get_message()
        server.admin.advance("1s")
        ask(cbs, "DescribeSnapshots", Limit=1)


def test_a_wrong_ca_is_refused_by_the_client(server):
    """The TLS tests would mean nothing if the SDK trusted anything."""
    https = HttpProfile(protocol="https", endpoint=server.tls_address, reqTimeout=30)
    cbs = cbs_client.CbsClient(Credential(sign.SECRET_ID, sign.SECRET_KEY), REGION, ClientProfile(httpProfile=https))
    error = refusal(cbs, "DescribeSnapshots", Limit=1)
    assert error.get_code() == "ClientNetworkError" and "certificate" in error.get_message()
