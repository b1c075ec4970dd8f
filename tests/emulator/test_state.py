"""The state as a whole: snapshots, files, history, and what a reset leaves."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.emulator import EditError, Emulator, EmulatorError, Switches
from reconciler.emulator.history import Author
from tests.emulator.api import VISMA, Api

EDITS = (
    "toggle",
    "rename",
    "set_config",
    "delete",
    "restore",
    "set_cursor",
    "set_scope",
    "map",
    "password",
    "add",
    "remove_file",
    "drop_field",
)


def _edit(emulator: Emulator, name: str, chance: random.Random) -> None:
    edit, key = emulator.edit, chance.choice([row["ErpConnectionId"] for row in emulator.inspect.connections()])
    acts: dict[str, Callable[[], object]] = {
        "toggle": lambda: edit.toggle(key),
        "rename": lambda: edit.rename(key, f"name {chance.random()}"),
        "set_config": lambda: edit.set_config(key, "TextField", f"{chance.random()}"),
        "delete": lambda: edit.delete(key),
        "restore": lambda: edit.restore(key),
        "set_cursor": lambda: edit.set_cursor(key, f"{chance.random()}"),
        "set_scope": lambda: edit.set_scope(key, groups=chance.sample([1, 2, 3], 2), users=[2]),
        "map": lambda: edit.map_field(key, "Customer", "NAME", "NAME", to_erp=True),
        "password": lambda: edit.set_password_in_erp("F0001.xlsm", f"{chance.random()}"),
        "add": lambda: edit.add_connection(emulator.inspect.connectors()[0]["ErpConnectorId"], "another", {"Filename": "F0002.xlsm"}),
        "remove_file": lambda: edit.remove_erp_file("F0002.xlsm") if emulator.erp.file("F0002.xlsm") else None,
        "drop_field": lambda: edit.drop_field("Test.Excel", "Customer", "POSTALAD2"),
    }
    acts[name]()


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(EDITS), max_size=6), st.lists(st.sampled_from(EDITS), max_size=6), st.integers(0, 10**6))
def test_restoring_a_snapshot_is_exact(before: list[str], after: list[str], seed: int) -> None:
    """Rows, numbering, what connectors remember, and the ERP's files: all as they were."""
    chance = random.Random(seed)
    emulator = Emulator()
    try:
        emulator.edit.add_connection(emulator.edit.add_connector("Visma", VISMA), "x", {"Filename": "F0001.xlsm"})
        for name in before:
            _edit(emulator, name, chance)
        whole, rows, files = emulator.snapshot(), emulator.state.digest(), emulator.erp.contents()
        for name in after:
            _edit(emulator, name, chance)
        next_key = emulator.edit.add_connection(11, "next")
        emulator.restore(whole)
        assert (emulator.state.digest(), emulator.erp.contents()) == (rows, files)
        again = emulator.edit.add_connection(11, "next")
        assert again == next_key - after.count("add")
        emulator.restore(whole)
        assert emulator.snapshot().rows == whole.rows or emulator.state.digest() == rows
    finally:
        emulator.close()


def test_a_snapshot_of_one_emulator_fits_another(tmp_path: Path) -> None:
    one, other = Emulator(), Emulator(tmp_path / "state.db")
    one.edit.add_connector("V", VISMA)
    other.restore(one.snapshot())
    assert other.inspect.connectors() == one.inspect.connectors()
    one.close()
    other.close()


