"""What a connector really does when it is tested: look for a file, ask an HTTP address, log in to a database.

Effects: reads files below the ERP folder, opens loopback HTTP connections, opens SQLite files and PostgreSQL connections.
Neighbours: `connectors` calls `passes`.
"""

from __future__ import annotations

import http.client
import importlib
import re
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from reconciler.emulator.definitions import ProbeDefinition
from reconciler.emulator.erp import ErpFolder

Verdict = tuple[bool, str]
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_INTEGER = re.compile(r"^\[I:(-?\d+)\]$")


def passes(probe: ProbeDefinition, config: Mapping[str, str], erp: ErpFolder) -> Verdict:
    """Run the test. The second part says in plain words why it failed, for the emulator's log."""
    return _PROBES[probe.kind](probe.settings, config, erp)


def _file(settings: Mapping[str, Any], config: Mapping[str, str], erp: ErpFolder) -> Verdict:
    name = config.get(settings["field"], "")
    if not name or erp.file(name) is None:
        return False, f"no file {name!r} in the ERP folder"
    password = config.get(settings.get("password_field", ""), "")
    return (True, "") if erp.opens(name, password) else (False, f"the password does not open {name!r}")


def _http(settings: Mapping[str, Any], config: Mapping[str, str], _erp: ErpFolder) -> Verdict:
    """The address is a template such as `{Address}/status`; only loopback is asked, so that a test never leaves the machine."""
    try:
        address = urlsplit(re.sub(r"\{(\w+)\}", lambda name: config.get(name.group(1), ""), settings["address"]))
        if address.scheme != "http" or address.hostname not in _LOOPBACK:
            return False, "only http:// addresses on this machine are asked"
        connection = http.client.HTTPConnection(address.hostname, address.port or 80, timeout=float(settings.get("timeout", 5)))
        try:
            connection.request("GET", (address.path or "/") + (f"?{address.query}" if address.query else ""))
            status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        return False, f"{type(error).__name__}: {error}"
    return (True, "") if 200 <= status < 300 else (False, f"the address answered {status}")


def _sql(settings: Mapping[str, Any], config: Mapping[str, str], erp: ErpFolder) -> Verdict:
    server = config.get(settings["server_field"], "")
    login, password = config.get(settings["user_field"], ""), config.get(settings["password_field"], "")
    scheme = server.partition(":")[0]
    if scheme == "sqlite":
        return _sqlite(server, login, password, erp)
    if scheme in ("postgresql", "postgres"):
        seconds = _INTEGER.match(config.get(settings.get("timeout_field", ""), ""))
        return _postgresql(server, config.get(settings.get("database_field", ""), ""), login, password, int(seconds[1]) if seconds else 5)
    return False, f"{server!r} is neither an sqlite: nor a postgresql: address"


def _sqlite(server: str, login: str, password: str, erp: ErpFolder) -> Verdict:
    """`sqlite:///erp.db` names a file in the ERP folder, `sqlite:////var/erp.db` or `sqlite:///C:/erp.db` any file."""
    name = unquote(re.sub(r"^sqlite:(///|//)?", "", server))
    path = Path(name) if Path(name).is_absolute() else erp.path / name
    if not path.is_file():
        return False, f"no database file {path.name!r}"
    try:
        accepted = erp.accepts(path, login, password)
    except sqlite3.Error as error:
        return False, f"{type(error).__name__}: {error}"
    return (True, "") if accepted else (False, f"the database does not accept login {login!r} with this password")


def _postgresql(server: str, database: str, login: str, password: str, seconds: int) -> Verdict:
    try:
        psycopg: Any = importlib.import_module("psycopg")
    except ImportError:
        return False, "PostgreSQL cannot be asked: the package psycopg is not installed (extra `postgres`)"
    asked: dict[str, Any] = {"user": login, "password": password, "connect_timeout": max(seconds, 2)}
    if database:
        asked["dbname"] = database
    try:
        with psycopg.connect(server, **asked) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        return False, f"{type(error).__name__}: {error}"
    return True, ""


_PROBES: dict[str, Callable[[Mapping[str, Any], Mapping[str, str], ErpFolder], Verdict]] = {"file": _file, "http": _http, "sql": _sql}
