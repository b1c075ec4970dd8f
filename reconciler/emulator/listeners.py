"""The ports of one emulator: the root's, and one for each host that an Online tenant was ever at.

Effects: listens on 127.0.0.1.
Neighbours: `emulator` starts and stops them; `door` asks for addresses.
"""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

from reconciler.emulator.app import Server, serve_in_background

if TYPE_CHECKING:
    from reconciler.emulator.emulator import Emulator

ROOT = 0


class Listeners:
    """Servers by the number of their host. Ports are kept over a stop, so that a start finds them again.

    Args:
        port: the root's; 0 lets the system choose.
        tls: what speaks TLS; None serves plain HTTP.
    """

    def __init__(self, emulator: Emulator, port: int, tls: ssl.SSLContext | None) -> None:
        self._emulator = emulator
        self._tls = tls
        self._ports = {ROOT: port}
        self._servers: dict[int, tuple[Server, threading.Thread]] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Listen at the root and at every host that had a port before. Does nothing while listening.

        Raises:
            OSError: a port is taken; nothing listens then.
        """
        with self._lock:
            try:
                for number in self._ports:
                    self._open(number)
            except OSError:
                self._halt()
                raise

    def stop(self) -> None:
        """Stop listening and cut what is connected."""
        with self._lock:
            self._halt()

    def address(self, number: int) -> str:
        """The base URL of a host, without a slash at the end; while serving, a host that has no port gets one."""
        with self._lock:
            if number not in self._ports:
                self._ports[number] = 0
                if self._servers:
                    self._open(number)
            return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._ports[number]}"

    @property
    def port(self) -> int:
        """The root's port."""
        return self._ports[ROOT]

    def _open(self, number: int) -> None:
        if number not in self._servers:
            server = Server(self._ports[number], self._emulator, number, self._tls)
            self._ports[number] = server.server_port
            self._servers[number] = (server, serve_in_background(server))

    def _halt(self) -> None:
        halted = list(self._servers.values())
        self._servers.clear()
        for server, _ in halted:
            server.halt()
        for _, thread in halted:
            thread.join(timeout=5)
