"""Reads `permits:`, and holds each against the hazards there are and the things that the files name.

In -> Out: the list as it was held against the schema -> `Permit`s; one that could permit nothing is left out, and a problem says why.
Effects: none.
Neighbours: `build` calls `permits`, `validate` calls `check_permits`; `plan.permits` judges them against a plan.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import Final

from reconciler.desired.findings import Findings
from reconciler.desired.nodes import Items, Node, Scalar, Table, show
from reconciler.desired.wording import nearest
from reconciler.model import Address, Desired, HazardName, Permit, Source

_FORM: Final = re.compile(r"20\d{2}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?", re.ASCII)  # as in the schema
_TARGET: Final = frozenset({HazardName.LIMITS, HazardName.EMPTY})
_BOTH: Final = frozenset({HazardName.DELETE, HazardName.PROTECTED, HazardName.RECREATE})
_CONNECTOR: Final = frozenset({HazardName.MOVES_SECRETS})


def permits(node: Node | None, findings: Findings) -> tuple[Permit, ...]:
    """The permits in their order."""
    listed = node.items if isinstance(node, Items) else ()
    found = [_permit(one, findings) for one in listed if isinstance(one, Table)]
    return tuple(one for one in found if one is not None)


def _permit(entry: Table, findings: Findings) -> Permit | None:
    def text(key: str) -> Scalar | None:
        value = entry.get(key)
        return value if isinstance(value, Scalar) and value.text else None

    hazard, address, until, reason, ticket = map(text, ("hazard", "address", "until", "reason", "ticket"))
    if reason is None and ticket is None and not {"reason", "ticket"} & entry.entries.keys():
        message = "This permit says neither why it is given nor where that was decided."
        findings.add("missing-reason", message, entry.source, "Add `reason:` or `ticket:`.")
        return None
    if hazard is None or address is None or until is None or hazard.text not in set(HazardName) or not _FORM.fullmatch(until.text):
        return None  # reported with the schema
    where = _address(hazard.text, address, findings)
    if where is None:
        return None
    told = {"reason": reason.text if reason else "", "ticket": ticket.text if ticket else ""}
    made = Permit(hazard.text, where, until.text, **told, source=entry.source, digest="")
    if not _is_day(made):
        message = "There is no such day or time."
        findings.add("wrong-form", message, until.source, "Write a day of the calendar, such as 2026-12-01.", where)
        return None
    return Permit(hazard.text, where, until.text, **told, source=entry.source, digest=_digest(made))


def _address(hazard: str, written: Scalar, findings: Findings) -> Address | None:
    """The address of a permit, of a kind at which that hazard can stand."""
    kinds = _kinds(HazardName(hazard))
    expected = " or ".join(f"{kind}/{'NAME' if kind == 'target' else 'KEY'}" for kind in kinds)
    hint = f"Write the address that the plan shows beside {show(hazard)}: {expected}."
    try:
        address = Address.parse(written.text)
    except ValueError:
        findings.add("wrong-address", "This is not an address.", written.source, hint)
        return None
    if any(char in part for part in address.parts for char in "*?["):
        message = "This is a pattern, and a permit is for one thing: what it lets through was looked at."
        findings.add("wrong-address", message, written.source, "Write one permit for each address that the plan shows.")
        return None
    replaced = address.kind == "connection" and address.moved is not None
    if address.kind not in kinds or (len(address.parts) != len(("kind", "key")) and not replaced):
        findings.add("wrong-address", f"The hazard {show(hazard)} never stands at such an address.", written.source, hint)
        return None
    return address


def _kinds(hazard: HazardName) -> tuple[str, ...]:
    """The kinds of address at which `plan.guard` finds a hazard."""
    if hazard in _TARGET:
        return ("target",)
    if hazard in _CONNECTOR:
        return ("connector",)
    return ("connection", "connector") if hazard in _BOTH else ("connection",)


def _is_day(permit: Permit) -> bool:
    try:
        return bool(permit.ends)
    except (ValueError, OverflowError):
        return False


def _digest(permit: Permit) -> str:
    body = {
        "hazard": permit.hazard,
        "address": str(permit.address),
        "until": permit.until,
        "reason": permit.reason,
        "ticket": permit.ticket,
    }
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def check_permits(desired: Desired, findings: Findings) -> None:
    """Report permits for things that the files do not name, and for what another one permits already."""
    seen: dict[str, Source | None] = {}
    for permit in desired.permits:
        known = {"connection": desired.connections, "connector": desired.connectors}.get(permit.address.kind)
        if known is not None and permit.address.key not in known:
            message = f"There is no {permit.address.kind} {show(permit.address.key)} in the file, so this permits nothing."
            findings.add("unknown-address", message, permit.source, nearest(permit.address.key, known), permit.address)
        if permit.permission in seen:
            first = seen[permit.permission]
            message = f"The permit at {first} lets {show(permit.hazard)} at this address through already."
            findings.add("duplicate-permit", message, permit.source, "Keep one of the two.", permit.address)
        seen.setdefault(permit.permission, permit.source)


def check_expiry(desired: Desired, now: datetime, findings: Findings) -> None:
    """Report permits whose time is over. Not part of loading: a plan that does not need one is made all the same."""
    for permit in desired.permits:
        if permit.expired(now):
            message = f"This permit expired: it was good until {permit.until}."
            hint = "Take it out; if its barrier is still in the way, write a new one with a later `until` and have it reviewed."
            findings.add("expired-permit", message, permit.source, hint, permit.address)
