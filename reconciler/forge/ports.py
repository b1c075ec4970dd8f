"""What every forge can be asked, and the shapes in which it answers.

Effects: none; protocols and values only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Change", "Comment", "Forge", "Review"]


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment on a change.

    Attributes:
        id: as the forge needs it to edit the comment.
        author: the account's name or id, as `Forge.me` gives it for ourselves.
        updated: ISO 8601, as the forge wrote it.
    """

    id: str
    author: str
    body: str
    updated: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """One person's verdict on a change.

    Attributes:
        id: the forge's own, for the audit; empty where it has none.
        approved: whether the verdict is an approval that still stands.
        commit: what was reviewed; empty where the forge does not say.
        at: when, ISO 8601; empty where the forge does not say.
    """

    id: str
    reviewer: str
    approved: bool
    commit: str = ""
    at: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A pull or merge request.

    Attributes:
        number: as people call it (`#12`, `!12`).
        head: the newest commit of its branch.
        merged_by: who merged it; empty while it is open.
    """

    number: int
    author: str
    head: str
    merged_by: str = ""


class Forge(Protocol):
    """One change on one forge. Each method raises `TargetError` when the forge gives no usable answer."""

    def me(self) -> str:
        """The account that this pipeline acts as; empty where the forge does not tell."""
        ...

    def change(self) -> Change:
        """The change itself."""
        ...

    def writers(self) -> Sequence[str]:
        """The accounts that wrote its commits, each once; empty where the forge knows commits by mail addresses only."""
        ...

    def comments(self) -> Sequence[Comment]:
        """All comments, over all pages, the oldest first."""
        ...

    def reviews(self) -> Sequence[Review]:
        """The verdicts, over all pages, the oldest first."""
        ...

    def plans(self, target: str, path: str) -> Iterator[bytes]:
        """Plan files that pipelines of this change kept, the newest first; each is whatever was kept, and proves nothing by itself.

        Args:
            path: of the plan, from the root of the checkout.

        Raises:
            RefusedError: the forge hands them out by a task of its own only.
        """
        ...

    def create(self, body: str) -> Comment:
        """Write a new comment."""
        ...

    def update(self, comment: Comment, body: str) -> Comment:
        """Replace the text of a comment of our own."""
        ...
