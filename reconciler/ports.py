"""The protocols at the rim: what the core asks of a tenant, a journal and a clock. No implementation lives here.

Reading and writing are different protocols, so that a planner cannot write: it is handed something that cannot.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from reconciler.model import (
    ActorMapping,
    ConfigField,
    Connection,
    Connector,
    DefaultValue,
    Engine,
    ErpField,
    Listed,
    ListMappings,
    Named,
    Recorded,
    Result,
    Secret,
    SecretRef,
    SentSecret,
    TestResult,
)
from reconciler.model.fieldlist import CrmField

__all__ = ["Clock", "Journal", "Lease", "MappingReader", "MappingWriter", "Reader", "Sealer", "Secrets", "Tester", "Writer"]


class Clock(Protocol):
    """Time, passed in so that tests own it."""

    def now(self) -> datetime:
        """The wall clock, aware and in UTC. For records; never for deadlines."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back. For deadlines."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Reader(Protocol):
    """What can be asked of a tenant without changing it.

    Every method raises `errors.ReadError` or `errors.UnauthorizedError` when the answer cannot be trusted. Reads are
    retried inside, within their deadline.
    """

    def connectors(self) -> Sequence[Connector]:
        """Every connector that is not deleted, by id."""
        ...

    def connector(self, connector_id: int) -> Connector | None:
        """One connector, deleted or not; None when the tenant knows no such id."""
        ...

    def list_connections(self, *, include_deleted: bool) -> Sequence[Listed]:
        """Ids and names, by id. Nothing else in the list is reliable."""
        ...

    def connection(self, connection_id: int) -> Connection | None:
        """One connection in full, deleted or not; None when the tenant knows no such id."""
        ...

    def config_fields(self, connector_id: int) -> Sequence[ConfigField]:
        """The config fields the connector declares. Asks the connector itself.

        Raises:
            ConnectorUnavailable: the tenant answered, but not with a list of fields.
        """
        ...

    def user_groups(self) -> Sequence[Named]:
        """Every user group, deleted ones included, by id; names are raw."""
        ...

    def associates(self) -> Sequence[Named]:
        """Every associate by login, deleted ones included, by id."""
        ...

    def erp_fields(self, connection_id: int) -> Sequence[ErpField]:
        """Every stored ERP field of a connection, by id (archive ErpField). Does not reach the connector."""
        ...

    def actor_is_active(self, connection_id: int, actor_type: str) -> bool:
        """Whether an actor type is synchronised on a connection (GetActorTypeMapping, IsActive)."""
        ...

    def can_delete_connector(self, connector_id: int) -> str:
        """`NoError`, `ErrorConnectorHasConnections` or `ErrorNotFound`."""
        ...

    def last_sync(self, connection_id: int) -> str | None:
        """When the connection last synchronised (ISO text); None for never or unknown."""
        ...

    def principal(self) -> str:
        """Who the tenant says we are (login name); empty when it does not say."""
        ...


class MappingReader(Protocol):
    """What can be asked about mappings, lists, order and the engine. Errors as in `Reader`."""

    def actor_mapping(self, connection_id: int, actor_type: str) -> ActorMapping | None:
        """The mapping of one actor type, by the wire's name; None when the connection does not have it."""
        ...

    def erp_fields(self, connection_id: int) -> Sequence[ErpField]:
        """Every stored ERP field of a connection, by id (archive ErpField). Does not reach the connector."""
        ...

    def all_erp_fields(self) -> Sequence[ErpField]:
        """The stored ERP fields of every connection, by id; one call per page of the archive."""
        ...

    def list_mappings(self, connection_id: int) -> ListMappings:
        """The list mappings of a connection. Asks the connector for the ERP items.

        Raises:
            ConnectorUnavailable: the tenant answered, but not with list mappings.
        """
        ...

    def crm_fields(self, crm_actor: str) -> Sequence[CrmField] | None:
        """The CRM fields that ERP fields of a CRM actor type may be mapped to; None when the tenant does not tell."""
        ...

    def crm_items(self, list_name: str) -> Sequence[Named]:
        """The items of a CRM list, deleted ones included, by id; names are raw."""
        ...

    def sync_priority(self) -> tuple[int, ...]:
        """Connection ids in the order of priority; 0 stands for SuperOffice where the tenant shows its place."""
        ...

    def engine(self) -> Engine:
        """The engine's switch and interval."""
        ...


