"""Five thousand answers that wait at once, on two threads: none comes early, all come, and nobody else is held up."""

import contextlib
import pathlib
import resource
import selectors
import signal
import socket
import time

import pytest

from raw import TIMEOUT_SECONDS, message
from support import api, pace
from support.server import Server

WAITING = 5000
DELAY_MS = 4000
HOUR_MS = 3600 * 1000
PATIENCE_SECONDS = pace.seconds(60)
FILES_BESIDE = 200
# Of one connection that waits: what libmicrohttpd gives it, the request and its answer.
MEMORY_MAX = 64 * 1024
HEAD_OF_ANSWER = b"HTTP/1.1 200 OK\r\n"


def describe():
    return api.Request("DescribeDisks", {"Limit": 1})


@pytest.fixture
def many_files():
    """As many open files as there are sockets, here and in the server."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WAITING + FILES_BESIDE
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"no more than {hard} files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
def large_server(many_files):
    options = ("--threads", "2", "--max-connections", str(WAITING + FILES_BESIDE), "--rate-limit", "off", "--log-level", "warn")
    with Server(*options) as server:
        yield server


def delay(server, milliseconds):
    """From now on DescribeDisks is answered that late."""
    rule = {"name": "late", "match": {"action": "DescribeDisks"}, "do": [{"type": "latency", "latency": milliseconds}]}
    server.admin.ask("POST", "/_cbs/faults", rule)


def status(server, name):
    """A number of /proc/PID/status."""
    for line in pathlib.Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise KeyError(name)


class Crowd:
    """Connections on each of which the same call has been made: a socket, and when the request was on its way."""

    def __init__(self, server, stack, size):
        data = message(describe(), server.address)
        self.selector = stack.enter_context(selectors.DefaultSelector())
        self.asked = {}
        for _ in range(size):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), TIMEOUT_SECONDS))
            self.selector.register(connection, selectors.EVENT_READ)
            self.asked[connection] = time.monotonic()
            connection.sendall(data)

    def answers(self):
        """(seconds it took, first bytes) of each as it comes, until all have come."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.asked:
            ready = self.selector.select(timeout=1)
            now = time.monotonic()
            assert now < deadline, f"{len(self.asked)} answers have not come"
            for key, _ in ready:
                self.selector.unregister(key.fileobj)
                yield now - self.asked.pop(key.fileobj), key.fileobj.recv(65536)

    def none_has_come(self):
        return not self.selector.select(timeout=0)


def test_five_thousand_at_once(large_server):
    server = large_server
    delay(server, DELAY_MS)
    api.call(server, "DescribeSnapshots")
    threads, memory = status(server, "Threads"), status(server, "VmRSS")
    with contextlib.ExitStack() as stack:
        crowd = Crowd(server, stack, WAITING)
        last_asked = time.monotonic()

        # The server does other things meanwhile, with no thread more.
        assert api.call(server, "DescribeSnapshots").code is None
        assert status(server, "Threads") == threads
        assert (status(server, "VmRSS") - memory) * 1024 < pace.memory(WAITING * MEMORY_MAX)

        took = []
        for seconds, answer in crowd.answers():
            assert seconds * 1000 >= DELAY_MS
            assert answer.startswith(HEAD_OF_ANSWER) and b'"DiskSet"' in answer
            took.append(seconds)
        assert len(took) == WAITING
        assert time.monotonic() - last_asked < DELAY_MS / 1000 + PATIENCE_SECONDS / 2


def test_the_end_answers_them_all(large_server):
    server = large_server
    delay(server, HOUR_MS)
    with contextlib.ExitStack() as stack:
        crowd = Crowd(server, stack, 1000)
        api.call(server, "DescribeSnapshots")
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        for _, answer in crowd.answers():
            assert answer.startswith(HEAD_OF_ANSWER) and b"Connection: close" in answer
        assert server.process.wait(TIMEOUT_SECONDS) == 0
        assert time.monotonic() - began < 1


def test_clients_that_give_up_make_room(large_server):
    """All places are taken by clients who then go; the next ones find room long before the delay is over."""
    server = large_server
    delay(server, HOUR_MS)
    for _ in range(3):
        with contextlib.ExitStack() as stack:
            assert Crowd(server, stack, WAITING).none_has_come()
        assert api.call(server, "DescribeSnapshots").code is None
