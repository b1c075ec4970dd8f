"""Secrets of HashiCorp Vault (and OpenBao), KV version 2. The extra is `vault`.

Where it is and who asks comes from the variables that the vendor's own command reads: VAULT_ADDR, VAULT_TOKEN (or the file
that `vault login` leaves), VAULT_NAMESPACE, VAULT_CACERT; or a role with VAULT_ROLE_ID and VAULT_SECRET_ID.

Source: Vault docs, commands (environment variables), KV version 2 API, AppRole API; hvac docs.

Effects: network; hvac reads ~/.vault-token.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import hvac
import requests
from hvac import exceptions

from reconciler.model import Secret
from reconciler.stores.forms import FORMS
from reconciler.stores.store import Found, StoreError

TIMEOUT_S: Final = 30
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class HashiCorpVault:
    """One server, logged in to."""

    def __init__(self, client: hvac.Client, where: str) -> None:
        self._client = client
        self._where = where

    def fetch(self, name: str, version: str | None) -> Found:
        """The value of one field; its version is the number that Vault gives it."""
        parts = FORMS["vault"].split(name)
        if parts is None:
            raise StoreError("is not a name in Vault", "Write vault:MOUNT/PATH#FIELD.")
        (mount, *path), field = parts[:-1], parts[-1][1:]
        number = None if version is None else int(version)
        answer = asked(
            self._where,
            lambda: self._client.secrets.kv.v2.read_secret_version(
                path="/".join(path), version=number, mount_point=mount, raise_on_deleted_version=True
            ),
        )
        values, about = _contents(answer)
        if values is None:
            raise StoreError(f"cannot be read: {self._where} did not answer as KV version 2 does", f"Look at what is mounted at {mount}.")
        if field not in values:
            raise StoreError(f"cannot be used: it has no field {field}", "Look at the field's name behind the #.")
        value = values[field]
        if not isinstance(value, str) or not value:
            raise StoreError(f"cannot be used: its field {field} is {'empty' if value in ('', None) else 'no text'}", "Store a text there.")
        return Found(Secret(value), str(about["version"]) if "version" in about else None)


def asked(where: str, ask: Any) -> Any:
    """Ask Vault, and say in our words what went wrong: its own may hold what was sent."""
    try:
        return ask()
    except exceptions.InvalidPath:
        raise StoreError(
            "cannot be used: Vault has nothing there, or that version was deleted", "Look at the path and the version."
        ) from None
    except exceptions.Forbidden:
        hint = "Look at the token's policy: it needs `read` on MOUNT/data/PATH. A token that ran out is refused alike."
        raise StoreError(f"cannot be read: {where} refuses it (403)", hint) from None
    except exceptions.Unauthorized:
        raise StoreError(f"cannot be read: {where} lets nobody in with these credentials", "Look at VAULT_TOKEN.") from None
    except exceptions.VaultDown:
        raise StoreError(f"cannot be read: {where} is sealed or stands by", "Try again when it is unsealed.") from None
    except exceptions.InvalidRequest:
        raise StoreError(f"cannot be read: {where} refuses the request (400)", "Look at the role and at what is mounted there.") from None
    except exceptions.VaultError as error:
        raise StoreError(f"cannot be read: {where} failed ({type(error).__name__})", "Try again.") from None
    except requests.exceptions.SSLError:
        raise StoreError(f"cannot be read: the certificate of {where} is not trusted", "Name its authority in VAULT_CACERT.") from None
    except requests.exceptions.RequestException as error:
        raise StoreError(
            f"cannot be read: {where} cannot be reached ({type(error).__name__})", "Look at VAULT_ADDR and the network."
        ) from None


def _contents(answer: Any) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """The fields and the metadata of a secret, where an answer holds them."""
    outer = answer.get("data") if isinstance(answer, dict) else None
    values, about = (outer.get("data"), outer.get("metadata")) if isinstance(outer, dict) else (None, None)
    return (values if isinstance(values, dict) else None), (about if isinstance(about, dict) else {})


def open_store(environ: Mapping[str, str]) -> HashiCorpVault:
    """The server that the environment names.

    Raises:
        StoreError: VAULT_ADDR is missing or unsafe, there is no credential, or the login is refused.
    """
    address = environ.get("VAULT_ADDR", "").rstrip("/")
    if not address:
        raise StoreError("cannot be read: VAULT_ADDR is not set", "Set VAULT_ADDR, and VAULT_TOKEN or VAULT_ROLE_ID with VAULT_SECRET_ID.")
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise StoreError("cannot be read: VAULT_ADDR is no https:// address", "Plain http:// is for this machine only.")
    client = hvac.Client(
        url=address,
        token=environ.get("VAULT_TOKEN") or None,
        namespace=environ.get("VAULT_NAMESPACE") or None,
        verify=environ.get("VAULT_CACERT") or True,
        timeout=TIMEOUT_S,
        # The token would go along to wherever a redirect points.
        allow_redirects=False,
    )
    where = parts.netloc.rpartition("@")[2]
    role, secret = environ.get("VAULT_ROLE_ID"), environ.get("VAULT_SECRET_ID")
    if role and secret and not environ.get("VAULT_TOKEN"):
        asked(where, lambda: client.auth.approle.login(role, secret, mount_point=environ.get("VAULT_ROLE_MOUNT") or "approle"))
    if not client.token:
        raise StoreError(f"cannot be read: there is no token for {where}", "Set VAULT_TOKEN, or VAULT_ROLE_ID with VAULT_SECRET_ID.")
    return HashiCorpVault(client, where)
