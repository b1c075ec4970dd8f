"""Everything until the first byte is bounded, too: a name that nobody looks up, a proxy that never answers, a handshake that never ends."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from reconciler.errors import ReadError
from reconciler.model import Limits, Outcome, Secret, Timeouts
from reconciler.superoffice.auth import Basic
from reconciler.superoffice.client import Client
from reconciler.superoffice.gateway import Gateway
from reconciler.superoffice.transport import Network
from tests.superoffice.proxying import Proxy
from tests.superoffice.scripted import LOGIN_CANARY, PATIENT, Act, FakeClock, Scripted, closes, drips, hangs, raw, reply

HOST = "crm.example.invalid"
SHORT = Timeouts(connect=0.5, read=20, connector=20, settle=20)
"""Little time to connect, much for the rest: whatever ends soon was bounded by the first."""


def gateway(url: str = f"https://{HOST}/SuperOffice", proxy: str | None = None, bundle: Path | None = None, **options: Any) -> Gateway:
    auth = Basic(Secret("user"), Secret(LOGIN_CANARY))
    timeouts = options.pop("timeouts", SHORT)
    network = Network(timeouts.connect, bundle, proxy)
    return Gateway(Client(url, auth, timeouts=timeouts, limits=Limits(), clock=FakeClock(), network=network))


def ends_unsent(one: Gateway, why: str) -> None:
    """A write ends soon, nothing was sent, it may be sent again, and what it says is what happened."""
    began = time.monotonic()
    result = one.toggle(1)
    assert time.monotonic() - began < 4
    assert (result.outcome, result.final) == (Outcome.NOT_APPLIED, False)
    assert result.detail.endswith(f"{why}; nothing was sent")


# --- looking up a name ---


@pytest.fixture
def silent_resolver(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A resolver that does not answer before the test is over."""
    over, real = threading.Event(), socket.getaddrinfo

    def lookup(host: str, *rest: Any, **more: Any) -> Any:
        if host == HOST:
            over.wait(30)
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    yield
    over.set()


def test_a_name_that_nobody_looks_up_ends_in_time(silent_resolver: None) -> None:
    ends_unsent(gateway(), "the host name was not found in time")


def test_a_read_of_a_host_that_nobody_looks_up_says_so(silent_resolver: None) -> None:
    with pytest.raises(ReadError, match="the host name was not found in time"):
        gateway(timeouts=Timeouts(connect=0.1, read=0.3, connector=0.3, settle=1)).list_connections(include_deleted=False)


@pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'a' * 70}.example.com"])
def test_a_name_that_does_not_exist_or_cannot(host: str) -> None:
    ends_unsent(gateway(f"https://{host}/SuperOffice", timeouts=PATIENT), "the host name is not known")


@pytest.mark.skipif(not socket.has_ipv6, reason="two addresses of one name need two families")
def test_an_address_that_refuses_does_not_keep_from_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted([reply(content=[])]) as server:
        port, real = int(server.url.split(":")[2].split("/")[0]), socket.getaddrinfo

        def lookup(host: str, *rest: Any, **more: Any) -> Any:
            return (
                [(0, 0, 0, "", ("127.0.0.2", port)), (0, 0, 0, "", ("127.0.0.1", port))]
                if host == "localhost"
                else real(host, *rest, **more)
            )

        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        assert gateway(f"http://localhost:{port}").list_connections(include_deleted=False) == ()


@pytest.mark.parametrize(("host", "lookups"), [("localhost", 1), ("127.0.0.1", 0)])
def test_a_name_is_looked_up_in_a_thread_and_an_address_is_not(monkeypatch: pytest.MonkeyPatch, host: str, lookups: int) -> None:
    started, start = [], threading.Thread.start

    def noted(thread: threading.Thread) -> None:
        started.append(thread.name)
        start(thread)

    with Scripted([reply(content=[])]) as server:
        monkeypatch.setattr(threading.Thread, "start", noted)
        gateway(f"http://{host}:{port_of(server)}").list_connections(include_deleted=False)
    assert [name.startswith("lookup") for name in started].count(True) == lookups


