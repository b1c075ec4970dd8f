"""What the flow says to the forge and asks it: a comment that stays current, and whether a plan was approved.

Effects: network; writes one comment at most.
"""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.forge import Approval, Posted, approval_of, open_forge, place_of, post
from reconciler.forge.sticky import find

__all__ = ["comment", "verified_approval"]


def comment(
    environ: Mapping[str, str],
    text: str,
    *,
    key: str,
    number: int | None = None,
    author: str | None = None,
    token_variable: str = "",
    only_update: bool = False,
) -> Posted | None:
    """Make the change that this pipeline runs for carry a text under a key; None where `only_update` found no comment.

    Raises:
        RefusedError: this is no pipeline of a forge, or it has no token.
        TargetError: the forge gave no usable answer.
    """
    forge = open_forge(place_of(environ, number=number, token_variable=token_variable))
    ours = author or forge.me()
    if only_update and find(forge, key, ours) is None:
        return None
    return post(forge, key, text, author=ours)


def verified_approval(
    environ: Mapping[str, str], digest: str, *, key: str, author: str | None = None, token_variable: str = ""
) -> Approval:
    """The approval of a plan by somebody other than author and executor, as the forge has it now.

    Args:
        key: of the plan's comment.

    Raises:
        CheckFailed: there is none that counts.
        RefusedError, TargetError: as for `comment`; nothing is known then, so nothing may be applied.
    """
    place = place_of(environ, token_variable=token_variable)
    forge = open_forge(place)
    change, ours = forge.change(), find(forge, key, author or forge.me())
    return approval_of(place.kind, change, ours, forge.reviews(), digest=digest, executors=(place.actor,))
