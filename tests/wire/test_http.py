"""HTTP as clients really speak it, and as they should not: over plain sockets, byte for byte (protocol.md §1, §9)."""

import contextlib
import re
import socket
import struct
import time

import pytest

from raw import Raw, head, message
from support import api
from support.faults import Faults
from support.requests import Requests
from support.server import Server

BODY_MAX = 10 * 1024 * 1024
QUERY_MAX = 32 * 1024


def describe(**changes):
    return api.Request("DescribeDisks", {"Limit": 1}, **changes)


def alive(server):
    """Does it still answer, on a new connection?"""
    return api.call(server, "DescribeDisks", {"Limit": 1}).code is None


# ---- what an answer looks like ---------------------------------------------------------------------------------------------


def test_headers_of_an_answer(server):
    with Raw(server) as raw:
        raw.send(message(describe(), server.address))
        answer = raw.answer()
    assert (answer.version, answer.status, answer.reason) == ("HTTP/1.1", 200, "OK")
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Encoding"] is None
    assert re.fullmatch(r"cbsmock/\d+\.\d+\.\d+", answer["Server"])
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", answer["Date"])
    assert answer["Connection"].lower() == "keep-alive"
    assert "RequestId" in answer.json["Response"]


def test_an_error_is_a_success_of_http(server):
    with Raw(server) as raw:
        raw.send(message(api.Request("CreateSnapshot", {"DiskId": "disk-00000000"}), server.address))
        answer = raw.answer()
    assert answer.status == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.code == "InvalidDiskId.NotFound"


def test_trace_id_comes_back(server):
    with Raw(server) as raw:
        raw.send(message(describe(), server.address, extra=[("X-TC-TraceId", "0b3a5c1e-7f1f-4d4e-8e9a-7d0c0f3a2b11")]))
        assert raw.answer()["X-TC-TraceId"] == "0b3a5c1e-7f1f-4d4e-8e9a-7d0c0f3a2b11"
        raw.send(message(describe(), server.address))
        assert raw.answer()["X-TC-TraceId"] is None


# ---- connections -----------------------------------------------------------------------------------------------------------


def test_keep_alive(server):
    ids = set()
    with Raw(server) as raw:
        for _ in range(50):
            raw.send(message(describe(), server.address))
            ids.add(raw.answer().json["Response"]["RequestId"])
    assert len(ids) == 50


def test_pipelining_answers_in_order(server):
    calls = [api.Request("DescribeDisks", {"Limit": 1}), api.Request("NoSuchAction"), api.Request("DescribeSnapshots", {"Limit": 1})]
    with Raw(server) as raw:
        raw.send(b"".join(message(call, server.address) for call in calls))
        first, second, third = raw.answer(), raw.answer(), raw.answer()
    assert "DiskSet" in first.json["Response"]
    assert second.code == "InvalidAction"
    assert "SnapshotSet" in third.json["Response"]


def test_connection_close(server):
    with Raw(server) as raw:
        raw.send(message(describe(), server.address, extra=[("Connection", "Close")]))
        assert raw.answer()["Connection"].lower() == "close"
        assert raw.closed()


def test_http_1_0(server):
    with Raw(server) as raw:
        raw.send(message(describe(), server.address, version="HTTP/1.0"))
        assert "DiskSet" in raw.answer().json["Response"]
        assert raw.closed()


def test_an_idle_connection_is_closed():
    with Server("--idle-timeout", "1") as server, Raw(server) as raw:
        raw.send(message(describe(), server.address))
        raw.answer()
        assert raw.closed()


def test_200_connections_at_once(server):
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(Raw(server)) for _ in range(200)]
        for raw in connections:
            raw.send(message(describe(), server.address))
        ids = {raw.answer().json["Response"]["RequestId"] for raw in connections}
        for raw in reversed(connections):
            raw.send(message(describe(), server.address))
        ids |= {raw.answer().json["Response"]["RequestId"] for raw in connections}
    assert len(ids) == 400


