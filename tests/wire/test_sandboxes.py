"""Sandboxes over the admin API: made, used by their keys alone, set, forked, reset, exported, expired."""

import contextlib
import json
import resource
import sqlite3

import pytest

from boxes import DISK, NEW_YEAR, create, refused, sandboxes, snapshots  # pylint: disable=unused-import
from support import sign
from support.sandboxes import SECRET_KEY, Sandbox, Sandboxes
from support.server import Server
from support.wait import wait_until


# ---- coming and going ------------------------------------------------------------------------------------------------------


def test_many_worlds_in_files(tmp_path):
    """Each has several files open, and the usual limit would be used up long before --max-sandboxes."""
    kept = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, kept[1]))
    try:
        server = Server("--data", str(tmp_path), "--max-connections", "10", "--max-sandboxes", "10").start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, kept)
    try:
        server.admin.ask("PATCH", "/_cbs/config", {"max-sandboxes": 80})
        worlds = [Sandboxes(server).put(f"AKID{number}") for number in range(80)]
        assert all(create(world) for world in worlds)
        server.stop()
    finally:
        if server.process.returncode is None:
            server.kill()


def test_a_key_is_a_world(sandboxes):
    one, two = sandboxes.put("AKIDone", template="empty"), sandboxes.put("AKIDtwo", secret_key="another")
    assert one.call("DescribeDisks")["TotalCount"] == 0
    before = snapshots(two)
    made = create(two)
    assert set(snapshots(two)) - set(before) == {made}
    assert snapshots(one) == []
    assert Sandbox(sandboxes.server, "AKIDtwo").call("DescribeDisks").code == "AuthFailure.SignatureFailure"
    sandboxes.delete("AKIDtwo")
    assert two.call("DescribeDisks").code == "AuthFailure.SecretIdNotFound"
    assert sorted(sandboxes.list()) == ["AKIDone", "default"]


def test_what_was_asked_for_is_echoed(sandboxes):
    sandboxes.put("AKIDone", template="empty", seed=42, ttl="10m", clock=NEW_YEAR, dialect="current", rate_limit="off",
                  transitions={"snapshot": "30s"}, signature_clock="sandbox")
    echo = sandboxes.get("AKIDone")
    assert echo["template"] == "empty" and echo["seed"] == 42 and echo["dialect"] == "current" and echo["rate_limit"] == "off"
    assert echo["clock"] == {"now": "2026-01-01T00:00:00Z", "mode": "frozen", "factor": 1}
    assert echo["transitions"]["snapshot.create"] == "30s" and echo["transitions"]["disk.attach"] == "1s"
    assert echo["signature_clock"] == "sandbox"
    assert echo["expires"] and echo["bytes"] > 0
    assert not any("key" in name for name in echo)
    assert sandboxes.list()["AKIDone"] == echo


@pytest.mark.parametrize("clock, mode, now", [
    ({"mode": "real"}, "real", None),
    ({"now": "2030-05-05T00:00:00Z"}, "offset", "2030-05-05T00:00:0"),
    ({"mode": "frozen"}, "frozen", None),
    ({"mode": "scaled", "factor": 60, "now": "2030-05-05T00:00:00Z"}, "scaled", "2030-05-05T00:0"),
])
def test_clocks_to_begin_with(sandboxes, clock, mode, now):
    shown = sandboxes.put("AKIDone", template="empty", clock=clock).clock()
    assert shown["mode"] == mode and shown["factor"] == clock.get("factor", 1)
    assert now is None or shown["now"].startswith(now)


def test_put_replaces(sandboxes):
    one = sandboxes.put("AKIDone")
    create(one)
    assert json.loads(sandboxes.admin.exchange("PUT", "/_cbs/sandboxes/AKIDone", {"template": "empty"})[1])["status"] == "replaced"
    assert one.call("DescribeDisks")["TotalCount"] == 0


