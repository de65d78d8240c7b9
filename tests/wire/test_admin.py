"""The admin API: its routes and shapes, and who may use it."""

import http.client
import json
import re

import pytest

from raw import TIMEOUT_SECONDS
from start import Process
from support import api
from support.server import Server

DISK = "disk-lzrg2pwi"


class Reply:
    def __init__(self, reply):
        self.status = reply.status
        self.headers = reply.headers
        self.body = reply.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """(status, code) of a refusal, which always says why."""
        error = self.json["error"]
        assert error["message"]
        return self.status, error["code"]


def ask(server, method, path, body=None, **headers):
    """One request to a server or port; a body that is not bytes goes as JSON."""
    sent = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/json")
    port = server if isinstance(server, int) else server.port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body, sent)
        return Reply(connection.getresponse())
    finally:
        connection.close()


def create(server):
    return api.call(server, "CreateSnapshot", {"DiskId": DISK})["SnapshotId"]


def state_of(server, snapshot):
    return api.call(server, "DescribeSnapshots", {"SnapshotIds": [snapshot]})["SnapshotSet"][0]["SnapshotState"]


# ---- routes that tell ------------------------------------------------------------------------------------------------------


def test_health(server):
    reply = ask(server, "GET", "/_cbs/health")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.json["status"] == "ok" and reply.json["services"] == {"cbs": "running"}
    assert reply.json["uptime_ms"] >= 0
    assert reply.json["version"] == ask(server, "GET", "/_cbs/version").json["version"]


def test_ready_and_version(server):
    assert ask(server, "GET", "/_cbs/ready").json == {"status": "ready"}
    assert ask(server, "GET", "/_cbs/version").json["api"] == {"cbs": "2017-03-12"}


def test_head_is_get_without_the_body(server):
    reply = ask(server, "HEAD", "/_cbs/health")
    assert (reply.status, reply.body) == (200, b"")


def test_the_listing_is_true(server):
    """Each route that it names exists: another method of its path is refused with 405, not 404."""
    routes = ask(server, "GET", "/_cbs/").json["routes"]
    assert len(routes) >= 14
    assert ask(server, "GET", "/_cbs").json["routes"] == routes
    for route in routes:
        assert route["help"]
        if route["help"].endswith("on --admin-port only"):
            continue
        reply = ask(server, "TRACE", re.sub(r"\{\w+\}", "any", route["path"]))
        assert reply.error == (405, "MethodNotAllowed")
        assert route["method"] in reply.headers["Allow"].split(", ")


def test_allow_names_all_methods_of_a_path(server):
    assert ask(server, "DELETE", "/_cbs/clock").headers["Allow"] == "GET, PUT"
    assert ask(server, "POST", "/_cbs/requests/export").headers["Allow"] == "GET"


def test_a_path_that_is_none_hears_what_is_near(server):
    hint = ask(server, "POST", "/_cbs/clock/freeze").json["error"]["hint"]
    assert "PUT /_cbs/clock, POST /_cbs/clock/advance" in hint and "faults" not in hint
    assert ask(server, "GET", "/_cbs/clocks").json["error"]["hint"] == "GET /_cbs/ lists the routes"


def test_a_part_that_no_world_has_hears_which_there_are(server):
    reply = ask(server, "POST", "/_cbs/seed", {"disks": []})
    assert reply.error == (400, "BadFixture") and "Disks, Snapshots" in reply.json["error"]["message"]


def test_an_arrangement_that_needs_the_keys_of_the_default_says_so(server):
    assert ask(server, "PUT", "/_cbs/sandboxes/AKIDkeys", {}).status == 200
    reply = ask(server, "POST", "/_cbs/errors/AuthFailure.MFAFailure/arrange?sandbox=AKIDkeys", {})
    assert reply.error == (409, "CannotArrange") and '"default"' in reply.json["error"]["hint"]
    assert ask(server, "DELETE", "/_cbs/sandboxes/AKIDkeys").status == 200


def test_a_reset_of_all_is_told_of(server):
    assert ask(server, "POST", "/_cbs/reset?sandbox=every").json["error"]["hint"].endswith("; * or all is all of them")


@pytest.mark.parametrize("path", ["/_cbs/nothing", "/_cbs/health/", "/_cbs/clock/advance/more", "/_cbs//health", "/_cbs/%68ealth",
                                  "/_cbs/resources//transition", "/_cbs/errors/a/b/arrange"])
