"""On whose behalf a command runs: the person, the machine, the CI run, the commit; and why, where that was said.

Effects: reads the environment, the user's and the machine's name.
"""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Mapping

__all__ = ["who", "why"]

# Names that identify a run, a commit and a person, never a secret. Source: the variables reference of GitHub Actions, GitLab CI/CD,
# Azure Pipelines, Jenkins and Bitbucket Pipelines, read 2026-11.
_CI = (
    *("GITHUB_REPOSITORY", "GITHUB_WORKFLOW", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_SHA", "GITHUB_REF", "GITHUB_ACTOR"),
    *("CI_PROJECT_PATH", "CI_PIPELINE_ID", "CI_JOB_ID", "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME", "GITLAB_USER_LOGIN"),
    *("BUILD_BUILDID", "BUILD_DEFINITIONNAME", "BUILD_SOURCEVERSION", "BUILD_SOURCEBRANCH", "BUILD_REQUESTEDFOR"),
    *("JOB_NAME", "BUILD_NUMBER", "GIT_COMMIT", "BITBUCKET_BUILD_NUMBER", "BITBUCKET_COMMIT"),
)
_LONGEST = 200


def who(environ: Mapping[str, str]) -> dict[str, object]:
    """The user, the host, the process, and what the CI system says of its run."""
    found = {name: environ[name][:_LONGEST] for name in _CI if environ.get(name)}
    return {"user": _user(), "host": platform.node()[:_LONGEST], "pid": os.getpid(), **({"ci": found} if found else {})}


def why(ticket: str | None, reason: str | None) -> dict[str, str]:
    """What `--ticket` and `--reason` said."""
    return {name: text for name, text in (("ticket", ticket), ("reason", reason)) if text}


def _user() -> str:
    """The login name; a container may run as a number without one."""
    try:
        return getpass.getuser()[:_LONGEST]
    except (KeyError, OSError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else ""
