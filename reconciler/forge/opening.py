"""The forge of a place.

Effects: none; the forge it gives has.
"""

from __future__ import annotations

from reconciler.forge.azure import Azure
from reconciler.forge.github import GitHub
from reconciler.forge.gitlab import GitLab
from reconciler.forge.place import Place
from reconciler.forge.ports import Forge

__all__ = ["open_forge"]


def open_forge(place: Place) -> Forge:
    """The change that the place names, or that brought its commit.

    Raises:
        TargetError: its address is not one that a token may be sent to.
    """
    if place.kind == "github":
        return GitHub(place)
    return GitLab(place) if place.kind == "gitlab" else Azure(place)