def test_no_such_route(server, path):
    assert ask(server, "GET", path).error == (404, "NoSuchRoute")


def test_paths_beside_the_prefix_belong_to_the_cloud(server):
    assert "Response" in ask(server, "GET", "/_cbsx").json


def test_coverage(server):
    coverage = ask(server, "GET", "/_cbs/coverage").json
    by_name = {row["action"]: row["implemented"] for row in coverage["actions"]}
    assert len(by_name) == coverage["total"] == 61
    assert sum(by_name.values()) == coverage["implemented"]
    assert by_name["CreateSnapshot"] and by_name["DescribeDisks"]
    missing = next(name for name, here in by_name.items() if not here)
    assert api.call(server, missing).code is not None


# ---- queries and bodies ----------------------------------------------------------------------------------------------------


def test_sandbox(server):
    assert ask(server, "GET", "/_cbs/clock?sandbox=default").status == 200
    assert ask(server, "GET", "/_cbs/clock?sandbox=AKIDother").error == (404, "NoSuchSandbox")
    assert ask(server, "POST", "/_cbs/reset?sandbox=").error == (404, "NoSuchSandbox")


def test_unknown_queries_are_refused_with_what_is_accepted(server):
    reply = ask(server, "GET", "/_cbs/errors?actoin=CreateSnapshot")
    assert reply.error == (400, "UnknownQuery")
    assert "action" in reply.json["error"]["hint"] and "code" in reply.json["error"]["hint"]
    assert ask(server, "GET", "/_cbs/health?verbose=1").error == (400, "UnknownQuery")
    assert ask(server, "POST", "/_cbs/reset?kept=clock").error == (400, "UnknownQuery")
    assert ask(server, "GET", "/_cbs/errors?action=%zz").error == (400, "UnknownQuery")


@pytest.mark.parametrize("path, body, code", [
    ("/_cbs/clock/advance", b"{", "InvalidJson"),
    ("/_cbs/clock/advance", b'{"by":"1h","by":"2h"}', "InvalidJson"),
    ("/_cbs/clock/advance", b"\xff", "InvalidJson"),
    ("/_cbs/clock/advance", b"[]", "InvalidJson"),
    ("/_cbs/clock/advance", b"{}", "MissingField"),
    ("/_cbs/clock/advance", b"", "MissingField"),
    ("/_cbs/clock/advance", b'{"by":"1h","until":"x"}', "UnknownField"),
    ("/_cbs/clock/advance", b'{"by":3600}', "InvalidField"),
    ("/_cbs/clock/advance", b'{"by":"an hour"}', "InvalidField"),
    ("/_cbs/clock/advance", b'{"by":"-1h"}', "InvalidField"),
    ("/_cbs/reset", b'{"keep":"clock"}', "UnknownField"),
    ("/_cbs/seed", b"", "MissingBody"),
    ("/_cbs/seed", b"no fixture", "BadFixture"),
    ("/_cbs/seed", b'{"Disks":[{"DiskId":"disk-1"}]}', "BadFixture"),
])
def test_bad_bodies(server, path, body, code):
    reply = ask(server, "POST", path, body, Content_Type="application/json")
    assert reply.error == (400, code)


def test_a_hint_lists_the_accepted_fields(server):
    assert ask(server, "PUT", "/_cbs/clock", {"verb": "freeze"}).json["error"]["hint"] == "accepted fields: action, to, by, factor"


def test_bodies_are_json_or_nothing(server):
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp"):
        assert ask(server, "POST", "/_cbs/clock/advance", b'{"by":"1s"}', Content_Type=kind).error == (415, "UnsupportedMediaType")
    assert ask(server, "POST", "/_cbs/clock/advance", b'{"by":"1s"}', Content_Type="application/json; charset=utf-8").status == 200
    assert ask(server, "POST", "/_cbs/reset").status == 200


def test_largest_body(server):
    spaces = b" " * (1024 * 1024 - len(b'{"by":"1s"}'))
    assert ask(server, "POST", "/_cbs/clock/advance", b'{"by":"1s"}' + spaces, Content_Type="application/json").status == 200
    assert ask(server, "POST", "/_cbs/clock/advance", b'{"by":"1s"} ' + spaces, Content_Type="application/json").error == (
        413, "BodyTooLarge")


