"""What keeps a mistake from becoming a hole: how the program was linked, which sockets it opens, names that lead elsewhere, and bytes
that try to become a header of the answer."""

import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest

from raw import TIMEOUT_SECONDS, Raw, message
from start import environment
from support import api
from support.sandboxes import Sandboxes
from support.server import Server, binary

DISK = "disk-lzrg2pwi"
SANITIZED = "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ


# ---- how it was built ------------------------------------------------------------------------------------------------------


def readelf(*options):
    if not shutil.which("readelf"):
        pytest.skip("readelf is not here")
    return subprocess.run(["readelf", "-W", *options, binary()], capture_output=True, text=True, check=True).stdout


def test_it_loads_anywhere():
    assert re.search(r"^\s*Type:\s+DYN ", readelf("-h"), re.M)
    assert re.search(r"\(FLAGS_1\).*\bPIE\b", readelf("-d"))


def test_nothing_is_writable_that_need_not_be():
    segments, dynamic = readelf("-l"), readelf("-d")
    assert "GNU_RELRO" in segments and re.search(r"\(FLAGS(_1)?\).*\b(BIND_NOW|NOW)\b", dynamic)
    (stack,) = re.findall(r"^\s*GNU_STACK\s.*$", segments, re.M)
    assert "RWE" not in stack
    for line in re.findall(r"^\s*LOAD\s.*$", segments, re.M):
        assert not re.search(r"\bRWE\b", line)


def test_buffers_are_guarded():
    symbols = readelf("--dyn-syms")
    if SANITIZED:
        assert re.search(r"__(asan|tsan)_init", symbols)  # they check more, in another way
        return
    assert "__stack_chk_fail" in symbols
    assert re.search(r"__(memcpy|snprintf|vsnprintf|read|fprintf)_chk", symbols)


def test_it_needs_no_library_from_elsewhere():
    assert not re.search(r"\((RPATH|RUNPATH)\)", readelf("-d"))


# ---- sockets ---------------------------------------------------------------------------------------------------------------


