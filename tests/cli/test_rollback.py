"""The way back to what a finished run found is a plan like any other: shown, permitted, asked for, run, and journalled."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Folder


def last_run(folder: Folder) -> str:
    return str(json.loads(folder.run("history", "--format", "json").out)["runs"][-1]["run"])


@pytest.fixture
def changed(applied: Folder) -> Folder:
    applied.change("IntegerField: 12", "IntegerField: 13")
    applied.change("{en: Visma Norway, nb: Visma Norge}", "{en: Visma Norway AS, nb: Visma Norge}")
    assert applied.run("apply", "--yes").code == 0
    return applied


def test_the_way_back_is_shown_asked_for_and_run(changed: Folder) -> None:
    run = last_run(changed)
    asked = changed.run("rollback", run)
    assert asked.code == 1
    assert "There is no terminal on which to ask." in " ".join(asked.err.split())
    assert "config.IntegerField  13 -> 12" in asked.out
    assert 'name.en              "Visma Norway AS" -> "Visma Norway"' in asked.out
    assert f"the way back from {run}" in asked.out
    done = changed.run("rollback", run, "--yes", "--ticket", "OPS-9")
    assert done.code == 0, done.out + done.err
    assert "The files still ask for what was undone" in done.err
    plan = changed.run("plan")
    assert "config.IntegerField  12 -> 13" in plan.out
    again = changed.run("rollback", run, "--yes")
    assert again.code == 0
    assert last_run(changed) != run


def test_the_way_back_can_be_saved_and_reviewed(changed: Folder) -> None:
    assert changed.run("rollback", last_run(changed), "-o", "back.json").code == 0
    done = changed.run("apply", "back.json")
    assert done.code == 0, done.out + done.err


def test_what_was_created_is_deleted_only_with_permission_and_a_secret_is_not_promised(applied: Folder) -> None:
    created = last_run(applied)
    refused = applied.run("rollback", created, "--yes")
    assert refused.code == 3
    assert "--allow delete=connection/visma-no" in refused.out
    applied.change("version: 1}", "version: 2}")
    assert applied.run("apply", "--yes").code == 0
    secret = applied.run("rollback", last_run(applied))
    assert secret.code == 1
    assert "a secret's earlier value is not in any file" in " ".join(secret.err.split()), secret.err


def test_a_run_that_is_not_there_or_did_nothing_has_no_way_back(applied: Folder) -> None:
    assert applied.run("rollback", "19990101").code == 1
    assert applied.run("rollback").code == 64
