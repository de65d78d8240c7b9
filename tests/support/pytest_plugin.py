"""Fixtures for pytest: one server for the session, one world for each test. A conftest.py takes them up with

    pytest_plugins = ["support.pytest_plugin"]

The server is that of $CBSMOCK_ENDPOINT, so that workers can share one, else a new one of $CBSMOCK_BINARY."""

import itertools
import os

import pytest

from support.client import Cbsmock, Remote
from support.server import Server

NEW_YEAR = "2026-01-01T00:00:00Z"
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def cbsmock_server():
    url = os.environ.get("CBSMOCK_ENDPOINT")
    if url:
        yield Remote(url, os.environ.get("CBSMOCK_ADMIN_TOKEN"))
        return
    with Server("--rate-limit", "off") as server:
        yield server


@pytest.fixture
def cbsmock(cbsmock_server):
    """A world of this test's own, its clock frozen. It is not there for others: its key is its own."""
    name = f"AKID{os.environ.get('PYTEST_XDIST_WORKER', 'main')}-{os.getpid()}-{next(numbers)}"
    world = Cbsmock(cbsmock_server).new(name, ttl="1h", clock={"mode": "frozen", "now": NEW_YEAR}, rate_limit="off")
    yield world
    world.delete()
