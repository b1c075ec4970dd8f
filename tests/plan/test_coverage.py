"""What an approval of one plan covers of another: only what is the same, only once, and nothing that came with the new file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.errors import CheckFailed
from reconciler.model import Address, Binding, Grade, Hazard, HazardName, JudgedPermit, Permit, PermitState, Plan, SecretRef, Unit
from reconciler.plan.codec import from_bytes, plan_digest, to_bytes, unit_digest
from reconciler.plan.coverage import Covered, covered_by
from tests.plan.cases import CASES, Case


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """A connector and a connection on it are created, with a secret."""
    folder = tmp_path_factory.mktemp("plan")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        case = Case(CASES / "create")
        with case.staged(folder) as stage:
            made = case.planned(stage)
    assert len(made.units) == 2
    assert made.units[1].secrets
    return made


def later(plan: Plan, *, ran: frozenset[str] = frozenset(), wait: timedelta = timedelta(), **members: Any) -> Covered:
    """The same plan made anew with other members, held against the first one."""
    anew = replace(plan, created="2026-01-02T00:00:00Z", **members)
    now = datetime.fromisoformat(plan.created) + wait
    return covered_by(plan, replace(anew, digest=plan_digest(anew)), ran=ran, now=now)


def with_digest(unit: Unit, **members: Any) -> Unit:
    """What somebody can do who writes the file: other content, and the digest that belongs to it."""
    changed = replace(unit, **members)
    return replace(changed, digest=unit_digest(changed))


def test_the_same_plan_made_anew_is_covered_whole_and_still_a_sound_plan(plan: Plan) -> None:
    covered = later(plan)
    assert covered.left == ()
    assert covered.plan.units == plan.units
    assert from_bytes(to_bytes(covered.plan)) == covered.plan


def other(value: object) -> object:
    """A value of the same kind that differs."""
    match value:
        case bool():
            return not value
        case None:
            return 7
        case int():
            return value + 1
        case str():
            return f"{value}x"
        case tuple():
            return value[:-1] if value else ("x",)
        case dict():
            return {**value, "more": "x"}
    raise AssertionError(value)


# Where a value came from and who changed it decides nothing about what is done; `kind` and `address` have no "other" that fits.
@pytest.mark.parametrize("name", sorted({one.name for one in fields(Unit)} - {"digest", "source", "kind", "address"}))
def test_a_unit_that_differs_in_anything_is_not_covered(plan: Plan, name: str) -> None:
    first, second = plan.units
    told = {"secrets": {"PasswordField": SecretRef.parse("env:OTHER", "1")}, "row": Binding(1, "guid")}
    changed = with_digest(second, **{name: told.get(name, other(getattr(second, name)))})
    covered = later(plan, units=(first, changed))
    assert [unit.address for unit in covered.plan.units] == [first.address]
    assert [unit.address for unit, _why in covered.left] == [second.address]


def test_a_unit_that_ran_is_not_covered_a_second_time(plan: Plan) -> None:
    first, second = plan.units
    covered = later(plan, ran=frozenset({first.digest}), units=(second,))
    assert covered.plan.units == (second,)
    with pytest.raises(CheckFailed, match="it ran under this approval already"):
        later(plan, ran=frozenset({first.digest, second.digest}))


def test_a_connection_does_not_go_on_without_the_change_of_its_connector(plan: Plan) -> None:
    first, second = plan.units
    changed = with_digest(first, sets={**first.sets, "url": "https://evil.example.com"})
    with pytest.raises(CheckFailed, match=r"its connector's change is not covered"):
        later(plan, units=(changed, second))


def test_a_unit_twice_runs_once_and_in_the_approved_order(plan: Plan) -> None:
    first, second = plan.units
    assert later(plan, units=(second, first, second)).plan.units == (first, second)


def test_what_the_new_file_brings_along_is_not_recorded(plan: Plan) -> None:
    """A binding decides which row an address stands for: nobody approved this one."""
    covered = later(plan, bindings={"connection/other": Binding(666, "guid")}, agreed={"connection/other": {}}, permissions=("delete=x/y",))
    assert (covered.plan.bindings, covered.plan.agreed, covered.plan.permissions) == ({}, {}, ())


NEW = Hazard(HazardName.PARKED, Address(("target", "x")), Grade.BARRIER, "New.", permitted=True)
GROUND: dict[str, Callable[[Plan], dict[str, Any]]] = {
    "target": lambda plan: {"target": "other"},
    "limits": lambda plan: {"target_digest": "0" * 64},
    "tool": lambda plan: {"tool_version": "9.9.9"},
    "hazard of the whole": lambda plan: {"hazards": (*plan.hazards, NEW)},
    "hazards of all units": lambda plan: {"hazards": (*plan.hazards, *(replace(NEW, address=unit.address) for unit in plan.units))},
    "no units": lambda plan: {"units": ()},
}


@pytest.mark.parametrize("what", GROUND)
def test_nothing_is_covered_on_other_ground(plan: Plan, what: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        later(plan, **GROUND[what](plan))
    assert caught.value.exit_code == 3


def limits(text: str, *, permitted: bool = True) -> Hazard:
    return Hazard(HazardName.LIMITS, Address(("target", "x")), Grade.BARRIER, text, permitted=permitted)


def rest_of(approved: Plan, *hazards: Hazard) -> Covered:
    """The second unit alone in a later plan, which shows these hazards beside those of its units."""
    anew = replace(approved, units=approved.units[1:], hazards=hazards)
    return covered_by(approved, anew, ran=frozenset({approved.units[0].digest}), now=datetime.fromisoformat(approved.created))


def test_a_limit_that_was_permitted_for_the_whole_is_permitted_for_the_rest_of_it(plan: Plan) -> None:
    permit = JudgedPermit(Permit("limits", Address(("target", "x")), "2026-12-31", ticket="CHG-7"), PermitState.PERMITS)
    approved = replace(plan, hazards=(limits("3 would be changed, and the target allows 1."),), permits=(permit,))
    covered = rest_of(approved, limits("2 would be changed, and the target allows 1.", permitted=False))
    assert (covered.plan.units, covered.left, covered.plan.stopping) == (plan.units[1:], (), ())
    assert covered.plan.permits == (permit,)  # so that it expires, and is used up by others, as in the approved plan


@pytest.mark.parametrize(
    "other", ["2 would be deleted, and the target allows 1.", "2 would be changed, and the target allows 50% of 3.", "Another sentence."]
)
def test_another_limit_than_was_permitted_is_not_covered(plan: Plan, other: str) -> None:
    approved = replace(plan, hazards=(limits("3 would be changed, and the target allows 50% of 4."),))
    with pytest.raises(CheckFailed, match="did not show limits=target/x"):
        rest_of(approved, limits(other))


def test_another_barrier_of_the_whole_is_covered_only_word_for_word(plan: Plan) -> None:
    approved = replace(plan, hazards=(NEW,))
    assert rest_of(approved, replace(NEW, permitted=False)).plan.units == plan.units[1:]
    with pytest.raises(CheckFailed, match="did not show parked=target/x"):
        rest_of(approved, replace(NEW, text="Older."))


def test_a_permitted_barrier_that_was_not_shown_leaves_out_its_unit_alone(plan: Plan) -> None:
    first, second = plan.units
    covered = later(plan, hazards=(*plan.hazards, replace(NEW, address=second.address)))
    assert covered.plan.units == (first,)
    assert "did not show parked=" in covered.left[0][1]


def test_an_approval_ends_with_the_plan_that_it_was_given_for(plan: Plan) -> None:
    good = datetime.fromisoformat(plan.expires) - datetime.fromisoformat(plan.created)
    assert later(plan, wait=good).plan.expires == plan.expires
    with pytest.raises(CheckFailed, match="was good until"):
        later(plan, wait=good + timedelta(seconds=1))
    far = datetime(2099, 1, 1, tzinfo=UTC).isoformat()
    assert later(plan, expires=far).plan.expires == plan.expires


def test_a_barrier_that_nothing_permits_any_more_leaves_out_its_unit(plan: Plan) -> None:
    """As where a permit of the files let the approved plan through: it counts once."""
    _, second = plan.units
    barrier = replace(NEW, address=second.address)
    approved = replace(plan, hazards=(*plan.hazards, barrier))
    anew = replace(plan, hazards=(*plan.hazards, replace(barrier, permitted=False)))
    covered = covered_by(approved, anew, ran=frozenset(), now=datetime.fromisoformat(plan.created))
    assert [(unit.address, why) for unit, why in covered.left] == [(second.address, f"nothing permits {barrier.permission} now")]


def test_the_permits_are_those_that_were_approved_and_only_of_what_runs(plan: Plan) -> None:
    first, second = plan.units
    permits = tuple(
        JudgedPermit(Permit("parked", unit.address, "2026-12-31", reason="Maintenance is over"), PermitState.PERMITS) for unit in plan.units
    )
    approved, anew = replace(plan, permits=permits), replace(plan, units=(first,), permits=())
    covered = covered_by(approved, anew, ran=frozenset(), now=datetime.fromisoformat(plan.created))
    assert covered.plan.permits == permits[:1]
    assert second.address not in {unit.address for unit in covered.plan.units}
