"""The OpenAPI document is true: real answers of every route and bodies of every kind are as it says, and so are refusals."""

import http.client
import json
import socket

import pytest

from start import Process
from support import api
from support.admin import Admin
from support.openapi import Document, external_schemas, load
from support.server import Server

SECONDS = 30
DISK = "disk-lzrg2pwi"
SNAPSHOT = "CreateSnapshot"
MATCH = {"action": SNAPSHOT, "param": {"DiskId": {"prefix": "disk-"}}, "code": ["OK", "ResourceBusy"]}
RULE = {"name": "one", "match": {"action": SNAPSHOT, "region": "ap-*"}, "when": {"skip": 1, "times": 2, "for": "1h"},
        "phase": "before_validate", "do": [{"type": "latency", "latency": "1ms", "jitter": 1}, {"type": "error", "code": "ResourceBusy"}],
        "continue": True, "ttl": "10m", "tags": {"test": "openapi"}}
SANDBOX = {"secret_key": "key", "template": "default", "seed": 7, "ttl": "10m", "clock": {"mode": "frozen", "now": "2026-01-01T00:00:00Z"},
           "keys": [{"secret_id": "AKIDother"}], "dialect": "current", "rate_limit": "off", "signature_clock": "wall",
           "revisions": 10,
           "transitions": {"snapshot.create": "3s", "disk": "immediate"}}
PASTED = "POST / HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\nX-TC-Action: DescribeDisks\n\n{}"

document = Document()


class Asked:
    def __init__(self, server, method, path, body=None, media="application/json"):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        data = body if body is None or isinstance(body, (str, bytes)) else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": media} if body is not None else {})
        reply = connection.getresponse()
        self.status, self.type, self.data = reply.status, reply.headers["Content-Type"], reply.read()
        self.faults = document.answer_faults(method, path, self.status, self.type, self.data)
        self.what = f"{method} {path}: {self.status} {self.data[:2000]}"
        connection.close()

    @property
    def json(self):
        return json.loads(self.data)


@pytest.fixture(scope="module")
def busy():
    """A server with something of everything in it."""
    with Server("--rate-limit", "off", "--tls-port", "0", "--revisions", "1000") as server:
        admin = server.admin
        admin.ask("PUT", "/_cbs/sandboxes/box", SANDBOX)
        admin.ask("PUT", "/_cbs/snapshots/moment")
        admin.ask("PUT", "/_cbs/requests/tags", {"test": "openapi"})
        admin.ask("POST", "/_cbs/recordings/start")
        api.call(server, "DescribeSnapshots", {"Limit": 1})
        admin.ask("POST", "/_cbs/recordings/stop")
        admin.ask("POST", "/_cbs/retry-tests", {"instructions": {SNAPSHOT: ["error:RequestLimitExceeded", "reset@after_commit"]}})
        first = api.call(server, SNAPSHOT, {"DiskId": DISK})
        assert first.code == "RequestLimitExceeded"
        with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
            api.call(server, SNAPSHOT, {"DiskId": DISK})
        admin.ask("POST", "/_cbs/clock/advance", {"by": "5s"})
        assert api.call(server, SNAPSHOT, {"DiskId": DISK})["SnapshotId"]
        assert api.call(server, SNAPSHOT, {"DiskId": DISK}, secret_key="wrong").code == "AuthFailure.SignatureFailure"
        admin.ask("POST", "/_cbs/faults", {**RULE, "when": {}})
        assert api.call(server, SNAPSHOT, {"DiskId": DISK}).code == "ResourceBusy"
        for _ in range(4):
            api.call(server, "DescribeSnapshots", {"Limit": 1})
        assert api.call(server, "CreateSnapshots").code == "InvalidAction"
        yield server


def ids(server):
    """Of requests that can be made again."""
    requests = server.admin.ask("GET", "/_cbs/requests?limit=1000")["requests"]
    return [one["request_id"] for one in requests if one["code"] != "InvalidAction"]


