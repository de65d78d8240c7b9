"""Measures cbsmock against `bare` (bare.c): server on one core, load on the other, shuffled rounds, medians, and every figure a ratio
to the bare answerer of the same run. CPU is the process's own, from /proc, over the requests it answered. Prints a table; JSON with
--json."""

import argparse
import contextlib
import json
import os
import pathlib
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

import cost
from cost import CREATE, FAST, ROOMY
from peers.servers import Missing, Moto, Mountebank, Peer
from support.api import Client, Request
from support.server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CORE, LOAD_CORE = "0", "1"
NOT_HERE = 77  # the exit status when a peer cannot be had
QUIET_P99 = 500  # µs; when the bare answerer is slower than that, the machine is busy and latencies say nothing

# What is measured: what it is to reach now, and what it aims at (None: told only).
FIGURES = {
    "CPU of CreateSnapshot in memory / bare": (1.8, 1.25),
    "CPU with --data, durability os / bare": (2.2, 1.25),
    "CPU with --data, durability power, 64 clients / bare": (2.5, 1.75),
    "p99 of CreateSnapshot in memory, 16 clients / bare's": (3, 2),
    "CPU of CreateSnapshot at 1,000,000 snapshots / at 1,000": (1.5, 1.05),
    "CPU of DescribeSnapshots, 100 at Offset 999,800 / at Offset 0": (10, 1.5),
    "CPU of DescribeSnapshots, page of 100 / 100 × bare": (0.15, 0.08),
    "start to first answer / bare opening the schema": (1.25, 1.1),
    "start on a file with 1,000,000 snapshots, s": (0.3, 0.05),
    "first list of its snapshots, s": (None, None),
    "resident memory after start, MB": (9, 7),
    "resident memory, a snapshot more, bytes": (300, 200),
    "resident memory, a request in the journal, bytes": (1500, 1000),
    "fork of 10,000 snapshots, in memory, ms": (5, 2),
    "fork of 10,000 snapshots, --data, durability os, ms": (5, 2),
    "fork of 10,000 snapshots, --data, durability power, ms": (None, None),
    "instructions of CreateSnapshot in memory / bare": (None, None),
    "CPU of CreateSnapshot in memory / moto's, of an EBS volume": (0.01, None),
    "CPU of CreateSnapshot in memory / mountebank's constant text": (0.5, None),
}


# ---- processes ---------------------------------------------------------------------------------------------------------------


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def pin(pid, core):
    """All threads; those to come inherit it, and one that ends meanwhile needs it no more."""
    for thread in os.listdir(f"/proc/{pid}/task"):
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread), {int(core)})


class Program:
    """A server by its command, with the same face as Server where a benchmark looks."""

    def __init__(self, *command):
        self.command = command

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rpartition(":")[2])
        self.address = f"127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


def yardstick(*options):
    return Program(cost.bare(), *options)


@contextlib.contextmanager
def roomy(*options, snapshots=0):
    """A server that no quota stops, with so many snapshots more."""
    with Server(*FAST, *options) as server:
        server.admin.seed(ROOMY)
        client = Client(server.address)
        for _ in range(snapshots):
            client.send(Request(*CREATE))
        yield server


# ---- load --------------------------------------------------------------------------------------------------------------------


def lua(server, action, params):
    """A wrk script that sends one request again and again: a peer's own, or a signed one; a signature is good for five minutes."""
    if isinstance(server, Peer):
        method, headers, body = "POST", server.headers.items(), server.body
    else:
        method, _, headers, body = Request(action, params).sign(server.address)
        body = body.decode()
    quoted = "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n" for name, value in headers if name != "Content-Length")
    return f"wrk.method = {json.dumps(method)}\nwrk.body = {json.dumps(body)}\n{quoted}"


def microseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1, "ms": 1e3, "s": 1e6, "m": 6e7}[unit]


def load(server, action, params, connections, seconds):
    """Requests a second, CPU µs a request, p50 and p99 in µs."""
    pin(server.process.pid, SERVER_CORE)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua(server, action, params))
        script.flush()
        before = cpu_seconds(server.process.pid)
        out = subprocess.run(["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name,
                              f"http://{server.address}/"], check=True, capture_output=True, text=True).stdout
        spent = cpu_seconds(server.process.pid) - before
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"bench: wrk met errors:\n{out}")
    requests = int(re.search(r"(\d+) requests in", out)[1])
    quantile = {name: microseconds(text) for name, text in re.findall(r"^\s+(50|99)%\s+(\S+)$", out, re.M)}
    return {"rps": requests / seconds, "cpu": spent / requests * 1e6, "p50": quantile["50"], "p99": quantile["99"], "requests": requests}


def check(server, action, params):
    """What is measured must succeed."""
    answer = Client(server.address).send(Request(action, params))
    if answer.code:
        sys.exit(f"bench: {action} answers {answer.code}: {answer.message}")


