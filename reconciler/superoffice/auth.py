"""How a request proves who we are. One class per kind of login; the client knows only the protocol.

    Basic         onsite: user name and password
    Ticket        a ticket that was made elsewhere; it cannot be renewed
    Renewed       what the logins of Online have in common: something is fetched, used while it lives, and fetched again once

The vendor announces client credentials for Online: that would be one more class beside `SystemUser` and `RefreshToken`.

Source: SuperOffice docs, WebAPI authorization (Basic, SOTicket, Bearer, SO-AppToken), system user ("valid six hours, sliding";
"get a new one only when the API answers 401").

Effects: none (what `Renewed` fetches reaches the network).
"""

from __future__ import annotations

import base64
import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final, Protocol

from reconciler.errors import UnauthorizedError
from reconciler.model import Secret

__all__ = ["Auth", "Basic", "Renewed", "Ticket"]

_MOST_REFUSALS: Final = 3  # of a login; whoever is refused thrice is not let in the fourth time either


class Auth(Protocol):
    """One way to log in. Called from several threads."""

    hint: str
    """What to check when the tenant answers 401."""

    def headers(self) -> Mapping[str, str]:
        """The headers that every request carries; logs in first where that is needed.

        Raises:
            TargetError: the login failed; nothing was sent to the tenant.
        """
        ...

    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown, as it stands now."""
        ...

    def renew(self, refused: Mapping[str, str], /) -> bool:
        """Get a new ticket after a 401. False: there is none to get, the refusal stands.

        Args:
            refused: the headers that were answered with 401, as `headers` gave them. Where another thread got new ones
                meanwhile, these count.

        Raises:
            TargetError: the login failed.
        """
        ...

    def accepted(self, sent: Mapping[str, str], /) -> None:
        """Take note that the tenant knows these headers."""
        ...


class _Unrenewable:
    """A login that stays as it is."""

    def renew(self, _refused: Mapping[str, str], /) -> bool:
        """There is nothing to renew."""
        return False

    def accepted(self, _sent: Mapping[str, str], /) -> None:
        """Nothing depends on it."""


class Basic(_Unrenewable):
    """User name and password, onsite only; sent with the first request, without waiting to be asked.

    Args:
        well_known: the login is no secret, as the one that every emulator lets in is none.

    Source: SuperOffice docs, setup of the REST API (Basic is sent pre-emptively; IIS intercepts it when its own Basic
    authentication is on for the SuperOffice application).
    """

    hint = (
        "Check the user name and the password of the target. Onsite, Basic authentication must be off in IIS on the SuperOffice "
        "application itself (and AuthorizeWithUsername on in web.config), or IIS answers in place of SuperOffice."
    )

    def __init__(self, username: Secret, password: Secret, *, well_known: bool = False) -> None:
        self._username = username
        self._password = password
        self._well_known = well_known

    def headers(self) -> Mapping[str, str]:
        """`Authorization: Basic ...`."""
        return {"Authorization": f"Basic {self._token()}"}

    def secrets(self) -> tuple[str, ...]:
        """The password, and both together in the form in which they travel."""
        return () if self._well_known else (self._password.reveal(), self._token())

    def _token(self) -> str:
        return base64.b64encode(f"{self._username.reveal()}:{self._password.reveal()}".encode()).decode("ascii")


class Ticket(_Unrenewable):
    """A ticket that somebody else made; Online it goes with the token of the app."""

    hint = (
        "The ticket is unknown or has expired: one lives six hours after its last use, and this kind of login cannot make another. "
        "Put a new one where `ticket` of the target points, or choose a login that renews itself."
    )

    def __init__(self, ticket: Secret, app_token: Secret | None = None) -> None:
        self._ticket = ticket
        self._app_token = app_token

    def headers(self) -> Mapping[str, str]:
        """`Authorization: SOTicket ...`, and `SO-AppToken` where there is one."""
        found = {"Authorization": f"SOTicket {self._ticket.reveal()}"}
        return found if self._app_token is None else {**found, "SO-AppToken": self._app_token.reveal()}

    def secrets(self) -> tuple[str, ...]:
        """The ticket and the token of the app."""
        return (self._ticket.reveal(), *(() if self._app_token is None else (self._app_token.reveal(),)))


class Renewed(ABC):
    """A login that fetches something, uses it while it lives, and fetches it again when the tenant no longer knows it.

    Threads share what was fetched: of several that are answered with 401, one fetches and the others use what it got. What was
    never accepted is not renewed, so that a tenant that lets nobody in is not asked for a ticket by every call.
    """

    hint: str

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: Mapping[str, str] | None = None
        self._was_accepted = False
        self._refusals = 0
        self._refusal: UnauthorizedError | None = None

    @abstractmethod
    def fetch(self) -> Mapping[str, str]:
        """Log in, and return the headers that every request then carries.

        Raises:
            UnauthorizedError: the login was refused.
            TargetError: it got no answer that can be trusted.
        """

    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """Every text that must not be shown, as it stands now."""

    def is_over(self) -> bool:
        """Whether what was fetched is known to have expired."""
        return False

    def headers(self) -> Mapping[str, str]:
        """What was fetched, or is fetched now."""
        with self._lock:
            if self._current is None or self.is_over():
                self._fetch()
            assert self._current is not None
            return self._current

    def renew(self, refused: Mapping[str, str], /) -> bool:
        """Fetch again, once for all threads that were refused with the same headers."""
        with self._lock:
            if refused is not self._current:
                return True
            if not self._was_accepted:
                return False
            self._fetch()
            return True

    def accepted(self, sent: Mapping[str, str], /) -> None:
        """From now on a refusal means that it has expired."""
        if sent is self._current:
            self._was_accepted = True

    def _fetch(self) -> None:
        if self._refusal is not None and self._refusals >= _MOST_REFUSALS:
            raise self._refusal
        self._current, self._was_accepted = None, False
        try:
            self._current = self.fetch()
        except UnauthorizedError as error:
            self._refusals += 1
            self._refusal = error
            raise
        self._refusals, self._refusal = 0, None
