"""The operations that this tool uses, and of each: how it may be repeated, what it answers, how long it may take.

This is the only table of its kind. Policy belongs to the operation and never to the HTTP verb, because nearly everything
is a POST. What is not in this table cannot be called: operations that move business data (resynchronise, link or create
actors) are left out on purpose.

Source: SuperOffice docs, ErpSync agent swagger (names, bodies, answers, which are 204); REST reference of MDOList, List, Archive
and User; ERP connectors architecture pages and the sequence diagram "create connection" (which calls reach the connector,
and that a save stores first). What may be repeated follows from the descriptions: a toggle flips, a save with id 0 creates, a move of a
field is one place further each time.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from reconciler.model import Timeouts

__all__ = ["OPERATIONS", "Answer", "Kind", "Operation"]


class Kind(StrEnum):
    """How an operation may be repeated.

    READ: again after any failure that may pass, within its budget.
    TEST: changes nothing in the tenant but logs in to the ERP, where repeated failures lock accounts; again only when the
        request surely did not reach the server.
    IDEMPOTENT_WRITE: never by itself; the caller may send it again after a read shows that nothing happened.
    NON_IDEMPOTENT_WRITE: never on a guess; only after a settled read proves that the earlier one did not happen.
    """

    READ = "read"
    TEST = "test"
    IDEMPOTENT_WRITE = "idempotent-write"
    NON_IDEMPOTENT_WRITE = "non-idempotent-write"

    @property
    def is_write(self) -> bool:
        """Whether the tenant may be different afterwards."""
        return self in (Kind.IDEMPOTENT_WRITE, Kind.NON_IDEMPOTENT_WRITE)


class Answer(StrEnum):
    """What a successful answer holds."""

    CONNECTIONS = "ErpConnection[]"
    CONNECTION = "ErpConnection"
    CONNECTOR = "ErpSyncConnectorEntity"
    LIST_ITEMS = "ListItem[]"
    FIELDS = "FieldMetadata[]"
    SUMMARY = "ErpSyncConnectionSummary"
    RESPONSE_CODE = "ErpSyncResponseCode"
    MAPPING = "ErpSyncActorTypeMapping"
    LISTS = "ErpConnectionListMappingContainer"
    DEFAULT = "ErpSyncDefaultValue"
    ENGINE = "ErpSyncEngineStatus"
    BOOLEAN = "boolean"
    REASONS = "string[]"
    NOTHING = "204"
    MDO_ITEMS = "MDOListItem[]"
    ARCHIVE = "archive rows"
    PRINCIPAL = "SoPrincipalCarrier"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation.

    Attributes:
        key: its name in this table; the wire's name, except where one wire operation has two policies.
        path: below `api/v1/`; `{name}` stands for what `on` fills in.
        reaches_connector: the server calls the connector before it answers, so the connector's deadline applies.
        stores_first: the server stores before it calls the connector, so a refusal may come after an effect.
        holds_config: request or answer hold config values.
        slow: gets the connector's deadline although it is not said to reach the connector.
        above: its path is below `api/` instead of `api/v1/`.
    """

    key: str
    kind: Kind
    answer: Answer
    path: str
    method: str = "POST"
    reaches_connector: bool = False
    stores_first: bool = False
    holds_config: bool = False
    slow: bool = False
    above: bool = False

    @property
    def name(self) -> str:
        """The wire's own name, for people and logs."""
        return self.path.rsplit("/", 1)[-1] if self.method == "POST" else self.path or self.key

    def on(self, name: str) -> Operation:
        """This operation on one named thing."""
        return replace(self, path=self.path.replace("{name}", quote(name, safe=""))) if name else self

    def deadline(self, timeouts: Timeouts) -> float:
        """Seconds for one exchange, from the first byte sent to the last byte received."""
        return timeouts.connector if self.reaches_connector or self.slow else timeouts.read


def _agent(
    name: str, kind: Kind, answer: Answer, *, key: str = "", talks: bool = False, config: bool = False, slow: bool = False
) -> Operation:
    saves = kind.is_write and answer in (Answer.CONNECTION, Answer.LISTS)  # the answer holds the connector's items
    return Operation(
        key or name,
        kind,
        answer,
        f"Agents/ErpSync/{name}",
        reaches_connector=talks or saves,
        stores_first=saves,
        holds_config=config or answer in (Answer.CONNECTION, Answer.CONNECTIONS),
        slow=slow,
    )


