"""The policy that is shipped as an example, held against real plans: each of its rules speaks when it should, and not before."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.flow import Occasion, load, make_plan
from reconciler.model import Plan
from reconciler.policy.document import NAMES
from tests.scenarios.stage import CONNECTIONS, Stage, VirtualClock, staged

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)  # the stage's clock
TICKET = "permits:\n  - {hazard: delete, address: connection/norway, until: 2026-12-31, ticket: CHG-1042}\n"


@pytest.fixture
def governed(applied: Stage) -> Stage:
    """The connection is applied; the target names the example."""
    shutil.copyfile(DOCS / "examples" / "policy.yaml", applied.folder / "policy.yaml")
    applied.write_targets("policy: policy.yaml")
    return applied


def speaking(stage: Stage, phase: str = "plan", **who: object) -> list[str]:
    """The rules that deny or warn."""
    with stage.session() as session:
        plan: Plan = make_plan(session, load(session, ()), occasion=Occasion(phase, who))
    assert plan.policy is not None
    assert [one.failure for one in plan.policy.verdicts if one.failure] == []
    return [one.rule for one in plan.policy.verdicts if one.ruling != "passed"]


def test_a_small_change_from_a_pipeline_passes_every_rule(governed: Stage) -> None:
    governed.change(("IntegerField: 12", "IntegerField: 13"))
    assert speaking(governed) == []
    assert speaking(governed, "apply", ci={"GITHUB_RUN_ID": "1"}) == []
    assert speaking(governed, "apply") == ["applied-by-a-pipeline"]


def test_a_deletion_needs_a_permit_with_a_ticket(governed: Stage) -> None:
    gone = CONNECTIONS.partition("  norway:")[0] + "  norway: {absent: true}\n"
    governed.write(gone)
    assert speaking(governed) == ["ticket-for-deletes"]
    governed.write(gone + TICKET.replace("ticket: CHG-1042", "reason: I say so"))
    assert speaking(governed) == ["ticket-for-deletes"]
    governed.write(gone + TICKET)
    assert speaking(governed) == []


@pytest.mark.parametrize(
    ("utc", "spoken"),
    [
        ("2026-01-02T14:59", []),  # Friday 15:59 in Oslo
        ("2026-01-02T15:00", ["not-before-the-weekend"]),
        ("2026-01-04T22:59", ["not-before-the-weekend"]),
        ("2026-01-04T23:00", []),
        ("2026-07-03T14:00", ["not-before-the-weekend"]),  # Friday 16:00 in summer
        ("2026-12-29T12:00", ["not-before-the-weekend"]),  # a Tuesday between the years
    ],
)
def test_nothing_is_applied_before_the_weekend_and_everything_may_be_planned(tmp_path: Path, utc: str, spoken: list[str]) -> None:
    clock = VirtualClock()
    with staged(tmp_path, clock=clock) as stage:
        shutil.copyfile(DOCS / "examples" / "policy.yaml", tmp_path / "policy.yaml")
        stage.write_targets("policy: policy.yaml")
        clock.seconds = (datetime.fromisoformat(utc).replace(tzinfo=UTC) - BEGIN) / timedelta(seconds=1)
        assert speaking(stage) == []
        assert speaking(stage, "apply", ci={"CI_JOB_ID": "1"}) == spoken


def test_many_connections_at_once_and_an_unknown_host_are_denied(governed: Stage) -> None:
    one = CONNECTIONS.partition("connections:\n")[2]
    more = "".join(one.replace("norway:", f"no{number}:").replace("Visma Nor", f"{number} Nor") for number in range(6))
    governed.write(CONNECTIONS.replace("connectors.example.com", "elsewhere.example.com") + more)
    assert speaking(governed) == ["few-at-a-time", "known-connector-hosts"]


def test_the_page_lists_every_name_that_an_expression_can_use() -> None:
    page = (DOCS / "policy.md").read_text(encoding="utf-8")
    listed = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`([a-z_.]+)`", line.split("|")[1])}
    assert set(NAMES) <= listed
