"""A merge request on GitLab.

Source: GitLab REST API reference: notes, merge requests, merge request approvals, users ("Retrieve the current user"), commits ("List
merge requests associated with a commit"), merge request pipelines, pipeline jobs, job artifacts ("Download a single artifact file by job
ID", which may redirect to a store); read 2026-11.

Effects: network.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import quote

from reconciler.errors import TargetError
from reconciler.forge.place import Place
from reconciler.forge.ports import Change, Comment, Review
from reconciler.forge.wire import Wire

__all__ = ["GitLab"]

_PIPELINES: Final = 20  # so many pushes are looked back for the plan that the comment names


class GitLab:
    """One merge request.

    Raises:
        TargetError: from every method, when GitLab gives no usable answer.
    """

    def __init__(self, place: Place) -> None:
        self._wire = Wire(place.api, {"PRIVATE-TOKEN": place.token.reveal()}, "GitLab")
        self._project = f"projects/{quote(place.project, safe='')}"
        self._place = place
        self._found: int | None = place.number

    @property
    def _merge_request(self) -> str:
        if self._found is None:
            path = f"{self._project}/repository/commits/{self._place.commit}/merge_requests"
            commit = self._place.commit
            found = [
                one
                for one in self._wire.pages(path)
                if commit in (one.get("merge_commit_sha"), one.get("squash_commit_sha"), one.get("sha"))
            ]
            if len(found) != 1:
                raise self._wire.unusable(path, f"{len(found) or 'no'} merge requests brought commit {commit[:12]}")
            self._found = int(found[0]["iid"])
        return f"{self._project}/merge_requests/{self._found}"

    def me(self) -> str:
        """The account of the token."""
        return str(self._wire.get("user")["username"])

    def change(self) -> Change:
        """The merge request."""
        found = self._wire.get(self._merge_request)
        merged_by = (found.get("merge_user") or found.get("merged_by") or {}).get("username", "")
        return Change(int(found["iid"]), found["author"]["username"], found["sha"], merged_by)

    def writers(self) -> Sequence[str]:
        """Not known: GitLab names who wrote a commit by mail address. Its own settings keep those who pushed from approving."""
        return ()

    def comments(self) -> Sequence[Comment]:
        """All notes that people or bots wrote, the oldest first."""
        found = self._wire.pages(f"{self._merge_request}/notes?sort=asc&order_by=created_at")
        return [_comment(one) for one in found if not one.get("system")]

    def reviews(self) -> Sequence[Review]:
        """The approvals that stand. GitLab resets them itself when commits are pushed, where the project says so, and names no commit."""
        found = self._wire.get(f"{self._merge_request}/approvals")
        return [
            Review(str(one["user"].get("id", "")), one["user"]["username"], True, "", one.get("approved_at") or "")
            for one in found.get("approved_by") or ()
        ]

    def plans(self, target: str, path: str) -> Iterator[bytes]:
        """The plan among the artefacts of every job of the newest pipelines of the merge request."""
        pipelines = sorted(self._wire.pages(f"{self._merge_request}/pipelines"), key=lambda one: int(one["id"]), reverse=True)
        for pipeline in pipelines[:_PIPELINES]:
            jobs = self._wire.pages(f"{self._project}/pipelines/{int(pipeline['id'])}/jobs")
            for job in sorted(jobs, key=lambda one: target not in str(one.get("name"))):  # that of this target first
                if job.get("artifacts_file"):
                    with contextlib.suppress(TargetError):  # the job kept other files
                        yield self._wire.download(f"{self._project}/jobs/{int(job['id'])}/artifacts/{quote(path)}")

    def create(self, body: str) -> Comment:
        """Write a new note."""
        return _comment(self._wire.send("POST", f"{self._merge_request}/notes", {"body": body}))

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace the text of a note."""
        return _comment(self._wire.send("PUT", f"{self._merge_request}/notes/{comment.id}", {"body": body}))


def _comment(found: dict[str, Any]) -> Comment:
    return Comment(str(found["id"]), found["author"]["username"], found.get("body") or "", found.get("updated_at") or "")
