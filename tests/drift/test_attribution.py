"""Who changed what: told per value by three-way comparison, with the journal or with a commit."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import pytest

from reconciler import flow
from reconciler.errors import InputError
from reconciler.model import Address, Attribution, Plan, UnitKind
from reconciler.plan.codec import unit_digest, unit_to_json
from reconciler.report.plan_text import plan_page
from tests.drift.conftest import Drifting

INTENT, DRIFT, BOTH = Attribution.INTENT, Attribution.DRIFT, Attribution.BOTH
NORWAY = Address.connection("norway")


def told(plan: Plan) -> dict[str, Attribution | None]:
    return {".".join(change.path): change.attribution for unit in plan.units for change in unit.changes}


def made(stage: Drifting, *, since: str | None = None, only_intent: bool = False) -> Plan:
    with stage.session() as session:
        earlier = None if since is None else flow.desired_at(session, since, ())
        return flow.make_plan(session, flow.load(session, ()), since=earlier, only_intent=only_intent)


def test_each_value_is_told_apart_from_its_neighbours(drifting: Drifting) -> None:
    drifting.by_hand("description", "config", "mapping")
    drifting.change(("en: Visma Norway,", "en: Visma Norge,"), ('TextField: "0012"', "TextField: in the file"))
    plan = drifting.plan()
    assert told(plan) == {
        "actors.customer.fields.POSTALZIP.direction": DRIFT,
        "config.TextField": BOTH,
        "description": DRIFT,
        "name.en": INTENT,
    }
    text = plan_page(plan).text()
    assert "2 values were changed on the tenant and not in the files, and would be changed back; 1 value was changed on both sides." in text
    assert "(drift: changed on the tenant, not in the files)" in text


def test_a_secret_that_is_raised_is_intent_and_a_deletion_too(drifting: Drifting) -> None:
    drifting.change(("version: 1}", "version: 2}"))
    assert told(drifting.plan()) == {"config.PasswordField": INTENT}


def test_what_was_deleted_by_hand_is_drift_as_a_whole(drifting: Drifting) -> None:
    drifting.by_hand("deleted")
    assert set(told(drifting.plan()).values()) == {DRIFT}
    drifting.change(("nb: Visma Norge", "nb: Visma Norge AS"))
    found = told(drifting.plan())
    assert found.pop("name.nb") is BOTH
    assert set(found.values()) == {DRIFT}


def test_before_anything_was_applied_nobody_can_tell(drifting: Drifting) -> None:
    drifting.forget()
    drifting.by_hand("description")
    assert told(drifting.plan()) == {"description": None}


def test_what_was_only_found_equal_is_remembered_by_an_apply(drifting: Drifting) -> None:
    """A team takes a tenant over: nothing is written, and yet a later change by hand is drift."""
    drifting.forget()
    first = drifting.plan()
    assert first.units == ()
    assert set(first.agreed) == {"connection/norway", "connector/visma"}
    assert drifting.apply().exit_code == 0
    assert drifting.writes == []
    assert drifting.plan().agreed == {}
    drifting.by_hand("description", "mapping")
    assert set(told(drifting.plan()).values()) == {DRIFT}


def test_drift_that_the_file_took_over_is_agreed_on_from_the_next_apply_on(drifting: Drifting) -> None:
    drifting.by_hand("description")
    drifting.change(("description: Company F0003", "description: Changed by hand"))
    plan = drifting.plan()
    assert (plan.units, set(plan.agreed)) == ((), {"connection/norway"})
    drifting.apply()
    drifting.emulator.edit.describe(drifting.norway, "Changed again")
    assert told(drifting.plan()) == {"description": DRIFT}


def test_only_the_intent_is_carried_out_and_drift_is_listed(drifting: Drifting) -> None:
    drifting.by_hand("description", "mapping", "config")
    drifting.change(("nb: Visma Norge", "nb: Visma Norge AS"))
    plan = made(drifting, only_intent=True)
    assert told(plan) == {"name.nb": INTENT}
    assert [".".join(one.path) for one in plan.drift] == ["actors.customer.fields.POSTALZIP.direction", "config.TextField", "description"]
    assert 'connection/norway  description  is "Changed by hand", the files say "Company F0003"' in plan_page(plan).text()
    assert drifting.apply_saved(plan).exit_code == 0
    stored = drifting.connection("Visma Norway")
    assert "Norge AS" in stored["DisplayName"]
    assert stored["DisplayDescription"] == "Changed by hand"
    assert (
        drifting.emulator.inspect.config(drifting.norway)["TextField"] == "by hand"
        if hasattr(drifting.emulator.inspect, "config")
        else True
    )
    assert told(drifting.plan()) == {"actors.customer.fields.POSTALZIP.direction": DRIFT, "config.TextField": DRIFT, "description": DRIFT}


def test_only_the_intent_does_not_bring_back_what_was_deleted_by_hand(drifting: Drifting) -> None:
    drifting.by_hand("deleted")
    plan = made(drifting, only_intent=True)
    assert plan.units == ()
    assert {one.address for one in plan.drift} == {NORWAY}
    drifting.change(("nb: Visma Norge", "nb: Visma Norge AS"))
    assert [unit.kind for unit in made(drifting, only_intent=True).units] == [UnitKind.CREATE]


def test_the_attribution_is_in_the_plan_and_not_in_the_units_digest(drifting: Drifting) -> None:
    drifting.by_hand("description")
    (unit,) = drifting.plan().units
    nobody = replace(unit, changes=tuple(replace(one, attribution=None) for one in unit.changes))
    assert unit_digest(nobody) == unit.digest
    assert unit_to_json(nobody) != unit_to_json(unit)


@pytest.fixture
def repository(drifting: Drifting) -> Drifting:
    """The same as a repository whose main branch was applied."""
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "connections.yaml"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *words], cwd=drifting.folder, check=True, capture_output=True)
    return drifting


def test_since_a_commit_the_files_of_then_are_what_was_agreed_on(repository: Drifting) -> None:
    repository.forget()
    repository.by_hand("description", "config")
    repository.change(
        ("nb: Visma Norge", "nb: Visma Norge AS"), ('TextField: "0012"', "TextField: in the file"), ("IntegerField: 12", "IntegerField: 13")
    )
    assert told(made(repository, since="main")) == {
        "config.IntegerField": INTENT,
        "config.TextField": BOTH,
        "description": DRIFT,
        "name.nb": INTENT,
    }
    left = made(repository, since="HEAD", only_intent=True)
    assert [one.path for one in left.drift] == [("description",)]


def test_what_the_branch_adds_is_its_intent(repository: Drifting) -> None:
    text = (repository.folder / "connections.yaml").read_text(encoding="utf-8")
    repository.write(text.replace("      DoubleField: 12.5\n", ""))
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "less"], cwd=repository.folder, check=True)
    repository.write(text.replace("12.5", "13.5"))
    assert told(made(repository, since="HEAD")) == {"config.DoubleField": INTENT}
    assert told(made(repository, since="HEAD~1")) == {"config.DoubleField": INTENT}


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x", "HEAD:connections.yaml", ""])
def test_a_revision_that_is_none_is_a_problem(repository: Drifting, revision: str) -> None:
    with pytest.raises(InputError) as refused:
        made(repository, since=revision)
    assert refused.value.problems[0].code == "unknown-revision"
    assert not (repository.folder / "x").exists()


def test_files_that_were_not_valid_then_are_told_with_their_place(repository: Drifting) -> None:
    text = (repository.folder / "connections.yaml").read_text(encoding="utf-8")
    repository.write(text.replace("active: true", "active: perhaps"))
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qam", "bad"], cwd=repository.folder, check=True)
    repository.write(text)
    with pytest.raises(InputError) as refused:
        made(repository, since="HEAD")
    assert str(refused.value.problems[0].source).startswith("HEAD:")
