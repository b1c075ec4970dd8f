"""The rows of the API, both ways: JSON members in PascalCase <-> values of the model.

Reading never trusts: a member that is missing or of another type raises `WireError`, which names it and never shows a
value. Texts, lists and dictionaries may be null and then read as empty, because the API does not tell the two apart.
Writing always gives the whole carrier, because a save replaces everything and an omitted bool is false.

Source: SuperOffice docs, ErpSync agent swagger, definitions ErpConnection, ErpSyncConnectorEntity, FieldMetadata, ListItem,
ErpSyncConnectionSummary; MDO list swagger, MDOListItem; SOAP schema of the same carriers (which members are nullable).

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from reconciler.model import ConfigField, Connection, Connector, FieldType, Listed, Named, Secret

__all__ = [
    "RIGHTS",
    "Row",
    "WireError",
    "archive_page_from",
    "associates_from",
    "config_fields_from",
    "connection_from",
    "connection_to",
    "connector_from",
    "connector_ids_from",
    "connector_to",
    "each_once",
    "is_active_from",
    "last_sync_from",
    "list_of",
    "listed_from",
    "login_from",
    "user_groups_from",
]

Json = Any  # what json.loads gives

NO_DATE: Final = "0001-01-01T00:00:00"
"""How an unset date appears. Source: fixtures of the official TypeScript client (Webhook.json)."""

RIGHTS: Final[Mapping[str, Any]] = {"TableRight": None, "FieldProperties": {}}
"""The two members that every carrier has; they are no input."""

_ASSOCIATE: Final = ("associate.associate_id", "associate.name", "associate.deleted", "associate.type")

ASSOCIATE_COLUMNS: Final = ",".join(_ASSOCIATE)
"""What is selected from the dynamic archive. Source: SuperOffice docs, table associate; name is the login."""


class WireError(ValueError):
    """An answer that is not what it should be. `place` is the member, `expected` its type; no value is ever kept."""

    def __init__(self, place: str, expected: str, found: object) -> None:
        self.place = place
        self.expected = expected
        super().__init__(f"{place}: expected {expected}, found {_kind(found)}")


def connection_from(json: Json) -> Connection:
    """ErpConnection as GetConnection and SaveConnection give it.

    Raises:
        WireError: a member is missing or of another type.
    """
    row = Row(json, "ErpConnection")
    return Connection(
        id=row.integer("ErpConnectionId"),
        guid=row.text("ConnectionId"),
        connector_id=row.integer("ErpConnectorId"),
        name=row.text("DisplayName"),
        description=row.text("DisplayDescription"),
        active=row.boolean("Active"),
        deleted=row.boolean("Deleted"),
        cursor=row.text_or_null("MostRecentTimestamp"),
        everyone=row.boolean("AllAccess"),
        groups=row.integers("UserGroupAccessIds"),
        users=row.integers("AssociateAccessIds"),
        config=row.texts("ConfigFields"),
    )


def connection_to(connection: Connection, secrets: Mapping[str, Secret]) -> dict[str, Any]:
    """The whole ErpConnection to save; it holds the secrets in clear, so it goes nowhere but into the request.

    Raises:
        ValueError: a config key is both plain and secret.
    """
    if twice := sorted(connection.config.keys() & secrets.keys()):
        raise ValueError(f"config keys given both as plain values and as secrets: {', '.join(twice)}")
    return {
        "ErpConnectionId": connection.id,
        "ErpConnectorId": connection.connector_id,
        "DisplayName": connection.name,
        "DisplayDescription": connection.description,
        "Active": connection.active,
        "ConnectionId": connection.guid or None,  # the server makes it
        "MostRecentTimestamp": connection.cursor,
        "ConfigFields": {**connection.config, **{key: secret.reveal() for key, secret in secrets.items()}},
        "Deleted": connection.deleted,
        "AllAccess": connection.everyone,
        "UserGroupAccessIds": list(connection.groups),
        "AssociateAccessIds": list(connection.users),
        **RIGHTS,
    }


def listed_from(json: Json) -> tuple[Listed, ...]:
    """The rows of GetAllConnections by id. Only id, name and description are documented to be filled, so only they are read."""
    rows = [Row(one, f"ErpConnection[{at}]") for at, one in enumerate(list_of(json, "ErpConnection[]"))]
    found = [Listed(row.identity("ErpConnectionId"), row.text("DisplayName"), row.text("DisplayDescription")) for row in rows]
    each_once([one.id for one in found], "ErpConnection[].ErpConnectionId")
    return tuple(sorted(found, key=lambda one: one.id))


def connector_from(json: Json) -> Connector:
    """ErpSyncConnectorEntity."""
    row = Row(json, "ErpSyncConnectorEntity")
    return Connector(id=row.integer("ErpConnectorId"), name=row.text("DisplayName"), url=row.text("URL"), deleted=row.boolean("Deleted"))


def connector_to(connector: Connector) -> dict[str, Any]:
    """The whole ErpSyncConnectorEntity to save."""
    return {
        "ErpConnectorId": connector.id,
        "DisplayName": connector.name,
        "URL": connector.url,
        "Deleted": connector.deleted,
        **RIGHTS,
    }


def connector_ids_from(json: Json) -> tuple[int, ...]:
    """The ids in GetAllConnectors; what its other members hold is not certain."""
    rows = [Row(one, f"ListItem[{at}]") for at, one in enumerate(list_of(json, "ListItem[]"))]
    return tuple(sorted({row.identity("Id") for row in rows}))


def config_fields_from(json: Json) -> tuple[ConfigField, ...]:
    """The FieldMetadata rows of GetConfigurationFields, in the connector's order."""
    fields = []
    for at, one in enumerate(list_of(json, "FieldMetadata[]")):
        row = Row(one, f"FieldMetadata[{at}]")
        access = row.choice("Access", ("Normal", "Mandatory", "ReadOnly"))
        fields.append(
            ConfigField(
                key=row.name("FieldKey"),
                type=FieldType(row.choice("FieldType", tuple(FieldType))),
                label=row.text("DisplayName"),
                mandatory=access == "Mandatory",
                read_only=access == "ReadOnly",
                default=row.text("DefaultValue"),
                max_length=max(row.integer("MaxLength"), 0),
                list_name=row.text("ListName"),
            )
        )
    each_once([one.key for one in fields], "FieldMetadata[].FieldKey")
    return tuple(fields)


