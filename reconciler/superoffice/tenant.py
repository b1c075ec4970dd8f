"""Where a tenant is: a fixed address onsite; Online whatever the state endpoint says, for as long as it says.

A tenant of Online moves between hosts. A call to a former one is answered with 421, so the address is asked for before every run,
again when its time is over, when a host answers 421, and when one stops answering. Credentials go to it, so it is only believed
when it is https below the vendor's domain and about the tenant that was asked for.

Source: SuperOffice docs, "Check tenant status" (members, states, "take Api as it is", 421 since 2023-11), best practices.

Effects: network, through what it is given.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from reconciler.errors import TargetError
from reconciler.superoffice.repeats import ahead_seconds
from reconciler.superoffice.roothost import RootHost, json_of
from reconciler.superoffice.transport import Reply, is_loopback

__all__ = ["FixedHome", "Home", "OnlineHome", "TenantState"]

_DOMAIN: Final = ".superoffice.com"
_SHORTEST: Final = 60.0  # seconds for which an address is used, whatever ValidUntil says: clocks differ
_STATES: Final[Mapping[str, str]] = {
    "0": "Unknown",
    "1": "Provisioning",
    "2": "Running",
    "3": "Deleted",
    "4": "Suspended",
    "5": "OnlineMaintenance",
    "6": "OfflineMaintenance",
    "8": "ProvisioningFailed",
    "10": "Deleting",
    "11": "DeleteFailed",
    "12": "MigrationPending",
}
_STOPPED: Final[Mapping[str, tuple[str, str]]] = {
    "OfflineMaintenance": ("is under maintenance, and its API is not available", "Usually that takes minutes. Repeat the command later."),
    "MigrationPending": ("waits to be moved, and its API is not available", "That can take days. Ask SuperOffice when it will be done."),
    "Provisioning": ("is still being set up", "Repeat the command when it runs."),
    "Suspended": ("is suspended", "Its owner has to settle that with SuperOffice."),
    "Deleted": ("is deleted", "Check `tenant` of the target in targets.yaml."),
    "Deleting": ("is being deleted", "Check `tenant` of the target in targets.yaml."),
}


@dataclass(frozen=True, slots=True)
class TenantState:
    """What the state endpoint says.

    Attributes:
        api: the address of the API, as it was given.
        state: its name, such as `Running`.
        valid_until: when to ask again; None where nothing usable was said.
        version: the release, where one was said.
        ahead: seconds by which our clock is ahead of the server's; None where it did not say.
    """

    api: str
    state: str
    valid_until: datetime | None
    version: str = ""
    ahead: float | None = None


class Home(Protocol):
    """Where a tenant is. Called from several threads."""

    def api(self) -> str:
        """The address of its API.

        Raises:
            TargetError: it is not known, or the tenant does not run; nothing was sent to it.
        """
        ...

    def again(self, seen: str) -> bool:
        """Ask once more, after a call to `seen` was sent elsewhere (421) or not answered. True: it is somewhere else now.

        Raises:
            TargetError: the tenant does not run any more.
        """
        ...


class FixedHome:
    """An installation that does not move."""

    def __init__(self, url: str) -> None:
        self._url = url

    def api(self) -> str:
        """The address that the target says."""
        return self._url

    def again(self, _seen: str, /) -> bool:
        """It does not move."""
        return False


class OnlineHome:
    """A tenant of Online.

    Args:
        root: the host of its environment.
        tenant: its identifier, such as Cust12345.
        emulated: for tests: it lives at a loopback address, and nowhere else. Never both.
    """

    def __init__(self, root: RootHost, tenant: str, *, emulated: bool) -> None:
        self._root = root
        self._tenant = tenant
        self._emulated = emulated
        self._lock = threading.Lock()
        self._state: TenantState | None = None
        self._good_until = 0.0

    def api(self) -> str:
        """The address, asked for when none is known or its time is over."""
        return self.state().api

    def state(self) -> TenantState:
        """What the state endpoint said last, as long as it is valid."""
        with self._lock:
            if self._state is None or self._root.clock.monotonic() >= self._good_until:
                self._ask()
            assert self._state is not None
            return self._state

    def again(self, seen: str) -> bool:
        """Ask, unless another thread did meanwhile."""
        with self._lock:
            before = self._state
            if before is None or before.api == seen:
                try:
                    self._ask()
                except TargetError as error:
                    if error.status is not None:
                        raise
                    self._state = before  # the state endpoint is not there either: the call's own failure says more
            return self._state is not None and self._state.api != seen

    def _ask(self) -> None:
        self._state = None
        self._state = told = self._read(self._root.state(self._tenant))
        clock = self._root.clock
        left = float("inf") if told.valid_until is None else (told.valid_until - clock.now()).total_seconds()
        self._good_until = clock.monotonic() + max(left, _SHORTEST)

    def _read(self, reply: Reply) -> TenantState:
        told = json_of(reply)
        if reply.status == 404:
            raise self._error("it knows no such tenant", "Check `tenant` and `environment` of the target in targets.yaml.", reply.status)
        if reply.status != 200 or not isinstance(told, Mapping):
            raise self._error(
                f"it answered {reply.status} with something that is no state of a tenant",
                "Repeat the command; status.superoffice.com tells of outages.",
                reply.status,
            )
        state = str(told.get("State", ""))
        state = _STATES.get(state, state)
        if str(told.get("ContextIdentifier", "")).casefold() != self._tenant.casefold():
            raise self._error("it answered for another tenant", "Check `tenant` of the target in targets.yaml.", reply.status)
        if told.get("IsRunning") is not True:
            why, hint = _STOPPED.get(state, (f"does not run (state {self._root.show(state) or 'unknown'})", "Ask SuperOffice about it."))
            detail = f"The tenant {self._tenant} {why}. Nothing was sent to it."
            raise TargetError("SuperOffice is not available", detail, hint, operation="state", status=reply.status)
        api = self._believable(told.get("Api"), reply)
        return TenantState(
            api,
            state,
            _moment(told.get("ValidUntil")),
            self._root.show(_text(told.get("Version"))),
            ahead_seconds(reply, self._root.clock.now()),
        )

    def _believable(self, api: Any, reply: Reply) -> str:
        """The address, if credentials may be sent there."""
        text = _text(api)
        try:
            parts = urlsplit(text)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        plain = not (parts.username or parts.password or parts.query or parts.fragment) and text.isascii() and text.isprintable()
        if self._emulated:
            good = parts.scheme in ("http", "https") and is_loopback(host)
        else:
            good = parts.scheme == "https" and host.endswith(_DOMAIN) and port in (None, 443)
        if not (good and plain and "\\" not in text and " " not in text):
            expected = "a loopback address, as `emulated_at` is one" if self._emulated else f"https:// at a host below {_DOMAIN[1:]}"
            raise self._error(
                f"it named an address to which no login may be sent; expected {expected}",
                "Nothing was sent there. Repeat the command, and tell SuperOffice if it stays so.",
                reply.status,
            )
        return text

    def _error(self, why: str, hint: str, status: int) -> TargetError:
        detail = f"The state of the tenant {self._tenant} was asked for, and {why}."
        return TargetError("The tenant cannot be found", detail, hint, operation="state", status=status)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _moment(value: Any) -> datetime | None:
    """A time of the API, which is UTC where it does not say otherwise."""
    try:
        moment = datetime.fromisoformat(_text(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
