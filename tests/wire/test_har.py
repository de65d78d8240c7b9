"""The journal as HAR 1.2, held against what that format says must be there."""

import json

import jsonschema
import pytest

from raw import Raw
from support import api
from support.faults import Faults
from support.requests import Requests

DISK = "disk-lzrg2pwi"


def record(required, **optional):
    """An object with these members and no others but comments and ones of our own, which begin with "_"."""
    return {"type": "object", "required": list(required), "properties": {**required, **optional, "comment": {"type": "string"}},
            "patternProperties": {"^_": {}}, "additionalProperties": False}


def many(item):
    return {"type": "array", "items": item}


TEXT, WHOLE, SIZE = {"type": "string"}, {"type": "integer", "minimum": 0}, {"type": "integer", "minimum": -1}
MILLISECONDS = {"type": "number", "minimum": 0}
PAIR = record({"name": {"type": "string", "minLength": 1}, "value": TEXT})
REQUEST = record({"method": {"type": "string", "pattern": "^[A-Z]+$"}, "url": {"type": "string", "pattern": "^https?://[^/]+/"},
                  "httpVersion": {"const": "HTTP/1.1"}, "cookies": many(PAIR), "headers": many(PAIR), "queryString": many(PAIR),
                  "headersSize": SIZE, "bodySize": SIZE},
                 postData=record({"mimeType": TEXT, "text": TEXT}, params=many(PAIR)))
RESPONSE = record({"status": {"type": "integer", "minimum": 0, "maximum": 599}, "statusText": TEXT, "httpVersion": {"const": "HTTP/1.1"},
                   "cookies": many(PAIR), "headers": many(PAIR), "content": record({"size": WHOLE, "mimeType": TEXT}, text=TEXT),
                   "redirectURL": TEXT, "headersSize": SIZE, "bodySize": SIZE})
MOMENT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}
TIMINGS = record({"send": MILLISECONDS, "wait": MILLISECONDS, "receive": MILLISECONDS})
ENTRY = record({"startedDateTime": MOMENT, "time": MILLISECONDS, "request": REQUEST, "response": RESPONSE, "cache": {"type": "object"},
                "timings": TIMINGS})
HAR = record({"log": record({"version": {"const": "1.2"}, "creator": record({"name": TEXT, "version": TEXT}), "entries": many(ENTRY)})})


@pytest.fixture
def har(server):
    """Takes the journal out and holds it against the format."""
    def export():
        status, text = Requests(server.admin).exchange("GET", "/_cbs/requests/export", format="har")
        assert status == 200
        archive = json.loads(text)
        jsonschema.validate(archive, HAR)
        return archive["log"]["entries"]
    server.admin.ask("DELETE", "/_cbs/requests")
    yield export
    Faults(server.admin).clear()


def test_no_request_is_an_archive_too(har):
    assert har() == []


def test_each_kind_of_request(server, har):
    called = [api.call(server, "CreateSnapshot", {"DiskId": DISK}), api.call(server, "DescribeDisks", {"Limit": 1}, method="GET"),
              api.call(server, "DescribeDisks", {"Limit": 1}, signature=api.SHA1),
              api.call(server, "DescribeDisks", {"Limit": 1}, signature=api.SHA256, method="GET"),
              api.call(server, "DescribeDisks", {"Limit": 1}, secret_key="wrong")]
    entries = har()
    assert [entry["_requestId"] for entry in entries] == [answer.request_id for answer in called]
    for entry, answer in zip(entries, called):
        assert entry["response"]["content"]["text"].encode() == answer.body
        assert entry["response"]["content"]["size"] == entry["response"]["bodySize"] == len(answer.body)
        assert entry["time"] == pytest.approx(sum(entry["timings"].values()))
    created, get, form, old_get, _ = (entry["request"] for entry in entries)
    assert json.loads(created["postData"]["text"]) == {"DiskId": DISK} and created["queryString"] == []
    assert {pair["name"]: pair["value"] for pair in get["queryString"]}["Limit"] == "1" and "postData" not in get
    assert form["postData"]["mimeType"] == api.FORM_TYPE
    assert {"Action", "Limit", "Signature"} <= {pair["name"] for pair in old_get["queryString"]}


def test_what_went_wrong_on_the_way(server, har):
    faults = Faults(server.admin)
    faults.put({"type": "latency", "latency": 30}, name="late", match={"action": "DescribeDisks"})
    faults.put("reset_peer", name="lost", match={"action": "CreateSnapshot"}, phase="after_commit")
    api.call(server, "DescribeDisks", {})
    with pytest.raises(OSError):
        api.call(server, "CreateSnapshot", {"DiskId": DISK})
    with Raw(server) as raw:
        raw.send(f"PUT / HTTP/1.1\r\nHost: {server.address}\r\nContent-Length: 0\r\n\r\n".encode())
        raw.answer()
    late, lost, odd = har()
    assert late["time"] >= 30
    assert lost["_delivery"] and odd["_code"] == "UnsupportedProtocol"
