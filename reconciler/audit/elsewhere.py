"""Changes on the tenant that this tool did not make, as far as anybody can know of them.

Two sources: a plan that a run carried out said what it found changed (drift); and two reads of the tenant differ in what no run between
them wrote. What neither shows stays unknown: what was changed and changed back between two reads, secrets, and everything that
nobody has read.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.audit.account import Account, Seen
from reconciler.journal.view import RunView

__all__ = ["Elsewhere", "between_reads", "in_plans"]

_PARTS: Final = {"row": "its name, scope or activity", "config": "its configuration", "below": "its mappings or defaults"}


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """One connection, or another thing, that was changed elsewhere.

    Attributes:
        seq: of the event that shows it; `number` counts within it.
        run: whose plan shows it; empty for a read.
        person: who saved it last, as the tenant says; may be empty.
    """

    seq: int
    number: int
    at: str
    run: str
    person: str
    text: str


def in_plans(account: Account) -> Iterator[Elsewhere]:
    """What the plans of runs found changed: one for each address."""
    for run in account.runs:
        plan = run.opening.get("plan") or {}
        found = [(unit["address"], change) for unit in plan.get("units") or () for change in unit.get("changes") or () if _drifted(change)]
        found += [(change.get("address", ""), change) for change in plan.get("drift") or ()]
        by_address: dict[str, list[str]] = {}
        for address, change in found:
            by_address.setdefault(str(address), []).append(".".join(map(str, change.get("path") or ())) or "all of it")
        for number, (address, paths) in enumerate(sorted(by_address.items()), start=1):
            text = f"The plan of the run found {address} changed on the tenant since they last agreed: {', '.join(dict.fromkeys(paths))}."
            yield Elsewhere(run.first_seq, number, run.started, run.run, "", text)


def _drifted(change: Mapping[str, Any]) -> bool:
    return change.get("attribution") in ("drift", "both")


def between_reads(account: Account) -> Iterator[Elsewhere]:
    """What two reads in a row show differently, and no run between them wrote."""
    for before, now in zip(account.reads, account.reads[1:], strict=False):
        written = [_Writes(run, before.seq, now.seq) for run in account.runs]
        ours = _principals(account, now)
        number = 0
        for guid in sorted({*before.connections, *now.connections}, key=lambda one: _name(before, now, one)):
            told = _told(before.connections.get(guid), now.connections.get(guid), guid, [one for one in written if one.rows], ours)
            if told:
                number += 1
                entry = now.connections.get(guid) or {}
                person = str(entry.get("updated_by") or "")
                person = "" if person.casefold() in ours else person
                text = f"Between the reads of {_time(before.at)} and {_time(now.at)}, {_name(before, now, guid)} {told}"
                yield Elsewhere(now.seq, number, now.at, "", person, text)


class _Writes:
    """Which rows a run wrote between two events."""

    def __init__(self, run: RunView, after: int, before: int) -> None:
        self.run = run.run
        self.rows: set[str] = set()
        for unit in run.units.values():
            if any(after < attempt.seq < before for attempt in unit.attempts):
                bound = run.bound.get(unit.address)
                self.rows |= {unit.address} | {row.guid for row in (unit.row, bound) if row is not None and row.guid}


def _told(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None, guid: str, written: list[_Writes], ours: frozenset[str]) -> str:
    """What happened to one connection, or nothing that would have to be told."""
    entry = now or before or {}
    runs = [one.run for one in written if {guid, entry.get("address")} & one.rows]
    if before is None or now is None:
        return "" if runs else f"was {'created' if before is None else 'deleted'}, and no run did that."
    parts = [_PARTS.get(part, part) for part, digest in now["parts"].items() if _differ(before["parts"].get(part), digest)]
    if not parts:
        return ""
    by = str(now.get("updated_by") or "")
    saved = f" The tenant says that {by} saved it last, at {_time(str(now.get('updated') or ''))}." if by else ""
    if not runs:
        return f"changed ({', '.join(parts)}), and no run wrote it.{saved}"
    if by and by.casefold() not in ours:
        return f"changed ({', '.join(parts)}) by run {', '.join(runs)}, and somebody else saved it after that.{saved}"
    return ""


def _differ(old: Any, new: Any) -> bool:
    """Only what both reads could see can differ."""
    return old is not None and new is not None and old != new


def _principals(account: Account, now: Seen) -> frozenset[str]:
    """Every login under which this tool is known to work there."""
    found = [now.principal, *(str((run.opening.get("actor") or {}).get("principal") or "") for run in account.runs)]
    return frozenset(one.casefold() for one in found if one)


def _name(before: Seen, now: Seen, guid: str) -> str:
    entry = now.connections.get(guid) or before.connections[guid]
    return str(entry.get("address") or f"connection #{entry['id']} ({entry.get('name', '')})")


def _time(at: str) -> str:
    return at[:16].replace("T", " ") + (" UTC" if at else "")
