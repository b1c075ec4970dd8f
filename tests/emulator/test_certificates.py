"""The emulator over TLS: certificates and protocols, right and wrong, as a raw client meets them."""

import contextlib
import http.client
import ssl
import warnings
from pathlib import Path
from typing import get_args

import pytest

from reconciler.emulator import Emulator, Fault, FaultKind, Online
from reconciler.emulator.certificates import TLS_KINDS, CertificateError, Certificates, TlsKind
from tests.emulator.tenant import WHO, Application, fetch


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.below(tmp_path_factory.mktemp("authority"))


def test_a_whole_login_over_tls_with_a_tenant_that_moves(certificates: Certificates) -> None:
    with Emulator(online=Online(), tls=certificates.server()) as emulator:
        app = Application(emulator, certificates.client())
        ticket = app.ticket()
        assert app.state()["Api"].startswith("https://127.0.0.1:")
        assert app.get_with(ticket).status == 200
        emulator.door.switches.tenant_host = 2
        assert app.get_with(ticket).status == 200
        assert [call.host for call in emulator.calls if call.operation == "User/currentPrincipal"] == [1, 2]
        assert fetch(f"{emulator.url.replace('127.0.0.1', 'localhost')}api/state/Cust12345", tls=app.tls).status == 200
        assert emulator.errors == []


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("expired", "certificate has expired"),
        ("self-signed", "self-signed certificate"),
        ("other-host", "IP address mismatch"),
        ("unknown-authority", "unable to get local issuer certificate"),
        ("tls-1.0", "(?i)unsupported.protocol|alert protocol version|legacy sigalg"),
    ],
)
def test_a_client_that_checks_sends_nothing(certificates: Certificates, kind: TlsKind, why: str) -> None:
    with Emulator(tls=certificates.server(kind)) as emulator:
        with pytest.raises(ssl.SSLError, match=why):
            fetch(f"{emulator.url}api{WHO}", tls=certificates.client(), Authorization="Basic YWRtaW46YWRtaW4=")
        assert (emulator.calls, emulator.errors) == ([], [])


def test_a_client_that_checks_nothing_is_answered_so_that_only_the_check_is_tested(certificates: Certificates) -> None:
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
    careless.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        careless.minimum_version = ssl.TLSVersion.TLSv1
    assert get_args(TlsKind) == TLS_KINDS
    for kind in get_args(TlsKind):
        with Emulator(tls=certificates.server(kind)) as emulator:
            assert fetch(f"{emulator.url}api{WHO}", tls=careless, Authorization="Basic YWRtaW46YWRtaW4=").status == 200, kind


def test_plain_http_at_a_tls_port_is_cut_and_hurts_nobody(certificates: Certificates) -> None:
    with Emulator(tls=certificates.server()) as emulator:
        with pytest.raises((OSError, http.client.HTTPException)):
            fetch(emulator.url.replace("https", "http"))
        reply = fetch(f"{emulator.url}api", tls=certificates.client())
        assert (reply.status, emulator.errors) == (200, [])


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultKind.REFUSED, None),
        (FaultKind.DROP_BEFORE, None),
        (FaultKind.DROP_AFTER, None),
        (FaultKind.TRUNCATED, None),
        (FaultKind.LATE, None),
        (FaultKind.DRIP, 200),
        (FaultKind.HUGE_BODY, 200),
        (FaultKind.GZIP_BOMB, 200),
        (FaultKind.REDIRECT, 307),
    ],
)
def test_calls_fail_over_tls_as_they_fail_without(certificates: Certificates, kind: FaultKind, status: int | None) -> None:
    with Emulator(tls=certificates.server()) as emulator:
        emulator.faults.add(Fault("User/currentPrincipal", kind, delay_s=0.01, size_bytes=500_000))
        trusted, url = certificates.client(), f"{emulator.url}api{WHO}"
        seen: int | None = None
        with contextlib.suppress(OSError, http.client.HTTPException):
            seen = fetch(url, tls=trusted, Authorization="Basic YWRtaW46YWRtaW4=").status
        assert seen == status
        assert fetch(url, tls=trusted, Authorization="Basic YWRtaW46YWRtaW4=").status == 200
        assert emulator.errors == []


def test_stopping_ends_connections_that_are_still_open(certificates: Certificates) -> None:
    for _ in range(10):
        with Emulator(tls=certificates.server()) as emulator:
            made = http.client.HTTPSConnection(
                "127.0.0.1", int(emulator.url.rsplit(":", 1)[1][:-1]), timeout=5, context=certificates.client()
            )
            made.request("GET", "/api", headers={"Accept": "application/json"})
            assert made.getresponse().read()
            assert made.sock is not None
            emulator.stop()
            assert made.sock.recv(1) == b""
            made.close()
            assert emulator.errors == []


def test_an_authority_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match=r"emulator-ca\.pem cannot be written"):
        Certificates.below(tmp_path / "nowhere")
