"""What happened to a world, over the admin API: listed, compared, blamed on requests, looked at and gone back on."""

import json
import subprocess

import pytest

from support import api
from support.revisions import Revisions
from support.server import Server, binary

DISK = "disk-lzrg2pwi"
OTHER = "disk-attached"


@pytest.fixture(scope="module")
def keeping():
    with Server("--rate-limit", "off", "--revisions", "1000") as server:
        yield server


@pytest.fixture
def kept(keeping):
    """The revisions of a fresh world whose clock stands."""
    keeping.admin.reset()
    keeping.admin.freeze()
    api.call(keeping, "DescribeDisks", {"Limit": 1})  # what the world brings due happens now
    return Revisions(keeping.admin)


def create(server, disk=DISK, **params):
    return api.call(server, "CreateSnapshot", {"DiskId": disk, **params})


def snapshots(server):
    return {one["SnapshotId"] for one in api.call(server, "DescribeSnapshots", {"Limit": 100})["SnapshotSet"]}


def refused(admin, method, path, body=None):
    status, text = admin.exchange(method, path, body)
    error = json.loads(text)["error"]
    assert error["message"]
    return status, error["code"], error.get("hint", "")


def test_a_change_is_a_revision(keeping, kept):
    before = kept.last()
    made = create(keeping)
    api.call(keeping, "DescribeSnapshots", {})
    assert create(keeping, "disk-nowhere0").code == "InvalidDiskId.NotFound"
    assert kept.last() == before + 1
    (one,) = kept.list(before + 1)["revisions"]
    assert (one["kind"], one["action"], one["request_id"]) == ("call", "CreateSnapshot", made.request_id)
    keeping.admin.advance("5s")
    assert [one["kind"] for one in kept.list(before + 2)["revisions"]] == ["time"]


def test_pages(keeping, kept):
    for _ in range(5):
        keeping.admin.advance("1ms")
    last = kept.last()
    page = kept.list(last - 4, 2)
    assert [one["rev"] for one in page["revisions"]] == [last - 4, last - 3]
    assert page["next"] == last - 2
    assert kept.list(last + 1)["revisions"] == []
    assert [one["rev"] for one in kept.list(limit=2)["revisions"]] == [last - 1, last]


def test_diff(keeping, kept):
    before = kept.last()
    snapshot = create(keeping, SnapshotName="one")["SnapshotId"]
    keeping.admin.advance("5s")
    added = kept.diff(before)["Snapshots"]["added"]
    assert [(one["SnapshotId"], one["SnapshotName"], one["SnapshotState"]) for one in added] == [(snapshot, "one", "NORMAL")]
    changed = kept.diff(before + 1)["Snapshots"]["changed"]
    assert [one["SnapshotId"] for one in changed] == [snapshot]
    assert (changed[0]["old"]["SnapshotState"], changed[0]["new"]["SnapshotState"]) == ("CREATING", "NORMAL")
    assert [one["SnapshotId"] for one in kept.diff(kept.last(), before)["Snapshots"]["removed"]] == [snapshot]


def test_blame(keeping, kept):
    made = create(keeping)
    keeping.admin.advance("5s")
    renamed = api.call(keeping, "ModifySnapshotAttribute", {"SnapshotId": made["SnapshotId"], "SnapshotName": "other"})
    create(keeping, OTHER)
    told = kept.blame(made["SnapshotId"])
    assert [one["kind"] for one in told] == ["call", "time", "call"]
    assert [one.get("request_id") for one in told] == [made.request_id, None, renamed.request_id]
    assert [one["kind"] for one in told[1]["ended"]] == ["snapshot.create"]
    assert told[2]["changes"]["Snapshots"]["changed"][0]["new"]["SnapshotName"] == "other"


def test_state_at_a_revision(keeping, kept):
    before, there = kept.last(), snapshots(keeping)
    made = create(keeping)["SnapshotId"]
    rows = {one["SnapshotId"] for one in kept.state(before, "snapshots")["Snapshots"]}
    assert there <= rows and made not in rows
    assert made in {one["SnapshotId"] for one in kept.state(before + 1)["Snapshots"]}