def test_what_is_reflected_is_escaped(server):
    mean = '<script>"\\\n\u0001'
    reply = ask(server, "PUT", "/_cbs/clock", {mean: 1})
    assert reply.error == (400, "UnknownField") and mean in reply.json["error"]["message"]
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"


# ---- the clock -------------------------------------------------------------------------------------------------------------


def clock(server, action=None, **fields):
    if action is None:
        return ask(server, "GET", "/_cbs/clock").json
    reply = ask(server, "PUT", "/_cbs/clock", {"action": action, **fields})
    assert reply.status == 200, reply.body
    return reply.json


def test_clock_modes(server):
    assert clock(server)["mode"] == "real"
    assert clock(server, "set", to="2030-01-02T03:04:05Z")["mode"] == "offset"
    frozen = clock(server, "freeze")
    assert frozen["mode"] == "frozen" and frozen["now"].startswith("2030-01-02T03:04:0")
    assert clock(server)["now"] == frozen["now"]
    assert clock(server, "set", to="2031-01-01T00:00:00+08:00")["now"] == "2030-12-31T16:00:00Z"
    assert clock(server, "advance", by="90m")["now"] == "2030-12-31T17:30:00Z"
    assert clock(server, "resume")["mode"] == "offset"
    scaled = clock(server, "scale", factor=60)
    assert (scaled["mode"], scaled["factor"]) == ("scaled", 60)
    assert clock(server, "reset")["mode"] == "real"


@pytest.mark.parametrize("body, code", [
    ({"action": "stop"}, "InvalidField"),
    ({"action": "set"}, "MissingField"),
    ({"action": "set", "by": "1h"}, "MissingField"),
    ({"action": "freeze", "to": "2030-01-01T00:00:00Z"}, "UnknownField"),
    ({"action": "set", "to": "2030-02-30T00:00:00Z"}, "InvalidField"),
    ({"action": "set", "to": "tomorrow"}, "InvalidField"),
    ({"action": "scale", "factor": 0}, "InvalidField"),
    ({"action": "scale", "factor": "60"}, "InvalidField"),
    ({"action": "scale", "factor": 1e9}, "InvalidField"),
    ({"to": "2030-01-01T00:00:00Z"}, "MissingField"),
])
def test_bad_clock_changes_change_nothing(server, body, code):
    assert ask(server, "PUT", "/_cbs/clock", body).error == (400, code)
    assert clock(server)["mode"] == "real"


def test_advancing_tells_what_happened(server):
    clock(server, "freeze")
    snapshot = create(server)
    assert state_of(server, snapshot) == "CREATING"
    reply = ask(server, "POST", "/_cbs/clock/advance", {"by": "1h"}).json
    assert [(e["resource"], e["from"], e["to"]) for e in reply["events"]] == [(snapshot, "CREATING", "NORMAL")]
    assert reply["events"][0]["at"] <= reply["now"]
    assert state_of(server, snapshot) == "NORMAL"
    assert ask(server, "POST", "/_cbs/clock/advance", {"by": "1h"}).json["events"] == []


def test_genuine_clients_live_in_any_year(server):
    clock(server, "set", to="2060-01-01T00:00:00Z")
    snapshot = create(server)
    shown = api.call(server, "DescribeSnapshots", {"SnapshotIds": [snapshot]})["SnapshotSet"][0]
    assert shown["CreateTime"].startswith("2060-01-01 08:00:")


# ---- the world -------------------------------------------------------------------------------------------------------------


def test_reset(server):
    before = api.call(server, "DescribeSnapshots")["TotalCount"]
    clock(server, "freeze")
    create(server)
    assert ask(server, "POST", "/_cbs/reset").json == {"status": "reset"}
    assert api.call(server, "DescribeSnapshots")["TotalCount"] == before
    assert clock(server)["mode"] == "real"


def test_seed(server):
    assert ask(server, "POST", "/_cbs/seed", {"Disks": [{"DiskId": DISK, "DiskName": "renamed"}]}).status == 200
    assert api.call(server, "DescribeDisks", {"DiskIds": [DISK]})["DiskSet"][0]["DiskName"] == "renamed"


