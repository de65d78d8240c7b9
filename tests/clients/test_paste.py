"""Calls of the journal written as tccli and as Python run unmodified and make the same call again."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

from support import api, sign
from support.requests import Requests

PARAMS = {"Filters": [{"Name": "snapshot-name", "Values": ["it's \"quoted\" $HOME"]}], "Limit": 2}


def run(tmp_path, form, text):
    """What the text prints when it is run with the tools beside this Python, as JSON."""
    command = {"tccli": ["sh", "-c", text], "python": [sys.executable, "-c", text]}[form]
    tools = pathlib.Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("TENCENTCLOUD_") and not name.lower().endswith("_proxy")}
    environment.update({"HOME": str(tmp_path), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
                        "TENCENTCLOUD_SECRET_KEY": sign.SECRET_KEY})
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("form", ["tccli", "python"])
@pytest.mark.parametrize("changes", [{}, {"language": "zh-CN"}, {"signature": api.SHA256, "method": "GET"}])
def test_pasted_text_makes_the_same_call(server, tmp_path, form, changes):
    journal = Requests(server.admin)
    answer = api.call(server, "DescribeSnapshots", PARAMS, **changes)
    printed = run(tmp_path, form, journal.paste(answer.request_id, form))
    assert {**printed, "RequestId": answer.request_id} == answer.response
    first, second = journal.list()
    assert first["params"] == second["params"] == PARAMS
    if form == "python":
        assert first["scheme"] == second["scheme"]
    assert first.get("language", "en-US") == second.get("language", "en-US")


def test_a_refused_call_is_refused_again(server, tmp_path):
    journal = Requests(server.admin)
    answer = api.call(server, "CreateSnapshot", {"DiskId": "disk-00000000"})
    text = journal.paste(answer.request_id, "python")
    with pytest.raises(AssertionError, match="InvalidDiskId.NotFound"):
        run(tmp_path, "python", text)
    assert [r["code"] for r in journal.list()] == ["InvalidDiskId.NotFound"] * 2


@pytest.mark.parametrize("params", [{"DiskId": "disk-lzrg2pwi", "Colour": {"Red": [1, None]}}, {"DiskId": 5}])
def test_what_the_typed_request_cannot_say_is_sent_all_the_same(server, tmp_path, params):
    journal = Requests(server.admin)
    answer = api.call(server, "CreateSnapshot", params)
    with pytest.raises(AssertionError, match=answer.code):
        run(tmp_path, "python", journal.paste(answer.request_id, "python"))
    assert [r["params"] for r in journal.list()] == [params, params]


@pytest.mark.parametrize("name", ["x; touch ran #", "$(touch ran)", "`touch ran`", "it's", "a b", "*", "\n touch ran\n", "", "-"])
def test_a_name_is_one_word_for_a_shell(server, tmp_path, name):
    """A parameter may be named as no program would name it; pasted, it is still a name and nothing more."""
    arguments = tmp_path / "arguments"
    tool = tmp_path / "tccli"
    tool.write_text(f"#!/bin/sh\nprintf '%s\\0' \"$@\" >{arguments}\n", encoding="utf-8")
    tool.chmod(0o700)
    answer = api.call(server, "CreateSnapshot", {name: "value"})
    environment = {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "TENCENTCLOUD_SECRET_KEY": sign.SECRET_KEY}
    done = subprocess.run(["sh", "-c", Requests(server.admin).paste(answer.request_id, "tccli")], env=environment, cwd=tmp_path,
                          capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert arguments.read_text(encoding="utf-8").split("\0")[-3:] == [f"--{name}", "value", ""]
    assert not (tmp_path / "ran").exists()


def test_a_key_in_a_comment_ends_with_its_line(server, tmp_path):
    world = {"Credentials": [{"SecretId": "AKID\ntouch ran", "SecretKey": "k", "Account": 100000000001}]}
    server.admin.seed(world)
    answer = api.call(server, "DescribeDisks", {}, secret_id="AKID\ntouch ran", secret_key="k", signature=api.SHA1)
    assert answer.code is None
    subprocess.run(["sh", "-c", Requests(server.admin).paste(answer.request_id, "cbsmock")], cwd=tmp_path, timeout=60,
                   stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert not (tmp_path / "ran").exists()
