"""The CRM fields that ERP fields can be mapped to: MDO list `crmfields`.

What its rows hold is documented for no member: the key is taken from ExtraInfo, where lists of this kind keep what is not for people.
Rows without one are passed over, and rows that have none at all tell nothing.

Source: SuperOffice docs, MDO list providers, crmfields; MDO list swagger, MDOListItem. Which member holds what: a guess.

Effects: none.
"""

from __future__ import annotations

from typing import Any

from reconciler.model.fieldlist import CrmField
from reconciler.wire.carriers import Row, list_of

__all__ = ["crm_fields_from"]


def crm_fields_from(json: Any) -> tuple[CrmField, ...] | None:
    """The fields in the order in which they came; None when no row names a key."""
    found: dict[str, CrmField] = {}
    for at, one in enumerate(list_of(json, "MDOListItem[]")):
        row = Row(one, f"MDOListItem[{at}]")
        key = row.text("ExtraInfo")
        if key and not row.boolean("Deleted"):
            reference = dict(part.partition("=")[::2] for part in row.text("StyleHint").split("&"))
            found.setdefault(key, CrmField(key, row.text("Name"), row.text("Type"), reference.get("table", "")))
    return tuple(found.values()) or None
