"""The System User of Online: a signed token is exchanged for a ticket, without anybody at a keyboard.

Source: SuperOffice docs, "Sign the system user token" (token, a dot, UTC time as yyyyMMddHHmm; RSA PKCS#1 v1.5 over SHA-256; base64 after
another dot), "Get system user ticket" (names in the body, JWT in `Token`, the ticket in a claim), "Validate security tokens" (issuer,
audience made of the serial, keys at the well-known address). An answer of 200 may be a refusal (IsSuccessful).

Effects: network, through the host it is given.
"""

from __future__ import annotations

import base64
import contextlib
from collections.abc import Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from reconciler.errors import TargetError, UnauthorizedError
from reconciler.model import Secret
from reconciler.superoffice.auth import Renewed
from reconciler.superoffice.redact import Named
from reconciler.superoffice.repeats import ahead_seconds
from reconciler.superoffice.roothost import RootHost, json_of
from reconciler.superoffice.transport import Reply

__all__ = ["BadToken", "SystemUser", "keys_from", "verified"]

ISSUER: Final = "SuperOffice AS"
_CLAIM: Final = "http://schemes.superoffice.net/identity/"
_LEEWAY_S: Final = 60
_CLOCKS_DIFFER_S: Final = 60  # the signature holds the minute


class BadToken(ValueError):
    """Why a token is not believed, as the end of a sentence; never a part of it."""


class UnknownKey(BadToken):
    """The token names a key that is not among those at hand."""


class SystemUser(Renewed):
    """Signs, exchanges, checks what comes back, and uses the ticket in it while it lives.

    Args:
        root: the host of the environment.
        tenant: the customer's identifier.
        app_token: the client secret of the registered app, also sent with every call.
        system_token: what the tenant's administrator approved.
        key: the registered app's private key.
    """

    hint = (
        "The ticket was refused. Check that the app is approved in this tenant and that the environment is right. The ErpSync agent "
        'must be granted to the app (template "Standard ERP sync and quote app"): `reconciler target check` tells the two apart.'
    )

    def __init__(self, root: RootHost, tenant: str, *, app_token: Secret, system_token: Secret, key: RSAPrivateKey) -> None:
        super().__init__()
        self._root = root
        self._tenant = tenant
        self._app_token = app_token
        self._system_token = system_token
        self._key = key
        self._keys: Mapping[str, jwt.PyJWK] | None = None
        self._fetched: tuple[str, ...] = ()

    def secrets(self) -> tuple[str, ...]:
        """Both tokens, what was signed, what came back, and the ticket in it."""
        return (self._app_token.reveal(), _named(self._system_token.reveal()), *self._fetched)

    def fetch(self) -> Mapping[str, str]:
        """One exchange, and the headers that follow from it."""
        signed = self._signed()
        body = {
            "SignedSystemToken": signed,
            "ApplicationToken": self._app_token.reveal(),
            "ContextIdentifier": self._tenant,
            "ReturnTokenType": "JWT",
        }
        reply = self._root.log_in(body, (*self.secrets(), _named(signed), signed.rpartition(".")[2]))
        token = self._token_in(reply)
        self._root.redactor.learn((token,))
        ticket = self._ticket_in(token)
        self._fetched = (signed.rpartition(".")[2], token, ticket)
        self._root.redactor.learn(self._fetched)
        return {"Authorization": f"SOTicket {ticket}", "SO-AppToken": self._app_token.reveal()}

    def _signed(self) -> str:
        payload = f"{self._system_token.reveal()}.{self._root.clock.now():%Y%m%d%H%M}"
        signature = self._key.sign(payload.encode(), PKCS1v15(), SHA256())
        return f"{payload}.{base64.b64encode(signature).decode('ascii')}"

    def _token_in(self, reply: Reply) -> str:
        told = json_of(reply)
        if (
            isinstance(told, Mapping)
            and reply.status == 200
            and told.get("IsSuccessful") is True
            and isinstance(token := told.get("Token"), str)
        ):
            return token
        refused = isinstance(told, Mapping) and told.get("IsSuccessful") is False
        if refused or reply.status in (400, 401, 403):
            raise self._refused(reply, told)
        raise TargetError(
            "The login got no usable answer",
            f"The system user login answered {reply.status} with something that is no ticket.",
            "Repeat the command; status.superoffice.com tells of outages.",
            operation="system user login",
            status=reply.status,
        )

    def _refused(self, reply: Reply, told: Any) -> UnauthorizedError:
        words = (
            next((told[name] for name in ("ErrorMessage", "Message") if isinstance(told.get(name), str)), "")
            if isinstance(told, Mapping)
            else ""
        )
        detail = "The system user login was refused" + (f": {self._root.show(words).rstrip('.')}." if words else ".")
        hint = (
            "Check the references of the login: application token, system user token and private key belong to one app in one environment, "
            "and the tenant's administrator has to have approved the app."
        )
        ahead = ahead_seconds(reply, self._root.clock.now())
        if ahead is not None and abs(ahead) > _CLOCKS_DIFFER_S:
            side = "ahead of" if ahead > 0 else "behind"
            detail += f" This machine's clock is {abs(ahead):.0f} s {side} the server's, and the signature holds the time."
            hint = f"Set this machine's clock right, and repeat the command. If that is not enough: {hint[0].lower()}{hint[1:]}"
        return UnauthorizedError("SuperOffice refused the login", detail, hint, operation="system user login", status=reply.status)

    def _ticket_in(self, token: str) -> str:
        try:
            try:
                claims = verified(token, self._known_keys(), self._tenant)
            except UnknownKey:  # keys are exchanged now and then
                self._keys = None
                claims = verified(token, self._known_keys(), self._tenant)
            return _ticket_of(claims)
        except BadToken as error:
            raise TargetError(
                "The login was answered with a token that is not believed",
                f"The token {error}. Nothing was sent to the tenant.",
                "Check `environment` and `tenant` of the target; if they are right, tell SuperOffice: somebody may stand in between.",
                operation="system user login",
            ) from None

    def _known_keys(self) -> Mapping[str, jwt.PyJWK]:
        if self._keys is None:
            self._keys = keys_from(json_of(self._root.keys()))
        return self._keys


