"""Plan a refresh of one connection's fields.

Effects: reads the tenant.
Neighbours: called by `cli` through `flow`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from reconciler import __version__
from reconciler.errors import InputError
from reconciler.flow.judging import Occasion, judged
from reconciler.flow.looking import find_connection
from reconciler.flow.planning import checked_permissions, make_plan, policy_of
from reconciler.live import connection_attributes
from reconciler.model import ACTOR_TYPES, Address, Binding, Desired, DesiredConnection, Live, Marked, NotChecked, Plan, Problem, Source
from reconciler.plan.codec import digest_of, plan_digest, unit_digest, value_to_json
from reconciler.plan.guard import Scene, find_hazards
from reconciler.plan.identity import Identity
from reconciler.plan.refresh import refresh_unit
from reconciler.session import Session


def make_refresh_plan(
    session: Session, name: str, *, desired: Desired | None = None, permissions: Iterable[str] = (), occasion: Occasion | None = None
) -> Plan:
    """The plan that refreshes the fields of one connection, named by address, key, display name or `#<id>`.

    Where the file names fields that the tenant does not have yet, the same unit gives them what the file says: a connector
    that renamed a mandatory field would otherwise leave a connection that cannot be activated again.

    Raises:
        InputError: nothing (or more than one connection) is called that.
        TargetError: the tenant cannot be read.
    """
    recorded = session.recorded()
    row_id, label = find_connection(session, name)
    row = session.gateway.connection(row_id)
    if row is None or row.deleted:
        raise InputError([Problem("unknown-connection", f"{name!r} was deleted in SuperOffice.", None)])
    address = Address.parse(label) if label.startswith("connection/") else Address.connection(label)
    one = desired.connections.get(address.key) if desired is not None else None
    if desired is not None and one is not None and _names_new_fields(session, one, row.id):
        permits = tuple(permit for permit in desired.permits if permit.address == address)
        only = replace(desired, connections={one.key: one}, sync_priority=None, automatic_sync=None, permits=permits)
        return make_plan(session, only, permissions=permissions, refresh=frozenset({address}), occasion=occasion)
    fields = tuple(session.gateway.config_fields(row.connector_id))
    gateway = session.gateway
    before = connection_attributes(
        row,
        connector=f"#{row.connector_id}",
        fields=fields,
        groups=None if row.everyone else {one.id: one for one in gateway.user_groups()},
        users=None if row.everyone else {one.id: one for one in gateway.associates()},
        language="en",
    )
    unit = refresh_unit(address, Binding(row.id, row.guid), before, row.connector_id)
    unit = replace(unit, digest=unit_digest(unit))
    created = session.clock.now().replace(microsecond=0)
    here = Source("the command line")
    desired = Desired("en", {}, {address.key: DesiredConnection(address.key, here, connector=Marked("", here))})
    live = Live({}, tuple(session.gateway.list_connections(include_deleted=False)), {row.id: row}, {row.connector_id: fields})
    policy = policy_of(session)
    allowed = checked_permissions(permissions)
    plan = Plan(
        tool_version=__version__,
        target=policy.target,
        created=created.isoformat(),
        expires=(created + timedelta(seconds=session.target.plan_expires)).isoformat(),
        units=(unit,),
        hazards=find_hazards(Scene(desired, live, Identity(), recorded, (unit,), policy), allowed),
        permissions=allowed,
        bindings={},
        unchanged=(),
        unmanaged=(),
        not_checked=_cannot_be_known(address) if row.active else (),
        live_connections=len(live.listed),
        desired_digest=digest_of({"refresh": str(address)}),
        live_digest=digest_of(value_to_json(before)),
        target_digest=policy.digest,
    )
    return judged(session, replace(plan, digest=plan_digest(plan)), occasion or Occasion())


def _cannot_be_known(address: Address) -> tuple[NotChecked, ...]:
    """What no read tells before the connector was asked: SuperOffice stores the answer and does not take it back."""
    reason = (
        "whether the connector brings mandatory fields: SuperOffice does not activate the connection again before each has a direction, "
        "so write those that you know of into the file first (with `renamed_from` where one continues another field); "
        "and whether it takes mapped ones away, for which an activation may be refused, too"
    )
    return (NotChecked(address, ("actors",), reason),)


def _names_new_fields(session: Session, one: DesiredConnection, row_id: int) -> bool:
    wanted = {(ACTOR_TYPES[actor], key) for actor, its in one.actors.items() for key in its.fields}
    return bool(wanted) and bool(wanted - {(field.actor_type, field.key) for field in session.gateway.erp_fields(row_id)})
