"""A proxy at the level of sockets, between the client and the tenant, that spoils one exchange of a run in one way.

refused         the connection is reset as the request comes, and for a moment nobody listens
reset-before    the request is read and thrown away, and the connection reset
reset-after     the request is carried out, and the connection reset without an answer
reset-mid       the connection is reset in the middle of the answer
truncated       the answer ends in the middle, in order
half-closed     nothing more comes from the other side, which has carried the request out
garbage         bytes that are no HTTP stand before the answer
duplicated      the answer comes twice on the same connection
dribbled        the answer comes in pieces of a few bytes
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

__all__ = ["SEEN", "WAYS", "Proxy", "Spoiled"]

WAYS = ("refused", "reset-before", "reset-after", "reset-mid", "truncated", "half-closed", "garbage", "duplicated", "dribbled")
SEEN = frozenset({"duplicated", "dribbled"})
"""Ways after which the client has the whole answer."""
_UNHEARD = frozenset({"refused", "reset-before"})
_AWAY_S = 0.05
_PIECE = 7


@dataclass
class Spoiled:
    """What the proxy did in one run.

    Attributes:
        asked: requests so far.
        hit: whether the one that was to be spoiled came.
        lost: paths of requests that never reached the tenant, with the sequence of the tenant's last call before each.
        unseen: sequences of calls whose answer the client did not get in full.
    """

    way: str = ""
    nth: int = 0
    asked: int = 0
    hit: bool = False
    lost: list[tuple[int, str]] = field(default_factory=list)
    unseen: set[int] = field(default_factory=set)


class Proxy:
    """Listens on a port of its own. `newest` tells the sequence of the tenant's newest call."""

    def __init__(self, port: int, newest: Callable[[], int]) -> None:
        self._to = port
        self._newest = newest
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]
        self.spoiled = Spoiled()
        self._open = True
        self.there = threading.Event()
        """Somebody listens."""
        self.there.set()
        self._clients: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None) -> None:
        self._open = False
        self._listener.close()
        for client in self._clients:
            client.close()

    @staticmethod
    def _listen(port: int) -> socket.socket:
        made = socket.socket()
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(("127.0.0.1", port))
        made.listen(16)
        made.settimeout(0.2)
        return made

    def _accept(self) -> None:
        while self._open:
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            except OSError:
                time.sleep(0.005)  # nobody listens for a moment
                continue
            client.settimeout(None)
            self._clients.append(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while self._one(client):
                pass
        with contextlib.suppress(OSError):
            client.close()

    def _one(self, client: socket.socket) -> bool:
        """One request and its answer; whether the connection stays."""
        request = _message(client)
        if not request:
            return False
        told = self.spoiled
        told.asked += 1
        way = told.way if told.asked == told.nth else ""
        told.hit = told.hit or bool(way)
        if way in _UNHEARD:
            path = request.split(b" ", 2)[1].decode("ascii", "replace")
            told.lost.append((self._newest(), path.rsplit("/", 1)[-1].partition("?")[0]))
            _reset(client)
            if way == "refused":
                self._be_away()
            return False
        with socket.create_connection(("127.0.0.1", self._to)) as tenant:
            tenant.sendall(request)
            answer = _message(tenant)
        if way and way not in SEEN:
            told.unseen.add(self._newest())
        return _WAYS_OF_ANSWERING.get(way, _whole)(client, answer)

    def _be_away(self) -> None:
        self.there.clear()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes whoever accepts, who would keep it listening
        self._listener.close()
        time.sleep(_AWAY_S)
        while self._open:
            with contextlib.suppress(OSError):
                self._listener = self._listen(self.port)
                self.there.set()
                return
            time.sleep(0.005)


def _message(peer: socket.socket) -> bytes:
    """One whole HTTP message with a length; what came of it when the peer ends before."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = peer.recv(65536)
        if not piece:
            return got
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = (int(lengths[0]) if lengths else 0) - len(body)
    while missing > 0:
        piece = peer.recv(65536)
        if not piece:
            break
        got, missing = got + piece, missing - len(piece)
    return got


def _reset(client: socket.socket) -> bool:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    return False


def _whole(client: socket.socket, answer: bytes) -> bool:
    client.sendall(answer)
    return b"connection: close" not in answer.partition(b"\r\n\r\n")[0].lower()


def _half(client: socket.socket, answer: bytes) -> None:
    client.sendall(answer[: max(len(answer) // 2, 9)] if b"\r\n\r\n" in answer[:-4] else answer[:20])


def _reset_mid(client: socket.socket, answer: bytes) -> bool:
    _half(client, answer)
    time.sleep(0.01)
    return _reset(client)


def _truncated(client: socket.socket, answer: bytes) -> bool:
    _half(client, answer)
    return False


def _half_closed(client: socket.socket, _answer: bytes) -> bool:
    client.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):
        client.recv(1)
    return False


def _garbage(client: socket.socket, answer: bytes) -> bool:
    client.sendall(b"\x00\x01 no protocol that anybody knows\r\n" + answer)
    return False


def _duplicated(client: socket.socket, answer: bytes) -> bool:
    return _whole(client, answer + answer)


def _dribbled(client: socket.socket, answer: bytes) -> bool:
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for at in range(0, len(answer), max(_PIECE, len(answer) // 40)):
        client.sendall(answer[at : at + max(_PIECE, len(answer) // 40)])
        time.sleep(0.001)
    return _whole(client, b"") and b"connection: close" not in answer.partition(b"\r\n\r\n")[0].lower()


_WAYS_OF_ANSWERING: dict[str, Callable[[socket.socket, bytes], bool]] = {
    "reset-after": lambda client, _answer: _reset(client),
    "reset-mid": _reset_mid,
    "truncated": _truncated,
    "half-closed": _half_closed,
    "garbage": _garbage,
    "duplicated": _duplicated,
    "dribbled": _dribbled,
}
