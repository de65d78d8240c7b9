"""The verbs of the program that drive a running server, as a person and as a script use them."""

import json
import os
import shlex
import socket
import subprocess

import pytest

from support import api
from support.api import call
from support.diagnose import as_text
from support.server import STOP_SECONDS, Server, binary

DISK = "disk-lzrg2pwi"
VERBS = ("sandbox", "clock", "state", "faults", "errors", "requests", "verify", "diagnose", "config", "reset", "stop")
OK, REFUSED, FAILED = range(3)


def run(*words, stdin=None, text=True, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TENCENTCLOUD_", "CBSMOCK_"))}
    return subprocess.run([binary(), *words], env={**kept, **environment}, input=stdin, capture_output=True, text=text, timeout=60)


class Cli:
    def __init__(self, server):
        self.server = server

    def run(self, *words, **options):
        return run(*words, CBSMOCK_ENDPOINT=self.server.url, **options)

    def ok(self, *words, **options):
        """What a success prints."""
        done = self.run(*words, **options)
        assert (done.returncode, done.stderr) == (OK, ""), done.stdout + done.stderr
        return done.stdout

    def json(self, *words, **options):
        return json.loads(self.ok(*words, "--json", **options))

    def fields(self, *words, **options):
        """The lines "name  value" of an answer."""
        return dict(line.split(None, 1) for line in self.ok(*words, **options).split("\n\n")[0].splitlines())

    def table(self, *words, **options):
        """The rows of a table, by title; columns stand two blanks apart."""
        head, *rows = [line for line in self.ok(*words, **options).splitlines() if line and not line.endswith(":")]
        starts = [i for i, c in enumerate(head) if c != " " and (i == 0 or head[i - 2:i] == "  ")]
        bounds = list(zip(starts, [*starts[1:], None]))
        return [{head[a:b].strip(): row[a:b].strip() for a, b in bounds} for row in rows]

    def refused(self, *words, status=REFUSED, **options):
        """The one line of a refusal."""
        done = self.run(*words, **options)
        assert done.returncode == status, done.stdout + done.stderr
        assert done.stdout == "" and done.stderr.count("\n") == 1 and done.stderr.startswith(f"cbsmock {words[0]}: "), done.stderr
        return done.stderr


@pytest.fixture
def cli(server):
    for one in server.admin.ask("GET", "/_cbs/sandboxes")["sandboxes"]:
        if one["id"] != "default":
            server.admin.ask("DELETE", f"/_cbs/sandboxes/{one['id']}")
    server.admin.ask("DELETE", "/_cbs/faults?sandbox=*")
    return Cli(server)


# ---- clock -----------------------------------------------------------------------------------------------------------------


def test_clock(cli):
    assert cli.fields("clock")["mode"] == "real"
    assert cli.fields("clock", "freeze")["mode"] == "frozen"
    assert cli.fields("clock", "set", "2030-01-01T00:00:00Z")["now"] == "2030-01-01T00:00:00Z"
    assert cli.fields("clock", "advance", "1h")["now"] == "2030-01-01T01:00:00Z"
    assert cli.fields("clock", "get")["now"] == "2030-01-01T01:00:00Z"
    assert cli.fields("clock", "scale", "60")["factor"] == "60"
    assert cli.fields("clock", "resume")["mode"] != "frozen"
    assert cli.json("clock", "reset")["mode"] == "real"


def test_clock_events(cli):
    cli.ok("clock", "freeze")
    snapshot = call(cli.server, "CreateSnapshot", {"DiskId": DISK})["SnapshotId"]
    out = cli.ok("clock", "next")
    assert "\nevents:\nAT" in out and f"{snapshot}  CREATING  NORMAL" in out
    assert cli.json("clock", "idle", "--max", "1s")["events"] == []


def test_clock_tells_of_policies(cli):
    cli.ok("sandbox", "create", "ci-1", "--clock", "frozen", "--now", "2026-01-01T00:00:00Z")
    policy = {"AutoSnapshotPolicyId": "asp-daily000", "Account": 100000000001, "Region": "ap-guangzhou", "Policy": [{"Hour": [2]}]}
    cli.server.admin.ask("POST", "/_cbs/seed?sandbox=ci-1", {
        "AutoSnapshotPolicies": [policy], "AutoSnapshotPolicyDisks": [{"AutoSnapshotPolicyId": "asp-daily000", "DiskId": DISK}]})
    out = cli.ok("clock", "advance", "18h", "--sandbox", "ci-1")
    head = next(line for line in out.splitlines() if line.startswith("AT"))
    row = next(line for line in out.splitlines() if "disk_detached" in line)
    assert head.split() == ["AT", "RESOURCE", "FROM", "TO", "POLICY", "SKIPPED"]
    assert row.split()[1:] == [DISK, "UNATTACHED", "UNATTACHED", "asp-daily000", "disk_detached"]
    assert "TooFar" in cli.refused("clock", "idle", "--max", "2000000d", "--sandbox", "ci-1")


# ---- sandboxes -------------------------------------------------------------------------------------------------------------


def test_sandbox(cli):
    made = cli.json("sandbox", "create", "ci-1", "--clock", "frozen", "--now", "2026-01-01T00:00:00Z", "--seed", "7", "--ttl", "10m",
                    "--dialect", "current", "--rate-limit", "off", "--transitions", "manual", "--secret-key", "own")
    assert made["status"] == "created" and made["seed"] == 7 and made["clock"]["mode"] == "frozen" and made["dialect"] == "current"
    assert cli.fields("sandbox", "fork", "ci-1", "ci-2", "--secret-key", "own")["id"] == "ci-2"
    rows = {row["ID"]: row for row in cli.table("sandbox", "list")}
    assert set(rows) == {"default", "ci-1", "ci-2"} and rows["ci-1"]["NOW"] == "2026-01-01T00:00:00Z" and rows["ci-2"]["EXPIRES"] == "-"
    assert cli.fields("sandbox", "change", "ci-2", "--ttl", "5m")["expires"] != "-"
    assert cli.fields("sandbox", "show", "ci-2")["template"] == "ci-1"
    assert call(cli.server, "DescribeDisks", secret_id="ci-1", secret_key="own").code is None
    cli.ok("sandbox", "delete", "ci-2")
    assert "NoSuchSandbox" in cli.refused("sandbox", "show", "ci-2")


def test_sandbox_option_and_variable(cli):
    cli.ok("sandbox", "create", "ci-1", "--clock", "frozen")
    assert cli.fields("clock", "--sandbox", "ci-1")["mode"] == "frozen"
    assert cli.fields("clock", CBSMOCK_SANDBOX="ci-1")["mode"] == "frozen"
    assert cli.fields("clock", "--sandbox", "default", CBSMOCK_SANDBOX="ci-1")["mode"] == "real"
    assert "NoSuchSandbox" in cli.refused("clock", "--sandbox", "nothing")


# ---- env -------------------------------------------------------------------------------------------------------------------


def evaluated(lines):
    """The variables after eval, through a shell."""
    done = subprocess.run(["sh", "-c", lines + "\nenv -0"], capture_output=True, text=True, env={}, timeout=60)
    return dict(pair.split("=", 1) for pair in done.stdout.split("\0") if pair)


def test_env(cli):
    cli.ok("sandbox", "create", "ci-1")
    settings = evaluated(run("env", "--sandbox", "ci-1", "--endpoint", cli.server.url).stdout)
    assert settings["TENCENTCLOUD_SECRET_ID"] == "ci-1" and settings["TENCENTCLOUD_REGION"] == "ap-guangzhou"
    assert settings["TENCENTCLOUD_ENDPOINT"] == cli.server.address and settings["CBSMOCK_ENDPOINT"] == cli.server.url
    mine = {name: value for name, value in settings.items() if name.startswith(("TENCENTCLOUD_", "CBSMOCK_"))}
    assert json.loads(run("call", "DescribeDisks", **mine).stdout)["Response"]["TotalCount"] > 0
    assert run("clock", "freeze", **mine).returncode == OK
    assert cli.server.admin.ask("GET", "/_cbs/clock?sandbox=ci-1")["mode"] == "frozen"


def test_env_of_the_default(cli):
    settings = evaluated(run("env").stdout)
    assert settings["TENCENTCLOUD_SECRET_ID"].endswith("EXAMPLE") and "CBSMOCK_SANDBOX" not in settings
    assert settings["CBSMOCK_ENDPOINT"] == "http://127.0.0.1:9362"


def test_env_as_json():
    settings = json.loads(run("env", "--json", "--sandbox", "ci-1").stdout)
    assert settings["TENCENTCLOUD_SECRET_ID"] == settings["CBSMOCK_SANDBOX"] == "ci-1"
    assert "CBSMOCK_SANDBOX" not in json.loads(run("env", "--json").stdout)


def test_env_is_safe_to_evaluate():
    nasty = "a'b\"$(touch x)`\\\n;c"
    assert evaluated(run("env", "--secret-key", nasty).stdout)["TENCENTCLOUD_SECRET_KEY"] == nasty


@pytest.mark.parametrize("words", [["env", "now"], ["env", "--colour"], ["env", "--endpoint", "https://x"]])
def test_env_bad_usage(words):
    done = run(*words)
    assert done.returncode == FAILED and done.stdout == "" and done.stderr.startswith("cbsmock env: ")


# ---- faults ----------------------------------------------------------------------------------------------------------------


def test_faults(cli):
    assert cli.ok("faults", "list") == "no rules\n"
    cli.ok("faults", "add", "action=CreateSnapshot", f"param.DiskId={DISK}", "--error", "RequestLimitExceeded", "--latency", "1",
           "--times", "2", "--name", "twice", "--tag", "test=cli", "--for", "1h", "--continue")
    stored = cli.json("faults", "show", "twice")
    assert stored["match"] == {"action": "CreateSnapshot", "param": {"DiskId": DISK}}
    assert stored["do"] == [{"type": "latency", "latency": 1}, {"type": "error", "code": "RequestLimitExceeded"}]
    assert stored["when"] == {"times": 2, "for": "1h"} and stored["continue"] is True and stored["tags"] == {"test": "cli"}
    plan = cli.table("faults", "plan", "action=CreateSnapshot", f"params.DiskId={DISK}", "--next", "3")
    assert [row["ENDS"] for row in plan] == ["before_validate", "before_validate", "-"]
    assert call(cli.server, "CreateSnapshot", {"DiskId": DISK}).code == "RequestLimitExceeded"
    row, = cli.table("faults", "list")
    assert (row["NAME"], row["HITS"], row["LEFT"]) == ("twice", "1", "1")
    assert row["MATCH"] == f"action=CreateSnapshot param.DiskId={DISK}"
    assert cli.table("faults", "activity")[0]["RULE"] == "twice"
    assert cli.json("faults", "patch", "twice", '{"when": {"times": 5}}')["remaining"] == 4
    assert cli.json("faults", "clear", "--tag", "test=other")["removed"] == 0
    assert cli.json("faults", "clear", "--tag", "test=cli")["removed"] == 1


def test_faults_from_a_file(cli, tmp_path):
    rule = {"name": "file", "match": {"action": "DescribeDisks"}, "do": {"type": "http", "status": 502}}
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(rule))
    for word, stdin in ((json.dumps(rule), None), (f"@{path}", None), ("-", json.dumps(rule))):
        stored = cli.json("faults", "add", "--rule", word, "--times", "1", stdin=stdin)
        assert stored["do"] == rule["do"] and stored["when"] == {"times": 1}
    both = cli.json("faults", "add", "--rule", json.dumps([rule, {"name": "more", "do": {"type": "pass"}}]))
    assert [one["name"] for one in both] == ["file", "more"]
    cli.ok("faults", "delete", "file")
    cli.ok("faults", "add", "--do", "reset_peer", "--name", "reset", "--phase", "after_commit")
    cli.ok("faults", "add", "--do", '{"type":"slicer","average_size":3}', "--name", "slow")
    assert [row["DO"] for row in cli.table("faults", "list")] == ["type=pass", "type=reset_peer", "type=slicer average_size=3"]


