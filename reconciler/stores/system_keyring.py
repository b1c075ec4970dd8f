"""Secrets of the system's keyring: Windows Credential Manager, macOS Keychain, the Secret Service. The extra is `keyring`.

It keeps no versions: a `version` in a file is a mark that somebody raises when the value changed.

Source: keyring docs, API and backends.

Effects: asks the keyring of whoever is logged in.
"""

from __future__ import annotations

from collections.abc import Mapping

import keyring
from keyring.errors import KeyringError, KeyringLocked, NoKeyringError

from reconciler.model import Secret
from reconciler.stores.forms import FORMS
from reconciler.stores.store import Found, StoreError


class SystemKeyring:
    """The keyring that `keyring` chooses on this machine."""

    def fetch(self, name: str, version: str | None) -> Found:
        """The value; there are no versions."""
        del version
        parts = FORMS["keyring"].split(name)
        if parts is None:
            raise StoreError("is not a name in a keyring", "Write keyring:SERVICE/USER.")
        service, user = parts
        try:
            value = keyring.get_password(service, user)
        except NoKeyringError:
            hint = "On a server or in CI use another store; on a desktop install its keyring, or choose one in PYTHON_KEYRING_BACKEND."
            raise StoreError("cannot be read: this machine has no keyring", hint) from None
        except KeyringLocked:
            raise StoreError("cannot be read: the keyring is locked", "Unlock it and run again.") from None
        except (KeyringError, OSError, RuntimeError) as error:
            raise StoreError(f"cannot be read: the keyring failed ({type(error).__name__})", "Look at `keyring diagnose`.") from None
        if not value:
            raise StoreError("cannot be used: the keyring has no such entry", f"Type `keyring set {service} {user}`.")
        return Found(Secret(value))


def open_store(environ: Mapping[str, str]) -> SystemKeyring:
    """The keyring of this machine; `keyring` itself reads PYTHON_KEYRING_BACKEND."""
    del environ
    return SystemKeyring()