def get_paths(server):
    """One real path, or several, for each documented GET."""
    known = ids(server)
    values = {"/_cbs/sandboxes/{id}": ["box", "default"], "/_cbs/transitions/{model}": ["cbs::snapshot", "disk.attach"],
              "/_cbs/snapshots/{name}": ["moment"], "/_cbs/faults/{name}": ["one"], "/_cbs/retry-tests/{id}": ["retry-1"],
              "/_cbs/schema/{name}": ["fixture.json", "fault.json", "atlas.json"], "/_cbs/blame/{resource}": [DISK, "snap-islocked"],
              "/_cbs/recordings/{id}": ["1"]}
    queries = {"/_cbs/state": ["", "?kind=Snapshots", "?rev=1"], "/_cbs/revisions": ["", "?from=1&limit=1"],
               "/_cbs/revisions/diff": ["", "?from=0&to=2"], "/_cbs/config": ["", "?sandbox=box"],
               "/_cbs/state/export": ["", "?format=json"],
               "/_cbs/errors": ["", "?action=CreateSnapshot", "?code=ResourceBusy"],
               "/_cbs/requests": ["", "?action=Create*&code=OK&since=1&limit=2&sandbox=default"],
               "/_cbs/requests/export": ["", "?format=har", "?format=history"], "/_cbs/faults": ["", "?sandbox=*", "?sandbox=box"],
               "/_cbs/clock": ["", "?sandbox=box"]}
    for method, template in sorted(document.operations()):
        if method != "GET":
            continue
        for value in values.get(template, known if "/requests/{id}" in template else [""]):
            head, _, rest = template.partition("{")
            path = head + value + rest.partition("}")[2]
            yield from (path + query for query in queries.get(template, [""]))


def test_every_get(busy):
    for path in get_paths(busy):
        asked = Asked(busy, "GET", path)
        assert asked.status == 200, asked.what
        assert asked.faults == [], asked.what


