"""The journal over the wire: listing, finding, waiting, exporting, pasting back, and assertions."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import threading
import time

import pytest

from raw import Raw
from support import api, sign
from support.faults import Faults
from support.requests import Requests
from support.server import Server, binary

DISK = "disk-lzrg2pwi"
SECRETS = (sign.SECRET_KEY, "token-to-be-masked")


@pytest.fixture
def journal(server):
    return Requests(server.admin)


def create(server, **changes):
    return api.call(server, "CreateSnapshot", {"DiskId": DISK}, **changes)


def refusal(journal, method, path, body=None, **query):
    """(status, code, message) of a refusal."""
    status, text = journal.exchange(method, path, body, **query)
    error = json.loads(text)["error"]
    return status, error["code"], error["message"]


# ---- what was asked ----------------------------------------------------------------------------------------------------------


def test_requests_are_listed_newest_last(server, journal):
    first = create(server)
    second = create(server)
    listed = journal.list()
    assert [r["request_id"] for r in listed] == [first.request_id, second.request_id]
    assert listed[0]["made"] == [first["SnapshotId"]]
    assert listed[0]["resources"] == [DISK, first["SnapshotId"]]
    assert (listed[1]["code"], listed[1]["guard"]) == (second.code, "snapshot_creating")
    assert [r["seq"] for r in listed] == [listed[0]["seq"], listed[0]["seq"] + 1]


def test_the_query_narrows_down(server, journal):
    create(server)
    create(server)
    api.call(server, "DescribeDisks", {}, region="ap-shanghai")
    everything = journal.list()
    assert [r["action"] for r in journal.list(action="DescribeDisks")] == ["DescribeDisks"]
    assert [r["code"] for r in journal.list(action="Create*", code="OK")] == ["OK"]
    assert len(journal.list(region="ap-shanghai")) == 1
    assert journal.list(since=everything[1]["seq"]) == everything[2:]
    assert journal.list(limit=1) == everything[2:]
    assert journal.list(secret_id="AKIDnobody") == []
    assert journal.list(since="2020-01-01T00:00:00Z") == everything


@pytest.mark.parametrize("action, changes, code, meant", [
    ("CreateSnapshots", {}, "InvalidAction", "CreateSnapshot"),
    ("describedisks", {}, "InvalidAction", "DescribeDisks"),
    ("ListBuckets", {}, "InvalidAction", None),
    ("CreateSnapshots", {"secret_key": "wrong"}, "AuthFailure.SignatureFailure", "CreateSnapshot"),
    ("CopySnapshotCrossRegions", {}, "UnsupportedOperation", None),
    ("CreateSnapshot", {"version": "2020-01-01"}, "NoSuchVersion", None),
    ("CreateSnapshot", {"host": "nothing.tencentcloudapi.com", "service": "nothing"}, "NoSuchProduct", None),
    ("", {}, "MissingParameter", None),
])
def test_what_reached_no_action(server, journal, action, changes, code, meant):
    create(server)
    assert journal.unmatched() == []
    answer = api.call(server, action, {}, **changes)
    assert answer.code == code
    one, = journal.unmatched()
    assert (one["request_id"], one["code"], one.get("did_you_mean")) == (answer.request_id, code, meant)


def test_other_paths_reach_no_action(server, journal):
    for method, path in (("GET", "/favicon.ico"), ("PUT", "/"), ("POST", "/cbs?Signature=secret")):
        server.admin.exchange(method, path)
    assert [(one["method"], one["target"], one["code"]) for one in journal.unmatched()] == [
        ("GET", "/favicon.ico", "UnsupportedProtocol"), ("PUT", "/", "UnsupportedProtocol"),
        ("POST", "/cbs?Signature=***", "UnsupportedProtocol")]
    assert [one["method"] for one in journal.unmatched(limit=1)] == ["POST"]
    assert journal.unmatched(code="InvalidAction") == []


def test_refused_actions_were_reached(server, journal):
    """By a signature, a region, a parameter, a service that is down, a fault: not by their name."""
    api.call(server, "CreateSnapshot", {"DiskId": DISK}, secret_key="wrong")
    api.call(server, "CreateSnapshot", {"DiskId": DISK}, region="moon")
    api.call(server, "CreateSnapshot", {"Disk": DISK})
    server.admin.seed({"World": {"ServiceAvailable": False}})
    assert api.call(server, "CreateSnapshot", {"DiskId": DISK}).code == "ServiceUnavailable"
    Faults(server.admin).put({"type": "error", "code": "InternalError"}, phase="before_auth")
    assert api.call(server, "CreateSnapshot", {"DiskId": DISK}).code == "InternalError"
    assert journal.count() == 5 and journal.unmatched() == []


ALL_OF_IT = ("/_cbs/requests", "/_cbs/requests/unmatched", "/_cbs/requests/export?format=ndjson", "/_cbs/requests/export?format=har",
             "/_cbs/requests/export?format=history", "/_cbs/conformance", "/_cbs/report", "/_cbs/duplicates", "/__admin/requests")


@pytest.mark.parametrize("plain, odd", [
    (b'"DiskId": "', b'"\xff\xfe": 1, "DiskId": "'),
    (b"disk-lzrg2pwi", b"\xc0\xaf\xed\xa0\x80"),
    (b"X-TC-Action: CreateSnapshot", b"X-TC-Action: Create\xffSnapshot"),
    (b"X-TC-Region: ap-guangzhou", b"X-TC-Region: \xf8\x88"),
    (b"POST / ", b"POST /\xff?\xfe=%ff "),
])
def test_what_was_no_utf_8_is_told_in_utf_8(server, journal, plain, odd):
    _, _, headers, body = api.Request("CreateSnapshot", {"DiskId": DISK}).sign(server.address)
    sent = "".join(f"{name}: {value}\r\n" for name, value in headers if name != "Content-Length").encode()
    body = body.replace(plain, odd)
    with Raw(server) as raw:
        raw.send(b"POST / HTTP/1.1\r\n".replace(plain, odd) + sent.replace(plain, odd) +
                 b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert raw.answer().code
    for path in ALL_OF_IT:  # which the client decodes
        status, text = server.admin.exchange("GET", path)
        assert status == 200 and all(json.loads(line) for line in text.splitlines()), path


@pytest.mark.parametrize("query, part", [
    ({"action": "CreateSnapshots"}, "actions: "),
    ({"code": "Nonsense"}, "no code"),
    ({"region": "guangzhou"}, "no region"),
    ({"since": "yesterday"}, "a time"),
    ({"limit": "many"}, "limit must be"),
])
def test_what_does_not_exist_is_refused(journal, query, part):
    status, _, message = refusal(journal, "GET", "/_cbs/requests", **query)
    assert status == 400
    assert part in message


@pytest.mark.parametrize("match, pointer, part", [
    ({"acton": "CreateSnapshot"}, "/match/acton", "accepted: action, region"),
    ({"action": "CreateSnapshot", "param": {"Diskid": "x"}}, "/match/param/Diskid", "accepted: DiskId, SnapshotName"),
    ({"param": {"DiskId": {"like": "x"}}}, "/match/param/DiskId/like", "operators: equals, contains"),
    ({"resource_state": "CREATING"}, "/match/resource_state", "requests on their way"),
    ({"stage": "excute"}, "/match/stage", "stages: transport, parse"),
    ({"guard": ["snapshot_creating", "disk_bussy"]}, "/match/guard", "guards: "),
    ({"language": "chinese"}, "/match/language", "languages: en-US, zh-CN"),
    ({"region": "ap-guangzho"}, "/match/region", "it has: ap-bangkok"),
    ({"region": {"in": ["ap-guangzhou", "guangzhou"]}}, "/match/region/in", "no region \"guangzhou\""),
    ({"region": "gz-*"}, "/match/region", "no region \"gz-*\""),
])
@pytest.mark.parametrize("path", ["requests/find", "requests/count", "requests/remove", "requests/wait", "verify"])
def test_matches_are_read_strictly(journal, path, match, pointer, part):
    status, code, message = refusal(journal, "POST", f"/_cbs/{path}", {"match": match})
    assert (status, code) == (400, "InvalidField")
    assert message.startswith(pointer + ": ")
    assert part in message


def test_a_sequence_is_read_strictly_too(journal):
    steps = [{"action": "CreateSnapshot"}, {"region": "ap-guangzho"}]
    status, _, message = refusal(journal, "POST", "/_cbs/verify/sequence", {"sequence": steps})
    assert (status, message.split(":")[0]) == (400, "/sequence/1/region")
    assert refusal(journal, "POST", "/_cbs/verify/client", {"max_attempts": 1, "match": {"region": "x"}})[0] == 400


def test_a_request_for_a_region_that_is_none_can_be_found(server, journal):
    assert api.call(server, "DescribeDisks", {}, region="moon").code == "InvalidParameterValue"
    assert journal.count(region={"matches": "moon"}) == 1


def test_one_request_whole(server, journal):
    answer = create(server)
    whole = journal.show(answer.request_id)
    assert json.loads(whole["answer"]["body"])["Response"]["RequestId"] == answer.request_id
    assert json.loads(whole["request"]["body"]) == {"DiskId": DISK}
    headers = {h["name"].lower(): h["value"] for h in whole["request"]["headers"]}
    assert headers["authorization"] == f"TC3-HMAC-SHA256 Credential={sign.SECRET_ID}/***"
    assert [s["what"] for s in whole["trail"]][-2:] == ["execute", "commit"]
    assert refusal(journal, "GET", "/_cbs/requests/nothing")[:2] == (404, "NoSuchRequest")


def test_find_count_remove_clear(server, journal):
    create(server)
    create(server)
    api.call(server, "DescribeSnapshots", {"Filters": [{"Name": "disk-id", "Values": [DISK]}]})
    assert journal.count() == 3
    assert journal.count(param={"Filters.*.Values": DISK}) == 1
    assert [r["code"] for r in journal.find(action="CreateSnapshot", phase_reached="after_commit")] == ["OK"]
    assert journal.remove(action="CreateSnapshot") == 2
    assert journal.count() == 1
    assert refusal(journal, "POST", "/_cbs/requests/remove", {})[:2] == (400, "MissingField")
    assert journal.clear() == 1
    assert journal.list() == []


def test_tags_mark_what_follows(server, journal):
    assert journal.tag(test="one") == {"test": "one"}
    create(server)
    assert journal.tag(test="two") == {"test": "two"}
    create(server, unsigned={"X-Cbs-Tags": "test=three, slow"})
    create(server)
    assert journal.tag() == {}
    create(server)
    assert [r.get("tags") for r in journal.list()] == [{"test": "one"}, {"test": "three", "slow": ""}, {"test": "two"}, None]
    assert journal.remove(tag={"test": {"in": ["one", "two"]}}) == 2
    assert refusal(journal, "PUT", "/_cbs/requests/tags", {"test": 1})[0] == 400


# ---- why ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes, kind, what", [
    ({"params": {"DiskId": "disk-00000000"}}, "guard", None),
    ({"params": {"DiskId": 7}}, "stage", "parameters"),
    ({"secret_key": "wrong"}, "stage", "signature"),
    ({"secret_id": "AKIDnobody"}, "stage", "key"),
    ({"region": "moon"}, "stage", "region"),
    ({"version": "2010-01-01"}, "stage", "resolve"),
    ({"timestamp": 1}, "stage", "expiry"),
    ({"service": "cvm"}, "stage", "scope"),
    ({"omit": ("X-TC-Timestamp",)}, "stage", "presence"),
    ({}, "action", "CreateSnapshot"),
])
def test_why_names_the_step_that_decided(server, journal, changes, kind, what):
    answer = api.call(server, "CreateSnapshot", **{"params": {"DiskId": DISK}, **changes})
    why = journal.why(answer.request_id)
    assert why["code"] == (answer.code or "OK")
    assert why["decided_by"]["kind"] == kind
    if what:
        assert why["decided_by"]["what"] == what
    if kind != "action":
        assert why["decided_by"]["what"] in why["summary"]
        assert why["trail"][-1]["verdict"] == "refused"
    if what == "signature":
        assert why["auth"]["diagnosis"]
        assert "wrong" not in json.dumps(why["auth"]["canonical_request"])


# ---- waiting -----------------------------------------------------------------------------------------------------------------


def test_wait_answers_at_once_when_it_has_been(server, journal):
    create(server)
    began = time.monotonic()
    assert journal.wait(1, action="CreateSnapshot")["count"] == 1
    assert time.monotonic() - began < 5


def test_wait_hears_of_what_comes(server, journal):
    """More waits than the server has threads, so a wait that held one would never see its requests."""
    answers = []

    def wait():
        answers.append(journal.wait(3, "30s", action="DescribeDisks"))

    waits = [threading.Thread(target=wait) for _ in range(20)]
    for thread in waits:
        thread.start()
    for _ in range(3):
        api.call(server, "DescribeDisks", {})
    for thread in waits:
        thread.join()
    assert [a["count"] for a in answers] == [3] * 20


def test_wait_ends_with_the_nearest_miss(server, journal):
    create(server)
    status, text = journal.exchange("POST", "/_cbs/requests/wait", {"match": {"param": {"DiskId": "disk-1"}}, "timeout": "50ms"})
    answer = json.loads(text)
    assert (status, answer["ok"], answer["count"]) == (409, False, 0)
    assert answer["nearest_miss"]["differs"] == [{"field": "DiskId", "want": "disk-1", "got": DISK}]
    for body in ({"timeout": "soon"}, {"timeout": "1h"}, {"count": 0}, {"count": 1.5}):
        assert refusal(journal, "POST", "/_cbs/requests/wait", body)[0] == 400


def test_a_server_with_waits_stops():
    """Whether or not it has taken up the wait by then."""
    body = b'{"timeout":"60s"}'
    with contextlib.ExitStack() as later:
        with Server() as server:
            raw = later.enter_context(Raw(server))
            raw.send(b"POST /_cbs/requests/wait HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            server.admin.health()


# ---- files and text ----------------------------------------------------------------------------------------------------------


def test_exports(server, journal):
    create(server)
    api.call(server, "DescribeSnapshots", {"Limit": 1}, signature=api.SHA1, method="GET")
    lines = [json.loads(line) for line in journal.export("ndjson").splitlines()]
    assert [line["action"] for line in lines] == ["CreateSnapshot", "DescribeSnapshots"]
    har = json.loads(journal.export("har"))["log"]
    assert har["version"] == "1.2"
    assert [e["request"]["method"] for e in har["entries"]] == ["POST", "GET"]
    assert {"name": "Limit", "value": "1"} in har["entries"][1]["request"]["queryString"]
    history = [json.loads(line) for line in journal.export("history").splitlines()]
    assert [(h["type"], h["f"]) for h in history] == [
        ("invoke", "CreateSnapshot"), ("ok", "CreateSnapshot"), ("invoke", "DescribeSnapshots"), ("ok", "DescribeSnapshots")]
    assert len(journal.export("ndjson", action="CreateSnapshot").splitlines()) == 1
    assert refusal(journal, "GET", "/_cbs/requests/export", format="xml")[:2] == (400, "UnknownFormat")


def run(command, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment.update({"TENCENTCLOUD_SECRET_ID": sign.SECRET_ID, "TENCENTCLOUD_SECRET_KEY": sign.SECRET_KEY, **variables})
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("form, tools", [("cbsmock", ()), ("curl", ("curl", "openssl"))])
def test_pasted_text_makes_the_same_call(server, journal, form, tools):
    for tool in tools:
        if not shutil.which(tool):
            pytest.skip(f"there is no {tool}")
    params = {"Filters": [{"Name": "snapshot-name", "Values": ["it's \"quoted\" $HOME"]}], "Limit": 2}
    for changes in ({}, {"language": "zh-CN"}, {"signature": api.SHA1, "method": "GET"}):
        answer = api.call(server, "DescribeSnapshots", params, **changes)
        text = journal.paste(answer.request_id, form)
        done = run(["sh", "-c", text], PATH=os.path.dirname(binary()) + os.pathsep + os.environ["PATH"])
        assert done.returncode == 0, done.stderr
        response = json.loads(done.stdout)["Response"]
        assert {**response, "RequestId": answer.request_id} == answer.response
        first, second = journal.list()[-2:]
        assert first["params"] == second["params"] == params


def test_pasted_text_never_leads_to_the_cloud(server, journal):
    answer = api.call(server, "DescribeDisks", {}, host="cbs.tencentcloudapi.com")
    for form in ("cbsmock", "tccli", "python", "curl", "go", "java", "node"):
        text = journal.paste(answer.request_id, form)
        assert not re.search(r"tencentcloudapi\.com\b", text)
        assert server.address in text
    status, code, _ = refusal(journal, "GET", f"/_cbs/requests/{answer.request_id}/as/cobol")
    assert status in (400, 404), code


def test_no_secret_is_told(server, journal):
    for signature in (api.TC3, api.SHA1, api.SHA256):
        for method in ("POST", "GET"):
            api.call(server, "DescribeDisks", {"DiskNames": [sign.SECRET_KEY]} if method == "POST" else {}, signature=signature,
                     method=method, token=SECRETS[1])
    ids = [r["request_id"] for r in journal.list()]
    assert len(ids) == 6
    texts = [journal.export(form) for form in ("ndjson", "har", "history")] + [json.dumps(journal.list())]
    for request_id in ids:
        texts += [json.dumps(journal.show(request_id)), json.dumps(journal.why(request_id))]
    for text in [*texts, server.log()]:
        assert not any(secret in text for secret in SECRETS)


# ---- assertions --------------------------------------------------------------------------------------------------------------


def test_verify(server, journal):
    answer = create(server)
    assert journal.verify(1, action="CreateSnapshot", param={"DiskId": {"equals": DISK}}, phase_reached="after_commit") == {
        "ok": True, "count": 1, "expected": "exactly 1", "request_ids": [answer.request_id], "journal_dropped": 0}
    journal.verify({"never": True}, action="DeleteSnapshots")
    status, text = journal.exchange("POST", "/_cbs/verify", {"match": {"action": "CreateSnapshot"}, "count": {"exactly": 2}})
    assert (status, json.loads(text)["ok"]) == (409, False)


def test_verify_sequence(server, journal):
    create(server)
    api.call(server, "DescribeSnapshots", {})
    journal.verify_sequence({"action": "CreateSnapshot", "code": "OK"}, {"action": "DescribeSnapshots"}, strict=True)
    backwards = {"sequence": [{"action": "DescribeSnapshots"}, {"action": "CreateSnapshot"}]}
    status, text = journal.exchange("POST", "/_cbs/verify/sequence", backwards)
    assert (status, json.loads(text)["missing_step"]) == (409, 1)


def test_verify_client_and_the_report(server, journal):
    for _ in range(4):
        api.call(server, "CreateSnapshot", {"DiskId": "disk-00000000"})
    status, text = journal.exchange("POST", "/_cbs/verify/client", {"max_attempts": 3, "no_retry_on": ["InvalidDiskId.NotFound"]})
    answer = json.loads(text)
    assert (status, answer["ok"]) == (409, False)
    assert {v["rule"] for v in answer["violations"]} == {"max_attempts", "no_retry_on"}
    assert {f["kind"] for f in journal.report()["findings"]} == {"retried_final_error", "no_backoff"}
    journal.verify_client(max_duplicates=0, match={"action": "CreateSnapshot"})
    assert journal.duplicates() == []
    assert refusal(journal, "POST", "/_cbs/verify/client", {"max_retries": 3})[0] == 400


def test_a_lost_answer_leaves_a_duplicate(server, journal):
    """The work is done, the answer is lost, the client tries again: two snapshots, and both requests are named."""
    Faults(server.admin).put("reset_peer", name="lost", match={"action": "CreateSnapshot"}, phase="after_commit", when={"times": 1})
    with pytest.raises(ConnectionError):
        create(server)
    server.admin.advance("5s")  # the first snapshot is ready, so nothing keeps the second from being made
    again = create(server)
    duplicate, = journal.duplicates()
    lost, second = duplicate["request_ids"]
    assert second == again.request_id
    assert [r["made_by"] for r in duplicate["resources"]] == [lost, second]
    assert [a.get("delivery") for a in duplicate["attempts"]] == ["reset", None]
    assert journal.why(lost)["decided_by"] == {"kind": "fault", "what": "lost"}
    status, text = journal.exchange("POST", "/_cbs/verify/client", {"max_duplicates": 0})
    assert (status, json.loads(text)["violations"][0]["request_ids"]) == (409, [lost, second])


def test_a_small_journal_says_what_it_forgot():
    with Server("--journal-entries", "2") as server:
        journal = Requests(server.admin)
        for _ in range(3):
            api.call(server, "DescribeDisks", {})
        status, text = journal.exchange("POST", "/_cbs/verify", {"match": {"action": "CreateSnapshot"}, "count": {"never": True}})
        answer = json.loads(text)
        assert (status, answer["journal_dropped"]) == (409, 1)
        assert "dropped" in answer["uncertain"]
        assert journal.ask("GET", "/_cbs/requests")["dropped"] == 1


def test_a_journal_can_be_off():
    with Server("--journal-entries", "0") as server:
        journal = Requests(server.admin)
        api.call(server, "DescribeDisks", {})
        assert journal.ask("GET", "/_cbs/requests")["total"] == 1
        assert journal.list() == []
        assert refusal(journal, "POST", "/_cbs/requests/wait", {"timeout": "1s"})[:2] == (409, "JournalOff")
