"""`--allow NAME=ADDRESS`: checked on the command line, before anything is read.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.cli.commands import nearest
from reconciler.errors import UsageProblem

__all__ = ["checked_permissions"]


def checked_permissions(written: Iterable[str]) -> tuple[str, ...]:
    """The permissions, sorted, each once and in the one spelling of its address.

    Raises:
        UsageProblem: one is not a hazard's name, `=` and an address.
    """
    from reconciler.model import Address, HazardName

    names = [name.value for name in HazardName]
    found = set()
    for text in written:
        name, equals, address = text.partition("=")
        if name not in names:
            raise UsageProblem(
                "Unknown hazard", f"`--allow {text}` names no hazard.{nearest(name, names)}", f"Hazards are: {', '.join(sorted(names))}."
            )
        try:
            found.add(f"{name}={Address.parse(address)}")
        except ValueError:
            shown = "an address" if equals else "`=` and an address"
            raise UsageProblem(
                "Permission without an address",
                f"`--allow {text}` needs {shown} after the name.",
                f"Write --allow {name}=connection/KEY, as the plan shows it.",
            ) from None
    return tuple(sorted(found))