def test_force(cli):
    cli.ok("faults", "force", "InvalidDisk.Busy", "--action", "CreateSnapshot")
    assert call(cli.server, "CreateSnapshot", {"DiskId": DISK}).code == "InvalidDisk.Busy"
    cli.ok("errors", "force", "ResourceBusy", "--action", "CreateSnapshot", "--times", "2")
    assert call(cli.server, "CreateSnapshot", {"DiskId": DISK}).code == "ResourceBusy"


def test_retry_tests(cli):
    cli.ok("faults", "retry-test", "DescribeDisks=error:InternalError,pass")
    assert call(cli.server, "DescribeDisks").code == "InternalError"
    row, = cli.table("faults", "retry-tests")
    assert row["COMPLETED"] == "no" and row["REMAINING"] == "1" and "instruction=error:InternalError" in row["CONSUMED"]


def test_targets(cli):
    assert "reset_peer" in cli.ok("faults", "targets")


def test_a_rule_as_the_first_word(cli, tmp_path):
    rule = {"name": "slow", "do": {"type": "latency", "latency": 5}, "match": {"region": "ap-*"}}
    path = tmp_path / "rule.json"
    path.write_text(json.dumps(rule))
    for word, stdin in ((json.dumps(rule), None), (f"@{path}", None), ("-", json.dumps([rule]))):
        cli.ok("faults", "add", word, stdin=stdin)
        assert [one["match"] for one in cli.json("faults", "list")["faults"]] == [{"region": "ap-*"}]
        cli.ok("faults", "clear")
    more = cli.json("faults", "add", json.dumps(rule), "action=CreateSnapshot", "--times", "3", "--name", "thrice")
    assert (more["name"], more["match"], more["remaining"]) == ("thrice", {"region": "ap-*", "action": "CreateSnapshot"}, 3)
    assert "is not JSON" in cli.refused("faults", "add", "{name: slow}", status=FAILED)
    assert "nothing more is expected" in cli.refused("faults", "list", "{}", status=FAILED)
    assert cli.json("faults", "plan", '{"action": "CreateSnapshot", "region": "ap-guangzhou"}')["plan"][0]["meets"]


