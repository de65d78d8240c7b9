"""The tests' own signer against the published examples (protocol.md §3): what checks the server is checked first."""

import pytest

from support import sign

HOST = "cvm.tencentcloudapi.com"
FORM, JSON_UTF8 = "application/x-www-form-urlencoded", "application/json; charset=utf-8"
UNNAMED_FILTER = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'


@pytest.mark.parametrize("key,timestamp,method,query,headers,body,signature", [
    (sign.SECRET_KEY, 1539084154, "GET", "Limit=10&Offset=0", [("content-type", FORM)], b"",
     "5da7a33f6993f0614b047e5df4582db9e9bf4672ba50567dba16c6ccf174c474"),
    (sign.SECRET_KEY, 1551113065, "POST", "", [("content-type", JSON_UTF8)], UNNAMED_FILTER,
     "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"),
    ("*" * 32, 1551113065, "POST", "", [("content-type", JSON_UTF8), ("x-tc-action", "DescribeInstances")], UNNAMED_FILTER,
     "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"),
])
def test_tc3(key, timestamp, method, query, headers, body, signature):
    signed = sorted([*headers, ("host", HOST)])
    canonical = sign.tc3_canonical_request(method, query, signed, body)
    assert sign.tc3_signature(key, timestamp, "cvm", canonical) == signature


@pytest.mark.parametrize("algorithm,extra,signature", [
    ("HmacSHA1", {}, "EliP9YW3pW28FpsEdkXt/+WcGeI="),
    ("HmacSHA256", {"SignatureMethod": "HmacSHA256"}, "A8uy2/o7WBZXYCTWEFpMrVGhGBVlEGIOioeqRM+fzFs="),
])
def test_v1(algorithm, extra, signature):
    params = {"Action": "DescribeInstances", "InstanceIds.0": "ins-09dx96dg", "Limit": "20", "Nonce": "11886", "Offset": "0",
              "Region": "ap-guangzhou", "SecretId": sign.SECRET_ID, "Timestamp": "1465185768", "Version": "2017-03-12", **extra}
    assert sign.v1_signature(sign.SECRET_KEY, algorithm, "GET", HOST, params) == signature