@pytest.mark.parametrize("durability", ["os", "power"])
@pytest.mark.parametrize("secured", [False, True])
def test_changes_that_are_committed_together(tmp_path, durability, secured):
    """Of clients that send at the same moment, two at once each; every third goes without waiting for its answers."""
    disks = {f"disk-crowd{i:03}" for i in range(24)}
    common = {"Account": 100000000001, "Region": "ap-guangzhou", "Zone": "ap-guangzhou-3", "DiskName": "", "CreateTime": "-1d"}
    world = {"Disks": [{"DiskId": disk, "DiskType": "CLOUD_PREMIUM", "DiskSize": 10, **common} for disk in disks]}
    options = ("--data", str(tmp_path), "--durability", durability, "--rate-limit", "off", "--threads", "1", "--tls-port", "0")
    made, server = [], Server(*options).start()
    try:
        server.admin.seed(world)
        trust, address = (api.trusting(server.admin.ca_pem()), server.tls_address) if secured else (None, server.address)
        with contextlib.ExitStack() as stack:
            crowd = [(disk, stack.enter_context(Raw(server, trust))) for disk in disks]
            for disk, raw in crowd:
                raw.send(message(api.Request("CreateSnapshot", {"DiskId": disk}), address) + message(describe(), address))
            for number, (_, raw) in enumerate(crowd):
                if number % 3 == 0:
                    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    raw.close()
                else:
                    made.append(raw.answer().json["Response"]["SnapshotId"])
                    assert raw.answer().json["Response"]["DiskSet"]
        assert len(set(made)) == 16
        assert api.call(server, "DescribeSnapshots", {"SnapshotIds": made})["TotalCount"] == 16
    finally:
        server.kill()
    with Server(*options) as server:
        assert api.call(server, "DescribeSnapshots", {"SnapshotIds": made})["TotalCount"] == 16


def test_connections_above_the_maximum_wait_for_a_place():
    with Server("--max-connections", "4", "--threads", "1") as server:
        with contextlib.ExitStack() as stack:
            for raw in [stack.enter_context(Raw(server)) for _ in range(4)]:
                raw.send(message(describe(), server.address))
                raw.answer()
        assert alive(server)


# ---- request lines ---------------------------------------------------------------------------------------------------------


def test_absolute_target(server):
    """As Ruby sends through http_proxy: the Host is the cloud's own."""
    request = describe(host="cbs.tencentcloudapi.com")
    with Raw(server) as raw:
        raw.send(message(request, server.address, target="http://cbs.tencentcloudapi.com/"))
        assert "DiskSet" in raw.answer().json["Response"]


def test_empty_query(server):
    """.NET posts forms to "/?"."""
    request = api.Request("DescribeDisks", {"Limit": 1}, signature=api.SHA256)
    with Raw(server) as raw:
        raw.send(message(request, server.address, target="/?"))
        assert "DiskSet" in raw.answer().json["Response"]


def test_a_query_is_checked_as_it_was_sent(server):
    """Order, "+" and "%20" are the client's, and part of what it signed."""
    params = {"Filters": [{"Name": "disk-name", "Values": ["a b", "ü"]}], "Limit": 1}
    request = api.Request("DescribeDisks", params, method="GET")
    assert api.call(server, "DescribeDisks", params, method="GET").code is None
    with Raw(server) as raw:
        raw.send(message(request, server.address).replace(b"a+b", b"a%20b", 1))
        assert raw.answer().code == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "FOO"])
def test_other_methods(server, method):
    with Raw(server) as raw:
        raw.send(message(describe(method=method), server.address))
        answer = raw.answer()
        assert (answer.status, answer.code) == (200, "UnsupportedProtocol")


def test_head_has_no_body(server):
    with Raw(server) as raw:
        raw.send(message(describe(method="HEAD"), server.address))
        answer = raw.answer(head_only=True)
        assert answer.status == 200 and int(answer["Content-Length"]) > 0
        raw.send(message(describe(), server.address))
        assert "DiskSet" in raw.answer().json["Response"]


