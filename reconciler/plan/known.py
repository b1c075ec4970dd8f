"""What the journal knows of the very rows that addresses stand for now.

The journal files what it sent, applied and activated under an address. An address can come to stand for another row (`id:`
in the file, a deletion and a creation under the same key), and a row can come to have another address (`moved_from`). What
was sent to the old row says nothing about the new one; what was sent under the old key still holds.

In -> Out: `Recorded`, the GUID of each address's row -> `Recorded` as the planner may believe it.
Effects: none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from reconciler.model import Address, Recorded, SentSecret, Settled


def known_of(recorded: Recorded, rows: Mapping[str, str]) -> Recorded:
    """The journal's knowledge, brought from the addresses under which it was filed to those of `rows`.

    Values filed under another address are sealed for that address, so only their references are brought along: they can be
    compared with the file, not restored.

    Args:
        rows: address text of each connection to the GUID of its live row; empty for one that has none yet.
    """
    homes = _homes(recorded, rows)
    secrets: dict[tuple[str, str], SentSecret] = {key: sent for key, sent in recorded.secrets.items() if key[0] not in rows}
    fields: defaultdict[str, dict[str, SentSecret]] = defaultdict(dict)
    for (address, field), sent in recorded.secrets.items():
        fields[address][field] = sent
    for address, filed in homes.items():
        for home in reversed(filed):
            # A move that was rolled back sent its values under the same address to another row, so all are sent again.
            for field, sent in fields[home].items() if home in fields and home != str(Address.parse(address).replaced) else ():
                secrets[address, field] = sent if home == address else replace(sent, fingerprint="", sealed="")
    return replace(
        recorded,
        secrets=secrets,
        settled=_brought_along(recorded.settled, homes, rows),
        applied=_brought(recorded.applied, homes),
        ever_activated=_brought(recorded.ever_activated, homes),
        parked=_parked(recorded.parked, homes),
    )


def _homes(recorded: Recorded, rows: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The addresses under which the journal files each address's row, its own first."""
    filed: defaultdict[str, list[str]] = defaultdict(list)
    for address, binding in recorded.bindings.items():
        if binding.guid:
            filed[binding.guid.lower()].append(address)
    return {address: _own_first(address, filed.get(guid.lower(), [])) for address, guid in rows.items()}


def _own_first(own: str, homes: list[str]) -> tuple[str, ...]:
    return tuple(sorted(homes, key=lambda home: home != own))


def _brought_along(settled: Mapping[str, Settled], homes: Mapping[str, tuple[str, ...]], rows: Mapping[str, str]) -> dict[str, Settled]:
    """What was agreed on stays with the row; where there is no row any more, with the address whose row somebody deleted."""
    found = {address: one for address, one in settled.items() if address not in homes}
    for address, filed in homes.items():
        its = filed if rows[address] else (address,)
        one = next((settled[home] for home in its if home in settled), None)
        found |= {address: one} if one is not None else {}
    return found


def _brought(filed: frozenset[str], homes: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(
        {address for address in filed if address not in homes} | {address for address, its in homes.items() if filed.intersection(its)}
    )


def _parked(filed: Mapping[str, str], homes: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    brought = {address: filed[home] for address, its in homes.items() for home in reversed(its) if home in filed}
    return {**{address: reason for address, reason in filed.items() if address not in homes}, **brought}
