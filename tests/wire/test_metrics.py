"""The counters: a format that monitoring systems read, numbers that are true, labels that no client can make grow."""

import http.client
import re
import socket
import types

import pytest

from start import Process
from support import api
from support.server import Server
from support.wait import wait_until

DISK = "disk-lzrg2pwi"
SECONDS = 30
SAMPLE = re.compile(r'^([a-z_]+)(?:\{((?:[a-z]+="[^"\\\n]*",?)*)\})? (\d+(?:\.\d+)?(?:e[+-]?\d+)?)$')


def get(server, path="/_cbs/metrics", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        return reply.status, reply.headers["Content-Type"], reply.read().decode()
    finally:
        connection.close()


def scrape(server):
    """{(name, labels): value}; each line is looked at."""
    status, media, text = get(server)
    assert (status, media) == (200, "text/plain; version=0.0.4; charset=utf-8")
    samples, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types
            types[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.match(line).groups()
            family = re.sub(r"_(bucket|sum|count)$", "", name)
            assert family in types or name in types, line
            assert (name, labels or "") not in samples, line
            samples[name, labels or ""] = float(value)
    return samples


def requests(samples):
    return {tuple(re.findall(r'"([^"]*)"', labels)): value for (name, labels), value in samples.items() if name == "cbsmock_requests_total"}


@pytest.fixture
def fresh():
    with Server("--rate-limit", "off") as server:
        yield server


def test_requests_by_action_and_code(fresh):
    assert requests(scrape(fresh)) == {}
    for _ in range(3):
        api.call(fresh, "DescribeDisks")
    api.call(fresh, "CreateSnapshot", {"DiskId": DISK})
    api.call(fresh, "CreateSnapshot", {"DiskId": "disk-nothere1"})
    api.call(fresh, "CreateSnapshot", {"DiskId": DISK}, secret_key="wrong")
    api.call(fresh, "MakeCoffee")
    counted = requests(scrape(fresh))
    assert counted == {
        ("DescribeDisks", "OK"): 3, ("CreateSnapshot", "OK"): 1, ("CreateSnapshot", "InvalidDiskId.NotFound"): 1,
        ("CreateSnapshot", "AuthFailure.SignatureFailure"): 1, ("other", "InvalidAction"): 1}


def test_names_from_outside_make_no_labels(fresh):
    for i in range(20):
        api.call(fresh, f"Action{i}")
        api.call(fresh, 'Evil"} 1\ncbsmock_x{a="'.replace("\n", ""))
    fresh.admin.ask("POST", "/_cbs/faults", {"do": {"type": "error", "code": "Not.InTheTable", "force": True}})
    api.call(fresh, "DescribeDisks")
    assert set(requests(scrape(fresh))) == {("other", "InvalidAction"), ("DescribeDisks", "other")}


def test_durations(fresh):
    for _ in range(5):
        api.call(fresh, "DescribeDisks")
    samples = scrape(fresh)
    buckets = [(labels, value) for (name, labels), value in samples.items() if name == "cbsmock_request_duration_seconds_bucket"]
    assert buckets == sorted(buckets, key=lambda pair: float(re.search(r'le="([^"]+)"', pair[0])[1]))
    values = [value for _, value in buckets]
    assert values == sorted(values) and values[-1] == 5 and 'le="+Inf"' in buckets[-1][0]
    assert samples["cbsmock_request_duration_seconds_count", 'action="DescribeDisks"'] == 5
    assert 0 < samples["cbsmock_request_duration_seconds_sum", 'action="DescribeDisks"'] < 5


def effects(server):
    return {re.search(r'"(\w+)"', labels)[1]: value for (name, labels), value in scrape(server).items() if name == "cbsmock_faults_total"}


def test_faults_by_effect(fresh):
    assert set(effects(fresh).values()) == {0}
    assert set(effects(fresh)) == {effect["type"] for effect in fresh.admin.ask("GET", "/_cbs/faults/targets")["effects"]}
    both = [{"type": "latency", "latency": 1}, {"type": "error", "code": "InternalError"}]
    fresh.admin.ask("POST", "/_cbs/faults", {"when": {"times": 2}, "do": both})
    for _ in range(3):
        api.call(fresh, "DescribeDisks")
    assert {name: value for name, value in effects(fresh).items() if value} == {"latency": 2, "error": 2}


def test_sandboxes_and_journals(fresh):
    fresh.admin.ask("PATCH", "/_cbs/config", {"journal-entries": 2})
    fresh.admin.ask("PUT", "/_cbs/sandboxes/box")
    for _ in range(3):
        api.call(fresh, "DescribeDisks")
    api.call(fresh, "DescribeDisks", secret_id="box", secret_key="test")
    samples = scrape(fresh)
    assert samples["cbsmock_sandboxes", ""] == 2
    assert samples["cbsmock_journal_entries", ""] == 3 and samples["cbsmock_journal_dropped", ""] == 1
    assert samples["cbsmock_journal_bytes", ""] > 0
    assert requests(samples) == {("DescribeDisks", "OK"): 4}


def test_server(fresh):
    samples = scrape(fresh)
    version = fresh.admin.health()["version"]
    assert samples["cbsmock_build_info", f'version="{version}",api="2017-03-12"'] == 1
    assert samples["cbsmock_uptime_seconds", ""] >= 0


def connections_become(server, wanted):
    """The server hears of a connection that its client has closed a moment later."""
    def count():
        return scrape(server)["cbsmock_connections", ""]
    wait_until(lambda: count() == wanted, lambda: f"{count()} connections, not {wanted}", SECONDS)


def test_connections(fresh):
    connections_become(fresh, 1)  # that of the scrape itself
    held = [socket.create_connection(("127.0.0.1", fresh.port), SECONDS) for _ in range(5)]
    for connection in held:
        connection.sendall(b"GET /_cbs/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(10)
    connections_become(fresh, 1 + 5)
    for connection in held:
        connection.close()
    connections_become(fresh, 1)


def test_both_paths_and_who_may_ask(fresh):
    assert get(fresh, "/metrics")[0] == 200
    assert get(fresh, "/metrics", Host="evil.test")[0] == 403
    assert get(fresh, "/metrics", Origin="http://evil.test")[0] == 403
    assert get(fresh, "/metrics?verbose=1")[0] == 400
    assert get(fresh, "/metricsx")[0] != 200 or "cbsmock_" not in get(fresh, "/metricsx")[2]


def test_a_token():
    with Server("--admin-token", "sesame") as server:
        assert get(server, "/metrics")[0] == 401
        assert get(server, "/metrics", Authorization="Bearer sesame")[0] == 200


def test_a_port_of_its_own():
    with Process("--port", "0", "--admin-port", "0") as process:
        api_port, admin_port = process.ready(), process.ready("admin")
        assert "cbsmock_" in get(types.SimpleNamespace(port=admin_port), "/metrics")[2]
        assert "cbsmock_" not in get(types.SimpleNamespace(port=api_port), "/metrics")[2]
