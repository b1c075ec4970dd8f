"""From a target to a client: the only place that chooses where a tenant is looked for and how it is logged in to.

    emulator, onsite   a fixed address; Basic, or a ticket
    online             the state endpoint; System User, refresh token, or a ticket

Effects: reads the file with authorities; nothing is asked before the first call.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reconciler.errors import InputError
from reconciler.model import Login, Problem, Secret, SecretRef, Target
from reconciler.ports import Clock
from reconciler.superoffice.auth import Auth, Basic, Ticket
from reconciler.superoffice.callline import Call
from reconciler.superoffice.client import Client
from reconciler.superoffice.roothost import HOSTS, RootHost
from reconciler.superoffice.tenant import FixedHome, Home, OnlineHome
from reconciler.superoffice.transport import Network

__all__ = ["Opened", "open_client"]


class Opened:
    """A client, and what it stands on.

    Attributes:
        client: calls the tenant.
        home: where the tenant is.
        root: the host of the environment; None where there is none.
    """

    def __init__(self, client: Client, home: Home, root: RootHost | None) -> None:
        self.client = client
        self.home = home
        self.root = root

    def close(self) -> None:
        """Close every connection."""
        self.client.close()
        if self.root is not None:
            self.root.close()


def open_client(
    target: Target, url: str | None, resolve: Callable[[SecretRef], Secret], *, clock: Clock, log: Callable[[Call], None] | None
) -> Opened:
    """The client of a target.

    Args:
        url: where it is; None for Online.
        resolve: gives the target's own secrets.
        clock, log: as for the client.

    Raises:
        InputError: a credential is not there, or cannot be used.
        TargetError: the address or the file with authorities cannot be used.
    """
    bundle = None if target.ca_bundle is None else Path(target.directory) / target.ca_bundle
    network = Network(target.timeouts.connect, bundle, target.proxy)
    root = None
    home: Home
    if target.kind == "online":
        url, root_url = None, target.emulated_at or HOSTS[target.environment]
        root = RootHost(root_url, network=network, read_seconds=target.timeouts.read, clock=clock, log=log)
        home = OnlineHome(root, target.tenant, emulated=target.emulated_at is not None)
    else:
        assert url is not None
        home = FixedHome(url)
    auth = _auth(target, root, resolve)
    where: Home | str = home if url is None else url
    client = Client(where, auth, timeouts=target.timeouts, limits=target.limits, clock=clock, log=log, network=network)
    return Opened(client, home, root)


def _auth(target: Target, root: RootHost | None, resolve: Callable[[SecretRef], Secret]) -> Auth:
    login = target.login
    if login is None:  # only an emulator says none: what it lets in by default
        return Basic(Secret("admin"), Secret("admin"), well_known=True)
    found = {key: resolve(ref) for key, ref in login.secrets.items()}
    if login.kind == "basic":
        return Basic(found["username"], found["password"])
    if login.kind == "ticket":
        return Ticket(found["ticket"], found.get("app_token"))
    assert root is not None
    if login.kind == "refresh-token":
        from reconciler.superoffice.oauth import RefreshToken

        return RefreshToken(
            root, target.tenant, client_id=login.client_id, client_secret=found["client_secret"], refresh_token=found["refresh_token"]
        )
    return _system_user(target, login, root, found)


def _system_user(target: Target, login: Login, root: RootHost, found: dict[str, Secret]) -> Auth:
    from reconciler.superoffice.rsakeys import UnusableKey, private_key
    from reconciler.superoffice.systemuser import SystemUser

    try:
        key = private_key(found["private_key"])
    except UnusableKey as error:
        reference = login.secrets["private_key"].reference
        hint = "Write the key of the registered app there, as PEM without a password or as the RSAKeyValue XML of the portal."
        raise InputError(
            [Problem("private-key", f"The secret {reference} {error}.", None, hint)], summary="A secret cannot be used"
        ) from None
    return SystemUser(root, target.tenant, app_token=found["app_token"], system_token=found["system_token"], key=key)