def user_groups_from(json: Json) -> tuple[Named, ...]:
    """The rows of MDO list `usergroup`, by id; pseudo items (id 0 and below) are left out."""
    rows = [Row(one, f"MDOListItem[{at}]") for at, one in enumerate(list_of(json, "MDOListItem[]"))]
    return _by_id(Named(row.integer("Id"), row.text("Name"), row.boolean("Deleted")) for row in rows)


def archive_page_from(json: Json) -> tuple[list[Json], bool]:
    """The rows of one page of an archive, and whether the server says that there are more.

    Rows come as a list, or as `value` of an OData object.

    Source: SuperOffice docs, "Working with dashboards" (the OData object), REST WebAPI search (pages, `$skip`).
    """
    if not isinstance(json, Mapping):
        return list_of(json, "archive rows"), False
    return list_of(json.get("value"), "archive rows"), bool(json.get("odata.nextLink") or json.get("@odata.nextLink"))


def associates_from(json: Json) -> tuple[Named, ...]:
    """The associates in rows of the dynamic archive, by id; rows without a login are left out.

    Source: SuperOffice docs, "Create a list" (member names hold the table's name).
    """
    rows = [Row(one, f"archive row[{at}]") for at, one in enumerate(list_of(json, "archive rows"))]
    identity, login, deleted, _ = _ASSOCIATE
    return _by_id(Named(row.integer(identity), row.text(login), row.flag(deleted)) for row in rows if row.text(login))


def is_active_from(json: Json) -> bool:
    """IsActive of ErpSyncActorTypeMapping; an actor type that the connection does not have (null) is not active."""
    return json is not None and Row(json, "ErpSyncActorTypeMapping").boolean("IsActive")


def last_sync_from(json: Json) -> str | None:
    """LastSync of ErpSyncConnectionSummary; None for never."""
    moment = Row(json, "ErpSyncConnectionSummary").text("LastSync")
    return None if not moment or moment.startswith(NO_DATE) else moment


def login_from(json: Json) -> str:
    """The login name in SoPrincipalCarrier. Source: SuperOffice docs, REST reference, GET User/currentPrincipal."""
    return Row(json, "SoPrincipalCarrier").text("Associate")


