"""What was found below a connection, as the journal keeps it, so that a recovery can put it back.

Effects: none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reconciler.apply.running import Running
from reconciler.model import (
    ACTOR_TYPES,
    Act,
    ActorMapping,
    ErpField,
    FieldMapping,
    FieldType,
    ListItemMapping,
    ListMapping,
    ListMappings,
    Mappings,
)


def below_to_json(below: Mappings) -> dict[str, Any]:
    """Everything settable below a connection; nothing of it is secret."""
    body = asdict(below)
    if body["lists"] is not None:
        del body["lists"]["raw"]
    return body


def below_from_json(body: Mapping[str, Any]) -> Mappings:
    """The inverse of `below_to_json`; list containers come back without what is only echoed."""
    lists = body["lists"]
    return Mappings(
        actors={key: None if one is None else _actor(one) for key, one in body["actors"].items()},
        fields=tuple(ErpField(**{**one, "field_type": FieldType(one["field_type"])}) for one in body["fields"]),
        lists=None
        if lists is None
        else ListMappings(
            lists["connection_id"],
            tuple(ListMapping(**{**one, "items": tuple(ListItemMapping(**item) for item in one["items"])}) for one in lists["lists"]),
        ),
    )


def _actor(body: Mapping[str, Any]) -> ActorMapping:
    fields = tuple(FieldMapping(**{**one, "field_type": FieldType(one["field_type"])}) for one in body["fields"])
    return ActorMapping(**{**body, "fields": fields})


def restore_starts(running: Running, below: Mappings) -> None:
    """Tell a rebuilt `Running` how each thing below was before this run wrote it, for the acts that it sent."""
    running.observed_below = below
    for step in running.unit.steps:
        if step.act not in running.wrote or "actors" not in step.sets:
            continue
        for actor, sets in step.sets["actors"].items():
            mapping = below.actors.get(actor)
            rows = [row for row in below.fields if row.actor_type == ACTOR_TYPES[actor]]
            if step.act is Act.MAP and mapping is not None:
                running.starts[actor] = mapping
            elif step.act is Act.ITEMS:
                running.lists_start = below.lists
            elif step.act is Act.DEFAULT:
                running.default_starts |= {(actor, row.key): row for row in rows if row.key in sets["fields"]}
            elif step.act is Act.RANK:
                running.rank_starts[actor] = tuple(row.key for row in sorted(rows, key=lambda one: (one.rank, one.id)))
