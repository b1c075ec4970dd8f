"""The login of a system user: a signed token comes in, a signed JWT with a ticket goes out.

Effects: hands out tickets.

Source: SuperOffice docs, sign the system user token; get a system user ticket; validate security tokens.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from reconciler.emulator.dispatch import Answer, json_answer, page
from reconciler.emulator.door.keys import SigningKey, generated, signed_by, signing_key, tampered, unsigned_token
from reconciler.emulator.door.online import Online
from reconciler.emulator.door.sessions import Sessions
from reconciler.emulator.door.switches import DoorSwitches

CLAIM = "http://schemes.superoffice.net/identity/"
ISSUER = "SuperOffice AS"
_LIVES_S = 300


class _Refused(Exception):
    """Why nobody is let in; the message goes to the caller."""


@dataclass
class Identity:
    """The identity provider: its keys, and what it says of a tenant.

    Attributes:
        keys: the published keys, oldest first; the last one signs.
        now: the server's clock.
        api_url: where the tenant's API is at this moment, without a slash at the end.
    """

    online: Online
    keys: list[SigningKey]
    now: Callable[[], datetime]
    api_url: Callable[[], str]

    def rotate(self) -> None:
        """Sign with a new key from now on; the earlier ones stay published."""
        self.keys.append(signing_key(len(self.keys) + 1))

    def claims(self, *, audience: str, issuer: str, who: str) -> dict[str, Any]:
        """What a token says, apart from what it is for."""
        now, api = int(self.now().timestamp()), self.api_url()
        return {
            "iss": issuer,
            "aud": audience,
            "sub": who,
            "iat": now,
            "nbf": now,
            "exp": now + _LIVES_S,
            f"{CLAIM}ctx": self.online.tenant,
            f"{CLAIM}serial": self.online.serial,
            f"{CLAIM}netserver_url": f"{api.removesuffix('/api')}/Remote/Services88/",
            f"{CLAIM}webapi_url": f"{api}/",
        }


def log_in(body: Any, *, identity: Identity, app_key: rsa.RSAPublicKey, sessions: Sessions, switches: DoorSwitches) -> Answer:
    """Answer `POST /Login/api/PartnerSystemUser/Authenticate`."""
    if not isinstance(body, Mapping):
        return json_answer({"Message": "The request is invalid.", "MessageDetail": "A JSON object is expected."}, 400)
    given = {str(name).lower(): value for name, value in body.items()}
    try:
        _check(given, identity, app_key, switches)
    except _Refused as error:
        if switches.refused_login == "forbidden":
            return page(403, "403 - Forbidden")
        return json_answer({"IsSuccessful": False, "Token": None, "ErrorMessage": str(error)})
    return json_answer({"IsSuccessful": True, "Token": _token(identity, sessions, switches), "ErrorMessage": None})


def _check(given: Mapping[str, Any], identity: Identity, app_key: rsa.RSAPublicKey, switches: DoorSwitches) -> None:
    online = identity.online
    if given.get("applicationtoken") != online.client_secret:
        raise _Refused("The application token is not known.")
    if str(given.get("contextidentifier", "")).lower() != online.tenant.lower():
        raise _Refused("The application has no access to this context identifier.")
    if str(given.get("returntokentype", "")).upper() != "JWT":
        raise _Refused("The return token type is not supported.")
    token, minute, signature = _parts(given.get("signedsystemtoken"))
    if token != online.system_token:
        raise _Refused("The system user token is not known.")
    if not signed_by(app_key, f"{token}.{minute:%Y%m%d%H%M}".encode(), signature):
        raise _Refused("The signature of the system user token is not valid.")
    now = identity.now().astimezone(UTC).replace(second=0, microsecond=0)
    if abs(now - minute) > timedelta(minutes=switches.minute_tolerance):
        raise _Refused("The time of the signed system user token is out of range.")
    if switches.tenant_state not in ("Running", "OnlineMaintenance"):
        raise _Refused("The tenant is not available.")


def _parts(signed: Any) -> tuple[str, datetime, bytes]:
    try:
        token, minute, signature = str(signed).rsplit(".", 2)
        when = datetime.strptime(minute, "%Y%m%d%H%M").replace(tzinfo=UTC)
        return token, when, base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        raise _Refused("The signed system user token cannot be read.") from None


def _token(identity: Identity, sessions: Sessions, switches: DoorSwitches) -> str:
    online, key, wrong = identity.online, identity.keys[-1], switches.login_answer
    claims = identity.claims(audience=f"spn:{online.serial}", issuer=ISSUER, who="0")
    claims[f"{CLAIM}ticket"] = sessions.ticket("system")
    changes: dict[str, dict[str, Any]] = {
        "expired": {"iat": claims["iat"] - 7200, "nbf": claims["nbf"] - 7200, "exp": claims["exp"] - 7200},
        "not_yet": {"iat": claims["iat"] + 7200, "nbf": claims["nbf"] + 7200, "exp": claims["exp"] + 7200},
        "other_audience": {"aud": "spn:9999999999"},
        "other_issuer": {"iss": "Somebody Else"},
        "other_tenant": {f"{CLAIM}ctx": "Cust99999"},
    }
    claims.update(changes.get(wrong, {}))
    if wrong == "no_ticket":
        del claims[f"{CLAIM}ticket"]
    if wrong == "unsigned":
        return unsigned_token(claims)
    if wrong == "shared_secret":
        return key.shared_secret_token(claims)
    if wrong == "wrong_key":
        return SigningKey(key.key_id, generated("of somebody else")).token(claims)
    if wrong == "unknown_key":
        return SigningKey("of-somebody-else", generated("of somebody else")).token(claims)
    signed = key.token(claims)
    return tampered(signed, {**claims, f"{CLAIM}associateid": "1"}) if wrong == "tampered" else signed
