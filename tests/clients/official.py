"""The official Python SDK, unmodified, as the tests of this folder call by it: every way it can speak, with its own models."""

import json

import pytest
from tencentcloud.cbs.v20170312 import cbs_client, models
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from support import sign

REGION = "ap-guangzhou"
SIGNATURES = ["TC3-HMAC-SHA256", "HmacSHA256", "HmacSHA1"]
METHODS = ["POST", "GET"]


@pytest.fixture
def no_proxy(monkeypatch):
    """The SDK asks NO_PROXY for the host with its port, so a proxy of this machine would get between."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def profile(endpoint, signature="TC3-HMAC-SHA256", method="POST", language="en-US", ca_file=None):
    http = HttpProfile(protocol="https" if ca_file else "http", endpoint=endpoint, reqMethod=method, reqTimeout=30,
                       certification=ca_file)
    return ClientProfile(httpProfile=http, signMethod=signature, language=language)


def client(server, secret_id=sign.SECRET_ID, secret_key=sign.SECRET_KEY, token=None, region=REGION, **how):
    return cbs_client.CbsClient(Credential(secret_id, secret_key, token), region, profile(server.address, **how))


def ask(cbs, action, **params):
    """Calls an action with the SDK's own model of its request."""
    request = getattr(models, action + "Request")()
    request.from_json_string(json.dumps(params))
    return getattr(cbs, action)(request)


def refusal(cbs, action, **params):
    with pytest.raises(TencentCloudSDKException) as caught:
        ask(cbs, action, **params)
    return caught.value
