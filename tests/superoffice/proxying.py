"""A proxy on a real socket: it asks nobody where a tunnel should go, and remembers what it was asked."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """A proxy that leads every tunnel to one server, whatever it is asked for."""

    server: int
    tls: ssl.SSLContext | None = None
    greets: Callable[[socket.socket], None] = lambda sock: sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    asked: list[bytes] = field(default_factory=list)
    _open: list[socket.socket] = field(default_factory=list)

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Its address, as long as it serves."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
            yield f"{'https' if self.tls else 'http'}://localhost:{listener.getsockname()[1]}"
        for sock in self._open:
            sock.close()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()
            except OSError:
                return

    def _serve(self, client: socket.socket) -> None:
        try:
            if self.tls is not None:
                client = self.tls.wrap_socket(client, server_side=True)
                self._open.append(client)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += client.recv(1)
            self.asked.append(head)
            self.greets(client)
            behind = socket.create_connection(("127.0.0.1", self.server))
            self._open.append(behind)
            threading.Thread(target=self._pass, args=(behind, client), daemon=True).start()
            self._pass(client, behind)
        except OSError:
            pass

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while octets := one.recv(65536):
                other.sendall(octets)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass
