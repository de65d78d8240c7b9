"""The official SDKs of other languages, got once by each language's own client, and programs built and run with them.

Versions and checksums are pinned beside this file: go/go.mod and go.sum, java/pom.xml and jars.sha256, node/package-lock.json. What is
got lies below build/sdks/ and is got anew when those change. A language whose tools are missing, or whose registry gives nothing, is
skipped with the reason."""

import hashlib
import json
import os
import pathlib
import select
import shutil
import subprocess

import pytest

from support import sign
from support.server import ROOT

HERE = pathlib.Path(__file__).resolve().parent
BUILD = ROOT / "build" / "sdks"
GET_SECONDS = 600
RUN_SECONDS = 120


def environment(**more):
    """Ours without what would lead a client elsewhere."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith(("TENCENTCLOUD_", "CBSMOCK_")) and not name.lower().endswith("_proxy")}
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def tool(name):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"there is no {name}")
    return found


def get(what, command, folder):
    """Runs a client of a registry. It needs what all need to reach one, so its environment is ours."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=GET_SECONDS, stdin=subprocess.DEVNULL)
    if done.returncode:
        pytest.skip(f"{what} cannot be had here: {(done.stdout + done.stderr).strip()[-1000:]}")


def run(command, folder, seconds=RUN_SECONDS, **variables):
    return subprocess.run(command, cwd=folder, env=environment(**variables), capture_output=True, text=True, timeout=seconds,
                          stdin=subprocess.DEVNULL)


class Toolchain:
    """A language: its folder here, and the one where its SDK and programs are."""

    name = None
    needs_again = ""  # the file name that a pasted program must have

    def __init__(self):
        self.source = HERE / self.name
        self.folder = BUILD / self.name
        self.find()
        stamp = self.folder / "made-from.txt"
        wanted = self.digest()
        if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
            shutil.rmtree(self.folder, ignore_errors=True)
            shutil.copytree(self.source, self.folder)
            self.install()
            stamp.write_text(wanted, encoding="utf-8")

    def digest(self):
        files = sorted(path for path in self.source.iterdir() if path.is_file())
        return hashlib.sha256(b"\0".join(path.name.encode() + b"\0" + path.read_bytes() for path in files)).hexdigest()

    def paste(self, text, secret_key=sign.SECRET_KEY):
        """What a program of the journal prints, as the SDK gives answers, without what is around Response; None when it fails. And what
        it says on standard error."""
        folder = self.folder / "again"
        folder.mkdir(exist_ok=True)
        (folder / self.needs_again).write_text(text, encoding="utf-8")
        done = run(self.program(folder), self.folder, TENCENTCLOUD_SECRET_KEY=secret_key)
        if done.returncode:
            return None, done.stderr
        printed = json.loads(done.stdout)
        return printed.get("Response", printed), done.stderr


class Go(Toolchain):
    name = "go"
    needs_again = "main.go"

    def find(self):
        self.go = tool("go")

    def install(self):
        get("the Go SDK", [self.go, "mod", "download"], self.folder)
        done = run([self.go, "build", "-o", "drive", "."], self.folder, GET_SECONDS)
        assert done.returncode == 0, done.stderr

    def driver(self, ca_file):
        return [str(self.folder / "drive")], {"SSL_CERT_FILE": ca_file} if ca_file else {}

    def program(self, folder):
        return [self.go, "run", f"./{folder.name}"]


class Java(Toolchain):
    name = "java"
    needs_again = "Again.java"

    def find(self):
        self.java, self.keytool, self.maven = tool("java"), tool("keytool"), tool("mvn")
        tool("javac")

    def install(self):
        get("the Java SDK", [self.maven, "--quiet", "--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=jars"], self.folder)
        done = run(["sha256sum", "--check", "--strict", "--quiet", "../jars.sha256"], self.folder / "jars")
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(list((self.folder / "jars").iterdir())) == len((self.source / "jars.sha256").read_text().splitlines())

    def driver(self, ca_file):
        trust = []
        if ca_file:
            store = pathlib.Path(ca_file).with_suffix(".p12")
            done = run([self.keytool, "-importcert", "-noprompt", "-alias", "cbsmock", "-file", ca_file, "-keystore", str(store),
                        "-storetype", "PKCS12", "-storepass", "changeit"], self.folder)
            assert done.returncode == 0, done.stdout + done.stderr
            trust = [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStorePassword=changeit"]
        return [self.java, *trust, "-cp", f"{self.folder}/jars/*", str(self.folder / "Drive.java")], {}

    def program(self, folder):
        return [self.java, "-cp", f"{self.folder}/jars/*", str(folder / self.needs_again)]


class Node(Toolchain):
    name = "node"
    needs_again = "again.js"

    def find(self):
        self.node, self.npm = tool("node"), tool("npm")

    def install(self):
        get("the Node.js SDK", [self.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], self.folder)

    def driver(self, ca_file):
        return [self.node, str(self.folder / "drive.js")], {"NODE_EXTRA_CA_CERTS": ca_file} if ca_file else {}

    def program(self, folder):
        return [self.node, str(folder / self.needs_again)]


class Refused(Exception):
    """An error as the SDK raised it."""

    def __init__(self, told):
        super().__init__(str(told))
        self.code, self.message, self.request_id = told["Code"], told["Message"], told["RequestId"]


class Driver:
    """A program that calls through the SDK, asked a line at a time."""

    def __init__(self, toolchain, ca_file=None):
        self.toolchain = toolchain
        self.ca_file = ca_file

    def __enter__(self):
        command, variables = self.toolchain.driver(self.ca_file)
        self.process = subprocess.Popen(command, cwd=self.toolchain.folder, env=environment(**variables), text=True, encoding="utf-8",
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(RUN_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()

    def ask(self, server, action, params, tls=False, **how):
        """The answer's Response; raises Refused."""
        call = {"Action": action, "Params": json.dumps(params), "Endpoint": server.tls_address if tls else server.address,
                "Scheme": "HTTPS" if tls else "HTTP", "Signature": "TC3-HMAC-SHA256", "Method": "POST", "Language": "en-US",
                "Region": "ap-guangzhou", "SecretId": sign.SECRET_ID, "SecretKey": sign.SECRET_KEY, "Token": "",
                "Retries": 0, "Timeout": 60, **how}
        self.process.stdin.write(json.dumps(call) + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], RUN_SECONDS)[0]:
            raise AssertionError(f"{self.toolchain.name}: no answer within {RUN_SECONDS} s")
        line = self.process.stdout.readline()
        assert line, f"{self.toolchain.name} ended with {self.process.wait(RUN_SECONDS)}"
        told = json.loads(line)
        if "Response" not in told:
            raise Refused(told)
        return told["Response"]


LANGUAGES = {toolchain.name: toolchain for toolchain in (Go, Java, Node)}
