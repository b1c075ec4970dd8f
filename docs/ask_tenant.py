"""Ask a development tenant what public documents leave open, and write the answers down.

    python docs/ask_tenant.py TARGET                            reads only
    python docs/ask_tenant.py TARGET --connector NAME --writes  also a throw-away connection: made, changed and deleted again

TARGET is an entry of targets.yaml. Without --writes nothing is written. With it, every write is announced before it is sent, and asked
about unless --yes is given; all of them are about one connection that this script made itself and that is never activated. Tests let the
tenant call the connector, as the Test button does. Values of connections, names of people and credentials are neither shown nor kept:
answers say what kind of thing came back.

docs/unknowns.md says what each question decides.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from reconciler.errors import ReconcilerError
from reconciler.session import Session, open_target
from reconciler.superoffice.answers import Unreadable, read_json
from reconciler.superoffice.transport import Exchange, NoReply
from reconciler.wire.operations import Answer, Kind, Operation

NO_SUCH_ID = 2_000_000_011
LANGUAGE_FORM = 'US:"'
CURSOR = "reconciler-asked"
NAME = "reconciler: a question, to be deleted"
DECLINED = "not asked: declined"
OK = 200
ATTEMPTS = 4  # to delete what was made
PAUSE_S = 2.0


@dataclass
class Tenant:
    """The tenant, as this script asks it.

    Attributes:
        connector: the id of the connector that the throw-away connection is made on; 0 for none.
        config: values for its configuration.
        row: the throw-away connection as it was read last; empty until it exists.
        before: the ids that there were when a creation was sent; None as long as none was.
        unclear: whether the creation was answered so that it may still happen.
        says: shows a line to the person.
        agrees: asks the person about one write.
    """

    session: Session
    connector: int
    config: Mapping[str, str]
    says: Callable[[str], None]
    agrees: Callable[[str], bool]
    row: dict[str, Any] = field(default_factory=dict)
    before: frozenset[int] | None = None
    unclear: bool = False

    def read(self, key: str | Operation, body: Any = None, query: Mapping[str, str] | None = None, name: str = "") -> tuple[int, Any]:
        """Status and JSON; status 0 where nothing came, and JSON `...` where it was none."""
        return told(self.session.opened.client.repeatable(key, body=body, query=query, name=name))

    def write(self, key: str, why: str, body: Any = None, sending: Callable[[], None] = lambda: None) -> tuple[int, Any]:
        """One write, announced. Raises `Declined` when the person says no; `sending` is told when it is about to go out."""
        self.says(f"  write: {key}, {why}")
        if not self.agrees(f"  Send {key}?"):
            raise Declined
        sending()
        return told(self.session.opened.client.once(key, body=body))

    def reread(self) -> dict[str, Any]:
        """The throw-away connection as it is now. Raises `Unsure` when what comes is not this row: nothing is saved from that."""
        status, row = self.read("GetConnection", {"ErpConnectionId": self.row["ErpConnectionId"]})
        if status != OK or not isinstance(row, dict) or row.get("ErpConnectionId") != self.row["ErpConnectionId"]:
            raise Unsure(f"the connection cannot be read ({kind_of(status, row)})")
        return row

    def save(self, why: str, **change: Any) -> tuple[int, dict[str, Any]]:
        """Save the throw-away connection, inactive, with some members changed; status and how it reads afterwards."""
        body = {**self.reread(), **change, "Active": False, "Deleted": False}
        status, _ = self.write("SaveConnection", why, {"Connection": body})
        return status, self.reread()

    def find(self) -> bool:
        """Look for what a creation made, also one that was not answered; whether it was found."""
        for row in connections(self):
            if row.get("DisplayName") == NAME and row["ErpConnectionId"] not in (self.before or frozenset()):
                self.row = {"ErpConnectionId": row["ErpConnectionId"]}
        return bool(self.row)

    def is_gone(self) -> bool:
        """Whether nothing of ours is left: the row says Deleted, or the tenant says that there is none."""
        if self.before is None:
            return True
        if not self.row and not self.find():
            return not self.unclear
        status, row = self.read("GetConnection", {"ErpConnectionId": self.row["ErpConnectionId"]})
        own = isinstance(row, dict) and row.get("ErpConnectionId") == self.row["ErpConnectionId"]
        return status == OK and (row is None or (own and row.get("Deleted") is True))


class Declined(Exception):
    """The person does not want this write."""


class Unsure(Exception):
    """What came is not what was asked for; the message says what kind of thing it was."""


@dataclass(frozen=True)
class Question:
    """One question. `code` is its name in docs/unknowns.md."""

    code: str
    text: str
    ask: Callable[[Tenant], str]


def told(exchange: Exchange) -> tuple[int, Any]:
    """Status and JSON of an exchange."""
    if isinstance(exchange, NoReply):
        return 0, ...
    try:
        return exchange.status, read_json(exchange)
    except Unreadable:
        return exchange.status, ...


def kind_of(status: int, value: Any) -> str:
    """What came back, in words that hold no value."""
    if status == 0:
        return "no answer"
    if value is ...:
        return str(status) if status == 204 else f"{status} without JSON"
    if isinstance(value, dict):
        if value.get("Error") is True or "ErrorType" in value:
            return f"{status} with an error object ({value.get('ErrorType', 'no type')})"
        if "Message" in value and "ErpConnectionId" not in value:
            return f"{status} with a Message"
        return f"{status} with an object"
    names = {list: "a list", str: "a text", bool: str(value).lower(), type(None): "null"}
    return f"{status} with {names.get(type(value), 'a number')}"


def value_kind(value: Any) -> str:
    """What kind of value a password reads as; never the value."""
    if value is None:
        return "null"
    if not isinstance(value, str) or not value:
        return "blank"
    return "masked (one character, repeated)" if len(set(value)) == 1 else "a text, perhaps in clear"


# --- questions that are answered by reading ---


def unknown_id(tenant: Tenant) -> str:
    return kind_of(*tenant.read("GetConnection", {"ErpConnectionId": NO_SUCH_ID}))


def passwords(tenant: Tenant) -> str:
    found: set[str] = set()
    for connection in connections(tenant):
        _, row = tenant.read("GetConnection", {"ErpConnectionId": connection["ErpConnectionId"]})
        if not isinstance(row, dict):
            continue
        _, fields = tenant.read("GetConfigurationFields", {"ErpConnectorId": row.get("ErpConnectorId")})
        for one in fields if isinstance(fields, list) else ():
            if one.get("FieldType") == "Password":
                found.add(value_kind((row.get("ConfigFields") or {}).get(one.get("FieldKey"))))
    return ", ".join(sorted(found)) or "no connection here has a Password field"


def connections(tenant: Tenant) -> list[dict[str, Any]]:
    status, rows = tenant.read("GetAllConnections", {"IncludeDeleted": False})
    if status != OK or not isinstance(rows, list):
        raise Unsure(f"the connections cannot be listed ({kind_of(status, rows)})")
    return rows


def list_members(tenant: Tenant) -> str:
    rows = connections(tenant)
    filled = sorted({name for row in rows for name, value in row.items() if value not in (None, "", 0, False, [], {})})
    return f"{len(rows)} rows; filled members: {', '.join(filled) or 'none'}"


def deleted_connectors(tenant: Tenant) -> str:
    _, items = tenant.read("GetAllConnectors")
    rows = [tenant.read("GetErpSyncConnectorEntity", query={"erpSyncConnectorEntityId": str(one.get("Id"))})[1] for one in items or ()]
    deleted = sum(1 for row in rows if isinstance(row, dict) and row.get("Deleted"))
    return f"{len(rows)} connectors, {deleted} of them deleted"


def archive_stamps(tenant: Tenant) -> str:
    archive = Operation("ErpConnections", Kind.READ, Answer.ARCHIVE, "archive/ErpConnection", "GET")
    status, value = tenant.read(archive, query={"$select": "id,name,updatedDate,updatedBy"})
    rows = value.get("value") if isinstance(value, dict) else None
    names = sorted({name for row in rows or () for name in row})
    return f"{kind_of(status, value)}; columns: {', '.join(names) or 'none'}"


def order(tenant: Tenant) -> str:
    status, items = tenant.read("SyncPriority", query={"additional": "useRank=true"})
    ids = [one.get("Id") for one in items] if isinstance(items, list) else []
    return f"{kind_of(status, items)}; {len(ids)} items, SuperOffice (0) is {'there' if 0 in ids else 'not there'}"


def interval(tenant: Tenant) -> str:
    status, engine = tenant.read("GetEngineStatus")
    text = engine.get("Interval") if isinstance(engine, dict) else None
    if not isinstance(text, str):
        return f"{kind_of(status, engine)}; Interval is no text"
    return "Interval reads as " + (
        "an ISO duration" if text.startswith("P") else f"a text like {''.join('9' if c.isdigit() else c for c in text)}"
    )


def raw_texts(tenant: Tenant) -> str:
    raw = any(LANGUAGE_FORM in str(row.get("DisplayName")) for row in connections(tenant))
    _, groups = tenant.read("UserGroups", query={"flat": "true"})
    raw_groups = any(LANGUAGE_FORM in str(one.get("Name")) for one in groups) if isinstance(groups, list) else False
    return f"names of connections {'have' if raw else 'have no'} languages, names of groups {'have' if raw_groups else 'have no'} languages"


def dead_host(tenant: Tenant) -> str:
    status, value = tenant.read("TestConnectorUrl", {"Url": "https://nobody.invalid/ErpConnectorWS.svc"})
    return f"{kind_of(status, value)}{f': {value}' if isinstance(value, str) and len(value) < 40 else ''}"


def crm_fields(tenant: Tenant) -> str:
    fields = Operation("CrmFields", Kind.READ, Answer.MDO_ITEMS, "MDOList/crmfields", "GET")
    status, items = tenant.read(fields, query={"flat": "true", "additional": "Customer"})
    keyed = sum(1 for one in items if one.get("ExtraInfo")) if isinstance(items, list) else 0
    listed = sum(1 for one in items if "table=" in str(one.get("StyleHint"))) if isinstance(items, list) else 0
    return f"{kind_of(status, items)}; {len(items) if isinstance(items, list) else 0} items, {keyed} with ExtraInfo, {listed} with a list"


# --- questions that need a connection of our own ---


def guid_on_create(tenant: Tenant) -> str:
    wanted = str(uuid.uuid4())
    _, fields = tenant.read("GetConfigurationFields", {"ErpConnectorId": tenant.connector})
    keys = [one["FieldKey"] for one in fields if isinstance(one, dict) and "FieldKey" in one] if isinstance(fields, list) else []
    config = {key: tenant.config.get(key, "") for key in keys}
    before = frozenset(row["ErpConnectionId"] for row in connections(tenant))
    body = {
        "ErpConnectionId": 0, "ConnectionId": wanted, "ErpConnectorId": tenant.connector, "DisplayName": NAME, "DisplayDescription": "",
        "Active": False, "Deleted": False, "MostRecentTimestamp": "", "AllAccess": True, "UserGroupAccessIds": [], "AssociateAccessIds": [],
        "ConfigFields": config, "TableRight": None, "FieldProperties": None,
    }  # fmt: skip
    why = f"a connection named {NAME!r}, inactive"
    status, row = tenant.write("CreateConnection", why, {"Connection": body}, sending=lambda: setattr(tenant, "before", before))
    tenant.unclear = row is ... or status >= 500
    if not tenant.find():
        return f"not created: {kind_of(status, row)}; no row stayed"
    stored = tenant.reread()
    kept = str(stored.get("ConnectionId", "")).strip("{}").lower() == wanted
    return f"{kind_of(status, row)}; a row is there, the GUID that was sent is {'kept' if kept else 'not kept'}"


def cursor(tenant: Tenant) -> str:
    status, row = tenant.save("another sync cursor, on the connection that was just made", MostRecentTimestamp=CURSOR)
    moved = row.get("MostRecentTimestamp") == CURSOR
    answer = f"{status}; the cursor that was sent is {'stored' if moved else 'ignored'}"
    if moved:
        _, row = tenant.save("a blank sync cursor", MostRecentTimestamp="")
        answer += f", a blank one {'resets it' if not row.get('MostRecentTimestamp') else 'leaves it'}"
    return answer


def missing_key(tenant: Tenant) -> str:
    config = dict(tenant.reread().get("ConfigFields") or {})
    filled = [key for key, value in config.items() if value]
    if not filled:
        return "not decided: no configuration value is filled; give some with --config"
    key = filled[0]
    status, row = tenant.save("without one key of its configuration", ConfigFields={k: v for k, v in config.items() if k != key})
    kept = bool((row.get("ConfigFields") or {}).get(key))
    tenant.save("with the key again", ConfigFields=config)
    return f"{status}; a key that is missing is {'kept' if kept else 'cleared'}"


def access_lists(tenant: Tenant) -> str:
    _, groups = tenant.read("UserGroups", query={"flat": "true"})
    ids = [one["Id"] for one in groups if not one.get("Deleted")][:1] if isinstance(groups, list) else []
    if not ids:
        return "not decided: no user group can be read"
    tenant.save("for one user group only", AllAccess=False, UserGroupAccessIds=ids)
    status, row = tenant.save("for everyone, with the group still listed", AllAccess=True, UserGroupAccessIds=ids)
    return f"{status}; with AllAccess the list of groups is {'kept' if row.get('UserGroupAccessIds') else 'emptied'}"


def fields_by_save(tenant: Tenant) -> str:
    before = field_count(tenant)
    tenant.save("as it is")
    after = field_count(tenant)
    status, value = tenant.write(
        "UpdateConnectionFields", "asks the connector for its fields", {"ErpConnectionId": tenant.row["ErpConnectionId"]}
    )
    refreshed = field_count(tenant)
    return f"{before} fields after creation, {after} after a save, {refreshed} after a refresh ({kind_of(status, value)})"


def field_count(tenant: Tenant) -> int:
    query = {"$select": "Id,ConnectionId", "$filter": f"ConnectionId eq {tenant.row['ErpConnectionId']}"}
    _, value = tenant.read("ErpFields", query=query)
    rows = value.get("value") if isinstance(value, dict) else None
    return len(rows or ())


def test_while_inactive(tenant: Tenant) -> str:
    return kind_of(*tenant.read("TestConnectionById", {"ErpConnectionId": tenant.row["ErpConnectionId"]}))


def which_id(tenant: Tenant) -> str:
    config = {**(tenant.reread().get("ConfigFields") or {}), **tenant.config}
    ids = {"the connector's id": tenant.connector, "the connection's id": tenant.row["ErpConnectionId"]}
    said = {
        name: kind_of(*tenant.read("TestConnectionByConfig", {"ErpConnectionId": one, "ConfigFields": config})) for name, one in ids.items()
    }
    return "; ".join(f"with {name}: {what}" for name, what in said.items())


def delete(tenant: Tenant) -> str:
    body = {"ErpConnectionId": tenant.row["ErpConnectionId"]}
    first = kind_of(*tenant.write("DeleteConnection", "the connection that was made for these questions", body))
    read = tenant.read("GetConnection", body)
    deleted = isinstance(read[1], dict) and read[1].get("Deleted")
    after = "a row that says Deleted" if deleted else kind_of(*read)
    second = kind_of(*tenant.write("DeleteConnection", "once more", body))
    return f"{first}; it then reads as {after}; a second delete: {second}"


READS = (
    Question("unknown-id", "What does GetConnection say about an id that does not exist?", unknown_id),
    Question("passwords", "How do Password values read?", passwords),
    Question("list-members", "What does GetAllConnections fill?", list_members),
    Question("deleted-connectors", "Does GetAllConnectors list deleted ones?", deleted_connectors),
    Question("archive-stamps", "Does the archive ErpConnection tell when a row was changed?", archive_stamps),
    Question("order", "Is SuperOffice in the order of connections?", order),
    Question("interval", "In which form does the engine tell its interval?", interval),
    Question("raw-texts", "Do texts come with all their languages?", raw_texts),
    Question("dead-host", "What does TestConnectorUrl say about a host that does not exist?", dead_host),
    Question("crm-fields", "What does the list crmfields hold?", crm_fields),
)
WRITES = (
    Question("guid", "Is a GUID kept that a creation brings?", guid_on_create),
    Question("cursor", "Does a save move the sync cursor?", cursor),
    Question("missing-key", "What does a save do to a configuration key that it does not hold?", missing_key),
    Question("access-lists", "Does AllAccess empty the lists?", access_lists),
    Question("fields-by-save", "Does a save ask the connector for its fields?", fields_by_save),
    Question("test-inactive", "Does TestConnectionById work while inactive?", test_while_inactive),
    Question("which-id", "Whose id does TestConnectionByConfig take?", which_id),
    Question("delete", "What is left of a deleted connection?", delete),
)


def ask(tenant: Tenant, *, writes: bool) -> dict[str, str]:
    """Every question with its answer, in order; what was made is deleted whatever happens in between."""
    answers = {question.code: answered(tenant, question) for question in READS}
    if writes:
        try:
            for question in WRITES[:-1]:
                if question is WRITES[0] or tenant.row:
                    answers[question.code] = answered(tenant, question)
        finally:
            answers |= cleaned_up(tenant)
    return answers


def cleaned_up(tenant: Tenant) -> dict[str, str]:
    """Delete what was made, and try again while a read shows that it is still there: a delete may be repeated."""
    answers: dict[str, str] = {}
    for attempt in range(ATTEMPTS):
        if attempt:
            tenant.session.clock.sleep(PAUSE_S)
        with contextlib.suppress(ReconcilerError, Unsure):
            if tenant.is_gone():
                break
            if tenant.row:
                answer = answered(tenant, WRITES[-1])
                answers.setdefault(WRITES[-1].code, answer)
                if answer == DECLINED:
                    break
    return answers


def is_left(tenant: Tenant) -> bool:
    """Whether something of ours is left, or may be: what cannot be read is not gone."""
    try:
        return not tenant.is_gone()
    except (ReconcilerError, Unsure):
        return True


def answered(tenant: Tenant, question: Question) -> str:
    tenant.says(question.text)
    try:
        answer = question.ask(tenant)
    except Declined:
        answer = DECLINED
    except Unsure as error:
        answer = f"not answered: {error}"
    except ReconcilerError as error:
        answer = f"not answered: {error.summary}"
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        answer = f"not answered: something else came than expected ({type(error).__name__})"
    tenant.says(f"  {question.code}: {answer}")
    return answer


def connector_id(session: Session, wanted: str) -> int:
    """The id of a connector by name or id."""
    for one in session.gateway.connectors():
        if wanted in (one.name, str(one.id)):
            return one.id
    raise SystemExit(f"There is no connector {wanted!r}.")


def agreed(line: str) -> bool:
    """What the person says; nobody there says no."""
    try:
        return input(f"{line} [y/N] ").strip().lower() == "y"
    except EOFError:
        return False


def main(arguments: list[str] | None = None) -> int:
    """Ask, and write the answers to a file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", help="an entry of targets.yaml; a development tenant")
    parser.add_argument("--connector", help="name or id of the connector for the throw-away connection")
    parser.add_argument("--config", type=Path, help='a JSON file with values for its configuration, such as {"Filename": "test.xlsm"}')
    parser.add_argument("--writes", action="store_true", help="also make, change and delete a throw-away connection")
    parser.add_argument("--yes", action="store_true", help="announce each write and do not ask about it")
    parser.add_argument("-o", "--out", type=Path, default=Path("answers.json"), help="where the answers go (default: answers.json)")
    given = parser.parse_args(arguments)
    if given.writes and not given.connector:
        parser.error("--writes needs --connector")
    try:
        with open_target(given.target, directory=Path()) as session:
            if session.target.environment == "online":
                parser.error("this is a production tenant; questions are for a development tenant (environment sod)")
            config = json.loads(given.config.read_text(encoding="utf-8")) if given.config else {}
            tenant = Tenant(
                session,
                connector_id(session, given.connector) if given.writes else 0,
                config,
                says=lambda line: print(line, flush=True),
                agrees=lambda line: given.yes or agreed(line),
            )
            if given.writes and (there := [row for row in connections(tenant) if row.get("DisplayName") == NAME]):
                print(
                    f"A connection {NAME!r} is there already (id {there[0]['ErpConnectionId']}). Delete it by hand first.", file=sys.stderr
                )
                return 1
            try:
                answers = ask(tenant, writes=given.writes)
            finally:
                left = is_left(tenant)
                if left:
                    number = tenant.row.get("ErpConnectionId", "not known")
                    print(f"\nThe connection {NAME!r} (id {number}) is or may be still there. Delete it by hand.", file=sys.stderr)
    except ReconcilerError as error:
        print(f"{error}\n{error.hint}", file=sys.stderr)
        return error.exit_code
    except Unsure as error:
        print(f"Nothing was asked: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted; no answers were written.", file=sys.stderr)
        return 130
    given.out.write_text(json.dumps(answers, indent=2) + "\n", encoding="utf-8")
    print(f"\n{len(answers)} answers are in {given.out}. docs/unknowns.md says what each of them decides.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
