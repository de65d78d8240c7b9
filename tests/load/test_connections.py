"""Connections by the thousand, and connections of the worst kind by the hundred: the server goes on answering everybody else, takes
no more memory than it says, and has every descriptor back when they are gone."""

import contextlib
import os
import pathlib
import resource
import selectors
import signal
import socket
import ssl
import struct
import threading
import time

import pytest

from gauge import Gauge, files_as_before, many_files
from raw import TIMEOUT_SECONDS, Raw, message
from support import api, pace
from support.server import Server
from support.wait import wait_until

MIB = 1024 * 1024
MANY = 10000
HOSTILE = 300
DISK = "disk-lzrg2pwi"
OPTIONS = ("--rate-limit", "off", "--log-level", "error")
IDLE_MAX = pace.memory(64 * MIB)
# What a connection holds while it is busy: the pages of its buffer, and a little.
BUSY_MAX = 56 * 1024
QUICK_SECONDS = pace.seconds(2)

pytestmark = pytest.mark.usefixtures("files_as_before")


def describe():
    return api.Request("DescribeDisks", {"Limit": 1})


def connect(port):
    return socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)


def abort(connection):
    """Ends it with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def assert_serves_others(server):
    """Another client is answered as if nobody else were there."""
    began = time.monotonic()
    assert api.call(server, "DescribeDisks", {"Limit": 1}).code is None
    assert time.monotonic() - began < QUICK_SECONDS


@contextlib.contextmanager
def watched(*options):
    """A server that ends with the descriptors and threads it began with."""
    with Server(*OPTIONS, *options) as server:
        assert api.call(server, "DescribeDisks").code is None
        gauge = Gauge(server)
        if "--data" in options:
            assert api.call(server, "CreateSnapshot", {"DiskId": DISK}).code is None
            gauge.wait_for_checkpointer(pathlib.Path(options[options.index("--data") + 1], "default.db"))
        files, threads = gauge.files(), gauge.threads()
        yield server, gauge
        gauge.wait_for_files(files)
        assert gauge.threads() == threads
        assert_serves_others(server)


# ---- many ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("used", [False, True], ids=["new", "used"])
def test_idle_connections(used):
    """A connection that rests costs next to nothing, whether it has asked something before or not."""
    count = many_files(MANY)
    with watched("--max-connections", str(count + 10), "--idle-timeout", "600") as (server, gauge), contextlib.ExitStack() as stack:
        data = message(describe(), server.address)
        crowd = [stack.enter_context(connect(server.port)) for _ in range(count)]
        wait_until(lambda: gauge.files() > count, lambda: f"{gauge.files()} descriptors for {count} connections")
        for _ in range(2 * used):
            for connection in crowd:
                connection.sendall(data)
                assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
            wait_until(lambda: gauge.memory() < IDLE_MAX, lambda: f"{gauge.memory() / MIB:.1f} MiB")
        assert_serves_others(server)
        memory = gauge.memory()
        print(f"{count} idle connections: {memory / MIB:.1f} MiB")
        assert memory < IDLE_MAX


def test_pipelining_by_many():
    """Each sends all its requests before it reads a single answer."""
    each, clients = 100, 20
    with watched() as (server, _), contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(Raw(server)) for _ in range(clients)]
        data = message(describe(), server.address) * each
        senders = [threading.Thread(target=raw.send, args=(data,)) for raw in crowd]
        for sender in senders:
            sender.start()
        ids = {raw.answer().json["Response"]["RequestId"] for raw in crowd for _ in range(each)}
        for sender in senders:
            sender.join(TIMEOUT_SECONDS)
        assert len(ids) == each * clients


# ---- slow and endless ------------------------------------------------------------------------------------------------------


def closed_within(connection, data, most):
    """Sends `data` again and again until the other side ends the connection; at most so many bytes."""
    sent = 0
    connection.settimeout(TIMEOUT_SECONDS)
    with contextlib.suppress(ConnectionError):
        while sent <= most:
            connection.sendall(data)
            sent += len(data)
            connection.setblocking(False)
            with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
                if connection.recv(65536) == b"":
                    return sent
            connection.settimeout(TIMEOUT_SECONDS)
    return sent


def test_slow_headers():
    """Hundreds feed their requests byte by byte; nobody waits for them."""
    with watched() as (server, gauge), contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(connect(server.port)) for _ in range(HOSTILE)]
        data, memory = message(describe(), server.address), gauge.memory()
        for byte in data[:40]:
            for connection in crowd:
                connection.sendall(bytes([byte]))
            assert_serves_others(server)
        assert gauge.memory() - memory < pace.memory(HOSTILE * BUSY_MAX)
        for connection in crowd[: HOSTILE // 2]:
            connection.sendall(data[40:])
        for connection in crowd[: HOSTILE // 2]:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_headers_without_end():
    with watched() as (server, gauge):
        memory = gauge.memory()
        for start in (b"GET / HTTP/1.1\r\nHost: a\r\n", b"GET /?", b"GET / HTTP/1.1\r\nX: "):
            with connect(server.port) as connection:
                connection.sendall(start)
                filler = b"X-Filler: y\r\n" * 20 if start.endswith(b"\n") else b"z" * 1000
                assert closed_within(connection, filler, 8 * MIB) < 8 * MIB
        assert gauge.memory() - memory < pace.memory(4 * MIB)


@pytest.mark.parametrize("length", [b"Transfer-Encoding: chunked", b"Content-Length: 999999999999999"])
def test_bodies_without_end(length):
    """One is cut off after a while; what it brought is not kept."""
    clients, most = 4, 128 * MIB
    piece = b"x" * 65536
    if length.endswith(b"chunked"):
        piece = b"10000\r\n" + piece + b"\r\n"
    with watched() as (server, gauge), contextlib.ExitStack() as stack:
        memory, took = gauge.memory(), []
        crowd = [stack.enter_context(connect(server.port)) for _ in range(clients)]
        for connection in crowd:
            connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n" + length + b"\r\n\r\n")
        senders = [threading.Thread(target=lambda c: took.append(closed_within(c, piece, most)), args=(c,)) for c in crowd]
        for sender in senders:
            sender.start()
        while any(sender.is_alive() for sender in senders):
            assert_serves_others(server)
            assert gauge.memory() - memory < pace.memory(clients * 24 * MIB)
        assert len(took) == clients and max(took) < most


def test_half_a_handshake():
    """TLS connections that never say anything, or stop in the middle of their hello."""
    with watched("--tls-port", "0", "--idle-timeout", "2") as (server, gauge), contextlib.ExitStack() as stack:
        memory = gauge.memory()
        crowd = [stack.enter_context(connect(server.tls_port)) for _ in range(HOSTILE)]
        for number, connection in enumerate(crowd):
            connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[: number % 12])
        trust = api.trusting(server.admin.ca_pem())
        began = time.monotonic()
        with api.Client(server.tls_address, trust) as client:
            assert client.call("DescribeDisks").code is None
        assert time.monotonic() - began < QUICK_SECONDS
        assert gauge.memory() - memory < pace.memory(HOSTILE * 128 * 1024)
        for connection in crowd:
            with contextlib.suppress(ConnectionResetError):
                while connection.recv(4096):
                    pass


def test_silent_connections_make_room():
    """All places are taken by clients that say nothing; when their time is over, others are served."""
    places = 20
    with watched("--max-connections", str(places), "--idle-timeout", "1") as (server, _), contextlib.ExitStack() as stack:
        for _ in range(places):
            stack.enter_context(connect(server.port))
        assert api.call(server, "DescribeDisks").code is None


def few_files(count):
    """Servers that are started from now on may have so many files open, until they ask for more."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def refused_unread(server):
    """A connection whose request is refused by its length, and that the client goes on to hold."""
    connection = connect(server.port)
    connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n")
    return connection


