"""Fault rules over the wire: their routes, and what a client with a socket sees of them."""

import http.client
import json
import time

import pytest

from raw import Raw, message
from support import api
from support.faults import Faults

DISK = "disk-lzrg2pwi"
CREATE = {"DiskId": DISK}


@pytest.fixture
def faults(server):
    server.faults = Faults(server.admin)
    yield server.faults
    Faults(server.admin, "*").clear()


def snapshots(server):
    filters = [{"Name": "disk-id", "Values": [DISK]}]
    return api.call(server, "DescribeSnapshots", {"Filters": filters})["TotalCount"]


def refused(faults, method, path, body=None, **query):
    """(status, code, message) of a refusal."""
    status, text = faults.exchange(method, path, body, **query)
    error = json.loads(text)["error"]
    return status, error["code"], error["message"]


# ---- routes ------------------------------------------------------------------------------------------------------------------


def test_put_list_patch_remove(server, faults):
    stored = faults.put({"type": "error", "code": "ResourceBusy"}, name="busy", match={"action": "CreateSnapshot"}, when={"times": 2})
    assert stored["phase"] == "before_validate" and stored["remaining"] == 2
    assert api.call(server, "CreateSnapshot", CREATE).code == "ResourceBusy"
    shown = faults.get("busy")
    assert (shown["hits"], shown["remaining"], len(shown["last_request_ids"])) == (1, 1, 1)
    assert faults.patch("busy", when={"times": 5})["remaining"] == 4
    assert [rule["name"] for rule in faults.list()] == ["busy"]
    assert [rule["name"] for rule in faults.replace(faults.list() + [{"name": "last", "do": {"type": "pass"}}])] == ["busy", "last"]
    assert faults.ask("PUT", "/_cbs/faults", {"faults": faults.list()}) == {"faults": faults.list()}
    assert faults.ask("PUT", "/_cbs/faults/third", {"do": {"type": "pass"}, "tags": {"test": "x"}})["name"] == "third"
    merged = faults.merge([{"name": "last", "continue": True}, {"name": "new", "do": {"type": "pass"}}])
    assert [rule["name"] for rule in merged] == ["last", "new"]
    assert faults.clear("test=x") == 1
    assert faults.remove("busy") == 1
    assert faults.clear() == 2
    assert faults.list() == []


@pytest.mark.parametrize("body, place", [
    ({"do": {"type": "error", "code": "Nope"}}, "/do/code"),
    ({"do": {"type": "error", "code": "ResourceBusy"}, "match": {"action": "CreateSnapshoot"}}, "/match/action"),
    ({"do": {"type": "reset_peer"}, "when": {"tims": 1}}, "/when/tims"),
    ({"do": {"type": "reset_peer"}, "match": {"region": "ap-guangzho"}}, "/match/region: there is no region \"ap-guangzho\""),
    ([{"do": {"type": "pass"}}, {"do": {"type": "pass"}, "match": {"region": ["ap-guangzhou", "x"]}}], "/1/match/region"),
    ({"do": {"type": "reset_peer"}, "match": {"resource_state": "CREATNG"}}, "/match/resource_state"),
    ({"do": {"type": "reset_peer"}, "match": {"language": "zh"}}, "/match/language"),
    ([{"do": {"type": "pass"}}, {"do": {"type": "reset_peer"}, "phase": "later"}], "/1/phase"),
    ("reset_peer", ""),
])
def test_what_cannot_be_is_refused_with_what_can(faults, body, place):
    status, code, text = refused(faults, "POST", "/_cbs/faults", body)
    assert (status, code) == (400, "InvalidRule") and text.startswith(place)
    assert faults.list() == []


