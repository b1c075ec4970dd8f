"""MappingReader and MappingWriter of one tenant, on top of Reader, Tester and Writer: one class for a session.

Source: SuperOffice docs, ErpSync agent swagger (names of members in bodies: GetActorTypeMapping takes ActorType, MoveErpFieldItem
ErpActorType, SaveDefaultValueInfo the whole ErpSyncDefaultValue); MDO list provider erpconnections (option useRank), REST
reference of List and MDOList.

Effects: network, through the client it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from reconciler.errors import ReadError, TargetError
from reconciler.model import ActorMapping, DefaultValue, Engine, ListMappings, Named, Outcome, Result
from reconciler.model.fieldlist import CrmField
from reconciler.superoffice.gateway import Gateway
from reconciler.superoffice.readings import Reading
from reconciler.wire import crm_fields, crm_lists, mappings, timespan
from reconciler.wire.crm_items import names_repeat
from reconciler.wire.operations import OPERATIONS

__all__ = ["MAPPING_READINGS", "MappingGateway"]

T = TypeVar("T")

_LIST_NAME: Final = re.compile(r"\w{1,100}")
"""What may stand in a path. The name comes from a stored reference, and a path must not lead elsewhere."""

MAPPING_READINGS: Final = (
    Reading("What does an actor type that a connection lacks answer?", "Null, Unknown and an empty one are none.", "unsupported_actor"),
    Reading("What happens to fields that a mapping save omits?", "Maybe unmapped: the full array is sent.", "omitted_fields"),
    Reading("What happens to items that a list save omits?", "Maybe cleared: the whole container is echoed.", "omitted_list_items"),
    Reading("Is null or id 0 no selection?", "Both are read so; null is sent."),
    Reading("Does a move use the size of Direction?", "Only +1 and -1 are sent.", "move_uses"),
    Reading("Where do connections go that a saved order omits?", "Maybe nowhere: the whole order is sent.", "priorities_omitted"),
    Reading("Is SuperOffice (0) in the order?", "It is where the surface shows it; where it does not, it has no place that we know."),
    Reading("Which forms of an interval are understood?", "hh:mm:ss below a day is sent; every form is read.", "interval_accepts"),
    Reading("When does the engine's switch show?", "Perhaps later; the answer is what the engine says now.", "engine_status_delay_s"),
    Reading("Are kinds in archives names or numbers?", "Both are read."),
    Reading("What does MDO list crmfields take and hold?", "The actor type; ExtraInfo is the key, else nothing is known."),
    Reading("Is the table in a ListReference the name of a list?", "Lists are asked first, then MDO lists, which may hide items."),
)
"""How questions about mappings, lists, order and the engine are decided; the others stand in `readings`."""


class MappingGateway(Gateway):
    """A tenant as the flow sees it, with everything below its connections."""

    # --- MappingReader ---

    def actor_mapping(self, connection_id: int, actor_type: str) -> ActorMapping | None:
        """The mapping of one actor type, by the wire's name; None when the connection does not have it."""
        key = "GetActorTypeMapping"
        body = {"ErpConnectionId": connection_id, "ActorType": actor_type}
        mapping = self._read(key, lambda json: None if json is None else mappings.actor_mapping_from(json), body)
        if mapping is None:
            return None
        _same(key, (mapping.connection_id, mapping.erp), (connection_id, actor_type))
        return mapping if mapping.crm != "Unknown" and (mapping.fields or mapping.active) else None

    def list_mappings(self, connection_id: int) -> ListMappings:
        """The list mappings of a connection. Asks the connector for the ERP items.

        Raises:
            ConnectorUnavailable: the tenant answered, but not with list mappings; or it took the question and went silent.
        """
        key = "GetConnectionListMappings"
        lists = self._from_connector(key, crm_lists.list_mappings_from, {"ErpConnectionId": connection_id})
        _same(key, lists.connection_id, connection_id)
        return lists

    def crm_items(self, list_name: str) -> Sequence[Named]:
        """The items of a CRM list, deleted ones included, by id; names are raw.

        Where there is no list of this name, the MDO list of this name: it leaves out deleted items, and those that the
        user's group may not see. Where names repeat, one more call tells the headings, as far as the user's group may see them.
        """
        if not _LIST_NAME.fullmatch(list_name):
            raise ReadError("SuperOffice could not be read", "A mapped field refers to a CRM list without a name that can be asked for.")
        grouped = "CrmItemsGrouped"
        items = self._found("CrmItems", lambda json: crm_lists.list_items_from(json, list_name), list_name)
        if items is None:
            grouped = "CrmItemsShown"
            items = self._found(grouped, crm_lists.mdo_items_from, list_name, flat=True)
        if items is None:
            hint = "Look at the field that is mapped to this list; the list may have been removed."
            raise ReadError("SuperOffice could not be read", f"There is no CRM list {self._client.show(list_name)}.", hint)
        if not names_repeat(items):
            return items
        return crm_lists.with_headings(items, self._found(grouped, crm_lists.mdo_items_from, list_name) or ())

    def crm_fields(self, crm_actor: str) -> Sequence[CrmField] | None:
        """The CRM fields that ERP fields of a CRM actor type (`Contact`, ...) may be mapped to; None when the tenant does not tell."""
        query = {"flat": "true", "additional": f"actorType={crm_actor}"}
        exchange = self._client.repeatable("CrmItemsShown", query=query, name="crmfields")
        try:
            return self._value("CrmItemsShown", exchange, lambda json: None if json is None else crm_fields.crm_fields_from(json))
        except TargetError:  # the list and its arguments are hardly documented, and nothing depends on them
            return None

    def sync_priority(self) -> tuple[int, ...]:
        """Connection ids in the order of priority; 0 stands for SuperOffice where the tenant shows its place."""
        return self._read("SyncPriority", crm_lists.priority_from, query={"additional": "useRank=true"})

    def engine(self) -> Engine:
        """The engine's switch and interval."""
        return self._read("GetEngineStatus", mappings.engine_from)

    # --- MappingWriter ---

    def save_mapping(self, mapping: ActorMapping) -> Result:
        """Save the full array of one actor type's field mappings. `body` is the stored `ActorMapping`."""
        body = {"Mapping": mappings.actor_mapping_to(mapping)}
        return self._write("SaveActorTypeMapping", body, row_id=(mapping.connection_id, mapping.erp))

    def save_lists(self, lists: ListMappings) -> Result:
        """Save the full container of list mappings. `body` is the stored `ListMappings`.

        Raises:
            ValueError: `lists` holds what its `raw` does not have.
        """
        body = {"ListMapping": crm_lists.list_mappings_to(lists)}
        return self._write("SaveConnectionListMappings", body, row_id=lists.connection_id)

    def save_default(self, default: DefaultValue) -> Result:
        """Save (or, with all flags False, remove) the default of one field. `body` is the stored `DefaultValue`."""
        body = {"ErpSyncDefaultValue": mappings.default_to(default)}
        return self._write("SaveDefaultValueInfo", body, row_id=default.field_id)

    def move_rank(self, connection_id: int, actor_type: str, field_id: int, direction: int) -> Result:
        """Move a field one place: +1 down, -1 up. Never repeated on a guess.

        Raises:
            ValueError: another direction.
        """
        if direction not in (1, -1):
            raise ValueError("a field moves one place at a time")
        body = {"ErpFieldId": field_id, "Direction": direction, "ErpConnectionId": connection_id, "ErpActorType": actor_type}
        return self._write("MoveErpFieldItem", body)

    def save_priority(self, connection_ids: Sequence[int]) -> Result:
        """Save the whole order of connections, with 0 where SuperOffice's own place is known."""
        return self._write("SaveErpConnectionSyncPriorities", {"ErpConnectionIds": list(connection_ids)})

    def set_engine(self, *, running: bool) -> Result:
        """Ask the engine to run or to stop; may not show at once. `body` is the `Engine` as it was answered."""
        return self._write("ChangeEngineStatus", {"Run": running})

    def set_interval(self, seconds: int) -> Result:
        """Set the engine's interval. A day and more is not sent, because servers read it in different ways."""
        try:
            text = timespan.text_of(seconds)
        except ValueError as error:
            return Result(Outcome.NOT_APPLIED, f"{error}; nothing was sent", final=True)
        return self._write("ChangeEngineInterval", {"Interval": text})

    # --- how it is done ---

    def _found(self, key: str, build: Callable[[Any], T], name: str, *, flat: bool = False) -> T | None:
        """The items of a list; None when the tenant has no list of this name, which it says by null or 404."""
        query = {"flat": "true"} if flat else None
        exchange = self._client.repeatable(key, query=query, name=name)
        try:
            return self._value(key, exchange, lambda json: None if json is None else build(json))
        except ReadError as error:
            if error.status == 404:
                return None
            raise


def _same(key: str, found: object, asked: object) -> None:
    """Refuse an answer about something else."""
    if found != asked:
        name = OPERATIONS[key].name
        detail = f"{name}: it answered about something else than was asked for."
        raise ReadError("SuperOffice could not be read", detail, "Repeat the command.", operation=name, status=200)
