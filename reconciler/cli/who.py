"""On whose behalf a command runs: the person, the machine, the CI run, the commit; and why, where that was said.

Effects: reads the environment, the user's and the machine's name.
"""

from __future__ import annotations

import base64
import getpass
import json
import os
import platform
from collections.abc import Mapping

__all__ = ["who", "why"]

# Names that identify a run, a commit and a person, never a secret. Source: the variables reference of GitHub Actions, GitLab CI/CD,
# Azure Pipelines, Jenkins and Bitbucket Pipelines, read 2026-11.
_CI = (
    *("GITHUB_REPOSITORY", "GITHUB_WORKFLOW", "GITHUB_RUN_ID", "GITHUB_RUN_ATTEMPT", "GITHUB_SHA", "GITHUB_REF", "GITHUB_ACTOR"),
    *("GITHUB_TRIGGERING_ACTOR", "GITHUB_WORKFLOW_REF", "GITHUB_WORKFLOW_SHA", "GITHUB_SERVER_URL", "GITHUB_EVENT_NAME", "GITHUB_JOB"),
    *("CI_PROJECT_PATH", "CI_PIPELINE_ID", "CI_JOB_ID", "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME", "GITLAB_USER_LOGIN", "CI_JOB_URL"),
    *("CI_PIPELINE_SOURCE", "CI_ENVIRONMENT_NAME"),
    *("BUILD_BUILDID", "BUILD_DEFINITIONNAME", "BUILD_SOURCEVERSION", "BUILD_SOURCEBRANCH", "BUILD_REQUESTEDFOR"),
    *("SYSTEM_COLLECTIONURI", "SYSTEM_TEAMPROJECT"),
    *("JOB_NAME", "BUILD_NUMBER", "GIT_COMMIT", "BITBUCKET_BUILD_NUMBER", "BITBUCKET_COMMIT"),
)
_LONGEST = 200
# Claims that say which job of which pipeline it is. Source: the references of GitHub Actions ("OpenID Connect"), GitLab CI/CD ("ID tokens")
# and Microsoft Entra workload identity, read 2026-11.
_CLAIMS = (
    *("iss", "sub", "workflow_ref", "workflow_sha", "job_workflow_ref", "job_workflow_sha", "environment", "actor", "run_id", "sha"),
    *("ci_config_ref_uri", "ci_config_sha", "user_login", "pipeline_id", "job_id", "jti"),
)


def who(environ: Mapping[str, str], *, token: str = "") -> dict[str, object]:
    """The user, the host, the process, and what the CI system says of its run.

    Args:
        token: the job's identity token, of which only what it says is kept.
    """
    found = {name: environ[name][:_LONGEST] for name in _CI if environ.get(name)}
    actor: dict[str, object] = {"user": _user(), "host": platform.node()[:_LONGEST], "pid": os.getpid()}
    actor |= {"ci": found} if found else {}
    identity = claims(token)
    return {**actor, **({"identity": identity} if identity else {})}


def claims(token: str) -> dict[str, str]:
    """What an OpenID Connect token says of the job that it was issued to. It is shown to us, not verified by us.

    Returns:
        Its issuer, subject and the pipeline's definition; empty for no token, or something else.
    """
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        told = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    return {name: str(told[name])[:_LONGEST] for name in _CLAIMS if isinstance(told.get(name), (str, int)) and told[name] != ""}


def why(ticket: str | None, reason: str | None, change_class: str | None = None) -> dict[str, str]:
    """What `--ticket`, `--reason` and `--class` said."""
    return {name: text for name, text in (("ticket", ticket), ("reason", reason), ("class", change_class)) if text}


def _user() -> str:
    """The login name; a container may run as a number without one."""
    try:
        return getpass.getuser()[:_LONGEST]
    except (KeyError, OSError, ImportError):
        return str(os.getuid()) if hasattr(os, "getuid") else ""
