"""The forge: where a change is proposed, commented, reviewed and merged (GitHub, GitLab, Azure DevOps).

    place     which forge, project and change this pipeline runs for: from the environment's variables
    wire      one JSON request and its answer, without redirects, with a deadline
    github, gitlab, azure    each forge's addresses and shapes, as the one protocol of `ports`
    archive   one file out of an artefact that a forge hands out as an archive (pure)
    sticky    one comment per key, found again by its hidden marker and its author over all pages
    approval  whether somebody other than author and executor approved exactly this plan (pure)

Nothing here knows SuperOffice or what a plan is: texts and digests come in, ids and times go out.

Effects: network; reads GitHub's event file.
"""

from reconciler.forge.approval import Approval, approval_of
from reconciler.forge.opening import open_forge
from reconciler.forge.place import Place, place_of
from reconciler.forge.ports import Change, Comment, Forge, Review
from reconciler.forge.sticky import Posted, find, marker_of, named_digest, post

__all__ = [
    "Approval",
    "Change",
    "Comment",
    "Forge",
    "Place",
    "Posted",
    "Review",
    "approval_of",
    "find",
    "marker_of",
    "named_digest",
    "open_forge",
    "place_of",
    "post",
]
