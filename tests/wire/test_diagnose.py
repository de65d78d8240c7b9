"""/_cbs/auth/diagnose, and what the log says of a refused signature."""

import json
import time

import pytest

from support import api, sign
from support.diagnose import as_text, diagnose, post
from support.server import Server

PARAMS = {"DiskId": "disk-lzrg2pwi", "SnapshotName": "a name"}
OTHER_ID, OTHER_KEY = "AKIDofSomebodyElse000000000000EXAMPLE", "KeyOfSomebodyElse000000000EXAMPLE"


def request(**changes):
    return api.Request("CreateSnapshot", PARAMS, **changes)


def for_cloud(server):
    """A client that signs the cloud's host and sends it here."""
    return request(host="cbs.tencentcloudapi.com", unsigned={"Host": f"127.0.0.1:{server.port}"})


def count_snapshots(server):
    return api.call(server, "DescribeSnapshots", {})["TotalCount"]


@pytest.mark.parametrize("signature", [api.TC3, api.SHA1, api.SHA256])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_right_request_is_not_blamed(server, signature, method, line_end):
    text = as_text(request(signature=signature, method=method), server.address, line_end)
    auth = diagnose(server, text, "text/plain")
    assert (auth["diagnosis"], auth["result"], auth["scheme"]) == ("signature_correct", "OK", signature)
    assert diagnose(server, {"raw": text}) == auth


def test_nothing_is_executed(server):
    before = count_snapshots(server)
    diagnose(server, as_text(request(), server.address), "text/plain")
    assert count_snapshots(server) == before


def test_the_mistake_is_named(server):
    host = f"127.0.0.1:{server.port}"
    auth = diagnose(server, as_text(for_cloud(server), server.address), "text/plain; charset=utf-8")
    assert auth["result"] == "AuthFailure.SignatureFailure"
    assert auth["diagnosis"] == "host_of_cloud"
    assert auth["confidence"] == "reproduces the signature you sent"
    assert host in auth["hint"] and "cbs.tencentcloudapi.com" in auth["hint"]
    difference = auth["first_difference"]
    assert difference["part"] == "canonical_headers"
    assert difference["expected"] == f"host:{host}" and difference["yours"] == "host:cbs.tencentcloudapi.com"
    expected, yours = auth["canonical_request"]["expected"], auth["canonical_request"]["yours"]
    assert expected[:difference["offset"]] == yours[:difference["offset"]]
    assert expected[difference["offset"]] != yours[difference["offset"]]
    assert yours == expected.replace(host, "cbs.tencentcloudapi.com")


def test_in_parts(server):
    method, target, headers, body = for_cloud(server).sign(server.address)
    parts = {"method": method, "url": target, "headers": dict(headers), "body": body.decode()}
    assert diagnose(server, parts)["diagnosis"] == "host_of_cloud"
    del parts["headers"]["Host"]
    parts["url"] = f"http://127.0.0.1:{server.port}/"
    assert diagnose(server, parts)["diagnosis"] == "host_of_cloud"


def test_a_key_the_server_does_not_know(server):
    text = as_text(request(secret_id=OTHER_ID, secret_key=OTHER_KEY), server.address)
    assert diagnose(server, {"raw": text})["diagnosis"] == "secret_id_unknown"
    assert diagnose(server, {"raw": text, "secret_key": OTHER_KEY})["diagnosis"] == "signature_correct"
    text = as_text(request(secret_id=OTHER_ID, secret_key=OTHER_KEY + "\n"), server.address)
    auth = diagnose(server, {"raw": text, "secret_key": OTHER_KEY})
    assert auth["diagnosis"] == "secret_key_with_blank"
    assert OTHER_KEY not in json.dumps(auth)


def test_now(server):
    old = as_text(request(timestamp=1772389800), server.address)
    assert diagnose(server, {"raw": old})["diagnosis"] == "signature_correct"
    assert diagnose(server, {"raw": old, "now": "2026-03-01T18:31:00Z"})["diagnosis"] == "signature_correct"
    assert diagnose(server, {"raw": old, "now": 1772390200})["diagnosis"] == "timestamp_expired"
    assert diagnose(server, {"raw": old, "now": "2026-03-01T10:30:05Z"})["diagnosis"] == "timestamp_local"


def test_policy(server):
    text = as_text(request(), server.address)
    assert diagnose(server, {"raw": text, "signature": "exact"})["diagnosis"] == "host_not_of_the_cloud"
    text = as_text(request(host="cbs.tencentcloudapi.com", unsigned={"Host": "cbs.tencentcloudapi.com:8443"}), server.address)
    assert diagnose(server, {"raw": text, "signature": "local"})["diagnosis"] == "signature_correct"
    assert diagnose(server, {"raw": text, "signature": "exact"})["diagnosis"] == "host_without_port"


@pytest.mark.parametrize("body, code", [
    ({"raw": "hello"}, "NoRequest"),
    ({"raw": ""}, "NoRequest"),
    ({"raw": "GET / HTTP/1.1", "body": ""}, "InvalidField"),
    ({"raw": 1}, "InvalidField"),
    ({"headers": []}, "InvalidField"),
    ({"headers": {"Host": ["a"]}}, "InvalidField"),
    ({"headers": {f"A{i}": "b" for i in range(101)}}, "InvalidField"),
    ({"url": "127.0.0.1"}, "InvalidField"),
    ({"now": "yesterday"}, "InvalidField"),
    ({"now": -1}, "InvalidField"),
    ({"signature": "off"}, "InvalidField"),
    ({"token": "x"}, "UnknownField"),
    ("{", "InvalidJson"),
])
def test_what_cannot_be_read(server, body, code):
    status, answer = post(server, body)
    assert (status, answer["error"]["code"]) == (400, code)
    assert answer["error"]["message"]


def test_a_paste_of_curl_s_own_marks_hears_what_to_paste(server):
    for text in ("> GET / HTTP/1.1\n> Host: a\n", "*   Trying 127.0.0.1:9362...\n> GET / HTTP/1.1\n"):
        status, answer = post(server, text, "text/plain")
        assert status == 400 and "curl -v" in answer["error"]["message"]


def test_other_bodies_are_refused(server):
    status, answer = post(server, "GET / HTTP/1.1", "application/x-www-form-urlencoded")
    assert (status, answer["error"]["code"]) == (415, "UnsupportedMediaType")


def test_requests_without_a_signature(server):
    assert diagnose(server, "GET / HTTP/1.1\n", "text/plain")["diagnosis"] == "not_signed"
    assert diagnose(server, "PUT / HTTP/1.1\n", "text/plain")["diagnosis"] == "refused_before_signature"
    assert diagnose(server, {})["diagnosis"] == "refused_before_signature"


def test_the_log_names_the_mistake():
    with Server() as server:
        with api.Client(server.address) as client:
            assert client.send(for_cloud(server)).code == "AuthFailure.SignatureFailure"
            assert client.send(request(timestamp=int(time.time()) - 8 * 3600)).code == "AuthFailure.SignatureExpire"
            assert client.send(request()).code is None
        log = server.log()
    assert "diagnosis=host_of_cloud" in log and "diagnosis=timestamp_local" in log
    assert log.count("diagnosis=") == 2
    assert sign.SECRET_KEY not in log