@pytest.mark.parametrize("body, code, hint", [
    ({"sede": 1}, "UnknownField", "secret_key, template, seed, ttl, clock, keys, dialect"),
    ({"seed": -1}, "InvalidField", "whole number"),
    ({"seed": 1.5}, "InvalidField", "whole number"),
    ({"ttl": 60}, "InvalidField", "10m"),
    ({"ttl": "-1s"}, "InvalidField", "10m"),
    ({"secret_key": ""}, "InvalidField", "1 to 128"),
    ({"template": "nothing"}, "NoSuchTemplate", ""),
    ({"template": 5}, "InvalidField", "default, empty, quota"),
    ({"clock": {"mode": "frozn"}}, "InvalidField", "frozen"),
    ({"clock": {"mode": "frozen", "at": "x"}}, "UnknownField", "mode, now, factor"),
    ({"clock": {"mode": "real", "now": "2026-01-01T00:00:00Z"}}, "InvalidField", "real"),
    ({"clock": {"mode": "scaled"}}, "InvalidField", "factor"),
    ({"clock": {"now": "yesterday"}}, "InvalidField", "TIME"),
    ({"dialect": "modern"}, "InvalidField", "classic"),
    ({"transitions": {"snapshot.remove": "1s"}}, "InvalidField", "snapshot.create"),
    ({"keys": [{"secret_id": "AKIDx", "role": "admin"}]}, "InvalidField", "secret_id"),
    ({"keys": [{"secret_id": "AKIDx"}, {"secret_id": "AKIDx"}]}, "InvalidField", "once"),
    ({"keys": [{"secret_id": sign.SECRET_ID}]}, "KeyInUse", ""),
    ({"keys": [{"secret_id": "AKIDx", "account": 7}]}, "CannotMake", ""),
])
def test_bad_wishes_are_refused_and_change_nothing(sandboxes, body, code, hint):
    status, got, told = refused(sandboxes, "PUT", "/_cbs/sandboxes/AKIDone", body)
    assert 400 <= status < 500 and got == code and hint in told
    assert list(sandboxes.list()) == ["default"]


def test_names(sandboxes):
    assert refused(sandboxes, "PUT", "/_cbs/sandboxes/a.b", {})[:2] == (400, "InvalidName")
    assert refused(sandboxes, "PUT", "/_cbs/sandboxes/..%2fx", {})[:2] == (400, "InvalidName")
    assert refused(sandboxes, "PUT", "/_cbs/sandboxes/" + "x" * 65, {})[:2] == (400, "InvalidName")
    assert refused(sandboxes, "PUT", "/_cbs/sandboxes/default", {})[:2] == (409, "PermanentSandbox")
    assert refused(sandboxes, "DELETE", "/_cbs/sandboxes/default")[:2] == (409, "PermanentSandbox")
    assert refused(sandboxes, "DELETE", "/_cbs/sandboxes/AKIDx")[:2] == (404, "NoSuchSandbox")
    assert refused(sandboxes, "GET", "/_cbs/sandboxes/AKIDx")[:2] == (404, "NoSuchSandbox")
    sandboxes.put("AKIDone")
    status, code, hint = refused(sandboxes, "GET", "/_cbs/clock?sandbox=AKIDx")
    assert (status, code) == (404, "NoSuchSandbox") and hint == "known: AKIDone, default"


def test_further_keys(sandboxes):
    one = sandboxes.put("AKIDone", keys=[{"secret_id": "AKIDshare", "secret_key": "x", "account": 100022975249}])
    share = Sandbox(one.server, "AKIDshare", "x")
    disks = {disk["DiskId"] for disk in share.call("DescribeDisks")["DiskSet"]}
    assert disks and not disks & {disk["DiskId"] for disk in one.call("DescribeDisks")["DiskSet"]}


def test_time_to_live(sandboxes):
    one = sandboxes.put("AKIDone", template="empty", ttl="10m")
    assert sandboxes.change("AKIDone", ttl=None)["expires"] is None
    assert sandboxes.change("AKIDone", ttl="300ms")["expires"]
    wait_until(lambda: one.call("DescribeDisks").code is not None, lambda: "it lives on", 20)
    assert one.call("DescribeDisks").code == "AuthFailure.SecretIdNotFound"
    assert "AKIDone" not in sandboxes.list()
    assert refused(sandboxes, "PATCH", "/_cbs/sandboxes/default", {"ttl": "1s"})[:2] == (409, "PermanentSandbox")


