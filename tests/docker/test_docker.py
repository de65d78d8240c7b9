"""The image, built and run by a container engine: what is in it, what it needs, what a user of it meets."""

import contextlib
import http.client
import io
import json
import os
import re
import shutil
import ssl
import subprocess
import tarfile
import time
import uuid

import pytest

from support.api import Client, trusting
from support.engine import PROXIES, docker, inspect
from support.readme import sections
from support.server import ROOT, binary

SIZE_MAX = 6_000_000
BUILD_SECONDS = 600
HEALTHY_SECONDS = 30
STOP_SECONDS = 3
TOKEN = "a-token-of-this-test"
HARDENED = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


@pytest.fixture(scope="module")
def image():
    """Built for this run only; its layers stay with the engine, so the next build is quick."""
    tag = f"cbsmock-test:{uuid.uuid4().hex[:12]}"
    build_args = [part for name in PROXIES for part in ("--build-arg", name)]
    options = ["--force-rm", "--network", "host", *build_args, "-f", "docker/Dockerfile", "-t", tag]
    docker("build", *options, ".", cwd=ROOT, seconds=BUILD_SECONDS)
    yield tag
    docker("image", "rm", "-f", tag)


@contextlib.contextmanager
def container(image, *args, command=()):
    """A running one that has become healthy; it goes, with what volumes it had of its own."""
    name = docker("run", "-d", "-p", "127.0.0.1:0:9362", *args, image, *command)
    try:
        wait_until_healthy(name)
        yield name
    finally:
        docker("rm", "-f", "-v", name)


def wait_until_healthy(name):
    deadline = time.monotonic() + HEALTHY_SECONDS
    while (state := inspect("container", name)["State"])["Health"]["Status"] != "healthy":
        assert state["Running"] and time.monotonic() < deadline, f"{state} {docker('logs', name)}"


def address(name, port=9362):
    """HOST:PORT on this machine."""
    return docker("port", name, f"{port}/tcp").splitlines()[0]


def admin(name, method, path, body=None, token=None):
    connection = http.client.HTTPConnection(address(name), timeout=30)
    headers = {"Content-Type": "application/json"} if body else {}
    connection.request(method, path, body, {**headers, "X-Cbs-Admin-Token": token} if token else headers)
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return reply.status, text


def create_snapshot(name):
    with Client(address(name)) as client:
        return client.call("CreateSnapshot", {"DiskId": "disk-lzrg2pwi"})["SnapshotId"]


def snapshots(name):
    with Client(address(name)) as client:
        return [row["SnapshotId"] for row in client.call("DescribeSnapshots")["SnapshotSet"]]


def stop(name):
    """(exit status, seconds) of SIGTERM."""
    started = time.monotonic()
    docker("kill", "--signal", "TERM", name)
    return int(docker("wait", name)), time.monotonic() - started


def test_size(image):
    size = inspect("image", image)["Size"]
    print(f"{size} bytes")
    assert size <= SIZE_MAX


def test_nothing_but_the_program_is_inside(image):
    name = docker("create", image)
    try:
        archive = subprocess.run(["docker", "export", name], capture_output=True, check=True, timeout=60).stdout
    finally:
        docker("rm", "-v", name)
    names = {member.name.rstrip("/").partition("/")[0] for member in tarfile.open(fileobj=io.BytesIO(archive))}
    # The engine adds its own mount points to every container.
    assert names - {".dockerenv", "dev", "etc", "proc", "sys"} == {"cbsmock", "data"}


