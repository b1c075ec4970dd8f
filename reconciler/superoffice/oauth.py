"""A named user of Online: a refresh token from one interactive login is exchanged for access tokens.

Source: SuperOffice docs, authorization code flow (token endpoint, parameters; the refresh response holds no new refresh token; access
tokens live 3600 s and begin with 8A: and the tenant); RFC 6749 section 2.3.1 and 5.2 (parameters in the body, error objects).

Effects: network, through the host it is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from reconciler.errors import TargetError, UnauthorizedError
from reconciler.model import Secret
from reconciler.superoffice.auth import Renewed
from reconciler.superoffice.redact import Named
from reconciler.superoffice.roothost import RootHost, json_of

__all__ = ["RefreshToken"]

_NAMES_TENANT: Final = re.compile(r"8A:(Cust\d+)\.", re.IGNORECASE)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,8192}")
_EARLY_S: Final = 60.0  # before its end; a call that arrives with an expired token costs a round trip


class RefreshToken(Renewed):
    """Exchanges the refresh token when there is no access token, or the one there is has ended.

    Args:
        root: the host of the environment.
        tenant: the customer's identifier; a token of another one is refused.
        client_id, client_secret, refresh_token: of the registered app and the login.
    """

    hint = (
        "The access token was refused. Check that the user may still log in to this tenant, and that the ErpSync agent is granted to "
        'the app (template "Standard ERP sync and quote app"): `reconciler target check` tells the two apart.'
    )

    def __init__(self, root: RootHost, tenant: str, *, client_id: str, client_secret: Secret, refresh_token: Secret) -> None:
        super().__init__()
        self._root = root
        self._tenant = tenant
        self._client_id = client_id
        self._client_secret = client_secret
        self._refresh_token = refresh_token
        self._token = ""
        self._ends = float("inf")

    def secrets(self) -> tuple[str, ...]:
        """The secret of the app, the refresh token and the access token."""
        return (self._client_secret.reveal(), self._refresh_token.reveal(), *([self._token] if self._token else []))

    def is_over(self) -> bool:
        """Whether the access token's time is up."""
        return self._root.clock.monotonic() >= self._ends

    def fetch(self) -> Mapping[str, str]:
        """One exchange."""
        form = {
            "grant_type": "refresh_token",
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "refresh_token": self._refresh_token.reveal(),
        }
        began = self._root.clock.monotonic()
        reply = self._root.tokens(form, self.secrets())
        told = json_of(reply)
        if not isinstance(told, Mapping):
            told = {}
        token = told.get("access_token")
        if reply.status in (400, 401, 403):
            words = [told[name] for name in ("error", "error_description") if isinstance(told.get(name), str)]
            what = "The client id or the client secret" if told.get("error") == "invalid_client" else "The refresh token"
            detail = f"{what} was refused" + (f": {self._root.show(': '.join(words)).rstrip('.')}." if words else ".")
            hint = (
                "Check `client_id`, where `client_secret` points, and `environment` of the target: each environment has its own."
                if told.get("error") == "invalid_client"
                else "It is good until the consent is revoked. Check client id, secret and environment, or log in once more for a new one."
            )
            raise UnauthorizedError("SuperOffice refused the login", detail, hint, operation="access token", status=reply.status)
        if reply.status != 200 or not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise TargetError(
                "The login got no usable answer",
                f"The token endpoint answered {reply.status} with something that is no access token.",
                "Repeat the command; status.superoffice.com tells of outages.",
                operation="access token",
                status=reply.status,
            )
        named = _NAMES_TENANT.match(token)
        token = Named(token, named[0] if named else "")
        self._root.redactor.learn((token,))
        if named and named[1].casefold() != self._tenant.casefold():
            raise TargetError(
                "The login is for another tenant",
                f"The refresh token belongs to another tenant than {self._tenant}. Nothing was sent to the tenant.",
                "Check `tenant` of the target, and where `refresh_token` points.",
                operation="access token",
            )
        lives = told.get("expires_in")
        seconds = float(lives) if isinstance(lives, int | float) and not isinstance(lives, bool) and lives > 0 else float("inf")
        self._ends = began + max(seconds - _EARLY_S, seconds / 2)
        self._token = token
        return {"Authorization": f"Bearer {token}"}
