"""The commands one after the other, against the embedded emulator, as a person and as a machine read them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import CANARY, FILE, Folder


def test_validate_counts_what_the_files_hold(folder: Folder) -> None:
    folder.write()
    done = folder.run("validate")
    assert (done.code, done.err) == (0, "")
    assert done.out == "valid  connections.yaml: 1 connection, 1 connector, 1 secret reference.\n"


def test_validate_tells_every_problem_with_its_place(folder: Folder) -> None:
    folder.write(FILE.replace("active: true", "active: yes").replace("connector: visma\n", "connector: vsma\n"))
    done = folder.run("validate")
    assert (done.code, done.out) == (1, "")
    assert "connections.yaml:13:13: " in done.err
    assert "    13 |     active: yes\n       |             ^\n" in done.err
    assert "2 problems found." in done.err
    machine = folder.run("validate", "--format", "json")
    document = json.loads(machine.out)
    assert (machine.code, document["valid"], len(document["problems"])) == (1, False, 2)


def test_a_secret_in_clear_is_not_repeated(folder: Folder) -> None:
    folder.write(FILE.replace("{secret: env:VISMA_PASSWORD, version: 1}", f"[{CANARY}]"))
    done = folder.run("validate")
    assert done.code == 1
    assert CANARY not in done.out + done.err


def test_plan_shows_saves_and_needs_no_secret(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISMA_PASSWORD")
    folder.write()
    done = folder.run("plan", "-o", "plan.json")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Plan for emulator: 2 to create.\n")
    assert done.out.endswith("Next:  reconciler apply plan.json\n")
    saved = json.loads((folder.path / "plan.json").read_text(encoding="utf-8"))
    assert saved["digest"] in done.out


def test_plan_for_machines_is_the_plan_that_is_saved(folder: Folder) -> None:
    folder.write()
    done = folder.run("plan", "-o", "plan.json", "--format", "json")
    assert done.out == (folder.path / "plan.json").read_text(encoding="utf-8")
    assert json.loads(done.out)["target"] == "emulator"


def test_changes_are_pending_only_when_asked_for(folder: Folder) -> None:
    folder.write()
    assert folder.run("plan").code == 0
    assert folder.run("plan", "--detailed-exitcode").code == 2


def test_apply_without_a_terminal_needs_yes(folder: Folder) -> None:
    folder.write()
    done = folder.spawn("apply")
    assert done.code == 1
    assert done.out.startswith("Plan for emulator: 2 to create.")
    assert "There is no terminal on which to ask." in done.err
    assert "hint: Give --yes" in done.err


def test_apply_then_everything_is_as_the_file_asks(applied: Folder) -> None:
    again = applied.run("apply", "--yes")
    assert (again.code, again.err) == (0, "")
    assert again.out.startswith("Plan for emulator: nothing to do; all 2 managed things are as the files ask.\n")
    assert applied.run("plan", "--detailed-exitcode").code == 0
    assert len(json.loads(applied.run("history", "--format", "json").out)["runs"]) == 1


def test_a_run_tells_its_units_its_head_and_where_the_evidence_is(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    done = applied.run("apply", "--yes")
    run = json.loads(applied.run("history", "--format", "json").out)["runs"][-1]["run"]
    assert done.code == 0
    assert f"Run {run} on emulator: 1 as desired" in done.out
    assert "Done: every unit is as desired, proved by a read." in done.out
    assert f"Evidence: reconciler show {run}\n" in done.out
    assert "1/1  ok  update  connection/visma-no  as desired; was inactive for " in done.err
    assert applied.run("show", run[:-2]).out.startswith(f"Run {run} on emulator: 1 as desired.\n")


def test_a_saved_plan_runs_once(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    applied.run("plan", "-o", "plan.json")
    digest = json.loads((applied.path / "plan.json").read_text(encoding="utf-8"))["digest"]
    other = applied.run("apply", "plan.json", "--expect-digest", "0" * 64)
    assert (other.code, other.out) == (4, "")
    elsewhere = applied.run("apply", "plan.json", "--target", "prod")
    assert elsewhere.code == 4
    applied.file.unlink()
    assert applied.run("apply", "plan.json", "--expect-digest", digest).code == 0
    assert applied.run("apply", "plan.json").code == 4


def test_an_altered_plan_is_refused(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    applied.run("plan", "-o", "plan.json")
    path = applied.path / "plan.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"after":13', '"after":14'), encoding="utf-8")
    assert applied.run("apply", "plan.json").code == 4
    assert applied.run("apply", "no-such-file.json").code == 1


def test_a_barrier_is_shown_saved_and_exits_with_3_until_it_is_permitted(applied: Folder) -> None:
    applied.change("F0001.xlsm", "F0002.xlsm")
    permission = "points-elsewhere=connection/visma-no"
    shown = applied.run("plan", "-o", "plan.json")
    assert shown.code == 3
    assert f"--allow {permission}" in shown.out
    assert f"reconciler plan -o plan.json --allow {permission}\n" in shown.out
    assert applied.run("apply", "plan.json").code == 3
    refused = applied.run("apply", "--yes")
    assert refused.code == 3
    assert "Nothing was applied" in refused.err
    assert applied.run("plan", "--detailed-exitcode", "--allow", permission).code == 2
    assert applied.run("apply", "--yes", "--allow", permission).code == 0


def test_status_and_tests(applied: Folder) -> None:
    status = applied.run("status")
    assert status.code == 0
    assert status.out.startswith("Status of emulator: 1 of 1 connection active.\n")
    assert "connection/visma-no" in status.out
    tests = applied.run("test", "visma-no")
    assert (tests.code, tests.out.splitlines()[0]) == (0, "Tests on emulator: 1 passed.")
    assert applied.run("test", "vsma").code == 1
    (applied.path / ".reconciler" / "emulator-erp" / "F0001.xlsm").unlink()
    failed = applied.run("test", "--format", "json")
    assert failed.code == 3
    assert json.loads(failed.out)["results"][0]["passed"] is False


def test_status_leads_to_a_dump_where_no_file_speaks_of_what_is_there(folder: Folder) -> None:
    folder.file.unlink(missing_ok=True)
    assert folder.run("emulator", "reset", "--yes", "--example").code == 0
    assert folder.run("status").out.endswith("Next: reconciler dump -o connections.yaml\n")
    assert folder.run("dump", "-o", "connections.yaml").code == 0
    assert folder.run("status").out.endswith("Next: reconciler plan\n")


def test_why_a_run_was_made_is_in_the_journal(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_RUN_ID", "4711")
    folder.write()
    folder.run("apply", "--yes", "--ticket", "OPS-1", "--reason", "first set-up")
    run = json.loads(folder.run("history", "--format", "json").out)["runs"][-1]["run"]
    opening = json.loads(folder.run("show", run, "--format", "json").out)["opening"]
    assert opening["why"] == {"ticket": "OPS-1", "reason": "first set-up"}
    assert opening["actor"]["ci"] == {"GITHUB_RUN_ID": "4711"}


@pytest.mark.parametrize(
    ("arguments", "name", "code"),
    [
        (("validate",), "validate", 0),
        (("plan",), "plan", 0),
        (("apply", "--yes"), "apply", 0),
        (("test",), "test", 0),
        (("status",), "status", 0),
        (("history",), "history", 0),
        (("recover",), "recover", 0),
        (("show", "no-such-run"), "error", 1),
        (("plan", "-f", "missing.yaml"), "error", 1),
    ],
)
def test_a_machine_gets_one_object_on_standard_output(applied: Folder, arguments: tuple[str, ...], name: str, code: int) -> None:
    done = applied.run(*arguments, "--format", "json")
    document: dict[str, Any] = json.loads(done.out)
    assert done.code == code
    assert document["format"] == f"reconciler/{name}/v1"
    assert "target" in document


def test_secrets_are_in_no_output(applied: Folder) -> None:
    applied.change("IntegerField: 12", "IntegerField: 13")
    run = json.loads(applied.run("history", "--format", "json").out)["runs"][-1]["run"]
    for arguments in (
        ("plan", "--debug"),
        ("apply", "--yes", "--debug"),
        ("status", "--debug"),
        ("show", run),
        ("show", run, "--format", "json"),
        ("test", "--debug"),
    ):
        done = applied.run(*arguments)
        assert done.code == 0
        assert CANARY not in done.out + done.err
