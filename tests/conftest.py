"""Fixtures of all Python tests: a server a module, its world as new for every test."""

import pytest

from support.server import Server


@pytest.fixture(scope="module")
def module_server():
    """A server in memory without rate limits, TLS too. Tests take `server` instead, whose world is fresh."""
    with Server("--tls-port", "0", "--rate-limit", "off") as server:
        yield server


@pytest.fixture
def server(module_server):
    module_server.admin.reset()
    return module_server