@pytest.mark.parametrize("method, path, body, expected", [
    ("GET", "/_cbs/faults/nobody", None, (404, "NoSuchRule")),
    ("PATCH", "/_cbs/faults/nobody", {}, (404, "NoSuchRule")),
    ("DELETE", "/_cbs/faults/nobody", None, (404, "NoSuchRule")),
    ("PUT", "/_cbs/faults/one", {"name": "two", "do": {"type": "pass"}}, (400, "InvalidRule")),
    ("PUT", "/_cbs/faults/plan", {"do": {"type": "pass"}}, (400, "InvalidRule")),
    ("PUT", "/_cbs/faults", {"do": {"type": "pass"}}, (400, "InvalidRule")),
    ("POST", "/_cbs/faults", None, (400, "InvalidJson")),
    ("PUT", "/_cbs/faults", [{"do": {"type": "pass"}, "match": {"region": "x"}}], (400, "InvalidRule")),
    ("PUT", "/_cbs/faults/one", {"do": {"type": "pass"}, "match": {"region": "x"}}, (400, "InvalidRule")),
    ("PATCH", "/_cbs/faults/one", {"match": {"region": "x"}}, (400, "InvalidRule")),
    ("PATCH", "/_cbs/faults", [{"name": "one", "match": {"region": "x"}}], (400, "InvalidRule")),
    ("POST", "/_cbs/faults/plan", {"action": "Nope"}, (400, "InvalidCall")),
    ("POST", "/_cbs/faults/plan", {"action": "CreateSnapshot", "params": {"Diskid": DISK}}, (400, "InvalidCall")),
    ("POST", "/_cbs/faults/plan", [{"action": "CreateSnapshot", "region": "guangzhou"}], (400, "InvalidCall")),
    ("POST", "/_cbs/faults/plan", {"action": "CreateSnapshot", "resource_state": "CREATNG"}, (400, "InvalidCall")),
    ("POST", "/_cbs/errors/Nope/force", {"action": "CreateSnapshot"}, (400, "InvalidRule")),
    ("POST", "/_cbs/errors/ResourceBusy/force", {"action": "Nope"}, (400, "InvalidRule")),
    ("POST", "/_cbs/errors/ResourceBusy/force", {"force": 1}, (400, "InvalidField")),
    ("GET", "/_cbs/retry-tests/retry-1", None, (404, "NoSuchRetryTest")),
    ("DELETE", "/_cbs/retry-tests/retry-1", None, (404, "NoSuchRetryTest")),
    ("POST", "/_cbs/retry-tests", {"instructions": {"CreateSnapshot": ["explode"]}}, (400, "InvalidRetryTest")),
])
def test_refusals(faults, method, path, body, expected):
    assert refused(faults, method, path, body)[:2] == expected


def test_a_rule_for_all_sandboxes_names_regions_of_the_default_world(faults):
    everywhere = Faults(faults.admin, "*")
    assert refused(everywhere, "POST", "/_cbs/faults", {"do": {"type": "pass"}, "match": {"region": "x"}})[:2] == (400, "InvalidRule")
    assert everywhere.put({"type": "pass"}, name="there", match={"region": "ap-*"})["name"] == "there"


def test_bad_queries(faults):
    assert refused(faults, "POST", "/_cbs/faults/plan", {"action": "DescribeDisks"}, next="1001")[:2] == (400, "InvalidQuery")
    assert refused(Faults(faults.admin, "AKIDnobody"), "GET", "/_cbs/faults")[0] == 404


def test_a_reset_takes_the_rules_unless_they_are_kept(server, faults):
    faults.put("reset_peer", when={"times": 1})
    server.admin.ask("POST", "/_cbs/reset?keep=faults")
    assert len(faults.list()) == 1
    server.admin.reset()
    assert faults.list() == []


def test_rules_of_all_sandboxes(server, faults):
    everywhere = Faults(server.admin, "*")
    everywhere.put({"type": "http", "status": 503}, name="outage")
    with send(server) as connection:
        assert connection.answer().status == 503
    assert everywhere.get("outage")["hits"] == 1 and faults.list() == []
    assert server.admin.health()["status"] == "ok"


def test_sandboxes_do_not_meet_and_a_fork_has_the_rules(server, faults):
    server.admin.ask("PUT", "/_cbs/sandboxes/AKIDone", {"secret_key": "one"})
    one = Faults(server.admin, "AKIDone")
    one.put({"type": "error", "code": "InternalError"}, name="all", when={"times": 2})
    assert api.call(server, "DescribeDisks").code is None
    assert api.call(server, "DescribeDisks", secret_id="AKIDone", secret_key="one").code == "InternalError"
    server.admin.ask("POST", "/_cbs/sandboxes/AKIDone/fork", {"as": "AKIDtwo", "secret_key": "two"})
    two = Faults(server.admin, "AKIDtwo")
    assert two.get("all")["remaining"] == 1
    assert api.call(server, "DescribeDisks", secret_id="AKIDtwo", secret_key="two").code == "InternalError"
    assert (one.get("all")["remaining"], two.get("all")["remaining"]) == (1, 0)
    for name in ("AKIDone", "AKIDtwo"):
        server.admin.ask("DELETE", f"/_cbs/sandboxes/{name}")


