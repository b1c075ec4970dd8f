"""One journal for several runners: what another machine finds, and what becomes of a run whose journal goes away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler import flow
from reconciler.errors import JournalError, LeaseHeld, OpenRun, RefusedError
from reconciler.session import Session
from tests.journal.places import clear, run_sql
from tests.scenarios.stage import Stage, staged, truth

pytestmark = pytest.mark.postgres
SHARED = "journal: {url: {secret: env:SHARED_JOURNAL}}"


@pytest.fixture
def address(postgres_address: str) -> str:
    clear(postgres_address)
    return postgres_address


@pytest.fixture
def shared(tmp_path: Path, address: str) -> Iterator[Stage]:
    """A tenant that was applied once, under a shared journal."""
    with staged(tmp_path) as stage:
        stage.environ["SHARED_JOURNAL"] = address
        stage.write_targets(SHARED)
        assert stage.apply().exit_code == 0
        stage.emulator.clear_calls()
        yield stage


@pytest.fixture
def elsewhere(shared: Stage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Another machine: its own checkout, the same tenant and journal."""
    other = replace(shared, folder=tmp_path_factory.mktemp("elsewhere"))
    for name in ("targets.yaml", "connections.yaml"):
        other.write((shared.folder / name).read_text(encoding="utf-8"), name)
    return other


def cut(session: Session, address: str) -> None:
    """End the journal's connection from outside."""
    pid = session.store(create=True).database.rows("SELECT pg_backend_pid()")[0][0]
    run_sql(address, f"SELECT pg_terminate_backend({pid})")


def change(stage: Stage) -> None:
    stage.change(("IntegerField: 12", "IntegerField: 13"))


def apply_losing(stage: Stage, address: str, *, after: str = "", while_sending: str = "") -> JournalError:
    """Apply, and lose the journal as soon as an event was recorded, or while a request is on its way."""
    with stage.session() as session:
        made = flow.make_plan(session, flow.load(session, ()))
        if while_sending:
            send = getattr(session.gateway, while_sending)

            def sending(*arguments: Any) -> Any:
                cut(session, address)
                return send(*arguments)

            setattr(session.gateway, while_sending, sending)

        def listen(kind: str, _body: Mapping[str, Any]) -> None:
            if kind == after:
                cut(session, address)

        with pytest.raises(JournalError) as caught:
            flow.apply_plan(session, made, listener=listen)
    assert "the connection to the server was lost" in caught.value.detail
    assert address not in f"{caught.value}{caught.value.hint}"
    return caught.value


def test_nothing_of_a_shared_journal_lies_on_the_runners_disk(shared: Stage, elsewhere: Stage) -> None:
    assert not list(shared.folder.rglob("journal.db*"))
    assert elsewhere.plan().units == ()
    with elsewhere.session() as session:
        assert [(run.exit_code, set(run.units)) for run in session.runs()] == [(0, {"connector/visma", "connection/norway"})]


def test_an_intent_that_could_not_be_journalled_is_not_sent(shared: Stage, elsewhere: Stage, address: str) -> None:
    change(shared)
    before = truth(shared)
    assert apply_losing(shared, address, after="unit-opened").exit_code == 1
    assert shared.writes == []
    assert truth(shared) == before
    with elsewhere.session() as session, pytest.raises(LeaseHeld):
        flow.apply_plan(session, flow.make_plan(session, flow.load(session, ())))
    run_sql(address, "UPDATE lease SET expires_at = 1")  # the store's clock passes its end
    with elsewhere.session() as session, pytest.raises(OpenRun):
        flow.apply_plan(session, flow.make_plan(session, flow.load(session, ())))


def test_a_journalled_intent_is_not_sent_either_once_the_journal_is_lost(shared: Stage, elsewhere: Stage, address: str) -> None:
    change(shared)
    before = truth(shared)
    assert apply_losing(shared, address, after="intent").exit_code == 6
    assert (shared.writes, truth(shared)) == ([], before)
    run_sql(address, "UPDATE lease SET expires_at = 1")
    assert elsewhere.recover("back").exit_code == 5
    assert (shared.writes, truth(shared)) == ([], before)


@pytest.mark.parametrize(
    ("method", "operation"),
    [("toggle", "ToggleErpConnectionActive"), ("save_connection", "SaveConnection"), ("refresh", "UpdateConnectionFields")],
)
def test_an_outcome_that_could_not_be_journalled_is_settled_by_another_machine(
    shared: Stage, elsewhere: Stage, address: str, method: str, operation: str
) -> None:
    change(shared)
    before = truth(shared)
    error = apply_losing(shared, address, while_sending=method)
    assert error.exit_code == 6
    assert "reconciler recover" in error.hint
    assert [call.operation for call in shared.writes][-1] == operation
    with elsewhere.session() as session:
        (unit,) = flow.recover_view(session)
        assert any("no answer was seen" in line for line in unit.known)
        run_sql(address, "UPDATE lease SET expires_at = 1")
        report = flow.recover(session, "back")
    assert report.exit_code == 5, report
    assert truth(shared) == before
    assert elsewhere.plan().units == ()
    with elsewhere.session() as session:
        assert session.store(create=False).verify().sound


def test_while_one_machine_applies_another_is_refused(shared: Stage, elsewhere: Stage) -> None:
    change(shared)
    refused: list[int] = []

    def listen(kind: str, _body: Mapping[str, Any]) -> None:
        if kind == "intent" and not refused:
            with elsewhere.session() as session, pytest.raises(LeaseHeld) as caught:
                flow.apply_plan(session, flow.make_plan(session, flow.load(session, ())))
            refused.append(caught.value.exit_code)

    with shared.session() as session:
        report = flow.apply_plan(session, flow.make_plan(session, flow.load(session, ())), listener=listen)
    assert (report.exit_code, refused) == (0, [7])


def test_in_ci_an_apply_without_a_shared_journal_is_refused_unless_the_target_accepts_it(tmp_path: Path) -> None:
    with staged(tmp_path) as stage:
        for local, ci, refused in ((False, "true", True), (True, "true", False), (False, "", False), (False, "false", False)):
            with stage.session(CI=ci) as session:
                session.target = replace(session.target, journal_local=local)
                made = flow.make_plan(session, flow.load(session, ()))
                if refused:
                    with pytest.raises(RefusedError, match="No shared journal") as caught:
                        flow.apply_plan(session, made)
                    assert caught.value.exit_code == 1
                    assert stage.writes == []
                else:
                    assert flow.apply_plan(session, made).exit_code == 0


def test_a_shared_journal_is_one_in_ci(shared: Stage) -> None:
    change(shared)
    with shared.session(CI="true") as session:
        assert flow.apply_plan(session, flow.make_plan(session, flow.load(session, ()))).exit_code == 0


def test_the_address_is_printed_nowhere_and_without_the_journal_nothing_is_written(shared: Stage) -> None:
    change(shared)
    canary = "kanari3-hemmelig"
    for address in (f"postgresql://u:{canary}@127.0.0.1:9/journal", f"postgres:{canary}"):
        for command in (("plan",), ("apply", "--yes"), ("lease", "--format", "json")):
            done = shared.type("--target", "stage", "--debug", *command, SHARED_JOURNAL=address)
            assert done.code == 1, (command, done)
            assert "env:SHARED_JOURNAL" in done.err
            assert canary not in done.out + done.err
    assert shared.writes == []