class Row:
    """One JSON object whose members are read by name and type."""

    def __init__(self, json: Json, place: str) -> None:
        if type(json) is not dict and not isinstance(json, Mapping):  # the second alone would cost as much as the rest of a row
            raise WireError(place, "an object", json)
        self._json = json
        self.place = place

    def member(self, name: str) -> Json:
        """Whatever it holds, null included."""
        if name not in self._json:
            raise WireError(f"{self.place}.{name}", "a member", _MISSING)
        return self._json[name]

    def integer(self, name: str) -> int:
        """A whole number of 32 bits."""
        value = self.member(name)
        if type(value) is not int or not -(2**31) <= value < 2**31:
            raise WireError(f"{self.place}.{name}", "a 32-bit integer", value)
        return value

    def identity(self, name: str) -> int:
        """The id of a row that is stored."""
        value = self.integer(name)
        if value <= 0:
            raise WireError(f"{self.place}.{name}", "an id above 0", value)
        return value

    def stored_id(self, name: str) -> int:
        """The id of a row in an archive, which gives it as a number or as a text."""
        value = self.member(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and value[0] != "0" and int(value) < 2**31:
            return int(value)
        return self.identity(name)

    def boolean(self, name: str) -> bool:
        """A truth value of a carrier."""
        value = self.member(name)
        if not isinstance(value, bool):
            raise WireError(f"{self.place}.{name}", "true or false", value)
        return value

    def flag(self, name: str) -> bool:
        """A truth value of a table column, which an archive may give as 0 and 1."""
        value = self.member(name)
        if value in (0, 1):
            return bool(value)
        raise WireError(f"{self.place}.{name}", "true or false", value)

    def text(self, name: str) -> str:
        """A text; null is empty."""
        value = self.member(name)
        if not (value is None or isinstance(value, str)):
            raise WireError(f"{self.place}.{name}", "a string", value)
        return value or ""

    def text_or_null(self, name: str) -> str | None:
        """A text, or null where the two are to be told apart."""
        return None if self.member(name) is None else self.text(name)

    def name(self, name: str) -> str:
        """A text that is not empty."""
        value = self.text(name)
        if not value:
            raise WireError(f"{self.place}.{name}", "a string that is not empty", value)
        return value

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """One of these texts."""
        value = self.text(name)
        if value not in allowed:
            raise WireError(f"{self.place}.{name}", f"one of {', '.join(allowed)}", value)
        return value

    def integers(self, name: str) -> tuple[int, ...]:
        """In the order in which they came, because a save echoes them."""
        values = self.member(name)
        if values is None:
            return ()
        if not isinstance(values, list) or any(type(value) is not int for value in values):
            raise WireError(f"{self.place}.{name}", "a list of integers", values)
        return tuple(values)

    def rows(self, name: str) -> list[Json]:
        """A list of whatever; null is empty."""
        values = self.member(name)
        return [] if values is None else list_of(values, f"{self.place}.{name}")

    def texts(self, name: str) -> dict[str, str]:
        """An object of texts; null is empty, as a whole and in each."""
        values = self.member(name)
        if values is None:
            return {}
        if not isinstance(values, Mapping) or any(not isinstance(value, str | None) for value in values.values()):
            raise WireError(f"{self.place}.{name}", "an object of strings", values)
        return {key: value or "" for key, value in values.items()}


_MISSING: Final = object()


def list_of(json: Json, place: str) -> list[Json]:
    """A JSON list, or an error that names its place."""
    if not isinstance(json, list):
        raise WireError(place, "a list", json)
    return json


def each_once(keys: Sequence[object], place: str) -> None:
    """Refuse keys of which one comes twice."""
    if len(set(keys)) != len(keys):
        raise WireError(place, "each value once", keys)


def _by_id(rows: Any) -> tuple[Named, ...]:
    found = [row for row in rows if row.id > 0]
    each_once([row.id for row in found], "Id")
    return tuple(sorted(found, key=lambda row: row.id))


def _kind(value: object) -> str:
    """What a value is, never what it says."""
    if value is _MISSING:
        return "nothing"
    kinds: dict[type, str] = {bool: "true or false", int: "a number", float: "a number", str: "a string", list: "a list", dict: "an object"}
    return "null" if value is None else kinds.get(type(value), "something else")
