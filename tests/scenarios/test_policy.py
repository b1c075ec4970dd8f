"""A target's policy judges every plan when it is made and again before it runs; what it says stands in the plan, its reports and the journal."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from reconciler import flow
from reconciler.emulator import Emulator
from reconciler.errors import CheckFailed, InputError, ReconcilerError, StalePlan
from reconciler.flow import Occasion
from reconciler.journal.store import journal_path, open_store
from reconciler.model import Plan, Ruling
from reconciler.plan.codec import from_bytes, to_bytes
from reconciler.report.formats import Writer
from tests.scenarios.stage import CONNECTIONS, Stage

RULE = "  - {name: NAME, severity: SEVERITY, owner: owner@example.com, message: Not now., when: 'WHEN'}\n"
CHANGE = ("IntegerField: 12", "IntegerField: 13")


def rule(name: str, when: str, severity: str = "error") -> str:
    return RULE.replace("NAME", name).replace("SEVERITY", severity).replace("WHEN", when)


@pytest.fixture
def governed(applied: Stage) -> Stage:
    """One change is asked for, and the target names a policy."""
    applied.change(CHANGE)
    applied.write_targets("policy: policy.yaml")
    return applied


def govern(stage: Stage, *rules: str, head: str = "") -> None:
    stage.write(f"version: 1\n{head}rules:\n{''.join(rules)}", "policy.yaml")


def rulings(plan: Plan) -> dict[str, str]:
    assert plan.policy is not None
    return {one.rule: one.ruling.value for one in plan.policy.verdicts}


def refused(stage: Stage, plan: Plan, kind: type[ReconcilerError]) -> ReconcilerError:
    """Apply a saved plan, which must be refused with nothing written."""
    stage.emulator.clear_calls()
    with pytest.raises(kind) as error:
        stage.apply_saved(plan)
    assert stage.writes == []
    return error.value


def test_every_rule_gets_a_verdict_and_one_that_cannot_be_evaluated_denies(governed: Stage) -> None:
    govern(
        governed,
        rule("passes", "count.units > 5"),
        rule("warns", "count.updated == 1", "warning"),
        rule("denies", 'changes.exists(c, c.path == "config.IntegerField" && c.before == "number")'),
        rule("fails", "units[7].kind == phase", "warning"),
    )
    plan = governed.plan()
    assert rulings(plan) == {"passes": "passed", "warns": "warned", "denies": "denied", "fails": "denied"}
    assert [one.failure for one in plan.denied] == ["", "Index error: index=7 size=1"]
    assert from_bytes(to_bytes(plan)) == plan
    error = refused(governed, plan, CheckFailed)
    assert error.exit_code == 3
    assert "denies: Not now." in error.detail
    assert "owner@example.com" in error.hint


def test_the_command_line_says_which_rule_denies_whom_to_ask_and_exits_with_3(governed: Stage) -> None:
    govern(governed, rule("never", "count.units > 0"))
    typed = governed.type("--target", "stage", "plan", "-o", "plan.json")
    assert typed.code == 3
    for told in ("The target's policy denies this plan.", "x never  (policy.yaml:3:5)", "Not now. Owner: owner@example.com."):
        assert told in typed.out
    governed.emulator.clear_calls()
    for arguments in (["apply", "plan.json"], ["--target", "stage", "apply", "--yes"]):
        typed = governed.type(*arguments)
        assert (typed.code, "The policy of stage denies the plan" in typed.err) == (3, True), typed.err
    assert governed.writes == []


def test_validate_tells_what_is_wrong_with_the_policy_of_a_named_target(governed: Stage) -> None:
    govern(governed, rule("never", "count.unitz > 0"))
    typed = governed.type("--target", "stage", "validate")
    assert (typed.code, "policy.yaml:3:93: The expression of `never`" in typed.err) == (1, True), typed.err
    with pytest.raises(InputError):
        governed.plan()


def test_a_window_that_opens_between_review_and_apply_stops_the_run(governed: Stage) -> None:
    """The clock begins on Thursday, 2026-01-01 00:00 in UTC, which is 01:00 in Oslo."""
    head = "time_zone: Europe/Oslo\nwindows:\n  night: {from: thursday 02:00, to: thursday 03:00}\n"
    govern(governed, rule("night", 'windows.night && phase == "apply"'), head=head)
    plan = governed.plan()
    assert rulings(plan) == {"night": "passed"}
    governed.clock.sleep(3600)
    assert refused(governed, plan, CheckFailed).exit_code == 3
    governed.clock.sleep(3600)
    assert governed.apply_saved(plan).exit_code == 0


@pytest.mark.parametrize("how", ["rule", "comment", "none", "gone", "broken"])
def test_a_policy_that_is_another_one_than_at_review_stops_the_run(governed: Stage, how: str) -> None:
    govern(governed, rule("few", "count.units > 5"))
    plan = governed.plan()
    text = (governed.folder / "policy.yaml").read_text(encoding="utf-8")
    if how == "none":
        governed.write_targets()
    elif how == "gone":
        (governed.folder / "policy.yaml").unlink()
    else:
        governed.write(
            {"rule": text.replace("5", "6"), "comment": f"# looser\n{text}", "broken": text.replace("count", "cuont")}[how], "policy.yaml"
        )
    error = refused(governed, plan, InputError if how in {"gone", "broken"} else StalePlan)
    assert error.exit_code == (1 if how in {"gone", "broken"} else 4)


def test_a_warning_that_nobody_saw_at_review_stops_the_run_and_one_that_is_gone_does_not(governed: Stage) -> None:
    govern(governed, rule("late", 'time.clock >= "01:00"', "warning"))
    plan = governed.plan()
    governed.clock.sleep(3600)
    assert refused(governed, plan, StalePlan).exit_code == 4
    govern(governed, rule("early", 'time.clock < "02:00"', "warning"))
    warned = governed.plan()
    assert rulings(warned) == {"early": "warned"}
    governed.clock.sleep(3600)
    assert governed.apply_saved(warned).exit_code == 0


def test_who_applies_and_why_are_asked_again_at_apply(governed: Stage) -> None:
    govern(governed, rule("ticket", 'phase == "apply" && why.ticket == ""'), rule("people", 'who.actor == "mallory"'))
    plan = governed.plan()
    assert rulings(plan) == {"ticket": "passed", "people": "passed"}
    assert refused(governed, plan, CheckFailed).exit_code == 3
    with governed.session() as session, pytest.raises(CheckFailed):
        flow.apply_plan(session, plan, saved=True, who={"user": "x", "ci": {"GITHUB_ACTOR": "mallory"}}, why={"ticket": "CHG-1"})
    assert governed.apply_saved(plan, who={"user": "anna"}, why={"ticket": "CHG-1"}).exit_code == 0


def test_a_broken_glass_passes_only_rules_that_say_so_and_the_journal_flags_what_it_passed(governed: Stage) -> None:
    soft = rule("freeze", 'phase == "apply"').replace("when:", "break_glass: true, when:")
    govern(governed, soft)
    plan = governed.plan()
    glass = {"reason": "the ERP moved", "passed": []}
    assert "--break-glass" in refused(governed, plan, CheckFailed).hint
    govern(governed, soft, rule("hard", 'phase == "apply"'))
    with governed.session() as session, pytest.raises(CheckFailed, match="hard"):
        flow.apply_plan(session, governed.plan(), saved=True, glass=glass)
    assert governed.writes == []
    govern(governed, soft)
    with governed.session() as session:
        report = flow.apply_plan(session, plan, saved=True, glass=glass)
    assert report.exit_code == 0
    with open_store(journal_path(governed.folder), clock=governed.clock, create=False) as store:
        assert store.view(report.run).opening["break_glass"]["passed"] == ["The policy's rule freeze denies it: freeze: Not now."]
    typed = governed.type("--target", "stage", "show", report.run)
    assert "denied freeze (policy.yaml, " in typed.out


def test_the_command_line_breaks_the_glass_of_a_rule_that_denied_the_plan(governed: Stage) -> None:
    govern(governed, rule("freeze", "count.units > 0").replace("when:", "break_glass: true, when:"))
    assert governed.type("--target", "stage", "plan", "-o", "plan.json").code == 3
    assert governed.type("apply", "plan.json").code == 3
    typed = governed.type("apply", "plan.json", "--break-glass", "--reason", "the ERP moved")
    assert typed.code == 0, typed.err
    assert "The policy's rule freeze denies it" in typed.err


@pytest.mark.parametrize("command", [("refresh", "norway"), ("rollback",)], ids=lambda command: command[0])
def test_refresh_and_rollback_break_the_same_glass_and_are_flagged_for_it(governed: Stage, command: tuple[str, ...]) -> None:
    """They run plans of their own, which the policy judges like any other."""
    soft = rule("freeze", 'phase == "apply" && why.class != "standard"').replace("when:", "break_glass: true, when:")
    govern(governed, rule("few", "count.units > 5"))
    run = governed.apply().run
    command = (*command, run) if command == ("rollback",) else command
    govern(governed, soft, rule("hard", 'phase == "apply"'))
    governed.emulator.clear_calls()
    stopped = governed.type("--target", "stage", *command, "--yes", "--break-glass", "--reason", "the ERP moved")
    assert (stopped.code, "hard: Not now." in stopped.err) == (3, True), stopped.err
    govern(governed, soft)
    stopped = governed.type("--target", "stage", *command, "--yes")
    assert (stopped.code, "--break-glass --reason TEXT" in stopped.err) == (3, True), stopped.err
    assert governed.type("--target", "stage", *command, "--yes", "--break-glass").code == 64
    assert governed.writes == []

    done = governed.type("--target", "stage", *command, "--yes", "--break-glass", "--reason", "the ERP moved")
    assert done.code == 0, done.err
    assert "BREAK-GLASS: the ERP moved" in done.err
    told = json.loads(governed.type("--target", "stage", "audit", "exceptions", "--kind", "break-glass", "--format", "json").out)
    (flag,) = told["exceptions"]
    assert "The policy's rule freeze denies it" in flag["text"]
    newest = json.loads(governed.type("--target", "stage", "show", flag["run"], "--format", "json").out)["opening"]
    assert newest["why"] == {"reason": "the ERP moved", "class": "emergency"}

    assert governed.type("--target", "stage", *command, "--yes", "--class", "standard").code == 0  # the policy hears the class


def test_what_is_only_saved_goes_past_nothing(governed: Stage) -> None:
    govern(governed, rule("few", "count.units > 5"))
    run = governed.apply().run
    typed = governed.type("--target", "stage", "rollback", run, "-o", "back.json", "--break-glass", "--reason", "now")
    assert typed.code == 64
    assert "apply back.json --break-glass --reason TEXT" in typed.err
    assert not (governed.folder / "back.json").exists()


def test_target_check_reads_the_policy(governed: Stage) -> None:
    govern(governed, rule("freeze", "count.units > 0"))
    assert "policy.yaml can be read: 1 rule, on the wall clock of UTC." in governed.type("target", "check", "stage").out
    govern(governed, rule("freeze", "count.unitz > 0"))
    typed = governed.type("target", "check", "stage")
    assert (typed.code, "undeclared reference" in typed.out) == (3, True), typed.out


def test_the_journal_holds_the_digest_and_every_verdict_of_a_run(governed: Stage) -> None:
    govern(governed, rule("few", "count.units > 5"), rule("always", "true", "warning"))
    plan = governed.plan()
    report = governed.apply_saved(plan)
    assert report.exit_code == 0
    with open_store(journal_path(governed.folder), clock=governed.clock, create=False) as store:
        opening = store.view(report.run).opening
    assert plan.policy is not None
    assert opening["policy"]["digest"] == plan.policy.digest == opening["plan"]["policy"]["digest"]
    assert [(one["rule"], one["ruling"]) for one in opening["policy"]["verdicts"]] == [("few", "passed"), ("always", "warned")]


def test_every_report_tells_what_the_policy_says(governed: Stage) -> None:
    govern(governed, rule("never", "count.units > 0"), rule("careful", "true", "warning"), rule("fine", "false"))
    plan = governed.plan()
    for name in ("markdown", "html", "sarif", "github", "azure", "junit"):
        text = Writer(name, "plan", None).plan(plan, window_seconds={}, next_steps=(), exit_code=3)
        assert "never" in text, name
        assert "Not now. Owner: " in text, name
    for name in ("markdown", "html"):
        assert "passed fine" in Writer(name, "plan", None).plan(plan, window_seconds={}, next_steps=(), exit_code=3)
    told = json.loads(Writer("json", "plan", None).plan(plan, window_seconds={}, next_steps=(), exit_code=3))["policy"]
    assert [one["ruling"] for one in told["verdicts"]] == ["denied", "warned", "passed"]


def test_the_same_plan_has_the_same_bytes_and_one_without_changes_is_not_judged(governed: Stage) -> None:
    govern(governed, rule("never", "true"))
    assert to_bytes(governed.plan()) == to_bytes(governed.plan())
    governed.change(CHANGE[::-1])
    plan = governed.plan()
    assert plan.policy is not None
    assert plan.policy.verdicts == ()
    assert plan.denied == ()


def test_a_way_back_is_judged_too(governed: Stage) -> None:
    govern(governed, rule("never", "false"))
    run = governed.apply().run
    govern(governed, rule("never", "true"))
    with governed.session() as session:
        made, _ = flow.make_rollback_plan(session, run, occasion=Occasion("apply"))
        assert [one.rule for one in made.denied] == ["never"]
        with pytest.raises(CheckFailed):
            flow.apply_plan(session, made)


ACTORS = """\
    actors:
      customer:
        sync: true
        fields:
          NAME: {crm: NAME, direction: both}
          CustGr: {crm: BUSINESS, direction: to-crm, items: {"A": Retail, "B": IT}}
