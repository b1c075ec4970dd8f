"""Whoever changes what limits a run does not do it unseen: the next run's exceptions say what changed, from what to what."""

from __future__ import annotations

import pytest

from reconciler import flow
from reconciler.audit.period import period_of
from tests.scenarios.stage import Stage

RULE = "version: 1\nrules:\n  - {name: few, severity: warning, owner: ops@example.com, message: Many., when: count.units > NUMBER}\n"
PERMIT = "permits:\n  - {hazard: delete, address: connection/norway, until: 2026-12-31, ticket: CHG-7}\n"


def told(stage: Stage) -> list[str]:
    """What the exceptions say of controls that changed, oldest first."""
    with stage.session() as session:
        found = flow.exceptions(flow.account(session), period_of(None, None), ("controls-changed",))
    return [flag.text for flag in found]


def run_again(stage: Stage, number: int) -> None:
    """One more run, of a change that matters to nobody."""
    stage.change((f"IntegerField: {number - 1}", f"IntegerField: {number}"))
    assert stage.apply().exit_code == 0


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("limits: {max_deleted: 0}", "limits: {max_deleted: 5}", "limits: max_deleted 0 → 5"),
        ("limits: {max_changed: 9}", "", "limits: max_changed 9 → none"),
        ("timeouts: {read: 30s}", "timeouts: {read: 31s}", "target: timeouts "),
        ("barriers: [starts-data-flow]", "", "barriers: starts-data-flow → none"),
        ("secrets: ['env:VISMA_*']", "secrets: ['env:*']", "secrets: env:VISMA_* → env:*"),
        (
            "connector_hosts: [connectors.example.com]",
            "connector_hosts: [connectors.example.com, erp.example.com]",
            "connector hosts: connectors.example.com → connectors.example.com, erp.example.com",
        ),
        ("deactivate_for: [config]", "", "deactivate for: config → config, mappings"),
        ("plan_expires: 24h", "plan_expires: 240h", "plan expires: "),
        ("", "policy: policy.yaml", "policy: none → "),
        ("policy: policy.yaml", "", "policy: "),
    ],
)
def test_a_change_of_the_target_is_listed_at_the_next_run_and_only_there(applied: Stage, before: str, after: str, says: str) -> None:
    applied.write(RULE.replace("NUMBER", "9"), "policy.yaml")
    applied.write_targets(before)
    run_again(applied, 13)
    earlier = told(applied)
    applied.write_targets(after)
    run_again(applied, 14)
    (found,) = told(applied)[len(earlier) :]
    assert says in found, found
    run_again(applied, 15)
    assert len(told(applied)) == len(earlier) + 1


def test_another_text_of_the_policy_is_listed_with_both_digests(applied: Stage) -> None:
    applied.write(RULE.replace("NUMBER", "9"), "policy.yaml")
    applied.write_targets("policy: policy.yaml")
    run_again(applied, 13)
    applied.write(RULE.replace("NUMBER", "99"), "policy.yaml")
    run_again(applied, 14)
    assert "policy: digest " in told(applied)[-1]


def test_a_permit_that_comes_and_one_that_goes_are_listed(applied: Stage) -> None:
    path = applied.folder / "connections.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + PERMIT, encoding="utf-8")
    run_again(applied, 13)
    assert "permits: none → delete=connection/norway until 2026-12-31" in told(applied)[-1]
    path.write_text(path.read_text(encoding="utf-8").removesuffix(PERMIT), encoding="utf-8")
    run_again(applied, 14)
    assert "permits: delete=connection/norway until 2026-12-31 → none" in told(applied)[-1]