def _named(token: str) -> Named:
    """A system user token, or what begins with one: the name of the app, a hyphen, and what is secret."""
    return Named(token, token.partition("-")[0])


def verified(token: str, keys: Mapping[str, jwt.PyJWK], tenant: str) -> Mapping[str, Any]:
    """The claims of a system user token, if all of it is right.

    Raises:
        UnknownKey: it was signed with a key that is not among these.
        BadToken: it is no token, or its signature, algorithm, issuer, audience, times or tenant are wrong.
    """
    try:
        head = jwt.get_unverified_header(token)
        if head.get("alg") != "RS256":
            raise BadToken("is not signed with RS256")
        key = _key_for(head, keys)
        serial = jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False}, leeway=_LEEWAY_S).get(f"{_CLAIM}serial")
        if not isinstance(serial, str) or not serial:
            raise BadToken("names no serial, which its audience is made of")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=f"spn:{serial}",
            issuer=ISSUER,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.ExpiredSignatureError:
        raise BadToken("has expired; if that is not so, this machine's clock is wrong") from None
    except jwt.ImmatureSignatureError:
        raise BadToken("is not valid yet; if it is, this machine's clock is wrong") from None
    except jwt.InvalidIssuerError:
        raise BadToken(f"was not issued by {ISSUER}") from None
    except jwt.InvalidAudienceError:
        raise BadToken("was made for another audience") from None
    except jwt.InvalidSignatureError:
        raise BadToken("has a signature that does not fit") from None
    except (jwt.PyJWTError, ValueError) as error:
        raise (error if isinstance(error, BadToken) else BadToken("cannot be read as a signed token")) from None
    if str(claims.get(f"{_CLAIM}ctx", "")).casefold() != tenant.casefold():
        raise BadToken("was made for another tenant")
    return claims


def _ticket_of(claims: Mapping[str, Any]) -> str:
    ticket = claims.get(f"{_CLAIM}ticket")
    if not isinstance(ticket, str) or not ticket or not ticket.isascii() or not ticket.isprintable():
        raise BadToken("holds no ticket")
    return ticket


def _key_for(head: Mapping[str, Any], keys: Mapping[str, jwt.PyJWK]) -> jwt.PyJWK:
    """The key that a token names, by id or by thumbprint; never simply the first one."""
    for member in ("kid", "x5t"):
        named = head.get(member)
        if isinstance(named, str) and named in keys:
            return keys[named]
    raise UnknownKey("names a key that the vendor does not publish")


def keys_from(told: Any) -> Mapping[str, jwt.PyJWK]:
    """The RSA keys of a JSON Web Key Set, by id and by thumbprint.

    Raises:
        BadToken: there is none that can be used, so that no token can be checked.
    """
    found: dict[str, jwt.PyJWK] = {}
    listed = told.get("keys") if isinstance(told, Mapping) else None
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("kty") == "RSA" and one.get("use", "sig") == "sig":
            with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError):
                key = jwt.PyJWK(one, algorithm="RS256")
                found.update({name: key for name in (one.get("kid"), one.get("x5t")) if isinstance(name, str) and name})
    if not found:
        raise BadToken("cannot be checked: the vendor's keys cannot be read")
    return found
