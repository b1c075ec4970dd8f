"""The OAuth token endpoint: a refresh token comes in, an access token goes out.

Effects: hands out access tokens.

Source: SuperOffice docs, authorization code flow and refresh tokens; RFC 6749 sections 2.3.1, 5.1, 5.2 and 6.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from reconciler.emulator.dispatch import Answer, Request, json_answer
from reconciler.emulator.door.login import CLAIM, Identity
from reconciler.emulator.door.sessions import Sessions
from reconciler.emulator.door.switches import DoorSwitches

FORM = "application/x-www-form-urlencoded"


def tokens(request: Request, *, root: str, identity: Identity, sessions: Sessions, switches: DoorSwitches) -> Answer:
    """Answer `POST /login/common/oauth/tokens`."""
    given, online = parameters(request, switches), identity.online
    client = _basic(request.headers.get("authorization")) or (given.get("client_id"), given.get("client_secret"))
    if client != (online.client_id, online.client_secret):
        return _error("invalid_client", 401)
    grant = given.get("grant_type", "")
    if grant != "refresh_token":
        return _error("unsupported_grant_type" if grant else "invalid_request")
    if given.get("refresh_token") != online.refresh_token:
        return _error("invalid_grant")
    claims = identity.claims(audience=online.client_id, issuer=root, who="admin@example.com")
    claims |= {f"{CLAIM}associateid": "1", f"{CLAIM}upn": "admin@example.com", f"{CLAIM}is_administrator": "True"}
    # No new refresh token: the one that was sent stays good until consent is taken back.
    return json_answer({
        "token_type": "Bearer",
        "access_token": sessions.token("user"),
        "expires_in": int(switches.token_lives_s),
        "id_token": identity.keys[-1].token(claims),
    })  # fmt: skip


def parameters(request: Request, switches: DoorSwitches) -> dict[str, str]:
    """The parameters of the query string and of the form in the body, the body last."""
    given: dict[str, str] = {}
    if switches.oauth_parameters != "body":
        given |= request.query
    if switches.oauth_parameters != "query" and request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM:
        given |= dict(parse_qsl(request.raw.decode("utf-8", "replace"), keep_blank_values=True))
    return given


def metadata(root: str) -> Mapping[str, object]:
    """What `/login/.well-known/openid-configuration` says."""
    return {
        "issuer": root,
        "authorization_endpoint": f"{root}/login/common/oauth/authorize",
        "token_endpoint": f"{root}/login/common/oauth/tokens",
        "jwks_uri": f"{root}/login/.well-known/jwks",
        "scopes_supported": ["openid"],
        "response_types_supported": ["code", "id_token", "code id_token", "token"],
        "grant_types_supported": ["implicit", "authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }


def _basic(authorization: str | None) -> tuple[str, str] | None:
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(rest, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(name), unquote_plus(secret)


def _error(code: str, status: int = 400) -> Answer:
    return json_answer({"error": code}, status)
