"""The examples of the README do what it says, and the Chinese one has the same.

A block of sh or python is run as it stands, against a server on another port; a word behind the language, as in "sh docker", names
the suite that sees to it instead. A section of README.zh-CN.md tells which one it translates: "## 时间 <!-- Time -->".
"""

import os
import re
import shutil
import subprocess
import sys

import pytest

from support.api import Request, call
from support.readme import sections
from support.server import ROOT, Server, binary, environment

SECONDS = 60
ADDRESS = "127.0.0.1:9362"
PROGRAM = "build/server/cbsmock"
# The two commands by which everything is built: this run is one of them.
SELF = ("server/run", "tests/run")
# What the server has been asked when the examples of a section begin; REQUEST_ID stands for the first of these.
BEFORE = {
    "What was asked": (
        ("CreateSnapshot", {"DiskId": "disk-lzrg2pwi"}),
        ("DescribeSnapshots", {}),
        ("DeleteSnapshots", {"SnapshotIds": ["snap-none0001"]}),
        ("DeleteSnapshots", {"SnapshotIds": ["snap-none0002"]}),
    ),
}


def chinese_sections():
    found = []
    for heading, blocks in sections("README.zh-CN.md"):
        original = re.fullmatch(r".+ <!-- (.+) -->", heading)
        assert original or not heading, f"README.zh-CN.md: which section is {heading}?"
        found.append((original[1] if original else "", blocks))
    return found


ENGLISH = sections("README.md")
WITH_EXAMPLES = [heading for heading, blocks in ENGLISH if any(block.info in ("sh", "python") for block in blocks)]


def test_every_section_has_its_translation():
    english, chinese = [heading for heading, _ in ENGLISH], [heading for heading, _ in chinese_sections()]
    assert [heading for heading in english if heading not in chinese] == [], "sections without a translation"
    assert chinese == english


def test_both_have_the_same_blocks():
    english = dict(ENGLISH)
    differences = []
    for heading, blocks in chinese_sections():
        ours = english.get(heading, [])
        if blocks != ours:
            changed, original = [block for block in blocks if block not in ours], [block for block in ours if block not in blocks]
            differences.append(f"{heading}: {changed} for {original}")
    assert differences == []


def test_the_example_in_c_is_a_test():
    code = (ROOT / "tests/embed/test_backup.c").read_text(encoding="utf-8")
    parts = [part for _, blocks in ENGLISH for block in blocks if block.info == "c" for part in block.text.split("\n\n")]
    assert parts
    assert [part for part in parts if part.strip() not in code] == []


def pasted_request():
    """A call as it stands in somebody's log."""
    method, target, headers, body = Request("DescribeDisks").sign("cbs.tencentcloudapi.com")
    return "\n".join([f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers), "", body.decode()])


def prepare(folder, server):
    """A folder for the examples: curl that fails with the server, the program under its name, the files they read."""
    tools = folder / "tools"
    tools.mkdir()
    for name, command in (("curl", f"{shutil.which('curl')} --silent --show-error --fail-with-body"), ("cbsmock", binary())):
        (tools / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        (tools / name).chmod(0o755)
    (folder / "request.txt").write_text(pasted_request(), encoding="utf-8")
    path = f"{tools}:{os.path.dirname(sys.executable)}:{os.environ['PATH']}"
    return environment() | {"PATH": path, "CBSMOCK_ENDPOINT": server.url, "PYTHONDONTWRITEBYTECODE": "1"}


def script(blocks, folder, replace):
    """All blocks of a section as one session of a shell, since the later ones use what the earlier ones set."""
    lines = ["set -euo pipefail"]
    for number, block in enumerate(blocks):
        text = block.text
        for old, new in replace.items():
            text = text.replace(old, new)
        if block.info == "python":
            (folder / f"example{number}.py").write_text(text, encoding="utf-8")
            text = f"{sys.executable} example{number}.py\n"
        lines.append(text)
    return "\n".join(lines)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("heading", WITH_EXAMPLES)
def test_the_examples_work(heading, tmp_path):
    blocks = [block for block in dict(ENGLISH)[heading] if block.info in ("sh", "python")]
    for block in blocks:
        commands = [line.split()[0] for line in block.text.splitlines() if line.startswith(SELF)]
        assert all(os.access(ROOT / command, os.X_OK) for command in commands)
        block.text = "".join(line for line in block.text.splitlines(keepends=True) if not line.startswith(SELF))
    with Server() as server:
        answers = [call(server, action, params) for action, params in BEFORE.get(heading, ())]
        replace = {ADDRESS: server.address, PROGRAM: "cbsmock", "REQUEST_ID": answers[0].request_id if answers else "REQUEST_ID"}
        env = prepare(tmp_path, server)
        done = subprocess.run(["bash", "-c", script(blocks, tmp_path, replace)], cwd=tmp_path, env=env, text=True, timeout=SECONDS,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, f"{done.stdout}\n{server.log()[-4000:]}"
