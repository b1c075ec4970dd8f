"""Every single-value edit of the file that uses everything: it plans to just that change, applies, plans to nothing, and goes back.

It goes back in two ways: rolled back when the run fails, and by `rollback RUN` after the run. The gate takes a sample of more than three
hundred with a fixed seed, and lets some of them go back; RECONCILER_EDITS=all takes every edit, and both ways for every one.
"""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from reconciler import flow
from reconciler.emulator import Fault, FaultKind
from reconciler.errors import RefusedError
from reconciler.model import Act, Plan
from tests.mappings.edits import Edit, edits
from tests.mappings.held import Facts, Path, asked, differing, held, ids_of
from tests.mappings.workbench import Document, Workbench, document, unlike

ALL = os.environ.get("RECONCILER_EDITS") == "all"
SAMPLE = 304
ROLLED_BACK = 40
LED_BACK = 24
CHUNKS = 64 if ALL else 16  # a chunk has to end within the time limit of one test, also on a busy machine
SEED = 20260131
ACTORS = {"Customer": "customer", "Supplier": "supplier", "Person": "person", "Project": "project"}


@dataclass
class Base:
    """The file that uses everything, applied."""

    bench: Workbench
    document: Document
    ids: dict[str, int]
    secrets: Facts
    facts: Facts
    truth: object
    edits: list[Edit]

    def held(self) -> Facts:
        """What the tenant holds now."""
        return held(self.bench.emulator, self.ids, self.secrets)


@functools.cache
def base() -> Base:
    """Made once in a process."""
    bench, wanted = Workbench(), document()
    report = bench.apply(bench.plan(wanted))
    assert report.exit_code == 0, report
    ids = ids_of(bench.emulator, wanted)
    secrets: Facts = {
        (f"connection/{key}", "config", name): value
        for key, one in wanted["connections"].items()
        for name, value in one["config"].items()
        if isinstance(value, dict)
    }
    facts = held(bench.emulator, ids, secrets)
    bench.emulator.clear_calls()
    bench.remember()
    return Base(bench, wanted, ids, secrets, facts, bench.truth(), edits(wanted, facts, _types(bench, ids)))


def _types(bench: Workbench, ids: dict[str, int]) -> dict[Path, str]:
    return {
        (address, ACTORS[wire], key): row["FieldType"]
        for address, row_id in ids.items()
        if address.startswith("connection/visma")
        for wire, actor in bench.emulator.inspect.connection(row_id)["Actors"].items()
        for key, row in actor["Fields"].items()
    }


def chosen() -> list[Edit]:
    """The edits of this run, always in the same order."""
    everything = list(base().edits)
    random.Random(SEED).shuffle(everything)
    return everything if ALL else everything[:SAMPLE]


def paths(plan: Plan) -> set[Path]:
    """What a plan changes."""
    return {(str(unit.address), *change.path) for unit in plan.units for change in unit.changes}


def test_the_file_that_uses_everything_plans_to_nothing_after_its_first_apply() -> None:
    made = base()
    made.bench.go_back()
    assert differing(asked(made.document, made.facts), made.facts) == set()
    assert made.bench.plan(made.document).units == ()
    assert not [call for call in made.bench.emulator.calls if call.writes]


def test_there_are_enough_different_edits(record_property: Callable[[str, object], None]) -> None:
    every = base().edits
    assert len({str(edit) for edit in every}) == len(every) >= 300
    assert len(chosen()) >= 300
    record_property("figure", f"single-value edits of the file that uses everything: {len(every)}, {len(chosen())} of them in this run")


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_an_edit_plans_to_just_that_change_and_applies(chunk: int) -> None:
    wrong: list[str] = []
    for number, edit in enumerate(chosen()):
        if number % CHUNKS == chunk:
            wrong += [f"{edit}: {text}" for text in _tried(edit, back=ALL or number < ROLLED_BACK, led=ALL or number < LED_BACK)]
    assert not wrong, "\n".join(wrong)