def test_a_bad_seed_names_pointer_and_rule_and_changes_nothing(server):
    reply = ask(server, "POST", "/_cbs/seed", {"Disks": [{"DiskId": DISK, "DiskName": "renamed"}, {"DiskId": DISK, "DiskSize": "big"}]})
    assert reply.error == (400, "BadFixture")
    assert "/Disks/1/DiskSize" in reply.json["error"]["message"]
    assert api.call(server, "DescribeDisks", {"DiskIds": [DISK]})["DiskSet"][0]["DiskName"] != "renamed"


def test_ending_a_transition():
    with Server("--transition", "snapshot.create=manual") as server:
        snapshot = create(server)
        events = ask(server, "POST", "/_cbs/clock/advance", {"by": "30d"}).json["events"]
        assert snapshot not in [event["resource"] for event in events]
        assert state_of(server, snapshot) == "CREATING"
        path = f"/_cbs/resources/{snapshot}/transition"
        reply = ask(server, "POST", path, {"to": "NORMAL"}).json
        assert (reply["resource"], reply["state"]) == (snapshot, "NORMAL")
        assert [(e["from"], e["to"]) for e in reply["events"]] == [("CREATING", "NORMAL")]
        assert state_of(server, snapshot) == "NORMAL"
        assert ask(server, "POST", path).error == (409, "NotInTransition")


@pytest.mark.parametrize("resource", ["snap-00000000", "disk-zzzzzzzz", "nonsense", DISK])
def test_what_is_in_no_transition(server, resource):
    assert ask(server, "POST", f"/_cbs/resources/{resource}/transition").error == (409, "NotInTransition")


# ---- the atlas -------------------------------------------------------------------------------------------------------------


def test_errors_are_listed_and_filtered(server):
    everything = ask(server, "GET", "/_cbs/errors").json
    assert everything["count"] == len(everything["errors"]) > 26
    one = ask(server, "GET", "/_cbs/errors?action=CreateSnapshot&code=InvalidDisk.Busy").json["errors"]
    assert [(e["action"], e["code"]) for e in one] == [("CreateSnapshot", "InvalidDisk.Busy")]
    assert ask(server, "GET", "/_cbs/errors?action=CreateSnapshots").error == (400, "UnknownAction")
    assert ask(server, "GET", "/_cbs/errors?code=Nonsense").error == (400, "UnknownCode")


def test_every_entry_has_a_way_or_a_reason(server):
    for entry in ask(server, "GET", "/_cbs/errors").json["errors"]:
        assert entry["summary"] and ("call" in entry) != ("unreachable" in entry)


def test_arranged_and_met(server):
    reply = ask(server, "POST", "/_cbs/errors/InsufficientSnapshotQuota/arrange", {"action": "CreateSnapshot"}).json
    assert (reply["status"], reply["code"], reply["action"]) == ("arranged", "InsufficientSnapshotQuota", "CreateSnapshot")
    assert api.call(server, reply["action"], reply["call"]).code == "InsufficientSnapshotQuota"


def test_arranging_sets_the_dialect_that_speaks_the_code(server):
    entries = ask(server, "GET", "/_cbs/errors?action=CreateSnapshot").json["errors"]
    entry = next(e for e in entries if e["dialect"] == "current" and "calls" not in e and "request" not in e and "call" in e)
    path = f"/_cbs/errors/{entry['code']}/arrange"
    assert ask(server, "POST", path, {"action": "CreateSnapshot", "dialect": "classic"}).error == (409, "OtherDialect")
    reply = ask(server, "POST", path, {"action": "CreateSnapshot"}).json
    assert reply["dialect"] == "current"
    assert api.call(server, "CreateSnapshot", reply["call"]).code == entry["code"]


def test_what_cannot_be_arranged_says_so(server):
    unreachable = next(e for e in ask(server, "GET", "/_cbs/errors").json["errors"] if "unreachable" in e)
    path = f"/_cbs/errors/{unreachable['code']}/arrange"
    reply = ask(server, "POST", path, {"action": unreachable["action"]})
    assert reply.error == (409, "Unreachable")
    assert reply.json["error"]["message"] == unreachable["unreachable"]


@pytest.mark.parametrize("code, body, error", [
    ("Nonsense", {"action": "CreateSnapshot"}, (400, "UnknownCode")),
    ("InvalidDisk.Busy", {"action": "CreateSnapshots"}, (400, "UnknownAction")),
    ("InvalidDisk.Busy", {"action": "CreateSnapshot", "dialect": "newest"}, (400, "InvalidField")),
    ("InvalidDisk.Busy", {}, (404, "NotInAtlas")),
])
def test_bad_arrangements(server, code, body, error):
    assert ask(server, "POST", f"/_cbs/errors/{code}/arrange", body).error == error