class Tester(Protocol):
    """The tests: they write nothing in the tenant, but they reach the connector and the ERP behind it.

    A test never raises for a missing answer: `TestResult.passed` is then None.
    """

    def test_connection(self, connection_id: int) -> TestResult:
        """Test a stored connection as it is (TestConnectionById)."""
        ...

    def test_config(self, connector_id: int, config: Mapping[str, str | Secret]) -> TestResult:
        """Test encoded config values that are not stored (TestConnectionByConfig)."""
        ...

    def test_url(self, url: str) -> TestResult:
        """Ask whether a connector answers at a URL (TestConnectorUrl)."""
        ...


class Writer(Protocol):
    """What changes a tenant. Each method sends exactly one request, once, and never raises for how it went."""

    def save_connection(self, connection: Connection, secrets: Mapping[str, Secret]) -> Result:
        """Create (id 0) or replace a connection.

        `connection.config` holds the encoded plain values; `secrets` the fields whose values may not be read from it.
        A key is in one of the two, never in both. `body` is the stored `Connection` when the server returned one.
        """
        ...

    def delete_connection(self, connection_id: int) -> Result:
        """Soft-delete a connection."""
        ...

    def toggle(self, connection_id: int) -> Result:
        """Flip Active. Reasons mean that the server says it refused: outcome NOT_APPLIED, still to be proved by a read."""
        ...

    def refresh(self, connection_id: int) -> Result:
        """Ask the connector for its fields again (UpdateConnectionFields)."""
        ...

    def save_connector(self, connector: Connector) -> Result:
        """Create (id 0) or replace a connector. `body` is the stored `Connector` when the server returned one."""
        ...

    def delete_connector(self, connector_id: int) -> Result:
        """Soft-delete a connector; the server does not say whether it worked."""
        ...


class MappingWriter(Protocol):
    """What changes mappings, lists, order and the engine. As in `Writer`, each method sends exactly one request, once."""

    def save_mapping(self, mapping: ActorMapping) -> Result:
        """Save the full array of one actor type's field mappings. `body` is the stored `ActorMapping`."""
        ...

    def save_lists(self, lists: ListMappings) -> Result:
        """Save the full container of list mappings. `body` is the stored `ListMappings`."""
        ...

    def save_default(self, default: DefaultValue) -> Result:
        """Save (or, with all flags False, remove) the default of one field."""
        ...

    def move_rank(self, connection_id: int, actor_type: str, field_id: int, direction: int) -> Result:
        """Move a field one place: +1 down, -1 up. Never repeated on a guess."""
        ...

    def save_priority(self, connection_ids: Sequence[int]) -> Result:
        """Save the whole order of connections."""
        ...

    def set_engine(self, *, running: bool) -> Result:
        """Ask the engine to run or to stop; may not show at once."""
        ...

    def set_interval(self, seconds: int) -> Result:
        """Set the engine's interval."""
        ...


class Secrets(Protocol):
    """Resolves references, late and once; refuses what the target's list does not allow."""

    def resolve(self, ref: SecretRef) -> Secret:
        """The value.

        Raises:
            errors.InputError: not allowed, not there, empty or unreadable. The message names the reference, never a value.
        """
        ...


class Sealer(Protocol):
    """Fingerprints and encryption under the target's key. Without a key every method says so by an empty answer."""

    @property
    def has_key(self) -> bool:
        """Whether values can be compared and restored."""
        ...

    def fingerprint(self, value: Secret, *, address: str, field: str) -> str:
        """HMAC of the value for one field of one connection; empty without a key."""
        ...

    def seal(self, value: Secret, *, address: str, field: str) -> str:
        """The value encrypted for one field of one connection, as text; empty without a key."""
        ...

    def unseal(self, sealed: str, *, address: str, field: str) -> Secret | None:
        """The value back; None without a key, with another key, or when the text belongs to another field."""
        ...


class Lease(Protocol):
    """The time-limited right to write to a target."""

    @property
    def fencing(self) -> int:
        """Grows with every acquisition; journalled with the run."""
        ...

    def ensure(self, seconds: float) -> None:
        """Renew if needed, so that at least `seconds` remain by our own monotonic clock.

        Raises:
            errors.LeaseLost: it is gone or cannot be renewed; nothing may be sent.
        """
        ...

    def release(self) -> None:
        """Give it back; never raises."""
        ...


class Journal(Protocol):
    """One run's handle on the append-only store of a target."""

    run: str

    def append(self, kind: str, body: Mapping[str, Any]) -> int:
        """Make one event durable and return its sequence number.

        Raises:
            errors.JournalError: it is not durable; the caller must not send anything.
        """
        ...

    def recorded(self) -> Recorded:
        """What all earlier events of this target add up to, including this run's so far."""
        ...

    def sent_secret(self, address: str, field: str) -> SentSecret | None:
        """The secret last sent for a field, sealed value included."""
        ...