def test_refused_connections_take_nobodys_place(tmp_path):
    """Thousands that were refused and stay, and every place taken besides: all are served, and files can be opened."""
    refused, places = many_files(3000), 500
    few_files(256)
    with watched("--data", str(tmp_path), "--max-connections", str(places), "--max-sandboxes", "20", "--threads", "1") as (server, _), \
            contextlib.ExitStack() as stack:
        many_files(refused + places)
        for connection in [stack.enter_context(refused_unread(server)) for _ in range(refused)]:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        crowd = [stack.enter_context(Raw(server)) for _ in range(places)]
        for raw in crowd:
            raw.send(message(describe(), server.address))
        assert all(raw.answer().code is None for raw in crowd)
        for number in range(20):
            crowd[0].send(f"PUT /_cbs/sandboxes/AKID{number} HTTP/1.1\r\nHost: {server.address}\r\nContent-Length: 0\r\n\r\n".encode())
            answer = crowd[0].answer()
            assert answer.status == 200, answer.body
        for number in range(20):
            crowd[0].send(f"DELETE /_cbs/sandboxes/AKID{number} HTTP/1.1\r\nHost: {server.address}\r\n\r\n".encode())
            assert crowd[0].answer().status == 200


# ---- abrupt ----------------------------------------------------------------------------------------------------------------