# ---- errors ----------------------------------------------------------------------------------------------------------------


def test_errors(cli):
    rows = cli.table("errors", "list", "--action", "CreateSnapshot")
    assert len(rows) > 20 and all(row["ACTION"] == "CreateSnapshot" for row in rows)
    arranged = cli.json("errors", "arrange", "InvalidDisk.Busy", "--action", "CreateSnapshot")
    assert call(cli.server, "CreateSnapshot", arranged["call"]).code == "InvalidDisk.Busy"
    assert cli.json("errors", "arrange", "InvalidDisk.Busy", "action=CreateSnapshot")["call"] == arranged["call"]
    assert "UnknownField" in cli.refused("errors", "arrange", "InvalidDisk.Busy", "acton=CreateSnapshot")
    assert cli.json("errors", "force", "ResourceBusy", "action=CreateSnapshot", "times=2", "--sandbox", "*")["remaining"] == 2
    assert "UnknownCode" in cli.refused("errors", "arrange", "Nothing.Of.The.Kind")


# ---- requests and verification -----------------------------------------------------------------------------------------------


def test_requests(cli):
    cli.ok("requests", "clear")
    made = call(cli.server, "CreateSnapshot", {"DiskId": DISK})
    call(cli.server, "DescribeDisks", {"Limit": 1})
    rows = cli.table("requests", "list")
    assert [(row["ACTION"], row["CODE"], row["MADE"]) for row in rows] == [
        ("CreateSnapshot", "OK", made["SnapshotId"]), ("DescribeDisks", "OK", "-")]
    assert cli.table("requests", "list", "action=Create*", "--limit", "5")[0]["REQUEST ID"] == made.request_id
    assert cli.fields("requests", "count", f"param.DiskId={DISK}")["count"] == "1"
    assert cli.fields("requests", "show", made.request_id)["params.DiskId"] == DISK
    why = cli.ok("requests", "why", made.request_id)
    assert "passed every check" in why and "\ntrail:\nKIND" in why
    pasted = cli.ok("requests", "as", made.request_id, "cbsmock")
    assert cli.ok("requests", "as", made.request_id, "go").startswith("// go mod init again && go mod tidy && go run .\npackage main\n")
    command = shlex.split(pasted.splitlines()[-1])
    assert command[:3] == ["cbsmock", "call", "CreateSnapshot"]
    assert json.loads(run(*command[1:]).stdout)["Response"]["RequestId"]
    assert cli.json("requests", "wait", "action=CreateSnapshot", "--count", "2", "--for", "1s")["ok"] is True
    for told in ("2s", "500ms", "2", "0.5"):
        assert cli.json("requests", "wait", "action=CreateSnapshot", "--count", "2", "--timeout", told)["ok"] is True
    assert cli.run("requests", "wait", "action=CreateSnapshot", "--count", "9", "--timeout", "0.01").returncode == REFUSED
    assert "250ms" in cli.refused("requests", "wait", "--timeout", "soon")
    assert "seconds" in cli.refused("requests", "list", "--timeout", "soon", status=FAILED)
    assert cli.ok("requests", "list", "--timeout", "1500ms")
    done = cli.run("requests", "wait", "action=CreateSnapshot", "--count", "9", "--for", "10ms")
    assert done.returncode == REFUSED and "at least 9" in done.stdout
    assert len(cli.ok("requests", "export").splitlines()) == 3
    assert json.loads(cli.ok("requests", "export", "--format", "har", "--action", "DescribeDisks"))["log"]["entries"]
    assert cli.ok("requests", "duplicates") == "none\n"
    assert cli.fields("requests", "report")["requests"] == "3"
    assert cli.json("requests", "tag", "test=cli", "run=17")["tags"] == {"test": "cli", "run": "17"} == cli.json("requests", "tags")["tags"]
    assert cli.fields("requests", "clear", "action=DescribeDisks")["removed"] == "1"
    assert cli.fields("requests", "clear")["removed"] == "2"
    assert cli.ok("requests", "list") == "none\n"


