"""The steps of one unit, from one table of (active before, active after) x what changes.

| active before | after | changes         | off | saved  | refresh | on  |
|---------------|-------|-----------------|-----|--------|---------|-----|
| yes           | yes   | config          | yes | inside | yes     | yes |
| yes           | yes   | name, scope ... | no  | active | no      | no  |
| yes           | no    | nothing else    | yes | -      | no      | no  |
| yes           | no    | anything        | yes | inside | config  | no  |
| no            | no    | anything        | no  | yes    | config  | no  |
| no            | yes   | nothing else    | no  | -      | no      | yes |
| no            | yes   | anything        | no  | yes    | config  | yes |

A save is preceded by a rehearsal and a test of the candidate; a lone activation by the rehearsal; switching off and
deleting by nothing. Source: the vendor's manual, "Update ERP connection" (deactivate before configuration fields change;
name and scope may change while active).

In -> Out: what changes -> steps in the order in which they run.
Effects: none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from reconciler.model import Act, Address, Attributes, Step, UnitKind, Why
from reconciler.plan.below import MAPPED, Below, mapping_steps, orders_and_defaults, parts_of

# Attributes of a connection that are saved while it stays active.
SAVED_WHILE_ACTIVE = frozenset({"name", "description", "scope"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What the table is asked about one connection unit.

    Attributes:
        sets: the attributes that differ, nested as in `model.values`.
        late: (actor, field key) that exist only after the refresh.
        maps_inactive: mappings are changed while the connection is inactive (the target may narrow this to configuration).
        forced_refresh: the person asked for a refresh.
    """

    address: Address
    kind: UnitKind
    active_before: bool
    active_after: bool
    sets: Attributes
    late: frozenset[tuple[str, str]] = frozenset()
    maps_inactive: bool = True
    forced_refresh: bool = False

    @property
    def config_changes(self) -> bool:
        """Whether configuration is written."""
        return "config" in self.sets or self.kind is UnitKind.CREATE

    @property
    def maps(self) -> bool:
        """Whether mappings, the switch of an actor type or list items are written."""
        return any(parts_of(self.sets, actor) & MAPPED for actor in self.sets.get("actors", {}))

    @property
    def saves(self) -> bool:
        """Whether the connection itself is saved."""
        return self.config_changes or bool(SAVED_WHILE_ACTIVE & self.sets.keys())

    @property
    def switches_off(self) -> bool:
        """Whether an active connection is deactivated, for good or for the inactive window."""
        inside = self.config_changes or self.forced_refresh or (self.maps and self.maps_inactive)
        return self.active_before and (inside or not self.active_after)

    @property
    def switches_on(self) -> bool:
        """Whether the connection is activated by the plan."""
        return self.active_after and (self.switches_off or not self.active_before)

    @property
    def has_window(self) -> bool:
        """Whether users lose the connection for a while: off and on again."""
        return self.switches_off and self.switches_on


def connection_steps(shape: Shape) -> tuple[Step, ...]:
    """The steps of a connection unit, numbered from 1."""
    if shape.kind is UnitKind.DELETE:
        return _numbered(_delete_steps(shape))
    steps = [*_tests_before(shape)]
    if shape.kind is UnitKind.UPDATE:
        steps += orders_and_defaults(_below(shape), late=False)
    if shape.switches_off:
        steps.append(_deactivate(shape))
    if shape.kind is UnitKind.CREATE:
        steps += _creation_steps(shape)
    elif shape.saves:
        steps.append(_save(shape))
    if shape.config_changes or shape.forced_refresh:
        steps.append(_refresh(shape))
    steps += mapping_steps(_below(shape))
    steps += orders_and_defaults(_below(shape), late=True)
    if shape.switches_on:
        steps.append(_activate(shape))
    if shape.saves or shape.switches_on or shape.forced_refresh or (shape.maps and shape.active_after):
        steps.append(
            Step(0, Act.TEST, shape.address, Why.AFTER_CHANGE, check="the connection's test passes", no_inverse="it writes nothing")
        )
    steps.append(_verify(shape.address))
    return _numbered(steps)


def connector_steps(address: Address, kind: UnitKind, sets: Attributes, *, connections: int) -> tuple[Step, ...]:
    """The steps of a connector unit. `connections` is how many live connections are on it: each is tested before and after."""
    steps: list[Step] = []
    if "url" in sets:
        steps.append(
            Step(0, Act.TEST_URL, address, Why.CANDIDATE, {}, {"url": sets["url"]}, "a connector answers there", "", "it writes nothing")
        )
    if kind is UnitKind.CREATE:
        steps.append(Step(0, Act.CREATE, address, Why.CREATED, {}, sets, "a read shows exactly one new connector", "delete it again"))
    elif kind is UnitKind.DELETE:
        steps.append(
            Step(
                0,
                Act.DELETE,
                address,
                Why.ABSENT,
                check="SuperOffice says it can be deleted, and a read shows it deleted",
                no_inverse="a deletion cannot be undone",
                calls=3,
            )
        )
    else:
        moves = "url" in sets and connections > 0
        if moves:
            steps.append(
                Step(
                    0,
                    Act.REHEARSE_ALL,
                    address,
                    Why.BEFORE_TOUCHING,
                    check="each connection on it is tested as it is",
                    no_inverse="it writes nothing",
                    calls=connections,
                )
            )
        steps.append(Step(0, Act.SAVE, address, Why.DESIRED, {}, sets, "a read shows the new values", "save the old values"))
        if moves:
            steps.append(
                Step(
                    0,
                    Act.TEST_ALL,
                    address,
                    Why.AFTER_CHANGE,
                    check="every connection that passed before passes now",
                    no_inverse="it writes nothing",
                    calls=connections,
                )
            )
    return _numbered([*steps, _verify(address)])