# --- a proxy ---


def certified(authority: trustme.CA, host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    return context


def port_of(server: Scripted) -> int:
    return int(server.url.split(":")[2].split("/")[0])


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
def test_reads_and_writes_go_through_a_proxy_that_sees_neither(authority: trustme.CA, bundle: Path, secure: bool) -> None:
    with Scripted([reply(content=[])], tls=certified(authority, HOST)) as server:
        proxy = Proxy(port_of(server), certified(authority, "localhost") if secure else None)
        with proxy.serving() as address:
            one = gateway(proxy=address, bundle=bundle, timeouts=PATIENT)
            assert one.list_connections(include_deleted=False) == ()
            assert one.toggle(1).outcome is Outcome.APPLIED
            assert one.list_connections(include_deleted=False) == ()
        assert [request.path.rpartition("/")[2] for request in server.got] == [
            "GetAllConnections",
            "ToggleErpConnectionActive",
            "GetAllConnections",
        ]
        assert len(proxy.asked) == 2
        assert all(head.startswith(f"CONNECT {HOST}:443 ".encode()) and b"uthorization" not in head for head in proxy.asked)


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
@pytest.mark.parametrize("act", [hangs, drips(b"HTTP/1.1 200 OK\r\nX-Y: " + b"z" * 200)], ids=["silent", "dripping"])
def test_a_proxy_that_never_lets_us_through_is_given_up(authority: trustme.CA, bundle: Path, act: Act, secure: bool) -> None:
    with Proxy(1, certified(authority, "localhost") if secure else None, act).serving() as address:
        ends_unsent(gateway(proxy=address, bundle=bundle), "the proxy did not let us through in time")


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (raw(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "the proxy did not let us through (407)"),
        (raw(b"HTTP/1.1 502 Bad Gateway\r\n\r\n"), "the proxy did not let us through (502)"),
        (raw(b"SSH-2.0-hello\r\n"), "the proxy did not let us through"),
        (closes, "the proxy did not let us through"),
    ],
    ids=["login", "bad gateway", "no HTTP", "closes"],
)
def test_a_proxy_that_refuses_is_told_with_its_status(act: Act, why: str) -> None:
    with Scripted([act]) as proxy:
        ends_unsent(gateway(proxy=proxy.url.removesuffix("/SuperOffice")), why)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The host is not this machine, which no proxy is asked for in any case."""
    with Scripted([raw(b"HTTP/1.1 200 Connection established\r\n\r\n")]) as proxy:
        monkeypatch.setenv(name, proxy.url.removesuffix("/SuperOffice"))
        ends_unsent(gateway(timeouts=PATIENT), "the host name is not known")
        assert proxy.connections == 0


def test_a_proxy_that_is_not_there_is_told_as_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    one = gateway(proxy=f"http://127.0.0.1:{port}")
    ends_unsent(one, "could not connect to the proxy (Connection refused)")
    ends_unsent(gateway(proxy="http://no-such-proxy.invalid:3128"), "the proxy's host name is not known")


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
def test_a_handshake_behind_a_proxy_that_never_ends_is_given_up(authority: trustme.CA, bundle: Path, secure: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        proxy = Proxy(silent.getsockname()[1], certified(authority, "localhost") if secure else None)
        with proxy.serving() as address:
            ends_unsent(gateway(proxy=address, bundle=bundle), "TLS was not agreed on in time")


def test_a_handshake_that_never_ends_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ends_unsent(gateway(f"https://127.0.0.1:{silent.getsockname()[1]}"), "TLS was not agreed on in time")


def test_a_proxy_whose_certificate_nobody_vouches_for_is_not_used(bundle: Path) -> None:
    with Proxy(1, certified(trustme.CA(), "localhost")).serving() as address:
        ends_unsent(gateway(proxy=address, bundle=bundle), "(unable to get local issuer certificate)")
