"""Calls per second as a server sees them, with a limit of 50 and calls from several threads.

    python benchmarks/pace.py [CALLS] [THREADS]

The fullest second is counted at the server, at the moment in which it has read a request. The limit holds for the moments in which calls
are let go; on a machine that is busy with something else, a call that was let go earlier can arrive later.
"""

from __future__ import annotations

import sys
import threading
import time
from bisect import bisect_left
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reconciler.clock import SystemClock
from reconciler.model import Limits, Secret, Timeouts
from reconciler.superoffice.auth import Basic
from reconciler.superoffice.client import Client
from reconciler.superoffice.gateway import Gateway

RATE = 50


def measure(calls: int, threads: int) -> str:
    """One line."""
    arrived: list[float] = []
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            with lock:
                arrived.append(time.monotonic())
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_: object) -> None:
            """Nothing goes to the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    limits = Limits(calls_per_second=RATE, parallel_reads=threads)
    url = f"http://127.0.0.1:{server.server_port}/SuperOffice"
    let_go: list[float] = []
    client = Client(
        url,
        Basic(Secret("a"), Secret("b")),
        timeouts=Timeouts(),
        limits=limits,
        clock=SystemClock(),
        log=lambda call: let_go.append(call.at.timestamp()),
    )
    gateway = Gateway(client)
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: gateway.list_connections(include_deleted=False), range(calls)))
    server.shutdown()
    arrived.sort()
    seconds = arrived[-1] - arrived[0]
    return (
        f"{calls} calls from {threads} threads at a limit of {RATE} per second: {seconds:.2f} s (at least {(calls - 1) // RATE} s), "
        f"in the fullest second {fullest(let_go)} let go, {fullest(arrived)} arrived"
    )


def fullest(moments: list[float]) -> int:
    """How many lie in the fullest second."""
    moments = sorted(moments)
    return max(bisect_left(moments, moment + 1.0) - at for at, moment in enumerate(moments))


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    print(measure(given[0] if given else 1000, given[1] if len(given) > 1 else 8), flush=True)
