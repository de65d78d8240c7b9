"""What happens to a server, recorded over its admin API, taken away as a file and played again by the program itself."""

import concurrent.futures
import http.client
import json
import random
import subprocess

import pytest

from support import api, sign
from support.revisions import Revisions
from support.server import Server, binary
from support.wait import wait_until

SECONDS = 120
DISK = "disk-lzrg2pwi"
DISKS = [DISK, "disk-attached", "disk-hssd0001", "disk-nowhere0"]
LOST = {"match": {"action": "CreateSnapshot"}, "when": {"every": 3}, "phase": "after_commit", "do": {"type": "reset_peer"}}
SLOW = {"match": {"action": "Describe*"}, "when": {"probability": 0.2}, "do": {"type": "latency", "latency": 3, "jitter": 2}}


@pytest.fixture(scope="module")
def recorder():
    with Server("--rate-limit", "off") as server:
        yield server


@pytest.fixture
def records(recorder):
    recorder.admin.reset()
    yield (revisions := Revisions(recorder.admin))
    for left in recorder.admin.ask("GET", "/_cbs/recordings")["recordings"]:
        recorder.admin.ask("DELETE", f"/_cbs/recordings/{left['id']}")


def replay(file, *options, text=None):
    """cbsmock replay: the finished process."""
    return subprocess.run([binary(), "replay", str(file), *options], input=text, capture_output=True, timeout=SECONDS)


def refused(answer):
    status, text = answer
    return status, json.loads(text)["error"]["code"]


def mixed(server, calls, seed):
    """Calls of many kinds; some answers are lost on purpose."""
    dice = random.Random(seed)
    for _ in range(calls):
        disk = dice.choice(DISKS)
        action, params = dice.choice([("CreateSnapshot", {"DiskId": disk}), ("DescribeSnapshots", {"Limit": 5}),
                                      ("DescribeDisks", {"DiskIds": [disk]}), ("ResizeDisk", {"DiskId": disk, "DiskSize": 600}),
                                      ("CreateSnapshots", {})])
        changes = dice.choice([{}, {}, {}, {"signature": api.SHA256}, {"secret_key": "wrong"}, {"language": "zh-CN"}])
        try:
            api.call(server, action, params, **changes)
        except (http.client.HTTPException, OSError):
            pass


def test_record_and_replay(recorder, records, tmp_path):
    assert records.start()["status"] == "recording"
    for rule in (LOST, SLOW):
        recorder.admin.ask("POST", "/_cbs/faults", rule)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(mixed, recorder, 60, seed) for seed in range(4)]
        for _ in range(10):
            recorder.admin.advance("700ms")
        for call in calls:
            call.result()
    stopped = records.stop()
    assert (stopped["status"], stopped["requests"]) == ("stopped", 240)
    bundle = tmp_path / "run.cbsrun"
    bundle.write_bytes(records.recording(stopped["id"]))
    done = replay(bundle, "--check")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith(b"240 requests, 0 answered otherwise")
    assert records.replay(bundle.read_bytes(), 1)[0] == 200


def test_what_moved_is_shown(recorder, records, tmp_path):
    recorder.admin.freeze()
    records.start()
    for _ in range(3):
        api.call(recorder, "DescribeDisks", {"DiskIds": [DISK]})
    stopped = records.stop()
    lines = records.recording(stopped["id"]).split(b"\n")
    asked = [i for i, line in enumerate(lines) if line.startswith(b'{"request"')]
    lines[asked[1]] = lines[asked[1]].replace(b'\\"DiskSize\\":50', b'\\"DiskSize\\":51')
    forged = tmp_path / "forged.cbsrun"
    forged.write_bytes(b"\n".join(lines))
    done = replay(forged, "--check")
    assert done.returncode == 1
    told = done.stdout.decode()
    assert told.startswith("request 2 DescribeDisks")
    assert "recorded" in told and "now" in told
    assert "3 requests, 1 answered otherwise" in told
    assert replay(forged).returncode == 0  # told all the same
    report = json.loads(replay(forged, "--json").stdout)
    assert (report["moved"], [one["no"] for one in report["differences"]]) == (1, [2])
    status, report = records.replay(forged.read_bytes(), 1)
    assert (status, report["moved"]) == (409, 1)
    assert records.replay(forged.read_bytes())[0] == 200


