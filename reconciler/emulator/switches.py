"""What public documents leave open about the server, as switches: each can be turned while the emulator serves.

Effects: none.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import Any, Literal


class Turnable:
    """What every set of switches can do: be turned by name, from a value or from text."""

    def set(self, name: str, value: Any) -> None:
        """Turn one switch, from its own type or from text.

        Raises:
            ValueError: no such switch, or not one of its values.
        """
        kinds = typing.get_type_hints(type(self))
        if name not in kinds:
            raise ValueError(f"no switch is called {name!r}; there are {', '.join(sorted(kinds))}")
        kind = kinds[name]
        if kind is bool:
            texts = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
            wanted: Any = value if isinstance(value, bool) else texts.get(str(value).lower())
            choices: tuple[Any, ...] = (True, False)
        elif kind in (float, int):
            try:
                wanted = kind(value)
                choices = (wanted,)
            except ValueError:
                wanted, choices = None, ("a number",)
        else:
            wanted, choices = str(value), typing.get_args(kind)
        if wanted not in choices:
            raise ValueError(f"switch {name} is one of {', '.join(map(str, choices))}, not {value!r}")
        setattr(self, name, wanted)

    def as_dict(self) -> dict[str, Any]:
        """Every switch by name."""
        return {name: getattr(self, name) for name in typing.get_type_hints(type(self))}


@dataclass
class Switches(Turnable):
    """One member per open question. The defaults are the readings that hurt a careless client most.

    Source: SuperOffice docs, ErpSync agent and ERP Sync manuals, wherever they are silent or disagree.
    """

    # Answers
    agent_granted: bool = True
    """False: the application may not use the ErpSync agent; its calls answer 403."""
    invalid_data: Literal["bad_request", "error_object", "server_error"] = "bad_request"
    """How data that cannot be stored is refused: 400 with Error and Message, 200 with an error object, or 500."""
    connector_unreachable: Literal["server_error", "error_object", "null"] = "server_error"
    """How a read that needs the connector answers when it is down."""
    too_long: Literal["reject", "truncate"] = "reject"
    """What happens to a text that is longer than its column."""

    # Connections as read
    lists_everything: bool = True
    """False: GetAllConnections, GetAllConnectors and TryConnectActor are not there, as on servers before NetServer 10.1.5."""
    all_connections: Literal["strict", "full"] = "strict"
    """What GetAllConnections fills: id, name and description only, or everything but config."""
    secrets_on_read: Literal["clear", "masked", "blank"] = "clear"
    """How Password config values come back."""
    deleted_connection_read: Literal["row", "null"] = "row"
    """What GetConnection answers for a soft-deleted connection."""
    connectors_list_deleted: bool = False
    """Whether GetAllConnectors includes deleted connectors."""

    # SaveConnection
    save_honours_active: bool = True
    """Whether Active in a save changes the state."""
    save_active_checked: bool = False
    """Whether activating through a save runs the checks of the toggle."""
    save_honours_deleted: bool = True
    """Whether Deleted in a save deletes and restores (connections and connectors)."""
    save_honours_timestamp: bool = True
    """Whether MostRecentTimestamp in a save moves the sync cursor."""
    blank_timestamp: Literal["resets", "keeps"] = "resets"
    """What a blank MostRecentTimestamp does when saves move the cursor."""
    save_honours_connector: bool = True
    """Whether ErpConnectorId in a save of an existing connection moves it to another connector."""
    config_change_while_active: Literal["accept", "refuse"] = "refuse"
    """Whether config values of an active connection may change."""
    missing_config_keys: Literal["cleared", "kept"] = "cleared"
    """Whether a save replaces the config values wholly or merges them."""
    blank_keeps_secret: bool = False
    """Whether a blank Password value in a save keeps the stored one instead of overwriting it."""
    save_requires_test: bool = False
    """Whether a save is refused when the connector's test of its values fails."""
    refused_save_keeps_row: bool = True
    """Whether the row stays stored when the connector refuses the values."""
    refused_save_answer: Literal["error", "row"] = "error"
    """What a save answers when the connector refuses the values."""
    save_refreshes_fields: bool = False
    """Whether a save also asks the connector for its fields."""
    all_access_clears_lists: bool = False
    """Whether AllAccess takes the group and user rows away."""
    access_save_resets_flags: bool = True
    """Whether saving a restricted scope puts the hidden CanConnect and CanCreateERP flags back to yes."""

    # Deleting
    delete_active: Literal["accept", "refuse"] = "accept"
    """Whether an active connection may be deleted."""
    delete_linked: Literal["accept", "refuse"] = "accept"
    """Whether a connection with linked records or quote connections may be deleted."""
    delete_connector_in_use: Literal["ignore", "refuse", "delete"] = "ignore"
    """What deleting a connector that has connections does."""
    deleted_connections_count: bool = False
    """Whether soft-deleted connections still make a connector undeletable."""

    # Tests
    test_by_config_takes: Literal["connector", "connection"] = "connector"
    """Whose id TestConnectionByConfig takes."""
    unreachable_url: Literal["ErrorNotFound", "server_error"] = "ErrorNotFound"
    """What TestConnectorUrl answers when nothing is at the address."""

    # Activation
    toggle_tests_connection: bool = False
    """Whether activation also runs the connector's test."""
    toggle_refuses_missing_fields: bool = False
    """Whether activation refuses mapped fields that the connector no longer reports."""

    # Field refresh
    refresh_while_active: Literal["accept", "refuse"] = "accept"
    """Whether UpdateConnectionFields works on an active connection."""
    auto_map: Literal["new", "empty", "off"] = "new"
    """Which fields a refresh maps by name: new ones, also existing unmapped ones, or none."""

    # Mappings
    omitted_fields: Literal["untouched", "unmapped"] = "untouched"
    """What SaveActorTypeMapping does to fields that it was not sent."""
    mapping_while_active: Literal["accept", "refuse"] = "accept"
    """Whether mappings and list mappings of an active connection may change."""
    one_way_to_crm: Literal["save", "activation", "never"] = "save"
    """Where an already mapped field that flows only to SuperOffice is refused."""
    read_only_mapping: Literal["save", "activation", "never"] = "never"
    """Where a direction on a read-only field is refused."""
    mismatched_types: Literal["save", "activation", "never"] = "save"
    """Where a mapping is refused whose values do not fit: a checkbox both ways with a text, say."""
    already_mapped_by: Literal["erp_field", "crm_field"] = "crm_field"
    """What two connections must share for AlreadyMapped: the ERP field's key or the CRM field."""
    unsupported_actor: Literal["null", "empty"] = "null"
    """What GetActorTypeMapping answers for an actor type that the connection does not have."""
    move_uses: Literal["sign", "magnitude"] = "sign"
    """Whether MoveErpFieldItem moves one place or as many as Direction says."""
    omitted_list_items: Literal["untouched", "cleared"] = "untouched"
    """What SaveConnectionListMappings does to items that it was not sent."""

    # Priority and engine
    priorities_unknown_ids: Literal["reject", "accept"] = "reject"
    """What SaveErpConnectionSyncPriorities does with ids that no live connection has."""
    priorities_omitted: Literal["appended", "dropped"] = "dropped"
    """Where connections go that a saved order does not mention."""
    engine_status_delay_s: float = 0.0
    """How long a change of the engine's state takes to show."""
    interval_accepts: Literal["both", "clock", "iso"] = "both"
    """Which text forms ChangeEngineInterval understands: hh:mm:ss, ISO 8601, or both."""
