"""What the actors of one connection become, and what that is judged on.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model import (
    ACTOR_TYPES,
    Address,
    ErpField,
    FieldMapping,
    Mappings,
    Named,
    NotChecked,
    Source,
    Value,
    Why,
)
from reconciler.model.fieldlist import CrmField

__all__ = ["CRM_TYPES", "ActorsGoal", "Ground"]

CRM_TYPES: Mapping[str, str] = {"person": "Person", "project": "Project"}
"""Which CRM type an actor type becomes where no read shows it yet; the others are `Contact`."""


@dataclass(slots=True)
class ActorsGoal:
    """What one connection's actors should be.

    Attributes:
        attributes: complete for the actors that the file mentions, as far as they are known.
        managed: paths that the file writes.
        late: (actor, field key) that exist only after a refresh.
    """

    attributes: dict[str, Value] = field(default_factory=dict)
    managed: set[tuple[str, ...]] = field(default_factory=set)
    sources: dict[tuple[str, ...], Source] = field(default_factory=dict)
    whys: dict[tuple[str, ...], Why] = field(default_factory=dict)
    late: set[tuple[str, str]] = field(default_factory=set)
    not_checked: list[NotChecked] = field(default_factory=list)

    def manage(self, path: tuple[str, ...], source: Source) -> None:
        """Note that the file writes a path, and where."""
        self.managed.add(path)
        self.sources[path] = source


@dataclass(frozen=True, slots=True)
class Ground:
    """What the goal of the actors of one connection is judged on.

    Attributes:
        mappings: the live rows; None when the connection does not exist yet.
        crm_fields: the CRM fields that the tenant tells, by CRM actor type, where some may be chosen anew.
        crm_lists: which CRM list a CRM field takes its values from, as `Live.crm_lists`.
        refreshes: the unit refreshes the fields, so that a field that is missing may still appear.
    """

    address: Address
    mappings: Mappings | None
    crm_items: Mapping[str, tuple[Named, ...]]
    language: str
    refreshes: bool
    crm_fields: Mapping[str, tuple[CrmField, ...] | None] = field(default_factory=dict)
    crm_lists: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def mapping(self, actor: str, key: str) -> FieldMapping | None:
        """The live mapping row of a field."""
        found = self.mappings.actors.get(actor) if self.mappings is not None else None
        return next((one for one in found.fields if one.key == key), None) if found is not None else None

    def crm_type(self, actor: str) -> str:
        """The CRM actor type that an actor type becomes: as the connection has it, else by the general rule.

        Source: TypeScript client, CrmActorType.
        """
        found = self.mappings.actors.get(actor) if self.mappings is not None else None
        return found.crm if found is not None else CRM_TYPES.get(actor, "Contact")

    def is_silent_about(self, mapping: FieldMapping | None, crm: str) -> bool:
        """Whether the list items of a mapped field could not be read: they are not known, which is not the same as none."""
        unread = self.mappings is not None and self.mappings.lists is None
        return unread and mapping is not None and mapping.crm != "" and mapping.crm == crm

    def crm_field(self, actor: str, key: str) -> CrmField | None:
        """What the tenant tells of a CRM field; None where it tells nothing."""
        return next((one for one in self.crm_fields.get(self.crm_type(actor)) or () if one.key.lower() == key.lower()), None)

    def erp_items(self, actor: str, key: str) -> frozenset[str] | None:
        """The items of a field's ERP list, as far as another field of the connection, which is mapped, shows the same list; else None."""
        row, lists = self.row(actor, key), self.mappings.lists if self.mappings is not None else None
        if row is None or lists is None or not row.list_name:
            return None
        named = {one.id for one in self.mappings.fields if one.list_name == row.list_name} if self.mappings is not None else set()
        found = next((one for one in lists.lists if one.field_id in named), None)
        return frozenset(item.erp_key for item in found.items) if found is not None else None

    def offered(self) -> list[str]:
        """Every actor type of the connection, by our names, whether or not the file mentions it."""
        found = {row.actor_type for row in self.mappings.fields} if self.mappings is not None else set()
        return sorted(ours for ours, wire in ACTOR_TYPES.items() if wire in found)

    def row(self, actor: str, key: str) -> ErpField | None:
        """The live field row."""
        rows = self.mappings.fields if self.mappings is not None else ()
        return next((one for one in rows if one.actor_type == ACTOR_TYPES[actor] and one.key == key), None)
