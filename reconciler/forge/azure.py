"""A pull request in Azure Repos.

Source: Azure DevOps REST API reference 7.1: Git pull request threads, thread comments, pull requests, reviewers (vote 10: approved,
5: approved with suggestions), connection data; read 2026-11.

Effects: network.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, Final

from reconciler.errors import RefusedError
from reconciler.forge.place import Place
from reconciler.forge.ports import Change, Comment, Review
from reconciler.forge.wire import Wire

__all__ = ["Azure"]

_VERSION: Final = "api-version=7.1"
_APPROVED: Final = 5  # a vote of this and more approves
_CLOSED: Final = 4  # a thread that asks for nothing


class Azure:
    """One pull request. Accounts are ids: names can be changed.

    Raises:
        TargetError: from every method, when Azure DevOps gives no usable answer.
    """

    def __init__(self, place: Place) -> None:
        # A job's token and a personal one are both accepted as the password of basic authentication.
        login = base64.b64encode(f":{place.token.reveal()}".encode()).decode()
        self._wire = Wire(place.api, {"Authorization": f"Basic {login}"}, "Azure DevOps")
        project, _, repository = place.project.partition("/")
        self._repository = f"{project}/_apis/git/repositories/{repository}"
        self._place = place
        self._found: int | None = place.number

    @property
    def _pull_request(self) -> str:
        if self._found is None:
            commit, path = self._place.commit, f"{self._repository}/pullrequestquery"
            body = {"queries": [{"type": "lastMergeCommit", "items": [commit]}]}
            results = self._wire.send("POST", f"{path}?{_VERSION}", body).get("results") or [{}]
            found = results[0].get(commit, [])
            if len(found) != 1:
                raise self._wire.unusable(path, f"{len(found) or 'no'} pull requests brought commit {commit[:12]}")
            self._found = int(found[0]["pullRequestId"])
        return f"{self._repository}/pullRequests/{self._found}"

    def me(self) -> str:
        """The id of the account of the token."""
        return str(self._wire.get("_apis/connectionData")["authenticatedUser"]["id"])

    def change(self) -> Change:
        """The pull request."""
        found = self._wire.get(f"{self._pull_request}?{_VERSION}")
        closed_by = (found.get("closedBy") or {}).get("id", "") if found.get("status") == "completed" else ""
        return Change(int(found["pullRequestId"]), found["createdBy"]["id"], found["lastMergeSourceCommit"]["commitId"], closed_by)

    def writers(self) -> Sequence[str]:
        """Not known: Azure DevOps names who wrote a commit by mail address. Its own settings keep those who pushed from approving."""
        return ()

    def comments(self) -> Sequence[Comment]:
        """The first comment of every thread that somebody wrote, the oldest first; Azure DevOps answers with all at once."""
        threads = self._wire.get(f"{self._pull_request}/threads?{_VERSION}").get("value", [])
        firsts = ((one["id"], one["comments"][0]) for one in threads if one.get("comments") and not one.get("isDeleted"))
        return [_comment(thread, first) for thread, first in firsts if first.get("commentType") != "system"]

    def reviews(self) -> Sequence[Review]:
        """The votes as they stand. Azure DevOps names neither commit nor time; a policy resets votes when commits are pushed."""
        found = self._wire.get(f"{self._pull_request}/reviewers?{_VERSION}").get("value", [])
        return [Review("", one["id"], one.get("vote", 0) >= _APPROVED) for one in found if not one.get("isContainer")]

    def plans(self, target: str, path: str) -> Iterator[bytes]:
        """Azure Pipelines keeps artefacts outside of the API that is asked here.

        Raises:
            RefusedError: always.
        """
        raise RefusedError(
            "The plan cannot be fetched",
            f"Azure Pipelines hands out {path} for {target} by its task DownloadPipelineArtifact only.",
            "Let the pipeline run that task before; `reconciler init --azure-devops` writes one that does.",
        )

    def create(self, body: str) -> Comment:
        """Open a thread that asks for nothing."""
        text = {"comments": [{"parentCommentId": 0, "content": body, "commentType": 1}], "status": _CLOSED}
        thread = self._wire.send("POST", f"{self._pull_request}/threads?{_VERSION}", text)
        return _comment(thread["id"], thread["comments"][0])

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace the text of a thread's first comment."""
        thread, _, number = comment.id.partition("/")
        found = self._wire.send("PATCH", f"{self._pull_request}/threads/{thread}/comments/{number}?{_VERSION}", {"content": body})
        return _comment(int(thread), found)


def _comment(thread: int, found: dict[str, Any]) -> Comment:
    return Comment(f"{thread}/{found['id']}", found["author"]["id"], found.get("content") or "", found.get("lastContentUpdatedDate") or "")
