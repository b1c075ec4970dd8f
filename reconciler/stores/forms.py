"""How a secret is named in each store: checked when a file is read, long before anything is resolved.

Effects: none.

Source: Azure Key Vault docs, vaults and object identifiers (names, 32 hexadecimal digits of a version); HashiCorp Vault docs,
KV secrets engine version 2 (mount, path, key, whole numbers as versions); keyring docs (service and user name).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_VAULT_OF_AZURE: Final = re.compile(r"[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]")
_NAME_IN_AZURE: Final = re.compile(r"[A-Za-z0-9-]{1,127}")
_SEGMENT: Final = re.compile(r"(?!\.+$)[A-Za-z0-9_.@-]+")
_FIELD: Final = re.compile(r"[A-Za-z0-9_.@-]+")


@dataclass(frozen=True, slots=True)
class Form:
    """How one store names secrets.

    Attributes:
        shape: what is expected, in words, after the provider and its colon.
        split: the parts of a name; None when it is none.
        version: what a version looks like.
        version_shape: what is expected of a version, in words; blank when a version is a mark of the reader's own.
    """

    shape: str
    split: Callable[[str], tuple[str, ...] | None]
    version: re.Pattern[str] | None = None
    version_shape: str = ""

    @property
    def keeps_versions(self) -> bool:
        """Whether a version names a value in the store, and is no mark of whoever wrote the file."""
        return self.version is not None


def _azure(name: str) -> tuple[str, ...] | None:
    vault, slash, secret = name.partition("/")
    return (vault, secret) if slash and _VAULT_OF_AZURE.fullmatch(vault) and _NAME_IN_AZURE.fullmatch(secret) else None


def _vault(name: str) -> tuple[str, ...] | None:
    path, mark, field = name.partition("#")
    parts = path.split("/")
    if not mark or len(parts) < 2 or not _FIELD.fullmatch(field) or not all(_SEGMENT.fullmatch(part) for part in parts):
        return None
    return (*parts, f"#{field}")


def _keyring(name: str) -> tuple[str, ...] | None:
    service, slash, user = name.partition("/")
    return (service, user) if slash and "/" not in user and all(_is_plain(part) for part in (service, user)) else None


def _other(name: str) -> tuple[str, ...] | None:
    parts = tuple(name.split("/"))
    return parts if all(_is_plain(part) for part in parts) else None


def _is_plain(part: str) -> bool:
    return bool(part) and part == part.strip() and part.isprintable() and not set(part) & set("*?[]")


FORMS: Final[dict[str, Form]] = {
    "azure-key-vault": Form("VAULT/NAME", _azure, re.compile(r"[0-9a-f]{32}"), "the version id of the secret, 32 hexadecimal digits"),
    "vault": Form("MOUNT/PATH#FIELD", _vault, re.compile(r"[1-9][0-9]{0,8}"), "the number of the secret's version"),
    "keyring": Form("SERVICE/USER", _keyring),
}
"""The stores that this package brings."""

CREDENTIALS: Final = frozenset({
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "AZURE_CLIENT_CERTIFICATE_PASSWORD", "AZURE_CLIENT_SECRET", "AZURE_PASSWORD", "IDENTITY_HEADER",
    "MSI_SECRET", "VAULT_SECRET_ID", "VAULT_TOKEN",
})  # fmt: skip
"""Environment variables that open a store: whoever gets one of them gets everything that is in it.

Source: azure-identity docs, environment variables and managed identity; Vault docs, commands; GitHub docs, OpenID Connect in Actions.
"""

OTHER: Final = Form("a name", _other)
"""A store of another package, whose names we do not know: printable, with / between parts."""


def matches(form: Form, name: str, pattern: str) -> bool:
    """Whether an allowed pattern covers a name, part by part: `*` stands for any text in one part, a / at the end for all below."""
    parts = form.split(name)
    wanted = split_pattern(pattern)
    if parts is None or not wanted:
        return False
    if pattern.endswith("/"):
        # A field is no place below: the secret at the path itself is not meant.
        folders = [part for part in parts if not part.startswith("#")]
        return len(folders) > len(wanted) and all(map(_covers, wanted, parts))
    return len(parts) == len(wanted) and all(map(_covers, wanted, parts))


def covers_something(form: Form, pattern: str) -> bool:
    """Whether there is a name that a pattern covers, so that it is no slip of the pen."""
    filled = pattern.replace("*", "xxx")
    examples = (f"{filled}xxx", f"{filled}xxx#xxx") if pattern.endswith("/") else (filled,)
    return split_pattern(pattern) is not None and any(matches(form, example, pattern) for example in examples)


def split_pattern(pattern: str) -> tuple[str, ...] | None:
    """The parts of a pattern; None when it is none. `#` begins a part, as in names of HashiCorp Vault."""
    path, mark, field = pattern.removesuffix("/").partition("#")
    parts = (*path.split("/"), *((f"#{field}",) if mark else ()))
    good = all(part and part.isprintable() and part == part.strip() and not set(part) & set("?[]") for part in parts)
    # A wildcard where the store itself is named would allow whatever anybody has.
    return parts if good and "*" not in parts[0] and parts[-1] != "#" else None


def _covers(wanted: str, part: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), part) is not None
