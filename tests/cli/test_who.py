"""On whose behalf a run was made."""

from __future__ import annotations

import os

import pytest

from reconciler.cli import who as module


def test_the_person_the_machine_and_the_process() -> None:
    found = module.who({})
    assert set(found) == {"user", "host", "pid"}
    assert found["pid"] == os.getpid()


def test_what_ci_says_of_its_run_and_nothing_else() -> None:
    environ = {"GITHUB_RUN_ID": "1", "GITHUB_SHA": "a" * 500, "GITHUB_TOKEN": "secret", "CI_JOB_TOKEN": "secret", "BUILD_BUILDID": ""}
    assert module.who(environ)["ci"] == {"GITHUB_RUN_ID": "1", "GITHUB_SHA": "a" * 200}


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 12345")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert module.who({})["user"] == (str(os.getuid()) if hasattr(os, "getuid") else "")


def test_why() -> None:
    assert module.why(None, None) == {}
    assert module.why("OPS-1", "because") == {"ticket": "OPS-1", "reason": "because"}
