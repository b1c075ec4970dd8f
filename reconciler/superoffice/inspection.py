"""Who we are at a tenant, and what answers there: the questions of `target check`.

Source: SuperOffice docs, GET User/currentPrincipal (SoPrincipalCarrier; allowed on Online, where User/current is not), getting the
WebAPI version (GET api, without login).

Effects: network, through the client it is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import ReadError, TargetError, UnauthorizedError
from reconciler.superoffice.answers import Unreadable, error_message, read_json
from reconciler.superoffice.client import Client
from reconciler.superoffice.repeats import ahead_seconds
from reconciler.superoffice.transport import NoReply, Reply
from reconciler.wire import languages
from reconciler.wire.operations import Answer

__all__ = ["Principal", "Server", "principal_of", "server_of"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who the tenant says we are; texts are empty where it does not say.

    Attributes:
        login, name, role: the associate's login, full name and role.
        rights: the names of functional rights, sorted.
        tenant: the name of the database context, which Online is the tenant.
    """

    login: str
    name: str
    role: str
    rights: tuple[str, ...]
    tenant: str


@dataclass(frozen=True, slots=True)
class Server:
    """What answers.

    Attributes:
        version: NetServer's version and label.
        ahead: seconds by which our clock is ahead of the server's; None where it did not say.
    """

    version: str
    ahead: float | None


def server_of(client: Client) -> Server:
    """The version, asked for without a login.

    Raises:
        ReadError: nothing answers there, or something that is not SuperOffice.
    """
    reply, told = _answer(client, "Version", Answer.VERSION)
    if not isinstance(told, Mapping) or "NetServerVersion" not in told:
        hint = "Check the address of the target: it ends where `/api` begins."
        raise ReadError(
            "SuperOffice could not be read",
            "What answers there is not the SuperOffice WebAPI.",
            hint,
            operation="Version",
            status=reply.status,
        )
    number, label = (client.show(_text(told.get(name))) for name in ("NetServerVersion", "NetServerLabel"))
    version = f"{number} ({label})" if label and label != number else number or label
    return Server(version, ahead_seconds(reply, client.clock.now()))


def principal_of(client: Client) -> Principal:
    """Who we are.

    Raises:
        UnauthorizedError: the tenant does not know this login.
        TargetError: the login failed, or the answer cannot be trusted.
    """
    reply, told = _answer(client, "CurrentPrincipal", Answer.PRINCIPAL)
    if not isinstance(told, Mapping) or not _text(told.get("Associate")):
        detail = "User/currentPrincipal answered without a name."
        raise ReadError("SuperOffice could not be read", detail, client.auth.hint, operation="User/currentPrincipal", status=reply.status)
    rights = told.get("FunctionRights")
    return Principal(
        login=client.show(_text(told.get("Associate"))),
        name=client.show(_text(told.get("FullName"))),
        role=client.show(languages.shown(_text(told.get("RoleName")), "en")),
        rights=tuple(sorted(client.show(one) for one in rights if isinstance(one, str))) if isinstance(rights, list) else (),
        tenant=client.show(_text(told.get("DatabaseContextIdentifier"))),
    )


def _answer(client: Client, key: str, expected: Answer) -> tuple[Reply, Any]:
    exchange = client.repeatable(key)
    if isinstance(exchange, NoReply):
        hint = exchange.hint or "Check the address of the target, whether SuperOffice runs there, the network of this machine and `proxy`."
        raise ReadError("SuperOffice could not be reached", f"There was no answer: {client.show(exchange.why)}.", hint, operation=key)
    try:
        told, problem = read_json(exchange), ""
    except Unreadable as error:
        told, problem = None, f" with {error}"
    words = error_message(told, expected)
    detail = f"{key} answered {exchange.status}{problem}" + (f": {client.show(words).rstrip('.')}." if words else ".")
    if exchange.status in (401, 403) and expected is Answer.VERSION:
        hint = (
            "The version is told without a login, so something else answers: check that the target's address ends where `/api` begins. "
            "Onsite, IIS must not ask for a login of its own there."
        )
        raise ReadError("What answers there asks for a login", detail, hint, operation=key, status=exchange.status)
    if exchange.status in (401, 403):
        raise UnauthorizedError("SuperOffice does not know this login", detail, client.auth.hint, operation=key, status=exchange.status)
    if exchange.status != 200 or problem or words is not None:
        raise TargetError(
            "SuperOffice could not be read", detail, "Check the address of the target.", operation=key, status=exchange.status
        )
    return exchange, told


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
