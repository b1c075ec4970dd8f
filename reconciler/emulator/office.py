"""SuperOffice itself as the operations see it: its rows, its connectors, its switches and its clock.

Effects: through `state` and `connectors` only.
Neighbours: `dispatch` makes an `Ask` of every request and hands both to an operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reconciler.emulator.clock import Clock
from reconciler.emulator.connectors import UNKNOWN_CONNECTION_ID, ConnectorAnswer, Connectors
from reconciler.emulator.history import Author, Row
from reconciler.emulator.members import ErrorObject, Invalid, Malformed, Members, Trouble
from reconciler.emulator.state import State, TooLong
from reconciler.emulator.switches import Switches


@dataclass
class Office:
    """One SuperOffice installation."""

    state: State
    connectors: Connectors
    switches: Switches
    clock: Clock
    make_guid: Callable[[], str]
    engine_seen: tuple[bool, float] | None = None
    """The state of the engine that readers still see, and until when (the switch `engine_status_delay_s`)."""
    context_identifier: str = "Emulator"
    """What the database is called: the tenant's id, Online."""
    function_rights: Callable[[], Sequence[str]] = lambda: ("admin-all",)
    """The function rights of whoever is logged in."""

    @contextmanager
    def storing(self, author: Author) -> Iterator[None]:
        """A transaction in which a text that is too long, or a key that exists, is refused as invalid data."""
        self.state.truncates = self.switches.too_long == "truncate"
        try:
            with self.state.transaction(author):
                yield
        except TooLong as error:
            raise Invalid(f"The value of {error.column} is too long: at most {error.length} characters.") from error

    def url_of(self, connection: Row) -> str:
        """The URL of the connector behind a connection; blank when there is none."""
        connector = self.state.row("ErpConnector", connection["ErpConnectorId"])
        return connector["URL"] if connector else ""

    def passwords_of(self, connection: Row) -> frozenset[str]:
        """The config keys of a connection that hold secrets, as its connector declares them."""
        definition = self.connectors.at(self.url_of(connection))
        return definition.passwords() if definition else frozenset()

    def config_of(self, connection_id: int) -> dict[str, str]:
        """The stored config values of a connection, in clear."""
        rows = self.state.rows("ConnectionConfigField", ErpConnectionId=connection_id)
        return {row["FieldKey"]: row["FieldValue"] for row in rows}

    def with_resend(self, connection: Row, author: Author, ask: Callable[[], ConnectorAnswer]) -> ConnectorAnswer:
        """Ask the connector; where it does not know the connection, send the stored config again and ask once more.

        Source: SuperOffice docs, ERP connectors, sync operation: UNKNOWN_CONNECTION_ID.
        """
        answer = ask()
        if answer.code != UNKNOWN_CONNECTION_ID:
            return answer
        config = self.config_of(connection["ErpConnectionId"])
        resent = self.connectors.save(self.url_of(connection), connection["ConnectionId"], config, author)
        return ask() if resent.ok else resent

    def without_connector(self, answer: ConnectorAnswer) -> None:
        """Answer a read whose connector failed, as the switch says: null, or by raising."""
        if self.switches.connector_unreachable == "server_error":
            raise Trouble(answer.explanation, "EndpointNotFoundException")
        if self.switches.connector_unreachable == "error_object":
            raise ErrorObject(answer.explanation)


@dataclass(frozen=True)
class Ask:
    """One request, decoded.

    Attributes:
        body: the JSON object of the body; empty for operations that take none.
        query: the query string, names in lower case.
        author: who asks, for the history.
        who: `user`, or `system` for the system user of an Online tenant.
    """

    body: Members
    query: Mapping[str, str]
    author: Author
    who: str = "user"

    def query_id(self, name: str) -> int:
        """A whole number of the query string.

        Raises:
            Malformed: it is missing or not a number.
        """
        try:
            return int(self.query[name.lower()])
        except (KeyError, ValueError) as error:
            raise Malformed(f"The query must hold the integer {name}.") from error


Operation = Callable[[Office, Ask], Any]
