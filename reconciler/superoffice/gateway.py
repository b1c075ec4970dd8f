"""Reader, Tester and Writer of one tenant: each question, test and write of `ports` as one call (or a few reads).

Source: SuperOffice docs, ErpSync agent swagger (names of members in bodies: GetConfigurationFields takes ErpConnectorId,
GetErpSyncConnectionSummary takes ErpSyncConnectionId, SaveErpSyncConnectorEntity the bare row, Get- and
DeleteErpSyncConnectorEntity an id in the query); REST reference of MDOList/usergroup, archive/dynamic, User/currentPrincipal.

Effects: network, through the client it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from reconciler.errors import ConnectorUnavailable, ReadError, TargetError, UnauthorizedError
from reconciler.model import ConfigField, Connection, Connector, ErpField, Listed, Named, Result, Secret, Stamp, TestResult
from reconciler.superoffice.answers import Unreadable, error_message, read_json
from reconciler.superoffice.client import Client
from reconciler.superoffice.overheard import Overheard
from reconciler.superoffice.readings import TEST_CONFIG_TAKES
from reconciler.superoffice.transport import Exchange, NoReply, Reply
from reconciler.superoffice.verdicts import verdict
from reconciler.wire import archives, carriers, mappings
from reconciler.wire.operations import OPERATIONS, Answer

__all__ = ["Gateway"]

T = TypeVar("T")
Row = TypeVar("Row", Connection, Connector)

_CODES: Final = ("NoError", "ErrorConnectorHasConnections", "ErrorNotFound")
_NOT_GRANTED: Final = (
    "The login is known but may not do this. Online, the ErpSync agent must be granted to the registered app (template "
    '"Standard ERP sync and quote app"); onsite, the role of the user must allow administration.'
)


class Gateway:
    """A tenant as the flow sees it. Reads may come from several threads; writes come one at a time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._overheard = Overheard()
        self._lacking: set[str] = set()  # operations that this server turned out not to have

    def conceal(self, secrets: Iterable[Secret]) -> None:
        """Never show these in a text of the server, whether or not they were sent by us."""
        self._client.conceal(secrets)

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._client.close()

    # --- Reader ---

    def connectors(self) -> Sequence[Connector]:
        """Every connector that is not deleted, by id.

        Raises:
            ReadError: it lists one that it does not know when asked for it.
        """
        ids = self._read_or_archive(
            "GetAllConnectors",
            lambda: self._read("GetAllConnectors", carriers.connector_ids_from),
            lambda: self._archive("ConnectorRows", archives.connector_ids_from, {"$select": archives.CONNECTOR_COLUMNS}),
        )
        found = self._together(self.connector, ids)
        if unknown := [key for key, one in zip(ids, found, strict=True) if one is None]:
            raise _read_error("GetErpSyncConnectorEntity", 200, f"connector #{unknown[0]} is listed, and asked for it there is none")
        return tuple(one for one in found if one is not None and not one.deleted)

    def connector(self, connector_id: int) -> Connector | None:
        """One connector, deleted or not; None when the tenant knows no such id."""
        query = {"erpSyncConnectorEntityId": str(connector_id)}
        return self._row("GetErpSyncConnectorEntity", carriers.connector_from, connector_id, query=query)

    def list_connections(self, *, include_deleted: bool) -> Sequence[Listed]:
        """Ids and names, by id. Nothing else in the list is reliable."""
        query = {"$select": archives.CONNECTION_COLUMNS, **({"$entities": archives.WITH_DELETED} if include_deleted else {})}
        return self._read_or_archive(
            "GetAllConnections",
            lambda: self._read("GetAllConnections", carriers.listed_from, {"IncludeDeleted": include_deleted}),
            lambda: self._archive("ConnectionRows", lambda rows: archives.connections_from(rows, include_deleted=include_deleted), query),
        )

    def connection(self, connection_id: int) -> Connection | None:
        """One connection in full, deleted or not; None when the tenant knows no such id."""
        row = self._row("GetConnection", carriers.connection_from, connection_id, {"ErpConnectionId": connection_id})
        if row is not None:
            self._client.conceal(map(Secret, self._overheard.values(row.connector_id, row.config)))
        return row

    def config_fields(self, connector_id: int) -> Sequence[ConfigField]:
        """The config fields the connector declares. Asks the connector itself.

        Raises:
            ConnectorUnavailable: the tenant answered, but not with a list of fields; or it took the question and went silent,
                as it does while it waits for the connector.
        """
        fields = self._from_connector("GetConfigurationFields", carriers.config_fields_from, {"ErpConnectorId": connector_id})
        self._client.conceal(map(Secret, self._overheard.types(connector_id, fields)))
        return fields

    def user_groups(self) -> Sequence[Named]:
        """Every user group, deleted ones included, by id; names are raw."""
        return self._read("UserGroups", carriers.user_groups_from, query={"flat": "true"})

    def associates(self) -> Sequence[Named]:
        """Every associate by login, deleted ones included, by id."""
        return self._archive("Associates", carriers.associates_from, {"$select": carriers.ASSOCIATE_COLUMNS})

    def erp_fields(self, connection_id: int) -> Sequence[ErpField]:
        """Every stored ERP field of a connection, by id (archive ErpField). Does not reach the connector."""
        query = {"$select": mappings.ERP_FIELD_COLUMNS, "$filter": f"ConnectionId eq {connection_id}"}
        return self._archive("ErpFields", mappings.erp_fields_from, query)

    def all_erp_fields(self) -> Sequence[ErpField]:
        """The stored ERP fields of every connection, by id; one call per page of the archive."""
        return self._archive("ErpFields", mappings.erp_fields_from, {"$select": mappings.ERP_FIELD_COLUMNS})

    def actor_is_active(self, connection_id: int, actor_type: str) -> bool:
        """Whether an actor type is synchronised on a connection (GetActorTypeMapping, IsActive)."""
        body = {"ErpConnectionId": connection_id, "ActorType": actor_type}
        return self._read("GetActorTypeMapping", carriers.is_active_from, body)

    def can_delete_connector(self, connector_id: int) -> str:
        """`NoError`, `ErrorConnectorHasConnections` or `ErrorNotFound`."""
        return self._read("CanDeleteErpSyncConnectorEntity", _code, {"ErpSyncConnectorId": connector_id})

    def last_sync(self, connection_id: int) -> str | None:
        """When the connection last synchronised (ISO text); None for never or unknown."""
        body = {"ErpSyncConnectionId": connection_id}
        return self._read("GetErpSyncConnectionSummary", lambda json: None if json is None else carriers.last_sync_from(json), body)

    def principal(self) -> str:
        """Who the tenant says we are (login name); empty when it does not say."""
        return self._read("CurrentPrincipal", lambda json: "" if json is None else carriers.login_from(json))

    def stamps(self) -> Mapping[int, Stamp]:
        """Who saved each connection last, and when, by id, deleted ones included (archive ErpConnection)."""
        query = {"$select": archives.STAMP_COLUMNS, "$entities": archives.WITH_DELETED}
        return self._archive("ConnectionRows", archives.stamps_from, query)

    @property
    def ahead(self) -> float | None:
        """Seconds by which our clock was ahead of the server's at its last answer; None while it has not told its time."""
        return self._client.ahead

    # --- Tester ---

    def test_connection(self, connection_id: int) -> TestResult:
        """Test a stored connection as it is (TestConnectionById)."""
        return self._test("TestConnectionById", {"ErpConnectionId": connection_id})

    def test_config(self, connector_id: int, config: Mapping[str, str | Secret]) -> TestResult:
        """Test encoded config values that are not stored (TestConnectionByConfig)."""
        if TEST_CONFIG_TAKES != "connector":
            raise NotImplementedError("the Tester protocol hands over the connector's id")
        secrets = [value for value in config.values() if isinstance(value, Secret)]
        fields = {key: value.reveal() if isinstance(value, Secret) else value for key, value in config.items()}
        return self._test("TestConnectionByConfig", {"ErpConnectionId": connector_id, "ConfigFields": fields}, secrets)

    def test_url(self, url: str) -> TestResult:
        """Ask whether a connector answers at a URL (TestConnectorUrl)."""
        return self._test("TestConnectorUrl", {"Url": url})

    # --- Writer ---

    def save_connection(self, connection: Connection, secrets: Mapping[str, Secret]) -> Result:
        """Create (id 0) or replace a connection."""
        key = "SaveConnection" if connection.id else "CreateConnection"
        body = {"Connection": carriers.connection_to(connection, secrets)}
        return self._write(key, body, row_id=connection.id, secrets=secrets.values())

    def delete_connection(self, connection_id: int) -> Result:
        """Soft-delete a connection."""
        return self._write("DeleteConnection", {"ErpConnectionId": connection_id})

    def toggle(self, connection_id: int) -> Result:
        """Flip Active. Reasons mean that the server says it refused: outcome NOT_APPLIED, still to be proved by a read."""
        return self._write("ToggleErpConnectionActive", {"ErpConnectionId": connection_id})

    def refresh(self, connection_id: int) -> Result:
        """Ask the connector for its fields again (UpdateConnectionFields)."""
        return self._write("UpdateConnectionFields", {"ErpConnectionId": connection_id})

    def save_connector(self, connector: Connector) -> Result:
        """Create (id 0) or replace a connector."""
        key = "SaveErpSyncConnectorEntity" if connector.id else "CreateConnector"
        return self._write(key, carriers.connector_to(connector), row_id=connector.id)

    def delete_connector(self, connector_id: int) -> Result:
        """Soft-delete a connector; the server does not say whether it worked."""
        return self._write("DeleteErpSyncConnectorEntity", query={"erpSyncConnectorEntityId": str(connector_id)})

    # --- how each of the three is done ---

    def _read(self, key: str, build: Callable[[Any], T], body: Any = None, query: Mapping[str, str] | None = None) -> T:
        return self._value(key, self._client.repeatable(key, body=body, query=query), build)

    def _from_connector(self, key: str, build: Callable[[Any], T], body: Any) -> T:
        """A read for which the tenant asks the connector: no answer, or none of the right kind, is the connector's silence."""
        exchange = self._client.repeatable(key, body=body)
        waited = isinstance(exchange, NoReply) and exchange.sent
        if waited or (isinstance(exchange, Reply) and exchange.status in (200, 500, 504)):
            try:
                return self._value(key, exchange, build)
            except ReadError as error:
                raise ConnectorUnavailable(
                    "Connector did not answer",
                    error.detail,
                    "Check that the connector runs and that its URL is right: `reconciler test` asks again.",
                    operation=error.operation,
                    status=error.status,
                ) from None
        return self._value(key, exchange, build)

    def _read_or_archive(self, key: str, read: Callable[[], T], archive: Callable[[], T]) -> T:
        """What an operation answers, or an archive where the server is too old to have it; that is found out once in a session."""
        if key not in self._lacking:
            try:
                return read()
            except ReadError as error:
                if error.status != 404:
                    raise
                self._lacking.add(key)
        return archive()

    def _archive(self, key: str, build: Callable[[Any], T], query: Mapping[str, str]) -> T:
        """All pages of an archive. The server's link to the next one is never followed: it may name another host."""
        rows: list[Any] = []
        begins: list[Any] = []
        while True:
            page, more = self._read(key, carriers.archive_page_from, query={**query, **({"$skip": str(len(rows))} if rows else {})})
            if page and page[0] in begins:
                raise _read_error(key, 200, "it answered with the same page twice")
            begins += page[:1]
            rows += page
            if not (more and page):
                return self._built(key, rows, build)

    def _row(
        self, key: str, build: Callable[[Any], Row], row_id: int, body: Any = None, query: Mapping[str, str] | None = None
    ) -> Row | None:
        """One row, which must be the one that was asked for; None for `null`."""
        row = self._read(key, lambda json: None if json is None else build(json), body, query)
        if row is not None and row.id != row_id:
            raise _read_error(key, 200, "it answered with another row than the one that was asked for")
        return row

    def _value(self, key: str, exchange: Exchange, build: Callable[[Any], T]) -> T:
        """What a read answered, or the error that says why that cannot be trusted."""
        operation = OPERATIONS[key]
        if isinstance(exchange, NoReply):
            raise _read_error(key, None, f"there was no answer: {self._client.show(exchange.why)}", exchange.hint)
        try:
            json, problem = read_json(exchange), ""
        except Unreadable as error:
            json, problem = None, f"it answered {error}"
        words = error_message(json, operation.answer)
        if exchange.status in (401, 403):
            raise self._unauthorized(key, exchange.status, words or "")
        if exchange.status != 200 or problem or words is not None:
            told = self._client.show(words) if words else problem
            raise _read_error(key, exchange.status, f"it answered {exchange.status}" + (f": {told}" if told else ""))
        return self._built(key, json, build)

    def _built(self, key: str, json: Any, build: Callable[[Any], T]) -> T:
        try:
            return build(json)
        except carriers.WireError as error:
            raise _read_error(key, 200, self._client.show(str(error))) from None

    def _unauthorized(self, key: str, status: int, words: str) -> UnauthorizedError:
        summary = "SuperOffice does not know this login" if status == 401 else "SuperOffice does not allow this"
        told = f": {self._client.show(words).rstrip('.')}" if words else ""
        hint = self._client.auth.hint if status == 401 else _NOT_GRANTED
        name = OPERATIONS[key].name
        return UnauthorizedError(summary, f"{name} answered {status}{told}.", hint, operation=name, status=status)

    def _together(self, read: Callable[[int], T], ids: Sequence[int]) -> list[T]:
        """The same read for several ids, a few at a time, in the order of the ids."""
        if len(ids) < 2 or self._client.parallel == 1:
            return [read(one) for one in ids]
        pool = ThreadPoolExecutor(self._client.parallel, thread_name_prefix="read")
        try:
            return list(pool.map(read, ids))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _test(self, key: str, body: Any, secrets: Sequence[Secret] = ()) -> TestResult:
        began = self._client.clock.monotonic()
        exchange = self._client.repeatable(key, body=body, secrets=secrets)
        seconds = self._client.clock.monotonic() - began
        try:
            answer = self._value(key, exchange, _code if OPERATIONS[key].answer is Answer.RESPONSE_CODE else _boolean)
        except TargetError as error:
            return TestResult(None, seconds, f"{error.summary}: {error.detail}")
        return TestResult(answer in (True, "NoError"), seconds, answer if isinstance(answer, str) and answer != "NoError" else "")

    def _write(
        self, key: str, body: Any = None, *, query: Mapping[str, str] | None = None, row_id: object = 0, secrets: Any = ()
    ) -> Result:
        exchange = self._client.once(key, body=body, query=query, secrets=secrets)
        return verdict(OPERATIONS[key], exchange, row_id=row_id, show=self._client.show)


def _read_error(key: str, status: int | None, detail: str, hint: str = "") -> ReadError:
    name = OPERATIONS[key].name
    hint = hint or {
        None: "Check that the address of the target is right and that SuperOffice is running, then repeat the command.",
        404: "Check `url` of the target in targets.yaml; servers before NetServer 10.1.5 lack some operations.",
        421: "The tenant has moved to another host; repeat the command.",
        429: "SuperOffice limits the calls; lower `limits.calls_per_second` of the target, or wait, then repeat the command.",
    }.get(status, "Repeat the command. `reconciler target check` tells whether the tenant is ready; --debug shows each call.")
    if status is not None and 300 <= status < 400:
        hint = "Redirects are never followed; set `url` of the target to where SuperOffice itself answers."
    return ReadError("SuperOffice could not be read", f"{name}: {detail.rstrip('.')}.", hint, operation=name, status=status)


def _code(json: Any) -> str:
    if json in _CODES:
        return str(json)
    raise carriers.WireError("ErpSyncResponseCode", f"one of {', '.join(_CODES)}", json)


def _boolean(json: Any) -> bool:
    if isinstance(json, bool):
        return json
    raise carriers.WireError("the answer", "true or false", json)