def measure(make, call, connections, seconds):
    with make() as server:
        if isinstance(server, Server):
            check(server, *call)
        return load(server, *call, connections, seconds)


def rounds(variants, options):
    """Every variant once a round, in a new order each time; the medians."""
    seen = {name: [] for name in variants}
    order = list(variants)
    for number in range(options.rounds):
        random.Random(number).shuffle(order)
        for name in order:
            seen[name].append(measure(*variants[name], options.seconds))
    return {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in seen.items()}


# ---- rows --------------------------------------------------------------------------------------------------------------------


def row_create(options, figures):
    with tempfile.TemporaryDirectory() as files:
        def stored(kind):
            return lambda: roomy("--data", tempfile.mkdtemp(dir=files), "--durability", kind)
        got = rounds({
            "bare": (yardstick, CREATE, 16), "bare64": (yardstick, CREATE, 64), "memory": (roomy, CREATE, 16),
            "os": (stored("os"), CREATE, 16), "power": (stored("power"), CREATE, 64)}, options)
    figures["CPU of CreateSnapshot in memory / bare"] = got["memory"]["cpu"] / got["bare"]["cpu"]
    figures["CPU with --data, durability os / bare"] = got["os"]["cpu"] / got["bare"]["cpu"]
    figures["CPU with --data, durability power, 64 clients / bare"] = got["power"]["cpu"] / got["bare64"]["cpu"]
    if got["bare"]["p99"] <= QUIET_P99:
        figures["p99 of CreateSnapshot in memory, 16 clients / bare's"] = got["memory"]["p99"] / got["bare"]["p99"]
    return got


def row_page(options, figures):
    page = ("DescribeSnapshots", {"Limit": 100})
    got = rounds({"bare": (yardstick, page, 16), "page": (lambda: roomy(snapshots=100), page, 16)}, options)
    figures["CPU of DescribeSnapshots, page of 100 / 100 × bare"] = got["page"]["cpu"] / got["bare"]["cpu"] / 100
    return got


def fill(folder, count):
    """A world with `count` snapshots of one disk, written into the file: what the server itself would have written."""
    with roomy("--data", folder) as server:
        check(server, *CREATE)
    db = sqlite3.connect(pathlib.Path(folder) / "default.db")
    columns = [row[1] for row in db.execute("PRAGMA table_info(snapshot)")]
    copied = ", ".join({"no": "no + i", "id": "'snap-' || i", "create_ms": "create_ms + i"}.get(name, name) for name in columns)
    with db:
        db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                   f"INSERT INTO snapshot SELECT {copied} "
                   "FROM (SELECT * FROM snapshot WHERE no = (SELECT MAX(last_snapshot) FROM usage)), n", (count,))
        (made,), disk = db.execute("SELECT changes()").fetchone(), CREATE[1]["DiskId"]
        db.execute("UPDATE usage SET snapshots = snapshots + ?1, last_snapshot = last_snapshot + ?1 "
                   "WHERE (account, region) = (SELECT account, region FROM disk WHERE id = ?2)", (made, disk))
        db.execute("UPDATE disk SET snapshot_count = snapshot_count + ? WHERE id = ?", (made, disk))
    db.close()


def row_million(options, figures):
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
        fill(small, 1_000)
        fill(large, 1_000_000)

        def world(folder):
            return lambda: Server("--data", folder, *FAST)
        newest = ("DescribeSnapshots", {"Limit": 100})
        oldest = ("DescribeSnapshots", {"Limit": 100, "Offset": 999_800})
        got = rounds({"small": (world(small), CREATE, 16), "large": (world(large), CREATE, 16), "newest": (world(large), newest, 4),
                      "oldest": (world(large), oldest, 4)}, options)
        started, listed = [], []
        for _ in range(options.rounds):
            begin = time.monotonic()
            with Server("--data", large, *FAST) as server:
                check(server, *CREATE)
                started.append(time.monotonic() - begin)
                begin = time.monotonic()
                check(server, *newest)
                listed.append(time.monotonic() - begin)
    figures["CPU of CreateSnapshot at 1,000,000 snapshots / at 1,000"] = got["large"]["cpu"] / got["small"]["cpu"]
    figures["CPU of DescribeSnapshots, 100 at Offset 999,800 / at Offset 0"] = got["oldest"]["cpu"] / got["newest"]["cpu"]
    figures["start on a file with 1,000,000 snapshots, s"] = statistics.median(started)
    figures["first list of its snapshots, s"] = statistics.median(listed)
    return got


def row_start(options, figures):
    variants = {"bare": yardstick(str(ROOT / "schema/schema.sql")), "cbsmock": Program(*cost.serve())}
    seen = {name: [] for name in variants}
    for _ in range(5 * options.rounds):
        for name, program in variants.items():
            begin = time.monotonic()
            with program as server:
                subprocess.run(["curl", "-s", "-o", os.devnull, f"http://{server.address}/"], check=True)
                seen[name].append(time.monotonic() - begin)
    got = {name: {"seconds": statistics.median(times)} for name, times in seen.items()}
    figures["start to first answer / bare opening the schema"] = got["cbsmock"]["seconds"] / got["bare"]["seconds"]
    return got


