"""The command a newcomer begins with, on sources that were never built: other options than the tests' own build the program it serves."""

import signal
import subprocess

from support.admin import Admin
from support.server import ROOT, environment
from support.shipping import BUILD_SECONDS, copy_sources


def test_it_builds_and_serves(tmp_path):
    sources = copy_sources(ROOT, tmp_path / "sources")
    server = subprocess.Popen([sources / "server/run", "--port", "0"], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, env=environment())
    try:
        ready = server.stdout.readline()
        assert "ready http://" in ready, server.communicate(timeout=BUILD_SECONDS)[1][-4000:]
        assert Admin(int(ready.strip().rpartition(":")[2])).ask("GET", "/_cbs/health")["status"] == "ok"
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=BUILD_SECONDS)
        assert server.returncode == 0
    finally:
        server.kill()
        server.communicate()