# ---- forks and resets ------------------------------------------------------------------------------------------------------


def test_fork(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, dialect="current")
    create(one)
    fork = sandboxes.fork("AKIDone", "AKIDfork", secret_key="forked", rate_limit="off")
    assert snapshots(fork) == snapshots(one)
    assert fork.clock()["now"] == "2026-01-01T00:00:00Z"
    assert fork.settings()["dialect"] == "current" and fork.settings()["rate_limit"] == "off"
    create(fork, "disk-attached")
    assert len(snapshots(fork)) == len(snapshots(one)) + 1
    fork.reset()
    assert snapshots(fork) == snapshots(one)
    assert refused(sandboxes, "POST", "/_cbs/sandboxes/AKIDone/fork", {})[:2] == (400, "MissingField")
    assert refused(sandboxes, "POST", "/_cbs/sandboxes/AKIDone/fork", {"as": "a b"})[:2] == (400, "InvalidField")
    assert refused(sandboxes, "POST", "/_cbs/sandboxes/AKIDx/fork", {"as": "AKIDy"})[:2] == (404, "NoSuchSandbox")


def test_reset_is_the_beginning(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR, seed=7)
    first = create(one)
    one.advance("1h")
    one.set(dialect="current")
    one.reset()
    assert one.clock()["now"] == "2026-01-01T00:00:00Z" and one.settings()["dialect"] == "classic"
    assert create(one) == first
    one.advance("1h")
    one.reset(keep="clock,faults")
    assert one.clock()["now"] == "2026-01-01T01:00:00Z"
    assert refused(sandboxes, "POST", "/_cbs/reset?keep=disks")[1] == "InvalidQuery"


def test_reset_of_all_by_that_word(sandboxes):
    one = sandboxes.put("AKIDone")
    before = snapshots(one)
    create(one)
    sandboxes.admin.ask("POST", "/_cbs/reset?sandbox=all")
    assert snapshots(one) == before
    named = sandboxes.put("all")  # one that is called so comes first
    create(one)
    create(named)
    sandboxes.admin.ask("POST", "/_cbs/reset?sandbox=all")
    assert snapshots(named) == before and len(snapshots(one)) == len(before) + 1
    assert refused(sandboxes, "GET", "/_cbs/state?sandbox=every")[1] == "NoSuchSandbox"


def test_a_preset_is_merged_by_its_name(sandboxes):
    one = sandboxes.put("AKIDone")
    before = one.call("DescribeDisks")["TotalCount"]
    one.seed("quota")
    assert one.call("DescribeDisks")["TotalCount"] == before + 1  # disk-twolzrg2; the other is there already
    assert one.state("World")["World"]["SnapshotQuotaBase"] == 3
    assert one.call("CreateSnapshot", {"DiskId": DISK}).code == "InsufficientSnapshotQuota"
    seed = "/_cbs/seed?sandbox=AKIDone"
    assert refused(sandboxes, "POST", seed, {"preset": "full"}) == (400, "NoSuchPreset", "presets: default, empty, quota")
    assert refused(sandboxes, "POST", seed, {"preset": 7})[1] == "NoSuchPreset"
    assert refused(sandboxes, "POST", seed, {"preset": "quota", "World": {}})[1] == "UnknownField"


def test_reset_of_all(sandboxes):
    one, default = sandboxes.put("AKIDone"), Sandbox(sandboxes.server)
    default.secret_id, default.secret_key = sign.SECRET_ID, sign.SECRET_KEY
    before = snapshots(one), snapshots(default)
    create(one), create(default)
    sandboxes.admin.ask("POST", "/_cbs/reset?sandbox=*")
    assert (snapshots(one), snapshots(default)) == before


def test_the_same_seed_gives_the_same_bytes(sandboxes):
    bodies = []
    for name in ("AKIDone", "AKIDtwo"):
        sandbox = sandboxes.put(name, clock=NEW_YEAR, seed=99)
        create(sandbox)
        bodies.append(sandbox.call("DescribeSnapshots", {"Limit": 100}).body)
    assert bodies[0] == bodies[1]
    sandbox.seed_rng(99)
    first = create(sandbox, "disk-attached")
    sandbox.seed_rng(100)
    assert create(sandbox, "disk-prepaid1") != first