"""


@pytest.fixture
def sandbox(applied: Stage) -> Iterator[Stage]:
    """The same connection on two tenants that share a journal; mappings are asked for, and may only follow the sandbox."""
    with Emulator(clock=applied.clock, erp_folder=applied.folder / "erp") as other:
        applied.clock.emulators.append(other)
        applied.write_targets("policy: policy.yaml")
        path = applied.folder / "targets.yaml"
        path.write_text(
            path.read_text(encoding="utf-8")
            + f"  sandbox:\n    kind: emulator\n    url: {other.url}\n    files: [connections.yaml]\n    fingerprint_key: {{secret: env:STAGE_KEY}}\n",
            encoding="utf-8",
        )
        govern(
            applied,
            rule("sandbox-first", 'target.name != "sandbox" && units.exists(u, u.maps && !("sandbox" in u.proved_on))'.replace("'", '"')),
        )
        applied.write(CONNECTIONS + ACTORS)
        yield applied
        assert other.errors == []


def apply_at(stage: Stage, name: str) -> int:
    with stage.session(name) as session:
        return flow.apply_plan(session, flow.make_plan(session, flow.load(session, ()))).exit_code


def test_mappings_follow_only_when_the_sandbox_has_had_them(sandbox: Stage) -> None:
    assert rulings(sandbox.plan()) == {"sandbox-first": Ruling.DENIED.value}
    assert apply_at(sandbox, "sandbox") == 0
    plan = sandbox.plan()
    assert rulings(plan) == {"sandbox-first": Ruling.PASSED.value}
    sandbox.change(('"B": IT', '"B": Retail'))
    assert rulings(sandbox.plan()) == {"sandbox-first": Ruling.DENIED.value}
    sandbox.change(('"B": Retail', '"B": IT'))
    assert apply_at(sandbox, "stage") == 0
