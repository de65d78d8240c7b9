"""The two signature families, written from their published description and sharing nothing with the server under test."""

import base64
import datetime
import hashlib
import hmac

# The documentation's example pair: the default key of the default world.
SECRET_ID = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"


def _hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def utc_date(timestamp):
    return datetime.datetime.fromtimestamp(timestamp, datetime.timezone.utc).strftime("%Y-%m-%d")


def tc3_canonical_request(method, query, signed_headers, payload):
    """`signed_headers` is a list of (name, value), already in order; `payload` is bytes."""
    headers = "".join(f"{name.lower()}:{value.strip().lower()}\n" for name, value in signed_headers)
    names = ";".join(name.lower() for name, _ in signed_headers)
    return "\n".join([method, "/", query, headers, names, hashlib.sha256(payload).hexdigest()])


def tc3_signature(secret_key, timestamp, service, canonical_request):
    date = utc_date(timestamp)
    scope = f"{date}/{service}/tc3_request"
    digest = hashlib.sha256(canonical_request.encode()).hexdigest()
    key = ("TC3" + secret_key).encode()
    for part in (date, service, "tc3_request"):
        key = _hmac_sha256(key, part)
    return _hmac_sha256(key, f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}").hex()


def tc3_authorization(secret_id, secret_key, timestamp, service, method, query, signed_headers, payload):
    canonical = tc3_canonical_request(method, query, signed_headers, payload)
    signature = tc3_signature(secret_key, timestamp, service, canonical)
    names = ";".join(name.lower() for name, _ in signed_headers)
    return (f"TC3-HMAC-SHA256 Credential={secret_id}/{utc_date(timestamp)}/{service}/tc3_request, "
            f"SignedHeaders={names}, Signature={signature}")


def v1_signature(secret_key, algorithm, method, host, params):
    """`params` maps names to texts, `Signature` not among them; `algorithm` is HmacSHA1 or HmacSHA256."""
    text = f"{method}{host}/?" + "&".join(f"{name}={params[name]}" for name in sorted(params))
    digest = {"HmacSHA1": hashlib.sha1, "HmacSHA256": hashlib.sha256}[algorithm]
    return base64.b64encode(hmac.new(secret_key.encode(), text.encode(), digest).digest()).decode()
