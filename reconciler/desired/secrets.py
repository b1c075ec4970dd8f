"""Resolves references to secrets: late, once, and only those that the target allows.

In -> Out: `SecretRef` -> `Secret`. No message holds a value or a part of one.
Effects: reads disk (below one folder), environment variables.
Neighbours: implements `ports.Secrets`; called by `apply` and `flow`, never while planning.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.desired.allow import allowed_list, form_problem, is_allowed, is_own, opens_store, path_parts, store_form
from reconciler.errors import InputError
from reconciler.model import Problem, Secret, SecretRef, Target
from reconciler.stores import Store, StoreError, open_store

MOST_BYTES = 64 * 1024

_FILE_FLAGS = (
    os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


class Resolver:
    """The providers `env` and `file`, and the stores, behind one target's list.

    Args:
        target: whose `secrets` list counts, and whose own secrets desired state never gets.
        environ: the environment variables.
        directory: the folder that `file:` references are relative to; by default the target's own.
        log: takes one line per secret that was fetched from a store: its reference and its version, never its value.
    """

    def __init__(
        self, target: Target, environ: Mapping[str, str], directory: Path | None = None, log: Callable[[str], None] | None = None
    ) -> None:
        self._target = target
        self._environ = environ
        self._directory = Path(target.directory) if directory is None else directory
        self._log = log
        self._known: dict[tuple[str, str, str | None], Secret] = {}
        self._stores: dict[str, Store] = {}

    def resolve(self, ref: SecretRef) -> Secret:
        """The value behind a reference in desired state.

        Raises:
            errors.InputError: not allowed, not there, empty or unreadable. The message names the reference, never a value.
        """
        if is_allowed(ref, self._target):
            return self._value(ref)
        if is_own(ref, self._target):
            reason = f"belongs to the target {self._target.name} itself, and desired state never gets it"
            hint = "Refer to another secret."
        elif opens_store(ref):
            reason, hint = "opens a store of secrets, and desired state never gets it", "Refer to the secret that is meant, in its store."
        else:
            reason = f"is not allowed by the target {self._target.name}; its `secrets` are: {allowed_list(self._target)}"
            hint = "Refer to one that is allowed; whoever looks after the target can add one to its list."
        raise _failed("secret-not-allowed", ref, reason, hint)

    def resolve_own(self, ref: SecretRef) -> Secret:
        """The value behind a reference of the target itself, such as its fingerprint key.

        Raises:
            errors.InputError: it is none of the target's own, not there, empty or unreadable.
        """
        if not is_own(ref, self._target):
            raise _failed("secret-not-allowed", ref, f"is not one that the target {self._target.name} itself uses", "")
        return self._value(ref)

    def _value(self, ref: SecretRef) -> Secret:
        form = store_form(ref.provider)
        # Where the store keeps no versions, one is a mark of whoever wrote the file, and says nothing of the value.
        key = (ref.provider, ref.name, ref.version if form is not None and form.keeps_versions else None)
        if key not in self._known:
            if expected := form_problem(ref.reference):
                raise _failed("secret-form", ref, "is not a reference that this version knows", f"Write {expected}.")
            try:
                if form is not None:
                    self._known[key] = self._from_store(ref)
                else:
                    self._known[key] = Secret(self._environment(ref.name) if ref.provider == "env" else self._file(ref.name))
            except StoreError as error:
                raise _failed("secret-missing", ref, error.reason, error.hint) from None
        return self._known[key]

    def _from_store(self, ref: SecretRef) -> Secret:
        if ref.provider not in self._stores:
            self._stores[ref.provider] = open_store(ref.provider, self._environ)
        found = self._stores[ref.provider].fetch(ref.name, ref.version)
        if self._log is not None:
            self._log(f"secret {ref.reference}: {'read' if found.version is None else f'version {found.version}'}")
        return found.value

    def _environment(self, name: str) -> str:
        value = self._environ.get(name)
        if value:
            return value
        reason = "is not set" if value is None else "is empty"
        raise StoreError(f"cannot be used: the environment variable {name} {reason}", f"Set {name} and run again.")

    def _file(self, name: str) -> str:
        parts = path_parts(name)
        assert parts is not None
        hint = f"Write the secret to {name}, below {self._directory}, and run again."
        try:
            descriptor = _open_below(self._directory, parts)
        except FileNotFoundError:
            raise StoreError("cannot be used: the file does not exist", hint) from None
        except PermissionError:
            raise StoreError("cannot be read: permission denied", "Let this user read the file.") from None
        except (OSError, ValueError):  # a link or a file where a folder is expected
            raise StoreError("cannot be used: the path leads through a link, or through something that is no folder", hint) from None
        try:
            content = _content(descriptor)
        finally:
            os.close(descriptor)
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise StoreError("cannot be used: the file is not UTF-8 text", "Save it as UTF-8.") from None
        text = text.removesuffix("\n").removesuffix("\r")
        if not text:
            raise StoreError("cannot be used: the file is empty", hint)
        return text


def _failed(code: str, ref: SecretRef, reason: str, hint: str) -> InputError:
    return InputError([Problem(code, f"The secret {ref.reference} {reason}.", None, hint)], summary="A secret cannot be used")


def _content(descriptor: int) -> bytes:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise StoreError("cannot be used: it is not a regular file", "Write the secret to a file.")
    content = bytearray()
    while len(content) <= MOST_BYTES and (block := os.read(descriptor, MOST_BYTES + 1 - len(content))):
        content += block
    if len(content) > MOST_BYTES:
        raise StoreError("cannot be used: the file is larger than 64 KiB", "Write only the secret to it.")
    return bytes(content)


def _open_below(folder: Path, parts: tuple[str, ...]) -> int:
    """Open a file below a folder without following a link at any step.

    Each step is opened relative to the one before, so that nobody can put a link in between a check and its use.
    Where the system cannot do that (Windows), the resolved path is compared with the expected one.

    Source: reliability notes, path traversal in secret references (Argo CD CVE-2022-24348, -24731, -31036).
    """
    if os.open not in os.supports_dir_fd or not hasattr(os, "O_NOFOLLOW"):
        return _open_resolved(folder, parts)
    current = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0))
    try:
        for part in parts[:-1]:
            below = os.open(part, _FOLDER_FLAGS, dir_fd=current)
            os.close(current)
            current = below
        return os.open(parts[-1], _FILE_FLAGS, dir_fd=current)
    finally:
        os.close(current)


def _open_resolved(folder: Path, parts: tuple[str, ...]) -> int:
    expected = folder.resolve(strict=True).joinpath(*parts)
    if os.path.normcase(expected.resolve(strict=True)) != os.path.normcase(expected):
        raise OSError("a link")
    return os.open(expected, _FILE_FLAGS)
