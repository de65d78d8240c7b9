"""tccli, unmodified, as a person types it: a subprocess with an empty HOME.

It signs the literal `Host: http://127.0.0.1:PORT` when told a plain endpoint (protocol.md §9), always with TC3 over POST. It has
no option for a CA: it asks the certifi package where the trusted ones are. For TLS the tests put a certifi of their own, which
names our CA, before the installed one on the Python path; tccli and the SDK below it stay as they were published.
"""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from support import sign

DISK = "disk-lzrg2pwi"
REFUSAL = re.compile(r"\[TencentCloudSDKException\] code:(\S+) message:(.*) requestId:(\S+)")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
TAG = re.compile(r"\(([0-9a-f]{12})\)")
UNNAMED = {"en-US": "Unnamed", "zh-CN": "未命名"}

CERTIFI = """\
CA_FILE = {path!r}

def where():
    return CA_FILE

def contents():
    with open(CA_FILE) as file:
        return file.read()
"""


class Tccli:
    """The program beside this Python's, with one set of options."""

    def __init__(self, home, endpoint, language="en-US", path=None, **options):
        self.program = pathlib.Path(sys.executable).with_name("tccli")
        self.options = {"endpoint": endpoint, "language": language, "region": "ap-guangzhou", "secretId": sign.SECRET_ID,
                        "secretKey": sign.SECRET_KEY, **options}
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.startswith("TENCENTCLOUD_") and not name.lower().endswith("_proxy")}
        self.environment.update({"HOME": str(home), "PYTHONPATH": path or ""})

    def run(self, action, **params):
        command = [self.program, "cbs", action]
        for name, value in {**self.options, **params}.items():
            command += [f"--{name}", value if isinstance(value, str) else json.dumps(value)]
        return subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def ask(self, action, **params):
        done = self.run(action, **params)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def refusal(self, action, **params):
        """(code, message, request id) as printed."""
        done = self.run(action, **params)
        assert done.returncode != 0, done.stdout
        found = REFUSAL.search(done.stdout + done.stderr)
        assert found, done.stdout + done.stderr
        return found.groups()


@pytest.fixture
def plain(server, tmp_path):
    def make(language="en-US", **options):
        return Tccli(tmp_path, f"http://{server.address}", language, **options)
    return make


@pytest.fixture
def secure(server, tmp_path):
    """Over TLS, trusting our CA."""
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(server.admin.ca_pem())
    package = tmp_path / "path" / "certifi"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(CERTIFI.format(path=str(ca_file)))

    def make(language="en-US", **options):
        return Tccli(tmp_path, server.tls_address, language, path=str(package.parent), **options)
    return make


def check_refusal(refusal, code, language, tagged):
    found_code, message, request_id = refusal
    assert found_code == code, message
    assert UUID.fullmatch(request_id)
    assert bool(CHINESE.search(message)) == (language == "zh-CN"), message
    found = TAG.search(message)
    assert bool(found) == tagged, message
    if found:
        assert found[1] == request_id[-12:]


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("way", ["plain", "secure"])
def test_life_of_a_snapshot(request, server, way, language):
    tccli = request.getfixturevalue(way)(language)
    server.admin.freeze()

    created = tccli.ask("CreateSnapshot", DiskId=DISK)
    snapshot = created["SnapshotId"]
    assert re.fullmatch(r"snap-[0-9a-z]{8}", snapshot)
    assert UUID.fullmatch(created["RequestId"])

    states = []
    while not states or (states[-1] != ("NORMAL", 100) and len(states) < 10):
        found = tccli.ask("DescribeSnapshots", SnapshotIds=[snapshot])["SnapshotSet"][0]
        states.append((found["SnapshotState"], found["Percent"]))
        server.admin.advance("1s")
    assert states[0][0] == "CREATING" and states[-1] == ("NORMAL", 100)

    filters = [{"Name": "disk-id", "Values": [DISK]}]
    listed = tccli.ask("DescribeSnapshots", Filters=filters, Limit=100)["SnapshotSet"]
    assert [item["SnapshotName"] for item in listed if item["SnapshotId"] == snapshot] == [UNNAMED[language]]

    tccli.ask("ModifySnapshotAttribute", SnapshotId=snapshot, SnapshotName="改名 a+b=c&d")
    assert tccli.ask("DescribeSnapshots", SnapshotIds=[snapshot])["SnapshotSet"][0]["SnapshotName"] == "改名 a+b=c&d"

    tccli.ask("DeleteSnapshots", SnapshotIds=[snapshot])
    assert tccli.ask("DescribeSnapshots", SnapshotIds=[snapshot])["TotalCount"] == 0


