"""HTTPS: a certificate that is trusted works, one that is not sends nothing."""

import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reconciler.errors import ReadError
from reconciler.model import Outcome
from tests.superoffice.scripted import QUICK, Scripted, closes, drips, gateway_for, reply


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate of `localhost`, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.mark.usefixtures("trusted")
def test_reads_and_writes_over_tls(tls: ssl.SSLContext) -> None:
    with Scripted([reply(content=[])], tls=tls) as server:
        gateway = gateway_for(server.url)
        assert gateway.list_connections(include_deleted=False) == ()
        assert gateway.list_connections(include_deleted=False) == ()
        assert gateway.toggle(1).outcome is Outcome.APPLIED
        assert [request.connection for request in server.got] == [1, 1, 2]
        gateway.close()


@pytest.mark.usefixtures("trusted")
def test_the_deadline_holds_over_tls(tls: ssl.SSLContext) -> None:
    with Scripted([drips(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n" + b"[" * 90)], tls=tls) as server:
        began = time.monotonic()
        result = gateway_for(server.url, timeouts=QUICK).toggle(1)
        assert (result.outcome, result.status) == (Outcome.UNKNOWN, None)
        assert time.monotonic() - began < 3


@pytest.mark.usefixtures("trusted")
def test_an_end_without_an_answer_over_tls(tls: ssl.SSLContext) -> None:
    with Scripted([closes], tls=tls) as server:
        assert gateway_for(server.url).toggle(1).outcome is Outcome.UNKNOWN


def test_a_certificate_that_nobody_vouches_for(tls: ssl.SSLContext) -> None:
    with Scripted([reply(content=[])], tls=tls) as server:
        gateway = gateway_for(server.url)
        result = gateway.toggle(1)
        assert (result.outcome, result.final) == (Outcome.NOT_APPLIED, False)
        assert "TLS failed (self-signed certificate); nothing was sent" in result.detail
        with pytest.raises(ReadError, match="TLS failed"):
            gateway.list_connections(include_deleted=False)
        assert server.got == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_host(tls: ssl.SSLContext) -> None:
    with Scripted([reply(content=[])], tls=tls) as server:
        result = gateway_for(server.url.replace("localhost", "127.0.0.1")).toggle(1)
        assert result.outcome is Outcome.NOT_APPLIED
        assert "TLS failed" in result.detail
        assert server.got == []
