"""Which forge, project and change a pipeline runs for, from the variables that the forge itself sets.

Source: the variables references of GitHub Actions ("Default environment variables"), GitLab CI/CD ("Predefined variables") and
Azure Pipelines ("Use predefined variables"), read 2026-11.

Effects: none; the environment is handed in, and the event file of GitHub is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from reconciler.errors import RefusedError
from reconciler.model import Secret

__all__ = ["TOKENS", "Place", "place_of"]

Kind = Literal["github", "gitlab", "azure"]

# The variable that holds the token, unless another one is named.
TOKENS: Final[Mapping[Kind, str]] = {"github": "GITHUB_TOKEN", "gitlab": "GITLAB_TOKEN", "azure": "SYSTEM_ACCESSTOKEN"}
# The account behind the token that the forge gives to a job, where the forge cannot be asked.
BOT: Final = "github-actions[bot]"

_PULL: Final = re.compile(r"refs/pull/(\d+)/")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pipeline runs.

    Attributes:
        api: the address of the forge's API.
        project: as the API names it (`owner/name`, a project's id, `project/repository`).
        number: of the change; None when the pipeline does not run for one, as after a merge.
        commit: what the pipeline runs on.
        actor: on whose behalf it runs.
    """

    kind: Kind
    api: str
    project: str
    number: int | None
    commit: str
    actor: str
    token: Secret


def place_of(environ: Mapping[str, str], *, number: int | None = None, token_variable: str = "") -> Place:
    """Where this process runs.

    Args:
        number: of the change, where the pipeline does not say or means another one.
        token_variable: the environment variable that holds the token; the forge's usual one without it.

    Raises:
        RefusedError: it is none of the three forges, or there is no token.
    """
    for kind, mark in _MARKS:
        if environ.get(mark):
            return _PLACES[kind](environ, number, _token(environ, kind, token_variable))
    raise RefusedError(
        "There is no change to speak to",
        "None of the variables that GitHub Actions, GitLab CI/CD and Azure Pipelines set is there (GITHUB_REPOSITORY, CI_PROJECT_ID, "
        "SYSTEM_COLLECTIONURI).",
        "Run this in a pipeline.",
    )


def _token(environ: Mapping[str, str], kind: Kind, variable: str) -> Secret:
    name = variable or TOKENS[kind]
    value = environ.get(name, "")
    if not value:
        raise RefusedError(
            "There is no token",
            f"The environment variable {name} is not set.",
            f"Hand the job's token to the step: {name}, or --token-variable.",
        )
    return Secret(value)


def _github(environ: Mapping[str, str], number: int | None, token: Secret) -> Place:
    found = _PULL.match(environ.get("GITHUB_REF", ""))
    return Place(
        "github",
        environ.get("GITHUB_API_URL") or "https://api.github.com",
        environ["GITHUB_REPOSITORY"],
        number or _of_event(environ.get("GITHUB_EVENT_PATH", "")) or (int(found[1]) if found else None),
        environ.get("GITHUB_SHA", ""),
        environ.get("GITHUB_TRIGGERING_ACTOR") or environ.get("GITHUB_ACTOR", ""),
        token,
    )


def _of_event(path: str) -> int | None:
    """The number of the pull request in the event that started the workflow."""
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
        number = (event.get("pull_request") or event.get("issue") or {}).get("number")
    except (OSError, ValueError, AttributeError):
        return None
    return number if isinstance(number, int) else None


def _gitlab(environ: Mapping[str, str], number: int | None, token: Secret) -> Place:
    return Place(
        "gitlab",
        environ.get("CI_API_V4_URL", "https://gitlab.com/api/v4"),
        environ["CI_PROJECT_ID"],
        number or _number(environ.get("CI_MERGE_REQUEST_IID", "")),
        environ.get("CI_COMMIT_SHA", ""),
        environ.get("GITLAB_USER_LOGIN", ""),
        token,
    )


def _azure(environ: Mapping[str, str], number: int | None, token: Secret) -> Place:
    return Place(
        "azure",
        environ["SYSTEM_COLLECTIONURI"].rstrip("/"),
        f"{environ.get('SYSTEM_TEAMPROJECTID') or environ.get('SYSTEM_TEAMPROJECT', '')}/{environ.get('BUILD_REPOSITORY_ID', '')}",
        number or _number(environ.get("SYSTEM_PULLREQUEST_PULLREQUESTID", "")),
        environ.get("BUILD_SOURCEVERSION", ""),
        environ.get("BUILD_REQUESTEDFORID", ""),
        token,
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None


_MARKS: Final[tuple[tuple[Kind, str], ...]] = (
    ("github", "GITHUB_REPOSITORY"),
    ("gitlab", "CI_PROJECT_ID"),
    ("azure", "SYSTEM_COLLECTIONURI"),
)
_PLACES: Final = {"github": _github, "gitlab": _gitlab, "azure": _azure}