# ---- who may use it --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1:9362", "[::1]:9362", "[::1]"])
def test_own_hosts(server, host):
    assert ask(server, "GET", "/_cbs/health", Host=host).status == 200


@pytest.mark.parametrize("host", [
    "example.com", "localhost.example.com", "127.0.0.1.example.com", "example.com:9362", "10.0.0.1", "", ":80", "[",
    "cbs.tencentcloudapi.com"])
def test_foreign_hosts(server, host):
    for method, path in (("GET", "/_cbs/health"), ("POST", "/_cbs/reset"), ("GET", "/_cbs/nothing")):
        assert ask(server, method, path, Host=host).error == (403, "ForeignHost")


def test_own_origin(server):
    assert ask(server, "GET", "/_cbs/health", Origin=f"http://127.0.0.1:{server.port}").status == 200


@pytest.mark.parametrize("origin", ["http://example.com", "https://127.0.0.1", "http://localhost:3000", "null", "", "file://"])
def test_foreign_origins(server, origin):
    assert ask(server, "POST", "/_cbs/reset", Origin=origin).error == (403, "ForeignOrigin")


def test_further_hosts():
    with Server("--admin-hosts", "cbsmock,mock.test") as server:
        for host in ("cbsmock:9362", "mock.test", "localhost"):
            assert ask(server, "GET", "/_cbs/health", Host=host).status == 200
        assert ask(server, "GET", "/_cbs/health", Host="other.test").error == (403, "ForeignHost")


def test_token():
    with Server("--admin-token", "s3cret-token") as server:
        for path in ("/_cbs/health", "/_cbs/ready", "/_cbs/version", "/_cbs/", "/_cbs/coverage"):
            assert ask(server, "GET", path).status == 200
        for method, path in (("GET", "/_cbs/clock"), ("POST", "/_cbs/reset"), ("POST", "/_cbs/seed"), ("GET", "/_cbs/errors")):
            assert ask(server, method, path).error == (401, "TokenRequired")
            assert ask(server, method, path, X_Cbs_Admin_Token="s3cret-tokem").error == (403, "TokenRequired")
            assert ask(server, method, path, X_Cbs_Admin_Token="").error == (403, "TokenRequired")
        assert ask(server, "GET", "/_cbs/clock", X_Cbs_Admin_Token="s3cret-token").status == 200
        assert ask(server, "GET", "/_cbs/clock", Authorization="Bearer s3cret-token").status == 200
        assert ask(server, "GET", "/_cbs/clock", Authorization="Basic s3cret-token").error == (401, "TokenRequired")
        assert ask(server, "GET", "/_cbs/nothing", X_Cbs_Admin_Token="s3cret-token").error == (404, "NoSuchRoute")
        assert "s3cret" not in server.log()


def test_bound_wider_it_asks_for_a_token():
    with Server("--host", "0.0.0.0") as server:
        assert ask(server, "GET", "/_cbs/health").status == 200
        assert ask(server, "GET", "/_cbs/health", Host="192.0.2.7:9362").status == 200
        assert ask(server, "GET", "/_cbs/health", Host="example.com").error == (403, "ForeignHost")
        assert ask(server, "POST", "/_cbs/reset").error == (403, "TokenNotSet")
        assert ask(server, "POST", "/_cbs/reset", X_Cbs_Admin_Token="guess").error == (403, "TokenNotSet")
        assert api.call(server, "DescribeDisks").code is None
    with Server("--host", "0.0.0.0", "--admin-token", "t") as server:
        assert ask(server, "POST", "/_cbs/reset", X_Cbs_Admin_Token="t").status == 200


def test_a_port_of_its_own():
    with Process("--port", "0", "--admin-port", "0") as process:
        port, own = process.ready(), process.ready("admin")
        assert ask(own, "GET", "/_cbs/health").status == 200
        assert ask(own, "GET", "/").error == (404, "NoSuchRoute")
        assert "Response" in ask(port, "GET", "/_cbs/health").json
        assert ask(own, "POST", "/_cbs/reset").status == 200