def leave_at_once(connection, data):
    abort(connection)


def leave_in_the_headers(connection, data):
    connection.sendall(data[:50])
    abort(connection)


def leave_in_the_body(connection, data):
    connection.sendall(data[:-3])
    abort(connection)


def leave_before_the_answer(connection, data):
    connection.sendall(data)
    abort(connection)


def leave_while_many_answers_come(connection, data):
    connection.sendall(data * 20)
    connection.recv(10)
    abort(connection)


def close_in_the_headers(connection, data):
    connection.sendall(data[:50])
    connection.close()


def close_in_the_body(connection, data):
    connection.sendall(data[:-3])
    connection.close()


LEAVINGS = (leave_at_once, leave_in_the_headers, leave_in_the_body, leave_before_the_answer, leave_while_many_answers_come,
            close_in_the_headers, close_in_the_body)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_abrupt_ends(tls):
    """Of a close right behind half a request libmicrohttpd 0.9.75 does not hear: such a connection goes when its time is over."""
    rounds = 10 if tls else 100
    with watched("--tls-port", "0", "--idle-timeout", "2") as (server, gauge):
        trust = api.trusting(server.admin.ca_pem())
        data = message(api.Request("CreateSnapshot", {"DiskId": DISK}), server.tls_address if tls else server.address)
        memory = gauge.memory()
        for _ in range(rounds):
            for leave in LEAVINGS:
                connection = connect(server.tls_port if tls else server.port)
                if tls:
                    connection = trust.wrap_socket(connection, server_hostname="127.0.0.1")
                with contextlib.suppress(ConnectionError, ssl.SSLError, OSError):
                    leave(connection, data)
                connection.close()
        assert_serves_others(server)
        assert gauge.memory() - memory < pace.memory(32 * MIB)


# ---- the end in the middle of it all ---------------------------------------------------------------------------------------


def test_the_end_among_bad_company(tmp_path):
    """SIGTERM while hundreds of connections are idle, half open, half sent: it ends at once, and well."""
    with contextlib.ExitStack() as stack:
        server = Server(*OPTIONS, "--tls-port", "0", "--data", str(tmp_path), "--max-connections", "2000").start()
        stack.callback(lambda: server.process.returncode is None and server.kill())
        data = message(describe(), server.address)
        crowd = selectors.DefaultSelector()
        for number in range(HOSTILE):
            idle, half, tls = connect(server.port), connect(server.port), connect(server.tls_port)
            for connection in (idle, half, tls):
                stack.callback(connection.close)
            idle.sendall(data)
            half.sendall(data[: 1 + number % (len(data) - 1)])
            tls.sendall(b"\x16\x03\x01"[: number % 4])
            crowd.register(idle, selectors.EVENT_READ)
        while crowd.get_map():
            for key, _ in crowd.select(TIMEOUT_SECONDS):
                assert key.fileobj.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
                crowd.unregister(key.fileobj)
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(TIMEOUT_SECONDS) == 0
        took = time.monotonic() - began
        print(f"ended after {took:.2f} s among {3 * HOSTILE} connections")
        assert took < pace.seconds(1)
        assert not os.path.exists(tmp_path / "default.db-lock")
