"""The rules of what is synchronised that a file can break by itself: mappings, items, order, former keys, sync priority.

They hold for the end result, mapping sets laid under. What only the tenant knows (types, mandatory fields, lists) is judged by
`plan`. A mistake in a set that many connections use is told once.

Effects: none.
"""

from __future__ import annotations

from typing import Final

from reconciler.desired.findings import Findings
from reconciler.desired.nodes import show
from reconciler.desired.wording import nearest
from reconciler.model import Address, Desired, DesiredActor, DesiredField, Marked, Source

SUPEROFFICE: Final = "SuperOffice"
"""How the sync priority names SuperOffice itself."""

_PRIORITY: Final = Address(("sync-priority",))


def check_actors(desired: Desired, findings: Findings) -> None:
    """Report what does not fit together in the actors of the connections."""
    rules = _Rules(findings)
    for connection in desired.connections.values():
        for actor in connection.actors.values():
            rules.check(actor, connection.address)


def check_priority(desired: Desired, findings: Findings) -> None:
    """Report what the sync priority cannot name. That its stored form fits is known only with the tenant's ids.

    Source: SuperOffice database table ErpConfiguration, ConnectionRank: connections, and `0` for SuperOffice itself.
    """
    present = {key for key, connection in desired.connections.items() if not connection.absent}
    for named in desired.sync_priority or ():
        if named.value == SUPEROFFICE and SUPEROFFICE in desired.connections:
            message = f"{show(SUPEROFFICE)} is SuperOffice itself here, and there is a connection of this key too."
            findings.add("ambiguous-key", message, named.source, "Give the connection another key, with `moved_from`.", _PRIORITY)
        elif named.value and named.value != SUPEROFFICE and named.value not in desired.connections:
            message = f"There is no connection {show(named.value)} in the file."
            findings.add("unknown-connection", message, named.source, nearest(named.value, {*present, SUPEROFFICE}), _PRIORITY)
        elif named.value in desired.connections and named.value not in present:
            message = f"The connection {show(named.value)} is to be deleted (`absent: true`), so it has no priority."
            findings.add("absent-connection", message, named.source, "Take it out of the list.", _PRIORITY)


class _Rules:
    """Judges each actor and field once, however many connections share it, and tells each mistake once."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._seen: set[int] = set()  # ids of actors and fields, which the desired state keeps alive
        self._told: set[tuple[str, Source]] = set()

    def check(self, actor: DesiredActor, address: Address) -> None:
        """Judge one actor of a connection."""
        if id(actor) in self._seen:
            return
        self._seen.add(id(actor))
        for field in actor.fields.values():
            if id(field) not in self._seen:
                self._seen.add(id(field))
                self._check_mapping(field, address)
                self._check_items(field, address)
        self._check_former_keys(actor, address)

    def _tell(self, code: str, message: str, source: Source, hint: str, address: Address) -> None:
        if (code, source) not in self._told:
            self._told.add((code, source))
            self._findings.add(code, message, source, hint, address)

    def _check_mapping(self, field: DesiredField, address: Address) -> None:
        if field.crm is None:
            return  # the live mapping stays, and a direction alone turns it
        if field.crm.value and field.direction is None:
            message = f"The field {show(field.key)} is mapped to {show(field.crm.value)}, and nothing says which way values flow."
            hint = "Write `direction: to-crm`, `to-erp`, `both` or `none` beside it."
            self._tell("crm-without-direction", message, field.crm.source, hint, address)
        elif not field.crm.value and field.direction is not None and field.direction.value != "none":
            message = f"The field {show(field.key)} is unmapped (`crm: ''`), so nothing can flow in this direction."
            self._tell("direction-without-crm", message, field.direction.source, "Take `direction` out, or name the CRM field.", address)

    def _check_items(self, field: DesiredField, address: Address) -> None:
        if field.crm is not None and not field.crm.value and field.items:
            message = f"The field {show(field.key)} is unmapped (`crm: ''`), and a field that is not mapped has no list items."
            first = min((item.source for item in field.items.values()), key=lambda place: (place.file, place.line, place.column))
            self._tell("items-unmapped", message, first, "Take `items` out, or name the CRM field.", address)
        if field.direction is None or field.direction.value not in ("to-erp", "both"):
            return
        seen: dict[str, str] = {}
        for key, item in field.items.items():
            other = seen.setdefault(item.value, key)
            if item.value and other != key:
                message = f"The CRM item stands for {show(other)} too; on the way to the ERP nobody could tell which one is meant."
                self._tell("duplicate-crm-item", message, item.source, "Give each ERP item its own, or none by ''.", address)

    def _check_former_keys(self, actor: DesiredActor, address: Address) -> None:
        """A former key leads to one field, and is no field of its own any more."""
        former: dict[str, Marked[str]] = {}
        for field in actor.fields.values():
            if field.renamed_from is None:
                continue
            key, place = field.renamed_from.value, field.renamed_from.source
            if key in actor.fields:
                message = f"The key {show(key)} given in `renamed_from` is itself written under `fields`."
                if key == field.key:
                    message = f"The key given in `renamed_from` is the field's own key {show(key)}."
                self._tell("renamed-from-taken", message, place, "Keep only the new key, or take `renamed_from` out.", address)
            if former.setdefault(key, field.renamed_from) is not field.renamed_from:
                message = f"Two fields have the same `renamed_from`, {show(key)}; expected one that continues it."
                self._tell("claimed-twice", message, place, "Keep it in the field that continues the old one.", address)
        for named in actor.rank or ():
            if named.value in former:
                message = f"The key {show(named.value)} is a former one, given in `renamed_from`."
                self._tell("former-key-ranked", message, named.source, "Write the new key.", address)
