"""Settings from flags, environment and file: which wins, and that a bad one ends in one clear line and nothing else."""

import http.client
import json
import socket

import pytest

from raw import TIMEOUT_SECONDS
from start import complaint, environment, run
from support.server import Server


@pytest.fixture
def config_file(tmp_path):
    def write(content):
        path = tmp_path / "settings.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return str(path)
    return write


# ---- help ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["serve", "--help"]])
def test_help(words):
    done = run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("--host", "--port", "--tls-port", "--data", "--fixture", "--signature", "--dialect", "--rate-limit", "--config"):
        assert f"  {name} " in done.stdout
    assert "[9362]" in done.stdout and "cbsmock call" in done.stdout


def test_version():
    done = run("--version")
    assert done.returncode == 0 and done.stdout.startswith("cbsmock ") and done.stdout.count("\n") == 1


def test_unknown_subcommand():
    line = complaint("sevre")
    assert '"sevre"' in line and "--help" in line


# ---- bad flags, environment, file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("words, parts", [
    (["--prot", "1"], ["--prot", "did you mean --port?"]),
    (["--colour", "red"], ["--colour", "--help"]),
    (["--port"], ["--port needs a value", "0..65535"]),
    (["--data", "--port", "0"], ["--data needs a value"]),
    (["--port", "65536"], ["--port", '"65536"', "0..65535"]),
    (["--port", "-1"], ["--port", '"-1"']),
    (["--port", "80x"], ["--port", '"80x"']),
    (["--port="], ["--port", '""']),
    (["--tls-port", "on"], ["--tls-port", "off|0..65535"]),
    (["--threads", "1000"], ["--threads", "0..256"]),
    (["--idle-timeout", "0"], ["--idle-timeout", "1..86400"]),
    (["--max-connections", "0"], ["--max-connections"]),
    (["--signature", "loose"], ["--signature", "local|exact|off"]),
    (["--dialect", "Classic"], ["--dialect", "classic|current"]),
    (["--rate-limit", "-2"], ["--rate-limit", "on|off|FACTOR"]),
    (["--rate-limit", "nan"], ["--rate-limit"]),
    (["--rate-limit", "0x10"], ["--rate-limit"]),
    (["--transitions", "slow"], ["--transitions", "time|immediate|manual"]),
    (["--transition", "snapshot.create=soon"], ["--transition", "snapshot.create=soon"]),
    (["--transition", "snapshot.delete=2s"], ["--transition", "snapshot.create"]),
    (["--transition", ""], ["--transition", "snapshot.create"]),
    (["--seed", "-1"], ["--seed"]),
    (["--seed", "9007199254740992"], ["--seed", "0..9007199254740991"]),
    (["--log-level", "loud"], ["--log-level", "off|error|warn|info|debug"]),
    (["--host", "nowhere.test"], ['"nowhere.test"', "not an IP address"]),
    (["--tls-port", "0", "--tls-names", "no name"], ["tls-names", '"no name"']),
    (["serve", "now"], ['"now"', "--name VALUE"]),
])
def test_bad_flags(words, parts):
    line = complaint(*words)
    for part in parts:
        assert part in line


def test_bad_environment():
    line = complaint(CBSMOCK_TLS_PORT="many")
    assert "CBSMOCK_TLS_PORT" in line and '"many"' in line


def test_unknown_environment_is_named_once_and_ignored():
    with Server(env=environment(CBSMOCK_FUTURE_SETTING="1")) as server:
        assert server.admin.health()["status"] == "ok"
        assert server.log().count("CBSMOCK_FUTURE_SETTING") == 1


@pytest.mark.parametrize("content, parts", [
    ({"prot": 1}, ['"prot"', "accepted:", "tls-port"]),
    ({"config": "other.json"}, ['"config"']),
    ({"port": 65536}, ['"port"', '"65536"']),
    ({"port": 1.5}, ['"port"', '"1.5"']),
    ({"port": None}, ['"port"', "0..65535"]),
    ({"port": [1, 2]}, ['"port"']),
    ({"tls-names": [{}]}, ['"tls-names"']),
    ({"tls-names": [1]}, ['"tls-names"']),
    ({"data": True}, ['"data"', "DIR"]),
    ({"host": 127}, ['"host"', "ADDRESS"]),
    ({"seed": 9007199254740993}, ['"seed"']),
    ([], ["JSON object"]),
    ("{\n\n \"port\": 1,,\n}", ["line 3"]),
    ('{"port": 1, "port": 2}', ["line 1"]),
    ("", ["line 1"]),
])
def test_bad_files(config_file, content, parts):
    path = config_file(content)
    line = complaint("--config", path)
    assert path in line
    for part in parts:
        assert part in line


def test_file_that_is_not_there():
    assert "/nowhere/settings.json" in complaint(CBSMOCK_CONFIG="/nowhere/settings.json")


# ---- which source wins ----------------------------------------------------------------------------------------------------


def token_is(server, token):
    """The token setting makes the strongest source visible: only it lets one in."""
    status, _ = server.admin.exchange("GET", "/_cbs/clock")
    assert status == 401
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", "/_cbs/clock", headers={"X-Cbs-Admin-Token": token})
    return connection.getresponse().status == 200


def test_flag_wins_over_environment_wins_over_file(config_file):
    path = config_file({"admin-token": "from-file"})
    with Server("--config", path) as server:
        assert token_is(server, "from-file")
    with Server("--config", path, env=environment(CBSMOCK_ADMIN_TOKEN="from-environment")) as server:
        assert token_is(server, "from-environment")
    with Server("--config", path, "--admin-token=from-flag", env=environment(CBSMOCK_ADMIN_TOKEN="from-environment")) as server:
        assert token_is(server, "from-flag")


def test_the_last_of_equal_flags_wins():
    with Server("--admin-token", "first", "--admin-token", "second") as server:
        assert token_is(server, "second")


def test_an_empty_variable_is_as_good_as_unset():
    with Server(env=environment(CBSMOCK_DATA="", CBSMOCK_TLS_PORT="")) as server:
        assert server.tls_port is None


def test_a_stronger_source_hides_a_bad_value(config_file):
    with Server("--threads", "1", env=environment(CBSMOCK_THREADS="many")) as server:
        assert server.admin.health()["status"] == "ok"


def test_file_with_everything(config_file):
    path = config_file({
        "tls-names": ["a.test", "b.test"], "threads": 1, "rate-limit": False, "transitions": "manual", "public-hosts": "cbs.mock.test",
        "transition": ["snapshot.create=immediate", "disk.create=2s"], "log-format": "json", "seed": 7, "dialect": "current"})
    with Server("--config", path) as server:
        server.admin.health()  # leaves no line at this level: containers ask every few seconds
        server.admin.reset()
        line = json.loads(server.log().splitlines()[-1])
        assert (line["event"], line["path"]) == ("admin", "/_cbs/reset")


# ---- addresses -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", ["--port", "--tls-port", "--admin-port"])
def test_a_port_in_use(tmp_path, setting):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ports = {"--port": "0", "--tls-port": "off", "--admin-port": "off", setting: port}
        line = complaint(*[word for pair in ports.items() for word in pair], "--data", str(tmp_path / "world"))
    assert port in line and "in use" in line
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_is_not_ours():
    assert "192.0.2.1" in complaint("--host", "192.0.2.1", "--port", "0")


def test_ipv6():
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no ::1")
    with Server("--host", "::1") as server:
        assert server.url == f"http://[::1]:{server.port}"
        server.admin.host = "::1"
        assert server.admin.health()["status"] == "ok"
