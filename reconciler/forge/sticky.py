"""One comment per key on a change: found again, updated, never multiplied.

The marker is the first line of the comment and invisible when it is shown. A comment counts as ours only when the marker
*and* the author fit: anybody may write our marker. A comment of a plan names its digest on the second line: the text below holds words from
files and tenants, and whoever writes those could write any digest there.

In -> Out: a key and a text -> the comment, and what was done.
Effects: writes one comment at most, through the forge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from reconciler.errors import InputError, UsageProblem
from reconciler.forge.ports import Comment, Forge

__all__ = ["LIMIT", "Posted", "find", "marker_of", "named_digest", "post"]

LIMIT: Final = 65_536  # characters of a comment on GitHub. Source: its API's own error, "Body is too long (maximum is 65536 characters)".
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}")


_DIGEST: Final = re.compile(r"<!-- reconciler-digest:([0-9a-f]{64}) -->")


@dataclass(frozen=True, slots=True)
class Posted:
    """The comment, and what had to be done: `created`, `updated` or `unchanged`."""

    comment: Comment
    done: Literal["created", "updated", "unchanged"]


def marker_of(key: str) -> str:
    """The hidden line for a key such as `plan/prod`.

    Raises:
        UsageProblem: the key could not stand in a comment.
    """
    if not _KEY.fullmatch(key):
        raise UsageProblem("The key cannot be used", f"{key!r} is not made of letters, digits, `.`, `_`, `/` and `-`.")
    return f"<!-- reconciler:{key} -->"


def named_digest(comment: Comment) -> str:
    """The digest of the plan of which a comment of ours was made; empty where it was made of none."""
    found = _DIGEST.fullmatch((comment.body.split("\n", 2)[1:2] or [""])[0].strip())
    return found[1] if found else ""


def find(forge: Forge, key: str, author: str) -> Comment | None:
    """Our comment for a key; the oldest where there are several."""
    marker = marker_of(key)
    ours = (one for one in forge.comments() if one.body.split("\n", 1)[0].strip() == marker and one.author == author)
    return next(ours, None)


def post(forge: Forge, key: str, text: str, *, author: str, digest: str = "") -> Posted:
    """Make the change carry this text under this key.

    Args:
        digest: of the plan that the text shows; empty where it shows none.

    Raises:
        TargetError: the forge gave no usable answer; whether a new comment was written is then unknown, and the next run
            finds it by its marker.
        InputError: the text is longer than a comment may be.
    """
    named = f"<!-- reconciler-digest:{digest} -->\n" if digest else ""
    body = f"{marker_of(key)}\n{named}{text.strip()}\n"
    if len(body) > LIMIT:
        raise InputError(
            [], f"The text is {len(body):,} characters long, and a comment holds {LIMIT:,}", "Write it with --format markdown."
        )
    found = find(forge, key, author)
    if found is None:
        return Posted(forge.create(body), "created")
    if found.body.strip() == body.strip():
        return Posted(found, "unchanged")
    return Posted(forge.update(found, body), "updated")
