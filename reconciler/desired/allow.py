"""Which secrets may be referred to: the notation `provider:name`, and a target's list that says what resolves.

Effects: none.
"""

from __future__ import annotations

import fnmatch
import re

from reconciler.model import SecretRef, Target
from reconciler.stores import others
from reconciler.stores.forms import CREDENTIALS, FORMS, OTHER, Form, covers_something, matches

_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENV_PATTERN = re.compile(r"[A-Za-z0-9_*?\[\]!-]+")


def store_form(provider: str) -> Form | None:
    """How names look in a provider's store; None for the environment, for files and for a provider that nobody brings."""
    if provider in FORMS or provider in ("env", "file"):
        return FORMS.get(provider)
    return OTHER if provider in others() else None


def form_problem(reference: str) -> str | None:
    """What is wrong with a reference, as the end of a sentence that begins "expected"; None when nothing is.

    The answer never holds the reference: what stands in a wrong one may be the secret itself.
    """
    provider, colon, name = reference.partition(":")
    form = store_form(provider) if colon else None
    if form is not None:
        return None if form.split(name) else f"{provider}:{form.shape}"
    if not colon or provider not in ("env", "file"):
        return "provider:name, such as " + ", ".join(("env:NAME", "file:path", *(f"{name}:{one.shape}" for name, one in FORMS.items())))
    if provider == "env":
        return None if _ENV_NAME.fullmatch(name) else "the name of an environment variable after env:, letters, digits and _"
    return None if path_parts(name) else "a relative path with / after file:, without . or .. and without links"


def version_problem(ref: SecretRef) -> str | None:
    """What is wrong with the version of a reference, as the end of a sentence that begins "expected"; None when nothing is."""
    form = store_form(ref.provider)
    if form is None or form.version is None or ref.version is None or form.version.fullmatch(ref.version):
        return None
    return f"{form.version_shape}, or none for the current one"


def pattern_problem(pattern: str) -> str | None:
    """What is wrong with an entry of a target's list, as the end of a sentence that begins "expected"; None when nothing is."""
    provider, _, rest = pattern.partition(":")
    if provider == "env" and _ENV_PATTERN.fullmatch(rest):
        return None
    if provider == "file" and (rest in ("./", "") or path_parts(rest.removesuffix("/"))):
        return None if rest else "file:./ for every file below the folder"
    form = store_form(provider)
    if form is not None and not covers_something(form, rest):
        return f"{provider}:{form.shape}, where * stands for any text in one part but the first, or the beginning of it with a / at the end"
    if form is not None:
        return None
    return "a pattern such as env:VISMA_*, file:secrets/, file:./ or vault:secret/erp/"


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
    """Whether desired state may refer to a secret: the target's list names it, it is none of the target's own, and it opens no store."""
    return not is_own(ref, target) and not opens_store(ref) and any(_matches(ref, pattern) for pattern in target.secrets)


def opens_store(ref: SecretRef) -> bool:
    """Whether this is the credential of a store of secrets, which is never for desired state, whatever a list such as env:* says."""
    return ref.provider == "env" and ref.name.upper() in CREDENTIALS


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
    form = store_form(provider)
    if form is not None:
        return matches(form, ref.name, rest)
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