# ---- time ------------------------------------------------------------------------------------------------------------------


def test_from_event_to_event(sandboxes):
    one = sandboxes.put("AKIDone", template="quota", clock=NEW_YEAR)
    assert one.advance_to() == {"now": "2026-01-01T00:00:00Z", "mode": "frozen", "factor": 1, "next_event": None, "events": []}
    made = create(one)
    assert one.clock()["next_event"] == "2026-01-01T00:00:02Z"
    went = one.advance_to("next_event")
    assert went["events"] == [{"at": "2026-01-01T00:00:02Z", "resource": made, "from": "CREATING", "to": "NORMAL"}]
    assert (went["now"], went["next_event"]) == ("2026-01-01T00:00:02Z", None)
    assert one.advance_to("2026-02-01T00:00:00Z")["now"] == "2026-02-01T00:00:00Z"
    assert refused(sandboxes, "POST", "/_cbs/clock/advance?sandbox=AKIDone", {"to": "2026-01-01T00:00:00Z"})[0] == 400
    assert refused(sandboxes, "POST", "/_cbs/clock/advance?sandbox=AKIDone", {"to": "next_event", "by": "1s"})[0] == 400


def test_the_next_event_is_one_that_shows(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    assert one.clock()["next_event"] >= "2026-01-01T00:00:00Z"
    went = one.advance_to("next_event")
    assert went["events"] and went["events"][0]["at"] == went["now"] > "2026-01-01T00:00:00Z"


def test_run_until_idle(sandboxes):
    one = sandboxes.put("AKIDone", template="quota", clock=NEW_YEAR, transitions={"snapshot": "3h"})
    made = [create(one), create(one, "disk-twolzrg2")]
    assert one.run_until_idle("1h")["now"] == "2026-01-01T01:00:00Z"
    went = one.run_until_idle()
    assert {event["resource"] for event in went["events"]} == set(made)
    assert went["now"] == "2026-01-01T03:00:00Z" and went["next_event"] is None
    assert refused(sandboxes, "POST", "/_cbs/clock/run-until-idle", {"max": "soon"})[0] == 400


def test_signatures_may_follow_the_sandbox(sandboxes):
    one = sandboxes.put("AKIDone", template="empty", clock=NEW_YEAR, signature_clock="sandbox")
    assert one.call("DescribeDisks").code == "AuthFailure.SignatureExpire"
    assert one.call("DescribeDisks", timestamp=1767225600)["TotalCount"] == 0
    one.set(signature_clock=None)
    assert one.call("DescribeDisks")["TotalCount"] == 0


# ---- settings --------------------------------------------------------------------------------------------------------------


def test_settings(sandboxes):
    one = sandboxes.put("AKIDone")
    assert one.set(transitions="immediate")["transitions"]["snapshot.create"] == "immediate"
    assert one.call("DescribeSnapshots", {"SnapshotIds": [create(one)]})["SnapshotSet"][0]["SnapshotState"] == "NORMAL"
    assert one.set(transitions=None)["transitions"]["snapshot.create"] == "2s"
    assert one.set(rate_limit=0.1)["rate_limit"] == 0.1
    assert refused(sandboxes, "PATCH", "/_cbs/settings?sandbox=AKIDone", {"colour": 1})[1] == "UnknownField"
    assert refused(sandboxes, "PATCH", "/_cbs/settings?sandbox=AKIDone", {"dialect": "x"})[1] == "InvalidField"
    assert Sandbox(sandboxes.server).settings()["transitions"]["snapshot.create"] == "2s"


def test_the_config_of_a_sandbox_is_its_settings(sandboxes):
    one = sandboxes.put("AKIDone", dialect="current")
    assert one.ask("GET", "/_cbs/config") == one.settings()
    assert one.ask("PATCH", "/_cbs/config", {"rate_limit": "off"}) == one.settings()
    assert one.settings()["rate_limit"] == "off"
    assert "settings" in sandboxes.admin.ask("GET", "/_cbs/config")


def test_transitions(sandboxes):
    one = sandboxes.put("AKIDone")
    assert one.set_transition("cbs::snapshot", progression="time", seconds=30) == [
        {"model": "snapshot.create", "progression": "time", "seconds": 30}]
    assert {rule["progression"] for rule in one.set_transition("disk", progression="manual")} == {"manual"}
    assert one.transitions()["disk.attach"]["progression"] == "manual"
    assert one.reset_transition("disk.attach")[0]["progression"] == "time"
    assert one.transitions()["disk.detach"]["progression"] == "manual"
    for body in ({"progression": "sometimes"}, {}, {"progression": "manual", "seconds": 1}, {"seconds": -1}):
        assert refused(sandboxes, "PUT", "/_cbs/transitions/snapshot.create", body)[:2] == (400, "InvalidField")
    assert refused(sandboxes, "PUT", "/_cbs/transitions/volume", {"progression": "manual"})[:2] == (404, "NoSuchModel")


# ---- state -----------------------------------------------------------------------------------------------------------------


def test_state_as_rows(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    made = create(one)
    rows = one.state("snapshot")["Snapshots"]
    row = next(row for row in rows if row["SnapshotId"] == made)
    assert row["SnapshotState"] == "CREATING" and row["StateUntil"] == "2026-01-01T00:00:02Z"
    everything = one.state()
    assert {"World", "Regions", "Accounts", "Disks", "Credentials"} <= set(everything)
    assert SECRET_KEY not in {value for row in everything["Credentials"] for value in row.values()}
    assert refused(sandboxes, "GET", "/_cbs/state?kind=volumes")[1:2] == ("UnknownKind",)


def test_a_state_goes_from_one_to_another(sandboxes):
    one, two = sandboxes.put("AKIDone", clock=NEW_YEAR), sandboxes.put("AKIDtwo", template="empty", clock=NEW_YEAR)
    create(one)
    two.import_json(one.export_json())
    assert two.export_json() == one.export_json()
    create(one, "disk-attached")
    assert two.import_image(one.export())[0] == 200
    assert snapshots(two) == snapshots(one)
    two.import_json({"Disks": [{"DiskId": DISK, "DiskName": "renamed"}]}, strategy="merge")
    assert two.call("DescribeDisks", {"DiskIds": [DISK]})["DiskSet"][0]["DiskName"] == "renamed"


def test_an_export_is_a_database_without_keys(sandboxes, tmp_path):
    one = sandboxes.put("AKIDone", secret_key="NobodyShouldReadThisKey")
    create(one)
    data = one.export()
    assert b"NobodyShouldReadThisKey" not in data
    path = tmp_path / "world.db"
    path.write_bytes(data)
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT COUNT(*) FROM snapshot WHERE snapshot_state = 'CREATING'").fetchone() == (1,)
        assert db.execute("SELECT DISTINCT secret_key FROM credential").fetchall() == [("",)]


def test_bad_states_change_nothing(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    before, image = one.state(), one.export()
    for data in (image[:5000], b"SQLite format 3\0" + bytes(500), image[:4096] + b"Z" * 4096 + image[8192:]):
        status, text = one.import_image(data)
        assert status == 400 and json.loads(text)["error"]["code"] == "BadState"
    assert refused(sandboxes, "POST", "/_cbs/state/import?sandbox=AKIDone", {"Disks": [{"DiskId": "x"}]})[:2] == (400, "BadState")
    assert refused(sandboxes, "POST", "/_cbs/state/import?strategy=replace", {})[:2] == (400, "UnknownStrategy")
    assert refused(sandboxes, "POST", "/_cbs/state/import")[:2] == (400, "MissingBody")
    assert refused(sandboxes, "GET", "/_cbs/state/export?format=xml")[:2] == (400, "UnknownFormat")
    assert one.state() == before


def test_a_large_world_goes_out_and_in(sandboxes):
    one = sandboxes.put("AKIDone", template="empty")
    disks = [{"DiskId": f"disk-{number:08d}", "Account": 100000000001, "Region": "ap-guangzhou", "Zone": "ap-guangzhou-3",
              "DiskType": "CLOUD_PREMIUM", "DiskSize": 10} for number in range(1, 8001)]
    one.import_json({"Disks": disks}, strategy="merge")
    two = sandboxes.put("AKIDtwo", template="empty")
    image = one.export()
    assert len(image) > 1024 * 1024
    assert two.import_image(image)[0] == 200
    assert two.call("DescribeDisks", {"Limit": 1})["TotalCount"] == 8000


# ---- checkpoints -----------------------------------------------------------------------------------------------------------


def test_checkpoints(sandboxes):
    one = sandboxes.put("AKIDone", clock=NEW_YEAR)
    assert one.checkpoints() == []
    assert one.save("clean")["name"] == "clean"
    before = snapshots(one)
    first = create(one)
    one.advance("1h")
    one.save("later")
    assert [point["name"] for point in one.checkpoints()] == ["clean", "later"]
    assert one.restore("clean")["status"] == "restored"
    assert snapshots(one) == before and one.clock()["now"] == "2026-01-01T00:00:00Z"
    assert create(one) == first
    one.restore("later")
    assert one.clock()["now"] == "2026-01-01T01:00:00Z"
    past = sandboxes.put("AKIDpast", template="AKIDone/clean")
    assert snapshots(past) == before
    assert one.forget("clean")["status"] == "deleted"
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore")):
        assert refused(sandboxes, method, f"/_cbs/snapshots/clean{path}?sandbox=AKIDone")[:2] == (404, "NoSuchSnapshot")
    assert refused(sandboxes, "PUT", "/_cbs/snapshots/a.b?sandbox=AKIDone")[0] == 400


# ---- servers of their own --------------------------------------------------------------------------------------------------


def test_worlds_in_files_survive(tmp_path):
    data = tmp_path / "data"
    with Server("--data", str(data)) as server:
        sandboxes = Sandboxes(server)
        one = sandboxes.put("AKIDone", clock=NEW_YEAR, dialect="current", secret_key="kept")
        made = create(one)
        one.save("base")
        sandboxes.fork("AKIDone", "AKIDfork")
        sandboxes.put("AKIDgone", template="empty")
        sandboxes.delete("AKIDgone")
    assert {path.name for path in data.iterdir()} >= {"AKIDone.db", "AKIDfork.db", "AKIDfork.origin", "AKIDone.base.checkpoint"}
    assert not list(data.glob("AKIDgone*"))
    server = Server("--data", str(data)).start()
    one = Sandbox(server, "AKIDone", "kept")
    assert made in snapshots(one) and one.settings()["dialect"] == "current" and one.clock()["now"] == "2026-01-01T00:00:00Z"
    later = create(one, "disk-attached")
    server.kill()  # what was answered is there all the same
    with Server("--data", str(data)) as server:
        one, fork = Sandbox(server, "AKIDone", "kept"), Sandbox(server, "AKIDfork")
        assert {made, later} <= set(snapshots(one))
        one.restore("base")
        assert later not in snapshots(one)
        fork.reset()
        assert made in snapshots(fork)
        one.reset()
        assert made not in snapshots(one)


def test_checkpoints_in_files(tmp_path):
    """They are found again at the next start, and go with their world, whoever took that away."""
    data = tmp_path / "data"
    with Server("--data", str(data)) as server:
        sandboxes = Sandboxes(server)
        for one in (sandboxes.put("AKIDone"), sandboxes.put("AKIDtwo")):
            one.save("late")
            one.save("early")
        Sandbox(server, "AKIDone").forget("late")
        kept = Sandbox(server, "AKIDtwo").checkpoints()
        assert [point["name"] for point in kept] == ["early", "late"] and all(point["bytes"] > 0 for point in kept)
        assert sandboxes.get("AKIDone")["checkpoints"] == 1
    (data / "AKIDone.db").unlink()
    with Server("--data", str(data)) as server:
        sandboxes, two = Sandboxes(server), Sandbox(server, "AKIDtwo")
        assert two.checkpoints() == kept and sandboxes.get("AKIDtwo")["checkpoints"] == 2
        two.restore("early")
        assert sandboxes.put("AKIDone").checkpoints() == []
        assert not list(data.glob("AKIDone*.checkpoint"))
        sandboxes.delete("AKIDtwo")
        assert not list(data.glob("*.checkpoint"))
        assert sandboxes.put("AKIDtwo").checkpoints() == []
