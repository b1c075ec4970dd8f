"""A backend for `keyring` that keeps its entries in a JSON file: what PYTHON_KEYRING_BACKEND names in tests."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked


class FileKeyring(KeyringBackend):
    """Entries as `service/user`; the variable TEST_KEYRING names the file, and is `locked` or `broken` to fail."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        where = os.environ["TEST_KEYRING"]
        if where == "locked":
            raise KeyringLocked("it is locked")
        if where == "broken":
            raise InitError("canary-Zp5-of-a-store-Qe8")
        found: str | None = json.loads(Path(where).read_text(encoding="utf-8")).get(f"{service}/{username}")
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        where = Path(os.environ["TEST_KEYRING"])
        held = json.loads(where.read_text(encoding="utf-8")) if where.exists() else {}
        where.write_text(json.dumps({**held, f"{service}/{username}": password}), encoding="utf-8")

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError
