"""From start to end: ready lines, what is kept between starts, what a start refuses without touching anything, signals, the log."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

import pytest

from raw import TIMEOUT_SECONDS, Raw, head, message
from start import Process, complaint, environment
from support import api, sign
from support.admin import Admin
from support.server import ROOT, Server, binary

DISK = "disk-lzrg2pwi"


def describe():
    return api.Request("DescribeDisks", {"Limit": 1})


def healthy(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", "/_cbs/health")
    return connection.getresponse().status == 200


class Address:
    """What Raw wants to know of a server."""

    def __init__(self, port):
        self.port = port
        self.address = f"127.0.0.1:{port}"


def contents(folder):
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---- ready lines -----------------------------------------------------------------------------------------------------------


def test_ready_lines():
    with Process("--port", "0", "--tls-port", "0") as process:
        port, tls_port = process.ready(), process.ready(scheme="https")
        assert port != tls_port and healthy(port)
        status, _, out, _ = process.end(signal.SIGTERM)
        assert (status, out) == (0, "")


def test_a_chosen_port_and_the_next_start_on_it():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    for _ in range(2):
        with Process("serve", "--port", str(port)) as process:
            assert process.ready() == port
            with Raw(Address(port)) as raw:
                raw.send(message(describe(), f"127.0.0.1:{port}"))
                raw.answer()
                assert process.end(signal.SIGTERM)[0] == 0


def test_two_servers_cannot_share_a_port():
    with Process("--port", "0") as process:
        assert "in use" in complaint("--port", str(process.ready()))


def test_any_address():
    with Process("--port", "0", "--host", "0.0.0.0") as process:
        assert healthy(process.ready())


# ---- signals ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_at_once(number):
    with Process("--port", "0", "--tls-port", "0", "--admin-port", "0") as process:
        process.ready()
        status, seconds, _, _ = process.end(number)
        assert status == 0 and seconds < 1


def test_idle_connections_do_not_delay_the_end():
    with Process("--port", "0") as process, contextlib.ExitStack() as stack:
        server = Address(process.ready())
        for _ in range(20):
            raw = stack.enter_context(Raw(server))
            raw.send(message(describe(), server.address))
            raw.answer()
        status, seconds, _, _ = process.end(signal.SIGTERM)
        assert status == 0 and seconds < 1


def test_a_request_in_flight_is_answered(tmp_path):
    """Half of it had arrived when the signal came; the other half comes soon after."""
    with Process("--port", "0", "--data", str(tmp_path)) as process:
        server = Address(process.ready())
        head_bytes, body = head(api.Request("CreateSnapshot", {"DiskId": DISK}), server.address)
        with Raw(server) as raw:
            raw.send(head_bytes + body[:5])
            assert healthy(server.port)
            process.process.send_signal(signal.SIGTERM)
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
                    continue
                break
            raw.send(body[5:])
            answer = raw.answer()
            assert answer["Connection"] == "close" and raw.closed()
        process.process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.process.returncode == 0
    with Server("--data", str(tmp_path)) as server:
        snapshot = answer.json["Response"]["SnapshotId"]
        assert api.call(server, "DescribeSnapshots", {"SnapshotIds": [snapshot]})["TotalCount"] == 1


def test_it_can_be_asked_to_end(tmp_path):
    """On the admin port, with a request of a client half there: both are answered."""
    with Process("--port", "0", "--admin-port", "0", "--admin-token", "sesame", "--data", str(tmp_path)) as process:
        server = Address(process.ready())
        admin = Admin(process.ready("admin"))
        head_bytes, body = head(api.Request("CreateSnapshot", {"DiskId": DISK}), server.address)
        with Raw(server) as raw:
            raw.send(head_bytes + body[:5])
            assert admin.exchange("POST", "/_cbs/shutdown")[0] == 401
            admin.token = "sesame"
            assert admin.exchange("POST", "/_cbs/shutdown", {"now": True})[0] == 400
            assert admin.health()["status"] == "ok"
            began = time.monotonic()
            assert admin.shutdown() == {"status": "stopping"}
            raw.send(body[5:])
            assert raw.answer().json["Response"]["SnapshotId"]
        _, err = process.process.communicate(timeout=TIMEOUT_SECONDS)
        assert process.process.returncode == 0 and time.monotonic() - began < 1.5
        assert "sesame" not in err


def test_a_request_that_never_arrives_does_not_delay_the_end():
    with Process("--port", "0") as process:
        server = Address(process.ready())
        head_bytes, body = head(describe(), server.address)
        with Raw(server) as raw:
            raw.send(head_bytes + body[:5])
            assert healthy(server.port)
            status, seconds, _, _ = process.end(signal.SIGTERM)
            assert status == 0 and seconds < 1


def test_a_reader_that_has_gone_is_no_reason_to_end():
    """Nobody reads the ready lines or the log any more."""
    with Process("--port", "0") as process:
        port = process.ready()
        process.process.stdout.close()
        process.process.stderr.close()
        for _ in range(3):
            assert healthy(port)
        process.process.send_signal(signal.SIGTERM)
        assert process.process.wait(TIMEOUT_SECONDS) == 0


# ---- data that stays -------------------------------------------------------------------------------------------------------


def test_the_world_is_kept(tmp_path):
    data = ("--data", str(tmp_path / "world"))
    with Server(*data) as server:
        snapshot = api.call(server, "CreateSnapshot", {"DiskId": DISK, "SnapshotName": "kept"})["SnapshotId"]
    assert (tmp_path / "world" / "default.db").is_file()
    with Server(*data) as server:
        shown = api.call(server, "DescribeSnapshots", {"SnapshotIds": [snapshot]})["SnapshotSet"]
        assert [s["SnapshotName"] for s in shown] == ["kept"]
        another = api.call(server, "CreateSnapshot", {"DiskId": "disk-lzrg2pwi"})
        assert another.code is not None or another["SnapshotId"] != snapshot


def test_without_a_directory_nothing_is_kept(tmp_path):
    with Server() as server:
        snapshot = api.call(server, "CreateSnapshot", {"DiskId": DISK})["SnapshotId"]
    with Server() as server:
        assert api.call(server, "DescribeSnapshots", {"SnapshotIds": [snapshot]}).response.get("TotalCount") != 1


# ---- starts that are refused -----------------------------------------------------------------------------------------------


def test_a_world_of_another_version(tmp_path):
    with Server("--data", str(tmp_path)):
        pass
    with contextlib.closing(sqlite3.connect(tmp_path / "default.db")) as db:
        db.execute("PRAGMA user_version = 9999")
    before = contents(tmp_path)
    line = complaint("--port", "0", "--data", str(tmp_path))
    assert "default.db" in line and "9999" in line
    assert contents(tmp_path) == before


@pytest.mark.parametrize("content", [b"this is no database\n" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_world(tmp_path, content):
    (tmp_path / "default.db").write_bytes(content)
    assert "default.db" in complaint("--port", "0", "--data", str(tmp_path))
    assert contents(tmp_path) == {"default.db": content}


def test_another_database(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "default.db")) as db:
        db.execute("CREATE TABLE precious (text)")
        db.commit()
    before = contents(tmp_path)
    assert "default.db" in complaint("--port", "0", "--data", str(tmp_path))
    assert contents(tmp_path) == before


@pytest.mark.parametrize("where", ["file/world", "file", "missing/below", "/proc/cbsmock"])
def test_a_directory_that_cannot_be_used(tmp_path, where):
    (tmp_path / "file").write_text("precious")
    line = complaint("--port", "0", "--data", str(tmp_path / where))
    assert str(tmp_path / where) in line
    assert contents(tmp_path) == {"file": b"precious"}


def bad_fixture(tmp_path, content):
    path = tmp_path / "world.json"
    if content is not None:
        path.write_text(content)
    before = contents(tmp_path)
    line = complaint("--port", "0", "--data", str(tmp_path / "data"), "--fixture", str(path))
    assert str(path) in line
    assert contents(tmp_path) == before and not (tmp_path / "data").exists()
    return line


def test_fixtures_that_are_no_world(tmp_path):
    world = json.loads((ROOT / "fixtures" / "default.json").read_text())
    world["Disks"][0]["DiskSize"] = "fifty"
    assert "/Disks/0/DiskSize" in bad_fixture(tmp_path, json.dumps(world))
    bad_fixture(tmp_path, "{")
    bad_fixture(tmp_path, "[]")
    bad_fixture(tmp_path, '{"Disk": []}')


def test_a_fixture_that_is_not_there(tmp_path):
    bad_fixture(tmp_path, None)


# ---- the log ---------------------------------------------------------------------------------------------------------------


def requests_in(log):
    return [json.loads(line) for line in log.splitlines() if '"request"' in line]


def test_a_line_a_request():
    with Server("--log-format", "json", env=environment()) as server:
        good = api.call(server, "DescribeDisks", {"Limit": 1})
        bad = api.call(server, "CreateSnapshot", {"DiskId": "disk-00000000"})
        first, second = requests_in(server.log())
    assert (first["action"], first["code"], first["request_id"], first["status"]) == ("DescribeDisks", "OK", good.request_id, 200)
    assert first["account"] > 0 and first["us"] >= 0
    assert "signed_with" not in first and "stage" not in first
    assert (second["code"], second["request_id"]) == ("InvalidDiskId.NotFound", bad.request_id)
    assert second["guard"] and second["stage"]


def test_a_client_quirk_is_told_apart():
    with Server("--log-format", "json", env=environment()) as server:
        host = f"127.0.0.1:{server.port}"
        quirky = api.Request("DescribeDisks", host="127.0.0.1", unsigned={"Host": host})
        assert api.call(server, "DescribeDisks").code is None
        with api.Client(server.address) as client:
            assert client.send(quirky).code is None
        plain, signed_otherwise = requests_in(server.log())
    assert "signed_with" not in plain
    assert signed_otherwise["signed_with"] == "host without port"


def test_no_secret_is_written_down(tmp_path):
    unknown = "AKIDunknownunknownunknownunknown1234"
    with Server("--log-level", "debug", "--data", str(tmp_path), env=environment()) as server:
        for signature in (api.TC3, api.SHA1, api.SHA256):
            assert api.call(server, "DescribeDisks", signature=signature).code is None
            assert api.call(server, "DescribeDisks", signature=signature, secret_key="wrong").code == "AuthFailure.SignatureFailure"
            assert api.call(server, "DescribeDisks", signature=signature, secret_id=unknown).code == "AuthFailure.SecretIdNotFound"
        log = server.log()
    assert sign.SECRET_KEY not in log
    assert unknown not in log and "AKIDunkn…" in log
    assert "string_to_sign" in log


def test_nothing_sent_can_forge_a_line():
    with Server(env=environment()) as server:
        with Raw(server) as raw:
            raw.send(b"POST /\xe2\x80\xa8 HTTP/1.1\r\nHost: a\r\nX-TC-Action: a b=\"c\" \x1b[31m\r\nContent-Length: 0\r\n\r\n")
            raw.answer()
        lines = server.log().split("\n")
    assert len(lines) == 2 and lines[1] == "" and "\x1b" not in lines[0]


@pytest.mark.parametrize("level, lines", [("off", 0), ("error", 0), ("warn", 0), ("info", 1)])
def test_levels(level, lines):
    with Server("--log-level", level, env=environment()) as server:
        api.call(server, "DescribeDisks")
        assert len(server.log().splitlines()) == lines


# ---- the network -----------------------------------------------------------------------------------------------------------


def test_it_opens_no_connection(tmp_path):
    if not shutil.which("strace"):
        pytest.skip("strace is not here")
    trace = tmp_path / "trace"
    words = ["strace", "-f", "-qq", "-e", "trace=connect,sendto", "-o", str(trace), binary(), "--port", "0", "--tls-port", "0", "--data",
             str(tmp_path / "data")]
    quiet = environment(ASAN_OPTIONS="detect_leaks=0")  # which does not work under a tracer
    traced = subprocess.Popen(words, env=quiet, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = traced.stdout.readline()
        if not line:
            pytest.skip("strace may not trace here")
        with api.Client(Address(int(line.rpartition(":")[2])).address) as client:
            client.call("CreateSnapshot", {"DiskId": DISK})
            client.call("DescribeSnapshots")
        for child in pathlib.Path(f"/proc/{traced.pid}/task/{traced.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGTERM)
        assert traced.wait(TIMEOUT_SECONDS) == 0
    finally:
        traced.kill()
        traced.communicate()
    assert not re.search(r"connect\(|sin6?_addr", trace.read_text())