def test_a_policy(server, plain):
    """Its schedule is JSON on the command line, and comes back in the order it was typed."""
    server.admin.freeze()
    tccli = plain()
    schedule = [{"Hour": [19, 7], "DayOfWeek": [6, 5]}]
    policy = tccli.ask("CreateAutoSnapshotPolicy", Policy=schedule, AutoSnapshotPolicyName="weekend")["AutoSnapshotPolicyId"]
    tccli.ask("BindAutoSnapshotPolicy", AutoSnapshotPolicyId=policy, DiskIds=["disk-attached"])
    shown, = tccli.ask("DescribeAutoSnapshotPolicies", AutoSnapshotPolicyIds=[policy])["AutoSnapshotPolicySet"]
    assert shown["Policy"] == [{**schedule[0], "DayOfMonth": None, "IntervalDays": None}]  # it prints what was not sent, too
    assert shown["DiskIdSet"] == ["disk-attached"]
    server.admin.advance("14d")
    filters = [{"Name": "disk-id", "Values": ["disk-attached"]}]
    snapshots = tccli.ask("DescribeSnapshots", Filters=filters, Limit=100)["SnapshotSet"]
    assert len([one for one in snapshots if one["AutoSnapshotPolicyId"] == policy]) == 4  # of the last week; the others expired


def test_it_can_wait_by_itself(server, plain):
    """--waiter polls until an expression holds; the snapshot is finished before it begins, so it does not sleep."""
    tccli = plain()
    snapshot = tccli.ask("CreateSnapshot", DiskId=DISK)["SnapshotId"]
    server.admin.advance("1m")
    waiter = {"expr": "SnapshotSet[0].SnapshotState", "to": "NORMAL", "timeout": 5, "interval": 1}
    done = tccli.run("DescribeSnapshots", SnapshotIds=[snapshot], waiter=str(waiter))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("code", [
    "InsufficientSnapshotQuota", "InvalidAccount.InsufficientBalance", "InvalidDisk.Busy", "InvalidDisk.NotSupportSnapshot",
    "InvalidDisk.SnapshotCreating", "InvalidDiskId.NotFound", "ResourceBusy", "ResourceUnavailable.TooManyCreatingSnapshot",
])
def test_refusals_of_create_snapshot(server, plain, code, language):
    arranged = server.admin.arrange(code, action="CreateSnapshot", dialect="classic")
    tccli = plain(language)
    for before in arranged.get("calls", []):
        tccli.ask(before["action"], **before["params"])
    check_refusal(tccli.refusal("CreateSnapshot", **arranged["call"]), code, language, tagged=True)


@pytest.mark.parametrize("language", ["en-US", "zh-CN"])
@pytest.mark.parametrize("code,options", [
    ("AuthFailure.SecretIdNotFound", {"secretId": "AKIDnobodyhasthiskey"}),
    ("AuthFailure.SignatureFailure", {"secretKey": "not-the-key"}),
    ("AuthFailure.TokenFailure", {"token": "not-a-token"}),
    ("InvalidParameterValue", {"region": "ap-nowhere"}),
])
def test_refusals_of_the_gateway(server, plain, code, options, language):
    check_refusal(plain(language, **options).refusal("CreateSnapshot", DiskId=DISK), code, language, tagged=False)


def test_refusals_over_tls(server, secure):
    check_refusal(secure("zh-CN").refusal("CreateSnapshot", DiskId="disk-00000000"), "InvalidDiskId.NotFound", "zh-CN", tagged=True)


def test_missing_parameter(server, plain):
    refusal = plain().refusal("CreateSnapshot")
    check_refusal(refusal, "MissingParameter", "en-US", tagged=False)


def test_a_wrong_ca_is_refused_by_the_client(server, tmp_path):
    code, message, _ = Tccli(tmp_path, server.tls_address).refusal("DescribeSnapshots")
    assert code == "ClientNetworkError" and "certificate" in message
