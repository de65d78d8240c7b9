"""Walks the atlas of errors over a real socket: arrange the world, make the call with a signed request, compare the code.

The rows are the files of fixtures/atlas; the server has them built in, and a test asserts that it knows the same ones.
"""

import json
import re
import time

import pytest

from support.api import SHA256, Client, Request, call, trusting
from support.server import ROOT, Server

DIALECTS = ["classic", "current"]
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TAG = re.compile(r"\(([0-9a-f]{12})\)")


def read_entries():
    """Every file's entry, with its folder and file name added."""
    files = sorted(ROOT.glob("fixtures/atlas/*/*.json"))
    return [{**json.loads(file.read_text()), "common": file.parent.name == "common", "name": f"{file.parent.name}/{file.stem}"}
            for file in files]


ENTRIES = read_entries()


def dialects_of(entry):
    named = entry.get("dialect", "both")
    return DIALECTS if named == "both" else [named]


REACHABLE = [pytest.param(entry, dialect, id=f"{entry['name']}-{dialect}")
             for entry in ENTRIES if "unreachable" not in entry for dialect in dialects_of(entry)]


@pytest.fixture(scope="module")
def atlas_server():
    """Rate limits on, in the default dialect; arranging changes the dialect where an entry wants the other."""
    with Server() as server:
        yield server


def build(entry):
    """The request of an entry: an ordinary one, changed as its `request` says."""
    tweak = dict(entry.get("request", {}))
    request = Request(entry["action"], entry["call"])
    if "form" in tweak:
        request.signature = SHA256
        request.method = "GET" if tweak.pop("form") == "get" else "POST"
    if "body" in tweak:
        request.body = tweak.pop("body").encode()
    if "timestamp_offset" in tweak:
        request.timestamp = int(time.time()) + tweak.pop("timestamp_offset")
    for name, value in tweak.items():
        assert hasattr(request, name), f"the test knows no way to change {name}"
        setattr(request, name, value)
    return request


def arrange(server, entry, dialect):
    """Arranges, and asserts that the server asks for the very call that the file has."""
    which = {} if entry["common"] else {"action": entry["action"]}
    arranged = server.admin.arrange(entry["code"], dialect=dialect, **which)
    for name in ("action", "code", "summary", "call", "calls", "request", "repeat"):
        assert arranged.get(name) == entry.get(name), name
    assert arranged["dialect"] == dialect


@pytest.mark.parametrize("entry,dialect", REACHABLE)
def test_entry(atlas_server, entry, dialect):
    server = atlas_server
    server.admin.reset()
    arrange(server, entry, dialect)
    for before in entry.get("calls", []):
        assert call(server, before["action"], before.get("params")).code is None
    if "repeat" in entry:
        server.admin.freeze()
    with Client(server.address) as client:
        answers = [client.send(build(entry)) for _ in range(entry.get("repeat", 1))]
    answer = answers[-1]
    assert answer.code == entry["code"], answer.message
    assert entry["code"] not in [earlier.code for earlier in answers[:-1]], "fewer calls would do"
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json"
    assert set(answer.response) == {"Error", "RequestId"}
    assert UUID.fullmatch(answer.request_id)
    tag = TAG.search(answer.message)
    assert not tag or answer.request_id.endswith(tag[1])


def test_the_server_knows_the_same_rows(atlas_server):
    def key(row):
        return row["common"], row["action"], row["code"]

    listed = atlas_server.admin.errors()["errors"]
    rows = {key(row): row for row in listed}
    assert len(rows) == len(listed)
    assert rows.keys() == {key(entry) for entry in ENTRIES}
    for entry in ENTRIES:
        row = rows[key(entry)]
        assert row["dialect"] == entry.get("dialect", "both")
        for name in ("summary", "unreachable", "arrange", "call", "calls", "request", "repeat"):
            assert row.get(name) == entry.get(name), (entry["name"], name)


def test_what_cannot_be_reached_says_why():
    for entry in ENTRIES:
        assert "unreachable" not in entry or len(entry["unreachable"]) > 20, entry["name"]


def test_every_documented_code_of_create_snapshot_is_obtained():
    model = json.loads((ROOT / "schema" / "cbs-model.json").read_text())
    documented = set(model["actions"]["CreateSnapshot"]["errors"])
    obtained = {entry["code"] for entry in ENTRIES
                if entry["action"] == "CreateSnapshot" and not entry["common"] and "unreachable" not in entry}
    assert documented, "the model documents none"
    assert documented <= obtained, f"not obtained: {sorted(documented - obtained)}"


def test_every_documented_code_of_every_action_has_an_entry(atlas_server):
    """Obtained or explained: no documented code of an action that is here may be forgotten."""
    model = json.loads((ROOT / "schema" / "cbs-model.json").read_text())
    here = [row["action"] for row in atlas_server.admin.ask("GET", "/_cbs/coverage")["actions"] if row["implemented"]]
    known = {(entry["action"], entry["code"]) for entry in ENTRIES if not entry["common"]}
    forgotten = {(action, code) for action in here for code in model["actions"][action]["errors"]} - known
    assert here and not forgotten, sorted(forgotten)


@pytest.mark.parametrize("way", ["http", "tls"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_documents_own_example(dialect, way):
    with Server("--dialect", dialect, "--tls-port", "0") as server:
        if way == "tls":
            client = Client(server.tls_address, trusting(server.admin.ca_pem()))
        else:
            client = Client(server.address)
        with client:
            answer = client.call("CreateSnapshot", {"DiskId": "disk-lzrg2pwi", "SnapshotName": "snap_201711301015"})
    assert re.fullmatch(r"snap-[0-9a-z]{8}", answer["SnapshotId"])
    assert UUID.fullmatch(answer.request_id)
    assert set(answer.response) == {"SnapshotId", "RequestId"}
