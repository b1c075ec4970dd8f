"""What a client reads beside the ErpSync agent: archives, MDO lists, list items, the current user and the version.

Effects: reads the office's state.

Source: SuperOffice docs, REST WebAPI: Archive, MDOList, List, User/currentPrincipal; getting the WebAPI version.
"""

from __future__ import annotations

import re
from typing import Any

from reconciler.emulator.companions.archives import ARCHIVES, archive
from reconciler.emulator.companions.lists import LISTS, list_items, mdo_list
from reconciler.emulator.companions.session import RELEASE, current_principal, version
from reconciler.emulator.office import Ask, Office

__all__ = ["RELEASE", "name_of", "run", "version"]


def name_of(method: str, path: str) -> str | None:
    """The companion that a path below `/api/v1/` names, spelled the vendor's way, or None."""
    if method != "GET":
        return None
    if path.lower() == "user/currentprincipal":
        return "User/currentPrincipal"
    found = re.fullmatch(r"(?i)(archive|mdolist)/([\w.]+)", path)
    if found:
        kind, known = ("archive", ARCHIVES) if found[1].lower() == "archive" else ("MDOList", LISTS)
        return f"{kind}/{known.get(found[2].lower(), found[2])}"
    found = re.fullmatch(r"(?i)list/(\w+)/(items|mdoitems)", path)
    return f"List/{found[1]}/{'Items' if found[2].lower() == 'items' else 'MDOItems'}" if found else None


def run(office: Office, name: str, ask: Ask) -> Any:
    """Answer one companion read."""
    with office.state.lock:
        kind, _, rest = name.partition("/")
        if kind == "archive":
            return archive(office, rest, ask.query)
        if kind == "MDOList":
            return mdo_list(office, rest, ask.query)
        if kind == "List":
            return list_items(office, rest)
        return current_principal(office, ask.who)
