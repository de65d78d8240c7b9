"""The Python face of a world, its pytest fixtures, and the README's example of them, run as a user would: a folder, a conftest, pytest."""

import os
import re
import subprocess
import sys

import pytest

from support.client import Cbsmock, Remote
from support.server import ROOT, Server, binary

pytest_plugins = ["support.pytest_plugin"]

DISK = "disk-lzrg2pwi"


def examples(name):
    """The blocks that are marked for this suite."""
    return re.findall(r"^```python clients\n(.*?)^```$", (ROOT / name).read_text(encoding="utf-8"), re.M | re.S)


def pytest_in(folder, **settings):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CBSMOCK_", "TENCENTCLOUD_", "PYTEST_"))}
    env = {**kept, "CBSMOCK_BINARY": binary(), "PYTHONPATH": str(ROOT / "tests"), "PYTHONDONTWRITEBYTECODE": "1", **settings}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, folder]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=120)


@pytest.fixture
def suite(tmp_path):
    """A folder as the README describes it."""
    code, = examples("README.md")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["support.pytest_plugin"]\n')
    (tmp_path / "test_example.py").write_text(code)
    return tmp_path


def test_the_readme_example(suite):
    done = pytest_in(suite)
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout + done.stderr


def test_the_readme_example_on_a_shared_server(suite, server):
    before = set(Cbsmock(server).sandboxes.list())
    done = pytest_in(suite, CBSMOCK_ENDPOINT=server.url)
    assert done.returncode == 0 and "3 passed" in done.stdout, done.stdout + done.stderr
    assert set(Cbsmock(server).sandboxes.list()) == before  # each took its world with it


def test_a_world_of_its_own(cbsmock, cbsmock_server):
    assert cbsmock.clock()["now"] == "2026-01-01T00:00:00Z" and cbsmock.clock()["mode"] == "frozen"
    snapshot = cbsmock.call("CreateSnapshot", {"DiskId": DISK})["SnapshotId"]
    other = Cbsmock(cbsmock_server).call("DescribeSnapshots", {"SnapshotIds": [snapshot]})
    assert other.code == "InvalidSnapshotId.NotFound" or other["TotalCount"] == 0
    assert cbsmock.finish(snapshot)["state"] == "NORMAL"
    assert [one["action"] for one in cbsmock.requests.list()] == ["CreateSnapshot"]


def test_the_next_test_sees_nothing_of_it(cbsmock):
    assert cbsmock.requests.list() == [] and cbsmock.faults.list() == []
    assert cbsmock.clock()["now"] == "2026-01-01T00:00:00Z"


def test_time_and_history(cbsmock):
    cbsmock.set(revisions=10)
    snapshot = cbsmock.call("CreateSnapshot", {"DiskId": DISK})["SnapshotId"]
    assert cbsmock.advance_to("next_event")["events"][0]["resource"] == snapshot
    assert cbsmock.set_time("2026-02-01T00:00:00Z")["now"] == "2026-02-01T00:00:00Z"
    first = cbsmock.blame(snapshot)[0]
    assert first["action"] == "CreateSnapshot" and first["rev"] in [one["rev"] for one in cbsmock.revisions()]
    cbsmock.rewind(first["rev"] - 1)
    assert cbsmock.call("DescribeSnapshots", {"Filters": [{"Name": "snapshot-id", "Values": [snapshot]}]})["TotalCount"] == 0


def test_errors(cbsmock):
    arranged = cbsmock.arrange("InvalidDisk.Busy", action="CreateSnapshot")
    assert cbsmock.call("CreateSnapshot", arranged["call"]).code == "InvalidDisk.Busy"
    cbsmock.faults.force("InternalError", action="DescribeDisks")
    assert cbsmock.call("DescribeDisks").code == "InternalError"
    assert {one["code"] for one in cbsmock.errors(action="CreateSnapshot")} >= {"InvalidDisk.Busy", "MissingParameter"}


def test_others(cbsmock):
    copy = cbsmock.fork(cbsmock.name + "-copy", secret_key="own")
    cbsmock.call("CreateSnapshot", {"DiskId": DISK})
    assert copy.secret_key == "own" and copy.requests.count() == 0
    assert copy.call("DescribeDisks").code is None
    assert copy.environment()["CBSMOCK_SANDBOX"] == copy.name
    copy.delete()


def test_a_server_with_a_token():
    with Server("--admin-token", "sesame") as server:
        world = Cbsmock(Remote(server.url, "sesame")).new("AKIDtoken")
        assert world.call("DescribeDisks").code is None and world.config()["admin-token"] == "(set)"
        assert world.configure(log_level="warn")["changed"][0]["to"] == "warn"
        assert "cbsmock_build_info" in world.metrics()
        assert world.import_image(world.export())[0] == 200


def test_the_default_world(server):
    world = Cbsmock(server)
    assert world.call("DescribeDisks").code is None
    assert set(world.environment()) == {"TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "CBSMOCK_ENDPOINT"}
