"""The table in `steps` is the rule: every row of it, read from where it stands, against what the code does."""

from __future__ import annotations

import re

import pytest

from reconciler.model import Act, Address, Grade, HazardName, UnitKind
from reconciler.plan import steps
from reconciler.plan.guard import endpoint
from reconciler.plan.steps import Shape, connection_steps, connector_steps, window_calls
from tests.plan.cases import all_cases

ADDRESS = Address.connection("x")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in (steps.__doc__ or "").splitlines() if re.match(r"\| (yes|no) ", line)
]
CHANGES: dict[str, list[dict[str, object]]] = {
    "nothing else": [{}],
    "config": [{"config": {"a": 1}}, {"config": {"a": 1}, "name": "n"}],
    "name, scope ...": [{"name": "n"}, {"description": "d"}, {"scope": {"everyone": True}}, {"name": "n", "scope": {"everyone": True}}],
    "anything": [{"config": {"a": 1}}, {"name": "n"}, {"name": "n", "config": {"a": 1}}],
}
CASES = [pytest.param(row, sets, id=f"{row[0]}-{row[1]}-{'-'.join(sets) or 'nothing'}") for row in ROWS for sets in CHANGES[row[2]]]


def test_the_table_covers_every_pair_of_states() -> None:
    assert {(row[0], row[1]) for row in ROWS} == {("yes", "yes"), ("yes", "no"), ("no", "no"), ("no", "yes")}


@pytest.mark.parametrize(("row", "sets"), CASES)
def test_row(row: list[str], sets: dict[str, object]) -> None:
    before, after, _, off, saved, refresh, on = row
    active = {} if before == after else {"active": after == "yes"}
    made = connection_steps(Shape(ADDRESS, UnitKind.UPDATE, before == "yes", after == "yes", {**active, **sets}))
    acts = [step.act for step in made]
    assert (Act.DEACTIVATE in acts) is (off == "yes")
    assert (Act.ACTIVATE in acts) is (on == "yes")
    assert (Act.SAVE in acts) is (saved != "-")
    assert (Act.REFRESH in acts) is (refresh == "yes" or (refresh == "config" and "config" in sets))
    if saved == "inside":
        assert acts.index(Act.DEACTIVATE) < acts.index(Act.SAVE)
    tested = [Act.REHEARSE] * (saved != "-" or on == "yes") + [Act.TEST_CONFIG] * (saved != "-")
    assert acts[: len(tested)] == tested
    assert acts.count(Act.TEST) == bool(tested)
    assert acts[-1] is Act.VERIFY
    assert window_calls(made) == (6 if off == on == "yes" else None)


@pytest.mark.parametrize("active", [True, False])
def test_a_creation_is_inactive_until_everything_is_there(active: bool) -> None:
    acts = [
        step.act for step in connection_steps(Shape(ADDRESS, UnitKind.CREATE, active_before=False, active_after=active, sets={"name": "n"}))
    ]
    expected = [Act.TEST_CONFIG, Act.CREATE, Act.TEST, Act.REFRESH, *([Act.ACTIVATE] if active else []), Act.TEST, Act.VERIFY]
    assert acts == expected


@pytest.mark.parametrize("active", [True, False])
def test_a_deletion_switches_off_first_and_tests_nothing(active: bool) -> None:
    acts = [step.act for step in connection_steps(Shape(ADDRESS, UnitKind.DELETE, active_before=active, active_after=False, sets={}))]
    assert acts == [*([Act.DEACTIVATE] if active else []), Act.DELETE, Act.VERIFY]


def test_a_connector_tests_its_connections_only_when_its_url_changes() -> None:
    moved = connector_steps(ADDRESS, UnitKind.UPDATE, {"url": "u"}, connections=3)
    assert [step.act for step in moved] == [Act.TEST_URL, Act.REHEARSE_ALL, Act.SAVE, Act.TEST_ALL, Act.VERIFY]
    assert [step.calls for step in moved if step.act in (Act.REHEARSE_ALL, Act.TEST_ALL)] == [3, 3]
    lonely = connector_steps(ADDRESS, UnitKind.UPDATE, {"url": "u"}, connections=0)
    assert [step.act for step in lonely] == [Act.TEST_URL, Act.SAVE, Act.VERIFY]
    renamed = connector_steps(ADDRESS, UnitKind.UPDATE, {"name": "n"}, connections=3)
    assert [step.act for step in renamed] == [Act.SAVE, Act.VERIFY]


@pytest.mark.parametrize(
    ("url", "receiver"),
    [
        ("https://Host.example.com/path", "host.example.com"),
        ("https://host.example.com:8443/path", "host.example.com:8443"),
        ("https://user@host.example.com/path", "host.example.com"),
        ("app://client-one", "client-one"),
        ("plugin://Some.Plugin", "some.plugin"),
        ("odd", "odd"),
    ],
)
def test_who_receives_what_is_sent_to_a_connector(url: str, receiver: str) -> None:
    assert endpoint(url) == receiver


# Hazards that later units bring: parked connections.
LATER: set[HazardName] = set()


def test_every_hazard_has_a_case_that_shows_it() -> None:
    told = "\n".join((case.folder / "plan.txt").read_text(encoding="utf-8") for case in all_cases())
    shown = {name for name in HazardName if re.search(rf"^  [x!] {name.value}  ", told, re.MULTILINE)}
    assert shown == set(HazardName) - LATER


def test_every_hazard_that_can_stop_a_plan_has_a_case_that_permits_it_or_says_how() -> None:
    told = "\n".join((case.folder / "plan.txt").read_text(encoding="utf-8") for case in all_cases())
    notices = {HazardName.STARTS_DATA_FLOW, HazardName.TAKES_OVER, HazardName.ACCESS_FLAGS}
    assert {name for name in HazardName if f"--allow {name.value}=" in told} == set(HazardName) - notices - LATER
    assert Grade.BARRIER.value == "barrier"


def test_a_target_may_narrow_the_window_to_configuration() -> None:
    """`deactivate_for: [config]`: the vendor's current manual asks for an inactive connection only for configuration fields."""
    sets = {"actors": {"customer": {"fields": {"NAME": {"direction": "both"}}}}}
    address = Address.connection("a")
    wide = Shape(address, UnitKind.UPDATE, active_before=True, active_after=True, sets=sets)
    narrow = Shape(address, UnitKind.UPDATE, active_before=True, active_after=True, sets=sets, maps_inactive=False)
    assert Act.DEACTIVATE in [step.act for step in connection_steps(wide)]
    assert [step.act for step in connection_steps(narrow)] == [Act.REHEARSE, Act.MAP, Act.TEST, Act.VERIFY]
