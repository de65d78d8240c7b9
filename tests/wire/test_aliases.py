"""Routes under the names of other local clouds: what their users look for is there, under the rules of the admin API."""

import http.client
import json

import pytest

from raw import TIMEOUT_SECONDS
from start import Process
from support import api
from support.admin import Admin
from support.server import Server

DISK = "disk-lzrg2pwi"
RESETS = {"/__admin/reset": "reset", "/moto-api/reset": "ok", "/_cbs/reset": "reset"}
LOOKS = ("/_localstack/health", "/__admin/health", "/__admin/requests")


def snapshots(server):
    return api.call(server, "DescribeSnapshots", {"Limit": 1})["TotalCount"]


def ask(port, method, path, **headers):
    """(status, JSON); "_" in a header's name is "-"."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, None, {name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def test_health(server):
    version = server.admin.health()["version"]
    assert server.admin.ask("GET", "/_localstack/health") == {"services": {"cbs": "running"}, "edition": "cbsmock", "version": version}
    health = server.admin.ask("GET", "/__admin/health")
    assert (health["status"], health["version"]) == ("healthy", version) and health["uptimeInSeconds"] >= 0


@pytest.mark.parametrize("path", RESETS)
def test_resets(server, path):
    before = snapshots(server)
    assert api.call(server, "CreateSnapshot", {"DiskId": DISK})["SnapshotId"]
    server.admin.freeze()
    assert snapshots(server) == before + 1
    assert server.admin.ask("POST", path + "?keep=clock") == {"status": RESETS[path]}
    assert snapshots(server) == before and server.admin.ask("GET", "/_cbs/clock")["mode"] == "frozen"
    assert ask(server.port, "POST", path + "?keep=disks")[0] == 400


def test_requests(server):
    server.admin.ask("DELETE", "/_cbs/requests")
    made = api.call(server, "CreateSnapshot", {"DiskId": DISK}, unsigned={"X-Twice": "no"})
    api.call(server, "CreateSnapshots", {})
    answer = server.admin.ask("GET", "/__admin/requests")
    second, first = answer["requests"]
    assert (answer["meta"], answer["requestJournalDisabled"]) == ({"total": 2}, False)
    assert (first["id"], first["wasMatched"], second["wasMatched"]) == (made.request_id, True, False)
    assert (first["request"]["method"], first["request"]["url"], first["request"]["headers"]["X-Twice"]) == ("POST", "/", "no")
    assert json.loads(first["request"]["body"]) == {"DiskId": DISK}
    assert json.loads(first["response"]["body"])["Response"]["RequestId"] == made.request_id
    assert "Signature=" not in first["request"]["headers"]["Authorization"]
    assert server.admin.ask("GET", "/__admin/requests?limit=1") == {**answer, "requests": [second]}
    assert ask(server.port, "GET", "/__admin/requests?unmatched=true")[0] == 400


def test_headers_that_came_twice(server):
    server.admin.ask("DELETE", "/_cbs/requests")
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
    connection.putrequest("GET", "/")
    for name, value in (("X-One", "1"), ("X-Two", "2"), ("x-two", "3")):
        connection.putheader(name, value)
    connection.endheaders()
    connection.getresponse().read()
    connection.close()
    headers = server.admin.ask("GET", "/__admin/requests")["requests"][0]["request"]["headers"]
    assert (headers["X-One"], headers["X-Two"], "x-two" in headers) == ("1", ["2", "3"], False)


@pytest.mark.parametrize("method, path", [*(("POST", path) for path in RESETS), *(("GET", path) for path in LOOKS)])
def test_who_may_use_them(server, method, path):
    assert ask(server.port, method, path, Origin="http://evil.test")[1]["error"]["code"] == "ForeignOrigin"
    assert ask(server.port, method, path, Host="evil.test")[1]["error"]["code"] == "ForeignHost"
    status, refusal = ask(server.port, "PUT", path)
    assert (status, refusal["error"]["code"]) == (405, "MethodNotAllowed")


def test_the_token():
    with Server("--admin-token", "sesame") as server:
        for path in ("/_localstack/health", "/__admin/health"):
            assert ask(server.port, "GET", path)[0] == 200
        for method, path in [*(("POST", path) for path in RESETS), ("GET", "/__admin/requests")]:
            assert ask(server.port, method, path)[1]["error"]["code"] == "TokenRequired"
            assert ask(server.port, method, path, X_Cbs_Admin_Token="sesame")[0] == 200


def test_paths_that_are_nobodys_stay_the_clouds(server):
    for path in ("/reset", "/__admin/mappings", "/moto-api/", "/_localstack/init"):
        assert ask(server.port, "POST", path)[1]["Response"]["Error"]["Code"] == "UnsupportedProtocol"


def test_on_a_port_of_its_own():
    """There "/reset" is one of them, and the API's port has none."""
    with Process("--port", "0", "--admin-port", "0", "--admin-token", "sesame") as process:
        port, admin = process.ready(), Admin(process.ready("admin"), token="sesame")
        assert ask(admin.port, "POST", "/reset")[1]["error"]["code"] == "TokenRequired"
        assert ask(admin.port, "POST", "/reset", Host="evil.test")[1]["error"]["code"] == "ForeignHost"
        admin.freeze()
        assert admin.ask("POST", "/reset") == {"status": "reset"}
        assert admin.ask("GET", "/_cbs/clock")["mode"] == "real"
        for path in (*RESETS, "/reset"):
            assert "Response" in ask(port, "POST", path)[1]
        assert "Response" in ask(port, "GET", "/_localstack/health")[1]
