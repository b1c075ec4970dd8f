"""The HTTP server: requests in, answers out, on loopback only, with keep-alive.

Effects: listens on 127.0.0.1 and answers.
Neighbours: `service` does everything that is not bytes; `control` answers below `/emulator/`.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import socketserver
import ssl
import struct
import sys
import threading
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from reconciler.emulator.dispatch import Answer, Request, json_answer
from reconciler.emulator.service import Delivery, unauthorized

if TYPE_CHECKING:
    from reconciler.emulator.emulator import Emulator

LARGEST_BODY = 16 * 1024 * 1024
LONGEST_LINE = 65536
MOST_HEADERS = 200
HANDSHAKE_S = 30.0
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class Server(ThreadingHTTPServer):
    """Accepts connections for one emulator and remembers them, so that stopping closes them all."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    # On Windows this option would let two servers share a port.
    allow_reuse_address = os.name != "nt"

    def __init__(self, port: int, emulator: Emulator, number: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.emulator = emulator
        self.number = number
        self._tls = tls
        self.open_connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._halting = False
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for the machine's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; its TLS handshake waits for the thread that serves it, so that nobody is held up by it."""
        request, address = super().get_request()
        if self._tls is not None:
            request = self._tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        return request, address

    def run(self) -> None:
        """Accept connections until `halt`. Waits in accept itself: polling would make every stop slow."""
        while True:
            try:
                request, address = self.get_request()
            except OSError:
                return
            if self._halting:
                super().shutdown_request(request)
                return
            self.process_request(request, address)

    def halt(self) -> None:
        """Stop accepting, and cut every connection that is still open."""
        self._halting = True
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", self.server_port), timeout=1).close()
        self.server_close()
        with self._lock:
            for connection in list(self.open_connections):
                with contextlib.suppress(OSError):
                    # The socket's own: that of TLS would take its state away from the thread that is reading.
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection and serve it in its own thread."""
        with self._lock:
            self.open_connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that ended."""
        with self._lock:
            self.open_connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, *_: Any) -> None:
        """A client that went away is no error of ours; anything else is kept for whoever looks."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            self.emulator.errors.append(error)


class Handler(BaseHTTPRequestHandler):
    """One connection: reads requests one after the other and answers them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    rbufsize = 65536
    server: Server

    def setup(self) -> None:
        """Shake hands where TLS is spoken; a client that does not trust the certificate goes away here."""
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(HANDSHAKE_S)
            self.request.do_handshake()
            self.request.settimeout(None)
        super().setup()

    def handle_one_request(self) -> None:
        """Read one request and answer it.

        The standard library's own version takes header blocks apart with the e-mail parser, which costs more than all the rest.
        """
        self.close_connection = True
        try:
            line = self.rfile.readline(LONGEST_LINE + 1)
            headers = self._read_headers() if line else None
            if headers is None:
                return
            parts = line.decode("latin-1").split()
            length = headers.get("content-length", "0")
            if len(parts) != 3 or not length.isdecimal() or int(length) > LARGEST_BODY or "transfer-encoding" in headers:
                self._deliver(Delivery(json_answer({"Message": "The request cannot be read."}, 400)))
                return
            self.close_connection = headers.get("connection", "").lower() == "close" or parts[2] == "HTTP/1.0"
            body = self.rfile.read(int(length)) if int(length) else b""
            self._answer(parts[0], parts[1], headers, body)
        except TimeoutError:
            return

    def _read_headers(self) -> dict[str, str] | None:
        """Names in lower case; None when the client goes away or sends no header block of a sane size."""
        headers: dict[str, str] = {}
        for _ in range(MOST_HEADERS):
            line = self.rfile.readline(LONGEST_LINE + 1)
            if line in (b"\r\n", b"\n"):
                return headers
            name, mark, value = line.decode("latin-1").partition(":")
            if not mark:
                return None
            headers[name.strip().lower()] = value.strip()
        return None

    def log_message(self, *args: Any) -> None:
        """Nothing goes to the terminal; the emulator keeps its own log of calls."""

    def _answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        emulator = self.server.emulator
        path, _, query = target.partition("?")
        decoded, malformed = _decoded(body)
        request = Request(
            method=method,
            path=unquote(path),
            query={name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)} if query else {},
            headers=headers,
            body=decoded,
            malformed=malformed,
            raw=body,
            host=self.server.number,
        )
        if request.path.lower().startswith("/emulator/"):
            allowed = emulator.door.is_controller(headers.get("authorization"))
            self._deliver(Delivery(emulator.control.answer(request) if allowed else unauthorized()))
            return
        self._deliver(emulator.service.serve(request))

    def _deliver(self, delivery: Delivery) -> None:
        if delivery.how == "reset":
            # Lingering for no time makes the close a reset instead of an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("hh" if os.name == "nt" else "ii", 1, 0))
        if delivery.answer is None:
            self.close_connection = True
            self.connection.close()
            return
        head, body = self._bytes(delivery.answer, delivery.size_bytes)
        if delivery.how == "drip":
            self._drip(head, body, delivery.pause_s)
        elif delivery.how == "half":
            self.close_connection = True
            self.connection.sendall(head + body[: len(body) // 2])
        elif delivery.how == "padded":
            self._padded(head, body, delivery.size_bytes)
        else:
            # One send for both: two small packets would wait for each other.
            self.connection.sendall(head + body)

    def _bytes(self, answer: Answer, size: int) -> tuple[bytes, bytes]:
        lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, '')}"]
        if answer.status != 204:
            lines += [f"Content-Type: {answer.content_type}", f"Content-Length: {max(len(answer.body), size)}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lines += [f"Date: {_as_date(self.server.emulator.door.now().replace(microsecond=0))}", "Cache-Control: no-store"]
        if self.close_connection:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace"), answer.body

    def _drip(self, head: bytes, body: bytes, seconds: float) -> None:
        self.connection.sendall(head)
        step = max(1, len(body) // 20)
        pause = seconds / max(1, -(-len(body) // step))
        for at in range(0, len(body), step):
            self.server.emulator.clock.sleep(pause)
            self.connection.sendall(body[at : at + step])

    def _padded(self, head: bytes, body: bytes, size: int) -> None:
        """Blanks after a JSON text are still JSON: only the size is wrong with it."""
        self.connection.sendall(head + body)
        left, blanks = size - len(body), b" " * 65536
        while left > 0:
            self.connection.sendall(blanks[:left])
            left -= len(blanks)


@functools.lru_cache(maxsize=4)
def _as_date(now: datetime) -> str:
    """A time as HTTP writes it; within a second it is the same for every answer."""
    return format_datetime(now, usegmt=True)


def _decoded(body: bytes) -> tuple[Any, str]:
    """The JSON value of a body and, where it has none, what is wrong."""
    if not body.strip():
        return None, ""
    try:
        return json.loads(body), ""
    except (ValueError, RecursionError) as error:
        return None, f"The body is not JSON: {type(error).__name__}."


def serve_in_background(server: Server) -> threading.Thread:
    """Run the accept loop in a daemon thread."""
    thread = threading.Thread(target=server.run, name="emulator", daemon=True)
    thread.start()
    return thread