def test_unmatched(cli):
    cli.ok("requests", "clear")
    assert cli.ok("requests", "unmatched") == "none\n"
    call(cli.server, "CreateSnapshots")
    call(cli.server, "DescribeDisks")
    row, = cli.table("requests", "unmatched", "--limit", "5")
    assert (row["CODE"], row["ACTION"], row["DID YOU MEAN"]) == ("InvalidAction", "CreateSnapshots", "CreateSnapshot")


def test_conformance(cli):
    cli.ok("requests", "clear")
    call(cli.server, "CreateSnapshot", {"DiskId": DISK})
    head, _, table = cli.ok("requests", "conformance").partition("actions:\n")
    assert "never_called" in head and "CreateSnapshot" in table and "OK=1" in table
    assert cli.json("requests", "conformance")["actions"][0]["sent"] == {"DiskId": 1}


def test_verify(cli):
    cli.ok("requests", "clear")
    call(cli.server, "CreateSnapshot", {"DiskId": DISK})
    call(cli.server, "DescribeDisks")
    assert cli.fields("verify", "action=CreateSnapshot", "--exactly", "1", "--phase", "after_commit")["ok"] == "yes"
    assert cli.fields("verify", "action=CreateDisks", "--never")["ok"] == "yes"
    assert cli.fields("verify", "--at-least", "1", "--at-most", "2")["count"] == "2"
    assert cli.fields("verify", "sequence", "CreateSnapshot,DescribeDisks", "--strict")["ok"] == "yes"
    assert cli.fields("verify", "client", "max_attempts=1", 'no_retry_on=["InvalidDiskId.NotFound"]')["ok"] == "yes"
    done = cli.run("verify", "action=CreateSnapshot", "param.DiskId=disk-l")
    assert done.returncode == REFUSED and done.stderr == ""
    assert "nearest_miss.differs:" in done.stdout and f"disk-l  {DISK}" in done.stdout
    done = cli.run("verify", "action=CreateSnapshot", "--exactly", "2", "--json")
    assert done.returncode == REFUSED and json.loads(done.stdout)["expected"] == "exactly 2"


