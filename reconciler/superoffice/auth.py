"""How a request proves who we are. One class per kind of login; the client knows only the protocol.

Effects: none (kinds of login that fetch tickets will reach the network).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Protocol

from reconciler.model import Secret

__all__ = ["Auth", "Basic"]


class Auth(Protocol):
    """One way to log in. Called from several threads."""

    hint: str
    """What to check when the tenant answers 401."""

    def headers(self) -> Mapping[str, str]:
        """The headers that every request carries."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown, as it stands now."""
        ...

    def renew(self) -> bool:
        """Get a new ticket after a 401. False: there is none to get, the refusal stands."""
        ...


class Basic:
    """User name and password, onsite only; sent with the first request, without waiting to be asked.

    Source: SuperOffice docs, setup of the REST API (Basic is sent pre-emptively; IIS intercepts it when its own Basic
    authentication is on for the SuperOffice application).
    """

    hint = (
        "Check the user name and the password of the target. Onsite, Basic authentication must be off in IIS on the SuperOffice "
        "application itself (and AuthorizeWithUsername on in web.config), or IIS answers in place of SuperOffice."
    )

    def __init__(self, username: Secret, password: Secret) -> None:
        self._username = username
        self._password = password

    def headers(self) -> Mapping[str, str]:
        """`Authorization: Basic ...`."""
        return {"Authorization": f"Basic {self._token()}"}

    def secrets(self) -> tuple[str, ...]:
        """The password, and both together in the form in which they travel."""
        return (self._password.reveal(), self._token())

    def renew(self) -> bool:
        """A password cannot be renewed."""
        return False

    def _token(self) -> str:
        return base64.b64encode(f"{self._username.reveal()}:{self._password.reveal()}".encode()).decode("ascii")