def test_rewind(keeping, kept):
    create(keeping, OTHER)
    before = kept.last()
    first = create(keeping)
    keeping.admin.advance("1h")
    create(keeping, "disk-hssd0001")
    assert kept.rewind(before) == {"status": "rewound", "rev": before}
    assert kept.last() == before
    again = create(keeping)
    assert again.body == first.body  # the same id, the same RequestId
    assert refused(keeping.admin, "POST", "/_cbs/rewind", {"rev": before + 9})[:2] == (404, "NoSuchRevision")


def test_a_reset_begins_anew(keeping, kept):
    create(keeping)
    keeping.admin.reset()
    assert kept.list()["first"] == 0
    assert {one["kind"] for one in kept.list()["revisions"]} <= {"time"}  # what the world brings due


def test_off_unless_asked_for(server):
    for method, path, body in [("GET", "/_cbs/revisions", None), ("GET", "/_cbs/revisions/diff", None),
                               ("GET", f"/_cbs/blame/{DISK}", None), ("GET", "/_cbs/state?rev=0", None),
                               ("POST", "/_cbs/rewind", {"rev": 0})]:
        status, code, hint = refused(server.admin, method, path, body)
        assert (status, code) == (409, "RevisionsOff")
        assert "revisions" in hint
    revisions = Revisions(server.admin)
    revisions.keep(10)
    create(server)
    assert revisions.last() > 0
    revisions.keep(None)
    assert refused(server.admin, "GET", "/_cbs/revisions")[1] == "RevisionsOff"


@pytest.mark.parametrize("method, path, body, code", [
    ("GET", "/_cbs/revisions?from=x", None, "InvalidQuery"),
    ("GET", "/_cbs/revisions?limit=1001", None, "InvalidQuery"),
    ("GET", "/_cbs/revisions?until=3", None, "UnknownQuery"),
    ("GET", "/_cbs/revisions/diff?to=-1", None, "InvalidQuery"),
    ("GET", "/_cbs/state?rev=last", None, "InvalidQuery"),
    ("GET", "/_cbs/blame/something", None, "NoResource"),
    ("POST", "/_cbs/rewind", {}, "MissingField"),
    ("POST", "/_cbs/rewind", {"rev": 1.5}, "InvalidField"),
    ("POST", "/_cbs/rewind", {"rev": -1}, "InvalidField"),
    ("POST", "/_cbs/rewind", {"to": 1}, "UnknownField"),
    ("PATCH", "/_cbs/settings", {"revisions": "many"}, "InvalidField"),
    ("PATCH", "/_cbs/settings", {"revisions": 1e9}, "InvalidField"),
])
def test_what_is_not_understood(keeping, method, path, body, code):
    assert refused(keeping.admin, method, path, body)[:2] == (400, code)


def test_each_sandbox_has_its_own(keeping, kept):
    keeping.admin.ask("PUT", "/_cbs/sandboxes/AKIDrevisions", {"secret_key": "k", "revisions": 5})
    theirs, ours = Revisions(keeping.admin, "AKIDrevisions"), kept.last()
    api.call(keeping, "CreateSnapshot", {"DiskId": DISK}, secret_id="AKIDrevisions", secret_key="k")
    assert theirs.last() > 0
    assert kept.last() == ours
    keeping.admin.ask("DELETE", "/_cbs/sandboxes/AKIDrevisions")


def test_the_command_line(keeping, kept):
    made = create(keeping)["SnapshotId"]

    def run(*words):
        command = [binary(), "state", *words, "--endpoint", f"http://127.0.0.1:{keeping.port}"]
        return subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert "CreateSnapshot" in run("revisions").stdout
    assert made in run("diff", "--from", str(kept.last() - 1)).stdout
    assert "CreateSnapshot" in run("blame", made).stdout
    assert run("rewind", str(kept.last() - 1)).returncode == 0
    assert made not in snapshots(keeping)
    failed = run("rewind", "99999")
    assert failed.returncode == 1
    assert "kept from" in failed.stderr
