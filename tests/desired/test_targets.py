"""Which target is meant, what its entry says, and what a desired file may refer to there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reconciler.desired import load_target
from reconciler.errors import InputError, UsageProblem
from reconciler.model import Limits, SecretRef, Target, Timeouts

FULL = """\
targets:
  test:
    kind: emulator
    url: http://127.0.0.1:8080
    files: [connections.yaml, overlays/test.yaml]
    secrets: [env:VISMA_*, file:secrets/]
    connector_hosts: [connectors.example.com]
    limits: {calls_per_second: 2.5, parallel_reads: 8, max_changed: 20, max_deleted: 0, max_deactivated: 50%}
    timeouts: {connect: 5s, read: 1m, connector: 2m, settle: 1h}
    plan_expires: 12h
    journal: {url: {secret: env:JOURNAL}}
    fingerprint_key: {secret: file:key, version: 2}
    deactivate_for: [config]
    barriers: [starts-data-flow, left-inactive]
  small: {kind: emulator}
"""


def write(directory: Path, text: str = FULL, name: str = "targets.yaml") -> None:
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_text(text, encoding="utf-8")


def usage(name: str | None, directory: Path, **environ: str) -> UsageProblem:
    with pytest.raises(UsageProblem) as caught:
        load_target(name, directory=directory, environ=environ)
    return caught.value


def test_everything_an_entry_can_say(tmp_path: Path) -> None:
    write(tmp_path)
    assert load_target("test", directory=tmp_path, environ={}) == Target(
        name="test",
        kind="emulator",
        directory=str(tmp_path),
        url="http://127.0.0.1:8080",
        files=("connections.yaml", "overlays/test.yaml"),
        secrets=("env:VISMA_*", "file:secrets/"),
        connector_hosts=("connectors.example.com",),
        limits=Limits(max_changed=20, max_deleted=0, max_deactivated=0.5, calls_per_second=2.5, parallel_reads=8),
        timeouts=Timeouts(connect=5.0, read=60.0, connector=120.0, settle=3600.0),
        plan_expires=43200.0,
        journal=SecretRef("env", "JOURNAL"),
        journal_local=False,
        fingerprint_key=SecretRef("file", "key", "2"),
        deactivate_for=frozenset({"config"}),
        barriers=frozenset({"starts-data-flow", "left-inactive"}),
    )


def test_an_entry_that_says_nothing_is_like_the_built_in_one(tmp_path: Path) -> None:
    built_in = load_target(None, directory=tmp_path, environ={})
    write(tmp_path)
    small = load_target("small", directory=tmp_path, environ={})
    assert built_in == Target(
        name="emulator", kind="emulator", directory=str(tmp_path), secrets=("env:*", "file:./"), journal_local=True, fingerprint_key=None
    )
    assert small == Target(name="small", kind="emulator", directory=str(tmp_path), secrets=("env:*", "file:./"), journal_local=True)


def test_a_local_journal_is_said_in_one_word(tmp_path: Path) -> None:
    write(tmp_path, "targets: {a: {kind: emulator, journal: local}}\n")
    target = load_target("a", directory=tmp_path, environ={})
    assert (target.journal, target.journal_local) == (None, True)


def test_a_list_of_secrets_replaces_the_default_even_when_it_is_empty(tmp_path: Path) -> None:
    write(tmp_path, "targets: {a: {kind: emulator, secrets: []}}\n")
    assert load_target("a", directory=tmp_path, environ={}).secrets == ()


@pytest.mark.parametrize("ci", ["", "false", "False", "0", " "])
def test_the_emulator_is_meant_where_nothing_else_could_be(tmp_path: Path, ci: str) -> None:
    assert load_target(None, directory=tmp_path, environ={"CI": ci}).name == "emulator"
    assert load_target(None, directory=tmp_path, environ={}).name == "emulator"


@pytest.mark.parametrize("ci", ["true", "1", "yes", "TRUE"])
def test_in_ci_a_target_has_to_be_named(tmp_path: Path, ci: str) -> None:
    problem = usage(None, tmp_path, CI=ci)
    assert (problem.summary, problem.hint) == ("No target is named", "Add --target with one of: emulator.")
    assert load_target("emulator", directory=tmp_path, environ={"CI": ci}).name == "emulator"


def test_beside_a_targets_file_a_target_has_to_be_named(tmp_path: Path) -> None:
    write(tmp_path)
    assert usage(None, tmp_path).hint == "Add --target with one of: emulator, small, test."


def test_an_unknown_target_is_answered_with_the_names(tmp_path: Path) -> None:
    assert usage("prod", tmp_path).hint == "Name one of: emulator."
    write(tmp_path)
    problem = usage("prod", tmp_path)
    assert (problem.summary, problem.detail, problem.hint) == (
        "Unknown target",
        "`prod` is not in targets.yaml.",
        "Name one of: emulator, small, test.",
    )


def test_the_emulator_is_always_there_and_can_be_described(tmp_path: Path) -> None:
    write(tmp_path)
    assert load_target("emulator", directory=tmp_path, environ={}).secrets == ("env:*", "file:./")
    write(tmp_path, "targets: {emulator: {kind: emulator, secrets: [env:A]}}\n")
    assert load_target("emulator", directory=tmp_path, environ={}).secrets == ("env:A",)


def test_the_variable_names_the_file_and_its_folder_counts(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, "targets: {prod: {kind: emulator}}\n", "protected/t.yaml")
    for name in ("protected/t.yaml", str(tmp_path / "protected" / "t.yaml")):
        environ = {"RECONCILER_TARGETS": name}
        assert load_target("prod", directory=tmp_path, environ=environ).directory == str(tmp_path / "protected")


def test_a_named_file_that_is_not_there_is_never_passed_over(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_target(None, directory=tmp_path, environ={"RECONCILER_TARGETS": "gone.yaml"})
    assert [str(problem) for problem in caught.value.problems] == [
        "gone.yaml: This file does not exist. Create it, or name another one in RECONCILER_TARGETS."
    ]


def test_a_kind_of_a_later_version_stops_only_who_asks_for_it(tmp_path: Path) -> None:
    write(tmp_path, "targets:\n  prod: {kind: online, tenant: Cust1, auth: {kind: system-user}}\n  test: {kind: emulator}\n")
    assert load_target("test", directory=tmp_path, environ={}).name == "test"
    with pytest.raises(InputError) as caught:
        load_target("prod", directory=tmp_path, environ={})
    assert [problem.code for problem in caught.value.problems] == ["later-kind"]


def test_every_entry_is_checked_whichever_is_meant(tmp_path: Path) -> None:
    write(
        tmp_path, "targets:\n  a: {kind: emulator, url: 'http://example.com'}\n  b: {kind: emulator, secrets: [x]}\n  c: {kind: emulator}\n"
    )
    with pytest.raises(InputError) as caught:
        load_target("c", directory=tmp_path, environ={})
    assert [problem.code for problem in caught.value.problems] == ["url", "secret-pattern"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_targets_file_that_leads_nowhere_is_never_passed_over(tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").symlink_to("gone.yaml")
    with pytest.raises(InputError) as caught:
        load_target(None, directory=tmp_path, environ={})
    assert [problem.code for problem in caught.value.problems] == ["no-file"]
