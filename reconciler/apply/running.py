"""One unit under way: what was found, what was sent, what a rollback needs.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.apply import rows
from reconciler.apply.rows import Fields
from reconciler.model import (
    Act,
    ActorMapping,
    Address,
    Attributes,
    Binding,
    Connection,
    Connector,
    ErpField,
    ListMappings,
    Mappings,
    Named,
    Plan,
    Secret,
    TestResult,
    Unit,
    Value,
)


@dataclass(slots=True)
class Carried:
    """The secrets of one unit.

    Attributes:
        values: what a save sends, by config key.
        sealed: the journal's form of each.
        old: what a rollback sends; a key without an entry cannot be restored.
        old_sealed: the journal's form of each old value.
        changed: keys whose value the plan changes, or whose present value is not known.
        shut: keys whose old value is sealed in the journal, and the key at hand does not open it.
    """

    values: dict[str, Secret] = field(default_factory=dict)
    sealed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    old: dict[str, Secret] = field(default_factory=dict)
    old_sealed: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)
    shut: set[str] = field(default_factory=set)

    @property
    def lost(self) -> tuple[str, ...]:
        """Keys whose old value nobody knows here."""
        return tuple(sorted(self.values.keys() - self.old.keys()))


@dataclass(slots=True)
class Running:
    """One unit while it runs; also what `recover` builds from the journal.

    Attributes:
        fields: what the connector declares, by key.
        observed: the connection before the first write; None for a creation and for connectors.
        latest: the newest read of the connection.
        observed_connector, latest_connector: the same for a connector unit.
        known_ids: ids that existed before a creation.
        row_id: the tenant's id; 0 until a creation is proved.
        answered_id: the id in the answer to a creation, which tells our row also when the rest of it is not as it was sent.
        connector_id: of a connection's connector; known late when the plan creates it.
        wrote: acts for which at least one intent was journalled.
        save_may_hold: a save of ours may have had an effect; what it changed out of sight is then not told by a read.
        activated: it was active at some time after our first write, by our doing.
        rehearsed: what the test answered before the first write.
        passed: for a connector, the ids of its connections whose test passed before.
        window_started: monotonic seconds when the toggle-off was sent, while the window is open.
        observed_wide: what a tenant-wide unit found before its first write.
        ids: the tenant's ids by address text, for a unit that names other rows.
        replaces: the row whose place a creation takes, when a connection moves to another connector.
        window_s: the length of the window once it is closed.
        active_actors: whether an actor type (the wire's name) is synchronised, as far as it was asked.
        observed_below: what was below the connection before the first write, for the actors that the plan changes.
        crm_items: items of CRM lists that were read, by list name.
        starts, lists_start, default_starts, rank_starts: each thing below as it was read before it was first written.
        rank_held: the orders in which our moves may have left the fields, by actor type: one where the last move was proved.
        wrote_pairs: list items that a save of ours was to set, by field id and ERP item.
        foreign_below: what a read showed to be somebody else's, so that it is neither as found nor ours to put back.
        switched_to: whether it is active by our last toggle, as a read proved; None before one, and while one is in doubt.
        created_as_sent: a read showed what the unit created as it was sent; what differs by now is somebody else's.
        creation_may_hold: an earlier process sent a creation of which nothing says that it had no effect.
        sent_keys: config keys for which this journal once sent a secret, whatever the file says of them now.
        unknown_before: config keys that were once secret and whose value before the run nobody knows here.
        settled: config values that could only be decided after the plan was made, when the connector answered.
    """

    unit: Unit
    fields: Fields = field(default_factory=dict)
    carried: Carried = field(default_factory=Carried)
    observed: Connection | None = None
    latest: Connection | None = None
    observed_connector: Connector | None = None
    latest_connector: Connector | None = None
    known_ids: frozenset[int] = frozenset()
    row_id: int = 0
    answered_id: int = 0
    connector_id: int = 0
    wrote: set[Act] = field(default_factory=set)
    save_may_hold: bool = False
    activated: bool = False
    rehearsed: TestResult | None = None
    repair: bool = False
    passed: dict[int, str] = field(default_factory=dict)
    window_started: float | None = None
    window_s: float | None = None
    active_actors: dict[str, bool] = field(default_factory=dict)
    observed_wide: Attributes = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)
    replaces: Binding | None = None
    observed_below: Mappings | None = None
    crm_items: dict[str, tuple[Named, ...]] = field(default_factory=dict)
    starts: dict[str, ActorMapping] = field(default_factory=dict)
    lists_start: ListMappings | None = None
    default_starts: dict[tuple[str, str], ErpField] = field(default_factory=dict)
    rank_starts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rank_held: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    wrote_pairs: dict[int, dict[str, int | None]] = field(default_factory=dict)
    foreign_below: list[str] = field(default_factory=list)
    switched_to: bool | None = None
    created_as_sent: bool = False
    creation_may_hold: bool = False
    sent_keys: frozenset[str] = frozenset()
    settled: dict[str, Value] = field(default_factory=dict)
    unknown_before: tuple[str, ...] = ()
    residue: list[str] = field(default_factory=list)

    @property
    def address(self) -> Address:
        """The unit's address."""
        return self.unit.address

    @property
    def name(self) -> str:
        """The unit's address as text: what the journal files it under."""
        return str(self.unit.address)

    @property
    def secret_keys(self) -> frozenset[str]:
        """Config keys whose values are never taken from a read."""
        declared = {key for key, one in self.fields.items() if one.type.value == "Password"}
        return frozenset(declared | self.unit.secrets.keys())

    @property
    def hidden_keys(self) -> frozenset[str]:
        """Config keys whose values are not written down anywhere."""
        return self.secret_keys | self.sent_keys

    @property
    def saved(self) -> Attributes:
        """What the unit's save (or creation) writes, `active` left out."""
        for step in self.unit.steps:
            if step.act in (Act.SAVE, Act.CREATE):
                sets = {key: value for key, value in step.sets.items() if key != "active"}
                return {**sets, "config": {**sets.get("config", {}), **self.settled}} if self.settled else sets
        return {}

    @property
    def wants(self) -> Attributes | None:
        """All that the unit wants of its row, with the config values that were settled after the plan; None for a deletion."""
        wants = self.unit.wants
        return wants if wants is None or not self.settled else {**wants, "config": {**wants.get("config", {}), **self.settled}}

    def seen(self, row: Connection | Connector | None) -> str:
        """The digest of a read, secrets left out."""
        return rows.seen(row, self.hidden_keys, self.fields)


def replaced_by(plan: Plan, unit: Unit) -> Binding | None:
    """The row whose place a creation takes: the plan deletes it afterwards."""
    return next((other.row for other in plan.units if other.address.moved == unit.address), None)


def planned_ids(plan: Plan) -> dict[str, int]:
    """The tenant's ids that a plan knows, by address text."""
    rows = {str(unit.address): unit.row.id for unit in plan.units if unit.row is not None}
    return {**{address: row.id for address, row in plan.bindings.items()}, **rows}