def test_loopback_and_no_further(tmp_path):
    """With every listener on and all parts of it used, it binds loopback addresses only and connects to nothing."""
    if not shutil.which("strace"):
        pytest.skip("strace is not here")
    trace = tmp_path / "trace"
    words = ["strace", "-f", "-qq", "-e", "trace=%network", "-o", str(trace), binary(), "--port", "0", "--tls-port", "0",
             "--admin-port", "0", "--data", str(tmp_path / "data"), "--tls-names", "mock.test"]
    traced = subprocess.Popen(words, env=environment(ASAN_OPTIONS="detect_leaks=0"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True)
    try:
        lines = [traced.stdout.readline() for _ in range(3)]
        if not all(lines):
            pytest.skip("strace may not trace here")
        ports = {line.split()[1] + line.split()[2].partition(":")[0]: int(line.rpartition(":")[2]) for line in lines}
        use_everything(ports)
        for child in pathlib.Path(f"/proc/{traced.pid}/task/{traced.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGTERM)
        assert traced.wait(TIMEOUT_SECONDS) == 0
    finally:
        traced.kill()
        traced.communicate()
    calls = trace.read_text()
    assert "connect(" not in calls
    bound = re.findall(r"bind\(.*", calls)
    assert len(bound) == 3 and all('inet_addr("127.0.0.1")' in call for call in bound)
    assert not re.search(r"socket\(AF_(?!INET,|INET6,)", calls), "a socket of another kind"


def use_everything(ports):
    from support.admin import Admin

    admin = Admin(ports["adminhttp"])
    trust = api.trusting(admin.ca_pem())
    for address, tls in ((f"127.0.0.1:{ports['readyhttp']}", None), (f"127.0.0.1:{ports['readyhttps']}", trust)):
        with api.Client(address, tls) as client:
            assert client.call("DescribeSnapshots").code is None
            assert client.call("CreateSnapshot", {"DiskId": DISK}, secret_key="wrong").code == "AuthFailure.SignatureFailure"
    admin.ask("PUT", "/_cbs/sandboxes/AKIDone", {})
    admin.ask("POST", "/_cbs/sandboxes/AKIDone/fork", {"as": "AKIDtwo"})
    admin.ask("PUT", "/_cbs/snapshots/kept")
    admin.ask("POST", "/_cbs/auth/diagnose", {"method": "GET", "url": "http://cbs.tencentcloudapi.com/?Action=DescribeDisks",
                                              "headers": {"Host": "cbs.tencentcloudapi.com"}})
    admin.ask("GET", "/_cbs/report")
    admin.reset()


# ---- names -----------------------------------------------------------------------------------------------------------------

ELSEWHERE = ["..", ".", "../outside", "..%2Foutside", "%2e%2e%2foutside", "a%2Fb", "a/../../outside", "%00", "a%00b", "a.db", "/etc/passwd",
             "%2Fetc%2Fpasswd", "x" * 300, "a b", "a%0Ab", "caf%C3%A9", "con:", "-new", ""]


@pytest.mark.parametrize("name", ELSEWHERE)
def test_names_lead_nowhere(tmp_path, name):
    """No name of a sandbox or checkpoint writes, reads or removes anything but its own file in the data directory."""
    data, outside = tmp_path / "data", tmp_path / "outside.db"
    outside.write_text("precious")
    usual = {"default.db", "default.db-lock", "default.db-shm", "default.db-wal", "seal.key"}
    with Server("--data", str(data)) as server:
        for method, path, body in (
            ("PUT", f"/_cbs/sandboxes/{name}", {}), ("POST", "/_cbs/sandboxes/default/fork", {"as": name}),
            ("PUT", f"/_cbs/snapshots/{name}", None), ("POST", f"/_cbs/snapshots/{name}/restore", None),
            ("DELETE", f"/_cbs/snapshots/{name}", None), ("DELETE", f"/_cbs/sandboxes/{name}", None),
            ("PUT", "/_cbs/sandboxes/AKIDone", {"template": f"default/{name}"}), ("POST", f"/_cbs/reset?sandbox={name}", None),
        ):
            if " " in path:
                continue  # no request line
            status, text = server.admin.exchange(method, path, body)
            assert 400 <= status < 500 or name == "-new", f"{method} {path}: {status} {text}"
        assert {path.name for path in data.iterdir()} - usual <= ({"-new.db", "default.-new.checkpoint"} if name == "-new" else set())
    assert outside.read_text() == "precious"
    assert {path.name for path in tmp_path.iterdir()} == {"data", "outside.db"}


def test_a_key_cannot_name_a_file(tmp_path):
    """A sandbox made by its first use is named by the SecretId that a client sends."""
    data = tmp_path / "data"
    with Server("--data", str(data), "--sandbox-on-first-use", "*") as server:
        for secret_id in ("../outside", "/tmp/outside", "a.b", "..", "default", "x" * 200):
            assert api.call(server, "DescribeDisks", secret_id=secret_id, secret_key="test").code.startswith("AuthFailure")
        assert list(Sandboxes(server).list()) == ["default"]
        assert api.call(server, "DescribeDisks", secret_id="AKIDfine", secret_key="test").code is None
    assert {path.name for path in tmp_path.iterdir()} == {"data"}


# ---- headers ---------------------------------------------------------------------------------------------------------------

INJECTED = b"X-Injected: yes"


@pytest.mark.parametrize("breaks", [b"\r\n", b"\n", b"\r", b"\x0b", b"\x00", b"\xe5\x98\x8a\xe5\x98\x8d", b"%0d%0a"])
@pytest.mark.parametrize("header", [b"X-TC-TraceId", b"X-TC-Action", b"X-TC-Language", b"X-TC-Region", b"Origin", b"X-Cbs-Tags"])
def test_no_header_of_a_request_adds_one_to_the_answer(module_server, header, breaks):
    plain = message(api.Request("DescribeDisks", {"Limit": 1}), module_server.address, extra=[("Connection", "close")])
    first, _, rest = plain.partition(b"\r\n")
    # After the break comes a header of the request, which no answer may repeat as one of its own.
    data = first + b"\r\n" + header + b": a" + breaks + INJECTED + b"\r\n" + rest
    with Raw(module_server) as raw:
        raw.send(data)
        received = b""
        while chunk := raw.socket.recv(65536):
            received += chunk
    head, _, _ = received.partition(b"\r\n\r\n")
    assert not re.search(rb"(^|[\r\n])X-Injected", head)
    assert received.count(b"HTTP/1.1 ") <= 1


@pytest.mark.parametrize("path", ["/_cbs/%0d%0aX-Injected:%20yes", "/_cbs/health?a=%0d%0aX-Injected:yes", "/?Action=%0d%0aX-Injected:yes",
                                  "/_cbs/requests/%0d%0aX-Injected:yes/why"])
def test_no_target_adds_a_header(module_server, path):
    with Raw(module_server) as raw:
        raw.send(f"GET {path} HTTP/1.1\r\nHost: {module_server.address}\r\n\r\n".encode())
        answer = raw.answer()
    assert answer["X-Injected"] is None


def test_no_fault_rule_adds_a_header(module_server):
    rule = {"do": {"type": "http", "status": 503, "body": "x", "content_type": "text/plain\r\nX-Injected: yes"}}
    status, _ = module_server.admin.exchange("POST", "/_cbs/faults", rule)
    with Raw(module_server) as raw:
        raw.send(message(api.Request("DescribeDisks", {"Limit": 1}), module_server.address))
        answer = raw.answer()
    module_server.admin.reset()
    assert answer["X-Injected"] is None
    assert status in (200, 400)
