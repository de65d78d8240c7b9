"""Memcheck over the kept corpus of every fuzzer, and over a server that is used in many ways: no bad access, no value read that was never
written, nothing lost at the end."""

import pathlib
import subprocess

import pytest

from support import api
from support.faults import Faults
from support.sandboxes import Sandboxes
from support.server import ROOT, Server, binary

CORPUS = ROOT / "tests" / "fuzz" / "corpus"
PROGRAMS = pathlib.Path(binary()).parents[1] / "tests" / "fuzz"
MEMCHECK = ["valgrind", "-q", "--error-exitcode=9", "--leak-check=full", "--num-callers=25"]
DISK = "disk-lzrg2pwi"
SECONDS = 300


@pytest.mark.parametrize("target", sorted(folder.name for folder in CORPUS.iterdir()))
def test_corpus(target):
    done = subprocess.run([*MEMCHECK, str(PROGRAMS / f"fuzz_{target}"), str(CORPUS / target)], capture_output=True, text=True,
                          timeout=SECONDS, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """Servers start under memcheck, and end with an error when it has seen one."""
    script = tmp_path / "checked"
    script.write_text(f"#!/bin/sh\nexec {' '.join(MEMCHECK)} {binary()} \"$@\"\n", encoding="utf-8")
    script.chmod(0o700)
    monkeypatch.setenv("CBSMOCK_BINARY", str(script))


def use(server):
    call = lambda action, params=None, **changes: api.call(server, action, params, **changes)  # noqa: E731
    for signature in (api.TC3, api.SHA1, api.SHA256):
        assert call("DescribeDisks", {"Limit": 5}, signature=signature).code is None
        assert call("DescribeDisks", signature=signature, secret_key="wrong").code == "AuthFailure.SignatureFailure"
    made = call("CreateSnapshot", {"DiskId": DISK, "SnapshotName": "checked"})["SnapshotId"]
    server.admin.advance("1h")
    assert call("ModifySnapshotAttribute", {"SnapshotId": made, "SnapshotName": "again"}).code is None
    assert call("ApplySnapshot", {"DiskId": DISK, "SnapshotId": made}).code is None
    server.admin.advance("1h")
    assert call("DeleteSnapshots", {"SnapshotIds": [made]}).code is None
    assert call("CreateSnapshot", {"DiskId": 7}).code == "InvalidParameter"
    Sandboxes(server).put("AKIDone")
    Sandboxes(server).fork("AKIDone", "AKIDtwo")
    Faults(server.admin).put({"type": "error", "code": "RequestLimitExceeded"}, when={"times": 1})
    assert call("DescribeSnapshots").code == "RequestLimitExceeded"
    for path in ("/_cbs/", "/_cbs/errors", "/_cbs/state", "/_cbs/requests", "/_cbs/report", "/_cbs/requests/export?format=har", "/metrics"):
        assert server.admin.exchange("GET", path)[0] == 200
    server.admin.reset()


@pytest.mark.parametrize("kept", [False, True], ids=["memory", "data"])
def test_server(checked, tmp_path, kept):
    options = ("--data", str(tmp_path / "data")) if kept else ()
    for _ in range(1 + kept):
        with Server("--rate-limit", "off", "--threads", "2", *options) as server:
            use(server)


def test_server_with_tls(checked):
    with Server("--tls-port", "0") as server:
        with api.Client(server.tls_address, api.trusting(server.admin.ca_pem())) as client:
            assert client.call("DescribeDisks").code is None
