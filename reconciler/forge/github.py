"""A pull request on GitHub.

Source: GitHub REST API reference, version 2022-11-28: issue comments, pull requests, pull request reviews, "List pull requests
associated with a commit", artifacts ("Download an artifact" answers with a redirect to a zip file); read 2026-11.

Effects: network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from reconciler.forge.archive import member_of
from reconciler.forge.place import BOT, Place
from reconciler.forge.ports import Change, Comment, Review
from reconciler.forge.wire import PAGE, Wire

__all__ = ["GitHub"]

_WEB = "web-flow"  # commits that are made on the page of GitHub
# A comment or a draft is no verdict: an approval given before it stands.
_VERDICTS = frozenset({"APPROVED", "CHANGES_REQUESTED", "DISMISSED"})


class GitHub:
    """One pull request.

    Raises:
        TargetError: from every method, when GitHub gives no usable answer.
    """

    def __init__(self, place: Place) -> None:
        headers = {
            "Authorization": f"Bearer {place.token.reveal()}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._wire = Wire(place.api, headers, "GitHub")
        self._project = f"repos/{place.project}"
        self._place = place
        self._found: int | None = place.number

    @property
    def _number(self) -> int:
        """The pull request; after a merge, the one that brought the commit."""
        if self._found is None:
            path = f"{self._project}/commits/{self._place.commit}/pulls"
            found = [one for one in self._wire.pages(path) if one.get("merge_commit_sha") == self._place.commit]
            if len(found) != 1:
                raise self._wire.unusable(path, f"{len(found) or 'no'} pull requests brought commit {self._place.commit[:12]}")
            self._found = int(found[0]["number"])
        return self._found

    def me(self) -> str:
        """The account of a workflow's own token; GitHub does not tell it when it is asked with that token."""
        return BOT

    def change(self) -> Change:
        """The pull request."""
        found = self._wire.get(f"{self._project}/pulls/{self._number}")
        merged_by = (found.get("merged_by") or {}).get("login", "")
        return Change(self._number, found["user"]["login"], found["head"]["sha"], merged_by)

    def writers(self) -> Sequence[str]:
        """Whose commits it is made of. A commit by a mail address that belongs to no account names nobody.

        GitHub lists the first 250.
        """
        found = self._wire.pages(f"{self._project}/pulls/{self._number}/commits")
        accounts = (one.get(role) or {} for one in found for role in ("author", "committer"))
        return sorted({account["login"] for account in accounts if account.get("login") and account["login"] != _WEB})

    def comments(self) -> Sequence[Comment]:
        """All comments, the oldest first."""
        return [_comment(one) for one in self._wire.pages(f"{self._project}/issues/{self._number}/comments")]

    def reviews(self) -> Sequence[Review]:
        """Approvals, requests for changes and dismissals, the oldest first."""
        found = self._wire.pages(f"{self._project}/pulls/{self._number}/reviews")
        return [
            Review(
                str(one["id"]), one["user"]["login"], one["state"] == "APPROVED", one.get("commit_id") or "", one.get("submitted_at") or ""
            )
            for one in found
            if one.get("user") and one["state"] in _VERDICTS
        ]

    def plans(self, target: str, path: str) -> Iterator[bytes]:
        """The plan in every artefact `plan-TARGET-COMMIT` of the newest commit of the change."""
        name = quote(f"plan-{target}-{self.change().head}", safe="")
        found = self._wire.get(f"{self._project}/actions/artifacts?name={name}&per_page={PAGE}").get("artifacts") or ()
        for one in sorted(found, key=lambda one: int(one["id"]), reverse=True):
            if not one.get("expired"):
                yield member_of(self._wire.download(f"{self._project}/actions/artifacts/{one['id']}/zip"), PurePosixPath(path).name)

    def create(self, body: str) -> Comment:
        """Write a new comment."""
        return _comment(self._wire.send("POST", f"{self._project}/issues/{self._number}/comments", {"body": body}))

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace the text of a comment."""
        return _comment(self._wire.send("PATCH", f"{self._project}/issues/comments/{comment.id}", {"body": body}))


def _comment(found: dict[str, Any]) -> Comment:
    author = (found.get("user") or {}).get("login", "")
    return Comment(str(found["id"]), author, found.get("body") or "", found.get("updated_at") or "")
