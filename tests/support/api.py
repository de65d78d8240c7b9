"""A client of the cloud's API for tests: it can send what a well-behaved client sends, and anything else."""

import http.client
import json
import random
import ssl
import time
import urllib.parse

from support import pace, sign

TC3, SHA1, SHA256 = "TC3-HMAC-SHA256", "HmacSHA1", "HmacSHA256"
JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"
VERSION = "2017-03-12"
REGION = "ap-guangzhou"
TIMEOUT_SECONDS = pace.seconds(30)


class Answer:
    """An answer of the API, taken apart."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body
        self.response = json.loads(body)["Response"]
        self.request_id = self.response["RequestId"]
        error = self.response.get("Error", {})
        self.code = error.get("Code")
        self.message = error.get("Message")

    def __getitem__(self, name):
        """A field of a success; an error shows itself in the failed test."""
        assert self.code is None, f"{self.code}: {self.message}"
        return self.response[name]


def flatten(value, prefix=""):
    """The leaves of parameters as (name, text), the way forms and queries carry them."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    else:
        return [(prefix, str(value).lower() if isinstance(value, bool) else str(value))]
    return [pair for name, item in items for pair in flatten(item, f"{prefix}.{name}" if prefix else str(name))]


class Request:
    """A request before it is signed. Every part can be changed; sign() makes method, target, headers and body of it."""

    def __init__(self, action, params=None, **changes):
        self.action = action
        self.params = params or {}
        self.version = VERSION
        self.region = REGION
        self.language = None
        self.token = None
        self.secret_id = sign.SECRET_ID
        self.secret_key = sign.SECRET_KEY
        self.signature = TC3
        self.method = "POST"
        self.service = "cbs"
        self.host = None            # None: the address it is sent to
        self.content_type = None    # None: what the form asks for
        self.body = None            # bytes in place of the parameters
        self.body_spaces = 0        # blanks after the body
        self.timestamp = None       # None: now
        self.omit = ()              # headers (or, without TC3, common parameters) left out
        self.unsigned = {}          # headers added or put in place of others after signing
        for name, value in changes.items():
            if not hasattr(self, name):
                raise TypeError(f"a request has no {name}")
            setattr(self, name, value)

    def sign(self, address):
        """(method, target, headers, body) as they go to HOST:PORT `address`."""
        host = self.host or address
        timestamp = self.timestamp or int(time.time())
        if self.signature == TC3:
            target, headers, body = self._sign_tc3(host, timestamp)
        else:
            target, headers, body = self._sign_v1(host, timestamp)
        dropped = {name.lower() for name in [*self.omit, *self.unsigned]}
        headers = [(name, value) for name, value in headers if name.lower() not in dropped]
        headers += self.unsigned.items()
        if body or self.method == "POST":
            headers.append(("Content-Length", str(len(body))))
        return self.method, target, headers, body

    def _sign_tc3(self, host, timestamp):
        query, body = "", b""
        if self.method == "GET":
            query = urllib.parse.urlencode(flatten(self.params))
        elif self.body is None:
            body = json.dumps(self.params).encode()
        else:
            body = self.body
        body += b" " * self.body_spaces
        content_type = self.content_type or (FORM_TYPE if self.method == "GET" else JSON_TYPE)
        authorization = sign.tc3_authorization(
            self.secret_id, self.secret_key, timestamp, self.service, self.method, query,
            [("content-type", content_type), ("host", host)], body)
        headers = [
            ("Host", host), ("Content-Type", content_type), ("Authorization", authorization), ("X-TC-Action", self.action),
            ("X-TC-Version", self.version), ("X-TC-Timestamp", str(timestamp)), ("X-TC-Region", self.region),
            ("X-TC-Language", self.language), ("X-TC-Token", self.token)]
        return "/" + (query and "?" + query), [(name, value) for name, value in headers if value is not None], body

    def _sign_v1(self, host, timestamp):
        common = {
            "Action": self.action, "Version": self.version, "Region": self.region, "Language": self.language, "Token": self.token,
            "SecretId": self.secret_id, "Timestamp": str(timestamp), "Nonce": str(random.getrandbits(31) + 1),
            "SignatureMethod": self.signature}
        params = {name: value for name, value in common.items() if value is not None and name not in self.omit}
        params.update(flatten(self.params))
        signature = sign.v1_signature(self.secret_key, self.signature, self.method, host, params)
        if "Signature" not in self.omit:
            params["Signature"] = signature
        encoded = urllib.parse.urlencode(params)
        headers = [("Host", host), ("Content-Type", self.content_type or FORM_TYPE)]
        if self.method == "GET":
            return "/?" + encoded, headers, b""
        return "/", headers, (encoded.encode() if self.body is None else self.body) + b" " * self.body_spaces


def trusting(ca_pem):
    """A TLS context that trusts one CA (PEM text) and checks names."""
    return ssl.create_default_context(cadata=ca_pem)


class Client:
    """A connection to a server, kept alive between calls."""

    def __init__(self, address, tls=None):
        """`address` is HOST:PORT; `tls` an SSL context, or None for plain HTTP."""
        self.address = address
        if tls:
            self.connection = http.client.HTTPSConnection(address, timeout=TIMEOUT_SECONDS, context=tls)
        else:
            self.connection = http.client.HTTPConnection(address, timeout=TIMEOUT_SECONDS)

    def send(self, request):
        method, target, headers, body = request.sign(self.address)
        self.connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            self.connection.putheader(name, value)
        self.connection.endheaders(body or None)
        reply = self.connection.getresponse()
        return Answer(reply.status, reply.headers, reply.read())

    def call(self, action, params=None, **changes):
        return self.send(Request(action, params, **changes))

    def close(self):
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def call(server, action, params=None, **changes):
    """One call on a connection of its own, over plain HTTP."""
    with Client(server.address) as client:
        return client.call(action, params, **changes)