def long_query(size, pieces):
    """A TC3 GET whose query has about `size` bytes, in one parameter or in many."""
    if pieces == 1:
        return api.Request("DescribeDisks", {"Filler": "x" * (size - len("Filler="))}, method="GET")
    value = "x" * (size // pieces - len("Filler.0000=&"))
    return api.Request("DescribeDisks", {"Filler": [value] * pieces}, method="GET")


@pytest.mark.parametrize("pieces", [1, 1000, 1900])
def test_the_longest_query_is_read_whole(server, pieces):
    """It passes the signature; only then is its parameter unknown."""
    with Raw(server) as raw:
        raw.send(message(long_query(QUERY_MAX, pieces), server.address))
        assert raw.answer().code == "UnknownParameter"
        raw.send(message(describe(), server.address))
        assert raw.answer().code is None


@pytest.mark.parametrize("pieces", [1, 1000])
def test_a_query_above_its_limit(server, pieces):
    with Raw(server) as raw:
        raw.send(message(long_query(QUERY_MAX + 4096, pieces), server.address))
        assert raw.answer().code == "RequestSizeLimitExceeded"


def test_a_query_beyond_any_measure(server):
    """The HTTP library's own refusal, at once."""
    with Raw(server) as raw:
        raw.send(message(long_query(100 * 1024, 1), server.address))
        assert raw.answer().status == 414
    assert alive(server)


# ---- headers ---------------------------------------------------------------------------------------------------------------


def test_names_of_headers_come_in_any_case(server):
    head_bytes, body = head(describe(), server.address)
    lines = head_bytes.split(b"\r\n")
    shouted = [lines[0]] + [re.sub(rb"^[^:]+", lambda name: name[0].upper(), line) for line in lines[1:]]
    with Raw(server) as raw:
        raw.send(b"\r\n".join(shouted) + body)
        assert "DiskSet" in raw.answer().json["Response"]


def test_many_headers(server):
    with Raw(server) as raw:
        raw.send(message(describe(), server.address, extra=[(f"X-Extra-{i}", "value") for i in range(80)]))
        assert "DiskSet" in raw.answer().json["Response"]


def test_too_many_headers(server):
    with Raw(server) as raw:
        raw.send(message(describe(), server.address, extra=[(f"X-Extra-{i}", "value") for i in range(120)]))
        answer = raw.answer()
        assert answer.status == 431
        assert answer.json["error"]["code"] == "TooManyHeaders"
        assert raw.closed()
    assert alive(server)


def test_a_huge_header(server):
    with Raw(server) as raw:
        raw.send(message(describe(), server.address, extra=[("X-Extra", "x" * 200_000)]))
        assert raw.answer().status == 431
    assert alive(server)


def test_a_long_token_fits(server):
    with Raw(server) as raw:
        raw.send(message(describe(token="t" * 8192), server.address))
        assert raw.answer().code == "AuthFailure.TokenFailure"


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)), b"\r\n\r\n\r\n", b"GET\r\n\r\n",
                                     b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
                                     b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                     b"\0" * 4096])
def test_garbage_ends_the_connection_only(server, garbage):
    with Raw(server) as raw:
        raw.send(garbage)
        assert alive(server)
    assert alive(server)


# ---- bodies ----------------------------------------------------------------------------------------------------------------


def test_chunked_upload(server):
    head_bytes, body = head(describe(), server.address, drop=("content-length",), extra=[("Transfer-Encoding", "chunked")])
    chunks = b"".join(b"%x\r\n%b\r\n" % (1, body[i:i + 1]) for i in range(len(body)))
    with Raw(server) as raw:
        raw.send(head_bytes + chunks + b"0\r\n\r\n")
        assert "DiskSet" in raw.answer().json["Response"]
        raw.send(message(describe(), server.address))
        assert "DiskSet" in raw.answer().json["Response"]


def test_expect_continue(server):
    head_bytes, body = head(describe(), server.address, extra=[("Expect", "100-continue")])
    with Raw(server) as raw:
        raw.send(head_bytes)
        assert raw.answer().status == 100
        raw.send(body)
        assert "DiskSet" in raw.answer().json["Response"]


def test_a_body_in_small_pieces(server):
    head_bytes, body = head(describe(), server.address)
    with Raw(server) as raw:
        for i in range(len(head_bytes)):
            raw.send(head_bytes[i:i + 1])
        for i in range(len(body)):
            raw.send(body[i:i + 1])
        assert "DiskSet" in raw.answer().json["Response"]


def test_a_slow_body_holds_up_nobody(server):
    head_bytes, body = head(describe(), server.address)
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(Raw(server)) for _ in range(8)]
        for raw in slow:
            raw.send(head_bytes + body[:1])
        began = time.monotonic()
        assert alive(server)
        assert time.monotonic() - began < 5
        for raw in slow:
            raw.send(body[1:])
        assert all("DiskSet" in raw.answer().json["Response"] for raw in slow)


def test_the_largest_body(server):
    request = describe()
    request.body_spaces = BODY_MAX - len(b'{"Limit": 1}')
    with Raw(server) as raw:
        raw.send(message(request, server.address))
        assert "DiskSet" in raw.answer().json["Response"]


@pytest.mark.parametrize("spaces", [BODY_MAX, 3 * BODY_MAX])
def test_a_body_above_its_limit(server, spaces):
    """A client that sends it all before it listens hears the documented error all the same."""
    with Raw(server) as raw:
        raw.send(message(describe(body_spaces=spaces), server.address))
        answer = raw.answer()
        assert (answer.status, answer.code, answer["Connection"]) == (200, "RequestSizeLimitExceeded", "close")
        assert raw.closed()
    with api.Client(server.address) as client:  # nor does a library lose it, which knows no half of a connection
        assert client.send(describe(body_spaces=spaces)).code == "RequestSizeLimitExceeded"


