"""Resolve the secrets of one unit before anything is written: what a save sends, and what a rollback would send.

Effects: reads secrets through the port that is handed in.
"""

from __future__ import annotations

from reconciler.apply.context import Context
from reconciler.apply.running import Carried
from reconciler.errors import CheckFailed
from reconciler.journal.sealing import comparable
from reconciler.model import Recorded, Secret, SecretRef, SentSecret, Unit
from reconciler.plan.connection import JOURNAL


def keys_sent(recorded: Recorded, address: str) -> frozenset[str]:
    """Config keys of a connection for which this journal once sent a secret."""
    return frozenset(key for owner, key in recorded.secrets if owner == address)


def carry(context: Context, unit: Unit, recorded: Recorded) -> Carried:
    """The values of every secret field of a unit.

    Raises:
        InputError: a reference cannot be resolved.
        CheckFailed: a value is not the one last sent although the plan changes nothing, or an old one cannot be had again
            although nobody permitted that.
    """
    address = str(unit.address)
    changed = {change.path[1] for change in unit.changes if change.path[0] == "config" and len(change.path) > 1}
    carried = Carried()
    for key, ref in unit.secrets.items():
        sent = recorded.secrets.get((address, key))
        value = _value(context, address, key, ref)
        shown = _shown(ref)
        carried.values[key] = value
        carried.sealed[key] = context.sealed(address, key, shown, value)
        if key in changed or sent is None or sent.in_doubt:
            carried.changed.add(key)
        old = _old(context, address, key, ref, value, sent, changes=key in changed)
        if old is not None:
            carried.old[key] = old
            carried.old_sealed[key] = context.sealed(address, key, sent.ref if sent is not None else shown, old)
    return carried


def _shown(ref: SecretRef) -> SecretRef:
    """The reference as a person wrote it, also for a value that comes from the journal."""
    return SecretRef.parse(ref.name, ref.version) if ref.provider == JOURNAL else ref


def _value(context: Context, address: str, key: str, ref: SecretRef) -> Secret:
    if ref.provider != JOURNAL:
        return context.secrets.resolve(ref)
    sent = context.journal.sent_secret(address, key)
    value = context.sealer.unseal(sent.sealed, address=address, field=key) if sent is not None else None
    if value is None:
        text = f"The value of {key} of {address} is in the journal, and this fingerprint key does not open it."
        raise CheckFailed(
            "A secret is not at hand", text, f"Write {key} with a secret reference in the file, or use the key it was sealed with."
        )
    return value


def _old(
    context: Context, address: str, key: str, ref: SecretRef, value: Secret, sent: SentSecret | None, *, changes: bool
) -> Secret | None:
    """What the field holds now, as far as it can be known without reading it; None when nobody knows."""
    if sent is None or sent.in_doubt:
        return None
    if not changes:
        if sent.fingerprint and context.sealer.has_key:
            now = context.sealer.fingerprint(value, address=address, field=key)
            if comparable(now, sent.fingerprint) and now != sent.fingerprint:
                text = f"{ref.reference} holds another value for {key} of {address} than the one last sent, and the plan lists no change."
                raise CheckFailed("A secret changed unannounced", text, f"Raise its `version:` in the file, then plan again ({key}).")
        return value
    if sent.sealed:
        old = context.sealer.unseal(sent.sealed, address=address, field=key)
        if old is not None:
            return old
    if sent.ref.reference != ref.reference and sent.fingerprint:
        old = context.secrets.resolve(sent.ref)
        if context.sealer.fingerprint(old, address=address, field=key) == sent.fingerprint:
            return old
        text = f"{sent.ref.reference} no longer holds the value last sent for {key} of {address}, so a rollback could not restore it."
        raise CheckFailed(
            "No way back", text, "Put the old value back under its reference, or plan with the same reference and permit no-way-back."
        )
    if sent.sealed:
        text = f"The old value of {key} of {address} is sealed in the journal, and this fingerprint key does not open it."
        raise CheckFailed("No way back", text, "Use the key it was sealed with.")
    return None
