"""How questions that public documents leave open are decided, each by the reading that does least harm if it is wrong.

Each reading names the switch of the emulator that plays the other one, so that a suite can run under both.

Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ["READINGS", "TEST_CONFIG_TAKES", "Reading"]

TEST_CONFIG_TAKES: Final[Literal["connector", "connection"]] = "connector"
"""Whose id TestConnectionByConfig takes in its member `ErpConnectionId`.

Source: ErpSync agent swagger, TestConnectionByConfig (the text calls it the id of the connector, the name says connection);
NetServer 11.1 API changes (the internal method takes an id before any connection exists).
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One decision.

    Attributes:
        question: what is open.
        decided: what this tool does.
        switch: the emulator's switch for the other reading; empty where there is none.
    """

    question: str
    decided: str
    switch: str = ""


READINGS: Final = (
    Reading("Which id does TestConnectionByConfig take?", "The connector's; never both in turn.", "test_by_config_takes"),
    Reading("Are Password values readable?", "A read value is never sent, compared or shown.", "secrets_on_read"),
    Reading("What does a missing config key do in a save?", "It clears; every declared key is sent.", "missing_config_keys"),
    Reading("Does a save honour Active?", "It may; the value just read is echoed, only a toggle changes it.", "save_honours_active"),
    Reading("Does a save honour Deleted?", "It may; the value just read is echoed.", "save_honours_deleted"),
    Reading("Does a save move the sync cursor?", "It may; the value just read is echoed.", "save_honours_timestamp"),
    Reading("Is the row stored although the connector refused it?", "Maybe: a refusal by exception is UNKNOWN.", "refused_save_keeps_row"),
    Reading("How is a bad value refused?", "400, 500 or an error object in 200: all are understood.", "invalid_data"),
    Reading("What does the server say when a connector is down?", "500, null or an error object: not checked.", "connector_unreachable"),
    Reading("What does TestConnectorUrl say about a dead host?", "Anything but NoError is a failed test.", "unreachable_url"),
    Reading("What does GetAllConnections fill?", "Only id, name and description are read.", "all_connections"),
    Reading(
        "Does the server have GetAllConnections and GetAllConnectors?", "An archive stands in where they answer 404.", "lists_everything"
    ),
    Reading("Does GetAllConnectors list deleted ones?", "Maybe: each is read and filtered by Deleted.", "connectors_list_deleted"),
    Reading("Is a deleted connection readable?", "Both a row with Deleted and null are understood.", "deleted_connection_read"),
    Reading("What did a field refresh do that answered false?", "Perhaps a part; it is over, and safe to repeat."),
    Reading("What does a toggle do when it gives reasons?", "Nothing, until a read proves it."),
)
"""Every decision that this package makes; the ones about mappings are made where mappings are."""
