"""`cbsmock call` and `cbsmock health`, as a person without an SDK uses them."""

import hashlib
import itertools
import json
import os
import re
import socket
import subprocess
import threading

import pytest

from support import sign
from support.server import binary

DISK = "disk-lzrg2pwi"


def run(*words, stdin="", **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TENCENTCLOUD_")}
    return subprocess.run([binary(), *words], env={**kept, **environment}, input=stdin, capture_output=True, text=True, timeout=60)


def ask(server, *words, **options):
    """The fields of a success."""
    done = run("call", *words, "--endpoint", server.url, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)["Response"]


def refusal(server, *words, **options):
    """The error of a refusal."""
    done = run("call", *words, "--endpoint", server.url, **options)
    assert done.returncode == 1, done.stdout + done.stderr
    return json.loads(done.stdout)["Response"]["Error"]


def usage_error(*words, **options):
    """The one line of a call that never got an answer."""
    done = run(*words, **options)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and done.stderr.startswith(f"cbsmock {words[0]}: ")
    return done.stderr


@pytest.mark.parametrize("signature,method", list(itertools.product(["tc3", "sha1", "sha256"], ["post", "get"])))
def test_every_form(server, signature, method):
    how = ["--signature", signature, "--method", method]
    snapshot = ask(server, "CreateSnapshot", f"DiskId={DISK}", "SnapshotName=改名 a+b=c&d%", *how)["SnapshotId"]
    answer = ask(server, "DescribeSnapshots", "Filters.0.Name=disk-id", f"Filters.0.Values.0={DISK}", "Limit=100", "Offset=0", *how)
    names = {item["SnapshotId"]: item["SnapshotName"] for item in answer["SnapshotSet"]}
    assert names[snapshot] == "改名 a+b=c&d%"


@pytest.mark.parametrize("signature,method", [("tc3", "post"), ("sha1", "post"), ("tc3", "get")])
def test_json(server, tmp_path, signature, method):
    how = ["--signature", signature, "--method", method]
    text = json.dumps({"Filters": [{"Name": "disk-id", "Values": [DISK]}], "Limit": 1})
    file = tmp_path / "params.json"
    file.write_text(text)
    wanted = [DISK]
    for given, stdin in [(text, ""), (f"@{file}", ""), ("-", text)]:
        answer = ask(server, "DescribeDisks", "--json", given, "Offset=0", *how, stdin=stdin)
        assert [disk["DiskId"] for disk in answer["DiskSet"]] == wanted


def test_values_take_the_models_type(server):
    assert refusal(server, "DescribeSnapshots", "Limit=many")["Code"] == "InvalidParameter"
    assert ask(server, "DescribeSnapshots", "Limit=1")["RequestId"]
    ids = json.dumps([DISK])
    assert ask(server, "DescribeDisks", f"DiskIds={ids}")["TotalCount"] == 1


def test_a_body_is_sent_as_it_is(server):
    assert refusal(server, "CreateSnapshot", "--json", '{"DiskId":}')["Code"] == "InvalidParameter"


def test_language_region_version_and_key(server):
    assert "\u4e00" <= refusal(server, "CreateSnapshot", "--language", "zh-CN")["Message"][0] <= "\u9fff"
    assert refusal(server, "CreateSnapshot", "--region", "")["Code"] == "MissingParameter"
    assert refusal(server, "CreateSnapshot", "--version", "2017-03-13")["Code"] == "NoSuchVersion"
    assert refusal(server, "CreateSnapshot", "--token=wrong")["Code"] == "AuthFailure.TokenFailure"
    pair = ["--secret-id", sign.SECRET_ID, "--secret-key", "wrong"]
    assert refusal(server, "CreateSnapshot", *pair)["Code"] == "AuthFailure.SignatureFailure"
    environment = {"TENCENTCLOUD_SECRET_ID": "AKIDnobody", "TENCENTCLOUD_SECRET_KEY": "wrong"}
    assert refusal(server, "CreateSnapshot", **environment)["Code"] == "AuthFailure.SecretIdNotFound"


def test_a_host_of_its_own(server):
    assert ask(server, "DescribeSnapshots", "--host", "cbs.tencentcloudapi.com")["RequestId"]


def test_it_shows_what_it_signed(server):
    done = run("call", "DescribeSnapshots", "-v", "--endpoint", server.url)
    canonical, text = re.fullmatch(r"canonical request:\n(.*)\n\nstring to sign:\n(.*)\n\n", done.stderr, re.DOTALL).groups()
    assert canonical.startswith("POST\n/\n\ncontent-type:application/json\n")
    assert text.startswith("TC3-HMAC-SHA256\n") and text.endswith(hashlib.sha256(canonical.encode()).hexdigest())
    assert sign.SECRET_KEY not in done.stderr + done.stdout

    done = run("call", "DescribeSnapshots", "-v", "--signature", "sha1", "--method", "get", "--endpoint", server.url)
    assert done.stderr.startswith(f"string to sign:\nGET{server.address}/?Action=DescribeSnapshots&Nonce=")
    assert sign.SECRET_KEY not in done.stderr + done.stdout


def test_pretty(server):
    done = run("call", "DescribeSnapshots", "--output", "pretty", "--endpoint", server.url)
    lines = done.stdout.splitlines()
    assert lines[:2] == ["{", '  "Response": {'] and lines[-1] == "}"
    compact = run("call", "DescribeSnapshots", "--endpoint", server.url).stdout
    assert compact.count("\n") == 1
    strip = {"RequestId": None}
    assert {**json.loads(done.stdout)["Response"], **strip} == {**json.loads(compact)["Response"], **strip}


@pytest.mark.parametrize("words,part", [
    ([], "name the action"),
    (["DiskId=disk-1"], "name the action"),
    (["X", "DiskId"], "NAME=VALUE"),
    (["X", "--nonsense"], "unknown option --nonsense"),
    (["X", "--region"], "--region needs a value"),
    (["X", "--method", "put"], "post or get"),
    (["X", "--signature", "md5"], "tc3 or sha1 or sha256"),
    (["X", "--timeout", "0"], "seconds"),
    (["X", "--secret-id", "A"], "both or neither"),
    (["X", "A=1", "A=2"], "given twice"),
    (["X", "A.1=x"], "numbered 0, 1, 2"),
    (["X", "A=1", "--json", "{"], "syntax error at byte 1"),
    (["X", "A=1", "--json", "[]"], "JSON object"),
    (["X", "--json", "@/nonexistent"], "cannot open /nonexistent"),
    (["X", "--endpoint", "https://127.0.0.1"], "TLS"),
    (["X", "--endpoint", "http://127.0.0.1/path"], "nothing after it"),
    (["X", "--endpoint", "http://127.0.0.1:99999"], "port"),
])
def test_bad_usage(words, part):
    assert part in usage_error("call", *words)


def unused_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize("command", [["call", "X"], ["health"]])
def test_no_server(command):
    assert "is the server running?" in usage_error(*command, "--endpoint", f"http://127.0.0.1:{unused_port()}")


@pytest.mark.parametrize("answer,part", [
    (b"", "without an answer"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "in the middle"),
    (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not HTTP"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "transfer encoding"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "Content-Length"),
])
def test_a_server_that_is_none_of_ours(answer, part):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
        thread = threading.Thread(target=serve)
        thread.start()
        line = usage_error("call", "X", "--endpoint", f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join(10)
    assert part in line


def test_a_server_that_says_nothing():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        assert "too long to answer" in usage_error("call", "X", "--timeout", "1", "--endpoint", address)


def test_health(server):
    done = run("health", "--endpoint", server.url)
    assert done.returncode == 0 and json.loads(done.stdout)["status"] == "ok"


@pytest.mark.parametrize("command", ["call", "health"])
def test_help(command):
    done = run(command, "--help")
    assert done.returncode == 0 and done.stdout.startswith(f"usage: cbsmock {command} ") and done.stderr == ""
