"""Which permits count, and that permits and verdicts survive a saved plan byte for byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import StalePlan
from reconciler.model import (
    Address,
    Grade,
    Hazard,
    HazardName,
    JudgedPermit,
    Permit,
    PermitState,
    PolicyVerdict,
    RuleVerdict,
    Ruling,
    Source,
    UsedPermit,
)
from reconciler.plan.codec import from_bytes, plan_digest, to_bytes, to_json
from reconciler.plan.permits import counting, judged
from tests.report import samples

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
texts = st.text(max_size=20)
places = st.builds(Source, texts, st.integers(0, 99), st.integers(0, 99))
moments = st.integers(-3 * 24, 3 * 24).map(lambda hours: NOW + timedelta(hours=hours))
untils = st.one_of(moments.map(lambda one: one.date().isoformat()), moments.map(lambda one: one.strftime("%Y-%m-%dT%H:%M+00:00")))
addresses = st.sampled_from([Address.connection("a"), Address.connection("b c/d"), Address(("target", "prod"))])
digests = st.sampled_from(["1" * 64, "2" * 64, "3" * 64])
permits = st.builds(Permit, st.sampled_from([one.value for one in HazardName]), addresses, untils, texts, texts, places, digests)
hazards = st.builds(Hazard, st.sampled_from(list(HazardName)), addresses, st.sampled_from(list(Grade)), texts)
verdicts = st.builds(RuleVerdict, texts, st.sampled_from(list(Ruling)), texts, texts, places, texts, st.booleans())
policies = st.none() | st.builds(PolicyVerdict, texts, digests, st.lists(verdicts, max_size=3).map(tuple))


def test_a_day_lasts_to_its_end_and_a_moment_to_itself() -> None:
    day = Permit("delete", Address.connection("a"), "2026-11-22")
    moment = replace(day, until="2026-11-22T13:00+01:00")
    for permit, last in ((day, datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)), (moment, NOW)):
        assert not permit.expired(last)
        assert permit.expired(last + timedelta(seconds=1))


@settings(deadline=None, max_examples=80)
@given(st.lists(permits, max_size=6), st.lists(hazards, max_size=6), st.sets(digests))
def test_a_barrier_is_let_through_by_a_permit_that_is_neither_expired_nor_used_and_by_no_other(
    written: list[Permit], found: list[Hazard], spent: set[str]
) -> None:
    used = {digest: UsedPermit("20261101-120000-aaaa", "p") for digest in spent}
    counted = set(counting(written, used, NOW))
    for permit, one in zip(written, judged(written, used, NOW, found), strict=True):
        needed = any(hazard.permission == permit.permission and hazard.grade is Grade.BARRIER for hazard in found)
        counts = not permit.expired(NOW) and permit.digest not in spent
        assert one.permit is permit
        assert (one.state is PermitState.PERMITS) is (counts and needed)
        assert not counts or permit.permission in counted
        assert (one.run != "") is (one.state is PermitState.USED)
    assert counted <= {one.permission for one in written if not one.expired(NOW)}


@settings(deadline=None, max_examples=80)
@given(st.lists(st.builds(JudgedPermit, permits, st.sampled_from(list(PermitState)), texts), max_size=3).map(tuple), policies)
def test_permits_and_verdicts_survive_being_saved_and_are_covered_by_the_digest(
    given_permits: tuple[JudgedPermit, ...], policy: PolicyVerdict | None
) -> None:
    made = replace(samples.plan(), permits=given_permits, policy=policy, digest="")
    made = replace(made, digest=plan_digest(made))
    raw = to_bytes(made)
    assert from_bytes(raw) == made
    assert to_bytes(from_bytes(raw)) == raw
    bare = replace(made, permits=(), policy=None)
    assert (plan_digest(replace(bare, digest="")) == made.digest) is (not given_permits and policy is None)


def test_a_plan_with_a_permit_until_no_day_at_all_is_no_plan() -> None:
    permit = Permit("delete", Address.connection("a"), "2026-02-30", "x", "", Source("a.yaml", 1, 1), "1" * 64)
    made = replace(samples.plan(), permits=(JudgedPermit(permit, PermitState.PERMITS),), digest="")
    raw = to_bytes(replace(made, digest=plan_digest(made)))
    assert to_json(made)["permits"][0]["until"] == "2026-02-30"
    with pytest.raises(StalePlan, match="not a plan"):
        from_bytes(raw)
