"""Settings of a server that runs: what SIGHUP and the admin API change, what they cannot, and that a mistake changes nothing."""

import fcntl
import http.client
import json
import os
import pty
import signal
import subprocess
import termios
import threading

import pytest

from start import environment
from support.api import Client, call
from support.server import Server, binary
from support.wait import wait_until

DISK = "disk-lzrg2pwi"
SECONDS = 20
READ, KEPT = "settings read again", "the settings stay as they are"


class Configured:
    """A server whose settings are a file."""

    def __init__(self, path, **settings):
        self.path = path
        self.write(**settings)
        self.server = Server("--config", str(path))

    def write(self, text=None, **settings):
        self.path.write_text(json.dumps({name.replace("_", "-"): value for name, value in settings.items()}) if text is None else text)

    def hup(self):
        """Sends SIGHUP; the lines it was answered with."""
        before = len(self.server.log())

        def said():
            return self.server.log()[before:]
        self.server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: READ in said() or KEPT in said(), said, SECONDS)
        return said()

    def hup_with(self, **settings):
        self.write(**settings)
        return self.hup()

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *error):
        self.server.__exit__(*error)


@pytest.fixture
def configured(tmp_path):
    opened = []

    def begin(**settings):
        opened.append(Configured(tmp_path / "settings.json", **settings))
        return opened[-1].__enter__()
    yield begin
    for one in opened:
        one.__exit__(None, None, None)


