"""Servers that mean harm, or are broken: no credential leaves, memory and time stay bounded, and the error says what it was."""

import contextlib
import gzip
import socket
import ssl
import time
import tracemalloc
import warnings
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from reconciler.errors import ReadError, TargetError
from reconciler.model import Limits, Outcome, Secret
from reconciler.superoffice.auth import Basic
from reconciler.superoffice.client import Client
from reconciler.superoffice.gateway import Gateway
from reconciler.superoffice.transport import MAX_BODY, Network
from tests.superoffice.scripted import LOGIN_CANARY, PATIENT, QUICK, Act, FakeClock, RealClock, Scripted, drips, raw, reply
from tests.superoffice.vendor import Vendor, Visitor

MB = 1024 * 1024


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def gateway(url: str, bundle: Path | None, **options: object) -> Gateway:
    auth = Basic(Secret("user"), Secret(LOGIN_CANARY))
    given = {"timeouts": PATIENT, "limits": Limits(), "clock": FakeClock(), **options}
    return Gateway(Client(url, auth, network=Network(5, bundle), **given))  # type: ignore[arg-type]


# --- certificates ---


def test_an_authority_of_ones_own_is_trusted_when_it_is_named(authority: trustme.CA, bundle: Path) -> None:
    with Scripted([reply(content=[])], tls=serving(authority.issue_cert("localhost"))) as server:
        assert gateway(server.url, bundle).list_connections(include_deleted=False) == ()
        with pytest.raises(ReadError, match="TLS failed"):
            gateway(server.url, None).list_connections(include_deleted=False)
        assert len(server.got) == 1


def wrong_certificates(authority: trustme.CA) -> dict[str, tuple[trustme.LeafCert, str]]:
    now = datetime.now(UTC)
    return {
        "another host": (authority.issue_cert("crm.example.com"), "Hostname mismatch"),
        "expired": (
            authority.issue_cert("localhost", not_before=now - timedelta(2), not_after=now - timedelta(1)),
            "certificate has expired",
        ),
        "not yet valid": (authority.issue_cert("localhost", not_before=now + timedelta(1)), "not yet valid"),
        "another authority": (trustme.CA().issue_cert("localhost"), "unable to get local issuer certificate"),
    }


@pytest.mark.parametrize("name", ["another host", "expired", "not yet valid", "another authority"])
def test_a_wrong_certificate_ends_before_a_byte_is_sent(authority: trustme.CA, bundle: Path, name: str) -> None:
    certificate, words = wrong_certificates(authority)[name]
    with Scripted([reply(content=[])], tls=serving(certificate)) as server:
        one = gateway(server.url, bundle)
        with pytest.raises(ReadError, match=words) as caught:
            one.list_connections(include_deleted=False)
        result = one.toggle(1)
        assert (result.outcome, result.final) == (Outcome.NOT_APPLIED, False)
        assert "nothing was sent" in result.detail
        assert server.got == []
    assert caught.value.exit_code == 1