def test_no_secret_leaves(recorder, records):
    records.start()
    api.call(recorder, "DescribeDisks", {})
    api.call(recorder, "DescribeDisks", {}, secret_id="AKIDTemporary0000000000000000EXAMPLE",
             secret_key="TemporaryKey0000000000000EXAMPLE", token="ExampleTokenOfATemporaryKey")
    api.call(recorder, "DescribeDisks", {}, secret_id="AKIDabcdARealKeyPerhaps", secret_key="k")
    stopped = records.stop()
    bundle = records.recording(stopped["id"])
    for secret in (sign.SECRET_KEY, "TemporaryKey0000000000000EXAMPLE", "ExampleTokenOfATemporaryKey", "ARealKeyPerhaps"):
        assert secret.encode() not in bundle
    status, report = records.replay(bundle, 1)
    assert (status, report["moved"]) == (200, 0)


def test_keys_can_be_given(recorder, records, tmp_path):
    recorder.admin.ask("PUT", "/_cbs/sandboxes/AKIDrecorded", {"secret_key": "MySecretKeyOfTheSandbox"})
    theirs = Revisions(recorder.admin, "AKIDrecorded")
    theirs.start()
    api.call(recorder, "DescribeDisks", {}, secret_id="AKIDrecorded", secret_key="MySecretKeyOfTheSandbox")
    stopped = theirs.stop()
    bundle = tmp_path / "run.cbsrun"
    bundle.write_bytes(theirs.recording(stopped["id"]))
    recorder.admin.ask("DELETE", "/_cbs/sandboxes/AKIDrecorded")
    assert b"0 signatures checked, 1 believed" in replay(bundle, "--check").stdout
    assert b"1 signatures checked, 0 believed" in replay(bundle, "--check", "--keys", "AKIDrecorded=MySecretKeyOfTheSandbox").stdout
    assert replay(bundle, "--check", "--keys", "AKIDrecorded=another").returncode == 1
    assert replay(bundle, "--keys", "nonsense").returncode == 2


def test_one_recording_at_a_time(recorder, records):
    admin = recorder.admin
    assert refused(admin.exchange("POST", "/_cbs/recordings/stop")) == (409, "NotRecording")
    started = records.start()
    assert refused(admin.exchange("POST", "/_cbs/recordings/start")) == (409, "AlreadyRecording")
    api.call(recorder, "DescribeDisks", {})
    assert records.replay(records.recording(started["id"]), 1)[0] == 200  # what there is so far
    assert admin.ask("GET", "/_cbs/recordings")["recordings"][0]["requests"] == 1
    assert refused(admin.exchange("GET", "/_cbs/recordings/999")) == (404, "NoSuchRecording")
    assert refused(admin.exchange("GET", "/_cbs/recordings/start")) == (404, "NoSuchRecording")
    assert admin.ask("DELETE", f"/_cbs/recordings/{started['id']}") == {"status": "deleted", "id": started["id"]}
    assert admin.ask("GET", "/_cbs/recordings") == {"recordings": []}
    api.call(recorder, "DescribeDisks", {})


def test_what_cannot_be_played(records, tmp_path):
    assert replay(tmp_path / "nothing").returncode == 2
    assert replay("-", text=b"").returncode == 2
    done = replay("-", text=b"GET / HTTP/1.1\n")
    assert done.returncode == 2
    assert b"line 1: this is no recording" in done.stderr
    assert subprocess.run([binary(), "replay"], capture_output=True).returncode == 2
    assert b"--keys" in replay("--help").stdout
    status, report = records.replay(b"x")
    assert (status, report["error"]["code"]) == (400, "BadRecording")
    status, report = records.replay(b"x", 2)
    assert (status, report["error"]["code"]) == (400, "InvalidQuery")


def test_a_kept_world_is_recorded_too(tmp_path):
    with Server("--rate-limit", "off", "--data", str(tmp_path / "data")) as server:
        records = Revisions(server.admin)
        started = records.start()
        made = api.call(server, "CreateSnapshot", {"DiskId": DISK})["SnapshotId"]

        def state():
            return api.call(server, "DescribeSnapshots", {"SnapshotIds": [made]})["SnapshotSet"][0]["SnapshotState"]
        wait_until(lambda: state() == "NORMAL", state, 20)
        bundle = records.recording(started["id"])
    assert b"0 answered otherwise" in replay("-", "--check", text=bundle).stdout


def test_the_command_line_records(recorder, records, tmp_path):
    def run(*words):
        command = [binary(), "recording", *words, "--endpoint", f"http://127.0.0.1:{recorder.port}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert run("start").returncode == 0
    api.call(recorder, "DescribeDisks", {})
    number = json.loads(run("stop", "--json").stdout)["id"]
    bundle = tmp_path / "run.cbsrun"
    assert run("save", number, str(bundle)).returncode == 0
    assert replay(bundle, "--check").returncode == 0
    assert run("delete", number).returncode == 0
    assert "none" in run("list").stdout