def window_calls(steps: tuple[Step, ...]) -> int | None:
    """Calls after the toggle-off, the toggle-on included; None when there is no inactive window.

    The read that proves one write is the read that opens the next, so each step inside costs its write and one read, and
    the toggle-on closes the window before its own read.
    """
    inside = [step for step in steps if step.in_window]
    if not inside:
        return None
    after_off = 1  # the read that proves the toggle-off
    return after_off + sum(1 if step.act is Act.ACTIVATE else step.calls for step in inside if step.act is not Act.DEACTIVATE)


def _below(shape: Shape) -> Below:
    return Below(shape.address, shape.sets, shape.late, creates=shape.kind is UnitKind.CREATE, has_window=shape.has_window)


def _tests_before(shape: Shape) -> list[Step]:
    steps = []
    if shape.kind is UnitKind.UPDATE and (shape.saves or shape.switches_on or shape.maps or shape.forced_refresh):
        steps.append(
            Step(
                0,
                Act.REHEARSE,
                shape.address,
                Why.BEFORE_TOUCHING,
                check="the connection's test answers as it is now",
                no_inverse="it writes nothing",
            )
        )
    if shape.saves:
        steps.append(
            Step(
                0,
                Act.TEST_CONFIG,
                shape.address,
                Why.CANDIDATE,
                check="the test passes with the configuration to be saved",
                no_inverse="it writes nothing",
            )
        )
    return steps


def _deactivate(shape: Shape) -> Step:
    why = Why.INACTIVE_FOR_CONFIG if shape.config_changes or shape.forced_refresh else Why.INACTIVE_FOR_MAPPING
    why = why if shape.active_after else Why.SWITCHED_OFF
    return Step(
        0,
        Act.DEACTIVATE,
        shape.address,
        why,
        {"active": True},
        {"active": False},
        "a read shows it inactive",
        "activate it again",
        calls=2,
        in_window=shape.has_window,
    )


def _save(shape: Shape) -> Step:
    sets = {key: value for key, value in shape.sets.items() if key not in ("active", "actors")}
    expects = {"active": False} if shape.has_window else {}
    return Step(
        0,
        Act.SAVE,
        shape.address,
        Why.DESIRED,
        expects,
        sets,
        "a read shows the new values and all others as they were",
        "save the observed values",
        calls=2,
        in_window=shape.has_window,
    )


def _creation_steps(shape: Shape) -> list[Step]:
    sets = {key: value for key, value in shape.sets.items() if key != "actors"} | {"active": False}
    return [
        Step(
            0,
            Act.CREATE,
            shape.address,
            Why.CREATED,
            {},
            sets,
            "a read shows exactly one new connection",
            "delete it, before its first activation",
            calls=3,
        ),
        Step(0, Act.TEST, shape.address, Why.CANDIDATE, check="the stored connection's test passes", no_inverse="it writes nothing"),
    ]


def _refresh(shape: Shape) -> Step:
    return Step(
        0,
        Act.REFRESH,
        shape.address,
        Why.AFTER_SAVE,
        check="SuperOffice says so, and the fields can be read",
        inverse="refresh again after the old values are back",
        calls=2,
        in_window=shape.has_window,
    )


def _activate(shape: Shape) -> Step:
    first = not shape.active_before
    return Step(
        0,
        Act.ACTIVATE,
        shape.address,
        Why.SWITCHED_ON if first else Why.BACK_ON,
        {"active": False},
        {"active": True},
        "SuperOffice gives no reason against it, and a read shows it active",
        "deactivate it again",
        calls=2,
        in_window=shape.has_window,
    )


def _delete_steps(shape: Shape) -> list[Step]:
    off = []
    if shape.active_before:
        off.append(
            Step(
                0,
                Act.DEACTIVATE,
                shape.address,
                Why.OFF_BEFORE_DELETE,
                {"active": True},
                {"active": False},
                "a read shows it inactive",
                "activate it again",
                calls=2,
            )
        )
    return [
        *off,
        Step(
            0, Act.DELETE, shape.address, Why.ABSENT, {"active": False}, {}, "a read shows it deleted", "", "a deletion cannot be undone", 2
        ),
        _verify(shape.address),
    ]


def _verify(address: Address) -> Step:
    return Step(0, Act.VERIFY, address, Why.PROOF, check="every managed attribute is as the file says", no_inverse="it writes nothing")


def _numbered(steps: list[Step]) -> tuple[Step, ...]:
    return tuple(replace(step, number=number) for number, step in enumerate(steps, 1))
