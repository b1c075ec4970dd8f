"""A text field that held a secret and is written in clear from now on: also after a crash it goes back to what it held."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import flow
from tests.scenarios.stage import CONNECTIONS, Stage, staged, truth
from tests.verification.kills import Killed, Mortal, expire

SECRET = "      TextField: {secret: env:TEXT, version: 1}\n"
OLD = "once-a-secret-4711"


@pytest.fixture
def stage(tmp_path: Path):
    with staged(tmp_path, text=CONNECTIONS.replace('      TextField: "0012"\n', SECRET)) as made:
        made.environ["TEXT"] = OLD
        assert made.apply().exit_code == 0
        made.change((SECRET, '      TextField: "0012"\n'))
        yield made


def die(stage: Stage, at: int) -> bool:
    with stage.session() as session:
        made = flow.make_plan(session, flow.load(session, ()), permissions=())
        mortal = Mortal(at)
        mortal.inhabit(session)
        try:
            flow.apply_plan(session, made)
        except Killed:
            return True
    return False


@pytest.mark.parametrize("at", [16, 20, 24, 28, 32])
def test_a_crash_at_any_moment_leads_back_to_what_was_a_secret(stage: Stage, at: int) -> None:
    before = truth(stage)
    assert die(stage, at)
    expire(stage.folder / ".reconciler" / "journal.db")
    report = stage.recover("back")
    assert report.exit_code == 5, report
    assert truth(stage) == before
    journal = b"".join(path.read_bytes() for path in (stage.folder / ".reconciler").glob("journal.db*"))
    assert OLD.encode() not in journal


def test_without_the_key_recovery_says_what_it_cannot_restore(stage: Stage) -> None:
    assert die(stage, 28)
    expire(stage.folder / ".reconciler" / "journal.db")
    stage.environ["STAGE_KEY"] = "another key of sufficient length"
    report = stage.recover("back")
    assert report.exit_code == 6
    assert (
        "The value that TextField had before was once a secret, and cannot be opened here"
        in report.units[-1].reason + report.units[0].reason
    )
    assert stage.recover("forward").exit_code == 0
    assert stage.connection("Visma Norway")["ConfigFields"]["TextField"] == "0012"
