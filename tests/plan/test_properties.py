"""What holds for every plan, whatever the file, the tenant and the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from reconciler.errors import InputError, StalePlan
from reconciler.model import HIDDEN, Act, Address, Plain, Plan, SecretRef, UnitKind, same
from reconciler.plan.codec import digest_of, from_bytes, to_bytes, value_from_json, value_to_json
from reconciler.plan.diff import diff, diff_snapshots
from reconciler.plan.simulate import overlay, simulate
from reconciler.plan.steps import window_calls
from tests.plan.worlds import KEYS, World, decoded, elsewhere, twins, worlds

HERE = Address.connection("here")
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]  # a world takes a while to draw

leaves = st.one_of(
    st.booleans(),
    st.integers(-2, 2),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "0", "1", "True", "a", "\x00hidden", "\U0001d538", "\ud800"]),
    st.sampled_from([HIDDEN, SecretRef("env", "A"), SecretRef("env", "A", "1"), SecretRef("file", "$A")]),
)
keys = st.sampled_from([*KEYS, "$", "$$x", "$hidden", "$float", "version", "root['a']", ""])
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys, inner, max_size=3), max_leaves=6)
texts = st.sampled_from(["", "one", "two"]) | st.dictionaries(st.sampled_from(["en", "nb"]), st.sampled_from(["one", "two"]), min_size=1)
scopes = st.just({"everyone": True}) | st.fixed_dictionaries(
    {"everyone": st.just(False), "groups": st.dictionaries(keys, st.integers(1, 3)), "users": st.dictionaries(keys, st.integers(1, 3))}
)
attributes = st.fixed_dictionaries(
    {
        "name": texts,
        "description": texts,
        "connector": st.sampled_from(["connector/a", "#1"]),
        "active": st.booleans(),
        "scope": scopes,
        "config": st.dictionaries(keys, leaves, max_size=5),
    }
)


# ---- differences --------------------------------------------------------------------------------------------------------


def put(target: Any, path: tuple[str, ...], value: Any, *, there: bool) -> Any:
    """A copy of a nested mapping with one path set, or taken out."""
    head, *rest = path
    copy = dict(target) if isinstance(target, Mapping) else {}
    if rest:
        copy[head] = put(copy.get(head, {}), tuple(rest), value, there=there)
    elif there:
        copy[head] = value
    else:
        copy.pop(head, None)
    return copy


def holds(value: Any, path: tuple[str, ...]) -> bool:
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return False
        value = value[part]
    return True


@given(attributes)
def test_nothing_differs_from_itself(one: dict[str, Any]) -> None:
    assert diff(HERE, one, one) == ()
    assert diff_snapshots({HERE: one}, {HERE: one}) == ()


@given(attributes, attributes)
def test_what_differs_is_found_and_nothing_else(one: dict[str, Any], other: dict[str, Any]) -> None:
    """By type as well as by value; and the changes, played on one side, give the other."""
    changes = diff(HERE, one, other)
    assert bool(changes) is not same(one, other)
    assert [change.path for change in changes] == sorted({change.path for change in changes})
    played: Any = one
    for change in changes:
        played = put(played, change.path, change.after, there=holds(other, change.path))
    assert same(played, other)
    assert [(change.path, change.before, change.after) for change in diff(HERE, other, one)] == [
        (change.path, change.after, change.before) for change in changes
    ]


@given(attributes)
def test_what_comes_or_goes_whole_is_told_leaf_by_leaf(one: dict[str, Any]) -> None:
    created, deleted = diff(HERE, None, one), diff(HERE, one, None)
    assert [change.path for change in created] == [change.path for change in deleted]
    assert all(change.before is None for change in created)
    assert all(change.after is None for change in deleted)
    assert ("scope",) in {change.path for change in created}


@given(attributes, attributes)
def test_what_is_laid_over_replaces_whole_but_for_config_and_languages(live: dict[str, Any], sets: dict[str, Any]) -> None:
    result = overlay(live, sets)
    assert same({key: result["config"][key] for key in sets["config"]}, sets["config"])
    assert {**live["config"], **sets["config"]}.keys() == result["config"].keys()
    assert result["scope"] == sets["scope"]


# ---- plans --------------------------------------------------------------------------------------------------------------


def plan_of(world: World) -> Plan:
    """The plan; worlds whose file asks for the impossible are passed over."""
    try:
        return world.planned()
    except InputError as error:
        event(f"problem: {error.problems[0].code}")
        assume(False)
        raise


@settings(suppress_health_check=SLOW, max_examples=100)
@given(worlds())
def test_every_plan(world: World) -> None:
    """One world serves all of the properties below, because drawing one costs more than judging it."""
    plan = plan_of(world)
    event(f"{len(plan.units)} units")
    reaches_what_the_file_asks_for(world, plan)
    has_a_unit_for_each_thing_that_changes_and_none_else(world, plan)
    keeps_the_rules_of_the_window(plan)
    never_takes_a_password_from_a_read(world, plan)
    has_digests_that_do_not_know_where_things_stand_in_files(world, plan)
    survives_being_written_and_read(plan)


def reaches_what_the_file_asks_for(world: World, plan: Plan) -> None:
    """Judged from the file, not from what the planner took for the goal; and what the file does not mention stays."""
    before, identity = world.before, world.identity
    after = simulate(before, plan.units)
    for one in world.desired.connections.values():
        assert one.address.replaced not in after
        if one.absent:
            assert one.address not in after
            continue
        row = identity.connections.get(one.address)
        reached = after[one.address]
        fields = world.live.fields.get(row.connector_id) if row is not None else None
        for name, written in (("name", one.name), ("description", one.description)):
            text: Any = written.value if written is not None else None
            if isinstance(text, str):
                assert reached[name] == text
            elif text is not None:
                live: Any = before[one.address][name] if row is not None else ""
                assert reached[name] == {**(live if isinstance(live, dict) else {}), **text}
        if one.active is not None:
            assert reached["active"] is one.active.value
        elif row is not None:
            assert reached["active"] is row.active
        assert one.scope is not None
        assert reached["scope"]["everyone"] is one.scope.value.everyone
        for key, written_value in one.config.items():
            if isinstance(written_value.value, SecretRef):
                assert reached["config"][key] in (written_value.value, HIDDEN)
            else:
                declared = next((field for field in fields or () if field.key == key), None)
                assert isinstance(written_value.value, Plain)
                if declared is not None:
                    assert reached["config"][key] == decoded(written_value.value.text, declared.type)


def has_a_unit_for_each_thing_that_changes_and_none_else(world: World, plan: Plan) -> None:
    """A unit for each thing that changes and none else; what it sets is what its changes say."""
    before = world.before
    after = simulate(before, plan.units)
    changed = {address for address in {*before, *after} if not same(before.get(address), after.get(address))}
    assert {unit.address for unit in plan.units} == changed
    assert not changed & set(plan.unchanged)
    for unit in plan.units:
        paths = {change.path[0] for change in unit.changes}
        if unit.kind is UnitKind.UPDATE:
            assert set(unit.sets) == paths
        assert all(change.address == unit.address for change in unit.changes)


def keeps_the_rules_of_the_window(plan: Plan) -> None:
    """Config is written only while inactive; what ends active and was switched off is switched on; deletions come last and inactive."""
    for unit in plan.units:
        if unit.address.kind != "connection":
            continue
        active = bool(unit.before and unit.before["active"])
        acts = [step.act for step in unit.steps]
        for step in unit.steps:
            assert step.in_window <= (step.act in (Act.DEACTIVATE, Act.SAVE, Act.REFRESH, Act.ACTIVATE))
            if step.act is Act.SAVE and "config" in step.sets:
                assert not active
            if step.act in (Act.REFRESH, Act.DELETE):
                assert not active
            if step.act in (Act.DEACTIVATE, Act.ACTIVATE):
                assert active is (step.act is Act.DEACTIVATE)
                active = not active
        assert acts.count(Act.DEACTIVATE) <= 1
        assert acts.count(Act.ACTIVATE) <= 1
        assert acts[-1] is Act.VERIFY
        assert [step.number for step in unit.steps] == list(range(1, len(acts) + 1))
        assert all(step.inverse or step.no_inverse for step in unit.steps)
        writes = [at for at, act in enumerate(acts) if act in (Act.DEACTIVATE, Act.SAVE, Act.CREATE, Act.ACTIVATE, Act.DELETE)]
        tests = [at for at, act in enumerate(acts) if act in (Act.REHEARSE, Act.TEST_CONFIG)]
        assert not tests or max(tests) < min(writes)
        assert unit.window_calls == window_calls(unit.steps)


def never_takes_a_password_from_a_read(world: World, plan: Plan) -> None:
    """Every Password that the connector declares, and every key with a reference, has a source for its value."""
    for unit in plan.units:
        saves = [step for step in unit.steps if step.act in (Act.SAVE, Act.CREATE)]
        if not saves or unit.address.kind != "connection" or unit.connector_id is None:
            continue
        fields = world.live.fields.get(unit.connector_id) or ()
        assert {field.key for field in fields if field.type.value == "Password"} <= unit.secrets.keys()
        for step in saves:
            assert all(key in unit.secrets for key, value in step.sets.get("config", {}).items() if isinstance(value, SecretRef))
            assert HIDDEN not in step.sets.get("config", {}).values()


@settings(suppress_health_check=SLOW, max_examples=60)
@given(twins())
def test_the_same_input_in_another_order_gives_the_same_bytes(pair: tuple[World, World]) -> None:
    def told(world: World) -> Any:
        try:
            return to_bytes(world.planned())
        except InputError as error:
            return [str(problem) for problem in error.problems]

    assert told(pair[0]) == told(pair[1])


def has_digests_that_do_not_know_where_things_stand_in_files(world: World, plan: Plan) -> None:
    moved = elsewhere(world).planned()
    assert [unit.digest for unit in plan.units] == [unit.digest for unit in moved.units]
    assert all(unit.source != other.source for unit, other in zip(plan.units, moved.units, strict=True))


# ---- the file -----------------------------------------------------------------------------------------------------------


@given(values)
def test_every_value_survives_being_written_and_read(value: Any) -> None:
    again = value_from_json(value_to_json(value))
    assert same(again, value)
    assert digest_of(value_to_json(again)) == digest_of(value_to_json(value))


def survives_being_written_and_read(plan: Plan) -> None:
    assert from_bytes(to_bytes(plan)) == plan


def refuses(raw: bytes) -> bool:
    try:
        from_bytes(raw)
    except StalePlan:
        return True
    return False


@settings(max_examples=20, suppress_health_check=SLOW)
@given(worlds(), st.data())
def test_a_plan_of_which_a_byte_was_altered_is_refused(world: World, data: st.DataObject) -> None:
    raw = to_bytes(plan_of(world))
    for _ in range(20):
        at = data.draw(st.integers(0, len(raw) - 1))
        flipped = raw[at] ^ data.draw(st.integers(1, 255))
        assert refuses(raw[:at] + bytes([flipped]) + raw[at + 1 :])
