"""Other mock servers to measure beside cbsmock: moto, which makes an EBS snapshot, and mountebank, which sends one constant text. Each as
its makers have it run, got once by its language's own client into build/peers/, at the versions that are pinned beside this file."""

import contextlib
import hashlib
import http.client
import json
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from support.wait import wait_until

HERE = pathlib.Path(__file__).resolve().parent
BUILD = HERE.parents[2] / "build" / "peers"
GET_SECONDS = 600
START_SECONDS = 60
STOP_SECONDS = 10


class Missing(Exception):
    """Why a peer cannot be had here."""


# ---- getting them --------------------------------------------------------------------------------------------------------------


def get(name, files, commands):
    """A folder with what the commands put there, made anew when one of the files changes."""
    folder = BUILD / name
    wanted = hashlib.sha256(str(folder).encode() + b"".join((HERE / file).read_bytes() for file in files)).hexdigest()
    stamp = folder / "made-from.txt"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(HERE / file, folder)
    for command in commands:
        if not shutil.which(command[0]):
            raise Missing(f"{name}: there is no {command[0]}")
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=GET_SECONDS, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise Missing(f"{name} cannot be had here: {(done.stdout + done.stderr).strip()[-1000:]}")
    stamp.write_text(wanted, encoding="utf-8")
    return folder


def moto_folder():
    pip = [str(BUILD / "moto" / "venv" / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    return get("moto", ["requirements.txt"], [
        [sys.executable, "-m", "venv", "venv"], [*pip, "install", "--requirement", "requirements.txt"]])


def mountebank_folder():
    return get("mountebank", ["package.json", "package-lock.json"], [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]])


# ---- running them --------------------------------------------------------------------------------------------------------------


def free_port():
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def ask(port, path, body, headers):
    """The text of an answer that must be a success."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    with contextlib.closing(connection):
        connection.request("POST", path, body, headers)
        reply = connection.getresponse()
        text = reply.read().decode()
    assert reply.status in (200, 201), f"{reply.status} {text}"
    return text


class Peer:
    """A server with the same face as support.server.Server where a benchmark looks, and the POST that it is to answer: headers and body."""

    headers, body = {}, ""

    def __enter__(self):
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.files = tempfile.TemporaryDirectory()
        self.log = open(pathlib.Path(self.files.name) / "log", "w+b")
        self.process = subprocess.Popen(self.command(), cwd=self.files.name, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            self.wait()
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait(self):
        """Until it takes connections."""
        wait_until(self._serves, self._complaint, START_SECONDS)

    def _serves(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            assert self.process.poll() is None, self._complaint()
            return False
        return True

    def _complaint(self):
        self.log.seek(0)
        return f"{type(self).__name__} does not serve:\n{self.log.read().decode()}"

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.files.cleanup()


class Moto(Peer):
    """Its key is not checked, but tells which service is meant."""

    headers = {"Content-Type": "application/x-www-form-urlencoded",
               "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/ec2/aws4_request, "
                                "SignedHeaders=host, Signature=0"}

    def command(self):
        return [moto_folder() / "venv" / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(self.port)]

    def prepare(self):
        made = ask(self.port, "/", "Action=CreateVolume&Version=2016-11-15&Size=10&AvailabilityZone=us-east-1a", self.headers)
        self.body = f"Action=CreateSnapshot&Version=2016-11-15&VolumeId={re.search(r'vol-[0-9a-f]+', made)[0]}"
        assert re.search(r"<snapshotId>snap-[0-9a-f]+</snapshotId>", ask(self.port, "/", self.body, self.headers))


class Mountebank(Peer):
    """Connections are kept, which is not its default, and nothing is logged or recorded."""

    headers, body = {"Content-Type": "application/json"}, "{}"
    answer = {"Response": {"SnapshotId": "snap-00000000", "RequestId": "00000000-0000-0000-0000-000000000000"}}

    def command(self):
        return ["node", mountebank_folder() / "node_modules" / "mountebank" / "bin" / "mb", "start", "--port", str(self.port),
                "--nologfile", "--loglevel", "error", "--localOnly", "--pidfile", "mb.pid"]

    def prepare(self):
        control, self.port = self.port, free_port()
        self.address = f"127.0.0.1:{self.port}"
        sent = {"statusCode": 200, "headers": {**self.headers, "Connection": "keep-alive"}, "body": json.dumps(self.answer)}
        imposter = {"protocol": "http", "port": self.port, "stubs": [{"responses": [{"is": sent}]}]}
        ask(control, "/imposters", json.dumps(imposter), self.headers)
        assert json.loads(ask(self.port, "/", self.body, self.headers)) == self.answer
