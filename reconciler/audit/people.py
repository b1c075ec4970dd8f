"""Who somebody is in the journal: one name for people to read, and all names that must not be a reviewer's.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["commit_of", "job_address", "names_of", "person_of", "workflow_of"]

# On whose behalf a pipeline runs; of two, who set this very attempt off stands first.
# Source: variables references of GitHub Actions, GitLab CI/CD and Azure Pipelines, read 2026-11.
_PERSONS: Final = ("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR", "GITLAB_USER_LOGIN", "BUILD_REQUESTEDFOR")
_COMMITS: Final = ("GITHUB_SHA", "CI_COMMIT_SHA", "BUILD_SOURCEVERSION", "GIT_COMMIT", "BITBUCKET_COMMIT")


def person_of(actor: Mapping[str, Any]) -> str:
    """The person on whose behalf something ran: the pipeline's, where there is one, else the account of the machine; may be empty."""
    pipeline = _pipeline(actor)
    if pipeline:
        return next((str(pipeline[name]) for name in _PERSONS if pipeline.get(name)), "")
    return str(actor.get("user") or "")


def names_of(actor: Mapping[str, Any]) -> frozenset[str]:
    """Every name under which the one who ran it is known, in small letters; the account of a pipeline's machine is nobody's."""
    pipeline = _pipeline(actor)
    found = [pipeline.get(name) for name in _PERSONS] if pipeline else [actor.get("user")]
    return frozenset(str(name).casefold() for name in found if name)


def commit_of(actor: Mapping[str, Any]) -> str:
    """The commit on which the pipeline ran; empty outside of one."""
    pipeline = _pipeline(actor)
    return next((str(pipeline[name]) for name in _COMMITS if pipeline.get(name)), "")


def workflow_of(actor: Mapping[str, Any]) -> str:
    """The pipeline's definition with its commit, `owner/name/.github/workflows/apply.yml@refs/heads/main at 1f3a…`; else empty."""
    pipeline = _pipeline(actor)
    if pipeline.get("GITHUB_WORKFLOW_REF"):
        at = pipeline.get("GITHUB_WORKFLOW_SHA")
        return f"{pipeline['GITHUB_WORKFLOW_REF']}{f' at {at}' if at else ''}"
    name = next((str(pipeline[one]) for one in ("CI_PROJECT_PATH", "BUILD_DEFINITIONNAME", "JOB_NAME") if pipeline.get(one)), "")
    return f"{name} at {commit_of(actor)}" if name and commit_of(actor) else name


def job_address(actor: Mapping[str, Any]) -> str:
    """Where the pipeline's log is; empty where it cannot be told."""
    pipeline = _pipeline(actor)
    if pipeline.get("CI_JOB_URL"):
        return str(pipeline["CI_JOB_URL"])
    if pipeline.get("GITHUB_SERVER_URL") and pipeline.get("GITHUB_REPOSITORY") and pipeline.get("GITHUB_RUN_ID"):
        attempt = f"/attempts/{pipeline['GITHUB_RUN_ATTEMPT']}" if pipeline.get("GITHUB_RUN_ATTEMPT") else ""
        return f"{pipeline['GITHUB_SERVER_URL']}/{pipeline['GITHUB_REPOSITORY']}/actions/runs/{pipeline['GITHUB_RUN_ID']}{attempt}"
    if pipeline.get("SYSTEM_COLLECTIONURI") and pipeline.get("SYSTEM_TEAMPROJECT") and pipeline.get("BUILD_BUILDID"):
        home = str(pipeline["SYSTEM_COLLECTIONURI"]).rstrip("/")
        return f"{home}/{pipeline['SYSTEM_TEAMPROJECT']}/_build/results?buildId={pipeline['BUILD_BUILDID']}"
    return ""


def _pipeline(actor: Mapping[str, Any]) -> Mapping[str, Any]:
    found = actor.get("ci")
    return found if isinstance(found, Mapping) else {}
