"""Which target is meant, what its entry says, and what a desired file may refer to there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from reconciler.desired import load_target
from reconciler.desired.allow import is_allowed, is_own
from reconciler.errors import InputError, UsageProblem
from reconciler.model import Limits, Login, SecretRef, Target, Timeouts
from tests.journal.children import as_ordinary_user, open_folder, posix_only

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


@posix_only
@pytest.mark.parametrize("name", ["", "targets.yaml", "locked/targets.yaml", "locked/in/targets.yaml"])
def test_a_folder_that_may_not_be_looked_into_is_a_problem_with_the_file(name: str) -> None:
    with open_folder() as folder:
        (folder / "locked").mkdir()
        write(folder / "locked")
        (folder / "locked").chmod(0o000)
        folder.chmod(0o700 if name.startswith("locked") else 0o000)

        def load() -> str:
            try:
                return load_target(None, directory=folder, environ={"RECONCILER_TARGETS": name}).name
            except InputError as error:
                return str(error.problems[0])

        said = as_ordinary_user(load)
        folder.chmod(0o700)
        (folder / "locked").chmod(0o700)
    assert said.startswith(f"{name or 'targets.yaml'}: This file cannot be read: permission denied.")


ONLINE = """\
targets:
  prod:
    kind: online
    environment: online
    tenant: Cust12345
    auth: {kind: system-user, app_token: {secret: env:APP}, system_token: {secret: env:SYSTEM}, private_key: {secret: file:so.pem}}
    proxy: http://proxy.example.com:3128
    limits: {max_changed: 20}
  user:
    kind: online
    environment: sod
    tenant: Cust1
    auth: {kind: refresh-token, client_id: 0a1b, client_secret: {secret: env:SECRET}, refresh_token: {secret: env:REFRESH}}
    limits: {calls_per_second: 8}
    journal: local
  onsite:
    kind: onsite
    url: https://crm.example.com/SuperOffice
    auth: {kind: basic, username: {secret: env:SO_USER}, password: {secret: env:SO_PASSWORD}}
    ca_bundle: certs/ca.pem
    secrets: [env:*]
    fingerprint_key: {secret: env:KEY}
  ticket:
    kind: onsite
    url: https://crm.example.com/SuperOffice
    auth: {kind: ticket, ticket: {secret: env:TICKET}}
  emulator: {kind: emulator, auth: {kind: basic, username: {secret: env:E_USER}, password: {secret: env:E_PASSWORD}}}
"""


def online(name: str, directory: Path) -> Target:
    write(directory, ONLINE)
    return load_target(name, directory=directory, environ={})


def test_a_tenant_of_online(tmp_path: Path) -> None:
    assert online("prod", tmp_path) == Target(
        name="prod",
        kind="online",
        directory=str(tmp_path),
        login=Login(
            "system-user",
            {"app_token": SecretRef("env", "APP"), "system_token": SecretRef("env", "SYSTEM"), "private_key": SecretRef("file", "so.pem")},
        ),
        environment="online",
        tenant="Cust12345",
        proxy="http://proxy.example.com:3128",
        limits=Limits(max_changed=20, calls_per_second=5.0),
    )


def test_a_named_user_of_online(tmp_path: Path) -> None:
    target = online("user", tmp_path)
    secrets = {"client_secret": SecretRef("env", "SECRET"), "refresh_token": SecretRef("env", "REFRESH")}
    assert target.login == Login("refresh-token", secrets, "0a1b")
    assert (target.limits.calls_per_second, target.journal_local) == (8.0, True)


def test_an_installation(tmp_path: Path) -> None:
    target = online("onsite", tmp_path)
    assert target.login == Login("basic", {"username": SecretRef("env", "SO_USER"), "password": SecretRef("env", "SO_PASSWORD")})
    assert (target.url, target.ca_bundle, target.journal_local) == ("https://crm.example.com/SuperOffice", "certs/ca.pem", False)
    assert online("ticket", tmp_path).login == Login("ticket", {"ticket": SecretRef("env", "TICKET")})
    assert online("emulator", tmp_path).login == Login(
        "basic", {"username": SecretRef("env", "E_USER"), "password": SecretRef("env", "E_PASSWORD")}
    )


@pytest.mark.parametrize("name", ["SO_USER", "SO_PASSWORD", "so_password", "KEY"])
def test_desired_state_never_gets_a_credential_of_the_target(tmp_path: Path, name: str) -> None:
    target = online("onsite", tmp_path)
    assert target.secrets == ("env:*",)
    assert is_own(SecretRef("env", name), target)
    assert not is_allowed(SecretRef("env", name), target)
    assert is_allowed(SecretRef("env", "VISMA"), target)


def test_at_a_real_tenant_nothing_is_allowed_unless_it_is_listed(tmp_path: Path) -> None:
    assert online("prod", tmp_path).secrets == ()
    assert not is_allowed(SecretRef("env", "VISMA"), online("prod", tmp_path))


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
