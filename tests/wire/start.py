"""Starts of the program that support.server is too kind for: those that end at once, and those watched line by line."""

import os
import subprocess
import time

from support.server import binary

SECONDS = 30


def environment(**settings):
    """The environment with these variables and no other setting of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("CBSMOCK_")} | settings


def run(*words, **settings):
    return subprocess.run([binary(), *words], env=environment(**settings), capture_output=True, text=True, timeout=SECONDS,
                          stdin=subprocess.DEVNULL)


def complaint(*words, **settings):
    """The one line of a start that was refused."""
    done = run(*words, **settings)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and lines[0].startswith("cbsmock: "), done.stderr
    return lines[0]


class Process:
    """A server whose standard output is read line by line, as a script that starts it would.

    Leaving the block ends it; a test that ended it itself leaves nothing to do."""

    def __init__(self, *words, **settings):
        self.process = subprocess.Popen([binary(), *words], env=environment(**settings), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def line(self):
        return self.process.stdout.readline()

    def ready(self, what="ready", scheme="http"):
        """The port that the next line names."""
        line = self.line()
        assert line.startswith(f"cbsmock {what} {scheme}://127.0.0.1:"), line
        return int(line.rpartition(":")[2])

    def end(self, signal_number):
        """(status, seconds it took, what is left on standard output, standard error)."""
        began = time.monotonic()
        self.process.send_signal(signal_number)
        out, err = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, time.monotonic() - began, out, err

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.returncode is None:
            self.process.kill()
            self.process.communicate(timeout=SECONDS)