# ---- state -----------------------------------------------------------------------------------------------------------------


def disks(cli):
    return call(cli.server, "DescribeDisks", {"Limit": 1})["TotalCount"]


def test_state(cli, tmp_path):
    before, path = disks(cli), str(tmp_path / "world.db")
    cli.ok("state", "checkpoint", "start")
    assert cli.ok("state", "export", path) == "" and (tmp_path / "world.db").read_bytes().startswith(b"SQLite format 3")
    call(cli.server, "TerminateDisks", {"DiskIds": [DISK]})
    cli.ok("clock", "advance", "30d")
    assert disks(cli) < before
    cli.ok("state", "import", path)
    assert disks(cli) == before
    call(cli.server, "TerminateDisks", {"DiskIds": [DISK]})
    cli.ok("clock", "advance", "30d")
    cli.ok("state", "restore", "start")
    assert disks(cli) == before
    assert [row["NAME"] for row in cli.table("state", "checkpoints")] == ["start"]
    cli.ok("state", "forget", "start")
    assert cli.ok("state", "checkpoints") == "none\n"
    assert "NoSuchSnapshot" in cli.refused("state", "restore", "start")


def test_revisions(cli):
    cli.ok("sandbox", "create", "ci-1", "--revisions", "10", "--clock", "frozen", "--now", "2026-01-01T00:00:00Z")
    own = {"CBSMOCK_SANDBOX": "ci-1"}
    made = call(cli.server, "CreateSnapshot", {"DiskId": DISK}, secret_id="ci-1", secret_key="test")
    row = cli.table("state", "revisions", **own)[-1]
    assert (row["KIND"], row["ACTION"], row["REQUEST ID"]) == ("call", "CreateSnapshot", made.request_id)
    assert cli.table("state", "blame", made["SnapshotId"], **own)[0]["REQUEST ID"] == made.request_id
    assert made["SnapshotId"] in cli.ok("state", "diff", **own)
    before = str(int(row["REV"]) - 1)
    assert made["SnapshotId"] not in cli.ok("state", "show", "--kind", "Snapshots", "--rev", before, **own)
    assert cli.fields("state", "rewind", before, **own)["status"] == "rewound"
    assert made["SnapshotId"] not in cli.ok("state", "show", "--kind", "Snapshots", **own)
    assert "RevisionsOff" in cli.refused("state", "revisions")


