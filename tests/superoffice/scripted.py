"""A server on a real socket that does exactly what it is told with each request, and remembers what it got."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from reconciler.model import Limits, Secret, Timeouts
from reconciler.superoffice.auth import Basic
from reconciler.superoffice.callline import Call
from reconciler.superoffice.client import Client
from reconciler.superoffice.gateway import Gateway

LOGIN_CANARY = "login-canary-Qz7%+/ä"


@dataclass(frozen=True)
class Got:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


Act = Callable[[socket.socket], None]
"""What to do with the socket once a request has been read in full."""


def reply(status: int = 200, content: Any = None, *, body: bytes | None = None, kind: str = "application/json", **headers: str) -> Act:
    """An ordinary answer."""
    octets = json.dumps(content).encode() if body is None else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(octets)}", f"Content-Type: {kind}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join(lines).encode() + b"\r\n\r\n" + octets)


NEVER_DONE: list[Act] = []
"""Acts after which a client waits in vain."""


def raw(octets: bytes, *, then_close: bool = False) -> Act:
    """These bytes."""

    def act(sock: socket.socket) -> None:
        sock.sendall(octets)
        if then_close:
            closes(sock)

    return act


def closes(sock: socket.socket) -> None:
    """No answer, an orderly end."""
    socket.close(sock.detach())  # at once: an ordinary close waits for the stream that reads requests


def resets(sock: socket.socket) -> None:
    """No answer, a reset."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0))
    socket.close(sock.detach())


def hangs(sock: socket.socket) -> None:
    """No answer at all."""
    sock.settimeout(10)
    while sock.recv(65536):
        pass
    sock.close()


NEVER_DONE.append(hangs)


def drips(octets: bytes, pause: float = 0.05) -> Act:
    """These bytes, one at a time."""

    def act(sock: socket.socket) -> None:
        for at in range(len(octets)):
            sock.sendall(octets[at : at + 1])
            time.sleep(pause)

    NEVER_DONE.append(act)
    return act


def stalls(octets: bytes) -> Act:
    """These bytes, then silence."""
    act = raw(octets)
    NEVER_DONE.append(act)
    return act


@dataclass
class Scripted:
    """Serves one act per request; the last one is repeated."""

    acts: list[Act]
    tls: ssl.SSLContext | None = None
    got: list[Got] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._lock = threading.Lock()
        self._served = 0
        self._connections = 0
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.close()
        for sock in self._open:
            sock.close()

    @property
    def url(self) -> str:
        port = self._listener.getsockname()[1]
        return f"{'https://localhost' if self.tls else 'http://127.0.0.1'}:{port}/SuperOffice"

    @property
    def connections(self) -> int:
        return self._connections

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with self._lock:
            self._connections += 1
            number = self._connections
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self._open.append(sock)
            stream = sock.makefile("rb")
            while request := self._read(stream, number):
                with self._lock:
                    self.got.append(request)
                    act = self.acts[min(self._served, len(self.acts) - 1)]
                    self._served += 1
                act(sock)
        except (OSError, ValueError):
            pass
        finally:
            sock.close()

    def _read(self, stream: Any, number: int) -> Got | None:
        first = stream.readline().decode("latin-1").split()
        if len(first) < 2:
            return None
        headers: dict[str, str] = {}
        while (line := stream.readline().decode("latin-1").strip()) != "":
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Got(first[0], first[1], headers, stream.read(int(headers.get("content-length", "0"))), number)


@dataclass
class FakeClock:
    """Time that only sleeping moves."""

    elapsed: float = 0.0
    slept: list[float] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def now(self) -> datetime:
        return datetime(2026, 1, 31, 12, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)
            self.elapsed += seconds


class RealClock:
    """The system's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


QUICK = Timeouts(connect=0.5, read=0.5, connector=0.5, settle=0.5)
PATIENT = Timeouts(connect=10, read=10, connector=10, settle=10)  # a busy machine must not look like a silent server


def patience_with(act: Act) -> Timeouts:
    """Short deadlines for a server that will not answer in full, long ones for all others."""
    return QUICK if act in NEVER_DONE else PATIENT


def client_for(
    url: str, *, clock: Any = None, timeouts: Timeouts = PATIENT, limits: Limits | None = None, log: Callable[[Call], None] | None = None
) -> Client:
    """A client with a login whose password is a canary."""
    auth = Basic(Secret("user"), Secret(LOGIN_CANARY))
    chosen = limits or Limits()
    return Client(url, auth, timeouts=timeouts, limits=chosen, clock=clock or FakeClock(), log=log, jitter=lambda: 1.0)


def gateway_for(url: str, **options: Any) -> Gateway:
    """A gateway on such a client."""
    return Gateway(client_for(url, **options))
