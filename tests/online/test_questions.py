"""The script that asks a development tenant: its answers are true, it announces every write, and it leaves nothing behind."""

import json
import re
from pathlib import Path

import pytest

import reconciler.session
from docs.ask_tenant import NAME, READS, WRITES, main
from reconciler.clock import SystemClock
from reconciler.emulator import Fault, FaultKind
from tests.house.checkout import ROOT
from tests.online.conftest import Place

WITH = ("--connector", "Visma Business", "--config", "values.json", "-o", "answers.json")
CANARY = "winter-2026"


@pytest.fixture
def asked(place: Place) -> Place:
    assert place.run("onsite", "apply", "--yes").code == 0
    (place.path / "values.json").write_text(json.dumps({"Filename": "F0002.xlsm", "PasswordField": CANARY}))
    place.emulators["onsite"].clear_calls()
    return place


def answers(place: Place) -> dict[str, str]:
    found: dict[str, str] = json.loads((place.path / "answers.json").read_text())
    return found


def test_reads_only_unless_it_is_asked_to_write(asked: Place) -> None:
    assert main(["onsite", "-o", "answers.json"]) == 0
    assert asked.writes("onsite") == []
    assert list(answers(asked)) == [question.code for question in READS]


def test_every_write_is_announced_and_what_was_made_is_deleted(asked: Place, capsys: pytest.CaptureFixture[str]) -> None:
    office = asked.emulators["onsite"].inspect
    before = [row for row in office.rows("ErpConnection") if not row["Deleted"]]
    assert main(["onsite", "--writes", "--yes", *WITH]) == 0
    said = capsys.readouterr().out
    announced = [name.replace("CreateConnection", "SaveConnection") for name in re.findall(r"^  write: (\w+),", said, re.MULTILINE)]
    assert announced == asked.writes("onsite")
    assert len(announced) > 8
    assert "ToggleErpConnectionActive" not in announced
    assert [row for row in office.rows("ErpConnection") if not row["Deleted"]] == before
    assert list(answers(asked)) == [question.code for question in (*READS, *WRITES)]
    for text in (said, (asked.path / "answers.json").read_text()):
        assert CANARY not in text
        assert "F0001" not in text
        assert "F0002" not in text


ONE_WAY = {
    "save_honours_timestamp": (False, "cursor", "ignored"),
    "missing_config_keys": ("kept", "missing-key", "kept"),
    "all_access_clears_lists": (True, "access-lists", "emptied"),
    "save_refreshes_fields": (True, "fields-by-save", "37 after a save"),
    "secrets_on_read": ("masked", "passwords", "masked"),
    "test_by_config_takes": ("connection", "which-id", "connector's id: 200 with false; with the connection's id: 200 with true"),
    "deleted_connection_read": ("null", "delete", "200 with null"),
    "all_connections": ("full", "list-members", "Active"),
    "unreachable_url": ("server_error", "dead-host", "500 with an error object"),
}
OTHER_WAY = {
    "save_honours_timestamp": (True, "cursor", "stored"),
    "blank_timestamp": ("keeps", "cursor", "leaves it"),
    "missing_config_keys": ("cleared", "missing-key", "cleared"),
    "all_access_clears_lists": (False, "access-lists", "kept"),
    "save_refreshes_fields": (False, "fields-by-save", " 0 after a save"),
    "secrets_on_read": ("blank", "passwords", "blank"),
    "test_by_config_takes": ("connector", "which-id", "connector's id: 200 with true; with the connection's id: 200 with false"),
    "deleted_connection_read": ("row", "delete", "a row that says Deleted"),
}


@pytest.mark.parametrize("tenant", [ONE_WAY, OTHER_WAY], ids=["one way", "the other way"])
def test_answers_tell_how_the_tenant_behaves(asked: Place, tenant: dict[str, tuple[object, str, str]]) -> None:
    for switch, (value, _, _) in tenant.items():
        asked.emulators["onsite"].switches.set(switch, value)
    assert main(["onsite", "--writes", "--yes", *WITH]) == 0
    found = answers(asked)
    assert {code: found[code] for _, code, words in tenant.values() if words not in found[code]} == {}


