"""What fault rules do to connections, as clients meet it: raw bytes and resets, over plain sockets and TLS, and what http.client
makes of them."""

import http.client
import socket
import ssl
import struct
import time

import pytest

from raw import TIMEOUT_SECONDS, Answer, message
from support import api

DISK = "disk-lzrg2pwi"


@pytest.fixture(autouse=True)
def healed(module_server):
    yield
    module_server.admin.ask("DELETE", "/_cbs/faults")


def spoil(server, *effects, action="DescribeDisks", **rule):
    server.admin.ask("POST", "/_cbs/faults", {"match": {"action": action}, "do": list(effects), **rule})


class Line:
    """A connection over TCP, TLS perhaps, and how it ended: "closed" in an orderly way, or "reset"."""

    def __init__(self, server, tls):
        self.address = server.tls_address if tls else server.address
        self.socket = socket.create_connection(("127.0.0.1", server.tls_port if tls else server.port), TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            context = api.trusting(server.admin.ca_pem())
            self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
        self.data = b""
        self.pieces = 0
        self.ending = None
        self.asked = None

    def ask(self, action="DescribeDisks", params=None):
        data = message(api.Request(action, params or {"Limit": 1}), self.address)
        self.asked = time.monotonic()
        self.socket.sendall(data)
        return self

    def _read(self):
        try:
            data = self.socket.recv(65536)
        except (ConnectionResetError, ssl.SSLEOFError):
            self.ending = "reset"
            return
        if data:
            self.data += data
            self.pieces += 1
        else:
            self.ending = "closed"

    def end(self):
        """Reads until the connection ends."""
        while not self.ending:
            self._read()
        return self

    def answer(self):
        """One whole answer of a connection that stays."""
        while not self.ending and not (self.data.partition(b"\r\n\r\n")[1] and len(self.body) >= self.told):
            self._read()
        assert self.ending is None, self.ending
        answer = Answer(self.data.partition(b"\r\n\r\n")[0], self.body)
        self.data = b""
        return answer

    @property
    def seconds(self):
        return time.monotonic() - self.asked

    @property
    def head(self):
        return Answer(self.data.partition(b"\r\n\r\n")[0], b"")

    @property
    def body(self):
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def told(self):
        """The Content-Length of the answer."""
        return int(self.head["Content-Length"])

    def close(self):
        self.socket.close()


@pytest.fixture(params=["http", "https"])
def line(request, server):
    opened = Line(server, request.param == "https")
    yield opened
    opened.close()


@pytest.fixture
def whole(server):
    """Bytes of the ordinary answer; RequestIds are of one length."""
    answer = Line(server, False).ask().answer()
    return len(answer.body)


# ---- nothing arrives -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["before_auth", "before_validate", "before_commit", "after_commit"])
def test_reset(server, line, phase):
    spoil(server, {"type": "reset_peer"}, phase=phase)
    line.ask().end()
    assert (line.data, line.ending) == (b"", "reset")


def test_reset_is_one_below_tls(server):
    """TLS clients tell a reset from an end without a farewell badly, so this looks below."""
    spoil(server, {"type": "reset_peer"})
    line = Line(server, True).ask()
    with pytest.raises(ConnectionResetError):
        while socket.socket.recv(line.socket, 65536):
            pass
    line.close()


def test_empty_response(server, line):
    spoil(server, {"type": "empty_response"})
    line.ask().end()
    assert (line.data, line.ending) == (b"", "closed")


def test_timeout(server, line):
    spoil(server, {"type": "timeout", "timeout": 200})
    line.ask().end()
    assert (line.data, line.ending) == (b"", "closed")
    assert line.seconds >= 0.2


def test_a_lost_answer_to_a_change(server):
    """After the commit the change is there; before it, it is not."""
    for phase, snapshots in (("before_commit", 0), ("after_commit", 1)):
        server.admin.reset()
        spoil(server, {"type": "reset_peer"}, action="CreateSnapshot", phase=phase)
        Line(server, False).ask("CreateSnapshot", {"DiskId": DISK}).end()
        found = api.call(server, "DescribeSnapshots", {"Filters": [{"Name": "disk-id", "Values": [DISK]}]})
        assert found["TotalCount"] == snapshots


# ---- part of it arrives ----------------------------------------------------------------------------------------------------


def test_limit_data(server, line, whole):
    spoil(server, {"type": "limit_data", "bytes": 37})
    line.ask().end()
    assert (line.told, len(line.body), line.ending) == (whole, 37, "closed")


def test_truncate_with_a_lie(server, line, whole):
    spoil(server, {"type": "truncate", "fraction": 0.5, "lie_about_length": True})
    line.ask().end()
    assert (line.told, line.ending) == (whole, "closed")
    assert abs(len(line.body) - whole / 2) <= 1


def test_truncate_honestly(server, line, whole):
    spoil(server, {"type": "truncate", "fraction": 0.5, "lie_about_length": False})
    answer = line.ask().answer()
    assert abs(len(answer.body) - whole / 2) <= 1 and answer.body.startswith(b'{"Response"')


def test_reset_in_the_body(server, line, whole):
    spoil(server, {"type": "reset_peer"}, phase="mid_body")
    line.ask().end()
    assert (line.told, line.ending) == (whole, "reset")
    assert 0 < len(line.body) < whole


def test_reset_after_the_body(server, line, whole):
    spoil(server, {"type": "reset_peer"}, phase="after_body")
    line.ask().end()
    assert (line.told, len(line.body), line.ending) == (whole, whole, "reset")


def test_malformed_chunk(server, line, whole):
    spoil(server, {"type": "garbage", "mode": "malformed_chunk"})
    line.ask().end()
    assert line.head["Transfer-Encoding"] == "chunked" and line.head["Content-Length"] is None
    assert not line.body.endswith(b"0\r\n\r\n")


# ---- it arrives late, or slowly --------------------------------------------------------------------------------------------


def test_latency(server, line):
    spoil(server, {"type": "latency", "latency": 200})
    for _ in range(2):
        answer = line.ask().answer()
        assert line.seconds >= 0.2 and answer.code is None
    assert line.ask("DescribeSnapshots").answer().code is None


def test_latency_before_an_error(server, line):
    spoil(server, {"type": "latency", "latency": 100}, {"type": "error", "code": "InternalError"})
    assert line.ask().answer().code == "InternalError"
    assert line.seconds >= 0.1


def test_slicer(server, line, whole):
    spoil(server, {"type": "slicer", "average_size": whole // 4, "delay_us": 50000})
    answer = line.ask().answer()
    assert len(answer.body) == whole and line.pieces > 2
    assert line.seconds >= 3 * 0.05
    assert line.ask("DescribeSnapshots").answer().code is None


def test_bandwidth(server, line, whole):
    spoil(server, {"type": "bandwidth", "rate": 4})
    answer = line.ask().answer()
    assert len(answer.body) == whole and answer.code is None
    assert line.seconds >= whole / 4000 * 0.9


def test_slow_close(server, line, whole):
    spoil(server, {"type": "slow_close", "delay": 200})
    line.ask().end()
    assert (len(line.body), line.ending) == (whole, "closed")
    assert line.seconds >= 0.2


# ---- another answer --------------------------------------------------------------------------------------------------------


def test_an_answer_of_something_in_between(server, line):
    headers = {"Retry-After": "1", "Server": "gateway", "Content-Type": "text/html"}
    spoil(server, {"type": "http", "status": 502, "body": "<h1>bad gateway</h1>", "headers": headers})
    answer = line.ask().answer()
    assert (answer.status, answer.body) == (502, b"<h1>bad gateway</h1>")
    assert {name: answer[name] for name in headers} == headers


def test_the_admin_api_is_spared(server):
    server.admin.ask("POST", "/_cbs/faults", {"do": [{"type": "reset_peer"}], "phase": "before_auth"})
    assert server.admin.health()["status"] == "ok"
    line = Line(server, False).ask().end()
    assert line.ending == "reset"


# ---- what a client library makes of it -------------------------------------------------------------------------------------


@pytest.mark.parametrize("effect, error", [
    ({"type": "reset_peer"}, ConnectionResetError),
    ({"type": "empty_response"}, http.client.RemoteDisconnected),
    ({"type": "limit_data", "bytes": 10}, http.client.IncompleteRead),
    ({"type": "truncate", "fraction": 0.5, "lie_about_length": True}, http.client.IncompleteRead),
    ({"type": "garbage", "mode": "malformed_chunk"}, (http.client.IncompleteRead, ValueError)),
    ({"type": "garbage", "mode": "malformed_json"}, ValueError),
    ({"type": "timeout"}, TimeoutError),
])
def test_errors_of_a_library(server, effect, error):
    spoil(server, effect)
    with api.Client(server.address) as client:
        client.connection.timeout = 1
        with pytest.raises(error):
            client.call("DescribeDisks", {"Limit": 1})
    assert api.call(server, "DescribeSnapshots").code is None


def test_clients_that_leave_while_they_wait(server):
    spoil(server, {"type": "latency", "latency": 60000})
    for number in range(20):
        line = Line(server, number % 4 == 0).ask()
        if number % 2:
            line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
    assert api.call(server, "DescribeSnapshots").code is None