def grown(options, *arguments):
    """Resident bytes that a CreateSnapshot leaves behind."""
    with roomy(*arguments) as server:
        load(server, *CREATE, 16, 1)
        begin = resident_bytes(server.process.pid)
        made = load(server, *CREATE, 16, options.seconds)["requests"]
        return (resident_bytes(server.process.pid) - begin) / made


def row_memory(options, figures):
    """A snapshot stays in the world; a request stays in the journal too, until that is full: each counted by itself."""
    with Server(*FAST) as server:
        check(server, *CREATE)
        start = resident_bytes(server.process.pid)
    snapshot = grown(options, "--journal-entries", "0")
    both = grown(options, "--journal-entries", "10000000", "--journal-bytes", "2147483647")
    figures["resident memory after start, MB"] = start / 1e6
    figures["resident memory, a snapshot more, bytes"] = snapshot
    figures["resident memory, a request in the journal, bytes"] = both - snapshot
    return {"memory": {"start": start, "snapshot": snapshot, "snapshot and request": both}}


def forked(options, *arguments):
    """Milliseconds from asking for a copy of a sandbox to its answer; the copies stay, as a test's do while it runs."""
    took, count = [], 10 * options.rounds
    with roomy(*arguments, "--max-sandboxes", str(count), snapshots=10_000) as server:
        for number in range(count):
            begin = time.monotonic()
            server.admin.ask("POST", "/_cbs/sandboxes/default/fork", {"as": f"copy-{number}"})
            took.append((time.monotonic() - begin) * 1e3)
    return {"median": statistics.median(took), "least": min(took), "most": max(took)}


def row_fork(options, figures):
    got = {"in memory": forked(options)}
    for kind in ("os", "power"):
        with tempfile.TemporaryDirectory() as folder:
            got[f"--data, durability {kind}"] = forked(options, "--data", folder, "--durability", kind)
    for name, took in got.items():
        figures[f"fork of 10,000 snapshots, {name}, ms"] = took["median"]
    return got


def row_instructions(_options, figures):
    of = cost.per_request()
    figures["instructions of CreateSnapshot in memory / bare"] = of["cbsmock"] / of["bare"]
    return {name: {"instructions": count} for name, count in of.items()}


def row_peers(options, figures):
    """What others pay for a snapshot, and for a text that never changes."""
    got = rounds({"bare": (yardstick, CREATE, 16), "cbsmock": (roomy, CREATE, 16), "moto": (Moto, CREATE, 16),
                  "mountebank": (Mountebank, CREATE, 16)}, options)
    figures["CPU of CreateSnapshot in memory / moto's, of an EBS volume"] = got["cbsmock"]["cpu"] / got["moto"]["cpu"]
    figures["CPU of CreateSnapshot in memory / mountebank's constant text"] = got["cbsmock"]["cpu"] / got["mountebank"]["cpu"]
    return got


ROWS = {"create": row_create, "page": row_page, "start": row_start, "memory": row_memory, "fork": row_fork,
        "instructions": row_instructions, "million": row_million, "peers": row_peers}
ON_REQUEST = ("peers",)


# ---- the table -----------------------------------------------------------------------------------------------------------------


def number(value):
    return "–" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def print_table(figures):
    width = max(map(len, FIGURES))
    print(f"{'figure':<{width}}  {'measured':>9}  {'to reach':>9}  {'aim':>9}")
    for name, (reach, aim) in FIGURES.items():
        if name not in figures:
            continue
        measured = figures[name]
        verdict = "" if reach is None else "" if measured <= reach else "  not reached"
        print(f"{name:<{width}}  {number(measured):>9}  {number(reach):>9}  {number(aim):>9}{verdict}")
    if not any(name.startswith("p99") for name in figures) and "CPU of CreateSnapshot in memory / bare" in figures:
        print(f"no p99: the machine is busy, the bare answerer's own was above {QUIET_P99} µs")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(ROWS)}; all but {', '.join(ON_REQUEST)} when none is named")
    options = parser.parse_args()
    unknown = set(options.rows) - set(ROWS)
    if unknown:
        parser.error(f"there is no row {', '.join(sorted(unknown))}")
    figures, raw = {}, {}
    for name in options.rows or [row for row in ROWS if row not in ON_REQUEST]:
        try:
            raw[name] = ROWS[name](options, figures)
        except Missing as why:
            print(f"bench: {why}", file=sys.stderr)
            sys.exit(NOT_HERE)
    print_table(figures)
    if options.json:
        options.json.write_text(json.dumps({"figures": figures, "raw": raw}, indent=1) + "\n")


main()