def old_tls(certificate: trustme.LeafCert, version: ssl.TLSVersion) -> ssl.SSLContext:
    context = serving(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_nothing_older_than_tls_1_2_is_spoken(authority: trustme.CA, bundle: Path, version: ssl.TLSVersion) -> None:
    with Scripted([reply(content=[])], tls=old_tls(authority.issue_cert("localhost"), version)) as server:
        with pytest.raises(ReadError, match="TLS failed"):
            gateway(server.url, bundle).list_connections(include_deleted=False)
        assert gateway(server.url, bundle).toggle(1).outcome is Outcome.NOT_APPLIED
        assert server.got == []
    with Scripted([reply(content=[])], tls=old_tls(authority.issue_cert("localhost"), ssl.TLSVersion.TLSv1_2)) as server:
        assert gateway(server.url, bundle).list_connections(include_deleted=False) == ()


@pytest.mark.parametrize("content", [b"", b"not PEM", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None])
def test_a_file_with_authorities_that_cannot_be_used(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TargetError, match="cannot be used") as caught:
        gateway("https://localhost:1", path)
    assert "ca_bundle" in caught.value.hint


def test_online_over_tls(authority: trustme.CA, bundle: Path) -> None:
    with Vendor(tls=serving(authority.issue_cert("localhost"))) as vendor:
        assert Gateway(Visitor(vendor, ca=bundle).client).principal() == "system"
        vendor.got.clear()
        with pytest.raises(TargetError, match="TLS failed"):
            Gateway(Visitor(vendor, clock=FakeClock()).client).principal()
        assert vendor.got == []


# --- bodies ---


def endless(head: bytes, piece: bytes, count: int) -> Act:
    """A body of `count` pieces, as fast as it is taken."""

    def act(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + head + b"\r\n\r\n")
            for _ in range(count):
                sock.sendall(piece)
        sock.close()

    return act


CHUNK = b"%x\r\n" % MB + b" " * MB + b"\r\n"
BOMB = gzip.compress(b" " * 200 * MB, 6)
DEFLATED = zlib.compress(b" " * 200 * MB, 6)


@contextlib.contextmanager
def bounded(megabytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * MB
    finally:
        tracemalloc.stop()


HUGE = {
    "200 MB that are announced": endless(b"Content-Length: %d" % (200 * MB), b" " * MB, 200),
    "200 MB in pieces": endless(b"Transfer-Encoding: chunked", CHUNK, 200),
    "200 MB without an end": endless(b"Connection: close", b" " * MB, 200),
    "a number with 5000 digits": endless(b"Content-Length: " + b"9" * 5000, b" " * MB, 40),
    "200 MB packed with gzip": reply(body=BOMB, Content_Encoding="gzip"),
    "200 MB packed with deflate": reply(body=DEFLATED, Content_Encoding="deflate"),
}


@pytest.mark.parametrize("name", HUGE)
def test_a_body_that_is_too_large_is_given_up_in_bounded_memory(name: str) -> None:
    with Scripted([HUGE[name]]) as server:
        one = gateway(server.url, None, clock=FakeClock(), timeouts=PATIENT)
        with bounded(4 * MAX_BODY // MB):
            result = one.toggle(1)
        assert (result.outcome, result.status) == (Outcome.UNKNOWN, None)
        assert "longer than 32 MiB" in result.detail
        assert len(server.got) == 1  # a write is sent once, whatever comes back


def test_one_byte_after_the_other_ends_at_the_deadline() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    with Scripted([drips(head + b" " * 900, 0.1)]) as server:
        began = time.monotonic()
        with pytest.raises(ReadError, match="no complete answer within 0"):
            gateway(server.url, None, clock=RealClock(), timeouts=QUICK).list_connections(include_deleted=False)
        assert time.monotonic() - began < 4


@pytest.mark.parametrize("lines", [200, 100_000])
def test_headers_without_end(lines: int) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + b"X-Much: much\r\n" * lines + b"\r\n"
    with Scripted([raw(head, then_close=True)]) as server:
        assert gateway(server.url, None).toggle(1).outcome is Outcome.UNKNOWN


def test_a_login_that_never_ends_is_given_up() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
    with Scripted([drips(head + b" " * 900, 0.1)]) as server:
        vendor = type("Where", (), {"url": server.url.removesuffix("/SuperOffice")})
        began = time.monotonic()
        with pytest.raises(TargetError, match="no complete answer"):
            Gateway(Visitor(vendor, timeouts=QUICK).client).principal()  # type: ignore[arg-type]
        assert time.monotonic() - began < 6


# --- a proxy, only when asked ---


def test_a_proxy_is_used_when_it_is_asked_for_and_sees_no_credential(authority: trustme.CA, bundle: Path) -> None:
    with Scripted([raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")]) as proxy:
        address = proxy.url.removesuffix("/SuperOffice")
        auth = Basic(Secret("user"), Secret(LOGIN_CANARY))
        client = Client(
            "https://crm.example.invalid/SuperOffice",
            auth,
            timeouts=PATIENT,
            limits=Limits(),
            clock=FakeClock(),
            network=Network(5, bundle, address),
        )
        result = Gateway(client).toggle(1)
        assert (result.outcome, result.final) == (Outcome.NOT_APPLIED, False)
        assert "the proxy did not let us through (403); nothing was sent" in result.detail
        (seen,) = proxy.got
        assert (seen.method, seen.path) == ("CONNECT", "crm.example.invalid:443")
        assert "authorization" not in seen.headers
        assert "proxy-authorization" not in seen.headers


def test_this_machine_is_reached_without_the_proxy(authority: trustme.CA, bundle: Path) -> None:
    with Scripted([reply(content=[])], tls=serving(authority.issue_cert("localhost"))) as server:
        auth = Basic(Secret("user"), Secret("x"))
        network = Network(5, bundle, "http://127.0.0.1:1")
        client = Client(server.url, auth, timeouts=PATIENT, limits=Limits(), clock=FakeClock(), network=network)
        assert Gateway(client).list_connections(include_deleted=False) == ()
