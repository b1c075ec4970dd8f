"""What left the usual way is listed until somebody else has looked at it."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest

from tests.cli.conftest import CANARY, Folder
from tests.forge.scripted import ScriptedForge


@pytest.fixture(autouse=True)
def a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Anna sits at this machine, outside of any pipeline."""
    for name in ("GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR", "CI", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOGNAME", "anna")


def listed(folder: Folder, *arguments: str) -> list[dict[str, Any]]:
    done = folder.run("audit", "exceptions", "--format", "json", *arguments)
    found: list[dict[str, Any]] = json.loads(done.out)["exceptions"]
    return found


def kinds(folder: Folder, *arguments: str) -> list[str]:
    return [one["kind"] for one in listed(folder, *arguments)]


def opening(folder: Folder) -> dict[str, Any]:
    newest = json.loads(folder.run("history", "--format", "json").out)["runs"][-1]["run"]
    body: dict[str, Any] = json.loads(folder.run("show", newest, "--format", "json").out)["opening"]
    return body


def edit(folder: Folder, *arguments: str) -> None:
    """Somebody changes the tenant by hand."""
    assert folder.run("emulator", "edit", *arguments).code == 0


def test_a_run_says_with_what_and_under_which_controls_it_ran(folder: Folder) -> None:
    folder.write("targets: {emulator: {kind: emulator, limits: {max_deleted: 0}, retention: 7y}}", "targets.yaml")
    folder.write()
    done = folder.run("apply", "--yes", "--target", "emulator", "--ticket", "CHG-1", "--reason", "why", "--class", "standard")
    assert done.code == 0, done.err
    body = json.loads(
        folder.run("show", json.loads(folder.run("history", "--target", "emulator", "--format", "json").out)["runs"][0]["run"],
                   "--target", "emulator", "--format", "json").out
    )["opening"]  # fmt: skip
    assert body["why"] == {"ticket": "CHG-1", "reason": "why", "class": "standard"}
    assert len(body["tool"]["digest"]) == 64
    assert abs(body["clock"]["ahead_s"]) < 5
    assert body["actor"]["principal"] == "ADMIN"
    assert body["controls"]["limits"]["says"]["max_deleted"] == 0
    assert body["controls"]["retention"]["says"] == 2557
    assert CANARY not in json.dumps(body)


def test_a_change_of_the_limits_is_listed_with_what_changed(folder: Folder) -> None:
    folder.write("targets: {emulator: {kind: emulator, limits: {max_deleted: 0}}}", "targets.yaml")
    folder.write()
    assert folder.run("apply", "--yes", "--target", "emulator").code == 0
    folder.write("targets: {emulator: {kind: emulator, limits: {max_deleted: 5}}}", "targets.yaml")
    folder.change("IntegerField: 12", "IntegerField: 13")
    assert folder.run("apply", "--yes", "--target", "emulator").code == 0
    (found,) = listed(folder, "--target", "emulator", "--kind", "controls-changed")
    assert "limits: max_deleted 0 → 5" in found["text"]
    assert found["by"] == "anna"


def test_break_glass_goes_past_a_missing_approval_and_is_flagged_until_somebody_else_reviews_it(
    applied: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    assert applied.run("plan", "-o", "plan.json").code == 0
    with ScriptedForge() as forge:
        monkeypatch.setenv("GITHUB_API_URL", forge.url)
        monkeypatch.setenv("GITHUB_REPOSITORY", "acme/erp")
        monkeypatch.setenv("GITHUB_REF", "refs/pull/7/merge")
        monkeypatch.setenv("GITHUB_TOKEN", "forge-token-canary")
        monkeypatch.setenv("GITHUB_TRIGGERING_ACTOR", "anna-k")
        assert applied.run("apply", "plan.json", "--require-approval", "--reason", "ERP down").code == 3
        done = applied.run("apply", "plan.json", "--require-approval", "--break-glass", "--reason", "ERP down")
        assert done.code == 0, done.err
        assert "BREAK-GLASS: ERP down" in done.err
        assert "is not approved" in done.err
        (found,) = listed(applied, "--kind", "break-glass")
        assert (found["by"], found["reviewed"]) == ("anna-k", None)
        assert "The plan is not approved" in found["text"]
        assert opening(applied)["why"] == {"reason": "ERP down", "class": "emergency"}
        assert applied.run("audit", "exceptions", "--check", "--kind", "break-glass").code == 3

        own = applied.run("audit", "review", found["run"], "--reason", "it was right")
        assert own.code == 3
        assert "somebody else has to review it" in own.err
        monkeypatch.setenv("GITHUB_TRIGGERING_ACTOR", "Anna-K")  # a forge takes these for one account
        assert applied.run("audit", "review", found["run"], "--reason", "it was right").code == 3

        monkeypatch.setenv("GITHUB_TRIGGERING_ACTOR", "berit")
        assert applied.run("audit", "review", found["run"][:-1], "--reason", "it was right").code == 0
    (closed,) = listed(applied, "--kind", "break-glass")
    assert (closed["reviewed"]["by"], closed["reviewed"]["reason"]) == ("berit", "it was right")
    assert applied.run("audit", "exceptions", "--check", "--kind", "break-glass").code == 0


@pytest.mark.parametrize(
    "arguments", [("--break-glass",), ("--break-glass", "--reason", " "), ("--break-glass", "--reason", "x", "--class", "standard")]
)
def test_break_glass_needs_a_reason_and_is_an_emergency(applied: Folder, arguments: tuple[str, ...]) -> None:
    assert applied.run("apply", "--yes", *arguments).code == 64


def test_break_glass_passes_no_barrier_and_no_altered_plan(applied: Folder) -> None:
    applied.change("connections:\n  visma-no:", "connections:\n  gone: {absent: true}\n  visma-no:")
    applied.change("Filename: F0001.xlsm", "Filename: F0003.xlsm")  # decides which ERP company is reached
    before = len(kinds(applied))
    broken = applied.run("apply", "--yes", "--break-glass", "--reason", "now")
    assert broken.code == 3, broken.err
    applied.run("plan", "-o", "plan.json")
    saved = (applied.path / "plan.json").read_text(encoding="utf-8")
    applied.write(saved.replace("F0003", "F0004"), "plan.json")
    assert applied.run("apply", "plan.json", "--break-glass", "--reason", "now").code == 4
    assert len(kinds(applied)) == before


def test_a_review_is_made_once(applied: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    run = listed(applied)[0]["run"]
    monkeypatch.setenv("LOGNAME", "berit")
    assert applied.run("audit", "review", run, "--reason", "looked").code == 0
    head = json.loads(applied.run("journal", "check", "--format", "json").out)["head"]
    again = applied.run("audit", "review", run, "--reason", "looked again")
    assert again.code == 0
    assert "Reviewed before, by berit" in again.err
    assert json.loads(applied.run("journal", "check", "--format", "json").out)["head"] == head
    assert applied.run("audit", "exceptions", "--check").code == 0
    assert applied.run("show", run).code == 0


def test_one_exception_is_reviewed_and_the_others_stay(applied: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = listed(applied)[:2]
    monkeypatch.setenv("LOGNAME", "berit")
    assert applied.run("audit", "review", first["id"], "--reason", "no forge here").code == 0
    assert [one["reviewed"] is None for one in listed(applied)][:2] == [False, True]
    assert second["kind"] == "no-ticket"


@pytest.mark.parametrize(("subject", "code"), [("break-glass@9999", 1), ("20000101", 1)])
def test_what_does_not_exist_cannot_be_reviewed(applied: Folder, subject: str, code: int) -> None:
    assert applied.run("audit", "review", subject, "--reason", "x").code == code


def test_changes_by_hand_are_seen_between_two_reads_and_ours_are_not(applied: Folder) -> None:
    assert applied.run("audit", "read").code == 0
    applied.change("IntegerField: 12", "IntegerField: 13")
    assert applied.run("apply", "--yes").code == 0
    assert applied.run("audit", "read").code == 0
    assert kinds(applied, "--kind", "changed-elsewhere") == []
    edit(applied, "set-config", "101", "IntegerField", "[I:99]")
    assert applied.run("audit", "read").code == 0
    (found,) = listed(applied, "--kind", "changed-elsewhere")
    assert "connection/visma-no changed (its configuration), and no run wrote it." in found["text"]
    assert found["run"] is None
    stored = b"".join(path.read_bytes() for path in (applied.path / ".reconciler").glob("journal.db*"))
    assert CANARY.encode() not in stored


def test_drift_that_a_run_puts_right_is_an_exception_of_that_run(applied: Folder) -> None:
    edit(applied, "rename", "101", "By hand")
    assert applied.run("apply", "--yes", "--ticket", "CHG-2").code == 0
    (found,) = listed(applied, "--kind", "changed-elsewhere")
    assert "connection/visma-no changed on the tenant" in found["text"]
    assert found["run"] is not None


def test_a_broken_lease_is_listed_with_who_broke_it(applied: Folder) -> None:
    database = sqlite3.connect(applied.path / ".reconciler" / "journal.db")
    database.execute("UPDATE lease SET holder = 'somebody', who = 'carl', expires_at = 99999999999.0, place = 'elsewhere'")
    database.commit()
    database.close()
    assert applied.run("lease", "--break", "carl", "--reason", "his laptop is gone").code == 0
    (found,) = listed(applied, "--kind", "lease-broken")
    assert found["by"] == "anna"
    assert "The lease of carl was taken away" in found["text"]
    assert "his laptop is gone" in found["text"]


def test_a_period_leaves_out_what_came_before_and_after(applied: Folder) -> None:
    assert kinds(applied, "--to", "2020-01-01") == []
    assert kinds(applied, "--from", "2020-01-01") == kinds(applied)
    assert applied.run("audit", "exceptions", "--from", "yesterday").code == 64
    assert applied.run("audit", "exceptions", "--from", "2026-02-01", "--to", "2026-01-01").code == 64


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_the_list_says_what_it_covers_in_every_format(applied: Folder, form: str) -> None:
    done = applied.run("audit", "exceptions", "--format", form)
    assert done.code == 0
    assert "is read from this journal alone" in done.out
    assert "no-approval@" in done.out
