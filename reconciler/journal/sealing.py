"""Fingerprints and encryption of secrets under a target's key, each value bound to its target, address and field.

Two keys are derived from the key text, one for each use. A fingerprint or a sealed value moved to another field,
connection or target is worth nothing there. Implements `ports.Sealer`.

Source: RFC 5869 (HKDF), NIST SP 800-38D (AES-GCM; a random 96-bit nonce is good for 2**32 values under one key).

Effects: `generated_key` reads and writes a key file; the rest uses only the random bytes it is given.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import stat
from collections.abc import Callable
from pathlib import Path

from reconciler.errors import InputError
from reconciler.model import Problem, Secret, Source

__all__ = ["KeyedSealer", "NoKey", "comparable", "generated_key"]

MIN_KEY_BYTES = 16
_NONCE_BYTES = 12
_FORM = b"\x01"  # the first byte of a sealed value: AES-256-GCM, nonce, then the value with its tag
_SALT = b"reconciler sealing 1"
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class NoKey:
    """A target without a key: values can neither be compared nor restored, and every answer says so by being empty."""

    has_key = False

    def fingerprint(self, value: Secret, *, address: str, field: str) -> str:
        """Empty: nothing can be compared."""
        del value, address, field
        return ""

    def seal(self, value: Secret, *, address: str, field: str) -> str:
        """Empty: nothing can be restored."""
        del value, address, field
        return ""

    def unseal(self, sealed: str, *, address: str, field: str) -> Secret | None:
        """None: nothing can be restored."""
        del sealed, address, field
        return None


class KeyedSealer:
    """Fingerprints and seals for one target."""

    has_key = True

    def __init__(
        self, key: Secret, *, target: str, reference: str = "fingerprint_key", random: Callable[[int], bytes] = os.urandom
    ) -> None:
        """Derive the keys.

        Args:
            key: the key text; better long and random than memorable, since a fingerprint lets its owner try guesses.
            reference: what to call the key in a message, such as `env:RECONCILER_KEY`.

        Raises:
            InputError: the key has fewer than 16 bytes.
        """
        material = key.reveal().encode("utf-8", "surrogatepass")
        if len(material) < MIN_KEY_BYTES:
            message = f"The fingerprint key {reference} of target {target} is shorter than {MIN_KEY_BYTES} bytes."
            hint = 'Use a random one: python -c "import secrets; print(secrets.token_hex(32))"'
            raise InputError([Problem("short-key", message, hint=hint)])
        self._target = target
        self._random = random
        self._fingerprint_key = _derived(material, b"fingerprint", 32)
        self._seal_key = _derived(material, b"seal", 32)
        self._name = _derived(material, b"name", 4).hex()

    def __repr__(self) -> str:
        return f"<KeyedSealer {self._target} {self._name}>"

    def fingerprint(self, value: Secret, *, address: str, field: str) -> str:
        """HMAC-SHA256 as `name of the key:hex`; the name tells fingerprints made under another key apart (`comparable`)."""
        content = self._place(address, field) + b"\0" + value.reveal().encode("utf-8", "surrogatepass")
        return f"{self._name}:{hmac.new(self._fingerprint_key, content, hashlib.sha256).hexdigest()}"

    def seal(self, value: Secret, *, address: str, field: str) -> str:
        """The value encrypted, as base64 text; two seals of one value differ."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = self._random(_NONCE_BYTES)
        clear = value.reveal().encode("utf-8", "surrogatepass")
        return base64.b64encode(_FORM + nonce + AESGCM(self._seal_key).encrypt(nonce, clear, self._place(address, field))).decode("ascii")

    def unseal(self, sealed: str, *, address: str, field: str) -> Secret | None:
        """The value back; None when it was sealed under another key or for another field, or was changed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            content = base64.b64decode(sealed.encode("ascii"), validate=True)
            if content[:1] != _FORM:
                return None
            nonce, hidden = content[1 : 1 + _NONCE_BYTES], content[1 + _NONCE_BYTES :]
            clear = AESGCM(self._seal_key).decrypt(nonce, hidden, self._place(address, field))
        except (InvalidTag, ValueError, binascii.Error):
            return None
        return Secret(clear.decode("utf-8", "surrogatepass"))

    def _place(self, address: str, field: str) -> bytes:
        """Target, address and field in a form that no other three give."""
        return json.dumps([self._target, address, field], ensure_ascii=True).encode("ascii")


def comparable(one: str, other: str) -> bool:
    """Whether two fingerprints were made under the same key, so that a difference means another value."""
    name, colon, _ = one.partition(":")
    return bool(colon) and name == other.partition(":")[0]


def generated_key(path: Path, *, random: Callable[[int], bytes] = os.urandom) -> Secret:
    """The key kept in a file, made at the first call; for targets that live on this machine only (the emulator).

    Several processes that start together get the same key.

    Raises:
        InputError: the file cannot be made or read, is a link, is too short, or others may read it.
    """
    try:
        if not path.exists() and not path.is_symlink():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _write_once(path, random(32).hex().encode("ascii"), random(4).hex())
        return Secret(_read_key(path))
    except (OSError, ValueError) as error:
        raise _bad_key(path, f"The key file cannot be made or read: {error}.", "Check its permissions, or move it away.") from error


def _write_once(path: Path, content: bytes, suffix: str) -> None:
    """Write the whole file or leave the one that another process wrote meanwhile; nobody ever sees half of it."""
    draft = path.with_name(f".{path.name}.{suffix}.tmp")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY | _NO_FOLLOW, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            if os.name == "posix":
                os.link(draft, path)  # unlike a rename, it never replaces a file
            else:
                draft.rename(path)  # on Windows a rename never replaces a file
    finally:
        draft.unlink(missing_ok=True)


def _read_key(path: Path) -> str:
    handle = os.open(path, os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if path.is_symlink() or not stat.S_ISREG(about.st_mode):
            raise _bad_key(path, "The key has to be a file, not a link.", "Move it away; a new one is made.")
        if os.name == "posix" and stat.S_IMODE(about.st_mode) & 0o077:
            raise _bad_key(path, "Others may read or write the key file.", f"chmod 600 {path}")
        text = file.read(4096).decode("utf-8").strip()
    if len(text) < MIN_KEY_BYTES:
        raise _bad_key(path, "The key file holds no key.", "Move it away; a new one is made. Earlier fingerprints then count as unknown.")
    return text


def _bad_key(path: Path, message: str, hint: str) -> InputError:
    return InputError([Problem("key-file", message, Source(str(path)), hint)])


def _derived(material: bytes, use: bytes, length: int) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(algorithm=SHA256(), length=length, salt=_SALT, info=use).derive(material)