# What to send to each route that takes more than a look, in an order that works: (method, path, body).
SAMPLES = [
    ("PATCH", "/_cbs/config", {"rate-limit": "off", "public-hosts": ["a.test", "b.test"]}),
    ("PATCH", "/_cbs/config", {"journal-entries": 500}),
    ("PATCH", "/_cbs/config?sandbox=box", {"dialect": "classic"}),
    ("POST", "/_cbs/config/reload", None),
    ("PUT", "/_cbs/sandboxes/new", SANDBOX | {"keys": [{"secret_id": "AKIDnew", "secret_key": "k", "sub_uin": 3}]}),
    ("PUT", "/_cbs/sandboxes/new", None),
    ("PATCH", "/_cbs/sandboxes/new", {"ttl": None, "transitions": "manual", "dialect": None}),
    ("POST", "/_cbs/sandboxes/new/fork", {"as": "copy", "clock": {"mode": "scaled", "factor": 60}}),
    ("DELETE", "/_cbs/sandboxes/copy", None),
    ("PATCH", "/_cbs/settings?sandbox=new", {"dialect": "classic", "rate_limit": 2.5, "signature_clock": "sandbox", "transitions": None}),
    ("PUT", "/_cbs/transitions/cbs::snapshot", {"progression": "time", "seconds": 3}),
    ("PUT", "/_cbs/transitions/disk", {"progression": "manual"}),
    ("PUT", "/_cbs/transitions/snapshot", {"progression": "manual", "times": 3, "percent": "steps"}),
    ("DELETE", "/_cbs/transitions/snapshot", None),
    ("DELETE", "/_cbs/transitions/disk", None),
    ("POST", "/_cbs/seed-rng", {"seed": 42}),
    ("PUT", "/_cbs/clock", {"action": "freeze"}),
    ("PUT", "/_cbs/clock", {"action": "set", "to": "2027-01-01T00:00:00Z"}),
    ("PUT", "/_cbs/clock", {"action": "advance", "by": "1h"}),
    ("PUT", "/_cbs/clock", {"action": "scale", "factor": 2}),
    ("PUT", "/_cbs/clock", {"action": "reset"}),
    ("POST", "/_cbs/clock/advance", {"by": "250ms"}),
    ("POST", "/_cbs/clock/advance", {"to": "next_event"}),
    ("POST", "/_cbs/clock/run-until-idle", {"max": "40d"}),
    ("POST", "/_cbs/clock/run-until-idle", None),
    ("POST", "/_cbs/resources/disk-lzrg2pwi/transition", {"to": "NORMAL"}),
    ("PUT", "/_cbs/snapshots/later", None),
    ("POST", "/_cbs/snapshots/later/restore", None),
    ("DELETE", "/_cbs/snapshots/later", None),
    ("POST", "/_cbs/seed", {"World": {"DiskSnapshotQuota": 5}}),
    ("POST", "/_cbs/seed", {"preset": "quota"}),
    ("POST", "/_cbs/rewind", {"rev": 1}),
    ("POST", "/_cbs/recordings/start", None),
    ("POST", "/_cbs/recordings/stop", None),
    ("DELETE", "/_cbs/recordings/2", None),
    ("POST", "/_cbs/replay", None),
    ("POST", "/_cbs/state/import?strategy=merge", {"World": {"DiskSnapshotQuota": 6}}),
    ("POST", "/_cbs/errors/InvalidDisk.Busy/arrange", {"action": SNAPSHOT, "dialect": "classic"}),
    ("POST", "/_cbs/errors/MissingParameter/arrange", None),
    ("POST", "/_cbs/errors/ResourceBusy/force", {"action": SNAPSHOT, "times": 2, "force": False}),
    ("PUT", "/_cbs/faults", [RULE, {"do": {"type": "stuck"}}]),
    ("PUT", "/_cbs/faults", {"faults": [RULE]}),
    ("POST", "/_cbs/faults", {"do": {"type": "http", "status": 502, "body": "bad", "headers": {"Retry-After": "1"}}}),
    ("POST", "/_cbs/faults?sandbox=*", [{"name": "behind", "do": {"type": "quota", "limit": 10, "window": "1s"}}]),
    ("PATCH", "/_cbs/faults", [{"name": "one", "when": {"times": 9}}]),
    ("PUT", "/_cbs/faults/two", {"do": {"type": "stale_read", "reads": 2}}),
    ("PATCH", "/_cbs/faults/two", {"do": [{"type": "truncate", "fraction": 0.1}], "phase": None}),
    ("DELETE", "/_cbs/faults/two", None),
    ("POST", "/_cbs/faults/plan?next=5", {"action": SNAPSHOT, "region": "ap-guangzhou", "params": {"DiskId": DISK}}),
    ("POST", "/_cbs/faults/plan", [{"action": SNAPSHOT}, {"action": "DescribeDisks", "account": 1, "tags": {"a": "b"}}]),
    ("DELETE", "/_cbs/faults?tag=test=openapi", None),
    ("POST", "/_cbs/retry-tests", {"instructions": {"*": ["pass"], SNAPSHOT: ["error:ResourceBusy"]}, "secret_id": "AKIDx"}),
    ("DELETE", "/_cbs/retry-tests/retry-2", None),
    ("POST", "/_cbs/requests/find", {"match": MATCH, "limit": 5}),
    ("POST", "/_cbs/requests/count", {"match": {"since": 1, "tag": {"test": "openapi"}}}),
    ("POST", "/_cbs/requests/wait", {"match": {"action": SNAPSHOT}, "count": 2, "timeout": "1s"}),
    ("PUT", "/_cbs/requests/tags", {"run": "2"}),
    ("POST", "/_cbs/verify", {"match": MATCH, "count": {"at_least": 1, "at_most": 100}, "phase_reached": "before_auth"}),
    ("POST", "/_cbs/verify", None),
    ("POST", "/_cbs/verify/sequence", {"sequence": [{"action": SNAPSHOT}, {"action": "Describe*"}], "strict": False, "match": {}}),
    ("POST", "/_cbs/verify/client", {"match": {"action": SNAPSHOT}, "gap": "60s", "max_attempts": 9, "no_retry_on": ["Invalid*"]}),
    ("POST", "/_cbs/auth/diagnose", {"raw": PASTED, "secret_key": "k", "now": "2026-01-01T00:00:00Z", "signature": "exact"}),
    ("POST", "/_cbs/auth/diagnose", {"method": "POST", "url": "/", "headers": {"Host": "x", "X-TC-Timestamp": 1}, "body": "", "now": 5}),
    ("POST", "/_cbs/requests/remove", {"match": {"code": "OK"}}),
    ("DELETE", "/_cbs/requests", {"match": {"action": SNAPSHOT}}),
    ("DELETE", "/_cbs/requests", None),
    ("POST", "/_cbs/reset?keep=clock,faults", None),
    ("POST", "/_cbs/reset?sandbox=*", None),
    ("POST", "/__admin/reset?keep=faults", None),
    ("POST", "/moto-api/reset?sandbox=*", None),
    ("POST", "/_cbs/reset?sandbox=all", None),
]
# For a server of their own, on its admin port.
LAST = [("POST", "/reset", None), ("POST", "/_cbs/shutdown", None)]
REFUSED = {"/_cbs/resources/disk-lzrg2pwi/transition",  # nothing is under way there
           "/_cbs/replay"}                              # nothing is no recording