def test_a_file_keeps_the_state_between_emulators(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.db"
    with Emulator(path) as first:
        key = first.edit.add_connection(first.edit.add_connector("V", VISMA), "kept", {"Filename": "F0001.xlsm"})
        first.settings.set_switch("secrets_on_read", "masked")
        whole = first.snapshot()
    assert (tmp_path / "deep" / "state-erp" / "F0001.xlsm").is_file()
    with Emulator(path) as second:
        assert second.inspect.connection(key)["DisplayName"] == "kept"
        assert second.switches.secrets_on_read == "masked"
        second.edit.rename(key, "changed")
        second.restore(whole)
        assert second.inspect.connection(key)["DisplayName"] == "kept"
        second.reset()
        assert second.inspect.connections() == []
    with Emulator(path, switches=Switches()) as third:
        assert third.switches.secrets_on_read == "clear"


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("this is not a database, it is a letter\n" * 50, encoding="utf-8")
    with pytest.raises(EmulatorError, match=r"state\.db"):
        Emulator(path)


def test_a_database_of_something_else_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE event (text)")
    content = path.read_bytes()
    for afresh in (False, True):
        with pytest.raises(EmulatorError, match="something else"):
            Emulator(path, afresh=afresh)
    assert path.read_bytes() == content


def test_a_state_of_another_version_is_refused_and_can_be_started_afresh(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    Emulator(path).close()
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 7")
    with pytest.raises(EmulatorError, match="another version"):
        Emulator(path)
    Emulator(path, afresh=True).close()
    Emulator(path).close()


def test_a_taken_port_is_named(emulator: Emulator) -> None:
    port = int(emulator.url.rsplit(":", 1)[1].strip("/"))
    with pytest.raises(EmulatorError, match=f"port {port}"), Emulator(port=port):
        pytest.fail("two servers share a port")


def test_two_emulators_on_one_file_see_each_others_changes_and_faults(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Emulator(path) as serving:
        beside = Emulator(path)
        beside.edit.add_connector("V", VISMA)
        beside.control.perform("switch", {"connectors_list_deleted": "on"})
        beside.control.perform("fault", {"operation": "GetAllConnectors", "kind": "forbidden"})
        beside.close()
        api = Api(serving)
        assert [api.post("GetAllConnectors").status for _ in range(2)] == [403, 200]
        assert serving.switches.connectors_list_deleted is True
        assert serving.inspect.rows("PendingFault") == []
        api.http.close()


def test_the_history_tells_who_changed_what(api: Api, emulator: Emulator, connection: int) -> None:
    start = emulator.history[-1].sequence
    api.toggle(connection)
    emulator.edit.rename(connection, "Edited")
    emulator.tick()
    entries = emulator.history.since(start)
    assert [(entry.by, entry.operation, set(entry.changed) - {"updated", "updatedCount", "updatedAssociateId"}) for entry in entries] == [
        ("call", "ToggleErpConnectionActive", {"Active"}),
        ("edit", "rename", {"DisplayName"}),
        ("engine", "tick", {"MostRecentTimestamp", "LastSync"}),
    ]
    assert entries[0].call == emulator.calls[-1].sequence
    assert (entries[0].before or {})["Active"] is False
    assert [entry.sequence for entry in emulator.history] == sorted(entry.sequence for entry in emulator.history)


def test_a_write_that_changes_nothing_is_no_change(api: Api, emulator: Emulator, connection: int) -> None:
    count = len(emulator.history)
    api.ok("SaveConnection", {"Connection": api.read(connection)})
    api.refresh(connection)
    api.ok("SaveActorTypeMapping", {"Mapping": api.mapping(connection)})
    assert len(emulator.history) == count
    assert not any(call.effect for call in emulator.calls[-5:])


def test_a_failed_transaction_leaves_nothing_behind(emulator: Emulator) -> None:
    before, count = emulator.state.digest(), len(emulator.history)
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(emulator)
    assert (emulator.state.digest(), len(emulator.history)) == (before, count)
    with pytest.raises(RuntimeError):
        emulator.state.insert("ErpConnector", {"DisplayName": "x"})


def _write_and_fail(emulator: Emulator) -> None:
    with emulator.state.transaction(Author("edit", "test")):
        emulator.state.insert("ErpConnector", {"DisplayName": "x"})
        raise ZeroDivisionError


def test_edits_of_what_does_not_exist_are_errors(emulator: Emulator) -> None:
    edit = emulator.edit
    connector = edit.add_connector("V", VISMA)
    key = edit.add_connection(connector, "x")
    for wrong in (
        lambda: edit.toggle(999),
        lambda: edit.add_connection(999, "x"),
        lambda: edit.set_scope(key, groups=[99]),
        lambda: edit.map_field(key, "Nobody", "NAME"),
        lambda: edit.map_field(key, "Customer", "NOTHING"),
        lambda: edit.drop_field("None", "x", "y"),
        lambda: edit.add_crm_item("nothing", "x"),
        lambda: edit.delete_crm_field("Contact", "nothing"),
        lambda: edit.remove_erp_file("none.xlsm"),
    ):
        with pytest.raises(EditError):
            wrong()
    with pytest.raises(KeyError):
        emulator.inspect.connection(999)
    with pytest.raises(KeyError):
        emulator.inspect.connector(999)


def test_the_other_edits_do_what_they_say(emulator: Emulator) -> None:
    edit, inspect = emulator.edit, emulator.inspect
    connector = edit.add_connector("V", VISMA)
    key = edit.add_connection(connector, "x", active=True, cursor="c", groups=[1], all_access=False)
    edit.rename_connector(connector, "W")
    edit.delete_connector(connector)
    assert (inspect.connector(connector)["DisplayName"], inspect.connectors(deleted=False)) == ("W", [])
    edit.restore_connector(connector)
    assert edit.refresh(key) is True
    edit.describe(key, "d")
    edit.set_active(key, False)
    edit.set_guid(key, "other-guid")
    edit.set_connector(key, edit.add_connector("Z", VISMA))
    edit.set_config(key, "TextField", None, tell_connector=False)
    edit.set_config(key, "Extra", "1", tell_connector=False)
    edit.set_priorities([key, 0])
    edit.set_rank(key, "Person", ["LASTNAME", "FIRSTNAME"])
    edit.map_item(key, "Customer", "CustGr", "A", None)
    edit.change_config_field("Test.Excel", "TextField", access="Mandatory")
    edit.change_config_field("Test.Excel", "DateField", drop=True)
    edit.change_config_field("Test.Excel", "New", type="Password")
    row = inspect.connection(key)
    assert (row["DisplayDescription"], row["Active"], row["ConnectionId"], row["ErpConnectorId"]) == (
        "d",
        False,
        "other-guid",
        connector + 1,
    )
    assert ("TextField" in row["ConfigFields"], row["ConfigFields"]["Extra"]) == (False, "1")
    assert inspect.engine()["Order"] == [key, 0]
    assert list(row["Actors"]["Person"]["Fields"])[:3] == ["LASTNAME", "FIRSTNAME", "PersonNo"]
    group, user = edit.add_group("G"), edit.add_associate("NEW")
    edit.rename_group(group, "H")
    edit.delete_group(group)
    edit.delete_associate(user)
    edit.add_crm_list("Mine")
    assert [row["Name"] for row in inspect.rows("UserGroup") if row["Deleted"]][-1] == "H"
    assert inspect.rows("CrmList")[-1]["Name"] == "mine"
    assert not inspect.already_mapped(key, "Customer", "NAME")
    assert {entry.operation for entry in emulator.history.of("ErpConnector")} >= {"add_connector", "rename_connector", "restore_connector"}


def test_every_switch_is_exercised_by_a_test() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in Switches().as_dict() if f'"{name}"' not in text and f"switches.{name}" not in text] == []


def test_switches_are_set_from_text_and_refuse_nonsense() -> None:
    switches = Switches()
    for name, value in (("agent_granted", "off"), ("engine_status_delay_s", "1.5"), ("secrets_on_read", "blank"), ("agent_granted", True)):
        switches.set(name, value)
    assert (switches.agent_granted, switches.engine_status_delay_s, switches.secrets_on_read) == (True, 1.5, "blank")
    for name, wrong in (("agent_granted", "perhaps"), ("engine_status_delay_s", "soon"), ("secrets_on_read", "never"), ("nothing", "on")):
        with pytest.raises(ValueError, match=name):
            switches.set(name, wrong)
