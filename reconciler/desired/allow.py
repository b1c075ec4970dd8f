"""Which secrets may be referred to: the notation `provider:name`, and a target's list that says what resolves.

Effects: none.
"""

from __future__ import annotations

import fnmatch
import re

from reconciler.model import SecretRef, Target

PROVIDERS = ("env", "file")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENV_PATTERN = re.compile(r"[A-Za-z0-9_*?\[\]!-]+")


def form_problem(reference: str) -> str | None:
    """What is wrong with a reference, as the end of a sentence that begins "expected"; None when nothing is.

    The answer never holds the reference: what stands in a wrong one may be the secret itself.
    """
    provider, colon, name = reference.partition(":")
    if not colon or provider not in PROVIDERS:
        return "env:NAME or file:path, the providers that this version knows"
    if provider == "env":
        return None if _ENV_NAME.fullmatch(name) else "the name of an environment variable after env:, letters, digits and _"
    return None if path_parts(name) else "a relative path with / after file:, without . or .. and without links"


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with an entry of a target's list, as the end of a sentence that begins "expected"; None when nothing is."""
    provider, _, rest = pattern.partition(":")
    if provider == "env" and _ENV_PATTERN.fullmatch(rest):
        return None
    if provider == "file" and (rest in ("./", "") or path_parts(rest.removesuffix("/"))):
        return None if rest else "file:./ for every file below the folder"
    return "a pattern such as env:VISMA_*, file:secrets/ or file:./"


def path_parts(name: str) -> tuple[str, ...] | None:
    """The parts of a relative path; None for anything that could lead elsewhere on some system.

    Refused: absolute paths, `.` and `..`, backslashes, drives and streams (`:`), parts that Windows would shorten (a dot or
    a space at the end), control characters, and more than 20 parts.
    """
    parts = tuple(name.split("/"))
    if len(parts) > 20 or any(not _is_plain_part(part) for part in parts):
        return None
    return parts


def is_allowed(ref: SecretRef, target: Target) -> bool:
    """Whether desired state may refer to a secret: the target's list names it, and it is none of the target's own."""
    return not is_own(ref, target) and any(_matches(ref, pattern) for pattern in target.secrets)


def is_own(ref: SecretRef, target: Target) -> bool:
    """Whether the target itself uses this secret. Case does not tell two apart, as it does not on some systems."""
    return any(used.reference.casefold() == ref.reference.casefold() for used in own_secrets(target))


def own_secrets(target: Target) -> tuple[SecretRef, ...]:
    """Every secret that the target itself uses: its login, its journal, its key."""
    login = () if target.login is None else tuple(target.login.secrets.values())
    return (*login, *(used for used in (target.journal, target.fingerprint_key) if used is not None))


def allowed_list(target: Target) -> str:
    """The target's list in words, for a message."""
    return ", ".join(target.secrets) if target.secrets else "nothing"


def _matches(ref: SecretRef, pattern: str) -> bool:
    provider, _, rest = pattern.partition(":")
    if provider != ref.provider:
        return False
    if provider == "env":
        return fnmatch.fnmatchcase(ref.name, rest)
    parts = path_parts(ref.name)
    if parts is None:
        return False
    if rest == "./":
        return True
    wanted = tuple(rest.removesuffix("/").split("/"))
    return parts[: len(wanted)] == wanted and len(parts) > len(wanted) if rest.endswith("/") else parts == wanted


def _is_plain_part(part: str) -> bool:
    return (
        bool(part)
        and part.strip(".") != ""
        and part[-1] not in ". "
        and not any(char in '\\:*?"<>|' or not char.isprintable() for char in part)
    )
