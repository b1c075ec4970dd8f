"""The plan as a person reads it: whole pages, and what must hold for every plan."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import Act, Address, HazardName, NotChecked, SecretRef, UnitKind
from reconciler.report.plan_text import plan_page
from reconciler.report.plan_words import act_text, summary
from tests.report import samples
from tests.report.golden import check

FULL = samples.plan(
    samples.moved_connector(),
    samples.update(),
    samples.creation(),
    samples.deletion(),
    hazards=(samples.ELSEWHERE, replace(samples.GONE, permitted=True), samples.STARTS),
    not_checked=(samples.UNSEEN,),
)
NEXT = [("If that is what you want", "reconciler plan -o plan.json --allow points-elsewhere=connection/visma-no")]


def test_a_plan_with_everything_in_it() -> None:
    text = plan_page(FULL, window_seconds={"connection/visma-no": 2.34}, next_steps=NEXT).text()
    check("plan-full.txt", text)
    assert text.startswith("Plan for prod: ")


def test_a_plan_on_a_narrow_coloured_terminal() -> None:
    check("plan-full-colour-60.txt", plan_page(FULL, width=60, next_steps=NEXT).text(colour=True).replace("\x1b", "<ESC>"))


def test_a_small_plan() -> None:
    check("plan-rename.txt", plan_page(samples.plan(samples.rename()), next_steps=[("Next", "reconciler apply plan.json")]).text())


@pytest.mark.parametrize(
    ("unchanged", "first"),
    [
        (11, "Plan for prod: nothing to do; all 11 managed things are as the files ask."),
        (1, "Plan for prod: nothing to do; everything managed is as the files ask."),
    ],
)
def test_nothing_to_do_is_one_calm_sentence(unchanged: int, first: str) -> None:
    assert plan_page(samples.plan(unchanged=unchanged, unmanaged=0)).text().splitlines()[0] == first


def test_hazards_stand_before_everything_that_changes_and_barriers_first() -> None:
    lines = plan_page(FULL).text().splitlines()
    first = {
        mark: next(number for number, line in enumerate(lines) if line.startswith(mark))
        for mark in ("  x ", "Permitted", "Good to know", "~ update")
    }
    assert list(first.values()) == sorted(first.values())


def test_every_barrier_that_stops_says_what_to_type() -> None:
    barriers = tuple(samples.barrier(name, Address.connection("a b/c"), "Text.") for name in HazardName)
    text = plan_page(samples.plan(samples.rename(), hazards=barriers)).text()
    assert all(f"--allow {hazard.permission}\n" in text for hazard in barriers)
    assert "--allow delete=connection/a%20b%2Fc\n" in text
    assert "--allow" not in plan_page(samples.plan(hazards=tuple(replace(one, permitted=True) for one in barriers))).text()


def test_several_windows_are_told_together_first() -> None:
    second = replace(samples.update(), address=samples.FORTNOX, window_calls=8)
    text = plan_page(samples.plan(samples.update(), second)).text()
    assert text.splitlines()[1] == "While it runs, 2 connections are inactive, one after the other, for 6 to 8 calls each."


def test_the_steps_are_numbered_in_their_order_and_the_window_is_marked() -> None:
    lines = plan_page(samples.plan(samples.update())).text().splitlines()
    steps = [line.split() for line in lines if line.strip()[:1].isdigit()]
    assert [int(words[0]) for words in steps] == list(range(1, 9))
    assert [int(words[0]) for words in steps if words[1] == "|"] == [3, 4, 5, 6]


def test_the_digest_is_whole() -> None:
    assert "3f2a" * 16 in plan_page(FULL, width=40).text()


def test_every_act_has_words() -> None:
    assert all(act_text(act) for act in Act)


def test_the_summary_counts_every_kind() -> None:
    assert summary(FULL) == "1 to create, 2 to update, 1 to delete, 11 unchanged, 3 not managed"


WILD = st.text(st.characters(codec=None), max_size=200)
LEAF = WILD | st.booleans() | st.integers() | st.none() | WILD.map(lambda name: SecretRef("env", name or "X", "1"))


@given(WILD, LEAF, LEAF, WILD, WILD, st.booleans(), st.sampled_from(list(UnitKind)))
def test_no_value_of_a_tenant_or_a_file_breaks_the_page(
    key: str, before: object, after: object, reason: str, name: str, colour: bool, kind: UnitKind
) -> None:
    address = Address.connection(name or "x")
    unit = samples.unit(address, kind, (), active=(True, True), sets={}, line=3)
    change = replace(samples.rename().changes[0], address=address, path=("config", key), before=before, after=after)
    made = samples.plan(
        replace(unit, changes=(change,)),
        hazards=(samples.barrier(HazardName.DELETE, address, reason),),
        not_checked=(NotChecked(address, (key,), reason),),
    )
    text = plan_page(replace(made, target=name or "t"), width=80).text(colour=colour)
    plain = text.replace("\x1b[", "") if colour else text
    assert all(char.isprintable() for char in plain.replace("\n", ""))
    assert str(address) in text
    assert len(text) < 20_000
