"""Sixty-four workers against one server: each with a key of its own, and so with a world, a frozen date and fault plans of its own.
Nothing but the key tells them apart; none may notice another."""

import concurrent.futures
import datetime

import pytest

from support import api
from support.faults import Faults
from support.sandboxes import SECRET_KEY, Sandbox, Sandboxes
from support.server import Server

WORKERS = 64
ROUNDS = 5
DISK = "disk-lzrg2pwi"
FIRST_DAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
BEIJING = datetime.timezone(datetime.timedelta(hours=8))


@pytest.fixture(scope="module")
def busy_server():
    with Server() as server:
        yield server


def day_of(number):
    return FIRST_DAY + datetime.timedelta(days=number)


def wire_time(moment):
    """As the API writes it."""
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def work(server, number):
    """One worker's test: what it sees depends on its number alone. Returns every answer's body."""
    name, today = f"AKIDworker{number}", day_of(number)
    wish = {"seed": number, "clock": {"mode": "frozen", "now": today.strftime("%Y-%m-%dT%H:%M:%SZ")}}
    sandbox = Sandboxes(server).put(name, **wish)
    Faults(server.admin, name).put({"type": "error", "code": "InternalError"}, name="one-in-five", phase="before_validate",
                                   match={"action": "DescribeDisks"}, when={"schedule": "." * (number % ROUNDS) + "F."})
    bodies = []
    with api.Client(server.address) as client:
        def call(action, params=None):
            answer = client.call(action, params, secret_id=name, secret_key=SECRET_KEY)
            bodies.append(answer.body)
            return answer

        before = call("DescribeSnapshots", {"Limit": 1})["TotalCount"]
        for turn in range(ROUNDS):
            met = call("DescribeDisks", {"Limit": 1}).code
            assert met == ("InternalError" if turn == number % ROUNDS else None), (number, turn)
            made = call("CreateSnapshot", {"DiskId": DISK, "SnapshotName": f"{name}-{turn}"})["SnapshotId"]
            shown = call("DescribeSnapshots", {"SnapshotIds": [made]})["SnapshotSet"][0]
            assert shown["SnapshotState"] == "CREATING" and shown["SnapshotName"] == f"{name}-{turn}"
            assert shown["CreateTime"] == wire_time(today), (number, turn)
            today += datetime.timedelta(hours=1)
            assert sandbox.advance("1h")["now"] == today.strftime("%Y-%m-%dT%H:%M:%SZ")
            assert call("DescribeSnapshots", {"SnapshotIds": [made]})["SnapshotSet"][0]["SnapshotState"] == "NORMAL"
        assert call("DescribeSnapshots", {"Limit": 1})["TotalCount"] == before + ROUNDS
    return bodies


def run_all(server):
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(lambda number: work(server, number), range(WORKERS)))


def test_no_worker_notices_another(busy_server):
    together = run_all(busy_server)
    assert len(Sandboxes(busy_server).list()) == WORKERS + 1
    assert together == run_all(busy_server), "the same worlds gave other answers"
    assert together[7] == work(busy_server, 7), "a worker alone gets other answers than one among many"


def test_the_default_world_stays_as_it_was(busy_server):
    before = busy_server.admin.ask("GET", "/_cbs/state")
    run_all(busy_server)
    assert busy_server.admin.ask("GET", "/_cbs/state") == before
    for number in range(WORKERS):
        Sandboxes(busy_server).delete(f"AKIDworker{number}")
    assert Sandbox(busy_server, "AKIDworker7").call("DescribeDisks").code == "AuthFailure.SecretIdNotFound"
