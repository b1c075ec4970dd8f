"""Connections on which everything ends by the deadline of the exchange under way, from looking up a name to the last byte.

Libraries bound each step by itself, or not at all: a server that drips one byte per second never exceeds a timeout per
receive, a proxy that is connected to and never answers is waited for as long as a receive may take, and looking up a name has
no timeout. So each send and each receive gets what is left, and a name is looked up in a thread that can be left behind. Until
something can be sent there is less time than for the whole, `connect_seconds`.

Source: urllib3 docs, Timeout ("the total time ... may be longer"); Python docs, socket.getaddrinfo (no timeout), SSLSocket
do_handshake (the socket's timeout bounds the handshake as a whole).

Effects: network; a thread for each lookup.
"""

from __future__ import annotations

import enum
import io
import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from typing import Any, Final

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import allowed_gai_family, create_connection

__all__ = ["Attempt", "PlainConnection", "Stage", "TlsConnection", "under_way"]

_TUNNEL_REFUSED: Final = re.compile(r"Tunnel connection failed: (\d{3})\b")


class Stage(enum.Enum):
    """What an exchange waits for."""

    NAME = "the address of a name"
    CONNECTION = "a connection"
    PROXY = "a way through the proxy"
    TLS = "TLS"
    ANSWER = "the answer"


class Attempt:
    """The exchange that a thread has under way.

    Attributes:
        seconds: what it may take as a whole.
        sent: whether a byte of the request may have left.
        stage: what is waited for.
        by_proxy: whether a proxy is in between.
        refused_with: the status with which the proxy refused; empty where it did not say.
    """

    def __init__(self, seconds: float, connect_seconds: float) -> None:
        self.seconds = seconds
        self.sent = False
        self.stage = Stage.ANSWER
        self.by_proxy = False
        self.refused_with = ""
        self._deadline = time.monotonic() + seconds
        self._connected_by = min(self._deadline, time.monotonic() + connect_seconds)

    def left(self) -> float:
        """Seconds for what comes next.

        Raises:
            TimeoutError: there are none.
        """
        left = (self._deadline if self.stage is Stage.ANSWER else self._connected_by) - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


class _UnderWay(threading.local):
    attempt: Attempt

    def begin(self, seconds: float, *, connect_seconds: float) -> Attempt:
        """A new exchange of this thread, which has this long."""
        self.attempt = Attempt(seconds, connect_seconds)
        return self.attempt


under_way: Final = _UnderWay()


def _addresses(host: str, port: int, seconds: float) -> list[str]:
    """Every address of a host, in the order in which they should be tried; one that is written as an address is not looked up.

    Raises:
        TimeoutError: nobody told them in time.
        socket.gaierror: there are none.
    """
    if _is_address(host):
        return [host]
    told: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, allowed_gai_family(), socket.SOCK_STREAM)
            told.put([str(one[4][0]) for one in found])
        except (OSError, ValueError, OverflowError) as error:  # no such host; not a name; no such port
            told.put(error)

    threading.Thread(target=ask, daemon=True, name=f"lookup of {host}").start()
    try:
        answer = told.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("the lookup takes too long") from None
    if isinstance(answer, UnicodeError):  # a name that cannot be one
        raise socket.gaierror("not a name") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _dialled(connection: HTTPConnection) -> socket.socket:
    """A new socket, connected to one of the host's addresses.

    Raises:
        NameResolutionError, ConnectTimeoutError, NewConnectionError: there is none.
    """
    attempt = under_way.attempt
    attempt.by_proxy = connection.proxy is not None
    try:
        attempt.stage = Stage.NAME
        addresses = _addresses(connection.host.strip("[]"), connection.port or 0, attempt.left())
        attempt.stage = Stage.CONNECTION
        for rest in range(len(addresses), 0, -1):
            here = addresses[-rest], connection.port or 0
            try:  # one that is silent leaves time for the others
                sock = create_connection(here, attempt.left() / rest, socket_options=connection.socket_options)
            except OSError:
                if rest == 1:
                    raise
                continue
            sock.settimeout(attempt.left())
            return sock
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "not in time") from error
    except OSError as error:
        raise NewConnectionError(connection, "refused") from error
    raise NewConnectionError(connection, "no address")


class _Watched:
    """A socket whose every send and receive ends by the deadline of the exchange under way.

    Args:
        notes: note the first send, because what goes out from here on is the request.
    """

    def __init__(self, sock: Any, *, notes: bool) -> None:
        self._sock = sock
        self._notes = notes
        self._encrypted = not isinstance(sock, socket.socket) or isinstance(sock, ssl.SSLSocket)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def __setattr__(self, name: str, value: Any) -> None:
        """How many streams read from a socket is counted at the socket, also by TLS within TLS, which counts here."""
        if name == "_io_refs":
            setattr(self._sock, name, value)
        else:
            super().__setattr__(name, value)

    def fileno(self) -> int:
        return int(self._sock.fileno())

    def recv(self, size: int) -> bytes:
        self._sock.settimeout(under_way.attempt.left())
        return bytes(self._sock.recv(size))

    def sendall(self, octets: Any) -> None:
        attempt = under_way.attempt
        rest = memoryview(octets).cast("B")
        while rest:
            self._sock.settimeout(attempt.left())
            # A plain send that raises took nothing; a TLS record may have left in part.
            attempt.sent = attempt.sent or (self._notes and self._encrypted)
            count = self._sock.send(rest)
            attempt.sent = attempt.sent or self._notes
            rest = rest[count:]

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        return io.BufferedReader(_WatchedStream(self._sock))


class _WatchedStream(io.RawIOBase):
    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._stream = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(under_way.attempt.left())
        count: int | None = self._stream.readinto(buffer)
        return count

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class PlainConnection(HTTPConnection):
    """Without TLS."""

    def _new_conn(self) -> socket.socket:
        return _dialled(self)

    def connect(self) -> None:
        """Connect, and watch what is sent."""
        super().connect()
        self.sock: Any = _Watched(self.sock, notes=True)
        under_way.attempt.stage = Stage.ANSWER


class TlsConnection(HTTPSConnection):
    """With TLS, through a proxy's tunnel where one is asked for."""

    def _new_conn(self) -> socket.socket:
        sock = _dialled(self)
        under_way.attempt.stage = Stage.TLS
        return sock

    def _connect_tls_proxy(self, hostname: str, sock: socket.socket) -> Any:
        """TLS with the proxy itself, within which TLS with the host goes on."""
        return _Watched(super()._connect_tls_proxy(hostname, sock), notes=False)

    def _tunnel(self) -> None:
        """Ask the proxy for a way through. What it is asked is no part of the request."""
        attempt = under_way.attempt
        attempt.stage = Stage.PROXY
        bare = self.sock
        self.sock = bare if isinstance(bare, _Watched) else _Watched(bare, notes=False)
        try:
            super()._tunnel()
        except OSError as error:
            refused = _TUNNEL_REFUSED.match(str(error))
            attempt.refused_with = refused[1] if refused else ""
            raise
        self.sock = bare
        bare.settimeout(attempt.left())
        attempt.stage = Stage.TLS

    def connect(self) -> None:
        """Connect, check the certificate, and watch what is sent."""
        super().connect()
        self.sock: Any = _Watched(self.sock, notes=True)
        under_way.attempt.stage = Stage.ANSWER
