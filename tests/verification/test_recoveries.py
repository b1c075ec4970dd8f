"""Recoveries after recoveries, beside somebody else's work, and after reads that lag: each of these ended wrongly once."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import tests.verification.catalogue  # it completes the scenarios
from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from reconciler.model import End, RunReport
from reconciler.session import Session
from tests.faults.scenarios import ENVIRON, SCENARIOS, VISMA, Files, Scenario, ids_of
from tests.faults.stage import Account, Harm, Stage
from tests.faults.truth import Expected, picture, stand_of
from tests.verification.between import CHOICES, tried
from tests.verification.kills import Mortal, die, kill_and_recover, told, unsettled

assert tests.verification.catalogue.MORE


def report(account: Account, address: str) -> tuple[End, str]:
    assert account.report is not None
    (unit,) = [unit for unit in account.report.units if str(unit.address) == address]
    return unit.end, unit.reason


@pytest.mark.parametrize("at", [31, 33, 36])
def test_a_creation_that_had_been_active_is_not_deleted_by_the_second_way_back(stage: Stage, at: int) -> None:
    """The run died between the toggle and the event that says so; the first way back had switched it off."""
    kill_and_recover(stage, "create", at, choice="back")
    account = stage.recover(stage.prepared["create"], "back")
    assert (account.code, report(account, "connection/visma-dk")[0]) == (6, End.NEEDS_ATTENTION)
    assert "had been active" in report(account, "connection/visma-dk")[1]


@pytest.mark.parametrize("at", [13, 14])
def test_a_connector_that_a_way_forward_found_is_bound_to_its_address(stage: Stage, at: int) -> None:
    death = kill_and_recover(stage, "connectors", at, choice="back", during=14, then="forward")
    assert death.choices == ["back", "forward"]
    assert not unsettled(death, "forward"), told(death)
    with stage.session(ENVIRON) as session:
        assert session.recorded().bindings["connector/web"].id


def test_accepting_says_nothing_of_a_creation_when_somebody_else_made_one_of_its_name(stage: Stage) -> None:
    def another() -> None:
        row = next(one["ErpConnectorId"] for one in stage.emulator.inspect.connectors() if one["URL"] == VISMA)
        name, config = 'DA:"Visma Danmark";US:"Visma Denmark"', {"Filename": "F0002.xlsm", "PasswordField": "x"}
        stage.emulator.edit.add_connection(row, name, config, active=False, cursor="")

    death = kill_and_recover(stage, "create", 11, choice="accept-current", between=another)
    assert death.codes == [6]
    assert "Several new connections carry the name" in told(death)


def test_accepting_believes_no_single_stale_list_that_leaves_a_creation_out(stage: Stage) -> None:
    prepared = stage.prepare("create")
    stage.begin(prepared)

    def act(session: Session) -> RunReport:
        stage.emulator.faults.add(Fault("GetAllConnections", FaultKind("stale-read"), nth=9999, times=1))  # so that earlier lists are kept
        return flow.apply_plan(session, prepared.plan)

    assert die(stage, prepared, Mortal(11), act)
    stage.kept.expire()
    account = stage.recover(prepared, "accept-current", Harm("stale-read", of="GetAllConnections"))
    assert report(account, "connection/visma-dk")[0] is End.NEEDS_ATTENTION
    with stage.session(ENVIRON) as session:
        assert session.recorded().bindings["connection/visma-dk"].id


@pytest.mark.parametrize(("at", "choice"), [(28, "back"), (28, "forward"), (33, "forward"), (33, "back")])
def test_an_order_that_somebody_set_meanwhile_is_not_overwritten(stage: Stage, at: int, choice: str) -> None:
    def reorder() -> None:
        row = ids_of(stage.emulator)
        order = [row["visma-se"], 0, row["visma-fi"], row["fortnox-se"], row["visma-no"]]
        stage.emulator.edit.set_priorities(order)
        left.append(picture(stage.emulator).settings["ConnectionRank"])

    left: list[object] = []
    death = kill_and_recover(stage, "tenant", at, choice=choice, between=reorder)
    assert death.codes == [6], told(death)
    assert "order of sync-priority was changed by somebody else" in told(death)
    assert picture(stage.emulator).settings["ConnectionRank"] == left[0]


@pytest.mark.parametrize("name", ["delete", "delete-off"])
def test_what_somebody_renamed_meanwhile_is_not_deleted_on_the_way_forward(stage: Stage, name: str) -> None:
    key = stage.prepare(name).expected[0].row
    assert key
    death = kill_and_recover(
        stage, name, 8, choice="forward", between=lambda: stage.emulator.edit.rename(key, 'US:"Keep this one, please"')
    )
    assert death.codes == [6], told(death)
    row = next(one for one in stage.emulator.inspect.connections() if one["ErpConnectionId"] == key)
    assert not row["Deleted"]
    assert not unsettled(kill_and_recover(stage, name, 8, choice="forward"), "forward")


@pytest.mark.parametrize("at", range(12, 60, 8))
def test_an_order_that_was_moved_in_part_goes_on_forward(stage: Stage, at: int) -> None:
    """It takes several moves under one step; the first proved one was taken for all of them."""
    death = kill_and_recover(stage, "rank", at, choice="forward")
    assert (death.codes, set(death.stands.values())) == ([0], {"desired"}), told(death)


def _another_secret(files: Files) -> None:
    files["connections"]["visma-is"]["config"]["PasswordField"] = {"secret": "env:DK_SECRET", "version": 2}


def test_which_value_a_secret_has_is_not_claimed_where_no_answer_told_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def expected(ids: Mapping[str, int]) -> tuple[Expected, ...]:
        return (Expected("connection/visma-is", "update", ids["visma-is"], config={"PasswordField": ENVIRON["DK_SECRET"]}),)

    monkeypatch.setitem(SCENARIOS, "secret-off", Scenario("secret-off", "a secret of an inactive one", _another_secret, expected))
    ends = []
    for at in range(4, kill_and_recover(stage, "secret-off", 0).passed - 3):
        prepared = stage.prepare("secret-off")
        stage.begin(prepared)
        assert die(stage, prepared, Mortal(at), lambda session, plan=prepared.plan: flow.apply_plan(session, plan))  # type: ignore[misc]
        stage.kept.expire()
        account = stage.recover(prepared, "accept-current")
        assert account.code == 0, at
        ends.append(report(account, "connection/visma-is"))
    doubtful = [end for end, reason in ends if "none shows which value PasswordField has" in reason]
    assert doubtful
    assert set(doubtful) == {End.NEEDS_ATTENTION}
    assert ends[-1][0] is End.AS_DESIRED


@pytest.mark.parametrize(
    ("name", "at", "read", "choice"),
    [
        ("update-back", 14, "GetConnection", "accept-current"),
        ("update-back", 54, "GetConnection", "accept-current"),
        ("onoff", 12, "GetConnection", "accept-current"),
        ("url", 24, "GetErpSyncConnectorEntity", "accept-current"),
        ("tenant", 10, "GetEngineStatus", "accept-current"),
        ("tenant", 31, "MDOList/erpconnections", "accept-current"),
        ("update-back", 36, "GetConnection", "park"),
        ("update-back", 14, "GetConnection", "park"),
    ],
)
def test_accepting_and_parking_believe_no_single_stale_read(stage: Stage, name: str, at: int, read: str, choice: str) -> None:
    prepared = stage.prepare(name)
    stage.begin(prepared)

    def act(session: Session) -> RunReport:
        stage.emulator.faults.add(Fault(read, FaultKind("stale-read"), nth=9999, times=1))  # so that earlier answers are kept
        return flow.apply_plan(session, prepared.plan)

    assert die(stage, prepared, Mortal(at), act)
    stage.kept.expire()
    account = stage.recover(prepared, choice, Harm("stale-read", of=read))
    assert account.report is not None
    assert account.after is not None
    claimed = {End.AS_DESIRED: "desired", End.AS_BEFORE: "before"}
    stands = {one.address: stand_of(one, prepared.before, account.after).stand for one in prepared.expected}
    for unit in account.report.units:
        if unit.end in claimed and unit.written:
            assert stands[str(unit.address)] == claimed[unit.end], unit
    if choice == "park":
        assert not account.after.connections[ids_of(stage.emulator)["visma-no"]]["Active"]


def test_a_way_back_is_refused_where_another_key_cannot_open_the_value_from_before(stage: Stage) -> None:
    prepared = stage.prepare("three")
    stage.begin(prepared)
    assert die(stage, prepared, Mortal(22), lambda session: flow.apply_plan(session, prepared.plan))
    stage.kept.expire()
    before = picture(stage.emulator)
    with stage.session({**ENVIRON, "KEY": "quite another key of bytes", "NO_SECRET": "third-value"}) as session:
        told_by = flow.recover(session, "back", reason="test")
    assert told_by.exit_code == 6
    assert "the key at hand does not open it: it cannot go back" in told_by.units[0].reason
    assert picture(stage.emulator).connections == before.connections
    assert stage.recover(prepared, "back").code == 5


def test_a_recovery_forward_journals_the_secret_that_it_sent(stage: Stage) -> None:
    """The key is another one, and so is what stands behind the reference by now: what is sealed must be what was sent."""
    prepared = stage.prepare("three")
    stage.begin(prepared)
    assert die(stage, prepared, Mortal(22), lambda session: flow.apply_plan(session, prepared.plan))
    stage.kept.expire()
    with stage.session({**ENVIRON, "KEY": "quite another key of bytes", "NO_SECRET": "third-value"}) as session:
        flow.recover(session, "forward", reason="test")
        sent = session.recorded().secrets["connection/visma-no", "PasswordField"]
        opened = session.sealer.unseal(sent.sealed, address="connection/visma-no", field="PasswordField")
    assert opened is not None
    assert opened.reveal() == picture(stage.emulator).connections[ids_of(stage.emulator)["visma-no"]]["ConfigFields"]["PasswordField"]


def test_a_way_back_that_switches_it_on_again_ends_what_a_park_had_said(stage: Stage) -> None:
    death = kill_and_recover(stage, "update", 38, choice="park", during=17, then="back")
    assert death.choices == ["park", "back"]
    assert (death.codes, set(death.stands.values())) == ([5], {"before"}), told(death)
    with stage.session(ENVIRON) as session:
        assert session.recorded().parked == {}


@pytest.mark.parametrize(
    ("plan", "edit", "at"),
    [("tenant", "order", 29), ("tenant", "interval", 13), ("url", "rename", 26), ("delete", "describe", 9), ("mappings", "default", 60)],
)
def test_what_somebody_edits_between_a_death_and_its_recovery_stands_whatever_is_chosen(
    stage: Stage, plan: str, edit: str, at: int
) -> None:
    for choice in CHOICES:
        found = tried(stage, plan, edit, at, choice)
        assert found is not None, choice
        assert found.lost == [], choice
