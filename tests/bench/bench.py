"""Measures cbsmock against `bare` (bare.c): server on one core, load on the other, shuffled rounds, medians, and every figure a ratio
to the bare answerer of the same run. CPU is the process's own, from /proc, over the requests it answered."""

import argparse
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

from support import sign
from support.api import Client, Request
from support.server import Server

ROOT = pathlib.Path(__file__).resolve().parents[2]
BARE = os.environ["CBSMOCK_BARE"]
TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CORE, LOAD_CORE = "0", "1"
DISK = "disk-lzrg2pwi"
PLENTY = 2_000_000_000
# What would end a benchmark: quotas, and the wait between two snapshots of one disk.
ROOMY = {"World": {"SnapshotQuotaBase": PLENTY, "DiskSnapshotQuota": PLENTY, "SnapshotChainMax": PLENTY, "CreatingSnapshotMax": PLENTY}}
FAST = ("--rate-limit", "off", "--transitions", "immediate", "--log-level", "error", "--threads", "1")


# ---- processes ---------------------------------------------------------------------------------------------------------------


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_bytes(pid):
    return int(re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) * 1024


def pin(pid, core):
    subprocess.run(["taskset", "-apc", core, str(pid)], check=True, capture_output=True)


class Bare:
    """The yardstick, with the same face as Server where a benchmark looks."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.process = subprocess.Popen([BARE, *self.options], stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().rpartition(":")[2])
        self.address = f"127.0.0.1:{self.port}"
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()


# ---- load --------------------------------------------------------------------------------------------------------------------


def lua(action, params, address):
    """A wrk script that sends one signed request again and again; a signature is good for five minutes."""
    method, _, headers, body = Request(action, params).sign(address)
    quoted = "".join(f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}\n" for name, value in headers if name != "Content-Length")
    return f"wrk.method = {json.dumps(method)}\nwrk.body = {json.dumps(body.decode())}\n{quoted}"


def unit(text):
    number, suffix = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 1e-6, "ms": 1e-3, "s": 1, "m": 60}[suffix]


def load(server, action, params, connections, seconds):
    """Requests a second, CPU µs a request, p50 and p99 in µs."""
    pin(server.process.pid, SERVER_CORE)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(lua(action, params, server.address))
        script.flush()
        before = cpu_seconds(server.process.pid)
        out = subprocess.run(["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", script.name,
                              f"http://{server.address}/"], check=True, capture_output=True, text=True).stdout
        spent = cpu_seconds(server.process.pid) - before
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"bench: wrk met errors:\n{out}")
    requests = int(re.search(r"(\d+) requests in", out)[1])
    quantile = {name: unit(text) * 1e6 for name, text in re.findall(r"^\s+(50|99)%\s+(\S+)$", out, re.M)}
    return {"rps": requests / seconds, "cpu": spent / requests * 1e6, "p50": quantile["50"], "p99": quantile["99"], "requests": requests}


def check(server, action, params):
    """What is measured must succeed."""
    answer = Client(server.address).send(Request(action, params))
    if answer.code:
        sys.exit(f"bench: {action} answers {answer.code}: {answer.message}")
    return answer


# ---- rows --------------------------------------------------------------------------------------------------------------------

CREATE = ("CreateSnapshot", {"DiskId": DISK, "SnapshotName": "snap_201711301015"})


def measure(make, call, connections, seconds):
    with make() as server:
        if isinstance(server, Server):
            server.admin.seed(ROOMY)
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


def row_create(options, rows):
    with tempfile.TemporaryDirectory() as files:
        def stored(kind):
            return lambda: Server("--data", tempfile.mkdtemp(dir=files), "--durability", kind, *FAST)
        got = rounds({
            "bare": (Bare, CREATE, 16), "bare64": (Bare, CREATE, 64), "memory": (lambda: Server(*FAST), CREATE, 16),
            "os": (stored("os"), CREATE, 16), "power": (stored("power"), CREATE, 64)}, options)
    rows["CreateSnapshot in memory, CPU / bare"] = got["memory"]["cpu"] / got["bare"]["cpu"]
    rows["CreateSnapshot --data, durability os, CPU / bare"] = got["os"]["cpu"] / got["bare"]["cpu"]
    rows["CreateSnapshot --data, durability power, 64 clients, CPU / bare"] = got["power"]["cpu"] / got["bare64"]["cpu"]
    rows["CreateSnapshot in memory, p99 / bare's p99"] = got["memory"]["p99"] / got["bare"]["p99"]
    rows["CreateSnapshot in memory, requests a second / bare's"] = got["memory"]["rps"] / got["bare"]["rps"]
    return got


def row_page(options, rows):
    page = ("DescribeSnapshots", {"Limit": 100})

    def filled():
        server = Server(*FAST)

        class Filled:
            def __enter__(self):
                server.start()
                server.admin.seed(ROOMY)
                client = Client(server.address)
                for _ in range(100):
                    client.send(Request(*CREATE))
                return server

            def __exit__(self, *_):
                server.stop()
        return Filled()

    got = rounds({"bare": (Bare, page, 16), "page": (filled, page, 16)}, options)
    rows["DescribeSnapshots, page of 100, CPU / 100 × bare"] = got["page"]["cpu"] / got["bare"]["cpu"] / 100
    return got


def fill(folder, count):
    """A world with `count` snapshots of one disk, written into the file: what the server itself would have written."""
    with Server("--data", folder, *FAST) as server:
        server.admin.seed(ROOMY)
        check(server, *CREATE)
    db = sqlite3.connect(pathlib.Path(folder) / "default.db")
    columns = [row[1] for row in db.execute("PRAGMA table_info(snapshot)")]
    copied = ", ".join({"no": "no + i", "id": "'snap-' || i", "create_ms": "create_ms + i"}.get(name, name) for name in columns)
    with db:
        made = db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                          f"INSERT INTO snapshot SELECT {copied} "
                          "FROM (SELECT * FROM snapshot WHERE no = (SELECT next_snapshot FROM world)), n", (count,)).rowcount
        db.execute("UPDATE world SET next_snapshot = next_snapshot + ?", (made,))
        db.execute("UPDATE usage SET snapshots = snapshots + ? WHERE account = (SELECT account FROM disk WHERE id = ?) "
                   "AND region = (SELECT region FROM disk WHERE id = ?)", (made, DISK, DISK))
        db.execute("UPDATE disk SET snapshot_count = snapshot_count + ? WHERE id = ?", (made, DISK))
    db.close()


def row_million(options, rows):
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
        fill(small, 1_000)
        fill(large, 1_000_000)

        def world(folder):
            return lambda: Server("--data", folder, *FAST)
        newest = ("DescribeSnapshots", {"Limit": 100})
        oldest = ("DescribeSnapshots", {"Limit": 100, "Offset": 999_800})
        got = rounds({"small": (world(small), CREATE, 16), "large": (world(large), CREATE, 16), "newest": (world(large), newest, 4),
                      "oldest": (world(large), oldest, 4)}, options)
        started = []
        for _ in range(options.rounds):
            begin = time.monotonic()
            with Server("--data", large, *FAST) as server:
                check(server, *CREATE)
                started.append(time.monotonic() - begin)
    rows["CreateSnapshot at 1,000,000 snapshots / at 1,000, CPU"] = got["large"]["cpu"] / got["small"]["cpu"]
    rows["DescribeSnapshots at Offset 999,800 / at Offset 0, CPU"] = got["oldest"]["cpu"] / got["newest"]["cpu"]
    rows["start on 1,000,000 snapshots to first answer, s"] = statistics.median(started)
    return got


def row_start(options, rows):
    def once(make):
        begin = time.monotonic()
        with make() as server:
            subprocess.run(["curl", "-s", "-o", os.devnull, f"http://{server.address}/"], check=True)
            return time.monotonic() - begin
    variants = {"bare": lambda: Bare(str(ROOT / "schema/schema.sql")), "cbsmock": lambda: Server(*FAST)}
    seen = {name: [] for name in variants}
    for _ in range(5 * options.rounds):
        for name, make in variants.items():
            seen[name].append(once(make))
    got = {name: {"seconds": statistics.median(times)} for name, times in seen.items()}
    rows["start to first answer / bare with the schema"] = got["cbsmock"]["seconds"] / got["bare"]["seconds"]
    return got


def row_memory(options, rows):
    with Server(*FAST) as server:
        server.admin.seed(ROOMY)
        check(server, *CREATE)
        begin = resident_bytes(server.process.pid)
        made = load(server, *CREATE, 16, options.seconds)["requests"]
        grown = resident_bytes(server.process.pid) - begin
    rows["resident memory after start, MB"] = begin / 1e6
    rows["resident memory a snapshot more, bytes"] = grown / made
    return {"memory": {"start": begin, "grown": grown, "snapshots": made}}


# ---- instructions: no noise ----------------------------------------------------------------------------------------------------


def instructions(command, call, requests):
    """User-space instructions of a server that answers so many requests, sha256 and memset left out: valgrind emulates those badly."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "callgrind"
        process = subprocess.Popen(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command], stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, text=True)
        address = process.stdout.readline().rpartition("//")[2].strip()
        if call[0] == "cbsmock":
            Server_admin(address).seed(ROOMY)
        client = Client(address)
        for _ in range(requests):
            client.send(Request(*CREATE))
        process.terminate()
        process.wait(60)
        process.stdout.close()
        text = subprocess.run(["callgrind_annotate", "--threshold=100", str(out)], capture_output=True, text=True, check=True).stdout
    total = 0
    for count, name in re.findall(r"^\s*([\d,]+) \([^)]*\)\s+(\S.*)$", text, re.M):
        if "PROGRAM TOTALS" in name or re.search(r"sha256|sha1|memset", name):
            continue
        total += int(count.replace(",", ""))
    return total


def Server_admin(address):
    from support.admin import Admin
    return Admin(int(address.rpartition(":")[2]))


def row_instructions(_options, rows):
    few, many = 200, 1200
    per = {}
    for name, command in (("bare", [BARE]), ("cbsmock", [os.environ["CBSMOCK_BINARY"], "serve", "--port", "0", *FAST])):
        per[name] = (instructions(command, (name,), many) - instructions(command, (name,), few)) / (many - few)
    rows["CreateSnapshot in memory, user instructions / bare"] = per["cbsmock"] / per["bare"]
    return {name: {"instructions": count} for name, count in per.items()}


ROWS = {"create": row_create, "page": row_page, "start": row_start, "memory": row_memory, "instructions": row_instructions,
        "million": row_million}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("rows", nargs="*", choices=[*ROWS, []], default=list(ROWS))
    options = parser.parse_args()
    rows, raw = {}, {}
    for name in options.rows or ROWS:
        raw[name] = ROWS[name](options, rows)
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value:10.3f}")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows, "raw": raw}, indent=1) + "\n")


main()
