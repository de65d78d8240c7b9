"""Starts and stops the server under test.

Nothing here waits for a fixed time: a start ends with the ready line, a stop with the process, each within a deadline.
"""

import os
import pathlib
import select
import signal
import subprocess
import tempfile
import time
import urllib.parse

from support import pace
from support.admin import Admin

ROOT = pathlib.Path(__file__).resolve().parents[2]
READY = "cbsmock ready "
START_SECONDS = pace.seconds(20)
STOP_SECONDS = pace.seconds(10)


def binary():
    """The program under test: $CBSMOCK_BINARY, else the one that tests/run builds."""
    path = pathlib.Path(os.environ.get("CBSMOCK_BINARY") or ROOT / "build" / "tests" / "server" / "cbsmock")
    if not path.is_file():
        raise RuntimeError(f"no server to test at {path}: build it, or set CBSMOCK_BINARY")
    return str(path)


def environment():
    """This process's, without settings of the server that a person may have set there."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CBSMOCK_")}


class Server:
    """A server process on ports of its own choice.

        with Server("--rate-limit", "off") as server:
            server.admin.reset()

    Leaving the block stops it with SIGTERM and asserts that it ends well.
    """

    def __init__(self, *options, env=None):
        self.options = options
        self.env = env
        self.process = None
        self.url = self.tls_url = None
        self.port = self.tls_port = None
        self.admin = None
        self._log = None

    def start(self):
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [binary(), "serve", "--port", "0", *self.options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, env=self.env or environment())
        try:
            self._read_ready()
        except BaseException:
            self.kill()
            raise
        self.admin = Admin(self.port)
        return self

    def _read_ready(self):
        """Reads the ready lines: the plain address, and the TLS one when it was asked for."""
        wanted = 2 if "--tls-port" in self.options else 1
        deadline = time.monotonic() + START_SECONDS
        text = b""
        while text.count(b"\n") < wanted:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise AssertionError(f"the server was not ready within {START_SECONDS} s:\n{self.log()}")
            chunk = os.read(self.process.stdout.fileno(), 4096)
            if not chunk:
                raise AssertionError(f"the server ended with status {self.process.wait(STOP_SECONDS)}:\n{self.log()}")
            text += chunk
        for line in text.decode().splitlines():
            assert line.startswith(READY), line
            url = line.removeprefix(READY)
            port = urllib.parse.urlsplit(url).port
            if url.startswith("https:"):
                self.tls_url, self.tls_port = url, port
            else:
                self.url, self.port = url, port

    @property
    def address(self):
        """HOST:PORT, as clients' endpoints want it."""
        return f"127.0.0.1:{self.port}"

    @property
    def tls_address(self):
        return f"127.0.0.1:{self.tls_port}"

    def log(self):
        """What it has written on standard error so far."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def stop(self):
        """Asks it to end and asserts that it does: soon, and with status 0."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            log = self.log()
            self.kill()
            raise AssertionError(f"the server did not end within {STOP_SECONDS} s of SIGTERM:\n{log}") from None
        log = self.log()
        self._release()
        assert status == 0, f"the server ended with status {status}:\n{log}"

    def kill(self):
        """Ends it as a power switch would: no handler runs."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)
        self._release()

    def _release(self):
        self.process.stdout.close()
        self._log.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, error, trace):
        if kind is None:
            self.stop()
        elif self.process.returncode is None:
            self.kill()
