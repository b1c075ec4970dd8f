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
        digest: over the meaning of the merged result, without places: reformatting a file does not change it.
    """

    language: str
    connectors: Mapping[str, DesiredConnector]
    connections: Mapping[str, DesiredConnection]
    files: tuple[tuple[str, str], ...] = ()
    digest: str = ""