def test_whoever_declines_the_first_write_has_written_nothing(asked: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(["onsite", "--writes", *WITH]) == 0
    assert asked.writes("onsite") == []
    assert answers(asked)["guid"] == "not asked: declined"


def test_whoever_declines_the_deletion_is_told_what_is_left(
    asked: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("builtins.input", lambda line: "n" if "Delete" in line else "y")
    assert main(["onsite", "--writes", *WITH]) == 1
    assert "is or may be still there. Delete it by hand." in capsys.readouterr().err


HOW = {
    "the creation is stored and never answered": Fault("SaveConnection", FaultKind.DROP_AFTER),
    "the creation is stored and answered with 500": Fault("SaveConnection", FaultKind.ERROR_500_AFTER),
    "a save is never answered": Fault("SaveConnection", FaultKind.DROP_BEFORE, nth=2, times=3),
    "the refresh fails": Fault("UpdateConnectionFields", FaultKind.ERROR_500_BEFORE),
    "the first delete is refused": Fault("DeleteConnection", FaultKind.ERROR_500_BEFORE),
    "the deletes are not answered": Fault("DeleteConnection", FaultKind.DROP_AFTER, times=2),
    "the row cannot be read for a while": Fault("GetConnection", FaultKind.ERROR_BODY, shape="not-found", nth=3, times=7),
    "the row reads as an error object": Fault("GetConnection", FaultKind.ERROR_OBJECT_200, nth=4, times=9),
    "the list fails after the creation": Fault("GetAllConnections", FaultKind.ERROR_BODY, shape="argument", nth=7, times=2),
    "tests cannot be had": Fault("TestConnectionByConfig", FaultKind.HTML_BEFORE, times=None),
}


class NoWaiting(SystemClock):
    """Pauses are not sat through."""

    def sleep(self, seconds: float) -> None:
        del seconds


@pytest.mark.parametrize("how", HOW)
def test_whatever_fails_nothing_is_left_behind(asked: Place, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciler.session, "SystemClock", NoWaiting)
    emulator = asked.emulators["onsite"]
    before = [row for row in emulator.inspect.rows("ErpConnection") if not row["Deleted"]]
    emulator.faults.add(HOW[how])
    assert main(["onsite", "--writes", "--yes", *WITH]) == 0
    made = [row for row in emulator.inspect.rows("ErpConnection") if row["DisplayName"] == NAME]
    assert len(made) == 1
    assert made[0]["Deleted"]
    assert [row for row in emulator.inspect.rows("ErpConnection") if not row["Deleted"]] == before
    assert set(answers(asked)) >= {question.code for question in READS}


def test_what_cannot_be_deleted_is_told_with_its_number(
    asked: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reconciler.session, "SystemClock", NoWaiting)
    emulator = asked.emulators["onsite"]
    emulator.faults.add(Fault("DeleteConnection", FaultKind.ERROR_500_BEFORE, times=None))
    assert main(["onsite", "--writes", "--yes", *WITH]) == 1
    (left,) = [row for row in emulator.inspect.rows("ErpConnection") if row["DisplayName"] == NAME]
    assert f"(id {left['ErpConnectionId']}) is or may be still there. Delete it by hand." in capsys.readouterr().err
    assert list(answers(asked)) == [question.code for question in (*READS, *WRITES)]
    emulator.faults.clear()
    emulator.clear_calls()
    assert main(["onsite", "--writes", "--yes", *WITH]) == 1
    assert "is there already" in capsys.readouterr().err
    assert asked.writes("onsite") == []


def test_a_creation_that_may_still_happen_is_told(
    asked: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reconciler.session, "SystemClock", NoWaiting)
    asked.emulators["onsite"].faults.add(Fault("SaveConnection", FaultKind.DROP_BEFORE))
    assert main(["onsite", "--writes", "--yes", *WITH]) == 1
    assert "(id not known) is or may be still there" in capsys.readouterr().err
    assert asked.writes("onsite") == ["SaveConnection"]


def test_an_interrupt_cleans_up_too(asked: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []

    def interrupted(line: str) -> str:
        said.append(line)
        if len(said) == 3:
            raise KeyboardInterrupt
        return "y"

    monkeypatch.setattr("builtins.input", interrupted)
    assert main(["onsite", "--writes", *WITH]) == 130
    assert "Interrupted" in capsys.readouterr().err
    assert all(row["Deleted"] for row in asked.emulators["onsite"].inspect.rows("ErpConnection") if row["DisplayName"] == NAME)


def test_where_nobody_can_be_asked_nothing_is_written(asked: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(line: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    assert main(["onsite", "--writes", *WITH]) == 0
    assert asked.writes("onsite") == []


def test_a_production_tenant_is_refused(asked: Place) -> None:
    text = (asked.path / "targets.yaml").read_text()
    (asked.path / "targets.yaml").write_text(text.replace("environment: sod", "environment: online"))
    with pytest.raises(SystemExit):
        main(["system-user", "--writes", "--yes", *WITH])
    assert asked.emulators["system-user"].calls == []


def test_the_page_and_the_script_know_the_same_questions() -> None:
    page = Path(ROOT / "docs" / "unknowns.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE) == [question.code for question in (*READS, *WRITES)]