def test_plan_targets_activity(server, faults):
    faults.put({"type": "latency", "latency": 1, "jitter": 1}, name="slow", continue_=True)
    faults.put({"type": "error", "code": "InternalError"}, name="third", when={"every": 3})
    call = {"action": "DescribeDisks"}
    plan = faults.plan(call, next=4)
    assert [one["ends"] for one in plan] == [None, None, "before_validate", None]
    assert [api.call(server, "DescribeDisks").code for _ in range(4)] == [None, None, "InternalError", None]
    did = [(one["rule"], one["did"]) for one in faults.activity()]
    assert did.count(("third", "error InternalError")) == 1 and len(did) == 5
    assert [text for rule, text in did if rule == "slow"] == [f"latency {one['meets'][0]['do'][0]['latency']} ms" for one in plan]
    targets = faults.targets()
    assert "truncate" in [effect["type"] for effect in targets["effects"]]
    assert len(targets["actions"]) == 61


@pytest.mark.parametrize("match, code, told", [
    ({}, "Nope", "no action that the rule is for documents Nope"),
    ({}, "InvalidDisk.Busy", "say in match.action which do: "),
    ({"action": ["CreateSnapshot", "DescribeDisks"]}, "ResourceBusy", "which do: CreateSnapshot;"),
    ({"action": "DescribeDisks"}, "ResourceBusy", "it documents InvalidFilter, "),
])
def test_a_code_that_an_action_lacks_is_refused_with_what_helps(faults, match, code, told):
    rule = {"match": match, "do": {"type": "error", "code": code}}
    assert told in refused(faults, "POST", "/_cbs/faults", rule)[2]


def test_a_code_by_force(server, faults):
    rule = faults.force("InvalidDisk.Busy", action="CreateSnapshot", times=2)
    assert rule["remaining"] == 2
    assert [api.call(server, "CreateSnapshot", CREATE).code for _ in range(3)] == ["InvalidDisk.Busy", "InvalidDisk.Busy", None]
    faults.force("InternalError")
    assert api.call(server, "DescribeDisks").code == "InternalError"
    faults.force("Made.Up", action="DescribeDisks", force=True)
    assert api.call(server, "DescribeDisks").code == "Made.Up"


def test_retry_test(server, faults):
    test = faults.retry_test(CreateSnapshot=["error:RequestLimitExceeded", "http:503", "pass"])
    assert api.call(server, "CreateSnapshot", CREATE).code == "RequestLimitExceeded"
    assert not faults.retry_result(test)["completed"]
    with pytest.raises(json.JSONDecodeError):
        api.call(server, "CreateSnapshot", CREATE)
    answer = api.call(server, "CreateSnapshot", CREATE)
    assert answer["SnapshotId"]
    result = faults.retry_result(test)
    assert result["completed"] and result["consumed"][2]["request_id"] == answer.request_id
    assert [one["id"] for one in faults.retry_tests()] == [test]
    assert faults.remove_retry_test(test) == 1


def test_a_retry_test_chosen_by_header(server, faults):
    test = faults.retry_test(secret_id="AKIDnobody", DescribeDisks=["error:InternalError"])
    assert api.call(server, "DescribeDisks").code is None
    assert api.call(server, "DescribeDisks", unsigned={"x-retry-test-id": test}).code == "InternalError"


# ---- on the socket -------------------------------------------------------------------------------------------------------------


def send(server, action="DescribeDisks", params=None):
    connection = Raw(server)
    connection.send(message(api.Request(action, params), server.address))
    return connection


def everything(connection):
    """What comes until the end of the connection, and whether that was a reset."""
    data = connection.pending
    while True:
        try:
            more = connection.socket.recv(65536)
        except ConnectionResetError:
            return data, True
        if not more:
            return data, False
        data += more


@pytest.mark.parametrize("phase, made", [("before_auth", 0), ("before_validate", 0), ("before_commit", 0), ("after_commit", 1)])
def test_a_reset_connection_and_the_work(server, faults, phase, made):
    faults.put("reset_peer", match={"action": "CreateSnapshot"}, phase=phase)
    with send(server, "CreateSnapshot", CREATE) as connection:
        assert everything(connection) == (b"", True)
    faults.clear()
    assert snapshots(server) == made