def test_every_body_and_its_answer(busy):
    for method, path, body in SAMPLES:
        if body is not None:
            assert document.body_faults(method, path, body) == [], f"{method} {path} {body}"
        asked = Asked(busy, method, path, body)
        assert (asked.status == 200) != (path in REFUSED), asked.what
        assert asked.faults == [], asked.what


def test_the_last_answers():
    with Process("--port", "0", "--admin-port", "0") as process:
        process.ready()
        admin = Admin(process.ready("admin"))
        for question in LAST:
            asked = Asked(admin, *question)
            assert (asked.status, asked.faults) == (200, []), asked.what
        process.process.communicate(timeout=SECONDS)
        assert process.process.returncode == 0


def test_nothing_is_left_out():
    sampled = {(method, document.template(path)) for method, path, _ in [*SAMPLES, *LAST]}
    assert {(m, p) for m, p in document.operations() if m != "GET"} - sampled == set()
    for method, path in document.operations():
        content = document.operation(method, path).get("requestBody", {"content": {}})["content"]
        if "application/json" in content:
            assert any((m, document.template(p)) == (method, path) and body is not None for m, p, body in SAMPLES), f"{method} {path}"


def test_what_the_document_refuses_the_server_refuses(busy):
    """A member of no known name; all that take an object of closed names."""
    refused = 0
    for method, path, body in SAMPLES:
        if not isinstance(body, dict):
            continue
        wrong = {**body, "colour": "red"}
        if document.body_faults(method, path, wrong):
            refused += 1
            asked = Asked(busy, method, path, wrong)
            assert asked.status in (400, 404), asked.what
            assert asked.faults == [], asked.what
    assert refused > 30


@pytest.mark.parametrize("method, path, body", [
    ("PUT", "/_cbs/clock", {"action": "stop"}),
    ("PUT", "/_cbs/clock", {"action": "freeze", "by": "1h"}),
    ("POST", "/_cbs/clock/advance", {"by": "soon"}),
    ("POST", "/_cbs/clock/advance", {}),
    ("POST", "/_cbs/faults", {"do": {"type": "explode"}}),
    ("POST", "/_cbs/faults", {"do": []}),
    ("POST", "/_cbs/faults", {"do": {"type": "error"}}),
    ("POST", "/_cbs/faults", {"do": {"type": "pass"}, "when": {"times": 0}}),
    ("POST", "/_cbs/faults", {"do": {"type": "pass"}, "phase": "later"}),
    ("POST", "/_cbs/faults", {"do": {"type": "truncate", "fraction": 2}}),
    ("POST", "/_cbs/faults", {"do": {"type": "pass"}, "match": {"param": {"DiskId": {"like": "x"}}}}),
    ("POST", "/_cbs/faults", {"do": {"type": "latency", "latency": "1 year"}}),
    ("POST", "/_cbs/retry-tests", {"instructions": {}}),
    ("POST", "/_cbs/verify", {"count": {"exactly": -1}}),
    ("POST", "/_cbs/verify", {"count": {}}),
    ("POST", "/_cbs/verify/sequence", {}),
    ("POST", "/_cbs/verify/client", {"backoff": "steep"}),
    ("POST", "/_cbs/requests/find", {"match": {"phase_reached": "later"}}),
    ("POST", "/_cbs/requests/wait", {"count": 0}),
    ("PUT", "/_cbs/sandboxes/x", {"seed": -1}),
    ("PUT", "/_cbs/sandboxes/x", {"clock": {"mode": "stopped"}}),
    ("PUT", "/_cbs/sandboxes/x", {"dialect": "old"}),
    ("POST", "/_cbs/sandboxes/default/fork", {}),
    ("POST", "/_cbs/seed-rng", {"seed": "x"}),
    ("POST", "/_cbs/seed", {"Worlds": {}}),
    ("POST", "/_cbs/seed", {"preset": "full"}),
])
def test_both_refuse(busy, method, path, body):
    assert document.body_faults(method, path, body) != []
    asked = Asked(busy, method, path, body)
    assert asked.status == 400, asked.what
    assert asked.faults == [], asked.what


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/_cbs/requests/nothing", 404), ("GET", "/_cbs/faults/nothing", 404), ("GET", "/_cbs/retry-tests/nothing", 404),
    ("GET", "/_cbs/sandboxes/nothing", 404), ("DELETE", "/_cbs/sandboxes/default", 409), ("GET", "/_cbs/snapshots/nothing", 404),
    ("POST", "/_cbs/snapshots/nothing/restore", 404), ("GET", "/_cbs/clock?sandbox=nothing", 404), ("GET", "/_cbs/clock?colour=red", 400),
    ("GET", "/_cbs/schema/nothing", 404), ("POST", "/_cbs/errors/Nothing/arrange", 400), ("POST", "/_cbs/verify/sequence", 400),
])
def test_refusals(busy, method, path, status):
    asked = Asked(busy, method, path)
    assert asked.status == status, asked.what
    assert asked.faults == [], asked.what


