"""From the address of a shared journal to a connection; the address holds a password, so nothing of it is ever shown.

Source: https://www.postgresql.org/docs/18/libpq-connect.html (read 2026-11), sections 32.1.1 and 32.1.2.

Effects: talks to the database server.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from reconciler.errors import InputError, JournalError
from reconciler.model import Problem

__all__ = ["connect"]

_SCHEMES = ("postgresql://", "postgres://")
_CONNECT_TIMEOUT_S = 10
_LOOPBACK = ("", "localhost", "127.0.0.1", "::1")
# A server that is gone without a word is noticed after about ten seconds, in a send as in a wait.
_KEEPALIVE = {"keepalives_idle": 4, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10000}


def connect(url: str, reference: str) -> Any:
    """A connection in which every statement stands for itself until a transaction is begun.

    Raises:
        InputError: the reference does not hold a PostgreSQL address, or the driver is not installed.
        JournalError: there is no connection; the message says why, from a closed list.
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError as error:
        message = f"{reference} names a shared journal, and the driver for PostgreSQL is not installed."
        raise InputError([Problem("no-driver", message, hint="pip install 'reconciler[postgres]'")]) from error
    text = url.strip()
    try:
        asked = conninfo_to_dict(text) if text.startswith(_SCHEMES) else {}
    except psycopg.ProgrammingError:
        asked = {}
    if not asked:
        message = f"{reference} does not hold the address of a PostgreSQL database."
        hint = "Its form is postgresql://USER:PASSWORD@HOST:5432/DATABASE, with special characters of the password percent-encoded."
        raise InputError([Problem("journal-url", message, hint=hint)]) from None
    # What we keep is UTF-8, whatever the server's own encoding.
    ours = {"connect_timeout": _CONNECT_TIMEOUT_S, "client_encoding": "utf8", **_KEEPALIVE}
    given: dict[str, Any] = {name: value for name, value in ours.items() if name not in asked}
    if _is_open(asked, os.environ):
        given["sslmode"] = "require"  # else the driver goes on in clear text where the server offers no TLS
    try:
        return psycopg.connect(text, autocommit=True, prepare_threshold=None, application_name="reconciler", **given)
    except psycopg.Error as error:
        raise _unreachable(str(error), reference) from None
    except UnicodeError:
        raise _unreachable("", reference) from None


def _is_open(asked: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    """Whether nothing says how safe the way to another machine has to be: neither the address nor what libpq takes from elsewhere.

    A service is a person's own file of such settings, which what we add would overrule.
    """
    if "sslmode" in asked or "service" in asked or any(environ.get(name) for name in ("PGSSLMODE", "PGSERVICE")):
        return False
    named = asked.get("host") or asked.get("hostaddr") or environ.get("PGHOST") or environ.get("PGHOSTADDR") or ""
    return not all(host in _LOOPBACK or host.startswith("/") for host in str(named).split(","))


def _unreachable(said: str, reference: str) -> JournalError:
    """Why there is no connection, from a closed list: what the library says holds parts of the address."""
    lower = said.lower()
    why = next(
        (why for marks, why in _UNREACHABLE if any(mark in lower for mark in marks)), "the server cannot be reached or does not let us in"
    )
    return JournalError(
        "Journal cannot be used",
        f"The shared journal ({reference}): {why}; nothing is sent without a record",
        "Check the address and the network, then try again.",
    )


_UNREACHABLE = (
    (("password", "authentication", "pg_hba", "role "), "the server does not accept the login"),
    (("ssl", "certificate"), "the server offers no TLS that can be trusted (sslmode=disable in the address goes without)"),
    (("database ", "does not exist"), "the server has no such database"),
    (("translate host", "name or service", "resolve"), "the host name is not known"),
    (("timeout", "timed out"), "the server does not answer in time"),
    (("refused", "no such file", "unreachable"), "nothing answers at the address"),
)
