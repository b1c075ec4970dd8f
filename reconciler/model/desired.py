"""What the YAML asks for: only what is written, each value with its place.

An attribute that is None (or a key that is absent) is not managed. Config values stay undecoded (`Plain`) until the
connector's declared type is known.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from reconciler.model.address import Address, Source
from reconciler.model.permit import Permit
from reconciler.model.secret import SecretRef
from reconciler.model.values import Text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Marked(Generic[T]):
    """A value and where it was written."""

    value: T
    source: Source


@dataclass(frozen=True, slots=True)
class Plain:
    """A config scalar as its source text; what it means depends on the field's declared type.

    `quoted` tells whether the person quoted it: a plain `0010` or `on` in a text field is a problem ("quote it").
    """

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class DesiredScope:
    """Who may use a connection: everyone, or the groups (by name) and users (by login) listed."""

    everyone: bool
    groups: tuple[Marked[str], ...] = ()
    users: tuple[Marked[str], ...] = ()


@dataclass(frozen=True, slots=True)
class DesiredConnector:
    """What the file says of one connector."""

    key: str
    source: Source
    name: Marked[str] | None = None
    url: Marked[str] | None = None
    identifies_erp: tuple[Marked[str], ...] = ()
    renamed_from: Marked[str] | None = None
    moved_from: Marked[str] | None = None
    absent: bool = False
    protect: bool = False

    @property
    def address(self) -> Address:
        """`connector/<key>`."""
        return Address.connector(self.key)


@dataclass(frozen=True, slots=True)
class DesiredDefault:
    """The default that a new ERP record gets. Neither a value, nor asking, nor mandatory removes the default."""

    value: Plain | None = None
    ask: bool = False
    mandatory: bool = False


@dataclass(frozen=True, slots=True)
class DesiredField:
    """What the file says of one ERP field; what is None (or an empty `items`) is not managed.

    Attributes:
        crm: the CRM field key; the empty text unmaps.
        direction: `to-crm`, `to-erp`, `both` or `none`.
        show: any of `erp-tab` and `search`; what is not listed is off.
        items: ERP item key to the CRM item's name; the empty name is "(No selection)".
        items_not_listed: `leave`, `report` or `no-selection`.
        renamed_from: the key the connector used before.
    """

    key: str
    source: Source
    crm: Marked[str] | None = None
    direction: Marked[str] | None = None
    show: Marked[frozenset[str]] | None = None
    items: Mapping[str, Marked[str]] = field(default_factory=dict)
    items_not_listed: str = "leave"
    default: Marked[DesiredDefault] | None = None
    renamed_from: Marked[str] | None = None


@dataclass(frozen=True, slots=True)
class DesiredActor:
    """What the file says of one actor type of one connection, mapping sets already laid under it.

    Attributes:
        type: `customer`, `supplier`, `partner`, `person` or `project`.
        rank: field keys that come first, in this order; None is not managed.
        fields_not_listed: `leave`, `report` or `unmap`.
    """

    type: str
    source: Source
    sync: Marked[bool] | None = None
    fields: Mapping[str, DesiredField] = field(default_factory=dict)
    rank: tuple[Marked[str], ...] | None = None
    fields_not_listed: str = "leave"


@dataclass(frozen=True, slots=True)
class AutomaticSync:
    """The engine as the file wants it; None is not managed.

    Attributes:
        interval_s: seconds.
    """

    source: Source
    on: Marked[bool] | None = None
    interval_s: Marked[int] | None = None


@dataclass(frozen=True, slots=True)
class DesiredConnection:
    """What the file says of one ERP connection.

    `name` and `description` are plain strings, or mappings that manage only the languages they name.
    """

    key: str
    source: Source
    id: Marked[str] | None = None  # a GUID, compared without case
    name: Marked[Text] | None = None
    description: Marked[Text] | None = None
    connector: Marked[str] | None = None  # the connector's key in the file
    active: Marked[bool] | None = None
    scope: Marked[DesiredScope] | None = None
    config: Mapping[str, Marked[Plain | SecretRef]] = field(default_factory=dict)
    actors: Mapping[str, DesiredActor] = field(default_factory=dict)
    renamed_from: Marked[str] | None = None
    moved_from: Marked[str] | None = None
    absent: bool = False
    protect: bool = False

    @property
    def address(self) -> Address:
        """`connection/<key>`."""
        return Address.connection(self.key)


@dataclass(frozen=True, slots=True)
class Desired:
    """The merged, validated files.

    Attributes:
        language: the ISO code in which groups (and later CRM items) are named.
        files: the files in the order given, with the digest of each one's bytes.
        sync_priority: keys of connections (and `SuperOffice`) that come first, in this order; None is not managed.
        automatic_sync: None is not managed.
        permits: what the files permit, in their order; a plan says what became of each.
        digest: over the meaning of the merged result, without places: reformatting a file does not change it. Permits are not in it:
            they change what may be done, not what is asked for, and a plan covers them by its own digest.
    """

    language: str
    connectors: Mapping[str, DesiredConnector]
    connections: Mapping[str, DesiredConnection]
    sync_priority: tuple[Marked[str], ...] | None = None
    automatic_sync: AutomaticSync | None = None
    permits: tuple[Permit, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    digest: str = ""
