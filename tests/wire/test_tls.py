"""TLS with our own certificate authority: what it is good for, how it is kept, when it is made anew."""

import os
import shutil
import socket
import ssl
import stat
import subprocess

import pytest

from raw import TIMEOUT_SECONDS
from start import complaint
from support import api
from support.server import Server

TLS = ("--tls-port", "0")


def handshake(server, name, context):
    """The server's certificate as `name` sees it; raises when it is not good for that name."""
    with socket.create_connection(("127.0.0.1", server.tls_port), TIMEOUT_SECONDS) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secured:
            return secured.getpeercert()


def certificate(server):
    return ssl.get_server_certificate(("127.0.0.1", server.tls_port))


@pytest.fixture
def trust(server):
    return api.trusting(server.admin.ca_pem())


@pytest.mark.parametrize("name", [
    "localhost", "127.0.0.1", "::1", "cbs.tencentcloudapi.com", "cvm.tencentcloudapi.com", "cbs.ap-guangzhou.tencentcloudapi.com",
    "cbs.ap-shanghai-fsi.tencentcloudapi.com", "cbs.intl.tencentcloudapi.com", "cbs.internal.tencentcloudapi.com"])
def test_names(server, trust, name):
    handshake(server, name, trust)


@pytest.mark.parametrize("name", ["example.com", "tencentcloudapi.com", "127.0.0.2", "cbs.tencentcloudapi.com.example.com"])
def test_other_names_are_refused(server, trust, name):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, name, trust)


def test_without_our_authority_it_is_not_trusted(server):
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, "localhost", ssl.create_default_context())


def test_the_api_and_the_admin_api_over_tls(server, trust):
    with api.Client(server.tls_address, trust) as client:
        assert client.call("DescribeDisks", {"Limit": 1})["TotalCount"] > 0
        client.connection.request("GET", "/_cbs/health")
        reply = client.connection.getresponse()
        assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")


def test_a_refusal_before_the_body_arrives_over_tls(server, trust):
    with api.Client(server.tls_address, trust) as client:
        request = api.Request("DescribeDisks", {"Limit": 1}, body_spaces=11 << 20)
        assert client.send(request).code == "RequestSizeLimitExceeded"


def test_validity(server, trust):
    shown = handshake(server, "localhost", trust)
    days = (ssl.cert_time_to_seconds(shown["notAfter"]) - ssl.cert_time_to_seconds(shown["notBefore"])) / 86400
    assert 365 < days <= 825
    assert shown["issuer"] == ((("commonName", "cbsmock local CA"),),)


def test_further_names():
    with Server(*TLS, "--tls-names", "cbs.mock.test,10.1.2.3") as server:
        trust = api.trusting(server.admin.ca_pem())
        for name in ("cbs.mock.test", "10.1.2.3", "localhost"):
            handshake(server, name, trust)


def test_plain_http_on_the_tls_port_ends_the_connection_only(server):
    with socket.create_connection(("127.0.0.1", server.tls_port), TIMEOUT_SECONDS) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while plain.recv(4096):
            pass
    assert certificate(server)


def test_without_tls_there_is_no_authority():
    with Server() as server:
        status, text = server.admin.exchange("GET", "/_cbs/ca.pem")
        assert status == 404 and "--tls-port" in text


# ---- kept ------------------------------------------------------------------------------------------------------------------


def test_in_memory_each_start_has_its_own():
    with Server(*TLS) as first, Server(*TLS) as second:
        assert first.admin.ca_pem() != second.admin.ca_pem()


def test_kept_in_the_data_directory(tmp_path):
    seen = []
    for _ in range(2):
        with Server(*TLS, "--data", str(tmp_path)) as server:
            seen.append((server.admin.ca_pem(), certificate(server)))
    assert seen[0] == seen[1]
    folder = tmp_path / "tls"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert sorted(modes) == ["ca.key", "ca.pem", "server.key", "server.pem"]
    assert modes["ca.key"] == modes["server.key"] == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_other_names_make_a_new_certificate_of_the_same_authority(tmp_path):
    data = ("--data", str(tmp_path))
    with Server(*TLS, *data) as server:
        authority, before = server.admin.ca_pem(), certificate(server)
    with Server(*TLS, *data, "--tls-names", "cbs.mock.test") as server:
        assert server.admin.ca_pem() == authority
        assert certificate(server) != before
        handshake(server, "cbs.mock.test", api.trusting(authority))


def test_a_lost_certificate_is_made_anew(tmp_path):
    data = ("--data", str(tmp_path))
    with Server(*TLS, *data) as server:
        authority = server.admin.ca_pem()
    (tmp_path / "tls" / "server.pem").unlink()
    with Server(*TLS, *data) as server:
        handshake(server, "localhost", api.trusting(authority))


def test_a_certificate_of_another_authority_is_made_anew(tmp_path):
    data = ("--data", str(tmp_path))
    with Server(*TLS, *data):
        pass
    for name in ("ca.pem", "ca.key"):
        (tmp_path / "tls" / name).unlink()
    with Server(*TLS, *data) as server:
        handshake(server, "localhost", api.trusting(server.admin.ca_pem()))


def make_authority(folder, days):
    """One from elsewhere, as a person may bring, in place of ours."""
    if not shutil.which("openssl"):
        pytest.skip("the openssl program is not here")
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj",
         "/CN=another CA", "-addext", "keyUsage=critical,keyCertSign", "-keyout", folder / "ca.key", "-out", folder / "ca.pem"],
        check=True, capture_output=True)
    return (folder / "ca.pem").read_text()


def test_an_authority_from_elsewhere_is_used(tmp_path):
    authority = make_authority(tmp_path / "tls", 365)
    with Server(*TLS, "--data", str(tmp_path)) as server:
        assert server.admin.ca_pem() == authority
        handshake(server, "cbs.tencentcloudapi.com", api.trusting(authority))


def test_an_authority_that_expires_soon_is_made_anew(tmp_path):
    authority = make_authority(tmp_path / "tls", 2)
    with Server(*TLS, "--data", str(tmp_path)) as server:
        assert server.admin.ca_pem() != authority
        handshake(server, "localhost", api.trusting(server.admin.ca_pem()))


@pytest.mark.parametrize("name", ["ca.pem", "ca.key", "server.pem", "server.key"])
@pytest.mark.parametrize("content", [b"", b"no certificate\n", os.urandom(200), b"x" * 100_000])
def test_a_broken_file_is_named_and_left_alone(tmp_path, name, content):
    with Server(*TLS, "--data", str(tmp_path)):
        pass
    path = tmp_path / "tls" / name
    path.write_bytes(content)
    assert str(path) in complaint("--port", "0", *TLS, "--data", str(tmp_path))
    assert path.read_bytes() == content