def test_state_as_json(cli, tmp_path):
    world = json.loads(cli.ok("state", "export", "--format", "json"))
    assert world["Disks"] and "Credentials" not in world
    piped = cli.run("state", "export", text=False).stdout
    assert piped.startswith(b"SQLite format 3") and len(piped) % 512 == 0
    assert cli.ok("state", "import", "-", "--strategy", "merge", stdin=json.dumps({"World": {"DiskSnapshotQuota": 1}}))
    assert DISK in cli.ok("state", "show", "--kind", "Disks")
    path = tmp_path / "piece.json"
    path.write_text("[]")
    assert "BadFixture" in cli.refused("state", "seed", str(path))
    assert "cannot open" in cli.refused("state", "import", str(tmp_path / "nothing"), status=FAILED)


def test_seed_with_a_preset(cli, tmp_path):
    cli.ok("sandbox", "create", "ci-1")
    cli.ok("state", "seed", "quota", "--sandbox", "ci-1")
    assert "disk-twolzrg2" in cli.ok("state", "show", "--kind", "Disks", "--sandbox", "ci-1")
    assert "presets: default, empty, quota" in cli.refused("state", "seed", "full")
    assert "cannot open" in cli.refused("state", "seed", "full.json", status=FAILED)


def test_seed_and_finish(cli):
    assert cli.fields("state", "seed-rng", "42")["seed"] == "42"
    cli.ok("clock", "freeze")
    made = call(cli.server, "CreateSnapshot", {"DiskId": DISK})["SnapshotId"]
    assert cli.fields("state", "finish", made, "--to", "NORMAL")["state"] == "NORMAL"
    assert "NotInTransition" in cli.refused("state", "finish", made)


def test_reset(cli):
    cli.ok("clock", "freeze")
    call(cli.server, "TerminateDisks", {"DiskIds": [DISK]})
    cli.ok("reset", "--keep", "clock")
    assert cli.fields("clock")["mode"] == "frozen"
    cli.ok("reset")
    assert cli.fields("clock")["mode"] == "real"


def test_stop():
    with Server("--admin-token", "sesame") as server:
        cli = Cli(server)
        assert "TokenRequired" in cli.refused("stop")
        assert cli.fields("stop", "--admin-token", "sesame")["status"] == "stopping"
        assert server.process.wait(STOP_SECONDS) == 0
        assert "is the server running?" in cli.refused("stop", status=FAILED)


# ---- the rest --------------------------------------------------------------------------------------------------------------


def test_diagnose(cli, tmp_path):
    path = tmp_path / "request.txt"
    request = api.Request("DescribeDisks", {"Limit": 1}, host="127.0.0.1", unsigned={"Host": cli.server.address})
    path.write_text(as_text(request, cli.server.address))
    for word, stdin in ((str(path), None), ("-", path.read_text())):
        assert cli.fields("diagnose", word, "--policy", "exact", stdin=stdin)["auth.scheme"].startswith("TC3")
    assert cli.json("diagnose", str(path), "--secret-key", "another")["auth"]["diagnosis"]


