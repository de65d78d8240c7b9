"""What a running server takes of the machine: memory, descriptors, threads, CPU. From /proc, so nothing of it disturbs the server."""

import contextlib
import os
import pathlib
import resource

import pytest

from support.wait import wait_until

FILES_BESIDE = 200


def many_files(wanted):
    """Lets this process, and the servers it starts, open so many files and some more; answers how many there may be, at most `wanted`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = wanted + FILES_BESIDE
    limit = need if hard == resource.RLIM_INFINITY else min(need, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))
    return min(wanted, max(soft, limit) - FILES_BESIDE)


@pytest.fixture
def files_as_before():
    kept = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, kept)


class Gauge:
    def __init__(self, server):
        self.proc = pathlib.Path(f"/proc/{server.process.pid}")

    def memory(self):
        """Bytes in memory."""
        for line in (self.proc / "status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmRSS")

    def files(self):
        return len(os.listdir(self.proc / "fd"))

    def wait_for_checkpointer(self, path):
        """Waits until the world's file is open a second time, as it is from the first checkpoint on."""
        def times():
            found = 0
            for link in (self.proc / "fd").iterdir():
                with contextlib.suppress(FileNotFoundError):  # closed since
                    found += os.readlink(link) == str(path)
            return found
        wait_until(lambda: times() == 2, lambda: f"{path} is open {times()} times")

    def threads(self):
        return len(os.listdir(self.proc / "task"))

    def cpu_seconds(self):
        fields = (self.proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def wait_for_files(self, at_most):
        """Waits until no more than so many are open."""
        wait_until(lambda: self.files() <= at_most, lambda: f"{self.files()} descriptors are open, not {at_most}")
