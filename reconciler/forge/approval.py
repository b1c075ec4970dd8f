"""Whether a plan was approved by somebody who neither wrote nor runs it. A pure function of what the forge answered.

An approval counts when
    - it is that person's newest verdict, and it stands,
    - it is of the commit that was merged (where the forge says which commit was reviewed),
    - the plan's comment already named this very digest when it was given, in its own second line,
    - and the person is neither the author of the change, nor of one of its commits (where the forge knows accounts there), nor the one on
      whose behalf this run writes.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from reconciler.errors import CheckFailed
from reconciler.forge.ports import Change, Comment, Review
from reconciler.forge.sticky import named_digest

__all__ = ["Approval", "approval_of"]


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved what, with the forge's own ids and times, for the journal.

    Attributes:
        forge: `github`, `gitlab` or `azure`.
        change: its number.
        review: the forge's id of the verdict; empty where it has none.
        at: when; empty where the forge does not say, and then the order of comment and approval is not proved.
        author: who proposed the change; `merged_by`, who merged it, empty before that.
        writers: who wrote its commits; empty where the forge knows them by mail address only.
        executor: on whose behalf the run writes; empty where the pipeline does not say.
        covers: `plan` where the approved plan itself runs, `units` where units of it run in a later plan.
    """

    forge: str
    change: int
    reviewer: str
    digest: str
    commit: str
    review: str = ""
    at: str = ""
    author: str = ""
    merged_by: str = ""
    executor: str = ""
    writers: tuple[str, ...] = ()
    covers: str = "plan"

    def as_json(self) -> dict[str, object]:
        """For the journal: raw, as the forge wrote it, and that it was verified there."""
        names = ("forge", "change", "reviewer", "digest", "commit", "review", "at", "author", "merged_by", "executor", "covers")
        return {**{name: getattr(self, name) for name in names}, "writers": list(self.writers), "verified": True}


def approval_of(
    forge: str,
    change: Change,
    comment: Comment | None,
    reviews: Sequence[Review],
    *,
    digest: str,
    executors: Sequence[str],
    writers: Sequence[str] = (),
) -> Approval:
    """The newest approval that counts.

    Args:
        comment: our plan comment on the change, if there is one.
        digest: of the plan that is about to run.
        executors: on whose behalf this run writes.
        writers: who wrote the commits of the change, as far as the forge knows.

    Raises:
        CheckFailed: there is none; it says what is missing.
    """
    if comment is None or not digest or named_digest(comment) != digest:
        raise _refusal(change, f"The plan comment does not name the digest {digest[:12]}…, so nobody can have approved this plan.")
    newest = {one.reviewer: one for one in reviews}
    why = []
    for review in sorted(newest.values(), key=lambda one: one.at, reverse=True):
        if not review.approved:
            continue
        reason = _objection(change, comment, review, executors, writers)
        if not reason:
            return Approval(
                forge,
                change.number,
                review.reviewer,
                digest,
                commit=review.commit or change.head,
                review=review.id,
                at=review.at,
                author=change.author,
                merged_by=change.merged_by,
                executor=next((one for one in executors if one), ""),
                writers=tuple(writers),
            )
        why.append(f"The approval of {review.reviewer} does not count: {reason}.")
    raise _refusal(change, " ".join(why) or "Nobody has approved it.")


def _objection(change: Change, comment: Comment, review: Review, executors: Sequence[str], writers: Sequence[str]) -> str:
    # Accounts are compared as forges compare them: `Anna` and `anna` are one.
    reviewer = review.reviewer.casefold()
    if reviewer == change.author.casefold():
        return "it is the author's own"
    if reviewer in {one.casefold() for one in writers}:
        return "it is of somebody who wrote commits of the change"
    if reviewer in {one.casefold() for one in executors if one}:
        return "it is of the one who runs this"
    if review.commit and review.commit != change.head:
        return f"it is of commit {review.commit[:12]}, and the change ends with {change.head[:12]}"
    if review.at and comment.updated and _moment(review.at) < _moment(comment.updated):
        return "the plan was made after it"
    return ""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _refusal(change: Change, why: str) -> CheckFailed:
    return CheckFailed(
        "The plan is not approved",
        f"Change {change.number} by {change.author}: {why}",
        "Let somebody else review the change with its plan comment, then repeat the command.",
    )