def test_config(cli):
    rows = {row["NAME"]: row for row in cli.table("config")}
    assert rows["rate-limit"]["VALUE"] == "off" and rows["rate-limit"]["LIVE"] == "yes" and rows["port"]["LIVE"] == "no"
    assert cli.json("config", "set", "rate-limit=5")["changed"] == [{"name": "rate-limit", "from": "off", "to": "5"}]
    assert cli.json("config", "set", "sandbox-secret-key=12345")["changed"][0]["name"] == "sandbox-secret-key"
    cli.ok("config", "set", "sandbox-secret-key=test")
    assert cli.json("config", "reload")["changed"] == [{"name": "rate-limit", "from": "5", "to": "off"}]
    assert "accepted: host" in cli.refused("config", "set", "colour=red")


def test_a_token():
    with Server("--admin-token", "sesame") as server:
        cli = Cli(server)
        assert "TokenRequired" in cli.refused("clock")
        assert cli.fields("clock", CBSMOCK_ADMIN_TOKEN="sesame")["mode"] == "real"
        assert cli.fields("clock", "--admin-token", "sesame")["mode"] == "real"
        assert "not the admin token" in cli.refused("clock", "--admin-token", "wrong")
        assert "control characters" in cli.refused("clock", "--admin-token", "a\r\nX: y", status=FAILED)


def test_json_is_the_answer_as_it_is(cli):
    cli.ok("clock", "freeze")
    assert cli.ok("sandbox", "list", "--json") == cli.server.admin.exchange("GET", "/_cbs/sandboxes")[1]
    done = cli.run("clock", "--sandbox", "nothing", "--json")
    assert done.returncode == REFUSED and json.loads(done.stdout)["error"]["code"] == "NoSuchSandbox"


def test_what_comes_from_outside_moves_no_cursor(cli):
    cli.ok("requests", "clear")
    call(cli.server, "\x1b[2Jred")
    out = cli.ok("requests", "list")
    assert "\x1b" not in out and "InvalidAction" in out


# ---- usage -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_help(verb):
    done = run(verb, "--help")
    assert (done.returncode, done.stderr) == (OK, "") and done.stdout.startswith(f"usage: cbsmock {verb}")


def test_help_of_each_row():
    for verb in VERBS:
        begin = f"  cbsmock {verb} "
        rows = [line.removeprefix(begin) for line in run(verb, "--help").stdout.splitlines() if line.startswith(begin)]
        for word in {row.split()[0] for row in rows if row[0].islower()}:
            done = run(verb, word, "--help")
            assert done.returncode == OK and f"usage: cbsmock {verb} {word}" in done.stdout, done.stderr
            assert "--json" in done.stdout and "/_cbs/" in done.stdout


def test_the_program_lists_them():
    help_text = run("--help").stdout
    assert all(f"  cbsmock {verb}" in help_text for verb in (*VERBS, "env", "call", "health"))


@pytest.mark.parametrize("words, part", [
    (["clock", "stop"], 'there is no "stop"; there are get, freeze'),
    (["sandbox"], "say which: list, show, create"),
    (["faults", "--json"], "say which"),
    (["clock", "advance"], "DURATION is missing"),
    (["clock", "advance", "1h", "2h"], "2h: nothing more is expected here"),
    (["clock", "--colour"], "unknown option --colour"),
    (["clock", "advance", "--sandbox"], "--sandbox needs a value"),
    (["faults", "add", "action"], "NAME=VALUE"),
    (["faults", "add", "--rule", "{"], "is not JSON"),
    (["faults", "add", "--rule", "[]", "--name", "x"], 'no place for "name"'),
    (["requests", "as", "id"], "FORM is missing"),
    (["sandbox", "list", "--sandbox", "x"], "unknown option --sandbox"),
    (["reset", "now"], "nothing more is expected"),
    (["stop", "--sandbox", "x"], "unknown option --sandbox"),
    (["clock", "--timeout", "0"], "--timeout takes a duration or seconds"),
    (["clock", "--endpoint", "https://127.0.0.1"], "does not speak TLS"),
])
def test_bad_usage(words, part):
    done = run(*words)
    assert done.returncode == FAILED and done.stdout == "" and done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"cbsmock {words[0]}: ") and part in done.stderr


def test_no_server():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        done = run("clock", "--endpoint", f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert done.returncode == FAILED and "is the server running?" in done.stderr
