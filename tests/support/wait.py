"""Waiting for what comes about by itself: a look now and again, and an end to patience that says what was seen."""

import time

from support import pace

BETWEEN_SECONDS = 0.01
WAIT_SECONDS = pace.seconds(20)


def wait_until(holds, complaint, seconds=WAIT_SECONDS, between=BETWEEN_SECONDS):
    """Until `holds` answers something true, asked again after `between`; `complaint` is what to say when it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, complaint()
        time.sleep(between)