def test_what_it_says_of_itself(image):
    config = inspect("image", image)["Config"]
    version = subprocess.run([binary(), "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    assert config["Labels"]["org.opencontainers.image.title"] == "cbsmock"
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert config["Labels"]["org.opencontainers.image.version"] == version
    assert docker("run", "--rm", image, "--version") == f"cbsmock {version}"
    assert config["User"] == "65532:65532"
    assert list(config["Volumes"]) == ["/data"]
    assert list(config["ExposedPorts"]) == ["9362/tcp"]


def test_it_serves_with_no_rights_at_all(image):
    with container(image, *HARDENED, "--memory", "64m", "--pids-limit", "64") as name:
        assert create_snapshot(name) in snapshots(name)
        assert json.loads(docker("exec", name, "cbsmock", "health"))["status"] == "ok"


def test_admin_needs_a_token(image):
    with container(image) as name:
        status, text = admin(name, "GET", "/_cbs/clock")
        assert (status, "TokenNotSet" in text) == (403, True), text
        assert admin(name, "GET", "/_cbs/health")[0] == 200
    with container(image, "-e", f"CBSMOCK_ADMIN_TOKEN={TOKEN}") as name:
        assert admin(name, "GET", "/_cbs/clock")[0] == 401
        assert admin(name, "PUT", "/_cbs/clock", '{"action":"freeze"}', TOKEN)[0] == 200


def test_tls(image):
    with container(image, *HARDENED, "-e", "CBSMOCK_TLS_PORT=9363", "-p", "127.0.0.1:0:9363") as name:
        status, ca = admin(name, "GET", "/_cbs/ca.pem")
        assert status == 200
        with Client(address(name, 9363), tls=trusting(ca)) as client:
            assert client.call("DescribeSnapshots")["TotalCount"] > 0
        with pytest.raises(ssl.SSLCertVerificationError), Client(address(name, 9363), tls=ssl.create_default_context()) as client:
            client.call("DescribeSnapshots")


def test_data_outlives_the_container(image):
    volume = docker("volume", "create")
    try:
        with container(image, *HARDENED, "-v", f"{volume}:/data") as name:
            snapshot = create_snapshot(name)
            status, seconds = stop(name)
            assert status == 0
            assert seconds < STOP_SECONDS
            docker("start", name)
            wait_until_healthy(name)
            assert snapshot in snapshots(name)
        with container(image, *HARDENED, "-v", f"{volume}:/data") as name:
            assert snapshot in snapshots(name)
    finally:
        docker("volume", "rm", "-f", volume)


def test_settings_by_environment_and_flag(image):
    with container(image, *HARDENED, "-e", "CBSMOCK_DATA=", command=("--transitions", "immediate")) as name:
        snapshot = create_snapshot(name)
        with Client(address(name)) as client:
            assert client.call("DescribeSnapshots", {"SnapshotIds": [snapshot]})["SnapshotSet"][0]["SnapshotState"] == "NORMAL"
        archive = subprocess.run(["docker", "cp", f"{name}:/data", "-"], capture_output=True, check=True, timeout=60).stdout
        assert [member.name for member in tarfile.open(fileobj=io.BytesIO(archive))] == ["data"]


def test_the_commands_of_the_readme(image):
    """Under another name and port, and with the image that is there already."""
    block = next(block for _, blocks in sections("README.md") for block in blocks if block.info == "sh docker")
    name = f"cbsmock-test-{uuid.uuid4().hex[:12]}"
    lines = [line for line in block.bare().splitlines() if not line.startswith(("docker build ", "docker compose "))]
    text = "\n".join(lines).replace("9362:", "127.0.0.1:0:")
    text = re.sub(r" cbsmock$", f" {image}", re.sub(r"\bcloud\b", name, text), flags=re.M)
    text = re.sub(r"^(docker run .*)$", rf"\1; until docker exec {name} cbsmock health; do :; done", text, flags=re.M)
    try:
        done = subprocess.run(["bash", "-euc", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        assert done.returncode == 0, done.stdout
        assert '"SnapshotId"' in done.stdout
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", name], capture_output=True)


def compose_command():
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]) and subprocess.run([*command, "version"], capture_output=True).returncode == 0:
            return command
    return None


@pytest.mark.skipif(not compose_command(), reason="neither docker compose nor docker-compose is installed")
def test_compose(image):
    env = {name: value for name, value in os.environ.items() if not name.startswith("CBSMOCK_")}
    env |= {"CBSMOCK_IMAGE": image, "CBSMOCK_PORT": "0"}
    compose = [*compose_command(), "-p", f"cbsmock-test-{uuid.uuid4().hex[:12]}", "-f", ROOT / "docker" / "compose.yaml"]
    run = {"env": env, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "timeout": 120}
    try:
        done = subprocess.run([*compose, "up", "--no-build", "--exit-code-from", "client"], **run)
        assert done.returncode == 0, done.stdout
        assert '"SnapshotId"' in done.stdout
    finally:
        down = subprocess.run([*compose, "down", "--volumes"], **run)
    assert down.returncode == 0, down.stdout