def _get(key: str, path: str, answer: Answer) -> Operation:
    return Operation(key, Kind.READ, answer, path, "GET")


_READ, _TEST, _AGAIN, _ONCE = Kind.READ, Kind.TEST, Kind.IDEMPOTENT_WRITE, Kind.NON_IDEMPOTENT_WRITE
_ALL: Final = (
    _agent("GetAllConnectors", _READ, Answer.LIST_ITEMS),
    _agent("GetErpSyncConnectorEntity", _READ, Answer.CONNECTOR),
    _agent("GetAllConnections", _READ, Answer.CONNECTIONS),
    _agent("GetConnection", _READ, Answer.CONNECTION),
    _agent("GetConfigurationFields", _READ, Answer.FIELDS, talks=True),
    _agent("GetErpSyncConnectionSummary", _READ, Answer.SUMMARY),
    _agent("CanDeleteErpSyncConnectorEntity", _READ, Answer.RESPONSE_CODE),
    _get("UserGroups", "MDOList/usergroup", Answer.MDO_ITEMS),
    _get("Associates", "archive/dynamic", Answer.ARCHIVE),
    _get("ErpFields", "archive/ErpField", Answer.ARCHIVE),
    _get("ConnectionRows", "archive/ErpConnection", Answer.ARCHIVE),
    _get("ConnectorRows", "archive/ErpConnector", Answer.ARCHIVE),
    _agent("GetActorTypeMapping", _READ, Answer.MAPPING),
    _agent("GetConnectionListMappings", _READ, Answer.LISTS, talks=True),
    _get("CrmItems", "List/{name}/Items", Answer.MDO_ITEMS),
    _get("CrmItemsGrouped", "List/{name}/MDOItems", Answer.MDO_ITEMS),
    _get("CrmItemsShown", "MDOList/{name}", Answer.MDO_ITEMS),
    _get("SyncPriority", "MDOList/erpconnections", Answer.MDO_ITEMS),
    _agent("GetEngineStatus", _READ, Answer.ENGINE),
    _get("CurrentPrincipal", "User/currentPrincipal", Answer.PRINCIPAL),
    Operation("Version", Kind.READ, Answer.VERSION, "", "GET", above=True),
    _agent("TestConnectionById", _TEST, Answer.BOOLEAN, talks=True),
    _agent("TestConnectionByConfig", _TEST, Answer.BOOLEAN, talks=True, config=True),
    _agent("TestConnectorUrl", _TEST, Answer.RESPONSE_CODE, talks=True),
    _agent("SaveConnection", _AGAIN, Answer.CONNECTION),
    _agent("SaveConnection", _ONCE, Answer.CONNECTION, key="CreateConnection"),
    _agent("DeleteConnection", _AGAIN, Answer.NOTHING, talks=True),
    _agent("ToggleErpConnectionActive", _ONCE, Answer.REASONS, talks=True),
    _agent("UpdateConnectionFields", _AGAIN, Answer.BOOLEAN, talks=True),
    _agent("SaveErpSyncConnectorEntity", _AGAIN, Answer.CONNECTOR, slow=True),
    _agent("SaveErpSyncConnectorEntity", _ONCE, Answer.CONNECTOR, key="CreateConnector", slow=True),
    _agent("DeleteErpSyncConnectorEntity", _AGAIN, Answer.NOTHING, slow=True),
    _agent("SaveActorTypeMapping", _AGAIN, Answer.MAPPING, slow=True),
    _agent("SaveConnectionListMappings", _AGAIN, Answer.LISTS),
    _agent("SaveDefaultValueInfo", _AGAIN, Answer.DEFAULT, slow=True),
    _agent("MoveErpFieldItem", _ONCE, Answer.NOTHING),
    _agent("SaveErpConnectionSyncPriorities", _AGAIN, Answer.BOOLEAN),
    _agent("ChangeEngineStatus", _AGAIN, Answer.ENGINE),
    _agent("ChangeEngineInterval", _AGAIN, Answer.NOTHING),
)

OPERATIONS: Final[Mapping[str, Operation]] = MappingProxyType({operation.key: operation for operation in _ALL})
"""Every operation by key."""
