"""The command `reconciler` for pages: the same program in a process of its own, forked from one that has imported it already.

Nine tenths of what a short command costs are imports. `keep_warm` imports everything once and then forks for each command line that comes in
through a socket; the child takes over the caller's streams, folder and environment. `script` is what stands on the path in its place.
"""

from __future__ import annotations

import json
import os
import pkgutil
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path

_SCRIPT = """\
#!{python} -IS
import json, os, socket, sys
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    socket.send_fds(line, [b"+"], [0, 1, 2])
    line.sendall(asked)
    line.shutdown(socket.SHUT_WR)
    told = line.recv(16)
sys.exit(int(told) if told else 99)
"""
LATE = (
    "deepdiff",
    "jinja2",
    "jsonschema",
    "jsonschema_rs",
    "jwt",
    "rich.console",
    "rich.live",
    "rich.table",
    "ruamel.yaml",
    "sqlite3",
    "urllib3",
    "yaml",
)


def script(address: Path) -> str:
    """The text of a program that hands its command line over and ends as that ends."""
    return _SCRIPT.format(python=sys.executable, address=str(address))


def keep_warm(address: str) -> None:
    """Import everything, say so on standard output, and fork for each command line until killed."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    for name in LATE:
        import_module(name)
    import reconciler

    for found in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not found.name.endswith(("__main__", "verify_evidence")):
            import_module(found.name)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        sys.stdout.write("warm\n")
        sys.stdout.flush()
        while True:
            line, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _answer(line)
            line.close()


def _answer(line: socket.socket) -> None:
    """Be the command that was asked for."""
    from reconciler.cli.entry import run

    code = 98
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _, streams, _, _ = socket.recv_fds(line, 1, 3)
        asked = b"".join(iter(lambda: line.recv(65536), b""))
        arguments, folder, environ = json.loads(asked)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["reconciler", *arguments]
        code = run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        line.sendall(str(code).encode())
        os._exit(0)


if __name__ == "__main__":
    keep_warm(sys.argv[1])
