"""Clients that ask as fast as they can, from processes of their own: snapshots are made in pipelined batches and deleted again, so that
the world stays as large as it is. They note whatever was promised to them.

    python rush.py ADDRESS DISK        until the server ends the connection; prints a JSON object
"""

import json
import sys
import time

from raw import Raw, message
from support import api

BATCH = 20
SIGNED_SECONDS = 60  # that signed requests are used again


class Address:
    """What Raw wants to know of a server."""

    def __init__(self, address):
        self.address = address
        self.port = int(address.rpartition(":")[2])


class Rush:
    def __init__(self, address, disk):
        self.server = Address(address)
        self.disk = disk
        self.signed_at = 0
        self.requests = 0
        self.there = []       # answered as made, and not asked to be deleted since
        self.deleted = []     # answered as deleted
        self.problem = None

    def signed(self):
        if time.monotonic() - self.signed_at > SIGNED_SECONDS:
            self.signed_at = time.monotonic()
            made = message(api.Request("CreateSnapshot", {"DiskId": self.disk}), self.server.address)
            shown = message(api.Request("DescribeDisks", {"DiskIds": [self.disk]}), self.server.address)
            self.batch = made * BATCH + shown
        return self.batch

    def run(self):
        """False when it met anything but the end of the connection between two answers."""
        with Raw(self.server) as raw:
            try:
                while True:
                    self.turn(raw)
            except (EOFError, ConnectionError):
                if raw.pending:
                    self.problem = f"an answer was cut short: {raw.pending[:200]!r}"
            except (AssertionError, KeyError, ValueError, OSError) as error:
                self.problem = repr(error)

    def turn(self, raw):
        raw.send(self.signed())
        made = []
        for _ in range(BATCH):
            answer = raw.answer().json["Response"]
            if "Error" in answer:
                raise ValueError(answer)
            made.append(answer["SnapshotId"])
            self.there.append(answer["SnapshotId"])
        raw.answer()
        self.requests += BATCH + 1
        self.there = self.there[:-BATCH]
        raw.send(message(api.Request("DeleteSnapshots", {"SnapshotIds": made}), self.server.address))
        answer = raw.answer().json["Response"]
        if "Error" in answer:
            raise ValueError(answer)
        self.deleted = made
        self.requests += 1


def main(address, disk):
    rush = Rush(address, disk)
    rush.run()
    print(json.dumps({"requests": rush.requests, "there": rush.there, "deleted": rush.deleted, "problem": rush.problem}))


if __name__ == "__main__":
    main(*sys.argv[1:])
