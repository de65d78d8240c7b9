"""Nothing that leaves the server or stays behind it holds a secret key or a token: no log, no answer, no export, no file."""

import http.client
import json

import pytest

from raw import TIMEOUT_SECONDS
from start import complaint
from support import api, sign
from support.sandboxes import Sandbox, Sandboxes
from support.server import Server, environment

OWN_KEY, FORKED_KEY = "OwnKeyThatNobodyMayRead000000000", "ForkedKeyThatNobodyMayRead000000"
FIXTURE_KEY, FIRST_USE_KEY = "FixtureKeyThatNobodyMayRead00000", "FirstUseKeyThatNobodyMayRead0000"
DIAGNOSED_KEY, SESSION_TOKEN = "DiagnosedKeyThatNobodyMayRead00", "SessionTokenThatNobodyMayRead000"
SECRETS = (sign.SECRET_KEY, OWN_KEY, FORKED_KEY, FIXTURE_KEY, FIRST_USE_KEY, DIAGNOSED_KEY, SESSION_TOKEN)
OPTIONS = ("--log-level", "debug", "--sandbox-on-first-use", "AKIDfirst*", "--sandbox-secret-key", FIRST_USE_KEY, "--rate-limit", "off")
FIXTURE = {"Credentials": [
    {"SecretId": "AKIDfixture", "SecretKey": FIXTURE_KEY, "Account": 100000000001},
    {"SecretId": "AKIDsession", "SecretKey": FIXTURE_KEY, "Account": 100000000001, "Token": SESSION_TOKEN},
]}
KEYS = {
    sign.SECRET_ID: sign.SECRET_KEY, "AKIDown": OWN_KEY, "AKIDfork": FORKED_KEY, "AKIDfixture": FIXTURE_KEY, "AKIDfirst1": FIRST_USE_KEY,
}


def use_keys(server):
    """Signs well and badly, in each of the ways."""
    for secret_id, secret_key in KEYS.items():
        for signature in (api.TC3, api.SHA1, api.SHA256):
            call = {"secret_id": secret_id, "signature": signature}
            assert api.call(server, "DescribeDisks", secret_key=secret_key, **call).code is None
            assert api.call(server, "DescribeDisks", secret_key=secret_key + " ", **call).code == "AuthFailure.SignatureFailure"
    session = {"secret_id": "AKIDsession", "secret_key": FIXTURE_KEY}
    assert api.call(server, "DescribeDisks", token=SESSION_TOKEN, **session).code is None
    assert api.call(server, "DescribeDisks", token="another", **session).code == "AuthFailure.TokenFailure"
    # Someone takes one for the other.
    assert api.call(server, "DescribeDisks", secret_id=sign.SECRET_KEY).code == "AuthFailure.SecretIdNotFound"


def make_worlds(server):
    Sandboxes(server).put("AKIDown", secret_key=OWN_KEY)
    Sandboxes(server).fork("AKIDown", "AKIDfork", secret_key=FORKED_KEY)
    server.admin.seed(FIXTURE)
    for name in ("default", "AKIDown"):
        Sandbox(server, name).ask("PUT", "/_cbs/snapshots/kept")
        Sandbox(server, name).ask("POST", "/_cbs/snapshots/kept/restore")
    Sandbox(server, "AKIDown").ask("POST", "/_cbs/reset")


def everything_told(server):
    """(what it is, its bytes) of all that the admin API gives."""
    routes = server.admin.ask("GET", "/_cbs/")["routes"]
    paths = [route["path"] for route in routes if route["method"] == "GET" and "{" not in route["path"]]
    sandboxes = ["default", "AKIDown", "AKIDfork", "AKIDfirst1"]
    for path in ("/_cbs/state", "/_cbs/settings", "/_cbs/snapshots", "/_cbs/report"):
        paths += [f"{path}?sandbox={name}" for name in sandboxes]
    paths += [f"/_cbs/state/export?sandbox={name}" for name in sandboxes]
    for form in ("ndjson", "har", "history"):
        paths += [f"/_cbs/requests/export?format={form}&sandbox={name}" for name in sandboxes]
    for request in server.admin.ask("GET", "/_cbs/requests?limit=40")["requests"]:
        path = f"/_cbs/requests/{request['request_id']}"
        paths += [path, f"{path}/why"] + [f"{path}/as/{form}" for form in ("cbsmock", "tccli", "python", "curl", "go", "java", "node")]
    for path in paths:
        yield path, raw(server, "GET", path)
    yield "diagnosis", raw(server, "POST", "/_cbs/auth/diagnose", {
        "method": "GET", "url": "/?Action=DescribeDisks&SecretId=AKIDnew&Timestamp=1&Nonce=1&Signature=x&Version=2017-03-12",
        "headers": {"Host": "cbs.tencentcloudapi.com"}, "secret_key": DIAGNOSED_KEY})


def raw(server, method, path, body=None):
    """The bytes of an answer, whatever they are."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
    connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
    try:
        return connection.getresponse().read()
    finally:
        connection.close()


def assert_no_secret(what, data):
    for secret in SECRETS:
        assert secret.encode() not in data, f"{secret} stands in {what}"


@pytest.mark.parametrize("durability", ["os", "power"])
def test_no_secret_is_left_anywhere(tmp_path, durability):
    data = tmp_path / "data"
    with Server(*OPTIONS, "--data", str(data), "--durability", durability, env=environment()) as server:
        make_worlds(server)
        use_keys(server)
        for what, told in everything_told(server):
            assert_no_secret(what, told)
        files = {path.name: path.read_bytes() for path in data.iterdir()}
        log = server.log()
    assert {"default.db", "AKIDown.db", "AKIDfork.db", "AKIDfork.origin", "AKIDown.kept.checkpoint", "seal.key"} <= files.keys()
    files |= {path.name + " at the end": path.read_bytes() for path in data.iterdir()}
    for name, content in files.items():
        assert_no_secret(name, content)
    assert "string_to_sign" in log
    assert_no_secret("the log", log.encode())
    with Server(*OPTIONS, "--data", str(data), env=environment()) as server:
        use_keys(server)


def test_the_key_of_the_files_is_its_owners(tmp_path):
    data = tmp_path / "data"
    with Server("--data", str(data)):
        assert (data / "seal.key").stat().st_mode & 0o777 == 0o600
        assert data.stat().st_mode & 0o077 == 0


def test_files_do_not_open_with_another_key(tmp_path):
    data = tmp_path / "data"
    with Server("--data", str(data)):
        pass
    (data / "seal.key").write_bytes(b"k" * 32)
    assert "another seal.key" in complaint("--port", "0", "--data", str(data))
    (data / "seal.key").write_bytes(b"k")
    assert "seal.key is damaged" in complaint("--port", "0", "--data", str(data))