def _tried(edit: Edit, *, back: bool, led: bool) -> list[str]:
    made, bench = base(), base().bench
    bench.go_back()
    wanted = edit.of(made.document)
    expected = differing(asked(wanted, made.facts), made.facts)
    plan = bench.plan(wanted)
    if paths(plan) != expected:
        return [f"it plans to {sorted(paths(plan))} instead of {sorted(expected)}"]
    report = bench.apply(plan)
    wrong = [] if report.exit_code == 0 else [f"exit {report.exit_code} {[unit.reason for unit in report.units]}"]
    now = made.held()
    secret = {path for path in expected if path in made.secrets}
    wrong += [f"the tenant does not hold {path}" for path in sorted(differing(asked(wanted, now), now) - secret)]
    wrong += [f"{path} changed, too" for path in sorted(_strangers(made.facts, now, expected))]
    again = bench.plan(wanted)
    wrong += [f"it plans again to {sorted(paths(again))}"] if again.units else []
    if not plan.units or wrong:
        return wrong
    fault = _last_one(plan)
    wrong += _led_back(report.run) if led else []
    return wrong + (_rolled_back(plan, wanted, fault) if back else [])


def _strangers(before: Facts, now: Facts, expected: set[Path]) -> set[Path]:
    """What differs although nobody asked for it; texts of other languages are part of the same fact."""
    moved = {path for path in {*before, *now} if before.get(path) != now.get(path)}
    return {path for path in moved if not any(one[: len(path)] == path for one in expected)}


def _rolled_back(plan: Plan, wanted: Document, fault: Fault) -> list[str]:
    """Apply the same plan once more, with its toggle-on (or its last write) refused."""
    made, bench = base(), base().bench
    bench.go_back()
    report = bench.apply(plan, fault)
    wrong = [] if report.exit_code == 5 else [f"rolled back, it exits {report.exit_code} {[unit.reason for unit in report.units]}"]
    wrong += [f"rolled back ({fault.operation} {fault.nth}), {text}" for text in unlike(bench.truth(), made.truth)]
    again = bench.plan(wanted)
    wrong += [] if paths(again) == paths(plan) else [f"rolled back, it plans to {sorted(paths(again))}"]
    return wrong


# What no file can ask for, so that `rollback` says it instead.
STAYS = ("a secret's earlier value is not in any file", "nothing stood there before, and a file cannot ask for that")


def _led_back(run: str) -> list[str]:
    """`rollback RUN`, with whatever it asks to be permitted: the tenant holds what it held, or a sentence says why that cannot be."""
    made, bench = base(), base().bench
    with bench.session() as session:
        try:
            plan, _ = flow.make_rollback_plan(session, run)
        except RefusedError as refused:
            return [] if any(text in refused.detail for text in STAYS) else [f"`rollback` refuses: {refused}"]
        plan, stays = flow.make_rollback_plan(session, run, permissions=[hazard.permission for hazard in plan.stopping])
    report = bench.apply(plan)
    wrong = [] if report.exit_code == 0 else [f"led back, it exits {report.exit_code} {[unit.reason for unit in report.units]}"]
    return wrong + [f"led back (stays: {stays}), {text}" for text in unlike(bench.truth(), made.truth)]


def _last_one(plan: Plan) -> Fault:
    """What is refused: the activation, or the last write of the calls that the first apply made."""
    acts = [step.act for unit in plan.units for step in unit.steps]
    if Act.ACTIVATE in acts:
        nth = 2 if Act.DEACTIVATE in acts else 1
        return Fault("ToggleErpConnectionActive", FaultKind.REASONS_WITHOUT_FLIP, nth=nth)
    writes = [call.operation for call in base().bench.emulator.calls if call.writes]
    return Fault(writes[-1], FaultKind.FORBIDDEN, nth=writes.count(writes[-1]))
