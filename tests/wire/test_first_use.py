"""Sandboxes that are made by the first request with their key."""

import json

import pytest

from support import api
from support.diagnose import as_text, diagnose
from support.requests import Requests
from support.sandboxes import Sandbox, Sandboxes
from support.server import Server


def test_first_use():
    with Server("--sandbox-on-first-use", "AKIDtest*", "--sandbox-secret-key", "mine", "--sandbox-template", "empty",
                "--max-sandboxes", "2") as server:
        for name in ("AKIDtest1", "AKIDtest2"):
            assert Sandbox(server, name, "mine").call("DescribeDisks")["TotalCount"] == 0
        assert sorted(Sandboxes(server).list()) == ["AKIDtest1", "AKIDtest2", "default"]
        assert Sandbox(server, "AKIDtest3", "mine").call("DescribeDisks").code == "AuthFailure.SecretIdNotFound"
        assert Sandbox(server, "AKIDreal", "mine").call("DescribeDisks").code == "AuthFailure.SecretIdNotFound"
        status, text = server.admin.exchange("PUT", "/_cbs/sandboxes/AKIDx", {})
        assert status == 409 and json.loads(text)["error"]["code"] == "TooManySandboxes"


@pytest.fixture
def first_use():
    with Server("--sandbox-on-first-use", "AKIDtest*", "--sandbox-secret-key", "mine", "--log-format", "json") as server:
        yield server


UNPROVEN = [
    ({"secret_key": "mine "}, "AuthFailure.SignatureFailure", "secret_key_with_blank"),
    ({"timestamp": 1}, "AuthFailure.SignatureExpire", "timestamp_expired"),
    ({"token": "session"}, "AuthFailure.TokenFailure", None),
]
UNPROVEN_TC3 = [
    ({"service": "cvm"}, "AuthFailure.InvalidAuthorization", None),
    ({"omit": ("X-TC-Timestamp",)}, "MissingParameter", None),
]


@pytest.mark.parametrize("signature, wrong, code, diagnosis", [
    *((api.TC3, *case) for case in UNPROVEN + UNPROVEN_TC3), *((api.SHA1, *case) for case in UNPROVEN),
])
def test_a_first_use_that_proves_nothing_makes_nothing(first_use, signature, wrong, code, diagnosis):
    answer = api.call(first_use, "DescribeDisks", secret_id="AKIDtest1", **{"secret_key": "mine", "signature": signature, **wrong})
    assert answer.code == code
    assert list(Sandboxes(first_use).list()) == ["default"]
    line = next(json.loads(line) for line in first_use.log().splitlines() if answer.request_id in line)
    assert diagnosis is None or line["diagnosis"] == diagnosis
    assert Requests(first_use.admin).show(answer.request_id)["code"] == code


def test_a_first_use_without_signatures():
    """Where nothing is checked, a request makes its world as it comes."""
    with Server("--sandbox-on-first-use", "AKIDtest*", "--signature", "off") as server:
        assert api.call(server, "DescribeDisks", secret_id="AKIDtest1", secret_key="whatever").code is None
        assert sorted(Sandboxes(server).list()) == ["AKIDtest1", "default"]


def test_a_first_use_is_diagnosed_with_the_key_it_would_have(first_use):
    request = api.Request("DescribeDisks", {}, secret_id="AKIDtest1", secret_key="mine")
    said = diagnose(first_use, as_text(request, first_use.address), "text/plain")
    assert said["diagnosis"] == "signature_correct"
    assert list(Sandboxes(first_use).list()) == ["default"]