LENGTHS = [BODY_MAX + 1, 1 << 40, (1 << 64) - 2]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("extra", [(), (("Expect", "100-continue"),)])
def test_a_length_above_the_limit_is_refused_before_the_body(server, length, extra):
    """Nobody has to send what will not be taken, least of all a client that asks first."""
    head_bytes, _ = head(describe(), server.address, drop=("content-length",), extra=[("Content-Length", str(length)), *extra])
    with Raw(server) as raw:
        raw.send(head_bytes)
        answer = raw.answer()
        assert (answer.status, answer.code, answer["Connection"]) == (200, "RequestSizeLimitExceeded", "close")
        raw.send(b"{" * 100000)  # it is let go on for a while
        assert raw.closed()
    request_id = answer.json["Response"]["RequestId"]
    shown = Requests(server.admin).show(request_id)
    assert shown["code"] == "RequestSizeLimitExceeded" and shown["request"]["bytes"] == min(length, 1 << 53)


@pytest.mark.parametrize("method, path, length", [
    ("POST", "/_cbs/faults", (1 << 20) * 9), ("PUT", "/_cbs/faults/x", 1 << 40), ("POST", "/_cbs/state/import", 1 << 40),
    ("POST", "/_cbs/no/such/path", 1 << 40),
])
@pytest.mark.parametrize("expect", ["", "Expect: 100-continue\r\n"])
def test_an_admin_body_is_refused_by_its_length(server, method, path, length, expect):
    with Raw(server) as raw:
        raw.send(f"{method} {path} HTTP/1.1\r\nHost: {server.address}\r\nContent-Type: application/json\r\n"
                 f"{expect}Content-Length: {length}\r\n\r\n".encode())
        answer = raw.answer()
        assert (answer.status, answer["Connection"]) == (404 if "no/such" in path else 413, "close")
        assert raw.closed()


def test_refused_unread_and_late(server):
    """A fault rule delays the refusal, which is still sent before the body."""
    faults = Faults(server.admin)
    faults.put({"type": "latency", "latency": 50}, name="slow")
    head_bytes, _ = head(describe(), server.address, drop=("content-length",),
                         extra=[("Content-Length", str(1 << 30)), ("Expect", "100-continue")])
    with Raw(server) as raw:
        raw.send(head_bytes)
        answer = raw.answer()
        assert answer.code == "RequestSizeLimitExceeded" and raw.closed()
    faults.clear()


def test_many_that_are_refused_unread(server):
    """Each leaves a socket that lingers; there is a bound to that, and no answer is lost to it."""
    head_bytes, _ = head(describe(), server.address, drop=("content-length",), extra=[("Content-Length", str(1 << 30))])
    with contextlib.ExitStack() as stack:
        many = [stack.enter_context(Raw(server)) for _ in range(200)]
        for raw in many:
            raw.send(head_bytes)
        assert all(raw.answer().code == "RequestSizeLimitExceeded" for raw in many)
    assert alive(server)


@pytest.mark.parametrize("path", ["/", "/_cbs/health"])
@pytest.mark.parametrize("body", ["", "Content-Length: 5\r\n"])
def test_two_hosts(server, path, body):
    """Which of them was signed, and which is foreign, nobody can say."""
    with Raw(server) as raw:
        raw.send(f"POST {path} HTTP/1.1\r\nHost: {server.address}\r\nHost: elsewhere\r\n{body}\r\n".encode())
        answer = raw.answer()
        assert (answer.status, answer.json["error"]["code"]) == (400, "TwoHosts")
        assert raw.closed()


def test_a_body_without_end(server):
    """Somewhere it must stop: the connection ends, memory does not."""
    head_bytes, _ = head(describe(), server.address, drop=("content-length",), extra=[("Transfer-Encoding", "chunked")])
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    with Raw(server) as raw:
        raw.send(head_bytes)
        with pytest.raises(OSError):
            for _ in range(200):
                raw.send(chunk)
    assert alive(server)


def test_a_get_with_a_body(server):
    """.NET sends one, empty or not; it is not part of what is signed."""
    head_bytes, _ = head(api.Request("DescribeDisks", {"Limit": 1}, method="GET"), server.address, extra=[("Content-Length", "2")])
    with Raw(server) as raw:
        raw.send(head_bytes + b"{}")
        assert raw.answer().code is None
        raw.send(message(describe(), server.address))
        assert raw.answer().code is None


def test_abrupt_ends(server):
    head_bytes, body = head(describe(), server.address)
    whole = head_bytes + body
    for cut in (0, 1, len(head_bytes) // 2, len(head_bytes), len(head_bytes) + 1, len(whole)):
        for reset in (False, True):
            raw = Raw(server)
            raw.send(whole[:cut])
            if reset:
                raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
    assert alive(server)