def test_an_empty_response(server, faults):
    faults.put("empty_response")
    with send(server) as connection:
        assert everything(connection) == (b"", False)


def test_a_timeout_that_ends(server, faults):
    faults.put({"type": "timeout", "timeout": 200})
    began = time.monotonic()
    with send(server) as connection:
        assert everything(connection)[0] == b""
    assert time.monotonic() - began >= 0.2


def split(data):
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return head, body, lengths[0] if lengths else None


def test_data_that_stops(server, faults):
    faults.put({"type": "limit_data", "bytes": 37})
    with send(server) as connection:
        data, was_reset = everything(connection)
    _, body, length = split(data)
    assert not was_reset and len(body) == 37 and length > 37


def test_a_body_reset_in_the_middle(server, faults):
    faults.put("reset_peer", phase="mid_body")
    with send(server) as connection:
        data, was_reset = everything(connection)
    _, body, length = split(data)
    assert was_reset and len(body) == length // 2


def test_an_honest_truncation_keeps_the_connection(server, faults):
    faults.put({"type": "truncate", "fraction": 0.5, "lie_about_length": False}, when={"times": 1})
    with send(server) as connection:
        first = connection.answer()
        with pytest.raises(json.JSONDecodeError):
            first.json
        connection.send(message(api.Request("DescribeDisks"), server.address))
        assert connection.answer().code is None


def test_a_lying_truncation(server, faults):
    faults.put({"type": "truncate", "fraction": 0.5})
    with pytest.raises(http.client.IncompleteRead):
        api.call(server, "DescribeDisks")


@pytest.mark.parametrize("mode", ["random", "malformed_json", "bom"])
def test_garbage(server, faults, mode):
    faults.put({"type": "garbage", "mode": mode})
    with send(server) as connection:
        answer = connection.answer()
    with pytest.raises((json.JSONDecodeError, UnicodeDecodeError)):
        json.loads(answer.body.decode())


def test_garbage_in_the_head(server, faults):
    faults.put({"type": "garbage", "mode": "wrong_content_type"})
    with send(server) as connection:
        answer = connection.answer()
    assert answer["Content-Type"] == "text/html" and answer.code is None


def test_garbage_in_the_chunks(server, faults):
    faults.put({"type": "garbage", "mode": "malformed_chunk"})
    with pytest.raises((http.client.IncompleteRead, http.client.HTTPException, ValueError)):
        api.call(server, "DescribeDisks")


def test_an_answer_of_something_between(server, faults):
    faults.put({"type": "http", "status": 502, "body": "<html>bad gateway</html>", "headers": {"Retry-After": "1"}})
    with send(server) as connection:
        answer = connection.answer()
    assert (answer.status, answer["Retry-After"], answer["Content-Type"]) == (502, "1", "text/html")
    assert answer.body == b"<html>bad gateway</html>"


def test_latency(server, faults):
    faults.put({"type": "latency", "latency": 150})
    began = time.monotonic()
    assert api.call(server, "DescribeDisks").code is None
    assert time.monotonic() - began >= 0.15


def test_bodies_that_drip(server, faults):
    faults.put({"type": "slicer", "average_size": 200, "delay_us": 1000})
    with send(server) as connection:
        assert connection.answer().code is None
    faults.clear()
    faults.put({"type": "bandwidth", "rate": 20})
    began = time.monotonic()
    with send(server) as connection:
        size = len(connection.answer().body)
    assert time.monotonic() - began >= 0.5 * size / 20000


def test_a_slow_close(server, faults):
    faults.put({"type": "slow_close", "delay": 200})
    with send(server) as connection:
        assert connection.answer().code is None
        began = time.monotonic()
        assert connection.closed()
    assert time.monotonic() - began >= 0.15


def test_a_frozen_clock_makes_latency_free(server, faults):
    server.admin.freeze()
    faults.put({"type": "latency", "latency": "30s", "clock": "sandbox"}, match={"action": "CreateSnapshot"})
    before = server.admin.ask("GET", "/_cbs/clock")["now"]
    began = time.monotonic()
    assert api.call(server, "CreateSnapshot", CREATE)["SnapshotId"]
    assert time.monotonic() - began < 10
    assert server.admin.ask("GET", "/_cbs/clock")["now"] > before
    assert api.call(server, "DescribeSnapshots")["SnapshotSet"][0]["SnapshotState"] == "NORMAL"