def status(server, headers=None, path="/_cbs/clock", host=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    try:
        connection.request("GET", path, headers={**(headers or {}), **({"Host": host} if host else {})})
        reply = connection.getresponse()
        reply.read()
        return reply.status
    finally:
        connection.close()


def codes(server, count, **changes):
    with Client(server.address) as client:
        return {client.call("DescribeSnapshots", {"Limit": 1}, **changes).code for _ in range(count)}


# ---- what changes ----------------------------------------------------------------------------------------------------------


def test_rate_limit(configured):
    c = configured(rate_limit="off")
    assert codes(c.server, 150) == {None}
    said = c.hup_with(rate_limit=0.01)
    assert "setting rate-limit: 0.01" in said and "was off" in said
    assert "RequestLimitExceeded" in codes(c.server, 10)
    c.hup_with(rate_limit="off")
    assert codes(c.server, 150) == {None}


def test_dialect(configured):
    c = configured(dialect="classic")

    def second_snapshot():
        c.server.admin.reset()
        call(c.server, "CreateSnapshot", {"DiskId": DISK})
        return call(c.server, "CreateSnapshot", {"DiskId": DISK}).code
    assert second_snapshot() == "InvalidDisk.SnapshotCreating"
    c.hup_with(dialect="current")
    assert second_snapshot() == "ResourceUnavailable.SnapshotCreating"


def test_transitions(configured):
    c = configured(transitions="manual")

    def state():
        c.server.admin.reset()
        snapshot = call(c.server, "CreateSnapshot", {"DiskId": DISK})["SnapshotId"]
        return call(c.server, "DescribeSnapshots", {"SnapshotIds": [snapshot]})["SnapshotSet"][0]["SnapshotState"]
    assert state() == "CREATING"
    c.hup_with(transitions="immediate")
    assert state() == "NORMAL"
    c.hup_with(transition="snapshot.create=1h")
    assert state() == "CREATING"


def test_signature(configured):
    c = configured(signature="local")
    wrong = {"secret_key": "wrong"}
    assert codes(c.server, 1, **wrong) == {"AuthFailure.SignatureFailure"}
    c.hup_with(signature="off")
    assert codes(c.server, 1, **wrong) == {None}
    c.hup_with()
    assert codes(c.server, 1, **wrong) == {"AuthFailure.SignatureFailure"}


def test_public_hosts(configured):
    c = configured()
    signed_for = {"host": "cbs.example.test", "unsigned": {"Host": c.server.address}}
    assert codes(c.server, 1, **signed_for) == {"AuthFailure.SignatureFailure"}
    c.hup_with(public_hosts="one.test,cbs.example.test")
    assert codes(c.server, 1, **signed_for) == {None}
    c.hup_with()
    assert codes(c.server, 1, **signed_for) == {"AuthFailure.SignatureFailure"}


def test_finance(configured):
    c = configured(finance="strict")
    assert codes(c.server, 1, region="ap-shenzhen-fsi") != {None}
    c.hup_with(finance="off")
    assert codes(c.server, 1, region="ap-shenzhen-fsi") == {None}


def test_admin_token(configured):
    c = configured()
    token = {"X-Cbs-Admin-Token": "first"}
    assert status(c.server) == 200
    said = c.hup_with(admin_token="first")
    assert "setting admin-token: (set), was none" in said and "first" not in said
    assert status(c.server) == 401
    assert status(c.server, token) == 200
    c.hup_with(admin_token="second")
    assert status(c.server, token) == 403
    c.hup_with()
    assert status(c.server) == 200


def test_admin_hosts(configured):
    c = configured()
    assert status(c.server, host="mock.test") == 403
    c.hup_with(admin_hosts=["mock.test", "other.test"])
    assert status(c.server, host="mock.test") == 200
    c.hup_with()
    assert status(c.server, host="mock.test") == 403


def test_log(configured):
    c = configured(log_level="warn")
    said = c.hup_with(log_level="info", log_format="json")
    assert all(json.loads(line)["event"] for line in said.splitlines() if READ in line)
    before = len(c.server.log())
    call(c.server, "DescribeDisks")
    line = c.server.log()[before:].splitlines()[0]
    assert json.loads(line)["action"] == "DescribeDisks"


def test_what_is_gone_from_the_file_falls_back(configured):
    c = configured(rate_limit="off", dialect="current")
    said = c.hup_with()
    assert "setting rate-limit: on, was off" in said and "setting dialect: classic, was current" in said


def test_nothing_changed(configured):
    c = configured(rate_limit="off")
    said = c.hup()
    assert "setting " not in said and "restart" not in said


def test_a_flag_still_wins(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text('{"dialect": "classic"}')
    with Server("--config", str(path), "--dialect", "current") as server:
        assert setting(server, "dialect")["value"] == "current"
        path.write_text('{"dialect": "classic", "rate-limit": "off"}')
        assert server.admin.ask("POST", "/_cbs/config/reload")["changed"] == [{"name": "rate-limit", "from": "on", "to": "off"}]
        assert setting(server, "dialect")["value"] == "current"


# ---- what does not ---------------------------------------------------------------------------------------------------------


def test_needs_a_restart(configured):
    c = configured(seed=1)
    said = c.hup_with(seed=2, threads=3, idle_timeout=5, rate_limit="off")
    assert said.count("needs a restart") == 1
    assert "needs a restart: threads, idle-timeout, seed" in said
    assert "setting rate-limit: off" in said
    assert "needs a restart: threads, idle-timeout, seed" in c.hup()  # told again as long as it is so


@pytest.mark.parametrize("text, part", [
    ("{", "line 1"),
    ('{"colour": 1}', "is not a setting; accepted: host"),
    ('{"rate-limit": "sometimes"}', "it takes on|off|FACTOR"),
    ('{"rate-limit": "off", "threads": "x"}', "it takes 0..256"),
    ("[]", "must hold a JSON object"),
])
def test_a_mistake_keeps_the_old(configured, text, part):
    c = configured(dialect="current")
    c.write(text)
    said = c.hup()
    assert KEPT in said and part in said and READ not in said
    assert setting(c.server, "dialect")["value"] == "current"
    assert setting(c.server, "rate-limit")["value"] == "on"
    assert codes(c.server, 1) == {None}


def test_a_file_that_went_away(configured):
    c = configured(dialect="current")
    c.path.unlink()
    assert KEPT in c.hup()
    assert setting(c.server, "dialect")["value"] == "current"


# ---- over the admin API ----------------------------------------------------------------------------------------------------


def setting(server, name):
    return next(one for one in server.admin.ask("GET", "/_cbs/config")["settings"] if one["name"] == name)


def test_show(configured):
    c = configured(rate_limit="off", admin_hosts=["a.test", "b.test"])
    assert setting(c.server, "rate-limit") == {
        "name": "rate-limit", "value": "off", "live": True, "takes": "on|off|FACTOR",
        "help": setting(c.server, "rate-limit")["help"]}
    assert setting(c.server, "admin-hosts")["value"] == "a.test,b.test"
    assert setting(c.server, "data") | {"help": ""} == {"name": "data", "value": None, "live": False, "takes": "DIR", "help": ""}


def test_a_secret_is_not_shown():
    with Server("--admin-token", "sesame") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
        connection.request("GET", "/_cbs/config", headers={"X-Cbs-Admin-Token": "sesame"})
        text = connection.getresponse().read().decode()
        connection.close()
        assert '"(set)"' in text and "sesame" not in text


def test_change(configured):
    c = configured(dialect="current")
    changed = c.server.admin.ask("PATCH", "/_cbs/config", {"rate-limit": "off", "public-hosts": ["x.test", "y.test"]})
    assert changed == {"changed": [{"name": "rate-limit", "from": "on", "to": "off"},
                                   {"name": "public-hosts", "from": None, "to": "x.test,y.test"}], "needs_restart": []}
    assert codes(c.server, 150) == {None}
    c.server.admin.ask("PATCH", "/_cbs/config", {"dialect": "classic"})
    assert setting(c.server, "rate-limit")["value"] == "off"  # what was changed before stays
    again = c.server.admin.ask("POST", "/_cbs/config/reload")
    assert {one["name"]: one["to"] for one in again["changed"]} == {"rate-limit": "on", "public-hosts": None, "dialect": "current"}


@pytest.mark.parametrize("body, parts", [
    ({"colour": "red"}, ["colour", "accepted: host"]),
    ({"rate-limit": "off", "dialect": "old"}, ["dialect", "classic|current"]),
    ({"port": 1}, ['"port" is not "live"']),
    ({"config": "x.json"}, ["config", "accepted"]),
    ({"rate-limit": {"a": 1}}, ["rate-limit", "on|off|FACTOR"]),
])
def test_change_refused(configured, body, parts):
    c = configured()
    code, text = c.server.admin.exchange("PATCH", "/_cbs/config", body)
    assert code == 400
    error = json.loads(text)["error"]
    for part in parts:
        assert part in error["message"]
    assert setting(c.server, "rate-limit")["value"] == "on"


def test_reload_refused(configured):
    c = configured()
    c.write('{"port":')
    code, text = c.server.admin.exchange("POST", "/_cbs/config/reload")
    assert code == 409 and "settings.json line 1" in json.loads(text)["error"]["message"]


# ---- while requests are served -----------------------------------------------------------------------------------------------


def test_under_load(configured):
    c = configured()
    stop = threading.Event()
    fine = (None, "AuthFailure.SignatureFailure", "AuthFailure.InvalidAuthorization", "RequestLimitExceeded")
    failed = []

    def work():
        with Client(c.server.address) as client:
            while not stop.is_set():
                answer = client.call("DescribeDisks", {"Limit": 1}, secret_key="wrong")
                if answer.code not in fine:
                    failed.append(answer.code)
                if status(c.server, {"X-Cbs-Admin-Token": "a"}) not in (200, 403):
                    failed.append("admin")
    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(12):
        c.hup_with(signature=("off", "local", "exact")[i % 3], public_hosts=f"host{i}.test", admin_token="ab"[i % 2],
                   finance=("off", "named")[i % 2], rate_limit=1 + i, dialect=("classic", "current")[i % 2],
                   transitions=("time", "immediate")[i % 2], journal_entries=10 * i)
    stop.set()
    for thread in threads:
        thread.join()
    assert not failed


def test_a_terminal_that_goes_away_ends_it():
    main, terminal = pty.openpty()

    def own_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    process = subprocess.Popen([binary(), "--port", "0"], stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, env=environment(),
                               preexec_fn=own_terminal)
    os.close(terminal)
    try:
        assert b"cbsmock ready" in os.read(main, 200)
        os.close(main)
        _, said = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
    assert process.returncode == 0 and b"ending: SIGHUP" in said
