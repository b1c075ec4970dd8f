"""What a run's first event says beside its plan: the tool, the clock, what limited it, and whether somebody went past a control.

Effects: reads the package's own files.
Neighbours: called by `applying`; the words are read again by `audit`.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from reconciler import __version__
from reconciler.model import Plan
from reconciler.plan.codec import digest_of
from reconciler.session import Session

__all__ = ["account_members", "controls", "tool_digest"]

# What of a target is a control of its own; the rest of it is told as the target.
_LIMITS: Final = ("limits", "barriers", "connector_hosts", "secrets", "deactivate_for", "plan_expires", "retention_days")


def account_members(
    session: Session, plan: Plan, *, glass: Mapping[str, Any] | None = None, policy: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Members of run-opened that an audit asks for. Call it after the tenant was read, so that its clock is known.

    Args:
        glass: `reason` and what was `passed`, where a person went past a control on purpose.
        policy: what the target's policy said right before the run; None when the target names none.
    """
    ahead = session.gateway.ahead
    return {
        "tool": {
            "version": __version__,
            "digest": tool_digest(),
            "python": platform.python_version(),
            "platform": platform.platform(terse=True),
        },
        "clock": {"ahead_s": None if ahead is None else round(ahead, 1)},
        "controls": controls(session, plan, policy),
        **({"policy": dict(policy)} if policy is not None else {}),
        **({"break_glass": dict(glass)} if glass else {}),
    }


def controls(session: Session, plan: Plan, policy: Mapping[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    """What limits a run on this target, by name, with a digest and what it says; of credentials only the references."""
    target = session.target
    body = asdict(target)
    found: dict[str, Any] = {name.removesuffix("_days"): _plain(body.pop(name)) for name in _LIMITS}
    for name in ("directory", "login", "fingerprint_key", "journal"):
        body.pop(name)
    login = target.login
    body["login"] = None if login is None else {"kind": login.kind, **{key: ref.reference for key, ref in login.secrets.items()}}
    body["fingerprint_key"] = None if target.fingerprint_key is None else target.fingerprint_key.reference
    body["journal"] = None if target.journal is None else target.journal.reference
    found["target"] = _plain(body)
    if policy is not None:
        found["policy"] = {"file": policy["file"], "digest": policy["digest"]}
    found["permits"] = sorted(f"{one.permit.permission} until {one.permit.until}" for one in plan.permits)
    return {name: {"digest": digest_of({"says": says}), "says": says} for name, says in sorted(found.items())}


@cache
def tool_digest() -> str:
    """SHA-256 over the files of the installed package, by name: the same for the same tool, wherever it is installed."""
    made = hashlib.sha256()
    for name, content in sorted(_files(files("reconciler"), "")):
        made.update(f"{name}\0{len(content)}\0".encode())
        made.update(content)
    return made.hexdigest()


def _files(folder: Traversable, below: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        name = f"{below}{entry.name}"
        if entry.is_dir():
            found += _files(entry, f"{name}/") if entry.name != "__pycache__" else []
        elif not entry.name.endswith(".pyc"):
            found.append((name, entry.read_bytes()))
    return found


def _plain(value: Any) -> Any:
    """The value as JSON knows it, sets in order."""
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(part) for part in value)
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value