def test_a_verification_that_fails(busy):
    api.call(busy, SNAPSHOT, {"DiskId": DISK})
    for path, body in [("/_cbs/verify", {"match": {"action": SNAPSHOT, "param": {"DiskId": "disk-x"}}}),
                       ("/_cbs/verify/sequence", {"sequence": [{"action": SNAPSHOT}, {"action": "CreateDisks"}]}),
                       ("/_cbs/verify/client", {"max_attempts": 0}),
                       ("/_cbs/requests/wait", {"count": 100, "timeout": "10ms"})]:
        asked = Asked(busy, "POST", path, body)
        assert asked.status == 409, asked.what
        assert asked.faults == [], asked.what


def test_bodies_that_are_not_json(busy):
    assert Asked(busy, "POST", "/_cbs/auth/diagnose", PASTED, "text/plain").faults == []
    image = Asked(busy, "GET", "/_cbs/state/export").data
    assert image.startswith(b"SQLite format 3")
    taken = Asked(busy, "POST", "/_cbs/state/import", image, "application/vnd.sqlite3")
    assert (taken.status, taken.faults) == (200, []), taken.what
    busy.admin.ask("POST", "/_cbs/recordings/start")
    api.call(busy, "DescribeSnapshots", {"Limit": 1})
    stopped = busy.admin.ask("POST", "/_cbs/recordings/stop")
    recording = Asked(busy, "GET", f"/_cbs/recordings/{stopped['id']}").data
    for text, check, status in [(recording, 0, 200), (recording, 1, 200), (recording.replace(b"TotalCount", b"TotalCounted"), 1, 409)]:
        played = Asked(busy, "POST", f"/_cbs/replay?check={check}", text, "application/x-ndjson")
        assert (played.status, played.faults) == (status, []), played.what


def test_it_is_served_as_it_is(busy):
    assert Asked(busy, "GET", "/_cbs/openapi.json").json == load("admin.openapi.json")
    for name, schema in external_schemas().items():
        assert Asked(busy, "GET", f"/_cbs/schema/{name}").json == schema


def test_it_can_be_had_without_the_token(busy):
    with Server("--admin-token", "sesame") as server:
        for path in ("/_cbs/openapi.json", "/_cbs/schema/fault.json"):
            assert Asked(server, "GET", path).status == 200
        for method, path in sorted(document.shared_operations()):
            if document.operation(method, path).get("security") != []:
                asked = Asked(server, method, path.replace("{", "").replace("}", ""))
                assert (asked.status, asked.faults) == (401, []), asked.what


# ---- the schema of fault rules ---------------------------------------------------------------------------------------------


def test_the_schema_of_rules_names_what_the_server_takes(busy):
    """Effects with their fields, fields of "when" and "match", phases: compared with what the server says it takes."""
    schema, targets = load("fault.schema.json")["$defs"], busy.admin.ask("GET", "/_cbs/faults/targets")
    effects = {}
    for one in schema["effect"]["oneOf"]:
        kind = one["properties"]["type"]
        for name in kind.get("enum", [kind.get("const")]):
            effects[name] = (set(one["properties"]) - {"type"}, set(one.get("required", [])))
    for effect in targets["effects"]:
        fields = {name: field["required"] for name, field in effect["fields"].items()}
        wanted = (set(fields), {name for name, required in fields.items() if required})
        assert effects[effect["type"]] == wanted and effects[effect["instruction"]] == wanted
    assert set(effects) == {name for effect in targets["effects"] for name in (effect["type"], effect["instruction"])}
    assert set(schema["when"]["properties"]) == set(targets["when"])
    assert set(schema["match"]["properties"]) == set(targets["match"])
    assert schema["phase"]["enum"] == [*targets["phases"], None]


def test_a_foreign_host_is_refused_everywhere(busy):
    for method, path in sorted(document.shared_operations()):
        with socket.create_connection(("127.0.0.1", busy.port), SECONDS) as connection:
            path = path.replace("{", "").replace("}", "")
            connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n".encode())
            assert connection.makefile("rb").readline().split()[1] == b"403", f"{method} {path}"
